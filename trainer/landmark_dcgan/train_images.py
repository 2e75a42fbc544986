"""P1, second half: pictures of one character from its 68 landmarks with a conditional DCGAN.

Li, Tang, Tao and Xu, "Speech-Driven Facial Animation by CNN-RNN-GAN Model" (Rutgers University). A generator makes a
picture of 256 x 256 of noise and landmarks (table 3), and a discriminator tells it from a real one with the same
landmarks (table 2; equations 2 and 3).

How the paper is read where it leaves a choice or contradicts itself:
* Landmarks enter the generator as maps that are the same everywhere, before an unpooling and one last deconvolution
  (section 3.4). All of this is linear, so there landmarks can tint the picture but not move a lip. Table 3 also lists
  the conditioner above the projection: here the projection takes noise and landmarks, and both join again as published.
* "DeConv4, ReLU + BN" is followed by "Output, tanh". A ReLU would keep the output from being negative, so tanh alone
  follows the last deconvolution, as in Radford, Metz, Chintala 2016, "Unsupervised representation learning with deep
  convolutional generative adversarial networks".
* The discriminator ends in "Projection, 100; Output, 100, tanh", but equation 2 takes a probability: a linear layer
  makes one logit of the 100.
* Equation 2 is what the discriminator maximises. Equation 3 is what the generator maximises.
* Unpooling repeats each value.
* The error of table 5 is on pictures in [-1, 1], the range of tanh, as a mean over pixels and colours. In [0, 1], which
  section 3.4 mentions, an error of 0.108 would be that of pictures worse than plain grey (about 0.06 on faces).
* Learning rates are not given: those of Radford et al.

Deviations:
* GRID's speaker, or a rendered character, instead of RAVDESS.
* Optionally (0 as published) the generator is also told how far its pictures are from the real ones (pixel_weight).
* The exported model paints with noise 0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
import tyro
from numpy.typing import NDArray
from skimage.io import imsave
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.frames import SIDE_PX, Frames, load_frames
from trainer import run
from trainer.clips import npz_files
from trainer.evaluate import image_mse
from trainer.export import export_model
from trainer.gan import discriminator_loss, generator_loss
from trainer.landmark_clips import fake_face
from trainer.landmark_dcgan.model import N_NOISE, Discriminator, Generator, LandmarksToImage

CHECKPOINT, MODEL = "images_checkpoint.pt", "images.onnx"
HELD_OUT_PART = 0.1
"""The end of each file of frames, from which nothing is learned."""
PAINTED_AT_ONCE = 16
N_FAKE = 5
N_SHOWN = 8
"""Held-out frames in the picture of samples."""


@dataclass(frozen=True)
class Config:
    """Settings of one run; the defaults are the paper's where it gives them."""

    frames: Path = Path("faces/frames")
    """Folder of frames, searched with its subfolders."""
    character: str = "grid_s1"
    """Whose frames are used."""
    run: Path = Path("runs/landmark_dcgan")
    """Run folder: config, TensorBoard log, checkpoint, samples, exported model. A run found there is resumed."""
    images: int = 775
    """At most so many pictures to learn from, evenly spread (section 5.1)."""
    held_out_images: int = 320
    """At most so many pictures to measure on (section 5.1)."""
    steps: int = 1000
    """Updates of each network (table 5)."""
    batch_size: int = 32
    """Pictures an update (table 5), or all where there are fewer."""
    learning_rate: float = 2e-4
    """Of Adam, for both networks."""
    first_moment: float = 0.5
    """Beta 1 of Adam, for both networks."""
    pixel_weight: float = 0.0
    """Of the mean absolute difference from the real picture in the generator's loss; 0 as published."""
    validate_every: int = 50
    """Updates from one validation and checkpoint to the next."""
    seed: int = 0
    """Of initial weights, noise and batches."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""
    fake: bool = False
    """Train on coloured squares instead of frames, to see that everything runs."""


class Pictures(NamedTuple):
    """Pictures with their landmarks."""

    images: NDArray[np.uint8]
    """(N, 256, 256, 3) sRGB."""
    landmarks: Tensor
    """(N, 136) in picture coordinates."""

    def batch(self, rows: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Pictures (B, 3, 256, 256) in [-1, 1] and landmarks (B, 136) of some rows (B,)."""
        levels = torch.from_numpy(self.images[rows.numpy()]).to(device)
        return levels.permute(0, 3, 1, 2).float() / 127.5 - 1, self.landmarks[rows].to(device)


@dataclass
class Learner:
    """Everything that an update changes."""

    generator: Generator
    discriminator: Discriminator
    generator_optimizer: torch.optim.Optimizer
    discriminator_optimizer: torch.optim.Optimizer
    random: torch.Generator
    done_steps: int = 0

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        parts = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
        state: dict[str, Any] = {name: getattr(self, name).state_dict() for name in parts}
        run.save_checkpoint(path, state | {"random": self.random.get_state(), "done_steps": self.done_steps})

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = run.load_checkpoint(path)
        for name in ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.random.set_state(state["random"])
        self.done_steps = state["done_steps"]


def step(learner: Learner, images: Tensor, landmarks: Tensor, pixel_weight: float) -> dict[str, float]:
    """One update of the discriminator, then one of the generator; the losses before them."""
    noise = (torch.rand(len(images), N_NOISE, generator=learner.random) * 2 - 1).to(images.device)
    painted = learner.generator(noise, landmarks)

    real_logits = learner.discriminator(images, landmarks)
    of_discriminator = discriminator_loss(real_logits, learner.discriminator(painted.detach(), landmarks))
    learner.discriminator_optimizer.zero_grad()
    of_discriminator.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    learner.discriminator_optimizer.step()

    learner.discriminator.requires_grad_(False)
    of_generator = generator_loss(learner.discriminator(painted, landmarks))
    pixels = F.l1_loss(painted, images)
    learner.generator_optimizer.zero_grad()
    (of_generator + pixel_weight * pixels).backward()  # type: ignore[no-untyped-call]
    learner.generator_optimizer.step()
    learner.discriminator.requires_grad_(True)
    losses = {"discriminator": of_discriminator, "generator": of_generator, "pixels": pixels}
    return {name: float(loss.detach()) for name, loss in losses.items()}


@torch.no_grad()
def paint(generator: Generator, landmarks: Tensor, device: torch.device) -> Tensor:
    """Pictures (N, 3, 256, 256) in [-1, 1] of landmarks (N, 136), as the exported model paints them."""
    painter = LandmarksToImage(generator).eval()
    pictures = [painter(part.to(device)).cpu() for part in torch.split(landmarks, PAINTED_AT_ONCE)]
    generator.train()
    return torch.cat(pictures)


def validate(generator: Generator, held_out: Pictures, mean: Tensor, device: torch.device) -> dict[str, float]:
    """P1's error on pictures that were held out: of the generator, and of the mean picture (3, 256, 256)."""
    real, landmarks = held_out.batch(torch.arange(len(held_out.images)), torch.device("cpu"))
    painted = paint(generator, landmarks, device)
    return {"image_mse": image_mse(painted, real), "mean_image_mse": image_mse(mean.expand_as(real), real)}


def load_pictures(config: Config) -> tuple[Pictures, Pictures, list[Frames]]:
    """Pictures to learn from, pictures that are held out, and what they were taken from.

    Raises ValueError when the character has none.
    """
    files = [fake_frames()] if config.fake else _frames_of(config.frames, config.character)
    if not files:
        raise ValueError(f"{config.frames} holds no frames of {config.character}; name another with --character")
    learned = [max(1, round(len(file.images) * (1 - HELD_OUT_PART))) for file in files]
    training = _pictures([(file, i) for file, n in zip(files, learned, strict=True) for i in range(n)], config.images)
    ends = [(file, i) for file, n in zip(files, learned, strict=True) for i in range(n, len(file.images))]
    return training, _pictures(ends, config.held_out_images), files


def _frames_of(folder: Path, character: str) -> list[Frames]:
    files = (load_frames(path) for path in tqdm(npz_files(folder), desc="frames", unit="file"))
    return [file for file in files if file.character == character]


def _pictures(places: list[tuple[Frames, int]], at_most: int) -> Pictures:
    thinned = places[:: -(-len(places) // at_most) or 1]
    landmarks = np.stack([file.landmarks[i].ravel() for file, i in thinned])
    return Pictures(np.stack([file.images[i] for file, i in thinned]), torch.from_numpy(landmarks))


def fake_frames() -> Frames:
    """Pictures of one colour each, lighter the lower the chin is."""
    landmarks = np.repeat(fake_face()[None], N_FAKE, axis=0)
    landmarks[:, :17, 1] += np.linspace(0, 0.1, N_FAKE)[:, None]
    levels = np.linspace(50, 200, N_FAKE).astype(np.uint8)
    images = np.broadcast_to(levels[:, None, None, None], (N_FAKE, SIDE_PX, SIDE_PX, 3))
    return Frames("fake", "fake", "none", images, landmarks.astype(np.float32))


def save_samples(path: Path, painted: Tensor, real: Tensor) -> None:
    """Pictures (N, 3, H, W) in [-1, 1]: the painted ones in a row above the real ones."""
    rows = [torch.cat(list(images), dim=2) for images in (painted, real)]
    levels = ((torch.cat(rows, dim=1) + 1) * 127.5).clamp(0, 255).round().byte()
    imsave(path, levels.permute(1, 2, 0).numpy(), check_contrast=False)


def main(config: Config) -> dict[str, float]:
    """Train, resuming where the run folder holds a checkpoint, export the generator, and return its figures."""
    device = run.choose_device(config.device)
    random = run.seed_everything(config.seed)
    config.run.mkdir(parents=True, exist_ok=True)
    run.write_json(config.run / "images_config.json", asdict(config))
    training, held_out, files = load_pictures(config)
    generator, discriminator = Generator().to(device), Discriminator().to(device)
    learner = Learner(generator, discriminator, adam(generator, config), adam(discriminator, config), random)
    if (config.run / CHECKPOINT).exists():
        learner.resume(config.run / CHECKPOINT)

    figures = train(learner, training, held_out, config, device)

    export_model(LandmarksToImage(generator), config.run / MODEL, contract(config, files, training, figures))
    run.write_json(config.run / "images_metrics.json", figures)
    return figures


def adam(network: nn.Module, config: Config) -> torch.optim.Adam:
    """The optimizer of either network."""
    return torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=(config.first_moment, 0.999))


def train(
    learner: Learner, training: Pictures, held_out: Pictures, config: Config, device: torch.device
) -> dict[str, float]:
    """Update until the steps are done; the figures of the last validation."""
    mean = torch.from_numpy(training.images.mean(axis=0)).permute(2, 0, 1).float() / 127.5 - 1
    writer = SummaryWriter(config.run, purge_step=learner.done_steps)
    n_batch = min(config.batch_size, len(training.images))
    bar = tqdm(total=config.steps, initial=learner.done_steps, desc="training", unit="step")
    while learner.done_steps < config.steps:
        rows = torch.randint(len(training.images), (n_batch,), generator=learner.random)
        losses = step(learner, *training.batch(rows, device), config.pixel_weight)
        learner.done_steps += 1
        bar.update()
        bar.set_postfix(losses)
        if learner.done_steps % config.validate_every == 0 and learner.done_steps < config.steps:
            losses |= report(learner, held_out, mean, config, device)
        for name, figure in losses.items():
            writer.add_scalar(f"images/{name}", figure, learner.done_steps)
    bar.close()
    return report(learner, held_out, mean, config, device)


def report(
    learner: Learner, held_out: Pictures, mean: Tensor, config: Config, device: torch.device
) -> dict[str, float]:
    """Write a checkpoint and samples, and return the figures on held-out pictures."""
    learner.save(config.run / CHECKPOINT)
    shown = torch.linspace(0, len(held_out.images) - 1, N_SHOWN).long()
    real, landmarks = held_out.batch(shown, torch.device("cpu"))
    save_samples(config.run / "samples.png", paint(learner.generator, landmarks, device), real)
    return validate(learner.generator, held_out, mean, device)


def contract(config: Config, files: list[Frames], training: Pictures, figures: dict[str, float]) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    return {
        "kind": "landmarks_to_image",
        "neutral_landmarks": training.landmarks.mean(dim=0).reshape(-1, 2).tolist(),
        "trained_on": [
            {"corpus": config.character, "licence": licence} for licence in sorted({file.licence for file in files})
        ],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": figures,
    }


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
