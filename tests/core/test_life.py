"""Life: blinks, gaze, brows, head and secondary motion as one would see them on a face."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, sample_curves
from blender_addon.core.life import HEAD_CHANNELS, blink_times, listen
from blender_addon.core.shaping import Shaping, head_curves, shape_curves

STILL = Shaping(blinks=0, gaze=0, brows=0, head=0, secondary=0)
LAYERS = ("blinks", "gaze", "brows", "secondary")
APERTURE = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthLowerDown", "mouthUpperUp")
"""Channels, by the beginnings of their names, that open and close the lips."""

Array = NDArray[Any]


def speech(seconds: float, fps: float = 50.0, n_pauses: int = 1) -> Curves:
    """Syllables of a mouth that closes for every third consonant, rounds now and then, and rests in pauses."""
    times = np.arange(round(seconds * fps)) / fps
    syllable, phase = np.divmod(times * 4, 1)
    stress = 0.4 + 0.6 * (np.sin(syllable * 2.4) > 0.3)
    is_pause = (times * (n_pauses + 0.5) / seconds) % 1 > 0.85
    opening = np.where(is_pause, 0, np.sin(np.pi * phase)) * stress
    rounding = opening * (np.sin(syllable) > 0.6)
    contact = np.where((phase < 0.15) & (syllable % 3 == 0) & ~is_pause, 1.0, 0.0)
    open_channels = {
        "jawOpen": 0.35 * opening,
        "mouthClose": 0.1 * contact,
        "mouthFunnel": 0.3 * rounding,
        "mouthPucker": 0.5 * rounding,
        "mouthLowerDown": 0.2 * opening,
        "mouthUpperUp": 0.1 * opening,
        "mouthSmile": 0.1 * opening,
        "mouthStretch": 0.2 * opening,
        "mouthPress": 0.2 * contact,
        "mouthRollLower": 0.2 * contact,
        "mouthRollUpper": 0.1 * contact,
    }
    columns = [open_channels.get(c.removesuffix("Left").removesuffix("Right"), 0 * times) for c in BLENDSHAPE_CHANNELS]
    return Curves(np.stack(columns, axis=1).astype(np.float32), BLENDSHAPE_CHANNELS, fps)


def silence(seconds: float) -> Curves:
    return Curves(np.zeros((round(seconds * 50), 51), np.float32), BLENDSHAPE_CHANNELS, 50.0)


def only(layer: str, amount: float = 1.0, seed: int = 0) -> Shaping:
    return replace(STILL, **{layer: amount}, seed=seed)  # type: ignore[arg-type]  # a name that varies


def added(curves: Curves, shaping: Shaping) -> Array:
    """(T, K) what life adds."""
    return shape_curves(curves, shaping).values - curves.values


def lid(curves: Curves, seed: int = 0) -> Array:
    return shape_curves(curves, only("blinks", seed=seed)).column("eyeBlinkLeft")


def runs(is_on: Array) -> Array:
    """(N, 2) first frame and frame after the last of every stretch."""
    return np.flatnonzero(np.diff(is_on, prepend=False, append=False)).reshape(-1, 2)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("curves", [speech(600, n_pauses=100), silence(600)], ids=["speech", "silence"])
def test_people_blink_about_every_three_seconds_for_about_a_third_of_one(curves: Curves, seed: int) -> None:
    closures = runs(lid(curves, seed) > 0.01)
    assert 0.28 < len(closures) / 600 < 0.40
    seconds = np.diff(closures, axis=1) / 50
    assert seconds.min() >= 0.2 and seconds.max() <= 0.4
    assert np.std(np.diff(closures[:, 0] / 50)) > 0.8


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_most_blinks_shut_the_eye_in_some_frame(fps: int) -> None:
    curves = speech(300)
    shaped = shape_curves(curves, only("blinks"))
    seen = sample_curves(shaped, np.arange(300 * fps) / fps)[:, BLENDSHAPE_CHANNELS.index("eyeBlinkLeft")]
    depths = np.array([seen[first:last].max() for first, last in runs(seen > 0.01)])
    assert 0.75 < (depths > 0.95).mean() < 0.95
    assert depths.min() > 0.4


def test_both_lids_blink_together_and_a_seed_fixes_when() -> None:
    curves = silence(60)
    shaped = shape_curves(curves, only("blinks"))
    assert np.array_equal(shaped.column("eyeBlinkLeft"), shaped.column("eyeBlinkRight"))
    assert np.array_equal(lid(curves, 3), lid(curves, 3))
    assert not np.array_equal(lid(curves, 3), lid(curves, 4))


def test_blinks_prefer_the_ends_of_phrases() -> None:
    heard = listen(speech(600, n_pauses=100))
    assert len(heard.ends) == pytest.approx(100, abs=2)

    def share_at_ends(ends: Array) -> float:
        """Of the ends, those with a blink within a tenth of a second."""
        return float(np.mean([np.abs(shut - end).min() < 0.1 for end in ends]))

    shut = blink_times(heard, seed=0, gaze_seed=0)
    assert share_at_ends(heard.ends) > 2 * share_at_ends(heard.ends + 1.5)


def test_all_51_channels_live_in_speech() -> None:
    moved = np.ptp(shape_curves(speech(30), Shaping()).values, axis=0)
    assert {name: extent for name, extent in zip(BLENDSHAPE_CHANNELS, moved, strict=True) if extent < 0.005} == {}


@pytest.mark.parametrize("shaping", [Shaping(), Shaping(gaze=2, brows=2, secondary=2)], ids=["1", "2"])
def test_life_never_parts_the_lips(shaping: Shaping) -> None:
    curves = speech(30)
    gained = added(curves, shaping)
    aperture = [i for i, name in enumerate(BLENDSHAPE_CHANNELS) if name.startswith(APERTURE)]
    assert len(aperture) == 10
    assert not gained[:, aperture].any()


def test_a_silent_mouth_stays_at_rest_and_the_face_calm() -> None:
    quiet, lively = added(silence(120), Shaping(blinks=0)), added(speech(120), Shaping(blinks=0))
    mouth = [i for i, name in enumerate(BLENDSHAPE_CHANNELS) if name.startswith(("mouth", "jaw", "cheek", "nose"))]
    assert not quiet[:, mouth].any()
    assert quiet.max() < 0.25
    for part in ("eyeLook", "brow"):
        of_part = [i for i, name in enumerate(BLENDSHAPE_CHANNELS) if name.startswith(part)]
        assert quiet[:, of_part].std(axis=0).mean() < 0.7 * lively[:, of_part].std(axis=0).mean()
    turning = [np.abs(np.diff(head_curves(c, Shaping()).values, axis=0)).mean() for c in (silence(120), speech(120))]
    assert turning[0] < 0.6 * turning[1]


def test_amounts_of_0_leave_the_prediction_to_the_last_bit() -> None:
    curves = speech(20)
    assert np.array_equal(shape_curves(curves, STILL).values, curves.values)
    assert not head_curves(curves, STILL).values.any()


def test_layers_do_not_disturb_each_other() -> None:
    curves = silence(30)  # where nothing is clipped
    together = added(curves, Shaping(blinks=0.5))
    alone = sum(added(curves, only(layer, 0.5 if layer == "blinks" else 1.0)) for layer in LAYERS)
    np.testing.assert_allclose(together, alone, atol=1e-6)
    head = head_curves(curves, Shaping()).values
    assert np.array_equal(head_curves(curves, Shaping(blinks=0, gaze=0, brows=0, secondary=0)).values, head)


@pytest.mark.parametrize("layer", LAYERS[1:])
def test_an_amount_scales_its_layer(layer: str) -> None:
    curves = speech(30)
    np.testing.assert_allclose(added(curves, only(layer, 0.5)), 0.5 * added(curves, only(layer)), atol=1e-6)
    assert added(curves, only(layer)).max() > 0.03


def test_a_seed_gives_the_same_performance_at_every_frame_rate() -> None:
    fine = speech(60, fps=120)
    times = np.arange(60 * 12) / 12  # rows that all rates have
    performances = []
    for fps in (24.0, 60.0):
        curves = Curves(fine.values[:: round(120 / fps)], fine.channels, fps)
        shaped, head = shape_curves(curves, Shaping()), head_curves(curves, Shaping())
        performances.append(np.hstack([sample_curves(shaped, times), 10 * sample_curves(head, times)]))
    difference = np.abs(performances[0] - performances[1])
    assert np.percentile(difference, 99.9) < 0.02
    assert difference.max() < 0.3  # the lids: the end of a phrase, where they fall, is known to a frame
    other = sample_curves(shape_curves(fine, Shaping(seed=1)), times)
    assert np.abs(other - performances[1][:, :51]).max() > 0.5


def test_a_longer_recording_begins_with_the_same_performance() -> None:
    curves = speech(60)
    start = Curves(curves.values[: 50 * 50], curves.channels, curves.fps)
    short, long = shape_curves(start, Shaping()).values, shape_curves(curves, Shaping()).values
    np.testing.assert_allclose(short[: 45 * 50], long[: 45 * 50], atol=1e-5)


def test_eyes_turn_together_and_mostly_look_ahead() -> None:
    shaped = shape_curves(speech(300), only("gaze"))
    left = shaped.column("eyeLookOutLeft") - shaped.column("eyeLookInLeft")
    up = shaped.column("eyeLookUpLeft") - shaped.column("eyeLookDownLeft")
    assert np.array_equal(left, shaped.column("eyeLookInRight") - shaped.column("eyeLookOutRight"))
    assert np.array_equal(up, shaped.column("eyeLookUpRight") - shaped.column("eyeLookDownRight"))
    degrees = np.hypot(left / 0.029, up / 0.035)
    assert 0.65 < (degrees < 3).mean() < 0.9
    assert 6 < degrees.max() < 15
    is_turning = np.hypot(np.gradient(left), np.gradient(up)) > 0.003
    assert is_turning.mean() < 0.2  # saccades and fixations, not a drift


def test_lids_follow_the_eyes() -> None:
    shaped = shape_curves(speech(300), only("gaze"))
    down, lids = shaped.column("eyeLookDownLeft"), shaped.column("eyeBlinkLeft")
    assert np.corrcoef(down, lids)[0, 1] > 0.99
    assert lids.max() < 0.4


def test_brows_rise_and_head_nods_on_accents() -> None:
    """A jaw that opens wide once in 2 seconds, in small syllables: raises peak with it, nods begin with it."""
    times = np.arange(50 * 120) / 50
    accents = np.arange(1.0, 119.0, 2.0)
    peak = np.exp(-0.5 * (((times[:, None] - accents) / 0.08) ** 2)).sum(axis=1)
    values = np.zeros((len(times), 51), np.float32)
    values[:, BLENDSHAPE_CHANNELS.index("jawOpen")] = 0.05 + 0.04 * np.sin(2 * np.pi * 4 * times) + 0.25 * peak
    curves = Curves(values, BLENDSHAPE_CHANNELS, 50.0)

    def average_round_accents(column: Array) -> Array:
        """(100,) from 1 s before to 1 s after an accent."""
        rows = [column[round(50 * at) - 50 : round(50 * at) + 50] for at in accents[1:-1]]
        return np.mean(rows, axis=0) - np.mean(rows)

    brow = average_round_accents(shape_curves(curves, only("brows")).column("browInnerUp"))
    pitch = average_round_accents(head_curves(curves, Shaping()).column("headPitch"))
    assert abs(brow.argmax() - 50) <= 4 and np.ptp(brow) > 0.03
    assert 55 <= pitch.argmax() <= 65 and np.degrees(np.ptp(pitch)) > 0.5


def test_head_turns_a_few_degrees_and_starts_and_ends_at_rest() -> None:
    head = head_curves(speech(120), Shaping())
    assert head.channels == HEAD_CHANNELS
    degrees = np.degrees(head.values)
    assert 1 < np.abs(degrees).max() < 6
    assert (np.ptp(degrees, axis=0) > 0.5).all()
    assert np.abs(degrees[[0, -1]]).max() < 0.05
    assert np.abs(np.diff(degrees, axis=0)).max() * 50 < 60  # degrees a second


def test_life_goes_to_the_channels_that_there_are() -> None:
    rows = np.zeros((500, 2), np.float32)
    shaped = shape_curves(Curves(rows, ("eyeBlinkLeft", "smirk"), 25.0), Shaping())
    assert shaped.channels == ("eyeBlinkLeft", "smirk")
    assert shaped.column("eyeBlinkLeft").max() > 0.9
    assert not shaped.column("smirk").any()
    empty = Curves(np.zeros((0, 51), np.float32), BLENDSHAPE_CHANNELS, 50.0)
    assert shape_curves(empty, Shaping()).values.shape == (0, 51)
    assert head_curves(empty, Shaping()).values.shape == (0, 3)


@pytest.mark.parametrize("curves", [speech(30), silence(30)], ids=["speech", "silence"])
def test_weights_stay_in_their_range(curves: Curves) -> None:
    for seed in range(5):
        values = shape_curves(curves, Shaping(strength=2, gaze=2, brows=2, secondary=2, seed=seed)).values
        assert values.min() >= 0 and values.max() <= 1


def test_a_minute_is_shaped_in_a_tenth_of_a_second() -> None:
    curves = speech(60)
    seconds = []
    for _ in range(3):  # the fastest counts, and its own time, as other programs run on this machine too
        started = time.process_time()
        shape_curves(curves, Shaping())
        head_curves(curves, Shaping())
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.1


# ---------------------------------------------------------------------------------------------------------------------
# Seeds of layers


@pytest.mark.parametrize(
    ("layer", "beginnings"),
    [("blinks", ("eyeBlink",)), ("gaze", ("eyeLook", "eyeWide", "eyeBlink")), ("brows", ("brow", "eyeWide"))],
)
def test_a_layer_has_a_seed_that_changes_nothing_else(layer: str, beginnings: tuple[str, ...]) -> None:
    """But for blinks, which go with the looks of the eyes."""
    curves = speech(20)
    plain, other, both = (
        shape_curves(curves, Shaping(seed=seed, **{f"{layer}_seed": own})) for seed, own in ((1, 0), (1, 5), (6, 0))
    )
    changed = {c for c in plain.channels if not np.array_equal(plain.column(c), other.column(c))}
    assert changed and all(channel.startswith(beginnings) for channel in changed)
    assert not np.array_equal(other.values, both.values)
    assert np.array_equal(
        head_curves(curves, Shaping(seed=1, **{f"{layer}_seed": 5})).values, head_curves(curves, Shaping(seed=1)).values
    )


def test_the_head_has_a_seed_too() -> None:
    curves = speech(20)
    plain, other = (head_curves(curves, Shaping(head_seed=seed)).values for seed in (0, 3))
    assert np.abs(plain - other).max() > 0.01
    assert np.array_equal(shape_curves(curves, Shaping(head_seed=3)).values, shape_curves(curves, Shaping()).values)
