"""A text that says which phones are heard: its words are looked for in what the model hears, by Viterbi's algorithm.

Words become classes of sounds (spelling.py), and the most probable way through them gives each its time (Rabiner 1989,
"A tutorial on hidden Markov models and selected applications in speech recognition", Proc. IEEE 77(2)). Texts differ
from what is said: between any two words there may be a pause, or anything else, in which the model is believed, and any
word may be left out, both for a price. So a wrong word costs little more than its own time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import spelling
from .articulation import PHONES
from .curves import Curves, Float32Array
from .phones import Phone, segments

SILENCE = PHONES[0]
SHORTEST_SECONDS = 0.04
"""Of a sound: shorter ones would let a wrong word pass for a moment of another."""
FLOOR = 1e-4
"""Least probability of any class: one sound that is not heard does not move all the others."""
LEAST_SHARE = 0.01
"""Classes are weighed against their share of the recording, so that frequent ones do not spread into the others."""
OTHER_COST_HZ = 80.0
"""How much less probable (natural logarithm, a second) what the text lacks is than what the model believes."""
SKIP_COST = 3.0
"""The same of a word that is left out."""
LEAST_AGREEMENT = 0.4
"""Agreement below which the text is of something else. Of 48 recordings in three languages, own texts agree to 0.68 at
least, others to 0.32 on average and 0.54 at most."""
LONGEST_SECONDS = 600
"""The search takes memory that grows with the square of the time."""
OTHER, PAUSE = -1, -2
"""In place of the number of a sound: what the text lacks, and silence."""


@dataclass(frozen=True)
class Reading:
    """What a transcript makes of a recording."""

    phones: list[Phone]
    """One after the other from 0 to the end."""
    language: str
    """One of spelling.LANGUAGES."""
    agreement: float
    """How much of the speech the text says, 0 to 1: the probability of its sounds, against the most probable ones."""


class _Way(NamedTuple):
    """The most probable way through a text."""

    sounds: NDArray[np.int64]
    """(T,) number of the sound in the text, OTHER or PAUSE."""
    score: float


def read(text: str, probabilities: Curves, language: str | None = None) -> Reading:
    """The phones of a text by what a model hears, probabilities (T, P) of PHONES; without a language the likeliest.

    Raises ValueError when there is nothing to say, the recording is too long, or the text is not what is heard.
    """
    if probabilities.duration_seconds > LONGEST_SECONDS:
        raise ValueError(f"A transcript may be of {LONGEST_SECONDS // 60} minutes; cut the sound in parts")
    fitness = _fitness(probabilities)
    best: tuple[str, list[list[int]], _Way] | None = None
    for name in [language] if language else spelling.LANGUAGES:
        sounds = [[PHONES.index(sound) for sound in spelling.sounds_of(w, name)] for w in spelling.words_of(text)]
        words = [word for word in sounds if word]
        if words:
            way = _best_way(words, fitness, probabilities.fps)
            best = max(best or (name, words, way), (name, words, way), key=lambda found: found[2].score)
    if best is None:
        raise ValueError("The transcript has no words in Latin letters; write what is said, numbers as words")
    name, words, way = best
    classes = np.array([sound for word in words for sound in word])
    agreement = _agreement(way.sounds, classes, probabilities.values)
    if agreement < LEAST_AGREEMENT:
        raise ValueError(
            f"The transcript, in {spelling.LANGUAGES[name]}, says only {agreement:.0%} of what is heard; "
            "check the text and its language"
        )
    return Reading(_phones(way.sounds, classes, probabilities), name, agreement)


def _agreement(sounds: NDArray[np.int64], classes: NDArray[np.int64], heard: Float32Array) -> float:
    """Mean over all rows (T, P) in which something is said, by the text or by what the model believes."""
    is_said = sounds >= 0
    of_text = heard[np.arange(len(heard)), classes[np.maximum(sounds, 0)]] / heard.max(axis=1)
    is_speech = is_said | (heard.argmax(axis=1) != PHONES.index(SILENCE))
    return float(np.where(is_said, of_text, 0)[is_speech].mean())


def _fitness(probabilities: Curves) -> Float32Array:
    """How well each row fits each class (T, P), and any sound at all (T, 1), as a natural logarithm."""
    share = probabilities.values.mean(axis=0) + LEAST_SHARE
    likelihood = np.log(np.maximum(probabilities.values, FLOOR) / share)
    other = likelihood.max(axis=1, keepdims=True) - OTHER_COST_HZ / probabilities.fps
    return np.asarray(np.hstack([likelihood, other]), np.float32)


class _States(NamedTuple):
    """States (N,) in the order of the text: before each word, and at the end, a pause and anything else."""

    fits: NDArray[np.int64]
    """Column of the fitness."""
    sound: NDArray[np.int64]
    """Number of the sound in the text, OTHER or PAUSE."""
    entry: NDArray[np.int64]
    """Boundary from which the state is entered, -1 where it follows the state before; they lie before each word and at
    the end."""
    sources: NDArray[np.int64]
    """(B, 3) the states from which each boundary is reached."""


def _states(words: list[list[int]], n_classes: int, n_each: int) -> _States:
    """n_each states for each sound, which are the rows that it lasts at least."""
    fits: list[int] = []
    sound: list[int] = []
    entry: list[int] = []
    n_sounds = 0
    for boundary, word in enumerate([*words, []]):
        fits += [PHONES.index(SILENCE), n_classes, *np.repeat(word, n_each)]
        sound += [PAUSE, OTHER, *np.repeat(np.arange(n_sounds, n_sounds + len(word)), n_each)]
        entry += [boundary, boundary, *([boundary] if word else []), *[-1] * (n_each * len(word) - 1)]
        n_sounds += len(word)
    pauses = np.flatnonzero(np.array(sound) == PAUSE)
    sources = np.stack([pauses, pauses + 1, np.maximum(pauses - 1, 0)], axis=1)
    return _States(np.array(fits), np.array(sound), np.array(entry), sources)


def _best_way(words: list[list[int]], fitness: Float32Array, fps: float) -> _Way:
    """The most probable way through words, each a list of classes."""
    states = _states(words, fitness.shape[1] - 1, max(1, round(SHORTEST_SECONDS * fps)))
    boundaries, is_entry = np.arange(len(states.sources)), states.entry >= 0
    may_hold = np.diff(states.sound, append=states.sound[-1] + 1) != 0
    skipped = SKIP_COST * boundaries
    stays = np.zeros((len(fitness), len(states.fits)), bool)
    origins = np.zeros((len(fitness), len(boundaries)), np.int32)
    reached = -skipped
    score = np.where(is_entry, reached[states.entry], -np.inf) + fitness[0, states.fits]
    for row in range(1, len(fitness)):
        reached, origins[row] = _boundaries(score, states.sources, skipped)
        entered = np.where(is_entry, reached[states.entry], np.roll(score, 1))
        stays[row] = may_hold & (score >= entered)
        score = np.where(stays[row], score, entered) + fitness[row, states.fits]
    reached, ends = _boundaries(score, states.sources, skipped)
    at = int(ends[-1])
    path = [at]
    for row in range(len(fitness) - 1, 0, -1):
        if not stays[row, at]:
            at = int(origins[row, states.entry[at]]) if is_entry[at] else at - 1
        path.append(at)
    return _Way(states.sound[path[::-1]], float(reached[-1]))


def _boundaries(
    score: NDArray[np.float64], sources: NDArray[np.int64], skipped: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Best scores (B,) at the boundaries, words left out where that is better, and the states that they come from."""
    choice = score[sources].argmax(axis=1)
    state = sources[np.arange(len(sources)), choice]
    ahead = score[state] + skipped
    best = np.maximum.accumulate(ahead)
    origin = np.maximum.accumulate(np.where(ahead >= best, np.arange(len(ahead)), 0))
    return best - skipped, state[origin]


def _phones(sounds: NDArray[np.int64], classes: NDArray[np.int64], probabilities: Curves) -> list[Phone]:
    """Phones with times from the sound (T,) that holds in each row; where it is OTHER, those that the model hears."""
    starts = np.flatnonzero(np.diff(sounds, prepend=sounds[0] - 1))
    edges = np.append(np.maximum(starts - 0.5, 0) / probabilities.fps, probabilities.duration_seconds).tolist()
    phones: list[Phone] = []
    for first, stop, start, end in zip(
        starts.tolist(), [*starts[1:].tolist(), len(sounds)], edges[:-1], edges[1:], strict=True
    ):
        if sounds[first] == OTHER:
            part = replace(probabilities, values=probabilities.values[first:stop])
            heard = segments(part)
            phones += [Phone(heard[0].name, start, end)]
            phones += [Phone(p.name, first / part.fps + p.start_seconds, end) for p in heard[1:]]
        else:
            phones.append(Phone(SILENCE if sounds[first] == PAUSE else PHONES[classes[sounds[first]]], start, end))
    return _joined(phones, probabilities.duration_seconds)


def _joined(phones: list[Phone], duration_seconds: float) -> list[Phone]:
    """Phones each of which lasts until the next one, those alike that follow each other as one."""
    first = [phone for i, phone in enumerate(phones) if i == 0 or phone.name != phones[i - 1].name]
    ends = [*(phone.start_seconds for phone in first[1:]), duration_seconds]
    return [replace(phone, end_seconds=end) for phone, end in zip(first, ends, strict=True)]
