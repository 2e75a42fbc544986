"""The 68 iBUG landmarks of any head: guessed from how its shapes move it and where its surface parts. numpy only.

Shapes tell most: lips are where upper and lower region part, lids where something drops before an eyeball that stays.
Without shapes, lips and lids are found as cracks, where what looks adjacent is far apart on the surface. From these few
points a thin-plate spline carries the default head's landmarks over, and each goes to a vertex that is seen there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .face_features import Features, Opening, find_features
from .front_view import Floats, FrontView, Ints, half_width, see_front
from .head import read_head

Array = NDArray[np.float64]

CHIN, NOSE_TIP, NOSE_BASE = 8, 30, 33
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
OUTER_EYE_CORNERS = (36, 45)
"""Of the right and of the left eye."""
LIPS, INNER_LIPS = slice(48, 68), slice(60, 68)
LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
"""Points of the upper lid, each with that of the lower one which it meets; first of the right eye, then of the left."""
UPPER_LID_SHARE = 0.8
"""Of the way that the lids of a closing eye go, the upper one's; the rest is the lower one's. GRID's blinks."""
MIRRORED = (
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
)  # fmt: skip
"""The landmark on the other side, for each."""


@dataclass(frozen=True)
class Similarity:
    """points -> scale * points @ rotation.T + offset."""

    scale: float
    rotation: Array
    offset: Array

    def __call__(self, points: NDArray[Any]) -> Array:
        moved: Array = self.scale * points @ self.rotation.T + self.offset
        return moved


def procrustes(source: NDArray[Any], target: NDArray[Any]) -> Similarity:
    """The turn, shift and scale that bring source (N, D) nearest to target (N, D), without mirroring; D is 2 or 3.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 1991.
    """
    middle, goal = source.mean(axis=0), target.mean(axis=0)
    left, sizes, right = np.linalg.svd((target - goal).T @ (source - middle))
    signs = np.ones(len(sizes))
    signs[-1] = np.sign(np.linalg.det(left) * np.linalg.det(right))
    rotation = (left * signs) @ right
    scale = float((sizes * signs).sum() / ((source - middle) ** 2).sum())
    return Similarity(scale, rotation, goal - scale * rotation @ middle)


def close_lids(landmarks: NDArray[Any], closures: NDArray[Any]) -> NDArray[Any]:
    """Landmarks (T, 68, 2) whose lids meet as far as closures (T, 2) of the left and the right eye say, 1 for shut."""
    closed = landmarks.copy()
    for (upper, lower), closure in zip(LIDS, closures[:, [1, 1, 0, 0]].T, strict=True):
        way = closure[:, None] * (landmarks[:, lower] - landmarks[:, upper])
        closed[:, upper] += UPPER_LID_SHARE * way
        closed[:, lower] -= (1 - UPPER_LID_SHARE) * way
    return closed


def thin_plate(source: Array, target: Array, points: Array) -> Array:
    """Points (N, 2) carried over by the smoothest warp of the plane that brings source (A, 2) to target (A, 2).

    Bookstein, "Principal Warps", PAMI 1989.
    """
    size = np.ptp(source, axis=0).max()

    def bend(distance: Array) -> Array:
        squared = (distance / size) ** 2
        bent: Array = squared * np.log(np.maximum(squared, 1e-12))
        return bent

    n = len(source)
    flat = np.c_[np.ones(n), source]
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = bend(np.linalg.norm(source[:, None] - source[None], axis=2)) + 1e-4 * np.eye(n)
    system[:n, n:], system[n:, :n] = flat, flat.T
    weights = np.linalg.solve(system, np.r_[target, np.zeros((3, 2))])
    away = bend(np.linalg.norm(points[:, None] - source[None], axis=2))
    carried: Array = np.c_[away, np.ones(len(points)), points] @ weights
    return carried


def guess_front(vertices: Floats, triangles: Ints, deltas: Floats) -> Array:
    """(3,) unit, where the face looks, level: the way most of the moving skin faces; -Y without shapes.

    Z is up. Within 20 degrees of an axis it is that axis.
    """
    motion = np.linalg.norm(deltas, axis=2).max(axis=0, initial=0.0)
    corners = vertices[triangles].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    facing = (normals * motion[triangles].mean(axis=1)[:, None]).sum(axis=0)
    facing[2] = 0.0
    if np.linalg.norm(facing) < 1e-9:
        return np.array([0.0, -1.0, 0.0])
    facing /= np.linalg.norm(facing)
    axis = np.zeros(3)
    nearest = int(np.argmax(np.abs(facing)))
    axis[nearest] = np.sign(facing[nearest])
    front: Array = axis if facing @ axis > np.cos(np.radians(20)) else facing
    return front


def turn_to_front(front: Array, up: Array) -> Array:
    """(3, 3) that turns a head which looks along front to -Y, with up to +Z."""
    front = front / np.linalg.norm(front)
    up = up - front * (up @ front)
    up = up / np.linalg.norm(up)
    return np.stack([np.cross(up, front), -front, up])


def guess_landmarks(
    vertices: Floats, triangles: Ints, deltas: Floats, front: Array | None = None, up: Array | None = None
) -> Ints:
    """(68,) distinct vertices where the landmarks probably are.

    vertices (V, 3) and triangles (F, 3) of the neutral face; deltas (M, V, 3), how far each shape at 1 moves it, M may
    be 0. front and up say where the face looks; without them front is guessed and up is +Z. Raises ValueError when no
    face is found.
    """
    if len(vertices) < 68 or not len(triangles):
        raise ValueError("The mesh has too few vertices for 68 landmarks; choose the mesh with the face")
    up = np.array([0.0, 0.0, 1.0]) if up is None else up
    turn = turn_to_front(guess_front(vertices, triangles, deltas) if front is None else front, up)
    turned = np.asarray(vertices @ turn.T, np.float32)
    moved = np.asarray(deltas[~moves_whole(deltas)] @ turn.T, np.float32)
    joined = triangles if not len(moved) else _weld(turned, moved)[triangles]
    marks = _default_landmarks()
    low, high = _first_box(turned, moved)
    for _ in range(2):  # the second time with a box that fits the face
        view = see_front(turned, joined, low, high)
        features = find_features(view, turned, joined, moved)
        anchors = _anchors(features, view)
        low, high = _face_box(marks, anchors)
    points = _carry(marks, anchors, view)
    return _snap(points, features, view, turned)


def _default_landmarks() -> Array:
    """(68, 3) landmarks of the default head."""
    head = read_head()
    return head.vertices[head.landmarks68].astype(np.float64)


def moves_whole(deltas: Floats) -> NDArray[np.bool_]:
    """(M,) whether a shape moves nearly every vertex, as sliders of size or identity do."""
    lengths = np.linalg.norm(deltas, axis=2)
    largest = lengths.max(axis=1, initial=0.0)
    whole: NDArray[np.bool_] = ((lengths > 0.1 * largest[:, None]).mean(axis=1) > 0.75) | (largest == 0)
    return whole


def _weld(vertices: Floats, deltas: Floats) -> Ints:
    """(V,) for each vertex the first at its place that moves as it does: files split vertices along texture seams."""
    steps = np.round(
        np.c_[vertices, np.moveaxis(deltas, 0, 1).reshape(len(vertices), -1)[:, :60]] * 1e5 / np.ptp(vertices)
    )
    _, first, group = np.unique(steps.astype(np.int64), axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[group.ravel()], np.int32)


def _first_box(vertices: Floats, deltas: Floats) -> tuple[Array, Array]:
    """(X, Z) corners round all that shapes move noticeably, or round everything without shapes."""
    motion = np.linalg.norm(deltas, axis=2).max(axis=0, initial=0.0)
    shown = vertices[motion > 0.15 * motion.max()] if len(deltas) else vertices
    low, high = shown[:, [0, 2]].min(axis=0).astype(np.float64), shown[:, [0, 2]].max(axis=0).astype(np.float64)
    margin = 0.25 * (high - low).max() if len(deltas) else 0.02 * (high - low).max()
    return low - margin, high + margin


def _anchors(features: Features, view: FrontView) -> dict[tuple[int, ...], Array]:
    """Landmarks -> (X, Z) of their mean, for all that was found."""
    places: dict[tuple[int, ...], NDArray[Any]] = {}
    if features.mouth:
        upper, lower = features.mouth.upper, features.mouth.lower
        centre = np.argmin(np.abs(upper[:, 0] - features.middle))
        places[(60,)], places[(64,)] = (upper[0] + lower[0]) / 2, (upper[-1] + lower[-1]) / 2
        places[(62, 66)] = np.array([features.middle, (upper[centre, 1] + lower[centre, 1]) / 2])
    for first, eye in ((36, features.right_eye), (42, features.left_eye)):
        if eye:
            places |= _eye_anchors(first, eye)
    for landmark, row in ((NOSE_TIP, features.nose_tip), (NOSE_BASE, features.nose_base), (CHIN, features.chin)):
        if row is not None:
            places[(landmark,)] = np.array([features.middle, row])
    if len(places) < 4:
        raise ValueError("No face was found on this mesh; choose the mesh with the face, or look at it from the front")
    return {landmarks: np.array(view.origin) + view.pixel * place for landmarks, place in places.items()}


def _eye_anchors(first: int, eye: Opening) -> dict[tuple[int, ...], NDArray[Any]]:
    """The six landmarks of an eye, from the character's right, over the upper lid and back."""
    upper, lower = eye.upper, eye.lower
    third, two_thirds = (round(share * (len(upper) - 1)) for share in (0.3, 0.7))
    corners = [(upper[end] + lower[end]) / 2 for end in (0, -1)]
    line = [corners[0], upper[third], upper[two_thirds], corners[1], lower[two_thirds], lower[third]]
    return {(first + i,): place for i, place in enumerate(line)}


def _face_box(marks: Array, anchors: dict[tuple[int, ...], Array]) -> tuple[Array, Array]:
    """(X, Z) corners round the face to which the anchors belong."""
    known = np.array([marks[list(key)][:, [0, 2]].mean(axis=0) for key in anchors])
    found = np.array(list(anchors.values()))
    ratio = np.linalg.norm(found.std(axis=0)) / np.linalg.norm(known.std(axis=0))
    flat = marks[:, [0, 2]]
    centre = found.mean(axis=0) + ratio * ((flat.min(axis=0) + flat.max(axis=0)) / 2 - known.mean(axis=0))
    reach = 0.65 * ratio * np.ptp(flat, axis=0)
    return centre - reach, centre + reach


def _carry(marks: Array, anchors: dict[tuple[int, ...], Array], view: FrontView) -> Array:
    """(68, 3) the default head's landmarks on the surface that is seen."""
    flat = marks[:, [0, 2]]
    carried = _warp(flat, anchors)
    lids = {point for pair in LIDS for point in pair}
    without_lids = {key: place for key, place in anchors.items() if key[0] not in lids}
    carried[:17] = _warp(flat, without_lids)[:17]  # round eyes make no long jaw
    size = _eye_distance(carried) / _eye_distance(flat)
    for brow, lid in ((slice(17, 22), slice(37, 39)), (slice(22, 27), slice(43, 45))):
        carried[brow] = carried[lid].mean(axis=0) + size * (flat[brow] - flat[lid].mean(axis=0))
    outline: dict[tuple[int, ...], Array] = {}
    middle = carried[CHIN, 0]
    for landmark, other in ((0, 16), (2, 14), (4, 12)):
        reach = half_width(view, middle, float(carried[landmark, 1]))
        share = flat[other, 0] / half_width(_default_view(), 0.0, float(flat[landmark, 1]))
        outline |= {(landmark,): np.array([middle - share * reach, carried[landmark, 1]])}
        outline |= {(other,): np.array([middle + share * reach, carried[other, 1]])}
    carried[:17] = _warp(flat, without_lids | outline)[:17]
    return view.points(*((carried - view.origin) / view.pixel).T)


def _eye_distance(marks: Array) -> float:
    return float(np.linalg.norm(marks[LEFT_EYE].mean(axis=0) - marks[RIGHT_EYE].mean(axis=0)))


def _warp(flat: Array, anchors: dict[tuple[int, ...], Array]) -> Array:
    known = np.array([flat[list(key)].mean(axis=0) for key in anchors])
    return thin_plate(known, np.array(list(anchors.values())), flat)


@lru_cache
def _default_view() -> FrontView:
    """The front of the default head."""
    head = read_head()
    face = head.vertices[: head.n_face_vertices]
    return see_front(face, head.face_triangles(), face[:, [0, 2]].min(axis=0), face[:, [0, 2]].max(axis=0))


def _snap(points: Array, features: Features, view: FrontView, vertices: Floats) -> Ints:
    """(68,) distinct vertices near the points, of those that are seen outside eyes and mouth.

    Lids and lips come first, from the very pixels of their edges: the nearest vertex may be one of the other lip.
    """
    chosen = np.full(68, -1, np.int32)
    inside = np.zeros(view.vertex.shape, bool)
    openings = (features.mouth, (61, 62, 63), (65, 66, 67)), *_eyes(features)
    for opening, above, below in openings:
        if opening:
            inside |= opening.mask(view.vertex.shape)
            for landmarks, line in ((above, opening.upper), (below, opening.lower)):
                for landmark in landmarks:
                    column = (points[landmark, 0] - view.origin[0]) / view.pixel
                    nearest = line[np.argmin(np.abs(line[:, 0] - column))].astype(int)
                    vertex = view.vertex[nearest[1], nearest[0]]
                    chosen[landmark] = -1 if vertex in chosen else vertex
    return nearest_vertices(points, vertices, np.setdiff1d(view.vertex, [-1, *view.vertex[inside]]), chosen)


def nearest_vertices(points: NDArray[Any], vertices: Floats, allowed: Ints, chosen: Ints) -> Ints:
    """(68,) distinct vertices: the chosen ones, and where chosen is -1 the nearest allowed, lips and lids first."""
    chosen = chosen.copy()
    for landmark in (*range(60, 68), *range(36, 60), *range(36)):
        if chosen[landmark] < 0:
            free = np.setdiff1d(allowed, chosen)
            chosen[landmark] = free[np.argmin(np.linalg.norm(vertices[free] - points[landmark], axis=1))]
    return chosen


def _eyes(features: Features) -> tuple[tuple[Opening | None, tuple[int, ...], tuple[int, ...]], ...]:
    """Opening, landmarks of the upper and of the lower lid, of both eyes."""
    return (features.right_eye, (37, 38), (40, 41)), (features.left_eye, (43, 44), (46, 47))
