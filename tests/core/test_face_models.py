"""Models of landmarks, pictures and blinks through real onnxruntime."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core import model as model_files
from blender_addon.core.channels import LANDMARK_CHANNELS
from blender_addon.core.model import PICTURES_AT_ONCE, as_landmarks, blink, open_model, paint, predict

FOLDER = Path(__file__).parent.parent / "models"
LANDMARKS, PAINTER, BLINKS = (FOLDER / f"tiny_{name}.onnx" for name in ("landmarks", "painter", "blinks"))
NOISE = np.random.default_rng(0).normal(0, 0.1, 24_000 * 45).astype(np.float32)
CHIN = 8


def test_sound_becomes_points_that_follow_it() -> None:
    model = open_model(LANDMARKS, "CPU", "audio_to_landmarks")
    waveform = np.zeros(24_000 * 2, np.float32)
    waveform[24_000:] = 0.2
    curves = predict(model, waveform).curves
    points = as_landmarks(curves)
    assert (curves.channels, curves.fps, points.shape) == (LANDMARK_CHANNELS, 30, (60, 68, 2))
    assert np.allclose(points[0], model.contract.neutral_landmarks, atol=1e-6)
    assert points[-1, CHIN] == pytest.approx(points[0, CHIN] + [0, 0.2], abs=1e-5)
    assert np.array_equal(curves.column("landmark08Y"), points[:, CHIN, 1])


def test_landmarks_in_chunks_are_those_of_one_pass() -> None:
    model = open_model(LANDMARKS, "CPU", "audio_to_landmarks")
    one_pass = model.session.run(["values"], {"waveform": NOISE[None]})[0][0]
    assert np.array_equal(as_landmarks(predict(model, NOISE).curves), one_pass)


def test_landmarks_become_pictures() -> None:
    model = open_model(PAINTER, "CPU", "landmarks_to_image")
    landmarks = np.full((2 * PICTURES_AT_ONCE + 3, 68, 2), (0.25, 0.75), np.float32)
    landmarks[-1] = (100 / 256, 30 / 256)
    runs = list(paint(model, landmarks))
    assert [len(run) for run in runs] == [PICTURES_AT_ONCE, PICTURES_AT_ONCE, 3]
    assert all(run.dtype == np.uint8 and run.shape[1:] == (256, 256, 3) for run in runs)
    assert runs[0][0].mean(axis=2)[192, 64] == 255
    assert runs[0][0].mean(axis=2)[64, 192] == 0
    assert runs[-1][-1].mean(axis=2)[30, 100] == 255


def test_pictures_are_made_as_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    model = open_model(PAINTER, "CPU", "landmarks_to_image")
    n_runs = 0
    run: Callable[..., object] = model_files._run

    def counted(*arguments: object) -> object:
        nonlocal n_runs
        n_runs += 1
        return run(*arguments)

    monkeypatch.setattr(model_files, "_run", counted)
    pictures = paint(model, np.zeros((100, 68, 2), np.float32))
    next(pictures)
    assert n_runs == 1
    assert list(paint(model, np.zeros((0, 68, 2), np.float32))) == []


def test_blinks_depend_on_the_seed_alone() -> None:
    model = open_model(BLINKS, "CPU", "noise_to_blinks")
    curves = blink(model, 75, seed=1)
    assert (curves.channels, curves.fps, curves.values.shape) == (("eyeBlinkLeft", "eyeBlinkRight"), 25, (75, 2))
    assert np.array_equal(curves.values, blink(model, 75, seed=1).values)
    assert not np.array_equal(curves.values, blink(model, 75, seed=2).values)


@pytest.mark.parametrize("path", [LANDMARKS, PAINTER, BLINKS])
def test_a_model_of_another_kind_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match=r"is a model of kind .*; choose one of kind audio_to_blendshapes"):
        open_model(path, "CPU")
    with pytest.raises(ValueError, match=r"is a model of kind .*; choose one of kind audio_to_frames"):
        open_model(path, "CPU", "audio_to_frames")


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (LANDMARKS, {"neutral_landmarks": None}),
        (LANDMARKS, {"channels": ["jawOpen"]}),
        (PAINTER, {"neutral_landmarks": None}),
        (PAINTER, {"neutral_landmarks": [[0, 0]]}),
        (PAINTER, {"neutral_landmarks": [[0, float("nan")]] * 68}),
        (BLINKS, {"channels": None}),
    ],
)
def test_an_incomplete_contract_is_refused(tmp_path: Path, path: Path, changes: dict[str, object]) -> None:
    onnx = pytest.importorskip("onnx", reason="the onnx package writes the broken model files")
    model = onnx.load(str(path))
    facts = json.loads(model.metadata_props[0].value)
    kept = {key: fact for key, fact in (facts | changes).items() if fact is not None}
    model.metadata_props[0].value = json.dumps(kept)
    onnx.save(model, str(tmp_path / "changed.onnx"))
    with pytest.raises(ValueError, match=r"changed\.onnx carries an incomplete contract .*; export it again"):
        open_model(tmp_path / "changed.onnx", "CPU", facts["kind"])
