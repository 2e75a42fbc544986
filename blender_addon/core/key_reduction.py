"""Fewer keys that say the same: straight lines through a tube round the motion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .curves import Float32Array


def reduce_keys(frames: NDArray[np.int64], values: Float32Array, tolerance: float) -> list[Float32Array]:
    """For each of the K columns of values (N, K) at evenly spaced frames (N,), its keys (n, 2) as frame and value.

    Lines between the keys pass every value within the tolerance and stay within the range of the column. The first and
    the last key are exact. Keys lie on frames but not always on values, which saves a tenth of them.

    A line grows from each key for as long as some slope passes all values; the next key is then put on it, as close to
    its value as the slopes allow. All columns at once, as a loop over frames: the cost does not depend on the motion.
    """
    motion = values.astype(np.float64)
    low = np.maximum(motion - tolerance, motion.min(axis=0, initial=np.inf))
    high = np.minimum(motion + tolerance, motion.max(axis=0, initial=-np.inf))
    low[[0, -1]] = high[[0, -1]] = motion[[0, -1]]
    is_key = np.zeros(motion.shape, bool)
    is_key[[0, -1]] = True
    start, held = np.zeros(motion.shape[1], np.intp), motion[0].copy()
    least, most = np.full_like(held, -np.inf), np.full_like(held, np.inf)
    for row in range(1, len(motion)):
        passing_least = np.maximum(least, (low[row] - held) / (row - start))
        passing_most = np.minimum(most, (high[row] - held) / (row - start))
        ends = np.flatnonzero(passing_least > passing_most)
        if len(ends):
            rows = row - 1 - start[ends]
            slope = np.clip((motion[row - 1, ends] - held[ends]) / rows, least[ends], most[ends])
            held[ends] += slope * rows
            start[ends] = row - 1
            is_key[row - 1, ends], motion[row - 1, ends] = True, held[ends]
            passing_least[ends], passing_most[ends] = low[row, ends] - held[ends], high[row, ends] - held[ends]
        least, most = passing_least, passing_most
    keys = np.stack([np.broadcast_to(np.asarray(frames)[:, None], motion.shape), motion], axis=2).astype(np.float32)
    return [keys[is_key[:, column], column] for column in range(motion.shape[1])]
