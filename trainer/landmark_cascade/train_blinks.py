"""Paper P4's blink generator: noise -> eyelids that blink as people's do.

Das, Biswas, Sinha, Bhowmick, "Speech-driven Facial Animation using Cascaded GANs for Learning of Motion and Texture",
ECCV 2020, sections 3.2 and 4.2. As there: a recurrent network on a noise vector of 10 at each of 75 steps, its last
layer begun with principal components, maximum mean discrepancy, and a min-max regularisation of its range.

What differs:

* It moves two lids, not 22 landmarks: any rig has lids, and `retarget.py` moves the eye landmarks by them.
* Whole windows are too far from one another for a kernel to say how to improve one blink. So the discrepancy is also
  taken of pieces of 1, 8 and 20 frames: values, edges, blinks, and their rhythm are learned together.
* Half of a batch is judged from the first step, half from the 26th on, so that it blinks alike at any length.
* Learning rate 2e-3 falling along a cosine, not 2e-4: minutes on one CPU core, not hours.

python -m trainer.landmark_cascade.train_blinks --run runs/blinks
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.model import N_BLINK_NOISE
from trainer import run
from trainer.export import export_arrays, export_model, round_weights
from trainer.landmark_cascade.eyelids import (
    WINDOW_FRAMES,
    Windows,
    blink_runs,
    fake_windows,
    read_captures,
    read_grid,
    shares,
    windows_of,
)
from trainer.landmark_cascade.losses import min_max_loss, mmd_loss
from trainer.landmark_cascade.model import (
    BLINK_CHANNELS,
    BLINK_FPS,
    OPEN_CLOSURE,
    SHUT_CLOSURE,
    BlinkGenerator,
    Blinks,
)
from trainer.prepare.grid import LICENCE as GRID_LICENCE

CHECKPOINT, MODEL = "checkpoint.pt", "model.onnx"
CAPTURES_LICENCE = "Live Link Face captures, MIT, (c) 2021 Alexandre Donciu-Julin"
PIECES = ((1, 2), (8, 2), (20, 1), (WINDOW_FRAMES, 1))
"""Length in frames, and how many are cut from each window."""
WARM_UP_FRAMES = 25
CONSTANTS = {"open_closure": OPEN_CLOSURE, "shut_closure": SHUT_CLOSURE}
"""What `blender_addon/core/learned_blinks.py` needs to know besides the weights."""
SCORED_SECONDS = 600


@dataclass(frozen=True)
class Config:
    """Settings of one run; the defaults made the generator that ships."""

    grid: Path = Path("../shared/data/grid/s1")
    """Folder of a GRID speaker: NAME.npz with landmarks68."""
    captures: Path = Path("../shared/data/livelink_csv")
    """Folder of Live Link Face takes, .csv or .csv.gz."""
    scoring: Path | None = Path("../shared/data/eval_split.json")
    """JSON of the clips that score models, {"grid/s1": [names]}, which are not learned from."""
    run: Path = Path("runs/blinks")
    """Run folder: config.json, TensorBoard log, checkpoint, exported generator. A run found there is resumed."""
    blinks_per_second: float = 0.34
    """Rate to which the sources are mixed; people's is 0.28 to 0.4 (section 4.2)."""
    steps: int = 900
    """Updates."""
    batch_windows: int = 128
    """Windows of 75 steps in a batch, real and generated."""
    learning_rate: float = 2e-3
    """Of Adam at first; it falls to 0 along a cosine."""
    min_max_weight: float = 0.1
    """Factor of the min-max regularisation."""
    outside_weight: float = 1.0
    """Factor of the mean square of what lies beyond [0, 1]."""
    clip_norm: float = 1.0
    """Longest gradient."""
    save_every: int = 100
    """Updates from one checkpoint to the next."""
    seed: int = 0
    """Of initial weights and batches."""
    fake: bool = False
    """Train on triangles instead of recordings, to see that everything runs."""


def step(
    generator: BlinkGenerator, optimizer: torch.optim.Optimizer, real: Tensor, noise: Tensor, config: Config
) -> dict[str, float]:
    """One update of the generator; the losses before it.

    Takes real windows (N, 75, 2) and noise (N, 75 + WARM_UP_FRAMES, 10).
    """
    first, second = generator(noise).chunk(2)
    generated = torch.cat([first[:, :WINDOW_FRAMES], second[:, -WINDOW_FRAMES:]])
    losses = {
        "mmd": discrepancy(real, generated),
        "min_max": min_max_loss(real, generated),
        "outside": (generated - generated.clamp(0, 1)).square().mean(),
    }
    weights = {"mmd": 1.0, "min_max": config.min_max_weight, "outside": config.outside_weight}
    loss = torch.stack([weights[name] * part for name, part in losses.items()]).sum()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    nn.utils.clip_grad_norm_(generator.parameters(), config.clip_norm)
    optimizer.step()
    return {"loss": float(loss.detach())} | {name: float(part.detach()) for name, part in losses.items()}


def discrepancy(real: Tensor, generated: Tensor) -> Tensor:
    """Sum of the discrepancies of PIECES of windows (N, 75, 2), cut at the same places of both."""
    parts = []
    for length, n_pieces in PIECES:
        starts = torch.randint(0, WINDOW_FRAMES - length + 1, (n_pieces,)).tolist()
        cut = [torch.cat([part[:, s : s + length] for s in starts]).flatten(1) for part in (real, generated)]
        parts.append(mmd_loss(cut[0], cut[1], sigmas_of(length)))
    return torch.stack(parts).sum()


def sigmas_of(length: int) -> tuple[float, ...]:
    """Kernels for pieces of a length: a part of a blink, a blink, several."""
    return (0.1 * math.sqrt(length), 0.1 * length, 0.4 * length)


def load_sources(config: Config) -> list[Windows]:
    """Windows of the captures and of GRID, in this order."""
    if config.fake:
        return fake_windows(200, config.seed)
    scoring = frozenset(json.loads(config.scoring.read_text())["grid/s1"]) if config.scoring else frozenset()
    return [windows_of(read_captures(config.captures)), windows_of(read_grid(config.grid, scoring))]


def draw(sources: list[Windows], config: Config, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Real windows (N, 75, 2) at the wanted rate of blinks, and noise for as many."""
    second = shares(sources, config.blinks_per_second)[1]
    n_second = int(
        torch.binomial(torch.tensor(float(config.batch_windows)), torch.tensor(float(second)), generator=generator)
    )
    real = []
    for source, n in zip(sources, (config.batch_windows - n_second, n_second), strict=True):
        chosen = torch.randint(len(source.values), (n,), generator=generator)
        real.append(torch.from_numpy(source.values)[chosen])
    n_steps = WINDOW_FRAMES + WARM_UP_FRAMES
    noise = torch.randn((config.batch_windows, n_steps, N_BLINK_NOISE), generator=generator)
    return torch.cat(real), noise


@torch.no_grad()
def validate(blinks: Blinks, seed: int = 1) -> dict[str, float]:
    """Blinks a second, their median length and its 5th and 95th percentile in seconds, over SCORED_SECONDS of noise."""
    noise = torch.randn((1, SCORED_SECONDS * BLINK_FPS, N_BLINK_NOISE), generator=torch.Generator().manual_seed(seed))
    runs = blink_runs(blinks(noise)[0].double().numpy())
    seconds = np.array([stop - start for start, stop in runs] or [0]) / BLINK_FPS
    shortest, median, longest = np.percentile(seconds, (5, 50, 95))
    return {
        "blinks_per_second": len(runs) / SCORED_SECONDS,
        "mean_seconds": float(seconds.mean()),
        "median_seconds": float(median),
        "shortest_seconds": float(shortest),
        "longest_seconds": float(longest),
    }


def main(config: Config) -> dict[str, float]:
    """Train, resuming where the run folder holds a checkpoint, export the generator, and return its figures."""
    draws = run.seed_everything(config.seed)
    run.start_run(config.run, asdict(config))
    sources = load_sources(config)
    generator = BlinkGenerator()
    generator.start_from_components(torch.cat([torch.from_numpy(source.values) for source in sources]).flatten(0, 1))
    train(generator, sources, draws, config)
    round_weights(generator)
    blinks = Blinks(generator).eval()
    figures = validate(blinks)
    facts = contract(config, figures)
    export_model(blinks, config.run / MODEL, facts)
    export_arrays(blinks, (config.run / MODEL).with_suffix(".npz"), facts, CONSTANTS)
    run.write_json(config.run / "metrics.json", figures)
    return figures


def train(generator: BlinkGenerator, sources: list[Windows], draws: torch.Generator, config: Config) -> None:
    """Update until the steps are done."""
    optimizer = torch.optim.Adam(generator.parameters(), lr=config.learning_rate)
    done_steps = 0
    checkpoint = config.run / CHECKPOINT
    if checkpoint.exists():
        state = run.load_checkpoint(checkpoint)
        generator.load_state_dict(state["generator"])
        optimizer.load_state_dict(state["optimizer"])
        draws.set_state(state["draws"])
        done_steps = state["done_steps"]
    writer = SummaryWriter(config.run, purge_step=done_steps)
    bar = tqdm(total=config.steps, initial=done_steps, desc="training", unit="step")
    while done_steps < config.steps:
        optimizer.param_groups[0]["lr"] = config.learning_rate * (1 + math.cos(math.pi * done_steps / config.steps)) / 2
        losses = step(generator, optimizer, *draw(sources, config, draws), config)
        done_steps += 1
        bar.update()
        bar.set_postfix(mmd=f"{losses['mmd']:.4f}")
        figures = losses
        if done_steps % config.save_every == 0 or done_steps == config.steps:
            figures = losses | validate(Blinks(generator))
            state = {"generator": generator.state_dict(), "optimizer": optimizer.state_dict()}
            run.save_checkpoint(checkpoint, state | {"draws": draws.get_state(), "done_steps": done_steps})
        for name, figure in figures.items():
            writer.add_scalar(name, figure, done_steps)
    bar.close()


def contract(config: Config, figures: dict[str, float]) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    return {
        "kind": "noise_to_blinks",
        "fps": BLINK_FPS,
        "channels": BLINK_CHANNELS,
        "trained_on": [
            {"corpus": "livelink_csv", "licence": CAPTURES_LICENCE},
            {"corpus": "grid", "licence": GRID_LICENCE},
        ],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": figures,
    }


if __name__ == "__main__":
    try:
        print(main(tyro.cli(Config, description=__doc__)))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
