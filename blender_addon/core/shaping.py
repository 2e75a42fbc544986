"""What an artist does to predicted curves before they reach the rig: strength, smoothing, and a life of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import life
from .curves import Curves, smooth_rows


@dataclass(frozen=True)
class Shaping:
    """The artist's settings; the defaults leave the speech as it is and add the life that it can't tell of."""

    strength: float = 1.0
    """Factor on every predicted channel, [0, 2]; weights stay in [0, 1]."""
    smoothing_seconds: float = 0.0
    """Standard deviation of the Gaussian that smooths every predicted channel, [0, 0.2] s; 0 for none."""
    blinks: float = 1.0
    """How far the lids close in a blink, [0, 1]; 0 for no blinks."""
    gaze: float = 1.0
    """How far the eyes turn, [0, 2]; 0 for a stare."""
    brows: float = 1.0
    """How far brows rise and frown, [0, 2]."""
    head: float = 1.0
    """How far the head turns and nods, [0, 2]; not part of the face's channels, see head_curves."""
    secondary: float = 1.0
    """How far cheeks, nose and lids follow the mouth, and the sides of the face differ, [0, 2]."""
    seed: int = 0
    """Not negative. The same seed gives the same performance."""


def shape_curves(curves: Curves, shaping: Shaping) -> Curves:
    """Curves after strength and smoothing, with life added to the channels they have, weights in [0, 1]."""
    values = np.clip(curves.values * np.float32(shaping.strength), 0, 1)
    values = smooth_rows(values, shaping.smoothing_seconds * curves.fps)
    times = np.arange(len(values)) / curves.fps
    speech, seed = life.listen(curves), shaping.seed
    layers = (
        (shaping.blinks, life.blinks(times, speech, seed)),
        (shaping.gaze, life.gaze(times, speech, seed)),
        (shaping.brows, life.brows(times, speech, seed)),
        (shaping.secondary, life.secondary(times, Curves(values, curves.channels, curves.fps), seed)),
    )
    living = values.copy()
    for amount, layer in layers:
        for channel in layer.keys() & set(curves.channels):
            living[:, curves.channels.index(channel)] += amount * layer[channel]
    return Curves(np.clip(living, 0, 1), curves.channels, curves.fps)


def head_curves(curves: Curves, shaping: Shaping) -> Curves:
    """life.HEAD_CHANNELS (T, 3) in radians that go with predicted curves."""
    return life.head_motion(curves, shaping.head, shaping.seed)
