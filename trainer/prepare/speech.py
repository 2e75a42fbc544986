"""Recorded speech without a face: what its phones make the mouth do, as clips."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.clips import CLIP_SAMPLE_RATE_HZ, Clip
from trainer.prepare.articulation import LABELLED, PAUSE, STOPS, Phone, articulate, by_loudness, phone_rows, sounds
from trainer.prepare.sources import FRAME_SAMPLES

SHORTEST_PAUSE_SECONDS = 0.1
"""In a shorter pause the mouth does not close: it is the closure of the stop after it, or part of the sound before."""


class Timed(NamedTuple):
    """A phone name in IPA with stress marks, or PAUSE, with its time."""

    name: str
    start_seconds: float
    end_seconds: float


def phones_heard(timed: Iterable[Timed], waveform: NDArray[np.float32]) -> list[Phone]:
    """The sounds of names in order of time, with effort by how loud a waveform (S,) at CLIP_SAMPLE_RATE_HZ has them."""
    phones: list[Phone] = []
    closed_since: float | None = None
    for name, start, end in timed:
        if name != PAUSE:
            parts = sounds(name, start, end)
            if closed_since is not None and parts[0].symbol in STOPS:
                parts[0] = replace(parts[0], start_seconds=closed_since)
            phones += parts
        elif end - start > SHORTEST_PAUSE_SECONDS:
            phones.append(Phone(PAUSE, start, end))
        closed_since = start if name == PAUSE and end - start <= SHORTEST_PAUSE_SECONDS else None
    return by_loudness(phones, waveform, CLIP_SAMPLE_RATE_HZ)


def speech_clip(
    *,
    name: str,
    corpus: str,
    speaker: str,
    language: str,
    licence: str,
    waveform: NDArray[np.float32],
    phones: list[Phone],
) -> Clip:
    """A clip whose curves are the articulation of its phones."""
    n_frames = len(waveform) // FRAME_SAMPLES
    return Clip(
        name=name,
        corpus=corpus,
        speaker=speaker,
        language=language,
        licence=licence,
        waveform=waveform,
        curves=articulate(phones, n_frames),
        labelled=LABELLED,
        phones=phone_rows(phones, n_frames),
    )
