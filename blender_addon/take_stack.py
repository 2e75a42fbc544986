"""How takes lie over each other and over the user's animation: merged into plain Actions, and laid out on the NLA."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, func-returns-value"

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import bpy
import numpy as np

from . import data_paths, exchange, face, keyframes, nla, properties, rig_look, take_actions, take_keys
from .core.names import listing
from .drawing import can_press, refuse
from .translation import translated

TRACK, ACTION = "TRACK", "ACTION"


def set_replacing(obj: bpy.types.Object, take: bpy.types.Action, is_replacing: bool) -> list[str]:
    """Make a take replace what lies below it while it plays, or add to it; names of Actions that were laid below.

    An active Action plays over all of the NLA, so one that moves what the take replaces goes onto a track below it, as
    it is. ValueError when a strip of the character is being tweaked.
    """
    parts = take_actions.parts_of(take, face.moved_by(obj, take))
    _check_tweak({owner for owner, _ in parts})
    take_actions.set_replacing(take, face.moved_by(obj, take), is_replacing)
    if not is_replacing:
        return []
    pushed = []
    for owner, part in parts:
        data = owner.animation_data
        if keyframes.animated_by(data) & keyframes.animated_by(part):
            pushed.append(data.action.name)
            nla.push_down(owner)
    return list(dict.fromkeys(pushed))


def merge(
    scene: bpy.types.Scene, obj: bpy.types.Object, place: str, removes: bool, tolerance: float = 0.0
) -> list[bpy.types.Action]:
    """Make one plain Action for each data-block out of the takes in use; the takes are muted, or removed.

    On an NLA track (TRACK) it holds what the takes do, and the user's animation goes on below it. As the active Action
    (ACTION) it holds all that is seen, as exchange.bake writes it. Keys lie at every frame, unless there is a
    tolerance; see core.key_reduction. ValueError, with nothing changed, when there is no take, or one is being tweaked.
    """
    takes = exchange.takes(obj)
    if not takes:
        raise ValueError(f"{obj.name} has no take in use; generate one, or bring one back")
    for take in takes if removes else ():
        take_actions.check_local(take, "choose Mute for it")
    merged = [exchange.bake(scene, obj)] if place == ACTION else _merge_on_track(scene, obj, takes, tolerance)
    for take in takes:
        character = face.moved_by(obj, take)
        if removes:
            take_actions.remove_take(take, character)
        else:
            take_actions.mute_take(take, character)
    return merged


def push_down(obj: bpy.types.Object) -> list[str]:
    """Lay every active Action of a character on an NLA track on top of the others, as Blender's button does; names."""
    owners = [owner for owner in face.owners(face.character(obj)) if _has_action(owner)]
    if not owners:
        raise ValueError(f"{obj.name} has no active Action; merge takes into one first")
    _check_tweak(owners)
    names = [owner.animation_data.action.name for owner in owners]
    for owner in owners:
        nla.push_down(owner, below_takes=False)
    return list(dict.fromkeys(names))


def _merge_on_track(
    scene: bpy.types.Scene, obj: bpy.types.Object, takes: list[bpy.types.Action], tolerance: float
) -> list[bpy.types.Action]:
    parts = [part for take in takes for part in take_actions.parts_of(take, face.moved_by(obj, take))]
    owners = list(dict.fromkeys(owner for owner, _ in parts))
    _check_tweak(owners)
    moved = {owner: _moved(owner, [action for part, action in parts if part == owner]) for owner in owners}
    spans = np.array([action.frame_range for _, action in parts])
    frames = np.arange(int(np.floor(spans.min())), int(np.ceil(spans.max())) + 1)
    with ExitStack() as alone:
        for owner, found in moved.items():
            alone.enter_context(nla.takes_alone(owner, found))
        values = exchange.seen(scene, frames.tolist(), moved)
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)  # as seen with all the rest again
    spacing = keyframes.Spacing(tolerance)
    name = f"{obj.name} merged"
    written = (take_keys.write_merged(owner, name, moved[owner], frames, values[owner], spacing) for owner in owners)
    return [action for actions in written for action in actions]


def _moved(owner: Any, actions: list[bpy.types.Action]) -> list[data_paths.Address]:
    """What takes move of an owner that is there, in order."""
    found = {address for action in actions for address in keyframes.animated_by(action)}
    return [address for address in sorted(found) if exchange.is_there(owner, address)]


def _has_action(owner: Any) -> bool:
    return owner.animation_data is not None and owner.animation_data.action is not None


def _check_tweak(owners: Any) -> None:
    problems = [problem for owner in owners if (problem := face.tweak_problem(owner, nla.owner_name(owner)))]
    if problems:
        raise ValueError(problems[0])


class VOXKEY_OT_merge_takes(bpy.types.Operator):
    bl_idname = "voxkey.merge_takes"
    bl_label = "Merge Takes"
    bl_description = (
        "Make one plain Action out of all takes in use of this character, for each data-block that they move, to be "
        "edited by hand. The takes are muted; your own animation stays as it is"
    )
    bl_options = {"REGISTER", "UNDO"}

    place: bpy.props.EnumProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Place",
        description="Where the merged Action goes",
        items=[
            (TRACK, "NLA Track", "On a track of its own over your animation, which goes on below it"),
            (ACTION, "Active Action", "All that is seen, your own animation too, as the active Action"),
        ],
    )
    takes: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Takes",
        description="What becomes of the takes",
        items=[
            ("MUTE", "Mute", "Keep them, out of use: they can be brought back and shaped"),
            ("REMOVE", "Remove", "Delete them; the merged Action can't be shaped any more"),
        ],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, exchange.no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        obj, tolerance = properties.target_object(context), context.scene.voxkey.key_tolerance
        try:
            merged = merge(context.scene, obj, self.place, self.takes == "REMOVE", tolerance)
        except ValueError as error:
            return refuse(self, error)
        names = listing(action.name for action in merged)
        muted, removed = f"Merged into {names}; the takes were muted", f"Merged into {names}; the takes were removed"
        self.report({"INFO"}, translated(muted if self.takes == "MUTE" else removed))
        return {"FINISHED"}


class VOXKEY_OT_push_down(bpy.types.Operator):
    bl_idname = "voxkey.push_down"
    bl_label = "Push Actions Down"
    bl_description = (
        "Lay the active Actions of the face and all that belongs to it on NLA tracks on top of the others, unchanged: "
        "the same as Push Down in the NLA editor, for all data-blocks at once"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, _no_action_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            names = push_down(properties.target_object(context))
        except ValueError as error:
            return refuse(self, error)
        self.report({"INFO"}, translated(f"Pushed down {listing(names)}"))
        return {"FINISHED"}


def draw(layout: Any, _context: bpy.types.Context) -> None:
    """What can be done with all takes together."""
    column = layout.column(align=True)
    column.operator("voxkey.merge_takes", icon="NLA")
    column.operator("voxkey.push_down", icon="NLA_PUSHDOWN")


def _no_action_reason(context: bpy.types.Context) -> str | None:
    """Why nothing can be pushed down; None when it can."""
    obj = properties.target_object(context)
    problem = face.target_problem(obj)
    if obj is None or problem:
        return problem
    known = rig_look.seen(obj)
    has_action = any(map(_has_action, rig_look.owners(known) if known else face.owners(face.character(obj))))
    return None if has_action else f"{obj.name} has no active Action; merge takes into one first"


CLASSES: tuple[Any, ...] = (VOXKEY_OT_merge_takes, VOXKEY_OT_push_down)
