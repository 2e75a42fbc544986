"""A face on the control bones of Rigify, without shape keys; its weights make the bones move it as its shapes would.

Names, sizes, directions and constraints of the bones are those that Rigify's face generates:
https://projects.blender.org/blender/blender/src/branch/main/scripts/addons_core/rigify/rigs/faces/super_face.py
Here the controls deform the mesh themselves, and lids turn about the eyeball.
"""

# The bpy stubs make every data-block optional and know no kind of constraint.
# mypy: disable-error-code="union-attr, attr-defined"

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from rigs.default_head_mesh import Field, Ids, Points
from rigs.default_head_shapes import JAW_OPEN_DEGREES, turn_about_x
from rigs.test_rig_geometry import FLIP, Geometry, default_geometry
from rigs.test_rig_objects import Bone, Place, add_armature, add_mesh, bind

JAW_FOLLOW = {  # bones between the jaw and what hangs on it, and how far they follow it
    "MCH-jaw_master": 1.0,
    "MCH-jaw_master.001": 0.75,
    "MCH-jaw_master.002": 0.35,
    "MCH-jaw_master.003": 0.10,
}
CONTROLS: dict[str, tuple[int | Place, str]] = {  # middle and left: landmark or place on the default head, parent
    "lip.T": (62, "MCH-jaw_master.003"),
    "lip.B": (66, "MCH-jaw_master"),
    "lip.T.L.001": (63, "MCH-jaw_master.003"),
    "lip.B.L.001": (65, "MCH-jaw_master.001"),
    "lips.L": (54, "MCH-jaw_master.002"),
    "chin": ((0.0, -0.76, -0.82), "jaw_master"),
    "nose.L.001": ((0.10, -0.86, -0.26), "head"),
    "cheek.B.L.001": ((0.42, -0.60, -0.48), "MCH-jaw_master.002"),
    "cheek.T.L.001": ((0.40, -0.70, -0.27), "head"),
    "brow.T.L": (26, "head"),
    "brow.T.L.001": (25, "head"),
    "brow.T.L.002": (24, "head"),
    "brow.T.L.003": (22, "head"),
    "lid.T.L": (45, "head"),
    "lid.T.L.001": (44, "head"),
    "lid.T.L.002": (43, "head"),
    "lid.T.L.003": ((0.20, -0.70, 0.075), "head"),
    "lid.B.L": (42, "head"),
    "lid.B.L.001": (47, "head"),
    "lid.B.L.002": (46, "head"),
    "lid.B.L.003": ((0.50, -0.68, -0.06), "head"),
}
FOLLOWS = {  # left: the control takes these shares of the motion of others
    "brow.T.L.002": {"brow.T.L.001": 0.5, "brow.T.L.003": 0.5},
    "lid.T.L.001": {"lid.T.L.002": 0.6},
    "lid.T.L.003": {"lid.T.L.002": 0.6},
    "lid.B.L.001": {"lid.B.L.002": 0.6},
    "lid.B.L.003": {"lid.B.L.002": 0.6},
    "lid.B.L.002": {"cheek.T.L.001": 0.1},
    "cheek.T.L.001": {"cheek.B.L.001": 0.5},
    "nose.L.001": {"lip.T.L.001": 0.2},
    "cheek.B.L.001": {"lips.L": 0.5},
    "lip.T.L.001": {"lips.L": 0.25, "lip.T": 0.5},
    "lip.B.L.001": {"lips.L": 0.25, "lip.B": 0.5},
}
CONTROLS_PER_FACE_LENGTH = 7  # a control is that part of the height from the mouth to the eyes
EYE_TARGET_DISTANCE, EYE_TARGET_LENGTH = 3.0, 0.31  # where the eyes look to, in distances between the eyes
N_NEAREST = 8
"""Controls that may move a vertex, besides jaw and head."""
N_STEPS = 400


@dataclass(frozen=True)
class Control:
    """A bone that moves skin, and the vertex that it sits on."""

    name: str
    vertex: int
    parent: str

    @property
    def is_lid(self) -> bool:
        return self.name.startswith("lid.")

    @property
    def side(self) -> str:
        return "left" if ".L" in self.name else "right"


def find_controls() -> list[Control]:
    """The controls of both sides, on the vertices of the default head."""
    head = default_geometry()
    skin = head.pieces["skin"]
    controls = []
    for name, (where, parent) in CONTROLS.items():
        place = head.points[head.landmarks[where]] if isinstance(where, int) else np.array(where)
        sides = ((name, place), (name.replace(".L", ".R"), place * FLIP)) if ".L" in name else ((name, place),)
        for side_name, side_place in sides:
            nearest = np.linalg.norm(head.points[skin] - side_place, axis=1).argmin()
            controls.append(Control(side_name, int(skin[nearest]), parent))
    return controls


def make_bones(geometry: Geometry, controls: list[Control]) -> list[Bone]:
    """Head, jaw, eyes and controls; a control points up, so that its X is to the left, its Z to the front."""

    def place(point: Points) -> Place:
        return (float(point[0]), float(point[1]), float(point[2]))

    hinge, chin = geometry.joints["jaw_hinge"], geometry.points[geometry.landmarks[8]]
    face_length = geometry.joints["eye_left"][2] - geometry.points[geometry.landmarks[62], 2]
    up = np.array([0.0, 0.0, face_length / CONTROLS_PER_FACE_LENGTH])
    front = (0.0, -1.0, 0.0)
    bones = [Bone("head", place(hinge), place(hinge + 10 * up), "", front, is_deforming=True)]
    bones.append(Bone("jaw_master", place(hinge), place(chin), "head", is_deforming=True))
    bones += [Bone(name, place(hinge), place(chin), "head") for name in JAW_FOLLOW]
    apart = 2 * geometry.joints["eye_left"][0]
    for side, eye in (("L", geometry.joints["eye_left"]), ("R", geometry.joints["eye_right"])):
        target = eye + apart * np.array([0.0, -EYE_TARGET_DISTANCE, 0.0])
        top = target + apart * np.array([0.0, 0.0, EYE_TARGET_LENGTH])
        bones.append(Bone(f"eye.{side}", place(target), place(top), "head", front))
        bones.append(Bone(f"MCH-eye.{side}", place(eye), place((eye + target) / 2), "head", is_deforming=True))
    for control in controls:
        at = geometry.points[control.vertex]
        bones.append(Bone(control.name, place(at), place(at + up), control.parent, front, not control.is_lid))
        if control.is_lid:
            eye = geometry.joints[f"eye_{control.side}"]
            bones.append(Bone(f"MCH-{control.name}", place(eye), place(at), "head", is_deforming=True))
    return bones


def constrain(armature: bpy.types.Object, controls: list[Control]) -> None:
    """What makes bones follow others."""
    bones = armature.pose.bones

    def add(owner: str, kind: Any, target: str, influence: float = 1.0) -> Any:
        constraint = bones[owner].constraints.new(kind)
        constraint.target, constraint.subtarget, constraint.influence = armature, target, influence
        return constraint

    for name, share in JAW_FOLLOW.items():
        add(name, "COPY_TRANSFORMS", "jaw_master", share)
    for side in (".L", ".R"):
        for owner, targets in FOLLOWS.items():
            for target, share in targets.items():
                copy = add(owner.replace(".L", side), "COPY_LOCATION", target.replace(".L", side), share)
                copy.use_offset, copy.target_space, copy.owner_space = True, "LOCAL", "LOCAL"
    turned = [control.name for control in controls if control.is_lid] + ["eye.L", "eye.R"]
    for name in turned:
        add(f"MCH-{name}", "DAMPED_TRACK", name)


def add_rigify(geometry: Geometry) -> bpy.types.Object:
    """The mesh Face, bound to the armature rig."""
    controls = find_controls()
    armature = add_armature("rig", make_bones(geometry, controls))
    constrain(armature, controls)
    face = add_mesh("Face", geometry, {}, {"skin": (0.90, 0.72, 0.62), "iris": (0.35, 0.22, 0.12)})
    bind(face, armature, skin_weights(geometry, controls))
    return face


# ---------------------------------------------------------------------------------------------------------------------
# Weights: the shares (non-negative, adding to 1) with which moving bones come nearest to the shapes


def skin_weights(geometry: Geometry, controls: list[Control]) -> dict[str, Field]:
    """Bone -> (V,) weights."""
    n = len(geometry.points)
    weights = {f"MCH-{c.name}" if c.is_lid else c.name: np.zeros(n) for c in controls}
    weights |= {"jaw_master": geometry.jaw.copy(), "head": 1 - geometry.jaw}
    names = [*(f"MCH-{c.name}" if c.is_lid else c.name for c in controls), "jaw_master", "head"]
    soft = np.concatenate([geometry.pieces[name] for name in ("skin", "brow", "lash")])
    at = geometry.points[soft]
    nearest = _nearest(at, geometry.points[[c.vertex for c in controls]], N_NEAREST)
    chosen = np.concatenate([nearest, np.broadcast_to([len(controls), len(controls) + 1], (len(soft), 2))], axis=1)
    solved = _solve(geometry, controls, soft, chosen)
    for k, name in enumerate(names):
        weights[name][soft] = (solved * (chosen == k)).sum(axis=1)
    for side, sign in (("L", 1), ("R", -1)):
        eyes = np.zeros(n)
        eyes[np.concatenate([geometry.pieces["eyeball"], geometry.pieces["glint"]])] = 1.0
        weights[f"MCH-eye.{side}"] = eyes * (sign * geometry.points[:, 0] > 0)
        weights["head"] = weights["head"] * (1 - weights[f"MCH-eye.{side}"])
    return weights


def _nearest(points: Points, places: Points, n_nearest: int) -> Ids:
    """(V, n_nearest) numbers of the places nearest to each point."""
    distance = np.linalg.norm(points[:, None] - places[None], axis=2)
    return np.argsort(distance, axis=1)[:, :n_nearest]


def _solve(geometry: Geometry, controls: list[Control], soft: Ids, chosen: Ids) -> Points:
    """Weights (V, M) of the chosen bones (V, M) for the soft vertices, by projected gradient steps."""
    at = geometry.points[soft]
    gram = np.zeros((len(soft), chosen.shape[1], chosen.shape[1]))
    right = np.zeros(chosen.shape)
    rows = np.arange(len(soft))[:, None]
    for channel, delta in geometry.deltas.items():
        if channel.startswith("eyeLook"):
            continue
        moved = _bone_motion(geometry, controls, channel, at)[rows, chosen]  # (V, M, 3)
        gram += moved @ moved.swapaxes(1, 2)
        right += np.einsum("vmi,vi->vm", moved, delta[soft])
    places = np.concatenate([geometry.points[[c.vertex for c in controls]], np.zeros((2, 3))])
    distance = np.linalg.norm(at[:, None] - places[chosen], axis=2)
    distance[:, -2:] = 0.0
    mouth = np.ptp(geometry.points[geometry.landmarks[[48, 54]], 0])
    reach = np.trace(gram, axis1=1, axis2=2).mean() * (0.02 + 0.10 * (distance / mouth) ** 2)
    gram += reach[:, :, None] * np.eye(chosen.shape[1])  # a far bone should have a reason
    step = 1.0 / np.linalg.norm(gram, axis=(1, 2))[:, None]
    weights = np.zeros(chosen.shape)
    weights[:, -1] = 1.0
    for _ in range(N_STEPS):
        weights = _onto_simplex(weights - step * (np.einsum("vmn,vn->vm", gram, weights) - right))
    return weights


def _bone_motion(geometry: Geometry, controls: list[Control], channel: str, at: Points) -> NDArray[np.float64]:
    """How far each bone takes points (V, 3) in a shape: (V, controls + 2, 3), jaw and head last.

    A control goes where its vertex goes; what it does besides its share of the jaw's motion is a shift, or a turn about
    the eyeball.
    """
    hinge, delta = geometry.joints["jaw_hinge"], geometry.deltas[channel]
    angle = -JAW_OPEN_DEGREES if channel == "jawOpen" else 0.0
    shift = delta[geometry.landmarks[8]] if channel in ("jawForward", "jawLeft", "jawRight") else np.zeros(3)
    moved = np.zeros((len(at), len(controls) + 2, 3))
    for k, control in enumerate(controls):
        own = geometry.points[control.vertex]
        if control.is_lid:
            eye = geometry.joints[f"eye_{control.side}"]
            moved[:, k] = _turn(at - eye, own - eye, own + delta[control.vertex] - eye)
            continue
        share = 1.0 if control.parent == "jaw_master" else JAW_FOLLOW.get(control.parent, 0.0)
        carried = turn_about_x(own[None], hinge, share * angle)[0] + share * shift
        moved[:, k] = turn_about_x(at, hinge, share * angle) + share * shift + delta[control.vertex] - carried
    moved[:, -2] = turn_about_x(at, hinge, angle) + shift
    return moved


def _turn(offsets: Points, before: Points, after: Points) -> Points:
    """Displacements of offsets (V, 3) by the shortest turn that takes the direction before to after (Rodrigues)."""
    a, b = before / np.linalg.norm(before), after / np.linalg.norm(after)
    sine = np.cross(a, b)
    first = np.cross(sine, offsets)
    second: Points = first + np.cross(sine, first) / (1 + a @ b)
    return second


def _onto_simplex(x: Points) -> Points:
    """The nearest rows that are non-negative and add to 1: Duchi et al. 2008, https://doi.org/10.1145/1390156.1390191"""
    descending = -np.sort(-x, axis=1)
    excess = (np.cumsum(descending, axis=1) - 1) / np.arange(1, x.shape[1] + 1)
    n_positive = (descending > excess).sum(axis=1)
    projected: Points = np.maximum(x - excess[np.arange(len(x)), n_positive - 1][:, None], 0)
    return projected
