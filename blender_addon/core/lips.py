"""The lips as channels move them: how far they are apart, closed and held so, and where speech closes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .channels import Channels, sideless
from .curves import Curves, Float32Array, column_of, sample_curves

GAP_PER_WEIGHT = {
    "jawOpen": 0.367,
    "mouthClose": -0.367,
    "mouthFunnel": 0.154,
    "mouthLowerDown": 0.076,
    "mouthUpperUp": 0.080,
}
"""Gap between the inner lips, in distances between the outer corners of the eyes, that a weight of 1 (on both sides)
opens; measured on ICT-FaceKit. mouthClose seals the jaw."""
CONTACT_GAP = 0.02
"""Lips that are no farther apart look closed."""
OPEN_GAP = 0.05
"""Lips that are farther apart look open."""
LONGEST_CLOSURE_SECONDS = 0.3
"""Lips that touch longer are at rest, unless a phone says otherwise."""
LIP_PHONES = ("p",)
"""Phone classes that close the lips: p, b and m are one."""


def lip_gap(curves: Curves) -> Float32Array:
    """How far the lips are apart (T,), not negative, in distances between the outer corners of the eyes."""
    return gap_between(curves.values, curves.channels)


def close_lips(curves: Curves, amount: Float32Array) -> Curves:
    """Curves with an amount (T,) in [0, 1] of the gap between the lips gone."""
    return Curves(closed_by(curves.values, curves.channels, amount), curves.channels, curves.fps)


def gap_between(values: Float32Array, channels: Channels) -> Float32Array:
    """How far the lips of values (T, K) are apart (T,), as lip_gap says."""
    weights = [GAP_PER_WEIGHT.get(sideless(c), 0) / (1 if c == sideless(c) else 2) for c in channels]
    return np.asarray(np.maximum(values @ np.array(weights, np.float32), 0))


def gap_share_beyond(values: Float32Array, channels: Channels, widest: Float32Array) -> Float32Array:
    """Share (T,) of the gap between the lips that is beyond the widest gap (T,), which may be negative for shut."""
    gap = gap_between(values, channels)
    excess = np.maximum(gap - np.maximum(widest, 0), 0)
    return np.asarray(excess / np.maximum(gap, 1e-6), np.float32)


def closed_by(values: Float32Array, channels: Channels, amount: Float32Array) -> Float32Array:
    """Values with an amount (T,) of the gap between the lips gone: nothing parts them, mouthClose is as jawOpen."""
    closed = values.copy()
    for column, channel in enumerate(channels):
        if channel == "mouthClose":
            jaw = column_of(values, channels, "jawOpen")
            closed[:, column] += amount * np.maximum(jaw - values[:, column], 0)
        elif channel != "jawOpen" and sideless(channel) in GAP_PER_WEIGHT:
            closed[:, column] *= 1 - amount
    return closed


def short_contacts(curves: Curves) -> Float32Array:
    """(T,) 1 where lips are sealed for a moment only, with what the jaw opens taken back by mouthClose; else 0.

    A lower lip at the upper teeth, as in f and v, leaves them nearly as close, but with more of the jaw's opening.
    """
    jaw, close = (column_of(curves.values, curves.channels, name) for name in ("jawOpen", "mouthClose"))
    is_sealed = (lip_gap(curves) < CONTACT_GAP) & (jaw - close <= np.maximum(0.2 * jaw, 0.01))
    starts, stops = runs(is_sealed)
    is_short = (stops - starts <= LONGEST_CLOSURE_SECONDS * curves.fps) & (starts > 0) & (stops < len(is_sealed))
    change = np.zeros(len(is_sealed) + 1, np.float32)
    change[starts[is_short]], change[stops[is_short]] = 1, -1
    return np.asarray(np.cumsum(change)[:-1])


def lip_phones(phones: Curves, times: NDArray[np.float64]) -> Float32Array:
    """Probability (T,) that lips close for a phone."""
    closing = [phone in LIP_PHONES for phone in phones.channels]
    return np.asarray(sample_curves(phones, times)[:, closing].sum(axis=1))


def widened(closed: Float32Array, fps: float, hold_seconds: float, fade_seconds: float) -> Float32Array:
    """How closed the lips are (T,), held for longer and faded in and out."""
    seconds = hold_seconds + fade_seconds
    wide = closed.copy()
    for shift in range(1, min(int(seconds * fps), len(closed) - 1) + 1):
        faded = np.float32(min(1, (seconds - shift / fps) / fade_seconds)) * closed
        wide[shift:] = np.maximum(wide[shift:], faded[:-shift])
        wide[:-shift] = np.maximum(wide[:-shift], faded[shift:])
    return wide


def runs(is_on: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First rows and rows after the last of every stretch."""
    edges = np.flatnonzero(np.diff(is_on, prepend=False, append=False))
    return edges[::2], edges[1::2]
