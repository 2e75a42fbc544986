"""Does the face move, and if not, why: looked at through the depsgraph, with fixes that are safe to click.

The take is heard and muted at the frame where it moves most, so that the user's own animation never counts as motion.
"""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined"

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import data_paths, face, keyframes, nla, take_actions
from .core.names import listing
from .core.retarget import Target

STILL = 1e-4
"""A point moves when it travels more than this share of the size of its object."""
FAR = 0.25
"""Share of its farthest travel that a part has at the frames where it is expected to be seen moving."""
N_FRAMES = 2
"""Frames that are looked at, at most: each is evaluated twice, with and without the take."""


@dataclass(frozen=True)
class Finding:
    """Something that keeps a take, or a part of it, from being seen."""

    sentence: str
    label: str = ""
    """What one click does about it; "" when only the user can."""
    fix: Callable[[], None] | None = None
    stops: bool = True
    """Whether it explains that something stands still."""


def check(scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action) -> bool | None:
    """Look whether a take moves its character, and note "moved" and "findings" with the take.

    None when there is no motion in the take.
    """
    found = list(causes(scene, obj, take))
    moved, still = _look(scene, obj, take)
    if not any(finding.stops for finding in found):
        found += still
    findings = [{"sentence": finding.sentence, "fix": finding.label} for finding in found]
    take_actions.add_facts(take, moved=moved, findings=findings)
    return moved


def apply_fix(scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action, sentence: str) -> None:
    """Do what the finding of this sentence offers, and look again; ValueError when there is nothing to do any more."""
    finding = next((finding for finding in causes(scene, obj, take) if finding.sentence == sentence), None)
    if finding is not None and finding.fix is not None:
        finding.fix()
    check(scene, obj, take)
    if finding is None or finding.fix is None:
        raise ValueError("There is nothing to fix any more; play the scene to see the take")


def causes(scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action) -> Iterator[Finding]:
    """What keeps parts of a take from being seen, without looking at the face."""
    members = face.family(obj)
    moving: dict[Any, set[data_paths.Address]] = {}
    for owner, action in take_actions.parts_of(take, face.moved_by(obj, take)):
        moving.setdefault(owner, set()).update(keyframes.animated_by(action))
        yield from _strip_causes(owner, action)
    for owner, addresses in moving.items():
        users = [item for item in members if face.shape_keys(item) == owner]
        name = "" if obj in users else users[0].name if users else owner.name  # the picked face needs none
        yield from _nla_causes(owner, name, addresses, take)
        if isinstance(owner, bpy.types.Key):
            yield from _key_causes(owner, name, addresses)
            for user in users:
                yield from _object_causes(user, name)
                yield from _hidden(user, _view_layer(scene))
        elif data_paths.moves_bones(addresses):
            yield from _armature_causes(owner, members)


def _strip_causes(owner: Any, action: bpy.types.Action) -> Iterator[Finding]:
    for track, layer in nla.layers(owner):
        if layer == action and track.mute:
            yield Finding(f"The NLA track {track.name} is muted", "Unmute", partial(setattr, track, "mute", False))
    strips = [strip for track in owner.animation_data.nla_tracks for strip in track.strips if strip.action == action]
    for strip in strips:
        if strip.mute:
            yield Finding(f"The NLA strip {strip.name} is muted", "Unmute", partial(setattr, strip, "mute", False))
    for strip in nla.strips_without_slot(owner, action):
        yield Finding(f"The NLA strip {strip.name} has no slot", "Choose Slot", partial(keyframes.give_slot, strip))


def _nla_causes(owner: Any, name: str, addresses: set[data_paths.Address], take: bpy.types.Action) -> Iterator[Finding]:
    data = owner.animation_data
    is_key = isinstance(owner, bpy.types.Key)
    whose = f"the shape keys{_of(name)}" if is_key else owner.name
    if not data.use_nla:
        seen = "head turn" if _turns_object(addresses) else "take"
        sentence = f"The NLA of {whose} is switched off; switch it on to see the {seen}"
        yield Finding(sentence, "Switch On", partial(setattr, data, "use_nla", True))
    heard = [track for track, action in nla.layers(owner) if take in (action, action.get(take_actions.PART_OF))]
    solo = [track for track in data.nla_tracks if track.is_solo]
    if solo:
        which = f"The NLA track {solo[0].name}" if solo[0] in heard else f"Another NLA track{_of(name)}"
        sentence = f"{which} is on solo; switch that off to see the take as it is"
        yield Finding(sentence, "Switch Off", partial(setattr, solo[0], "is_solo", False))
    own = keyframes.animated_by(data) & addresses
    if own and data.action_blend_type == "REPLACE":
        sentence = f"Your Action {data.action.name} animates {_named(owner, own)} and wins over the take"
        yield Finding(sentence, "Push Down", partial(nla.push_down, owner))
    shared = nla.animated_by_strips(owner, of_takes=False) & addresses
    if shared and not take_actions.is_replacing(take):
        yield Finding(f"Your NLA strips animate {_named(owner, shared)} too; the take adds to them", stops=False)
    driven = data_paths.drivers(owner).keys() & addresses
    if driven:
        yield Finding(f"A driver moves {_named(owner, driven)} and wins over the take; remove it")


def _key_causes(key: bpy.types.Key, name: str, addresses: set[data_paths.Address]) -> Iterator[Finding]:
    moving = {path for path, _ in addresses}
    blocks = [block for block in key.key_blocks if data_paths.addresses(key, _target(block))[0][0] in moving]
    muted = [block for block in blocks if block.mute]
    if muted:
        sentence = f"{listing(block.name for block in muted)}{_of(name)} is muted and will not move"
        yield Finding(sentence, "Unmute", partial(_set_all, muted, "mute", False))
    narrow = [block for block in blocks if block.slider_max < 1]
    if narrow:
        names = listing(block.name for block in narrow)
        sentence = f"The range of {names}{_of(name)} ends below 1; larger values are cut off"
        yield Finding(sentence, "Widen to 1", partial(_set_all, narrow, "slider_max", 1.0))


def _target(block: bpy.types.ShapeKey) -> Target:
    return Target("shape_key", block.name)


def _object_causes(obj: bpy.types.Object, name: str) -> Iterator[Finding]:
    if obj.show_only_shape_key:
        sentence = f"Solo is on in the Shape Keys panel{_of(name)}; the mesh shows one key only"
        yield Finding(sentence, "Switch Off", partial(setattr, obj, "show_only_shape_key", False))
    if obj.mode == "EDIT":
        yield Finding(f"{obj.name} is in Edit Mode, which shows no animation; leave it with Tab")


def _hidden(obj: bpy.types.Object, layer: bpy.types.ViewLayer) -> Iterator[Finding]:
    if layer.objects.get(obj.name) != obj:
        yield Finding(f"{obj.name} is not in the view layer {layer.name}; tick its collection in the Outliner")
    elif obj.hide_viewport:
        yield Finding(f"{obj.name} is disabled in viewports", "Enable", partial(setattr, obj, "hide_viewport", False))
    elif obj.hide_get(view_layer=layer):
        yield Finding(f"{obj.name} is hidden", "Show", partial(obj.hide_set, False, view_layer=layer))
    elif not obj.visible_get(view_layer=layer):
        yield Finding(f"{obj.name} is in a hidden collection; show that in the Outliner")


def _armature_causes(armature: bpy.types.Object, members: list[bpy.types.Object]) -> Iterator[Finding]:
    data: Any = armature.data
    if armature.mode == "EDIT":
        yield Finding(f"{armature.name} is in Edit Mode, which shows no animation; leave it with Tab")
    if data.pose_position == "REST":
        sentence = f"The armature {armature.name} is in rest position"
        yield Finding(sentence, "Pose Position", partial(setattr, data, "pose_position", "POSE"))
    for item in members:
        for modifier in item.modifiers:
            if modifier.type == "ARMATURE" and modifier.object == armature and not modifier.show_viewport:
                sentence = f"The modifier {modifier.name} of {item.name} is off in viewports, so no bone moves it"
                yield Finding(sentence, "Switch On", partial(setattr, modifier, "show_viewport", True))


def _view_layer(scene: bpy.types.Scene) -> Any:
    """The view layer in which the user sees a scene."""
    return bpy.context.view_layer if bpy.context.scene == scene else scene.view_layers[0]


def _set_all(items: list[Any], attribute: str, value: Any) -> None:
    for item in items:
        setattr(item, attribute, value)


# ---------------------------------------------------------------------------------------------------------------------
# Looking


def _look(scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action) -> tuple[bool | None, list[Finding]]:
    """Whether any mesh of the character moves, and what of the take can't be seen to move."""
    parts = take_actions.parts_of(take, face.moved_by(obj, take))
    frames, moving = _telling_frames(parts)
    if not moving:
        return None, [Finding("The take is at rest throughout: the sound is silent, or Strength is 0")]
    members = [item for item in face.family(obj) if item.type == "MESH"]
    bodies = {owner for owner, action in parts if data_paths.moves_bones(keyframes.animated_by(action))}
    moved = _moved(scene, [*dict.fromkeys([*members, *bodies])], parts, frames)
    still = []
    for owner in moving:
        users = [item for item in members if face.shape_keys(item) == owner]
        if users and not moved & {*users}:
            names = listing(item.name for item in users)
            still.append(Finding(f"{names} does not move with its shape keys; are they equal to the Basis?"))
        elif owner in bodies - moved:
            still.append(Finding(f"The bones of {owner.name} do not move; do constraints or drivers hold them?"))
    if not still and not moved & {*members}:
        still.append(
            Finding("No mesh follows what the take moves; is one bound to the bones, or driven by properties?")
        )
    return bool(moved & {*members}), still


def _telling_frames(parts: list[tuple[Any, bpy.types.Action]]) -> tuple[list[int], list[Any]]:
    """Up to N_FRAMES at which as much as possible moves far, and the owners that do move at one of them."""
    travels = []
    for owner, action in parts:
        frames, values = keyframes.key_values(action)
        travel = np.abs(values - values[:1]).sum(axis=1)
        if travel.size and travel.max() > 1e-3:
            travels.append((owner, frames, travel / travel.max()))
    chosen: list[int] = []
    moving: list[Any] = []
    for owner, frames, travel in travels:
        if len(chosen) < N_FRAMES and travel[np.isin(frames, chosen)].max(initial=0) < FAR:
            alike = [other for _, others, other in travels if np.array_equal(others, frames)]
            chosen.append(int(frames[np.where(travel < FAR, 0, sum(alike)).argmax()]))
        if travel[np.isin(frames, chosen)].max(initial=0) >= FAR:
            moving.append(owner)
    return chosen, list(dict.fromkeys(moving))


def _moved(
    scene: bpy.types.Scene, objects: list[Any], parts: list[tuple[Any, bpy.types.Action]], frames: list[int]
) -> set[bpy.types.Object]:
    """The objects of which something is elsewhere with the parts of a take than without, at any of the frames."""
    strips = [  # not the tracks: one on solo is heard although it is muted
        strip
        for owner, action in parts
        for track in owner.animation_data.nla_tracks
        for strip in track.strips
        if strip.action == action
    ]
    heard = [strip.mute for strip in strips]
    frame, subframe = scene.frame_current, scene.frame_subframe
    moved: set[Any] = set()
    try:
        for number in frames:
            _set_all(strips, "mute", True)
            without = _poses(scene, objects, number)
            for strip, mute in zip(strips, heard, strict=True):
                strip.mute = mute
            moved |= {item for item, pose in _poses(scene, objects, number).items() if _differ(without[item], pose)}
    finally:
        for strip, mute in zip(strips, heard, strict=True):
            strip.mute = mute
        scene.frame_set(frame, subframe=subframe)
    return moved


def _poses(scene: bpy.types.Scene, objects: list[Any], frame: int) -> dict[Any, NDArray[np.float32]]:
    """Points (N, 3) of some objects at a frame: vertices in the world, or three a bone, which show how it turns."""
    scene.frame_set(frame)
    depsgraph = _view_layer(scene).depsgraph
    poses = {}
    for item in objects:
        evaluated = item.evaluated_get(depsgraph)
        if item.type == "MESH":
            flat = np.empty(3 * len(evaluated.data.vertices), np.float32)
            evaluated.data.vertices.foreach_get("co", flat)
            to_world = np.array(evaluated.matrix_world, np.float32)
            poses[item] = flat.reshape(-1, 3) @ to_world[:3, :3].T + to_world[:3, 3]
        else:
            bones = evaluated.pose.bones
            points = [
                point for bone in bones for point in (bone.head, bone.tail, bone.head + bone.x_axis * bone.length)
            ]
            poses[item] = np.array(points, np.float32).reshape(-1, 3)
    return poses


def _differ(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether points are elsewhere, farther than nobody would see."""
    if one.shape != other.shape or not len(one):
        return one.shape != other.shape
    # far from the origin, single precision is what limits
    size = max(np.ptp(one, axis=0).max(), 0.01 * np.abs(one).max(), 1e-6)
    return bool(np.abs(one - other).max() > STILL * size)


# ---------------------------------------------------------------------------------------------------------------------
# Words


def _of(name: str) -> str:
    return f" of {name}" if name else ""


def _named(owner: Any, addresses: set[data_paths.Address]) -> str:
    """What addresses move, for people."""
    if _turns_object(addresses):
        return f"the delta rotation of {owner.name}"
    return listing(sorted({data_paths.target_name(path) for path, _ in addresses}))


def _turns_object(addresses: set[data_paths.Address]) -> bool:
    return {path for path, _ in addresses} == {"delta_rotation_euler"}
