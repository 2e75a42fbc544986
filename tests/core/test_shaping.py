"""Strength and smoothing; what life adds is in test_life.py."""

import numpy as np
import pytest

from blender_addon.core.curves import Curves
from blender_addon.core.shaping import Shaping, shape_curves

NO_LIFE = {"blinks": 0.0, "gaze": 0.0, "brows": 0.0, "secondary": 0.0}


def curves(values: np.ndarray, *channels: str, fps: float = 30.0) -> Curves:
    return Curves(values.astype(np.float32), channels, fps)


def test_the_defaults_leave_the_speech_as_it_is() -> None:
    raw = curves(np.random.default_rng(0).random((300, 2)), "jawOpen", "mouthPucker")
    assert np.array_equal(shape_curves(raw, Shaping()).values, raw.values)


def test_strength_scales_and_never_leaves_the_range() -> None:
    raw = curves(np.array([[0.2], [0.6]]), "jawOpen")
    assert shape_curves(raw, Shaping(strength=2.0, **NO_LIFE)).values[:, 0] == pytest.approx([0.4, 1.0])
    assert shape_curves(raw, Shaping(strength=0.0, **NO_LIFE)).values.max() == 0


def test_smoothing_takes_out_jitter_without_delay() -> None:
    times = np.arange(300) / 30
    slow = 0.5 + 0.3 * np.sin(times * 2 * np.pi * 0.5)
    jittery = curves((slow + 0.1 * (-1) ** np.arange(300))[:, None], "jawOpen")
    smooth = shape_curves(jittery, Shaping(smoothing_seconds=0.06, **NO_LIFE)).column("jawOpen")
    assert np.abs(smooth - slow)[10:-10].max() < 0.02


def test_smoothing_keeps_a_constant_to_its_ends() -> None:
    still = curves(np.full((20, 1), 0.4), "jawOpen")
    assert shape_curves(still, Shaping(smoothing_seconds=0.2, **NO_LIFE)).values == pytest.approx(0.4)
