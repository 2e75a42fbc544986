"""Curves: named values per frame, and the one place that converts between seconds and frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class Curves:
    """Named curves sampled at a constant rate; row i belongs to the time i / fps seconds.

    Raises ValueError when the shape does not fit the names, when fps is not positive or a value is not finite.
    """

    values: Float32Array
    """(T, K), one column a channel."""
    channels: tuple[str, ...]
    """K names in column order."""
    fps: float
    """Rows per second."""

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.channels):
            raise ValueError(f"curves of shape {self.values.shape} do not fit {len(self.channels)} channel names")
        if not self.fps > 0:
            raise ValueError(f"curves need a positive frame rate, not {self.fps}")
        if not np.isfinite(self.values).all():
            raise ValueError("curves contain values that are not finite numbers")

    @property
    def duration_seconds(self) -> float:
        """Time that the rows cover, each row lasting 1 / fps."""
        return len(self.values) / self.fps

    def column(self, channel: str) -> Float32Array:
        """Values (T,) of one channel; KeyError when there is no such channel."""
        if channel not in self.channels:
            raise KeyError(channel)
        return self.values[:, self.channels.index(channel)]


def column_of(values: Float32Array, channels: tuple[str, ...], channel: str) -> Float32Array:
    """(T,), zeros for a channel that is not there."""
    return values[:, channels.index(channel)] if channel in channels else np.zeros(len(values), np.float32)


def seconds_to_frames(seconds: float, fps: float, fps_base: float = 1.0) -> float:
    """Position on a timeline of fps / fps_base frames a second, not rounded (29.97 is fps 30, fps_base 1.001)."""
    return seconds * fps / fps_base


def frames_to_seconds(frames: float, fps: float, fps_base: float = 1.0) -> float:
    """The inverse of seconds_to_frames."""
    return frames * fps_base / fps


def sample_curves(curves: Curves, times_seconds: NDArray[np.float64]) -> Float32Array:
    """Values (N, K) at N times, linear between rows, held before the first and after the last row."""
    n_frames = len(curves.values)
    if n_frames == 0:
        return np.zeros((len(times_seconds), len(curves.channels)), np.float32)
    position = np.clip(np.asarray(times_seconds, np.float64) * curves.fps, 0, n_frames - 1)
    before = np.floor(position).astype(np.intp)
    after = np.minimum(before + 1, n_frames - 1)
    weight = (position - before)[:, None].astype(np.float32)
    return np.asarray(curves.values[before] * (1 - weight) + curves.values[after] * weight, np.float32)


def smooth_rows(values: Float32Array, sigma_frames: float) -> Float32Array:
    """(T, K) convolved with a Gaussian, the first and last row held beyond the ends; 0 for as they are."""
    reach = int(np.ceil(3 * sigma_frames))
    if reach == 0 or not len(values):
        return values
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_frames) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0)
    return np.asarray(windows @ (kernel / kernel.sum()), np.float32)
