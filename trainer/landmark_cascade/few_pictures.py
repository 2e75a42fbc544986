"""What t-GAN learns of a person from K pictures: the figures of paper P4's table 4 and figure 8 (section 4.3).

Every file of frames is a person in one scene, and must be of nobody whom the start has seen. K of its pictures, evenly
spread, are learned from; the others are painted and compared. Several starts, weights that train_texture writes, are
compared. Writes table.md, learning.png with the error of the others after each epoch, and pictures.png.

python -m trainer.landmark_cascade.few_pictures --starts runs/texture/start.safetensors --frames faces/frames/mine/*.npz
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
import tyro
from matplotlib.figure import Figure
from numpy.typing import NDArray
from skimage.io import imsave
from torch import Tensor
from tqdm import tqdm

from blender_addon.core.frames import load_frames
from trainer import run
from trainer.evaluate import cpbd, psnr, ssim
from trainer.landmark_cascade.canvas import canvas
from trainer.landmark_cascade.faces import Pictures, as_pictures
from trainer.landmark_cascade.learning import Networks, Person, adapt, evenly_spread

N_WATCHED = 12
"""Pictures that the error after each epoch is of."""
N_PICTURED = 6
"""Columns of the picture."""
PUBLISHED = "| P4, GRID | 29.9 | 0.83 | 0.29 |"


@dataclass(frozen=True)
class Config:
    starts: list[Path]
    """Weights to start from, which train_texture writes."""
    frames: list[Path]
    """Files of frames, one a person in one scene."""
    output: Path = Path("runs/few_pictures")
    """Folder for the table and the pictures."""
    n_pictures: int = 20
    """K."""
    epochs: int = 10
    """Times that each picture is learned from."""
    batch_pictures: int = 2
    """Pictures of an update."""
    learning_rate: float = 1e-3
    """Of Adam."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of activations while learning."""
    seed: int = 0
    """Of the order of the pictures."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""


@dataclass(frozen=True)
class Outcome:
    """One person, learned."""

    errors: list[float]
    """Mean squared difference of pictures in [-1, 1], before and after each epoch, of others than are learned from."""
    painted: NDArray[np.uint8]
    """(N, 256, 256, 3): those others, painted."""


def learn(networks: Networks, learned: Pictures, others: Pictures, config: Config) -> Outcome:
    """Fine-tune networks on some pictures of a person and paint the others."""
    draws = run.seed_everything(config.seed)
    watched = others[evenly_spread(len(others.images), N_WATCHED)]
    errors = [_error(networks, networks.meet(learned), watched)]
    person = None
    for person, done in _epochs(networks, learned, config, draws):
        errors.append(_error(networks, person, watched))
        tqdm.write(f"{done:.0%} learned, error {errors[-1]:.5f}")
    assert person is not None
    return Outcome(errors, _levels(_paint(networks, person, others.landmarks)))


def _epochs(
    networks: Networks, learned: Pictures, config: Config, draws: torch.Generator
) -> Iterator[tuple[Person, float]]:
    """The person after every epoch, and the part that is done."""
    n_updates = -(-len(learned.images) // config.batch_pictures)
    updates = adapt(networks, learned, config.epochs, config.batch_pictures, config.learning_rate, draws)
    for number, (person, done, _) in enumerate(updates, start=1):
        if number % n_updates == 0:
            yield person, done


@torch.no_grad()
def _paint(networks: Networks, person: Person, landmarks: Tensor) -> Tensor:
    return torch.cat([networks.paint(part, person) for part in torch.split(landmarks, 8)])


def _error(networks: Networks, person: Person, wanted: Pictures) -> float:
    return float((_paint(networks, person, wanted.landmarks) - wanted.images).square().mean())


def _levels(images: Tensor) -> NDArray[np.uint8]:
    levels = ((images.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).cpu().numpy()


def split(pictures: Pictures, n_learned: int) -> tuple[Pictures, Pictures]:
    """What is learned from, evenly spread, and the others."""
    learned = evenly_spread(len(pictures.images), n_learned)
    is_other = torch.ones(len(pictures.images), dtype=torch.bool)
    is_other[learned] = False
    if not is_other.any():
        raise ValueError(f"{len(learned)} frames leave none to compare; prepare more, or lower --n-pictures")
    return pictures[learned], pictures[is_other]


def row(name: str, painted: NDArray[np.uint8], real: NDArray[np.uint8]) -> str:
    """A line of the table."""
    return f"| {name} | {psnr(painted, real):.1f} | {ssim(painted, real):.2f} | {cpbd(painted):.2f} |"


def plot(errors: dict[str, list[list[float]]]) -> Figure:
    """The mean error after each epoch, by the start."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for start, curves in errors.items():
        axes.plot(np.mean(curves, axis=0), marker="o", label=start)
    axes.set(xlabel="epochs of fine-tuning", ylabel="squared error of pictures not learned from", ylim=(0, None))
    axes.legend()
    return figure


def main(config: Config) -> None:
    device = run.choose_device(config.device)
    config.output.mkdir(parents=True, exist_ok=True)
    rows = ["| pictures | PSNR, dB | SSIM | CPBD |", "| --- | --- | --- | --- |"]
    errors: dict[str, list[list[float]]] = {}
    strips = []
    for path in config.frames:
        frames = load_frames(path)
        learned, others = (part.to(device) for part in split(as_pictures(frames), config.n_pictures))
        real, behind = _levels(others.images), _levels(canvas(learned.images, learned.landmarks, others.landmarks))
        rows.append(f"| {frames.name}, as it is | | | {cpbd(real):.2f} |")
        rows.append(row(f"{frames.name}, canvas alone", behind, real))
        shown = [real, behind]
        for start in config.starts:
            outcome = learn(Networks.load(start, config.precision).to(device), learned, others, config)
            errors.setdefault(start.parent.name, []).append(outcome.errors)
            rows.append(row(f"{frames.name}, {start.parent.name}", outcome.painted, real))
            shown.append(outcome.painted)
        columns = evenly_spread(len(real), N_PICTURED).numpy()
        strips += [np.concatenate(pictures[columns], axis=1) for pictures in shown]
        (config.output / "table.md").write_text("\n".join([*rows, PUBLISHED, ""]))
        imsave(config.output / "pictures.png", np.concatenate(strips), check_contrast=False)
        plot(errors).savefig(config.output / "learning.png", dpi=100)
    print("\n".join([*rows, PUBLISHED]))


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
