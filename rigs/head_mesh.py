"""Write the mesh of a head as plain arrays, for programs without Blender: python -m rigs.head_mesh head.blend.

The .npz holds the fields of blender_addon/core/head.py.
"""

# The bpy stubs make every data-block optional and know no subclasses of attributes and materials.
# mypy: disable-error-code="union-attr, attr-defined"

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rigs.contact_sheet import channel_keys, find_heads, open_blend

Floats = NDArray[np.float32]


def read_floats(items: Any, name: str, width: int) -> Floats:
    """An attribute of all items as (N, width)."""
    values = np.empty(len(items) * width, np.float32)
    items.foreach_get(name, values)
    return values.reshape(-1, width)


def vertex_colours(mesh: Any) -> NDArray[np.uint8]:
    """(V, 3) sRGB of the active colour attribute, the mean over the corners of each vertex; grey without one."""
    attribute = mesh.color_attributes.active_color
    if attribute is None:
        return np.full((len(mesh.vertices), 3), 180, np.uint8)
    colours = read_floats(attribute.data, "color_srgb", 4)[:, :3]
    if attribute.domain == "CORNER":
        corners = np.empty(len(mesh.loops), np.int32)
        mesh.loops.foreach_get("vertex_index", corners)
        total = np.stack([np.bincount(corners, colours[:, i], len(mesh.vertices)) for i in range(3)], axis=1)
        colours = total / np.maximum(np.bincount(corners, minlength=len(mesh.vertices)), 1)[:, None]
    return np.asarray((255 * colours).clip(0, 255), np.uint8)


def read_triangles(mesh: Any) -> NDArray[np.int32]:
    mesh.calc_loop_triangles()
    triangles = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    return triangles.reshape(-1, 3)


def read_landmarks(mesh: Any) -> NDArray[np.int32]:
    """(68,) vertex of each iBUG landmark, from the integer point attribute with their numbers; (0,) without it."""
    attribute = mesh.attributes.get("landmark68")
    if attribute is None:
        return np.empty(0, np.int32)
    numbers = np.empty(len(mesh.vertices), np.int32)
    attribute.data.foreach_get("value", numbers)
    return np.argsort(numbers, kind="stable")[-68:].astype(np.int32)


def read_head(blend: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays above, of the face and of all other meshes that can be selected; ValueError without a face."""
    scene = open_blend(blend)
    face = find_heads(scene, None)[0]
    others = [item for item in scene.objects if item.type == "MESH" and item is not face and not item.hide_select]
    vertices: list[Floats] = []
    triangles, colours = [], []
    for item in [face, *others]:  # the face first, so that its vertices keep their numbers
        to_world = np.array(item.matrix_world, np.float32)
        points = read_floats(item.data.vertices, "co", 3) @ to_world[:3, :3].T + to_world[:3, 3]
        triangles.append(read_triangles(item.data) + sum(len(part) for part in vertices))
        vertices.append(points)
        colours.append(vertex_colours(item.data))
    basis = read_floats(face.data.shape_keys.reference_key.data, "co", 3)
    turn = np.array(face.matrix_world, np.float32)[:3, :3]
    keys = channel_keys(face)
    deltas = np.stack([(read_floats(key.data, "co", 3) - basis) @ turn.T for key in keys.values()]).astype(np.float16)
    moving = np.flatnonzero(np.abs(deltas).max(axis=(0, 2)) > 1e-4)
    return {
        "vertices": np.concatenate(vertices),
        "triangles": np.concatenate(triangles),
        "colours": np.concatenate(colours),
        "n_face_vertices": np.array(len(basis), np.int32),
        "landmarks68": read_landmarks(face.data),
        "moving": moving.astype(np.int32),
        "deltas": deltas[:, moving],
        "channels": np.array(list(keys)),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.head_mesh", description=__doc__.split("\n")[0])
    parser.add_argument("blend", type=Path, help="the .blend with the head; it is only read")
    parser.add_argument("--output", type=Path, help=".npz to write (beside the .blend)")
    options = parser.parse_args(arguments)
    output = options.output or options.blend.with_suffix(".npz")
    try:
        arrays = read_head(options.blend)
        np.savez_compressed(output, **arrays)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Wrote {output}: {len(arrays['vertices'])} vertices, {output.stat().st_size / 1e6:.1f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
