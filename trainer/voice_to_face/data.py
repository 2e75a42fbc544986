"""Clips as training examples for voice_to_face: one track of mel power a corpus, runs drawn from it, each one varied.

All variations work on mel power, where they cost little: they are drawn anew for every run of every batch. A run
depends on the tracks and its own seed alone, so any number of processes draws the same batches.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import librosa
import numpy as np
import scipy.fft
import scipy.signal
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv1d

from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, PHONES, Clip
from trainer.voice_to_face.model import (
    HIGHEST_HZ,
    LOWEST_HZ,
    N_MELS,
    QUIETEST_POWER,
    ROW_FPS,
    ROWS_PER_FRAME,
    SAMPLE_RATE_HZ,
    STYLES,
    VoiceFeatures,
)

FAINTEST_POWER = 1e-9
"""Of a row kept in a track, where the mean of its clip is 1."""
FULL_SCALE_POWER = 1e6 * QUIETEST_POWER
"""Mel power of white noise at full scale; QUIETEST_POWER is 60 dB below."""

SPEED_DEVIATION = 0.1
"""Of the logarithm of the speed: slower and faster speech with the same voice."""
TRACT_DEVIATION = 0.1
"""Of the logarithm of a factor on the formants: length of the vocal tract, from men to children."""
PITCH_DEVIATION = 0.25
"""Of the logarithm of a factor on the harmonics."""
N_ENVELOPE = 14
"""Cepstra that make the envelope of a row, which has the formants; the rest has the harmonics."""
SMEAR_SHARE, SMEAR_ROWS = 0.35, (0.5, 3.0)
"""How often onsets are dull, as in voices that are made of averaged spectra, and the standard deviation of the blur."""
SMEAR_REACH_ROWS, SMEAR_FLOOR = 9, 1e-6
"""Reach of the blur to either side, and the power below which it takes everything for silence."""
CLEAN_SHARE = 0.4
"""Part of the runs that is heard without babble, room, clipping, band and codec, as good recordings are."""
COLOUR_DB = 5.0
"""Standard deviation of the microphone's response at N_COLOURS frequencies."""
N_COLOURS = 8
REVERBERATION_SHARE, REVERBERATION_SECONDS, REVERBERATION_DB = 0.4, (0.1, 0.8), (-20.0, 0.0)
"""How often, time in which it falls by 60 dB, and its power against the direct sound."""
ECHO_ROWS = 50
NOISE_DB, CLEAN_NOISE_DB = (4.0, 40.0), (30.0, 60.0)
"""Speech above noise."""
NOISE_SLOPE = (-0.3, 1.6)
"""Exponent of the fall of noise power with frequency: 0 is white, 1 is pink."""
BABBLE_SHARE, BABBLE_DB, N_BABBLERS = 0.4, (3.0, 25.0), (1, 6)
BAND_SHARE, BAND_LOW_HZ, BAND_HIGH_HZ = 0.5, (60.0, 450.0), (2600.0, 7600.0)
"""Telephones and old recordings: what lies outside the band is gone."""
BAND_STEEPNESS, BAND_DEPTH = (4.0, 20.0), 8.0
"""Decades of power an octave by which it goes, and how many in all."""
COMPANDING_SHARE, COMPANDING_DB = 0.2, (24.0, 44.0)
"""Samples of few bits, whose noise rises and falls with the speech (ITU-T G.711): how often, and how far below."""
CODEC_SHARE, CODEC_DB = 0.2, (25.0, 45.0)
"""Lossy codecs drop the bands that lie so far below the loudest one of a row."""
CLIPPING_SHARE, CLIPPING_DB, CLIPPING_SPREAD = 0.15, (3.0, 20.0), 0.15
"""Recorded too loud: how far above full scale the loudest row lies, and what part of the cut turns to harmonics."""
LEVEL_DB = (-50.0, -8.0)
"""Level of the speech against full scale."""

MEL_HZ = torch.from_numpy(librosa.mel_frequencies(N_MELS + 2, fmin=LOWEST_HZ, fmax=HIGHEST_HZ)[1:-1])
_CEPSTRA = torch.from_numpy(scipy.fft.dct(np.eye(N_MELS), norm="ortho", axis=1)[:, :N_ENVELOPE]).float()
ENVELOPE = _CEPSTRA @ _CEPSTRA.T
"""(N_MELS, N_MELS), what takes the envelope out of rows of log power."""


@dataclass(frozen=True)
class Track:
    """All clips of one corpus, one after the other, one row a clip row (CLIP_FPS)."""

    corpus: str
    licences: tuple[str, ...]
    style: str
    mel_power: Tensor
    """(R, N_MELS) log10 of the power, float16; the mean power of each clip is 1."""
    targets: Tensor
    """(R, 51) float16 in [0, 1]."""
    phones: Tensor
    """(R,) int8 index into PHONES, -1 where unknown."""
    labelled: Tensor
    """(51,) 1 where the targets mean something, else 0."""


@dataclass(frozen=True)
class Batch:
    """N runs of T output frames."""

    mel_power: Tensor
    """(N, ROWS_PER_FRAME * T, N_MELS)."""
    style: Tensor
    """(N, n_styles), one-hot, or zeros for the default."""
    targets: Tensor
    """(N, T, 51)."""
    phones: Tensor
    """(N, T) int64, -1 where unknown."""
    labelled: Tensor
    """(N, 51)."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return Batch(*(part.to(device) for part in vars(self).values()))


@torch.no_grad()
def make_track(corpus: str, clips: Iterable[Clip], style: str) -> Track:
    """All clips of a corpus as one track; ValueError when there are none."""
    features = VoiceFeatures()
    powers, targets, phones, licences, labelled = [], [], [], set(), torch.zeros(0)
    for clip in clips:
        power = features.mel_power(torch.from_numpy(at_model_rate(clip)[None]))[0]
        n_rows = min(len(power), len(clip.curves.values))
        power = power[:n_rows] / power[:n_rows].mean().clamp(min=1e-12)
        powers.append(power.clamp(min=FAINTEST_POWER).log10().half())
        targets.append(torch.from_numpy(clip.curves.values[:n_rows]).half())
        phones.append(torch.from_numpy(clip.phones[:n_rows]))
        licences.add(clip.licence)
        labelled = torch.from_numpy(clip.labelled).float()
    if not powers:
        raise ValueError(f"there are no clips of {corpus}; prepare the corpus first")
    return Track(
        corpus,
        tuple(sorted(licences)),
        style,
        torch.cat(powers),
        torch.cat(targets),
        torch.cat(phones),
        labelled,
    )


def at_model_rate(clip: Clip) -> NDArray[np.float32]:
    """The waveform of a clip (S,) at SAMPLE_RATE_HZ."""
    return np.asarray(scipy.signal.resample_poly(clip.waveform, SAMPLE_RATE_HZ, CLIP_SAMPLE_RATE_HZ), np.float32)


def silent_track(n_rows: int, labelled: Tensor) -> Track:
    """Nothing but the noise that is added to every run, during which the labelled channels (51,) rest."""
    return Track(
        corpus="silence",
        licences=("generated here",),
        style=STYLES[0],
        mel_power=torch.full((n_rows, N_MELS), FAINTEST_POWER).log10().half(),
        targets=torch.zeros((n_rows, len(labelled)), dtype=torch.float16),
        phones=torch.full((n_rows,), PHONES.index("sil"), dtype=torch.int8),
        labelled=labelled,
    )


def draw_batch(tracks: list[Track], chances: Tensor, seeds: list[int], n_frames: int, style_share: float) -> Batch:
    """One run of n_frames a seed; a track is drawn in proportion to its chance, its style told with style_share."""
    runs = [_draw_run(tracks, chances, n_frames, style_share, torch.Generator().manual_seed(seed)) for seed in seeds]
    return Batch(*(torch.stack(part) for part in zip(*runs, strict=True)))


def _draw_run(
    tracks: list[Track], chances: Tensor, n_frames: int, style_share: float, generator: torch.Generator
) -> tuple[Tensor, ...]:
    track = tracks[int(torch.multinomial(chances, 1, generator=generator))]
    n_rows = ROWS_PER_FRAME * n_frames
    positions = _positions(len(track.targets), n_rows, generator)
    power = 10 ** _between_rows(track.mel_power, positions)
    babble = _babble(tracks[: len(tracks) - 1] or tracks, n_rows, generator)
    varied = vary(power, babble, generator)
    style = torch.zeros(len(STYLES))
    if _uniform(0, 1, generator) < style_share:
        style[STYLES.index(track.style)] = 1
    frames = positions[::ROWS_PER_FRAME]
    phones = track.phones[frames.round().long().clamp(max=len(track.phones) - 1)].long()
    return varied, style, _between_rows(track.targets, frames), phones, track.labelled


def _positions(n_track_rows: int, n_rows: int, generator: torch.Generator) -> Tensor:
    """Where in a track the rows of a run lie, at a random place and speed; a track may be shorter than the run."""
    speed = _factor(SPEED_DEVIATION, generator) * CLIP_FPS / ROW_FPS
    start = _uniform(0, max(n_track_rows - 1 - speed * n_rows, 1), generator)
    return (start + speed * torch.arange(n_rows)).clamp(max=n_track_rows - 1.001)


def _between_rows(rows: Tensor, positions: Tensor) -> Tensor:
    """Rows (R, F) at fractional positions (N,), linear between them, as float32."""
    before = positions.long()
    share = (positions - before).unsqueeze(1)
    after = (before + 1).clamp(max=len(rows) - 1)
    return rows[before].float() * (1 - share) + rows[after].float() * share


def _babble(tracks: list[Track], n_rows: int, generator: torch.Generator) -> Tensor:
    """Mel power (R, N_MELS) of several people who speak at once, or zeros."""
    if _uniform(0, 1, generator) > BABBLE_SHARE:
        return torch.zeros(n_rows, N_MELS)
    voices = []
    for _ in range(int(torch.randint(*N_BABBLERS, (), generator=generator))):
        track = tracks[int(torch.randint(len(tracks), (), generator=generator))]
        start = int(torch.randint(max(len(track.targets) - n_rows, 1), (), generator=generator))
        rows = torch.arange(start, start + n_rows).clamp(max=len(track.targets) - 1)
        voices.append(10 ** track.mel_power[rows].float())
    together = torch.stack(voices).mean(dim=0)
    return together * 10 ** (-_uniform(*BABBLE_DB, generator) / 10)


def vary(power: Tensor, babble: Tensor, generator: torch.Generator) -> Tensor:
    """Mel power (R, N_MELS) of speech of mean power 1 as another voice, in another room, through other devices."""
    power = _smeared(_other_voice(power, generator), generator) * _colour(generator)
    if _uniform(0, 1, generator) < CLEAN_SHARE:
        power = power + _noise(len(power), CLEAN_NOISE_DB, generator)
    else:
        power = _reverberated(power, generator)
        power = power + babble + _noise(len(power), NOISE_DB, generator)
        power = _clipped(power, generator)
        power = _companded(power, generator)
        power = _in_band(power, generator)
        power = _through_codec(power, generator)
    return power * FULL_SCALE_POWER * 10 ** (_uniform(*LEVEL_DB, generator) / 10)


def _other_voice(power: Tensor, generator: torch.Generator) -> Tensor:
    """Formants and harmonics times a factor each, which stand for another vocal tract and another pitch."""
    log_power = power.clamp(min=FAINTEST_POWER).log10()
    envelope = log_power @ ENVELOPE
    harmonics = _stretched(log_power - envelope, _factor(PITCH_DEVIATION, generator))
    return 10 ** (_stretched(envelope, _factor(TRACT_DEVIATION, generator)) + harmonics)


def _smeared(power: Tensor, generator: torch.Generator) -> Tensor:
    """Power whose logarithm is blurred in time, sometimes: closures are shallower and bursts are duller."""
    deviation = _uniform(*SMEAR_ROWS, generator)
    if _uniform(0, 1, generator) > SMEAR_SHARE:
        return power
    kernel = torch.exp(-0.5 * (torch.arange(-SMEAR_REACH_ROWS, SMEAR_REACH_ROWS + 1) / deviation).square())
    log_power = power.clamp(min=SMEAR_FLOOR).log10().T.unsqueeze(1)
    padded = torch.nn.functional.pad(log_power, (SMEAR_REACH_ROWS, SMEAR_REACH_ROWS), mode="replicate")
    return 10 ** conv1d(padded, (kernel / kernel.sum()).reshape(1, 1, -1)).squeeze(1).T


def _stretched(rows: Tensor, factor: float) -> Tensor:
    """Rows (R, N_MELS) with what is at a frequency taken from factor times that frequency."""
    heard_hz = (MEL_HZ * factor).numpy()
    positions = torch.from_numpy(np.interp(heard_hz, MEL_HZ.numpy(), np.arange(N_MELS))).float()
    return _between_rows(rows.T, positions.clamp(max=N_MELS - 1.001)).T


def _colour(generator: torch.Generator) -> Tensor:
    """Power gain (N_MELS,) of a microphone."""
    gains_db = COLOUR_DB * torch.randn(N_COLOURS, generator=generator)
    return 10 ** (_between_rows(gains_db.unsqueeze(1), torch.linspace(0, N_COLOURS - 1.001, N_MELS))[:, 0] / 10)


def _reverberated(power: Tensor, generator: torch.Generator) -> Tensor:
    """Power with a tail that falls exponentially, the same at all frequencies."""
    seconds, loudness_db = _uniform(*REVERBERATION_SECONDS, generator), _uniform(*REVERBERATION_DB, generator)
    if _uniform(0, 1, generator) > REVERBERATION_SHARE:
        return power
    tail = 10 ** (-6 * torch.arange(1, ECHO_ROWS + 1) / (seconds * ROW_FPS))
    kernel = torch.cat([torch.ones(1), 10 ** (loudness_db / 10) * tail / tail.sum()]).flip(0)
    padded = torch.nn.functional.pad(power.T.unsqueeze(1), (ECHO_ROWS, 0))
    return conv1d(padded, kernel.reshape(1, 1, -1)).squeeze(1).T


def _noise(n_rows: int, below_speech_db: tuple[float, float], generator: torch.Generator) -> Tensor:
    """Mel power (R, N_MELS) of stationary noise of a random colour and level."""
    fall = MEL_HZ.float() ** -_uniform(*NOISE_SLOPE, generator) * _colour(generator)
    level = 10 ** (-_uniform(*below_speech_db, generator) / 10)
    return level * _flutter(n_rows, generator) * fall / fall.mean()


def _flutter(n_rows: int, generator: torch.Generator) -> Tensor:
    """Mel power (R, N_MELS) of noise about 1, as it differs from row to row."""
    return torch.randn(4, n_rows, N_MELS, generator=generator).square().mean(dim=0)


def _clipped(power: Tensor, generator: torch.Generator) -> Tensor:
    """Power whose loudest rows were limited, with the harmonics that this adds, sometimes."""
    above_db = _uniform(*CLIPPING_DB, generator)
    if _uniform(0, 1, generator) > CLIPPING_SHARE:
        return power
    row_power = power.mean(dim=1, keepdim=True)
    gain = (row_power.amax() * 10 ** (-above_db / 10) / row_power.clamp(min=FAINTEST_POWER)).clamp(max=1)
    harmonics = MEL_HZ.float() ** -1
    return gain * (power + CLIPPING_SPREAD * (1 - gain) * row_power * harmonics / harmonics.mean())


def _companded(power: Tensor, generator: torch.Generator) -> Tensor:
    """Power with noise as loud as a coder of few bits makes at the loudness of each row, sometimes."""
    below_db = _uniform(*COMPANDING_DB, generator)
    if _uniform(0, 1, generator) > COMPANDING_SHARE:
        return power
    return power + 10 ** (-below_db / 10) * power.mean(dim=1, keepdim=True) * _flutter(len(power), generator)


def _in_band(power: Tensor, generator: torch.Generator) -> Tensor:
    """Power with steep ends of a random band, sometimes."""
    low_hz = _uniform(*BAND_LOW_HZ, generator)
    narrowest_hz, widest_hz = BAND_HIGH_HZ
    high_hz = narrowest_hz * (widest_hz / narrowest_hz) ** _uniform(0, 1, generator)
    steepness = _uniform(*BAND_STEEPNESS, generator)
    if _uniform(0, 1, generator) > BAND_SHARE:
        return power
    outside_octaves = torch.log2(low_hz / MEL_HZ).clamp(min=0) + torch.log2(MEL_HZ / high_hz).clamp(min=0)
    return power * 10 ** -(steepness * outside_octaves.float()).clamp(max=BAND_DEPTH)


def _through_codec(power: Tensor, generator: torch.Generator) -> Tensor:
    """Power without the bands that a codec takes for inaudible, sometimes."""
    depth_db = _uniform(*CODEC_DB, generator)
    if _uniform(0, 1, generator) > CODEC_SHARE:
        return power
    audible = power > power.amax(dim=1, keepdim=True) * 10 ** (-depth_db / 10)
    return torch.where(audible, power, 0.01 * power)


def _factor(deviation: float, generator: torch.Generator) -> float:
    """About 1, its logarithm of this standard deviation and at most 2.5 times that."""
    return math.exp(deviation * float(torch.randn((), generator=generator).clamp(-2.5, 2.5)))


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator))
