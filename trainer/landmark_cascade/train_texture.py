"""Paper P4's t-GAN: landmarks and a few pictures of a face -> that face, meta-learned over many people.

Das, Biswas, Sinha, Bhowmick, "Speech-driven Facial Animation using Cascaded GANs for Learning of Motion and Texture",
ECCV 2020, sections 3.4 and 4.3. As there: landmarks drawn as a picture; six residual halvings and doublings with
instance normalisation, self-attention at 32 x 32 and spectral normalisation; adaptive instance normalisation at the
bottleneck by the texture code of pictures with their landmarks; a discriminator of six residual blocks that sees a
picture of the person beside the one it judges; pixel, adversarial and feature losses 0.5, 1 and 0.3; MAML with one task
a person: m updates of fast weights, after each the loss of other pictures, whose sum moves the global weights by Adam
at 1e-4.

What differs:

* Gradients of the sum are taken at the fast weights and applied to the global ones: first-order MAML, as second
  derivatives through m updates of two networks cost several times as much, for little (Finn et al. 2017, section 5.2).
* Fast weights are updated by Adam, not by a plain step of 1e-3: fine-tuning does the same, with the same learning rate,
  so that what is learned is a start for exactly that.
* The texture code comes from N_REFERENCES pictures once for each person, and is then a fast weight itself.
* It paints over pictures of the person that are moved to the landmarks (canvas.py): 100 updates of fine-tuning make no
  curl of hair, which is there already. --no-paints-over is the paper's network.
* No VGG19 and VGGFace: features are the discriminator's activations. Differences of pixels count in PIXEL_UNIT.
* Widths fit two CPU cores (texture.WIDTHS). People: GRID's s1 and rendered characters, not 49 volunteers.

--method transfer trains all people alike instead, the baseline of figure 8, and a start for MAML (--start).

python -m trainer.landmark_cascade.train_texture --frames faces/frames --run runs/texture
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import tyro
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.frames import load_frames
from trainer import run
from trainer.face_frames import files_by_character, files_to_learn_from
from trainer.landmark_cascade.faces import Pictures, as_pictures, fake_frames
from trainer.landmark_cascade.learning import (
    BETAS,
    Adaptation,
    Networks,
    Optimizers,
    adapt,
    evenly_spread,
    generator_losses,
    judgement_loss,
    learn_both,
)

CHECKPOINT, BEGINNING = "checkpoint.pt", "start.safetensors"
FEWEST_SHOWN = 4
"""Pictures that are painted over, at least, and n_pictures at most: the fewer there are, the more is left to paint."""


@dataclass(frozen=True)
class Config:
    """Settings of one run."""

    frames: Path = Path("faces/frames")
    """Folder of frames, searched with its subfolders."""
    run: Path = Path("runs/texture")
    """Run folder: config.json, TensorBoard log, checkpoint, start.safetensors. A run found there is resumed."""
    method: Literal["maml", "transfer"] = "maml"
    """How to learn from many people."""
    start: Path | None = None
    """Weights to begin with, such as the start.safetensors of a run with --method transfer."""
    paints_over: bool = True
    """Paint over pictures of the person; --no-paints-over trains the network of the paper. --start knows it itself."""
    steps: int = 20_000
    """Updates of the global weights."""
    learning_rate: float = 1e-4
    """Of Adam for the global weights (section 4.3)."""
    inner_steps: int = 3
    """m: updates of the fast weights for one person."""
    inner_learning_rate: float = 1e-3
    """Of Adam for the fast weights, and of fine-tuning (section 4.3)."""
    batch_pictures: int = 2
    """d_trn and d_qry: pictures of an update of fast weights, and of the loss after it."""
    validate_every: int = 500
    """Updates from one fine-tuning of every held-out character to the next."""
    validation_characters: int = 2
    """At most so many held-out characters are fine-tuned."""
    save_every: int = 20
    """Updates from one checkpoint to the next."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of activations; bfloat16 takes half the time on GPUs and on CPUs with AVX512-BF16 or AMX."""
    n_pictures: int = 20
    """K of a validation (section 4.3), and the most that a task shows."""
    epochs: int = 10
    """Of a validation."""
    seed: int = 0
    """Of initial weights and tasks."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""
    fake: bool = False
    """Train on flat faces instead of pictures, to see that everything runs."""


@dataclass(frozen=True)
class Task:
    """A person to learn."""

    shown: Pictures
    """What is painted over, and tells the texture code; none of it is among the batches."""
    batches: list[Pictures]
    """d_trn pictures for each inner step with d_qry others after each of them, or one batch to transfer."""

    def to(self, device: torch.device) -> Task:
        """The same on a device."""
        return Task(self.shown.to(device), [batch.to(device) for batch in self.batches])


@dataclass
class Learner:
    """Everything that an update changes."""

    networks: Networks
    fast: Networks
    """Weights of one person, copied from the networks each time."""
    optimizers: Optimizers
    """Of the global weights."""
    done_steps: int = 0

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {
            "generator": self.networks.generator.state_dict(),
            "discriminator": self.networks.discriminator.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "done_steps": self.done_steps,
        }

    def save(self, folder: Path) -> None:
        """Write a checkpoint, and the weights on their own."""
        run.save_checkpoint(folder / CHECKPOINT, self.state())
        self.networks.save(folder / BEGINNING)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = run.load_checkpoint(path)
        self.networks.generator.load_state_dict(state["generator"])
        self.networks.discriminator.load_state_dict(state["discriminator"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.done_steps = state["done_steps"]


def step(learner: Learner, task: Task, config: Config) -> dict[str, float]:
    """One update of the global weights from one person; the losses before it."""
    if config.method == "transfer":
        person = learner.networks.meet(task.shown)
        losses = learn_both(learner.networks, learner.optimizers, person, task.batches[0])
    else:
        losses = maml_step(learner, task, config)
    learner.done_steps += 1
    return losses


def maml_step(learner: Learner, task: Task, config: Config) -> dict[str, float]:
    """Figure 3: fast weights learn the person, the sum of their losses on other pictures moves the global weights."""
    networks, fast = learner.networks, learner.fast
    fast.copy_from(networks)
    person = networks.meet(task.shown)
    adaptation = Adaptation(fast, person, config.inner_learning_rate)
    for optimizer in learner.optimizers:
        optimizer.zero_grad()
    texture_gradient = torch.zeros_like(person.texture)
    losses: dict[str, Tensor] = {}
    for number in range(config.inner_steps):
        adaptation.step(task.batches[2 * number], task.shown)
        query = task.batches[2 * number + 1]
        painted = fast.paint(query.landmarks, adaptation.person)
        judgement = judgement_loss(fast, adaptation.person, painted, query)
        _move_gradients(judgement, fast.discriminator, networks.discriminator)
        losses = {"discriminator": judgement} | generator_losses(fast, adaptation.person, painted, query)
        adaptation.texture.grad = None
        _move_gradients(losses["loss"], fast.generator, networks.generator)
        assert adaptation.texture.grad is not None
        texture_gradient += adaptation.texture.grad
    person.texture.backward(texture_gradient)  # type: ignore[no-untyped-call]  # torch leaves it without types
    for optimizer in learner.optimizers:
        optimizer.step()
    return {name: float(loss.detach()) for name, loss in losses.items()}


def _move_gradients(loss: Tensor, fast: nn.Module, slow: nn.Module) -> None:
    """Add the gradient of a loss at the fast weights to that of the global weights."""
    fast.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    for of_fast, of_slow in zip(fast.parameters(), slow.parameters(), strict=True):
        if of_fast.grad is not None:
            of_slow.grad = of_fast.grad.clone() if of_slow.grad is None else of_slow.grad + of_fast.grad


def tasks(config: Config, done_steps: int) -> Iterator[Task]:
    """For every update from this one on, a person and pictures; which ones, the step's number tells."""
    files = [] if config.fake else files_to_learn_from(config.frames)
    while True:
        chosen = random.Random(f"{config.seed} {done_steps}")
        draws = torch.Generator().manual_seed(chosen.randrange(2**31))
        frames = fake_frames(24, chosen.randrange(1000)) if config.fake else load_frames(chosen.choice(files))
        yield _task(as_pictures(frames), chosen.randint(FEWEST_SHOWN, config.n_pictures), config, draws)
        done_steps += 1


def _task(pictures: Pictures, n_shown: int, config: Config, draws: torch.Generator) -> Task:
    n_batches = 2 * config.inner_steps if config.method == "maml" else 1
    n_learned = n_batches * config.batch_pictures
    order = torch.randperm(len(pictures.images), generator=draws)
    if len(order) <= n_learned:
        raise ValueError(
            f"{len(order)} frames of one scene are too few for batches of {n_learned}; prepare more of each scene, or "
            "lower --batch-pictures"
        )
    batches = torch.split(order[:n_learned], config.batch_pictures)
    return Task(pictures[order[n_learned : n_learned + n_shown]], [pictures[batch] for batch in batches])


def validate(learner: Learner, config: Config, device: torch.device) -> dict[str, float]:
    """Peak signal to noise ratio in dB of held-out characters after fine-tuning, on pictures that it did not see.

    A character gives its even pictures to learn from, and its odd ones to score. Empty when none is held out.
    """
    held_out = {} if config.fake else files_by_character(config.frames, validation=True)
    errors = []
    for name in sorted(held_out)[: config.validation_characters]:
        pictures = as_pictures(load_frames(held_out[name][0])).to(device)
        learner.fast.copy_from(learner.networks)
        draws = torch.Generator().manual_seed(config.seed)
        shown = pictures[evenly_spread((len(pictures.images) + 1) // 2, config.n_pictures) * 2]
        *_, (person, _, _) = adapt(learner.fast, shown, config.epochs, 2, config.inner_learning_rate, draws)
        others = pictures[torch.arange(1, len(pictures.images), 2)]
        with torch.no_grad():
            painted = learner.fast.paint(others.landmarks, person)
        errors.append(((painted - others.images) / 2).square().mean())
    return {"psnr_db": float(-10 * torch.log10(torch.stack(errors)).mean())} if errors else {}


def main(config: Config) -> dict[str, float]:
    """Train, resuming where the run folder holds a checkpoint, and return figures of the held-out characters."""
    device = run.choose_device(config.device)
    run.seed_everything(config.seed)
    run.start_run(config.run, asdict(config))
    start = Networks.load(config.start, config.precision) if config.start else None
    networks = (start or Networks.fresh(config.precision, config.paints_over)).to(device)
    fast = Networks.fresh(config.precision, networks.generator.paints_over).to(device)
    both = networks.generator, networks.discriminator
    painter, judge = (torch.optim.Adam(part.parameters(), lr=config.learning_rate, betas=BETAS) for part in both)
    learner = Learner(networks, fast, (painter, judge))
    if (config.run / CHECKPOINT).exists():
        learner.resume(config.run / CHECKPOINT)

    train(learner, config, device)

    learner.save(config.run)
    figures = validate(learner, config, device)
    run.write_json(config.run / "metrics.json", figures)
    return figures


def train(learner: Learner, config: Config, device: torch.device) -> None:
    """Update until the steps are done."""
    writer = SummaryWriter(config.run, purge_step=learner.done_steps)
    bar = tqdm(total=config.steps, initial=learner.done_steps, desc="training", unit="step")
    for task in tasks(config, learner.done_steps):
        if learner.done_steps >= config.steps:
            break
        started = time.perf_counter()
        figures = step(learner, task.to(device), config)
        figures["seconds"] = time.perf_counter() - started
        bar.update()
        bar.set_postfix(pixel=f"{figures['pixel']:.2f}")
        if learner.done_steps % config.save_every == 0:
            learner.save(config.run)
        if learner.done_steps % config.validate_every == 0:
            figures |= validate(learner, config, device)
        for name, figure in figures.items():
            writer.add_scalar(name, figure, learner.done_steps)
    bar.close()


if __name__ == "__main__":
    try:
        print(main(tyro.cli(Config, description=__doc__)))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
