"""The 51 shape keys for a head that has none, from the default head or from another head that is selected."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from . import properties
from .core.channels import BLENDSHAPE_CHANNELS
from .core.deformation_transfer import Shapes, transfer
from .core.head import read_head
from .core.retarget import match_names
from .core.surface import Floats, Ints
from .drawing import can_press, draw_sentence, redraw_panels, refuse
from .job import Job
from .shape_match import ATTRIBUTE, read_landmarks
from .translation import translated

STILL_UNITS = 1e-7
"""Motion in units of the scene that gives a part no shape key."""

_running: Job | None = None
"""The one transfer that may run at a time."""


@dataclass(frozen=True)
class _Request:
    """What a transfer needs from the scene, read before it starts in its thread."""

    names: tuple[str, ...]
    """Objects that get shapes, the face first"""
    n_vertices: tuple[int, ...]
    to_local: tuple[Floats, ...]
    """(3, 3) for each object, from offsets in the world to its own"""
    points: Floats
    triangles: Ints
    landmarks68: Ints
    source: Shapes
    source_name: str


def face_problem(obj: bpy.types.Object | None) -> str | None:
    """Why this object can't get shapes, as one sentence with what to do; None when it can."""
    if obj is None or obj.type != "MESH":
        return "Choose the mesh of the face"
    mesh: Any = obj.data
    if not obj.is_editable or not mesh.is_editable:
        return f"The mesh of {obj.name} is linked from another file; make it local to give it shape keys"
    if obj.mode != "OBJECT":
        return f"Leave {obj.mode.replace('_', ' ').title()} mode first"
    if mesh.shape_keys and not mesh.shape_keys.use_relative:
        return f"{obj.name} has absolute shape keys; tick Relative in its Shape Keys panel"
    if ATTRIBUTE not in mesh.attributes:
        return f"Set the 68 landmarks of {obj.name} first; Guess Landmarks proposes them"
    return None


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Make Shape Keys can't be pressed, as one sentence with what to do; None when it can."""
    if _running is not None:
        return "Voxkey is making shape keys; wait, or cancel it with Esc"
    return face_problem(properties.target_object(context))


def selected_source(context: bpy.types.Context, face: bpy.types.Object | None) -> bpy.types.Object | None:
    """The selected head, besides the face, that has shapes to give."""
    others = (obj for obj in context.selected_objects if obj is not face and obj.type == "MESH")
    return next((obj for obj in others if obj.data.shape_keys and ATTRIBUTE in obj.data.attributes), None)


class VOXKEY_OT_make_shape_keys(bpy.types.Operator):
    bl_idname = "voxkey.make_shape_keys"
    bl_label = "Make Shape Keys"
    bl_description = (
        "Give the face the 51 shape keys of face capture, carried over by its landmarks from Voxkey's default head, or "
        "from a selected head with landmarks and shape keys. Other selected meshes (teeth, tongue, eyes) follow"
    )
    bl_options = {"REGISTER", "UNDO"}

    replace: bpy.props.BoolProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Replace",
        description="Shape keys of these names that are there already get the new shape; without this they are refused",
        default=False,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        manager = context.window_manager
        manager.progress_begin(0, 100)
        try:
            request = _request(context, self.replace)
            return self._write(request, _transfer(request, lambda done: manager.progress_update(100 * done)))
        except ValueError as error:
            return refuse(self, error)
        finally:
            manager.progress_end()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Any:
        return self.execute(context) if bpy.app.background else self.begin(context)

    def begin(self, context: bpy.types.Context) -> Any:
        """Start the transfer in a thread, which modal() watches."""
        global _running
        try:
            self._request = _request(context, self.replace)
        except ValueError as error:
            return refuse(self, error)
        _running = Job(lambda job: _transfer(self._request, job.report_progress, lambda: job.is_cancelled))
        self._timer = context.window_manager.event_timer_add(0.2, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        job = _running
        if job is None:
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            self.cancel(context)
            self.report({"INFO"}, translated("Cancelled; no shape keys were made"))
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        redraw_panels(context)
        if not job.is_done:
            return {"PASS_THROUGH"}
        self.cancel(context)
        try:
            return self._write(self._request, job.result())
        except ValueError as error:
            return refuse(self, error)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender calls this too, when the window closes or another file is opened."""
        global _running
        if _running is not None:
            _running.cancel()
        _running = None
        context.window_manager.event_timer_remove(self._timer)
        redraw_panels(context)

    def _write(self, request: _Request, offsets: Floats) -> Any:
        _write_keys(request, offsets)
        names = ", ".join(request.names)
        self.report(
            {"INFO"}, translated(f"{len(offsets)} shapes were carried over from {request.source_name} to {names}")
        )
        return {"FINISHED"}


CLASSES = (VOXKEY_OT_make_shape_keys,)


def draw(layout: Any, context: bpy.types.Context) -> None:
    """Where the shapes come from, and the button."""
    if _running is not None:
        layout.progress(factor=_running.progress, type="BAR", text=translated(f"Making shapes {_running.progress:.0%}"))
        draw_sentence(layout, context, "Esc cancels", "BLANK1")
        return
    source = selected_source(context, properties.target_object(context))
    layout.label(text=translated(f"From {source.name}" if source else "From Voxkey's default head"), icon="MESH_MONKEY")
    layout.operator("voxkey.make_shape_keys", icon="SHAPEKEY_DATA")
    reason = disabled_reason(context)
    if reason:
        draw_sentence(layout, context, reason, "INFO")


# Between the scene and arrays


def _request(context: bpy.types.Context, replace: bool) -> _Request:
    face: Any = properties.target_object(context)
    problem = face_problem(face)
    if problem:
        raise ValueError(problem)
    marks = read_landmarks(face.data)
    if marks is None:
        raise ValueError(f"{face.name} does not have all of the 68 landmarks, each once; apply its landmarks again")
    source = selected_source(context, face)
    parts = [
        obj
        for obj in context.selected_objects
        if obj.type == "MESH" and obj not in (face, source) and obj.data is not face.data and obj.data.is_editable
    ]
    shapes = _default_shapes() if source is None else _shapes_of(source)
    objects = [face, *parts]
    if not replace:
        for obj in objects:
            _refuse_existing(obj, shapes.channels)
    meshes = [_read_world(obj) for obj in objects]
    first = np.cumsum([0, *(len(points) for points, _ in meshes)])
    return _Request(
        names=tuple(obj.name for obj in objects),
        n_vertices=tuple(len(points) for points, _ in meshes),
        to_local=tuple(np.linalg.inv(np.array(obj.matrix_world, np.float64)[:3, :3]) for obj in objects),
        points=np.concatenate([points for points, _ in meshes]),
        triangles=np.concatenate([triangles + start for (_, triangles), start in zip(meshes, first, strict=False)]),
        landmarks68=marks.astype(np.intp),
        source=shapes,
        source_name="Voxkey's default head" if source is None else source.name,
    )


def _refuse_existing(obj: Any, channels: tuple[str, ...]) -> None:
    keys = obj.data.shape_keys
    there = [name for name in channels if keys and name in keys.key_blocks]
    if there:
        named = ", ".join(there[:3]) + (", ..." if len(there) > 3 else "")
        raise ValueError(f"{obj.name} has {named} already; tick Replace to give these shape keys the new shapes")


def _default_shapes() -> Shapes:
    head = read_head()
    return Shapes(
        head.vertices[: head.n_face_vertices].astype(np.float64),
        head.face_triangles().astype(np.intp),
        head.landmarks68.astype(np.intp),
        head.channels,
        head.face_offsets().astype(np.float64),
    )


def _shapes_of(obj: Any) -> Shapes:
    """The shapes of a head in the scene, whatever the spelling of its shape keys; ValueError when it is no source."""
    marks = read_landmarks(obj.data)
    keys = obj.data.shape_keys.key_blocks
    found = match_names(BLENDSHAPE_CHANNELS, [key.name for key in keys[1:]])
    if marks is None or "jawOpen" not in found:
        raise ValueError(f"{obj.name} lacks jawOpen or some landmarks; deselect it to use Voxkey's default head")
    points, triangles = _read_world(obj)
    turn = np.array(obj.matrix_world, np.float64)[:3, :3]
    offsets = [_read_points(keys[name].data) - _read_points(keys[name].relative_key.data) for name in found.values()]
    return Shapes(points, triangles, marks.astype(np.intp), tuple(found), np.stack(offsets) @ turn.T)


def _read_points(items: Any) -> Floats:
    """(V, 3) coordinates of vertices or of a shape key."""
    values = np.empty(3 * len(items), np.float32)
    items.foreach_get("co", values)
    return values.reshape(-1, 3).astype(np.float64)


def _read_world(obj: Any) -> tuple[Floats, Ints]:
    """Vertices (V, 3) of the undeformed mesh in the world and triangles (F, 3), which see the outside."""
    mesh = obj.data
    points = _read_points(mesh.shape_keys.reference_key.data if mesh.shape_keys else mesh.vertices)
    mesh.calc_loop_triangles()
    triangles = np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    to_world = np.array(obj.matrix_world, np.float64)
    turned = triangles.reshape(-1, 3).astype(np.intp)
    if np.linalg.det(to_world[:3, :3]) < 0:
        turned = turned[:, ::-1]
    return points @ to_world[:3, :3].T + to_world[:3, 3], turned


def _transfer(
    request: _Request, report_progress: Callable[[float], None], is_cancelled: Callable[[], bool] = lambda: False
) -> Floats:
    return transfer(
        request.source, request.points, request.triangles, request.landmarks68, report_progress, is_cancelled
    )


def _write_keys(request: _Request, offsets: Floats) -> None:
    """Offsets (K, V, 3) in the world as shape keys of the objects; ValueError when these have changed meanwhile."""
    objects: list[Any] = [bpy.data.objects.get(name) for name in request.names]
    for name, obj, n in zip(request.names, objects, request.n_vertices, strict=True):
        if obj is None or len(obj.data.vertices) != n:
            raise ValueError(f"{name} has changed meanwhile; no shape keys were made, make them again")
    first = 0
    for number, (obj, n) in enumerate(zip(objects, request.n_vertices, strict=True)):
        local = offsets[:, first : first + n] @ request.to_local[number].T
        first += n
        for channel, moved in zip(request.source.channels, local, strict=True):
            if number == 0 or np.abs(moved).max() > STILL_UNITS:  # the face has all of them
                _write_key(obj, channel, moved)


def _write_key(obj: Any, name: str, offsets: Floats) -> None:
    if obj.data.shape_keys is None:
        obj.shape_key_add(name="Basis", from_mix=False)
    keys = obj.data.shape_keys.key_blocks
    if name not in keys:
        obj.shape_key_add(name=name, from_mix=False).value = 0.0  # Blender 5.0 starts at 1
    points = _read_points(obj.data.shape_keys.reference_key.data) + offsets
    keys = obj.data.shape_keys.key_blocks
    keys[name].data.foreach_set("co", points.astype(np.float32).ravel())
    obj.data.update()
