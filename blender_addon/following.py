"""Takes whose strip was moved, cut or retimed since: said in the panel, and brought along by one click."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc"

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy

from . import audio_io, generation, operators, performing, predictions, properties, take_actions
from .core.shaping import Shaping
from .drawing import draw_sentence
from .translation import translated


@dataclass(frozen=True)
class Change:
    """What happened to the strip or Speaker of a take."""

    sentence: str
    frames: int | None
    """How far it was moved, if that is all."""


def change(scene: bpy.types.Scene, take: bpy.types.Action) -> Change | None:
    """How a strip differs from what a take was made from; None when it does not, is gone or was never known."""
    facts = take_actions.read_facts(take)
    before, source = facts.get("placed"), audio_io.find_source(scene, facts["source"])
    if not before or source is None or source.name != facts["source"]:
        return None
    now = audio_io.placed(scene, source)
    if now == before:
        return None
    frames = now["start_frame"] - before["start_frame"]
    if {**now, "start_frame": 0} != {**before, "start_frame": 0}:
        return Change(f"{source.name} was cut, retimed or given another sound since", None)
    way = f"{abs(frames)} frame{'s' if abs(frames) > 1 else ''} {'later' if frames > 0 else 'earlier'}"
    return Change(f"{source.name} was moved since: it starts {way}", frames)


class VOXKEY_OT_follow_strip(operators.JobOperator, bpy.types.Operator):
    bl_idname = "voxkey.follow_strip"
    bl_label = "Bring Take Along"
    bl_description = (
        "Bring this take to where its sound is now. If the sound was only moved, its keys move along, with all edits; "
        "if it was cut or retimed, it is heard anew with the settings of the take"
    )
    bl_options = {"REGISTER", "UNDO"}

    take: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Take", description="Name of the take's Action", options={"SKIP_SAVE"}
    )

    def prepare(self, context: bpy.types.Context) -> Callable[..., Any] | None:
        request = self._request(context)
        return partial(generation.predict, request) if request else None

    def write(self, context: bpy.types.Context, predicted: predictions.Prediction) -> Any:
        result = generation.write_result(self._place, self._shaping, predicted)
        self.report({"WARNING" if result.warnings else "INFO"}, translated(result.summary))
        return {"FINISHED"}

    def _request(self, context: bpy.types.Context) -> generation.Request | None:
        """What the model has to hear; None when moving the keys was enough."""
        if operators.running_job() is not None:
            raise ValueError("Voxkey is generating; wait, or cancel it")
        scene, take = context.scene, bpy.data.actions.get(self.take)
        found = change(scene, take) if take and take_actions.is_take(take) else None
        if found is None:
            raise ValueError(f"There is no take {self.take} whose sound has changed; nothing was done")
        facts = take_actions.read_facts(take)
        if found.frames is not None:
            take_actions.shift_take(take, found.frames)
            placed = audio_io.placed(scene, audio_io.find_source(scene, facts["source"]))
            take_actions.add_facts(take, start_frame=placed["start_frame"], placed=placed)
            self.report({"INFO"}, translated(f"{take.name} was brought along; all edits are kept"))
            return None
        head = bpy.data.objects.get(facts["head"] or "")
        self._shaping: Shaping = performing.shaping_of(take)
        request = generation.prepare(
            scene,
            properties.target_object(context),
            facts["source"],
            properties.model_path(context),
            properties.device(context),
            head,
        )
        self._place: predictions.Place = request.place
        return request


def draw(layout: Any, context: bpy.types.Context, take: bpy.types.Action) -> None:
    """What has happened to the sound of a take, and the button that follows it; nothing when all is as it was."""
    found = change(context.scene, take)
    if found is None:
        return
    box = layout.box()
    draw_sentence(box, context, found.sentence, "ERROR")
    text = "Move Take Along" if found.frames is not None else "Hear Anew"
    box.operator("voxkey.follow_strip", text=text, icon="FILE_REFRESH").take = take.name


CLASSES: tuple[Any, ...] = (VOXKEY_OT_follow_strip,)
