"""Clips as training examples for P3: features and targets, computed once and kept in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.fft
import scipy.signal
import torch
from numpy.typing import NDArray
from torch import Tensor

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, sample_curves
from trainer.blendshape_attention.model import FPS, HOP_SAMPLES, N_WINDOW_FRAMES, AudioFeatures
from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, PHONES, Clip

SPEEDS = tuple(k / 20 for k in range(17, 26))
"""0.85 to 1.25: played faster, a voice is that of a smaller person, its pitch and its resonances higher alike."""
NOISE_BELOW_SPEECH_DB = (15.0, 60.0)
COLOUR_DB = 4.0
"""Standard deviation of the random microphone response."""
SILENCE_SECONDS = 4.0
SILENCE_LEVEL_DB = (-90.0, -30.0)


@dataclass(frozen=True)
class Example:
    """One version of one clip on the model's time grid."""

    corpus: str
    licence: str
    features: Tensor
    """(T + 63, 39), padded as AudioFeatures does."""
    targets: Tensor
    """(T, 51) in [0, 1]."""
    labelled: Tensor
    """(51,) 1 where the targets mean something, else 0."""


@dataclass(frozen=True)
class Batch:
    """N runs of R adjacent output frames."""

    features: Tensor
    """(N, R + 63, 39)."""
    targets: Tensor
    """(N, R, 51)."""
    labelled: Tensor
    """(N, 51)."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return Batch(self.features.to(device), self.targets.to(device), self.labelled.to(device))


def make_examples(features: AudioFeatures, clips: Iterable[Clip], n_versions: int, seed: int) -> Iterator[Example]:
    """For each clip the clip itself and n_versions - 1 random variations of voice, microphone and room noise."""
    generator = np.random.default_rng(seed)
    for clip in clips:
        yield make_example(features, clip)
        for _ in range(n_versions - 1):
            yield make_example(features, vary(clip, generator))


@torch.no_grad()
def make_example(features: AudioFeatures, clip: Clip) -> Example:
    """Features and targets of a clip, without the rest of a hop at its end."""
    n_frames = len(clip.waveform) // HOP_SAMPLES
    return Example(
        corpus=clip.corpus,
        licence=clip.licence,
        features=features(torch.from_numpy(clip.waveform[None]))[0],
        targets=torch.from_numpy(sample_curves(clip.curves, np.arange(n_frames) / FPS)),
        labelled=torch.from_numpy(clip.labelled).float(),
    )


def vary(clip: Clip, generator: np.random.Generator) -> Clip:
    """The clip as another voice, through another microphone, in a noisier room."""
    speed = float(generator.choice(SPEEDS))
    waveform = scipy.signal.resample_poly(clip.waveform, 20, round(20 * speed))
    n_fft = scipy.fft.next_fast_len(len(waveform), real=True)
    response_db = np.interp(
        np.linspace(0, 1, n_fft // 2 + 1) ** 0.5,  # knots lie closer at low frequencies, as in hearing
        np.linspace(0, 1, 8),
        generator.normal(0, COLOUR_DB, 8),
    )
    spectrum = scipy.fft.rfft(waveform, n_fft) * 10 ** (response_db / 20)
    coloured = scipy.fft.irfft(spectrum, n_fft)[: len(waveform)]
    level = float(np.sqrt(np.mean(coloured**2))) * 10 ** (-generator.uniform(*NOISE_BELOW_SPEECH_DB) / 20)
    noisy = coloured + level * room_noise(len(waveform), generator)
    curves = Curves(clip.curves.values, clip.curves.channels, clip.curves.fps * speed)
    return replace(clip, waveform=noisy.astype(np.float32), curves=curves)


def room_noise(n_samples: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Noise (S,) of RMS 1 whose power falls with frequency at a random rate between white and brown."""
    n_fft = scipy.fft.next_fast_len(n_samples, real=True)
    spectrum = generator.standard_normal((2, n_fft // 2 + 1)).T.copy().view(np.complex128)[:, 0]
    fall = np.maximum(np.arange(len(spectrum)), 20) ** generator.uniform(0, 1)
    noise = scipy.fft.irfft(spectrum / fall, n_fft)[:n_samples]
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def silent_clips(n_clips: int, seed: int) -> Iterator[Clip]:
    """Room noise of many levels without speech, during which the face rests."""
    generator = np.random.default_rng(seed)
    n_frames = int(SILENCE_SECONDS * CLIP_FPS)
    for i in range(n_clips):
        amplitude = 10 ** (generator.uniform(*SILENCE_LEVEL_DB) / 20)
        noise = amplitude * room_noise(int(SILENCE_SECONDS * CLIP_SAMPLE_RATE_HZ), generator)
        yield Clip(
            name=f"silence_{i:04d}",
            corpus="silence",
            speaker="none",
            language="zxx",
            licence="generated here",
            waveform=noise.astype(np.float32),
            curves=Curves(np.zeros((n_frames, len(BLENDSHAPE_CHANNELS)), np.float32), BLENDSHAPE_CHANNELS, CLIP_FPS),
            labelled=np.ones(len(BLENDSHAPE_CHANNELS), bool),
            phones=np.full(n_frames, PHONES.index("sil"), np.int8),
        )


def by_corpus(examples: Iterable[Example], run_frames: int) -> dict[str, list[Example]]:
    """Examples long enough for a run, by corpus; ValueError when there are none."""
    corpora = defaultdict(list)
    for example in examples:
        if len(example.targets) >= run_frames:
            corpora[example.corpus].append(example)
    if not corpora:
        raise ValueError(f"no clip of at least {run_frames / FPS:.1f} s was found; prepare a corpus first")
    return dict(corpora)


def draw_batch(
    corpora: dict[str, list[Example]],
    weights: dict[str, float],
    n_runs: int,
    run_frames: int,
    generator: torch.Generator,
) -> Batch:
    """Runs of adjacent frames at random places; a corpus is drawn in proportion to its weight, 1 when not named."""
    names = list(corpora)
    chances = torch.tensor([weights.get(name, 1.0) for name in names])
    drawn = torch.multinomial(chances, n_runs, replacement=True, generator=generator)
    runs = [_draw_run(corpora[names[corpus]], run_frames, generator) for corpus in drawn.tolist()]
    features, targets, labelled = (torch.stack(part) for part in zip(*runs, strict=True))
    return Batch(features, targets, labelled)


def disturb(batch: Batch, scale: Tensor, generator: torch.Generator) -> Batch:
    """The batch with normal noise of this scale (39,) on its features: one draw for each run, and one for each row."""
    n_runs, _, n_features = batch.features.shape
    of_run = torch.randn((n_runs, 1, n_features), generator=generator)
    of_row = torch.randn(batch.features.shape, generator=generator)
    return replace(batch, features=batch.features + scale * (of_run + of_row))


def _draw_run(examples: list[Example], run_frames: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    example = examples[int(torch.randint(len(examples), (), generator=generator))]
    start = int(torch.randint(len(example.targets) - run_frames + 1, (), generator=generator))
    return (
        example.features[start : start + run_frames + N_WINDOW_FRAMES - 1],
        example.targets[start : start + run_frames],
        example.labelled,
    )
