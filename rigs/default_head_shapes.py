"""The 51 shapes of the default head as vertex displacements, numpy only.

Meaning of each shape: https://developer.apple.com/documentation/arkit/arfaceanchor/blendshapelocation
Left shapes are authored; right ones are their mirror images. Vectors of the mouth are (outward, forward, up).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from rigs.default_head_mesh import (
    EYE_CENTRE,
    EYE_CORNERS,
    JAW_HINGE,
    LID_RIM_LOOP,
    LIP_BORDER_LOOP,
    MOUTH_HEIGHT,
    N_LIP_SIDE,
    Field,
    Ids,
    Points,
    is_upper_lip,
    lip_parameter,
    mesh_edges,
    onto_skin,
    skin_distance,
)
from rigs.default_head_parts import HeadMesh

JAW_OPEN_DEGREES = 23.0
LOOK_DEGREES = {"Up": 22.0, "Down": 24.0, "In": 26.0, "Out": 26.0}
# How far each loop of the eye block, from its border in, follows the turn of the lid rim.
UPPER_LID_FOLLOW = (0.0, 0.02, 0.09, 0.26, 0.52, 0.80, 1.0, 1.0, 1.0, 1.0)
LOWER_LID_FOLLOW = (0.46, 0.54, 0.63, 0.73, 0.83, 0.92, 1.0, 1.0, 1.0, 1.0)
# Per loop of the mouth from the outline of the lips in (the line of contact is the fourth): how much it moves with the
# lips, how much of that is the motion of the line of contact, how much it goes over from lip to roof and floor.
LIP_LOOP_SHARE = (1.0, 1.0, 1.0, 1.0, 1.0, 0.9, 0.5, 0.2, 0.05, 0.0, 0.0)
CONTACT_LOOP_SHARE = (0.0, 0.40, 0.80, 1.0, 1.0, 0.9, 0.5, 0.2, 0.05, 0.0, 0.0)
JAW_LOOP_SHARE = (0.0, 0.0, 0.0, 0.0, 0.0, 0.15, 0.5, 0.85, 1.0, 1.0, 1.0)

Vector = tuple[float, float, float]


@dataclass
class Face:
    """What the shapes are computed from."""

    mesh: HeadMesh
    lips: Ids  # (loops from the lip border in, 36) vertex numbers round the mouth
    s: Field  # (36,) 0 at the midline, 1 at the corners
    side: Field  # (36,) +1 upper lip, -1 lower lip, 0 corners
    sign: Field  # (36,) +1 left, -1 right, 0 midline
    across: Ids  # (36,) the vertex of the other lip over or under each one
    lip_weights: Points  # (N, 36) which lip border vertices a skin vertex follows
    lip_distance: Field  # (N,) distance of the skin to the lip border
    round_eye: Ids  # (M,) skin round the block of the left eye
    eye_weights: Points  # (M, 28) how it follows the border of the block
    moved: Ids  # skin (outside the lips) and brow vertices, which slide on the skin
    neighbours: tuple[Ids, Ids, Field]


def smoothstep(x: Field, low: float, high: float) -> Field:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def make_face(mesh: HeadMesh) -> Face:
    loops = mesh.loops["mouth"]
    around = [np.concatenate([loop, mesh.mirror[loop[-2:0:-1]]]) for loop in loops]
    lips = np.stack(around[LIP_BORDER_LOOP:])
    s, side = lip_parameter(), is_upper_lip()
    sign = np.concatenate([np.ones(2 * N_LIP_SIDE + 1), -np.ones(2 * N_LIP_SIDE - 1)])
    sign[[0, 2 * N_LIP_SIDE]] = 0
    distance = np.linalg.norm(mesh.points[:, None] - mesh.points[lips[0]][None], axis=2)
    weights = 1.0 / (distance**2 + 1e-4) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    inside = np.concatenate([lips[1:].ravel(), _mouth_inside(mesh)])
    skin = np.setdiff1d(mesh.parts["skin"], inside)
    round_eye, eye_weights = _round_eye(mesh, skin)
    return Face(
        round_eye=round_eye,
        eye_weights=eye_weights,
        mesh=mesh,
        lips=lips,
        s=np.concatenate([s, s[-2:0:-1]]),
        side=np.concatenate([side, side[-2:0:-1]]),
        sign=sign,
        across=np.concatenate(
            [2 * N_LIP_SIDE - np.arange(2 * N_LIP_SIDE + 1), np.arange(4 * N_LIP_SIDE - 1, 2 * N_LIP_SIDE, -1)]
        ),
        lip_weights=weights,
        lip_distance=distance.min(axis=1),
        moved=np.concatenate([skin, mesh.parts["brow"]]),
        neighbours=_neighbours(mesh),
    )


def _round_eye(mesh: HeadMesh, skin: Ids) -> tuple[Ids, Points]:
    """Skin near the block of the left eye and how it follows the block's border, fading over 0.08 units."""
    border = mesh.loops["eye"][0]
    outside = np.setdiff1d(skin, np.concatenate(mesh.loops["eye"]))
    distance = np.linalg.norm(mesh.points[outside][:, None] - mesh.points[border][None], axis=2)
    near = distance.min(axis=1) < 0.2
    distance = distance[near]
    weights = 1.0 / (distance**2 + 1e-4) ** 2
    weights *= (np.exp(-((distance.min(axis=1) / 0.08) ** 2)) / weights.sum(axis=1))[:, None]
    return outside[near], weights


def _mouth_inside(mesh: HeadMesh) -> Ids:
    regions = np.array(mesh.face_regions)
    ids: Ids = np.unique(mesh.faces[regions == "mouth"])
    return ids


def _neighbours(mesh: HeadMesh) -> tuple[Ids, Ids, Field]:
    edges = mesh_edges(mesh.faces)
    a, b = np.concatenate([edges, edges[:, ::-1]]).T
    return a, b, np.bincount(a, minlength=len(mesh.points)).astype(float)


def diffuse(face: Face, values: Field, free: NDArray[np.bool_], n_steps: int) -> Field:
    """Average the free values (N,) with their neighbours; the others stay."""
    a, b, count = face.neighbours
    values = values.copy()
    for _ in range(n_steps):
        mean = np.bincount(a, weights=values[b], minlength=len(values)) / count
        values[free] = mean[free]
    return values


def turn_about_x(points: Points, pivot: Points, degrees: Field | float) -> Points:
    """Displacements (M, 3) of a turn about the X axis through pivot; positive angles lift what is in front."""
    a = -np.radians(degrees)
    y, z = points[:, 1] - pivot[1], points[:, 2] - pivot[2]
    dy = y * np.cos(a) - z * np.sin(a) - y
    dz = y * np.sin(a) + z * np.cos(a) - z
    return np.stack([np.zeros_like(dy), dy, dz], axis=1)


# ---------------------------------------------------------------------------------------------------------------------
# Jaw


def _lip_opening(s: Field) -> Field:
    """How far the lips part along the mouth: 1 at the midline, 0 at the corner."""
    opening: Field = np.maximum(1 - s**2.8, 0) ** 0.62
    return opening


def jaw_weights(face: Face, lip_values: Points) -> Field:
    """How far each vertex follows the jaw (N,), 0 to 1; lip_values (loops, 36) are those of the lips and the bag."""
    p = face.mesh.points
    y, z = p[:, 1], p[:, 2]
    w = np.zeros(len(p))
    skin = np.zeros(len(p), dtype=bool)
    skin[face.mesh.parts["skin"]] = True
    still = (z > MOUTH_HEIGHT + 0.24) | (y > 0.05) | (z < -1.22)
    chin = (z < MOUTH_HEIGHT - 0.17 - 0.25 * np.maximum(y + 0.7, 0)) & (y < -0.34)
    w[chin] = 1.0
    free = skin & ~still & ~chin
    w[face.lips] = lip_values
    bag = np.setdiff1d(_mouth_inside(face.mesh), face.lips)
    w[bag] = 0.5
    free[face.lips] = False
    free[bag] = False
    w = diffuse(face, w, free, 300)
    near = skin & (y < 0.3) & (z > -1.4)
    near[face.lips] = False
    w = diffuse(face, w, near, 4)
    w[face.mesh.parts["lower_teeth"]] = 1.0
    tongue = face.mesh.parts["tongue"]
    w[tongue] = 0.55 + 0.40 * smoothstep(-y[tongue], 0.14, 0.55)
    return w


def _with_mouth_inside(face: Face, lips: Field) -> Points:
    """Jaw weights (loops, 36): those of the lips (36,), and inside the mouth going over to those of roof and floor."""
    lower = 0.5 * (1 - face.side * np.minimum(2.0 * np.sqrt(np.maximum(1 - face.s**2, 0)), 1.0))
    return np.stack([lips + share * (lower - lips) for share in JAW_LOOP_SHARE])


def jaw_open(face: Face) -> Points:
    opening = _lip_opening(face.s)
    row = 0.5 - 0.5 * face.side * opening
    row -= 0.02 * (face.side > 0) * opening
    w = jaw_weights(face, _with_mouth_inside(face, row))
    delta = turn_about_x(face.mesh.points, JAW_HINGE, -JAW_OPEN_DEGREES * w)
    narrow = lip_motion(face, corner=(-0.030, 0.0, 0.0), reach=0.16)
    return delta + narrow


def mouth_close(face: Face, opened: Points) -> Points:
    """What brings the lips together while the jaw is down: to be used with jawOpen."""
    contact = 0.50 + 0.04 * (1 - face.s**2)
    rows = _with_mouth_inside(face, contact)
    rows[0] += -0.05 * face.side * (1 - face.s**2)
    w = jaw_weights(face, rows)
    lower = face.mesh.parts["lower_teeth"]
    tongue = face.mesh.parts["tongue"]
    delta = turn_about_x(face.mesh.points, JAW_HINGE, -JAW_OPEN_DEGREES * w) - opened
    delta[lower] = 0.0
    delta[tongue] = 0.0
    return delta


def jaw_shift(face: Face, shift: Vector, lip_parting: float) -> Points:
    """The jaw moved by (x, y, z); the upper lip follows half of it less lip_parting, the lower lip half of it more."""
    row = 0.5 - lip_parting * face.side * _lip_opening(face.s)
    w = jaw_weights(face, _with_mouth_inside(face, row))
    delta: Points = w[:, None] * np.array(shift)
    return delta


# ---------------------------------------------------------------------------------------------------------------------
# Lips


def _along_lip(face: Face, middle: Vector, quarter: Vector | None, corner: Vector) -> Points:
    """Interpolate (outward, forward, up) from the midline over s = 0.55 to the corner, for all 36 positions."""
    s = face.s[:, None]
    m, c = np.array(middle), np.array(corner)
    if quarter is None:
        mixed: Points = m + (c - m) * s**1.8
        return mixed
    q, h = np.array(quarter), 0.55
    quadratic: Points = m * (s - h) * (s - 1) / h + q * s * (s - 1) / (h * (h - 1)) + c * s * (s - h) / (1 - h)
    return quadratic


def lip_motion(
    face: Face,
    corner: Vector = (0.0, 0.0, 0.0),
    upper: Vector = (0.0, 0.0, 0.0),
    lower: Vector = (0.0, 0.0, 0.0),
    upper_quarter: Vector | None = None,
    lower_quarter: Vector | None = None,
    upper_border: Vector = (0.0, 0.0, 0.0),
    lower_border: Vector = (0.0, 0.0, 0.0),
    sideways: float = 0.0,
    reach: float = 0.22,
    left_only: bool = False,
    skin: Points | None = None,
) -> Points:
    """Displacements (N, 3) of a motion of the lips that the skin follows within reach.

    upper and lower move the line of contact (and all of the lip), *_border the outline of the lips relative to it,
    corner the corners. skin adds tangential displacements (N, 3) before the skin slides.
    """
    is_lower = (face.side < 0)[:, None]
    line = np.where(
        is_lower, _along_lip(face, lower, lower_quarter, corner), _along_lip(face, upper, upper_quarter, corner)
    )
    rim = np.where(is_lower, np.array(lower_border), np.array(upper_border)) * (1 - face.s[:, None] ** 2)
    share = _left_share(face.sign * face.s) if left_only else np.ones(len(face.s))
    return _spread(face, (line + rim) * share[:, None], rim * share[:, None], sideways, reach, skin)


def _left_share(x: Field) -> Field:
    """1 on the left, 0 on the right, adding to 1 with its mirror image; x in mouth half widths."""
    return smoothstep(x, -0.5, 0.5)


def _spread(face: Face, border: Points, rim: Points, sideways: float, reach: float, skin: Points | None) -> Points:
    """Carry the motion of the lip outline to the skin, which slides, and to the loops inside it."""
    p = face.mesh.points
    outward = np.clip(face.sign * face.s / 0.5, -1, 1)
    flat = np.stack(
        [border[:, 0] * outward + sideways * np.ones(len(outward)), np.zeros(len(outward)), border[:, 2]], axis=1
    )
    falloff = np.exp(-((face.lip_distance / reach) ** 2))[:, None]
    tangential = falloff * (face.lip_weights @ flat)
    if skin is not None:
        tangential = tangential + skin
    delta = np.zeros_like(p)
    moved = face.moved
    delta[moved] = slide(p[moved], tangential[moved])
    own = delta[face.lips[0]] - tangential[face.lips[0]]
    shared = (own + own[face.across]) / 2
    forward = border[:, 1]
    delta[moved, 1] -= (falloff[:, 0] * (face.lip_weights @ forward))[moved]
    rim_xyz = np.stack([rim[:, 0] * outward, -rim[:, 1], rim[:, 2]], axis=1)
    whole = tangential[face.lips[0]] - np.stack([0 * forward, forward, 0 * forward], axis=1)
    for k, ids in enumerate(face.lips):
        contact_motion = shared - own - rim_xyz
        delta[ids] = LIP_LOOP_SHARE[k] * (whole + own + CONTACT_LOOP_SHARE[k] * contact_motion)
    return delta


def slide(p: Points, tangential: Points) -> Points:
    """Displacements that follow the given ones but keep each point's height over the implicit skin."""
    height = skin_distance(p)
    still = np.abs(tangential).max(axis=1) < 1e-5
    delta = onto_skin(p + tangential, height, 2) - p
    delta[still] = 0.0
    return delta


def lip_profile(face: Face, upper: Points | None, lower: Points | None) -> Points:
    """Displacements of the lip cross-section: rows (6, 2) are (forward, up) per loop from the outline in."""
    delta = np.zeros_like(face.mesh.points)
    fade = (1 - face.s**2) ** 0.7
    for rows, is_this in ((upper, face.side > 0), (lower, face.side < 0)):
        if rows is None:
            continue
        for k, (forward, up) in enumerate(rows):
            ids = face.lips[k][is_this]
            delta[ids, 1] -= forward * fade[is_this]
            delta[ids, 2] += up * fade[is_this]
    border_shift = delta[face.lips[0]]
    falloff = np.exp(-((face.lip_distance / 0.07) ** 2))[:, None]
    skin = np.setdiff1d(face.moved, face.lips[0])
    delta[skin] += (falloff * (face.lip_weights @ border_shift))[skin]
    return delta


# ---------------------------------------------------------------------------------------------------------------------
# Skin, brows, lids, eyes


def bump(face: Face, centre: Vector, radii: Vector, move: Vector) -> Points:
    """A soft displacement (N, 3) of skin and brows round a place on the left half."""
    delta = np.zeros_like(face.mesh.points)
    p = face.mesh.points[face.moved]
    r2 = (((p - np.array(centre)) / np.array(radii)) ** 2).sum(axis=1)
    delta[face.moved] = np.exp(-r2)[:, None] * np.array(move)
    return delta


def skin_slide(face: Face, tangential: Points) -> Points:
    """Let skin and brows slide by the given displacements (N, 3)."""
    delta = np.zeros_like(tangential)
    delta[face.moved] = slide(face.mesh.points[face.moved], tangential[face.moved])
    return delta


def mirrored(face: Face, delta: Points) -> Points:
    flipped: Points = delta[face.mesh.mirror] * np.array([-1.0, 1.0, 1.0])
    return flipped


def lid_angles(face: Face) -> tuple[Field, Field]:
    """Height angle of each vertex of the left lid rim (28,) and of the vertex across the eye, in degrees."""
    rim = face.mesh.loops["eye"][LID_RIM_LOOP]
    offset = face.mesh.points[rim] - EYE_CENTRE
    angle = np.degrees(np.arctan2(offset[:, 2], -offset[:, 1]))
    across = (2 * EYE_CORNERS[0] - np.arange(len(rim))) % len(rim)
    return angle, angle[across]


def lid_motion(face: Face, upper: float, lower: float, up_degrees: tuple[float, float] = (0.0, 0.0)) -> Points:
    """Turn the left lids: upper and lower are the share of the eye opening that they close (negative opens);
    up_degrees lifts the upper and the lower lid at the middle of the eye."""
    angle, across = lid_angles(face)
    gap = across - angle  # negative on the upper lid
    turn = np.where(gap < 0, upper, lower) * gap + np.where(gap < 0, *up_degrees) * np.abs(gap) / np.abs(gap).max()
    delta = np.zeros_like(face.mesh.points)
    loops = face.mesh.loops["eye"]
    for upper_follow, lower_follow, loop in zip(UPPER_LID_FOLLOW, LOWER_LID_FOLLOW, loops, strict=True):
        weight = np.where(gap < 0, upper_follow, lower_follow)
        delta[loop] = turn_about_x(face.mesh.points[loop], EYE_CENTRE, weight * turn)
    delta[face.round_eye] = face.eye_weights @ delta[loops[0]]
    rim_turn = np.zeros(len(face.mesh.points))
    rim_turn[face.mesh.loops["eye"][LID_RIM_LOOP]] = turn
    n_left = len(face.mesh.parts["lash"]) // 2
    lash, followed = face.mesh.parts["lash"][:n_left], face.mesh.parts["lash_follows"][:n_left]
    delta[lash] = turn_about_x(face.mesh.points[lash], EYE_CENTRE, rim_turn[followed])
    return delta


def eye_turn(face: Face, up_degrees: float, out_degrees: float) -> Points:
    """Turn the left eyeball."""
    ids = face.mesh.parts["eyeball"]
    ids = ids[face.mesh.points[ids, 0] > 0]
    offset = face.mesh.points[ids] - EYE_CENTRE
    a, b = -np.radians(up_degrees), np.radians(out_degrees)
    pitch = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    yaw = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    delta = np.zeros_like(face.mesh.points)
    delta[ids] = offset @ (yaw @ pitch).T - offset
    return delta


# ---------------------------------------------------------------------------------------------------------------------
# The shapes


def brow_shapes(face: Face) -> dict[str, Points]:
    inner = bump(face, (0.15, -0.78, 0.33), (0.16, 0.40, 0.20), (-0.012, 0.0, 0.085))
    inner_up = skin_slide(face, inner)
    down = bump(face, (0.18, -0.78, 0.34), (0.17, 0.40, 0.13), (-0.030, 0.0, -0.075))
    down += bump(face, (0.42, -0.70, 0.37), (0.18, 0.40, 0.12), (-0.010, 0.0, -0.040))
    outer_up = bump(face, (0.46, -0.68, 0.36), (0.19, 0.40, 0.20), (0.010, 0.0, 0.090))
    return {
        "browInnerUp": inner_up + mirrored(face, inner_up),
        "browDownLeft": skin_slide(face, down),
        "browOuterUpLeft": skin_slide(face, outer_up),
    }


def eye_shapes(face: Face) -> dict[str, Points]:
    brow_press = skin_slide(face, bump(face, (0.34, -0.72, 0.35), (0.25, 0.4, 0.14), (0.0, 0.0, -0.012)))
    cheek = skin_slide(face, bump(face, (0.38, -0.72, -0.26), (0.22, 0.4, 0.12), (0.0, 0.0, 0.035)))
    brow_lift = skin_slide(face, bump(face, (0.34, -0.72, 0.35), (0.25, 0.4, 0.14), (0.0, 0.0, 0.015)))
    return {
        "eyeBlinkLeft": lid_motion(face, 0.72, 0.28) + brow_press,
        "eyeSquintLeft": lid_motion(face, 0.14, 0.34) + cheek + brow_press,
        "eyeWideLeft": lid_motion(face, -0.16, -0.08) + brow_lift,
        "eyeLookUpLeft": eye_turn(face, LOOK_DEGREES["Up"], 0) + lid_motion(face, 0, 0, (7.0, 5.0)),
        "eyeLookDownLeft": eye_turn(face, -LOOK_DEGREES["Down"], 0) + lid_motion(face, 0, 0, (-12.0, -9.0)),
        "eyeLookInLeft": eye_turn(face, 0, -LOOK_DEGREES["In"]),
        "eyeLookOutLeft": eye_turn(face, 0, LOOK_DEGREES["Out"]),
    }


def cheek_and_nose_shapes(face: Face) -> dict[str, Points]:
    puff = bump(face, (0.46, -0.52, -0.48), (0.24, 0.40, 0.22), (0.125, -0.085, 0.0))
    puff += bump(face, (0.0, -0.80, -0.45), (0.20, 0.2, 0.05), (0.0, -0.02, 0.0)) * 0.5
    squint = bump(face, (0.40, -0.70, -0.27), (0.20, 0.4, 0.13), (0.0, 0.0, 0.060))
    squint_out = bump(face, (0.40, -0.70, -0.20), (0.18, 0.3, 0.10), (0.010, -0.025, 0.0))
    sneer = bump(face, (0.10, -0.86, -0.26), (0.09, 0.3, 0.12), (0.012, 0.0, 0.050))
    sneer += bump(face, (0.09, -0.80, 0.05), (0.08, 0.3, 0.16), (0.0, 0.0, 0.020))
    sneer += bump(face, (0.16, -0.78, 0.33), (0.12, 0.3, 0.10), (-0.010, 0.0, -0.025))
    return {
        "cheekPuff": puff + mirrored(face, puff) + lip_motion(face, corner=(-0.012, 0.0, 0.0), reach=0.12),
        "cheekSquintLeft": skin_slide(face, squint) + squint_out + lid_motion(face, 0.0, 0.14),
        "noseSneerLeft": lip_motion(
            face, upper=(0.0, 0.0, 0.014), upper_quarter=(0.0, 0.004, 0.020), left_only=True, reach=0.14, skin=sneer
        ),
    }


def jaw_shapes(face: Face) -> dict[str, Points]:
    opened = jaw_open(face)
    return {
        "jawOpen": opened,
        "mouthClose": mouth_close(face, opened),
        "jawForward": jaw_shift(face, (0.0, -0.075, 0.0), 0.12),
        "jawLeft": jaw_shift(face, (0.110, 0.0, 0.0), 0.05),
    }


def mouth_shapes(face: Face) -> dict[str, Points]:
    return _whole_mouth_shapes(face) | _one_sided_mouth_shapes(face)


ROLL_IN = np.array([(-0.022, -0.040), (-0.050, -0.040), (-0.058, -0.012), (-0.050, 0.0), (-0.045, 0.004), (-0.02, 0.0)])
MIRROR_UP = np.array([1.0, -1.0])


def _whole_mouth_shapes(face: Face) -> dict[str, Points]:
    chin_up = bump(face, (0.0, -0.76, -0.82), (0.16, 0.3, 0.12), (0.0, -0.02, 0.030))
    return {
        "mouthFunnel": lip_motion(
            face,
            corner=(-0.075, 0.055, -0.004),
            upper=(0.0, 0.105, 0.046),
            upper_quarter=(-0.038, 0.095, 0.038),
            lower=(0.0, 0.105, -0.056),
            lower_quarter=(-0.030, 0.095, -0.052),
            upper_border=(0.0, -0.03, 0.008),
            lower_border=(0.0, -0.03, -0.008),
            reach=0.16,
        ),
        "mouthPucker": lip_motion(
            face,
            corner=(-0.118, 0.070, -0.012),
            upper=(0.0, 0.120, 0.0),
            upper_quarter=(-0.062, 0.110, -0.004),
            lower=(0.0, 0.120, 0.0),
            lower_quarter=(-0.062, 0.110, -0.004),
            upper_border=(0.0, -0.05, 0.016),
            lower_border=(0.0, -0.05, -0.012),
            reach=0.17,
        ),
        "mouthLeft": lip_motion(face, corner=(0.0, 0.0, 0.008), sideways=0.115, reach=0.20),
        "mouthRollUpper": lip_profile(face, ROLL_IN, None),
        "mouthRollLower": lip_profile(face, None, ROLL_IN * MIRROR_UP),
        "mouthShrugUpper": lip_motion(
            face, upper=(0.0, 0.022, 0.040), upper_quarter=(0.0, 0.014, 0.028), lower=(0.0, 0.015, 0.036), reach=0.13
        ),
        "mouthShrugLower": lip_motion(
            face,
            upper=(0.0, 0.010, 0.028),
            lower=(0.0, 0.035, 0.036),
            corner=(0.0, 0.0, -0.012),
            lower_border=(0.0, 0.01, 0.022),
            reach=0.14,
        )
        + chin_up,
    }


def _one_sided_mouth_shapes(face: Face) -> dict[str, Points]:
    cheek_up = bump(face, (0.40, -0.66, -0.36), (0.17, 0.35, 0.13), (0.012, 0.0, 0.050))
    cheek_out = bump(face, (0.42, -0.64, -0.30), (0.15, 0.30, 0.12), (0.022, -0.030, 0.0))
    dimple = bump(face, (0.36, -0.66, -0.56), (0.07, 0.2, 0.08), (0.0, 0.018, 0.0))
    cheek_down = bump(face, (0.34, -0.64, -0.66), (0.15, 0.35, 0.14), (0.0, 0.0, -0.025))
    return {
        "mouthSmileLeft": lip_motion(
            face,
            corner=(0.070, -0.006, 0.078),
            upper=(0.0, -0.006, 0.006),
            upper_quarter=(0.036, -0.006, 0.028),
            lower=(0.0, -0.006, 0.006),
            lower_quarter=(0.036, -0.006, 0.028),
            reach=0.20,
            left_only=True,
            skin=cheek_up,
        )
        + cheek_out,
        "mouthFrownLeft": lip_motion(
            face,
            corner=(0.022, 0.0, -0.080),
            upper_quarter=(0.008, 0.0, -0.018),
            lower_quarter=(0.008, 0.0, -0.018),
            reach=0.17,
            left_only=True,
            skin=cheek_down,
        ),
        "mouthDimpleLeft": lip_motion(face, corner=(0.060, -0.022, 0.014), reach=0.13, left_only=True) + dimple,
        "mouthStretchLeft": lip_motion(face, corner=(0.095, -0.012, -0.034), reach=0.20, left_only=True),
        "mouthPressLeft": lip_motion(
            face,
            corner=(0.012, 0.0, 0.008),
            upper=(0.0, -0.012, 0.0),
            lower=(0.0, -0.012, 0.0),
            upper_border=(0.0, -0.006, -0.026),
            lower_border=(0.0, -0.006, 0.028),
            reach=0.10,
            left_only=True,
        ),
        "mouthUpperUpLeft": lip_motion(
            face,
            upper=(0.0, 0.008, 0.058),
            upper_quarter=(0.0, 0.008, 0.066),
            corner=(0.008, 0.0, 0.012),
            reach=0.15,
            left_only=True,
        ),
        "mouthLowerDownLeft": lip_motion(
            face,
            lower=(0.0, 0.010, -0.085),
            lower_quarter=(0.0, 0.008, -0.085),
            corner=(0.010, 0.0, -0.010),
            reach=0.15,
            left_only=True,
        ),
    }


def shape_deltas(mesh: HeadMesh) -> dict[str, Points]:
    """The displacement (N, 3) of every vertex at value 1 for each of the 51 channels."""
    face = make_face(mesh)
    deltas = brow_shapes(face) | eye_shapes(face) | cheek_and_nose_shapes(face) | jaw_shapes(face) | mouth_shapes(face)
    for name in list(deltas):
        if name.endswith("Left"):
            deltas[name.removesuffix("Left") + "Right"] = mirrored(face, deltas[name])
    return {name: deltas[name] for name in BLENDSHAPE_CHANNELS}
