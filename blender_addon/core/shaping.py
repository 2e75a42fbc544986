"""What an artist does to predicted curves before they reach the rig: strength, smoothing, blinks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .curves import Curves, Float32Array


@dataclass(frozen=True)
class Shaping:
    """The artist's settings; the defaults leave the prediction as it is, but for the blinks it can't hear."""

    strength: float = 1.0
    """Factor on every channel, [0, 2]; weights stay in [0, 1]."""
    smoothing_seconds: float = 0.0
    """Standard deviation of the Gaussian that smooths every channel, [0, 0.2] s; 0 for none."""
    blink_strength: float = 1.0
    """How far the lids close in a blink, [0, 1]; 0 for no blinks."""
    blink_seed: int = 0
    """The same seed gives the same blinks."""


def shape_curves(curves: Curves, shaping: Shaping) -> Curves:
    """Curves after strength, smoothing and blinks, weights in [0, 1]."""
    values = np.clip(curves.values * np.float32(shaping.strength), 0, 1)
    values = _smooth(values, shaping.smoothing_seconds * curves.fps)
    for side in {"eyeBlinkLeft", "eyeBlinkRight"} & set(curves.channels):
        column = curves.channels.index(side)
        lids = shaping.blink_strength * blink_weights(len(values), curves.fps, shaping.blink_seed)
        values[:, column] = np.maximum(values[:, column], lids)
    return Curves(values, curves.channels, curves.fps)


def _smooth(values: Float32Array, sigma_frames: float) -> Float32Array:
    """(T, K) convolved with a Gaussian, the first and last row held beyond the ends."""
    reach = int(np.ceil(3 * sigma_frames))
    if reach == 0 or not len(values):
        return values
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_frames) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0)
    return np.asarray(windows @ (kernel / kernel.sum()), np.float32)


BLINK_CLOSING_SECONDS = 0.1
BLINK_OPENING_SECONDS = 0.2
"""Lids fall faster than they rise; together inside the 0.2 to 0.4 s of paper P4, section 4."""
MEAN_BLINK_INTERVAL_SECONDS = 2.9
"""0.34 blinks a second, inside the 0.28 to 0.4 of paper P4, section 4."""
MIN_BLINK_INTERVAL_SECONDS = 1.0


def blink_weights(n_frames: int, fps: float, seed: int) -> NDArray[np.float64]:
    """(T,) lid weight in [0, 1]: full blinks at intervals that vary as people's do (log-normal), fixed by seed."""
    generator = np.random.default_rng(seed)
    times = np.arange(n_frames) / fps
    weights = np.zeros(n_frames)
    closed_at = generator.uniform(0.5, MEAN_BLINK_INTERVAL_SECONDS)
    while closed_at < n_frames / fps:
        since = times - closed_at
        phase = np.where(since < 0, 1 + since / BLINK_CLOSING_SECONDS, 1 - since / BLINK_OPENING_SECONDS)
        weights = np.maximum(weights, _ease(np.clip(phase * 1.25, 0, 1)))
        spread = 0.5
        varied = generator.lognormal(-(spread**2) / 2, spread) * (
            MEAN_BLINK_INTERVAL_SECONDS - MIN_BLINK_INTERVAL_SECONDS
        )
        closed_at += MIN_BLINK_INTERVAL_SECONDS + varied
    return weights


def _ease(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smoothstep: starts and ends without a jerk."""
    return phase * phase * (3 - 2 * phase)
