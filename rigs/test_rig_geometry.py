"""Heads to test retargeting with, as arrays: the default head in other proportions, topologies and pieces. numpy only.

Every head is the default head bent by a smooth map of space, so that what touches (lips, lids on eyeballs, teeth in
gums) keeps touching, at rest and in every shape.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from rigs.default_head import landmark_vertices
from rigs.default_head_mesh import EYE_CENTRE, JAW_HINGE, MOUTH_HEIGHT, Field, Ids, Points
from rigs.default_head_parts import build_head
from rigs.default_head_shapes import JAW_OPEN_DEGREES, shape_deltas, smoothstep, turn_about_x

Warp = Callable[[Points], Points]
FLIP = np.array([-1.0, 1.0, 1.0])
SKIN_REGIONS = ("skin", "lip", "mouth")


@dataclass(frozen=True)
class Geometry:
    """A head, or a piece of one; the face looks to -Y, up is +Z."""

    points: Points  # (V, 3)
    faces: list[tuple[int, ...]]
    regions: list[str]  # of each face: a key of default_head.MATERIALS
    deltas: dict[str, Points]  # channel -> (V, 3) displacement at value 1
    landmarks: Ids  # (68,) vertex numbers, iBUG order; -1 where this piece has no such vertex
    jaw: Field  # (V,) how far each vertex follows the jaw, 0 to 1
    joints: dict[str, Points]  # eye_left, eye_right, jaw_hinge: (3,)
    pieces: dict[str, Ids]  # vertex numbers of skin, eyeball, glint, upper_teeth, lower_teeth, tongue, brow, lash


@lru_cache(maxsize=1)
def default_geometry() -> Geometry:
    """The default head itself, in its own units of about 11 cm."""
    mesh = build_head()
    deltas = shape_deltas(mesh)
    whole_turn = turn_about_x(mesh.points, JAW_HINGE, -JAW_OPEN_DEGREES)
    share = (deltas["jawOpen"] * whole_turn).sum(axis=1) / np.maximum((whole_turn**2).sum(axis=1), 1e-9)
    return Geometry(
        points=mesh.points,
        faces=[tuple(map(int, face)) for face in mesh.faces],
        regions=mesh.face_regions,
        deltas=deltas,
        landmarks=landmark_vertices(mesh),
        jaw=np.clip(share, 0, 1),
        joints={"eye_left": EYE_CENTRE, "eye_right": EYE_CENTRE * FLIP, "jaw_hinge": JAW_HINGE},
        pieces={name: ids for name, ids in mesh.parts.items() if name != "lash_follows"},
    )


def warped(geometry: Geometry, *warps: Warp) -> Geometry:
    """The head bent by maps of space, one after the other; its shapes are bent with it."""
    for warp in warps:
        points = warp(geometry.points)
        geometry = replace(
            geometry,
            points=points,
            deltas={name: warp(geometry.points + delta) - points for name, delta in geometry.deltas.items()},
            joints={name: warp(joint[None])[0] for name, joint in geometry.joints.items()},
        )
    return geometry


def piece(geometry: Geometry, *names: str) -> Geometry:
    """The named pieces alone."""
    kept = np.unique(np.concatenate([geometry.pieces[name] for name in names]))
    number = np.full(len(geometry.points) + 1, -1)  # the last one maps -1 to itself
    number[kept] = np.arange(len(kept))
    inside = [i for i, face in enumerate(geometry.faces) if number[face[0]] >= 0]
    return replace(
        geometry,
        points=geometry.points[kept],
        faces=[tuple(int(number[i]) for i in geometry.faces[f]) for f in inside],
        regions=[geometry.regions[f] for f in inside],
        deltas={name: delta[kept] for name, delta in geometry.deltas.items()},
        landmarks=number[geometry.landmarks],
        jaw=geometry.jaw[kept],
        pieces={name: number[geometry.pieces[name]] for name in names},
    )


def irregular(geometry: Geometry, share: float, seed: int) -> Geometry:
    """The head in triangles, after a share (0 to 1) of its skin vertices was welded to a neighbour each.

    The edges of lips and lids stay: the vertices that carry landmarks, and those near the line where the lips meet.
    """
    rng = np.random.default_rng(seed)
    target = _welds(geometry, rng.permutation(_free_skin(geometry)), share, rng)
    faces, regions = [], []
    for face, region in zip(geometry.faces, geometry.regions, strict=True):
        corners = [int(target[i]) for i in face]
        corners = [c for k, c in enumerate(corners) if c != corners[k - 1]]
        triangles = _triangles(geometry.points, corners)
        faces += triangles
        regions += [region] * len(triangles)
    welded = replace(geometry, faces=faces, regions=regions)
    alive = {name: ids[target[ids] == ids] for name, ids in geometry.pieces.items()}
    return piece(replace(welded, pieces=alive), *alive)


def _free_skin(geometry: Geometry) -> Ids:
    """Skin vertices that may go: away from mouth, lids and the cut of the neck."""
    skin = geometry.pieces["skin"]
    fixed = geometry.points[geometry.landmarks[36:]]
    near = np.linalg.norm(geometry.points[skin][:, None] - fixed[None], axis=2).min(axis=1)
    in_mouth = {i for f, r in zip(geometry.faces, geometry.regions, strict=True) if r != "skin" for i in f}
    above = geometry.points[skin, 2] > geometry.points[skin, 2].min() + 0.02
    is_free = above & (near > 0.07) & ~np.isin(skin, list(in_mouth)) & ~np.isin(skin, geometry.landmarks)
    free: Ids = skin[is_free]
    return free


def _welds(geometry: Geometry, candidates: Ids, share: float, rng: np.random.Generator) -> Ids:
    """The vertex (V,) that each vertex becomes: itself, or a neighbour. No two welds touch, so that no face folds."""
    neighbours: dict[int, set[int]] = {}
    for face in geometry.faces:
        for i in face:
            neighbours.setdefault(i, set()).update(face)
    sides = {(face[k - 1], face[k]) for face in geometry.faces for k in range(len(face))}
    target = np.arange(len(geometry.points))
    touched: set[int] = set()
    for i in map(int, candidates[: round(share * len(candidates))]):
        ring = neighbours[i]
        if ring & touched:
            continue
        ends = sorted(j for j in ring if (i, j) in sides or (j, i) in sides)
        target[i] = ends[rng.integers(len(ends))]
        touched |= ring
    return target


def _triangles(points: Points, corners: list[int]) -> list[tuple[int, ...]]:
    """A face of three or four corners as triangles, cut along its shorter diagonal."""
    if len(corners) < 3:
        return []
    if len(corners) == 3:
        return [(corners[0], corners[1], corners[2])]
    a, b, c, d = corners
    if np.linalg.norm(points[a] - points[c]) < np.linalg.norm(points[b] - points[d]):
        return [(a, b, c), (a, c, d)]
    return [(a, b, d), (b, c, d)]


# ---------------------------------------------------------------------------------------------------------------------
# Maps of space. Each is smooth and one-to-one, and near the eyeballs a similarity, so that eyes can turn in the lids.


def scaled(x: float, y: float, z: float) -> Warp:
    """Stretch along the axes."""
    return lambda p: p * np.array([x, y, z])


def lower_face(width: float, height: float, depth: float = 0.0) -> Warp:
    """Make what lies below the eyes narrower and shorter, and move it forward by depth."""

    def warp(p: Points) -> Points:
        below = np.maximum(-0.22 - p[:, 2], 0)
        t = smoothstep(below, 0.0, 0.35)
        q = p.copy()
        q[:, 0] *= 1 + (width - 1) * t
        q[:, 1] -= depth * t * smoothstep(-p[:, 1], -0.1, 0.6)
        q[:, 2] += (1 - height) * (below - 0.10 * np.tanh(below / 0.10))
        return q

    return warp


def eye_size(size: float) -> Warp:
    """Make the eyes larger or smaller in place; the skin round them gives way."""

    def warp(p: Points) -> Points:
        q = p.copy()
        for centre in (EYE_CENTRE, EYE_CENTRE * FLIP):
            r = np.linalg.norm(p - centre, axis=1)
            side = smoothstep(np.sign(centre[0]) * p[:, 0], -0.03, 0.03)
            q += ((size - 1) * (1 - smoothstep(r, 0.33, 0.75)) * side)[:, None] * (p - centre)
        return q

    return warp


def flat_nose(amount: float) -> Warp:
    """Press the tip of the nose in by amount and leave a small one."""

    def warp(p: Points) -> Points:
        spot = np.exp(-((p[:, 0] / 0.13) ** 2) - ((p[:, 2] + 0.24) / 0.15) ** 2)
        q = p.copy()
        q[:, 1] += amount * spot * smoothstep(-p[:, 1], 0.72, 1.02)
        return q

    return warp


def snout(length: float, width: float) -> Warp:
    """Draw nose and mouth, with all that is in the mouth, forward."""

    def warp(p: Points) -> Points:
        front = smoothstep(-p[:, 1], -0.1, 0.75)
        round_mouth = np.exp(-((p[:, 0] / 0.50) ** 2) - ((p[:, 2] - MOUTH_HEIGHT - 0.08) / 0.40) ** 2)
        q = p.copy()
        q[:, 1] -= length * front * round_mouth
        q[:, 0] *= 1 + (width - 1) * front * np.exp(-(((p[:, 2] - MOUTH_HEIGHT) / 0.30) ** 2))
        return q

    return warp


def pointed_ears(length: float) -> Warp:
    """Draw the ears up, out and back."""

    def warp(p: Points) -> Points:
        out = smoothstep(np.abs(p[:, 0]), 0.80, 1.10) * smoothstep(p[:, 1], -0.2, 0.0)
        up = np.maximum(p[:, 2] + 0.15, 0)
        q = p.copy()
        q[:, 0] += 0.8 * length * out * np.sign(p[:, 0])
        q[:, 1] += length * out * up
        q[:, 2] += 3.0 * length * out * up
        return q

    return warp


def tall_skull(height: float) -> Warp:
    """Raise the top of the head."""

    def warp(p: Points) -> Points:
        above = np.maximum(p[:, 2] - 0.35, 0)
        q = p.copy()
        q[:, 2] += height * above**2
        return q

    return warp
