"""Heads as plain arrays: the default head, whose face other heads are measured by and take their shapes from.

Files are written by `python -m rigs.head_mesh` from a .blend.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DEFAULT_HEAD = Path(__file__).parent.parent / "heads" / "default_head.npz"


@dataclass(frozen=True)
class HeadMesh:
    """A head in the units of its scene, the face to -Y, up +Z, the character's left at +X.

    The face comes first, so that vertices 0 to n_face_vertices - 1 are its own; hair and clothes follow.
    """

    vertices: NDArray[np.float32]
    """(V, 3) the neutral face"""
    triangles: NDArray[np.int32]
    """(F, 3) vertices, counter-clockwise seen from outside"""
    colours: NDArray[np.uint8]
    """(V, 3) sRGB"""
    n_face_vertices: int
    landmarks68: NDArray[np.int32]
    """(68,) vertices of the iBUG landmarks; empty for a head without"""
    moving: NDArray[np.int32]
    """(M,) vertices that a channel moves"""
    deltas: NDArray[np.float16]
    """(K, M, 3) how far each channel at 1 moves them"""
    channels: tuple[str, ...]
    """K names"""

    def face_triangles(self) -> NDArray[np.int32]:
        """(F', 3) the triangles of the face alone."""
        of_face: NDArray[np.int32] = self.triangles[(self.triangles < self.n_face_vertices).all(axis=1)]
        return of_face

    def face_offsets(self) -> NDArray[np.float32]:
        """(K, n_face_vertices, 3) how far each channel at 1 moves the vertices of the face."""
        offsets = np.zeros((len(self.channels), self.n_face_vertices, 3), np.float32)
        offsets[:, self.moving] = self.deltas
        return offsets


def read_head(path: Path = DEFAULT_HEAD) -> HeadMesh:
    """Read a head; ValueError when the file is missing or is no head."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            parts = {name: arrays[name] for name in arrays.files}
        texts = {"channels": tuple(parts["channels"].tolist()), "n_face_vertices": int(parts["n_face_vertices"])}
        return HeadMesh(**parts | texts)
    except (KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no head mesh ({error}); write one with python -m rigs.head_mesh") from error
