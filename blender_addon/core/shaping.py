"""What an artist does to predicted curves before they reach the rig: strength, smoothing, and a life of their own.

Lips that touch keep touching, whatever else is set: how far they part is a weighted sum of the channels, and what opens
them is taken back where they closed before. Names and ranges follow the face parameters of NVIDIA's Audio2Face-3D where
it has the same ones (https://docs.nvidia.com/ace/audio2face-3d-microservice/1.0/text/architecture/audio2face-ms.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import emotion, life
from .curves import Curves, Float32Array, sample_curves, smooth_rows
from .learned_blinks import learned_blinks

Channels = tuple[str, ...]
Amount = float | Float32Array


@dataclass(frozen=True)
class Shaping:
    """The artist's settings; the defaults leave the speech as it is and add the life that it can't tell of.

    An Amount is a number, or one for each row of the curves, which it then follows.
    """

    strength: Amount = 1.0
    """Factor on every predicted channel, [0, 2]; weights stay in [0, 1]."""
    mouth_strength: Amount = 1.0
    """Factor on all that moves the lips and corners of the mouth, life included, [0, 2]; as of each region below."""
    jaw_strength: Amount = 1.0
    """Of jaw channels, and of mouthClose, which takes back what the jaw opens: closed lips stay closed."""
    cheek_strength: Amount = 1.0
    """Of cheeks and nose."""
    eye_strength: Amount = 1.0
    """Of lids and gaze, blinks included."""
    brow_strength: Amount = 1.0
    lower_face_smoothing_seconds: Amount = 0.0
    """Standard deviation of the Gaussian that smooths mouth, jaw, cheeks and nose, [0, 0.1] s; 0 for none.

    It delays nothing. Lips that it draws apart are closed again, from this time before to this time after; from 0.03 s
    on some closures that follow one another closely run together.
    """
    upper_face_smoothing_seconds: Amount = 0.0
    """The same for predicted eyes and brows."""
    lip_open_offset: Amount = 0.0
    """[-0.2, 0.2]. Above 0, weight by which lips that are apart part further. Below 0, how much of mouthClose brings
    them closer, so that they close where they nearly did."""
    jaw_open_offset: Amount = 0.0
    """Added to jawOpen where the lips are apart, [-0.2, 0.2]."""
    eyelid_open_offset: Amount = 0.0
    """Weight of eyeWide where above 0, of eyeBlink where below, [-1, 1]; a blink shuts the eye all the same."""
    closure_emphasis: Amount = 0.0
    """How much longer and harder p, b and m close the lips, [0, 1]: at 1 by 20 ms on either side, and pressed."""
    symmetry: Amount = 0.0
    """How alike the two sides of the face are, [0, 1]: at 1 each does what both do on average; gaze is left alone."""
    hold_frames: int = 1
    """Scene frames that a pose is held: 1 for motion in every frame, 2 on twos, 3 on threes; see hold_poses."""
    key_tolerance: float = 0.0
    """How far f-curves may deviate for fewer keys, [0, 0.05]; 0 for a key at every frame, see reduce_keys."""
    blinks: Amount = 1.0
    """How far the lids close in a blink, [0, 1]; 0 for no blinks."""
    blink_style: str = "procedural"
    """One of BLINK_STYLES."""
    gaze: Amount = 1.0
    """How far the eyes turn, [0, 2]; 0 for a stare."""
    brows: Amount = 1.0
    """How far brows rise and frown, [0, 2]."""
    head: Amount = 1.0
    """How far the head turns and nods, [0, 2]; not part of the face's channels, see head_curves."""
    secondary: Amount = 1.0
    """How far cheeks, nose and lids follow the mouth, and the sides of the face differ, [0, 2]."""
    emotion: str | Float32Array = "neutral"
    """One of emotion.EMOTIONS that the face has throughout, or (T,) their numbers; neutral adds nothing."""
    emotion_strength: Amount = 0.6
    """Factor on all weights of emotions, [0, 2]."""
    neutral: Amount = 0.0
    """Weight of an emotion beside the one that is chosen, [0, 1], as of each below; see emotion.track."""
    calm: Amount = 0.0
    happy: Amount = 0.0
    sad: Amount = 0.0
    angry: Amount = 0.0
    fearful: Amount = 0.0
    surprised: Amount = 0.0
    disgusted: Amount = 0.0
    seed: int = 0
    """Not negative, as each below. The same seeds give the same performance."""
    blinks_seed: int = 0
    """Another number gives other blinks, and leaves all else; so does each below for its layer."""
    gaze_seed: int = 0
    brows_seed: int = 0
    head_seed: int = 0


RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("strength", "mouth_strength", "jaw_strength", "cheek_strength"), (0, 2)),
    **dict.fromkeys(("eye_strength", "brow_strength"), (0, 2)),
    **dict.fromkeys(("lower_face_smoothing_seconds", "upper_face_smoothing_seconds"), (0, 0.1)),
    **dict.fromkeys(("lip_open_offset", "jaw_open_offset"), (-0.2, 0.2)),
    "eyelid_open_offset": (-1, 1),
    **dict.fromkeys(("closure_emphasis", "symmetry", "blinks"), (0, 1)),
    **dict.fromkeys(("gaze", "brows", "head", "secondary", "emotion_strength"), (0, 2)),
    **dict.fromkeys(emotion.EMOTIONS, (0, 1)),
    "key_tolerance": (0, 0.05),
}
"""Least and greatest of each setting, for panel and command line."""
AMOUNTS = (*(setting for setting in RANGES if setting != "key_tolerance"), "emotion")
"""The settings that may change over time."""

BLINK_STYLES = ("procedural", "learned")
"""Blinks by rule, at the ends of phrases and with turns of the eyes; or by a network that learned them from people."""
SEEDS = ("seed", "blinks_seed", "gaze_seed", "brows_seed", "head_seed")

UPPER_FACE = ("brow", "eye")
"""How the names of the channels of the upper half of the face begin; the others are of the lower half."""
REGION_STRENGTHS = {
    "brow": "brow_strength",
    "eye": "eye_strength",
    "cheek": "cheek_strength",
    "nose": "cheek_strength",
    "jaw": "jaw_strength",
    "mouthClose": "jaw_strength",
    "mouth": "mouth_strength",
}
"""Beginning of a channel's name, the first that fits, -> the field of Shaping that scales it."""

GAP_PER_WEIGHT = {
    "jawOpen": 0.367,
    "mouthClose": -0.367,
    "mouthFunnel": 0.154,
    "mouthLowerDown": 0.076,
    "mouthUpperUp": 0.080,
}
"""Gap between the inner lips, in distances between the outer corners of the eyes, that a weight of 1 (on both sides)
opens; measured on ICT-FaceKit. mouthClose seals the jaw."""
CONTACT_GAP = 0.02
"""Lips that are no farther apart look closed."""
OPEN_GAP = 0.05
"""Lips that are farther apart look open."""
CONTACT_FADE = 4.0
"""How much faster a gap may grow than before where the lips part: contact ends without a jerk."""
N_SMOOTHINGS = 5
"""Smoothed curves, from not at all to most, that smoothing over time goes between."""
LONGEST_CLOSURE_SECONDS = 0.3
"""Lips that touch longer are at rest, unless a phone says otherwise."""
EMPHASIS_HOLD_SECONDS = 0.02
EMPHASIS_FADE_SECONDS = 0.04
"""A closure at full emphasis is held longer on either side, and lips take this time to it and from it."""
LIP_PHONES = ("p",)
"""Phone classes that close the lips: p, b and m are one."""
SIDEWAYS = ("jawLeft", "mouthLeft")
"""Channels that with their counterparts move one thing to either side, and don't move a side each."""
REST_SECONDS = 0.9
"""An emotion may part lips that touch longer than this and say no p, b or m, ..."""
REST_FADE_SECONDS = 0.4
"""... this long after they have met and before they part."""
YIELD_SECONDS = 0.08
"""Time in which what an emotion does to the lips gives way to speech, and returns."""
OPENING_YIELD = 0.5
"""Share of what an emotion opens that speech takes away: the mouth still closes and opens as far as it said."""
CORNERS = ("mouthSmile", "mouthFrown", "mouthStretch")
"""Channels of an emotion that rounded lips take away, by this share: nobody smiles through an oo."""
CORNERS_YIELD = 0.6
ROUNDING = ("mouthFunnel", "mouthPucker")
LIP_PRESSES = ("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper")
"""Channels of an emotion that open lips take away: they would close them."""
PRESSES_YIELD = 0.8
SNEER_YIELD = 0.9
"""Share of an emotion's noseSneer that closures take away: it lifts the upper lip of many heads."""
PRESSED = {"mouthPress": 0.18, "mouthRollLower": 0.19, "mouthRollUpper": 0.11}
"""Weights that full emphasis adds to closed lips: what the shipped model does in p, b and m (medians), once more."""


def shape_curves(curves: Curves, shaping: Shaping, phones: Curves | None = None, heard: Curves | None = None) -> Curves:
    """Curves (T, K) after all settings, with life added to the channels they have, weights in [0, 1].

    phones are probabilities at the same times, if the model gives them: they tell p, b and m from lips at rest.
    heard are the curves as predicted, where they have been edited since: blinks, gaze and brows stay when they are.
    """
    channels, fps = curves.channels, curves.fps
    values = np.clip(curves.values * np.asarray(_per_row(shaping.strength), np.float32), 0, 1)
    values = _smoothed(values, channels, fps, shaping)
    values = _offset(values, channels, shaping)
    values = _emphasised(values, curves, phones, shaping.closure_emphasis)
    said, feelings = Curves(values, channels, fps), _feelings(shaping, len(values), fps)
    speech = life.listen(heard or curves)
    values = _living(said, speech, shaping, feelings)
    values = _expressed(values, said, speech, phones, shaping.seed, feelings)
    values = _lids_offset(values, channels, shaping.eyelid_open_offset)
    values = np.clip(values * _region_strengths(channels, shaping), 0, 1)
    return Curves(_symmetric(values, channels, shaping.symmetry), channels, fps)


def head_curves(curves: Curves, shaping: Shaping) -> Curves:
    """life.HEAD_CHANNELS (T, 3) in radians that go with predicted curves."""
    amount, feelings = _per_row(shaping.head), _feelings(shaping, len(curves.values), curves.fps)
    if feelings is None:
        return life.head_motion(curves, amount, _seed(shaping, "head"))
    turning = life.head_motion(curves, amount * (1 - emotion.head_calm(feelings))[:, None], _seed(shaping, "head"))
    turning.values[:, life.HEAD_CHANNELS.index("headPitch")] += shaping.head * emotion.head_pitch(feelings)
    return turning


def lip_gap(curves: Curves) -> Float32Array:
    """How far the lips are apart (T,), not negative, in distances between the outer corners of the eyes."""
    return _gap(curves.values, curves.channels)


def close_lips(curves: Curves, amount: Float32Array) -> Curves:
    """Curves with an amount (T,) in [0, 1] of the gap between the lips gone."""
    return Curves(_closed(curves.values, curves.channels, amount), curves.channels, curves.fps)


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
    left, right = (_column(curves.values, curves.channels, f"eyeBlink{side}") for side in ("Left", "Right"))
    lids = _in_poses(left + right, n_frames)
    mouths, eyes = _mouth_rows(lip_gap(curves), n_frames), lids.argmax(axis=1)
    first, n_rows = np.arange(0, lids.size, n_frames), len(curves.values)
    held = np.empty_like(curves.values)
    is_upper = _is_upper(curves.channels)
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
    starts, stops = _runs(gap < CONTACT_GAP)
    fills_a_pose = -(-starts // n_frames) < stops // n_frames  # and is seen there
    starts, stops = starts[~fills_a_pose], stops[~fills_a_pose]
    boundary = (starts // n_frames + 1) * n_frames
    closed = starts // n_frames + (stops - boundary > boundary - starts)  # the pose with more of it
    poses = _in_poses(gap, n_frames)
    return np.where(np.isin(np.arange(len(poses)), closed), poses.argmin(axis=1), poses.argmax(axis=1))


def _runs(is_on: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First rows and rows after the last of every stretch."""
    edges = np.flatnonzero(np.diff(is_on, prepend=False, append=False))
    return edges[::2], edges[1::2]


def _smoothed(values: Float32Array, channels: Channels, fps: float, shaping: Shaping) -> Float32Array:
    upper, lower = shaping.upper_face_smoothing_seconds, shaping.lower_face_smoothing_seconds
    if not (np.any(upper) or np.any(lower)):
        return values
    smooth = np.empty_like(values)
    is_upper = _is_upper(channels)
    for columns, seconds in ((is_upper, upper), (~is_upper, lower)):
        smooth[:, columns] = _calmed(values[:, columns], seconds, fps)
    gap = _gap(values, channels)
    lost = _excess(smooth, channels, gap + CONTACT_FADE * np.maximum(gap - CONTACT_GAP, 0))
    longest = float(np.max(lower))
    wide = _widened(lost, fps, 0, longest)
    return _closed(smooth, channels, np.maximum(lost, wide * (lower / longest if longest else 1)).astype(np.float32))


def _calmed(values: Float32Array, seconds: Amount, fps: float) -> Float32Array:
    """(T, K) smoothed by a time that may be another in every row, which is blended from the nearest of a few."""
    longest = float(np.max(seconds)) if len(values) else 0.0
    if not isinstance(seconds, np.ndarray) or not longest:
        return smooth_rows(values, longest * fps)
    levels = np.stack([smooth_rows(values, share * longest * fps) for share in np.linspace(0, 1, N_SMOOTHINGS)])
    position = seconds / longest * (N_SMOOTHINGS - 1)
    before = np.minimum(position.astype(np.intp), N_SMOOTHINGS - 2)
    weight, rows = (position - before)[:, None].astype(np.float32), np.arange(len(values))
    return np.asarray(levels[before, rows] * (1 - weight) + levels[before + 1, rows] * weight, np.float32)


def _offset(values: Float32Array, channels: Channels, shaping: Shaping) -> Float32Array:
    """Lips and jaw with their offsets, which lips in contact don't get."""
    lips, jaw = shaping.lip_open_offset, shaping.jaw_open_offset
    if not (np.any(lips) or np.any(jaw)):
        return values
    gap = _gap(values, channels)
    apart = np.clip((gap - CONTACT_GAP) / (OPEN_GAP - CONTACT_GAP), 0, 1)
    opened, parted = (np.asarray(amount * apart, np.float32) for amount in (jaw, np.maximum(lips, 0)))
    amounts = {"jawOpen": opened, "mouthLowerDown": parted, "mouthUpperUp": parted}
    moved = np.clip(_added(values, channels, amounts), 0, 1)
    if "mouthClose" in channels:  # it takes back no more of what the jaw opens than before
        beyond = np.maximum(_column(values, channels, "mouthClose") - _column(values, channels, "jawOpen"), 0)
        close = moved[:, channels.index("mouthClose")]
        np.minimum(close, _column(moved, channels, "jawOpen") + beyond, out=close)
    nearer = np.minimum(lips, 0) * GAP_PER_WEIGHT["jawOpen"]
    return _closed(moved, channels, _excess(moved, channels, _gap(moved, channels) + nearer))


def _emphasised(values: Float32Array, curves: Curves, phones: Curves | None, emphasis: Amount) -> Float32Array:
    """Lips that close for longer, and pressed, where the predicted curves or their phones have a closure."""
    if not np.any(emphasis):
        return values
    times = np.arange(len(values)) / curves.fps
    closed = _short_contacts(curves) if phones is None else _lip_phones(phones, times)
    amount = np.asarray(emphasis, np.float32) * _widened(
        closed, curves.fps, EMPHASIS_HOLD_SECONDS, EMPHASIS_FADE_SECONDS
    )
    pressed = {channel: amount * np.float32(weight) for channel, weight in PRESSED.items()}
    return np.clip(_added(_closed(values, curves.channels, amount), curves.channels, pressed), 0, 1)


def _lip_phones(phones: Curves, times: NDArray[np.float64]) -> Float32Array:
    """Probability (T,) that lips close for a phone."""
    closing = [phone in LIP_PHONES for phone in phones.channels]
    return np.asarray(sample_curves(phones, times)[:, closing].sum(axis=1))


def _short_contacts(curves: Curves) -> Float32Array:
    """(T,) 1 where lips are sealed for a moment only, with what the jaw opens taken back by mouthClose; else 0.

    A lower lip at the upper teeth, as in f and v, leaves them nearly as close, but with more of the jaw's opening.
    """
    jaw, close = (_column(curves.values, curves.channels, name) for name in ("jawOpen", "mouthClose"))
    is_sealed = (lip_gap(curves) < CONTACT_GAP) & (jaw - close <= np.maximum(0.2 * jaw, 0.01))
    starts, stops = _runs(is_sealed)
    is_short = (stops - starts <= LONGEST_CLOSURE_SECONDS * curves.fps) & (starts > 0) & (stops < len(is_sealed))
    change = np.zeros(len(is_sealed) + 1, np.float32)
    change[starts[is_short]], change[stops[is_short]] = 1, -1
    return np.asarray(np.cumsum(change)[:-1])


def _widened(closed: Float32Array, fps: float, hold_seconds: float, fade_seconds: float) -> Float32Array:
    """How closed the lips are (T,), held for longer and faded in and out."""
    seconds = hold_seconds + fade_seconds
    wide = closed.copy()
    for shift in range(1, min(int(seconds * fps), len(closed) - 1) + 1):
        faded = np.float32(min(1, (seconds - shift / fps) / fade_seconds)) * closed
        wide[shift:] = np.maximum(wide[shift:], faded[:-shift])
        wide[:-shift] = np.maximum(wide[:-shift], faded[shift:])
    return wide


def _feelings(shaping: Shaping, n_rows: int, fps: float) -> NDArray[np.float64] | None:
    """The track of emotions (T, 8), which takes effect as it is; None when there is none."""
    weights = np.stack([np.broadcast_to(getattr(shaping, name), n_rows) for name in emotion.EMOTIONS], axis=1)
    chosen = shaping.emotion
    if isinstance(chosen, str) and chosen not in emotion.EMOTIONS:
        raise ValueError(f"There is no emotion {chosen}; choose one of {', '.join(emotion.EMOTIONS)}")
    numbers = np.full(n_rows, emotion.EMOTIONS.index(chosen)) if isinstance(chosen, str) else np.rint(chosen)
    throughout = (numbers[:, None] == np.arange(len(emotion.EMOTIONS))) & (numbers > 0)[:, None]
    weights = np.maximum(weights, throughout).astype(np.float64)
    return emotion.track(weights, shaping.emotion_strength, fps) if weights[:, 1:].any() else None


def _expressed(
    values: Float32Array,
    said: Curves,
    speech: life.Speech,
    phones: Curves | None,
    seed: int,
    feelings: NDArray[np.float64] | None,
) -> Float32Array:
    """Values with what emotions (T, 8) add to the speech, said, and its life; lips that touch keep touching."""
    if feelings is None:
        return values
    closing = _closing(said, phones)
    times = np.arange(len(values)) / said.fps
    layer = emotion.expression(times, feelings, seed)
    rooms = _rooms(said, closing, 1 - OPENING_YIELD * life.engaged(times, speech))
    expressed = values.copy()
    column = dict(zip(said.channels, expressed.T, strict=True))  # views
    for channel in layer.keys() & column.keys():
        # what is there already leaves less room, and a lid that is shut none to one that is wide or tight
        taken = column.get(channel.replace("Wide", "Blink").replace("Squint", "Blink"), column[channel])
        column[channel] += np.minimum(layer[channel] * rooms.get(_sideless(channel), 1), 1) * (1 - taken)
    if {"jawOpen", "mouthClose"} <= column.keys():  # the jaw hangs, and the lips meet all the same
        column["mouthClose"] += closing * (column["jawOpen"] - _column(values, said.channels, "jawOpen"))
    for side in ("Left", "Right"):
        up, down = (column.get(f"eyeLook{way}{side}", np.zeros(0)) for way in ("Up", "Down"))
        if len(up) and len(down):  # an eye does not look both ways
            both = np.minimum(up, down)
            up -= both
            down -= both
    return np.clip(expressed, 0, 1)


def _closing(said: Curves, phones: Curves | None) -> Float32Array:
    """(T,) 1 where speech needs the lips together, 0 where they are apart or at rest, gradual in between."""
    gap = lip_gap(said)
    starts, stops = _runs(gap < CONTACT_GAP)
    is_long = stops - starts > REST_SECONDS * said.fps
    at_rest = np.zeros(len(gap), np.float32)
    for start, stop in zip(starts[is_long].tolist(), stops[is_long].tolist(), strict=True):
        rows = np.arange(stop - start)
        at_rest[start:stop] = np.minimum(1, np.minimum(rows, rows[::-1]) / (REST_FADE_SECONDS * said.fps))
    if phones is not None:
        at_rest *= 1 - np.clip(_lip_phones(phones, np.arange(len(gap)) / said.fps), 0, 1)
    near = np.clip((OPEN_GAP - gap) / (OPEN_GAP - CONTACT_GAP), 0, 1)
    return _widened(near * (1 - at_rest), said.fps, 0, YIELD_SECONDS)


def _rooms(said: Curves, closing: Float32Array, opening: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """What share (T,) of an emotion speech leaves to a channel, by the names without side of those it touches."""
    gap, fps = lip_gap(said), said.fps
    apart = np.clip(gap / OPEN_GAP - 1, 0, 1).astype(np.float32)
    shut = _widened(closing, fps, YIELD_SECONDS, YIELD_SECONDS)
    parted, shut = smooth_rows(np.stack([apart, shut], axis=1), YIELD_SECONDS * fps).T
    rounded = np.clip(sum(_column(said.values, said.channels, c) for c in ROUNDING), 0, 1)
    rooms = {channel: opening * (1 - closing) for channel in GAP_PER_WEIGHT}
    if "mouthClose" in said.channels:
        rooms["jawOpen"] = opening
    rooms |= dict.fromkeys(CORNERS, 1 - CORNERS_YIELD * rounded)
    rooms |= dict.fromkeys(LIP_PRESSES, 1 - PRESSES_YIELD * parted)
    return rooms | {"noseSneer": 1 - SNEER_YIELD * shut}


def _living(
    curves: Curves, speech: life.Speech, shaping: Shaping, feelings: NDArray[np.float64] | None
) -> Float32Array:
    """Values (T, K) with what life adds to the channels that there are."""
    times = np.arange(len(curves.values)) / curves.fps
    blinks_seed, gaze_seed, brows_seed = (_seed(shaping, layer) for layer in ("blinks", "gaze", "brows"))
    left_out = None if feelings is None else emotion.blinks_left_out(feelings)
    if shaping.blink_style == "learned":
        blinks = learned_blinks(times, blinks_seed, left_out)
    else:
        blinks = life.blinks(times, speech, blinks_seed, gaze_seed, left_out)
    layers = (
        (shaping.blinks, blinks),
        (shaping.gaze, life.gaze(times, speech, gaze_seed)),
        (shaping.brows, life.brows(times, speech, brows_seed)),
        (shaping.secondary, life.secondary(times, curves, shaping.seed)),
    )
    living = curves.values.copy()
    for amount, layer in layers:
        for channel in layer.keys() & set(curves.channels):
            living[:, curves.channels.index(channel)] += amount * layer[channel]
    return np.clip(living, 0, 1)


def _seed(shaping: Shaping, layer: str) -> int:
    """The seed of a layer: that of all where its own is 0, and never that of another pair."""
    return shaping.seed + (int(getattr(shaping, f"{layer}_seed")) << 31)


def _lids_offset(values: Float32Array, channels: Channels, offset: Amount) -> Float32Array:
    if not np.any(offset):
        return values
    moved = values.copy()
    for lid, amount in (("eyeWide", np.maximum(offset, 0)), ("eyeBlink", np.maximum(-offset, 0))):
        for column, channel in enumerate(channels):
            if channel.startswith(lid):
                shut = _column(values, channels, channel.replace(lid, "eyeBlink"))
                moved[:, column] += amount * (1 - shut)
    return moved


def _symmetric(values: Float32Array, channels: Channels, symmetry: Amount) -> Float32Array:
    """Left and right drawn to their mean, and what moves the jaw and the mouth sideways to nothing."""
    if not np.any(symmetry):
        return values
    alike = values.copy()
    for left, channel in enumerate(channels):
        right_channel = channel.removesuffix("Left") + "Right"
        if channel == right_channel or right_channel not in channels or channel.startswith("eyeLook"):
            continue
        pair = [left, channels.index(right_channel)]
        middle = 0 if channel in SIDEWAYS else values[:, pair].mean(axis=1, keepdims=True)
        alike[:, pair] += _per_row(symmetry) * (middle - values[:, pair])
    return alike


def _excess(values: Float32Array, channels: Channels, widest: Float32Array) -> Float32Array:
    """Share (T,) of the gap between the lips that is beyond the widest gap (T,), which may be negative for shut."""
    excess = 1 - np.maximum(widest, 0) / np.maximum(_gap(values, channels), 1e-6)
    return np.asarray(np.maximum(excess, 0), np.float32)


def _closed(values: Float32Array, channels: Channels, amount: Float32Array) -> Float32Array:
    """Values with an amount (T,) of the gap between the lips gone: nothing parts them, mouthClose is as jawOpen."""
    closed = values.copy()
    for column, channel in enumerate(channels):
        if channel == "mouthClose":
            jaw = _column(values, channels, "jawOpen")
            closed[:, column] += amount * np.maximum(jaw - values[:, column], 0)
        elif channel != "jawOpen" and _sideless(channel) in GAP_PER_WEIGHT:
            closed[:, column] *= 1 - amount
    return closed


def _gap(values: Float32Array, channels: Channels) -> Float32Array:
    weights = [GAP_PER_WEIGHT.get(_sideless(c), 0) / (1 if c == _sideless(c) else 2) for c in channels]
    return np.asarray(np.maximum(values @ np.array(weights, np.float32), 0))


def _added(values: Float32Array, channels: Channels, amounts: dict[str, Float32Array]) -> Float32Array:
    """Values with amounts (T,) added, by the names of channels without their side."""
    more = values.copy()
    for column, channel in enumerate(channels):
        if _sideless(channel) in amounts:
            more[:, column] += amounts[_sideless(channel)]
    return more


def _per_row(amount: Amount) -> Amount:
    """An amount that values (T, K) can be multiplied by."""
    return amount[:, None] if isinstance(amount, np.ndarray) else amount


def _column(values: Float32Array, channels: Channels, channel: str) -> Float32Array:
    """(T,), zeros for a channel that is not there."""
    return values[:, channels.index(channel)] if channel in channels else np.zeros(len(values), np.float32)


def _sideless(channel: str) -> str:
    """mouthSmile for mouthSmileLeft; jawLeft for itself, for it has no sides."""
    name = channel.removesuffix("Left").removesuffix("Right")
    return channel if name in ("jaw", "mouth") else name


def _is_upper(channels: Channels) -> NDArray[np.bool_]:
    """(K,) whether channels are of the upper half of the face."""
    return np.array([channel.startswith(UPPER_FACE) for channel in channels], bool)


def _region_strengths(channels: Channels, shaping: Shaping) -> Float32Array:
    """Factors (K,), or (T, K) where one changes over time."""
    beginnings = (next((b for b in REGION_STRENGTHS if channel.startswith(b)), None) for channel in channels)
    factors = [getattr(shaping, REGION_STRENGTHS[b]) if b else 1.0 for b in beginnings]
    return np.asarray(np.stack(np.broadcast_arrays(*factors), axis=-1), np.float32)
