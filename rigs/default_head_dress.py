"""Hair and clothes of the default head: separate meshes that are not animated, numpy only."""

import numpy as np
from numpy.typing import NDArray

from rigs.default_head_mesh import Field, MeshBuilder, Points, close_loop, onto_skin, skin_gradient

HEAD_MIDDLE = np.array([0.0, 0.12, 0.30])
CROWN = np.array([0.10, 0.34, 1.0])  # direction of the whorl, seen from HEAD_MIDDLE
N_CLUMP_SIDES = 8
N_STATIONS = 11

# Direction of the hairline seen from HEAD_MIDDLE in degrees: azimuth (0 front, 90 left, 180 back), elevation.
HAIRLINE = ((0, 37), (25, 33), (50, 18), (68, 2), (80, -16), (92, -10), (108, -24), (135, -42), (180, -48))


def scalp_point(azimuth_degrees: Field, way: Field, height: Field) -> Points:
    """Points (M, 3) over the scalp: way runs from 0 at the crown to 1 at the hairline."""
    line = np.array(HAIRLINE, dtype=float)
    folded = np.abs((azimuth_degrees + 180) % 360 - 180)
    elevation = np.radians(np.interp(folded, line[:, 0], line[:, 1]))
    a = np.radians(azimuth_degrees)
    end = np.stack([np.sin(a) * np.cos(elevation), -np.cos(a) * np.cos(elevation), np.sin(elevation)], axis=1)
    crown = CROWN / np.linalg.norm(CROWN)
    angle = np.arccos(np.clip(end @ crown, -1, 1))
    direction = (np.sin((1 - way) * angle)[:, None] * crown + np.sin(way * angle)[:, None] * end) / np.sin(angle)[
        :, None
    ]
    return onto_skin(HEAD_MIDDLE + direction * 0.95, height, 8)


def add_clump(b: MeshBuilder, path: Points, width: Field, thickness: Field, normals: Points) -> None:
    """A tapered lock of hair along path (M, 3), 8 M + 2 vertices; width and thickness are half extents (M,)."""
    tangent = np.gradient(path, axis=0)
    across = np.cross(tangent, normals)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    up = np.cross(across, tangent)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    turn = np.radians(135) - np.arange(N_CLUMP_SIDES) * 2 * np.pi / N_CLUMP_SIDES
    loops = [
        p + np.cos(turn)[:, None] * w * a + np.sin(turn)[:, None] * t * u
        for p, a, u, w, t in zip(path, across, up, width, thickness, strict=True)
    ]
    ids = [b.add_points(loops[0])]
    ids += b.add_loops(ids[0], loops[1:], "hair", closed=True)
    close_loop(b, ids[0], 2, 2, "hair", flip=True)
    close_loop(b, ids[-1], 2, 2, "hair")


def add_lock(
    b: MeshBuilder,
    azimuths: tuple[float, float],
    ways: tuple[float, float],
    heights: tuple[float, float, float],
    width: float,
) -> None:
    """A lock that runs over the scalp between two azimuths and ways; heights at root, middle and tip."""
    t = np.linspace(0, 1, N_STATIONS)
    azimuth = azimuths[0] + (azimuths[1] - azimuths[0]) * t**1.4
    way = ways[0] + (ways[1] - ways[0]) * t
    height = (1 - t) * (1 - 2 * t) * heights[0] + 4 * t * (1 - t) * heights[1] + t * (2 * t - 1) * heights[2]
    path = scalp_point(azimuth, way, height)
    profile = (np.sin(np.pi * np.clip(0.16 + 0.80 * t**0.9, 0, 1))) ** 0.8 + 0.02
    add_clump(b, path, width * profile, 0.46 * width * profile, skin_gradient(path))


# Azimuth of root and tip, way of root and tip (see scalp_point), heights at root, middle and tip, half width.
Lock = tuple[tuple[float, float], tuple[float, float], tuple[float, float, float], float]
FRINGE: tuple[Lock, ...] = (
    ((62, 74), (0.30, 1.00), (0.06, 0.14, 0.05), 0.17),
    ((54, 40), (0.22, 1.02), (0.06, 0.20, 0.06), 0.17),
    ((50, 8), (0.24, 1.05), (0.07, 0.25, 0.09), 0.20),
    ((42, -22), (0.26, 1.06), (0.08, 0.28, 0.10), 0.22),
    ((30, -46), (0.22, 1.06), (0.08, 0.28, 0.09), 0.23),
    ((8, -64), (0.16, 1.05), (0.08, 0.26, 0.07), 0.23),
    ((-18, -78), (0.12, 1.04), (0.08, 0.22, 0.05), 0.22),
    ((-46, -88), (0.10, 1.02), (0.08, 0.19, 0.04), 0.20),
)


def lock_shade(n_stations: int, brightness: float) -> Field:
    """Brightness of the vertices of a lock: dark along its edges and at its root, a sheen across its upper part."""
    turn = np.radians(135) - np.arange(N_CLUMP_SIDES) * 2 * np.pi / N_CLUMP_SIDES
    t = np.linspace(0, 1, n_stations)[:, None]
    ridge = np.clip(np.sin(turn), 0, 1)
    shade = (0.55 + 0.60 * ridge) * (0.70 + 0.50 * t) + 0.55 * ridge**2 * np.exp(-(((t - 0.42) / 0.17) ** 2))
    return brightness * np.append(shade.ravel(), [shade[0].mean(), shade[-1].mean()])


def hair() -> tuple[Points, NDArray[np.int64], Field]:
    """The hair: vertices (N, 3), quads (F, 4) and the brightness of each vertex (N,)."""
    rng = np.random.default_rng(7)
    locks = []
    for azimuth in range(60, 306, 15):  # lower layer, down to the hairline
        tip = azimuth + (6 if azimuth < 180 else -6) + rng.uniform(-4, 4)
        locks.append(((azimuth, tip), (0.42, 1.05), (0.03, 0.085, 0.015), 0.155))
    for azimuth in range(64, 300, 18):  # upper layer
        tip = azimuth + rng.uniform(2, 16)
        locks.append(((azimuth, tip), (0.0, rng.uniform(0.70, 0.80)), (0.06, 0.14, 0.05), 0.20))
    b = MeshBuilder()
    _add_cap(b)
    shades = [np.full(b.n_points, 0.6)]
    for lock in (*locks, *FRINGE):
        add_lock(b, *lock)
        shades.append(lock_shade(N_STATIONS, rng.uniform(0.88, 1.12)))
    return b.all_points(), np.array(b.faces), np.concatenate(shades)


def _add_cap(b: MeshBuilder) -> None:
    turn = np.arange(0, 360, 15.0)
    loops = [
        scalp_point(-turn, np.full(24, way), np.full(24, h))
        for way, h in ((1.0, -0.02), (0.96, 0.02), (0.8, 0.04), (0.5, 0.05), (0.25, 0.05))
    ]
    ids = [b.add_points(loops[0])]
    ids += b.add_loops(ids[0], loops[1:], "hair", closed=True)
    close_loop(b, ids[-1], 6, 6, "hair")


# Rings of the pullover from the inside of the collar to the cut under the shoulders:
# half width, half depth, middle y, height at the front, height at the back.
PULLOVER_RINGS = (
    (0.37, 0.36, 0.15, -1.30, -1.12),
    (0.39, 0.38, 0.15, -1.17, -0.98),
    (0.43, 0.42, 0.15, -1.13, -0.94),
    (0.47, 0.46, 0.15, -1.17, -0.98),
    (0.485, 0.475, 0.15, -1.26, -1.08),
    (0.49, 0.45, 0.15, -1.33, -1.15),
    (0.76, 0.49, 0.16, -1.42, -1.26),
    (1.06, 0.52, 0.18, -1.57, -1.42),
    (1.22, 0.54, 0.18, -1.88, -1.80),
    (1.26, 0.56, 0.18, -2.50, -2.50),
)


def pullover() -> tuple[Points, NDArray[np.int64]]:
    """Shoulders in a pullover with a soft collar: vertices (N, 3) and quads (F, 4)."""
    b = MeshBuilder()
    turn = np.arange(32) * 2 * np.pi / 32
    loops = []
    for half_width, half_depth, y, front, back in PULLOVER_RINGS:
        x = half_width * np.sin(turn)
        depth = -np.cos(turn)
        z = front + (back - front) * (depth + 1) / 2
        loops.append(np.stack([x, y + half_depth * depth, z], axis=1))
    b.add_loops(b.add_points(loops[0]), loops[1:], "cloth", closed=True)
    return b.all_points(), np.array(b.faces)


def backdrop() -> tuple[Points, NDArray[np.int64], Field]:
    """A wall behind the head: vertices (N, 3), quads (F, 4) and brightness (N,), a soft spot behind the head."""
    side = np.linspace(-9, 9, 25)
    x, z = np.meshgrid(side, -side)
    points = np.stack([x.ravel(), np.full(x.size, 4.0), z.ravel()], axis=1)
    b = MeshBuilder()
    b.add_grid(b.add_points(points).reshape(x.shape), "wall")
    spot = np.exp(-((points[:, 0] / 2.6) ** 2) - ((points[:, 2] + 0.2) / 2.6) ** 2)
    return points, np.array(b.faces), 0.34 + 0.66 * spot
