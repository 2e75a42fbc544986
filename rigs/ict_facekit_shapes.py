"""ICT-FaceKit made fit for animation: lips and lids that seal, eyes that turn, the 51 channels. No Blender here.

Everything is in the data's own centimetres, Y up, the face to +Z, the character's left at +X.
"""

from dataclasses import replace
from math import cos, radians, sin

import numpy as np

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from rigs.ict_facekit_data import (
    EYELIDS,
    EYES,
    INNER_LIPS,
    LASHES,
    LOWER_INNER_LIP,
    SKIN,
    UPPER_INNER_LIP,
    VEILS,
    FaceKit,
    Floats,
    Ints,
    Mask,
    faces_of,
    faces_within,
    source_expressions,
    used_vertices,
    vertices_of,
)

GAZE_DEGREES = {"In": 30.0, "Out": 30.0, "Up": 20.0, "Down": 25.0}
"""How far an eyeball turns at a weight of 1. Apple gives no angle; this is a comfortable limit of human gaze."""

# Distances from the eye's optical axis, measured on the data.
PUPIL_HOLE_CM, IRIS_RADIUS_CM, CORNEA_RADIUS_CM = 0.16, 0.60, 0.61
CORNEA_BULGE_CM = 0.17
RIM_RADIUS_CM, RIM_HEIGHT_CM = 0.54, 1.48


def close_neutral_lips(kit: FaceKit) -> FaceKit:
    """The same kit with its jaw raised until the lips touch in the middle.

    The lips of the data's neutral face are 0.8 mm apart and show the teeth; the neutral face of ARKit is closed.
    """
    jaw_open = kit.expressions["jawOpen"]
    upper, lower = kit.landmarks[UPPER_INNER_LIP], kit.landmarks[LOWER_INNER_LIP]
    gap = kit.vertices[upper, 1] - kit.vertices[lower, 1]
    opening = jaw_open[upper, 1] - jaw_open[lower, 1]
    return replace(kit, vertices=kit.vertices - gap / opening * jaw_open)


def bare_eyes(kit: FaceKit) -> FaceKit:
    """The same kit with eyes that need no glass.

    The iris and a closed pupil bulge as the cornea does, which `shown_faces` cuts away: the bulge catches the light
    even in a renderer without refraction. The rim of the white is drawn in under the iris.
    """
    vertices = kit.vertices.copy()
    shown = shown_faces(kit)
    for side, (sclera, iris) in EYES.items():
        centre, axis = eyeball(kit, side)
        off_axis_cm = distance_off_axis(kit, side)
        along = (vertices - centre) @ axis
        outwards = vertices - centre - along[:, None] * axis
        disc = vertices_of(kit, (iris,)) & (off_axis_cm < IRIS_RADIUS_CM)
        hole = disc & (off_axis_cm < PUPIL_HOLE_CM)
        along[hole], outwards[hole], off_axis_cm[hole] = along[hole].max(), 0.0, 0.0
        along[disc] += CORNEA_BULGE_CM * (1 - (off_axis_cm[disc] / IRIS_RADIUS_CM) ** 2)
        rim = used_vertices(kit, faces_of(kit, (sclera,)) & shown) & (off_axis_cm < CORNEA_RADIUS_CM)
        along[rim] = np.minimum(along[rim], RIM_HEIGHT_CM)
        outwards[rim] *= RIM_RADIUS_CM / off_axis_cm[rim, None]
        moved = disc | rim
        vertices[moved] = (centre + along[:, None] * axis + outwards)[moved]
    return replace(kit, vertices=vertices)


def shown_faces(kit: FaceKit) -> Mask:
    """(F,) False for the veils, the cornea, which covers the iris, the iris's inside, and all but the lashes' roots.

    The lashes are ribbons made for a texture of single hairs; their first row alone reads as a line of short lashes.
    """
    shown = ~faces_of(kit, VEILS)
    for side, (sclera, iris) in EYES.items():
        cornea = faces_within(kit, distance_off_axis(kit, side) < CORNEA_RADIUS_CM)
        shown &= ~(faces_of(kit, (sclera,)) & cornea)
        shown &= ~(faces_of(kit, (iris,)) & (face_normals(kit) @ eyeball(kit, side)[1] < 0.1))
    lashes = np.flatnonzero(vertices_of(kit, LASHES))
    skin = kit.vertices[vertices_of(kit, ("M_Face",))]
    from_skin_cm = np.array([np.linalg.norm(skin - lash, axis=1).min() for lash in kit.vertices[lashes]])
    beyond_root = np.zeros(len(kit.vertices), bool)
    beyond_root[lashes] = from_skin_cm > 1e-3
    return shown & ~(faces_of(kit, LASHES) & faces_within(kit, beyond_root))


def face_normals(kit: FaceKit) -> Floats:
    """(F, 3) unit normals; zero for a face without area."""
    a, b, c, d = np.moveaxis(kit.vertices[np.where(kit.faces < 0, kit.faces[:, :1], kit.faces)], 1, 0)
    normals = np.cross(c - a, d - b)
    unit: Floats = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return unit


def eyeball(kit: FaceKit, side: str) -> tuple[Floats, Floats]:
    """Centre (3,) in cm and optical axis (3,), a unit vector through the cornea, of one eye."""
    points = kit.vertices[vertices_of(kit, EYES[side][:1])].astype(np.float64)
    back = points[points[:, 2] < np.median(points[:, 2])]  # the half without the cornea's bulge is a sphere
    # |p|^2 = 2 c.p + (r^2 - |c|^2) is linear in the centre c
    solution = np.linalg.lstsq(np.c_[2 * back, np.ones(len(back))], (back**2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    radius = np.sqrt(solution[3] + centre @ centre)
    bulge = np.linalg.norm(points - centre, axis=1) > 1.05 * radius
    axis = (points[bulge] - centre).sum(axis=0)
    return centre.astype(np.float32), (axis / np.linalg.norm(axis)).astype(np.float32)


def distance_off_axis(kit: FaceKit, side: str) -> Floats:
    """(V,) distance from the optical axis of one eye in cm; infinite behind the eyeball's centre."""
    centre, axis = eyeball(kit, side)
    from_centre = kit.vertices - centre
    along = from_centre @ axis
    distance = np.linalg.norm(from_centre - along[:, None] * axis, axis=1)
    return np.where(along > 0, distance, np.inf).astype(np.float32)


def channel_offsets(kit: FaceKit) -> dict[str, Floats]:
    """Channel -> (V, 3) offsets in centimetres, in the order of BLENDSHAPE_CHANNELS."""
    offsets = {
        channel: np.sum([kit.expressions[name] for name in source_expressions(channel)], axis=0)
        for channel in BLENDSHAPE_CHANNELS
    }
    offsets["mouthClose"] = sealing_mouth_close(kit, offsets["jawOpen"], offsets["mouthClose"])
    for side, lids in EYELIDS.items():
        offsets[f"eyeBlink{side}"] = sealing_blink(kit, offsets[f"eyeBlink{side}"], kit.landmarks[lids])
        for direction in GAZE_DEGREES:
            channel = f"eyeLook{direction}{side}"
            offsets[channel] = offsets[channel] + turned_eyeball(kit, side, direction)
    return offsets


def sealing_mouth_close(kit: FaceKit, jaw_open: Floats, mouth_close: Floats) -> Floats:
    """mouthClose with which the lips lie as in the neutral face when jawOpen has the same weight.

    The data's own corrective drives the lower lip up to 6 mm into the upper one. What is left of both together is
    taken away at the lips and kept towards chin and cheeks.
    """
    distance_cm = distance_to_path(kit.vertices, kit.vertices[kit.landmarks[INNER_LIPS]], closed=True)
    share = fade(distance_cm, full=1.2, none=3.0) * vertices_of(kit, SKIN)
    sealed: Floats = mouth_close - share[:, None] * (jaw_open + mouth_close)
    return sealed


def sealing_blink(kit: FaceKit, blink: Floats, lids: Ints) -> Floats:
    """A blink scaled, from the inner to the outer half of the eye, until the lids meet.

    The data's lids stay 0.8 mm apart near the nose, behind its lash strips.
    """
    overlap_cm = 0.03
    upper, lower = lids[[1, 2]], lids[[5, 4]]
    gap = (kit.vertices + blink)[upper, 1] - (kit.vertices + blink)[lower, 1]
    travel = blink[lower, 1] - blink[upper, 1]
    by_x = np.argsort(kit.vertices[upper, 0])
    scale = np.interp(kit.vertices[:, 0], kit.vertices[upper, 0][by_x], (1 + (gap + overlap_cm) / travel)[by_x])
    sealed: Floats = (blink * scale[:, None]).astype(np.float32)
    return sealed


def turned_eyeball(kit: FaceKit, side: str, direction: str) -> Floats:
    """(V, 3) offsets that turn one eyeball about its centre, the shortest way, as a shape key moves: in a line."""
    ball = vertices_of(kit, EYES[side])
    from_centre = kit.vertices - eyeball(kit, side)[0]
    angle = radians(GAZE_DEGREES[direction])
    outwards = 1 if side == "Left" else -1
    up = {"Up": angle, "Down": -angle}.get(direction, 0.0)
    left = {"Out": angle * outwards, "In": -angle * outwards}.get(direction, 0.0)
    pitch = np.array([[1, 0, 0], [0, cos(up), sin(up)], [0, -sin(up), cos(up)]])
    yaw = np.array([[cos(left), 0, sin(left)], [0, 1, 0], [-sin(left), 0, cos(left)]])
    turned: Floats = ((from_centre @ (yaw @ pitch).T - from_centre) * ball[:, None]).astype(np.float32)
    return turned


def fade(distance: Floats, full: float, none: float) -> Floats:
    """1 up to `full`, 0 from `none`, a smooth step between."""
    part = np.clip((none - distance) / (none - full), 0.0, 1.0)
    smooth: Floats = (part * part * (3 - 2 * part)).astype(np.float32)
    return smooth


def distance_to_path(points: Floats, path: Floats, closed: bool = False) -> Floats:
    """(V,) distance of points (V, D) to the line through path (P, D)."""
    starts, ends = (path, np.roll(path, -1, axis=0)) if closed else (path[:-1], path[1:])
    nearest = np.full(len(points), np.inf, np.float32)
    for start, end in zip(starts, ends, strict=True):
        along = end - start
        part = np.clip((points - start) @ along / max(along @ along, 1e-12), 0.0, 1.0)
        nearest = np.minimum(nearest, np.linalg.norm(points - start - part[:, None] * along, axis=1))
    return nearest
