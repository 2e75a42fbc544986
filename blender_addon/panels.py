"""The panel, the same in the sidebars of the 3D view and of the Sequencer. Drawing touches no files."""

# ruff: noqa: RUF012  (Blender wants plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type"

from __future__ import annotations

from typing import Any

import bpy

from . import (
    audio_io,
    dialogue,
    exchange,
    face,
    following,
    learn_character,
    live,
    operators,
    phone_track,
    properties,
    reference_render,
    rig_panel,
    settings_presets,
    take_actions,
    take_list,
)
from .core.emotion import EMOTIONS
from .drawing import draw_sentence
from .translation import translated

SHAPING_SECTIONS = {
    "Regions": ("mouth_strength", "jaw_strength", "cheek_strength", "eye_strength", "brow_strength"),
    "Lips and Lids": ("closure_emphasis", "lip_open_offset", "jaw_open_offset", "eyelid_open_offset"),
    "Smoothing": ("lower_face_smoothing_seconds", "upper_face_smoothing_seconds"),
}
"""Title -> the settings below it."""


class _Sidebar:
    bl_region_type = "UI"
    bl_category = "Voxkey"


class _Main(_Sidebar):
    bl_label = "Voxkey"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        _draw_choices(layout, context)
        _draw_button(layout, context)
        _draw_model(layout, context)


class _Rig(_Sidebar):
    bl_label = "Rig"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        rig_panel.draw_header(self.layout, context)

    def draw(self, context: bpy.types.Context) -> None:
        rig_panel.draw(self.layout, context)


class _Shaping(_Sidebar):
    bl_label = "Shaping"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        settings = context.scene.voxkey
        column = layout.column(align=True)
        column.prop(settings, "strength", slider=True)
        column.prop(settings, "symmetry", slider=True)
        for title, settings_of in SHAPING_SECTIONS.items():
            header, body = layout.panel(f"voxkey_shaping_{title.lower()}", default_closed=True)
            header.label(text=title)
            if body is not None:
                column = body.column(align=True)
                for name in settings_of:
                    column.prop(settings, name, slider=True)
        header, body = layout.panel("voxkey_shaping_keys", default_closed=True)
        header.label(text="Keys")
        if body is not None:
            _draw_keys(body, context)
        layout.prop(settings, "live_shaping")
        layout.operator("voxkey.reshape_take", icon="FILE_REFRESH")


class _Emotion(_Sidebar):
    bl_label = "Emotion"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        settings = context.scene.voxkey
        layout.prop(settings, "emotion")
        layout.prop(settings, "emotion_strength", slider=True)
        header, body = layout.panel("voxkey_emotion_mix", default_closed=True)
        header.label(text="Mix")
        if body is not None:
            column = body.column(align=True)
            for emotion in EMOTIONS:
                column.prop(settings, emotion, slider=True)
        layout.operator("voxkey.reshape_take", icon="FILE_REFRESH")


class _Life(_Sidebar):
    bl_label = "Life"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.use_property_split = True
        settings = context.scene.voxkey
        column = layout.column(align=True)
        column.prop(settings, "blinks", slider=True)
        column.prop(settings, "blink_style")
        for amount in ("gaze", "brows", "secondary"):
            column.prop(settings, amount, slider=True)
        column = layout.column(align=True)
        column.prop(settings, "head", icon="EMPTY_AXIS")
        if settings.head and settings.head.type == "ARMATURE":
            column.prop(settings, "head_bone", icon="BONE_DATA")
        row = column.row()
        row.active = settings.head is not None
        row.prop(settings, "head_motion", slider=True)
        layout.prop(settings, "seed")
        header, body = layout.panel("voxkey_life_seeds", default_closed=True)
        header.label(text="Seeds of Layers")
        if body is not None:
            column = body.column(align=True)
            for seed in ("blinks_seed", "gaze_seed", "brows_seed", "head_seed"):
                column.prop(settings, seed)
        layout.operator("voxkey.reshape_take", icon="FILE_REFRESH")


class _Dialogue(_Sidebar):
    bl_label = "Dialogue"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        dialogue.draw(self.layout, context)


class _Phones(_Sidebar):
    bl_label = "Phones"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        phone_track.draw(self.layout, context)


class _Live(_Sidebar):
    bl_label = "Live"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        live.draw(self.layout, context)


class _Takes(_Sidebar):
    bl_label = "Takes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        take_list.draw(self.layout, context)


class _Result(_Sidebar):
    bl_label = "Result"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return operators.current_take(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        take = operators.current_take(context)
        if take is None:
            return
        facts = take_actions.read_facts(take)
        column = layout.column(align=True)
        column.label(text=take.name, icon="ACTION")
        if facts["moved"]:
            column.label(text="The face moves with it", icon="CHECKMARK")
        following.draw(layout, context, take)
        for warning in facts["warnings"]:
            draw_sentence(layout, context, warning, "ERROR")
        for finding in facts["findings"]:
            _draw_finding(layout, context, finding)
        layout.operator("voxkey.delete_take", icon="TRASH")
        _draw_unmatched(layout, context, facts["coverage"]["unmatched"])


class _Reference(_Sidebar):
    bl_label = "Reference Render"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        reference_render.draw(self.layout, context)
        learn_character.draw(self.layout, context)


class _Exchange(_Sidebar):
    bl_label = "Import and Export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        exchange.draw(self.layout, context)


def _draw_choices(layout: Any, context: bpy.types.Context) -> None:
    scene = context.scene
    settings = scene.voxkey
    source = audio_io.find_source(scene, "")
    row = layout.row(align=True)
    row.prop(settings, "source", icon="SOUND", placeholder=source.name if source else "")
    row.operator("voxkey.add_sound", text="", icon="ADD")
    layout.prop(settings, "target", icon="MESH_DATA")
    obj = properties.target_object(context)
    if settings.target is None and obj is not None and face.target_problem(obj) is None:
        hint = layout.row()
        hint.alignment = "RIGHT"
        hint.label(text=translated(f"Active object: {obj.name}"))
    settings_presets.draw(layout, context)


def _draw_button(layout: Any, context: bpy.types.Context) -> None:
    job = operators.running_job()
    if job is not None:
        row = layout.row(align=True)
        row.scale_y = 1.6
        row.progress(factor=job.progress, type="BAR", text=f"{job.label} {job.progress:.0%}")
        row.operator("voxkey.cancel", text="", icon="X")
        return
    button = layout.row()
    button.scale_y = 1.6
    button.operator("voxkey.generate", icon="PLAY_SOUND")
    sentence = operators.disabled_reason(context) or operators.runtime_hint(context)
    if sentence:
        draw_sentence(layout, context, sentence, "INFO")


def _draw_model(layout: Any, context: bpy.types.Context) -> None:
    """Which network listens, and where: nothing that a first result needs."""
    settings = context.scene.voxkey
    header, body = layout.panel("voxkey_model", default_closed=True)
    header.label(text="Model")
    if body is not None:
        body.prop(settings, "model", text="File")
        if settings.model == properties.OWN_FILE:
            body.prop(settings, "model_path", text="Path")
        body.prop(settings, "device")


def _draw_keys(layout: Any, context: bpy.types.Context) -> None:
    """How close together the keys are, and how many that makes."""
    settings = context.scene.voxkey
    layout.prop(settings, "hold_frames")
    row = layout.row()
    row.active = settings.hold_frames == "1"
    row.prop(settings, "key_tolerance", slider=True)
    take = operators.current_take(context)
    facts = take_actions.read_facts(take) if take else {}
    if "n_keys" in facts:
        layout.label(text=translated(f"{facts['n_keys']:,} of {facts['n_frame_keys']:,} keys"), icon="KEYFRAME")


def _draw_finding(layout: Any, context: bpy.types.Context, finding: dict[str, str]) -> None:
    """Why the face does not move, and the button that changes it."""
    box = layout.box()
    draw_sentence(box, context, finding["sentence"], "ERROR")
    if finding["fix"]:
        box.operator("voxkey.apply_fix", text=finding["fix"], icon="TOOL_SETTINGS").sentence = finding["sentence"]


def _draw_unmatched(layout: Any, context: bpy.types.Context, channels: list[str]) -> None:
    """A section that opens to the names of the channels that move nothing."""
    if not channels:
        return
    header, body = layout.panel("voxkey_unmatched", default_closed=True)
    header.label(text=translated(f"{len(channels)} channels move nothing"))
    if body is not None:
        draw_sentence(body, context, ", ".join(channels), "INFO")


SECTIONS = (_Result, _Rig, _Shaping, _Emotion, _Life, _Phones, _Takes, _Dialogue, _Live, _Reference, _Exchange)
"""The sub-panels from top to bottom: how it went, then what to change, then what few need."""


def _panels(space: str, suffix: str) -> tuple[type, ...]:
    """The panel and its sub-panels for one editor."""
    main = f"VOXKEY_PT_{suffix}"
    below = {"bl_space_type": space, "bl_parent_id": main}
    return (
        type(main, (_Main, bpy.types.Panel), {"bl_space_type": space}),
        *(type(f"{main}{section.__name__.lower()}", (section, bpy.types.Panel), below) for section in SECTIONS),
    )


PANELS = (*_panels("VIEW_3D", "view3d"), *_panels("SEQUENCE_EDITOR", "sequencer"))
