"""Waveforms with numpy alone: WAV files read, mixed to mono and written, samples checked and resampled."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

import numpy as np

from .curves import Float32Array

MAX_DURATION_SECONDS = 4 * 3600
"""Longer recordings are asked for in parts, so that memory stays in bounds."""
SILENCE_PEAK = 1e-4
"""-80 dB under full scale: below it there is no speech in any recording."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE  # WAVE format tags of the RIFF specification


def read_wav(path: Path) -> tuple[Float32Array, int]:
    """Waveform (S,) in [-1, 1], all channels averaged, and its rate in Hz, of a PCM (8 to 32 bit) or float WAV file.

    Raises ValueError with one sentence when the file is missing, no WAV, damaged, or in another encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"Can't read the audio file {path} ({error.strerror}); choose another file") from error
    if len(data) < 12 or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError(f"{path.name} is not a WAV file; choose a WAV, or convert it to one")
    chunks = _riff_chunks(data)
    if len(chunks.get(b"fmt ", b"")) < 16 or not chunks.get(b"data"):
        raise ValueError(f"{path.name} is damaged: it has no format or no samples; export it again")
    tag, n_channels, sample_rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    if tag == _EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        tag = struct.unpack_from("<H", chunks[b"fmt "], 24)[0]
    if not n_channels or not sample_rate_hz:
        raise ValueError(
            f"{path.name} is damaged: it states {n_channels} channels at {sample_rate_hz} Hz; export it again"
        )
    samples = _decode_samples(chunks[b"data"], tag, bits, path.name)
    whole = len(samples) // n_channels * n_channels
    return samples[:whole].reshape(-1, n_channels).mean(1, dtype=np.float32), sample_rate_hz


def write_wav(path: Path, waveform: Float32Array, sample_rate_hz: int) -> None:
    """A 16-bit mono file of a waveform (S,); what is beyond [-1, 1] is clipped."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate_hz)
        file.writeframes((np.clip(waveform, -1, 1) * 32767).astype("<i2").tobytes())


def _riff_chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a RIFF file by name; one cut short (a recording that broke off) keeps what is there."""
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(data):
        name, size = data[position : position + 4], struct.unpack_from("<I", data, position + 4)[0]
        chunks.setdefault(name, data[position + 8 : position + 8 + size])
        position += 8 + size + size % 2
    return chunks


def _decode_samples(data: bytes, tag: int, bits: int, name: str) -> Float32Array:
    """Interleaved samples in [-1, 1]."""
    width = bits // 8
    data = data[: len(data) // width * width] if width else b""
    if tag == _FLOAT and bits in (32, 64):
        return np.frombuffer(data, f"<f{width}").astype(np.float32)
    if tag == _PCM and bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    if tag == _PCM and bits == 24:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return padded.view("<i4")[:, 0].astype(np.float32) / 2**31
    if tag == _PCM and bits in (16, 32):
        return np.frombuffer(data, f"<i{width}").astype(np.float32) / np.float32(2 ** (bits - 1))
    raise ValueError(f"{name} holds {bits}-bit audio of WAV format {tag}, which can't be read; export it as 16-bit PCM")


def check_waveform(waveform: Float32Array, sample_rate_hz: float) -> None:
    """Raise ValueError, with one sentence for the user, when (S,) samples can't be animated."""
    if not len(waveform) or sample_rate_hz <= 0:
        raise ValueError("The audio is empty; choose a recording with sound in it")
    if not np.isfinite(waveform).all():
        raise ValueError("The audio contains samples that are not numbers; export it again")
    if len(waveform) / sample_rate_hz > MAX_DURATION_SECONDS:
        raise ValueError(
            f"The audio is longer than {MAX_DURATION_SECONDS // 3600} hours; cut it and generate the parts"
        )
    if np.abs(waveform).max() < SILENCE_PEAK:
        raise ValueError("The audio is silent; check the volume of the strip and the recording")


def resample_waveform(waveform: Float32Array, from_hz: int, to_hz: int) -> Float32Array:
    """Waveform (S,) at from_hz as (ceil(S * to_hz / from_hz),) at to_hz, band-limited, sample 0 staying at time 0.

    A Kaiser-windowed sinc evaluated per output phase, after https://ccrma.stanford.edu/~jos/resample/.
    """
    if from_hz == to_hz:
        return waveform
    divisor = math.gcd(from_hz, to_hz)
    up, down = to_hz // divisor, from_hz // divisor
    taps = _phase_filters(up, down)
    half = taps.shape[1] // 2
    padded = np.pad(waveform, (half - 1, half + 1))
    n_out = -(-len(waveform) * up // down)
    out = np.empty(n_out, np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, taps.shape[1])
    for start in range(0, n_out, _RESAMPLE_BLOCK):
        position = np.arange(start, min(start + _RESAMPLE_BLOCK, n_out)) * down
        out[start : start + len(position)] = np.einsum("st,st->s", windows[position // up], taps[position % up])
    return out


_RESAMPLE_BLOCK = 1 << 16
_ZERO_CROSSINGS = 16
_KAISER_BETA = 9.0  # side lobes about 90 dB down


def _phase_filters(up: int, down: int) -> Float32Array:
    """(up, N) filter taps: row p for an output that falls p / up input samples after the centre tap."""
    cutoff = min(1.0, up / down)
    half = math.ceil(_ZERO_CROSSINGS / cutoff)
    distance = np.arange(-half + 1, half + 1)[None, :] - np.arange(up)[:, None] / up
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, 1))) / np.i0(_KAISER_BETA)
    taps = cutoff * np.sinc(cutoff * distance) * window
    return np.asarray(taps / taps.sum(1, keepdims=True), np.float32)
