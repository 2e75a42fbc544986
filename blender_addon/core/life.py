"""What a living face does besides speaking: blinks, gaze, brows, head motion, and what moves along with the mouth.

Every layer is a function of time, of its own random streams and of what the predicted mouth tells about the speech,
and returns what it adds to the channels at an amount of 1. So a seed gives the same performance at every frame rate,
no layer changes another, and a kept prediction suffices: the sound is not needed.

Numbers come from two measurements, and from the literature where they are silent:

* iPhone: four acted and two range-of-motion takes of one face, 8.7 minutes at 30 fps, without sound.
* GRID: 145 sentences of speaker s1 (Cooke, Barker, Cunningham, Shao 2006, J. Acoust. Soc. Am. 120(5)). Within 0.5 s
  either way, brows correlate with loudness at |r| <= 0.14 and with F0 at |r| <= 0.09, head angles at 0.17 and 0.13,
  beyond what other sentences of the same rhythm do (standard errors 0.02 to 0.03; slower than 0.5 Hz left out). The
  tie is there, but loudness would predict next to nothing. The one thing that speech plainly does is to set the head
  in motion: it turns 1.3 to 2.4 times as fast in speech as in the pauses round it.

So brow raises and nods fall on accents as others have found with better means (Kim, Cvejic, Davis 2014, "Tracking
eyebrows and head gestures associated with spoken prosody", Speech Communication 57: raises begin before the accented
word and are largest at the beginning of an utterance, nods begin with it and peak after it), and are small.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .curves import Curves, Float32Array, sample_curves, smooth_rows

Array = NDArray[np.float64]
Layer = dict[str, Array]
"""Channel -> what is added to it (T,)."""

HEAD_CHANNELS = ("headPitch", "headRoll", "headYaw")
"""Radians about the X, Y and Z axis of a head that looks along -Y with Z up, as Blender's front view sees it.

Positive is down, to the character's left shoulder, and to its left.
"""


@dataclass(frozen=True)
class Speech:
    """When a mouth speaks, as far as its curves tell."""

    duration_seconds: float
    talking: Array
    """(N,) in [0, 1] at SPEECH_HZ: 0 while the mouth rests, 1 while it says syllables."""
    starts: Array
    """Times in seconds at which phrases begin: speech after a pause."""
    ends: Array
    """Times in seconds at which phrases end."""
    accents: Array
    """Times in seconds of the widest openings of the jaw."""
    accent_strengths: Array
    """(0, 1], one an accent: how far the jaw opens beyond its level of the second round it."""


SPEECH_HZ = 50.0
"""Rate at which the mouth is looked at, so that events fall at the same times whatever the curves' rate."""
TALKING_SPEED = 0.6
"""Weights a second, summed over SPEAKING_CHANNELS: four syllables a second that open the jaw by 0.08."""
SPEAKING_CHANNELS = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker")
PAUSE_SECONDS = 0.3
ACCENT_REACH_SECONDS = 0.4
"""An accent opens the jaw wider than anything this long before and after it."""
FULL_ACCENT = 0.15
"""jawOpen beyond its level for a strength of 1; a tenth of it makes an accent.

Speakers open the jaw wider for accented syllables: de Jong 1995, J. Acoust. Soc. Am. 97(1).
"""


def listen(curves: Curves) -> Speech:
    """What the mouth of curves (T, K), with any channels, tells about the speech."""
    times = np.arange(int(curves.duration_seconds * SPEECH_HZ) + 1) / SPEECH_HZ
    mouth = sample_curves(curves, times)[:, [i for i, c in enumerate(curves.channels) if c in SPEAKING_CHANNELS]]
    speed = np.abs(np.diff(mouth, axis=0, append=mouth[-1:])).sum(axis=1) * SPEECH_HZ
    talking = np.clip(_smooth(speed, 0.15) / TALKING_SPEED, 0, 1)
    starts, ends = _phrases(talking > 0.5)
    jaw = curves.column("jawOpen") if "jawOpen" in curves.channels else np.zeros(len(curves.values), np.float32)
    accents, strengths = _accents(np.interp(times, np.arange(len(jaw)) / curves.fps, jaw) if len(jaw) else 0 * times)
    return Speech(curves.duration_seconds, talking, starts, ends, accents, strengths)


def engaged(times: Array, speech: Speech) -> Array:
    """(T,) in [0, 1] at times (T,): 1 in speech and short pauses, 0 in long ones."""
    near = np.clip(2 * _smooth(speech.talking, PAUSE_SECONDS), 0, 1)
    return np.interp(times, np.arange(len(near)) / SPEECH_HZ, near)


def _phrases(is_talking: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Times at which phrases start and end, those joined that less than a pause separates."""
    edges = np.flatnonzero(np.diff(is_talking, prepend=False, append=False)) / SPEECH_HZ
    starts, ends = edges[::2], edges[1::2]
    is_pause = starts[1:] - ends[:-1] >= PAUSE_SECONDS
    return starts[np.append(True, is_pause)[: len(starts)]], ends[np.append(is_pause, True)[: len(ends)]]


def _accents(jaw: Array) -> tuple[Array, Array]:
    """Times (A,) and strengths (A,) of the peaks of the jaw (N,) that stand out."""
    beyond = _smooth(jaw, 0.04) - _smooth(jaw, 0.5)
    reach = int(ACCENT_REACH_SECONDS * SPEECH_HZ)
    round_about = np.lib.stride_tricks.sliding_window_view(np.pad(beyond, reach, mode="edge"), 2 * reach + 1)
    peaks = np.flatnonzero((beyond == round_about.max(axis=1)) & (beyond > FULL_ACCENT / 10))
    return peaks / SPEECH_HZ, np.clip(beyond[peaks] / FULL_ACCENT, 0, 1)


# ---------------------------------------------------------------------------------------------------------------------
# Blinks

MEAN_BLINK_INTERVAL_SECONDS = 2.95
"""0.34 blinks a second: paper P4, section 4, gives 0.28 to 0.4. (iPhone: 0.18 to 0.30, while acting.)"""
MIN_BLINK_INTERVAL_SECONDS = 0.45
BLINK_INTERVAL_SPREAD = 0.55
"""Standard deviation of the logarithm of the intervals. iPhone: 0.55, and a tenth below 0.9 s, which are doubles."""
BLINK_SECONDS = (0.26, 0.38)
"""Shortest and longest; 0.2 to 0.4 s in paper P4, section 4. iPhone: median 0.22 to 0.31 by take."""
CLOSING_SHARE = 0.36
"""Lids fall faster than they rise. iPhone: 0.1 of 0.27 s."""
PARTIAL_SHARE = 0.15
"""Blinks that do not close the eye. iPhone: many; but a lid that often stops halfway looks tired on a rig."""
BLINK_REACH_SECONDS = 0.4
"""How far a blink moves to meet the end of a phrase or a turn of the eyes.

People blink at the ends of phrases: Nakano, Kitazawa 2010, "Eyeblink entrainment at breakpoints of speech", Exp. Brain
Res. 205(4). iPhone: 24 % of blinks come with a turn of the eyes by 5 degrees, 15 % of other moments do.
"""


def blinks(times: Array, speech: Speech, seed: int, gaze_seed: int, left_out: Array | None = None) -> Layer:
    """Both lids together, (T,) in [0, 1], at times (T,) in seconds; without the share (T,) of blinks left out."""
    shut_at = blink_times(speech, seed, gaze_seed)
    lengths = stream(seed, "blink length").uniform(*BLINK_SECONDS, len(shut_at))
    depths = stream(seed, "blink depth").uniform(0, 1, len(shut_at))
    depths = np.where(depths < PARTIAL_SHARE, 0.5 + 0.4 * depths / PARTIAL_SHARE, 1.0)
    if left_out is not None:
        is_left_out = stream(seed, "blinks left out").uniform(0, 1, len(shut_at)) < np.interp(shut_at, times, left_out)
        depths = np.where(is_left_out, 0.0, depths)
    closing, opening = CLOSING_SHARE * lengths, (1 - CLOSING_SHARE) * lengths
    lids = _pulses(times, shut_at - closing, closing, opening, depths)
    return {"eyeBlinkLeft": lids, "eyeBlinkRight": lids}


def blink_times(speech: Speech, seed: int, gaze_seed: int) -> Array:
    """Times in seconds at which the lids are shut, at least MIN_BLINK_INTERVAL_SECONDS apart."""
    free = MEAN_BLINK_INTERVAL_SECONDS - MIN_BLINK_INTERVAL_SECONDS
    varied = _lognormal(stream(seed, "blinks"), free, BLINK_INTERVAL_SPREAD, _n_events(speech, 0.2))
    planned = np.maximum(np.cumsum(MIN_BLINK_INTERVAL_SECONDS + varied) - free / 2, BLINK_SECONDS[1])
    moments = np.sort(np.concatenate([speech.ends, _looks(speech, gaze_seed).starts]))
    moved = _nearest(planned, moments, BLINK_REACH_SECONDS)
    order = MIN_BLINK_INTERVAL_SECONDS * np.arange(len(moved))
    return np.asarray(np.maximum.accumulate(moved - order) + order)


# ---------------------------------------------------------------------------------------------------------------------
# Gaze

LOOK_SECONDS = 2.2
"""Mean length of a look at the listener's face; about three quarters of the time with the looks away below.

Rogers, Speelman, Guidetti, Longmuir 2018, Scientific Reports 8: 2.2 s at a time, 60 % of a conversation.
"""
AWAY_SECONDS = 0.8
AWAY_DEGREES = 5.0
"""Mean angle of a look away, exponential. iPhone: of the turns by more than 2 degrees, medians of 3.6 to 14 by take."""
MAX_AWAY_DEGREES = 12.0
VERTICAL_SHARE = 0.6
"""iPhone: eyes turn up and down 0.5 to 0.7 times as far as sideways (standard deviations of the acted takes)."""
WITHIN_FACE_SECONDS = 0.7
WITHIN_FACE_DEGREES = 1.0
"""Small turns between a listener's eyes and mouth, 3 to 4 degrees apart at a metre. iPhone: every 0.3 to 0.6 s."""
SACCADE_SECONDS = 0.05
"""A turn by 10 degrees (Bahill, Clark, Stark 1975, "The main sequence", Mathematical Biosciences 24)."""
WEIGHT_PER_DEGREE_SIDEWAYS = 0.029
WEIGHT_PER_DEGREE_UPWARDS = 0.035
"""iPhone: 1.64 to 1.69 and 1.8 to 2.1 a radian, eyeLook channels against the eyes' angles."""
LID_PER_LOOK_DOWN = 0.8
"""iPhone: eyeBlink = 0.8 to 1.3 times eyeLookDown in three of the acted takes, r 0.7 to 0.95."""
WIDE_PER_LOOK_UP = 0.7
"""iPhone: eyeWide = 0.6 to 1.2 times eyeLookUp in the acted takes."""


@dataclass(frozen=True)
class Looks:
    """Where the eyes turn, one row a look."""

    starts: Array
    """Seconds."""
    angles: Array
    """(L, 2) degrees to the character's left and up, from straight ahead."""


def gaze(times: Array, speech: Speech, seed: int) -> Layer:
    """Both eyes together, with the lids that follow them, at times (T,)."""
    left, up = (_steps(times, _looks(speech, seed)) + _steps(times, _looks_within_face(speech, seed))).T
    left, up = left * WEIGHT_PER_DEGREE_SIDEWAYS, up * WEIGHT_PER_DEGREE_UPWARDS
    moves = {
        "eyeLookOutLeft": left,
        "eyeLookInRight": left,
        "eyeLookInLeft": -left,
        "eyeLookOutRight": -left,
    }
    for side in ("Left", "Right"):
        moves |= {f"eyeLookUp{side}": up, f"eyeLookDown{side}": -up}
        moves |= {f"eyeWide{side}": WIDE_PER_LOOK_UP * up, f"eyeBlink{side}": -LID_PER_LOOK_DOWN * up}
    return {channel: np.clip(weights, 0, 1) for channel, weights in moves.items()}


def _looks(speech: Speech, seed: int) -> Looks:
    """By turns at the listener and away, away less far while the mouth rests: listeners look at who speaks."""
    n_pairs = _n_events(speech, 0.5)
    varied = _lognormal(stream(seed, "gaze"), 1.0, 0.6, (n_pairs, 2))
    lengths = varied * (LOOK_SECONDS, AWAY_SECONDS) + 2 * SACCADE_SECONDS
    starts = np.cumsum(lengths).reshape(-1, 2)  # ends of the looks at the listener, and of those away
    distance = np.minimum(stream(seed, "gaze distance").exponential(AWAY_DEGREES, n_pairs), MAX_AWAY_DEGREES)
    direction = stream(seed, "gaze direction").uniform(0, 2 * np.pi, n_pairs)
    distance = distance * (0.25 + 0.75 * _talking_at(speech, starts[:, 0]))
    angles = np.zeros((n_pairs, 2, 2))
    angles[:, 0, 0], angles[:, 0, 1] = distance * np.cos(direction), VERTICAL_SHARE * distance * np.sin(direction)
    return Looks(starts.ravel(), angles.reshape(-1, 2))


def _looks_within_face(speech: Speech, seed: int) -> Looks:
    n_looks = _n_events(speech, 0.1)
    lengths = _lognormal(stream(seed, "gaze within face"), WITHIN_FACE_SECONDS, 0.5, n_looks)
    angles = stream(seed, "gaze angle").normal(0, WITHIN_FACE_DEGREES, (n_looks, 2)).clip(-2, 2)
    return Looks(np.cumsum(lengths + 2 * SACCADE_SECONDS), angles)


# ---------------------------------------------------------------------------------------------------------------------
# Brows

BROW_RAISE = 0.2
"""Weight of the largest raise. iPhone, acted: median peaks of 0.15 to 0.18, 0.07 to 0.25 raises a second."""
BROW_RISE_SECONDS = 0.24
BROW_FALL_SECONDS = 0.55
BROW_FROWN = 0.08
BROW_DRIFT = 0.03


def brows(times: Array, speech: Speech, seed: int) -> Layer:
    """Raises that peak on accents and beginnings of phrases, slow light frowns in between, at times (T,)."""
    length = BROW_RISE_SECONDS + BROW_FALL_SECONDS
    at = _spaced(np.sort(np.concatenate([speech.starts + BROW_RISE_SECONDS, _strong_accents(speech)])), 1.2 * length)
    mood = drift(at, 1.7, stream(seed, "brow raises"))
    raised = _pulses(times, at - BROW_RISE_SECONDS, BROW_RISE_SECONDS, BROW_FALL_SECONDS, np.clip(2 * mood, 0, 1))
    rest = BROW_DRIFT * (1 + drift(times, 2.3, stream(seed, "brow drift"))) / 2
    tension = np.clip(drift(times, 1.9, stream(seed, "frowns")), 0, 1) * _talking_at(speech, times) * (1 - raised)
    moves = {"browInnerUp": rest + BROW_RAISE * raised}
    for side in ("Left", "Right"):
        lean = 1 + 0.2 * drift(times, 3.1, stream(seed, f"brow {side}"))
        moves[f"browOuterUp{side}"] = lean * (rest + 0.8 * BROW_RAISE * raised)
        moves[f"browDown{side}"] = lean * BROW_FROWN * tension
        moves[f"eyeWide{side}"] = 0.3 * BROW_RAISE * raised
    return moves


def _strong_accents(speech: Speech) -> Array:
    return speech.accents[speech.accent_strengths > 0.4]


# ---------------------------------------------------------------------------------------------------------------------
# Head

HEAD_DRIFT_DEGREES = {"headPitch": 1.2, "headRoll": 1.2, "headYaw": 2.5}
"""Largest slow turns, a choice: GRID has ranges of 0.7 to 2 within 3 s, but that reader sits still before a prompter.

70 to 88 % of the power lies below 1 Hz there, 90 to 96 % below 2 Hz.
"""
NOD_DEGREES = 2.5
NOD_DOWN_SECONDS = 0.2
NOD_UP_SECONDS = 0.45
STILL_SHARE = 0.4
"""What is left of the slow motion while the mouth rests. GRID: speeds of 0.4 to 0.8 times those in speech."""
HEAD_RETURN_SECONDS = 0.6
"""The head starts and ends a take at rest."""


def head_motion(curves: Curves, amount: float | Float32Array, seed: int) -> Curves:
    """HEAD_CHANNELS (T, 3) in radians for a predicted face: nods on accents, slow turns, calm in pauses.

    The amount is a number, or (T, 1).
    """
    speech = listen(curves)
    times = np.arange(len(curves.values)) / curves.fps
    talking = STILL_SHARE + (1 - STILL_SHARE) * _talking_at(speech, times)
    at = _spaced(speech.accents, NOD_DOWN_SECONDS + NOD_UP_SECONDS)
    strengths = np.interp(at, speech.accents, speech.accent_strengths) if len(at) else at
    strengths = strengths * np.clip(0.5 + drift(at, 1.3, stream(seed, "nods")), 0, 1)
    degrees = []
    for channel, reach in HEAD_DRIFT_DEGREES.items():
        slow, slower = (drift(times, period, stream(seed, f"{channel} {period}")) for period in (0.9, 2.7))
        degrees.append(reach * talking * (0.3 * slow + 0.7 * slower))
    degrees[0] += NOD_DEGREES * _pulses(times, at, NOD_DOWN_SECONDS, NOD_UP_SECONDS, strengths)
    ends = ease(np.clip(np.minimum(times, speech.duration_seconds - times) / HEAD_RETURN_SECONDS, 0, 1))
    values = amount * np.radians(degrees).T * ends[:, None]
    return Curves(values.astype(np.float32), HEAD_CHANNELS, curves.fps)


# ---------------------------------------------------------------------------------------------------------------------
# Secondary motion

COMPANIONS = {
    "cheekPuff": {"mouthPucker": 0.13, "mouthPress": 0.5},
    "cheekSquint": {"mouthUpperUp": 0.42, "mouthSmile": 0.02},
    "noseSneer": {"mouthUpperUp": 0.5, "mouthStretch": 0.02},
    "eyeSquint": {"mouthStretch": 0.09, "mouthPucker": 0.15},
    "jawForward": {"mouthStretch": 0.27, "mouthSmile": 0.21, "mouthFunnel": 0.16},
    "mouthDimple": {"mouthPress": 0.5, "mouthRollLower": 0.22},
    "mouthFrown": {"mouthPucker": 0.34},
    "mouthShrugUpper": {"jawOpen": 0.21, "mouthFunnel": 0.07},
    "mouthShrugLower": {"mouthPress": 0.2, "mouthRollLower": 0.2},
}
"""Channel -> weights of the mouth channels that it follows, non-negative least squares over the acted iPhone takes.

They follow each take at a median r of 0.8; eyeSquint (0.0 to 0.3) and mouthFrown (0.1 to 0.5) owe more to expression.
Weights above 0.5 are cut to that: mouthPress and mouthUpperUp hardly move on an iPhone, and do in predictions. Those
of mouthShrugLower (2.2 and 0.5) are cut to 0.2: it pushes the lower lip out, and on some heads away from the upper one.
"""
SIDEWAYS = {"jaw": 0.10, "mouth": 0.08}
"""Sideways weight per jawOpen. iPhone: 0.02 (once 0.07) at a jawOpen of 0.09 to 0.17, changing within 0.5 to 1.6 s."""
LEAN = 0.15
"""How far one side of the face goes beyond the other. iPhone: 20 to 50 % for the smile, 5 to 20 % for most others."""
LEANING = ("mouthSmile", "mouthStretch", "mouthFrown", "mouthDimple", "mouthPress", "cheekSquint", "noseSneer")


def secondary(times: Array, curves: Curves, seed: int) -> Layer:
    """What moves along with the mouth of curves (T, K), and slow asymmetry; nothing that parts the lips."""
    column = {channel: np.asarray(curves.column(channel), np.float64) for channel in curves.channels}
    lean = LEAN * drift(times, 2.1, stream(seed, "lean"))
    nothing = np.zeros(len(times))
    moves = {}
    for name, weights in COMPANIONS.items():
        for side in ("Left", "Right"):
            channel = name if name in column else name + side
            followed = sum((w * column.get(c, column.get(c + side, nothing)) for c, w in weights.items()), nothing)
            moves[channel] = np.maximum(followed - column.get(channel, nothing), 0)
    for name in LEANING:
        for side, sign in (("Left", 1), ("Right", -1)):
            channel = name + side
            moved = moves.get(channel, nothing)
            moves[channel] = moved + np.maximum(sign * lean, 0) * (moved + column.get(channel, nothing))
    for name, reach in SIDEWAYS.items():
        left = reach * drift(times, 1.1, stream(seed, name)) * column.get("jawOpen", nothing)
        moves |= {f"{name}Left": np.maximum(left, 0), f"{name}Right": np.maximum(-left, 0)}
    return moves


# ---------------------------------------------------------------------------------------------------------------------
# Random events and their shapes


def stream(seed: int, name: str) -> np.random.Generator:
    """A random stream of its own for everything that is drawn, so that nothing disturbs anything else."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _n_events(speech: Speech, shortest_seconds: float) -> int:
    """Enough events to fill the time."""
    return int(speech.duration_seconds / shortest_seconds) + 2


def _lognormal(values: np.random.Generator, mean: float, spread: float, shape: int | tuple[int, ...]) -> Array:
    """Intervals that vary as people's do; spread is the standard deviation of their logarithm."""
    return mean * values.lognormal(-(spread**2) / 2, spread, shape)


def _talking_at(speech: Speech, times: Array) -> Array:
    return np.interp(times, np.arange(len(speech.talking)) / SPEECH_HZ, speech.talking)


def _smooth(values: Array, sigma_seconds: float) -> Array:
    """(N,) at SPEECH_HZ after a Gaussian."""
    return np.asarray(smooth_rows(values[:, None].astype(np.float32), sigma_seconds * SPEECH_HZ)[:, 0], np.float64)


def _spaced(at: Array, gap_seconds: float) -> Array:
    """Of times in order those that follow the last one kept by at least the gap."""
    kept: list[float] = []
    for moment in at.tolist():
        if not kept or moment - kept[-1] >= gap_seconds:
            kept.append(moment)
    return np.array(kept)


def _nearest(planned: Array, moments: Array, reach_seconds: float) -> Array:
    """Planned times, each moved to the nearest of the moments (in order) if that is within reach."""
    if not len(moments):
        return planned
    after = np.searchsorted(moments, planned).clip(0, len(moments) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(planned - moments[before] < moments[after] - planned, moments[before], moments[after])
    return np.where(np.abs(nearest - planned) <= reach_seconds, nearest, planned)


def drift(times: Array, period_seconds: float, values: np.random.Generator) -> Array:
    """A slow random function in [-1, 1] at any times (N,): random values every period, and smooth in between."""
    position = np.asarray(times).clip(0) / period_seconds
    before = position.astype(np.intp)
    knots = values.uniform(-1, 1, (int(before.max()) if len(before) else 0) + 2)
    return np.asarray(knots[before] + (knots[before + 1] - knots[before]) * ease(position - before))


def _pulses(times: Array, starts: Array, rise: Array | float, fall: Array | float, sizes: Array) -> Array:
    """(T,) rising from 0 to each size in rise seconds from its start, and back in fall; pulses may not overlap.

    The last fifth of the rise and the first of the fall are spent at the full size, so that no frame rate misses it.
    """
    if not len(starts):
        return np.zeros(len(times))
    last = np.searchsorted(starts, times, side="right") - 1
    since = times - starts[last]
    rise, fall = (np.broadcast_to(seconds, starts.shape)[last] for seconds in (rise, fall))
    phase = np.minimum(since / rise, 1 - (since - rise) / fall)
    return np.asarray(np.where(last >= 0, sizes[last] * ease(np.clip(1.25 * phase, 0, 1)), 0.0))


def _steps(times: Array, looks: Looks) -> Array:
    """(T, 2) angles that turn to each look within SACCADE_SECONDS of its start, and hold it."""
    angles = np.concatenate([[[0.0, 0.0]], looks.angles])
    now = np.searchsorted(looks.starts, times, side="right")
    since = times - np.concatenate([[0.0], looks.starts])[now]
    turned = ease(np.clip(since / SACCADE_SECONDS, 0, 1))[:, None]
    return np.asarray(angles[np.maximum(now - 1, 0)] * (1 - turned) + angles[now] * turned)


def ease(phase: Array) -> Array:
    """Smoothstep of a phase in [0, 1]: starts and ends without a jerk."""
    return phase * phase * (3 - 2 * phase)
