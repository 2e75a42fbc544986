"""Audio features as torch modules: they become part of the exported model, so there is one definition of each.

Letters in shapes: B batch, S samples, T frames, F features.
"""

from __future__ import annotations

import librosa
import numpy as np
import scipy.fft
import scipy.signal
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from numpy.typing import NDArray
from torch import Tensor, nn


class MelPower(nn.Module):
    """Mel power spectrogram, waveform (B, S) in [-1, 1] -> power (B, S // hop_samples, n_mels).

    Row i sees n_overlap hops around the middle of hop i, which is (i + 1/2) * hop_samples; beyond its ends the waveform
    is silent. Hann window and filterbank are those of librosa.feature.melspectrogram (Slaney's mel scale and area
    normalisation). The discrete Fourier transform is a matrix product, which every exporter and runtime knows.
    """

    fourier: Tensor
    mel: Tensor

    def __init__(
        self, sample_rate_hz: int, hop_samples: int, n_overlap: int, n_mels: int, lowest_hz: float, highest_hz: float
    ) -> None:
        super().__init__()
        self.hop_samples, self.n_overlap = hop_samples, n_overlap
        n_window = n_overlap * hop_samples
        mel = librosa.filters.mel(sr=sample_rate_hz, n_fft=n_window, n_mels=n_mels, fmin=lowest_hz, fmax=highest_hz)
        heard_bins = np.flatnonzero(mel.any(axis=0))
        self.register_buffer("fourier", _fourier_matrix(n_window, heard_bins), persistent=False)
        self.register_buffer("mel", torch.from_numpy(mel[:, heard_bins].T.copy()), persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Waveform (B, S) -> mel power (B, T, n_mels); the rest of a hop at the end is left out."""
        n_frames = waveform.shape[1] // self.hop_samples
        margin = (self.n_overlap - 1) * self.hop_samples // 2
        padded = F.pad(waveform[:, : n_frames * self.hop_samples], (margin, margin))
        hops = padded.reshape(waveform.shape[0], n_frames + self.n_overlap - 1, self.hop_samples)
        frames = torch.cat([hops[:, k : k + n_frames] for k in range(self.n_overlap)], dim=2)
        real, imaginary = (frames @ self.fourier).chunk(2, dim=2)
        return (real.square() + imaginary.square()) @ self.mel


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


def _fourier_matrix(n_window: int, bins: NDArray[np.intp]) -> Tensor:
    """Matrix (n_window, 2 * n_bins) to the real, then the imaginary parts of these bins under a Hann window."""
    window = scipy.signal.get_window("hann", n_window)
    turns = np.outer(np.arange(n_window), bins) / n_window
    matrix = np.concatenate([np.cos(2 * np.pi * turns), -np.sin(2 * np.pi * turns)], axis=1) * window[:, None]
    return torch.from_numpy(matrix.astype(np.float32))
