# ruff: noqa: RUF001, RUF002  (IPA letters are meant as they are)
"""Articulation: from phones with their times to curves of the 51 channels.

Every phone has a target for each of a few articulators (jaw, rounding, spreading) and a dominance over it. At any time
the articulator is the average of all targets, weighted by how near their phones are, after Cohen and Massaro 1993,
"Modeling coarticulation in synthetic visual speech" (Models and Techniques in Computer Animation, Springer):

    F(t) = sum D_i(t) T_i / sum D_i(t),    D_i(t) = alpha_i exp(-theta |t - t_i|)

where |t - t_i| is the distance to the middle part of phone i. So a consonant that says nothing about the lips (small
alpha) is spoken with the lips of its neighbours, rounding is prepared up to 200 ms ahead (small theta before a phone),
and a vowel in fast speech does not reach its target.

What an average cannot do are contacts, which speech never misses: the lips touch in p, b and m, the lower lip meets
the upper teeth in f and v. They are gestures of their own that close what the average leaves open.

Targets: openness follows vowel height and lip shape follows rounding as the IPA chart orders them. Sizes, dominances,
delays and rates of jaw and rounding were fitted by gradient descent to faces that were captured speaking: 693 sentences
of GRID's s1, their phones aligned with the sound. On 47 other sentences the curves agree with the captured lip gap to
r 0.79 inside speech, with jawOpen to 0.74 and with mouthPucker to 0.56 (sizes set by hand: 0.53, 0.53, 0.37).
Sounds that GRID's words lack (y, o, ɕ, q, ...) were set beside their neighbours.
Jaw heights of consonants: sibilants hold the teeth together, alveolars come next, velars and h leave the jaw to the
vowels (Keating, Lindblom, Lubker, Kreiman 1994, "Variability in jaw height for segments in English and Swedish VCVs",
Journal of Phonetics 22). Rounding that is prepared early and reaches across neutral consonants: Öhman 1967,
"Numerical model of coarticulation", J. Acoust. Soc. Am. 41.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .channels import BLENDSHAPE_CHANNELS
from .curves import Curves

PHONES = (
    *("sil", "i", "ɪ", "e", "ɛ", "ə", "ɐ", "æ", "a", "u", "y", "ʊ", "o", "ɔ", "ɒ"),
    *("p", "ɸ", "f", "θ", "t", "l", "s", "ɕ", "ʃ", "ɹ", "j", "k", "q", "w"),
)
"""Classes of sounds that share a mouth, each named by one of its IPA letters, and silence."""
PAUSE = ""


class Target(NamedTuple):
    """Where a phone wants the articulators, in [0, 1], and its dominance over the jaw and over the lips."""

    jaw: float
    pucker: float = 0.0
    funnel: float = 0.0
    spread: float = 0.0
    jaw_dominance: float = 1.0
    lip_dominance: float = 1.0


@dataclass(frozen=True)
class Sound:
    """One sound (an IPA letter, or PAUSE) with its time."""

    symbol: str
    start_seconds: float
    end_seconds: float
    effort: float = 1.0
    """How far the jaw goes for it: stress and loudness, about 0.8 to 1.2."""


VOWEL_TARGETS = {
    # close, mid and open vowels without rounding
    "i": Target(0.26, spread=1.0),
    "ɪɨᵻɯ": Target(0.31, spread=0.5, jaw_dominance=0.5),
    "e": Target(0.32, spread=0.8, jaw_dominance=1.5),
    "ɛε": Target(0.32, spread=0.5, jaw_dominance=0.8),
    "əɘɜɚɝɤ": Target(0.20, lip_dominance=0.5),
    "ɐʌ": Target(0.30, spread=0.1, jaw_dominance=0.7),
    "æ": Target(0.38, spread=0.5, jaw_dominance=0.5),
    "aɑ": Target(0.36, spread=0.1, lip_dominance=1.5),
    # the same heights with rounding: the smaller the mouth, the more pucker; the larger, the more funnel
    "uʉ": Target(0.09, pucker=0.35, funnel=0.10, jaw_dominance=1.5, lip_dominance=0.5),
    "y": Target(0.10, pucker=0.40, funnel=0.15, jaw_dominance=1.5, lip_dominance=0.5),
    "ʊʏ": Target(0.08, pucker=0.22, funnel=0.12, jaw_dominance=1.5, lip_dominance=0.5),
    "oøɵ": Target(0.18, pucker=0.28, funnel=0.22),
    "ɔœ": Target(0.20, pucker=0.20, funnel=0.22),
    "ɒɶ": Target(0.29, pucker=0.10, funnel=0.15, jaw_dominance=0.5),
}
CONSONANT_TARGETS = {
    "pbm": Target(0.10, jaw_dominance=4.0, lip_dominance=0.1),
    "ɸβ": Target(0.10, jaw_dominance=1.0, lip_dominance=0.3),
    "fvʋɱ": Target(0.03, jaw_dominance=1.4, lip_dominance=0.4),
    "θð": Target(0.03, jaw_dominance=1.8, lip_dominance=0.2),
    "tdnɾʈɖɳɽɗ": Target(0.11, jaw_dominance=0.15, lip_dominance=0.1),
    "lɫɭʎɬɮrɺ": Target(0.19, jaw_dominance=0.6, lip_dominance=0.1),
    "sz": Target(0.17, spread=0.3, jaw_dominance=0.4, lip_dominance=0.25),
    "ɕʑçʝ": Target(0.14, funnel=0.15, spread=0.3, jaw_dominance=0.4, lip_dominance=0.4),
    "ʃʒʂʐɧ": Target(0.12, pucker=0.10, funnel=0.30, jaw_dominance=0.4, lip_dominance=0.9),
    "ɹɻ": Target(0.05, pucker=0.13, funnel=0.10, jaw_dominance=1.5, lip_dominance=0.5),
    "jcɟɲ": Target(0.17, spread=0.6, jaw_dominance=0.5, lip_dominance=0.4),
    "kɡŋxɣ": Target(0.22, jaw_dominance=0.3, lip_dominance=0.08),
    "qɢɴʁχʀʔhɦħʕ": Target(0.19, jaw_dominance=0.15, lip_dominance=0.05),
    "wɥʍ": Target(0.02, pucker=0.42, funnel=0.05, jaw_dominance=1.3, lip_dominance=0.8),
}
"""Targets by the letters that share them. The first letter names the class in PHONES."""
VOWELS = frozenset("".join(VOWEL_TARGETS))
_TARGETS = VOWEL_TARGETS | CONSONANT_TARGETS
TARGETS = {PAUSE: Target(0.0, jaw_dominance=0.4)} | {
    letter: target for row, target in _TARGETS.items() for letter in row
}
PHONE_CLASSES = {PAUSE: PHONES.index("sil")} | {letter: PHONES.index(row[0]) for row in _TARGETS for letter in row}
"""Index into PHONES of every letter, and of PAUSE."""
LIP_CONTACT = (
    dict.fromkeys("pbm", 1.0) | dict.fromkeys("ɸβ", 0.7) | dict.fromkeys("wɥʍ", 0.4) | dict.fromkeys("uʉy", 0.3)
)
"""How much of the opening between the lips a phone closes."""
TEETH_CONTACT = dict.fromkeys("fvɱ", 1.0) | {"ʋ": 0.5}
"""How close to the upper teeth a phone brings the lower lip."""
STOPS = frozenset("pbtdʈɖɗcɟkɡqɢ")
CLOSED_SHARE = dict.fromkeys(STOPS, 0.65) | {"m": 0.8}
"""Part of m, and of a stop without silence before it, in which the mouth is closed; burst and transition follow.

Measured on the level of the sound around the events of seven voices of espeak-ng: it rises 12 ms before the vowel's
event after m, 25 ms before it after b.
"""
STRESS_EFFORT = {"ˈ": 1.12, "ˌ": 1.0}
"""How far the jaw opens in stressed syllables; in the others UNSTRESSED_EFFORT."""
UNSTRESSED_EFFORT = 0.88
EFFORT_PER_DB = 0.015
"""Louder vowels open further: 10 dB, 15 %."""

RATE_BEFORE_HZ = np.array([24.0, 24.0, 12.0, 16.0])
"""theta of Cohen and Massaro before a phone, for jaw, pucker, funnel, spread: how early a movement is prepared."""
RATE_AFTER_HZ = np.array([24.0, 12.0, 18.0, 18.0])
"""theta after a phone."""
DELAY_SECONDS = np.array([0.03, 0.05, 0.0, 0.0])
"""How much later than it is heard an articulator is seen to follow."""
HELD_SHARE = np.array([0.8, 0.9, 0.5, 0.5])
"""Middle part of a phone in which its dominance is full."""
SHORTEST_REST_SECONDS = 0.12
"""Shorter pauses are closures of stops or hesitations, in which the mouth stays as it is."""
REST_MARGIN_SECONDS = 0.15
"""Time from the start of a long pause until the face rests, and from its first motion to the end of the pause."""
REST_MARGIN_SHARE = 0.125
"""The same as a part of a short pause."""
REST_OVERLAP_SECONDS = 0.04
"""How long before a pause the mouth starts to close, and after it goes on opening: short pauses are seen too."""
PAUSE_MARGIN_SECONDS = 0.08
"""Beginning and end of a pause in which the mouth still closes, or opens already."""
SMOOTHING_SECONDS = 0.012
CLOSING_SECONDS = 0.045
OPENING_SECONDS = 0.04
"""How long lips take to a contact and away from it."""
CONTACT_SECONDS = 0.04
"""Shortest contact."""


def letters_of(name: str) -> list[str]:
    """The IPA letters in a phone name as espeak-ng writes it (ˈaɪ, tɕh, s., ə-); none for a change of language.

    Marks of stress, length, tone and secondary articulation are dropped.
    Raises ValueError for a sound that has no target.
    """
    if name.startswith("("):
        return []
    letters = [c for c in unicodedata.normalize("NFD", name) if unicodedata.category(c) in ("Ll", "Lo")]
    for letter in letters:
        if letter not in TARGETS:
            raise ValueError(f"The phone {name!r} has no articulation target; add {letter!r} to articulation.py.")
    return letters


def sounds(name: str, start_seconds: float, end_seconds: float) -> list[Sound]:
    """The sounds in a phone name, sharing its time equally; a closed one ends with its closure, not with its burst."""
    letters = letters_of(name)
    effort = next((effort for mark, effort in STRESS_EFFORT.items() if mark in name), UNSTRESSED_EFFORT)
    bounds = np.linspace(start_seconds, end_seconds, len(letters) + 1).tolist()
    return [
        Sound(letter, start, start + CLOSED_SHARE.get(letter, 1) * (end - start), effort)
        for letter, start, end in zip(letters, bounds[:-1], bounds[1:], strict=True)
    ]


def by_loudness(phones: list[Sound], samples: NDArray[np.float32], rate_hz: int) -> list[Sound]:
    """The phones with more effort in vowels louder than the median vowel of the samples (S,), less in softer ones."""
    levels_db = np.array([_level_db(phone, samples, rate_hz) for phone in phones])
    if np.isnan(levels_db).all():
        return phones
    gains = 1 + EFFORT_PER_DB * np.nan_to_num((levels_db - np.nanmedian(levels_db)).clip(-10, 10))
    return [replace(phone, effort=phone.effort * float(gain)) for phone, gain in zip(phones, gains, strict=True)]


def _level_db(phone: Sound, samples: NDArray[np.float32], rate_hz: int) -> float:
    """Level of a vowel, not a number for other sounds."""
    heard = samples[int(phone.start_seconds * rate_hz) : int(phone.end_seconds * rate_hz)].astype(np.float64)
    if phone.symbol not in VOWELS or not len(heard):
        return math.nan
    return float(10 * np.log10(np.mean(heard**2) + 1e-9))


def articulate(phones: list[Sound], n_frames: int, fps: float) -> Curves:
    """Curves (n_frames, 51) of a mouth that says the phones, which are in order of time."""
    seconds = np.arange(n_frames) / fps
    awake = 1 - _rest(phones, seconds)
    jaw, pucker, funnel, spread = _articulators(phones, seconds, fps).T * awake
    lips = _contact(phones, LIP_CONTACT, seconds)
    teeth = _contact(phones, TEETH_CONTACT, seconds)
    apart = 1 - np.maximum(lips, teeth)
    mouth = {
        "jawOpen": jaw,
        "mouthClose": jaw * np.maximum(lips, 0.5 * teeth),
        "mouthPucker": pucker,
        "mouthFunnel": funnel * apart,
        "mouthLowerDown": (0.65 * jaw + 0.1 * spread + 0.2 * funnel) * apart,
        "mouthUpperUp": (0.3 * jaw + 0.2 * funnel) * apart + 0.15 * teeth * (1 - lips),
        "mouthStretch": 0.22 * spread,
        "mouthSmile": 0.12 * spread,
        "mouthPress": 0.2 * lips**2,
        "mouthRollLower": np.maximum(0.2 * lips**2, 0.45 * teeth),
        "mouthRollUpper": 0.12 * lips**2,
    }
    columns = [mouth.get(c.removesuffix("Left").removesuffix("Right"), np.zeros(n_frames)) for c in BLENDSHAPE_CHANNELS]
    return Curves(np.stack(columns, axis=1).clip(0, 1).astype(np.float32), BLENDSHAPE_CHANNELS, fps)


def _articulators(phones: list[Sound], seconds: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """Jaw, pucker, funnel and spread (T, 4): the average of all targets by dominance."""
    weighted, total = np.zeros((len(seconds), 4)), np.full((len(seconds), 4), 1e-9)
    for phone in phones:
        target = TARGETS[phone.symbol]
        wanted = np.array([target.jaw * phone.effort, target.pucker, target.funnel, target.spread])
        alpha = np.array([target.jaw_dominance] + 3 * [target.lip_dominance])
        start, end = _held_part(phone)
        near = slice(max(0, int((phone.start_seconds - 1) * fps)), max(0, int((phone.end_seconds + 1) * fps)))
        before = (start - seconds[near, None]).clip(0) * RATE_BEFORE_HZ
        after = (seconds[near, None] - end).clip(0) * RATE_AFTER_HZ
        dominance = alpha * np.exp(-before - after)
        weighted[near] += dominance * wanted
        total[near] += dominance
    return _smooth(weighted / total, SMOOTHING_SECONDS * fps)


def _smooth(rows: NDArray[np.float64], sigma_frames: float) -> NDArray[np.float64]:
    """Rows (T, N) convolved with a Gaussian of 4 standard deviations, mirrored at both ends."""
    reach = int(4 * sigma_frames + 0.5)
    if not reach or not len(rows):
        return rows
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_frames) ** 2)
    padded = np.pad(rows, ((reach, reach), (0, 0)), mode="symmetric")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=0) @ (kernel / kernel.sum()))


def _held_part(phone: Sound) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """From when to when, in seconds, each articulator (4,) heeds the phone alone."""
    duration = phone.end_seconds - phone.start_seconds
    margin = (1 - HELD_SHARE) / 2 * duration
    if phone.symbol == PAUSE:
        margin = np.full(4, min(PAUSE_MARGIN_SECONDS, duration / 2))
    return phone.start_seconds + margin + DELAY_SECONDS, phone.end_seconds - margin + DELAY_SECONDS


def _rest(phones: list[Sound], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the face is at rest, (T,): wholly in the middle of long pauses, and at a silent beginning and end."""
    rest = np.zeros(len(seconds))
    for i, phone in enumerate(phones):
        duration = phone.end_seconds - phone.start_seconds
        if phone.symbol == PAUSE and duration >= SHORTEST_REST_SECONDS:
            since = seconds - phone.start_seconds if i else np.inf
            until = phone.end_seconds - seconds if i < len(phones) - 1 else np.inf
            margin = min(REST_MARGIN_SECONDS, REST_MARGIN_SHARE * duration)
            share = (np.minimum(since, until) + REST_OVERLAP_SECONDS) / (margin + REST_OVERLAP_SECONDS)
            rest = np.maximum(rest, 0.5 - 0.5 * np.cos(np.pi * share.clip(0, 1)))
    return rest


def _contact(phones: list[Sound], closing: dict[str, float], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """How closed the phones make the mouth, (T,): their value in closing while they last, with soft flanks."""
    contact = np.zeros(len(seconds))
    for phone in phones:
        if phone.symbol in closing:
            start = min(phone.start_seconds, phone.end_seconds - CONTACT_SECONDS)
            rising = (seconds - start + CLOSING_SECONDS) / CLOSING_SECONDS
            falling = (phone.end_seconds + OPENING_SECONDS - seconds) / OPENING_SECONDS
            flank = 0.5 - 0.5 * np.cos(np.pi * np.minimum(rising, falling).clip(0, 1))
            contact = np.maximum(contact, closing[phone.symbol] * flank)
    return contact
