"""landmark_cascade as networks: landmark generator (l-GAN), blink generator, texture generator (t-GAN).

Letters in shapes: B batch, T frames, P phone classes, C channels of an image, H W.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor, nn

from blender_addon.core.channels import N_LANDMARKS
from blender_addon.core.model import N_BLINK_NOISE
from trainer.clips import PHONES

BLINK_CHANNELS = ("eyeBlinkLeft", "eyeBlinkRight")
BLINK_FPS = 25
N_BLINK_HIDDEN = 48
OPEN_CLOSURE, SHUT_CLOSURE = 0.12, 0.65
"""Closures of the generator at which an eye is open and shut: without them lids quiver between blinks, and more than
half of the blinks stop halfway, which is true to life but looks tired on a rig."""

SPEECH_FPS = 50
"""Rows a second of the speech model's phones, and so of the landmarks."""
REACH_ROWS = 6
WINDOW_ROWS = 2 * REACH_ROWS + 1
"""240 ms: six frames of 25 a second, as in the paper's figure 6."""
PHONE_FLOOR = 1e-3
"""Added to probabilities before their logarithm, which is what the layer before softmax holds."""
N_COMPONENTS = 33
SLOPE = 0.2
"""Of LeakyReLU below 0."""


class BlinkGenerator(nn.Module):
    """Noise (B, T, N_BLINK_NOISE) -> closure of the left and right eye (B, T, 2), beyond [0, 1] while it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(N_BLINK_NOISE, N_BLINK_HIDDEN, batch_first=True)
        self.coefficients = nn.Linear(N_BLINK_HIDDEN, len(BLINK_CHANNELS))
        self.lids = nn.Linear(len(BLINK_CHANNELS), len(BLINK_CHANNELS))

    def start_from_components(self, closures: Tensor) -> None:
        """Make the last layer the principal components of closures (N, 2)."""
        components: Tensor = torch.linalg.svd(closures, full_matrices=False).Vh
        with torch.no_grad():
            self.lids.weight.copy_(components.T)
            self.lids.bias.zero_()

    def forward(self, noise: Tensor) -> Tensor:
        """Closures; weights in [0, 1] once learned, which Blinks makes sure of."""
        hidden, _ = self.gru(noise)
        closures: Tensor = self.lids(self.coefficients(hidden))
        return closures


class Blinks(nn.Module):
    """What is exported: noise (1, T, N_BLINK_NOISE) from N(0, 1) -> values (1, T, 2) in [0, 1]."""

    def __init__(self, generator: BlinkGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, noise: Tensor) -> Tensor:
        """Weights of BLINK_CHANNELS at BLINK_FPS: closures without their unrest, from OPEN_CLOSURE to SHUT_CLOSURE."""
        closures: Tensor = self.generator(noise)
        padded = torch.cat([closures[:, :1], closures, closures[:, -1:]], dim=1)
        calm = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
        return ((calm - OPEN_CLOSURE) / (SHUT_CLOSURE - OPEN_CLOSURE)).clamp(0, 1)


class LandmarkGenerator(nn.Module):
    """Phone probabilities (B, T, P) at 50 rows a second -> displacements (B, T, 68, 2) in eye distances.

    What a row shows depends on WINDOW_ROWS rows of sound round it.
    """

    neutral: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("neutral", torch.zeros(N_LANDMARKS, 2))
        channels = (len(PHONES), 32, 32, 64, 64)
        convolutions = [
            layer
            for before, after in pairwise(channels)
            for layer in (nn.Conv1d(before, after, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE))
        ]
        self.encoder = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(64, 128), nn.LeakyReLU(SLOPE))
        self.code = nn.Linear(128, N_COMPONENTS)
        self.decoder = nn.Linear(N_COMPONENTS, 2 * N_LANDMARKS)

    def windows(self, phones: Tensor) -> Tensor:
        """Windows (B, T, WINDOW_ROWS, P) of features round each row; the first and last rows are repeated."""
        features = 1 + torch.log(phones + PHONE_FLOOR) / -math.log(PHONE_FLOOR)
        before, after = (features[:, row].repeat(1, REACH_ROWS, 1) for row in (slice(0, 1), slice(-1, None)))
        padded = torch.cat([before, features, after], dim=1)
        n_rows = phones.shape[1]
        return torch.stack([padded[:, i : i + n_rows] for i in range(WINDOW_ROWS)], dim=2)

    def displacements(self, windows: Tensor) -> Tensor:
        """Displacements (B, T, 68, 2) of windows (B, T, WINDOW_ROWS, P)."""
        code = self.code(self.encoder(windows.flatten(0, 1).transpose(1, 2)))
        moved: Tensor = self.decoder(code).reshape(windows.shape[0], -1, N_LANDMARKS, 2)
        return moved

    def forward(self, phones: Tensor) -> Tensor:
        """Canonical landmarks (B, T, 68, 2): nose tip at 0, outer corners of the eyes 1 apart, y down."""
        return self.neutral + self.displacements(self.windows(phones))


class LandmarkDiscriminator(nn.Module):
    """Displacements (N, 68, 2) of a frame -> logit (N, 1) that they are measured."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(2 * N_LANDMARKS, N_COMPONENTS)
        self.judge = nn.Linear(N_COMPONENTS, 1)

    def forward(self, displacements: Tensor) -> Tensor:
        """Logits."""
        code = F.leaky_relu(self.encoder(displacements.flatten(1)), SLOPE)
        logits: Tensor = self.judge(code)
        return logits


def start_from_components(generator: LandmarkGenerator, discriminator: LandmarkDiscriminator, moved: Tensor) -> None:
    """Begin the generator's last and the discriminator's first layer with principal components.

    They are those of measured displacements (N, 68, 2), each scaled so that its coefficient has deviation 1.
    """
    rows = moved.flatten(1)
    _, sizes, components = torch.linalg.svd(rows - rows.mean(dim=0), full_matrices=False)
    deviation = (sizes[:N_COMPONENTS] / math.sqrt(len(rows))).clamp(min=1e-6)
    basis = components[:N_COMPONENTS]
    with torch.no_grad():
        generator.decoder.weight.copy_((basis * deviation[:, None]).T)
        generator.decoder.bias.copy_(rows.mean(dim=0))
        discriminator.encoder.weight.copy_(basis / deviation[:, None])
        discriminator.encoder.bias.copy_(-discriminator.encoder.weight @ rows.mean(dim=0))
