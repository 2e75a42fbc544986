"""espeak-ng through its library: sound with the exact time of every phone."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import NamedTuple

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from blender_addon.core.articulation import PAUSE, STOPS, Sound, by_loudness, letters_of, sounds
from trainer.prepare.speech import SHORTEST_PAUSE_SECONDS

# numbers and structures of espeak-ng's speak_lib.h
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_PHONEME_EVENTS = 0x0001
_INITIALIZE_PHONEME_IPA = 0x0002
_CHARS_UTF8 = 1
_EVENT_LIST_TERMINATED = 0
_EVENT_PHONEME = 7
_PARAMETERS = {"rate": 1, "pitch": 3, "pitch_range": 4}


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


SILENT_CLOSURE_SECONDS = (0.01, 0.09)
"""Shortest and longest silence before the burst of a stop that is its closure; what is longer belongs to a pause."""
SILENCE = 0.002
"""espeak-ng writes closures and pauses as digital silence, or nearly."""


class PhoneEvent(NamedTuple):
    name: str
    """IPA with stress marks, as espeak-ng names it; empty for a pause."""
    sample: int
    """Where it starts; for a stop, where its burst does."""
    text_position: int
    """The character at which its word starts; pauses have their own."""


class Voice(NamedTuple):
    name: str
    """Voice and variant, such as en-us+f2."""
    rate: int = 175
    """Words a minute, 80 to 450."""
    pitch: int = 50
    """0 to 100."""
    pitch_range: int = 50
    """0 (monotone) to 100."""


@cache
def _library() -> tuple[ctypes.CDLL, int]:
    """The library and its sample rate in hertz."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    options = _INITIALIZE_PHONEME_EVENTS | _INITIALIZE_PHONEME_IPA
    data_path = espeakng_loader.get_data_path().encode()
    rate_hz = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data_path, options)
    if rate_hz <= 0:
        raise ValueError("espeak-ng does not start; install the package espeakng-loader again.")
    return library, rate_hz


def speak(text: str, voice: Voice, seed: int) -> tuple[NDArray[np.float32], int, list[PhoneEvent]]:
    """Samples (S,) in [-1, 1], their rate in hertz and the phones in order; the seed is for noise and flutter.

    Raises ValueError when there is no such voice or it has nothing to say.
    """
    library, rate_hz = _library()
    chunks: list[NDArray[np.int16]] = []
    events: list[PhoneEvent] = []

    def receive(samples: ctypes._Pointer[ctypes.c_short], n_samples: int, event: ctypes._Pointer[_Event]) -> int:
        if n_samples > 0:
            chunks.append(np.ctypeslib.as_array(samples, (n_samples,)).copy())
        i = 0
        while event[i].type != _EVENT_LIST_TERMINATED:
            if event[i].type == _EVENT_PHONEME:
                # the field is 8 bytes long, which may cut the last mark of a long name in two
                name = event[i].id.string.decode("utf-8", "ignore")
                events.append(PhoneEvent(name, event[i].sample, event[i].text_position))
            i += 1
        return 0

    callback = _Callback(receive)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.name.encode()) != 0:
        raise ValueError(f"espeak-ng has no voice {voice.name!r}; choose one that `espeak-ng --voices` lists.")
    library.espeak_ng_SetRandSeed(seed)
    for parameter, number in _PARAMETERS.items():
        library.espeak_SetParameter(number, getattr(voice, parameter), 0)
    encoded = text.encode()
    library.espeak_Synth(encoded, len(encoded) + 1, 0, 0, 0, _CHARS_UTF8, None, None)
    if not chunks or not any(event.name for event in events):
        raise ValueError(f"The voice {voice.name} says nothing for {text!r}; give it text in its own script.")
    return np.concatenate(chunks).astype(np.float32) / 32768, rate_hz, events


def words_of(text: str, voice: Voice) -> list[list[str]]:
    """The phone names of every word of a text, in order, as a voice says it; ValueErrors as from speak."""
    _, _, events = speak(text, voice, seed=0)
    words = groupby((event for event in events if event.name), key=lambda event: event.text_position)
    return [[event.name for event in word] for _, word in words]


def phones_of(samples: NDArray[np.float32], rate_hz: int, events: list[PhoneEvent]) -> list[Sound]:
    """Sounds with their times from the phone events of espeak-ng."""
    earliest = [0, *(event.sample for event in events)]
    starts = [max(limit, _first_sample(samples, rate_hz, e)) for limit, e in zip(earliest, events, strict=False)]
    ends = [*starts[1:], len(samples)]
    phones = []
    for event, start, end in zip(events, starts, ends, strict=True):
        if event.name:
            phones += _sounds(event, start / rate_hz, end / rate_hz, event.sample / rate_hz)
        elif end - start > SHORTEST_PAUSE_SECONDS * rate_hz:
            phones.append(Sound(PAUSE, start / rate_hz, end / rate_hz))
    return by_loudness(phones, samples, rate_hz)


def _is_stop(name: str) -> bool:
    return any(letter in STOPS for letter in letters_of(name)[:1])


def _first_sample(samples: NDArray[np.float32], rate_hz: int, event: PhoneEvent) -> int:
    """Where a sound starts; for a stop, whose event is at the burst, where the silence before it does."""
    if not _is_stop(event.name):
        return event.sample
    shortest, longest = (int(seconds * rate_hz) for seconds in SILENT_CLOSURE_SECONDS)
    before = samples[max(0, event.sample - longest) : event.sample]
    heard = np.flatnonzero(np.abs(before) > SILENCE)
    n_silent = len(before) - (int(heard[-1]) + 1 if len(heard) else 0)
    return event.sample - (n_silent if n_silent >= shortest else 0)


def _sounds(event: PhoneEvent, start: float, end: float, burst: float) -> list[Sound]:
    """The sounds of one event (all times in seconds); the closure of a stop is the silence before its burst."""
    parts = sounds(event.name, burst, end)
    if start < burst:
        parts[0] = replace(parts[0], start_seconds=start, end_seconds=burst)
    return parts
