"""Articulation in numpy alone: at any rate, smoothed as scipy smooths."""

import numpy as np
import pytest

from blender_addon.core.articulation import PAUSE, SMOOTHING_SECONDS, Sound, _smooth, articulate

WORD = [Sound(PAUSE, 0, 0.3), Sound("b", 0.3, 0.36), Sound("u", 0.36, 0.6), Sound("s", 0.6, 0.8), Sound(PAUSE, 0.8, 1)]


@pytest.mark.parametrize("fps", [50, 100])
@pytest.mark.parametrize("n_rows", [1, 3, 200])
def test_smoothing_is_that_of_scipy(fps: float, n_rows: int) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    rows = np.random.default_rng(0).random((n_rows, 4))
    expected = ndimage.gaussian_filter1d(rows, SMOOTHING_SECONDS * fps, axis=0)
    np.testing.assert_allclose(_smooth(rows, SMOOTHING_SECONDS * fps), expected, atol=1e-12)


def test_the_rate_changes_when_rows_are_and_little_else() -> None:
    coarse, fine = (articulate(WORD, int(fps), fps) for fps in (50.0, 100.0))
    assert coarse.fps == 50
    np.testing.assert_allclose(coarse.values, fine.values[::2], atol=0.03)
