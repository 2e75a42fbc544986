"""By shape: 68 landmarks on a face, and from what its shape keys do to them the rig map, whatever they are called."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, operator"

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np

from . import face, presets, properties, rig_links
from .core.front_view import Floats, Ints
from .core.landmarks import guess_landmarks, nearest_vertices
from .core.retarget import completed
from .core.shape_solve import FOUND, ShapeMatch, match_shapes
from .drawing import can_press, draw_sentence, refuse
from .translation import translated

ATTRIBUTE = "landmark68"
"""Integer point attribute of a face: the number of the landmark plus one, 0 for all other vertices."""
OBJECT_NAME = "Voxkey landmarks"
MARKS = "voxkey_landmarks"
"""Custom property of a face: the object with its landmarks, while they are being marked."""
RESIDUALS = "voxkey_residuals"
"""Custom property of a face: JSON text, channel -> share of its motion that its shape keys don't explain."""
N_LANDMARKS = 68
LINES = (
    range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36),
    [*range(36, 42), 36], [*range(42, 48), 42], [*range(48, 60), 48], [*range(60, 68), 60],
)  # fmt: skip
"""Landmarks that edges join, so that one sees what is what."""


@dataclass(frozen=True)
class FaceShapes:
    """A face in the world: its neutral mesh, and what its shape keys at 1 do to it."""

    vertices: Floats
    """(V, 3)"""
    triangles: Ints
    """(F, 3), counter-clockwise seen from outside."""
    names: tuple[str, ...]
    """M shape keys that nothing else drives."""
    deltas: Floats
    """(M, V, 3)"""


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why landmarks can't be guessed, as one sentence with what to do; None when they can."""
    obj = properties.target_object(context)
    if obj is None or obj.type != "MESH":
        return "Choose the mesh of the face"
    if not obj.is_editable or not obj.data.is_editable:
        return f"The mesh of {obj.name} is linked from another file; make it local, or a library override"
    if obj.mode != "OBJECT":
        return f"Leave {obj.mode.replace('_', ' ').title()} mode of {obj.name} first"
    if len(obj.data.polygons) == 0:
        return f"{obj.name} has no surface; choose the mesh of the face"
    return None


def match_disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Match by Shape can't be pressed; None when it can."""
    obj = properties.target_object(context)
    reason = disabled_reason(context)
    if reason or (obj.data.shape_keys and len(obj.data.shape_keys.key_blocks) > 1):
        return reason
    return f"{obj.name} has no shape keys to match; make them first, or choose another mesh"


def apply_disabled_reason(context: bpy.types.Context) -> str | None:
    """Why there are no landmarks to apply; None when there are."""
    reason = disabled_reason(context)
    if reason or marks_object(properties.target_object(context)):
        return reason
    return "There are no landmarks to apply; guess them first"


def marks_object(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The object with the landmarks of a face, while they are being marked."""
    marks = obj.get(MARKS)
    return marks if marks is not None and marks.users_scene else None


def read_landmarks(mesh: bpy.types.Mesh) -> Ints | None:
    """(68,) vertices of the landmarks that a mesh has; None unless it has each once."""
    attribute = mesh.attributes.get(ATTRIBUTE)
    if attribute is None or attribute.domain != "POINT" or attribute.data_type != "INT":
        return None
    numbers = np.zeros(len(mesh.vertices), np.int32)
    attribute.data.foreach_get("value", numbers)
    marked = np.flatnonzero(numbers)
    if not np.array_equal(np.sort(numbers[marked]), np.arange(1, 69)):
        return None
    return np.asarray(marked[np.argsort(numbers[marked])], np.int32)


def write_landmarks(mesh: bpy.types.Mesh, landmarks: Ints) -> None:
    """Keep (68,) vertices with the mesh, as rigs/README.md documents."""
    attribute = mesh.attributes.get(ATTRIBUTE)
    if attribute is not None and (attribute.domain != "POINT" or attribute.data_type != "INT"):
        mesh.attributes.remove(attribute)
        attribute = None
    attribute = attribute or mesh.attributes.new(ATTRIBUTE, "INT", "POINT")
    numbers = np.zeros(len(mesh.vertices), np.int32)
    numbers[landmarks] = np.arange(1, 69)
    attribute.data.foreach_set("value", numbers)
    mesh.update()


def read_face(obj: bpy.types.Object) -> FaceShapes:
    mesh = obj.data
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys else {}
    names = _free_keys(obj)
    neutral = _points(mesh.shape_keys.reference_key.data if blocks else mesh.vertices)
    deltas = [_points(blocks[name].data) - _points(blocks[name].relative_key.data) for name in names]
    mesh.calc_loop_triangles()
    triangles = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    matrix = np.array(obj.matrix_world, np.float32)
    turn = matrix[:3, :3]
    order = slice(None) if np.linalg.det(turn) > 0 else slice(None, None, -1)  # a mirrored object is inside out
    return FaceShapes(
        vertices=neutral @ turn.T + matrix[:3, 3],
        triangles=triangles.reshape(-1, 3)[:, order],
        names=names,
        deltas=np.stack(deltas) @ turn.T if deltas else np.zeros((0, len(neutral), 3), np.float32),
    )


def match(obj: bpy.types.Object) -> ShapeMatch:
    """What each channel drives on a face, by its landmarks or, where it has none, by guessed ones that it then keeps.

    The face gets this as its rig map. Raises ValueError when it has no shapes, or nothing looks like a face.
    """
    shapes = read_face(obj)
    landmarks = read_landmarks(obj.data)
    if landmarks is None:
        landmarks = guess_landmarks(shapes.vertices, shapes.triangles, shapes.deltas)
    found = match_shapes(*_arrays(shapes), shapes.names, landmarks)
    parts = [part.offers for part in face.character(obj)]
    # bones that carry eyes and teeth have no shapes to be told by, but often names
    whole = completed(replace(found.rig_map, name=f"{obj.name} by shape"), parts, presets.rig_maps())
    found = replace(found, rig_map=whole)
    write_landmarks(obj.data, landmarks)
    rig_links.choose(obj, found.rig_map)
    obj[RESIDUALS] = json.dumps({channel: round(residual, 3) for channel, residual in found.residuals.items()})
    return found


class VOXKEY_OT_guess_landmarks(bpy.types.Operator):
    bl_idname = "voxkey.guess_landmarks"
    bl_label = "Guess Landmarks"
    bl_description = (
        "Show where the 68 landmarks of the face probably are, as a mesh of their own. Drag its vertices where they "
        "are wrong, then apply"
    )
    bl_options = {"REGISTER", "UNDO"}

    source: bpy.props.EnumProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="From",
        description="What tells where the face looks, so that landmarks can be put onto it",
        items=(
            ("SHAPES", "Shape Keys", "The face looks where most of what moves looks, else to -Y; +Z is up"),
            ("VIEW", "View", "The face looks at you: at the 3D view, or at the camera when there is none"),
            ("STORED", "Mesh", "The landmarks that the mesh has already"),
        ),
        default="SHAPES",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        obj = properties.target_object(context)
        try:
            shapes = read_face(obj)
            landmarks = self._landmarks(context, obj, shapes)
        except ValueError as error:
            return refuse(self, error)
        _show(context, obj, shapes.vertices, landmarks)
        self.report({"INFO"}, translated(f"{OBJECT_NAME} of {obj.name}: drag them where they are wrong, then apply"))
        return {"FINISHED"}

    def _landmarks(self, context: bpy.types.Context, obj: bpy.types.Object, shapes: FaceShapes) -> Ints:
        if self.source == "STORED":
            stored = read_landmarks(obj.data)
            if stored is None:
                raise ValueError(f"{obj.name} has no 68 landmarks yet; guess them")
            return stored
        look = _look(context) if self.source == "VIEW" else (None, None)
        return guess_landmarks(*_arrays(shapes), *look)


class VOXKEY_OT_apply_landmarks(bpy.types.Operator):
    bl_idname = "voxkey.apply_landmarks"
    bl_label = "Apply Landmarks"
    bl_description = "Keep the landmarks with the face, each at the vertex nearest to it, and put the markers away"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, apply_disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        obj = properties.target_object(context)
        try:
            _apply(obj)
        except ValueError as error:
            return refuse(self, error)
        context.view_layer.objects.active = obj
        obj.select_set(True)
        self.report({"INFO"}, translated(f"{obj.name} keeps its 68 landmarks"))
        return {"FINISHED"}


class VOXKEY_OT_match_by_shape(bpy.types.Operator):
    bl_idname = "voxkey.match_by_shape"
    bl_label = "Match by Shape"
    bl_description = (
        "Find out what drives what from how the shape keys move the landmarks, whatever they are called. Landmarks are "
        "guessed when there are none"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, match_disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        obj = properties.target_object(context)
        try:
            if marks_object(obj):
                _apply(obj)
            found = match(obj)
        except ValueError as error:
            return refuse(self, error)
        n_keys = len({link.target for link in found.rig_map.links})
        self.report({"INFO"}, translated(f"{obj.name}: {_summary(found.residuals)}, by {n_keys} shape keys"))
        return {"FINISHED"}


CLASSES = (VOXKEY_OT_guess_landmarks, VOXKEY_OT_apply_landmarks, VOXKEY_OT_match_by_shape)


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The three buttons, and how well each channel was found."""
    obj = properties.target_object(context)
    reason = disabled_reason(context)
    if reason or obj is None:
        draw_sentence(layout, context, reason or "", "INFO")
        return
    row = layout.row(align=True)
    row.operator("voxkey.guess_landmarks", icon="EMPTY_AXIS").source = "SHAPES"
    row.operator("voxkey.guess_landmarks", text="", icon="HIDE_OFF").source = "VIEW"
    if ATTRIBUTE in obj.data.attributes:
        row.operator("voxkey.guess_landmarks", text="", icon="MESH_DATA").source = "STORED"
    if marks_object(obj):
        layout.operator("voxkey.apply_landmarks", icon="CHECKMARK")
    layout.operator("voxkey.match_by_shape", icon="SHAPEKEY_DATA")
    if RESIDUALS in obj:
        _draw_residuals(layout, context, json.loads(obj[RESIDUALS]))


def _draw_residuals(layout: Any, context: bpy.types.Context, residuals: dict[str, float]) -> None:
    header, body = layout.panel("voxkey_residuals", default_closed=True)
    header.label(text=_summary(residuals))
    if body is None:
        return
    column = body.column(align=True)
    for channel, residual in sorted(residuals.items(), key=lambda pair: pair[1]):
        if residual < FOUND:
            column.progress(factor=1 - residual, type="BAR", text=f"{channel} {1 - residual:.0%}")
    missing = ", ".join(channel for channel, residual in residuals.items() if residual >= FOUND)
    if missing:
        draw_sentence(body, context, f"Not found: {missing}", "INFO")


def _summary(residuals: dict[str, float]) -> str:
    n_found = sum(residual < FOUND for residual in residuals.values())
    return f"{n_found} of {len(residuals)} channels found"


def _arrays(shapes: FaceShapes) -> tuple[Floats, Ints, Floats]:
    return shapes.vertices, shapes.triangles, shapes.deltas


def _free_keys(obj: bpy.types.Object) -> tuple[str, ...]:
    """Shape keys of a mesh that can be animated."""
    key = obj.data.shape_keys
    return next((part.offers.shape_keys for part in face.character(obj) if key and part.owner == key), ())


def _points(items: Any) -> Floats:
    """(V, 3) coordinates of vertices or of a shape key."""
    values = np.empty(3 * len(items), np.float32)
    items.foreach_get("co", values)
    return values.reshape(-1, 3)


def _look(context: bpy.types.Context) -> tuple[Any, Any]:
    """Where a face looks that looks at the viewer, and where up is there."""
    view = getattr(context, "region_data", None)
    if view is not None:
        turn = np.array(view.view_rotation.to_matrix())
    elif context.scene.camera is not None:
        turn = np.array(context.scene.camera.matrix_world.to_3x3().normalized())
    else:
        raise ValueError("There is no 3D view and no camera; turn a view to the face, or add a camera before it")
    return turn[:, 2], turn[:, 1]


def _show(context: bpy.types.Context, obj: bpy.types.Object, vertices: Floats, landmarks: Ints) -> None:
    """The landmarks as an object that is selected, in place of an earlier one."""
    if marks_object(obj):
        _remove(obj)
    edges = [(a, b) for line in LINES for a, b in zip(list(line), list(line)[1:], strict=False)]
    mesh = bpy.data.meshes.new(OBJECT_NAME)
    mesh.from_pydata(vertices[landmarks].tolist(), edges, [])
    mesh.attributes.new("vertex", "INT", "POINT").data.foreach_set("value", landmarks)
    marks = bpy.data.objects.new(OBJECT_NAME, mesh)
    marks[properties.LANDMARKS_OF], obj[MARKS] = obj, marks
    marks.show_in_front = True
    marks.hide_render = True
    (obj.users_collection[0] if obj.users_collection else context.scene.collection).objects.link(marks)
    for item in context.selected_objects:
        item.select_set(False)
    marks.select_set(True)
    context.view_layer.objects.active = marks


def _apply(obj: bpy.types.Object) -> None:
    """Keep the landmarks that are shown, and remove what shows them; ValueError when not all 68 are there."""
    marks = marks_object(obj)
    if marks.mode == "EDIT":
        bpy.ops.object.mode_set(mode="OBJECT")
    mesh = marks.data
    if len(mesh.vertices) != N_LANDMARKS or "vertex" not in mesh.attributes:
        raise ValueError(f"{marks.name} has {len(mesh.vertices)} vertices instead of 68; undo, or guess again")
    matrix = np.array(marks.matrix_world, np.float64)
    points = _points(mesh.vertices) @ matrix[:3, :3].T + matrix[:3, 3]
    vertices = read_face(obj).vertices
    guessed = np.empty(68, np.int32)
    mesh.attributes["vertex"].data.foreach_get("value", guessed)
    known = np.clip(guessed, 0, len(vertices) - 1)
    stayed = np.linalg.norm(vertices[known] - points, axis=1) < 1e-5 * np.ptp(points)
    everywhere = np.arange(len(vertices), dtype=np.int32)
    write_landmarks(obj.data, nearest_vertices(points, vertices, everywhere, np.where(stayed, known, -1)))
    _remove(obj)


def _remove(obj: bpy.types.Object) -> None:
    """Put the landmarks of a face away."""
    marks = obj[MARKS]
    if marks.mode == "EDIT":
        bpy.ops.object.mode_set(mode="OBJECT")
    del obj[MARKS]
    mesh = marks.data
    bpy.data.objects.remove(marks)
    bpy.data.meshes.remove(mesh)
