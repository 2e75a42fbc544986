"""A part of a take done again: heard by another model, or with other settings, cross-faded; the rest is left alone."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import audio_io, face, fitting, generation, movement, performing, predictions, take_actions, take_keys
from .core.curves import frames_to_seconds
from .core.ranges import Range, heard_again, with_range
from .core.retarget import RigMap
from .core.shaping import Shaping
from .predictions import Place, Prediction


def prepare_range(
    scene: bpy.types.Scene, obj: bpy.types.Object | None, take: bpy.types.Action, model_path: Path, device: str
) -> generation.Request:
    """Read the sound of a take, so that a part of it can be heard again; ValueError when it is not what it was."""
    facts = take_actions.read_facts(take)
    if facts["model_kind"] == predictions.CAPTURE:
        raise ValueError(f"{take.name} was imported, so there is no sound to hear again; shape the range instead")
    if audio_io.find_source(scene, facts["source"]) is None:
        raise ValueError(
            f"The sound {facts['source']} of {take.name} is gone or has another name; bring it back, or shape the range"
        )
    request = generation.prepare(scene, obj, facts["source"], model_path, device)
    if request.place.n_frames != facts["n_frames"]:
        raise ValueError(f"{facts['source']} was cut or retimed since {take.name} was made; generate the whole take")
    return request


def redo_range(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    take: bpy.types.Action,
    span: tuple[int, int, float],
    shaping: Shaping,
    heard: Prediction | None = None,
) -> None:
    """Do a part of a take again, with other settings and, where it was heard again, another prediction.

    span is the first and the last frame, which stay as they are unless they are the take's own, and for how many
    seconds it fades in and out. No key outside changes; edits by hand inside fade out. ValueError with nothing written.
    """
    earlier = predictions.kept_with(take)
    place = predictions.place_of(scene, fitting.checked(obj), take, _head_of(take))
    parts, rig_map, _ = fitting.fit(obj)
    own = _own(scene, shaping, performing.shaping_of(take))
    redone = replace(_range(scene, place.start_frame, place.n_frames, span), shaping=own)
    redone = _with_heard(redone, earlier, heard) if heard else redone
    ranges = with_range(earlier.ranges, redone)
    _rewrite_range(place, take, replace(earlier, ranges=ranges), redone, parts, rig_map)


def remove_range(scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action, number: int) -> None:
    """Give a range of a take, counted from 0, back to what lies below it; ValueError when that can't be."""
    earlier = predictions.kept_with(take)
    if not 0 <= number < len(earlier.ranges):
        raise ValueError(f"{take.name} has no range {number + 1}; choose another")
    place = predictions.place_of(scene, fitting.checked(obj), take, _head_of(take))
    parts, rig_map, _ = fitting.fit(obj)
    ranges = earlier.ranges[:number] + earlier.ranges[number + 1 :]
    _rewrite_range(place, take, replace(earlier, ranges=ranges), earlier.ranges[number], parts, rig_map)


def range_shaping(take: bpy.types.Action, span: tuple[int, int, float] | None) -> Shaping:
    """The settings that a take was last shaped with, or a range of it, from a first to a last frame, with its own."""
    shaping, ranges = performing.shaping_of(take), take_actions.read_ranges(take)
    if span is None or not ranges:
        return shaping
    facts = take_actions.read_facts(take)
    try:
        wanted = _range(bpy.context.scene, facts["start_frame"], facts["n_frames"], span)
    except ValueError:  # outside the take
        return shaping
    same = (redone for redone in ranges if redone.is_within(wanted) and wanted.is_within(redone))
    return replace(shaping, **performing.known_settings(next(same, wanted).shaping))


def _rewrite_range(
    place: Place,
    take: bpy.types.Action,
    prediction: Prediction,
    redone: Range,
    parts: list[face.Part],
    rig_map: RigMap,
) -> None:
    """Write what a take now does where a range of it was, or is."""
    shaping, render = performing.shaping_of(take), bpy.data.scenes[place.scene_name].render
    is_edited = take_actions.is_edited(take)
    before = performing.keyed(place, shaping, predictions.kept_with(take), parts, rig_map) if is_edited else None
    after = performing.keyed(place, shaping, prediction, parts, rig_map)
    seconds_per_frame = frames_to_seconds(1.0, render.fps, render.fps_base)
    since = after.frames - place.start_frame
    weights = redone.weights(seconds_per_frame * since)
    rows = np.flatnonzero((weights > 0) & (since >= 0) & (since < place.n_frames))
    first, last = redone.start_seconds / seconds_per_frame, redone.end_seconds / seconds_per_frame
    head, obj = bpy.data.objects.get(place.head_name or ""), bpy.data.objects[place.object_name]
    stretch = take_keys.Stretch(
        place.start_frame + max(-1, round(first)),
        place.start_frame + min(place.n_frames, round(last)),
        rows,
        after.frames[rows],
        weights[rows],
    )
    was = None if before is None else movement.layers_of(before.motions, head, before.angles)
    will = movement.layers_of(after.motions, head, after.angles)
    take_keys.rewrite_stretch(take, face.moved_by(obj, take), was, will, stretch, after.spacing)
    take_actions.write_ranges(take, prediction.ranges)
    take_keys.count_keys(take, place.n_frames)


def _range(scene: Any, start_frame: int, n_frames: int, span: tuple[int, int, float]) -> Range:
    """A range of a take, with nothing of its own yet; ValueError when there is none between the frames."""
    first, last, fade_seconds = span
    last_of_take = start_frame + n_frames - 1
    if last - first < 2:
        raise ValueError(f"No frame lies between {first} and {last}; choose a longer range")
    if first >= last_of_take or last <= start_frame:
        raise ValueError(
            f"Frames {first} to {last} are outside the take, which goes from {start_frame} to {last_of_take}; "
            "choose a range in it"
        )
    fps, fps_base = scene.render.fps, scene.render.fps_base
    start, end = (frames_to_seconds(frame - start_frame, fps, fps_base) for frame in (first, last))
    fade_seconds = min(fade_seconds, (end - start) / 2)
    start = -1 - fade_seconds if first <= start_frame else start
    end = end + 1 + fade_seconds if last >= last_of_take else end
    return Range(start, end, fade_seconds)


def _with_heard(redone: Range, earlier: Prediction, heard: Prediction) -> Range:
    """A range with what a model has heard in it."""
    start, end = redone.start_seconds, redone.end_seconds
    said = heard_again(earlier.curves, heard.curves, start, end)
    phones = heard_again(earlier.phones, heard.phones, start, end) if earlier.phones and heard.phones else None
    return replace(redone, model=heard.model, said=said, phones=phones)


def _own(scene: bpy.types.Scene, shaping: Shaping, others: Shaping) -> dict[str, Any]:
    """Settings that differ from those of a take, without those that say how keys are spaced or are animated anyway."""
    whole = {"hold_frames", "key_tolerance", *performing.animated_settings(scene)}
    mine, theirs = asdict(shaping), asdict(others)
    return {name: value for name, value in mine.items() if _differ(value, theirs[name]) and name not in whole}


def _differ(one: Any, other: Any) -> bool:
    """Whether two settings differ by more than what a slider can hold."""
    is_number = isinstance(one, float) and isinstance(other, float)
    return bool(np.float32(one) != np.float32(other) if is_number else one != other)


def _head_of(take: bpy.types.Action) -> bpy.types.Object | None:
    """The object that turns with the head in a take, as far as it is still there."""
    return bpy.data.objects.get(take_actions.read_facts(take)["head"] or "")
