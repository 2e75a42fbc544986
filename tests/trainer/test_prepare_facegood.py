"""FACEGOOD recordings become clips of some seconds, cut in pauses, with the rounded shapes in the ARKit channels."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer.clips import load_clip
from trainer.prepare import facegood
from trainer.prepare.sources import recordings

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
DURATION_SECONDS = 40


def write_recording(folder: Path, name: str) -> None:
    """40 s of half-second words, one a second, each with an open jaw; word 3 is an "oh", word 4 an "oo"."""
    seconds = np.arange(DURATION_SECONDS * 30) / 30
    word = np.where(seconds % 1 < 0.5, np.sin(2 * np.pi * (seconds % 1)).clip(0), 0)
    arkit51 = np.zeros((len(seconds), 51))
    arkit51[:, BLENDSHAPE_CHANNELS.index("jawOpen")] = 0.4 * word
    arkit51[:, BLENDSHAPE_CHANNELS.index("eyeBlinkLeft")] = 1
    oh_oo = np.stack([word * (seconds // 1 == 3), word * (seconds // 1 == 4)], axis=1)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{name}.npz", fps=30.0, arkit51=arkit51, oh_oo=oh_oo)
    samples = np.arange(DURATION_SECONDS * 16000) / 16000
    tone = np.where(samples % 1 < 0.5, 0.3 * np.sin(2 * np.pi * 220 * samples), 0)
    soundfile.write(folder / f"{name}.wav", tone, 16000)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_recording(tmp_path / "facegood", "1_01")
    write_recording(tmp_path / "facegood", "3_15")
    (tmp_path / "eval_split.json").write_text(json.dumps({"facegood": ["3_15"]}))
    return tmp_path / "facegood"


def test_recordings_are_cut_in_pauses_and_nothing_is_lost(corpus: Path, tmp_path: Path) -> None:
    facegood.main(facegood.Config(source=corpus, output=tmp_path / "clips"))
    clips = [load_clip(path) for path in sorted((tmp_path / "clips").glob("*.npz"))]
    assert len(clips) >= 3
    assert sum(len(clip.waveform) for clip in clips) == DURATION_SECONDS * 24000
    for clip in clips:
        assert clip.name.startswith("facegood_1_01")
        assert 5 <= clip.curves.duration_seconds <= 15
        assert len(clip.waveform) == 240 * len(clip.curves.values)
        assert max(np.abs(clip.waveform[:480]).max(), np.abs(clip.waveform[-480:]).max()) < 0.35
        loud_frames = np.abs(clip.waveform.reshape(-1, 240)).max(axis=1) > 0.2
        open_frames = clip.curves.column("jawOpen") > 0.1
        assert np.mean(loud_frames[open_frames]) > 0.95  # sound and face stay together in every piece
    for clip in clips[1:]:
        assert np.abs(clip.waveform[:480]).max() < 0.01
    assert (clips[0].language, clips[0].corpus) == ("zh-CN", "facegood")


def test_only_jaw_and_mouth_are_labelled(corpus: Path) -> None:
    clip = next(facegood.clips_from(corpus / "1_01.npz"))
    assert not clip.labelled[BLENDSHAPE_CHANNELS.index("eyeBlinkLeft")]
    assert not clip.curves.column("eyeBlinkLeft").any()
    assert clip.labelled[BLENDSHAPE_CHANNELS.index("mouthPucker")]


def test_frame_i_is_shown_at_i_over_fps() -> None:
    """Unlike GRID's video frames: a captured row belongs to its own time."""
    vendor = np.zeros((90, 51))
    vendor[45, BLENDSHAPE_CHANNELS.index("jawOpen")] = 0.5
    weights = facegood.arkit_weights(vendor, np.zeros((90, 2)))
    assert np.argmax(weights[:, BLENDSHAPE_CHANNELS.index("jawOpen")]) == 45


def test_oh_rounds_an_open_mouth_and_oo_a_small_one() -> None:
    oh_oo = np.array([[0.0, 0.0], [0.8, 0.0], [0.0, 0.8]])
    weights = facegood.arkit_weights(np.full((3, 51), 0.1), oh_oo)
    rest, oh, oo = (dict(zip(BLENDSHAPE_CHANNELS, row, strict=True)) for row in weights)
    assert rest["jawOpen"] == pytest.approx(0.1)
    assert oh["jawOpen"] > oo["jawOpen"] + 0.2
    assert oh["mouthFunnel"] > oh["mouthPucker"]
    assert oo["mouthPucker"] > oo["mouthFunnel"] > 0.3
    assert oh["mouthSmileLeft"] == oo["mouthSmileLeft"] == pytest.approx(0.1)


def test_weights_stay_in_range() -> None:
    weights = facegood.arkit_weights(np.full((1, 51), 0.9), np.ones((1, 2)))
    assert weights.max() == 1


def test_a_damaged_recording_is_named(corpus: Path, tmp_path: Path) -> None:
    (corpus / "1_01.npz").write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"1_01\.npz cannot be read .*; fetch this file again or remove it\."):
        facegood.main(facegood.Config(source=corpus, output=tmp_path / "clips"))
    assert not (tmp_path / "clips").exists()


def test_a_damaged_split_is_named_and_nothing_is_prepared(corpus: Path, tmp_path: Path) -> None:
    (corpus.parent / "eval_split.json").write_text("{")
    with pytest.raises(ValueError, match=r"eval_split\.json is not a list of clips by corpus .*; restore it first\."):
        facegood.main(facegood.Config(source=corpus, output=tmp_path / "clips"))
    assert not (tmp_path / "clips").exists()


@pytest.mark.skipif(not (SHARED_DATA / "facegood").is_dir(), reason="the FACEGOOD recordings are not there")
def test_real_recordings() -> None:
    paths = recordings(SHARED_DATA / "facegood", "facegood")
    assert "3_15" not in [path.stem for path in paths]
    clips = list(facegood.clips_from(paths[0]))
    jaw = np.concatenate([clip.curves.column("jawOpen") for clip in clips])
    level = np.concatenate([np.abs(clip.waveform).reshape(-1, 240).max(axis=1) for clip in clips])
    assert sum(clip.curves.duration_seconds for clip in clips) > 100
    assert 0.4 < np.percentile(jaw, 99) < 0.95
    assert np.corrcoef(jaw, level)[0, 1] > 0.6
