"""What is known of a character's rig: looked up by a timer or a button, so that panels need not at every redraw."""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, func-returns-value"

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import bpy

from . import face, nla, rig_links, take_actions
from .core.channels import BLENDSHAPE_CHANNELS
from .core.retarget import Coverage, RigMap, RigPart, Target, find_targets
from .drawing import redraw_panels

N_CHANNELS = len(BLENDSHAPE_CHANNELS)

Key = tuple[str, str | None]
"""Name of a data-block, and the file that it is linked from: references die on undo."""


Listed = dict[bpy.types.Action, Any]
"""Take -> the NLA track of its first Action, the newest first."""


@dataclass(frozen=True)
class Look:
    """What was found on a character when it was last looked at."""

    members: tuple[Key, ...]
    """The objects that are the character."""
    owners: tuple[tuple[str, Key], ...]
    """The data-blocks that a take may animate, by their place in bpy.data."""
    names: tuple[Any, ...]
    """All that decides what is found; when it changes, it is time for another look."""
    rig_map: RigMap | None = None
    coverage: Coverage | None = None
    is_own: bool = False
    """Whether the user chose or edited the rig map."""
    driven: dict[str, str] = field(default_factory=dict)
    """Channel -> names of what it moves."""
    missing: frozenset[Target] = frozenset()
    """Targets of the rig map that the character does not have."""
    problem: str | None = None
    """Why the rig map that is kept with the face can't be used."""

    @property
    def summary(self) -> str:
        """Family and number of channels, as the panel says it."""
        if self.rig_map is None or self.coverage is None:
            return "No family found"
        return f"{self.rig_map.name}, {N_CHANNELS - len(self.coverage.unmatched)} of {N_CHANNELS} channels"


class VoxkeyChannel(bpy.types.PropertyGroup):
    """A row of the coverage report: a name, to which the last look has the rest."""


_looks: dict[Key, Look] = {}
"""Not in the scene: it can be found out again at any time."""
_due: set[Key] = set()
"""Objects that a timer is about to look at."""


def look(obj: bpy.types.Object) -> Look:
    """Find the family of a character and what it reaches; takes milliseconds."""
    parts = face.character(obj)
    members = tuple(_key(member) for member in face.family(obj))
    owners = tuple((_place(owner), _key(owner)) for owner in face.owners(parts))
    names = _names(obj, members)
    try:
        rig_map, coverage, is_own = face.chosen_map(obj, parts)
        if is_own and obj.is_editable and not rig_links.is_filled(obj):
            rig_links.fill(obj)
    except ValueError as error:
        found = Look(members, owners, names, is_own=True, problem=str(error))
    else:
        reached = _reached(rig_map, [part.offers for part in parts]) if rig_map else {}
        found = Look(members, owners, names, rig_map, coverage, is_own, **reached)
    _looks[_key(obj)] = found
    return found


def seen(obj: bpy.types.Object) -> Look | None:
    """What was known of a character at the last look, if there was one."""
    return _looks.get(_key(obj))


def fresh_look(obj: bpy.types.Object) -> Look | None:
    """What is known of a character; None when that is nothing, or out of date."""
    known = seen(obj)
    return known if known and known.names == _names(obj, known.members) else None


def last_look(obj: bpy.types.Object) -> Look | None:
    """What is known of a character, even out of date, in which case a timer looks again: for drawing."""
    if fresh_look(obj) is None and _key(obj) not in _due:
        _due.add(_key(obj))
        bpy.app.timers.register(partial(_look_now, _key(obj)))
    return seen(obj)


def owners(known: Look) -> Iterator[Any]:
    """The data-blocks that a take of a character may animate, as of a look at it, as far as they are still there.

    One by one, as those who draw look for the first with a take.
    """
    found = (getattr(bpy.data, place).get(key) for place, key in known.owners)
    return (owner for owner in found if owner)


def listed(obj: bpy.types.Object) -> Listed:
    """The takes of a character, in use or muted."""
    known = fresh_look(obj)
    return listed_on(owners(known) if known else face.owners(face.character(obj)))


def listed_on(found: Iterable[Any]) -> Listed:
    """The takes on some data-blocks."""
    takes: Listed = {}
    for owner in found:
        for track, action in reversed(list(nla.layers(owner))):
            if take_actions.is_take(action):
                takes.setdefault(action, track)
    return takes


def find_take(obj: bpy.types.Object, source_name: str) -> bpy.types.Action | None:
    """face.find_take, at once where the last look at the character knows of the data-block with the take."""
    known = seen(obj)
    for owner in owners(known) if known else ():
        take = take_actions.find_take(owner, source_name)
        if take:
            return take
    return None if fresh_look(obj) else face.find_take(obj, source_name)


def attach() -> None:
    """Room for the rows of the coverage report, and for the one that is chosen."""
    bpy.types.WindowManager.voxkey_channels = bpy.props.CollectionProperty(type=VoxkeyChannel)
    bpy.types.WindowManager.voxkey_channel = bpy.props.IntProperty(
        name="Channel", description="A motion of the face, and what it moves on this character"
    )


def detach() -> None:
    del bpy.types.WindowManager.voxkey_channels
    del bpy.types.WindowManager.voxkey_channel
    _looks.clear()


def _look_now(key: Key) -> None:
    _due.discard(key)
    rows = bpy.context.window_manager.voxkey_channels
    if not rows:
        for channel in BLENDSHAPE_CHANNELS:
            rows.add().name = channel
    obj = bpy.data.objects.get(key)
    if obj is not None:
        look(obj)
    redraw_panels(bpy.context)


def _key(data_block: Any) -> Key:
    return data_block.name, data_block.library.filepath if data_block.library else None


def _place(data_block: Any) -> str:
    places = {"KEY": "shape_keys", "OBJECT": "objects", "ARMATURE": "armatures", "MESH": "meshes"}
    return places[data_block.id_type]


def _names(obj: bpy.types.Object, members: tuple[Key, ...]) -> tuple[Any, ...]:
    """Everything by which a rig map finds its targets; quick enough for every redraw."""
    found: list[Any] = [obj.get(face.RIG_MAP), len(bpy.data.objects)]
    for member in map(bpy.data.objects.get, members):
        if member is None:
            continue
        key = face.shape_keys(member)
        found.append([name for name, _ in member.items() if not name.startswith("voxkey")])
        if key:
            found += [key.key_blocks.keys(), len(key.animation_data.drivers) if key.animation_data else 0]
        if member.type == "ARMATURE":
            found.append(member.data.bones.keys())
    return tuple(found)


def _reached(rig_map: RigMap, offers: list[RigPart]) -> dict[str, Any]:
    names: dict[str, dict[str, None]] = {}
    for link in rig_links.spelled_out(rig_map, offers).links:
        names.setdefault(link.channel, {})[link.target.name] = None
    there = {target for part in offers for target in find_targets(rig_map, part)}
    return {
        "driven": {channel: ", ".join(targets) for channel, targets in names.items()},
        "missing": frozenset(link.target for link in rig_map.links if link.target not in there),
    }
