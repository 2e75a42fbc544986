"""Paper P4's l-GAN: speech -> displacements of the 68 landmarks of a canonical face.

Das, Biswas, Sinha, Bhowmick, "Speech-driven Facial Animation using Cascaded GANs for Learning of Motion and Texture",
ECCV 2020, sections 3.1 and 4.2. As there: six frames of speech features round each frame, convolutions over time with
LeakyReLU to a code of 33, whose decoder and the first of the discriminator's two layers begin with the principal
components of measured displacements; distance, regularisation, direction and adversarial losses 1, 0.5, 0.5 and 1;
batches of 6 runs, Adam at 2e-4.

What differs:

* DeepSpeech's features are not to be had. In their place are the phone probabilities of Voxkey's speech model, of 29
  classes too and as logarithms, which is what the layer before softmax holds. Its ONNX graph becomes part of the
  exported one. It hears 50 rows a second, of which six frames of video are 13.
* Displacements are measured in pixels of a face whose outer eye corners are EYE_DISTANCE_PX apart and losses are means,
  which makes the published weights comparable.
* Eyes and brows do not follow speech: their displacements are 0, and the blink generator moves them.
* The neutral face of a recording is its mean while nobody speaks.
* It learns from GRID's s1, the only speaker with landmarks here but s4, who scores.

python -m trainer.landmark_cascade.train_landmarks --clips faces/clips --run runs/landmarks
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import tyro
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.channels import LANDMARK_CHANNELS
from blender_addon.core.model import Model, open_model, predict
from blender_addon.core.wav import resample_waveform
from trainer import run
from trainer.clips import CLIP_SAMPLE_RATE_HZ, PHONES, list_clips
from trainer.evaluate import lmd
from trainer.export import export_model
from trainer.gan import discriminator_loss, generator_loss
from trainer.landmark_cascade.losses import direction_loss, distance_loss, regularization_loss
from trainer.landmark_cascade.model import (
    SPEECH_FPS,
    WINDOW_ROWS,
    LandmarkDiscriminator,
    LandmarkGenerator,
    start_from_components,
)
from trainer.landmark_cascade.retarget import canonical_displacements, retarget
from trainer.landmark_clips import LandmarkClip, fake_landmark_clips, load_landmark_clip, nose_centred

CHECKPOINT, MODEL = "checkpoint.pt", "model.onnx"
ROWS_PER_FRAME = 2
"""Of phones to a video frame, whose middle is the second one."""
EYE_DISTANCE_PX = 100.0
"""Of GRID's faces in pictures of 256 pixels."""
STILL = (*range(17, 27), *range(36, 48))
"""Brows and eyes."""
SILENCE_PROBABILITY = 0.5
FEWEST_SILENT_FRAMES = 5


@dataclass(frozen=True)
class Config:
    """Settings of one run; the defaults are the paper's where it states them."""

    clips: Path = Path("faces/clips")
    """Folder of landmark clips, searched with its subfolders."""
    speech: Path = Path("blender_addon/models/voice_to_face.onnx")
    """Model file with phones, which becomes part of the exported model."""
    run: Path = Path("runs/landmarks")
    """Run folder: config.json, TensorBoard log, checkpoint, exported model. A run found there is resumed."""
    steps: int = 4_500
    """Updates; about 40 epochs of 680 recordings (section 4.2)."""
    batch_runs: int = 6
    """Recordings in a batch, of RUN_FRAMES frames each."""
    run_frames: int = 40
    """Adjacent video frames of a run."""
    learning_rate: float = 2e-4
    """Of Adam, for both networks."""
    distance_weight: float = 1.0
    regularization_weight: float = 0.5
    direction_weight: float = 0.5
    adversarial_weight: float = 1.0
    """Weights of eq. (5)."""
    direction_sharpness: float = 4.0
    """Slope of the sigmoid that stands for the direction of motion, per pixel."""
    validate_every: int = 500
    """Updates from one validation and checkpoint to the next."""
    seed: int = 0
    """Of initial weights and batches."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""
    fake: bool = False
    """Train on noise bursts instead of recordings, to see that everything runs."""


@dataclass(frozen=True)
class Recording:
    """One clip as an example."""

    licence: str
    corpus: str
    phones: Tensor
    """(T * ROWS_PER_FRAME, P) probabilities."""
    face: Tensor
    """(T, 68, 2) nose-centred landmarks, without what the head does."""
    neutral: Tensor
    """(68, 2) the mean face while nobody speaks."""
    eye_distance_px: float
    """In a picture of 256 pixels."""


@dataclass
class Learner:
    """Everything that an update changes."""

    generator: LandmarkGenerator
    discriminator: LandmarkDiscriminator
    optimizers: tuple[torch.optim.Optimizer, torch.optim.Optimizer]
    draws: torch.Generator
    done_steps: int = 0

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        state: dict[str, Any] = {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "draws": self.draws.get_state(),
            "done_steps": self.done_steps,
        }
        run.save_checkpoint(path, state)

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = run.load_checkpoint(path)
        self.generator.load_state_dict(state["generator"])
        self.discriminator.load_state_dict(state["discriminator"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        self.draws.set_state(state["draws"])
        self.done_steps = state["done_steps"]


def step(learner: Learner, windows: Tensor, measured: Tensor, config: Config) -> dict[str, float]:
    """One update of the discriminator and one of the generator; the losses before them.

    Takes windows of phones (N, R, WINDOW_ROWS, P) and measured displacements (N, R, 68, 2) of the same frames.
    """
    generator, discriminator = learner.generator, learner.discriminator
    generated = generator.displacements(windows)
    real, fake = (discriminator(part.flatten(0, 1)) for part in (measured, generated.detach()))
    judgement = discriminator_loss(real, fake)
    _update(learner.optimizers[1], judgement)
    losses = generator_losses(generated * EYE_DISTANCE_PX, measured * EYE_DISTANCE_PX, config)
    losses["adversarial"] = generator_loss(discriminator(generated.flatten(0, 1)))  # eq. (4)
    total = torch.stack([getattr(config, f"{name}_weight") * loss for name, loss in losses.items()]).sum()
    _update(learner.optimizers[0], total)
    learner.done_steps += 1
    figures = {"loss": total, "discriminator": judgement} | losses
    return {name: float(loss.detach()) for name, loss in figures.items()}


def generator_losses(generated_px: Tensor, measured_px: Tensor, config: Config) -> dict[str, Tensor]:
    """The losses of eq. (1) to (3) on displacements (N, R, 68, 2) in pixels."""
    return {
        "distance": distance_loss(generated_px, measured_px),
        "regularization": regularization_loss(generated_px),
        "direction": direction_loss(generated_px, measured_px, config.direction_sharpness),
    }


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    optimizer.step()


def read_recordings(config: Config, speech: Model, validation: bool) -> list[Recording]:
    """Recordings of one side of the split that hold a run and enough silence; ValueError when there are none."""
    found = [_recording(clip, speech) for clip in _clips(config, validation)]
    long_enough = [recording for recording in found if recording and len(recording.face) >= config.run_frames]
    if not long_enough:
        raise ValueError(f"there are no landmark clips in {config.clips}; run trainer.prepare.grid_video")
    return long_enough


def _clips(config: Config, validation: bool) -> Iterator[LandmarkClip]:
    if config.fake:
        yield from fake_landmark_clips(2 if validation else 6, seed=int(validation))
        return
    paths = [path for path in list_clips(config.clips, validation) if "scoring" not in path.parts]
    yield from map(load_landmark_clip, tqdm(paths, desc="hearing", unit="clip"))


def _recording(clip: LandmarkClip, speech: Model) -> Recording | None:
    waveform = resample_waveform(clip.waveform, CLIP_SAMPLE_RATE_HZ, speech.contract.sample_rate_hz)
    heard = predict(speech, waveform).phones
    assert heard is not None
    n_frames = min(len(clip.landmarks), len(heard.values) // ROWS_PER_FRAME)
    phones = heard.values[: n_frames * ROWS_PER_FRAME]
    is_silent = phones[ROWS_PER_FRAME - 1 :: ROWS_PER_FRAME, PHONES.index("sil")] > SILENCE_PROBABILITY
    if is_silent.sum() < FEWEST_SILENT_FRAMES:
        return None
    face = nose_centred(clip.landmarks[:n_frames])
    eyes_px = 256 * np.linalg.norm(clip.landmarks[:, 36] - clip.landmarks[:, 45], axis=1).mean()
    return Recording(
        licence=clip.licence,
        corpus=clip.corpus,
        phones=torch.from_numpy(phones),
        face=torch.from_numpy(face),
        neutral=torch.from_numpy(face[is_silent].mean(axis=0)),
        eye_distance_px=float(eyes_px),
    )


def displacements_of(recording: Recording, canonical_neutral: Tensor) -> Tensor:
    """Measured displacements (T, 68, 2) of the canonical face."""
    arrays = (part.numpy().astype(np.float64) for part in (recording.face, recording.neutral, canonical_neutral))
    moved = torch.from_numpy(canonical_displacements(*arrays).astype(np.float32))
    moved[:, list(STILL)] = 0
    return moved


def draw(examples: list[tuple[Tensor, Tensor]], config: Config, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Windows (N, R, WINDOW_ROWS, P) and displacements (N, R, 68, 2) of random runs."""
    runs = []
    for number in torch.randint(len(examples), (config.batch_runs,), generator=draws).tolist():
        windows, moved = examples[number]
        start = int(torch.randint(len(moved) - config.run_frames + 1, (), generator=draws))
        runs.append((windows[start : start + config.run_frames], moved[start : start + config.run_frames]))
    chosen, displaced = zip(*runs, strict=True)
    return torch.stack(chosen), torch.stack(displaced)


@torch.no_grad()
def landmark_distance_px(generator: LandmarkGenerator, recordings: list[Recording]) -> float:
    """LMD of recordings, in pixels of a picture of 256."""
    canonical = generator.neutral.cpu().numpy().astype(np.float64)
    distances = []
    for recording in recordings:
        faces = generator(recording.phones[None].to(generator.neutral.device))[0].cpu()
        shown = faces[ROWS_PER_FRAME - 1 :: ROWS_PER_FRAME].double().numpy()
        person = retarget(shown, canonical, recording.neutral.double().numpy())
        both = person, recording.face.double().numpy()
        distances.append(lmd(*(faces * recording.eye_distance_px for faces in both)))
    return float(np.mean(distances))


def main(config: Config) -> dict[str, float]:
    """Train, resuming where the run folder holds a checkpoint, export the generator, and return its figures."""
    device = run.choose_device(config.device)
    draws = run.seed_everything(config.seed)
    run.start_run(config.run, asdict(config))
    speech = open_model(config.speech, "CPU")
    if speech.contract.phones != PHONES or speech.contract.fps != SPEECH_FPS:
        raise ValueError(f"{config.speech} gives no phones at {SPEECH_FPS} rows a second; name voice_to_face.onnx")
    training, held_out = (read_recordings(config, speech, validation) for validation in (False, True))
    generator, discriminator = LandmarkGenerator(), LandmarkDiscriminator()
    generator.neutral.copy_(torch.stack([recording.neutral for recording in training]).mean(dim=0))
    examples = examples_of(generator, training)
    start_from_components(generator, discriminator, torch.cat([moved for _, moved in examples]))
    networks = generator.to(device), discriminator.to(device)
    generators, judges = (torch.optim.Adam(network.parameters(), lr=config.learning_rate) for network in networks)
    learner = Learner(generator, discriminator, (generators, judges), draws)
    if (config.run / CHECKPOINT).exists():
        learner.resume(config.run / CHECKPOINT)

    train(learner, examples, held_out, config)

    figures = {"lmd_px": landmark_distance_px(generator, held_out)}
    export_model(generator, config.run / MODEL, contract(config, speech, training, generator, figures), config.speech)
    run.write_json(config.run / "metrics.json", figures)
    return figures


def examples_of(generator: LandmarkGenerator, recordings: list[Recording]) -> list[tuple[Tensor, Tensor]]:
    """Windows (T, WINDOW_ROWS, P) and displacements (T, 68, 2) at the video frames of every recording."""
    return [
        (
            generator.windows(recording.phones[None])[0, ROWS_PER_FRAME - 1 :: ROWS_PER_FRAME],
            displacements_of(recording, generator.neutral),
        )
        for recording in recordings
    ]


def train(learner: Learner, examples: list[tuple[Tensor, Tensor]], held_out: list[Recording], config: Config) -> None:
    """Update until the steps are done."""
    device = learner.generator.neutral.device
    writer = SummaryWriter(config.run, purge_step=learner.done_steps)
    bar = tqdm(total=config.steps, initial=learner.done_steps, desc="training", unit="step")
    while learner.done_steps < config.steps:
        windows, moved = draw(examples, config, learner.draws)
        figures = step(learner, windows.to(device), moved.to(device), config)
        bar.update()
        bar.set_postfix(distance=f"{figures['distance']:.3f}")
        if learner.done_steps % config.validate_every == 0 or learner.done_steps == config.steps:
            figures["lmd_px"] = landmark_distance_px(learner.generator, held_out)
            learner.save(config.run / CHECKPOINT)
        for name, figure in figures.items():
            writer.add_scalar(name, figure, learner.done_steps)
    bar.close()


def contract(
    config: Config,
    speech: Model,
    training: list[Recording],
    generator: LandmarkGenerator,
    figures: dict[str, float],
) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    heard = speech.contract
    return {
        "kind": "audio_to_landmarks",
        "sample_rate_hz": heard.sample_rate_hz,
        "hop_samples": heard.hop_samples,
        "fps": heard.fps,
        "channels": LANDMARK_CHANNELS,
        "neutral_landmarks": generator.neutral.tolist(),
        "receptive_field_seconds": heard.receptive_field_seconds + WINDOW_ROWS / SPEECH_FPS,
        "trained_on": [
            {"corpus": corpus, "licence": licence}
            for corpus, licence in sorted({(recording.corpus, recording.licence) for recording in training})
        ],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config), "speech": config.speech.name},
        "metrics": figures,
    }


if __name__ == "__main__":
    try:
        print(main(tyro.cli(Config, description=__doc__)))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
