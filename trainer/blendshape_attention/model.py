"""P3 as a network: MFCC window -> two bidirectional LSTM layers, attention, two dense layers -> 51 blendshapes."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor, nn

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer.audio import MelPower, Mfcc, divide_by_local_level, with_differences
from trainer.clips import CLIP_SAMPLE_RATE_HZ

FPS = 30
HOP_SAMPLES = CLIP_SAMPLE_RATE_HZ // FPS
N_OVERLAP = 2
"""Section 3.3: audio frames of two hops, 66.7 ms, overlap twofold."""
N_WINDOW_FRAMES = 64
"""Section 3.3: 64 audio frames, 2.133 s, for each output frame."""
BEFORE_FRAMES = N_WINDOW_FRAMES // 2
AFTER_FRAMES = N_WINDOW_FRAMES - BEFORE_FRAMES - 1
"""Audio frame j is centred half a hop after output frame j, so 32 before and 31 after are 1.067 s on both sides."""
N_CEPSTRA = 13
N_FEATURES = 3 * N_CEPSTRA
"""Section 3.3: 39 MFCC, read as 13 with their first and second differences (train.py says why)."""
N_MELS = 40
LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
"""The corpora hold nothing above 8 kHz, and below 60 Hz there is only handling noise."""
LEVEL_REACH_FRAMES = 64
QUIETEST_POWER = 4e-5
"""About -60 dB of full scale: white noise of that level has this mean mel power."""
FLOOR_POWER = 1e-6
"""60 dB below the local level."""
RECEPTIVE_FIELD_SECONDS = (2 * (BEFORE_FRAMES + 1 + LEVEL_REACH_FRAMES) + 1) / FPS
"""The span of sound around an output frame that can change it: window, differences, level and half an audio frame."""
CENTRE_WIDTH_FRAMES = 3.0
"""Where the attention looks before training: this standard deviation around the middle of the window."""


class AudioFeatures(nn.Module):
    """MFCC, waveform (B, S) -> (B, T + 63, 39) in dB: 32 frames of silence, T = S // HOP_SAMPLES, 31 of silence.

    Output frame i of the network sees rows i to i + 63.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mel_power = MelPower(
            CLIP_SAMPLE_RATE_HZ, HOP_SAMPLES, N_OVERLAP * HOP_SAMPLES, N_MELS, LOWEST_HZ, HIGHEST_HZ
        )
        self.mfcc = Mfcc(N_MELS, N_CEPSTRA, FLOOR_POWER)

    def forward(self, waveform: Tensor) -> Tensor:
        """Waveform (B, S) -> features (B, T + 63, 39)."""
        relative = divide_by_local_level(self.mel_power(waveform), LEVEL_REACH_FRAMES, QUIETEST_POWER)
        padded = F.pad(relative, (0, 0, BEFORE_FRAMES + 1, AFTER_FRAMES + 1))
        return with_differences(self.mfcc(padded))


class BidirectionalLayer(nn.Module):
    """Bidirectional LSTM whose directions are combined as in eq. (3): (L, N, n_inputs) -> (L, N, n_nodes)."""

    def __init__(self, n_inputs: int, n_nodes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(n_inputs, n_nodes, bidirectional=True)
        self.combine = nn.Linear(2 * n_nodes, n_nodes)

    def forward(self, inputs: Tensor) -> Tensor:
        """L steps of N sequences."""
        outputs: Tensor = self.combine(self.lstm(inputs)[0])
        return outputs


class BlendshapeNetwork(nn.Module):
    """Features (N, R + 63, 39) -> blendshapes (N, R, 51), not yet in [0, 1], for N runs of R adjacent frames.

    Without attention it is what the paper compares itself with (section 5.1, "LSTM"): the same layers, run over whole
    sequences, of which each frame takes its own step.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, n_nodes: int, attention: bool = True) -> None:
        super().__init__()
        self.attention = attention
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("deviation", torch.ones(N_FEATURES))
        self.layers = nn.Sequential(BidirectionalLayer(N_FEATURES, n_nodes), BidirectionalLayer(n_nodes, n_nodes))
        if attention:
            self.score = nn.Linear(n_nodes, 1, bias=False)
            distance = torch.arange(N_WINDOW_FRAMES) - (N_WINDOW_FRAMES - 1) / 2
            self.position_score = nn.Parameter(-(distance**2) / (2 * CENTRE_WIDTH_FRAMES**2))
        self.dense = nn.Sequential(nn.Linear(n_nodes, n_nodes), nn.Linear(n_nodes, len(BLENDSHAPE_CHANNELS)))
        for parameter in self.parameters():
            if parameter.ndim == 2:
                nn.init.xavier_normal_(parameter)

    def standardise(self, features: Tensor) -> None:
        """Scale features from now on so that these (N, 39) have mean 0 and deviation 1."""
        deviation, mean = torch.std_mean(features, dim=0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def keep_at_rest(self, channels: Tensor) -> None:
        """Keep channels (51,) bool at 0: what no corpus labels would move with its first, random weights."""
        output = self.dense[-1]
        with torch.no_grad():
            for parameter in output.parameters():
                parameter[channels] = 0

    def forward(self, features: Tensor, whole_sequence: bool = False) -> Tensor:
        """One window for each output frame, as published, or the whole sequence at once."""
        scaled = (features - self.mean) / self.deviation
        if not self.attention:
            outputs: Tensor = self.dense(self.layers(scaled.transpose(0, 1))[BEFORE_FRAMES:-AFTER_FRAMES])
            return outputs.transpose(0, 1)
        return self._whole_sequence(scaled) if whole_sequence else self._windows(scaled)

    def _windows(self, features: Tensor) -> Tensor:
        n_runs, n_rows, _ = features.shape
        n_frames = n_rows - (N_WINDOW_FRAMES - 1)
        rows = torch.arange(N_WINDOW_FRAMES).unsqueeze(1) + torch.arange(n_frames).unsqueeze(0)  # (64, R)
        windows = features.transpose(0, 1)[rows.to(features.device)]  # (64, R, N, 39)
        hidden = self.layers(windows.reshape(N_WINDOW_FRAMES, n_frames * n_runs, N_FEATURES))
        scores = self.score(torch.tanh(hidden)).squeeze(2) + self.position_score.unsqueeze(1)
        attended = (torch.softmax(scores, dim=0).unsqueeze(2) * hidden).sum(dim=0)  # eq. (4) and (5)
        outputs: Tensor = self.dense(attended)
        return outputs.reshape(n_frames, n_runs, -1).transpose(0, 1)

    def _whole_sequence(self, features: Tensor) -> Tensor:
        """The same weights run once over each sequence instead of each window; only the attention is windowed.

        The LSTM then remembers more than 64 frames; otherwise this is the same, at about a sixtieth of the cost.
        """
        hidden = self.layers(features.transpose(0, 1)).transpose(0, 1)  # (N, R + 63, n_nodes)
        scores = self.score(torch.tanh(hidden)).squeeze(2).unfold(1, N_WINDOW_FRAMES, 1) + self.position_score
        outputs: Tensor = self.dense(_band_matrix(torch.softmax(scores, dim=2)) @ hidden)
        return outputs


class AudioToBlendshapes(nn.Module):
    """What is exported: waveform (1, S) in [-1, 1] -> values (1, S // HOP_SAMPLES, 51) in [0, 1]."""

    def __init__(self, n_nodes: int, attention: bool = True) -> None:
        super().__init__()
        self.features = AudioFeatures()
        self.network = BlendshapeNetwork(n_nodes, attention)

    def forward(self, waveform: Tensor) -> Tensor:
        """Row i of the result belongs to second i / FPS."""
        values: Tensor = self.network(self.features(waveform))
        return values.clamp(0, 1)


def _band_matrix(weights: Tensor) -> Tensor:
    """Weights (N, R, W) -> matrix (N, R, R + W - 1) whose row i holds weights i from column i on, else zeros."""
    n_runs, n_frames, n_weights = weights.shape
    padded = F.pad(weights, (0, n_frames)).reshape(n_runs, -1)
    return padded[:, :-n_frames].reshape(n_runs, n_frames, n_frames + n_weights - 1)
