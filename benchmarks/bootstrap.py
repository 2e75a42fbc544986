"""Significance by bootstrap over clips, of figures that are functions of sums over clips.

What a clip contributes to such a figure is a few totals. A resampled test set is then a weighted sum of rows, and ten
thousand of them are one matrix product.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

N_RESAMPLED = 10_000
CONFIDENCE = 0.95

FloatArray = NDArray[np.float64]


def correlation_totals(predicted: FloatArray, measured: FloatArray) -> FloatArray:
    """What a clip's values (N,) contribute to Pearson's r: number, sums, squares, products (6,)."""
    a, b = np.asarray(predicted, np.float64), np.asarray(measured, np.float64)
    return np.array([len(a), a.sum(), b.sum(), a @ a, b @ b, a @ b])


def correlation(totals: FloatArray) -> FloatArray:
    """Pearson's r (...) of summed totals (..., 6), 0 where either side is constant."""
    n, a, b, aa, bb, ab = np.moveaxis(totals, -1, 0)
    scale = np.sqrt(np.maximum(n * aa - a**2, 0) * np.maximum(n * bb - b**2, 0))
    return np.where(scale > 0, (n * ab - a * b) / np.where(scale > 0, scale, 1), 0.0)


def distance_totals(predicted: FloatArray, measured: FloatArray) -> FloatArray:
    """What a clip's rows (T, K) contribute to the root mean square of their distance: sum of squares, number (2,)."""
    difference = np.asarray(predicted, np.float64) - measured
    return np.array([np.square(difference).sum(), len(difference)])


def root_mean_square(totals: FloatArray) -> FloatArray:
    """Root mean square distance (...) of summed totals (..., 2)."""
    return np.sqrt(totals[..., 0] / totals[..., 1])


def resampled_counts(n_clips: int, seed: int = 0) -> FloatArray:
    """How often each clip is in each of N_RESAMPLED test sets drawn with replacement (N_RESAMPLED, n_clips).

    Every model must be scored with the same counts, so that differences are paired.
    """
    generator = np.random.default_rng(seed)
    return generator.multinomial(n_clips, np.full(n_clips, 1 / n_clips), size=N_RESAMPLED).astype(np.float64)


def interval(resampled: FloatArray) -> tuple[float, float]:
    """The middle CONFIDENCE of resampled figures (N_RESAMPLED,)."""
    low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def p_value(resampled_differences: FloatArray) -> float:
    """Two-sided p of a difference of 0, from resampled differences (N_RESAMPLED,); never below 2 / N_RESAMPLED."""
    n = len(resampled_differences)
    tail = min((resampled_differences <= 0).sum(), (resampled_differences >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (n + 1)))
