"""Fewer keys: how many, how close, and what stays exact."""

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.curves import Float32Array
from blender_addon.core.key_reduction import reduce_keys

FRAMES = np.arange(10, 310)


def drawn(keys: list[Float32Array]) -> NDArray[np.float64]:
    """(N, K) the values that linear keys give at FRAMES."""
    return np.stack([np.interp(FRAMES, column[:, 0], column[:, 1]) for column in keys], axis=1)


def walk(n_columns: int, seed: int = 0) -> Float32Array:
    """Restless motion in [0, 1]."""
    steps = np.random.default_rng(seed).normal(0, 0.03, (len(FRAMES), n_columns))
    return np.asarray(np.clip(0.3 + np.cumsum(steps, axis=0), 0, 1), np.float32)


@pytest.mark.parametrize("tolerance", [0.002, 0.01, 0.05])
def test_every_frame_stays_within_the_tolerance_and_the_range(tolerance: float) -> None:
    values = walk(20)
    keys = reduce_keys(FRAMES, values, tolerance)
    assert np.abs(drawn(keys) - values).max() <= tolerance + 1e-6
    assert min(column[:, 1].min() for column in keys) >= values.min()
    assert max(column[:, 1].max() for column in keys) <= values.max()


def test_more_tolerance_needs_fewer_keys() -> None:
    n_keys = [sum(map(len, reduce_keys(FRAMES, walk(20), tolerance))) for tolerance in (0.0, 0.01, 0.03, 0.1)]
    assert n_keys == sorted(n_keys, reverse=True)
    assert n_keys[-1] < n_keys[0] / 10


def test_straight_lines_need_their_corners_alone() -> None:
    corners = [(10, 0.0), (60, 0.8), (100, 0.8), (309, 0.2)]
    corner_frames, heights = zip(*corners, strict=True)
    values = np.interp(FRAMES, corner_frames, heights)[:, None].astype(np.float32)
    (keys,) = reduce_keys(FRAMES, values, 1e-4)
    assert len(keys) <= 6
    assert keys[[0, -1]] == pytest.approx(np.array([corners[0], corners[-1]]))


def test_what_stays_still_needs_two_keys_that_are_exact() -> None:
    (keys,) = reduce_keys(FRAMES, np.full((len(FRAMES), 1), 0.25, np.float32), 0.01)
    assert keys.tolist() == [[10, 0.25], [309, 0.25]]


def test_the_rest_at_both_ends_stays_at_rest() -> None:
    values = walk(8)
    values[[0, -1]] = 0
    assert all(column[[0, -1], 1].tolist() == [0, 0] for column in reduce_keys(FRAMES, values, 0.05))


def test_columns_do_not_disturb_one_another() -> None:
    values = walk(5)
    together = reduce_keys(FRAMES, values, 0.01)
    for column in range(5):
        assert np.array_equal(reduce_keys(FRAMES, values[:, column : column + 1], 0.01)[0], together[column])


@pytest.mark.parametrize("n_frames", [1, 2])
def test_a_take_of_a_frame_or_two_keeps_them(n_frames: int) -> None:
    values = walk(3)[:n_frames]
    keys = reduce_keys(FRAMES[:n_frames], values, 0.5)
    assert [column[:, 1].tolist() for column in keys] == values.T.tolist()
