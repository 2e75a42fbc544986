"""Poses held for several frames, as in animation on twos and threes: a mouth that closes is seen closed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .channels import in_upper_face
from .curves import Curves, Float32Array, column_of
from .lips import CONTACT_GAP, lip_gap, runs


def hold_poses(curves: Curves, n_frames: int | NDArray[np.intp]) -> Curves:
    """Curves (T, K), one row a scene frame, with every n_frames rows alike: animation on twos or threes.

    With n_frames (T,), each stretch of rows with the same number is one by itself. Each pose is one of its rows: the
    mouth as wide open as it gets, but closed where a closure would fall between two poses otherwise; eyes and brows of
    the row with the lids shut farthest, for the sake of blinks.
    """
    if isinstance(n_frames, np.ndarray):
        parts = [
            hold_poses(Curves(curves.values[start:stop], curves.channels, curves.fps), int(n_frames[start])).values
            for start, stop in _stretches(n_frames)
        ]
        return Curves(np.concatenate(parts), curves.channels, curves.fps)
    if n_frames <= 1 or not len(curves.values):
        return curves
    left, right = (column_of(curves.values, curves.channels, f"eyeBlink{side}") for side in ("Left", "Right"))
    lids = _in_poses(left + right, n_frames)
    mouths, eyes = _mouth_rows(lip_gap(curves), n_frames), lids.argmax(axis=1)
    first, n_rows = np.arange(0, lids.size, n_frames), len(curves.values)
    held = np.empty_like(curves.values)
    is_upper = in_upper_face(curves.channels)
    for columns, rows in ((~is_upper, mouths), (is_upper, eyes)):
        shown = np.repeat(np.minimum(first + rows, n_rows - 1), n_frames)[:n_rows]
        held[:, columns] = curves.values[shown][:, columns]
    return Curves(held, curves.channels, curves.fps)


def pose_starts(n_frames: NDArray[np.intp]) -> list[int]:
    """Rows at which the poses of hold_poses begin, for n_frames (T,)."""
    return [row for start, stop in _stretches(n_frames) for row in range(start, stop, int(n_frames[start]))]


def _stretches(numbers: NDArray[np.intp]) -> list[tuple[int, int]]:
    """First row and row after the last of every stretch of equal numbers (T,)."""
    return list(pairwise([0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]))


def _in_poses(values: Float32Array, n_frames: int) -> Float32Array:
    """(T,) -> (P, n_frames), a row a pose, the last value repeated."""
    return np.pad(values, (0, -len(values) % n_frames), mode="edge").reshape(-1, n_frames)


def _mouth_rows(gap: Float32Array, n_frames: int) -> NDArray[np.intp]:
    """(P,) which of its rows shows the mouth of each pose."""
    starts, stops = runs(gap < CONTACT_GAP)
    fills_a_pose = -(-starts // n_frames) < stops // n_frames  # and is seen there
    starts, stops = starts[~fills_a_pose], stops[~fills_a_pose]
    boundary = (starts // n_frames + 1) * n_frames
    closed = starts // n_frames + (stops - boundary > boundary - starts)  # the pose with more of it
    poses = _in_poses(gap, n_frames)
    return np.where(np.isin(np.arange(len(poses)), closed), poses.argmin(axis=1), poses.argmax(axis=1))
