"""Curves to f-curves: a take is one Action on one NLA track of the shape keys, and one of the head if it turns.

The only module that knows action slots and what Blender versions call them. Takes are added to whatever lies below, and
a track "Voxkey rest" under the first of them holds the keys at 0: NLA alone would put a key that no strip touches at
its default, which is 0 up to Blender 4.5 and 1 from 5.0 on. A head turns by its delta rotation, which Blender adds to
the rotation that the user animates. The user's own Actions, tracks and drivers are read, never written.
"""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, operator"

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .core.curves import Curves, Float32Array, frames_to_seconds, sample_curves

FACTS = "voxkey"
"""Custom property of a take's Action: what it was made from, one JSON object."""
PREDICTION = "voxkey_prediction"
"""Custom property of a take's Action: the raw prediction, float32."""
PHONES = "voxkey_phones"
"""Custom property of a take's Action: probabilities of speech sounds, float16, if the model gives them."""
HEAD_OF = "voxkey_head_of"
"""Custom property of a head's Action: the take that it belongs to."""
REST = "voxkey_rest"
"""Custom property of the rest track's Action: where its values were before the first take, a JSON list of
(data path, array index, value)."""

Address = tuple[str, int]
"""Data path and array index of an f-curve."""

_HEAD_ADDRESSES: tuple[Address, ...] = tuple(("delta_rotation_euler", axis) for axis in range(3))
_LINEAR, _AUTO_CLAMPED = 1, 4  # numbers of the enums, which is what foreach_set takes


def target_problem(obj: bpy.types.Object | None) -> str | None:
    """Why this object can't get a take, as one sentence with what to do; None when it can."""
    if obj is None:
        return "Choose the mesh of the face"
    if obj.type != "MESH":
        return f"{obj.name} is no mesh; choose the mesh of the face"
    mesh: Any = obj.data
    key = mesh.shape_keys
    if key is None or len(key.key_blocks) < 2:
        return f"{obj.name} has no shape keys; choose a mesh with shape keys such as jawOpen"
    if not key.is_editable:
        return f"The mesh of {obj.name} is linked from another file; make it local to animate it"
    if not key.use_relative:
        return f"{obj.name} has absolute shape keys; tick Relative in its Shape Keys panel"
    if key.animation_data and key.animation_data.use_tweak_mode:
        return f"An NLA strip of {obj.name} is being tweaked; leave tweak mode (Tab in the NLA editor) first"
    return None


def head_problem(obj: bpy.types.Object) -> str | None:
    """Why this object can't turn with the head motion, as one sentence with what to do; None when it can."""
    if not obj.is_editable:
        return f"{obj.name} is linked from another file; make it local, or turn an Empty that it is parented to"
    if obj.rotation_mode in {"QUATERNION", "AXIS_ANGLE"}:
        return f"{obj.name} does not rotate by Euler angles; set its Rotation Mode to XYZ Euler"
    if obj.animation_data and obj.animation_data.use_tweak_mode:
        return f"An NLA strip of {obj.name} is being tweaked; leave tweak mode (Tab in the NLA editor) first"
    return None


def head_warnings(obj: bpy.types.Object) -> list[str]:
    """Why the head may not turn as expected although its keys were written, one sentence a cause."""
    data = obj.animation_data
    if data is None:
        return []
    found = []
    if not data.use_nla:
        found.append(f"The NLA of {obj.name} is switched off; switch it on to see the head turn")
    if data.action and _addresses(data.action) & set(_HEAD_ADDRESSES):
        found.append(f"Your Action {data.action.name} animates the delta rotation of {obj.name} and wins over the take")
    return found


def shape_key_names(key: bpy.types.Key) -> list[str]:
    """Names of the keys that move something: all but the one that the others are relative to."""
    return [block.name for block in key.key_blocks if block != key.reference_key]


def driven_shape_keys(key: bpy.types.Key) -> set[str]:
    """Names of the keys whose value comes from a driver, over which no key frame wins."""
    drivers = key.animation_data.drivers if key.animation_data else ()
    paths = {driver.data_path for driver in drivers}
    return {name for name in shape_key_names(key) if _data_path(name) in paths}


def warnings(obj: bpy.types.Object, shape_keys: tuple[str, ...]) -> list[str]:
    """Why the take may not look as expected although it was written, one sentence a cause."""
    mesh: Any = obj.data
    key = mesh.shape_keys
    blocks = [key.key_blocks[name] for name in shape_keys]
    found = []
    driven = sorted(driven_shape_keys(key))
    if driven:
        found.append(f"A driver moves {_listing(driven)}; the take leaves it alone")
    animated = _animated_shape_keys(key)
    moved = [block.name for block in blocks if block.value and block.name not in animated]
    if moved:
        found.append(f"The slider of {_listing(moved)} was not at 0; the take starts from 0")
    muted = [block.name for block in blocks if block.mute]
    if muted:
        found.append(f"{_listing(muted)} is muted and will not move")
    narrow = [block.name for block in blocks if block.slider_max < 1]
    if narrow:
        found.append(f"The range of {_listing(narrow)} ends below 1; larger values are cut off")
    if obj.show_only_shape_key:
        found.append("Solo is on in the Shape Keys panel; the mesh shows one key only")
    if mesh.users > 1:
        found.append(f"{mesh.users} objects share this mesh; all of them move")
    return found + _animation_warnings(key, shape_keys)


def _animation_warnings(key: bpy.types.Key, shape_keys: tuple[str, ...]) -> list[str]:
    data = key.animation_data
    if data is None:
        return []
    found = []
    if not data.use_nla:
        found.append("The NLA of the shape keys is switched off; switch it on to see the take")
    if any(track.is_solo for track in data.nla_tracks):
        found.append("Another NLA track is on solo; switch that off to see the take")
    own = sorted(_animated_by(data.action) & set(shape_keys)) if data.action else []
    if own:
        found.append(f"Your Action {data.action.name} animates {_listing(own)} and wins over the take")
    below = {
        name for _, action in _layers(key) if not {FACTS, REST} & set(action.keys()) for name in _animated_by(action)
    }
    shared = sorted(below & set(shape_keys))
    if shared:
        found.append(f"Your NLA strips animate {_listing(shared)} too; the take adds to them")
    return found


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
    key: bpy.types.Key,
    frames: NDArray[np.int64],
    keys: Curves,
    facts: dict[str, Any],
    prediction: Curves,
) -> bpy.types.Action:
    """A new Action on a new NLA track, with keys.values (N, K) at frames (N,) for the shape keys keys.channels."""
    addresses = [(_data_path(name), 0) for name in keys.channels]
    action, checksum = _write_layer(key, f"Voxkey {facts['source']}", addresses, frames, keys.values, 0.0)
    action[PREDICTION] = np.ascontiguousarray(prediction.values).tobytes()
    layout = {"channels": prediction.channels, "fps": prediction.fps}
    action[FACTS] = json.dumps({**facts, "prediction": layout, "checksum": checksum})
    return action


def write_head(
    obj: bpy.types.Object, take: bpy.types.Action, frames: NDArray[np.int64], angles: Float32Array
) -> bpy.types.Action:
    """The head's part of a take: angles (N, 3) in radians about the object's own axes, at frames (N,).

    Delta rotation turns about the axes of the parent, so the angles, small as they are, turn with the object.
    """
    own_axes = np.array(obj.rotation_euler.to_matrix(), np.float32)
    turned = angles @ own_axes.T
    action, checksum = _write_layer(obj, f"{take.name} head", _HEAD_ADDRESSES, frames, turned, None)
    action[HEAD_OF] = take
    action[FACTS] = json.dumps({"checksum": checksum})
    return action


def takes(key: bpy.types.Key) -> list[bpy.types.Action]:
    """The takes of a mesh that are heard: an Action on a muted track is kept, but out of use."""
    return [action for track, action in _layers(key) if FACTS in action and not track.mute]


def find_take(key: bpy.types.Key, source_name: str) -> bpy.types.Action | None:
    """The take in use that was made from this strip or Speaker."""
    return next((action for action in takes(key) if read_facts(action)["source"] == source_name), None)


def read_facts(action: bpy.types.Action) -> dict[str, Any]:
    """What a take was made from."""
    facts: dict[str, Any] = json.loads(action[FACTS])
    return facts


def read_prediction(action: bpy.types.Action) -> Curves:
    """The raw prediction kept with a take, so that it can be shaped anew without running the model."""
    facts = read_facts(action)["prediction"]
    values = np.frombuffer(action[PREDICTION], np.float32)
    return Curves(values.reshape(-1, len(facts["channels"])), tuple(facts["channels"]), facts["fps"])


def write_phones(action: bpy.types.Action, phones: Curves) -> None:
    """Keep probabilities of speech sounds with a take, so that they can be shown without running the model."""
    action[PHONES] = phones.values.astype(np.float16).tobytes()
    layout = {"channels": phones.channels, "fps": phones.fps}
    action[FACTS] = json.dumps({**read_facts(action), "phones": layout})


def read_phones(action: bpy.types.Action) -> Curves | None:
    """The probabilities of speech sounds kept with a take; None when its model gives none."""
    if PHONES not in action:
        return None
    facts = read_facts(action)["phones"]
    values = np.frombuffer(action[PHONES], np.float16).astype(np.float32)
    return Curves(values.reshape(-1, len(facts["channels"])), tuple(facts["channels"]), facts["fps"])


def is_edited(key: bpy.types.Key, action: bpy.types.Action) -> bool:
    """Whether someone has changed the keys of a take, or of the head that goes with it, since it was written."""
    return any(read_facts(part)["checksum"] != _checksum(part) for _, part in _parts(key, action))


def retire_take(key: bpy.types.Key, action: bpy.types.Action) -> bool:
    """Take a take out of use before another replaces it: removed, or muted if it was edited; whether it was kept."""
    parts = _parts(key, action)
    if not is_edited(key, action):
        for owner, part in parts:
            _remove_layer(owner, part)
            if owner != key:  # another object may turn next time
                _remove_rest(owner)
        return False
    for owner, part in parts:
        for track, layer in _layers(owner):
            if layer == part:
                track.mute = True
    return True


def remove_take(key: bpy.types.Key, action: bpy.types.Action) -> None:
    """Remove a take with its Actions; with the last one goes the rest track, and all returns to where it was."""
    for owner, part in _parts(key, action):
        _remove_layer(owner, part)
        _remove_rest(owner)


def _remove_rest(owner: Any) -> None:
    """Remove the rest track when there is no take left above it."""
    rest = _rest_action(owner)
    if rest is None or any(FACTS in layer for _, layer in _layers(owner)):
        return
    before = json.loads(rest[REST])
    _remove_layer(owner, rest)
    for path, index, value in before:
        _set_value(owner, (path, index), value)


def fcurves(action: bpy.types.Action) -> list[Any]:
    """All f-curves of an Action, of all its slots."""
    if not hasattr(action, "layers"):  # before 4.4
        return list(action.fcurves)
    return [
        curve for layer in action.layers for strip in layer.strips for bag in strip.channelbags for curve in bag.fcurves
    ]


def _data_path(shape_key: str) -> str:
    return f'key_blocks["{bpy.utils.escape_identifier(shape_key)}"].value'


def _listing(names: list[str]) -> str:
    """Up to three names, then how many more."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _parts(key: bpy.types.Key, take: bpy.types.Action) -> list[tuple[Any, bpy.types.Action]]:
    """(owner, Action) of a take: the shape keys' and, where a head turns with it, that object's."""
    heads = [(obj, layer) for obj in bpy.data.objects for _, layer in _layers(obj) if layer.get(HEAD_OF) == take]
    return [*heads, (key, take)]


def _layers(owner: Any) -> list[tuple[Any, bpy.types.Action]]:
    """(NLA track, Action) of every strip with an Action, bottom first, of shape keys or an object."""
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    return [(track, strip.action) for track in tracks for strip in track.strips if strip.action]


def _addresses(action: bpy.types.Action) -> set[Address]:
    """What an Action animates."""
    return {(curve.data_path, curve.array_index) for curve in fcurves(action)}


def _animated_by(action: bpy.types.Action) -> set[str]:
    """Names of the shape keys whose value an Action animates."""
    paths = (path for path, _ in _addresses(action))
    quoted = (path[len('key_blocks["') : -len('"].value')] for path in paths if path.startswith("key_blocks["))
    return {bpy.utils.unescape_identifier(name) for name in quoted}


def _animated_shape_keys(key: bpy.types.Key) -> set[str]:
    """Names of the shape keys that any NLA strip or the active Action animates."""
    active = [key.animation_data.action] if key.animation_data and key.animation_data.action else []
    return {name for action in [*active, *(action for _, action in _layers(key))] for name in _animated_by(action)}


def _write_layer(
    owner: Any,
    name: str,
    addresses: Sequence[Address],
    frames: NDArray[np.int64],
    values: Float32Array,
    rest_value: float | None,
) -> tuple[bpy.types.Action, int]:
    """A new Action on a new NLA track of the owner, added to the rest; with the checksum of its keys.

    values are (N, K) at frames (N,) for K addresses. None as rest_value holds what the owner has now.
    """
    _write_rest(owner, addresses, rest_value)
    action = bpy.data.actions.new(name)
    curves = _new_fcurves(action, owner)
    coordinates = _coordinates(frames, values)
    for (path, index), points in zip(addresses, coordinates, strict=True):
        _write_fcurve(curves.new(path, index=index), points)
    _add_track(owner, action, "ADD", "NOTHING")
    return action, zlib.crc32(coordinates.tobytes())


def _new_fcurves(action: bpy.types.Action, owner: Any) -> Any:
    """The collection in which the f-curves of a new Action for shape keys or an object are made."""
    id_type: Any = "KEY" if isinstance(owner, bpy.types.Key) else "OBJECT"
    if not hasattr(action, "slots"):  # before 4.4
        action.id_root = id_type
        return action.fcurves
    slot = action.slots.new(id_type=id_type, name=owner.name)
    strip: Any = action.layers.new("Layer").strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def _coordinates(frames: NDArray[np.int64], values: Float32Array) -> Float32Array:
    """(K, N, 2) frame and value of every key, from frames (N,) and values (N, K)."""
    coordinates = np.empty((values.shape[1], len(frames), 2), np.float32)
    coordinates[:, :, 0], coordinates[:, :, 1] = frames, values.T
    return coordinates


def _write_fcurve(curve: Any, coordinates: Float32Array) -> None:
    """Linear keys (N, 2), all at once: keyframe_insert takes 200 times as long."""
    n_keys = len(coordinates)
    points = curve.keyframe_points
    points.add(n_keys)
    points.foreach_set("co", coordinates.ravel())
    # bytes, as Blender stores them: other integers take 20 times as long
    points.foreach_set("interpolation", np.full(n_keys, _LINEAR, np.uint8))
    for side in ("handle_left_type", "handle_right_type"):
        points.foreach_set(side, np.full(n_keys, _AUTO_CLAMPED, np.uint8))
    curve.update()


def _add_track(owner: Any, action: bpy.types.Action, blend_type: Any, extrapolation: Any) -> None:
    tracks = (owner.animation_data or owner.animation_data_create()).nla_tracks
    track = tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(action.frame_range[0]), action)
    if hasattr(action, "slots"):
        strip.action_slot = action.slots[0]
    strip.blend_type, strip.extrapolation = blend_type, extrapolation


def _write_rest(owner: Any, addresses: Sequence[Address], rest_value: float | None) -> None:
    """Hold what nothing else animates at rest, below all takes, and note where it was; None holds it where it is."""
    animated = {address for _, action in _layers(owner) for address in _addresses(action)}
    missing = [address for address in addresses if address not in animated]
    if not missing:
        return
    rest = _rest_action(owner)
    is_new = rest is None
    if rest is None:
        rest = bpy.data.actions.new("Voxkey rest")
        rest[REST] = "[]"
    curves = _new_fcurves(rest, owner) if is_new else _existing_fcurves(rest)
    before = [(path, index, _value(owner, (path, index))) for path, index in missing]
    for path, index, value in before:
        held = value if rest_value is None else rest_value
        _write_fcurve(curves.new(path, index=index), np.array([[0, held]], np.float32))
    rest[REST] = json.dumps(json.loads(rest[REST]) + before)
    if is_new:
        _add_track(owner, rest, "REPLACE", "HOLD")


def _value(owner: Any, address: Address) -> float:
    path, index = address
    value = owner.path_resolve(path)
    return float(value[index] if hasattr(value, "__getitem__") else value)


def _set_value(owner: Any, address: Address, value: float) -> None:
    """Set what an address points to; nothing when it is gone, as a deleted shape key is."""
    path, index = address
    holder, _, attribute = path.rpartition(".")
    try:
        target = owner.path_resolve(holder) if holder else owner
    except ValueError:
        return
    if hasattr(getattr(target, attribute), "__setitem__"):
        getattr(target, attribute)[index] = value
    else:
        setattr(target, attribute, value)


def _rest_action(owner: Any) -> bpy.types.Action | None:
    return next((action for _, action in _layers(owner) if REST in action), None)


def _existing_fcurves(action: bpy.types.Action) -> Any:
    if not hasattr(action, "layers"):  # before 4.4
        return action.fcurves
    strip: Any = action.layers[0].strips[0]
    return strip.channelbag(action.slots[0]).fcurves


def _remove_layer(owner: Any, action: bpy.types.Action) -> None:
    for track, layer in _layers(owner):
        if layer == action:
            owner.animation_data.nla_tracks.remove(track)
    bpy.data.actions.remove(action)


def _checksum(action: bpy.types.Action) -> int:
    """Changes with every frame, value and number of the keys."""
    checksum = 0
    for curve in fcurves(action):
        coordinates = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", coordinates)
        checksum = zlib.crc32(coordinates.tobytes(), checksum)
    return checksum
