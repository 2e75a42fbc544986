"""What can be animated on a data-block, by data path and array index, and its value now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import bpy

from .core.retarget import Target

Address = tuple[str, int]
"""Data path and array index of an f-curve."""
_PROPERTY = re.compile(r'(?P<holder>.*)\["(?P<name>(?:[^"\\]|\\.)*)"\]')
"""A data path that ends in a custom property."""
_QUOTED = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
REST_ANGLE = (0.0, 0.0, 1.0, 0.0)  # Blender's default angle and axis


def addresses(owner: Any, target: Target) -> list[Address]:
    """The f-curves that move a target; of a bone's rotation, all those of its rotation mode."""
    if target.kind == "shape_key":
        return [(_data_path(target.name), 0)]
    if target.kind == "property":
        holder = owner.pose.bones[target.component].path_from_id() if target.component else ""
        return [(f'{holder}["{bpy.utils.escape_identifier(target.name)}"]', 0)]
    bone = owner.pose.bones[target.name]
    channel, _, axis = target.component.partition("_")
    if channel == "rotation":
        path, length = rotation_channel(bone)
        return [(path, index) for index in range(length)]
    return [(f"{bone.path_from_id()}.{channel}", "xyz".index(axis))]


def rotation_channel(bone: Any) -> tuple[str, int]:
    """Data path and number of values of a bone's rotation."""
    channel, length = {"QUATERNION": ("rotation_quaternion", 4), "AXIS_ANGLE": ("rotation_axis_angle", 4)}.get(
        bone.rotation_mode, ("rotation_euler", 3)
    )
    return f"{bone.path_from_id()}.{channel}", length


def _data_path(shape_key: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(shape_key)}"].value'


def drivers(owner: Any) -> dict[Address, Any]:
    """Address -> the driver's f-curve, over which no key frame wins, unless it is muted."""
    found = owner.animation_data.drivers if owner.animation_data else ()
    return {(curve.data_path, curve.array_index): curve for curve in found if not curve.mute}


def driver_of(owner: Any, target: Target) -> Any:
    """The driver of a shape key or custom property; None when it is free."""
    path, index = addresses(owner, target)[0]
    driver = owner.animation_data.drivers.find(path, index=index) if owner.animation_data else None
    return None if driver is None or driver.mute else driver


def moves_bones(animated: Iterable[Address]) -> bool:
    """Whether bones themselves are animated, and not only what they hold."""
    return any(path.startswith("pose.bones") and not path.endswith("]") for path, _ in animated)


def target_name(path: str) -> str:
    """The shape key, custom property or bone that a data path is about."""
    quoted = _QUOTED.findall(path)
    return bpy.utils.unescape_identifier(quoted[-1]) if quoted else path


def no_change(address: Address) -> float:
    """What a value is where nothing moves it: 1 for scales, and of rotations where there is no turn."""
    path, index = address
    ones = {"rotation_quaternion": (1, 0, 0, 0), "rotation_axis_angle": REST_ANGLE, "scale": (1, 1, 1)}
    known = ones.get(path.rpartition(".")[2])
    return float(known[index]) if known else 0.0


def read_value(owner: Any, address: Address) -> float:
    """The value at an address; ValueError when it is gone."""
    path, index = address
    value = owner.path_resolve(path)
    return float(value[index] if hasattr(value, "__getitem__") else value)


def set_value(owner: Any, address: Address, value: float) -> None:
    """Set what an address points to; nothing when it is gone, as a deleted shape key is."""
    path, index = address
    try:
        before = owner.path_resolve(path)
    except ValueError:
        return
    item = _PROPERTY.fullmatch(path)
    if item:
        holder = owner.path_resolve(item["holder"]) if item["holder"] else owner
        holder[bpy.utils.unescape_identifier(item["name"])] = type(before)(value)
    elif hasattr(before, "__setitem__"):
        before[index] = value
    else:
        holder_path, _, attribute = path.rpartition(".")
        setattr(owner.path_resolve(holder_path), attribute, value)
