"""Whether a character can get a take, the rig map that fits it, and what the user should know of it."""

from __future__ import annotations

import bpy

from . import face, movement, take_actions
from .core.names import listing
from .core.retarget import Coverage, RigMap, Target
from .movement import Motion


def checked(obj: bpy.types.Object | None) -> bpy.types.Object:
    """The object, when it can get a take; ValueError when it can't."""
    problem = face.target_problem(obj)
    if obj is None or problem:
        raise ValueError(problem)
    return obj


def check_head(head: bpy.types.Object | None) -> None:
    """Raise ValueError when an object can't turn with the head motion."""
    problem = movement.head_problem(head) if head else None
    if problem:
        raise ValueError(problem)


def fit(obj: bpy.types.Object) -> tuple[list[face.Part], RigMap, Coverage]:
    """A character, the rig map for it and what that finds; ValueError when nothing can move."""
    parts = face.character(obj)
    rig_map, coverage, _ = face.chosen_map(obj, parts)
    problems = [problem for part in parts if (problem := face.tweak_problem(part.owner, part.name))]
    if problems:
        raise ValueError(problems[0])
    if rig_map is None or not (coverage.matched or coverage.combined):
        raise ValueError(_nothing_moves(obj, parts, rig_map))
    return parts, rig_map, coverage


def _nothing_moves(obj: bpy.types.Object, parts: list[face.Part], rig_map: RigMap | None) -> str:
    """Why a character has nothing for the channels, with what to do."""
    locked, held = face.locked(obj), face.held_keys(parts, rig_map)
    if locked:
        return locked[0]
    if held:
        return f"Drivers move every shape key of {obj.name} that speech needs; remove drivers from some{_instead(held)}"
    n_keys = sum(len(part.offers.shape_keys) for part in parts)
    n_bones = sum(len(part.offers.bones) for part in parts)
    what = f"{n_keys} shape keys" if n_keys or not n_bones else f"{n_bones} bones"
    where = rig_map.name if rig_map else "any rig map"
    return (
        f"None of the {what} of {obj.name} is named as in {where}; match them in the Rig panel, or choose another mesh"
    )


def _instead(held: list[tuple[face.Part, Target]]) -> str:
    """What could be animated in place of driven shape keys."""
    read = face.read_by_drivers(held)
    return f", or link {listing(read)} in the Rig panel, which they follow" if read else ""


def notes(obj: bpy.types.Object, parts: list[face.Part], motions: list[Motion], rig_map: RigMap) -> list[str]:
    """What the user should know of a character before the take is written."""
    told = face.locked(obj)
    held = face.held_keys(parts, rig_map)
    if held:
        names = listing(dict.fromkeys(target.name for _, target in held))
        told.append(f"A driver moves {names}; the take leaves it alone{_instead(held)}")
    raised = dict.fromkeys(name for motion in motions for name in movement.raised_by_hand(motion))
    if raised:
        told.append(f"The slider of {listing(raised)} was not at 0; the take starts from 0")
    return told + [
        f"{n_users} objects share this mesh ({part.name}); all of them move"
        for part in parts
        if (n_users := face.n_mesh_users(part.owner)) > 1
    ]


def differences(earlier: bpy.types.Action | None, rig_map: RigMap, coverage: Coverage) -> list[str]:
    """What the character has lost since its earlier take."""
    facts = take_actions.read_facts(earlier) if earlier else {}
    if "coverage" not in facts:
        return []
    if facts["rig_map"] != rig_map.name:
        return [f"The rig map is {rig_map.name} now; the earlier take was made with {facts['rig_map']}"]
    lost = [channel for channel in coverage.unmatched if channel not in facts["coverage"]["unmatched"]]
    if not lost:
        return []
    return [f"{listing(lost)} moved in the earlier take and finds nothing now; a key was renamed or deleted"]
