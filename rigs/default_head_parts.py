"""The pieces of the default head (eyeballs, teeth, tongue, brows, lashes) and the assembly of the neutral mesh."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rigs.default_head_mesh import (
    CROWN_PATCH,
    EAR_BLOCK,
    EYE_CENTRE,
    EYE_CORNERS,
    EYE_RADIUS,
    LID_CREASE_LOOP,
    LID_RIM_LOOP,
    LIP_BORDER_LOOP,
    MOUTH_HEIGHT,
    Field,
    Ids,
    MeshBuilder,
    Points,
    add_ear_loops,
    add_eye_loops,
    add_face_grid,
    add_mouth_loops,
    add_nose_loops,
    base_distance,
    close_half_loop,
    close_loop,
    mesh_edges,
    on_eye_sphere,
    onto_skin,
    raise_nose,
    skin_gradient,
)

N_EYE_SEGMENTS = 24
PUPIL_RADIUS, IRIS_RADIUS = 0.076, 0.156
N_RELAX_STEPS = 60
NOSE_SHARE_OF_EYE_LOOPS = (1.0, 0.0, 0.0, 0.85, 0.6, 0.3)  # the free loops are raised already


@dataclass
class HeadMesh:
    """The whole neutral head.

    mirror (N,) gives the vertex on the other side. parts holds vertex numbers by piece, first the left half (x >= 0),
    then the right; loops are those of the left half, from the border of each block in.
    """

    points: Points
    faces: NDArray[np.int64]
    face_regions: list[str]
    mirror: Ids
    parts: dict[str, Ids]
    loops: dict[str, list[Ids]]


def add_eyeball(b: MeshBuilder) -> None:
    """A sphere whose pole looks forward; loops at the borders of pupil, iris and sclera keep the colours crisp."""
    turn = np.pi * 0.75 - np.arange(N_EYE_SEGMENTS) * 2 * np.pi / N_EYE_SEGMENTS
    iris = np.arcsin(np.array([IRIS_RADIUS, 0.91 * IRIS_RADIUS, 0.66 * IRIS_RADIUS, PUPIL_RADIUS]) / EYE_RADIUS)
    polar = np.concatenate([np.radians([115, 98, 81, 65, 51]), [iris[0] + 0.10], iris, [iris[-1] * 0.7]])
    regions = ["sclera"] * 6 + ["limbus", "iris", "iris", "pupil"]
    loops = [
        EYE_CENTRE
        + EYE_RADIUS
        * np.stack([np.sin(a) * np.cos(turn), np.full_like(turn, -np.cos(a)), np.sin(a) * np.sin(turn)], axis=1)
        for a in polar
    ]
    ids = b.add_points(loops[0])
    for loop, region in zip(loops[1:], regions, strict=True):
        ids = b.add_loops(ids, [loop], region, closed=True)[0]
    close_loop(b, ids, N_EYE_SEGMENTS // 4, N_EYE_SEGMENTS // 4, "pupil")


GLINTS = ((-0.058, 0.070, 0.034), (0.055, -0.062, 0.015))  # x, z from the eye centre, radius; the same in both eyes


def add_glints(b: MeshBuilder, eye_centre: Points) -> None:
    """Small discs in front of an eye that shine like the reflection of a lamp, for renderers without reflections."""
    turn = np.radians(135) - np.arange(8) * np.pi / 4
    for x, z, radius in GLINTS:
        offsets = np.stack([x + radius * np.cos(turn), z + radius * np.sin(turn)], axis=1)
        loop = b.add_points(on_eye_sphere(offsets, EYE_RADIUS + 0.006) - EYE_CENTRE + eye_centre)
        close_loop(b, loop, 2, 2, "glint")


# The dental arches: a superellipse in plan. Teeth are soft boxes of 26 vertices.

ARCH_HALF_WIDTH, ARCH_FRONT, ARCH_DEPTH = 0.216, -0.718, 0.32
ARCH_POWER = 0.8  # below 1: squarer than an ellipse
TOOTH_WIDTHS = {
    "upper": (0.082, 0.068, 0.064, 0.062, 0.064, 0.070),
    "lower": (0.054, 0.056, 0.060, 0.062, 0.064, 0.070),
}


def arch_points(lengths: Field, inset: float) -> tuple[Points, Points]:
    """Positions (M, 2) in x, y and outward directions (M, 2) at arc lengths from the midline along the dental arch."""
    t = np.linspace(0, np.pi / 2, 400)
    across, back = np.sin(t) ** ARCH_POWER, 1 - np.cos(t) ** ARCH_POWER
    curve = np.stack([(ARCH_HALF_WIDTH - inset) * across, ARCH_FRONT + inset + ARCH_DEPTH * back], axis=1)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.stack([np.interp(lengths, run, curve[:, i]) for i in (0, 1)], axis=1)
    ahead = np.stack([np.interp(lengths + 1e-3, run, curve[:, i]) for i in (0, 1)], axis=1)
    tangent = ahead - at
    outward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    return at, outward / np.linalg.norm(outward, axis=1, keepdims=True)


def add_soft_box(b: MeshBuilder, centre: Points, axes: Points, region: str) -> None:
    """A box of 2 x 2 x 2 cells; axes (3, 3) are its half edges, right-handed."""
    numbers: dict[tuple[int, int, int], int] = {}
    for axis in range(3):
        for sign in (-1, 1):
            ids = np.empty((3, 3), dtype=np.int64)
            for i in range(3):
                for j in range(3):
                    place = np.zeros(3, dtype=int)
                    place[axis], place[(axis + 1) % 3], place[(axis + 2) % 3] = sign, i - 1, j - 1
                    key = (int(place[0]), int(place[1]), int(place[2]))
                    if key not in numbers:
                        numbers[key] = int(b.add_points((centre + place @ axes)[None])[0])
                    ids[i, j] = numbers[key]
            b.add_grid(ids, region, flip=sign < 0)


def add_teeth(b: MeshBuilder, jaw: str) -> None:
    """One half of a dental arch and its gum."""
    upper = jaw == "upper"
    inset = 0.0 if upper else 0.032
    edge = MOUTH_HEIGHT + (-0.032 if upper else -0.034)
    up = 1.0 if upper else -1.0
    start = 0.0
    for i, width in enumerate(TOOTH_WIDTHS[jaw]):
        (x, y), out = (v[0] for v in arch_points(np.array([start + width / 2]), inset))
        start += width
        height = (0.068 if upper else 0.050) * (1.0 if i in (0, 2) else 0.92)
        centre = np.array([x, y, edge + up * (height + 0.002 * i)])
        along = np.array([-out[1], out[0], 0.0])
        axes = np.stack([along * width * 0.50, np.array([*-out, 0.0]) * 0.030, np.array([0.0, 0.0, height])])
        add_soft_box(b, centre, axes, "tooth")
    add_gum(b, inset, edge + up * 0.118, start)


def add_gum(b: MeshBuilder, inset: float, height: float, length: float) -> None:
    """Half a tube along the arch."""
    at, out = arch_points(np.linspace(0, length, 9), inset)
    at[0, 0], out[0] = 0.0, (0.0, -1.0)
    turn = np.arange(8) * np.pi / 4
    loops = [
        np.array([x, y, height])
        + np.cos(turn)[:, None] * np.array([*normal, 0.0]) * 0.042
        + np.sin(turn)[:, None] * np.array([0.0, 0.0, 0.055])
        for (x, y), normal in zip(at, out, strict=True)
    ]
    b.add_loops(b.add_points(loops[0]), loops[1:], "gum", closed=True)


TONGUE_STATIONS = (  # y, half width, half thickness, height above the mouth line
    (-0.22, 0.110, 0.090, -0.190),
    (-0.30, 0.120, 0.080, -0.150),
    (-0.40, 0.124, 0.065, -0.115),
    (-0.49, 0.122, 0.052, -0.100),
    (-0.56, 0.108, 0.043, -0.092),
    (-0.605, 0.078, 0.032, -0.088),
    (-0.625, 0.038, 0.019, -0.086),
)


def add_tongue(b: MeshBuilder) -> None:
    """Half a tongue: half loops from its root to its tip, with a groove along the midline."""
    turn = np.linspace(np.pi / 2, -np.pi / 2, 9)
    loops = []
    for y, width, thickness, height in TONGUE_STATIONS:
        z = MOUTH_HEIGHT + height + thickness * np.sin(turn) * (1 - 0.25 * (np.sin(turn) > 0.9))
        loops.append(np.stack([width * np.cos(turn), np.full_like(turn, y), z], axis=1))
    ids = b.add_loops(b.add_points(loops[0]), loops[1:], "tongue", closed=False)
    close_half_loop(b, ids[-1], 4, 2, "tongue")


BROW_STATIONS = (  # x, z, half height
    (0.122, 0.330, 0.020),
    (0.137, 0.336, 0.036),
    (0.180, 0.350, 0.044),
    (0.240, 0.367, 0.045),
    (0.310, 0.382, 0.043),
    (0.380, 0.389, 0.038),
    (0.450, 0.382, 0.031),
    (0.510, 0.362, 0.023),
    (0.555, 0.338, 0.013),
    (0.572, 0.327, 0.005),
)


def add_brow(b: MeshBuilder) -> None:
    """A soft tapered brow that lies on the skin."""
    stations = np.array(BROW_STATIONS)
    line = np.stack([stations[:, 0], np.full(len(stations), -0.75), stations[:, 1]], axis=1)
    line = onto_skin(line, 0.006, 8)
    normal = skin_gradient(line)
    across = np.cross(normal, np.gradient(line, axis=0))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    turn = np.radians(135) - np.arange(8) * np.pi / 4
    loops = [
        p + h * np.sin(turn)[:, None] * a + 0.55 * h * np.cos(turn)[:, None] * n
        for p, n, a, h in zip(line, normal, across, stations[:, 2], strict=True)
    ]
    ids = [b.add_points(loops[0])]
    ids += b.add_loops(ids[0], loops[1:], "brow", closed=True)
    close_loop(b, ids[0], 2, 2, "brow", flip=True)
    close_loop(b, ids[-1], 2, 2, "brow")


def add_lashes(b: MeshBuilder, rim: Ids) -> tuple[Ids, Ids]:
    """A dark wedge along the upper lid rim; returns its vertices and the rim vertex that each one follows."""
    inner, outer = EYE_CORNERS
    followed = rim[np.arange(inner, outer + 1)]
    base = b.all_points()[followed]
    s = np.linspace(0, 1, len(base))[:, None]
    out = base - EYE_CENTRE
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    length = 0.012 + 0.075 * s**1.6
    sweep = np.array([0.55, -0.15, 0.45])
    tip = base + length * (0.55 * out + sweep * (0.35 + 0.65 * s)) + 0.004 * out
    thickness = np.array([0.0, 0.0, 0.016]) * np.sin(np.pi * np.clip(0.08 + 0.92 * s, 0, 1)) ** 0.5
    loops = [base + thickness - 0.010 * out, tip, base - 0.5 * thickness - 0.010 * out]
    ids = [b.add_points(loop) for loop in loops]
    b.bridge(ids[0], ids[1], "lash", closed=False)
    b.bridge(ids[1], ids[2], "lash", closed=False)
    return np.concatenate(ids), np.tile(followed, 3)


def relax_on_skin(points: Points, faces: NDArray[np.int64], free: Ids, midline: Ids) -> Points:
    """Even out the free vertices by Laplacian smoothing on the implicit skin; the midline stays at x = 0."""
    edges = mesh_edges(faces)
    a, c = np.concatenate([edges, edges[:, ::-1]]).T
    n_neighbours = np.bincount(a, minlength=len(points))[:, None]
    points = points.copy()
    for _ in range(N_RELAX_STEPS):
        total = np.stack([np.bincount(a, weights=points[c, i], minlength=len(points)) for i in range(3)], axis=1)
        mean = total / np.maximum(n_neighbours, 1)
        points[free] += 0.6 * (mean[free] - points[free])
        points[midline, 0] = 0.0
        points[free] = onto_skin(points[free], 0.0, 1, base_distance)
        points[midline, 0] = 0.0
    points[free] = onto_skin(points[free], 0.0, 3, base_distance)
    return points


def build_head() -> HeadMesh:
    """Build the neutral head."""
    b = MeshBuilder()
    grid = add_face_grid(b)
    loops = {"eye": add_eye_loops(b, grid), "mouth": add_mouth_loops(b, grid), "nose": add_nose_loops(b, grid)}
    loops["ear"] = add_ear_loops(b, grid)
    close_half_loop(b, grid[0], *CROWN_PATCH, "skin", flip=True)
    skin = np.arange(b.n_points)
    b.points = [_settled(b, loops, np.setdiff1d(skin, [*_fixed_skin(loops), *grid[-1]]))]
    parts = _add_pieces(b, loops["eye"][LID_RIM_LOOP]) | {"skin": skin}
    return _with_glints(_mirrored(b, parts, loops))


def _fixed_skin(loops: dict[str, list[Ids]]) -> Ids:
    """The vertices of lids, lips, mouth and ear, which stay where their loops put them."""
    inside_mouth = np.arange(loops["mouth"][-1][-1] + 1, loops["nose"][1][0])
    r0, r1, c0, c1 = EAR_BLOCK
    inside_ear = loops["ear"][-1][-1] + 1 + np.arange((r1 - r0 - 1) * (c1 - c0 - 1))
    lids = [loops["eye"][0], *loops["eye"][LID_CREASE_LOOP:]]
    return np.concatenate([*lids, *loops["mouth"][LIP_BORDER_LOOP:], inside_mouth, *loops["ear"][2:], inside_ear])


def _settled(b: MeshBuilder, loops: dict[str, list[Ids]], free: Ids) -> Points:
    """The half skin with its free vertices relaxed and the nose raised."""
    half = b.all_points()
    midline = np.flatnonzero(half[:, 0] < 1e-6)
    half = relax_on_skin(half, np.array(b.faces), free, midline)
    half[free] = raise_nose(half[free])
    for loop, share in zip(loops["eye"], NOSE_SHARE_OF_EYE_LOOPS, strict=False):
        half[loop] += share * (raise_nose(half[loop]) - half[loop])
    half[midline, 0] = 0.0
    return half


PIECES: dict[str, Callable[[MeshBuilder], None]] = {
    "eyeball": add_eyeball,
    "upper_teeth": partial(add_teeth, jaw="upper"),
    "lower_teeth": partial(add_teeth, jaw="lower"),
    "tongue": add_tongue,
    "brow": add_brow,
}


def _add_pieces(b: MeshBuilder, rim: Ids) -> dict[str, Ids]:
    parts = {}
    for name, add in PIECES.items():
        first = b.n_points
        add(b)
        parts[name] = np.arange(first, b.n_points)
    parts["lash"], parts["lash_follows"] = add_lashes(b, rim)
    return parts


def _mirrored(b: MeshBuilder, parts: dict[str, Ids], loops: dict[str, list[Ids]]) -> HeadMesh:
    """Add the half with x < 0; vertices on the midline are shared."""
    half = b.all_points()
    off = np.flatnonzero(half[:, 0] != 0.0)
    to_right = np.arange(len(half))
    to_right[off] = len(half) + np.arange(len(off))
    points = np.concatenate([half, half[off] * np.array([-1.0, 1.0, 1.0])])
    mirror = np.concatenate([to_right, off])
    faces = np.array(b.faces)
    faces = np.concatenate([faces, to_right[faces][:, ::-1]])
    both = {name: np.concatenate([ids, to_right[ids]]) for name, ids in parts.items()}
    return HeadMesh(points, faces, b.face_regions * 2, mirror, both, loops)


def _with_glints(head: HeadMesh) -> HeadMesh:
    """Add the glints last: they are the same in both eyes, not mirrored."""
    b = MeshBuilder(points=[head.points], n_points=len(head.points))
    for centre in (EYE_CENTRE, EYE_CENTRE * np.array([-1.0, 1.0, 1.0])):
        add_glints(b, centre)
    glints = np.arange(len(head.points), b.n_points)
    left, right = np.split(glints, 2)
    return replace(
        head,
        points=b.all_points(),
        faces=np.concatenate([head.faces, np.array(b.faces)]),
        face_regions=head.face_regions + b.face_regions,
        mirror=np.concatenate([head.mirror, right, left]),
        parts=head.parts | {"glint": glints},
    )
