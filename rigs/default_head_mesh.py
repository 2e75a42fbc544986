"""The neutral mesh of the default head: topology and positions, numpy only.

The face is a grid of quads in which blocks are replaced by concentric loops (eye, nose, mouth, ear). The half with
x >= 0 is built, laid onto an implicit surface, relaxed there, and mirrored. Axes are Blender's: the face looks to -Y,
the character's left is +X, up is +Z; one unit is about 11 cm.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (N, 3)
Field = NDArray[np.float64]  # (N,)
Ids = NDArray[np.int64]

EYE_CENTRE = np.array([0.345, -0.455, 0.0])
EYE_RADIUS = 0.30
MOUTH_HALF_WIDTH = 0.25
MOUTH_HEIGHT = -0.535
JAW_HINGE = np.array([0.0, 0.02, -0.28])

# Grid lines: rows run from the crown to the neck, columns from the front midline to the back midline.
N_ROWS, N_COLUMNS = 36, 24
EYE_BLOCK = (5, 11, 2, 10)  # first row, last row, first column, last column
NOSE_BLOCK = (11, 16, 0, 3)
MOUTH_BLOCK = (17, 21, 0, 7)
EAR_BLOCK = (8, 15, 13, 17)
CROWN_PATCH = (12, 6)  # rows, columns of the quads that close the crown

# Key rows of the grid before relaxation: row, front (y, z), side (x, y, z), back (y, z).
ROW_GUIDES = (
    (0, (-0.50, 1.02), (0.56, 0.12, 1.05), (0.70, 1.00)),
    (5, (-0.80, 0.34), (0.86, 0.10, 0.48), (1.06, 0.50)),
    (11, (-0.78, -0.17), (0.82, 0.10, -0.05), (1.00, 0.10)),
    (17, (-0.84, -0.44), (0.70, 0.10, -0.30), (0.80, -0.20)),
    (21, (-0.76, -0.72), (0.60, 0.10, -0.55), (0.62, -0.42)),
    (25, (-0.60, -0.97), (0.46, 0.10, -0.75), (0.55, -0.60)),
    (30, (-0.24, -0.98), (0.34, 0.15, -0.95), (0.48, -0.85)),
    (36, (-0.10, -1.55), (0.34, 0.18, -1.55), (0.48, -1.50)),
)
COLUMN_GUIDES_DEGREES = ((0, 0.0), (2, 9.0), (10, 52.0), (13, 72.0), (17, 98.0), (24, 180.0))


@dataclass
class MeshBuilder:
    """Grows one half of the mesh; vertices are numbered in the order they are added."""

    points: list[Points] = field(default_factory=list)
    faces: list[tuple[int, int, int, int]] = field(default_factory=list)
    face_regions: list[str] = field(default_factory=list)
    n_points: int = 0

    def add_points(self, points: Points) -> Ids:
        """Append points (M, 3) and return their numbers (M,)."""
        self.points.append(points)
        first = self.n_points
        self.n_points += len(points)
        return np.arange(first, self.n_points)

    def place(self, ids: Ids, points: Points) -> None:
        """Put vertices ids (M,) at points (M, 3)."""
        moved = self.all_points()
        moved[ids] = points
        self.points = [moved]

    def add_quad(self, corners: tuple[int, int, int, int], region: str) -> None:
        self.faces.append(corners)
        self.face_regions.append(region)

    def bridge(self, outer: Ids, inner: Ids, region: str, closed: bool) -> None:
        """Quads between two loops that run clockwise as seen from outside."""
        n = len(outer)
        for i in range(n if closed else n - 1):
            j = (i + 1) % n
            self.add_quad((outer[i], inner[i], inner[j], outer[j]), region)

    def add_loops(self, start: Ids, loops: list[Points], region: str, closed: bool) -> list[Ids]:
        """Add loops one inside the other, joined to start; returns the numbers of each loop."""
        added = []
        for loop in loops:
            ids = self.add_points(loop)
            self.bridge(start, ids, region, closed)
            added.append(ids)
            start = ids
        return added

    def add_grid(self, ids: Ids, region: str, flip: bool = False) -> None:
        """Quads of a grid of vertex numbers (R, C)."""
        for r in range(ids.shape[0] - 1):
            for c in range(ids.shape[1] - 1):
                quad = (ids[r, c], ids[r + 1, c], ids[r + 1, c + 1], ids[r, c + 1])
                self.add_quad(quad[::-1] if flip else quad, region)

    def all_points(self) -> Points:
        return np.concatenate(self.points)


def mesh_edges(faces: NDArray[np.int64]) -> Ids:
    """The edges of quads (F, 4) as vertex pairs (E, 2), each once."""
    sides = np.concatenate([faces[:, [i, (i + 1) % 4]] for i in range(4)])
    edges: Ids = np.unique(np.sort(sides, axis=1), axis=0)
    return edges


def coons(grid: Points) -> Points:
    """Fill the inside of a grid of positions (R, C, 3) from its four sides (Coons patch)."""
    n_rows, n_columns = grid.shape[:2]
    v = np.linspace(0, 1, n_rows)[:, None, None]
    u = np.linspace(0, 1, n_columns)[None, :, None]
    rows = (1 - v) * grid[:1] + v * grid[-1:]
    columns = (1 - u) * grid[:, :1] + u * grid[:, -1:]
    corners = (1 - v) * ((1 - u) * grid[0, 0] + u * grid[0, -1]) + v * ((1 - u) * grid[-1, 0] + u * grid[-1, -1])
    filled: Points = rows + columns - corners
    return filled


def close_loop(b: MeshBuilder, loop: Ids, n_rows: int, n_columns: int, region: str, flip: bool = False) -> Ids:
    """Close a loop of 2 (rows + columns) vertices, clockwise from its top left corner, with a grid of quads."""
    ids = np.full((n_rows + 1, n_columns + 1), -1)
    ids[0, :] = loop[: n_columns + 1]
    ids[:, -1] = loop[n_columns : n_columns + n_rows + 1]
    ids[-1, ::-1] = loop[n_columns + n_rows : 2 * n_columns + n_rows + 1]
    ids[::-1, 0] = np.append(loop[2 * n_columns + n_rows :], loop[0])
    return _fill(b, ids, region, flip)


def close_half_loop(b: MeshBuilder, loop: Ids, n_rows: int, n_columns: int, region: str, flip: bool = False) -> Ids:
    """Close a half loop of 2 columns + rows edges that starts and ends on the midline."""
    ids = np.full((n_rows + 1, n_columns + 1), -1)
    ids[0, :] = loop[: n_columns + 1]
    ids[:, -1] = loop[n_columns : n_columns + n_rows + 1]
    ids[-1, ::-1] = loop[n_columns + n_rows :]
    top, bottom = b.all_points()[loop[[0, -1]]]
    ids[1:-1, 0] = b.add_points(top + np.linspace(0, 1, n_rows + 1)[1:-1, None] * (bottom - top))
    return _fill(b, ids, region, flip)


def _fill(b: MeshBuilder, ids: Ids, region: str, flip: bool) -> Ids:
    grid = np.zeros((*ids.shape, 3))
    known = ids >= 0
    grid[known] = b.all_points()[ids[known]]
    inside = coons(grid)[~known]
    ids[~known] = b.add_points(inside)
    b.add_grid(ids, region, flip)
    return ids


# ---------------------------------------------------------------------------------------------------------------------
# The implicit surface of the skin. Formulas of the primitives and of the smooth union: Inigo Quilez,
# https://iquilezles.org/articles/distfunctions and https://iquilezles.org/articles/smin


def ellipsoid(p: Points, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Field:
    """Approximate signed distance (N,) to an ellipsoid."""
    q = p - np.array(centre)
    r = np.array(radii)
    k0 = np.linalg.norm(q / r, axis=1)
    k1 = np.linalg.norm(q / (r * r), axis=1)
    distance: Field = k0 * (k0 - 1) / np.maximum(k1, 1e-9)
    return distance


def capsule(
    p: Points, a: tuple[float, float, float], b: tuple[float, float, float], radius_a: float, radius_b: float
) -> Field:
    """Signed distance (N,) to a segment whose radius runs from radius_a to radius_b."""
    start, axis = np.array(a), np.array(b) - np.array(a)
    along = np.clip((p - start) @ axis / (axis @ axis), 0, 1)
    distance: Field = np.linalg.norm(p - start - along[:, None] * axis, axis=1) - (
        radius_a + along * (radius_b - radius_a)
    )
    return distance


def smooth_union(a: Field, b: Field, width: float) -> Field:
    h = np.clip(0.5 + 0.5 * (b - a) / width, 0, 1)
    joined: Field = b + h * (a - b) - width * h * (1 - h)
    return joined


def smooth_subtract(a: Field, b: Field, width: float) -> Field:
    """a without b."""
    return -smooth_union(-a, b, width)


def base_distance(p: Points) -> Field:
    """Signed distance (N,) to the skin without the nose, roughly; symmetric in x."""
    q = p.copy()
    q[:, 0] = np.sqrt(p[:, 0] ** 2 + 1e-5)
    d = ellipsoid(q, (0, 0.13, 0.40), (0.84, 0.95, 0.80))
    d = smooth_union(d, ellipsoid(q, (0, -0.16, -0.20), (0.68, 0.62, 0.68)), 0.25)
    d = smooth_union(d, capsule(q, (0.43, -0.02, -0.42), (0.17, -0.50, -0.74), 0.20, 0.17), 0.25)
    d = smooth_union(d, ellipsoid(q, (0, -0.66, -0.80), (0.20, 0.15, 0.13)), 0.20)
    d = smooth_union(d, ellipsoid(q, (0.36, -0.47, -0.32), (0.30, 0.29, 0.24)), 0.18)
    d = smooth_union(d, ellipsoid(q, (0, -0.58, -0.52), (0.28, 0.25, 0.20)), 0.16)
    d = smooth_union(d, capsule(q, (0, 0.10, -0.60), (0, 0.18, -1.80), 0.31, 0.31), 0.22)
    d = smooth_subtract(d, ellipsoid(q, (0.33, -0.90, 0.03), (0.24, 0.20, 0.18)), 0.16)
    d = smooth_union(d, capsule(q, (0.15, -0.68, 0.27), (0.48, -0.57, 0.29), 0.07, 0.05), 0.16)
    return smooth_union(d, ellipsoid(q, tuple(EYE_CENTRE), (EYE_RADIUS + 0.045,) * 3), 0.10)


def skin_distance(p: Points) -> Field:
    """Signed distance (N,) to the skin, roughly; symmetric in x."""
    q = p.copy()
    q[:, 0] = np.sqrt(p[:, 0] ** 2 + 1e-5)
    d = smooth_union(base_distance(p), capsule(q, (0, -0.66, 0.10), (0, -0.84, -0.18), 0.05, 0.065), 0.14)
    d = smooth_union(d, ellipsoid(q, (0, -0.915, -0.220), (0.092, 0.09, 0.080)), 0.09)
    d = smooth_union(d, ellipsoid(q, (0.092, -0.850, -0.248), (0.052, 0.065, 0.048)), 0.05)
    return smooth_subtract(d, ellipsoid(q, (0.050, -0.890, -0.318), (0.028, 0.040, 0.026)), 0.03)


def skin_gradient(p: Points, distance: Callable[[Points], Field] = skin_distance) -> Points:
    """Unit outward normals (N, 3) of the level sets of a distance."""
    axes = np.eye(3) * 1e-3
    g = np.stack([distance(p + a) - distance(p - a) for a in axes], axis=1)
    unit: Points = g / np.maximum(np.linalg.norm(g, axis=1, keepdims=True), 1e-9)
    return unit


def onto_skin(
    p: Points, height: Field | float = 0.0, n_steps: int = 3, distance: Callable[[Points], Field] = skin_distance
) -> Points:
    """Move points along the gradient until the distance equals height."""
    for _ in range(n_steps):
        p = p - (distance(p) - height)[:, None] * skin_gradient(p, distance)
    return p


NOSE_RAY = np.array([0.0, -1.0, -0.32]) / np.hypot(1.0, 0.32)  # tilted so that the underside of the nose is reached


def raise_nose(p: Points) -> Points:
    """Move points on the noseless skin forward to the skin, along parallel rays."""
    reach = 0.45
    near = (np.abs(p[:, 0]) < 0.3) & (p[:, 1] < -0.5) & (p[:, 2] > -0.48) & (p[:, 2] < 0.3)
    rays = p[near] + reach * NOSE_RAY
    travel = np.zeros(len(rays))
    for _ in range(60):  # sphere tracing from outside; the distance is only roughly one, hence the shorter steps
        travel += 0.6 * skin_distance(rays - travel[:, None] * NOSE_RAY)
    raised = p.copy()
    raised[near] = rays - np.minimum(travel, reach)[:, None] * NOSE_RAY
    return raised


# ---------------------------------------------------------------------------------------------------------------------
# The face grid and its blocks


def _row_positions() -> Points:
    """Start positions (rows, columns, 3) of the face grid, near the skin."""
    guides = np.array([[row, *front, *side, *back] for row, front, side, back in ROW_GUIDES])
    rows = np.arange(N_ROWS + 1)
    f_y, f_z, s_x, s_y, s_z, k_y, k_z = (np.interp(rows, guides[:, 0], guides[:, i])[:, None] for i in range(1, 8))
    column_guides = np.array(COLUMN_GUIDES_DEGREES)
    angle = np.radians(np.interp(np.arange(N_COLUMNS + 1), column_guides[:, 0], column_guides[:, 1]))[None, :]
    t = (1 - np.cos(angle)) / 2
    front, side, back = (1 - t) * (1 - 2 * t), 4 * t * (1 - t), t * (2 * t - 1)
    x = s_x * np.sin(angle)
    y = front * f_y + side * s_y + back * k_y
    z = front * f_z + side * s_z + back * k_z
    positions: Points = np.stack([x, y, z], axis=2)
    positions[:, [0, -1], 0] = 0.0
    return positions


def _inside(block: tuple[int, int, int, int], r: int, c: int) -> bool:
    """Whether the node lies strictly inside the block (blocks that start at column 0 cross the midline)."""
    r0, r1, c0, c1 = block
    return r0 < r < r1 and (c0 < c or c0 == 0) and c < c1


def add_face_grid(b: MeshBuilder) -> Ids:
    """Add the grid with holes at the blocks; returns vertex numbers (rows, columns), -1 inside the holes."""
    blocks = (EYE_BLOCK, NOSE_BLOCK, MOUTH_BLOCK, EAR_BLOCK)
    positions = _row_positions()
    ids = np.full(positions.shape[:2], -1)
    for r in range(N_ROWS + 1):
        for c in range(N_COLUMNS + 1):
            if not any(_inside(block, r, c) for block in blocks):
                ids[r, c] = b.add_points(positions[r, c][None])[0]
    for r in range(N_ROWS):
        for c in range(N_COLUMNS):
            if not any(r0 <= r < r1 and c0 <= c < c1 for r0, r1, c0, c1 in blocks):
                b.add_quad((ids[r, c], ids[r + 1, c], ids[r + 1, c + 1], ids[r, c + 1]), "skin")
    return ids


def block_loop(ids: Ids, block: tuple[int, int, int, int]) -> Ids:
    """The border of a block, clockwise from its top left node; open if the block crosses the midline."""
    r0, r1, c0, c1 = block
    sides = [ids[r0, c0:c1], ids[r0:r1, c1], ids[r1, c1:c0:-1] if c0 else ids[r1, c1::-1]]
    return np.concatenate([*sides, ids[r1:r0:-1, c0]] if c0 else sides)


def blend_loops(outer: Points, inner: Points, n_between: int) -> list[Points]:
    """Loops evenly spaced between two loops, without either."""
    steps = np.linspace(0, 1, n_between + 2)[1:-1]
    return [outer + s * (inner - outer) for s in steps]


# The eye. Loops from the block border to the inside of the lids; the lid loops lie on spheres round the eyeball.

EYE_CORNERS = (-3, 11)  # place in each loop of the inner and the outer corner: half way down the sides of the block
LID_CREASE_LOOP, LID_RIM_LOOP = 3, 6  # counted from the border of the block
LID_LOOP_SHAPES = (  # per loop: growth of the opening, radius above the eyeball
    (1.00, 0.048),
    (0.965, 0.016),
    (1.06, 0.010),
    (1.30, 0.012),
)
LID_SKIN_LOOPS = (  # per loop on the skin round the rim: growth of the opening and height; upper lid, then lower lid
    (1.40, -0.024, 1.30, 0.0),
    (1.25, 0.002, 1.19, 0.0),
    (1.10, 0.006, 1.09, 0.003),
)


def eye_opening() -> Points:
    """The lid rim as (28, 2) offsets (x, z) from the eye centre, in the order of the loop of the eye block."""
    r0, r1, c0, c1 = EYE_BLOCK
    n_half = (r1 - r0) + (c1 - c0)
    turn = np.pi - (np.arange(2 * n_half) - EYE_CORNERS[0]) * np.pi / n_half
    x, z = np.cos(turn), np.sin(turn)
    upper = z > 0
    height = np.where(upper, 0.152, 0.130) * np.abs(z) ** np.where(upper, 0.90, 0.95)
    skew = np.where(upper, 1 - 0.10 * x, 1 + 0.12 * x)
    width = np.where(x > 0, 0.225, 0.205)
    opening: Points = np.stack([width * x, np.sign(z) * height * skew + 0.012 * x], axis=1)
    return opening


def on_eye_sphere(offsets: Points, radius: float) -> Points:
    """Offsets (M, 2) in x and z, laid on the front of a sphere round the eye centre."""
    depth = np.sqrt(np.maximum(radius**2 - (offsets**2).sum(axis=1), 0.01 * radius**2))
    placed: Points = EYE_CENTRE + np.stack([offsets[:, 0], -depth, offsets[:, 1]], axis=1)
    return placed


def _socket_border(opening: Points) -> Points:
    """The border of the eye block on the skin (28, 3), round the opening (28, 2) and wider towards the temple."""
    x, z = opening.T
    temple = np.clip(x / 0.225, 0, 1)
    place = np.stack([x * (1.45 + 0.35 * temple), -0.30 + 0.24 * temple**2, z * 1.95], axis=1)
    return onto_skin(EYE_CENTRE + place, 0.0, 10, base_distance)


def add_eye_loops(b: MeshBuilder, ids: Ids) -> list[Ids]:
    """The loops of one eye, from the border of the block to the inside of the lids."""
    border = block_loop(ids, EYE_BLOCK)
    opening = eye_opening()
    upper = np.clip(opening[:, 1] / 0.12, 0, 1)
    lids = []
    for upper_growth, upper_height, lower_growth, lower_height in LID_SKIN_LOOPS:
        growth = lower_growth + upper * (upper_growth - lower_growth)
        height = lower_height + upper * (upper_height - lower_height)
        near = on_eye_sphere(opening * growth[:, None], EYE_RADIUS + 0.045)
        lids.append(onto_skin(near, height, 6, base_distance))
    lids += [on_eye_sphere(opening * growth, EYE_RADIUS + height) for growth, height in LID_LOOP_SHAPES]
    b.place(border, _socket_border(opening))
    outer = blend_loops(b.all_points()[border], lids[0], LID_CREASE_LOOP - 1)
    return [border, *b.add_loops(border, outer + lids, "skin", closed=True)]


# The mouth. Half loops from the upper midline over the left corner to the lower midline.

LIP_BORDER_LOOP, LIP_CONTACT_LOOP = 3, 6  # counted from the border of the block
N_LIP_SIDE = 9  # edges from a midline to the corner


def lip_parameter() -> Field:
    """Position along the lip of each vertex of a half loop (19,): 0 at the midline, 1 at the corner."""
    steps = np.linspace(0, 1, N_LIP_SIDE + 1)
    side = 0.6 * steps + 0.4 * np.sin(steps * np.pi / 2)
    return np.concatenate([side, side[-2::-1]])


def is_upper_lip() -> Field:
    """+1 for the upper lip, -1 for the lower, 0 at the corner (19,)."""
    side: Field = np.sign(N_LIP_SIDE - np.arange(2 * N_LIP_SIDE + 1)).astype(float)
    return side


def contact_height(s: Field) -> Field:
    """Height z of the line where the lips touch, at lip parameter s."""
    line: Field = MOUTH_HEIGHT + 0.006 * np.cos(s * np.pi * 1.6) * (1 - s) + 0.045 * s**2.2
    return line


def lip_loop(width: float, rise: float, fall: float, bulge: float, depth: float, pinch: float) -> Points:
    """A half loop of the mouth (19, 3).

    width scales the mouth width; rise and fall are heights above and below the contact line at the midline; bulge
    stands out from the skin; depth goes back into the mouth; pinch is the exponent with which the heights vanish at
    the corner.
    """
    s, side = lip_parameter(), is_upper_lip()
    taper = np.maximum(1 - s**2, 0) ** pinch
    bow = 1 - 0.16 * np.exp(-((s / 0.16) ** 2)) * (side > 0) + 0.10 * np.exp(-(((s - 0.3) / 0.2) ** 2)) * (side > 0)
    z = contact_height(s) + np.where(side > 0, rise * bow, -fall) * taper * np.abs(side)
    x = MOUTH_HALF_WIDTH * width * s
    front = onto_skin(np.stack([x, np.full_like(x, -0.85), contact_height(s)], axis=1), 0.0, 6)
    y = front[:, 1] - bulge * (0.35 + 0.65 * np.sqrt(taper)) + depth
    loop: Points = np.stack([x, y, z], axis=1)
    return loop


# The contact loops overlap by a hair: Catmull-Clark then rounds them off to where the lips just touch.
LIP_LOOPS = (  # width, rise, fall, bulge, depth, pinch
    (1.000, 0.058, 0.072, 0.010, 0.0, 0.75),
    (0.975, 0.036, 0.050, 0.038, 0.0, 0.70),
    (0.955, 0.014, 0.019, 0.044, 0.0, 0.60),
    (0.935, -0.0020, -0.0026, 0.018, 0.0, 0.50),
    (0.930, -0.0022, -0.0022, 0.0, 0.030, 0.50),
    (0.980, 0.016, 0.016, 0.0, 0.055, 0.50),
    (1.120, 0.100, 0.100, 0.0, 0.060, 0.40),
)
MOUTH_BAG_LOOPS = (  # width, half height, depth
    (1.22, 0.21, 0.13),
    (1.18, 0.25, 0.30),
    (1.05, 0.25, 0.46),
    (0.65, 0.16, 0.60),
)


def add_mouth_loops(b: MeshBuilder, ids: Ids) -> list[Ids]:
    """The loops of the mouth: skin, lips, inside of the lips, bag; the bag is closed at its end."""
    border = block_loop(ids, MOUTH_BLOCK)
    lips = [lip_loop(*shape) for shape in LIP_LOOPS]
    outer = blend_loops(b.all_points()[border], lips[0], LIP_BORDER_LOOP - 1)
    loops = [border, *b.add_loops(border, [*outer, lips[0]], "skin", closed=False)]
    loops += b.add_loops(loops[-1], lips[1:4], "lip", closed=False)
    loops += b.add_loops(loops[-1], lips[4:], "mouth", closed=False)
    bag = [_bag_loop(*shape) for shape in MOUTH_BAG_LOOPS]
    loops += b.add_loops(loops[-1], bag, "mouth", closed=False)
    r0, r1, _, c1 = MOUTH_BLOCK
    close_half_loop(b, loops[-1], r1 - r0, c1, "mouth")
    return loops


def _bag_loop(width: float, half_height: float, depth: float) -> Points:
    turn = np.linspace(np.pi / 2, -np.pi / 2, 2 * N_LIP_SIDE + 1)
    x = MOUTH_HALF_WIDTH * width * np.cos(turn)
    z = MOUTH_HEIGHT + half_height * np.sin(turn)
    y = -0.80 + depth + 0.12 * np.cos(turn) ** 2
    return np.stack([x, y, z], axis=1)


def add_nose_loops(b: MeshBuilder, ids: Ids) -> list[Ids]:
    """Two loops round the nose and the quads of its tip."""
    border = block_loop(ids, NOSE_BLOCK)
    outline = b.all_points()[border]
    centre = outline.mean(axis=0) * np.array([0.0, 1.0, 1.0])
    loops = b.add_loops(border, [outline + s * (centre - outline) for s in (0.2, 0.4)], "skin", closed=False)
    r0, r1, _, c1 = NOSE_BLOCK
    close_half_loop(b, loops[-1], r1 - r0, c1, "skin")
    return [border, *loops]


EAR_CENTRE_Y, EAR_CENTRE_Z = 0.13, -0.03
EAR_LOOPS = (  # scale of the outline, distance out from the skin
    (0.78, 0.00),
    (0.84, 0.045),
    (0.94, 0.105),
    (1.01, 0.150),
    (0.97, 0.182),
    (0.87, 0.170),
    (0.77, 0.135),
    (0.62, 0.132),
    (0.48, 0.085),
    (0.34, 0.060),
)


def side_of_head(y: Field, z: Field) -> Field:
    """The x of the skin at (y, z), found along rays from the left."""
    x = np.full_like(y, 1.2)
    for _ in range(60):
        x = x - 0.7 * base_distance(np.stack([x, y, z], axis=1))
    return x


def add_ear_loops(b: MeshBuilder, ids: Ids) -> list[Ids]:
    """The ear: loops that leave the head, turn over the rim and go down into the bowl."""
    border = block_loop(ids, EAR_BLOCK)
    r0, r1, c0, c1 = EAR_BLOCK
    n_half = (r1 - r0) + (c1 - c0)
    # Clockwise as seen from outside (+X): the loop starts at the front top corner.
    turn = np.radians(120) - np.arange(2 * n_half) * np.pi / n_half
    back, up = -np.cos(turn), np.sin(turn)
    outline_y = np.where(back > 0, 0.18, 0.11) * back * (1 + 0.10 * up)
    outline_z = np.where(up > 0, 0.215, 0.225) * up
    loops = []
    for scale, out in EAR_LOOPS:
        y = EAR_CENTRE_Y + scale * (outline_y + 0.25 * outline_z)
        z = EAR_CENTRE_Z + scale * outline_z
        stand_off = 0.40 + 0.85 * scale * (outline_y + 0.11) / 0.3 + 0.08 * scale * up
        stand_off *= 1 + 0.45 * np.minimum(up, 0)
        loops.append(np.stack([side_of_head(y, z) + out * stand_off, y, z], axis=1))
    added = b.add_loops(border, loops, "skin", closed=True)
    close_loop(b, added[-1], r1 - r0, c1 - c0, "skin")
    return [border, *added]
