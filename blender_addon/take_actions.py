"""A take: an Action on an NLA track of its own for each data-block that moves, and all that is kept with them."""

# The bpy stubs do not know that custom properties are looked for with `in`.
# mypy: disable-error-code="operator"

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import bpy
import numpy as np

from . import data_paths, keyframes, nla
from .core.curves import Curves
from .core.phone_edits import Edits, from_json, to_json
from .core.ranges import Range, pack, unpack

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


def is_take(action: bpy.types.Action) -> bool:
    """Whether an Action stands for a take."""
    return nla.FACTS in action and PART_OF not in action


def in_use(owner: Any) -> list[bpy.types.Action]:
    """The takes of a data-block that are heard: an Action on a muted track is kept, but out of use."""
    return [action for track, action in nla.layers(owner) if is_take(action) and not track.mute]


def find_take(owner: Any, source_name: str) -> bpy.types.Action | None:
    """The take in use that was made from this strip or Speaker."""
    return next((action for action in in_use(owner) if read_facts(action)["source"] == source_name), None)


def parts(take: bpy.types.Action) -> list[tuple[Any, bpy.types.Action]]:
    """(owner, Action) of a take, the first Action last."""
    actions = [*(action for action in bpy.data.actions if action.get(PART_OF) == take), take]
    return [(owner, action) for action in actions for owner in nla.owners(action)]


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
    return any(read_facts(part)["checksum"] != keyframes.checksum(part) for _, part in parts(take))


def write_facts(action: bpy.types.Action, facts: dict[str, Any], prediction: Curves, checksum: int) -> None:
    """Make an Action stand for a take: note what it was made from, with the raw prediction."""
    action[PREDICTION] = np.ascontiguousarray(prediction.values).tobytes()
    layout = {"channels": prediction.channels, "fps": prediction.fps}
    action[nla.FACTS] = json.dumps({**facts, "prediction": layout, "checksum": checksum})


def write_part_facts(action: bpy.types.Action, take: bpy.types.Action, checksum: int) -> None:
    """Make an Action a further part of a take."""
    action[PART_OF] = take
    action[nla.FACTS] = json.dumps({"checksum": checksum})


def read_facts(action: bpy.types.Action) -> Mapping[str, Any]:
    """What a take was made from; to read only, as all who ask share it."""
    return _parsed(action[nla.FACTS])


def add_facts(take: bpy.types.Action, **facts: Any) -> None:
    """Note more of what a take was made from, or what was found out about it."""
    take[nla.FACTS] = json.dumps({**read_facts(take), **facts})


def read_prediction(action: bpy.types.Action) -> Curves:
    """The raw prediction kept with a take, so that it can be shaped anew without running the model."""
    facts = read_facts(action)["prediction"]
    values = np.frombuffer(action[PREDICTION], np.float32)
    return Curves(values.reshape(-1, len(facts["channels"])), tuple(facts["channels"]), facts["fps"])


def write_phones(action: bpy.types.Action, phones: Curves) -> None:
    """Keep probabilities of speech sounds with a take, so that they can be shown without running the model."""
    action[PHONES] = phones.values.astype(np.float16).tobytes()
    add_facts(action, phones={"channels": phones.channels, "fps": phones.fps})


def read_phones(action: bpy.types.Action) -> Curves | None:
    """The probabilities of speech sounds kept with a take; None when its model gives none."""
    if PHONES not in action:
        return None
    facts = read_facts(action)["phones"]
    values = np.frombuffer(action[PHONES], np.float16).astype(np.float32)
    return Curves(values.reshape(-1, len(facts["channels"])), tuple(facts["channels"]), facts["fps"])


def write_ranges(action: bpy.types.Action, ranges: Sequence[Range]) -> None:
    """Keep with a take which parts of it were done again, and how."""
    action.pop(REDONE, None)  # bytes that are written over others end at the first 0
    facts, action[REDONE] = pack(ranges)
    add_facts(action, ranges=facts)


def read_ranges(action: bpy.types.Action) -> tuple[Range, ...]:
    """The parts of a take that were done again, the latest last."""
    return unpack(read_facts(action)["ranges"], action[REDONE]) if REDONE in action else ()


def write_phone_edits(action: bpy.types.Action, edits: Edits | None) -> None:
    """Keep edited phones with a take, or forget them."""
    action.pop(PHONE_EDITS, None)
    if edits:
        action[PHONE_EDITS] = to_json(edits)


def read_phone_edits(action: bpy.types.Action) -> Edits | None:
    """The edited phones kept with a take; None when they are as the model heard them."""
    return from_json(action[PHONE_EDITS]) if PHONE_EDITS in action else None


def retire_take(take: bpy.types.Action, character: Sequence[Any]) -> bool:
    """Take a take out of use before another replaces it: removed, or muted if it was edited or is linked from another
    file, which would bring it back; whether it was kept.

    Of a copied character, which shares the take, only what belongs to this one, as in remove_take.
    """
    found = parts_of(take, character)
    if take.is_editable and not is_edited(take):
        for owner, part in found:
            nla.remove_layer(owner, part)
            if not isinstance(owner, bpy.types.Key):  # other bones or another object may move next time
                nla.remove_rest(owner)
        nla.remove_actions(found)
        return False
    mute_take(take, character)
    return True


def mute_take(take: bpy.types.Action, character: Sequence[Any], is_muted: bool = True) -> None:
    """Mute the tracks of all parts of a take, or bring them back; of a shared take as in remove_take."""
    for owner, part in parts_of(take, character):
        for track, layer in nla.layers(owner):
            if layer == part:
                track.mute = is_muted


def shift_take(take: bpy.types.Action, frames: int) -> None:
    """Move all keys of a take, edited ones too, and its NLA strips by so many frames."""
    found = parts(take)
    for action in dict.fromkeys(action for _, action in found):
        was_edited = read_facts(action)["checksum"] != keyframes.checksum(action)
        for curve in keyframes.fcurves(action):
            for name in ("co", "handle_left", "handle_right"):
                points = keyframes.read_points(curve.keyframe_points, name)
                points[:, 0] += frames
                curve.keyframe_points.foreach_set(name, points.ravel())
            curve.update()
        if not was_edited:
            add_facts(action, checksum=keyframes.checksum(action))
    for owner, action in found:
        for strip in nla.strips_of(owner, action):
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
        nla.remove_layer(owner, part)
        nla.remove_rest(owner)
    nla.remove_actions(found)


def set_replacing(take: bpy.types.Action, character: Sequence[Any], is_replacing: bool) -> None:
    """Whether a take, while it plays, is all that is seen of what it moves, or adds to what lies below it.

    Bones that it replaces start from their rest pose. ValueError when it is linked.
    """
    check_local(take, "press Apply to Take to get one here")
    for owner, part in parts_of(take, character):
        added = "COMBINE" if data_paths.moves_bones(keyframes.animated_by(part)) else "ADD"
        for strip in nla.strips_of(owner, part):
            strip.blend_type = "REPLACE" if is_replacing else added


def is_replacing(take: bpy.types.Action) -> bool:
    """Whether a take silences what lies below it."""
    return any(strips_replace(nla.strips_of(owner, take)) for owner in nla.owners(take))


def strips_replace(strips: Iterable[Any]) -> bool:
    """Whether strips silence what lies below them: for drawing, which has the track of a take and no time to search."""
    return any(strip.blend_type == "REPLACE" for strip in strips)


@lru_cache(64)  # each button of a panel asks for the take, at every redraw
def _parsed(text: str) -> Mapping[str, Any]:
    facts: Mapping[str, Any] = json.loads(text)
    return facts
