"""Lip sync where Blender's menus have sound and animation, which is also where its search looks; audio dropped onto it.

Blender's search (F3) finds what menus hold: by "lip sync" and by "voxkey", both names of the menu.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, func-returns-value"

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from . import audio_io, face, operators, properties
from .drawing import can_press, draw_sentence, refuse
from .translation import translated

AUDIO_ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac")


class VOXKEY_OT_animate_sound(bpy.types.Operator, ImportHelper):
    bl_idname = "voxkey.animate_sound"
    bl_label = "Add Sound and Animate"
    bl_description = (
        "Add a recording to the Sequencer at the current frame, and make the face say it. Audio files can be dropped "
        "onto the 3D view too"
    )
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        default=";".join(f"*{ending}" for ending in AUDIO_ENDINGS), options={"HIDDEN"}
    )
    is_animated: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Animate the Face",
        description="Listen to the recording and make the face say it, once it is in the Sequencer",
        default=True,
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        if not self.filepath:
            return super().invoke(context, event)
        return context.window_manager.invoke_props_dialog(self, width=320, confirm_text="Add Sound")  # dropped

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        if self.filepath:
            layout.label(text=Path(self.filepath).name, icon="SOUND", translate=False)
        problem = face.target_problem(properties.target_object(context))
        row = layout.row()
        row.enabled = problem is None
        row.prop(self, "is_animated")
        if problem:
            draw_sentence(layout, context, problem, "INFO")

    def execute(self, context: bpy.types.Context) -> Any:
        scene = context.scene
        try:
            strip = audio_io.add_sound_strip(scene, Path(bpy.path.abspath(self.filepath)), scene.frame_current)
        except ValueError as error:
            return refuse(self, error)
        scene.voxkey.source = strip.name
        if self.is_animated:
            _generate(self, context)
        return {"FINISHED"}


class VOXKEY_OT_animate_strip(bpy.types.Operator):
    bl_idname = "voxkey.animate_strip"
    bl_label = "Animate Face from Strip"
    bl_description = "Make the face say the active sound strip, as a new take on its own NLA track"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, _no_strip_reason(context.scene) or face.target_problem(properties.target_object(context)))

    def execute(self, context: bpy.types.Context) -> Any:
        context.scene.voxkey.source = context.scene.sequence_editor.active_strip.name
        _generate(self, context)
        return {"FINISHED"}


class VOXKEY_FH_sound(bpy.types.FileHandler):
    bl_idname = "VOXKEY_FH_sound"
    bl_label = "Speech for a Face"
    bl_import_operator = "voxkey.animate_sound"
    bl_file_extensions = ";".join(AUDIO_ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return context.area is not None and context.area.type in {"VIEW_3D", "SEQUENCE_EDITOR"}


class VOXKEY_MT_lip_sync(bpy.types.Menu):
    bl_label = "Lip Sync (Voxkey)"
    bl_description = "Speech to facial animation"

    def draw(self, context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        if context.area is not None and context.area.type == "SEQUENCE_EDITOR":
            layout.operator("voxkey.animate_strip", icon="PLAY_SOUND")
        layout.operator("voxkey.generate", text="Generate Lip Sync from Audio", icon="PLAY_SOUND")  # found first
        layout.operator("voxkey.animate_sound", text="Add Sound and Lip Sync...", icon="ADD")
        layout.separator()
        layout.operator("voxkey.reshape_take", icon="FILE_REFRESH")
        layout.operator("voxkey.import_capture", text="Import Face Capture...", icon="IMPORT")
        layout.operator("voxkey.bake_takes", icon="ACTION")


def _generate(operator: bpy.types.Operator, context: bpy.types.Context) -> None:
    """Press Generate; where that can't be pressed, say why."""
    reason = operators.disabled_reason(context)
    if reason:
        operator.report({"WARNING"}, translated(reason))
    elif operators.in_background():
        bpy.ops.voxkey.generate()
    else:
        bpy.ops.voxkey.generate("INVOKE_DEFAULT")


def _no_strip_reason(scene: bpy.types.Scene) -> str | None:
    editor = scene.sequence_editor
    strip = editor.active_strip if editor else None
    return None if strip and strip.type == "SOUND" else "Select the sound strip with the speech"


def _draw_submenu(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.menu("VOXKEY_MT_lip_sync", icon="PLAY_SOUND")


def _draw_strip(menu: Any, context: bpy.types.Context) -> None:
    if _no_strip_reason(context.scene) is None:
        menu.layout.separator()
        menu.layout.operator("voxkey.animate_strip", icon="PLAY_SOUND")


def _draw_add(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator("voxkey.animate_sound", text="Sound and Lip Sync...", icon="PLAY_SOUND")


MENUS: tuple[tuple[str, Callable[[Any, bpy.types.Context], None]], ...] = (
    ("SEQUENCER_MT_strip", _draw_submenu),
    ("SEQUENCER_MT_context_menu", _draw_strip),
    ("SEQUENCER_MT_add", _draw_add),
    ("VIEW3D_MT_object", _draw_submenu),
    ("VIEW3D_MT_pose", _draw_submenu),
)


def attach() -> None:
    """Put the entries into Blender's menus."""
    for menu, entries in MENUS:
        getattr(bpy.types, menu).append(entries)


def detach() -> None:
    for menu, entries in MENUS:
        getattr(bpy.types, menu).remove(entries)


CLASSES: tuple[Any, ...] = (
    VOXKEY_OT_animate_sound,
    VOXKEY_OT_animate_strip,
    VOXKEY_FH_sound,
    VOXKEY_MT_lip_sync,
)
