"""Clips by other voices: another pitch and other formants, the same timing, the same side of the split."""

from pathlib import Path

import numpy as np
import parselmouth
import pytest
from numpy.typing import NDArray

from trainer.clips import CLIP_SAMPLE_RATE_HZ, fake_clips, list_clips, load_clip, save_clip
from trainer.prepare import other_voices
from trainer.prepare.other_voices import Config, main, other_voice

PITCH_HZ = 110


def syllables(seconds: float = 2.0) -> NDArray[np.float32]:
    """A buzz of PITCH_HZ that is loud in the first half of each half second."""
    times = np.arange(int(seconds * CLIP_SAMPLE_RATE_HZ)) / CLIP_SAMPLE_RATE_HZ
    buzz = sum(np.cos(2 * np.pi * PITCH_HZ * k * times) / k for k in range(1, 30))
    return np.asarray(0.1 * buzz * (times % 0.5 < 0.25), np.float32)


def pitch_hz(waveform: NDArray[np.float32]) -> float:
    track = parselmouth.Sound(waveform.astype(np.float64), CLIP_SAMPLE_RATE_HZ).to_pitch().selected_array["frequency"]
    return float(np.median(track[track > 0]))


def loudness(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(np.square(waveform[: len(waveform) // 480 * 480]).reshape(-1, 480).mean(axis=1)))


def test_pitch_changes_and_timing_stays() -> None:
    sound = syllables()
    pitches = []
    for seed in range(6):
        changed = other_voice(sound, np.random.default_rng(seed))
        assert len(changed) == len(sound)
        assert np.corrcoef(loudness(changed), loudness(sound))[0, 1] > 0.9
        pitches.append(pitch_hz(changed))
    assert min(pitches) > 70
    assert max(pitches) > 1.4 * min(pitches)


def test_what_has_no_pitch_stays_as_it_is() -> None:
    silence = np.zeros(CLIP_SAMPLE_RATE_HZ, np.float32)
    assert np.array_equal(other_voice(silence, np.random.default_rng(0)), silence)


def test_a_pitch_far_below_the_median_stays_above_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    times = np.arange(2 * CLIP_SAMPLE_RATE_HZ) / CLIP_SAMPLE_RATE_HZ
    cycles = np.cumsum(np.where(times < 1.5, 320.0, 62.0)) / CLIP_SAMPLE_RATE_HZ
    sound = sum(0.1 * np.cos(2 * np.pi * k * cycles) for k in (1, 2, 3, 4))
    monkeypatch.setattr(other_voices, "MEDIAN_PITCH_HZ", (120.0, 120.0))
    monkeypatch.setattr(other_voices, "PITCH_RANGE_FACTORS", (1.4, 1.4))
    changed = other_voice(np.asarray(sound, np.float32), np.random.default_rng(0))
    assert pitch_hz(changed) == pytest.approx(120, rel=0.1)


def test_copies_keep_curves_and_lie_on_their_clips_side_of_the_split(tmp_path: Path) -> None:
    for clip in fake_clips(30):
        save_clip(tmp_path / "fake", clip)
    main(Config(source=tmp_path / "fake", voices=2))
    for validation in (False, True):
        clips = list_clips(tmp_path / "fake", validation)
        copies = list_clips(tmp_path / "fake_voices", validation)
        assert {path.stem.partition("@")[0] for path in copies} == {path.stem for path in clips}
        assert len(copies) == 2 * len(clips)
    original, copy = load_clip(clips[0]), load_clip(copies[0])
    assert np.array_equal(original.curves.values, copy.curves.values)
    assert np.array_equal(original.phones, copy.phones)
    assert (original.corpus, original.licence) == (copy.corpus, copy.licence)


def test_a_folder_without_clips_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no prepared clips"):
        main(Config(source=tmp_path))
