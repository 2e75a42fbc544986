"""Model files through real onnxruntime: prediction in chunks, devices, and every way in which a file can be wrong."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.model import CHUNK_SECONDS, Cancelled, available_devices, open_model, predict, stated_facts

TINY = Path(__file__).parent.parent / "models" / "tiny_blendshapes.onnx"
SMALL_VOICE = TINY.with_name("small_voice.onnx")
NOISE = np.random.default_rng(0).normal(0, 0.1, 24_000 * 75 + 5).astype(np.float32)


def with_contract(tmp_path: Path, **changes: object) -> Path:
    """The tiny model with other facts in its contract; a fact changed to None is left out."""
    onnx = pytest.importorskip("onnx", reason="the onnx package writes the broken model files")
    model = onnx.load(str(TINY))
    facts = json.loads(model.metadata_props[0].value) | changes
    model.metadata_props[0].value = json.dumps({key: fact for key, fact in facts.items() if fact is not None})
    path = tmp_path / "changed.onnx"
    onnx.save(model, str(path))
    return path


def test_rows_follow_the_sound_in_time() -> None:
    waveform = np.zeros(24_000 * 3, np.float32)
    waveform[24_000:36_000] = 0.2
    curves = predict(open_model(TINY), waveform).curves
    jaw = curves.column("jawOpen")
    assert len(jaw) == 90
    assert np.flatnonzero(jaw > 0.9).tolist() == list(range(31, 45))


def test_chunks_give_the_same_curves_as_one_pass() -> None:
    model = open_model(TINY)
    whole_rows = NOISE[: len(NOISE) // 800 * 800]
    one_pass = model.session.run(["values"], {"waveform": whole_rows[None]})[0][0]
    assert len(whole_rows) / 24_000 > 2 * CHUNK_SECONDS
    assert np.array_equal(predict(model, whole_rows).curves.values, one_pass)


def test_a_started_hop_is_a_row_and_very_short_audio_works() -> None:
    model = open_model(TINY)
    assert len(predict(model, NOISE).curves.values) == 2251
    assert len(predict(model, NOISE[:1]).curves.values) == 1


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    predict(open_model(TINY), NOISE, on_progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) == 3
    assert seen[-1] == 1.0


def test_cancelling_stops_after_the_chunk_at_hand() -> None:
    seen: list[float] = []
    with pytest.raises(Cancelled):
        predict(open_model(TINY), NOISE, seen.append, is_cancelled=lambda: len(seen) == 1)
    assert len(seen) == 1


def test_auto_takes_a_device_that_is_there() -> None:
    assert "CPU" in available_devices()
    assert open_model(TINY, "AUTO").device in available_devices()


def test_a_missing_device_is_named() -> None:
    missing = ({"CUDA", "DIRECTML", "COREML"} - set(available_devices())).pop()
    with pytest.raises(ValueError, match=f"{missing} is not available here; choose Auto or one of"):
        open_model(TINY, missing)


@pytest.mark.parametrize("content", [b"", b"not an onnx file", TINY.read_bytes()[:3000]])
def test_a_damaged_file_gets_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.onnx (is damaged|is not a Voxkey model)"):
        open_model(path)


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no model file"):
        open_model(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "image_to_image"}, "is a model of kind image_to_image"),
        ({"contract_version": 99}, "follows contract version 99"),
        ({"kind": None}, "carries a damaged contract"),
        ({"fps": None}, "carries an incomplete contract"),
        ({"hop_samples": "many"}, "carries an incomplete contract"),
    ],
)
def test_another_contract_is_refused_in_one_sentence(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        open_model(with_contract(tmp_path, **changes))


def test_a_missing_wheel_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match="onnxruntime can't be loaded"):
        open_model(TINY)


def test_a_model_has_phones_and_styles_only_if_its_contract_says_so() -> None:
    tiny, voice = (open_model(path, "CPU") for path in (TINY, SMALL_VOICE))
    assert (tiny.contract.styles, tiny.contract.phones) == ((), ())
    assert predict(tiny, NOISE[:800]).phones is None
    assert voice.contract.styles == ("articulation", "facegood", "grid")
    assert len(voice.contract.phones) == 29


def test_each_style_moves_otherwise() -> None:
    model = open_model(SMALL_VOICE, "CPU")
    styles = [None, *model.contract.styles]
    rows = [predict(model, NOISE[:32_000], style=style).curves.values for style in styles]
    distances = [np.abs(a - b).max() for number, a in enumerate(rows) for b in rows[number + 1 :]]
    assert min(distances) > 0.01


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (SMALL_VOICE, "has no style opera; choose one of articulation, facegood, grid"),
        (TINY, "has no style opera; it has one style only, leave the style out"),
    ],
)
def test_an_unknown_style_gets_one_sentence(path: Path, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        predict(open_model(path, "CPU"), NOISE[:800], style="opera")


def test_the_kind_of_a_file_is_known_without_opening_its_graph(tmp_path: Path) -> None:
    models = Path(__file__).parent.parent / "models"
    kinds = {
        name: stated_facts(models / f"tiny_{name}.onnx")["kind"]
        for name in ("blendshapes", "landmarks", "painter", "blinks")
    }
    assert kinds == {
        "blendshapes": "audio_to_blendshapes",
        "landmarks": "audio_to_landmarks",
        "painter": "landmarks_to_image",
        "blinks": "noise_to_blinks",
    }
    for content in (b"", b"\xff" * 100, (models / "tiny_painter.onnx").read_bytes()[:200]):
        (tmp_path / "other.onnx").write_bytes(content)
        assert stated_facts(tmp_path / "other.onnx") == {}
