"""A small network that hears whether lips and sound belong together: audio-visual offset and confidence.

After Chung, Zisserman 2016, "Out of time: automated lip sync in the wild" (SyncNet), ACCV workshops: one stream embeds
0.2 s of sound, another the lips of the same five frames, alike where both are of the same moment. Shifted against each
other, the shift at which they are nearest is the offset, and how much nearer than at most shifts the confidence.

Deviations: lips are landmarks instead of pixels, as models of landmarks are to be judged; layers are dense; each moment
is told from all others within MOST_FRAMES of the same clip at once (cross entropy) instead of pairs. Confidence is a
difference of distances of vectors of length EMBEDDING_SCALE, so its size compares models here, not with SyncNet's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
import tyro
from torch import Tensor, nn
from tqdm import tqdm

from blender_addon.core.curves import Float32Array
from blender_addon.core.landmarks import LIPS
from trainer import run
from trainer.audio import MelPower, divide_by_local_level
from trainer.clips import CLIP_SAMPLE_RATE_HZ, list_clips
from trainer.landmark_clips import VIDEO_FPS, LandmarkClip, fake_landmark_clips, load_landmark_clip, nose_centred

MOST_FRAMES = 15
"""Largest shift that is tried: 0.6 s."""
N_FRAMES = 5
ROWS_PER_FRAME = 4
ROW_SAMPLES = CLIP_SAMPLE_RATE_HZ // VIDEO_FPS // ROWS_PER_FRAME
FFT_SAMPLES = 625
N_MELS = 40
LOWEST_HZ, HIGHEST_HZ = 60.0, 8000.0
LEVEL_REACH_ROWS = 200
QUIETEST_POWER, FLOOR_POWER = 4e-5, 1e-6
N_HIDDEN, N_EMBEDDING = 256, 64
EMBEDDING_SCALE = 4.0
WEIGHTS = "sync.pt"


@dataclass(frozen=True)
class Config:
    clips: Path = Path("faces/clips")
    """Folder of landmark clips, searched with its subfolders."""
    run: Path = Path("runs/sync_network")
    """Run folder: settings, figures on held-out clips, weights."""
    steps: int = 1500
    """Updates."""
    batch_clips: int = 8
    """Clips an update."""
    learning_rate: float = 1e-3
    """Of Adam at the start; falls to 0."""
    noise: float = 0.05
    """On features and lips, in their standard deviations, against learning clips by heart."""
    seed: int = 0
    """Of initial weights and batches."""
    fake: bool = False
    """Train on noise bursts instead of clips, to see that everything runs."""


class Sync(NamedTuple):
    """How sound and lips fit."""

    offset_frames: int
    """By how many frames at VIDEO_FPS the lips come too late; below 0 too early."""
    confidence: float
    """Median distance over all shifts minus the least."""


class SyncNetwork(nn.Module):
    """Sound (T, 800) and lips (T, 200) -> embeddings (T, 64) of each, of length EMBEDDING_SCALE."""

    def __init__(self) -> None:
        super().__init__()
        self.sound = _stream(N_MELS * N_FRAMES * ROWS_PER_FRAME)
        self.lips = _stream(40 * N_FRAMES)

    def forward(self, sound: Tensor, lips: Tensor) -> tuple[Tensor, Tensor]:
        """Both embeddings."""
        embedded = (F.normalize(stream(inputs), dim=1) for stream, inputs in ((self.sound, sound), (self.lips, lips)))
        first, second = (EMBEDDING_SCALE * vectors for vectors in embedded)
        return first, second


def _stream(n_inputs: int) -> nn.Sequential:
    hidden = nn.Linear(n_inputs, N_HIDDEN), nn.ReLU(), nn.Linear(N_HIDDEN, N_HIDDEN), nn.ReLU()
    return nn.Sequential(nn.BatchNorm1d(n_inputs), *hidden, nn.Linear(N_HIDDEN, N_EMBEDDING))


@torch.no_grad()
def sound_windows(waveform: Float32Array) -> Tensor:
    """Log mel power (T, 800) of the five frames around each frame of a waveform (S,) at CLIP_SAMPLE_RATE_HZ."""
    mel_power = MelPower(CLIP_SAMPLE_RATE_HZ, ROW_SAMPLES, FFT_SAMPLES, N_MELS, LOWEST_HZ, HIGHEST_HZ)
    relative = divide_by_local_level(mel_power(torch.from_numpy(waveform)[None]), LEVEL_REACH_ROWS, QUIETEST_POWER)
    rows = torch.log10(relative.clamp(min=FLOOR_POWER))[0]
    return _windows(rows[: len(rows) // ROWS_PER_FRAME * ROWS_PER_FRAME].reshape(-1, ROWS_PER_FRAME * N_MELS))


def lip_windows(faces: Float32Array) -> Tensor:
    """Lips (T, 200) of the five frames around each of nose-centred faces (T, 68, 2), less their mean over the clip."""
    lips = torch.from_numpy(np.ascontiguousarray(faces[:, LIPS])).flatten(1)
    return _windows(lips - lips.mean(dim=0))


def _windows(rows: Tensor) -> Tensor:
    """Rows (T, F) -> (T, 5 * F), the first and last row held beyond the ends."""
    reach = N_FRAMES // 2
    padded = torch.cat([rows[:1].expand(reach, -1), rows, rows[-1:].expand(reach, -1)])
    return torch.cat([padded[i : i + len(rows)] for i in range(N_FRAMES)], dim=1)


def distances(sound: Tensor, lips: Tensor) -> Tensor:
    """(T - 30, 31) distance of each inner moment's sound to the lips from 15 frames earlier to 15 later."""
    n = len(sound) - 2 * MOST_FRAMES
    shifted = torch.stack([lips[i : i + n] for i in range(2 * MOST_FRAMES + 1)], dim=1)
    return (sound[MOST_FRAMES:-MOST_FRAMES, None] - shifted).square().sum(dim=2).clamp(min=1e-9).sqrt()


def step(
    network: SyncNetwork, optimizer: torch.optim.Optimizer, batch: list[tuple[Tensor, Tensor]]
) -> dict[str, float]:
    """One update on the windows of some clips; the loss before it, log 31 for a network that knows nothing."""
    lengths = [len(lips) for _, lips in batch]
    embedded = network(*(torch.cat(parts) for parts in zip(*batch, strict=True)))
    near = torch.cat([-distances(*pair).square() for pair in zip(*(e.split(lengths) for e in embedded), strict=True)])
    loss = F.cross_entropy(near, torch.full((len(near),), MOST_FRAMES))
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    optimizer.step()
    return {"loss": float(loss.detach())}


@torch.no_grad()
def measure(network: SyncNetwork, pairs: list[tuple[Tensor, Tensor]]) -> Sync:
    """Offset and confidence of windows of sound and lips, of all clips together."""
    network.eval()
    mean = torch.cat([distances(*network(*pair)) for pair in pairs]).mean(dim=0)
    return Sync(int(mean.argmin()) - MOST_FRAMES, float(mean.median() - mean.min()))


def load_network(path: Path) -> SyncNetwork:
    """A trained network; ValueError when the file holds none."""
    network = SyncNetwork()
    try:
        network.load_state_dict(run.load_checkpoint(path))
    except RuntimeError as error:
        raise ValueError(f"{path} holds no sync network; python -m trainer.sync_network trains one") from error
    return network.eval()


def load_pairs(config: Config, validation: bool) -> list[tuple[Tensor, Tensor]]:
    """Windows of sound and lips of the clips of one side of the split; ValueError when there are none."""
    if config.fake:
        clips: list[LandmarkClip] = fake_landmark_clips(2 if validation else 6, seed=int(validation))
    else:
        clips = [load_landmark_clip(path) for path in list_clips(config.clips, validation)]
    if not clips:
        raise ValueError(f"{config.clips} holds no landmark clips; python -m trainer.prepare.grid_video makes some")
    return [
        (sound_windows(clip.waveform), lip_windows(nose_centred(clip.landmarks)))
        for clip in tqdm(clips, desc="features", unit="clip")
    ]


def main(config: Config) -> Sync:
    """Train from the start, which takes minutes, and return how the lips of held-out clips fit their sound."""
    generator = run.seed_everything(config.seed)
    run.start_run(config.run, asdict(config))
    training, held_out = (load_pairs(config, validation) for validation in (False, True))
    network = SyncNetwork()
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    deviations = [torch.cat(parts).std(dim=0) for parts in zip(*training[::10], strict=True)]
    bar = tqdm(range(config.steps), desc="training", unit="step")
    for _ in bar:
        drawn = torch.randint(len(training), (config.batch_clips,), generator=generator).tolist()
        batch = [_disturbed(training[i], deviations, config.noise, generator) for i in drawn]
        bar.set_postfix(step(network, optimizer, batch))
        scheduler.step()
    sync = measure(network, held_out)
    run.save_checkpoint(config.run / WEIGHTS, network.state_dict())
    run.write_json(config.run / "metrics.json", sync._asdict())
    return sync


def _disturbed(
    pair: tuple[Tensor, Tensor], deviations: list[Tensor], noise: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    sound, lips = (
        part + noise * deviation * torch.randn(part.shape, generator=generator)
        for part, deviation in zip(pair, deviations, strict=True)
    )
    return sound, lips


if __name__ == "__main__":
    try:
        print(main(tyro.cli(Config, description=__doc__)))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
