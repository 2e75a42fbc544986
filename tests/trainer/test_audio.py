"""Audio features agree with librosa, and the input level leaves them as they are."""

import librosa
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from trainer.audio import MelPower, Mfcc, divide_by_local_level, local_mean, with_differences

RATE_HZ, HOP, N_MELS, N_CEPSTRA = 24_000, 800, 40, 39


def speech_like(n_samples: int) -> NDArray[np.float32]:
    """A buzz of 120 Hz whose loudness and brightness change, over a little noise."""
    time = np.arange(n_samples) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * k * time) / k for k in range(1, 40))
    waveform = 0.2 * buzz * np.sin(2 * np.pi * 3 * time) ** 2 + 1e-3 * np.random.default_rng(0).standard_normal(
        n_samples
    )
    return np.asarray(waveform, np.float32)


def test_mel_power_is_that_of_librosa() -> None:
    waveform = speech_like(RATE_HZ)
    ours = MelPower(RATE_HZ, HOP, 2 * HOP, N_MELS, 60, 8000)(torch.from_numpy(waveform[None]))[0].numpy()
    theirs = librosa.feature.melspectrogram(
        y=np.pad(waveform, HOP // 2),
        sr=RATE_HZ,
        n_fft=2 * HOP,
        hop_length=HOP,
        center=False,
        n_mels=N_MELS,
        fmin=60,
        fmax=8000,
    ).T
    assert ours.shape == theirs.shape == (30, N_MELS)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_mfcc_is_that_of_librosa() -> None:
    waveform = speech_like(RATE_HZ)
    mel_power = MelPower(RATE_HZ, HOP, 2 * HOP, N_MELS, 60, 8000)(torch.from_numpy(waveform[None]))
    ours = Mfcc(N_MELS, N_CEPSTRA, floor_power=1e-10)(mel_power)[0].numpy()
    theirs = librosa.feature.mfcc(
        y=np.pad(waveform, HOP // 2),
        sr=RATE_HZ,
        n_mfcc=N_CEPSTRA,
        n_fft=2 * HOP,
        hop_length=HOP,
        center=False,
        n_mels=N_MELS,
        fmin=60,
        fmax=8000,
    ).T
    np.testing.assert_allclose(ours, theirs, atol=0.02)  # dB; cepstra reach some hundred


@pytest.mark.parametrize("order", [1, 2])
def test_differences_are_those_of_librosa(order: int) -> None:
    cepstra = np.random.default_rng(0).standard_normal((20, 13)).astype(np.float32)
    ours = with_differences(torch.from_numpy(cepstra[None]))[0].numpy()
    theirs = librosa.feature.delta(cepstra.T, width=3, order=order).T[1:-1]
    np.testing.assert_array_equal(ours[:, :13], cepstra[1:-1])
    np.testing.assert_allclose(ours[:, 13 * order : 13 * (order + 1)], theirs, atol=1e-5)


def test_a_frame_sees_one_hop_and_half_of_its_neighbours() -> None:
    waveform = np.zeros(10 * HOP, np.float32)
    waveform[5 * HOP + HOP // 2] = 1
    power = MelPower(RATE_HZ, HOP, 2 * HOP, N_MELS, 60, 8000)(torch.from_numpy(waveform[None]))[0].sum(dim=1)
    assert power.argmax() == 5
    assert power[5] > 1e6 * power[4]


def test_the_rest_of_a_hop_is_left_out() -> None:
    mel_power = MelPower(RATE_HZ, HOP, 2 * HOP, N_MELS, 60, 8000)
    assert mel_power(torch.zeros(1, 3 * HOP + HOP - 1)).shape == (1, 3, N_MELS)


def test_local_level_ignores_the_input_level() -> None:
    mel_power = torch.rand(1, 200, N_MELS) + 0.1
    quiet = divide_by_local_level(mel_power * 1e-4, 64, quietest_power=1e-9)
    torch.testing.assert_close(quiet, divide_by_local_level(mel_power, 64, quietest_power=1e-9))


def test_local_level_leaves_silence_silent() -> None:
    noise = torch.full((1, 200, N_MELS), 1e-8)
    assert divide_by_local_level(noise, 64, quietest_power=1e-5).max() < 2e-3


def test_local_level_does_not_depend_on_distant_sound() -> None:
    mel_power = torch.rand(1, 300, N_MELS) + 0.1
    louder = mel_power.clone()
    louder[:, 200:] *= 100
    before, after = (divide_by_local_level(power, 64, 1e-9)[:, : 200 - 64] for power in (mel_power, louder))
    torch.testing.assert_close(before, after)


@pytest.mark.parametrize("n_rows", [1, 20, 300])
def test_local_mean_is_the_mean_of_the_rows_within_reach(n_rows: int) -> None:
    rows, reach = torch.randn(2, n_rows, 5) - 3, 30
    wanted = [rows[:, max(0, i - reach) : i + reach + 1].mean(dim=1) for i in range(n_rows)]
    torch.testing.assert_close(local_mean(rows, reach), torch.stack(wanted, dim=1), atol=1e-5, rtol=0)
