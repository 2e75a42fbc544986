"""How t-GAN learns a person: the losses of eq. (8) to (11), one update, and the adaptation to a few pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from blender_addon.core.frames import SIDE_PX
from blender_addon.core.landmarks import LEFT_EYE, LIPS, RIGHT_EYE
from trainer.gan import discriminator_loss, generator_loss
from trainer.landmark_cascade.canvas import canvas, middles
from trainer.landmark_cascade.faces import Pictures
from trainer.landmark_cascade.texture import TextureDiscriminator, TextureGenerator

PIXEL_WEIGHT, ADVERSARIAL_WEIGHT, FEATURE_WEIGHT = 0.5, 1.0, 0.3
"""Eq. (11), as published."""
PIXEL_UNIT = 0.015
"""Differences of pixels, of [-1, 1], count in these, which makes the published weights comparable: a canvas is wrong by
about twice as much."""
EMPHASIS = 5.0
"""How much more a wrong pixel counts amid eyes and lips: hair that lies otherwise must not drown what speaks."""
N_REFERENCES = 5
"""Pictures that the texture code comes from (section 4.3)."""
Optimizers = tuple[torch.optim.Optimizer, torch.optim.Optimizer]
"""Of the generator and of the discriminator."""
PAINTS_OVER = "paints_over"
"""In the metadata of a file of weights: yes or no."""
BETAS = (0.5, 0.999)
"""Of Adam, in place of its usual ones: adversaries change while one learns."""


@dataclass(frozen=True)
class Person:
    """What is known of who is painted."""

    texture: Tensor
    """Texture code (2, C)."""
    shown: Pictures
    """Pictures to paint over; the discriminator sees the first."""


@dataclass(frozen=True)
class Networks:
    """t-GAN."""

    generator: TextureGenerator
    discriminator: TextureDiscriminator
    precision: str = "float32"
    """Of activations: float32 or bfloat16."""

    @staticmethod
    def fresh(precision: str = "float32", paints_over: bool = True) -> Networks:
        """With random weights."""
        return Networks(TextureGenerator(paints_over), TextureDiscriminator(), precision)

    @staticmethod
    def load(path: Path, precision: str = "float32") -> Networks:
        """What save wrote; ValueError when it is missing or of another form."""
        if not path.exists():
            raise ValueError(
                f"there is no {path} to start from; run python -m trainer.landmark_cascade.train_texture first, or "
                "name the weights of such a run with --start"
            )
        try:
            with safe_open(path, "pt") as file:
                networks = Networks.fresh(precision, file.metadata()[PAINTS_OVER] == "yes")
                state = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118  (no dict)
            networks._modules().load_state_dict(state)
        except (KeyError, RuntimeError, TypeError, SafetensorError) as error:
            raise ValueError(f"{path} holds no weights of t-GAN as it is now; train them again") from error
        return networks

    def save(self, path: Path) -> None:
        """Write the weights as safetensors in half precision, whole or not at all."""
        partial = path.with_suffix(".partial")
        state = {name: tensor.half().contiguous() for name, tensor in self._modules().state_dict().items()}
        save_file(state, partial, {PAINTS_OVER: "yes" if self.generator.paints_over else "no"})
        partial.replace(path)

    def _modules(self) -> nn.ModuleDict:
        return nn.ModuleDict({"generator": self.generator, "discriminator": self.discriminator})

    def meet(self, shown: Pictures) -> Person:
        """The person of some pictures, with the generator's texture code of N_REFERENCES of them."""
        few = shown[evenly_spread(len(shown.images), N_REFERENCES)]
        with self._autocast(few.images):
            return Person(self.generator.texture(few.images, few.landmarks).float(), shown)

    def paint(self, landmarks: Tensor, person: Person) -> Tensor:
        """The generator's pictures (N, 3, H, W)."""
        behind = canvas(person.shown.images, person.shown.landmarks, landmarks)
        with self._autocast(landmarks):
            pictures: Tensor = self.generator(landmarks, person.texture, behind)
        return pictures

    def judge(self, person: Person, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The discriminator's logits (N, 1) of pictures beside one of the person, and its activations."""
        with self._autocast(pictures):
            logits, activations = self.discriminator(person.shown.images[:1], pictures)
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


def generator_losses(networks: Networks, person: Person, painted: Tensor, real: Pictures) -> dict[str, Tensor]:
    """The losses of what was painted of a person in place of real pictures, and their weighted sum.

    VGG19 and VGGFace are not to be had, so eq. (10) compares what the discriminator sees: its activations.
    """
    logits, seen = networks.judge(person, painted)
    with torch.no_grad():
        _, wanted = networks.judge(person, real.images)
    losses = {
        "pixel": (emphasis(real.landmarks) * ((painted - real.images) / PIXEL_UNIT).square()).mean(),
        "adversarial": generator_loss(logits),
        "feature": torch.stack([F.mse_loss(a, b) for a, b in zip(seen, wanted, strict=True)]).sum(),
    }
    weights = {"pixel": PIXEL_WEIGHT, "adversarial": ADVERSARIAL_WEIGHT, "feature": FEATURE_WEIGHT}
    return {"loss": torch.stack([weights[name] * part for name, part in losses.items()]).sum()} | losses


def emphasis(landmarks: Tensor) -> Tensor:
    """How much pixels count (B, 1, 256, 256): 1, and up to 1 + EMPHASIS in discs about eyes and lips (B, 68, 2)."""
    pixels = middles(SIDE_PX, landmarks.device)
    weights = torch.ones(len(landmarks), SIDE_PX, SIDE_PX, device=landmarks.device)
    for part in (RIGHT_EYE, LEFT_EYE, LIPS):
        points = landmarks[:, part]
        middle, half_width = points.mean(1), (points[..., 0].amax(1) - points[..., 0].amin(1)) / 2
        columns, rows = (((pixels - middle[:, axis, None]) / half_width[:, None]).square() for axis in (0, 1))
        weights = weights + EMPHASIS * torch.exp(-(rows[:, :, None] + columns[:, None]).square())
    return weights.unsqueeze(1)


def judgement_loss(networks: Networks, person: Person, painted: Tensor, real: Pictures) -> Tensor:
    """Eq. (9) for the discriminator."""
    true, false = (networks.judge(person, images)[0] for images in (real.images, painted.detach()))
    return discriminator_loss(true, false)


def learn_both(networks: Networks, optimizers: Optimizers, person: Person, real: Pictures) -> dict[str, float]:
    """One update of the generator and one of the discriminator by the same paintings; the losses before."""
    painted = networks.paint(real.landmarks, person)
    judgement = judgement_loss(networks, person, painted, real)
    update(optimizers[1], judgement)
    losses = generator_losses(networks, person, painted, real)
    update(optimizers[0], losses["loss"])
    return {name: float(loss.detach()) for name, loss in ({"discriminator": judgement} | losses).items()}


class Adaptation:
    """A person being learned: networks that change, and a texture code that is learned like a weight from here on."""

    def __init__(self, networks: Networks, person: Person, learning_rate: float) -> None:
        self.networks = networks
        self.texture = nn.Parameter(person.texture.detach().clone())
        self.person = replace(person, texture=self.texture)
        painting = [*networks.generator.parameters(), self.texture]
        self.optimizers = (
            torch.optim.Adam(painting, lr=learning_rate, betas=BETAS),
            torch.optim.Adam(networks.discriminator.parameters(), lr=learning_rate, betas=BETAS),
        )

    def step(self, real: Pictures, shown: Pictures) -> dict[str, float]:
        """Learn to paint some of the person's pictures over what is shown; the losses before.

        What is painted must not be among what is shown, or the generator learns to leave its canvas as it is.
        """
        return learn_both(self.networks, self.optimizers, replace(self.person, shown=shown), real)


def update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One update that lowers a loss."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    optimizer.step()


def evenly_spread(n_pictures: int, at_most: int) -> Tensor:
    """Numbers of no more pictures than that, from the first to the last."""
    return torch.linspace(0, n_pictures - 1, min(n_pictures, at_most)).round().long()


def adapt(
    networks: Networks,
    pictures: Pictures,
    epochs: int,
    batch_pictures: int,
    learning_rate: float,
    draws: torch.Generator,
) -> Iterator[tuple[Person, float, dict[str, float]]]:
    """Fine-tune networks on the pictures of a person.

    Yields after every update what is now known of the person, the part of the updates that is done, and the losses.
    """
    with torch.no_grad():
        person = networks.meet(pictures)
    adaptation = Adaptation(networks, person, learning_rate)
    n_pictures = len(pictures.images)
    orders = [torch.randperm(n_pictures, generator=draws) for _ in range(epochs)]
    batches = [(order, start) for order in orders for start in range(0, n_pictures, batch_pictures)]
    for number, (order, start) in enumerate(batches):
        batch = order[start : start + batch_pictures]
        others = torch.cat([order[:start], order[start + batch_pictures :]])
        losses = adaptation.step(pictures[batch], pictures[others if len(others) else batch])
        yield replace(person, texture=adaptation.texture.detach()), (number + 1) / len(batches), losses
