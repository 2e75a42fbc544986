"""The keys of a take: written, written anew in place, or in a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import data_paths, keyframes, movement, nla, take_actions
from .core.curves import Curves, Float32Array
from .data_paths import Address
from .keyframes import Spacing
from .movement import Layer, Motion


def write_take(
    motions: Sequence[Motion],
    frames: NDArray[np.int64],
    facts: dict[str, Any],
    prediction: Curves,
    spacing: Spacing,
) -> bpy.types.Action:
    """New Actions on new NLA tracks with the motions' keys at frames (N,); the first, which stands for the take.

    With a tolerance, frames are evenly spaced.
    """
    take = None
    for motion in motions:
        for layer in movement.motion_layers(motion):
            name = f"{take.name} {nla.owner_name(motion.owner)}" if take else f"Voxkey {facts['source']}"
            action, checksum = _write_layer(motion.owner, name, layer, frames, spacing)
            if take is None:
                take = action
                take_actions.write_facts(take, facts, prediction, checksum)
            else:
                take_actions.write_part_facts(action, take, checksum)
    assert take is not None  # no motion, no take: fitting has refused
    return take


def write_head(
    obj: bpy.types.Object,
    take: bpy.types.Action,
    frames: NDArray[np.int64],
    angles: Float32Array,
    spacing: Spacing,
) -> bpy.types.Action:
    """A head object's part of a take: angles (N, 3) in radians about the axes of the head, at frames (N,).

    Those of the object itself, or, where a bone of it turns, those of the character.
    """
    action, checksum = _write_layer(obj, f"{take.name} head", movement.head_layer(obj, angles), frames, spacing)
    take_actions.write_part_facts(action, take, checksum)
    return action


def rewrite_take(
    take: bpy.types.Action,
    motions: Sequence[Motion],
    frames: NDArray[np.int64],
    head: bpy.types.Object | None,
    angles: Float32Array,
    spacing: Spacing,
) -> bool:
    """Put other keys into the f-curves of a take, as write_take and write_head would write them.

    False, with nothing written, when that takes other f-curves, or someone has edited these, or another file has them.
    """
    if not take.is_editable:
        return False
    wanted_layers = movement.layers_of(motions, head, angles)
    free = take_actions.parts(take)
    places = []
    for owner, layer in wanted_layers:
        place = next((p for p in free if p[0] == owner and _addresses(p[1]) == layer.addresses), None)
        if place is None or take_actions.read_facts(place[1])["checksum"] != keyframes.checksum(place[1]):
            return False
        free.remove(place)
        places.append(place)
    if free:
        return False
    for (_, action), (_, layer) in zip(places, wanted_layers, strict=True):
        keys = keyframes.spaced_keys(frames, layer.values, spacing)
        for curve, points in zip(keyframes.fcurves(action), keys, strict=True):
            curve.keyframe_points.clear()
            keyframes.write_fcurve(curve, points, spacing)
        take_actions.add_facts(action, checksum=keyframes.checksum_of(keys))
        action.update_tag()
    return True


def _addresses(action: bpy.types.Action) -> list[Address]:
    """Those of its f-curves, in their order."""
    return [keyframes.address(curve) for curve in keyframes.fcurves(action)]


@dataclass(frozen=True)
class Stretch:
    """A part of a take between two frames, which are not in it."""

    after_frame: float
    before_frame: float
    rows: NDArray[np.intp]
    """Those of the motion's rows that are keyed in it, (R,)."""
    frames: NDArray[np.int64]
    """Their frames (R,)."""
    weights: Float32Array
    """How far what is written there replaces what was edited by hand, (R,) in (0, 1]."""


def rewrite_stretch(
    take: bpy.types.Action,
    character: Sequence[Any],
    before: Sequence[tuple[Any, Layer]] | None,
    after: Sequence[tuple[Any, Layer]],
    stretch: Stretch,
    spacing: Spacing,
) -> None:
    """Change the keys of a stretch of a take from what the layers were before to what they are after; no other key.

    Before is None when nobody has edited the take. Edits by hand fade out in the stretch, f-curves that were deleted
    stay so. ValueError, with nothing changed, when the take is linked, shared with a copy of the character, or moves
    nothing of what the layers do.
    """
    take_actions.check_local(take, "press Apply to Take to get one here")
    free = take_actions.parts_of(take, character)
    if any(len(nla.owners(action)) > 1 for _, action in free):
        raise ValueError(f"{take.name} is shared with a copy of this character; press Apply to Take to give it its own")
    changes = []
    for (owner, old), (_, new) in zip(before or after, after, strict=True):
        wanted = set(new.addresses)
        action = next(
            (action for part, action in free if part == owner and wanted & keyframes.animated_by(action)), None
        )
        if action is not None:
            changes.append((action, old, new))
    if not changes:
        raise ValueError(f"The character has changed since {take.name} was made; press Apply to Take first")
    for action, old, new in changes:
        columns = {address: column for column, address in enumerate(new.addresses)}
        for curve in keyframes.fcurves(action):
            column = columns.get(keyframes.address(curve))
            if column is None or not len(curve.keyframe_points):
                continue
            values = new.values[stretch.rows, column]
            if before is not None:
                edits = _heard(curve, stretch.frames) - old.values[stretch.rows, column]
                values = values + (1 - stretch.weights) * edits
            _splice(curve, stretch, values, spacing)
        if before is None:
            take_actions.add_facts(action, checksum=keyframes.checksum(action))
        action.update_tag()


def _splice(curve: Any, stretch: Stretch, values: Float32Array, spacing: Spacing) -> None:
    """Put values (R,) into a stretch of an f-curve in place of its keys there; the others stay to the last bit."""
    points, keys = curve.keyframe_points, keyframes.read_keys(curve)
    frames = keys[:, 0]
    start = int(np.searchsorted(frames, stretch.after_frame, "right"))
    stop = int(np.searchsorted(frames, stretch.before_frame))
    ends = np.array([stretch.after_frame, stretch.before_frame])
    borders = _heard(curve, ends)
    at, moved = np.r_[ends[0], stretch.frames, ends[1]], np.r_[borders[0], values, borders[1]].astype(np.float32)
    new = keyframes.spaced_keys(at, moved[:, None], spacing)[0]
    # with a key in every frame there are neighbours, else lines from farther away would miss the ends
    outside = np.r_[frames[:start], frames[stop:]] if spacing.tolerance else ends
    new = new[~np.isin(new[:, 0], outside)]
    handles = {side: keyframes.read_points(points, side) for side in ("handle_left", "handle_right")}
    if np.array_equal(frames[start:stop], new[:, 0]):
        keys[start:stop] = new
        points.foreach_set("co", keys.ravel())
    else:
        keyframes.replace_keys(curve, start, stop, new, spacing)
    curve.update()
    for side, earlier in handles.items():  # Blender fits them to new keys however far away
        fitted = keyframes.read_points(points, side)[start : start + len(new)]
        points.foreach_set(side, np.concatenate([earlier[:start], fitted, earlier[stop:]]).ravel())


def _heard(curve: Any, frames: NDArray[np.int64]) -> Float32Array:
    """Values (R,) of an f-curve at frames (R,)."""
    return np.array([curve.evaluate(frame) for frame in frames.tolist()], np.float32)


def write_merged(
    owner: Any,
    name: str,
    found: Sequence[Address],
    frames: NDArray[np.int64],
    values: Float32Array,
    spacing: Spacing,
) -> list[bpy.types.Action]:
    """A plain Action on a new NLA track with values (N, K) of K addresses, as seen by takes_alone, at frames (N,).

    One more where bones move beside other things: they combine with what lies below, all else adds to it.
    """
    is_bone = np.array([data_paths.moves_bones([address]) for address in found], bool)
    actions = []
    for chosen, blend_type, rest_value in ((~is_bone, "ADD", 0.0), (is_bone, "COMBINE", None)):
        columns = np.flatnonzero(chosen)
        if not len(columns):
            continue
        of_these = [found[column] for column in columns]
        own = values[:, columns].copy()
        for column, (path, index) in enumerate(of_these):  # which Blender adds up, axes too
            own[:, column] -= data_paths.REST_ANGLE[index] if path.endswith(".rotation_axis_angle") else 0
        is_head = any(path == "delta_rotation_euler" for path, _ in of_these)
        layer = Layer(of_these, own, None if is_head else rest_value, blend_type)
        action, _ = _write_layer(owner, name, layer, frames, spacing)
        action[nla.MERGED] = True
        actions.append(action)
    return actions


def n_keys(take: bpy.types.Action) -> int:
    """How many keys a take has, on all its f-curves."""
    return sum(
        len(curve.keyframe_points) for _, action in take_actions.parts(take) for curve in keyframes.fcurves(action)
    )


def count_keys(take: bpy.types.Action, n_frames: int) -> dict[str, int]:
    """Note with a take how many keys it has, and how many it would have with one at every frame."""
    n_curves = sum(len(keyframes.fcurves(action)) for _, action in take_actions.parts(take))
    counts = {"n_keys": n_keys(take), "n_frame_keys": n_curves * (n_frames + 2)}
    take_actions.add_facts(take, **counts)
    return counts


def _write_layer(
    owner: Any, name: str, layer: Layer, frames: NDArray[np.int64], spacing: Spacing
) -> tuple[bpy.types.Action, int]:
    """A new Action on a new NLA track of the owner, keyed at frames (N,), over the rest; with its checksum."""
    nla.write_rest(owner, layer.addresses, layer.rest_value)
    keys = keyframes.spaced_keys(frames, layer.values, spacing)
    action = keyframes.write_keys(owner, name, layer.addresses, keys, spacing)
    nla.add_track(owner, action, layer.blend_type, "NOTHING")
    return action, keyframes.checksum_of(keys)
