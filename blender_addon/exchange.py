"""Files of other programs: captures become takes, takes become files, and plain Actions that every exporter knows."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, operator"

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import bpy
import numpy as np
from bpy_extras.io_utils import ExportHelper, ImportHelper

from . import (
    data_paths,
    face,
    generation,
    keyframes,
    nla,
    operators,
    performing,
    phone_track,
    predictions,
    properties,
    rig_look,
    take_actions,
)
from .core import audio2face, livelink, phones
from .core.curves import Curves, Float32Array, frames_to_seconds, sample_curves, seconds_to_frames
from .core.shaping import Shaping
from .drawing import can_press, refuse
from .translation import translated

SCENE_RATE, APP_RATE = "SCENE", "60"


def read_capture(path: Path) -> predictions.Prediction:
    """A capture from any file that Voxkey knows, as if a model had said it; ValueError when it is none."""
    warnings: tuple[str, ...] = ()
    if audio2face.is_audio2face(path):
        curves = audio2face.read_audio2face(path)
    else:
        capture = livelink.read_livelink(path)
        curves = capture.curves
        if capture.lost_seconds:
            warnings = (f"No face was seen for {capture.lost_seconds:.1f} s; the motion goes straight through",)
    return predictions.Prediction(curves, path.name, predictions.CAPTURE, "CPU", None, warnings)


def import_capture(
    scene: bpy.types.Scene,
    obj: bpy.types.Object | None,
    path: Path,
    start_frame: int,
    head: bpy.types.Object | None = None,
) -> generation.Result:
    """A take from a capture, as it was captured; ValueError with one sentence, and nothing written, if it fails."""
    problem = face.target_problem(obj)
    if obj is None or problem:
        raise ValueError(problem)
    prediction = read_capture(path)
    render = scene.render
    duration_frames = seconds_to_frames(prediction.curves.duration_seconds, render.fps, render.fps_base)
    n_frames = int(np.ceil(duration_frames - 0.01))
    place = predictions.Place(scene.name, obj.name, path.name, start_frame, n_frames, head.name if head else None)
    return generation.write_result(place, Shaping(), prediction)


def takes(obj: bpy.types.Object) -> list[bpy.types.Action]:
    """The takes in use of a character, by the frame at which they start."""
    found = {take for owner in face.owners(face.character(obj)) for take in take_actions.in_use(owner)}
    return sorted(found, key=lambda take: (take_actions.read_facts(take)["start_frame"], take.name))


def performance(take: bpy.types.Action, scene: bpy.types.Scene, fps: float | None) -> tuple[Curves, Curves]:
    """The channels of a take after shaping, and life.HEAD_CHANNELS, at a rate; None for the frames of the scene."""
    render = scene.render
    duration = frames_to_seconds(take_actions.read_facts(take)["n_frames"], render.fps, render.fps_base)
    fps = fps or render.fps / render.fps_base
    times = np.arange(max(1, np.ceil(duration * fps - 0.01))) / fps
    channels, head = (
        Curves(sample_curves(curves, times), curves.channels, fps) for curves in performing.performed(take)
    )
    return channels, head


def bake(scene: bpy.types.Scene, obj: bpy.types.Object) -> bpy.types.Action:
    """One plain Action with all that is seen, frame by frame, on the parts of a character that its takes move.

    It becomes their active Action; the NLA tracks below are muted, and an Action that was active is kept among them.
    Drivers stay. Before Blender 4.4, where an Action has no slots, it is one a part, and the first is returned.
    ValueError when there is no take.
    """
    found = takes(obj)
    if not found:
        raise ValueError(f"{obj.name} has no take; generate one, or import a capture")
    parts = list(
        dict.fromkeys(part for take in found for part, _ in take_actions.parts_of(take, face.moved_by(obj, take)))
    )
    problems = [problem for owner in parts if (problem := face.tweak_problem(owner))]
    if problems:
        raise ValueError(problems[0])
    edges = np.array([edge for owner in parts for edge in _edges(owner)])
    frames = np.arange(int(np.floor(edges.min())), int(np.ceil(edges.max())) + 1)
    moved = {owner: _moved(owner) for owner in parts}
    values = seen(scene, frames.tolist(), moved)
    action = None
    for owner in parts:
        written = _replace(owner, f"{obj.name} performance", moved[owner], frames, values[owner], action)
        action = action or written
    assert action is not None  # a take has parts
    return action


def _strips(owner: Any) -> list[Any]:
    """The NLA strips that can be seen."""
    tracks = (track for track in owner.animation_data.nla_tracks if not track.mute)
    return [strip for track in tracks for strip in track.strips if strip.action and not strip.mute]


def _edges(owner: Any) -> list[tuple[float, float]]:
    """First and last frames of all that plays on an owner; what holds it at rest is everywhere."""
    active = owner.animation_data.action
    strips = [strip for strip in _strips(owner) if nla.REST not in strip.action]
    return [
        *((strip.frame_start, strip.frame_end) for strip in strips),
        *([tuple(active.frame_range)] if active else []),
    ]


def _moved(owner: Any) -> list[data_paths.Address]:
    """What strips and the active Action move that is there, in order."""
    found = {address for player in (*_strips(owner), owner.animation_data) for address in keyframes.animated_by(player)}
    return [address for address in sorted(found) if is_there(owner, address)]


def is_there(owner: Any, address: data_paths.Address) -> bool:
    """Whether an f-curve still has something to move."""
    try:
        data_paths.read_value(owner, address)
    except (ValueError, IndexError, TypeError):  # a shape key, bone or property that is gone, or no number
        return False
    return True


def seen(
    scene: bpy.types.Scene, frames: list[int], moved: dict[Any, list[data_paths.Address]]
) -> dict[Any, Float32Array]:
    """Owner -> values (N, K) at N frames of its K addresses, all that plays mixed by Blender itself."""
    before = scene.frame_current, scene.frame_subframe
    rows: dict[Any, list[list[float]]] = {owner: [] for owner in moved}
    try:
        for frame in frames:
            scene.frame_set(frame)
            for owner, addresses in moved.items():
                rows[owner].append([data_paths.read_value(owner, address) for address in addresses])
    finally:
        scene.frame_set(before[0], subframe=before[1])
    return {owner: np.array(values, np.float32) for owner, values in rows.items()}


def _replace(
    owner: Any,
    name: str,
    addresses: list[data_paths.Address],
    frames: Any,
    values: Float32Array,
    beside: bpy.types.Action | None,
) -> bpy.types.Action:
    """Keys in a new active Action in place of all that played; what was active is kept on a muted track.

    The strips are muted too: the glTF exporter takes every strip that is not for an animation of its own.
    """
    if owner.animation_data.action:
        nla.push_down(owner)
    nla.mute_tracks(owner)
    for track in owner.animation_data.nla_tracks:
        for strip in track.strips:
            strip.mute = True
    return keyframes.write_action(owner, name, addresses, frames, values, beside)


def proposed_file(take: bpy.types.Action, ending: str) -> Path:
    """The recording's name beside the .blend, or in the user's folder before it is saved."""
    stem = bpy.path.clean_name(Path(take_actions.read_facts(take)["source"]).stem)
    folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
    return folder / f"{stem}{ending}"


def no_take_reason(context: bpy.types.Context) -> str | None:
    """Why nothing can be exported, as one sentence with what to do; None when it can."""
    obj = properties.target_object(context)
    problem = face.target_problem(obj)
    if obj is None or problem:
        return problem
    return None if _has_take(obj) else f"{obj.name} has no take; generate one, or import a capture"


def no_phones_reason(context: bpy.types.Context) -> str | None:
    """Why no phones can be exported, as one sentence with what to do; None when they can."""
    is_heard = any(take_actions.PHONES in action for action in bpy.data.actions)
    return no_take_reason(context) or (None if is_heard else "No take has phones; generate one with the default model")


def _has_take(obj: bpy.types.Object) -> bool:
    """Whether a character has a take, at once: panels ask at every redraw."""
    if not any(take_actions.is_take(action) for action in bpy.data.actions):
        return False
    known = rig_look.seen(obj)
    if known and any(take_actions.in_use(owner) for owner in rig_look.owners(known)):
        return True
    return rig_look.fresh_look(obj) is None and bool(takes(obj))


class VOXKEY_OT_import_capture(bpy.types.Operator, ImportHelper):
    bl_idname = "voxkey.import_capture"
    bl_label = "Import Face Capture"
    bl_description = (
        "Make the face perform a recording of Live Link Face (CSV) or Audio2Face (JSON, CSV), as a take on its own NLA "
        "track that starts at the current frame"
    )
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default="*.csv;*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, face.target_problem(properties.target_object(context)))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        if self.properties.is_property_set("filepath"):  # a file was dropped
            return self.execute(context)
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> Any:
        scene, obj = context.scene, properties.target_object(context)
        try:
            result = import_capture(scene, obj, Path(self.filepath), scene.frame_current, scene.voxkey.head)
        except ValueError as error:
            return refuse(self, error)
        self.report({"WARNING" if result.warnings else "INFO"}, translated(result.summary))
        return {"FINISHED"}


class VOXKEY_FH_capture(bpy.types.FileHandler):
    bl_idname = "VOXKEY_FH_capture"
    bl_label = "Face Capture"
    bl_import_operator = "voxkey.import_capture"
    bl_file_extensions = ".csv"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        in_view = context.area is not None and context.area.type in {"VIEW_3D", "SEQUENCE_EDITOR"}
        return in_view and face.target_problem(properties.target_object(context)) is None


def _take_names(operator: Any, context: bpy.types.Context, _text: str) -> list[str]:
    return [take.name for take in takes(properties.target_object(context))]


class _Export(ExportHelper):
    """What the exports of a take have in common: which take, a file name after it, and one sentence for an error."""

    bl_options = {"REGISTER"}
    check_extension = None  # the ending chooses the format where there are two
    endings: ClassVar[str]

    take: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Take",
        description="Which take is written; the one of the chosen sound, else the first, when it is empty",
        search=_take_names,
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(options={"HIDDEN"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, no_take_reason(context))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        self.filter_glob = self.endings
        try:
            self.filepath = str(proposed_file(_chosen_take(context, self.take), self.filename_ext))
        except ValueError as error:
            return refuse(self, error)
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            path = Path(bpy.path.abspath(self.filepath))
            self.write(_chosen_take(context, self.take), path, context.scene)
        except ValueError as error:
            return refuse(self, error)
        self.report({"INFO"}, translated(f"Wrote {path.name}"))
        return {"FINISHED"}

    def write(self, take: bpy.types.Action, path: Path, scene: bpy.types.Scene) -> None:
        raise NotImplementedError


def _rate() -> Any:
    return bpy.props.EnumProperty(
        name="Rate",
        description="How many rows a second",
        items=[
            (SCENE_RATE, "Scene", "One row a frame of this scene, at the times of the take's keys"),
            (APP_RATE, "60", "Sixty rows a second, as Live Link Face records, whatever the scene's frame rate"),
        ],
    )


def _fps(rate: str) -> float | None:
    return None if rate == SCENE_RATE else float(rate)


class VOXKEY_OT_export_livelink(_Export, bpy.types.Operator):
    bl_idname = "voxkey.export_livelink"
    bl_label = "Export Live Link Face"
    bl_description = (
        "Write the take as a CSV file of Live Link Face: 52 weights, head and eye angles, after all shaping"
    )
    filename_ext, endings = ".csv", "*.csv"

    rate: _rate()  # type: ignore[valid-type]

    def write(self, take: bpy.types.Action, path: Path, scene: bpy.types.Scene) -> None:
        livelink.write_livelink(path, *performance(take, scene, _fps(self.rate)))


class VOXKEY_OT_export_audio2face(_Export, bpy.types.Operator):
    bl_idname = "voxkey.export_audio2face"
    bl_label = "Export Audio2Face"
    bl_description = (
        "Write the take's 52 weights as Audio2Face exports them: as CSV when the name ends so, else as JSON"
    )
    filename_ext, endings = ".json", "*.json;*.csv"

    rate: _rate()  # type: ignore[valid-type]

    def write(self, take: bpy.types.Action, path: Path, scene: bpy.types.Scene) -> None:
        curves, _ = performance(take, scene, _fps(self.rate))
        if path.suffix.lower() == ".csv":
            audio2face.write_csv(path, curves)
        else:
            audio2face.write_json(path, curves, take_actions.read_facts(take)["source"])


class VOXKEY_OT_export_phones(_Export, bpy.types.Operator):
    bl_idname = "voxkey.export_phones"
    bl_label = "Export Phones"
    bl_description = (
        "Write which speech sound is said when, as edited, in seconds from the start of the take: as JSON when the "
        "name ends so, else as a TextGrid, which Praat and other tools of phonetics open"
    )
    filename_ext, endings = ".TextGrid", "*.TextGrid;*.json"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, no_phones_reason(context))

    def write(self, take: bpy.types.Action, path: Path, _scene: bpy.types.Scene) -> None:
        said, duration_seconds = phone_track.phones_of(take)
        if path.suffix.lower() == ".json":
            phones.write_json(path, said, duration_seconds)
        else:
            phones.write_textgrid(path, {phones.TIER: said}, duration_seconds)


class VOXKEY_OT_bake_takes(bpy.types.Operator):
    bl_idname = "voxkey.bake_takes"
    bl_label = "Bake Takes for Export"
    bl_description = (
        "Write what the takes and your own animation do to the face into one plain Action, frame by frame, as "
        "exporters to glTF, USD and FBX need it. The NLA tracks are muted, nothing is deleted; Ctrl-Z takes it back"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            action = bake(context.scene, properties.target_object(context))
        except ValueError as error:
            return refuse(self, error)
        self.report({"INFO"}, translated(f"Baked {action.name}; the NLA tracks are muted"))
        return {"FINISHED"}


def draw(layout: Any, context: bpy.types.Context) -> None:
    """Import and export in the panel."""
    layout.operator(VOXKEY_OT_import_capture.bl_idname, icon="IMPORT")
    column = layout.column(align=True)
    column.operator_context = "INVOKE_DEFAULT"
    for operator in (VOXKEY_OT_export_livelink, VOXKEY_OT_export_audio2face, VOXKEY_OT_export_phones):
        column.operator(operator.bl_idname, text=operator.bl_label.removeprefix("Export "), icon="EXPORT")
    layout.operator(VOXKEY_OT_bake_takes.bl_idname, icon="ACTION")


def _draw_import(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.operator(VOXKEY_OT_import_capture.bl_idname, text="Face Capture (.csv, .json)")


def _draw_export(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.operator(VOXKEY_OT_export_livelink.bl_idname, text="Face as Live Link Face (.csv)")
    menu.layout.operator(VOXKEY_OT_export_audio2face.bl_idname, text="Face as Audio2Face (.json, .csv)")
    menu.layout.operator(VOXKEY_OT_export_phones.bl_idname, text="Phones (.TextGrid, .json)")


MENUS: tuple[tuple[str, Callable[[Any, bpy.types.Context], None]], ...] = (
    ("TOPBAR_MT_file_import", _draw_import),
    ("TOPBAR_MT_file_export", _draw_export),
)


def attach() -> None:
    """Put the entries into File > Import and File > Export."""
    for menu, entries in MENUS:
        getattr(bpy.types, menu).append(entries)


def detach() -> None:
    for menu, entries in MENUS:
        getattr(bpy.types, menu).remove(entries)


def _chosen_take(context: bpy.types.Context, name: str) -> bpy.types.Action:
    """The take of this name, else of the chosen sound, else the first; ValueError when there is none."""
    obj = properties.target_object(context)
    reason = no_take_reason(context)
    if obj is None or reason:
        raise ValueError(reason)
    found = takes(obj)
    if not found:  # the rig has changed since the last look at it
        raise ValueError(f"{obj.name} has no take; generate one, or import a capture")
    if not name:
        return operators.current_take(context) or found[0]
    named = next((take for take in found if name in {take.name, take_actions.read_facts(take)["source"]}), None)
    if named is None:
        raise ValueError(f"{obj.name} has no take {name}; choose another")
    return named


CLASSES: tuple[Any, ...] = (
    VOXKEY_OT_import_capture,
    VOXKEY_FH_capture,
    VOXKEY_OT_export_livelink,
    VOXKEY_OT_export_audio2face,
    VOXKEY_OT_export_phones,
    VOXKEY_OT_bake_takes,
)
