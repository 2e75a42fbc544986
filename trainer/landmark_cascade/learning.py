"""How t-GAN learns a person: the losses of eq. (8) to (11), one update, and the adaptation to a few pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor, nn

from trainer.gan import discriminator_loss, generator_loss
from trainer.landmark_cascade.faces import Pictures
from trainer.landmark_cascade.texture import TextureDiscriminator, TextureGenerator

PIXEL_WEIGHT, ADVERSARIAL_WEIGHT, FEATURE_WEIGHT = 0.5, 1.0, 0.3
"""Eq. (11), as published."""
PIXEL_UNIT = 0.05
"""Differences of pixels, of [-1, 1], count in these, which makes the published weights comparable."""
N_REFERENCES = 5
"""Pictures that the texture code comes from (section 4.3)."""
BETAS = (0.5, 0.999)
"""Of Adam, in place of its usual ones: adversaries change while one learns."""


@dataclass(frozen=True)
class Networks:
    """t-GAN."""

    generator: TextureGenerator
    discriminator: TextureDiscriminator
    precision: str = "float32"
    """Of activations: float32 or bfloat16."""

    @staticmethod
    def fresh(precision: str = "float32") -> Networks:
        """With random weights."""
        return Networks(TextureGenerator(), TextureDiscriminator(), precision)

    def texture(self, pictures: Tensor, landmarks: Tensor) -> Tensor:
        """The generator's texture code (2, C) of pictures (N, 3, H, W) with landmarks (N, 68, 2)."""
        with self._autocast(pictures):
            return self.generator.texture(pictures, landmarks).float()

    def paint(self, landmarks: Tensor, texture: Tensor) -> Tensor:
        """The generator's pictures (N, 3, H, W)."""
        with self._autocast(landmarks):
            pictures: Tensor = self.generator(landmarks, texture)
        return pictures.float()

    def judge(self, person: Tensor, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The discriminator's logits (N, 1) of pictures beside one of the person (1, 3, H, W), and its activations."""
        with self._autocast(pictures):
            logits, activations = self.discriminator(person, pictures)
        return logits.float(), [part.float() for part in activations]

    def _autocast(self, like: Tensor) -> torch.autocast:
        return torch.autocast(like.device.type, torch.bfloat16, enabled=self.precision == "bfloat16")

    def copy_from(self, other: Networks) -> None:
        """Take over another one's weights."""
        self.generator.load_state_dict(other.generator.state_dict())
        self.discriminator.load_state_dict(other.discriminator.state_dict())

    def to(self, device: torch.device) -> Networks:
        """The same networks, moved to a device."""
        return Networks(self.generator.to(device), self.discriminator.to(device), self.precision)


def generator_losses(networks: Networks, texture: Tensor, person: Tensor, real: Pictures) -> dict[str, Tensor]:
    """The losses of painting pictures of a person (1, 3, H, W) from their landmarks, and their weighted sum.

    VGG19 and VGGFace are not to be had, so eq. (10) compares what the discriminator sees: its activations.
    """
    painted = networks.paint(real.landmarks, texture)
    logits, seen = networks.judge(person, painted)
    with torch.no_grad():
        _, wanted = networks.judge(person, real.images)
    losses = {
        "pixel": ((painted - real.images) / PIXEL_UNIT).square().mean(),
        "adversarial": generator_loss(logits),
        "feature": torch.stack([F.mse_loss(a, b) for a, b in zip(seen, wanted, strict=True)]).sum(),
    }
    weights = {"pixel": PIXEL_WEIGHT, "adversarial": ADVERSARIAL_WEIGHT, "feature": FEATURE_WEIGHT}
    return {"loss": torch.stack([weights[name] * part for name, part in losses.items()]).sum()} | losses


def judgement_loss(networks: Networks, texture: Tensor, person: Tensor, real: Pictures) -> Tensor:
    """Eq. (9) for the discriminator."""
    with torch.no_grad():
        painted = networks.paint(real.landmarks, texture)
    true, false = (networks.judge(person, images)[0] for images in (real.images, painted))
    return discriminator_loss(true, false)


class Adaptation:
    """A person being learned: networks that change, and a texture code that is learned like a weight from here on."""

    def __init__(self, networks: Networks, texture: Tensor, person: Tensor, learning_rate: float) -> None:
        self.networks = networks
        self.texture = nn.Parameter(texture.detach().clone())
        self.person = person
        painting = [*networks.generator.parameters(), self.texture]
        self.painter = torch.optim.Adam(painting, lr=learning_rate, betas=BETAS)
        self.judge = torch.optim.Adam(networks.discriminator.parameters(), lr=learning_rate, betas=BETAS)

    def step(self, real: Pictures) -> dict[str, float]:
        """One update of the discriminator and one of the generator; the losses before them."""
        judgement = judgement_loss(self.networks, self.texture, self.person, real)
        update(self.judge, judgement)
        losses = generator_losses(self.networks, self.texture, self.person, real)
        update(self.painter, losses["loss"])
        return {name: float(loss.detach()) for name, loss in ({"discriminator": judgement} | losses).items()}


def update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One update that lowers a loss."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    optimizer.step()


def references(pictures: Pictures) -> Pictures:
    """N_REFERENCES pictures, evenly spread."""
    chosen = torch.linspace(0, len(pictures.images) - 1, min(N_REFERENCES, len(pictures.images))).round().long()
    return pictures[chosen]


def adapt(
    networks: Networks,
    pictures: Pictures,
    epochs: int,
    batch_pictures: int,
    learning_rate: float,
    draws: torch.Generator,
    on_step: Callable[[float, dict[str, float]], None] = lambda done, losses: None,
) -> Tensor:
    """Fine-tune networks on the pictures of a person, and return the texture code (2, C) that they learned.

    Calls on_step with the done part in [0, 1] and the losses of each update.
    """
    few = references(pictures)
    with torch.no_grad():
        texture = networks.texture(few.images, few.landmarks)
    adaptation = Adaptation(networks, texture, few.images[:1], learning_rate)
    batches = [
        batch
        for _ in range(epochs)
        for batch in torch.split(torch.randperm(len(pictures.images), generator=draws), batch_pictures)
    ]
    for number, batch in enumerate(batches):
        losses = adaptation.step(pictures[batch])
        on_step((number + 1) / len(batches), losses)
    return adaptation.texture.detach()
