"""Buttons and panel of a part of a take that is done again, and what its settings are about meanwhile."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, func-returns-value"

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from . import generation, operators, predictions, properties, regeneration, rig_look, take_actions
from .core.curves import seconds_to_frames
from .drawing import can_press, draw_sentence, refuse
from .translation import translated

FADE_SECONDS = 0.15


def _show_sliders(_settings: Any, context: bpy.types.Context) -> None:
    """The sliders show what they shape: the range, or the take."""
    take = operators.current_take(context)
    if take is not None:
        operators.show_shaping(context, regeneration.range_shaping(take, operators.chosen_range(context)))


def _show_range(settings: Any, context: bpy.types.Context) -> None:
    if settings.is_alone:
        _show_sliders(settings, context)


class VoxkeyRange(bpy.types.PropertyGroup):
    """Which part of a take is meant, kept with the scene."""

    first_frame: bpy.props.IntProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="From",
        description="Frame after which the take is done again",
        default=1,
        update=_show_range,
        options=set(),
    )
    last_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="To",
        translation_context="Voxkey",
        description="Frame before which the take is done again",
        default=25,
        options=set(),
    )
    fade_seconds: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Fade",
        translation_context="Voxkey",
        description="How long the range goes over from what is before it, and into what is after it, inside the range",
        default=FADE_SECONDS,
        min=0,
        soft_max=0.5,
        max=2,
        options=set(),
        subtype="TIME_ABSOLUTE",
        unit="TIME_ABSOLUTE",
        step=1,
    )
    is_alone: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Sliders Shape the Range Only",
        description="Shaping, life and emotion change this range of the selected take, and leave the rest as it is",
        default=False,
        update=_show_sliders,
        options=set(),
    )


class VOXKEY_OT_set_range(bpy.types.Operator):
    bl_idname = "voxkey.set_range"
    bl_label = "Range from Timeline"
    bl_description = "Take the preview range of the timeline (P), else from the first to the last selected marker"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Any:
        scene = context.scene
        marked = [marker.frame for marker in scene.timeline_markers if marker.select]
        if scene.use_preview_range:
            marked = [scene.frame_preview_start, scene.frame_preview_end]
        if len(marked) < 2:
            self.report({"ERROR"}, translated("Set a preview range in the timeline (P), or select two markers"))
            return {"CANCELLED"}
        scene.voxkey_range.first_frame, scene.voxkey_range.last_frame = min(marked), max(marked)
        return {"FINISHED"}


class _RangeOperator:
    """What the buttons have in common: which take, which range, and one sentence for an error."""

    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Take",
        description="Name of the take's Action; the one that is selected in the list when it is empty",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    first_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="From", description="That of the panel, unless it is given", options={"SKIP_SAVE"}
    )
    last_frame: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="To", description="That of the panel, unless it is given", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, operators.no_take_reason(context))

    def read(self, context: bpy.types.Context) -> None:
        """Fill in what was not given: operators must remember it, as Ctrl-Z and the job outlive the panel's values."""
        for name in ("first_frame", "last_frame"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(context.scene.voxkey_range, name))
        self.take = self.take or operators.current_take(context).name

    def redo(self, context: bpy.types.Context, heard: predictions.Prediction | None = None) -> Any:
        take = _named(context, self.take)
        place = (self.first_frame, self.last_frame, context.scene.voxkey_range.fade_seconds)
        obj, shaping = properties.target_object(context), properties.shaping(context)
        regeneration.redo_range(context.scene, obj, take, place, shaping, heard)
        self.report(
            {"INFO"}, translated(f"{take.name}: frames {self.first_frame} to {self.last_frame} were done again")
        )
        return {"FINISHED"}


class VOXKEY_OT_shape_range(_RangeOperator, bpy.types.Operator):
    bl_idname = "voxkey.shape_range"
    bl_label = "Apply to Range"
    bl_description = (
        "Give this range of the take the settings of Shaping and Life, without running the model again. Keys outside "
        "it stay as they are; those inside are written anew"
    )

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            self.read(context)
            return self.redo(context)
        except ValueError as error:
            return refuse(self, error)


class VOXKEY_OT_regenerate_range(operators.JobOperator, _RangeOperator, bpy.types.Operator):
    bl_idname = "voxkey.regenerate_range"
    bl_label = "Regenerate Range"
    bl_description = (
        "Listen to the sound of the take again with the chosen model, and write this range anew with it and the "
        "settings of Shaping and Life. Keys outside it stay as they are"
    )

    def prepare(self, context: bpy.types.Context) -> Callable[..., Any]:
        self.read(context)
        return partial(generation.predict, self._request(context))

    def write(self, context: bpy.types.Context, predicted: predictions.Prediction) -> Any:
        return self.redo(context, predicted)

    def _request(self, context: bpy.types.Context) -> generation.Request:
        chosen = properties.model_path(context), properties.device(context)
        obj = properties.target_object(context)
        return regeneration.prepare_range(context.scene, obj, _named(context, self.take), *chosen)


class VOXKEY_OT_remove_range(bpy.types.Operator):
    bl_idname = "voxkey.remove_range"
    bl_label = "Give Range Back"
    bl_description = "Undo what was done again in this range of the take: it does what it did before"
    bl_options = {"REGISTER", "UNDO"}

    number: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Number", description="Which range of the selected take, counted from 0", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, operators.no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        obj, take = properties.target_object(context), operators.current_take(context)
        try:
            regeneration.remove_range(context.scene, obj, take, self.number)
        except ValueError as error:
            return refuse(self, error)
        _show_sliders(None, context)
        return {"FINISHED"}


def draw(layout: Any, context: bpy.types.Context, take: bpy.types.Action) -> None:
    """The range, what can be done with it, and which ranges of the take were done again."""
    header, body = layout.panel("voxkey_takes_range", default_closed=True)
    header.label(text="Redo a Range")
    if body is None:
        return
    chosen = context.scene.voxkey_range
    row = body.row(align=True)
    row.prop(chosen, "first_frame")
    row.prop(chosen, "last_frame")
    row.operator("voxkey.set_range", text="", icon="PREVIEW_RANGE")
    body.prop(chosen, "fade_seconds")
    body.prop(chosen, "is_alone")
    column = body.column(align=True)
    column.operator("voxkey.regenerate_range", icon="PLAY_SOUND").take = take.name
    column.operator("voxkey.shape_range", icon="FILE_REFRESH").take = take.name
    facts = take_actions.read_facts(take)
    for number, known in enumerate(facts.get("ranges", ())):
        row = body.row(align=True)
        draw_sentence(row, context, told(context.scene, facts, known), "ACTION_TWEAK")
        row.operator("voxkey.remove_range", text="", icon="X").number = number


def told(scene: bpy.types.Scene, facts: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    """Of a range that was done again, by the facts of it and of its take: frames, model and settings of its own."""
    start, end, _ = known["span"]
    first, last = (facts["start_frame"] + round(_frames(scene, seconds)) for seconds in (start, end))
    first, last = max(first, facts["start_frame"]), min(last, facts["start_frame"] + facts["n_frames"] - 1)
    settings = [f"{_name(setting)} {_value(value)}" for setting, value in known["shaping"].items()]
    return f"{first} to {last}: " + ", ".join([Path(known["model"]).stem] * bool(known["model"]) + settings)


def _frames(scene: bpy.types.Scene, seconds: float) -> float:
    return seconds_to_frames(seconds, scene.render.fps, scene.render.fps_base)


def _name(setting: str) -> str:
    """What the panel calls a setting of Shaping."""
    shown = "head_motion" if setting == "head" else setting
    return str(properties.VoxkeySettings.bl_rna.properties[shown].name)


def _value(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _named(context: bpy.types.Context, name: str) -> bpy.types.Action:
    """The take of this name that is in use; ValueError when there is none."""
    obj = properties.target_object(context)
    takes = rig_look.listed(obj)
    take = next((take for take, track in takes.items() if take.name == name and not track.mute), None)
    if take is None:
        raise ValueError(f"{obj.name} has no take {name} in use; choose another, or bring it back")
    return take


def attach() -> None:
    """Give every scene its range."""
    bpy.types.Scene.voxkey_range = bpy.props.PointerProperty(type=VoxkeyRange)


def detach() -> None:
    del bpy.types.Scene.voxkey_range


CLASSES: tuple[Any, ...] = (
    VoxkeyRange,
    VOXKEY_OT_set_range,
    VOXKEY_OT_shape_range,
    VOXKEY_OT_regenerate_range,
    VOXKEY_OT_remove_range,
)
