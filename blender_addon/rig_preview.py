"""Shows one channel on the character while the mouse moves, and puts the face back: nothing is left, nothing undone."""

# ruff: noqa: N801  (Blender wants these class names)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc"

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import bpy

from . import data_paths, face, properties
from .core.channels import BLENDSHAPE_CHANNELS
from .core.retarget import RigMap
from .drawing import can_press, redraw_panels, refuse
from .translation import translated

WIDTH_PX = 300
"""How far the mouse goes from nothing to all of a channel, at interface scale 1."""
NAVIGATION = ("MIDDLEMOUSE", "WHEEL", "TRACKPAD", "NDOF", "NUMPAD", "TIMER", "MOUSEROTATE", "MOUSESMARTZOOM")
"""Beginnings of the events that go on to Blender, so that the view can be turned meanwhile."""


@dataclass
class Preview:
    """One channel as the character shows it now."""

    object_name: str
    rig_map: RigMap
    channels: tuple[str, ...]
    """Those that move something, between which the arrow keys change."""
    channel: str
    amount: float
    """[0, 1]."""
    before: list[tuple[Any, str, int, float]]
    """(data-block, data path, array index, value) of all that was moved."""

    def show(self, channel: str, amount: float) -> None:
        """Move the face from where it was before."""
        self.put_back()
        self.channel, self.amount = channel, min(1.0, max(0.0, amount))
        values = face.preview(bpy.data.objects[self.object_name], self.rig_map, self.channel, self.amount)
        self.before = [
            (owner, path, index, data_paths.read_value(owner, (path, index))) for owner, path, index, _ in values
        ]
        _set_values(values)

    def neighbour(self, by: int) -> str:
        """The channel that lies so many further on."""
        return self.channels[(self.channels.index(self.channel) + by) % len(self.channels)]

    def put_back(self) -> None:
        """Leave the face as it was before."""
        _set_values(self.before)
        self.before = []


def _set_values(values: list[tuple[Any, str, int, float]]) -> None:
    for owner, path, index, value in values:
        data_paths.set_value(owner, (path, index), value)
    for owner in {owner for owner, _, _, _ in values}:
        owner.update_tag()  # drivers that read custom properties don't notice by themselves


_running: Preview | None = None


def running() -> Preview | None:
    """What is being shown now, for the panel."""
    return _running


def stop() -> None:
    """Put the face back and show nothing more."""
    global _running
    preview, _running = _running, None
    if preview:
        with suppress(ReferenceError):  # deleted meanwhile
            preview.put_back()


class VOXKEY_OT_preview_channel(bpy.types.Operator):
    bl_idname = "voxkey.preview_channel"
    bl_label = "Preview Channel"
    bl_description = (
        "See what this channel does to the face: move the mouse left and right, turn the view as usual, go through the "
        "channels with the up and down keys. A click or Esc puts the face back as it was"
    )

    channel: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]  # by annotation

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, "A channel is being shown; click to end that" if _running else _no_face(context))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        global _running
        obj = properties.target_object(context)
        try:
            rig_map, cover, _ = face.chosen_map(obj)
        except ValueError as error:
            return refuse(self, error)
        moving = {*cover.matched, *cover.combined}
        if rig_map is None or self.channel not in moving:
            self.report({"ERROR"}, translated(f"{self.channel} moves nothing on {obj.name}; add a link for it"))
            return {"CANCELLED"}
        channels = tuple(channel for channel in BLENDSHAPE_CHANNELS if channel in moving)
        _running = Preview(obj.name, rig_map, channels, self.channel, 1.0, [])
        self._full_at_px = event.mouse_x
        self._show(context, self.channel, 1.0)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        preview = _running
        if preview is None or preview.object_name not in bpy.data.objects:
            self.cancel(context)
            return {"CANCELLED"}
        if event.type == "MOUSEMOVE":
            width = WIDTH_PX * context.preferences.system.ui_scale
            self._show(context, preview.channel, 1 + (event.mouse_x - self._full_at_px) / width)
        elif event.type in {"UP_ARROW", "DOWN_ARROW"} and event.value == "PRESS":
            self._show(context, preview.neighbour(-1 if event.type == "UP_ARROW" else 1), preview.amount)
        elif event.type in {"LEFTMOUSE", "RIGHTMOUSE", "ESC", "RET", "NUMPAD_ENTER"} and event.value == "PRESS":
            self.cancel(context)
            return {"CANCELLED"}
        elif event.type.startswith(NAVIGATION):
            return {"PASS_THROUGH"}
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender calls this too, when the window closes or another file is opened."""
        stop()
        if context.workspace:  # none when Blender closes
            context.workspace.status_text_set(None)
        redraw_panels(context)

    def _show(self, context: bpy.types.Context, channel: str, amount: float) -> None:
        assert _running is not None
        _running.show(channel, amount)
        context.window_manager.voxkey_channel = BLENDSHAPE_CHANNELS.index(channel)  # the list scrolls to it
        context.workspace.status_text_set(
            f"{channel} {_running.amount:.0%}: mouse left and right, up and down keys for the next, click or Esc to end"
        )
        redraw_panels(context)


def _no_face(context: bpy.types.Context) -> str | None:
    return face.target_problem(properties.target_object(context))
