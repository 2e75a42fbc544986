"""WAV files of every usual encoding, and the sentences for those that can't be used."""

import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.wav import check_waveform, read_wav, resample_waveform

SINE = (0.5 * np.sin(np.arange(4800) * 2 * np.pi * 440 / 48_000)).astype(np.float32)


def encode(waveform: np.ndarray, bits: int) -> bytes:
    """PCM bytes of samples in [-1, 1]."""
    if bits == 8:
        return (np.round(waveform * 127) + 128).astype(np.uint8).tobytes()
    whole = np.round(waveform.astype(np.float64) * (2 ** (bits - 1) - 1)).astype("<i4")
    return b"".join(struct.pack("<i", sample)[: bits // 8] for sample in whole)


def write_pcm(path: Path, waveform: np.ndarray, bits: int, rate_hz: int = 48_000, n_channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((n_channels, bits // 8, rate_hz, 0, "NONE", ""))
        file.writeframes(encode(waveform, bits))
    return path


def riff(tag: int, bits: int, data: bytes, extra: bytes = b"", n_channels: int = 1) -> bytes:
    """A WAV file with a format chunk that the standard library can't write, and a LIST chunk in the way."""
    width = bits // 8 * n_channels
    fmt = struct.pack("<HHIIHH", tag, n_channels, 48_000, 48_000 * width, width, bits) + extra
    chunks = [(b"LIST", b"odd"), (b"fmt ", fmt), (b"data", data)]
    body = b"".join(name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


@pytest.mark.parametrize(("bits", "tolerance"), [(8, 0.01), (16, 1e-4), (24, 1e-6), (32, 1e-6)])
def test_every_pcm_width_gives_the_same_sound(tmp_path: Path, bits: int, tolerance: float) -> None:
    waveform, rate_hz = read_wav(write_pcm(tmp_path / "a.wav", SINE, bits))
    assert rate_hz == 48_000
    assert waveform.dtype == np.float32
    assert np.abs(waveform - SINE).max() < tolerance


@pytest.mark.parametrize(
    ("tag", "dtype", "extra"),
    [(3, "<f4", b""), (3, "<f8", b""), (0xFFFE, "<f4", struct.pack("<HHIH", 22, 32, 4, 3) + b"\0" * 14)],
)
def test_float_and_extensible_files_are_read(tmp_path: Path, tag: int, dtype: str, extra: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(riff(tag, np.dtype(dtype).itemsize * 8, SINE.astype(dtype).tobytes(), extra))
    assert np.allclose(read_wav(path)[0], SINE)


def test_stereo_becomes_the_mean_of_both(tmp_path: Path) -> None:
    both = np.stack([SINE, np.zeros_like(SINE)], 1).ravel()
    waveform, _ = read_wav(write_pcm(tmp_path / "a.wav", both, 16, n_channels=2))
    assert np.abs(waveform - SINE / 2).max() < 1e-4


def test_a_recording_that_broke_off_keeps_what_is_there(tmp_path: Path) -> None:
    path = write_pcm(tmp_path / "a.wav", SINE, 16)
    path.write_bytes(path.read_bytes()[:-1001])
    waveform, _ = read_wav(path)
    assert len(waveform) == 4800 - 501


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Can't read the audio file"),
        (b"", "is not a WAV file"),
        (b"ID3 this is something else entirely", "is not a WAV file"),
        (b"RIFF\x04\0\0\0WAVE", "is damaged"),
        (riff(1, 16, b""), "is damaged"),
        (riff(1, 16, b"\0\0", n_channels=0), "is damaged"),
        (riff(0x55, 16, b"\0\0\0\0"), "can't be read; export it as 16-bit PCM"),
        (riff(1, 4, b"\0\0\0\0"), "can't be read; export it as 16-bit PCM"),
    ],
)
def test_an_unusable_file_gets_one_sentence(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_wav(path)


@pytest.mark.parametrize(
    ("waveform", "sentence"),
    [
        (np.zeros(0, np.float32), "is empty"),
        (np.zeros(16_000, np.float32), "is silent"),
        (np.array([0.1, np.nan], np.float32), "not numbers"),
        (np.broadcast_to(np.float32(0.1), 16_000 * 4 * 3600 + 1), "longer than 4 hours"),
    ],
)
def test_a_waveform_without_speech_is_refused(waveform: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_waveform(waveform, 16_000)


def test_a_quiet_recording_is_accepted() -> None:
    check_waveform(SINE * np.float32(0.001), 48_000)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 24_000), (44_100, 24_000), (16_000, 24_000), (22_050, 16_000)])
def test_resampling_keeps_a_tone_and_its_time(from_hz: int, to_hz: int) -> None:
    tone = np.sin(np.arange(from_hz) * 2 * np.pi * 1000 / from_hz).astype(np.float32)
    expected = np.sin(np.arange(to_hz) * 2 * np.pi * 1000 / to_hz)
    resampled = resample_waveform(tone, from_hz, to_hz)
    assert len(resampled) == to_hz
    assert np.abs(resampled - expected)[200:-200].max() < 1e-3


def test_resampling_removes_what_the_lower_rate_can_not_hold() -> None:
    hiss = np.sin(np.arange(48_000) * 2 * np.pi * 15_000 / 48_000).astype(np.float32)
    assert np.abs(resample_waveform(hiss, 48_000, 24_000))[200:-200].max() < 1e-3


def test_resampling_to_the_same_rate_changes_nothing() -> None:
    assert resample_waveform(SINE, 48_000, 48_000) is SINE
