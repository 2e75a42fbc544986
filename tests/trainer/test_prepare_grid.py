"""GRID recordings become clips: at the right time, with the captured lip gap, without the clips that score models."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from tests.trainer.ears import write_ear, write_sound
from trainer.clips import PHONES, UNKNOWN_PHONE, Clip, load_clip
from trainer.prepare import grid
from trainer.prepare.align import open_hearer
from trainer.prepare.sources import read_arrays, recordings

ROOT = Path(__file__).parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"
SHARED_GRID = SHARED_DATA / "grid" / "s1"
EYE_PX = 100.0
N_FRAMES = 75


def write_recording(folder: Path, name: str, jaw: NDArray[np.float64], gap: NDArray[np.float64]) -> None:
    """A 3 s recording whose jawOpen and whose lip gap, in eye distances, are given for each of 75 frames."""
    blendshapes = np.full((N_FRAMES, 51), 0.01)
    blendshapes[:, BLENDSHAPE_CHANNELS.index("jawOpen")] = jaw
    blendshapes[:, BLENDSHAPE_CHANNELS.index("mouthSmileLeft")] += 0.2 * jaw
    landmarks = np.zeros((N_FRAMES, 68, 3))
    landmarks[:, 45, 0] = EYE_PX
    inner_lips = np.zeros((N_FRAMES, 6, 3))
    inner_lips[:, 1, 1] = EYE_PX * gap
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{name}.npz", fps=25.0, blendshapes=blendshapes, landmarks68=landmarks, inner_lips=inner_lips)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * 16000) / 16000)
    soundfile.write(folder / f"{name}.wav", tone, 16000)


def pulse(frame: int, height: float) -> NDArray[np.float64]:
    return np.asarray(height * np.exp(-0.5 * ((np.arange(N_FRAMES) - frame) / 3.0) ** 2))


def prepared(folder: Path, tmp_path: Path) -> list[Clip]:
    grid.main(grid.Config(source=folder, output=tmp_path / "clips"))
    return [load_clip(path) for path in sorted((tmp_path / "clips").glob("*.npz"))]


def test_a_video_frame_belongs_to_the_middle_of_its_time(tmp_path: Path) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    [clip] = prepared(tmp_path / "s9", tmp_path)
    assert np.argmax(clip.curves.column("jawOpen")) == pytest.approx(100 * 30.5 / 25, abs=1)
    assert len(clip.waveform) == 3 * 24000
    assert len(clip.curves.values) == 300
    assert (clip.name, clip.speaker, clip.language) == ("s9_abc", "grid_s9", "en-GB")
    assert "CC BY 4.0" in clip.licence


def test_only_jaw_and_mouth_are_labelled_and_both_sides_move_alike(tmp_path: Path) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    [clip] = prepared(tmp_path / "s9", tmp_path)
    named = {name for name, said in zip(BLENDSHAPE_CHANNELS, clip.labelled, strict=True) if said}
    assert {name for name in named if not name.startswith(("jaw", "mouth"))} == set()
    assert {"jawOpen", "mouthClose", "mouthPucker"} <= named
    assert not clip.curves.values[:, ~clip.labelled].any()
    for channel in BLENDSHAPE_CHANNELS:
        if channel.endswith("Left") and channel not in ("jawLeft", "mouthLeft"):
            mirrored = channel.removesuffix("Left") + "Right"
            np.testing.assert_array_equal(clip.curves.column(channel), clip.curves.column(mirrored))
    assert 0.03 < clip.curves.column("mouthSmileLeft").max() < 0.06  # half of what one side alone showed


def test_lips_that_touch_are_closed_over_a_dropped_jaw() -> None:
    tracked = np.zeros((N_FRAMES, 51))
    tracked[:, BLENDSHAPE_CHANNELS.index("jawOpen")] = 0.2
    gap = np.zeros(N_FRAMES)
    weights = dict(zip(BLENDSHAPE_CHANNELS, grid.arkit_weights(tracked, gap).T, strict=True))
    np.testing.assert_allclose(weights["mouthClose"], weights["jawOpen"])
    np.testing.assert_allclose(weights["jawOpen"], 0.2)
    assert not weights["mouthLowerDownLeft"].any()


def test_lips_open_as_far_as_the_landmarks_say() -> None:
    tracked = np.zeros((N_FRAMES, 51))
    tracked[:, BLENDSHAPE_CHANNELS.index("jawOpen")] = 0.3
    weights = grid.arkit_weights(tracked, np.full(N_FRAMES, 0.15))
    opened = sum(
        weights[:, next(i for i, c in enumerate(BLENDSHAPE_CHANNELS) if c.startswith(name))] * gap
        for name, gap in grid.GAP_PER_WEIGHT.items()
    )
    np.testing.assert_allclose(opened, 0.15)


def test_a_gap_that_the_tracker_shows_at_rest_is_contact() -> None:
    landmarks = np.zeros((3, 68, 3))
    landmarks[:, 45, 0] = EYE_PX
    inner_lips = np.zeros((3, 6, 3))
    inner_lips[:, 1, 1] = 0.9
    np.testing.assert_array_equal(grid.lip_gap(inner_lips, landmarks), 0)
    inner_lips[:, 1, 1] = 15
    np.testing.assert_allclose(grid.lip_gap(inner_lips, landmarks), 0.15, rtol=0.01)


def test_fast_movement_gets_back_what_the_tracker_smoothed_away() -> None:
    seconds = np.arange(N_FRAMES) / 25
    syllables = np.sin(2 * np.pi * 5 * seconds)
    gain = np.ptp(grid.sharpened(syllables)[5:-5]) / np.ptp(syllables[5:-5])
    assert 1.12 < gain < 1.16
    np.testing.assert_allclose(grid.sharpened(np.full(N_FRAMES, 0.3)), 0.3)


def test_clips_that_score_models_are_never_prepared(tmp_path: Path) -> None:
    for name in ("train", "score"):
        write_recording(tmp_path / "data" / "grid" / "s9", name, pulse(30, 0.4), pulse(30, 0.15))
    (tmp_path / "data" / "eval_split.json").write_text(json.dumps({"grid/s9": ["score"]}))
    clips = prepared(tmp_path / "data" / "grid" / "s9", tmp_path)
    assert [clip.name for clip in clips] == ["s9_train"]


def test_phones_are_heard_near_their_words_or_unknown(tmp_path: Path) -> None:
    bee = [("sil", 1.0), ("p", 0.1), ("i", 0.4), ("sil", 0.5), ("p", 0.1), ("i", 0.4), ("sil", 0.5)]
    words = [[0.0, 2.03, "sil"], [2.03, 2.45, "b"], [2.45, 3.0, "sil"]]
    for name, sounds in (("heard", bee), ("other", [("s", 3.0)])):
        write_recording(tmp_path / "s9", name, pulse(30, 0.4), pulse(30, 0.15))
        write_sound(tmp_path / "s9" / f"{name}.wav", sounds)
        arrays = dict(np.load(tmp_path / "s9" / f"{name}.npz"))
        np.savez(tmp_path / "s9" / f"{name}.npz", **arrays, words=json.dumps(words))
    hear = open_hearer(write_ear(tmp_path / "ear.onnx"))
    heard, other = (grid.clip_from(tmp_path / "s9" / f"{name}.npz", "s9", hear).phones for name in ("heard", "other"))
    bounds = np.flatnonzero(np.diff(heard)) + 1
    np.testing.assert_allclose(bounds, [200, 210, 250], atol=2)
    assert [PHONES[heard[row]] for row in (0, *bounds)] == ["sil", "p", "i", "sil"]
    assert (other == UNKNOWN_PHONE).all()
    assert (grid.clip_from(tmp_path / "s9" / "heard.npz", "s9").phones == UNKNOWN_PHONE).all()


def test_hearing_phones_needs_words(tmp_path: Path) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    hear = open_hearer(write_ear(tmp_path / "ear.onnx"))
    with pytest.raises(ValueError, match=r"abc\.npz has no words with times .*; leave --model out to do without"):
        grid.clip_from(tmp_path / "s9" / "abc.npz", "s9", hear)


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trainer.prepare.grid", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_prepares_a_folder(tmp_path: Path) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    done = run_command("--source", str(tmp_path / "s9"), "--output", str(tmp_path / "clips"))
    assert done.returncode == 0, done.stderr
    assert "100%" in done.stderr
    assert load_clip(tmp_path / "clips" / "s9_abc.npz").curves.column("jawOpen").max() > 0.3


def test_the_speaker_kept_for_scoring_is_refused_in_one_sentence(tmp_path: Path) -> None:
    done = run_command("--source", str(tmp_path / "s4"), "--output", str(tmp_path / "clips"))
    assert done.returncode == 1
    assert done.stderr == "error: GRID speaker s4 scores models and is never trained on; name another with --source.\n"
    assert not (tmp_path / "clips").exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"There is no folder .*s9; name the one with the recordings with --source\."):
        prepared(tmp_path / "s9", tmp_path)


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    (tmp_path / "s9").mkdir()
    with pytest.raises(ValueError, match=r"holds no \.npz recordings that may be trained on"):
        prepared(tmp_path / "s9", tmp_path)


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x03\x04 half an archive"])
def test_a_damaged_recording_is_named_and_nothing_is_written(tmp_path: Path, damage: bytes) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    (tmp_path / "s9" / "abc.npz").write_bytes(damage)
    with pytest.raises(ValueError, match=r"abc\.npz cannot be read .*; fetch this file again or remove it\."):
        prepared(tmp_path / "s9", tmp_path)
    assert not (tmp_path / "clips").exists()


def test_a_recording_without_an_array_is_named(tmp_path: Path) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    np.savez(tmp_path / "s9" / "abc.npz", fps=25.0)
    with pytest.raises(ValueError, match=r"abc\.npz cannot be read .*blendshapes"):
        prepared(tmp_path / "s9", tmp_path)


def test_a_recording_without_sound_is_named(tmp_path: Path) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    (tmp_path / "s9" / "abc.wav").unlink()
    with pytest.raises(ValueError, match=r"abc\.npz has no sound beside it"):
        prepared(tmp_path / "s9", tmp_path)


def test_damaged_sound_is_named(tmp_path: Path) -> None:
    write_recording(tmp_path / "s9", "abc", pulse(30, 0.4), pulse(30, 0.15))
    (tmp_path / "s9" / "abc.wav").write_bytes(b"no sound")
    with pytest.raises(ValueError, match=r"abc\.wav cannot be read .*; fetch this file again or remove it\."):
        prepared(tmp_path / "s9", tmp_path)


needs_grid = pytest.mark.skipif(not SHARED_GRID.is_dir(), reason="the GRID recordings are not beside the project")


@needs_grid
def test_the_eval_split_of_the_real_data_is_held_back() -> None:
    split = json.loads((SHARED_DATA / "eval_split.json").read_text())["grid/s1"]
    names = {path.stem for path in recordings(SHARED_GRID, "grid/s1")}
    assert len(split) > 50
    assert len(names) > 700
    assert not names & set(split)


@needs_grid
def test_adapted_curves_open_a_head_as_the_camera_saw_it() -> None:
    """Through the ICT-FaceKit head, whose lips the curves move like those of any head with ARKit shapes."""
    gap_of_channel = ict_gap_per_channel()
    captured, adapted = [], []
    for path in recordings(SHARED_GRID, "grid/s1")[:200:20]:
        arrays = read_arrays(path, ("landmarks68", "inner_lips"))
        points, lips = arrays["landmarks68"], arrays["inner_lips"]
        eyes = np.linalg.norm(points[:, 36, :2] - points[:, 45, :2], axis=1)
        captured.append(np.linalg.norm(lips[:, 0, :2] - lips[:, 1, :2], axis=1)[:74] / eyes[:74])
        curves = grid.clip_from(path, "s1").curves.values
        adapted.append((curves[2 : 74 * 4 : 4] @ gap_of_channel).clip(0))
    camera, head = np.concatenate(captured), np.concatenate(adapted)
    assert np.corrcoef(camera, head)[0, 1] > 0.99
    assert np.percentile(head, 90) == pytest.approx(np.percentile(camera, 90), rel=0.1)


def ict_gap_per_channel() -> NDArray[np.float64]:
    """(51,) inner-lip gap in eye distances that each channel opens on the ICT-FaceKit head."""
    with np.load(SHARED_DATA / "ict_facekit" / "ict_facekit.npz") as model:
        points = model["landmarks68"]
        neutral, deltas = model["neutral"][points], model["expression_deltas"][:, points].astype(np.float64)
        names = [str(name) for name in model["expression_names"]]
    gap = (deltas[:, 62, 1] - deltas[:, 66, 1]) / np.linalg.norm(neutral[36] - neutral[45])
    of_channel = np.zeros(51)
    for name, opens in zip(names, gap, strict=True):
        channel = name.replace("_L", "Left").replace("_R", "Right")
        if channel in BLENDSHAPE_CHANNELS:
            of_channel[BLENDSHAPE_CHANNELS.index(channel)] = opens
    return of_channel
