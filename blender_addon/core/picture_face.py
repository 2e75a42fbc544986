"""A face in a picture: where it is, and how it moves as another face does. numpy only.

It is found by a model's landmarks, sought in squares that move towards them until they agree. The motion of a take
comes onto it as displacements, for the take's face has another form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curves import Float32Array
from .frames import SIDE_PX, STEADY
from .landmarks import LIDS, OUTER_EYE_CORNERS, UPPER_LID_SHARE, procrustes

CROP_PER_FACE_HEIGHT = 1.62
"""Side of a crop by the height of the box of the landmarks, as measured on GRID's crops (1.62, deviation 0.003)."""
CROP_MIDDLE = (0.5, 0.6)
"""Where in the crop the middle of that box lies."""
N_ROUNDS = 4
"""Times that the landmarks of a square are sought; each time but the first in one about those before."""
SMALLER = 0.6
"""Side of the smaller squares that the search starts from, beside the whole picture's and the centred one."""
LARGEST_DISAGREEMENT = 0.055
"""Mean distance of the landmarks of the last two rounds, in outer-eye distances, beyond which there is no face."""
LARGEST_UNLIKENESS = 0.14
"""Distance of landmarks from a mean face laid over them, likewise, beyond which they are no face's."""
MOST_APART = 0.2
"""Squares of several faces that differ by less of their side may become one."""
MOST_SAMPLES = 8
"""Of a pixel of a crop, along each side."""
MOUTH_CORNERS = (48, 54)
INNER_LIPS = ((61, 67), (62, 66), (63, 65))
"""Points of the upper lip, each with the one that it meets."""
JAW = {5: 0.4, 6: 0.7, 7: 0.9, 8: 1.0, 9: 0.9, 10: 0.7, 11: 0.4} | dict.fromkeys((*range(55, 60), 65, 66, 67), 1.0)
"""Landmark -> how far it goes with the lower lip."""
REST_SHARE = 0.2
"""Of the frames of a take, those with the most closed mouth are its rest."""

Array = NDArray[np.float64]
See = Callable[[Float32Array], Float32Array]
"""Pictures (N, 256, 256, 3) in [-1, 1] -> landmarks (N, 68, 2) in their coordinates."""


@dataclass(frozen=True)
class Found:
    """A face in a picture."""

    crop: NDArray[np.uint8]
    """(256, 256, 3), the square about the face."""
    landmarks: Float32Array
    """(68, 2) in coordinates of the crop."""
    landmarks_px: Float32Array
    """(68, 2) in pixels of the picture."""
    disagreement: float
    """As LARGEST_DISAGREEMENT says."""
    unlikeness: float
    """As LARGEST_UNLIKENESS says."""

    @property
    def is_face(self) -> bool:
        """Whether the rounds agree on something of the form of a face."""
        return self.disagreement <= LARGEST_DISAGREEMENT and self.unlikeness <= LARGEST_UNLIKENESS


def search_face(picture: NDArray[np.uint8], see: See, mean_face: Float32Array) -> Found:
    """The best face that is found in a picture (H, W, 3), which may be none.

    Each start is a square; in every round the landmarks of all squares are sought, and each moves to its own.
    """
    boxes = starts(*picture.shape[:2])
    places = np.zeros((len(boxes), 68, 2))
    for _ in range(N_ROUNDS):
        before = places
        crops = np.stack([resampled(picture, box) for box in boxes])
        seen = see(crops.astype(np.float32) / 127.5 - 1).astype(np.float64)
        places = boxes[:, None, :2] + seen * boxes[:, None, 2:]
        last, boxes = boxes, np.stack([box_about(face) for face in places])
    sizes = np.array([_length(face, OUTER_EYE_CORNERS) + 1e-6 for face in places])
    moved = np.linalg.norm(places - before, axis=2).mean(axis=1) / sizes
    unlike = np.array([unlikeness(face, mean_face) for face in places])
    best = int((moved / LARGEST_DISAGREEMENT + unlike / LARGEST_UNLIKENESS).argmin())
    return Found(
        resampled(picture, last[best]),
        np.asarray(seen[best], np.float32),
        np.asarray(places[best], np.float32),
        float(moved[best]),
        float(unlike[best]),
    )


def one_framing(pictures: list[NDArray[np.uint8]], found: list[Found]) -> list[Found]:
    """Faces found in pictures, in one and the same square where all are of one size with the face in one place.

    So the background stands still in crops of a film's frames, though mouth and head move.
    """
    boxes = np.stack([box_about(face.landmarks_px.astype(np.float64)) for face in found])
    box = np.median(boxes, axis=0)
    same_size = len({picture.shape for picture in pictures}) == 1
    if not same_size or np.abs(boxes - box).max() > MOST_APART * box[2]:
        return found
    return [
        replace(
            face, crop=resampled(picture, box), landmarks=((face.landmarks_px - box[:2]) / box[2]).astype(np.float32)
        )
        for picture, face in zip(pictures, found, strict=True)
    ]


def starts(height: int, width: int) -> Array:
    """Squares (N, 3) as left, top and side in pixels: all of the picture, its middle, and smaller ones side by side."""
    longer, shorter = max(height, width), min(height, width)
    small = SMALLER * shorter
    lefts, tops = (np.linspace(0, length - small, 3) for length in (width, height))
    whole = [((width - side) / 2, (height - side) / 2, side) for side in sorted({longer, shorter})]
    return np.array([*whole, *((left, top, small) for top in tops for left in lefts)], np.float64)


def box_about(landmarks: Array) -> Array:
    """The square (3,) about landmarks (68, 2) that GRID's crops would be."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    side = CROP_PER_FACE_HEIGHT * max((high - low)[1], 1.0)
    return np.asarray(np.r_[(low + high) / 2 - side * np.array(CROP_MIDDLE), side])


def resampled(picture: NDArray[np.uint8], box: Array) -> NDArray[np.uint8]:
    """A square (left, top, side) of a picture (H, W, 3) as (256, 256, 3); beyond the edge, the edge goes on.

    Each pixel is the mean of so many samples that none of the picture's is left out.
    """
    left, top, side = box
    n_samples = int(np.clip(np.ceil(side / SIDE_PX), 1, MOST_SAMPLES))
    along = (np.arange(SIDE_PX * n_samples) + 0.5) / (SIDE_PX * n_samples) * side - 0.5
    used_rows, rows = _mixing(top + along, picture.shape[0], n_samples)
    used_columns, columns = _mixing(left + along, picture.shape[1], n_samples)
    used = picture[used_rows, used_columns].astype(np.float32)
    mixed = np.tensordot(columns, np.tensordot(rows, used, axes=1), axes=(1, 1)).swapaxes(0, 1)
    return np.asarray(mixed.round().clip(0, 255), np.uint8)


def _mixing(places: Array, length: int, n_samples: int) -> tuple[slice, Float32Array]:
    """The pixels of a row that are used, and their weights (256, used) in means of samples at places between them."""
    places = places.clip(0, length - 1)
    before = places.astype(int)
    after = np.minimum(before + 1, length - 1)
    weights = np.zeros((SIDE_PX, after[-1] + 1 - before[0]), np.float32)
    target = np.arange(len(places)) // n_samples
    np.add.at(weights, (target, before - before[0]), (1 - (places - before)) / n_samples)
    np.add.at(weights, (target, after - before[0]), (places - before) / n_samples)
    return slice(before[0], after[-1] + 1), weights


def unlikeness(landmarks: Array, mean_face: Float32Array) -> float:
    """Mean distance of landmarks (68, 2) from a mean face laid over them, in outer-eye distances of the mean face."""
    laid = procrustes(landmarks, mean_face)(landmarks)
    return float(np.linalg.norm(laid - mean_face, axis=1).mean() / _length(mean_face, OUTER_EYE_CORNERS))


# ---------------------------------------------------------------------------------------------------------------------
# Motion of one face on another


def neutral_of(landmarks: Float32Array) -> Float32Array:
    """A resting face (68, 2) of many (N, 68, 2): that with the most closed mouth, its lips brought together."""
    open_eyes = np.flatnonzero(_gap(landmarks, LIDS) >= np.median(_gap(landmarks, LIDS)))
    face = np.array(landmarks[open_eyes[_gap(landmarks[open_eyes], INNER_LIPS).argmin()]], np.float32)
    upper, lower = (face[list(lips)].mean(axis=0) for lips in zip(*INNER_LIPS, strict=True))
    for landmark, share in JAW.items():
        face[landmark] += share * (upper - lower)
    return face


def follow(landmarks: Float32Array, neutral: Float32Array) -> Float32Array:
    """The motion of landmarks (T, 68, 2) of a take on another face, whose rest is neutral (68, 2), in its coordinates.

    Both faces keep their form: what moves is what leaves the take's own rest, after the head's motion is taken out.
    The mouth moves in proportion to its width, lids by the part to which they are shut, the head as it does.
    """
    steady = list(STEADY)
    rest = _rest(landmarks)
    to_neutral = procrustes(rest[steady], neutral[steady])
    rest, heads = to_neutral(rest), to_neutral(landmarks.astype(np.float64))
    wide = _length(neutral, MOUTH_CORNERS) / _length(rest, MOUTH_CORNERS)
    scale = np.where(np.isin(np.arange(68), [*range(17), *range(48, 68)]), wide, 1.0)[:, None]
    followed = np.empty((len(heads), 68, 2), np.float32)
    for row, head in zip(followed, heads, strict=True):
        still = procrustes(head[steady], rest[steady])(head)
        face = neutral + scale * (still - rest)
        _shut(face, neutral, still, rest)
        row[:] = procrustes(rest[steady], head[steady])(face)
    return followed


def _rest(landmarks: Float32Array) -> Array:
    """The resting face (68, 2) of a take (T, 68, 2), in the place of its first frame."""
    steady, first = list(STEADY), landmarks[0]
    still = np.stack([procrustes(face[steady], first[steady])(face) for face in landmarks.astype(np.float64)])
    mouths, eyes = _gap(still, INNER_LIPS), _gap(still, LIDS)
    resting = (mouths <= np.quantile(mouths, REST_SHARE)) & (eyes >= np.quantile(eyes, REST_SHARE))
    return np.asarray(still[resting if resting.any() else mouths == mouths.min()].mean(axis=0))


def _shut(face: Array, neutral: Float32Array, still: Array, rest: Array) -> None:
    """Put the lids of a face where those of another have gone, and let no lip pass the other."""
    for upper, lower in LIDS:
        opening = _length(still, (upper, lower)) / max(_length(rest, (upper, lower)), 1e-6)
        way = (1 - min(opening, 1.3)) * (neutral[lower] - neutral[upper])
        face[upper], face[lower] = neutral[upper] + UPPER_LID_SHARE * way, neutral[lower] - (1 - UPPER_LID_SHARE) * way
    for upper, lower in INNER_LIPS:
        if face[lower, 1] < face[upper, 1]:
            face[[upper, lower]] = face[[upper, lower]].mean(axis=0)


def _gap(landmarks: NDArray[Any], pairs: tuple[tuple[int, int], ...]) -> Array:
    """Mean distance (T,) of pairs of landmarks (T, 68, 2)."""
    return np.asarray(np.mean([np.linalg.norm(landmarks[:, a] - landmarks[:, b], axis=1) for a, b in pairs], axis=0))


def _length(face: NDArray[Any], pair: tuple[int, int]) -> float:
    return float(np.linalg.norm(face[pair[0]] - face[pair[1]]))
