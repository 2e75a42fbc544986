"""Strength, smoothing and blinks."""

import numpy as np
import pytest

from blender_addon.core.curves import Curves
from blender_addon.core.shaping import Shaping, blink_weights, shape_curves

NO_BLINKS = {"blink_strength": 0.0}


def curves(values: np.ndarray, *channels: str, fps: float = 30.0) -> Curves:
    return Curves(values.astype(np.float32), channels, fps)


def test_the_defaults_change_nothing_but_the_lids() -> None:
    raw = curves(np.random.default_rng(0).random((300, 2)), "jawOpen", "eyeBlinkLeft")
    shaped = shape_curves(raw, Shaping())
    assert np.array_equal(shaped.column("jawOpen"), raw.column("jawOpen"))
    assert (shaped.column("eyeBlinkLeft") >= raw.column("eyeBlinkLeft")).all()


def test_strength_scales_and_never_leaves_the_range() -> None:
    raw = curves(np.array([[0.2], [0.6]]), "jawOpen")
    assert shape_curves(raw, Shaping(strength=2.0, **NO_BLINKS)).values[:, 0] == pytest.approx([0.4, 1.0])
    assert shape_curves(raw, Shaping(strength=0.0, **NO_BLINKS)).values.max() == 0


def test_smoothing_takes_out_jitter_without_delay() -> None:
    times = np.arange(300) / 30
    slow = 0.5 + 0.3 * np.sin(times * 2 * np.pi * 0.5)
    jittery = curves((slow + 0.1 * (-1) ** np.arange(300))[:, None], "jawOpen")
    smooth = shape_curves(jittery, Shaping(smoothing_seconds=0.06, **NO_BLINKS)).column("jawOpen")
    assert np.abs(smooth - slow)[10:-10].max() < 0.02


def test_smoothing_keeps_a_constant_to_its_ends() -> None:
    still = curves(np.full((20, 1), 0.4), "jawOpen")
    assert shape_curves(still, Shaping(smoothing_seconds=0.2, **NO_BLINKS)).values == pytest.approx(0.4)


def lid_closures(weights: np.ndarray) -> np.ndarray:
    """First frame of every stretch in which the lids are more than half closed."""
    return np.flatnonzero(np.diff((weights > 0.5).astype(int)) == 1)


def test_people_blink_about_every_three_seconds_for_about_a_third_of_one() -> None:
    weights = blink_weights(60 * 60 * 10, 60.0, seed=1)
    n_blinks = len(lid_closures(weights))
    assert 0.28 < n_blinks / 600 < 0.40
    assert 0.2 < (weights > 0.02).sum() / 60 / n_blinks < 0.4
    assert weights.max() == 1
    assert np.std(np.diff(lid_closures(weights))) > 15


def test_a_seed_fixes_the_blinks() -> None:
    assert np.array_equal(blink_weights(900, 30.0, seed=3), blink_weights(900, 30.0, seed=3))
    assert not np.array_equal(blink_weights(900, 30.0, seed=3), blink_weights(900, 30.0, seed=4))


def test_both_lids_blink_together_and_no_blinks_means_none() -> None:
    raw = curves(np.zeros((300, 2)), "eyeBlinkLeft", "eyeBlinkRight")
    shaped = shape_curves(raw, Shaping())
    assert np.array_equal(shaped.values[:, 0], shaped.values[:, 1])
    assert shaped.values.max() > 0.9
    assert shape_curves(raw, Shaping(**NO_BLINKS)).values.max() == 0
