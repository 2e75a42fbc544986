"""The painter of anybody: t-GAN as it was meta-learned, which asks for pictures of a person each time it paints.

No person is learned, so the file ships with the add-on; what finetune learns of one person in minutes paints better.

python -m trainer.landmark_cascade.export_anybody --output blender_addon/models/anybody.onnx
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import tyro
from torch import Tensor, nn

from trainer import run
from trainer.export import export_model, round_weights
from trainer.landmark_cascade.canvas import N_BLENDED, canvas
from trainer.landmark_cascade.finetune import START, load_start
from trainer.landmark_cascade.learning import N_REFERENCES
from trainer.landmark_cascade.texture import TextureGenerator, without_spectral_norm

CORPORA = {
    "GRID, speaker s1": "CC BY 4.0: Cooke, Barker, Cunningham, Shao 2006, J. Acoust. Soc. Am. 120(5)",
    "renders of ICT-FaceKit": "MIT, (c) 2020 USC Institute for Creative Technologies",
    "renders of the default head": "GPL-3.0-or-later, Voxkey",
}
"""What the lead's weights were meta-learned from, and its licence."""


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
        painted: Tensor = self.generator(landmarks, texture, behind)
        return painted


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
    networks = load_start(config.start)
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
