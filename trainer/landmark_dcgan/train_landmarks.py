"""P1, first half: 68 landmarks from speech with convolutions and a GRU.

Li, Tang, Tao and Xu, "Speech-Driven Facial Animation by CNN-RNN-GAN Model" (Rutgers University). For each frame at
25 fps, 128 x 23 log mel power goes through five convolutions over frequency, three over time, a dense layer, a GRU and
two dense layers to 68 landmarks in [0, 1] (table 1), trained with the mean squared error (equation 1).

How the paper is read where it leaves a choice or contradicts itself:
* 128 x 23: neither rate nor hop is given. 128 bands, windows of 2048 samples and a hop of 512 are what librosa does by
  itself; at the 48 kHz of the paper's corpus that is 43 ms every 10.7 ms, and 23 of them span the frame at hand and
  more than its neighbours. Here it is 43 ms every 10 ms, so that four rows are a frame.
* "Dense2, 136, tanh" is followed by "Output, 136, sigmoid". A sigmoid of a tanh stays between 0.27 and 0.73, so a
  linear layer lies between them.
* The output has "168 entries" in section 3.3 and 136 everywhere else, which is what 68 points have.
* "RNN" in table 1 and "CNN and RNN, GRU is followed" are one recurrent layer, a GRU.
* "All landmarks are normalized to 0 between 1" so that "not every face is of same size": each face by itself is
  shifted, scaled and turned so that nose tip and eyes lie where they lie in every other (model.py, EYE_DISTANCE). What
  is left is the face, not where the head is.
* The length of the sequences is not given. The GRU sees 15 frames before the one at hand, so that a model run in chunks
  gives what it gives in one pass.

Deviations:
* GRID's speaker instead of RAVDESS, at 25 instead of 30 frames a second.
* Power relative to the local level before the logarithm, so that the input level does not matter.
* The 300 frames of a batch are 12 runs of 25 adjacent ones, which share their convolutions.
* The last layer begins with the mean face.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
import tyro
from matplotlib.figure import Figure
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.channels import LANDMARK_CHANNELS
from trainer import run
from trainer.clips import CLIP_SAMPLE_RATE_HZ, list_clips
from trainer.evaluate import landmark_mse
from trainer.export import export_model
from trainer.landmark_clips import VIDEO_FPS, LandmarkClip, fake_landmark_clips, load_landmark_clip, nose_centred
from trainer.landmark_dcgan.model import (
    HOP_SAMPLES,
    N_MEMORY_FRAMES,
    N_WINDOW_ROWS,
    RECEPTIVE_FIELD_SECONDS,
    ROWS_PER_FRAME,
    AudioFeatures,
    AudioToLandmarks,
    LandmarkNetwork,
    from_unit,
    to_unit,
)

CHECKPOINT, BEST, MODEL = "checkpoint.pt", "best.pt", "landmarks.onnx"
REST_PERCENT = 20
"""The part of the frames, those with the least open mouths, that show what the face does at rest."""
INNER_LIPS_MIDDLE = (62, 66)
PARTS = (0, 17, 22, 27, 31, 36, 42, 48, 60, 68)
"""First landmark of each line of a drawn face, and the number of all."""
N_SHOWN = 6


@dataclass(frozen=True)
class Config:
    """Settings of one run; the defaults are the paper's where it gives them."""

    clips: Path = Path("faces/clips")
    """Folder of landmark clips, searched with its subfolders."""
    run: Path = Path("runs/landmark_dcgan")
    """Run folder: config.json, TensorBoard log, checkpoint, exported model. A run found there is resumed."""
    steps: int = 18_500
    """Updates: 100 epochs of the 740 clips (section 3.3)."""
    batch_runs: int = 12
    """Runs of adjacent frames an update."""
    run_frames: int = 25
    """Frames in each of those: 300 frames an update (section 3.3)."""
    learning_rate: float = 1e-3
    """Of Adam (section 3.3)."""
    final_learning_rate: float = 1e-3
    """To which it falls along a cosine; constant as published."""
    validate_every: int = 185
    """Updates from one validation and checkpoint to the next: an epoch."""
    seed: int = 0
    """Of initial weights and batches."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""
    fake: bool = False
    """Train on noise bursts instead of clips, to see that everything runs."""


class Example(NamedTuple):
    """One clip, ready to learn from."""

    features: Tensor
    """(4 * (T + 15) + 19, 128), centred on the faces rather than on the times i / VIDEO_FPS."""
    landmarks: Tensor
    """(T, 136) in [0, 1]."""
    clip: LandmarkClip


class Batch(NamedTuple):
    """N runs of R adjacent frames."""

    features: Tensor
    """(N, 4 * (R + 15) + 19, 128)"""
    landmarks: Tensor
    """(N, R, 136) in [0, 1]."""

    def to(self, device: torch.device) -> Batch:
        """The batch on a device."""
        return Batch(self.features.to(device), self.landmarks.to(device))


def step(network: LandmarkNetwork, optimizer: torch.optim.Optimizer, batch: Batch) -> dict[str, float]:
    """One update of the network on a batch; the loss, equation 1, before it."""
    loss = F.mse_loss(network(batch.features), batch.landmarks)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    optimizer.step()
    return {"loss": float(loss.detach())}


@torch.no_grad()
def validate(network: LandmarkNetwork, examples: list[Example], face: Tensor) -> dict[str, float]:
    """Mean squared errors in [0, 1] units on whole clips: of the network, and of a face (136,) that never moves."""
    device = network.mean.device
    predicted = [network(example.features[None].to(device))[0].cpu() for example in examples]
    measured = [example.landmarks for example in examples]
    return {
        "landmark_mse": landmark_mse(torch.cat(predicted), torch.cat(measured)),
        "mean_face_mse": landmark_mse(face.expand_as(torch.cat(measured)), torch.cat(measured)),
    }


@torch.no_grad()
def save_samples(path: Path, network: LandmarkNetwork, example: Example) -> None:
    """Faces of a held-out clip, evenly spread over its speech, as in figure 2: measured ones above predicted ones."""
    predicted = network(example.features[None].to(network.mean.device))[0].cpu()
    shown = torch.linspace(0.15, 0.7, N_SHOWN) * len(predicted)
    figure = Figure((2 * N_SHOWN, 4.4), layout="constrained")
    for row, (name, faces) in enumerate((("measured", example.landmarks), ("predicted", predicted))):
        for column, frame in enumerate(shown.long().tolist()):
            axes = figure.add_subplot(2, N_SHOWN, row * N_SHOWN + column + 1, aspect="equal", xticks=[], yticks=[])
            axes.invert_yaxis()
            axes.set_title(f"{name}, {frame / VIDEO_FPS:.2f} s", fontsize=9)
            for start, stop in pairwise(PARTS):
                axes.plot(*faces[frame].reshape(-1, 2)[start:stop].T, "k.-", markersize=3, linewidth=0.7)
    figure.savefig(path, dpi=80)


def load_examples(config: Config, features: AudioFeatures, validation: bool) -> list[Example]:
    """All clips of one side of the split; ValueError when there are none."""
    if config.fake:
        clips = fake_landmark_clips(2 if validation else 6, seed=int(validation))
    else:
        paths = list_clips(config.clips, validation)
        clips = [load_landmark_clip(path) for path in paths]
    if not clips:
        raise ValueError(f"{config.clips} holds no landmark clips; python -m trainer.prepare.grid_video makes some")
    return [make_example(features, clip) for clip in tqdm(clips, desc="features", unit="clip")]


@torch.no_grad()
def make_example(features: AudioFeatures, clip: LandmarkClip) -> Example:
    """Features of a clip and its faces, each moved to where all are."""
    half = HOP_SAMPLES // 2  # a picture shows the middle of its time
    waveform = torch.from_numpy(np.pad(clip.waveform[half:], (0, half)))
    landmarks = to_unit(torch.from_numpy(nose_centred(clip.landmarks)))
    return Example(features(waveform[None])[0], landmarks.flatten(1), clip)


def draw_batch(examples: list[Example], n_runs: int, n_frames: int, generator: torch.Generator) -> Batch:
    """Random runs of adjacent frames of random clips."""
    n_rows = ROWS_PER_FRAME * (n_frames + N_MEMORY_FRAMES - 1) + N_WINDOW_ROWS
    features, landmarks = [], []
    for number in torch.randint(len(examples), (n_runs,), generator=generator).tolist():
        example = examples[number]
        start = int(torch.randint(len(example.landmarks) - n_frames + 1, (1,), generator=generator))
        features.append(example.features[ROWS_PER_FRAME * start : ROWS_PER_FRAME * start + n_rows])
        landmarks.append(example.landmarks[start : start + n_frames])
    return Batch(torch.stack(features), torch.stack(landmarks))


def mean_face(examples: list[Example]) -> Tensor:
    """(136,) in [0, 1]"""
    return torch.cat([example.landmarks for example in examples]).mean(dim=0)


def resting_face(examples: list[Example]) -> Tensor:
    """(136,) in [0, 1]: the mean of the frames whose lips are nearest to each other."""
    faces = torch.cat([example.landmarks for example in examples])
    upper, lower = (faces.reshape(-1, 68, 2)[:, point, 1] for point in INNER_LIPS_MIDDLE)
    gap = lower - upper
    return faces[gap <= torch.quantile(gap[:: -(-len(gap) // 100_000)], REST_PERCENT / 100)].mean(dim=0)


def learning_rate_at(done_steps: int, config: Config) -> float:
    """Learning rate of the next update."""
    fall = (1 + math.cos(math.pi * min(done_steps / config.steps, 1))) / 2
    return config.final_learning_rate + (config.learning_rate - config.final_learning_rate) * fall


@dataclass
class Learner:
    """Everything that an update changes."""

    network: LandmarkNetwork
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    done_steps: int = 0
    best_mse: float = math.inf

    def save(self, folder: Path, mse: float) -> None:
        """Write a checkpoint, and the network on its own when its error on held-out clips is the lowest so far."""
        if mse < self.best_mse:
            self.best_mse = mse
            run.save_checkpoint(folder / BEST, self.network.state_dict())
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "done_steps": self.done_steps,
            "best_mse": self.best_mse,
        }
        run.save_checkpoint(folder / CHECKPOINT, state)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = run.load_checkpoint(path)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.done_steps, self.best_mse = state["done_steps"], state["best_mse"]


def main(config: Config) -> dict[str, float]:
    """Train, resuming where the run folder holds a checkpoint, export the best network, and return its figures."""
    device = run.choose_device(config.device)
    generator = run.seed_everything(config.seed)
    run.start_run(config.run, asdict(config))
    model = AudioToLandmarks()
    model.network.to(device)
    training = load_examples(config, model.features, validation=False)
    held_out = load_examples(config, model.features, validation=True)
    face = mean_face(training)
    model.network.standardise(torch.cat([example.features for example in training[::10]]), face)
    optimizer = torch.optim.Adam(model.network.parameters(), lr=config.learning_rate)
    learner = Learner(model.network, optimizer, generator)
    if (config.run / CHECKPOINT).exists():
        learner.resume(config.run / CHECKPOINT)

    train(learner, training, held_out, face, config)

    if (config.run / BEST).exists():
        model.network.load_state_dict(run.load_checkpoint(config.run / BEST))
    figures = validate(model.network, held_out, face)
    save_samples(config.run / "landmarks.png", model.network, held_out[0])
    export_model(model, config.run / MODEL, contract(config, training, figures))
    run.write_json(config.run / "landmarks_metrics.json", figures)
    return figures


def train(learner: Learner, training: list[Example], held_out: list[Example], face: Tensor, config: Config) -> None:
    """Update until the steps are done."""
    writer = SummaryWriter(config.run, purge_step=learner.done_steps)
    bar = tqdm(total=config.steps, initial=learner.done_steps, desc="training", unit="step")
    while learner.done_steps < config.steps:
        batch = draw_batch(training, config.batch_runs, config.run_frames, learner.generator)
        learner.optimizer.param_groups[0]["lr"] = learning_rate_at(learner.done_steps, config)
        losses = step(learner.network, learner.optimizer, batch.to(learner.network.mean.device))
        learner.done_steps += 1
        bar.update()
        bar.set_postfix(loss=f"{losses['loss']:.6f}")
        if learner.done_steps % config.validate_every == 0 or learner.done_steps == config.steps:
            figures = validate(learner.network, held_out, face)
            learner.save(config.run, figures["landmark_mse"])
            losses |= figures
        for name, figure in losses.items():
            writer.add_scalar(f"landmarks/{name}", figure, learner.done_steps)
    bar.close()


def contract(config: Config, training: list[Example], figures: dict[str, float]) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    sources = {(example.clip.corpus, example.clip.licence) for example in training}
    return {
        "kind": "audio_to_landmarks",
        "sample_rate_hz": CLIP_SAMPLE_RATE_HZ,
        "hop_samples": HOP_SAMPLES,
        "fps": VIDEO_FPS,
        "channels": LANDMARK_CHANNELS,
        "receptive_field_seconds": RECEPTIVE_FIELD_SECONDS,
        "neutral_landmarks": from_unit(resting_face(training)).reshape(-1, 2).tolist(),
        "trained_on": [{"corpus": corpus, "licence": licence} for corpus, licence in sorted(sources)],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": figures,
    }


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
