"""A small network that finds the 68 landmarks of a face in a picture, and the model file that the add-on ships of it.

Reference Render asks it where the face of a reference picture is. The picture is halved, five convolutions with stride
2 go down to 4 x 4, others come up again with what was as large on the way down, to one map of 32 x 32 a landmark. The
softmax of a map says where the landmark is, as its mean place (Nibali et al. 2018, "Numerical coordinate regression
with convolutional neural networks", section 3.1); it learns from that place and, as that alone is slow, from the map.

What it learns from are few people (GRID's s1 and rendered characters), so each picture is shown as many others: other
place, size, turn and proportions, mirrored, in other colours, blurred, noisy, on other backgrounds.

python -m trainer.face_landmarks --frames faces/frames --run runs/face_landmarks
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
import tyro
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from blender_addon.core.channels import N_LANDMARKS
from blender_addon.core.frames import SIDE_PX, load_frames
from blender_addon.core.landmarks import MIRRORED, OUTER_EYE_CORNERS, procrustes
from blender_addon.core.model import find_landmarks, open_model
from blender_addon.core.picture_face import CROP_MIDDLE, CROP_PER_FACE_HEIGHT, search_face
from trainer import run
from trainer.export import export_model, round_weights
from trainer.face_frames import files_by_character, files_to_learn_from
from trainer.landmark_clips import fake_face

SEEN_PX = SIDE_PX // 2
"""Side of the picture that the network works on."""
MAP_CELLS = 32
MAP_SPREAD = 1.0
"""Standard deviation of a landmark on the map that is wanted, in cells."""
WIDTHS = (24, 48, 96, 96, 96)
"""Channels after each halving of SEEN_PX."""
MAP_WIDTH = 48

NEAR_SHARE = 0.5
"""Of the examples, those that are framed nearly as a crop about the right landmarks: the later rounds of the search."""
NEAR_SIZE, NEAR_SHIFT, NEAR_TURN = 0.15, 0.06, 0.25
"""Their factor of size (as logarithm), shift in parts of the picture, and turn in radians, at most."""
SMALLEST, LARGEST = 0.2, 0.9
"""Height of the face in parts of the picture, in the other examples."""
MOST_TURN = 0.6
"""Radians."""
MOST_STRETCH, MOST_BEND = 0.2, 0.05
"""Of width against height (as logarithm); and of places in a net of BEND_CELLS, in parts of the face's height."""
BEND_CELLS = 5

RISE = 0.1
"""Part of the updates in which the learning rate rises."""
MEASURED_EVERY = 16
"""Frames of a file, for the figures."""
CHECKPOINT, MODEL = "checkpoint.pt", "face_landmarks.onnx"


@dataclass(frozen=True)
class Config:
    frames: Path = Path("faces/frames")
    """Folder of frames, searched with its subfolders."""
    run: Path = Path("runs/face_landmarks")
    """Run folder: settings, checkpoint, figures on held-out characters, model file. A run found there is resumed."""
    scoring: Path = Path("faces/scoring/frames/grid_s4")
    """Pictures of somebody else, measured at the end and never learned from; left out where there are none."""
    steps: int = 6000
    """Updates."""
    batch_pictures: int = 16
    """Pictures of an update."""
    learning_rate: float = 2e-3
    """Of Adam at its height; rises over the first tenth and falls to 0."""
    map_weight: float = 0.3
    """Of the cross entropy of the maps beside the error of the places in outer-eye distances."""
    every_frames: int = 2
    """Every how many frames of a file one is learned from: neighbours show nearly the same."""
    save_every: int = 100
    """Updates from one checkpoint to the next."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of activations; bfloat16 takes half the time on CPUs with AVX512-BF16 or AMX."""
    seed: int = 0
    """Of initial weights and examples."""
    fake: bool = False
    """Learn from flat faces instead of pictures, to see that everything runs."""


class LandmarkNetwork(nn.Module):
    """Pictures (N, 3, 256, 256) in [-1, 1] -> landmarks (N, 68, 2) in picture coordinates."""

    def __init__(self) -> None:
        super().__init__()
        befores = (3, *WIDTHS[:-1])
        self.down = nn.ModuleList(_convolution(*pair, stride=2) for pair in zip(befores, WIDTHS, strict=True))
        self.stay = nn.ModuleList(_convolution(width, width) for width in WIDTHS[2:])
        deep = WIDTHS[-1]
        self.up = nn.ModuleList(_convolution(deep, deep) for _ in WIDTHS[3:])
        self.narrow = _convolution(deep, MAP_WIDTH, size=1)
        self.beside = nn.Conv2d(WIDTHS[1], MAP_WIDTH, 1)
        self.last = _convolution(MAP_WIDTH, MAP_WIDTH)
        self.maps = nn.Conv2d(MAP_WIDTH, N_LANDMARKS, 1)

    def forward(self, image: Tensor) -> Tensor:
        """The landmarks."""
        return places(self.logits(F.avg_pool2d(image, SIDE_PX // SEEN_PX)))

    def logits(self, seen: Tensor) -> Tensor:
        """Maps (N, 68, 32, 32) of pictures (N, 3, 128, 128)."""
        hidden = self.down[1](self.down[0](seen))
        halved = [hidden]
        for down, stay in zip(list(self.down)[2:], self.stay, strict=True):
            hidden = down(hidden)
            hidden = hidden + stay(hidden)
            halved.append(hidden)
        halved.pop()
        for up in self.up:
            hidden = halved.pop() + up(F.interpolate(hidden, scale_factor=2.0, mode="nearest"))
        hidden = F.interpolate(self.narrow(hidden), scale_factor=2.0, mode="nearest") + self.beside(halved.pop())
        maps: Tensor = self.maps(hidden + self.last(hidden))
        return maps


def _convolution(before: int, after: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, size, stride, padding=size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


def without_normalisation(network: LandmarkNetwork) -> LandmarkNetwork:
    """A copy for use, whose convolutions have taken their normalisation over: only so does half precision halve it."""
    network = copy.deepcopy(network).eval()
    for module in network.modules():
        if isinstance(module, nn.Sequential):
            convolution, norm = module[0], module[1]
            assert isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)  # as _convolution has them
            module[0], module[1] = fuse_conv_bn_eval(convolution, norm), nn.Identity()
    return network


def places(logits: Tensor) -> Tensor:
    """Mean places (N, 68, 2) in picture coordinates on the softmax of maps (N, 68, 32, 32)."""
    likely = torch.softmax(logits.flatten(2), dim=2).reshape(logits.shape)
    cells = (torch.arange(MAP_CELLS) + 0.5) / MAP_CELLS
    return torch.stack([likely.sum(2) @ cells, likely.sum(3) @ cells], dim=2)


def losses_of(logits: Tensor, landmarks: Tensor, map_weight: float) -> dict[str, Tensor]:
    """Mean error of the places in outer-eye distances, cross entropy of the maps, and their weighted sum.

    Landmarks that left the picture count in neither.
    """
    shown = ((landmarks > 0) & (landmarks < 1)).all(dim=2)
    size = (landmarks[:, OUTER_EYE_CORNERS[0]] - landmarks[:, OUTER_EYE_CORNERS[1]]).norm(dim=1)
    error = ((places(logits) - landmarks).norm(dim=2) / size[:, None])[shown].mean()
    cells = torch.arange(MAP_CELLS) + 0.5
    away = landmarks.unsqueeze(3) * MAP_CELLS - cells
    columns, rows = torch.exp(-0.5 * (away / MAP_SPREAD).square()).unbind(2)
    wanted = (rows.unsqueeze(3) * columns.unsqueeze(2)).flatten(2)
    wanted = wanted / wanted.sum(2, keepdim=True).clamp(min=1e-6)
    entropy = -(wanted * torch.log_softmax(logits.flatten(2), dim=2)).sum(2)[shown].mean()
    return {"loss": error + map_weight * entropy, "error": error, "entropy": entropy}


# ---------------------------------------------------------------------------------------------------------------------
# Examples: one picture as many


@dataclass(frozen=True)
class Faces:
    """Pictures to learn from."""

    images: Tensor
    """(N, 3, 256, 256) uint8."""
    landmarks: Tensor
    """(N, 68, 2) in picture coordinates."""
    licences: dict[str, str]
    """Corpus -> licence and attribution."""


def example(image: Tensor, landmarks: Tensor, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """A picture (3, 256, 256) in [0, 1] as another one (3, 128, 128) in [-1, 1], and its landmarks."""
    if _uniform(draws, 0, 1) < 0.5:
        image, landmarks = image.flip(2), landmarks[list(MIRRORED)] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0])
    low, high = landmarks.amin(0), landmarks.amax(0)
    height = float(high[1] - low[1])
    matrix, middle = _framing(height, draws)
    bend = MOST_BEND * height * torch.randn(1, 2, BEND_CELLS, BEND_CELLS, generator=draws).clamp(-2, 2)

    centred = (torch.arange(SEEN_PX) + 0.5) / SEEN_PX
    grid = torch.stack([centred.expand(SEEN_PX, SEEN_PX), centred[:, None].expand(SEEN_PX, SEEN_PX)], dim=2)
    grid = (grid - middle) @ matrix.T + (low + high) / 2
    grid = grid + _bent(bend, grid)
    shrink = 2 ** int(np.clip(np.log2(float(matrix.det()) ** 0.5 * SIDE_PX / SEEN_PX), 0, 3))
    source = F.avg_pool2d(image[None], shrink)
    padding = "border" if _uniform(draws, 0, 1) < 0.3 else "zeros"
    seen = F.grid_sample(source, 2 * grid[None] - 1, padding_mode=padding, align_corners=False)[0]
    if padding == "zeros":
        outside = ((grid < 0) | (grid > 1)).any(dim=2)
        seen = torch.where(outside, _background(draws), seen)
    return _disturbed(seen, draws) * 2 - 1, _back(landmarks, bend, matrix, (low + high) / 2, middle)


def _framing(height: float, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Matrix (2, 2) from the new picture's offsets to the old one's, and where in the new one the face's middle is."""
    if _uniform(draws, 0, 1) < NEAR_SHARE:
        size = np.exp(_uniform(draws, -NEAR_SIZE, NEAR_SIZE)) / CROP_PER_FACE_HEIGHT
        turn = _uniform(draws, -NEAR_TURN, NEAR_TURN)
        middle = torch.tensor(CROP_MIDDLE) + NEAR_SHIFT * (2 * torch.rand(2, generator=draws) - 1)
    else:
        size = _uniform(draws, SMALLEST, LARGEST)
        turn = _uniform(draws, -MOST_TURN, MOST_TURN)
        margin = size / 2 - 0.05
        middle = margin + (1 - 2 * margin) * torch.rand(2, generator=draws)
    stretch = np.exp(_uniform(draws, -MOST_STRETCH, MOST_STRETCH) / 2)
    cosine, sine = np.cos(turn), np.sin(turn)
    rotation = torch.tensor([[cosine, -sine], [sine, cosine]], dtype=torch.float32)
    return torch.diag(torch.tensor([stretch, 1 / stretch], dtype=torch.float32)) @ rotation * (height / size), middle


def _bent(bend: Tensor, points: Tensor) -> Tensor:
    """How far points (H, W, 2) in picture coordinates are moved by a net of shifts (1, 2, cells, cells)."""
    shifts = F.grid_sample(bend, 2 * points[None] - 1, "bicubic", padding_mode="border", align_corners=True)
    return shifts[0].permute(1, 2, 0)


def _back(landmarks: Tensor, bend: Tensor, matrix: Tensor, face: Tensor, middle: Tensor) -> Tensor:
    """Where landmarks (68, 2) of the old picture are in the new one: what the bend moves onto them, by iteration."""
    before = landmarks
    for _ in range(6):
        before = landmarks - _bent(bend, before[None])[0]
    back: Tensor = (before - face) @ torch.linalg.inv(matrix).T + middle
    return back


def _background(draws: torch.Generator) -> Tensor:
    """(3, 128, 128) of colours that change slowly or fast."""
    cells = int(2 ** _uniform(draws, 0, 6))
    colours = torch.rand(1, 3, cells, cells, generator=draws)
    mode = "nearest" if _uniform(draws, 0, 1) < 0.3 else "bilinear"
    return F.interpolate(colours, size=(SEEN_PX, SEEN_PX), mode=mode)[0]


def _disturbed(seen: Tensor, draws: torch.Generator) -> Tensor:
    """A picture (3, H, W) in [0, 1] in other colours, blurred and noisy."""
    grey = seen.mean(0, keepdim=True)
    seen = grey + (seen - grey) * _uniform(draws, 0, 1.5)
    gains = torch.exp(0.25 * torch.randn(3, 1, 1, generator=draws))
    seen = (seen * gains).clamp(0, 1) ** np.exp(_uniform(draws, -0.6, 0.6))
    seen = (seen - 0.5) * _uniform(draws, 0.5, 1.3) + 0.5 + _uniform(draws, -0.15, 0.15)
    light = torch.randn(1, 1, 3, 3, generator=draws)
    seen = seen + _uniform(draws, 0, 0.2) * F.interpolate(light, size=seen.shape[1:], mode="bilinear")[0]
    if _uniform(draws, 0, 1) < 0.3:
        coarse = int(_uniform(draws, 32, 128))
        seen = F.interpolate(seen[None], size=(coarse, coarse), mode="area")
        seen = F.interpolate(seen, size=(SEEN_PX, SEEN_PX), mode="bilinear")[0]
    seen = seen + _uniform(draws, 0, 0.06) * torch.randn(seen.shape, generator=draws)
    return seen.clamp(0, 1)


def _uniform(draws: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(1, generator=draws))


def batch_of(faces: Faces, config: Config, step_number: int) -> tuple[Tensor, Tensor]:
    """The examples of an update, which its number tells: (B, 3, 128, 128) and (B, 68, 2)."""
    draws = torch.Generator().manual_seed(config.seed * 1_000_003 + step_number)
    chosen = torch.randint(len(faces.images), (config.batch_pictures,), generator=draws).tolist()
    examples = [example(faces.images[i].float() / 255, faces.landmarks[i], draws) for i in chosen]
    images, landmarks = (torch.stack(parts) for parts in zip(*examples, strict=True))
    return images, landmarks


def read_faces(config: Config) -> Faces:
    """What is learned from; ValueError when there is nothing."""
    images, landmarks, licences = [], [], {}
    for path in tqdm(files_to_learn_from(config.frames), desc="reading", unit="file"):
        frames = load_frames(path)
        licences[corpus_of(frames.character)] = frames.licence
        images.append(torch.from_numpy(frames.images[:: config.every_frames]).permute(0, 3, 1, 2).contiguous())
        landmarks.append(torch.from_numpy(frames.landmarks[:: config.every_frames].astype(np.float32)))
    return Faces(torch.cat(images), torch.cat(landmarks), licences)


def corpus_of(character: str) -> str:
    """The first word of a character's name: grid, ict or toon."""
    return character.split("_")[0]


def fake_faces(n_pictures: int, seed: int) -> Faces:
    """Flat faces on flat grounds: enough to run the trainer without a corpus."""
    draws = np.random.default_rng(seed)
    landmarks = np.repeat(fake_face()[None], n_pictures, axis=0)
    images = np.empty((n_pictures, 3, SIDE_PX, SIDE_PX), np.uint8)
    for image, points in zip(images, landmarks * SIDE_PX, strict=True):
        ground, face = draws.integers(0, 256, (2, 3, 1, 1))
        (left, top), (right, bottom) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
        image[:], image[:, top:bottom, left:right] = ground, face
    return Faces(torch.from_numpy(images), torch.from_numpy(landmarks.astype(np.float32)), {})


# ---------------------------------------------------------------------------------------------------------------------
# Training


@dataclass
class Learner:
    """Everything that an update changes."""

    network: LandmarkNetwork
    optimizer: torch.optim.Optimizer
    done_steps: int = 0

    @staticmethod
    def fresh(config: Config) -> Learner:
        """With random weights."""
        network = LandmarkNetwork()
        optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
        return Learner(network, optimizer)

    def save(self, path: Path) -> None:
        """Write a checkpoint."""
        parts = {name: getattr(self, name).state_dict() for name in ("network", "optimizer")}
        run.save_checkpoint(path, parts | {"done_steps": self.done_steps})

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = run.load_checkpoint(path)
        for name in ("network", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.done_steps = state["done_steps"]


def step(learner: Learner, batch: tuple[Tensor, Tensor], config: Config) -> dict[str, float]:
    """One update on pictures (B, 3, 128, 128) and their landmarks; the losses before it."""
    images, landmarks = batch
    with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bfloat16"):
        logits = learner.network.logits(images)
    losses = losses_of(logits.float(), landmarks, config.map_weight)
    for group in learner.optimizer.param_groups:
        group["lr"] = config.learning_rate * pace(learner.done_steps / config.steps)
    learner.optimizer.zero_grad()
    losses["loss"].backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    learner.optimizer.step()
    learner.done_steps += 1
    return {name: float(loss.detach()) for name, loss in losses.items()}


def pace(done: float) -> float:
    """The learning rate in parts of its height after a part of the updates."""
    falling = 0.5 + 0.5 * np.cos(np.pi * (done - RISE) / (1 - RISE))
    return float(min(max(done / RISE, 0.01), falling))


def main(config: Config) -> dict[str, float]:
    """Train, resuming where the run folder holds a checkpoint, write the model file, and return what it gets right."""
    run.seed_everything(config.seed)
    run.start_run(config.run, asdict(config))
    faces = fake_faces(8, config.seed) if config.fake else read_faces(config)
    learner = Learner.fresh(config)
    if (config.run / CHECKPOINT).exists():
        learner.resume(config.run / CHECKPOINT)
    train(learner, faces, config)
    learner.save(config.run / CHECKPOINT)

    network = without_normalisation(learner.network)
    round_weights(network)
    path = config.run / MODEL
    export_model(network, path, contract(config, faces, {}))
    figures = measure(path, held_out_files(config))
    export_model(network, path, contract(config, faces, figures))
    run.write_json(config.run / "metrics.json", figures)
    return figures


def train(learner: Learner, faces: Faces, config: Config) -> None:
    """Update until the steps are done."""
    writer = SummaryWriter(config.run, purge_step=learner.done_steps)
    bar = tqdm(total=config.steps, initial=learner.done_steps, desc="training", unit="step")
    while learner.done_steps < config.steps:
        figures = step(learner, batch_of(faces, config, learner.done_steps), config)
        for name, figure in figures.items():
            writer.add_scalar(name, figure, learner.done_steps)
        bar.update()
        bar.set_postfix(error=f"{figures['error']:.3f}")
        if learner.done_steps % config.save_every == 0:
            learner.save(config.run / CHECKPOINT)
    bar.close()
    writer.close()


def held_out_files(config: Config) -> dict[str, list[Path]]:
    """Files of frames that nothing was learned from, by corpus."""
    groups: dict[str, list[Path]] = {}
    people = {} if config.fake else files_by_character(config.frames, validation=True)
    for name, paths in people.items():
        groups.setdefault(corpus_of(name), []).extend(paths)
    scoring = sorted(config.scoring.glob("*.npz"))
    return groups | ({config.scoring.name: scoring} if scoring and not config.fake else {})


def measure(path: Path, groups: dict[str, list[Path]]) -> dict[str, float]:
    """Mean error of a model file's search in pictures, in outer-eye distances, and the share in which it finds none."""
    model = open_model(path, "CPU", "image_to_landmarks")
    mean = model.contract.neutral_landmarks
    assert mean is not None  # a model of this kind has them
    figures = {}
    for name, paths in groups.items():
        errors, n_missed, n_asked = [], 0, 0
        for frames in map(load_frames, tqdm(paths, desc=f"measuring {name}", unit="file")):
            for index in range(0, len(frames.images), MEASURED_EVERY):
                n_asked += 1
                found = search_face(frames.images[index], lambda crops: find_landmarks(model, crops), mean)
                if not found.is_face:
                    n_missed += 1
                    continue
                true = frames.landmarks[index]
                away = np.linalg.norm(found.landmarks_px / SIDE_PX - true, axis=1).mean()
                errors.append(away / np.linalg.norm(np.subtract(*true[list(OUTER_EYE_CORNERS)])))
        figures[f"{name}_error"] = round(float(np.mean(errors)), 4) if errors else float("nan")
        figures[f"{name}_missed"] = round(n_missed / n_asked, 4)
    return figures


def contract(config: Config, faces: Faces, figures: dict[str, float]) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    return {
        "kind": "image_to_landmarks",
        "neutral_landmarks": mean_face(faces.landmarks.numpy()).tolist(),
        "trained_on": [{"corpus": name, "licence": text} for name, text in sorted(faces.licences.items())],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": figures,
    }


def mean_face(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """The mean (68, 2) of landmarks (N, 68, 2), all laid onto the first."""
    laid = np.stack([procrustes(face, landmarks[0])(face) for face in landmarks.astype(np.float64)])
    return np.asarray(laid.mean(axis=0))


if __name__ == "__main__":
    try:
        print(main(tyro.cli(Config, description=__doc__)))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
