"""The sync network finds how far lips were shifted against their sound."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from trainer import run
from trainer.landmark_clips import fake_landmark_clips, nose_centred
from trainer.sync_network import (
    MOST_FRAMES,
    WEIGHTS,
    Config,
    Sync,
    distances,
    lip_windows,
    load_network,
    main,
    measure,
    sound_windows,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that learned from noise bursts that the chin follows."""
    folder = tmp_path_factory.mktemp("sync")
    main(Config(run=folder, steps=60, fake=True))
    return folder


def fit(folder: Path, shift_frames: int) -> Sync:
    """What the network says of clips whose lips come so much too late."""
    clips = fake_landmark_clips(3, seed=5)
    faces = [np.roll(nose_centred(clip.landmarks), shift_frames, axis=0) for clip in clips]
    pairs = [(sound_windows(clip.waveform), lip_windows(face)) for clip, face in zip(clips, faces, strict=True)]
    return measure(load_network(folder / WEIGHTS), pairs)


def test_lips_that_fit_have_no_offset(folder: Path) -> None:
    assert fit(folder, 0).offset_frames == 0
    assert fit(folder, 0).confidence > 0.3


@pytest.mark.parametrize("shift_frames", [4, -3])
def test_late_and_early_lips_are_told_apart(folder: Path, shift_frames: int) -> None:
    assert fit(folder, shift_frames).offset_frames == shift_frames


def test_lips_that_do_not_move_give_no_confidence(folder: Path) -> None:
    clip = fake_landmark_clips(1, seed=5)[0]
    still = np.repeat(nose_centred(clip.landmarks)[:1], len(clip.landmarks), axis=0)
    sync = measure(load_network(folder / WEIGHTS), [(sound_windows(clip.waveform), lip_windows(still))])
    assert sync.confidence == pytest.approx(0, abs=1e-5)


def test_distances_of_each_shift_by_hand() -> None:
    moments = torch.arange(40.0)[:, None]
    expected = torch.arange(-MOST_FRAMES, MOST_FRAMES + 1.0).abs().clamp(min=3e-5).expand(10, -1)
    torch.testing.assert_close(distances(moments, moments), expected, atol=1e-5, rtol=0)


def test_missing_clips_and_damaged_weights_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no landmark clips"):
        main(Config(clips=tmp_path, run=tmp_path / "run"))
    run.save_checkpoint(tmp_path / WEIGHTS, {})
    with pytest.raises(ValueError, match="holds no sync network"):
        load_network(tmp_path / WEIGHTS)
