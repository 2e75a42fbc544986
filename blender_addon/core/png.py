"""PNG files, written without Blender: in any thread, and the same bytes everywhere."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_RGB_8_BIT = bytes((8, 2, 0, 0, 0))  # bits, colour type, compression, filter method, not interlaced
_FAST = 3  # a level of zlib: a fifth larger than the best, in a tenth of the time


def write_png(path: Path, image: NDArray[Any]) -> None:
    """Write (H, W, 3) sRGB bytes, top row first. PNG specification: https://www.w3.org/TR/png-3/"""
    height_px, width_px, _ = image.shape
    rows = np.zeros((height_px, 1 + 3 * width_px), np.uint8)  # each row begins with its filter: 0, none
    rows[:, 1:] = image.reshape(height_px, -1)
    header = struct.pack(">II", width_px, height_px) + _RGB_8_BIT
    parts = [_chunk(b"IHDR", header), _chunk(b"IDAT", zlib.compress(rows.tobytes(), _FAST)), _chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
