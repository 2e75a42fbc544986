"""Every take of the chosen character in a list: muted, soloed, brought back, shaped anew, deleted.

Muting is that of the NLA tracks, of all parts of a take together. Solo mutes the other takes: Blender's own is for one
track of one data-block, and silences the track that holds what no take touches at rest.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, override, func-returns-value"

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import bpy

from . import (
    audio_io,
    face,
    following,
    nla,
    operators,
    predictions,
    preferences,
    properties,
    regeneration,
    rig_look,
    self_check,
    take_actions,
    take_range,
    take_stack,
)
from .core.names import listing
from .drawing import can_press, draw_sentence, redraw_panels, refuse
from .rig_look import Listed, listed
from .translation import translated

SILENCED = "voxkey_silenced"
"""Custom property of a take's Action: it is muted for as long as another take is solo."""

_drawn: Listed = {}
"""The list that is being drawn: set at the beginning, read for each row."""


class VoxkeyTakeRow(bpy.types.PropertyGroup):
    """A row of the list, which stands for whatever take has that number: drawing can't write."""

    number: bpy.props.IntProperty(options={"HIDDEN"})  # type: ignore[valid-type]  # properties are annotations


class VOXKEY_UL_takes(bpy.types.UIList):
    """Takes of a character: name, time, whether it is heard."""

    def draw_item(
        self, context: bpy.types.Context, layout: Any, data: Any, item: Any, icon: Any, active: Any, name: Any, *_: Any
    ) -> None:
        if item.number >= len(_drawn):
            return
        take, track = list(_drawn.items())[item.number]
        row = layout.row(align=True)
        names = row.row(align=True)
        names.active = not track.mute
        names.prop(take, "name", text="", emboss=False, icon=_icon(take_actions.read_facts(take)))
        icon = "CHECKBOX_DEHLT" if track.mute else "CHECKBOX_HLT"
        row.operator("voxkey.mute_take", text="", icon=icon, emboss=False).take = take.name
        icon = "SOLO_ON" if is_solo(_drawn, take) else "SOLO_OFF"
        row.operator("voxkey.solo_take", text="", icon=icon, emboss=False).take = take.name

    def filter_items(self, _context: bpy.types.Context, data: Any, name: str) -> tuple[list[int], list[int]]:
        """Rows with a take, of which the name is looked for."""
        wanted = self.filter_name.lower()
        shown = [self.bitflag_filter_item if wanted in take.name.lower() else 0 for take in _drawn]
        return shown + [0] * (len(getattr(data, name)) - len(shown)), []


class _TakeOperator:
    """What the buttons have in common: which take, and one sentence for an error."""

    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Take",
        description="Name of the take's Action; the one that is selected in the list when it is empty",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            self.act(context, properties.target_object(context), _chosen(context, self.take))
        except ValueError as error:
            return refuse(self, error)
        return {"FINISHED"}

    def act(self, context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action) -> None:
        raise NotImplementedError


class VOXKEY_OT_mute_take(_TakeOperator, bpy.types.Operator):
    bl_idname = "voxkey.mute_take"
    bl_label = "Use or Mute Take"
    bl_description = (
        "Whether the face moves with this take. One that is brought back mutes the take in use of the same sound"
    )

    def act(self, _context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action) -> None:
        if listed(obj)[take].mute:
            bring_back(obj, take)
        else:
            _mute(obj, take)


class VOXKEY_OT_solo_take(_TakeOperator, bpy.types.Operator):
    bl_idname = "voxkey.solo_take"
    bl_label = "Solo Take"
    bl_description = (
        "Mute all other takes of this character; click again to bring them back. Your own animation stays as it is"
    )

    def act(self, _context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action) -> None:
        if is_solo(listed(obj), take):
            end_solo(obj)
        else:
            solo(obj, take)


class VOXKEY_OT_select_take_source(_TakeOperator, bpy.types.Operator):
    bl_idname = "voxkey.select_take_source"
    bl_label = "Select Strip of Take"
    bl_description = "Select the sound strip or Speaker of this take, and choose it as the sound"

    def act(self, context: bpy.types.Context, _obj: bpy.types.Object, take: bpy.types.Action) -> None:
        facts = take_actions.read_facts(take)
        if facts["model_kind"] == predictions.CAPTURE:
            raise ValueError(f"{take.name} was imported from the file {facts['source']}; it has no strip")
        if facts["model_kind"] == predictions.LISTENING:
            raise ValueError(f"In {take.name} the character listens to others; it has no strip of its own")
        audio_io.select_source(context.scene, context.view_layer, facts["source"])
        context.scene.voxkey.source = facts["source"]


class VOXKEY_OT_reshape_listed_take(_TakeOperator, bpy.types.Operator):
    bl_idname = "voxkey.reshape_listed_take"
    bl_label = "Apply to Take in List"
    bl_description = "Write this take anew with the settings of Shaping and Life, without running the model again"

    def act(self, context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action) -> None:
        if listed(obj)[take].mute:
            raise ValueError(f"{take.name} is muted; bring it back into use first")
        operators.apply_settings(self, context, take)


class VOXKEY_OT_blend_take(_TakeOperator, bpy.types.Operator):
    bl_idname = "voxkey.blend_take"
    bl_label = "Blend Take"
    bl_description = "How the take and what lies below it in the NLA go together: older takes, and your own animation"

    mode: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Mode",
        description="Whether the take adds to what lies below it, or replaces it",
        items=[
            ("ADD", "Add", "The take adds to what lies below it: a smile of yours stays while the mouth speaks"),
            (
                "REPLACE",
                "Replace",
                "While the take plays, it alone moves what it moves: older takes and your own animation are silent "
                "there, and play on before and after. Nothing of them is changed; an active Action goes onto an NLA "
                "track below the take",
            ),
        ],
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        return translated(properties.bl_rna.properties["mode"].enum_items[properties.mode].description)

    def act(self, context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action) -> None:
        pushed = take_stack.set_replacing(obj, take, self.mode == "REPLACE")
        self_check.check(context.scene, obj, take)
        if pushed:
            sentence = f"{listing(pushed)} is on an NLA track below the take now, unchanged"
            self.report({"INFO"}, translated(sentence))


class VOXKEY_OT_delete_listed_take(_TakeOperator, bpy.types.Operator):
    bl_idname = "voxkey.delete_listed_take"
    bl_label = "Delete Take in List"
    bl_description = "Remove this take with its Actions and NLA tracks; your own animation stays"

    def act(self, _context: bpy.types.Context, obj: bpy.types.Object, take: bpy.types.Action) -> None:
        name = take.name
        delete(obj, take)
        self.report({"INFO"}, translated(f"{name} was removed"))


def bring_back(obj: bpy.types.Object, take: bpy.types.Action) -> None:
    """Use a muted take, and mute the one in use that was made from the same sound or file."""
    source = take_actions.read_facts(take)["source"]
    for other, track in listed(obj).items():
        if other != take and not track.mute and take_actions.read_facts(other)["source"] == source:
            _mute(obj, other)
    take.pop(SILENCED, None)
    take_actions.mute_take(take, face.moved_by(obj, take), is_muted=False)


def solo(obj: bpy.types.Object, take: bpy.types.Action) -> None:
    """Mute all takes of a character but one."""
    bring_back(obj, take)
    for other, track in listed(obj).items():
        if other != take and not track.mute:
            _mute(obj, other)
            other[SILENCED] = True


def end_solo(obj: bpy.types.Object) -> None:
    """Bring back the takes that were muted for another, unless there is a newer one of the same sound."""
    takes = listed(obj)
    used = {take_actions.read_facts(take)["source"] for take, track in takes.items() if not track.mute}
    for take, track in takes.items():
        source = take_actions.read_facts(take)["source"]
        if take.pop(SILENCED, None) and track.mute and source not in used:
            used.add(source)
            bring_back(obj, take)


def delete(obj: bpy.types.Object, take: bpy.types.Action) -> None:
    """Remove a take; those that were muted for its sake come back."""
    was_solo = is_solo(listed(obj), take)
    take_actions.remove_take(take, face.moved_by(obj, take))
    if was_solo:
        end_solo(obj)


def is_solo(takes: Listed, take: bpy.types.Action) -> bool:
    """Whether other takes are muted for the sake of this one."""
    return not takes[take].mute and any(other.get(SILENCED) and track.mute for other, track in takes.items())


def no_take_reason(context: bpy.types.Context) -> str | None:
    """Why there is nothing in the list, as one sentence with what to do; None when there is."""
    if operators.running_job() is not None:
        return "Voxkey is generating; wait, or cancel it"
    obj = properties.target_object(context)
    problem = face.target_problem(obj)
    if obj is None or problem:
        return problem
    return None if _has_take(obj) else _no_take(obj)


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The list, and below it what is known of the selected take and what can be done with it."""
    global _drawn
    obj = properties.target_object(context)
    problem = face.target_problem(obj)
    known = None if obj is None or problem else rig_look.last_look(obj)
    if known is None:
        draw_sentence(layout, context, problem or "Looking at the rig", "INFO")
        return
    _drawn = rig_look.listed_on(rig_look.owners(known))
    if not _drawn:
        draw_sentence(layout, context, _no_take(obj), "INFO")
        return
    manager = context.window_manager
    if len(manager.voxkey_takes) < len(_drawn) and not bpy.app.timers.is_registered(_add_rows):
        bpy.app.timers.register(_add_rows)
    layout.template_list("VOXKEY_UL_takes", "", manager, "voxkey_takes", manager, "voxkey_take", rows=4)
    take = _selected(context, _drawn)
    track = _drawn[take]
    following.draw(layout, context, take)
    _draw_facts(layout, take, track)
    if not track.mute:
        take_range.draw(layout, context, take)
    take_stack.draw(layout, context)


def attach() -> None:
    """Room for the rows of the list, and for the one that is selected."""
    bpy.types.WindowManager.voxkey_takes = bpy.props.CollectionProperty(type=VoxkeyTakeRow)
    bpy.types.WindowManager.voxkey_take = bpy.props.IntProperty(
        name="Take", description="A performance of the character, generated or imported", get=_index, set=_click
    )


def detach() -> None:
    del bpy.types.WindowManager.voxkey_takes
    del bpy.types.WindowManager.voxkey_take
    if bpy.app.timers.is_registered(_add_rows):
        bpy.app.timers.unregister(_add_rows)


def _no_take(obj: bpy.types.Object) -> str:
    return f"{obj.name} has no take yet; generate one, or import a capture"


def _has_take(obj: bpy.types.Object) -> bool:
    """At once where the last look at the character knows of a data-block with a take: each button of the list asks."""
    known = rig_look.seen(obj)
    seen = (action for owner in (rig_look.owners(known) if known else ()) for _, action in nla.layers(owner))
    return any(map(take_actions.is_take, seen)) or bool(listed(obj))


def _mute(obj: bpy.types.Object, take: bpy.types.Action) -> None:
    take_actions.mute_take(take, face.moved_by(obj, take))


def _chosen(context: bpy.types.Context, name: str) -> bpy.types.Action:
    """The take of this name, else the selected one; ValueError when there is none."""
    obj = properties.target_object(context)
    takes = listed(obj)
    named = next((take for take in takes if take.name == name), None)
    if not takes:  # the rig has changed since the last look at it
        raise ValueError(_no_take(obj))
    if name and named is None:
        raise ValueError(f"{obj.name} has no take {name}; choose another")
    return named or _selected(context, takes)


def _selected(context: bpy.types.Context, takes: Listed) -> bpy.types.Action:
    """The take that was clicked, else the one in use of the chosen sound, else the newest."""
    return operators.clicked_take(context, takes) or operators.current_take(context) or next(iter(takes))


def _index(_manager: Any) -> int:
    """Row of the selected take, as Blender asks for it."""
    obj = properties.target_object(bpy.context)
    takes = {} if obj is None or face.target_problem(obj) else listed(obj)
    return list(takes).index(_selected(bpy.context, takes)) if takes else 0


def _click(_manager: Any, index: int) -> None:
    """Select the take of a row: from now on sliders and buttons are about it, and the sliders show its settings."""
    takes = list(listed(properties.target_object(bpy.context)).items())
    take, track = takes[min(max(0, index), len(takes) - 1)]
    operators.click_take(bpy.context, take)
    if not track.mute:
        operators.show_shaping(bpy.context, regeneration.range_shaping(take, operators.chosen_range(bpy.context)))


def _icon(facts: Mapping[str, Any]) -> str:
    return {predictions.CAPTURE: "FILE", predictions.LISTENING: "HIDE_OFF"}.get(facts["model_kind"], "SOUND")


def _draw_facts(layout: Any, take: bpy.types.Action, track: Any) -> None:
    facts = take_actions.read_facts(take)
    made = {predictions.CAPTURE: "Imported", predictions.LISTENING: "Listens to others"}.get(facts["model_kind"])
    row = layout.row(align=True)
    row.label(text=facts["source"], icon=_icon(facts))
    if made is None:
        row.operator("voxkey.select_take_source", text="", icon="RESTRICT_SELECT_OFF").take = take.name
    column = layout.column(align=True)
    heard_by = f"{facts['model']} on {preferences.DEVICES[facts['device']][0]}"
    column.label(text=made or heard_by, icon="BLANK1")
    last_frame = facts["start_frame"] + facts["n_frames"] - 1
    column.label(text=translated(f"{facts['rig_map']}, frames {facts['start_frame']} to {last_frame}"), icon="BLANK1")
    column.label(text=f"{datetime.fromisoformat(facts['date']):%d %B %Y, %H:%M}", icon="TIME")
    if track.mute:
        column.label(text="Muted: kept, but out of use", icon="INFO")
    row = layout.row(align=True)
    is_replacing = take_actions.strips_replace(track.strips)
    for mode, text in (("ADD", "Add"), ("REPLACE", "Replace")):
        button = row.operator("voxkey.blend_take", text=text, depress=is_replacing == (mode == "REPLACE"))
        button.take, button.mode = take.name, mode
    buttons = layout.column(align=True)
    if track.mute:
        buttons.operator("voxkey.mute_take", text="Use This Take", icon="CHECKBOX_HLT").take = take.name
    else:
        text = "Apply to Take"
        buttons.operator("voxkey.reshape_listed_take", text=text, icon="FILE_REFRESH").take = take.name
    buttons.operator("voxkey.delete_listed_take", text="Delete Take", icon="TRASH").take = take.name


def _add_rows() -> None:
    rows = bpy.context.window_manager.voxkey_takes
    for _ in range(32):
        number = len(rows)
        rows.add().number = number
    redraw_panels(bpy.context)


CLASSES: tuple[Any, ...] = (
    VoxkeyTakeRow,
    VOXKEY_UL_takes,
    VOXKEY_OT_mute_take,
    VOXKEY_OT_solo_take,
    VOXKEY_OT_select_take_source,
    VOXKEY_OT_reshape_listed_take,
    VOXKEY_OT_blend_take,
    VOXKEY_OT_delete_listed_take,
)
