"""Pictures of one face with its 68 landmarks: what a network that paints faces learns from. numpy only.

Picture coordinates run from (0, 0), the top left corner, x to the right and y down, to (1, 1), the bottom right corner.
Landmarks are in iBUG order: 0 is on the character's right, which is the picture's left.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .curves import Float32Array
from .landmarks import procrustes

SIDE_PX = 256
"""Width and height of pictures to learn from."""
STEADY = (*range(27, 36), 36, 39, 42, 45)
"""Landmarks that speech hardly moves: the nose and the corners of the eyes."""


@dataclass(frozen=True)
class Frames:
    """One character in one scene: the same light, hair and framing throughout."""

    name: str
    """Unique; the name of the file."""
    character: str
    """Who is seen; several files may show one character."""
    licence: str
    """Of the pictures, with attribution."""
    images: NDArray[np.uint8]
    """(N, 256, 256, 3) sRGB, top row first."""
    landmarks: Float32Array
    """(N, 68, 2) in picture coordinates."""

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.shape != (n, SIDE_PX, SIDE_PX, 3) or self.landmarks.shape != (n, 68, 2):
            raise ValueError(
                f"{self.name}: pictures {self.images.shape} and landmarks {self.landmarks.shape} do not fit; "
                f"they must be (N, {SIDE_PX}, {SIDE_PX}, 3) and (N, 68, 2)"
            )


def save_frames(folder: Path, frames: Frames) -> Path:
    """Write folder/NAME.npz whole or not at all, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{frames.name}.npz"
    partial = path.with_suffix(".partial")
    facts = {"name": frames.name, "character": frames.character, "licence": frames.licence}
    try:
        with partial.open("wb") as file:
            np.savez_compressed(
                file, facts=json.dumps(facts), images=frames.images, landmarks=frames.landmarks.astype(np.float32)
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def load_frames(path: Path) -> Frames:
    """Read what save_frames wrote; ValueError when the file is none of these."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Frames(**json.loads(str(arrays["facts"])), images=arrays["images"], landmarks=arrays["landmarks"])
    except (KeyError, OSError, TypeError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no frames with landmarks ({error}); render them again") from error


def placed(landmarks: Float32Array, neutral: Float32Array) -> Float32Array:
    """Landmarks (T, 68, 2) of any size and place, moved as one to where neutral (68, 2) has nose and eyes on average.

    The motion of the head stays. P4 (Das et al., "Speech-driven Facial Animation using Cascaded GANs for Learning of
    Motion and Texture", ECCV 2020), equation 7.
    """
    steady = list(STEADY)
    to_neutral = procrustes(landmarks.mean(axis=0)[steady], neutral[steady])
    return np.asarray(to_neutral(landmarks), np.float32)
