"""espeak-ng through its library: sound with the exact time of every phone."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import NamedTuple

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

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


class PhoneEvent(NamedTuple):
    name: str
    """IPA with stress marks, as espeak-ng names it; empty for a pause."""
    sample: int
    """Where it starts."""


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
    """Samples (S,) in [-1, 1], their rate in hertz and the phones in order; the same seed gives the same samples.

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
                events.append(PhoneEvent(event[i].id.string.decode("utf-8", "ignore"), event[i].sample))
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
