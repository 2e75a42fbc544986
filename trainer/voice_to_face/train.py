"""voice_to_face: the default model of the add-on. Ours; no paper.

Many voices and languages -> 51 blendshapes at 50 fps, with contacts of lips and teeth and the phones that are heard.
Captured faces teach how a face moves while it speaks, speech with known phones (real and synthetic) teaches what every
sound of every language looks like, and each keeps its own style, so that annotation habits do not blur each other.

* Every run of a batch is varied as voice, room and device would (data.py), drawn from a seed of its own.
* A regression leaves lips half open where it is unsure, so contact is learned as an event of its own, weighted for the
  short closures of p, b and m, and then closes the mouth (losses.py, model.Contact).
* The exported weights are a moving average over the updates.
* Under torchrun each process takes its part of the same batches, so the loss curve is that of one process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import torch
import tyro
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.head import DEFAULT_HEAD, read_head
from trainer import run
from trainer.clips import PHONES, Clip, evenly_thinned, fake_clips, list_clips, load_clip
from trainer.export import export_arrays, export_model, round_weights
from trainer.muon import Muon
from trainer.report import Performance, compare, draw_example, performance_of, target_of, write_report
from trainer.voice_to_face.data import Batch, Track, at_model_rate, draw_batch, make_track, silent_track
from trainer.voice_to_face.losses import losses_of
from trainer.voice_to_face.model import (
    FPS,
    HOP_SAMPLES,
    NUMPY_CONSTANTS,
    RECEPTIVE_FIELD_SECONDS,
    ROWS_PER_FRAME,
    SAMPLE_RATE_HZ,
    STYLES,
    VoiceNetwork,
    VoiceToFace,
    stacked_features,
)

CHECKPOINT, MODEL, ARRAYS = "checkpoint.pt", "model.onnx", "model.npz"
SILENCE = "silence"


@dataclass(frozen=True)
class Config:
    """Settings of one run; those of the model that ships stand in its contract."""

    clips: Path = Path("clips")
    """Folder of prepared clips, one folder a corpus."""
    run: Path = Path("runs/voice_to_face")
    """Run folder: config.json, TensorBoard log, checkpoint, exported model. A run found there is resumed."""
    start: Path | None = None
    """Weights to begin with, to teach a model more: the .npz beside it. Without it, random ones."""
    start_network: int = 0
    """Which of its networks, where the model joins several."""
    steps: int = 13_000
    """Updates."""
    batch_runs: int = 12
    """Runs in a batch, in all processes together."""
    run_frames: int = 160
    """Output frames of a run; 3.2 s."""
    learning_rate: float = 2e-2
    """Highest learning rate of Muon, for the matrices inside: after warmup_steps, then falling to 0 along a cosine."""
    adam_share: float = 0.1
    """Learning rate of AdamW, for all other weights, as a share of Muon's."""
    warmup_steps: int = 200
    """Updates until the highest learning rate."""
    weight_decay: float = 0.01
    """Of both."""
    average_decay: float = 0.998
    """Of the moving average of the weights that is exported."""
    clip_norm: float = 1.0
    """Longest gradient."""
    loss_weights: dict[str, float] = field(
        default_factory=lambda: {"value": 1.0, "speed": 1.0, "gap": 0.15, "contact": 0.15, "phones": 0.1}
    )
    """Factor of each loss."""
    corpus_weights: dict[str, float] = field(
        default_factory=lambda: {
            "grid": 2.0,
            "grid_voices": 3.0,
            "synthetic_speech": 2.0,
            "festival": 1.5,
            "festival_voices": 1.5,
            "speechocean_en": 1.5,
            "parametric": 2.0,
            "fish_fillets": 4.0,
            "fish_fillets_voices": 1.5,
            "tux_paint": 3.0,
            "tux_paint_voices": 1.5,
            "klettres": 1.0,
            "facegood": 0.8,
            "facegood_voices": 1.2,
            "nathalie_nl": 0.35,
            "nathalie_nl_voices": 0.35,
            "kathleen_en": 0.3,
            "kathleen_en_voices": 0.3,
            "kerstin_de": 0.2,
            "kerstin_de_voices": 0.2,
            SILENCE: 0.1,
        }
    )
    """How often a corpus is drawn; 1 for those not named."""
    style_share: float = 0.5
    """Part of the runs that tells the network the style of its corpus; the others teach the default."""
    precision: str = "auto"
    """float32, bfloat16 (autocast), or auto: bfloat16 on a GPU."""
    clips_per_corpus: int = 100_000
    """At most so many clips of each corpus."""
    validate_every: int = 3_250
    """Updates from one validation and checkpoint to the next."""
    validation_clips: int = 25
    """Held-out clips of each corpus that are used."""
    seed: int = 0
    """Of initial weights and batches."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""
    fake: bool = False
    """Train on noise bursts instead of clips, to see that everything runs."""


def step(network: nn.Module, learner: Learner, batch: Batch, config: Config) -> dict[str, float]:
    """One update on this process's part of a batch; the losses before it."""
    model = learner.model
    with autocast(batch.targets.device, config.precision):
        outputs = network(stacked_features(batch.mel_power), batch.style)
    outputs = tuple(part.float() for part in outputs)
    losses = total_losses(model, outputs, batch, config)
    network.zero_grad()
    losses["loss"].backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    nn.utils.clip_grad_norm_(learner.network.parameters(), config.clip_norm)
    learner.update(learning_rate_at(learner.done_steps, config), config.adam_share)
    return {name: float(loss.detach()) for name, loss in losses.items()}


def total_losses(model: VoiceToFace, outputs: tuple[Tensor, ...], batch: Batch, config: Config) -> dict[str, Tensor]:
    """Each loss and their weighted sum."""
    blendshapes, contact, phones = outputs
    # contact is learned from contact alone: the regression would talk it out of every closure it is unsure of
    closed = model.close(blendshapes, torch.sigmoid(contact.detach()))
    parts = losses_of((blendshapes, contact, phones), closed, batch.targets, batch.phones, batch.labelled)
    return {"loss": sum((config.loss_weights[name] * part for name, part in parts.items()), torch.zeros(()))} | parts


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Mixed precision as the config says."""
    is_mixed = precision == "bfloat16" or (precision == "auto" and device.type == "cuda")
    return torch.autocast(device.type, torch.bfloat16, enabled=is_mixed)


def learning_rate_at(done_steps: int, config: Config) -> float:
    """Learning rate of the next update."""
    warm = min(1.0, (done_steps + 1) / config.warmup_steps)
    return config.learning_rate * warm * (1 + math.cos(math.pi * done_steps / config.steps)) / 2


@torch.no_grad()
def perform(model: VoiceToFace, clip: Clip) -> Performance:
    """What the model makes of a whole clip in the default style."""
    device = next(model.parameters()).device
    waveform = torch.from_numpy(at_model_rate(clip)[None]).to(device)
    values, phones = (part[0].cpu() for part in model(waveform, torch.zeros(1, len(STYLES), device=device)))
    return performance_of(clip, values, phones)


def validate(model: VoiceToFace, held_out: dict[str, list[Clip]]) -> dict[str, dict[str, float]]:
    """Figures of the held-out clips of each corpus."""
    return {corpus: compare([perform(model, clip) for clip in clips]) for corpus, clips in held_out.items()}


def load_corpora(config: Config, validation: bool) -> dict[str, Iterator[Clip]]:
    """Clips of one side of the split by corpus, of each at most so many as the config allows, evenly spread."""
    if config.fake:
        return {"fake": iter(fake_clips(2 if validation else 6, seed=int(validation)))}
    corpora: dict[str, Iterator[Clip]] = {}
    for folder in sorted(path for path in config.clips.glob("*") if path.is_dir()):
        paths = list_clips(folder, validation)
        limit = config.validation_clips if validation else config.clips_per_corpus
        thinned = evenly_thinned(paths, limit)
        corpora[folder.name] = map(load_clip, tqdm(thinned, desc=folder.name, unit="clip"))
    if not corpora:
        raise ValueError(f"there are no prepared clips in {config.clips}; prepare a corpus first")
    return corpora


def load_held_out(config: Config) -> dict[str, list[Clip]]:
    """The clips of each corpus that tell how good a model is."""
    return {corpus: list(clips) for corpus, clips in load_corpora(config, validation=True).items()}


def load_tracks(config: Config) -> list[Track]:
    """What is trained on; silence comes last."""
    tracks = [
        make_track(corpus, clips, style_of(corpus)) for corpus, clips in load_corpora(config, validation=False).items()
    ]
    return [*tracks, silent_track(ROWS_PER_FRAME * config.run_frames, labelled_channels(tracks))]


def style_of(corpus: str) -> str:
    """Whose habits of annotation a corpus has: its own if it was captured, also by other voices."""
    captured = corpus.removesuffix("_voices")
    return captured if captured in STYLES else STYLES[0]


def labelled_channels(tracks: list[Track]) -> Tensor:
    """1 for the channels (51,) that some corpus says something about, else 0."""
    return torch.stack([track.labelled for track in tracks]).amax(dim=0)


class Learner:
    """Everything that an update changes."""

    def __init__(self, network: VoiceNetwork, config: Config) -> None:
        self.network = network
        self.model = VoiceToFace(network).to(network.mean.device)
        follow = get_ema_multi_avg_fn(config.average_decay)  # type: ignore[no-untyped-call]  # torch leaves it without types
        self.average = AveragedModel(network, multi_avg_fn=follow)
        inner = [*network.entry.parameters(), *network.blocks.parameters()]
        matrices = [parameter for parameter in inner if parameter.ndim > 1]
        others = [p for p in network.parameters() if not any(p is matrix for matrix in matrices)]
        self.muon = Muon(matrices, config.learning_rate, weight_decay=config.weight_decay)
        self.adam = torch.optim.AdamW(others, weight_decay=config.weight_decay)
        self.generator = run.seed_everything(config.seed)
        self.done_steps = 0

    def update(self, learning_rate: float, adam_share: float) -> None:
        """Follow the gradients, and count the update."""
        self.muon.param_groups[0]["lr"] = learning_rate
        self.adam.param_groups[0]["lr"] = adam_share * learning_rate
        self.muon.step()
        self.adam.step()
        self.average.update_parameters(self.network)
        self.done_steps += 1

    def save(self, folder: Path) -> None:
        """Write a checkpoint."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "generator": self.generator.get_state(),
            "done_steps": self.done_steps,
        }
        run.save_checkpoint(folder / CHECKPOINT, state)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = run.load_checkpoint(path)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        self.generator.set_state(state["generator"])
        self.done_steps = state["done_steps"]

    def averaged_model(self) -> VoiceToFace:
        """The model with the moving average of its weights."""
        network = VoiceNetwork()
        network.load_state_dict(self.average.module.state_dict())
        return VoiceToFace(network).to(self.network.mean.device).eval()


def main(config: Config) -> dict[str, dict[str, float]]:
    """Train, resuming where the run folder holds a checkpoint, export the averaged network, and return its figures."""
    device = run.choose_device(config.device)
    run.join_processes(device)
    rank, n_processes = run.rank_and_processes()
    if config.batch_runs % n_processes:
        raise ValueError(f"{config.batch_runs} runs do not spread over {n_processes} processes; change --batch-runs")
    torch.manual_seed(config.seed)
    run.start_run(config.run, asdict(config))
    network = VoiceNetwork()
    if config.start:  # before the clips, which take minutes
        load_weights(network, config.start, config.start_network)
    tracks = load_tracks(config)
    held_out = load_held_out(config)
    if not config.start:
        network.standardise(sample_features(tracks, config))
    network.keep_at_rest(labelled_channels(tracks) == 0)
    learner = Learner(network.to(device), config)
    if (config.run / CHECKPOINT).exists():
        learner.resume(config.run / CHECKPOINT)

    train(learner, tracks, held_out, config, is_writing=rank == 0)

    final = learner.averaged_model()
    round_weights(final)
    figures = validate(final, held_out)
    if rank == 0:
        trained_on = [{"corpus": track.corpus, "licence": licence} for track in tracks for licence in track.licences]
        trained_with = {"commit": run.git_commit(), "config": asdict(config)}
        write_model(final, config.run, held_out, contract(trained_on, trained_with, figures))
    return figures


def write_model(model: VoiceToFace, folder: Path, held_out: dict[str, list[Clip]], facts: dict[str, Any]) -> None:
    """Write the model file, its weights for plain numpy, its figures and the report."""
    export_model(model, folder / MODEL, facts)
    export_arrays(model, folder / ARRAYS, facts, NUMPY_CONSTANTS)
    run.write_json(folder / "metrics.json", facts["metrics"])
    write_report(folder / "report.html", [folder / MODEL], held_out)


def load_weights(network: nn.Module, path: Path, number: int = 0) -> None:
    """Take over one of the networks that export_arrays wrote; ValueError when a file holds no such network."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            names = network.state_dict()
            state = {name: torch.from_numpy(arrays[f"networks.{number}.{name}"]).float() for name in names}
        network.load_state_dict(state)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, BadZipFile) as error:
        raise ValueError(
            f"{path} holds no weights of voice_to_face ({error}); name the .npz beside such a model with --start"
        ) from error


def sample_features(tracks: list[Track], config: Config) -> Tensor:
    """Features (N, 128) of a few batches."""
    batch = draw_batch(tracks, chances(tracks, config), list(range(100)), config.run_frames, 0.0)
    return stacked_features(batch.mel_power).flatten(0, 1)


def chances(tracks: list[Track], config: Config) -> Tensor:
    """How often each track is drawn, (n_tracks,)."""
    return torch.tensor([config.corpus_weights.get(track.corpus, 1.0) for track in tracks])


def train(
    learner: Learner, tracks: list[Track], held_out: dict[str, list[Clip]], config: Config, is_writing: bool
) -> None:
    """Update until the steps are done; one of the processes that torchrun starts validates and writes files."""
    network = learner.network
    device = network.mean.device
    rank, n_processes = run.rank_and_processes()
    drawn = chances(tracks, config)
    parallel = DistributedDataParallel(network) if torch.distributed.is_initialized() else network
    writer = SummaryWriter(config.run, purge_step=learner.done_steps) if is_writing else None
    bar = tqdm(total=config.steps, initial=learner.done_steps, desc="training", unit="step", disable=not is_writing)
    while learner.done_steps < config.steps:
        seeds = torch.randint(2**31, (config.batch_runs,), generator=learner.generator).tolist()
        own_seeds = seeds[rank::n_processes]
        batch = draw_batch(tracks, drawn, own_seeds, config.run_frames, config.style_share)
        losses = run.mean_over_processes(step(parallel, learner, batch.to(device), config))
        bar.update()
        bar.set_postfix(loss=f"{losses['loss']:.4f}")
        if writer:
            log(writer, {"training": losses}, learner.done_steps)
        if writer and (learner.done_steps % config.validate_every == 0 or learner.done_steps == config.steps):
            learner.save(config.run)
            log_validation(writer, learner.averaged_model(), held_out, learner.done_steps)
    bar.close()


def log(writer: SummaryWriter, figures: dict[str, dict[str, float]], done_steps: int) -> None:
    """Write named figures of named parts to TensorBoard."""
    for part, numbers in figures.items():
        for name, number in numbers.items():
            writer.add_scalar(f"{part}/{name}", number, done_steps)


def log_validation(writer: SummaryWriter, model: VoiceToFace, held_out: dict[str, list[Clip]], done_steps: int) -> None:
    """Write figures of the held-out clips to TensorBoard, and curves and faces of one clip of each corpus."""
    log(writer, validate(model, held_out), done_steps)
    head = read_head() if DEFAULT_HEAD.exists() else None
    for corpus, clips in held_out.items():
        shows = {"model": perform(model, clips[0]), "target": target_of(clips[0])}
        writer.add_figure(corpus, draw_example(clips[0], shows, head), done_steps)


def contract(
    trained_on: list[dict[str, str]], trained_with: dict[str, Any], figures: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    return {
        "kind": "audio_to_blendshapes",
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "hop_samples": HOP_SAMPLES,
        "fps": FPS,
        "channels": BLENDSHAPE_CHANNELS,
        "phones": PHONES,
        "styles": STYLES,
        "receptive_field_seconds": RECEPTIVE_FIELD_SECONDS,
        "trained_on": trained_on,
        "trained_with": trained_with,
        "metrics": figures,
    }


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
