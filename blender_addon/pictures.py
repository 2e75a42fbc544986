"""Picture files as arrays, through Blender: whatever it opens, as sRGB levels, and no data-block is left behind."""

# mypy: disable-error-code="union-attr, attr-defined, arg-type"

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

MOST_PICTURES = 20
"""Of a folder, evenly spread over its files by name."""
LONGEST_PX = 1280
"""Larger pictures are made smaller: the face of a small part of one is still as large as what is painted."""
BEHIND = 0.5
"""Grey that shows through where a picture is transparent."""


@dataclass(frozen=True)
class Picture:
    """A picture file."""

    name: str
    pixels: NDArray[np.uint8]
    """(H, W, 3) sRGB, top row first."""


def read_pictures(path: Path) -> tuple[Picture, ...]:
    """A picture, or those of a folder; ValueError when there are none, or Blender can't open one."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in bpy.path.extensions_image)
        if not files:
            raise ValueError(f"There are no pictures in {path}; choose a picture, or another folder")
        chosen = np.linspace(0, len(files) - 1, min(len(files), MOST_PICTURES)).round().astype(int)
        return tuple(read_picture(files[i]) for i in chosen)
    if not path.is_file():
        raise ValueError(f"There is no picture {path}; choose another")
    return (read_picture(path),)


def read_picture(path: Path) -> Picture:
    """A picture; ValueError when Blender can't open it."""
    try:
        image = bpy.data.images.load(str(path))
    except RuntimeError as error:
        raise ValueError(f"{path.name} is no picture that Blender can open; choose another") from error
    try:
        width, height = image.size
        if not width or not height:
            raise ValueError(f"{path.name} is no picture that Blender can open; choose another")
        values = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(values)
        is_linear = image.is_float and not image.colorspace_settings.is_data
    finally:
        bpy.data.images.remove(image)
    return Picture(path.name, _levels(values.reshape(height, width, -1)[::-1], is_linear))


def _levels(values: NDArray[np.float32], is_linear: bool) -> NDArray[np.uint8]:
    """(H, W, 3) of values (H, W, C), which are linear in files of more than 8 bits; no longer than LONGEST_PX."""
    step = -(-max(values.shape[:2]) // LONGEST_PX)
    height, width = (max(1, side // step) for side in values.shape[:2])
    if step > 1 and min(values.shape[:2]) >= step:
        whole = values[: height * step, : width * step]
        values = whole.reshape(height, step, width, step, -1).mean(axis=(1, 3))
    colours = values[..., :3] if values.shape[2] >= 3 else np.repeat(values[..., :1], 3, axis=2)
    if is_linear:  # IEC 61966-2-1
        positive = np.maximum(colours, 0)
        colours = np.where(positive <= 0.0031308, 12.92 * positive, 1.055 * positive ** (1 / 2.4) - 0.055)
    if values.shape[2] in (2, 4):
        alpha = values[..., -1:]
        colours = alpha * colours + (1 - alpha) * BEHIND
    return np.asarray((colours * 255).round().clip(0, 255), np.uint8)
