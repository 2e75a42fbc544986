"""Learned blinks: as frequent and long as people's, the same for a seed, and a choice in the settings."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.learned_blinks import learned_blinks
from blender_addon.core.shaping import Shaping, shape_curves

FPS = 50
TEN_MINUTES = np.arange(600 * FPS) / FPS
STILL = Shaping(blinks=1, gaze=0, brows=0, head=0, secondary=0, blink_style="learned")


def runs(is_on: NDArray[Any]) -> NDArray[Any]:
    """(N, 2) first row and row after the last of every stretch."""
    return np.flatnonzero(np.diff(is_on, prepend=False, append=False)).reshape(-1, 2)


def lids(seed: int) -> NDArray[Any]:
    return np.asarray(np.mean(list(learned_blinks(TEN_MINUTES, seed).values()), axis=0))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_they_are_as_frequent_and_as_long_as_those_of_people(seed: int) -> None:
    closed = lids(seed)
    blinks = [(start, stop) for start, stop in runs(closed > 0.02) if closed[start:stop].max() > 0.3]
    assert 0.28 < len(blinks) / 600 < 0.40
    seconds = np.array([stop - start for start, stop in blinks]) / FPS
    assert 0.2 < seconds.mean() < 0.4 and 0.2 < np.median(seconds) < 0.4
    assert np.mean([closed[start:stop].max() > 0.9 for start, stop in blinks]) > 0.5
    assert (closed == 0).mean() > 0.8


def test_a_seed_fixes_them_however_long_the_take_is() -> None:
    long, short = learned_blinks(TEN_MINUTES, 3), learned_blinks(TEN_MINUTES[: 20 * FPS], 3)
    assert all(np.allclose(long[eye][: 19 * FPS], short[eye][: 19 * FPS], atol=1e-6) for eye in long)
    assert not np.array_equal(lids(3), lids(4))


def test_a_share_can_be_left_out() -> None:
    def n_blinks(share: float) -> int:
        return len(runs(learned_blinks(TEN_MINUTES, 0, np.full(len(TEN_MINUTES), share))["eyeBlinkLeft"] > 0.3))

    assert n_blinks(0.0) == len(runs(learned_blinks(TEN_MINUTES, 0)["eyeBlinkLeft"] > 0.3))
    assert n_blinks(1.0) == 0
    assert 0.3 < n_blinks(0.5) / n_blinks(0.0) < 0.7


def test_the_style_chooses_them_in_a_take() -> None:
    curves = Curves(np.zeros((60 * FPS, 51), np.float32), BLENDSHAPE_CHANNELS, FPS)
    shaped = shape_curves(curves, STILL)
    expected = learned_blinks(np.arange(60 * FPS) / FPS, 0)
    assert np.allclose(shaped.column("eyeBlinkLeft"), expected["eyeBlinkLeft"], atol=1e-6)
    assert np.allclose(shaped.column("eyeBlinkRight"), expected["eyeBlinkRight"], atol=1e-6)
    by_rule = shape_curves(curves, replace(STILL, blink_style="procedural"))
    assert not np.allclose(by_rule.column("eyeBlinkLeft"), shaped.column("eyeBlinkLeft"))
