"""What the 68 landmarks tell of a head's mesh: its skin, the rims of lids and lips, and what lies inside of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from .surface import Floats, Ints, Mask, Places, Surface, path_along_edges, pieces, reached

# iBUG landmarks, https://ibug.doc.ic.ac.uk/resources/300-W/ (there 1 to 68, here 0 to 67).
NOSE_TIP = 30
BROWS = range(17, 27)
LOOPS = {
    "mouth": (60, 61, 62, 63, 64, 65, 66, 67),
    "right eye": (36, 37, 38, 39, 40, 41),
    "left eye": (42, 43, 44, 45, 46, 47),
}
"""Rims of the openings, in order round them."""
APERTURES = {
    "mouth": ((60, 61, 62, 63, 64), (60, 67, 66, 65, 64)),
    "right eye": ((36, 37, 38, 39), (36, 41, 40, 39)),
    "left eye": ((42, 43, 44, 45), (42, 47, 46, 45)),
}
"""Upper and lower rim of each opening, from corner to corner."""
OUTER_LIPS = (48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59)
OUTSIDE = "outside"


@dataclass(frozen=True)
class Face:
    """The skin of a head and its regions."""

    skin: Surface
    ids: Ints
    """(V,) the vertices of the skin in the whole head"""
    landmarks68: Ints
    """(68,) vertices of the skin"""
    regions: dict[str, Mask]
    """Outside, and what lies inside of the mouth and the lids where there is such a thing: (V,) with the rim itself"""


def make_face(head: Surface, landmarks68: Ints) -> Face:
    """The skin is every piece of the head's mesh that carries a landmark of eyes, nose, mouth or jaw.

    Brows may be pieces of their own; their landmarks move to the skin below.
    """
    piece = pieces(len(head.points), head.edges)
    skin, ids = head.part(np.isin(piece, piece[np.delete(landmarks68, BROWS)]))
    apart = np.linalg.norm(skin.points - head.points[landmarks68][:, None], axis=2)
    face = Face(skin, ids, apart.argmin(axis=1), {})
    rims = {name: _rim(face, loop) for name, loop in LOOPS.items()}
    outside = reached(skin, face.landmarks68[NOSE_TIP], [v for rim in rims.values() for v in rim])
    if outside.sum() < len(outside) / 3:  # the walk from the nose ended early: the landmarks are no good guide
        return replace(face, regions={OUTSIDE: np.ones(len(outside), bool)})
    inner = pieces(len(skin.points), skin.edges[~outside[skin.edges].any(axis=1)])
    inside = {name: ~outside & np.isin(inner, inner[rim]) for name, rim in rims.items()}
    for rim in rims.values():
        outside[rim] = True
    has_inside = {name: mask for name, mask in inside.items() if (mask & ~outside).any()}
    return replace(face, regions={OUTSIDE: outside} | has_inside)


def _rim(face: Face, loop: tuple[int, ...]) -> list[int]:
    marks = face.landmarks68[list(loop)].tolist()
    return [v for a, b in zip(marks, marks[1:] + marks[:1], strict=True) for v in path_along_edges(face.skin, a, b)]


def landmark_path(face: Face, marks: tuple[int, ...], n_samples: int) -> Places:
    """Places along the edges from landmark to landmark, n_samples evenly between each two, the first included."""
    vertices, shares = [], []
    for a, b in pairwise(marks):
        ends = [int(face.landmarks68[a]), int(face.landmarks68[b])]
        path = path_along_edges(face.skin, *ends) or ends
        run = _lengths(face.skin.points[path])
        for at in np.arange(n_samples) / n_samples * run[-1]:
            i = min(max(int(np.searchsorted(run, at, side="right")) - 1, 0), max(len(path) - 2, 0))
            part = (at - run[i]) / max(run[min(i + 1, len(run) - 1)] - run[i], 1e-12)
            vertices.append((path[i], path[min(i + 1, len(path) - 1)], path[i]))
            shares.append((1 - part, part, 0.0))
    return Places(np.array(vertices), np.array(shares))


def _lengths(points: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
