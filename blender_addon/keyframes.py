"""Curves to f-curves: a take is an Action on an NLA track of its own for each data-block that moves.

The only module that knows action slots and what Blender versions call them. Takes are added to whatever lies below, and
a track "Voxkey rest" under the first of them holds shape keys and custom properties at 0, and bones where they are: NLA
alone would put what no strip touches at its default, which is 1 for shape keys from Blender 5.0 on. Bones are combined:
rotations follow on those below, scales multiply. A head that is an object turns by its delta rotation, which Blender
adds to the rotation that the user animates. The user's own Actions, tracks and drivers are read, never written.
"""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, operator"

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion
from numpy.typing import NDArray

from .core.curves import Curves, Float32Array, frames_to_seconds, sample_curves
from .core.key_reduction import reduce_keys
from .core.phone_edits import Edits, from_json, to_json
from .core.ranges import Range, pack, unpack
from .core.retarget import Target

FACTS = "voxkey"
"""Custom property of a take's Actions: what it was made from, one JSON object."""
PREDICTION = "voxkey_prediction"
"""Custom property of a take's Action: the raw prediction, float32."""
PHONES = "voxkey_phones"
"""Custom property of a take's Action: probabilities of speech sounds, float16, if the model gives them."""
REDONE = "voxkey_ranges"
"""Custom property of a take's Action: what was heard in parts that were done again, an .npz file."""
PHONE_EDITS = "voxkey_phone_edits"
"""Custom property of a take's Action: its phones before and after they were edited, one JSON object."""
PART_OF = "voxkey_part_of"
"""Custom property of every Action of a take but the first: the first, which stands for the take."""
MERGED = "voxkey_merged"
"""Custom property of an Action that takes were merged into: it lies over the rest track, as they do."""
HEAD_BONE = "voxkey_head_bone"
"""Custom property of an armature: the bone of it that turns with the head motion; without one, the object does."""
REST = "voxkey_rest"
"""Custom property of the rest track's Action: where its values were before the first take, a JSON list of
(data path, array index, value)."""
ALL_OWN = "voxkey_all_own"
"""Custom property of the rest track's Action: whether its data-block had no animation data before."""

Address = tuple[str, int]
"""Data path and array index of an f-curve."""

_PROPERTY = re.compile(r'(?P<holder>.*)\["(?P<name>(?:[^"\\]|\\.)*)"\]')
"""A data path that ends in a custom property."""
_QUOTED = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
_HEAD_ADDRESSES: tuple[Address, ...] = tuple(("delta_rotation_euler", axis) for axis in range(3))
_REST_ANGLE = (0.0, 0.0, 1.0, 0.0)  # Blender's default angle and axis
_KEYS_DEFAULT_TO_1 = bpy.app.version >= (5, 0, 0)
_KEY_FIELDS: dict[str, tuple[type, int]] = {
    **dict.fromkeys(("co", "handle_left", "handle_right"), (np.float32, 2)),
    **dict.fromkeys(("amplitude", "back", "period"), (np.float32, 1)),
    **dict.fromkeys(("interpolation", "easing", "type", "handle_left_type", "handle_right_type"), (np.uint8, 1)),
    **dict.fromkeys(("select_control_point", "select_left_handle", "select_right_handle"), (np.bool_, 1)),
}
"""All that Blender keeps of a key: type and number of values."""
_CONSTANT, _LINEAR, _AUTO_CLAMPED = 0, 1, 4  # numbers of the enums, which is what foreach_set takes


@dataclass(frozen=True)
class Motion:
    """What a take does with one data-block."""

    owner: Any
    """Shape keys, or the object whose bones and custom properties move."""
    targets: tuple[Target, ...]
    """M."""
    values: Float32Array
    """(N, M), one row a key frame."""


@dataclass(frozen=True)
class Spacing:
    """How close together the keys of a take are."""

    tolerance: float = 0.0
    """How far f-curves may be from the values of a motion for the sake of fewer keys; 0 for a key in every row."""
    is_held: bool = False
    """Whether values are held from key to key instead of going over into one another."""


def head_problem(obj: bpy.types.Object) -> str | None:
    """Why this object can't turn with the head motion, as one sentence with what to do; None when it can."""
    if not obj.is_editable:
        return f"{obj.name} is linked from another file; make it local, or turn an Empty that it is parented to"
    bone = head_bone(obj)
    if bone and bone not in obj.pose.bones:
        return f"{obj.name} has no bone {bone} any more; choose another"
    if not bone and obj.rotation_mode in {"QUATERNION", "AXIS_ANGLE"}:
        return f"{obj.name} does not rotate by Euler angles; set its Rotation Mode to XYZ Euler"
    if obj.animation_data and obj.animation_data.use_tweak_mode:
        return f"An NLA strip of {obj.name} is being tweaked; leave tweak mode (Tab in the NLA editor) first"
    return None


def head_bone(obj: bpy.types.Object) -> str:
    """The bone that turns with the head motion where the chosen object is an armature; empty for the object itself."""
    return str(obj.get(HEAD_BONE, "")) if obj.type == "ARMATURE" else ""


def set_head_bone(armature: bpy.types.Object, name: str) -> None:
    """Choose the bone of an armature that turns with the head motion, or with no name the armature itself."""
    armature[HEAD_BONE] = name


def upright(armature: bpy.types.Object) -> Matrix:
    """What turns an armature's own axes into those of the character (X to its left, Y to its back, Z up), 3 x 3.

    The object's rotation counts, as importers stand up by it what other programs made with Y up, but for the turn about
    the vertical, by which an artist places a character in a scene.
    """
    standing = armature.matrix_world.to_quaternion()
    turned = Quaternion((standing.w, 0, 0, standing.z)) if standing.w or standing.z else Quaternion()
    return (turned.normalized().inverted() @ standing).to_matrix()


def shape_key_names(key: bpy.types.Key) -> list[str]:
    """Names of the keys that move something: all but the one that the others are relative to."""
    return [block.name for block in key.key_blocks if block != key.reference_key]


def addresses(owner: Any, target: Target) -> list[Address]:
    """The f-curves that move a target; of a bone's rotation, all those of its rotation mode."""
    if target.kind == "shape_key":
        return [(_data_path(target.name), 0)]
    if target.kind == "property":
        holder = owner.pose.bones[target.component].path_from_id() if target.component else ""
        return [(f'{holder}["{bpy.utils.escape_identifier(target.name)}"]', 0)]
    bone = owner.pose.bones[target.name]
    channel, _, axis = target.component.partition("_")
    if channel == "rotation":
        path, length = _rotation_channel(bone)
        return [(path, index) for index in range(length)]
    return [(f"{bone.path_from_id()}.{channel}", "xyz".index(axis))]


def drivers(owner: Any) -> dict[Address, Any]:
    """Address -> the driver's f-curve, over which no key frame wins, unless it is muted."""
    found = owner.animation_data.drivers if owner.animation_data else ()
    return {(curve.data_path, curve.array_index): curve for curve in found if not curve.mute}


def driver_of(owner: Any, target: Target) -> Any:
    """The driver of a shape key or custom property; None when it is free."""
    path, index = addresses(owner, target)[0]
    driver = owner.animation_data.drivers.find(path, index=index) if owner.animation_data else None
    return None if driver is None or driver.mute else driver


def animated_by(player: Any) -> set[Address]:
    """What an Action animates, with all its slots, or what a strip or the animation data of an owner plays of one."""
    action = player if isinstance(player, bpy.types.Action) else player.action
    if action is None:
        return set()
    curves = fcurves(action) if player == action else _slot_fcurves(action, player)
    return {_address(curve) for curve in curves}


def animated_by_strips(owner: Any, is_own: bool, even_muted: bool = True) -> set[Address]:
    """What the strips of takes and rest, or those of the user, animate of an owner."""
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    heard = [(strip, not (track.mute or strip.mute)) for track in tracks for strip in track.strips if strip.action]
    strips = [strip for strip, is_heard in heard if is_heard or even_muted]
    played = [strip for strip in strips if (FACTS in strip.action or REST in strip.action) == is_own]
    return {address for strip in played for address in animated_by(strip)}


def animated_properties(data_block: Any, beginning: str) -> dict[str, Any]:
    """f-curves of a data-block's Action for properties whose path begins like this, by the rest of the path."""
    data = data_block.animation_data
    if data is None or data.action is None:
        return {}
    found = {curve.data_path: curve for curve in _slot_fcurves(data.action, data)}
    return {path.removeprefix(beginning): curve for path, curve in found.items() if path.startswith(beginning)}


def listing(names: Iterable[str]) -> str:
    """Up to three names, then how many more."""
    known = list(names)
    more = f" and {len(known) - 3} more" if len(known) > 3 else ""
    return ", ".join(known[:3]) + more


def target_name(path: str) -> str:
    """The shape key, custom property or bone that a data path is about."""
    quoted = _QUOTED.findall(path)
    return bpy.utils.unescape_identifier(quoted[-1]) if quoted else path


def raised_by_hand(motion: Motion) -> list[str]:
    """Names of shape keys and custom properties that are not at 0 although nothing animates them."""
    animated = _animated_by_user(motion.owner) | animated_by_strips(motion.owner, is_own=True)
    plain = [target for target in motion.targets if target.kind != "bone"]
    free = [(target.name, addresses(motion.owner, target)[0]) for target in plain]
    return [name for name, address in free if address not in animated and read_value(motion.owner, address)]


def key_values(action: bpy.types.Action) -> tuple[NDArray[np.int64], Float32Array]:
    """Frames (N,) at which any f-curve of a take's Action has a key, and the values (N, K) of all there."""
    keys = [_read_keys(curve) for curve in fcurves(action) if len(curve.keyframe_points)]
    if not keys:
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    frames = np.unique(np.concatenate([points[:, 0] for points in keys]))
    values = np.stack([np.interp(frames, points[:, 0], points[:, 1]) for points in keys], axis=1)
    return np.round(frames).astype(np.int64), values.astype(np.float32)


def moves_bones(animated: Iterable[Address]) -> bool:
    """Whether bones themselves are animated, and not only what they hold."""
    return any(path.startswith("pose.bones") and not path.endswith("]") for path, _ in animated)


def layers(owner: Any) -> list[tuple[Any, bpy.types.Action]]:
    """(NLA track, Action) of every strip with an Action, bottom first, of a data-block."""
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    return [(track, strip.action) for track in tracks for strip in track.strips if strip.action]


def take_keys(curves: Curves, start_frame: int, n_frames: int, fps: float, fps_base: float) -> tuple[Any, Float32Array]:
    """Frames (N,) and values (N, K) of a take: one row a scene frame, and a row at rest before and after.

    Without the rows at rest the face would stay in its last pose; one frame away, so that two takes of one sentence cut
    in two join without a dip.
    """
    frames = np.arange(start_frame - 1, start_frame + n_frames + 1)
    values = np.zeros((len(frames), len(curves.channels)), np.float32)
    times = np.array([frames_to_seconds(frame - start_frame, fps, fps_base) for frame in frames[1:-1]])
    values[1:-1] = sample_curves(curves, times)
    return frames, values


def write_take(
    motions: Sequence[Motion],
    frames: NDArray[np.int64],
    facts: dict[str, Any],
    prediction: Curves,
    spacing: Spacing = Spacing(),
) -> bpy.types.Action:
    """New Actions on new NLA tracks with the motions' keys at frames (N,); the first, which stands for the take.

    With a tolerance, frames are evenly spaced.
    """
    take = None
    for motion in motions:
        for layer in _motion_layers(motion):
            name = f"{take.name} {owner_name(motion.owner)}" if take else f"Voxkey {facts['source']}"
            action, checksum = _write_layer(motion.owner, name, layer, frames, spacing)
            if take is None:
                take = action
                action[PREDICTION] = np.ascontiguousarray(prediction.values).tobytes()
                layout = {"channels": prediction.channels, "fps": prediction.fps}
                action[FACTS] = json.dumps({**facts, "prediction": layout, "checksum": checksum})
            else:
                _write_part_facts(action, take, checksum)
    assert take is not None  # no motion, no take: generation has refused
    return take


def write_head(
    obj: bpy.types.Object,
    take: bpy.types.Action,
    frames: NDArray[np.int64],
    angles: Float32Array,
    spacing: Spacing = Spacing(),
) -> bpy.types.Action:
    """A head object's part of a take: angles (N, 3) in radians about the axes of the head, at frames (N,).

    Those of the object itself, or, where a bone of it turns, those of the character.
    """
    action, checksum = _write_layer(obj, f"{take.name} head", _head_layer(obj, angles), frames, spacing)
    _write_part_facts(action, take, checksum)
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
    wanted_layers = layers_of(motions, head, angles)
    free = parts(take)
    places = []
    for owner, layer in wanted_layers:
        wanted = (owner, layer.addresses)
        place = next((p for p in free if (p[0], [_address(curve) for curve in fcurves(p[1])]) == wanted), None)
        if place is None or read_facts(place[1])["checksum"] != _checksum(place[1]):
            return False
        free.remove(place)
        places.append(place)
    if free:
        return False
    for (_, action), (_, layer) in zip(places, wanted_layers, strict=True):
        keys = _keys(frames, layer.values, spacing)
        for curve, points in zip(fcurves(action), keys, strict=True):
            curve.keyframe_points.clear()
            _write_fcurve(curve, points, spacing)
        add_facts(action, checksum=_checksum_of(keys))
        action.update_tag()
    return True


def layers_of(
    motions: Sequence[Motion], head: bpy.types.Object | None, angles: Float32Array
) -> list[tuple[Any, _Layer]]:
    """(owner, keys) of every Action of a take, the head object's with angles (N, 3) last."""
    found = [(motion.owner, layer) for motion in motions for layer in _motion_layers(motion)]
    return [*found, (head, _head_layer(head, angles))] if head else found


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
    before: Sequence[tuple[Any, _Layer]] | None,
    after: Sequence[tuple[Any, _Layer]],
    stretch: Stretch,
    spacing: Spacing,
) -> None:
    """Change the keys of a stretch of a take from what the layers were before to what they are after; no other key.

    Before is None when nobody has edited the take. Edits by hand fade out in the stretch, f-curves that were deleted
    stay so. ValueError, with nothing changed, when the take is linked, shared with a copy of the character, or moves
    nothing of what the layers do.
    """
    check_local(take, "press Apply to Take to get one here")
    free = parts_of(take, character)
    if any(len(owners(action)) > 1 for _, action in free):
        raise ValueError(f"{take.name} is shared with a copy of this character; press Apply to Take to give it its own")
    changes = []
    for (owner, old), (_, new) in zip(before or after, after, strict=True):
        wanted = set(new.addresses)
        action = next((action for part, action in free if part == owner and wanted & animated_by(action)), None)
        if action is not None:
            changes.append((action, old, new))
    if not changes:
        raise ValueError(f"The character has changed since {take.name} was made; press Apply to Take first")
    for action, old, new in changes:
        columns = {address: column for column, address in enumerate(new.addresses)}
        for curve in fcurves(action):
            column = columns.get(_address(curve))
            if column is None or not len(curve.keyframe_points):
                continue
            values = new.values[stretch.rows, column]
            if before is not None:
                edits = _heard(curve, stretch.frames) - old.values[stretch.rows, column]
                values = values + (1 - stretch.weights) * edits
            _splice(curve, stretch, values, spacing)
        if before is None:
            add_facts(action, checksum=_checksum(action))
        action.update_tag()


def n_keys(take: bpy.types.Action) -> int:
    """How many keys a take has, on all its f-curves."""
    return sum(len(curve.keyframe_points) for _, action in parts(take) for curve in fcurves(action))


def write_action(
    owner: Any,
    name: str,
    found: Sequence[Address],
    frames: NDArray[np.int64],
    values: Float32Array,
    beside: bpy.types.Action | None = None,
) -> bpy.types.Action:
    """A plain Action with values (N, K) at frames (N,) for K addresses, which becomes the owner's active one.

    From Blender 4.4 on it is a further slot of the Action beside, if one is given.
    """
    spacing = Spacing()
    action = _write_keys(owner, name, found, _keys(frames, values, spacing), spacing, beside)
    data = owner.animation_data or owner.animation_data_create()
    data.action = action
    if hasattr(action, "slots"):
        data.action_slot = action.slots[-1]
    return action


def mute_tracks(owner: Any) -> None:
    """Mute all NLA tracks of a data-block."""
    for track in owner.animation_data.nla_tracks if owner.animation_data else ():
        track.mute = True


def posed(motion: Motion) -> list[tuple[Address, float]]:
    """Addresses with the values that the first row of a motion gives them on top of the present pose."""
    values = []
    for layer in _motion_layers(motion):
        turns: dict[str, Quaternion] = {}
        for (path, index), value in zip(layer.addresses, layer.values[0].tolist(), strict=True):
            now = read_value(motion.owner, (path, index))
            if path.endswith(".rotation_quaternion"):
                turns.setdefault(path, Quaternion())[index] = value
            elif layer.rest_value is not None:
                values.append(((path, index), value))
            else:
                values.append(((path, index), now * value if path.endswith(".scale") else now + value))
        for path, turn in turns.items():
            rotation = motion.owner.path_resolve(path) @ turn
            values += [((path, index), rotation[index]) for index in range(4)]
    return values


def owner_name(owner: Any) -> str:
    """What people know a data-block by: of shape keys, their mesh."""
    return str(owner.user.name if isinstance(owner, bpy.types.Key) else owner.name)


def owners(action: bpy.types.Action) -> list[Any]:
    """The data-blocks that an Action animates or is laid out on."""
    users = bpy.data.user_map(subset=[action])[action]
    users -= set(bpy.data.actions)  # those that point to their take
    return [user for user in users if any(layer == action for _, layer in layers(user))]


def parts(take: bpy.types.Action) -> list[tuple[Any, bpy.types.Action]]:
    """(owner, Action) of a take, the first Action last."""
    actions = [*(action for action in bpy.data.actions if action.get(PART_OF) == take), take]
    return [(owner, action) for action in actions for owner in owners(action)]


def takes(owner: Any) -> list[bpy.types.Action]:
    """The takes of a data-block that are heard: an Action on a muted track is kept, but out of use."""
    return [action for track, action in layers(owner) if is_take(action) and not track.mute]


def is_take(action: bpy.types.Action) -> bool:
    """Whether an Action stands for a take."""
    return FACTS in action and PART_OF not in action


def find_take(owner: Any, source_name: str) -> bpy.types.Action | None:
    """The take in use that was made from this strip or Speaker."""
    return next((action for action in takes(owner) if read_facts(action)["source"] == source_name), None)


def read_facts(action: bpy.types.Action) -> dict[str, Any]:
    """What a take was made from."""
    facts: dict[str, Any] = json.loads(action[FACTS])
    return facts


def add_facts(take: bpy.types.Action, **facts: Any) -> None:
    """Note more of what a take was made from, or what was found out about it."""
    take[FACTS] = json.dumps({**read_facts(take), **facts})


def read_prediction(action: bpy.types.Action) -> Curves:
    """The raw prediction kept with a take, so that it can be shaped anew without running the model."""
    facts = read_facts(action)["prediction"]
    values = np.frombuffer(action[PREDICTION], np.float32)
    return Curves(values.reshape(-1, len(facts["channels"])), tuple(facts["channels"]), facts["fps"])


def write_phones(action: bpy.types.Action, phones: Curves) -> None:
    """Keep probabilities of speech sounds with a take, so that they can be shown without running the model."""
    action[PHONES] = phones.values.astype(np.float16).tobytes()
    add_facts(action, phones={"channels": phones.channels, "fps": phones.fps})


def write_ranges(action: bpy.types.Action, ranges: Sequence[Range]) -> None:
    """Keep with a take which parts of it were done again, and how."""
    action.pop(REDONE, None)  # bytes that are written over others end at the first 0
    facts, action[REDONE] = pack(ranges)
    add_facts(action, ranges=facts)


def read_ranges(action: bpy.types.Action) -> tuple[Range, ...]:
    """The parts of a take that were done again, the latest last."""
    return unpack(read_facts(action)["ranges"], action[REDONE]) if REDONE in action else ()


def read_phones(action: bpy.types.Action) -> Curves | None:
    """The probabilities of speech sounds kept with a take; None when its model gives none."""
    if PHONES not in action:
        return None
    facts = read_facts(action)["phones"]
    values = np.frombuffer(action[PHONES], np.float16).astype(np.float32)
    return Curves(values.reshape(-1, len(facts["channels"])), tuple(facts["channels"]), facts["fps"])


def write_phone_edits(action: bpy.types.Action, edits: Edits | None) -> None:
    """Keep edited phones with a take, or forget them."""
    action.pop(PHONE_EDITS, None)
    if edits:
        action[PHONE_EDITS] = to_json(edits)


def read_phone_edits(action: bpy.types.Action) -> Edits | None:
    """The edited phones kept with a take; None when they are as the model heard them."""
    return from_json(action[PHONE_EDITS]) if PHONE_EDITS in action else None


def parts_of(take: bpy.types.Action, character: Sequence[Any]) -> list[tuple[Any, bpy.types.Action]]:
    """The parts of a take, of one character if several share it."""
    found = parts(take)
    is_shared = len([owner for owner, action in found if action == take]) > 1
    return [(owner, action) for owner, action in found if owner in character] if is_shared else found


def check_local(take: bpy.types.Action, instead: str) -> None:
    """Raise ValueError, with what to do instead, when a take can't be changed because another file has it."""
    if not take.is_editable:
        raise ValueError(f"{take.name} is linked from another file, which keeps it as it is; {instead}")


def is_edited(take: bpy.types.Action) -> bool:
    """Whether someone has changed the keys of any part of a take since it was written."""
    return any(read_facts(part)["checksum"] != _checksum(part) for _, part in parts(take))


def retire_take(take: bpy.types.Action, character: Sequence[Any]) -> bool:
    """Take a take out of use before another replaces it: removed, or muted if it was edited or is linked from another
    file, which would bring it back; whether it was kept.

    Of a copied character, which shares the take, only what belongs to this one, as in remove_take.
    """
    found = parts_of(take, character)
    if take.is_editable and not is_edited(take):
        for owner, part in found:
            _remove_layer(owner, part)
            if not isinstance(owner, bpy.types.Key):  # other bones or another object may move next time
                _remove_rest(owner)
        _remove_actions(found)
        return False
    mute_take(take, character)
    return True


def mute_take(take: bpy.types.Action, character: Sequence[Any], is_muted: bool = True) -> None:
    """Mute the tracks of all parts of a take, or bring them back; of a shared take as in remove_take."""
    for owner, part in parts_of(take, character):
        for track, layer in layers(owner):
            if layer == part:
                track.mute = is_muted


def shift_take(take: bpy.types.Action, frames: int) -> None:
    """Move all keys of a take, edited ones too, and its NLA strips by so many frames."""
    found = parts(take)
    for action in dict.fromkeys(action for _, action in found):
        was_edited = read_facts(action)["checksum"] != _checksum(action)
        for curve in fcurves(action):
            for name in ("co", "handle_left", "handle_right"):
                points = _read_points(curve.keyframe_points, name)
                points[:, 0] += frames
                curve.keyframe_points.foreach_set(name, points.ravel())
            curve.update()
        if not was_edited:
            add_facts(action, checksum=_checksum(action))
    for owner, action in found:
        for strip in (strip for track in owner.animation_data.nla_tracks for strip in track.strips):
            if strip.action == action:
                for name in ("action_frame_start", "action_frame_end", "frame_start_raw", "frame_end_raw"):
                    setattr(strip, name, getattr(strip, name) + frames)


def remove_take(take: bpy.types.Action, character: Sequence[Any] = ()) -> None:
    """Remove a take with its Actions; with the last one goes the rest track, and all returns to where it was.

    character are data-blocks: where a copy of the character shares the take, that of the others stays. ValueError, with
    nothing removed, when it is linked.
    """
    check_local(take, "mute it instead")
    found = parts_of(take, character)
    for owner, part in found:
        _remove_layer(owner, part)
        _remove_rest(owner)
    _remove_actions(found)


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


def set_replacing(take: bpy.types.Action, character: Sequence[Any], is_replacing: bool) -> None:
    """Whether a take, while it plays, is all that is seen of what it moves, or adds to what lies below it.

    Bones that it replaces start from their rest pose. ValueError when it is linked.
    """
    check_local(take, "press Apply to Take to get one here")
    for owner, part in parts_of(take, character):
        added = "COMBINE" if moves_bones(animated_by(part)) else "ADD"
        for strip in _strips_of(owner, part):
            strip.blend_type = "REPLACE" if is_replacing else added


def is_replacing(take: bpy.types.Action) -> bool:
    """Whether a take silences what lies below it."""
    return any(strip.blend_type == "REPLACE" for owner in owners(take) for strip in _strips_of(owner, take))


def _strips_of(owner: Any, action: bpy.types.Action) -> list[Any]:
    return [strip for track in owner.animation_data.nla_tracks for strip in track.strips if strip.action == action]


@contextmanager
def takes_alone(owner: Any, found: Sequence[Address]) -> Iterator[None]:
    """Show the takes of a data-block without what the user animates, over a rest of 0 or of no change at all there."""
    data = owner.animation_data
    others = {track for track, layer in layers(owner) if not (FACTS in layer or REST in layer)}
    muted = {track: track.mute for track in others}
    was = data.use_nla, data.action_influence
    rest = _write_keys(owner, "Voxkey neutral", found, [np.array([[0, _no_change(a)]]) for a in found], Spacing())
    _add_track(owner, rest, "REPLACE", "HOLD", _track_below_takes(owner))
    for track in others:
        track.mute = True
    data.use_nla, data.action_influence = True, 0.0
    try:
        yield
    finally:
        data.use_nla, data.action_influence = was
        for track, mute in muted.items():
            track.mute = mute
        _remove_layer(owner, rest)
        bpy.data.actions.remove(rest)


def _no_change(address: Address) -> float:
    """What a value is where nothing moves it: 1 for scales, and of rotations where there is no turn."""
    path, index = address
    ones = {"rotation_quaternion": (1, 0, 0, 0), "rotation_axis_angle": _REST_ANGLE, "scale": (1, 1, 1)}
    known = ones.get(path.rpartition(".")[2])
    return float(known[index]) if known else 0.0


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
    is_bone = np.array([moves_bones([address]) for address in found], bool)
    actions = []
    for chosen, blend_type, rest_value in ((~is_bone, "ADD", 0.0), (is_bone, "COMBINE", None)):
        columns = np.flatnonzero(chosen)
        if not len(columns):
            continue
        of_these = [found[column] for column in columns]
        own = values[:, columns].copy()
        for column, (path, index) in enumerate(of_these):  # which Blender adds up, axes too
            own[:, column] -= _REST_ANGLE[index] if path.endswith(".rotation_axis_angle") else 0
        is_head = any(path == "delta_rotation_euler" for path, _ in of_these)
        layer = _Layer(of_these, own, None if is_head else rest_value, blend_type)
        action, _ = _write_layer(owner, name, layer, frames, spacing)
        action[MERGED] = True
        actions.append(action)
    return actions


def strips_without_slot(owner: Any, action: bpy.types.Action) -> list[Any]:
    """Strips that play an Action, but nothing of it."""
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    strips = [strip for track in tracks for strip in track.strips if strip.action == action]
    return [strip for strip in strips if getattr(strip, "action_slot", strip) is None]


def give_slot(strip: Any) -> None:
    """Make a strip play what its Action has."""
    strip.action_slot = strip.action.slots[0]


def fcurves(action: bpy.types.Action) -> list[Any]:
    """All f-curves of an Action, of all its slots."""
    if not hasattr(action, "layers"):  # before 4.4
        return list(action.fcurves)
    return [
        curve for layer in action.layers for strip in layer.strips for bag in strip.channelbags for curve in bag.fcurves
    ]


def _address(curve: Any) -> Address:
    return curve.data_path, curve.array_index


def _data_path(shape_key: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(shape_key)}"].value'


def _slot_fcurves(action: bpy.types.Action, player: Any) -> list[Any]:
    """The f-curves of an Action that a strip or the animation data of an owner plays: those of its slot."""
    if not hasattr(action, "layers"):  # before 4.4
        return list(action.fcurves)
    if player.action_slot is None:
        return []
    bags = [strip.channelbag(player.action_slot) for layer in action.layers for strip in layer.strips]
    return [curve for bag in bags if bag for curve in bag.fcurves]


def _animated_by_user(owner: Any) -> set[Address]:
    """What the user's NLA strips and active Action animate."""
    active = animated_by(owner.animation_data) if owner.animation_data else set()
    return active | animated_by_strips(owner, is_own=False)


@dataclass(frozen=True)
class _Layer:
    """The keys of one Action."""

    addresses: list[Address]
    """K."""
    values: Float32Array
    """(N, K)."""
    rest_value: float | None
    """What the rest track holds; None for what the owner has now."""
    blend_type: str


def _motion_layers(motion: Motion) -> Iterator[_Layer]:
    """Shape keys and custom properties add up; bones combine."""
    bones = [column for column, target in enumerate(motion.targets) if target.kind == "bone"]
    plain = [column for column in range(len(motion.targets)) if column not in bones]
    if plain:
        found = [addresses(motion.owner, motion.targets[column])[0] for column in plain]
        yield _Layer(found, motion.values[:, plain], 0.0, "ADD")
    moves: dict[str, dict[str, Float32Array]] = {}
    for column in bones:
        target = motion.targets[column]
        moves.setdefault(target.name, {})[target.component] = motion.values[:, column]
    if moves:
        pairs = [pair for name, move in moves.items() for pair in _bone_curves(motion.owner, name, move)]
        yield _Layer([address for address, _ in pairs], np.stack([v for _, v in pairs], axis=1), None, "COMBINE")


def _bone_curves(obj: Any, name: str, move: dict[str, Float32Array]) -> list[tuple[Address, Float32Array]]:
    """(address, values (N,)) of a bone for component -> values (N,), relative to what lies below."""
    bone = obj.pose.bones[name]
    curves = []
    for component, values in move.items():
        if not component.startswith("rotation"):
            scaled = values * np.float32(bone.length) if component.startswith("location") else 1 + values
            curves.append((addresses(obj, Target("bone", name, component))[0], scaled))
    turns = [move.get(f"rotation_{axis}") for axis in "xyz"]
    if any(turn is not None for turn in turns):
        still = np.zeros_like(next(iter(move.values())))
        vectors = np.stack([still if turn is None else turn for turn in turns], axis=1)
        path, length = _rotation_channel(bone)
        rotations = _rotations(bone.rotation_mode, vectors, _held(obj, path, length))
        curves += [((path, index), rotations[:, index]) for index in range(length)]
    return curves


def _rotation_channel(bone: Any) -> tuple[str, int]:
    """Data path and number of values of a bone's rotation."""
    channel, length = {"QUATERNION": ("rotation_quaternion", 4), "AXIS_ANGLE": ("rotation_axis_angle", 4)}.get(
        bone.rotation_mode, ("rotation_euler", 3)
    )
    return f"{bone.path_from_id()}.{channel}", length


def _rotations(mode: str, vectors: Float32Array, held: list[float] | None) -> Float32Array:
    """What turns a bone by rotation vectors (N, 3) in radians about its own axes when it is combined with held.

    held is the rotation below in the same mode, None when the user animates it. (N, 4) quaternions, which Blender
    multiplies; (N, 3) Euler angles or (N, 4) angles and axes, which it adds, so that they are differences.
    """
    turns = _quaternions(vectors)
    if mode == "QUATERNION":
        return turns
    rows: list[Any] = []
    if mode == "AXIS_ANGLE":
        before: Any = np.array(held or _REST_ANGLE)
        base = Quaternion(before[1:], before[0])
        for turn in turns.tolist():
            axis, angle = (base @ Quaternion(turn)).to_axis_angle()
            if axis.dot((rows[-1] if rows else before)[1:]) < 0:  # of the two ways to say it, the one nearby
                axis, angle = -axis, -angle
            rows.append(np.array((angle, axis.x, axis.y, axis.z)) if angle else before)
    else:
        euler = Euler(held or (0.0, 0.0, 0.0), mode)
        before, base = np.array(euler), euler.to_quaternion()
        for turn in turns.tolist():
            euler = (base @ Quaternion(turn)).to_euler(mode, euler)
            rows.append(np.array(euler))
    return np.asarray(np.array(rows) - before, np.float32)


def _quaternions(vectors: Float32Array) -> Float32Array:
    """(N, 4) for rotation vectors (N, 3): https://en.wikipedia.org/wiki/Axis-angle_representation"""
    half = np.linalg.norm(vectors, axis=1, keepdims=True) / 2
    return np.hstack([np.cos(half), vectors / 2 * np.sinc(half / np.pi)]).astype(np.float32)


def _held(owner: Any, path: str, length: int) -> list[float] | None:
    """What the rest track holds or will hold there; None when the user animates it."""
    wanted = [(path, index) for index in range(length)]
    rest = _rest_action(owner)
    curves = {(c.data_path, c.array_index): c.keyframe_points[0].co.y for c in fcurves(rest)} if rest else {}
    if all(address in curves for address in wanted):
        return [curves[address] for address in wanted]
    if not _animated_by_user(owner).isdisjoint(wanted):
        return None
    return [read_value(owner, address) for address in wanted]


def _head_layer(obj: bpy.types.Object, angles: Float32Array) -> _Layer:
    """Delta rotation turns about the axes of the parent, so the angles, small as they are, turn with the object."""
    name = head_bone(obj)
    if name:
        axes = np.array(upright(obj) @ obj.pose.bones[name].bone.matrix_local.to_3x3(), np.float32)
        turns = dict(zip(("rotation_x", "rotation_y", "rotation_z"), (angles @ axes).T, strict=True))
        found, values = zip(*_bone_curves(obj, name, turns), strict=True)
        return _Layer(list(found), np.stack(values, axis=1), None, "COMBINE")
    own_axes = np.array(obj.rotation_euler.to_matrix(), np.float32)
    return _Layer(list(_HEAD_ADDRESSES), angles @ own_axes.T, None, "ADD")


def _write_part_facts(action: bpy.types.Action, take: bpy.types.Action, checksum: int) -> None:
    action[PART_OF] = take
    action[FACTS] = json.dumps({"checksum": checksum})


def _write_layer(
    owner: Any, name: str, layer: _Layer, frames: NDArray[np.int64], spacing: Spacing
) -> tuple[bpy.types.Action, int]:
    """A new Action on a new NLA track of the owner, keyed at frames (N,), over the rest; with its checksum."""
    _write_rest(owner, layer.addresses, layer.rest_value)
    keys = _keys(frames, layer.values, spacing)
    action = _write_keys(owner, name, layer.addresses, keys, spacing)
    _add_track(owner, action, layer.blend_type, "NOTHING")
    return action, _checksum_of(keys)


def _write_keys(
    owner: Any,
    name: str,
    found: Sequence[Address],
    keys: Sequence[Float32Array],
    spacing: Spacing,
    beside: bpy.types.Action | None = None,
) -> bpy.types.Action:
    """An Action with the keys (N, 2) of each of K addresses: a new one, or a new slot of another."""
    has_slots = hasattr(bpy.types, "ActionSlot")  # from 4.4 on
    action = beside if beside and has_slots else bpy.data.actions.new(name)
    curves = _new_fcurves(action, owner)
    for (path, index), points in zip(found, keys, strict=True):
        _write_fcurve(curves.new(path, index=index), points, spacing)
    return action


def _new_fcurves(action: bpy.types.Action, owner: Any) -> Any:
    """The collection in which the f-curves of an Action for one more data-block are made."""
    if not hasattr(action, "slots"):  # before 4.4
        action.id_root = owner.id_type
        return action.fcurves
    slot = action.slots.new(id_type=owner.id_type, name=owner.name)
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip: Any = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def _keys(frames: NDArray[np.int64], values: Float32Array, spacing: Spacing) -> list[Float32Array]:
    """For each of K f-curves its keys, (n, 2) frame and value, from frames (N,) and values (N, K)."""
    if spacing.tolerance:
        return reduce_keys(frames, values, spacing.tolerance)
    coordinates = np.empty((values.shape[1], len(frames), 2), np.float32)
    coordinates[:, :, 0], coordinates[:, :, 1] = frames, values.T
    return list(coordinates)


def _write_fcurve(curve: Any, coordinates: Float32Array, spacing: Spacing) -> None:
    """Keys (N, 2) of an f-curve without any, all at once: keyframe_insert takes 200 times as long."""
    n_keys = len(coordinates)
    points = curve.keyframe_points
    points.add(n_keys)
    points.foreach_set("co", coordinates.ravel())
    # bytes, as Blender stores them: other integers take 20 times as long
    points.foreach_set("interpolation", np.full(n_keys, _CONSTANT if spacing.is_held else _LINEAR, np.uint8))
    for side in ("handle_left_type", "handle_right_type"):
        points.foreach_set(side, np.full(n_keys, _AUTO_CLAMPED, np.uint8))
    curve.update()


def _heard(curve: Any, frames: NDArray[np.int64]) -> Float32Array:
    """Values (R,) of an f-curve at frames (R,)."""
    return np.array([curve.evaluate(frame) for frame in frames.tolist()], np.float32)


def _splice(curve: Any, stretch: Stretch, values: Float32Array, spacing: Spacing) -> None:
    """Put values (R,) into a stretch of an f-curve in place of its keys there; the others stay to the last bit."""
    points, keys = curve.keyframe_points, _read_keys(curve)
    frames = keys[:, 0]
    start = int(np.searchsorted(frames, stretch.after_frame, "right"))
    stop = int(np.searchsorted(frames, stretch.before_frame))
    ends = np.array([stretch.after_frame, stretch.before_frame])
    borders = _heard(curve, ends)
    at, moved = np.r_[ends[0], stretch.frames, ends[1]], np.r_[borders[0], values, borders[1]].astype(np.float32)
    new = _keys(at, moved[:, None], spacing)[0]
    # with a key in every frame there are neighbours, else lines from farther away would miss the ends
    outside = np.r_[frames[:start], frames[stop:]] if spacing.tolerance else ends
    new = new[~np.isin(new[:, 0], outside)]
    handles = {side: _read_points(points, side) for side in ("handle_left", "handle_right")}
    if np.array_equal(frames[start:stop], new[:, 0]):
        keys[start:stop] = new
        points.foreach_set("co", keys.ravel())
    else:
        _replace_keys(curve, start, stop, new, spacing)
    curve.update()
    for side, earlier in handles.items():  # Blender fits them to new keys however far away
        fitted = _read_points(points, side)[start : start + len(new)]
        points.foreach_set(side, np.concatenate([earlier[:start], fitted, earlier[stop:]]).ravel())


def _replace_keys(curve: Any, start: int, stop: int, new: Float32Array, spacing: Spacing) -> None:
    """Put other keys (N, 2) in place of some of an f-curve, all of which Blender has to be told anew."""
    points = curve.keyframe_points
    earlier = {name: _read_points(points, name) for name in _KEY_FIELDS}
    points.clear()
    _write_fcurve(curve, new, spacing)
    merged = {
        name: np.concatenate([old[:start], _read_points(points, name), old[stop:]]) for name, old in earlier.items()
    }
    points.clear()
    points.add(len(merged["co"]))
    for name, found in merged.items():
        points.foreach_set(name, found.ravel())


def _read_points(points: Any, name: str) -> Any:
    """A field of N keys, (N,) or (N, 2)."""
    kind, width = _KEY_FIELDS[name]
    values: NDArray[Any] = np.empty(len(points) * width, kind)
    points.foreach_get(name, values)
    return values.reshape(-1, width) if width > 1 else values


def _add_track(
    owner: Any, action: bpy.types.Action, blend_type: Any, extrapolation: Any, above: Any | None = None
) -> None:
    tracks = (owner.animation_data or owner.animation_data_create()).nla_tracks
    active = tracks.active
    track = tracks.new(prev=above)
    tracks.active = active  # which the new one would be, and after it none
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if hasattr(action, "slots"):
        strip.action_slot = action.slots[0]
    strip.blend_type, strip.extrapolation = blend_type, extrapolation


def _write_rest(owner: Any, addresses: Sequence[Address], rest_value: float | None) -> None:
    """Hold what nothing else animates at rest, below all takes, and note where it was; None holds it where it is."""
    even_muted = not _KEYS_DEFAULT_TO_1  # else what is muted needs no rest, and is not hidden by one when it is unmuted
    animated = animated_by_strips(owner, is_own=False, even_muted=even_muted)
    animated |= animated_by_strips(owner, is_own=True)
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
    curves = _new_fcurves(rest, owner) if is_new else _existing_fcurves(rest)
    before = [(path, index, read_value(owner, (path, index))) for path, index in missing]
    for path, index, value in before:
        held = value if rest_value is None else rest_value
        _write_fcurve(curves.new(path, index=index), np.array([[0, held]], np.float32), Spacing())
    rest[REST] = json.dumps(json.loads(rest[REST]) + before)
    if is_new:
        _add_track(owner, rest, "REPLACE", "HOLD")


def read_value(owner: Any, address: Address) -> float:
    """The value at an address; ValueError when it is gone."""
    path, index = address
    value = owner.path_resolve(path)
    return float(value[index] if hasattr(value, "__getitem__") else value)


def set_value(owner: Any, address: Address, value: float) -> None:
    """Set what an address points to; nothing when it is gone, as a deleted shape key is."""
    path, index = address
    try:
        before = owner.path_resolve(path)
    except ValueError:
        return
    item = _PROPERTY.fullmatch(path)
    if item:
        holder = owner.path_resolve(item["holder"]) if item["holder"] else owner
        holder[bpy.utils.unescape_identifier(item["name"])] = type(before)(value)
    elif hasattr(before, "__setitem__"):
        before[index] = value
    else:
        holder_path, _, attribute = path.rpartition(".")
        setattr(owner.path_resolve(holder_path), attribute, value)


def _rest_action(owner: Any) -> bpy.types.Action | None:
    return next((action for _, action in layers(owner) if REST in action), None)


def _own_copy(owner: Any, action: bpy.types.Action) -> bpy.types.Action:
    """A copy of an Action in its place on the owner's tracks."""
    copy = action.copy()
    for track, layer in layers(owner):
        if layer == action:
            for strip in track.strips:
                strip.action = copy
                if hasattr(strip, "action_slot"):
                    strip.action_slot = copy.slots[0]
    return copy


def _existing_fcurves(action: bpy.types.Action) -> Any:
    if not hasattr(action, "layers"):  # before 4.4
        return action.fcurves
    strip: Any = action.layers[0].strips[0]
    return strip.channelbag(action.slots[0]).fcurves


def _remove_layer(owner: Any, action: bpy.types.Action) -> None:
    """Remove the strips of an Action, and the tracks that are empty then; the Action itself stays."""
    tracks = owner.animation_data.nla_tracks
    for track in list(tracks):
        strips = [strip for strip in track.strips if strip.action == action]
        for strip in strips:
            track.strips.remove(strip)
        if strips and not track.strips:
            tracks.remove(track)


def _remove_actions(found: Iterable[tuple[Any, bpy.types.Action]]) -> None:
    """Remove those Actions that nothing has on a track any more."""
    for action in {action for _, action in found}:
        if not owners(action):
            bpy.data.actions.remove(action)


def _remove_rest(owner: Any) -> None:
    """Remove the rest track when there is no take left above it; what it held returns to where it was."""
    rest = _rest_action(owner)
    if rest is None or any(FACTS in layer or MERGED in layer for _, layer in layers(owner)):
        return
    before, was_still = json.loads(rest[REST]), rest.get(ALL_OWN, False)
    held = [(curve.data_path, curve.array_index) for curve in _existing_fcurves(rest)]
    if len(held) != len(before):  # someone has edited the track
        held = [(path, index) for path, index, _ in before]
    _remove_layer(owner, rest)
    _remove_actions([(owner, rest)])
    for address, (_, _, value) in zip(held, before, strict=True):  # Blender renames in f-curves what the user renames
        set_value(owner, address, value)
    data = owner.animation_data
    if was_still and not (data.action or data.nla_tracks or data.drivers):
        owner.animation_data_clear()


def _checksum(action: bpy.types.Action) -> int:
    """Changes with every frame, value and number of the keys."""
    return _checksum_of([_read_keys(curve) for curve in fcurves(action)])


def _checksum_of(keys: Iterable[Float32Array]) -> int:
    checksum = 0
    for points in keys:
        checksum = zlib.crc32(points.tobytes(), checksum)
    return checksum


def _read_keys(curve: Any) -> Float32Array:
    """(N, 2) frame and value."""
    coordinates = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", coordinates)
    return coordinates.reshape(-1, 2)
