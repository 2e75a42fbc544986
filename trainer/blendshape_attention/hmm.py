"""P3's oldest baseline (table 1, "HMM"): blendshapes from speech by regression in the states of a hidden Markov model.

Sound and face of a frame are one vector, whose joint distribution in each state is a Gaussian with full covariance.
Baum and Welch's algorithm trains the model on both. Prediction hears the sound alone: the forward and backward
recursions say how likely each state is at each frame, and each state contributes the face that its Gaussian expects
beside the sound (Choi and Hwang, "Baum-Welch hidden Markov model inversion for reliable audio-to-visual conversion",
IEEE MMSP 1999).

Letters in shapes: T frames of N segments, Q states, D dimensions of sound and face, F of sound, K of face.

python -m trainer.blendshape_attention.hmm --clips clips --run runs/hmm
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import scipy.cluster.vq
import torch
import tyro
from torch import Tensor, nn
from tqdm import tqdm

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer import run
from trainer.blendshape_attention.data import Example, make_examples
from trainer.blendshape_attention.model import (
    AFTER_FRAMES,
    BEFORE_FRAMES,
    FPS,
    HOP_SAMPLES,
    N_FEATURES,
    AudioFeatures,
)
from trainer.clips import CLIP_SAMPLE_RATE_HZ, Clip, fake_clips, list_clips, load_clip
from trainer.export import export_model

MEMORY_SECONDS = 4.0
"""Span around a frame beyond which sound is taken not to change its states, which seldom last longer than 0.2 s."""
SMALLEST_LIKELIHOOD = 1e-10
"""Of a state beside the likeliest one: none is ever impossible."""
STATIONARY_AFTER_FRAMES = 256
SEGMENTS_AT_ONCE = 10
KMEANS_FRAMES = 20_000


@dataclass(frozen=True)
class Config:
    """Settings of one run."""

    clips: Path = Path("clips")
    """Folder of prepared clips, searched with its subfolders."""
    run: Path = Path("runs/hmm")
    """Run folder: config.json and the exported model."""
    n_states: int = 64
    """Hidden states."""
    iterations: int = 12
    """Of Baum and Welch's algorithm, after k-means."""
    segment_frames: int = 60
    """Length of the pieces that clips are cut into, at 30 frames a second; what is left at their ends is not used."""
    variance_floor: float = 0.02
    """Added to the variance of every dimension in every state, in units of its variance overall."""
    seed: int = 0
    """Of k-means."""
    fake: bool = False
    """Train on noise bursts instead of clips, to see that everything runs."""


@dataclass(frozen=True)
class Hmm:
    """A hidden Markov model with a Gaussian in each state."""

    mean: Tensor
    """(Q, D)."""
    covariance: Tensor
    """(Q, D, D)."""
    transition: Tensor
    """(Q, Q), probabilities of the next state in rows."""


def _recursion(likelihood: Tensor, transition: Tensor, before: Tensor) -> Tensor:
    """State probabilities (T, N, Q) of each frame given likelihoods (T, N, Q) up to it and the states before (N, Q)."""
    rows = torch.zeros_like(likelihood[:0])
    state = before
    for i in range(likelihood.shape[0]):
        state = (state @ transition) * likelihood[i]
        state = state / state.sum(dim=1, keepdim=True)
        rows = torch.cat([rows, state.unsqueeze(0)])
    return rows


with warnings.catch_warnings():
    # torch means to replace this, but has no other way yet to put a loop into the graph that trainer/export.py writes.
    warnings.simplefilter("ignore", DeprecationWarning)
    recursion = torch.jit.script(_recursion)


def whitening(covariance: Tensor) -> Tensor:
    """(Q, D, D) matrices that, from the right, turn a state's deviations into independent ones of variance 1."""
    factor = torch.linalg.cholesky(covariance)
    inverse: Tensor = torch.linalg.solve_triangular(factor, torch.eye(factor.shape[1]).expand_as(factor), upper=False)
    return inverse.mT


def likelihoods(frames: Tensor, mean: Tensor, whiten: Tensor) -> Tensor:
    """Likelihood (T, N, Q) of each state of frames (T, N, D), relative to that of the likeliest."""
    deviation = (frames.flatten(0, 1) - mean.unsqueeze(1)) @ whiten
    log_volume = whiten.diagonal(dim1=1, dim2=2).log().sum(dim=1, keepdim=True)
    logs = (log_volume - deviation.square().sum(dim=2) / 2).T
    relative = (logs - logs.amax(dim=1, keepdim=True)).exp().clamp(min=SMALLEST_LIKELIHOOD)
    return relative.reshape(frames.shape[0], frames.shape[1], -1)


def state_beliefs(likelihood: Tensor, transition: Tensor, stationary: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What is known of the states of every frame, each (T, N, Q): from the past and present, from the past alone, and
    from the present and future."""
    unknown = stationary.expand_as(likelihood[0])
    past = recursion(likelihood, transition, unknown)
    ahead = torch.cat([unknown.unsqueeze(0), past[:-1]]) @ transition
    future = recursion(likelihood.flip(0), transition.T, torch.ones_like(unknown)).flip(0)
    return past, ahead, future


def stationary_states(transition: Tensor) -> Tensor:
    """Probabilities (1, Q) of the states of a frame of which nothing is known."""
    states: Tensor = torch.linalg.matrix_power(transition, STATIONARY_AFTER_FRAMES).mean(dim=0, keepdim=True)
    return states


def reestimate(hmm: Hmm, segments: Tensor, variance_floor: float) -> Hmm:
    """One iteration of Baum and Welch's algorithm over segments (N, T, D) of variance 1."""
    n_states, size = hmm.mean.shape
    whiten, stationary = whitening(hmm.covariance), stationary_states(hmm.transition)
    visits, steps = torch.zeros(n_states, 1), torch.zeros(n_states, n_states)
    first, second = torch.zeros(n_states, size), torch.zeros(n_states, size, size)
    for start in range(0, len(segments), SEGMENTS_AT_ONCE):
        frames = segments[start : start + SEGMENTS_AT_ONCE].transpose(0, 1)
        past, ahead, future = state_beliefs(likelihoods(frames, hmm.mean, whiten), hmm.transition, stationary)
        both = ahead * future
        evidence = both.sum(dim=2, keepdim=True)
        states = (both / evidence).flatten(0, 1).T.unsqueeze(2)  # (Q, T * N, 1)
        flat = frames.flatten(0, 1)
        visits += states.sum(dim=1)
        first += (states * flat).sum(dim=1)
        second += (states * flat).mT @ flat
        steps += past[:-1].flatten(0, 1).T @ (future / evidence)[1:].flatten(0, 1)
    mean = first / visits
    spread = second / visits.unsqueeze(2) - mean.unsqueeze(2) * mean.unsqueeze(1)
    transition = steps * hmm.transition
    return Hmm(mean, spread + variance_floor * torch.eye(size), transition / transition.sum(dim=1, keepdim=True))


def first_guess(frames: Tensor, n_states: int, variance_floor: float, seed: int) -> Hmm:
    """States at the centres that k-means finds among frames (N, D) of variance 1, each as wide as all frames."""
    some = frames[:: -(-len(frames) // KMEANS_FRAMES)]
    centres, _ = scipy.cluster.vq.kmeans2(some.numpy(), n_states, minit="++", seed=seed)
    wide = torch.eye(frames.shape[1]) * (0.5 + variance_floor)
    stay = 0.5 * torch.eye(n_states) + 0.5 / n_states
    return Hmm(torch.from_numpy(centres).float(), wide.repeat(n_states, 1, 1), stay)


def train(segments: Tensor, config: Config) -> Hmm:
    """A model of segments (N, T, D) of sound and face of variance 1."""
    hmm = first_guess(segments.flatten(0, 1), config.n_states, config.variance_floor, config.seed)
    for _ in tqdm(range(config.iterations), desc="training", unit="iteration"):
        hmm = reestimate(hmm, segments, config.variance_floor)
    return hmm


class HmmRegression(nn.Module):
    """What is exported: waveform (1, S) in [-1, 1] -> values (1, S // HOP_SAMPLES, 51) in [0, 1]."""

    shift: Tensor
    scale: Tensor
    mean: Tensor
    whiten: Tensor
    transition: Tensor
    stationary: Tensor
    slope: Tensor
    intercept: Tensor

    def __init__(self, hmm: Hmm, shift: Tensor, scale: Tensor, channels: Tensor) -> None:
        """A model of frames that were shifted and scaled (D,), whose face has K of the channels (51,) bool."""
        super().__init__()
        self.features = AudioFeatures()
        sound, face = slice(N_FEATURES), slice(N_FEATURES, None)
        slope = torch.linalg.solve(hmm.covariance[:, sound, sound], hmm.covariance[:, sound, face])  # (Q, F, K)
        intercept = hmm.mean[:, face] - (hmm.mean[:, None, sound] @ slope)[:, 0]
        spread = torch.diag(scale[face]) @ torch.eye(len(channels))[channels]  # (K, 51) face to channels
        constants = {
            "shift": shift[sound],
            "scale": scale[sound],
            "mean": hmm.mean[:, sound],
            "whiten": whitening(hmm.covariance[:, sound, sound]),
            "transition": hmm.transition,
            "stationary": stationary_states(hmm.transition),
            "slope": slope @ spread,
            "intercept": intercept @ spread + shift[face] @ torch.eye(len(channels))[channels],
        }
        for name, values in constants.items():
            self.register_buffer(name, values.clone())

    def forward(self, waveform: Tensor) -> Tensor:
        """Row i of the result belongs to second i / FPS."""
        sound = (own_rows(self.features(waveform)[0]) - self.shift) / self.scale
        likelihood = likelihoods(sound.unsqueeze(1), self.mean, self.whiten)
        _, ahead, future = state_beliefs(likelihood, self.transition, self.stationary)
        both = (ahead * future)[:, 0]
        states = both / both.sum(dim=1, keepdim=True)
        faces = sound @ self.slope + self.intercept.unsqueeze(1)  # (Q, T, 51)
        return (states.T.unsqueeze(2) * faces).sum(dim=0, keepdim=True).clamp(0, 1)


def own_rows(features: Tensor) -> Tensor:
    """Of features (T + 63, 39) the rows (T, 39) of the T output frames themselves."""
    return features[BEFORE_FRAMES:-AFTER_FRAMES]


def common_channels(examples: list[Example]) -> Tensor:
    """Mask (51,) of the channels that every corpus labels and that move in some."""
    labelled = torch.stack([example.labelled for example in examples]).amin(dim=0) > 0
    moving = torch.stack([example.targets.amax(dim=0) for example in examples]).amax(dim=0) > 0
    return labelled & moving


def segments_of(examples: Iterable[Example], channels: Tensor, n_frames: int) -> Tensor:
    """Sound and face (N, n_frames, D) of the whole pieces of examples."""
    pieces = []
    for example in examples:
        frames = torch.cat([own_rows(example.features), example.targets[:, channels]], dim=1)
        n_whole = len(frames) // n_frames
        pieces += list(frames[: n_whole * n_frames].reshape(n_whole, n_frames, frames.shape[1]))
    if not pieces:
        raise ValueError(f"no clip of at least {n_frames / FPS:.1f} s was found; prepare a corpus first")
    return torch.stack(pieces)


def load_clips(config: Config) -> Iterable[Clip]:
    """The training clips of all corpora."""
    if config.fake:
        return fake_clips(6)
    return map(load_clip, tqdm(list_clips(config.clips, validation=False), desc="loading", unit="clip"))


def main(config: Config) -> None:
    """Train and export."""
    torch.manual_seed(config.seed)
    run.start_run(config.run, asdict(config))
    examples = list(make_examples(AudioFeatures(), load_clips(config), 1, config.seed))
    if not examples:
        raise ValueError(f"{config.clips} holds no clips; prepare a corpus first")
    channels = common_channels(examples)
    segments = segments_of(examples, channels, config.segment_frames)
    scale, shift = torch.std_mean(segments, dim=(0, 1))
    hmm = train((segments - shift) / scale, config)
    contract = {
        "kind": "audio_to_blendshapes",
        "sample_rate_hz": CLIP_SAMPLE_RATE_HZ,
        "hop_samples": HOP_SAMPLES,
        "fps": FPS,
        "channels": BLENDSHAPE_CHANNELS,
        "receptive_field_seconds": MEMORY_SECONDS,
        "trained_on": [
            {"corpus": corpus, "licence": licence}
            for corpus, licence in sorted({(example.corpus, example.licence) for example in examples})
        ],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": {},
    }
    export_model(HmmRegression(hmm, shift, scale, channels), config.run / "model.onnx", contract)


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
