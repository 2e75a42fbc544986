"""Curves and the one conversion between seconds and frames."""

import numpy as np
import pytest

from blender_addon.core.curves import Curves, frames_to_seconds, sample_curves, seconds_to_frames


@pytest.mark.parametrize(
    ("fps", "fps_base", "frames_in_ten_seconds"),
    [(24, 1.0, 240.0), (25, 1.0, 250.0), (30, 1.001, 300 / 1.001), (60, 1.0, 600.0)],
)
def test_seconds_become_frames_and_come_back(fps: float, fps_base: float, frames_in_ten_seconds: float) -> None:
    assert seconds_to_frames(10.0, fps, fps_base) == pytest.approx(frames_in_ten_seconds)
    assert frames_to_seconds(seconds_to_frames(12.34, fps, fps_base), fps, fps_base) == pytest.approx(12.34)


def test_an_hour_at_29_97_is_108_frames_short_of_30() -> None:
    assert seconds_to_frames(3600, 30, 1.001) == pytest.approx(108_000 - 107.892, abs=0.001)


def ramp() -> Curves:
    return Curves(np.arange(4, dtype=np.float32)[:, None], ("jawOpen",), 10.0)


def test_sampling_is_linear_between_rows_and_holds_the_ends() -> None:
    assert sample_curves(ramp(), np.array([-1.0, 0.0, 0.05, 0.25, 9.0]))[:, 0] == pytest.approx([0, 0, 0.5, 2.5, 3])


def test_sampling_no_rows_gives_rest() -> None:
    empty = Curves(np.zeros((0, 2), np.float32), ("a", "b"), 30.0)
    assert sample_curves(empty, np.array([0.0, 1.0])).tolist() == [[0, 0], [0, 0]]


def test_a_column_is_found_by_name_and_a_wrong_name_is_an_error() -> None:
    assert ramp().column("jawOpen").tolist() == [0, 1, 2, 3]
    assert ramp().duration_seconds == pytest.approx(0.4)
    with pytest.raises(KeyError):
        ramp().column("jawShut")


@pytest.mark.parametrize(
    ("values", "fps", "message"),
    [
        (np.zeros((3, 2), np.float32), 30.0, "do not fit 1 channel"),
        (np.zeros((3, 1), np.float32), 0.0, "positive frame rate"),
        (np.full((3, 1), np.nan, np.float32), 30.0, "not finite"),
    ],
)
def test_impossible_curves_are_refused(values: np.ndarray, fps: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Curves(values, ("jawOpen",), fps)
