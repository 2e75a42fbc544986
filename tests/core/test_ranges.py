"""Ranges of a take: what hides what, how they fade, and that they are kept as they were."""

import numpy as np
import pytest

from blender_addon.core.curves import Curves
from blender_addon.core.ranges import Range, Rows, cross_faded, heard_again, mixed, pack, replaced, unpack, with_range

FLAT = Curves(np.zeros((50, 2), np.float32), ("jawOpen", "mouthClose"), 50.0)
HEARD = Rows(10, np.ones((21, 2), np.float32))


def test_it_is_seen_between_its_ends_only() -> None:
    times = np.arange(50) / 50
    weights = Range(0.2, 0.6, 0.1).weights(times)
    assert not weights[:11].any()
    assert not weights[30:].any()
    np.testing.assert_allclose(weights[15:26], 1)
    assert (np.diff(weights[10:16]) > 0).all()
    assert Range(0.2, 0.6, 0.1).weights(np.array([0.25]))[0] == pytest.approx(0.5)


def test_without_a_fade_it_cuts() -> None:
    np.testing.assert_array_equal(Range(0.2, 0.6, 0.0).weights(np.array([0.2, 0.21, 0.59, 0.6])), [0, 1, 1, 0])


def test_rows_that_are_apart_show_nothing_of_it_outside() -> None:
    """Whatever lies between two rows is drawn as a line."""
    times = np.arange(10) / 10
    weights = Range(0.25, 0.75, 0.05).weights(times, row_seconds=0.1)
    between = np.interp([0.25, 0.75], times, weights)
    np.testing.assert_array_equal(between, 0)
    assert weights.max() == 1


def test_the_same_range_again_takes_its_place() -> None:
    first, second = (Range(0.2, 0.6, 0.1, shaping={"seed": seed}) for seed in (1, 2))
    assert with_range((first,), second) == (second,)


def test_settings_alone_keep_what_was_heard_there() -> None:
    heard = Range(0.2, 0.6, 0.1, "a.onnx", said=HEARD)
    (found,) = with_range((heard,), Range(0.2, 0.6, 0.1, shaping={"seed": 1}))
    assert (found.model, found.said, found.shaping) == ("a.onnx", HEARD, {"seed": 1})


def test_what_lies_within_a_range_that_was_heard_again_is_gone() -> None:
    small, beside = Range(0.3, 0.4, 0.1, "a.onnx", said=HEARD), Range(0.5, 0.9, 0.1, "b.onnx", said=HEARD)
    large = Range(0.2, 0.6, 0.1, "c.onnx", said=HEARD)
    assert with_range((small, beside), large) == (beside, large)
    shaped = Range(0.2, 0.6, 0.1, shaping={"seed": 1})
    assert with_range((small, beside), shaped) == (small, beside, shaped)


def test_a_range_like_its_take_is_none() -> None:
    assert with_range((Range(0.2, 0.6, 0.1, shaping={"seed": 1}),), Range(0.2, 0.6, 0.1)) == ()


def test_another_prediction_is_sampled_where_the_range_is() -> None:
    again = Curves(np.arange(25, dtype=np.float32)[:, None], ("jawOpen",), 25.0)
    rows = heard_again(FLAT, again, 0.2, 0.6)
    assert rows.first == 10
    np.testing.assert_allclose(rows.values[:, 0], np.arange(21) / 2 + 5, atol=1e-5)
    assert not rows.values[:, 1].any()  # it has no such channel
    assert len(heard_again(FLAT, again, 2.0, 3.0).values) == 0


def test_mixing_is_exact_at_both_ends() -> None:
    some, others = (Curves(np.random.default_rng(i).random((3, 2), np.float32), FLAT.channels, 50.0) for i in (0, 1))
    weights = np.array([0, 0.5, 1], np.float32)
    both = mixed(some, others, weights)
    np.testing.assert_array_equal(both.values[0], some.values[0])
    np.testing.assert_array_equal(both.values[2], others.values[2])
    np.testing.assert_allclose(both.values[1], (some.values[1] + others.values[1]) / 2, atol=1e-6)


def test_what_was_heard_fades_into_the_rest() -> None:
    values = cross_faded(FLAT, HEARD, Range(0.2, 0.6, 0.1)).values[:, 0]
    assert values[10] == values[30] == 0
    assert values[20] == 1
    assert replaced(FLAT, None) is FLAT


def test_packed_and_unpacked_it_is_the_same() -> None:
    ranges = (
        Range(0.2, 0.6, 0.1, "a.onnx", {"seed": 3, "emotion": "happy"}, HEARD, Rows(4, np.ones((2, 5), np.float16))),
        Range(-1.1, 0.3, 0.1, shaping={"strength": 0.5}),
    )
    facts, content = pack(ranges)
    for known, found in zip(ranges, unpack(facts, content), strict=True):
        assert (known.start_seconds, known.end_seconds, known.model) == (
            found.start_seconds,
            found.end_seconds,
            found.model,
        )
        assert (known.fade_seconds, known.shaping) == (found.fade_seconds, found.shaping)
        for kept, read in ((known.said, found.said), (known.phones, found.phones)):
            assert (kept is None) == (read is None)
            if kept is not None and read is not None:
                assert kept.first == read.first
                np.testing.assert_array_equal(kept.values, read.values)
