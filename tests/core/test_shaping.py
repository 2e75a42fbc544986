"""What each setting of Shaping does to a mouth; what life adds is in test_life.py."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core import life
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, sample_curves
from blender_addon.core.emotion import EMOTIONS
from blender_addon.core.held_poses import hold_poses
from blender_addon.core.key_reduction import reduce_keys
from blender_addon.core.lips import CONTACT_GAP, OPEN_GAP, lip_gap
from blender_addon.core.model import open_model, predict
from blender_addon.core.shaping import AMOUNTS, RANGES, Shaping, head_curves, shape_curves
from blender_addon.core.wav import read_wav, resample_waveform

ROOT = Path(__file__).parents[2]
NO_LIFE: dict[str, Any] = {"blinks": 0.0, "gaze": 0.0, "brows": 0.0, "secondary": 0.0}
Runs = NDArray[np.intp]


def curves(values: NDArray[Any], *channels: str, fps: float = 30.0) -> Curves:
    return Curves(values.astype(np.float32), channels, fps)


def shaped(raw: Curves, **settings: Any) -> Curves:
    return shape_curves(raw, Shaping(**NO_LIFE, **settings))


def emphasised(raw: Curves, phones: Curves) -> Curves:
    return shape_curves(raw, Shaping(closure_emphasis=1.0, **NO_LIFE), phones)


@pytest.fixture(scope="module")
def said() -> tuple[Curves, Curves]:
    """What the shipped model predicts for the demo sentence: curves and phones."""
    model = open_model(ROOT / "blender_addon" / "models" / "voice_to_face.onnx", "CPU")
    samples, rate_hz = read_wav(ROOT / "tools" / "demo_speech.wav")
    output = predict(model, resample_waveform(samples, rate_hz, model.contract.sample_rate_hz))
    assert output.phones is not None
    return output.curves, output.phones


@pytest.fixture
def sentence(said: tuple[Curves, Curves]) -> Curves:
    return said[0]


def contacts(mouth: Curves) -> Runs:
    """(N, 2) first row and row after the last of every contact of the lips."""
    touching = lip_gap(mouth) < CONTACT_GAP
    return np.flatnonzero(np.diff(touching, prepend=False, append=False)).reshape(-1, 2)


def n_kept(wanted: Runs, found: Runs, slack: int = 2) -> int:
    """How many contacts are still there, give or take some rows."""
    return sum(any(start < stop + slack and first < last + slack for first, last in found) for start, stop in wanted)


# ---------------------------------------------------------------------------------------------------------------------
# Neutral settings


def test_the_defaults_leave_the_speech_as_it_is() -> None:
    raw = curves(np.random.default_rng(0).random((300, 2)), "jawOpen", "mouthPucker")
    assert np.array_equal(shape_curves(raw, Shaping()).values, raw.values)


def test_the_defaults_add_life_and_nothing_else_to_the_last_bit(said: tuple[Curves, Curves]) -> None:
    raw, phones = said
    times, speech = np.arange(len(raw.values)) / raw.fps, life.listen(raw)
    expected = raw.values.copy()
    for layer in (
        life.blinks(times, speech, 0, 0),
        life.gaze(times, speech, 0),
        life.brows(times, speech, 0),
        life.secondary(times, raw, 0),
    ):
        for channel, added in layer.items():
            expected[:, raw.channels.index(channel)] += 1.0 * added
    assert shape_curves(raw, Shaping(), phones).values.tobytes() == np.clip(expected, 0, 1).tobytes()


def test_a_minute_is_shaped_in_less_than_a_tenth_of_a_second(said: tuple[Curves, Curves]) -> None:
    minute, phones = (
        Curves(np.tile(part.values, (7, 1))[: round(60 * part.fps)], part.channels, part.fps) for part in said
    )
    amounts: dict[str, Any] = {
        setting: least + 0.75 * (greatest - least) for setting, (least, greatest) in RANGES.items()
    }
    amounts["emotion_strength"] = np.linspace(0, 1, len(minute.values), dtype=np.float32)
    everything = Shaping(emotion="fearful", **amounts)
    seconds = []
    for _ in range(5):
        started = time.process_time()  # whatever else the machine does
        shape_curves(minute, everything, phones)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.1


# ---------------------------------------------------------------------------------------------------------------------
# Strength


def test_strength_scales_and_never_leaves_the_range() -> None:
    raw = curves(np.array([[0.2], [0.6]]), "jawOpen")
    assert shaped(raw, strength=2.0).values[:, 0] == pytest.approx([0.4, 1.0])
    assert shaped(raw, strength=0.0).values.max() == 0


@pytest.mark.parametrize(
    ("setting", "beginnings", "n_channels"),
    [
        ("mouth_strength", ("mouth",), 22),
        ("jaw_strength", ("jaw", "mouthClose"), 5),
        ("cheek_strength", ("cheek", "nose"), 5),
        ("eye_strength", ("eye",), 14),
        ("brow_strength", ("brow",), 5),
    ],
)
def test_a_region_moves_by_its_own_strength(setting: str, beginnings: tuple[str, ...], n_channels: int) -> None:
    raw = curves(np.full((9, len(BLENDSHAPE_CHANNELS)), 0.3), *BLENDSHAPE_CHANNELS)
    values = shaped(raw, **{setting: 0.5}).values[0]
    halved = {name for name, value in zip(BLENDSHAPE_CHANNELS, values, strict=True) if value < 0.2}
    assert len(halved) == n_channels
    assert all(name.startswith(beginnings) for name in halved)
    assert values == pytest.approx(np.where(values < 0.2, 0.15, 0.3))


def test_a_region_scales_life_too(sentence: Curves) -> None:
    still = shape_curves(sentence, Shaping(brow_strength=0.0)).values
    brows = [name.startswith("brow") for name in sentence.channels]
    assert still[:, brows].max() == 0
    assert shape_curves(sentence, Shaping()).values[:, brows].max() > 0.05


@pytest.mark.parametrize("setting", ["mouth_strength", "jaw_strength"])
@pytest.mark.parametrize("strength", [0.0, 0.5, 2.0])
def test_no_region_opens_sealed_lips(sentence: Curves, setting: str, strength: float) -> None:
    sealed = lip_gap(sentence) < 0.002
    assert sealed.sum() > 100
    assert lip_gap(shaped(sentence, **{setting: strength}))[sealed].max() < 0.005


# ---------------------------------------------------------------------------------------------------------------------
# Smoothing


def test_smoothing_takes_out_jitter_without_delay() -> None:
    times = np.arange(300) / 30
    slow = 0.5 + 0.3 * np.sin(times * 2 * np.pi * 0.5)
    jittery = curves((slow + 0.1 * (-1) ** np.arange(300))[:, None], "jawOpen")
    smooth = shaped(jittery, lower_face_smoothing_seconds=0.06).column("jawOpen")
    assert np.abs(smooth - slow)[10:-10].max() < 0.02


def test_smoothing_keeps_a_constant_to_its_ends() -> None:
    still = curves(np.full((20, 1), 0.4), "jawOpen")
    assert shaped(still, lower_face_smoothing_seconds=0.1).values == pytest.approx(0.4)


def test_each_half_of_the_face_has_its_own_smoothing() -> None:
    jittery = curves(np.tile([[0.2], [0.6]], (50, 3)), "jawOpen", "browInnerUp", "cheekPuff")
    lower = np.ptp(shaped(jittery, lower_face_smoothing_seconds=0.1).values[10:-10], axis=0)
    upper = np.ptp(shaped(jittery, upper_face_smoothing_seconds=0.1).values[10:-10], axis=0)
    assert lower == pytest.approx([0, 0.4, 0], abs=0.02)
    assert upper == pytest.approx([0.4, 0, 0.4], abs=0.02)


@pytest.mark.parametrize("seconds", [0.01, 0.03, 0.05, 0.1])
def test_smoothing_keeps_every_closure(sentence: Curves, seconds: float) -> None:
    wanted = contacts(sentence)
    assert len(wanted) > 15
    calm = shaped(sentence, lower_face_smoothing_seconds=seconds)
    assert n_kept(wanted, contacts(calm)) == len(wanted)
    if seconds <= 0.05:  # and keeps them apart
        assert len(contacts(calm)) >= len(wanted) - 1


def test_smoothing_the_brows_leaves_shut_lips_as_they_are() -> None:
    """Also where they are pressed together and the upper one is raised: there is no gap to take away."""
    pressed = curves(
        np.tile([0.3, 0.4, 0.05, 0.2], (30, 1)), "jawOpen", "mouthClose", "mouthUpperUpLeft", "browInnerUp"
    )
    pressed.values[::2, 3] += 0.2
    np.testing.assert_array_equal(
        shaped(pressed, upper_face_smoothing_seconds=0.1).values[:, :3], shaped(pressed).values[:, :3]
    )


def test_smoothing_can_grow_over_time() -> None:
    jittery = curves(np.tile([[0.2], [0.6]], (150, 1)), "browInnerUp")
    calm = shaped(jittery, upper_face_smoothing_seconds=np.linspace(0, 0.1, 300, dtype=np.float32))
    steps = np.abs(np.diff(calm.column("browInnerUp")))
    assert steps[:5].min() > 0.3 and steps[-100:-10].max() < 0.02
    assert steps[20:60].mean() > steps[60:120].mean() > steps[120:].mean()


def test_smoothing_is_calmer_even_at_closures(sentence: Curves) -> None:
    calm = shaped(sentence, lower_face_smoothing_seconds=0.05)
    restless = [np.abs(np.diff(mouth.values, 2, axis=0)).mean() for mouth in (sentence, calm)]
    fastest = [np.abs(np.diff(lip_gap(mouth))).max() for mouth in (sentence, calm)]
    assert restless[1] < restless[0] / 3
    assert fastest[1] < fastest[0] / 2


# ---------------------------------------------------------------------------------------------------------------------
# Offsets


@pytest.mark.parametrize("setting", ["lip_open_offset", "jaw_open_offset"])
def test_offsets_open_and_close_the_mouth(sentence: Curves, setting: str) -> None:
    offsets = (-0.2, -0.1, 0.0, 0.1, 0.2)
    gaps = [lip_gap(shaped(sentence, **{setting: offset})).mean() for offset in offsets]
    assert gaps == sorted(gaps)
    assert np.diff(gaps).min() > 0.003


@pytest.mark.parametrize("setting", ["lip_open_offset", "jaw_open_offset"])
def test_no_offset_opens_a_contact(sentence: Curves, setting: str) -> None:
    touching = lip_gap(sentence) < CONTACT_GAP
    for offset in (-0.2, 0.2):
        assert (lip_gap(shaped(sentence, **{setting: offset}))[touching] < CONTACT_GAP).all()


def test_a_lower_jaw_offset_presses_no_lip_through_the_other(sentence: Curves) -> None:
    raised = shaped(sentence, jaw_open_offset=-0.2)
    before = np.maximum(sentence.column("mouthClose") - sentence.column("jawOpen"), 0)
    assert (raised.column("mouthClose") - raised.column("jawOpen") <= before + 1e-6).all()


def test_lips_that_nearly_close_do_with_an_offset() -> None:
    nearly = curves(np.array([[0.3, 0.2, 0.05]]), "jawOpen", "mouthClose", "mouthLowerDownLeft")
    assert lip_gap(nearly)[0] > 0.03
    assert lip_gap(shaped(nearly, lip_open_offset=-0.12))[0] < 0.005


@pytest.mark.parametrize(("offset", "channel"), [(0.3, "eyeWideLeft"), (-0.3, "eyeBlinkLeft")])
def test_lids_open_or_droop_and_still_blink(sentence: Curves, offset: float, channel: str) -> None:
    def lids(shaping: Shaping, name: str) -> NDArray[np.float32]:
        return shape_curves(sentence, shaping).column(name)

    moved = Shaping(eyelid_open_offset=offset, gaze=0, brows=0)
    is_shut = lids(Shaping(gaze=0, brows=0), "eyeBlinkLeft") > 0.999
    assert is_shut.any()
    assert np.median(lids(moved, channel)) == pytest.approx(0.3, abs=0.01)
    assert lids(moved, "eyeBlinkLeft")[is_shut].min() > 0.999
    assert lids(moved, "eyeWideLeft")[is_shut].max() < 0.001


# ---------------------------------------------------------------------------------------------------------------------
# Closures


def of_mouth(jaw: list[float], close: list[float]) -> Curves:
    return curves(np.array([jaw, close, 0 * np.array(jaw)]).T, "jawOpen", "mouthClose", "mouthPressLeft", fps=50)


def test_emphasis_closes_for_longer_and_harder() -> None:
    syllables = of_mouth([0.2] * 30, [0.0] * 14 + [0.2, 0.2] + [0.0] * 14)
    lengths, pressed = [], []
    for emphasis in (0.0, 0.5, 1.0):
        firm = shaped(syllables, closure_emphasis=emphasis)
        lengths.append(int((lip_gap(firm) < OPEN_GAP).sum()))
        pressed.append(firm.column("mouthPressLeft").max())
    assert lengths[0] == 2 and lengths[0] < lengths[1] <= lengths[2] <= 8
    assert pressed == pytest.approx([0, 0.09, 0.18])


def test_emphasis_leaves_lips_at_rest_and_lips_at_teeth_alone() -> None:
    rests = of_mouth([0.2] * 20 + [0.05] * 30 + [0.2] * 20, [0.0] * 20 + [0.05] * 30 + [0.0] * 20)
    bites = of_mouth([0.2] * 14 + [0.1] * 4 + [0.2] * 14, [0.0] * 14 + [0.06] * 4 + [0.0] * 14)
    for mouth in (rests, bites):
        assert len(contacts(mouth)) == 1
        assert np.array_equal(shaped(mouth, closure_emphasis=1.0).values, mouth.values)


def test_phones_tell_of_closures_that_the_lips_missed(said: tuple[Curves, Curves]) -> None:
    raw, phones = said
    wanted = phones.column("p") > 0.9
    firm = emphasised(raw, phones)
    assert (lip_gap(raw)[wanted] > CONTACT_GAP).any()
    assert lip_gap(firm)[wanted].max() < CONTACT_GAP
    press = "mouthPressLeft"
    assert firm.column(press)[wanted].mean() > 1.5 * raw.column(press)[wanted].mean()


def test_emphasis_touches_nothing_far_from_closures(said: tuple[Curves, Curves]) -> None:
    raw, phones = said
    near = np.convolve(phones.column("p") > 0.01, np.ones(7), mode="same") > 0
    changed = np.abs(emphasised(raw, phones).values - raw.values).max(axis=1)
    assert changed[~near].max() < 0.02


# ---------------------------------------------------------------------------------------------------------------------
# Symmetry


def test_symmetry_makes_both_sides_alike(sentence: Curves) -> None:
    def unlike(amount: float) -> dict[str, float]:
        face = shape_curves(sentence, Shaping(symmetry=amount, seed=3))
        lefts = [name for name in face.channels if name.endswith("Left")]
        return {name: np.abs(face.column(name) - face.column(name[:-4] + "Right")).max() for name in lefts}

    before, half, after = (unlike(amount) for amount in (0.0, 0.5, 1.0))
    assert all(after[name] < 1e-6 for name in after if not name.startswith("eyeLook"))
    assert before["mouthDimpleLeft"] > 0.01
    assert half["mouthDimpleLeft"] == pytest.approx(before["mouthDimpleLeft"] / 2, abs=1e-6)
    assert after["eyeLookInLeft"] == before["eyeLookInLeft"] > 0.05


def test_symmetry_keeps_the_mean_and_centres_the_jaw() -> None:
    lopsided = curves(np.array([[0.4, 0.2, 0.3, 0.0]]), "mouthSmileLeft", "mouthSmileRight", "jawLeft", "jawRight")
    assert shaped(lopsided, symmetry=1.0).values[0] == pytest.approx([0.3, 0.3, 0, 0])


# ---------------------------------------------------------------------------------------------------------------------
# Settings that change over time


@pytest.mark.parametrize("setting", [setting for setting in AMOUNTS if setting in RANGES])
def test_a_setting_can_be_another_in_every_row(said: tuple[Curves, Curves], setting: str) -> None:
    """From its greatest value to its least: each half is as with that value, but for what reaches over."""
    raw, phones = replace(said[0], values=said[0].values.copy()), said[1]
    least, greatest = RANGES[setting]
    reach = 30 if setting in (*EMOTIONS, "emotion_strength") or "smoothing" in setting else 10  # these reach further
    n_rows = len(raw.values)
    if setting == "upper_face_smoothing_seconds":  # the model hardly moves it
        raw.values[::2, raw.channels.index("browInnerUp")] += 0.1
    if setting == "cheek_strength":  # nor the cheeks
        raw.values[:, raw.channels.index("cheekPuff")] += 0.1
    if setting == "symmetry":  # nor one side without the other
        raw.values[:, raw.channels.index("mouthSmileLeft")] += 0.1
    amounts = np.where(np.arange(n_rows) < n_rows // 2, greatest, least).astype(np.float32)
    steady: dict[str, Any] = {"secondary": 0.0} if setting != "secondary" else {}  # it depends on the mouth
    if setting in ("neutral", "emotion_strength"):  # which act on others
        steady["emotion"] = "sad"
    shapes = [Shaping(**{**steady, setting: amount}) for amount in (amounts, greatest, least)]
    if setting == "head":
        both, high, low = (head_curves(raw, shape).values for shape in shapes)
    else:
        both, high, low = (shape_curves(raw, shape, phones).values for shape in shapes)
    assert not np.allclose(high, low, atol=0.01)
    half, atol = n_rows // 2, 1e-3 if "smoothing" in setting else 1e-6  # kernels are cut off at whole rows
    np.testing.assert_allclose(both[: half - reach], high[: half - reach], atol=atol)
    np.testing.assert_allclose(both[half + reach :], low[half + reach :], atol=atol)


# ---------------------------------------------------------------------------------------------------------------------
# Held poses and fewer keys


def at_frames(mouth: Curves, fps: float) -> Curves:
    """The same, one row a scene frame."""
    times = np.arange(int(mouth.duration_seconds * fps)) / fps
    return Curves(sample_curves(mouth, times), mouth.channels, fps)


@pytest.mark.parametrize("n_frames", [2, 3])
@pytest.mark.parametrize("fps", [24.0, 30.0])
def test_held_poses_lose_no_closure_and_no_blink(sentence: Curves, n_frames: int, fps: float) -> None:
    seen = at_frames(shape_curves(sentence, Shaping()), fps)
    held = hold_poses(seen, n_frames)
    steps = np.flatnonzero(np.diff(held.values, axis=0).any(axis=1)) + 1
    assert (steps % n_frames == 0).all()
    wanted = contacts(seen)
    assert n_kept(wanted, contacts(held), slack=0) == len(wanted)
    is_shut = seen.column("eyeBlinkLeft") > 0.95
    assert is_shut.any() and (held.column("eyeBlinkLeft")[is_shut] > 0.95).all()


def test_short_openings_are_seen_too() -> None:
    for offset in range(3):
        opens = np.zeros((30, 1))
        opens[[9 + offset, 20 + offset]] = 0.3
        assert (
            hold_poses(curves(opens, "jawOpen"), 3).values.reshape(-1, 3).max(axis=1).tolist().count(np.float32(0.3))
            == 2
        )


def test_a_closure_between_two_vowels_wins_over_them() -> None:
    for offset in range(6):
        closes = np.full((30, 1), 0.3)
        closes[[9 + offset]] = 0
        closes[:3] = 0
        assert (hold_poses(curves(closes, "jawOpen"), 3).values[6:] == 0).any()


def test_every_held_pose_was_there(sentence: Curves) -> None:
    seen = at_frames(shaped(sentence), 24.0)
    held = hold_poses(seen, 3).values[:, seen.channels.index("jawOpen")].reshape(-1, 3)
    blocks = seen.column("jawOpen").reshape(-1, 3)
    assert (held == held[:, :1]).all()
    assert (held[:, :1] == blocks).any(axis=1).all()


@pytest.mark.parametrize("n_rows", [0, 1, 4, 5])
def test_a_last_pose_may_be_short(n_rows: int) -> None:
    few = curves(np.linspace(0, 1, n_rows)[:, None], "jawOpen")
    assert len(hold_poses(few, 3).values) == n_rows
    assert hold_poses(few, 1) is few


@pytest.mark.parametrize(("shape", "at_least"), [(Shaping(**NO_LIFE), 8.0), (Shaping(), 5.0)], ids=["speech", "life"])
def test_a_fifth_of_the_keys_is_enough_for_a_hundredth(sentence: Curves, shape: Shaping, at_least: float) -> None:
    seen = at_frames(shape_curves(sentence, shape), 24.0)
    frames = np.arange(len(seen.values))
    keys = reduce_keys(frames, seen.values, 0.01)
    drawn = np.stack([np.interp(frames, column[:, 0], column[:, 1]) for column in keys], axis=1).astype(np.float32)
    assert np.abs(drawn - seen.values).max() < 0.01001
    assert seen.values.size / sum(map(len, keys)) > at_least
    wanted = contacts(seen)
    assert n_kept(wanted, contacts(Curves(drawn, seen.channels, seen.fps)), slack=0) >= len(wanted) - 1
