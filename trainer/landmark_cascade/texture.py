"""Paper P4's t-GAN as networks: landmarks and pictures of a face -> that face with those landmarks (section 4.3).

A few updates can't teach a network the curls of a person's hair, but a picture of them holds every one: so it paints
over a canvas (canvas.py), mostly what canvas has wrong, such as teeth and lids. `paints_over=False` is the paper's.

Pictures are (B, 3, 256, 256) in [-1, 1], landmarks (B, 68, 2) in picture coordinates: (0, 0) top left, (1, 1) bottom
right.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import remove_parametrizations

from blender_addon.core.channels import N_LANDMARKS
from blender_addon.core.frames import SIDE_PX
from trainer.landmark_cascade.canvas import canvas, middles

CONTOURS = (
    (tuple(range(0, 17)), tuple(range(17, 22)), tuple(range(22, 27)), tuple(range(27, 31)), tuple(range(31, 36))),
    ((*range(36, 42), 36), (*range(42, 48), 42)),
    ((*range(48, 60), 48), (*range(60, 68), 60)),
)
"""Lines through landmarks that each channel of a landmark picture shows: outline, brows and nose; eyes; lips."""
STROKE_PX = 1.5
"""Standard deviation of a drawn line across."""
DOTS_PER_LINE = 4
"""Each straight piece of a contour is drawn as so many dots."""
WIDTHS = (12, 24, 48, 96, 128, 128)
"""Channels after each halving of the picture, from 128 pixels down to 4. onnxruntime paints 20 pictures a second with
these on one core; twice as wide, it would be 7."""
JUDGE_WIDTHS = (8, 16, 32, 64, 64, 64)
"""The discriminator's."""
ATTENTION_LEVEL = 2
"""Halvings that leave 32 x 32 pixels, from 0."""
EPSILON = 1e-3
"""Of instance normalisation: a plain picture must not become amplified rounding errors at 4 x 4 pixels."""
SLOPE = 0.2


class LandmarkPicture(nn.Module):
    """Landmarks (B, 68, 2) -> their contours as a picture (B, 3, 256, 256) in [0, 1].

    A dot is the product of a row and a column, so a matrix product draws all of them: no pixel is visited for a line.
    """

    pixels: Tensor

    def __init__(self) -> None:
        super().__init__()
        for channel, contours in enumerate(CONTOURS):
            self.register_buffer(f"dots{channel}", dots_between(contours), persistent=False)
        self.register_buffer("pixels", middles(SIDE_PX, torch.device("cpu")), persistent=False)

    def forward(self, landmarks: Tensor) -> Tensor:
        """The picture."""
        return torch.stack([self._drawn(getattr(self, f"dots{c}") @ landmarks) for c in range(len(CONTOURS))], dim=1)

    def _drawn(self, dots: Tensor) -> Tensor:
        """Dots (B, D, 2) as (B, 256, 256)."""
        spread = torch.exp(-0.5 * ((dots.unsqueeze(3) - self.pixels) * (SIDE_PX / STROKE_PX)).square())
        rows, columns = spread[:, :, 1], spread[:, :, 0]
        return torch.tanh(rows.transpose(1, 2) @ columns)


def dots_between(contours: tuple[tuple[int, ...], ...]) -> Tensor:
    """Matrix (D, 68) that makes dots along contours of landmarks (68, 2)."""
    rows = []
    for contour in contours:
        for first, second in pairwise(contour):
            for share in np.arange(DOTS_PER_LINE) / DOTS_PER_LINE:
                row = np.zeros(N_LANDMARKS, np.float32)
                row[first], row[second] = 1 - share, share
                rows.append(row)
    return torch.from_numpy(np.stack(rows))


def convolution(before: int, after: int, size: int = 3) -> nn.Module:
    """A convolution that keeps the sides of a picture, with spectral normalisation."""
    return spectral_norm(nn.Conv2d(before, after, size, padding=size // 2))


def nothing(before: int, after: int) -> nn.Conv2d:
    """A convolution that keeps the sides of a picture, and makes zeros until it has learned something."""
    layer = nn.Conv2d(before, after, 3, padding=1)
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class Block(nn.Module):
    """Residual block that halves ("down") or doubles ("up") the sides of (B, C, H, W)."""

    def __init__(self, before: int, after: int, way: str, normalise: bool = True) -> None:
        super().__init__()
        self.way = way
        self.norms = nn.ModuleList(
            nn.InstanceNorm2d(n, eps=EPSILON, affine=True) if normalise else nn.Identity() for n in (before, after)
        )
        self.convolutions = nn.ModuleList([convolution(before, after), convolution(after, after)])
        self.skip = convolution(before, after, 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, after, H / 2, W / 2) or (B, after, 2 H, 2 W)."""
        inside = F.leaky_relu(self.norms[0](hidden), SLOPE)
        if self.way == "up":
            inside = F.interpolate(inside, scale_factor=2.0, mode="nearest")
        inside = F.leaky_relu(self.norms[1](self.convolutions[0](inside)), SLOPE)
        inside = self.convolutions[1](inside)
        if self.way == "down":
            halved: Tensor = F.avg_pool2d(inside, 2) + self.skip(F.avg_pool2d(hidden, 2))
            return halved
        doubled: Tensor = inside + F.interpolate(self.skip(hidden), scale_factor=2.0, mode="nearest")
        return doubled


class Attention(nn.Module):
    """Self-attention over the places of (B, C, H, W), added to it (Zhang et al. 2019)."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        n_keys = max(1, n_channels // 8)
        self.query, self.key = convolution(n_channels, n_keys, 1), convolution(n_channels, n_keys, 1)
        self.value = convolution(n_channels, n_channels, 1)
        self.amount = nn.Parameter(torch.zeros(1))

    def forward(self, hidden: Tensor) -> Tensor:
        """Same shape."""
        query, key, value = (part(hidden).flatten(2) for part in (self.query, self.key, self.value))
        weights = torch.softmax(query.transpose(1, 2) @ key, dim=2)
        attended: Tensor = hidden + self.amount * (value @ weights.transpose(1, 2)).reshape(hidden.shape)
        return attended


class Encoder(nn.Module):
    """Pictures (B, C, 256, 256) -> activations (B, widths[-1], 4, 4), by six halvings with attention at 32 x 32."""

    def __init__(self, n_channels: int, widths: tuple[int, ...] = WIDTHS, normalise: bool = True) -> None:
        super().__init__()
        self.entry = convolution(n_channels, widths[0])
        self.blocks = nn.ModuleList(
            Block(before, after, "down", normalise) for before, after in pairwise((widths[0], *widths))
        )
        self.attention = Attention(widths[ATTENTION_LEVEL])

    def forward(self, pictures: Tensor) -> Tensor:
        """The last activations."""
        return self.activations(pictures)[-1]

    def activations(self, pictures: Tensor) -> list[Tensor]:
        """Those after every halving."""
        hidden, all_of_them = self.entry(pictures), []
        for level, block in enumerate(self.blocks):
            hidden = block(hidden)
            if level == ATTENTION_LEVEL:
                hidden = self.attention(hidden)
            all_of_them.append(hidden)
        return all_of_them


class TextureGenerator(nn.Module):
    """Landmarks (B, 68, 2) and what is known of the person's texture -> pictures (B, 3, 256, 256).

    As published, or painting over a canvas: then the network sees the canvas too, every doubling sees what was as large
    on the way down, and the last layer, which begins at nothing, is added to the canvas.
    """

    def __init__(self, paints_over: bool = True) -> None:
        super().__init__()
        self.draw = LandmarkPicture()
        self.texture_encoder = Encoder(6)
        self.paints_over = paints_over
        self.landmark_encoder = Encoder(6 if paints_over else 3)
        self.norm = nn.InstanceNorm2d(WIDTHS[-1], eps=EPSILON)
        ups = (*WIDTHS[::-1], WIDTHS[0])
        self.blocks = nn.ModuleList(Block(before, after, "up") for before, after in pairwise(ups))
        self.attention = Attention(WIDTHS[ATTENTION_LEVEL])
        self.exit_norm = nn.InstanceNorm2d(WIDTHS[0], eps=EPSILON, affine=True)
        self.exit = nothing(WIDTHS[0], 3) if paints_over else convolution(WIDTHS[0], 3)

    def texture(self, pictures: Tensor, landmarks: Tensor) -> Tensor:
        """What N pictures of a person with their landmarks say of the texture: mean and deviation (2, C)."""
        code = self.texture_encoder(torch.cat([pictures, self.draw(landmarks)], dim=1))
        deviation, mean = torch.std_mean(code.transpose(0, 1).flatten(1), dim=1)
        return torch.stack([mean, deviation])

    def forward(self, landmarks: Tensor, texture: Tensor, behind: Tensor) -> Tensor:
        """Pictures in [-1, 1]; adaptive instance normalisation at the bottleneck takes the texture over.

        What is behind (B, 3, 256, 256), in [-1, 1], counts only for a generator that paints over it.
        """
        drawn = self.draw(landmarks)
        seen = torch.cat([drawn, behind], dim=1) if self.paints_over else drawn
        halved = self.landmark_encoder.activations(seen)
        hidden = self.norm(halved.pop())
        hidden = hidden * texture[1, :, None, None] + texture[0, :, None, None]
        for level, block in zip(reversed(range(-1, len(self.blocks) - 1)), self.blocks, strict=True):
            hidden = block(hidden)
            if self.paints_over and halved:
                hidden = hidden + halved.pop()
            if level == ATTENTION_LEVEL:
                hidden = self.attention(hidden)
        colours: Tensor = self.exit(F.leaky_relu(self.exit_norm(hidden), SLOPE)).float()
        return behind + colours if self.paints_over else torch.tanh(colours)


class TextureDiscriminator(nn.Module):
    """A picture of a person and another one (B, 3, 256, 256) -> logit (B, 1) that the other is no painting."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(6, JUDGE_WIDTHS, normalise=False)
        self.judge = spectral_norm(nn.Linear(JUDGE_WIDTHS[-1], 1))

    def forward(self, person: Tensor, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits, and the activations after every halving."""
        activations = self.encoder.activations(torch.cat([person.expand_as(pictures), pictures], dim=1))
        logits: Tensor = self.judge(activations[-1].amax(dim=(2, 3)))
        return logits, activations


class Painter(nn.Module):
    """What is exported: landmarks (T, 68, 2) in picture coordinates -> image (T, 3, 256, 256) of one person.

    It holds the person's texture code (2, C), and pictures (N, 3, 256, 256) in [-1, 1] with landmarks to paint over.
    """

    texture: Tensor
    levels: Tensor
    image_landmarks: Tensor

    def __init__(self, generator: TextureGenerator, texture: Tensor, images: Tensor, image_landmarks: Tensor) -> None:
        super().__init__()
        self.generator = generator
        self.register_buffer("texture", texture.detach())
        self.register_buffer("levels", ((images + 1) * 127.5).round().to(torch.uint8))  # a quarter of the size
        self.register_buffer("image_landmarks", image_landmarks)

    def forward(self, landmarks: Tensor) -> Tensor:
        """Pictures in [-1, 1]."""
        behind = canvas(self.levels, self.image_landmarks, landmarks) / 127.5 - 1
        pictures: Tensor = self.generator(landmarks, self.texture, behind)
        return pictures


def without_spectral_norm(network: nn.Module) -> nn.Module:
    """The network with its normalised weights for good: what is exported needs no power iterations."""
    for module in network.modules():
        if hasattr(module, "parametrizations"):
            remove_parametrizations(module, "weight")
    return network
