"""What a take does with each data-block: motions of its targets -> values of its data paths, as layers of the NLA.

Shape keys and custom properties add up. Bones are combined: rotations follow on those below, scales multiply. A head
that is an object turns by its delta rotation, which Blender adds to the rotation that the user animates.
"""

# The bpy stubs make every data-block optional.
# mypy: disable-error-code="union-attr"

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion

from . import data_paths, nla
from .core.curves import Float32Array
from .core.retarget import Target
from .data_paths import Address

HEAD_BONE = "voxkey_head_bone"
"""Custom property of an armature: the bone of it that turns with the head motion; without one, the object does."""
_HEAD_ADDRESSES: tuple[Address, ...] = tuple(("delta_rotation_euler", axis) for axis in range(3))


@dataclass(frozen=True)
class Motion:
    """What a take does with one data-block."""

    owner: Any
    """Shape keys, or the object whose bones and custom properties move."""
    targets: tuple[Target, ...]
    """M."""
    values: Float32Array
    """(N, M), one row a key frame."""


@dataclass(frozen=True)
class Layer:
    """The keys of one Action."""

    addresses: list[Address]
    """K."""
    values: Float32Array
    """(N, K)."""
    rest_value: float | None
    """What the rest track holds; None for what the owner has now."""
    blend_type: str


def layers_of(
    motions: Sequence[Motion], head: bpy.types.Object | None, angles: Float32Array
) -> list[tuple[Any, Layer]]:
    """(owner, keys) of every Action of a take, the head object's with angles (N, 3) last."""
    found = [(motion.owner, layer) for motion in motions for layer in motion_layers(motion)]
    return [*found, (head, head_layer(head, angles))] if head else found


def motion_layers(motion: Motion) -> Iterator[Layer]:
    """Shape keys and custom properties add up; bones combine."""
    bones = [column for column, target in enumerate(motion.targets) if target.kind == "bone"]
    plain = [column for column in range(len(motion.targets)) if column not in bones]
    if plain:
        found = [data_paths.addresses(motion.owner, motion.targets[column])[0] for column in plain]
        yield Layer(found, motion.values[:, plain], 0.0, "ADD")
    moves: dict[str, dict[str, Float32Array]] = {}
    for column in bones:
        target = motion.targets[column]
        moves.setdefault(target.name, {})[target.component] = motion.values[:, column]
    if moves:
        pairs = [pair for name, move in moves.items() for pair in _bone_curves(motion.owner, name, move)]
        yield Layer([address for address, _ in pairs], np.stack([v for _, v in pairs], axis=1), None, "COMBINE")


def _bone_curves(obj: Any, name: str, move: dict[str, Float32Array]) -> list[tuple[Address, Float32Array]]:
    """(address, values (N,)) of a bone for component -> values (N,), relative to what lies below."""
    bone = obj.pose.bones[name]
    curves = []
    for component, values in move.items():
        if not component.startswith("rotation"):
            scaled = values * np.float32(bone.length) if component.startswith("location") else 1 + values
            curves.append((data_paths.addresses(obj, Target("bone", name, component))[0], scaled))
    turns = [move.get(f"rotation_{axis}") for axis in "xyz"]
    if any(turn is not None for turn in turns):
        still = np.zeros_like(next(iter(move.values())))
        vectors = np.stack([still if turn is None else turn for turn in turns], axis=1)
        path, length = data_paths.rotation_channel(bone)
        rotations = _rotations(bone.rotation_mode, vectors, nla.resting_values(obj, path, length))
        curves += [((path, index), rotations[:, index]) for index in range(length)]
    return curves


def _rotations(mode: str, vectors: Float32Array, held: list[float] | None) -> Float32Array:
    """What turns a bone by rotation vectors (N, 3) in radians about its own axes when it is combined with held.

    held is the rotation below in the same mode, None when the user animates it. (N, 4) quaternions, which Blender
    multiplies; (N, 3) Euler angles or (N, 4) angles and axes, which it adds, so that they are differences.
    """
    turns = _quaternions(vectors)
    if mode == "QUATERNION":
        return turns
    rows: list[Any] = []
    if mode == "AXIS_ANGLE":
        before: Any = np.array(held or data_paths.REST_ANGLE)
        base = Quaternion(before[1:], before[0])
        for turn in turns.tolist():
            axis, angle = (base @ Quaternion(turn)).to_axis_angle()
            if axis.dot((rows[-1] if rows else before)[1:]) < 0:  # of the two ways to say it, the one nearby
                axis, angle = -axis, -angle
            rows.append(np.array((angle, axis.x, axis.y, axis.z)) if angle else before)
    else:
        euler = Euler(held or (0.0, 0.0, 0.0), mode)
        before, base = np.array(euler), euler.to_quaternion()
        for turn in turns.tolist():
            euler = (base @ Quaternion(turn)).to_euler(mode, euler)
            rows.append(np.array(euler))
    return np.asarray(np.array(rows) - before, np.float32)


def _quaternions(vectors: Float32Array) -> Float32Array:
    """(N, 4) for rotation vectors (N, 3): https://en.wikipedia.org/wiki/Axis-angle_representation"""
    half = np.linalg.norm(vectors, axis=1, keepdims=True) / 2
    return np.hstack([np.cos(half), vectors / 2 * np.sinc(half / np.pi)]).astype(np.float32)


def head_layer(obj: bpy.types.Object, angles: Float32Array) -> Layer:
    """Delta rotation turns about the axes of the parent, so the angles, small as they are, turn with the object."""
    name = head_bone(obj)
    if name:
        axes = np.array(upright(obj) @ obj.pose.bones[name].bone.matrix_local.to_3x3(), np.float32)
        turns = dict(zip(("rotation_x", "rotation_y", "rotation_z"), (angles @ axes).T, strict=True))
        found, values = zip(*_bone_curves(obj, name, turns), strict=True)
        return Layer(list(found), np.stack(values, axis=1), None, "COMBINE")
    own_axes = np.array(obj.rotation_euler.to_matrix(), np.float32)
    return Layer(list(_HEAD_ADDRESSES), angles @ own_axes.T, None, "ADD")


def posed(motion: Motion) -> list[tuple[Address, float]]:
    """Addresses with the values that the first row of a motion gives them on top of the present pose."""
    values = []
    for layer in motion_layers(motion):
        turns: dict[str, Quaternion] = {}
        for (path, index), value in zip(layer.addresses, layer.values[0].tolist(), strict=True):
            now = data_paths.read_value(motion.owner, (path, index))
            if path.endswith(".rotation_quaternion"):
                turns.setdefault(path, Quaternion())[index] = value
            elif layer.rest_value is not None:
                values.append(((path, index), value))
            else:
                values.append(((path, index), now * value if path.endswith(".scale") else now + value))
        for path, turn in turns.items():
            rotation = motion.owner.path_resolve(path) @ turn
            values += [((path, index), rotation[index]) for index in range(4)]
    return values


def raised_by_hand(motion: Motion) -> list[str]:
    """Names of shape keys and custom properties that are not at 0 although nothing animates them."""
    animated = nla.animated_by_user(motion.owner) | nla.animated_by_strips(motion.owner, of_takes=True)
    plain = [target for target in motion.targets if target.kind != "bone"]
    free = [(target.name, data_paths.addresses(motion.owner, target)[0]) for target in plain]
    return [name for name, address in free if address not in animated and data_paths.read_value(motion.owner, address)]


def head_problem(obj: bpy.types.Object) -> str | None:
    """Why this object can't turn with the head motion, as one sentence with what to do; None when it can."""
    if not obj.is_editable:
        return f"{obj.name} is linked from another file; make it local, or turn an Empty that it is parented to"
    bone = head_bone(obj)
    if bone and bone not in obj.pose.bones:
        return f"{obj.name} has no bone {bone} any more; choose another"
    if not bone and obj.rotation_mode in {"QUATERNION", "AXIS_ANGLE"}:
        return f"{obj.name} does not rotate by Euler angles; set its Rotation Mode to XYZ Euler"
    if obj.animation_data and obj.animation_data.use_tweak_mode:
        return f"An NLA strip of {obj.name} is being tweaked; leave tweak mode (Tab in the NLA editor) first"
    return None


def head_bone(obj: bpy.types.Object) -> str:
    """The bone that turns with the head motion where the chosen object is an armature; empty for the object itself."""
    return str(obj.get(HEAD_BONE, "")) if obj.type == "ARMATURE" else ""


def set_head_bone(armature: bpy.types.Object, name: str) -> None:
    """Choose the bone of an armature that turns with the head motion, or with no name the armature itself."""
    armature[HEAD_BONE] = name


def upright(armature: bpy.types.Object) -> Matrix:
    """What turns an armature's own axes into those of the character (X to its left, Y to its back, Z up), 3 x 3.

    The object's rotation counts, as importers stand up by it what other programs made with Y up, but for the turn about
    the vertical, by which an artist places a character in a scene.
    """
    standing = armature.matrix_world.to_quaternion()
    turned = Quaternion((standing.w, 0, 0, standing.z)) if standing.w or standing.z else Quaternion()
    return (turned.normalized().inverted() @ standing).to_matrix()
