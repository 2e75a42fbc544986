"""Recorded speech without a face: what its phones make the mouth do, as clips."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.articulation import PAUSE, PHONE_CLASSES, STOPS, Sound, articulate, by_loudness, sounds
from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, Clip, unknown_phones
from trainer.prepare.sources import FRAME_SAMPLES, labelled_channels

LABELLED = labelled_channels(("jaw", "mouth", "cheek", "nose"))
SHORTEST_PAUSE_SECONDS = 0.1
"""In a shorter pause the mouth does not close: it is the closure of the stop after it, or part of the sound before."""


class Timed(NamedTuple):
    """A phone name in IPA with stress marks, or PAUSE, with its time."""

    name: str
    start_seconds: float
    end_seconds: float


def phones_heard(timed: Iterable[Timed], waveform: NDArray[np.float32]) -> list[Sound]:
    """The sounds of names in order of time, with effort by how loud a waveform (S,) at CLIP_SAMPLE_RATE_HZ has them."""
    phones: list[Sound] = []
    closed_since: float | None = None
    for name, start, end in timed:
        if name != PAUSE:
            parts = sounds(name, start, end)
            if closed_since is not None and parts[0].symbol in STOPS:
                parts[0] = replace(parts[0], start_seconds=closed_since)
            phones += parts
        elif end - start > SHORTEST_PAUSE_SECONDS:
            phones.append(Sound(PAUSE, start, end))
        closed_since = start if name == PAUSE and end - start <= SHORTEST_PAUSE_SECONDS else None
    return by_loudness(phones, waveform, CLIP_SAMPLE_RATE_HZ)


def phone_rows(phones: list[Sound], n_frames: int) -> NDArray[np.int8]:
    """Indices (n_frames,) into PHONES at CLIP_FPS; a phone is heard until the next one starts."""
    rows = unknown_phones(n_frames)
    for phone in phones:
        rows[math.ceil(phone.start_seconds * CLIP_FPS - 1e-6) :] = PHONE_CLASSES[phone.symbol]
    return rows


def speech_clip(
    *,
    name: str,
    corpus: str,
    speaker: str,
    language: str,
    licence: str,
    waveform: NDArray[np.float32],
    phones: list[Sound],
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
        curves=articulate(phones, n_frames, CLIP_FPS),
        labelled=LABELLED,
        phones=phone_rows(phones, n_frames),
    )
