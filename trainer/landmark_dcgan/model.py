"""P1 as networks: 128x23 log mel power -> convolutions and a GRU -> 68 landmarks; landmarks and noise -> a picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor, nn

from blender_addon.core.channels import LANDMARK_CHANNELS, N_LANDMARKS
from trainer.audio import MelPower, divide_by_local_level
from trainer.clips import CLIP_SAMPLE_RATE_HZ
from trainer.landmark_clips import VIDEO_FPS

HOP_SAMPLES = CLIP_SAMPLE_RATE_HZ // VIDEO_FPS
N_MELS = 128
N_WINDOW_ROWS = 23
"""Section 3.1: 128 by 23 numbers for each frame."""
ROW_SAMPLES = 240
"""10 ms from one row to the next; train_landmarks.py says why."""
ROWS_PER_FRAME = HOP_SAMPLES // ROW_SAMPLES
FFT_SAMPLES = 1024
BEFORE_ROWS = N_WINDOW_ROWS // 2
AFTER_ROWS = N_WINDOW_ROWS - BEFORE_ROWS - ROWS_PER_FRAME
"""Rows beyond the last frame's own that its window needs."""
N_MEMORY_FRAMES = 15
"""Frames before the one at hand that the GRU has seen: 0.6 s."""
LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
"""The corpora hold nothing above 8 kHz, and below 60 Hz there is only handling noise."""
LEVEL_REACH_ROWS = 200
QUIETEST_POWER = 1.6e-5
"""About -60 dB of full scale: white noise of that level has this mean mel power."""
FLOOR_POWER = 1e-6
"""60 dB below the local level."""
RECEPTIVE_FIELD_SECONDS = 2 * (
    N_MEMORY_FRAMES / VIDEO_FPS + ((BEFORE_ROWS + LEVEL_REACH_ROWS) * ROW_SAMPLES + FFT_SAMPLES) / CLIP_SAMPLE_RATE_HZ
)
EYE_DISTANCE = 0.36
"""Section 3.1: landmarks are in [0, 1]. Here the nose tip is at (1/2, 1/2) and the outer corners of the eyes are this
far apart, as in GRID's crops of faces, so that an error is one in parts of the picture."""
N_HIDDEN = len(LANDMARK_CHANNELS)
"""Table 1: 136, of the GRU and the layers around it."""

KERNEL = 5
"""Tables 2 and 3: width and height of all filters."""
N_NOISE = 100
"""Table 3: random numbers beside the landmarks."""
LEAK = 0.2
"""Section 3.4: slope of LeakyReLU below 0."""


class AudioFeatures(nn.Module):
    """Log mel power, waveform (B, S) -> (B, 4 * (T + 15) + 19, 128) in powers of ten, T = S // HOP_SAMPLES.

    The window of the frame at second i / VIDEO_FPS is rows 4 * (i + 15) to 4 * (i + 15) + 22; 15 frames of silence come
    first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mel_power = MelPower(CLIP_SAMPLE_RATE_HZ, ROW_SAMPLES, FFT_SAMPLES, N_MELS, LOWEST_HZ, HIGHEST_HZ)

    def forward(self, waveform: Tensor) -> Tensor:
        """Waveform (B, S) -> features; the rest of a row at the end is left out."""
        on_rows = F.pad(waveform, (ROW_SAMPLES // 2, 0))  # row i is then centred on sample i * ROW_SAMPLES
        relative = divide_by_local_level(self.mel_power(on_rows), LEVEL_REACH_ROWS, QUIETEST_POWER)
        padded = F.pad(relative, (0, 0, BEFORE_ROWS + N_MEMORY_FRAMES * ROWS_PER_FRAME, AFTER_ROWS))
        return torch.log10(padded.clamp(min=FLOOR_POWER))


class LandmarkNetwork(nn.Module):
    """Features (N, 4 * (R + 15) + 19, 128) -> landmarks (N, R, 136) in [0, 1], for N runs of R adjacent frames.

    Table 1. The layers over frequency see one row at a time, so they run once over a run, and windows are cut from what
    they give: the same numbers as window by window, at a sixth of the cost.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_MELS))
        self.register_buffer("deviation", torch.ones(N_MELS))
        self.over_frequency = nn.Sequential(
            *(nn.Conv2d(1, 32, (3, 1), (2, 1), (1, 0)), nn.ReLU(), nn.MaxPool2d((2, 1))),  # 128 -> 64 -> 32
            *(nn.Conv2d(32, 32, (3, 1), (2, 1), (1, 0)), nn.ReLU(), nn.MaxPool2d((2, 1))),  # 16 -> 8
            *(nn.Conv2d(32, 64, (2, 1), (2, 1)), nn.ReLU()),  # 4
            *(nn.Conv2d(64, 64, (3, 1), (2, 1), (1, 0)), nn.ReLU()),  # 2
            *(nn.Conv2d(64, 128, (3, 1), (2, 1), (1, 0)), nn.ReLU()),  # 1
        )
        self.over_time = nn.Sequential(
            nn.MaxPool1d(2),  # 23 -> 11
            *(nn.Conv1d(128, 128, 3, 2, 1), nn.ReLU()),  # 6
            *(nn.Conv1d(128, N_HIDDEN, 3, 2, 1), nn.ReLU()),  # 3
            *(nn.Conv1d(N_HIDDEN, N_HIDDEN, 4, 4, 1), nn.ReLU()),  # 1
        )
        self.before = nn.Sequential(nn.Linear(N_HIDDEN, N_HIDDEN), nn.Tanh())
        self.gru = nn.GRU(N_HIDDEN, N_HIDDEN)
        self.after = nn.Sequential(nn.Linear(N_HIDDEN, N_HIDDEN), nn.Tanh())
        self.output = nn.Linear(N_HIDDEN, N_HIDDEN)

    def standardise(self, features: Tensor, face: Tensor) -> None:
        """Scale features so that these (N, 128) have mean 0 and deviation 1; begin with the face (136,) in [0, 1]."""
        deviation, mean = torch.std_mean(features, dim=0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.clamp(min=1e-3))
        with torch.no_grad():
            self.output.bias.copy_(torch.logit(face))

    def forward(self, features: Tensor) -> Tensor:
        """Each frame's landmarks from its window and the N_MEMORY_FRAMES windows before it."""
        scaled = ((features - self.mean) / self.deviation).transpose(1, 2).unsqueeze(1)  # (N, 1, 128, rows)
        columns = self.over_frequency(scaled).squeeze(2)  # (N, 128, rows)
        n_runs, n_windows = columns.shape[0], (columns.shape[2] - N_WINDOW_ROWS) // ROWS_PER_FRAME + 1
        last = ROWS_PER_FRAME * (n_windows - 1) + 1
        windows = torch.stack([columns[:, :, k : k + last : ROWS_PER_FRAME] for k in range(N_WINDOW_ROWS)], dim=3)
        windows = windows.permute(0, 2, 1, 3).reshape(n_runs * n_windows, -1, N_WINDOW_ROWS)
        hidden = self.before(self.over_time(windows).squeeze(2)).reshape(n_runs, n_windows, N_HIDDEN)
        return torch.sigmoid(self.output(self.after(self._remembered(hidden))))

    def _remembered(self, hidden: Tensor) -> Tensor:
        """State (N, R, 136) of the GRU after each N_MEMORY_FRAMES + 1 adjacent rows of hidden (N, R + 15, 136)."""
        n_runs, n_frames = hidden.shape[0], hidden.shape[1] - N_MEMORY_FRAMES
        rows = torch.arange(N_MEMORY_FRAMES + 1).unsqueeze(1) + torch.arange(n_frames).unsqueeze(0)
        steps = hidden.transpose(0, 1)[rows.to(hidden.device)]  # (16, R, N, 136)
        states: Tensor = self.gru(steps.reshape(N_MEMORY_FRAMES + 1, n_frames * n_runs, N_HIDDEN))[0]
        return states[-1].reshape(n_frames, n_runs, N_HIDDEN).transpose(0, 1)


class AudioToLandmarks(nn.Module):
    """What is exported: waveform (1, S) in [-1, 1] -> values (1, S // HOP_SAMPLES, 68, 2), nose-centred."""

    def __init__(self) -> None:
        super().__init__()
        self.features = AudioFeatures()
        self.network = LandmarkNetwork()

    def forward(self, waveform: Tensor) -> Tensor:
        """Row i of the result belongs to second i / VIDEO_FPS."""
        values: Tensor = self.network(self.features(waveform))
        return from_unit(values.reshape(waveform.shape[0], -1, N_LANDMARKS, 2))


def to_unit(faces: Tensor) -> Tensor:
    """Nose-centred landmarks, eyes 1 apart, -> the network's, in [0, 1]."""
    return 0.5 + EYE_DISTANCE * faces


def from_unit(landmarks: Tensor) -> Tensor:
    """The inverse of to_unit."""
    return (landmarks - 0.5) / EYE_DISTANCE


class Generator(nn.Module):
    """Noise (B, 100) in [-1, 1] and landmarks (B, 136) in [0, 1] -> picture (B, 3, 256, 256) in [-1, 1]: table 3."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(N_NOISE + N_HIDDEN, 4 * 4 * 1024)
        self.to_condition = nn.Sequential(
            *_upward(1024, 256),  # 4 -> 8
            *_upward(256, 128),  # 16
            nn.Upsample(scale_factor=2),  # 32
            *_upward(128, 64),  # 64
            nn.Upsample(scale_factor=2),  # 128; what is the same everywhere can as well join after it
        )
        self.join = nn.ConvTranspose2d(64 + N_HIDDEN, 3, KERNEL, 2, 2, output_padding=1)  # 256

    def forward(self, noise: Tensor, landmarks: Tensor) -> Tensor:
        """One picture for each row."""
        seed = self.project(torch.cat([noise, landmarks], dim=1)).reshape(-1, 1024, 4, 4)
        return torch.tanh(joined_upward(self.join, self.to_condition(seed), landmarks))


class Discriminator(nn.Module):
    """Picture (B, 3, 256, 256) and landmarks (B, 136) -> logit (B,) that the picture is real: table 2."""

    def __init__(self) -> None:
        super().__init__()
        self.to_condition = nn.Sequential(*_downward(3, 64), nn.MaxPool2d(2))  # 256 -> 128 -> 64
        self.join, *after_join = _downward(64 + N_HIDDEN, 128)  # 32
        self.to_features = nn.Sequential(
            *(*after_join, nn.MaxPool2d(2)),  # 16
            *_downward(128, 256),  # 8
            *_downward(256, 1024),  # 4
        )
        self.judge = nn.Sequential(nn.Flatten(), nn.Linear(4 * 4 * 1024, N_NOISE), nn.Tanh(), nn.Linear(N_NOISE, 1))

    def forward(self, picture: Tensor, landmarks: Tensor) -> Tensor:
        """One logit for each picture."""
        maps = joined_downward(self.join, self.to_condition(picture), landmarks)
        logits: Tensor = self.judge(self.to_features(maps))
        return logits.squeeze(1)


class LandmarksToImage(nn.Module):
    """What is exported: landmarks (T, 68, 2) in picture coordinates -> image (T, 3, 256, 256) in [-1, 1].

    The noise is 0, its middle, so that nothing flickers from frame to frame.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, landmarks: Tensor) -> Tensor:
        """One picture for each face."""
        rows = landmarks.flatten(1)
        image: Tensor = self.generator(torch.zeros_like(rows[:, :N_NOISE]), rows)
        return image


def joined_downward(layer: nn.Module, maps: Tensor, landmarks: Tensor) -> Tensor:
    """A layer of _downward on maps (B, C, H, W) and landmarks (B, 136) as 136 further maps that are even.

    An even map gives the same numbers everywhere but at the borders. So the landmarks' part is computed on a small map,
    whose middle is repeated: the same result at half the cost of the whole network.
    """
    n_maps, weight = maps.shape[1], layer.get_parameter("weight")
    small = F.conv2d(_even_maps(landmarks), weight[:, n_maps:], stride=2, padding=2)  # (B, C', 4, 4)
    rows = torch.tensor([0, *[1] * (maps.shape[2] // 2 - 2), 3], device=maps.device)
    return F.conv2d(maps, weight[:, :n_maps], stride=2, padding=2) + small[:, :, rows][:, :, :, rows]


def joined_upward(layer: nn.ConvTranspose2d, maps: Tensor, landmarks: Tensor) -> Tensor:
    """The same for a deconvolution that doubles width and height, in whose result every second number is the same."""
    n_maps = maps.shape[1]
    options = {"stride": 2, "padding": 2, "output_padding": 1}
    small = F.conv_transpose2d(_even_maps(landmarks), layer.weight[n_maps:], layer.bias, **options)  # (B, C', 16, 16)
    rows = torch.tensor([0, 1, *[2, 3] * (maps.shape[2] - 2), 14, 15], device=maps.device)
    return F.conv_transpose2d(maps, layer.weight[:n_maps], None, **options) + small[:, :, rows][:, :, :, rows]


def _even_maps(landmarks: Tensor) -> Tensor:
    """Landmarks (B, 136) -> (B, 136, 8, 8), large enough for a kernel that lies inside, and for one at each border."""
    return landmarks[:, :, None, None].expand(-1, -1, 8, 8)


def _upward(n_inputs: int, n_outputs: int) -> tuple[nn.Module, ...]:
    """A deconvolution that doubles width and height."""
    deconvolution = nn.ConvTranspose2d(n_inputs, n_outputs, KERNEL, 2, 2, output_padding=1, bias=False)
    return deconvolution, nn.BatchNorm2d(n_outputs), nn.ReLU()


def _downward(n_inputs: int, n_outputs: int) -> tuple[nn.Module, ...]:
    """A convolution that halves width and height."""
    convolution = nn.Conv2d(n_inputs, n_outputs, KERNEL, 2, 2, bias=False)
    return convolution, nn.BatchNorm2d(n_outputs), nn.LeakyReLU(LEAK)
