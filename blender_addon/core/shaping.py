"""What an artist does to predicted curves before they reach the rig: strength, smoothing, and a life of their own.

Lips that touch keep touching, whatever else is set: how far they part is a weighted sum of the channels, and what opens
them is taken back where they closed before. Names and ranges follow the face parameters of NVIDIA's Audio2Face-3D where
it has the same ones (https://docs.nvidia.com/ace/audio2face-3d-microservice/1.0/text/architecture/audio2face-ms.html).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import emotion, life
from .channels import Channels, in_upper_face, sideless
from .curves import Curves, Float32Array, column_of, smooth_rows
from .expression import expressed
from .learned_blinks import learned_blinks
from .lips import (
    CONTACT_GAP,
    GAP_PER_WEIGHT,
    OPEN_GAP,
    closed_by,
    gap_between,
    gap_share_beyond,
    lip_phones,
    short_contacts,
    widened,
)

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
CONTACT_FADE = 4.0
"""How much faster a gap may grow than before where the lips part: contact ends without a jerk."""
CONTACT_FADE_SHARE = 1.05
"""Time over which smoothed lips come together and part around a contact, by the time that smooths them."""
PARTED_GAP = 1.01 * CONTACT_GAP
"""Lips no closer than this are not yet in contact."""
N_SMOOTHINGS = 5
"""Smoothed curves, from not at all to most, that smoothing over time goes between."""
EMPHASIS_HOLD_SECONDS = 0.02
EMPHASIS_FADE_SECONDS = 0.04
"""A closure at full emphasis is held longer on either side, and lips take this time to it and from it."""
SIDEWAYS = ("jawLeft", "mouthLeft")
"""Channels that with their counterparts move one thing to either side, and don't move a side each."""
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
    values = expressed(values, said, speech, phones, shaping.seed, feelings)
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


def _smoothed(values: Float32Array, channels: Channels, fps: float, shaping: Shaping) -> Float32Array:
    upper, lower = shaping.upper_face_smoothing_seconds, shaping.lower_face_smoothing_seconds
    if not (np.any(upper) or np.any(lower)):
        return values
    smooth = np.empty_like(values)
    is_upper = in_upper_face(channels)
    for columns, seconds in ((is_upper, upper), (~is_upper, lower)):
        smooth[:, columns] = _calmed(values[:, columns], seconds, fps)
    gap = gap_between(values, channels)
    lost = gap_share_beyond(smooth, channels, gap + CONTACT_FADE * np.maximum(gap - CONTACT_GAP, 0))
    longest = float(np.max(lower))
    fading = widened(lost, fps, 0, CONTACT_FADE_SHARE * longest) * (lower / longest if longest else 1)
    # lips that were parted, be it for a moment, stay so: two closures do not become one
    most = gap_share_beyond(smooth, channels, np.where(gap > CONTACT_GAP, PARTED_GAP, np.float32(0)))
    return closed_by(smooth, channels, np.maximum(lost, np.minimum(fading, most)).astype(np.float32))


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
    gap = gap_between(values, channels)
    apart = np.clip((gap - CONTACT_GAP) / (OPEN_GAP - CONTACT_GAP), 0, 1)
    opened, parted = (np.asarray(amount * apart, np.float32) for amount in (jaw, np.maximum(lips, 0)))
    amounts = {"jawOpen": opened, "mouthLowerDown": parted, "mouthUpperUp": parted}
    moved = np.clip(_added(values, channels, amounts), 0, 1)
    if "mouthClose" in channels:  # it takes back no more of what the jaw opens than before
        beyond = np.maximum(column_of(values, channels, "mouthClose") - column_of(values, channels, "jawOpen"), 0)
        close = moved[:, channels.index("mouthClose")]
        np.minimum(close, column_of(moved, channels, "jawOpen") + beyond, out=close)
    nearer = np.minimum(lips, 0) * GAP_PER_WEIGHT["jawOpen"]
    return closed_by(moved, channels, gap_share_beyond(moved, channels, gap_between(moved, channels) + nearer))


def _emphasised(values: Float32Array, curves: Curves, phones: Curves | None, emphasis: Amount) -> Float32Array:
    """Lips that close for longer, and pressed, where the predicted curves or their phones have a closure."""
    if not np.any(emphasis):
        return values
    times = np.arange(len(values)) / curves.fps
    closed = short_contacts(curves) if phones is None else lip_phones(phones, times)
    amount = np.asarray(emphasis, np.float32) * widened(
        closed, curves.fps, EMPHASIS_HOLD_SECONDS, EMPHASIS_FADE_SECONDS
    )
    pressed = {channel: amount * np.float32(weight) for channel, weight in PRESSED.items()}
    return np.clip(_added(closed_by(values, curves.channels, amount), curves.channels, pressed), 0, 1)


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
                shut = column_of(values, channels, channel.replace(lid, "eyeBlink"))
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


def _added(values: Float32Array, channels: Channels, amounts: dict[str, Float32Array]) -> Float32Array:
    """Values with amounts (T,) added, by the names of channels without their side."""
    more = values.copy()
    for column, channel in enumerate(channels):
        if sideless(channel) in amounts:
            more[:, column] += amounts[sideless(channel)]
    return more


def _per_row(amount: Amount) -> Amount:
    """An amount that values (T, K) can be multiplied by."""
    return amount[:, None] if isinstance(amount, np.ndarray) else amount


def _region_strengths(channels: Channels, shaping: Shaping) -> Float32Array:
    """Factors (K,), or (T, K) where one changes over time."""
    beginnings = (next((b for b in REGION_STRENGTHS if channel.startswith(b)), None) for channel in channels)
    factors = [getattr(shaping, REGION_STRENGTHS[b]) if b else 1.0 for b in beginnings]
    return np.asarray(np.stack(np.broadcast_arrays(*factors), axis=-1), np.float32)
