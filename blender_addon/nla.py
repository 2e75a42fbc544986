"""NLA tracks of a data-block: the user's, those of takes, and the rest under them.

Takes are added to whatever lies below, and a track "Voxkey rest" under the first of them holds shape keys and custom
properties at 0, and bones where they are: NLA alone would put what no strip touches at its default, which is 1 for
shape keys from Blender 5.0 on. The user's own Actions, tracks and drivers are read, never written.
"""

# The bpy stubs do not know that custom properties are looked for with `in`.
# mypy: disable-error-code="operator"

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np

from . import data_paths, keyframes
from .data_paths import Address

FACTS = "voxkey"
"""Custom property of a take's Actions: what it was made from, one JSON object."""
MERGED = "voxkey_merged"
"""Custom property of an Action that takes were merged into: it lies over the rest track, as they do."""
REST = "voxkey_rest"
"""Custom property of the rest track's Action: where its values were before the first take, a JSON list of
(data path, array index, value)."""
ALL_OWN = "voxkey_all_own"
"""Custom property of the rest track's Action: whether its data-block had no animation data before."""
_KEYS_DEFAULT_TO_1 = bpy.app.version >= (5, 0, 0)


def layers(owner: Any) -> Iterator[tuple[Any, bpy.types.Action]]:
    """(NLA track, Action) of every strip with an Action, bottom first, of a data-block.

    One by one, as most who ask look for the first of a kind, and each button of a panel asks.
    """
    for track in owner.animation_data.nla_tracks if owner.animation_data else ():
        for strip in track.strips:
            if strip.action:
                yield track, strip.action


def owners(action: bpy.types.Action) -> list[Any]:
    """The data-blocks that an Action animates or is laid out on."""
    users = bpy.data.user_map(subset=[action])[action]
    users -= set(bpy.data.actions)  # those that point to their take
    return [user for user in users if any(layer == action for _, layer in layers(user))]


def owner_name(owner: Any) -> str:
    """What people know a data-block by: of shape keys, their mesh."""
    return str(owner.user.name if isinstance(owner, bpy.types.Key) else owner.name)


def is_own(action: bpy.types.Action) -> bool:
    """Whether an Action is that of a take or of the rest, and not the user's."""
    return FACTS in action or REST in action


def animated_by_strips(owner: Any, of_takes: bool, even_muted: bool = True) -> set[Address]:
    """What the strips of takes and rest, or those of the user, animate of an owner."""
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    heard = [(strip, not (track.mute or strip.mute)) for track in tracks for strip in track.strips if strip.action]
    strips = [strip for strip, is_heard in heard if is_heard or even_muted]
    played = [strip for strip in strips if is_own(strip.action) == of_takes]
    return {address for strip in played for address in keyframes.animated_by(strip)}


def animated_by_user(owner: Any) -> set[Address]:
    """What the user's NLA strips and active Action animate."""
    active = keyframes.animated_by(owner.animation_data) if owner.animation_data else set()
    return active | animated_by_strips(owner, of_takes=False)


def strips_of(owner: Any, action: bpy.types.Action) -> list[Any]:
    """The strips of an Action on the tracks of a data-block."""
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    return [strip for track in tracks for strip in track.strips if strip.action == action]


def strips_without_slot(owner: Any, action: bpy.types.Action) -> list[Any]:
    """Strips that play an Action, but nothing of it."""
    return [strip for strip in strips_of(owner, action) if getattr(strip, "action_slot", strip) is None]


def mute_tracks(owner: Any) -> None:
    """Mute all NLA tracks of a data-block."""
    for track in owner.animation_data.nla_tracks if owner.animation_data else ():
        track.mute = True


def add_track(
    owner: Any, action: bpy.types.Action, blend_type: Any, extrapolation: Any, above: Any | None = None
) -> None:
    tracks = (owner.animation_data or owner.animation_data_create()).nla_tracks
    active = tracks.active
    track = tracks.new(prev=above)
    tracks.active = active  # which the new one would be, and after it none
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    keyframes.give_slot(strip)
    strip.blend_type, strip.extrapolation = blend_type, extrapolation


def _own_copy(owner: Any, action: bpy.types.Action) -> bpy.types.Action:
    """A copy of an Action in its place on the owner's tracks."""
    copy = action.copy()
    for track, layer in layers(owner):
        if layer == action:
            for strip in track.strips:
                strip.action = copy
                keyframes.give_slot(strip)
    return copy


def remove_layer(owner: Any, action: bpy.types.Action) -> None:
    """Remove the strips of an Action, and the tracks that are empty then; the Action itself stays."""
    tracks = owner.animation_data.nla_tracks
    for track in list(tracks):
        strips = [strip for strip in track.strips if strip.action == action]
        for strip in strips:
            track.strips.remove(strip)
        if strips and not track.strips:
            tracks.remove(track)


def remove_actions(found: Iterable[tuple[Any, bpy.types.Action]]) -> None:
    """Remove those Actions that nothing has on a track any more."""
    for action in {action for _, action in found}:
        if not owners(action):
            bpy.data.actions.remove(action)


def push_down(owner: Any, below_takes: bool = True) -> None:
    """Lay the user's active Action on an NLA track, as it is: under the takes, so that they add to it, or on top."""
    data = owner.animation_data
    action, slot = data.action, getattr(data, "action_slot", None)
    track = data.nla_tracks.new(prev=_track_below_takes(owner) if below_takes else None)
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if slot:
        strip.action_slot = slot
    strip.blend_type, strip.influence = data.action_blend_type, data.action_influence
    strip.extrapolation = data.action_extrapolation
    data.action = None


def _track_below_takes(owner: Any) -> Any:
    """The NLA track under the first take; None when there is none."""
    tracks = list(owner.animation_data.nla_tracks)
    first = next(track for track, layer in layers(owner) if FACTS in layer)
    below = tracks[: tracks.index(first)]
    return below[-1] if below else None


def _rest_action(owner: Any) -> bpy.types.Action | None:
    return next((action for _, action in layers(owner) if REST in action), None)


def resting_values(owner: Any, path: str, length: int) -> list[float] | None:
    """What the rest track holds or will hold there; None when the user animates it."""
    wanted = [(path, index) for index in range(length)]
    rest = _rest_action(owner)
    curves = {(c.data_path, c.array_index): c.keyframe_points[0].co.y for c in keyframes.fcurves(rest)} if rest else {}
    if all(address in curves for address in wanted):
        return [curves[address] for address in wanted]
    if not animated_by_user(owner).isdisjoint(wanted):
        return None
    return [data_paths.read_value(owner, address) for address in wanted]


def write_rest(owner: Any, addresses: Sequence[Address], rest_value: float | None) -> None:
    """Hold what nothing else animates at rest, below all takes, and note where it was; None holds it where it is."""
    even_muted = not _KEYS_DEFAULT_TO_1  # else what is muted needs no rest, and is not hidden by one when it is unmuted
    animated = animated_by_strips(owner, of_takes=False, even_muted=even_muted)
    animated |= animated_by_strips(owner, of_takes=True)
    missing = [address for address in addresses if address not in animated]
    if not missing:
        return
    rest = _rest_action(owner)
    if rest is not None and len(owners(rest)) > 1:  # the character was copied
        rest = _own_copy(owner, rest)
    is_new = rest is None
    if rest is None:
        rest = bpy.data.actions.new("Voxkey rest")
        rest[REST] = "[]"
        rest[ALL_OWN] = owner.animation_data is None
    curves = keyframes.new_fcurves(rest, owner) if is_new else keyframes.first_fcurves(rest)
    before = [(path, index, data_paths.read_value(owner, (path, index))) for path, index in missing]
    for path, index, value in before:
        held = value if rest_value is None else rest_value
        keyframes.write_fcurve(curves.new(path, index=index), np.array([[0, held]], np.float32), keyframes.Spacing())
    rest[REST] = json.dumps(json.loads(rest[REST]) + before)
    if is_new:
        add_track(owner, rest, "REPLACE", "HOLD")


def remove_rest(owner: Any) -> None:
    """Remove the rest track when there is no take left above it; what it held returns to where it was."""
    rest = _rest_action(owner)
    if rest is None or any(FACTS in layer or MERGED in layer for _, layer in layers(owner)):
        return
    before, was_still = json.loads(rest[REST]), rest.get(ALL_OWN, False)
    held = [(curve.data_path, curve.array_index) for curve in keyframes.first_fcurves(rest)]
    if len(held) != len(before):  # someone has edited the track
        held = [(path, index) for path, index, _ in before]
    remove_layer(owner, rest)
    remove_actions([(owner, rest)])
    for address, (_, _, value) in zip(held, before, strict=True):  # Blender renames in f-curves what the user renames
        data_paths.set_value(owner, address, value)
    data = owner.animation_data
    if was_still and not (data.action or data.nla_tracks or data.drivers):
        owner.animation_data_clear()


@contextmanager
def takes_alone(owner: Any, found: Sequence[Address]) -> Iterator[None]:
    """Show the takes of a data-block without what the user animates, over a rest of 0 or of no change at all there."""
    data = owner.animation_data
    others = {track for track, layer in layers(owner) if not is_own(layer)}
    muted = {track: track.mute for track in others}
    was = data.use_nla, data.action_influence
    rest = keyframes.write_keys(
        owner, "Voxkey neutral", found, [np.array([[0, data_paths.no_change(a)]]) for a in found], keyframes.Spacing()
    )
    add_track(owner, rest, "REPLACE", "HOLD", _track_below_takes(owner))
    for track in others:
        track.mute = True
    data.use_nla, data.action_influence = True, 0.0
    try:
        yield
    finally:
        data.use_nla, data.action_influence = was
        for track, mute in muted.items():
            track.mute = mute
        remove_layer(owner, rest)
        bpy.data.actions.remove(rest)
