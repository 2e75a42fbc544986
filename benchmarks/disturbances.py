"""What happens to speech between a mouth and a model: noise, telephones, levels, rooms.

A disturbance turns a waveform (S,) at a rate in Hz into the disturbed waveform (S,), in time with it. Its randomness
follows from the waveform alone, so that every model hears the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.fft
import scipy.signal
import soundfile
from numpy.typing import NDArray

from trainer.prepare.sources import SOUND_SUFFIXES

FloatArray = NDArray[np.float32]
Disturbance = Callable[[FloatArray, int], FloatArray]

SNR_DB = 10.0
TELEPHONE_RATE_HZ = 8000
TELEPHONE_BAND_HZ = (300.0, 3400.0)
MU = 255
"""Of the mu-law of ITU-T G.711."""
REVERBERATION_SECONDS = 0.4
"""Time in which the room's sound falls by 60 dB: a furnished living room."""
DIRECT_TO_REVERBERANT_DB = 6.0
N_BABBLING = 8
"""As many voices at once as blur into babble, where single words are no longer heard."""


def disturbances(babblers: list[Path]) -> dict[str, Disturbance]:
    """Every disturbance by name; babblers are recordings that babble is mixed from, all at the same rate."""
    voices = [soundfile.read(path, dtype="float32")[0] for path in babblers]
    return {
        f"babble, {SNR_DB:g} dB SNR": lambda waveform, rate_hz: babble(waveform, voices),
        f"pink noise, {SNR_DB:g} dB SNR": lambda waveform, rate_hz: pink_noise(waveform),
        "telephone": telephone,
        "level -20 dB": lambda waveform, rate_hz: waveform / 10,
        "level +20 dB": lambda waveform, rate_hz: waveform * 10,
        "level +20 dB, clipped": lambda waveform, rate_hz: (waveform * 10).clip(-1, 1),
        "room": room,
    }


def find_babblers(folders: list[Path]) -> list[Path]:
    """N_BABBLING recordings, taken in turn from folders that are searched with their subfolders.

    Raises ValueError when there are too few.
    """
    found = [[path for path in sorted(folder.rglob("*")) if path.suffix in SOUND_SUFFIXES] for folder in folders]
    chosen = [path for same_place in zip(*found, strict=False) for path in same_place][:N_BABBLING]
    if len(chosen) < N_BABBLING:
        raise ValueError(f"fewer than {N_BABBLING} recordings in {', '.join(map(str, folders))}; complete the data")
    return chosen


def pink_noise(waveform: FloatArray) -> FloatArray:
    """Waveform with noise whose power falls by 3 dB an octave."""
    n_fft = scipy.fft.next_fast_len(len(waveform), real=True)
    spectrum = random_of(waveform).standard_normal((2, n_fft // 2 + 1))
    fall = np.sqrt(np.maximum(np.arange(n_fft // 2 + 1), 1))
    return with_noise(waveform, scipy.fft.irfft((spectrum[0] + 1j * spectrum[1]) / fall, n_fft)[: len(waveform)])


def babble(waveform: FloatArray, voices: list[FloatArray]) -> FloatArray:
    """Waveform among voices that all speak at once, equally loud, each from a random place of its recording on."""
    random = random_of(waveform)
    looped = [np.resize(np.roll(voice, -int(random.integers(len(voice)))), len(waveform)) for voice in voices]
    return with_noise(waveform, np.sum([voice / np.sqrt(np.mean(voice**2)) for voice in looped], axis=0))


def with_noise(waveform: FloatArray, noise: NDArray[np.float64]) -> FloatArray:
    """Waveform plus noise (S,) of SNR_DB less mean power."""
    power = float(np.mean(waveform**2)) / 10 ** (SNR_DB / 10)
    return np.asarray(waveform + noise * np.sqrt(power / np.mean(noise**2)), np.float32)


def telephone(waveform: FloatArray, rate_hz: int) -> FloatArray:
    """Waveform through the telephone band, at 8 kHz in 8-bit mu-law."""
    band = scipy.signal.butter(4, TELEPHONE_BAND_HZ, "bandpass", fs=rate_hz, output="sos")
    filtered = scipy.signal.sosfiltfilt(band, waveform)
    narrow = scipy.signal.resample_poly(filtered, TELEPHONE_RATE_HZ, rate_hz).clip(-1, 1)
    compressed = np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU)
    coded = np.round(compressed * 127) / 127
    expanded = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(MU)) / MU
    wide = scipy.signal.resample_poly(expanded, rate_hz, TELEPHONE_RATE_HZ)
    return np.asarray(np.resize(wide, len(waveform)), np.float32)


def room(waveform: FloatArray, rate_hz: int) -> FloatArray:
    """Waveform and its reverberation: noise that dies away, behind the direct sound."""
    n_tail = int(REVERBERATION_SECONDS * rate_hz)
    tail = random_of(waveform).standard_normal(n_tail) * 10 ** (-3 * np.arange(n_tail) / n_tail)
    tail[: rate_hz // 500] = 0  # the first walls answer after 2 ms
    tail *= 10 ** (-DIRECT_TO_REVERBERANT_DB / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1
    return np.asarray(scipy.signal.fftconvolve(waveform, tail)[: len(waveform)], np.float32)


def random_of(waveform: FloatArray) -> np.random.Generator:
    """A random generator that is always the same for the same waveform."""
    return np.random.default_rng(zlib.crc32(waveform.tobytes()))
