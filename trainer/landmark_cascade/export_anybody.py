"""The painter of anybody: t-GAN as it was meta-learned, which asks for pictures of a person each time it paints.

No person is learned, so the file ships with the add-on; what finetune learns of one person in minutes paints better.
Lips that are closed in every picture open onto a plain mouth, dark with upper teeth.

python -m trainer.landmark_cascade.export_anybody --output blender_addon/models/anybody.onnx
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import tyro
from torch import Tensor, nn

from blender_addon.core.frames import SIDE_PX
from blender_addon.core.landmarks import OUTER_EYE_CORNERS
from trainer import run
from trainer.export import export_model, round_weights
from trainer.landmark_cascade.canvas import N_BLENDED, canvas, middles
from trainer.landmark_cascade.finetune import START
from trainer.landmark_cascade.learning import N_REFERENCES, Networks
from trainer.landmark_cascade.texture import TextureGenerator, without_spectral_norm

CORPORA = {
    "GRID, speaker s1": "CC BY 4.0: Cooke, Barker, Cunningham, Shao 2006, J. Acoust. Soc. Am. 120(5)",
    "renders of ICT-FaceKit": "MIT, (c) 2020 USC Institute for Creative Technologies",
    "renders of the default head": "GPL-3.0-or-later, Voxkey",
}
"""What the weights were meta-learned from, and its licence."""
UPPER_INNER_LIP, LOWER_INNER_LIP = (60, 61, 62, 63, 64), (60, 67, 66, 65, 64)
SEALED = 0.045
"""Opening of lips that may be closed, in outer-eye distances: what the landmark detector sees between closed ones."""
ENOUGH_OPEN = 1 / 8
"""A picture whose mouth is open beyond that by this part of what is wanted shows the inside of the mouth."""
INSIDE = (-0.6, -0.84, -0.82)
"""Colour of a mouth in the shade, in [-1, 1]."""
TEETH_SHARE, TEETH_MOST = 0.4, 0.03
"""How far upper teeth reach down, in parts of the opening, and in outer-eye distances at most."""
EDGE = 1 / SIDE_PX
"""Softness of edges, in parts of the picture."""


@dataclass(frozen=True)
class Config:
    output: Path
    """Model file to write, of kind landmarks_to_image, which takes pictures."""
    start: Path = START
    """Meta-learned weights, which train_texture writes."""


class AnybodyPainter(nn.Module):
    """Landmarks (T, 68, 2) -> image (T, 3, 256, 256) of the person of images (K, 3, 256, 256), K at least 1.

    Pictures are in [-1, 1], image_landmarks (K, 68, 2) and landmarks in picture coordinates. What counts pictures is
    made of tensors, so that the exported graph takes any number of them.
    """

    def __init__(self, generator: TextureGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, landmarks: Tensor, images: Tensor, image_landmarks: Tensor) -> Tensor:
        """Pictures in [-1, 1]."""
        n_images: Tensor = torch.ops.aten._shape_as_tensor(images)[0]
        few = evenly_spread(n_images)
        texture = self.generator.texture(images[few], image_landmarks[few])
        enough = up_to(n_images.clamp(min=N_BLENDED + 1)) % n_images  # which canvas compares
        behind = canvas(images[enough], image_landmarks[enough], landmarks)
        behind = with_open_mouth(behind, landmarks, images, image_landmarks)
        painted: Tensor = self.generator(landmarks, texture, behind)
        return painted


def with_open_mouth(behind: Tensor, landmarks: Tensor, images: Tensor, image_landmarks: Tensor) -> Tensor:
    """Pictures (T, 3, 256, 256) with a plain mouth between the inner lips, as far as no image shows one that is open.

    What closed lips hide, no canvas can move there, and who learned from many pictures of a person paints none either.
    """
    size = (landmarks[:, OUTER_EYE_CORNERS[0]] - landmarks[:, OUTER_EYE_CORNERS[1]]).norm(dim=1)
    opening, seen = _opening(landmarks), (_opening(image_landmarks) - SEALED * size.mean()).clamp(min=0).amax()
    missing = (1 - seen / (ENOUGH_OPEN * opening).clamp(min=1e-3)).clamp(0, 1)[:, None, None]

    upper, lower = (_line(landmarks[:, list(lip)])[:, None] for lip in (UPPER_INNER_LIP, LOWER_INNER_LIP))
    rows = middles(SIDE_PX, behind.device)[:, None]
    height = (lower - upper).clamp(min=0)
    between = (
        torch.sigmoid((rows - upper) / EDGE) * torch.sigmoid((lower - rows) / EDGE) * (height / (4 * EDGE)).clamp(max=1)
    )
    reach = torch.minimum(TEETH_SHARE * height, TEETH_MOST * size[:, None, None])
    teeth = (torch.sigmoid((upper + reach - rows) / EDGE) * (reach / (3 * EDGE)).clamp(max=1))[:, None]

    middle = images[:, :, SIDE_PX // 3 : SIDE_PX * 2 // 3, SIDE_PX // 3 : SIDE_PX * 2 // 3]  # nearly all skin
    white = 0.5 * middle.mean(dim=(0, 2, 3))[:, None, None] + 0.2  # in the light that is on the skin
    inside = torch.tensor(INSIDE)[:, None, None]
    cover = (missing * between)[:, None]
    opened: Tensor = behind + cover * (inside + teeth * (white - inside) - behind)
    return opened


def _opening(landmarks: Tensor) -> Tensor:
    """Mean distance (N,) of the inner lips."""
    upper, lower = (landmarks[:, list(lip[1:-1])] for lip in (UPPER_INNER_LIP, LOWER_INNER_LIP))
    opening: Tensor = (upper - lower).norm(dim=2).mean(dim=1)
    return opening


def _line(points: Tensor) -> Tensor:
    """Height (T, 256) of a line through points (T, P, 2) from left to right, at each column; level beyond its ends."""
    columns = middles(SIDE_PX, points.device)
    starts, steps = points[:, :-1, :, None], (points[:, 1:] - points[:, :-1])[..., None]
    done = ((columns - starts[:, :, 0]) / steps[:, :, 0].clamp(min=1e-3)).clamp(0, 1)
    line: Tensor = points[:, 0, 1:] + (done * steps[:, :, 1]).sum(1)
    return line


def up_to(n: Tensor) -> Tensor:
    """The numbers from 0 to n - 1, with n known only when the graph runs."""
    return torch.arange(n)  # type: ignore[call-overload, no-any-return]  # a number by its declaration


def evenly_spread(n_images: Tensor) -> Tensor:
    """Numbers of at most N_REFERENCES pictures, from the first to the last, as learning.evenly_spread's."""
    n_taken = n_images.clamp(max=N_REFERENCES)
    return (up_to(n_taken) * (n_images - 1) / (n_taken - 1).clamp(min=1)).round().long()


def contract(config: Config) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    return {
        "kind": "landmarks_to_image",
        "takes_images": True,
        "trained_on": [{"corpus": name, "licence": licence} for name, licence in CORPORA.items()],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": {},
    }


def main(config: Config) -> None:
    """Write the model file, whole or not at all."""
    networks = Networks.load(config.start)
    if not networks.generator.paints_over:
        raise ValueError(f"{config.start} does not paint over pictures; train without --no-paints-over")
    generator = networks.generator
    without_spectral_norm(generator)
    round_weights(generator)
    config.output.parent.mkdir(parents=True, exist_ok=True)
    export_model(AnybodyPainter(generator), config.output, contract(config))


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
