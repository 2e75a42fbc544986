"""Learn one character from a few pictures with landmarks, and write the model that paints it (paper P4, section 3.4).

Starts from what train_texture meta-learned. Blender's "Learn This Character" runs it; a line `progress 0.42 text` says
how far it is.

python -m trainer.landmark_cascade.finetune --frames faces/frames/mine --output mine.onnx
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from blender_addon.core.frames import Frames, load_frames
from trainer import run
from trainer.export import export_model, round_weights
from trainer.landmark_cascade.faces import as_pictures
from trainer.landmark_cascade.learning import Networks, Person, adapt, evenly_spread
from trainer.landmark_cascade.retarget import neutral_of
from trainer.landmark_cascade.texture import Painter, without_spectral_norm

START = Path(__file__).with_name("start.safetensors")
"""What ships; its card is start.md."""
EXPORT_SHARE = 0.05
"""Of the progress, what the export takes."""


@dataclass(frozen=True)
class Config:
    frames: Path
    """Folder with the frames of one character: .npz files, as trainer/prepare and Blender write them."""
    output: Path
    """Model file to write, of kind landmarks_to_image."""
    start: Path = START
    """Meta-learned weights, which train_texture writes."""
    n_pictures: int = 20
    """K: pictures that are learned from, evenly spread over those that there are (section 4.3)."""
    epochs: int = 10
    """Times that each picture is learned from (table 4)."""
    batch_pictures: int = 2
    """Pictures of an update."""
    learning_rate: float = 1e-3
    """Of Adam: the inner learning rate of the meta-learning."""
    seed: int = 0
    """Of the order of the pictures."""
    device: str = "auto"
    """A torch device, or auto: the GPU where there is one."""


def read_character(folder: Path) -> Frames:
    """All frames of a folder as one; ValueError when there are none, or they show several characters."""
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise ValueError(f"there are no frames in {folder}; render some first")
    files = [load_frames(path) for path in paths]
    characters = sorted({frames.character for frames in files})
    if len(characters) > 1:
        raise ValueError(f"{folder} shows {len(characters)} characters; leave the frames of one")
    images, landmarks = (np.concatenate([getattr(f, part) for f in files]) for part in ("images", "landmarks"))
    return Frames(characters[0], characters[0], files[0].licence, images, landmarks)


def progress(done: float, text: str) -> None:
    """Tell a parent process."""
    print(f"progress {done:.3f} {text}", flush=True)


def main(config: Config) -> None:
    """Learn the character and write its model file, whole or not at all."""
    progress(0, "Reading frames")
    device = run.choose_device(config.device)
    draws = run.seed_everything(config.seed)
    character = read_character(config.frames)
    networks = Networks.load(config.start).to(device)
    few = evenly_spread(len(character.images), config.n_pictures).numpy()
    shown = replace(character, images=character.images[few], landmarks=character.landmarks[few])
    pictures = as_pictures(shown).to(device)

    updates = adapt(networks, pictures, config.epochs, config.batch_pictures, config.learning_rate, draws)
    for person, done, losses in updates:  # noqa: B007  (the last person is written below)
        progress(done * (1 - EXPORT_SHARE), f"Learning {character.name}, error {losses['pixel']:.2f}")
    progress(1 - EXPORT_SHARE, "Writing the model")
    export_painter(networks, person, config.output, contract(config, character))
    progress(1, "Done")


def export_painter(networks: Networks, person: Person, path: Path, facts: dict[str, Any]) -> None:
    """Write a model file that paints a person; the networks lose their spectral normalisation."""
    round_weights(without_spectral_norm(networks.generator))
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = person.shown
    export_model(Painter(networks.generator, person.texture, shown.images, shown.landmarks), path, facts)


def contract(config: Config, character: Frames) -> dict[str, Any]:
    """What the model file says about itself (DESIGN.md, "The model file")."""
    return {
        "kind": "landmarks_to_image",
        "neutral_landmarks": neutral_of(character.landmarks.astype(np.float64)).tolist(),
        "trained_on": [{"corpus": character.name, "licence": character.licence}],
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": {},
    }


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
