"""Audio features as torch modules: they become part of the exported model, so there is one definition of each.

Letters in shapes: B batch, S samples, T frames, F features.
"""

from __future__ import annotations

import math

import librosa
import numpy as np
import scipy.fft
import scipy.signal
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor, nn


class MelPower(nn.Module):
    """Mel power spectrogram, waveform (B, S) in [-1, 1] -> power (B, S // hop_samples, n_mels).

    Row i sees window_samples around the middle of hop i, which is (i + 1/2) * hop_samples; beyond its ends the waveform
    is silent. Hann window and filterbank are those of librosa.feature.melspectrogram (Slaney's mel scale and area
    normalisation). window_samples must be a square number, for PowerSpectrum, and no shorter than a hop.
    """

    mel: Tensor

    def __init__(
        self,
        sample_rate_hz: int,
        hop_samples: int,
        window_samples: int,
        n_mels: int,
        lowest_hz: float,
        highest_hz: float,
    ) -> None:
        super().__init__()
        self.hop_samples, self.window_samples = hop_samples, window_samples
        self.power_spectrum = PowerSpectrum(window_samples)
        mel = librosa.filters.mel(
            sr=sample_rate_hz, n_fft=window_samples, n_mels=n_mels, fmin=lowest_hz, fmax=highest_hz
        )
        self.register_buffer("mel", torch.from_numpy(mel.T.copy()), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Waveform (B, S) -> mel power (B, T, n_mels); the rest of a hop at the end is left out."""
        n_frames = waveform.shape[1] // self.hop_samples
        hops_per_window = -(-self.window_samples // self.hop_samples)
        before = (self.window_samples - self.hop_samples) // 2
        after = (hops_per_window - 1) * self.hop_samples - before
        padded = F.pad(waveform[:, : n_frames * self.hop_samples], (before, after))
        hops = padded.reshape(waveform.shape[0], n_frames + hops_per_window - 1, self.hop_samples)
        windows = torch.cat([hops[:, k : k + n_frames] for k in range(hops_per_window)], dim=2)
        power: Tensor = self.power_spectrum(windows[:, :, : self.window_samples]) @ self.mel
        return power


class PowerSpectrum(nn.Module):
    """Squared size of the discrete Fourier transform of frames (B, T, N) under a Hann window -> (B, T, N // 2 + 1).

    Written with matrix products, which every exporter and runtime knows, in the two steps of Cooley and Tukey (1965)
    for N = R * R: R sums over samples R apart, a turn of each, and R sums over those. One step would do, but its matrix
    of N * N numbers would be most of a model file.
    """

    window: Tensor
    cosine: Tensor
    sine: Tensor
    turn_cosine: Tensor
    turn_sine: Tensor

    def __init__(self, n_window: int) -> None:
        super().__init__()
        self.root = math.isqrt(n_window)
        if self.root**2 != n_window:
            raise ValueError(f"a window of {n_window} samples is not the square of a whole number")
        products = np.outer(np.arange(self.root), np.arange(self.root))
        constants = {
            "window": scipy.signal.get_window("hann", n_window),
            "cosine": np.cos(2 * np.pi * products / self.root),
            "sine": np.sin(2 * np.pi * products / self.root),
            "turn_cosine": np.cos(2 * np.pi * products / n_window),
            "turn_sine": np.sin(2 * np.pi * products / n_window),
        }
        for name, values in constants.items():
            self.register_buffer(name, torch.from_numpy(values.astype(np.float32)), persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames (B, T, N) -> power (B, T, N // 2 + 1)."""
        n_batch, n_frames, n_window = frames.shape
        grid = (frames * self.window).reshape(n_batch, n_frames, self.root, self.root).transpose(2, 3)
        real, imaginary = grid @ self.cosine, -(grid @ self.sine)
        real, imaginary = (
            (real * self.turn_cosine + imaginary * self.turn_sine).transpose(2, 3),
            (imaginary * self.turn_cosine - real * self.turn_sine).transpose(2, 3),
        )
        real, imaginary = (
            real @ self.cosine + imaginary @ self.sine,
            imaginary @ self.cosine - real @ self.sine,
        )
        power = (real.square() + imaginary.square()).transpose(2, 3)  # bin k + R * j at [j, k]
        return power.reshape(n_batch, n_frames, n_window)[:, :, : n_window // 2 + 1]


class Mfcc(nn.Module):
    """Mel-frequency cepstra, mel power (..., n_mels) -> (..., n_cepstra), as librosa.feature.mfcc computes them.

    10 * log10 of the power, not below floor_power, then the orthonormal DCT-II. librosa's top_db, a limit relative to
    the loudest moment of the whole file, is left out: a frame must not depend on sound that is minutes away.
    """

    basis: Tensor

    def __init__(self, n_mels: int, n_cepstra: int, floor_power: float) -> None:
        super().__init__()
        self.floor_power = floor_power
        basis = scipy.fft.dct(np.eye(n_mels), type=2, norm="ortho", axis=1)[:, :n_cepstra]
        self.register_buffer("basis", torch.from_numpy(basis.astype(np.float32)), persistent=False)

    def forward(self, mel_power: Tensor) -> Tensor:
        """Mel power (..., n_mels) -> cepstra (..., n_cepstra) in dB."""
        return 10 * torch.log10(mel_power.clamp(min=self.floor_power)) @ self.basis


def with_differences(cepstra: Tensor) -> Tensor:
    """Cepstra (B, T + 2, F) -> (B, T, 3 * F): the inner T frames, then their first and second differences in time.

    Over three frames, as librosa.feature.delta with width 3.
    """
    before, here, after = cepstra[:, :-2], cepstra[:, 1:-1], cepstra[:, 2:]
    return torch.cat([here, (after - before) / 2, after - 2 * here + before], dim=2)


def divide_by_local_level(mel_power: Tensor, reach_frames: int, quietest_power: float) -> Tensor:
    """Mel power (B, T, n_mels) relative to its mean over the bands and over reach_frames on either side.

    A change of the input level leaves the result as it is, as long as that mean stays above quietest_power, below which
    a recording counts as silence. At the ends of the file the mean is taken over the frames that exist.
    """
    level = F.avg_pool1d(
        mel_power.mean(dim=2).unsqueeze(1),
        kernel_size=2 * reach_frames + 1,
        stride=1,
        padding=reach_frames,
        count_include_pad=False,
    )
    return mel_power / level.transpose(1, 2).clamp(min=quietest_power)


def local_mean(rows: Tensor, reach_frames: int) -> Tensor:
    """Mean of rows (B, T, F) over reach_frames on either side, at the ends of the file over the frames that exist.

    Differences of a running sum: for many columns that is 700 times as fast as pooling in onnxruntime. The sum is
    float32, so rows must be alike in size, as logarithms are.
    """
    return _local_sum(rows, reach_frames) / _local_sum(torch.ones_like(rows[:, :, :1]), reach_frames)


def _local_sum(rows: Tensor, reach_frames: int) -> Tensor:
    width = 2 * reach_frames + 1
    summed = F.pad(rows.cumsum(dim=1).transpose(1, 2), (0, reach_frames), mode="replicate")
    padded = F.pad(summed, (reach_frames + 1, 0))
    return (padded[:, :, width:] - padded[:, :, :-width]).transpose(1, 2)
