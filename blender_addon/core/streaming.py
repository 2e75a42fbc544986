"""A voice while it is heard: blocks of sound in, frames of curves out, a little later than the sound.

The network of voice_to_face is made for whole files: a frame looks 0.8 s to either side, and at what is usual 4 s round
it. Here each frame is computed as if the sound ended LOOKAHEAD_FRAMES after it. What that costs is measured in
benchmarks/README.md. Needs numpy only.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .curves import Float32Array
from .numpy_runtime import NumpySession

LOOKAHEAD_FRAMES = 3
"""How much of the future a frame waits for."""
LEAD_IN_SECONDS = 1.0
"""Silence before the sound begins, so that the first frames have something round them."""
HISS = 1e-4
"""Amplitude of noise (-80 dB) under everything: complete silence, as gates and muted microphones give it, is unlike all
that a network was trained on, and has left mouths half open."""


class Stream:
    """Sound of one microphone, from its opening on."""

    def __init__(self, arrays_path: Path, lookahead_frames: int = LOOKAHEAD_FRAMES) -> None:
        """Opens the .npz beside a model file; ValueError with one sentence when it is missing or damaged."""
        self._session = NumpySession(arrays_path)
        facts = json.loads(self._session.contract)
        self.channels: tuple[str, ...] = tuple(facts["channels"])
        self.fps = float(facts["fps"])
        self.sample_rate_hz = int(facts["sample_rate_hz"])
        before, after = self._session.margin_samples
        self._block_samples = before + self._session.hop_samples + after
        self._samples: Float32Array = np.zeros(before, np.float32)
        self._power: Float32Array | None = None
        hiss = np.random.default_rng(0).normal(0, HISS, self.sample_rate_hz)
        self._hiss: Float32Array = hiss.astype(np.float32)
        self._n_heard_samples = 0
        self._lookahead_frames = lookahead_frames
        n_frames = self._session.reach_frames + 1 + lookahead_frames
        self._n_rows = self._session.rows_per_frame * n_frames + self._session.mean_reach_rows
        n_lead_in = round(LEAD_IN_SECONDS * self.fps)
        self._n_left = n_lead_in + lookahead_frames
        self.push(np.zeros(n_lead_in * self._session.hop_samples, np.float32))

    @property
    def delay_seconds(self) -> float:
        """From the time that a frame belongs to until the sound that it waits for has been heard."""
        after = self._session.margin_samples[1]
        return (1 + self._lookahead_frames) / self.fps + after / self.sample_rate_hz

    def push(self, samples: Float32Array) -> Float32Array:
        """Samples (S,) in [-1, 1], any number of them -> values (T, K) of the frames that can be known now.

        The frames of a sound are the same to the last bit whatever the sizes of the blocks.
        """
        hiss = np.take(self._hiss, np.arange(len(samples)) + self._n_heard_samples, mode="wrap")
        self._n_heard_samples += len(samples)
        self._samples = np.concatenate([self._samples, samples + hiss]).astype(np.float32)
        frames = []
        while len(self._samples) >= self._block_samples:
            power = self._session.mel_power(self._samples[: self._block_samples])
            self._power = power if self._power is None else np.concatenate([self._power, power])[-self._n_rows :]
            self._samples = self._samples[self._session.hop_samples :]
            if self._n_left:
                self._n_left -= 1
            else:
                frames.append(self._session.last_values(self._power, 1 + self._lookahead_frames)[0])
        return np.array(frames, np.float32).reshape(-1, len(self.channels))

    def finish(self) -> Float32Array:
        """The frames (T, K) that still wait for sound, which goes on in silence."""
        missing = self._lookahead_frames * self._session.hop_samples + self._session.margin_samples[1]
        return self.push(np.zeros(missing, np.float32))
