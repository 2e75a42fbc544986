"""Everything that a .blend file holds, as plain values that can be compared: for tests of undo."""

from typing import Any

import bpy
import numpy as np

LEFT_OUT = {
    "screens",
    "window_managers",
    "workspaces",
    "brushes",
    "linestyles",
    "palettes",
    "node_groups",
    "images",
    "all_ids",
}
"""Undo leaves windows and what was rendered alone; brushes and styles of lines are no part of an animator's day, and
reading all of them ends Blender 4.3."""
MOMENTARY = {"rna_type", "bl_rna", "session_uid", "is_evaluated", "is_runtime_data", "users", "tag", "original"}
"""What belongs to the moment and not to the file."""
STILL = {
    "preview",
    "tool_settings",
    "display",
    "cycles",
    "eevee",
    "grease_pencil",
    "view_layers",
    "depsgraph",
    "grease_pencil_settings",
    "node_tree",
} | {
    *("edges", "loops", "polygons", "loop_triangles", "loop_triangle_polygons", "attributes", "vertex_normals"),
    *("polygon_normals", "corner_normals", "color_attributes"),
}
"""Large parts of scenes and meshes that have nothing to do with animation."""

MANY = {"co", "handle_left", "handle_right"}
"""What is read at once of keys, vertices and points, of which there are many."""


def dump() -> dict[str, Any]:
    """Name of each data-block -> its properties, to the bottom."""
    found: dict[str, Any] = {}
    for name in dir(bpy.data):
        blocks = getattr(bpy.data, name)
        if isinstance(blocks, bpy.types.bpy_prop_collection) and name not in LEFT_OUT:
            for block in blocks:
                found[f"{name}: {block.name_full}"] = _struct(block, ())
    return found


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two dumps differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other}, key=str)
        return [line for key in keys for line in differences(one.get(key), other.get(key), f"{path}/{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        lines = [differences(*pair, f"{path}/{number}") for number, pair in enumerate(zip(one, other, strict=True))]
        return [line for part in lines for line in part]
    return [] if one == other else [f"{path}: {str(one)[:80]} != {str(other)[:80]}"]


def _struct(struct: Any, above: tuple[int, ...]) -> dict[str, Any]:
    here = (*above, struct.as_pointer())
    values = {}
    for prop in struct.bl_rna.properties:
        if prop.identifier not in MOMENTARY | STILL:
            try:
                values[prop.identifier] = _value(getattr(struct, prop.identifier), here)
            except (AttributeError, RuntimeError, TypeError):  # not to be read in this state of the data-block
                continue
    custom = getattr(struct, "keys", None)
    if custom is not None and isinstance(struct, bpy.types.ID):
        values["custom"] = {name: repr(_plain(struct[name])) for name in sorted(custom())}
    return values


def _value(value: Any, above: tuple[int, ...]) -> Any:
    if isinstance(value, bpy.types.ID):
        return value.name_full
    if isinstance(value, bpy.types.bpy_struct):
        return None if value.as_pointer() in above else _struct(value, above)
    if isinstance(value, bpy.types.bpy_prop_collection):
        return _points(value) or [_value(item, above) for item in value]
    return _plain(value)


def _points(items: Any) -> dict[str, list[float]] | None:
    """The coordinates of keys, vertices or points; None for other collections."""
    if not len(items) or not isinstance(items[0], bpy.types.Keyframe | bpy.types.MeshVertex | bpy.types.ShapeKeyPoint):
        return None
    read = {}
    for name in MANY & {*items[0].bl_rna.properties.keys()}:
        values = np.empty(len(items) * len(getattr(items[0], name)), np.float32)
        items.foreach_get(name, values)
        read[name] = values.tolist()
    return read


def _plain(value: Any) -> Any:
    if isinstance(value, bpy.types.ID):
        return value.name_full
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, str | bytes | int | float | bool) or value is None:
        return value
    return [_plain(item) for item in value] if hasattr(value, "__iter__") else str(value)
