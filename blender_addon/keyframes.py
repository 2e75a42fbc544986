"""Keys and f-curves of Actions, read and written all at once.

Here, and for NLA strips in nla.py, is all that knows action slots and what Blender versions call them.
"""

# The bpy stubs do not know the names of other versions.
# mypy: disable-error-code="attr-defined"

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .core.curves import Float32Array
from .core.key_reduction import reduce_keys
from .data_paths import Address

_KEY_FIELDS: dict[str, tuple[type, int]] = {
    **dict.fromkeys(("co", "handle_left", "handle_right"), (np.float32, 2)),
    **dict.fromkeys(("amplitude", "back", "period"), (np.float32, 1)),
    **dict.fromkeys(("interpolation", "easing", "type", "handle_left_type", "handle_right_type"), (np.uint8, 1)),
    **dict.fromkeys(("select_control_point", "select_left_handle", "select_right_handle"), (np.bool_, 1)),
}
"""All that Blender keeps of a key: type and number of values."""
_CONSTANT, _LINEAR, _AUTO_CLAMPED = 0, 1, 4  # numbers of the enums, which is what foreach_set takes


@dataclass(frozen=True)
class Spacing:
    """How close together the keys of a take are."""

    tolerance: float = 0.0
    """How far f-curves may be from the values of a motion for the sake of fewer keys; 0 for a key in every row."""
    is_held: bool = False
    """Whether values are held from key to key instead of going over into one another."""


def fcurves(action: bpy.types.Action) -> list[Any]:
    """All f-curves of an Action, of all its slots."""
    if not hasattr(action, "layers"):  # before 4.4
        return list(action.fcurves)
    return [
        curve for layer in action.layers for strip in layer.strips for bag in strip.channelbags for curve in bag.fcurves
    ]


def _slot_fcurves(action: bpy.types.Action, player: Any) -> list[Any]:
    """The f-curves of an Action that a strip or the animation data of an owner plays: those of its slot."""
    if not hasattr(action, "layers"):  # before 4.4
        return list(action.fcurves)
    if player.action_slot is None:
        return []
    bags = [strip.channelbag(player.action_slot) for layer in action.layers for strip in layer.strips]
    return [curve for bag in bags if bag for curve in bag.fcurves]


def first_fcurves(action: bpy.types.Action) -> Any:
    """The collection of the f-curves of an Action that is for one data-block."""
    if not hasattr(action, "layers"):  # before 4.4
        return action.fcurves
    strip: Any = action.layers[0].strips[0]
    return strip.channelbag(action.slots[0]).fcurves


def new_fcurves(action: bpy.types.Action, owner: Any) -> Any:
    """The collection in which the f-curves of an Action for one more data-block are made."""
    if not hasattr(action, "slots"):  # before 4.4
        action.id_root = owner.id_type
        return action.fcurves
    slot = action.slots.new(id_type=owner.id_type, name=owner.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip: Any = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def give_slot(strip: Any) -> None:
    """Make a strip play what its Action has."""
    if hasattr(strip, "action_slot"):  # from 4.4 on
        strip.action_slot = strip.action.slots[0]


def address(curve: Any) -> Address:
    return curve.data_path, curve.array_index


def animated_by(player: Any) -> set[Address]:
    """What an Action animates, with all its slots, or what a strip or the animation data of an owner plays of one."""
    action = player if isinstance(player, bpy.types.Action) else player.action
    if action is None:
        return set()
    curves = fcurves(action) if player == action else _slot_fcurves(action, player)
    return {address(curve) for curve in curves}


def animated_properties(data_block: Any, beginning: str) -> dict[str, Any]:
    """f-curves of a data-block's Action for properties whose path begins like this, by the rest of the path."""
    data = data_block.animation_data
    if data is None or data.action is None:
        return {}
    found = {curve.data_path: curve for curve in _slot_fcurves(data.action, data)}
    return {path.removeprefix(beginning): curve for path, curve in found.items() if path.startswith(beginning)}


def key_values(action: bpy.types.Action) -> tuple[NDArray[np.int64], Float32Array]:
    """Frames (N,) at which any f-curve of a take's Action has a key, and the values (N, K) of all there."""
    keys = [read_keys(curve) for curve in fcurves(action) if len(curve.keyframe_points)]
    if not keys:
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    frames = np.unique(np.concatenate([points[:, 0] for points in keys]))
    values = np.stack([np.interp(frames, points[:, 0], points[:, 1]) for points in keys], axis=1)
    return np.round(frames).astype(np.int64), values.astype(np.float32)


def write_action(
    owner: Any,
    name: str,
    found: Sequence[Address],
    frames: NDArray[np.int64],
    values: Float32Array,
    beside: bpy.types.Action | None = None,
) -> bpy.types.Action:
    """A plain Action with values (N, K) at frames (N,) for K addresses, which becomes the owner's active one.

    From Blender 4.4 on it is a further slot of the Action beside, if one is given.
    """
    spacing = Spacing()
    action = write_keys(owner, name, found, spaced_keys(frames, values, spacing), spacing, beside)
    data = owner.animation_data or owner.animation_data_create()
    data.action = action
    if hasattr(action, "slots"):
        data.action_slot = action.slots[-1]
    return action


def write_keys(
    owner: Any,
    name: str,
    found: Sequence[Address],
    keys: Sequence[Float32Array],
    spacing: Spacing,
    beside: bpy.types.Action | None = None,
) -> bpy.types.Action:
    """An Action with the keys (N, 2) of each of K addresses: a new one, or a new slot of another."""
    has_slots = hasattr(bpy.types, "ActionSlot")  # from 4.4 on
    action = beside if beside and has_slots else bpy.data.actions.new(name)
    curves = new_fcurves(action, owner)
    for (path, index), points in zip(found, keys, strict=True):
        write_fcurve(curves.new(path, index=index), points, spacing)
    return action


def spaced_keys(frames: NDArray[np.int64], values: Float32Array, spacing: Spacing) -> list[Float32Array]:
    """For each of K f-curves its keys, (n, 2) frame and value, from frames (N,) and values (N, K)."""
    if spacing.tolerance:
        return reduce_keys(frames, values, spacing.tolerance)
    coordinates = np.empty((values.shape[1], len(frames), 2), np.float32)
    coordinates[:, :, 0], coordinates[:, :, 1] = frames, values.T
    return list(coordinates)


def write_fcurve(curve: Any, coordinates: Float32Array, spacing: Spacing) -> None:
    """Keys (N, 2) of an f-curve without any, all at once: keyframe_insert takes 200 times as long."""
    n_keys = len(coordinates)
    points = curve.keyframe_points
    points.add(n_keys)
    points.foreach_set("co", coordinates.ravel())
    # bytes, as Blender stores them: other integers take 20 times as long
    points.foreach_set("interpolation", np.full(n_keys, _CONSTANT if spacing.is_held else _LINEAR, np.uint8))
    for side in ("handle_left_type", "handle_right_type"):
        points.foreach_set(side, np.full(n_keys, _AUTO_CLAMPED, np.uint8))
    curve.update()


def replace_keys(curve: Any, start: int, stop: int, new: Float32Array, spacing: Spacing) -> None:
    """Put other keys (N, 2) in place of some of an f-curve, all of which Blender has to be told anew."""
    points = curve.keyframe_points
    earlier = {name: read_points(points, name) for name in _KEY_FIELDS}
    points.clear()
    write_fcurve(curve, new, spacing)
    merged = {
        name: np.concatenate([old[:start], read_points(points, name), old[stop:]]) for name, old in earlier.items()
    }
    points.clear()
    points.add(len(merged["co"]))
    for name, found in merged.items():
        points.foreach_set(name, found.ravel())


def read_keys(curve: Any) -> Float32Array:
    """(N, 2) frame and value."""
    coordinates = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", coordinates)
    return coordinates.reshape(-1, 2)


def read_points(points: Any, name: str) -> Any:
    """A field of N keys, (N,) or (N, 2)."""
    kind, width = _KEY_FIELDS[name]
    values: NDArray[Any] = np.empty(len(points) * width, kind)
    points.foreach_get(name, values)
    return values.reshape(-1, width) if width > 1 else values


def checksum(action: bpy.types.Action) -> int:
    """Changes with every frame, value and number of the keys."""
    return checksum_of([read_keys(curve) for curve in fcurves(action)])


def checksum_of(keys: Iterable[Float32Array]) -> int:
    """The same of the keys (N, 2) of each f-curve."""
    crc = 0
    for points in keys:
        crc = zlib.crc32(points.tobytes(), crc)
    return crc
