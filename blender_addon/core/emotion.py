"""Emotions: a track of eight weights over time, and what it does to the face, the blinks and the head.

The eight are those of RAVDESS (Livingstone, Russo 2018, "The Ryerson Audio-Visual Database of Emotional Speech and
Song", PLoS ONE 13(5)), whose names recordings and classifiers use. Their faces are written in the action units of FACS
(Ekman, Friesen 1978, "Facial Action Coding System"), which say what muscles do, and how far was found by looking at
faces that moved by it.

The track is Curves with the channels EMOTIONS and values in [0, 1], at any rate. The artist keys it; a model that hears
emotions (kind audio_to_emotion, waveform (1, S) -> values (1, T, 8) in this order) would give the same. There is none
yet, and nothing else than this order is kept for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .channels import BLENDSHAPE_CHANNELS
from .curves import Float32Array, smooth_rows
from .life import Layer, drift, ease, stream

Array = NDArray[np.float64]

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "surprised", "disgusted")
"""Neutral has no face of its own: its weight takes from that of the others."""

ACTION_UNITS: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1.0},
    2: {"browOuterUp": 1.0},
    4: {"browDown": 1.0},
    5: {"eyeWide": 1.0},
    6: {"cheekSquint": 1.0, "eyeSquint": 0.3},
    7: {"eyeSquint": 1.0},
    9: {"noseSneer": 1.0},
    10: {"mouthUpperUp": 1.0},
    12: {"mouthSmile": 1.0},
    15: {"mouthFrown": 1.0},
    16: {"mouthLowerDown": 1.0},
    17: {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.3},
    20: {"mouthStretch": 1.0},
    22: {"mouthFunnel": 1.0},
    24: {"mouthPress": 1.0, "mouthRollLower": 0.4, "mouthRollUpper": 0.3},
    26: {"jawOpen": 1.0},
    43: {"eyeBlink": 1.0},
    64: {"eyeLookDown": 1.0},
}
"""Number of an action unit -> channels, without their side, that show it at weight 1.

Names after https://melindaozel.com/arkit-to-facs-cheat-sheet/. Second channels are ours: AU 6 narrows the eye from
below, AU 17 lifts both lips, AU 24 presses the red of the lips inwards.
"""

FACES: dict[str, dict[int, float]] = {
    "neutral": {},
    "calm": {1: 0.06, 12: 0.16, 43: 0.14},
    "happy": {1: 0.12, 2: 0.12, 6: 0.75, 7: 0.1, 10: 0.12, 12: 0.85, 26: 0.06},
    "sad": {1: 0.9, 4: 0.3, 15: 0.65, 17: 0.4, 43: 0.16, 64: 0.25},
    "angry": {4: 1.0, 5: 0.3, 7: 0.45, 9: 0.2, 15: 0.25, 17: 0.3, 24: 0.6},
    "fearful": {1: 1.0, 2: 0.4, 4: 0.4, 5: 0.8, 15: 0.45, 16: 0.2, 20: 0.55, 26: 0.18},
    "surprised": {1: 0.95, 2: 1.0, 5: 0.75, 22: 0.2, 26: 0.4},
    "disgusted": {4: 0.45, 7: 0.4, 9: 0.85, 10: 0.45, 15: 0.4, 17: 0.3},
}
"""Emotion -> action units and how far each goes at full strength.

The units are those of the prototypes in Ekman, Friesen 1978, table 11-1, and in EMFACS: happy 6+12(+25), sad 1+4+15
(+17, 64), angry 4+5+7+24 (+10 or 17), fearful 1+2+4+5+20+25, surprised 1+2+5+26, disgusted 9 or 10+15 or 17 (+4 in
Du, Tao, Martinez 2014, "Compound facial expressions of emotion", PNAS 111(15), table 1). Smaller ones beside them,
all numbers, and calm, which FACS has no face for, are ours.
"""

BLINKS_LEFT_OUT = {"sad": 0.25, "angry": 0.3, "fearful": 0.4, "surprised": 0.5}
"""Share of the blinks that a full emotion keeps open: a choice; who stares blinks less, who is downcast is slow."""
HEAD_CALM = {"calm": 0.3, "sad": 0.5, "fearful": 0.3}
"""Share of the head's motion that a full emotion takes away: a choice."""
HEAD_DOWN_DEGREES = {"happy": -1.5, "sad": 6.0, "angry": 3.5, "fearful": -1.5, "surprised": -3.0, "disgusted": -2.5}
"""How far a full emotion lowers the head: sadness lowers it in FACS too (AU 54), the angles are a choice."""

CHANGE_SECONDS = 0.18
"""Standard deviation of the Gaussian that eases changes: nine tenths of one take 0.5 s, Audio2Face's transition."""
FADE_SECONDS = 0.5
"""Time in which a take goes into its emotion and out of it."""

SWELL = 0.12
"""How far a held emotion comes and goes as a whole, to either side."""
FLICKER = 0.15
"""How far each action unit does on its own."""
LEAN = 0.14
"""How far one side of the face lags behind the other; spontaneous faces are a little uneven, mouths most."""


def track(weights: Array, strength: float | NDArray[Any], fps: float) -> Array:
    """Weights (T, 8) in the order of EMOTIONS as they take effect: shares of 1 where there are more, and eased.

    The strength, a number or (T,), is taken as it is.
    """
    shares = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1)
    if np.ptp(shares, axis=0).any():
        shares = np.asarray(smooth_rows(shares.astype(np.float32), CHANGE_SECONDS * fps), np.float64)
    return np.asarray(shares * (strength[:, None] if isinstance(strength, np.ndarray) else strength))


def fades(n_rows: int, fps: float, begins: bool = True, ends: bool = True) -> Array:
    """Factors (n_rows,) on the strength of a take that begins and ends without emotion, as the face before and after.

    Where another take joins it without a gap, it does not.
    """
    times = np.arange(n_rows) / fps
    since = times if begins else np.full(n_rows, FADE_SECONDS)
    left = times[::-1] if ends else np.full(n_rows, FADE_SECONDS)
    return ease(np.clip(np.minimum(since, left) / FADE_SECONDS, 0, 1))


def expression(times: Array, weights: Array, seed: int) -> Layer:
    """What a track (T, 8) adds to the channels at times (T,) in seconds, not negative, alive by the seed."""
    swell = 1 + SWELL * (0.7 * drift(times, 2.9, stream(seed, "swell")) + 0.3 * drift(times, 0.9, stream(seed, "beat")))
    lean = LEAN * (drift(times, 4.1, stream(seed, "uneven")) + stream(seed, "side").uniform(-0.5, 0.5)) / 1.5
    sides = {"": 1.0, "Left": 1 - np.maximum(lean, 0), "Right": 1 - np.maximum(-lean, 0)}
    moves: Layer = {}
    for unit, channels in ACTION_UNITS.items():
        far = weights @ [FACES[emotion].get(unit, 0.0) for emotion in EMOTIONS]
        if not far.any():
            continue
        far = far * swell * (1 + FLICKER * drift(times, 1.7, stream(seed, f"action unit {unit}")))
        for channel, weight in channels.items():
            for side in _sides(channel):
                moved = weight * far * sides[side]
                moves[channel + side] = moves[channel + side] + moved if channel + side in moves else moved
    return moves


def blinks_left_out(weights: Array) -> Array:
    """Share (T,) of the blinks that a track leaves out, [0, 1]."""
    return np.clip(_weighed(weights, BLINKS_LEFT_OUT), 0, 1)


def head_calm(weights: Array) -> Array:
    """Share (T,) of the head's motion that a track takes away, [0, 1]."""
    return np.clip(_weighed(weights, HEAD_CALM), 0, 1)


def head_pitch(weights: Array) -> Float32Array:
    """How far down a track turns the head (T,), in radians."""
    return np.asarray(np.radians(_weighed(weights, HEAD_DOWN_DEGREES)), np.float32)


def _weighed(weights: Array, effects: dict[str, float]) -> Array:
    return np.asarray(weights @ [effects.get(emotion, 0.0) for emotion in EMOTIONS])


def _sides(channel: str) -> tuple[str, ...]:
    """Endings of the channels of that name: none for what has no sides."""
    return ("",) if channel in BLENDSHAPE_CHANNELS else ("Left", "Right")
