"""Forced alignment: when the sounds of a known text are heard, by what a model hears.

The sounds are a chain of states, each held for at least SHORTEST_SOUND_SECONDS; between words, and at both ends, the
speaker may pause. The most probable way through the chain is found by Viterbi's algorithm, after Rabiner 1989, "A
tutorial on hidden Markov models and selected applications in speech recognition", Proc. IEEE 77(2).
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy.signal import resample_poly

from blender_addon.core.articulation import PAUSE, PHONE_CLASSES, STRESS_EFFORT, letters_of
from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, PHONES
from trainer.prepare.speech import Timed

DEFAULT_MODEL = Path("blender_addon/models/voice_to_face.onnx")
SHORTEST_SOUND_SECONDS = 0.03
FLOOR = 1e-4
"""Least probability of any class: one sound that is not heard does not move all the others."""
LEAST_SHARE = 0.01
"""Classes are weighed against their share of the recording, so that the frequent ones do not spread into the others."""
LEAST_AGREEMENT = 0.5
"""Agreement below which the text is not what is said, or the model does not hear it well enough to place it.

Sentences of other recordings agree to 0.45 in the median.
"""

Word = list[str]
"""Phone names in IPA with stress marks."""
Hearer = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""Waveform (S,) at CLIP_SAMPLE_RATE_HZ -> probabilities (T, P) of the classes PHONES at CLIP_FPS."""


class Link(NamedTuple):
    """One sound, or a pause that may be skipped, and when it may be heard."""

    name: str
    earliest_seconds: float = 0.0
    latest_seconds: float = math.inf


class Alignment(NamedTuple):
    timed: list[Timed]
    """Single sounds and pauses in order, without gaps."""
    agreement: float
    """How probable the aligned sounds are, against the most probable class of every row, 0 to 1."""


def open_hearer(path: Path) -> Hearer:
    """What a model file with phones hears; ValueError when there is no such file, or it has other phones."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    except Exception as error:  # onnxruntime's own exceptions have no common class
        raise ValueError(
            f"{path} cannot be opened as a model file ({error}); name another one with --model."
        ) from error
    if contract.get("phones") != list(PHONES):
        raise ValueError(f"{path} does not hear the phones of the clips; name a model of trainer.voice_to_face.")
    rate_hz, fps = int(contract["sample_rate_hz"]), float(contract["fps"])

    def hear(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        if not len(waveform):
            return np.zeros((0, len(PHONES)), np.float32)
        samples = resample_poly(waveform, rate_hz, CLIP_SAMPLE_RATE_HZ).astype(np.float32)
        [rows] = session.run(["phones"], {"waveform": samples[None]})
        return _at_clip_fps(rows[0], fps, len(waveform) * CLIP_FPS // CLIP_SAMPLE_RATE_HZ)

    return hear


def _at_clip_fps(rows: NDArray[np.float32], fps: float, n_frames: int) -> NDArray[np.float32]:
    """Rows (T, P), of which row i belongs to second i / fps, as (n_frames, P) at CLIP_FPS."""
    position = (np.arange(n_frames) * fps / CLIP_FPS).clip(0, len(rows) - 1)
    before = position.astype(int)
    share = (position - before)[:, None]
    return np.asarray((1 - share) * rows[before] + share * rows[np.minimum(before + 1, len(rows) - 1)], np.float32)


def single_sounds(name: str) -> list[str]:
    """The sounds of a phone name, each with the stress of the name."""
    stress = "".join(mark for mark in STRESS_EFFORT if mark in name)
    return [stress + letter for letter in letters_of(name)]


def align(
    words: list[Word], probabilities: NDArray[np.float32], times: list[tuple[float, float]] | None = None
) -> Alignment:
    """When the words are said, by the probabilities (T, P) of the classes PHONES at CLIP_FPS.

    times are the earliest and the latest second of every word where they are known.
    Raises ValueError when there is nothing to align, or more sounds than fit into the time.
    """
    chain = _chain(words, times or [(0.0, math.inf)] * len(words))
    if not len(probabilities) or not any(link.name for link in chain):
        raise ValueError("There are no sounds to align; give a recording, and the text that is said in it.")
    classes = [_phone_class(link.name) for link in chain]
    likelihoods = np.maximum(probabilities, FLOOR) / (probabilities.mean(axis=0) + LEAST_SHARE)
    fitness = np.log(likelihoods)[:, classes]
    seconds = np.arange(len(fitness))[:, None] / CLIP_FPS
    earliest, latest = np.array([(link.earliest_seconds, link.latest_seconds) for link in chain]).T
    fitness += 2 * np.log(FLOOR) * ((seconds < earliest) | (seconds > latest))
    taken = _best_links(fitness, np.array([link.name == PAUSE for link in chain]))
    said = np.array([chain[link].name != PAUSE for link in taken])
    agreement = probabilities[np.arange(len(taken)), np.array(classes)[taken]] / probabilities.max(axis=1)
    return Alignment(_timed(chain, taken), float(agreement[said].mean()))


def _phone_class(name: str) -> int:
    return PHONE_CLASSES[letters_of(name)[0] if name else PAUSE]


def _chain(words: list[Word], times: list[tuple[float, float]]) -> list[Link]:
    """The sounds of the words in order, with a possible pause before, between and after words."""
    chain = [Link(PAUSE)]
    for word, (earliest, latest) in zip(words, times, strict=True):
        links = [Link(sound, earliest, latest) for name in word for sound in single_sounds(name)]
        chain += [*links, Link(PAUSE)] if links else []
    return chain


def _best_links(fitness: NDArray[np.float32], skippable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The link (T,) that holds in every row of the best way through a chain with fitness (T, L).

    Every link is one state for each row of the shortest sound; the last of them may be held.
    """
    n_each = round(SHORTEST_SOUND_SECONDS * CLIP_FPS)
    link, part = np.divmod(np.arange(n_each * len(skippable)), n_each)
    states = np.arange(len(link))
    may_hold, may_skip = part == n_each - 1, (part == 0) & (link >= 2) & skippable[link - 1]
    sources = np.stack((states - 1, states, states - 1 - n_each)).clip(0)
    barred = np.where(np.stack((states > 0, may_hold, may_skip)), 0.0, -np.inf)
    score = np.where((part == 0) & (link < 2), fitness[0, link], -np.inf)
    came_from = np.zeros((len(fitness), len(states)), np.int32)
    for row in range(1, len(fitness)):
        candidates = score[sources] + barred
        choice = candidates.argmax(axis=0)
        score = candidates[choice, states] + fitness[row, link]
        came_from[row] = sources[choice, states]
    path = [max(len(states) - 1, len(states) - 1 - n_each, key=lambda state: float(score[state]))]
    if not np.isfinite(score[path[0]]):
        raise ValueError("There are more sounds than fit into the recording; give the text that is said in it.")
    for origins in came_from[:0:-1]:
        path.append(int(origins[path[-1]]))
    return np.asarray(link[path[::-1]])


def _timed(chain: list[Link], taken: NDArray[np.int64]) -> list[Timed]:
    """Sounds with times from the link (T,) that holds in every row; sounds of one class share their time equally."""
    starts = np.flatnonzero(np.diff(taken, prepend=-1))
    names = [chain[link].name for link in taken[starts]]
    # a row stands for the time around it
    bounds = np.append((starts - 0.5).clip(0), len(taken)) / CLIP_FPS
    timed, n_done = [], 0
    for _, same in itertools.groupby(names, _phone_class):
        run = list(same)
        shared = np.linspace(bounds[n_done], bounds[n_done + len(run)], len(run) + 1).tolist()
        timed += [Timed(*sound) for sound in zip(run, shared[:-1], shared[1:], strict=True)]
        n_done += len(run)
    return timed
