"""P3: facial animation from speech with a bidirectional LSTM and attention.

Tian, Yuan and Liu, "Audio2Face: generating speech/face animation from single audio with attention-based bidirectional
LSTM networks", ICME Workshops 2019. For each frame at 30 fps, 64 x 39 MFCC over +-1.067 s go through two bidirectional
LSTM layers, attention over time and two dense layers to 51 blendshape weights.

How the paper is read where it leaves a choice:
* "39 MFCC" are 13 cepstra with their first and second differences, the 39 of speech recognition. Taken as 39 cepstra
  they hold the harmonics of the voice, thus its pitch, which says nothing about the mouth: such a network learned more
  slowly and followed an unseen speaker's jaw less well (r 0.55 instead of 0.61 inside speech after equal training).
* The smooth loss, eq. (8), is printed as a cosine similarity, which training would minimise: neighbouring frames would
  be driven apart. The text calls it a cosine distance and wants stability, so it is 1 - cos here.
* Eq. (6) sums the smooth loss over pairs of adjacent frames, so the 100 windows of a batch are runs of adjacent frames.
* "Gaussian random" initial weights have Xavier's standard deviation.
* The weights of target and smooth loss are not given: 1 and Config.smooth_weight.

Deviations:
* 24 kHz with 8 kHz of bandwidth instead of 44.1 kHz: the corpora hold no more.
* Power relative to the local level before the cepstra, so that the input level does not matter.
* A learned score for each place in the window is added to the attention of eq. (4), which could otherwise tell the
  middle of the window only by counting its steps.
* The exported model gives weights in [0, 1], and limits them to it, where the paper's run from 0 to 100.
* Channels that a corpus does not measure are left out of the loss.
* Optionally (0 as published) the same weights first learn on whole sequences (Config.whole_sequence_steps), and noise
  disturbs the features (Config.feature_noise). Under torchrun the batch is that of all processes together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
import tyro
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer import run
from trainer.blendshape_attention.data import (
    Batch,
    Example,
    by_corpus,
    disturb,
    draw_batch,
    make_examples,
    silent_clips,
)
from trainer.blendshape_attention.model import (
    FPS,
    HOP_SAMPLES,
    RECEPTIVE_FIELD_SECONDS,
    AudioFeatures,
    AudioToBlendshapes,
    BlendshapeNetwork,
)
from trainer.clips import CLIP_SAMPLE_RATE_HZ, Clip, evenly_thinned, fake_clips, list_clips, load_clip
from trainer.evaluate import correlation, jitter
from trainer.export import export_model

CHECKPOINT, BEST, MODEL = "checkpoint.pt", "best.pt", "model.onnx"
PAPER_SCALE = 100
"""Section 4.1: the paper's weights run from 0 to 100, on which scale Huber's delta of 1 has its meaning."""
NEUTRAL_COORDINATE = 0.3
"""About the length of the vector of blendshape weights during speech."""


@dataclass(frozen=True)
class Config:
    """Settings of one run; the defaults are the paper's where it gives them."""

    clips: Path = Path("clips")
    """Folder of prepared clips, searched with its subfolders."""
    run: Path = Path("runs/blendshape_attention")
    """Run folder: config.json, TensorBoard log, checkpoint, exported model. A run found there is resumed."""
    n_nodes: int = 128
    """LSTM nodes a direction and outputs of the first dense layer: 128, 256 or 512 (table 1)."""
    attention: bool = True
    """Without it the network is the paper's LSTM baseline (table 1), for which windows and whole sequences are one."""
    steps: int = 20_000
    """Updates on windows as published; early stopping may end before."""
    batch_size: int = 100
    """Windows an update, in each process that torchrun starts (section 4.3)."""
    run_frames: int = 25
    """Adjacent frames in each run of a batch, for the smooth loss (eq. 6); a divisor of batch_size."""
    learning_rate: float = 1e-4
    """Of Adam, constant (section 4.3)."""
    smooth_weight: float = 10.0
    """w2 of eq. (6); w1 is 1."""
    huber_delta: float = 1.0
    """Error, with weights from 0 to 100, from which the target loss grows linearly (eq. 7)."""
    whole_sequence_steps: int = 0
    """Updates in which the LSTM first runs once over each run instead of once a window: sixty times cheaper."""
    whole_sequence_runs: int = 32
    """Runs in each of those updates, in each process."""
    whole_sequence_run_frames: int = 60
    """Adjacent frames in each of those runs."""
    whole_sequence_learning_rate: float = 2e-3
    """Learning rate of those updates at the start; falls to learning_rate along a cosine."""
    corpus_weights: dict[str, float] = field(default_factory=lambda: {"facegood": 0.4, "silence": 0.1})
    """How often a corpus is drawn; 1 for those not named. FACEGOOD is small and one speaker, silence is simple."""
    clips_per_corpus: int = 100_000
    """At most so many clips of each corpus."""
    versions: int = 3
    """Versions of each clip: itself and random variations of voice, microphone and noise."""
    feature_noise: float = 0.0
    """Noise on the features of a batch, in their standard deviations, against learning single voices by heart."""
    silences: int = 60
    """Clips of 4 s of room noise at rest."""
    validate_every: int = 500
    """Updates from one validation and checkpoint to the next."""
    validation_clips: int = 60
    """Held-out clips of each corpus that are used."""
    patience: int = 10
    """Validations in a row without a better loss before a stage of training ends."""
    seed: int = 0
    """Of initial weights, variations and batches."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""
    fake: bool = False
    """Train on noise bursts instead of clips, to see that everything runs."""


def target_loss(predicted: Tensor, target: Tensor, labelled: Tensor, delta: float) -> Tensor:
    """Huber loss, eq. (7), of runs (N, R, 51) in [0, 1], mean over the channels that are labelled (N, 51)."""
    weight = labelled.unsqueeze(1).expand_as(target)
    loss = F.huber_loss(PAPER_SCALE * predicted, PAPER_SCALE * target, reduction="none", delta=delta)
    return (loss * weight).sum() / weight.sum()


def smooth_loss(predicted: Tensor, labelled: Tensor) -> Tensor:
    """Mean cosine distance between adjacent predicted frames of runs (N, R, 51), eq. (8) as 1 - cos.

    The zero vector of a face at rest has no direction, so a constant coordinate stands for the neutral face beside the
    51: two frames at rest are then as alike as can be.
    """
    faces = F.pad(predicted * labelled.unsqueeze(1), (0, 1), value=NEUTRAL_COORDINATE)
    return (1 - F.cosine_similarity(faces[:, 1:], faces[:, :-1], dim=2)).mean()


def step(
    network: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, config: Config, whole_sequence: bool
) -> dict[str, float]:
    """One update of the network on a batch; the losses before it."""
    losses = compute_losses(network, batch, config, whole_sequence)
    optimizer.zero_grad()
    losses["loss"].backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    optimizer.step()
    return {name: float(loss.detach()) for name, loss in losses.items()}


def compute_losses(network: nn.Module, batch: Batch, config: Config, whole_sequence: bool) -> dict[str, Tensor]:
    """Target loss, smooth loss and their weighted sum, eq. (6)."""
    predicted = network(batch.features, whole_sequence)
    target = target_loss(predicted, batch.targets, batch.labelled, config.huber_delta)
    smooth = smooth_loss(predicted, batch.labelled)
    return {"loss": target + config.smooth_weight * smooth, "target_loss": target, "smooth_loss": smooth}


@torch.no_grad()
def validate(
    network: BlendshapeNetwork, corpora: dict[str, list[Example]], config: Config, whole_sequence: bool
) -> dict[str, dict[str, float]]:
    """For each corpus the loss on whole examples, and the correlation and the jitter of its channels in [0, 1]."""
    device = network.mean.device
    figures = {}
    for name, examples in corpora.items():
        losses, predictions, targets = [], [], []
        for example in examples:
            batch = Batch(*(part[None].to(device) for part in (example.features, example.targets, example.labelled)))
            losses.append(compute_losses(network, batch, config, whole_sequence)["loss"])
            predictions.append(network(batch.features, whole_sequence)[0].clamp(0, 1) * batch.labelled)
            targets.append(batch.targets[0] * batch.labelled)
        predicted, measured = torch.cat(predictions), torch.cat(targets)
        figures[name] = {
            "loss": float(torch.stack(losses).mean()),
            "correlation": correlation(predicted, measured),
            "jitter": jitter(predicted, measured),
        }
    return figures


def load_clips(config: Config, validation: bool) -> Iterator[Clip]:
    """Clips of one side of the split, of each corpus at most so many as the config allows, evenly spread.

    Each of the processes that torchrun starts trains on its own part of them, and validates on all.
    """
    rank, n_processes = (0, 1) if validation else run.rank_and_processes()
    if config.fake:
        yield from fake_clips(2 if validation else 6, seed=int(validation))[rank::n_processes]
        return
    limit = config.validation_clips if validation else config.clips_per_corpus
    for corpus in sorted(folder for folder in config.clips.glob("*") if folder.is_dir()):
        paths = list_clips(corpus, validation)
        thinned = evenly_thinned(paths, limit)
        yield from map(load_clip, tqdm(thinned[rank::n_processes], desc=corpus.name, unit="clip", disable=rank > 0))


def load_examples(config: Config, features: AudioFeatures, validation: bool) -> dict[str, list[Example]]:
    """Examples of one side of the split by corpus; the training side has clips of silence besides."""
    silences = [] if validation else silent_clips(config.silences, config.seed)
    clips = chain(load_clips(config, validation), silences)
    examples = make_examples(features, clips, config.versions, config.seed)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a clip is too little work to share: with two threads this takes far longer on a busy CPU
    try:
        return by_corpus(examples, max(config.run_frames, config.whole_sequence_run_frames))
    finally:
        torch.set_num_threads(n_threads)


def unlabelled_channels(corpora: dict[str, list[Example]]) -> Tensor:
    """Mask (51,) of the channels that no corpus of speech says anything about."""
    labelled = [example.labelled for name, part in corpora.items() if name != "silence" for example in part]
    return torch.stack(labelled).amax(dim=0) == 0


def batch_shape(config: Config, whole_sequence: bool) -> tuple[int, int]:
    """Number of runs and frames in each."""
    if whole_sequence:
        return config.whole_sequence_runs, config.whole_sequence_run_frames
    return config.batch_size // config.run_frames, config.run_frames


def learning_rate_at(done_steps: int, config: Config) -> float:
    """Learning rate of the next update."""
    if done_steps >= config.whole_sequence_steps:
        return config.learning_rate
    fall = (1 + math.cos(math.pi * done_steps / config.whole_sequence_steps)) / 2
    return config.learning_rate + (config.whole_sequence_learning_rate - config.learning_rate) * fall


def mean_loss(figures: dict[str, dict[str, float]]) -> float:
    """Mean of the losses of all corpora: what the best network is best at."""
    return sum(part["loss"] for part in figures.values()) / len(figures)


def log(writer: SummaryWriter, figures: dict[str, dict[str, float]], done_steps: int) -> None:
    """Write named figures of named parts to TensorBoard."""
    for part, numbers in figures.items():
        for name, number in numbers.items():
            writer.add_scalar(f"{part}/{name}", number, done_steps)


@dataclass
class Progress:
    """How far a run has come."""

    done_steps: int = 0
    best_loss: float = math.inf
    """Lowest loss of the validations on windows, mean over corpora."""
    validations_since_best: int = 0

    def note(self, loss: float) -> bool:
        """Count a validation on windows; whether it is the best so far."""
        is_best = loss < self.best_loss
        self.best_loss = min(loss, self.best_loss)
        self.validations_since_best = 0 if is_best else self.validations_since_best + 1
        return is_best


@dataclass
class Learner:
    """Everything that an update changes."""

    network: BlendshapeNetwork
    optimizer: torch.optim.Optimizer
    generator: torch.Generator
    progress: Progress

    def save(self, folder: Path, is_best: bool) -> None:
        """Write a checkpoint, and the network on its own when it is the best."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "progress": asdict(self.progress),
        }
        run.save_checkpoint(folder / CHECKPOINT, state)
        if is_best:
            run.save_checkpoint(folder / BEST, state["network"])

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = run.load_checkpoint(path)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.progress = Progress(**state["progress"])


def main(config: Config) -> dict[str, dict[str, float]]:
    """Train, resuming where the run folder holds a checkpoint, export the best network, and return its figures."""
    device = run.choose_device(config.device)
    run.join_processes(device)
    rank, _ = run.rank_and_processes()
    generator = run.seed_everything(config.seed + rank)
    run.start_run(config.run, asdict(config))
    model = AudioToBlendshapes(config.n_nodes, config.attention)
    model.network.to(device)
    training = load_examples(config, model.features, validation=False)
    held_out = load_examples(config, model.features, validation=True)
    model.network.standardise(torch.cat([example.features for part in training.values() for example in part[::10]]))
    optimizer = torch.optim.Adam(model.network.parameters(), lr=config.learning_rate)
    learner = Learner(model.network, optimizer, generator, Progress())
    if (config.run / CHECKPOINT).exists():
        learner.resume(config.run / CHECKPOINT)

    train(learner, training, held_out, config, is_writing=rank == 0)

    if (config.run / BEST).exists():
        model.network.load_state_dict(run.load_checkpoint(config.run / BEST))
    model.network.keep_at_rest(unlabelled_channels(training))
    figures = validate(model.network, held_out, config, whole_sequence=False)
    if rank == 0:
        export_model(model, config.run / MODEL, contract(config, training, figures))
        run.write_json(config.run / "metrics.json", figures)
    return figures


def train(
    learner: Learner,
    training: dict[str, list[Example]],
    held_out: dict[str, list[Example]],
    config: Config,
    is_writing: bool,
) -> None:
    """Update until the steps are done or the patience is; one of the processes that torchrun starts writes files."""
    network, progress = learner.network, learner.progress
    parallel = DistributedDataParallel(network) if torch.distributed.is_initialized() else network
    n_steps = config.whole_sequence_steps + config.steps
    writer = SummaryWriter(config.run, purge_step=progress.done_steps) if is_writing else None
    bar = tqdm(total=n_steps, initial=progress.done_steps, desc="training", unit="step", disable=not is_writing)
    while progress.done_steps < n_steps and progress.validations_since_best < config.patience:
        whole_sequence = progress.done_steps < config.whole_sequence_steps
        batch = draw_batch(training, config.corpus_weights, *batch_shape(config, whole_sequence), learner.generator)
        batch = disturb(batch, config.feature_noise * network.deviation.cpu(), learner.generator)
        learner.optimizer.param_groups[0]["lr"] = learning_rate_at(progress.done_steps, config)
        losses = step(parallel, learner.optimizer, batch.to(network.mean.device), config, whole_sequence)
        progress.done_steps += 1
        bar.update()
        bar.set_postfix(loss=f"{losses['loss']:.5f}")
        figures = {"training": losses}
        if progress.done_steps % config.validate_every == 0 or progress.done_steps == n_steps:
            held_out_figures = validate(network, held_out, config, whole_sequence)
            is_best = not whole_sequence and progress.note(mean_loss(held_out_figures))
            figures |= held_out_figures
            if is_writing:
                learner.save(config.run, is_best)
        if writer:
            log(writer, figures, progress.done_steps)
    bar.close()


def contract(
    config: Config, training: dict[str, list[Example]], figures: dict[str, dict[str, float]]
) -> dict[str, object]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    return {
        "kind": "audio_to_blendshapes",
        "sample_rate_hz": CLIP_SAMPLE_RATE_HZ,
        "hop_samples": HOP_SAMPLES,
        "fps": FPS,
        "channels": BLENDSHAPE_CHANNELS,
        "receptive_field_seconds": RECEPTIVE_FIELD_SECONDS,
        "trained_on": [
            {"corpus": corpus, "licence": licence}
            for corpus, examples in training.items()
            for licence in sorted({example.licence for example in examples})
        ],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": figures,
    }


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
