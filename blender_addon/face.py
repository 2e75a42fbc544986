"""What a character consists of: the face that the user picked and its family, and what moves each of them.

The family are the meshes under the same armature, and the armature; without one, the meshes at the face that share its
parent. What a driver moves is moved by what that driver reads, where this is one thing and a factor is all that is
reckoned: the shape key of another mesh, a custom property, or a control bone.
"""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined"

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from . import data_paths, movement, presets, take_actions
from .core.curves import Curves, Float32Array
from .core.retarget import (
    Coverage,
    RigMap,
    RigPart,
    Target,
    coverage,
    detect,
    find_targets,
    retarget,
    rig_map_from_text,
)

RIG_MAP = "voxkey_rig_map"
"""Custom property of a face object: the rig map chosen for its character, as JSON text."""

N_WEIGHED = 1000
"""Vertices of a mesh that are asked for the bones that deform it, so that dense meshes take no longer."""
OVERRIDE_OBJECT = "or a library override (Object > Library Override > Make)"
OVERRIDE_MESH = "or a library override (Shift-click the chain icon beside its name in the Data tab)"

_NAME = r'\["((?:[^"\\]|\\.)*)"\]'
_SHAPE_KEY = re.compile(rf"(data\.shape_keys\.|shape_keys\.)?key_blocks{_NAME}\.value")
_PROPERTY = re.compile(rf"(?:pose\.bones{_NAME})?{_NAME}")
_NUMBER = r"\d+\.?\d*|\.\d+"
_PRODUCT = re.compile(
    rf"(?P<minus>-)?(?:(?P<before>{_NUMBER})\*)?(?P<name>[^\W\d]\w*)(?:\*(?P<after>{_NUMBER})|/(?P<divisor>{_NUMBER}))?"
)
_ON_DATA = re.compile(rf"data({_NAME})")


@dataclass(frozen=True)
class Part:
    """One data-block of a character that can be animated."""

    owner: Any
    """Shape keys, or an object with bones or custom properties."""
    name: str
    """Of the object."""
    offers: RigPart
    """What can move: all but what drivers hold."""
    followed: dict[Target, tuple[Any, Target, float]]
    """What a simple driver moves -> the owner of what that driver reads, what that is, and the driver's factor."""
    driven: tuple[Target, ...]
    """Shape keys and custom properties that other drivers hold."""


def target_problem(obj: bpy.types.Object | None) -> str | None:
    """Why this object can't get a take, as one sentence with what to do; None when it can."""
    if obj is None:
        return "Choose the mesh of the face"
    if obj.type not in {"MESH", "ARMATURE"}:
        return f"{obj.name} is no mesh; choose the mesh of the face"
    armature = armature_of(obj)
    if armature is not None and armature.is_editable:
        return tweak_problem(armature) or tweak_problem(shape_keys(obj), obj.name)
    if obj.type == "ARMATURE":
        return f"{obj.name} is linked from another file; make it local {OVERRIDE_OBJECT} to animate it"
    return _mesh_problem(obj)


def _mesh_problem(obj: bpy.types.Object) -> str | None:
    """Why the shape keys of a mesh can't be animated."""
    key = shape_keys(obj)
    if key is None or len(key.key_blocks) < 2:
        return f"{obj.name} has no shape keys; choose another mesh, or make them in the section Rig"
    if not key.is_editable:
        return f"The mesh of {obj.name} is linked from another file; make it local {OVERRIDE_MESH} to animate it"
    if not key.use_relative:
        return f"{obj.name} has absolute shape keys; tick Relative in its Shape Keys panel"
    return tweak_problem(key, obj.name)


def tweak_problem(owner: Any, name: str = "") -> str | None:
    """Why an owner, which people know by another name if it is shape keys, can't get tracks now; None when it can."""
    if owner is None or not owner.animation_data or not owner.animation_data.use_tweak_mode:
        return None
    return f"An NLA strip of {name or owner.name} is being tweaked; leave tweak mode (Tab in the NLA editor) first"


def armature_of(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that deforms an object or that it hangs on, at any depth."""
    if obj.type == "ARMATURE":
        return obj
    deforming = (modifier.object for modifier in obj.modifiers if modifier.type == "ARMATURE")
    return next((rig for rig in (*deforming, *_ancestors(obj)) if rig is not None and rig.type == "ARMATURE"), None)


def family(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """The objects of a character: the picked one first, then the others by name."""
    armature = armature_of(obj)
    if armature is not None:
        users = bpy.data.user_map(subset=[armature])[armature]
        near = {item for item in users if isinstance(item, bpy.types.Object)} | {*armature.children_recursive}
        others = {item for item in near if item.type == "MESH" and armature_of(item) == armature} | {armature}
    else:
        root = obj.parent or obj
        near = {root, *root.children, *obj.children}
        others = {item for item in near if item.type == "MESH" and not armature_of(item) and _touch(item, obj)}
        others |= {root}
    return [obj, *sorted(others - {obj}, key=lambda item: item.name)]


def character(obj: bpy.types.Object) -> list[Part]:
    """What can be animated of the character that an object belongs to, each data-block once, the object's own first."""
    found: dict[Any, Part] = {}
    members = family(obj)
    for member in members:
        for owner, offers in _offers(member, members):
            if owner not in found and owner.is_editable:
                found[owner] = _part(owner, member.name, offers)
    return [part for part in found.values() if part.offers != RigPart() or part.driven]


def locked(obj: bpy.types.Object) -> list[str]:
    """Why members of the family, which could move, can't be animated; one sentence each."""
    problems = []
    for member in family(obj):
        key = shape_keys(member)
        if key is not None and len(key.key_blocks) > 1:
            problems.append(_mesh_problem(member))
        if member.type == "ARMATURE" and not member.is_editable:
            problems.append(target_problem(member))
    return [problem for problem in problems if problem]


def chosen_map(obj: bpy.types.Object, parts: Sequence[Part] | None = None) -> tuple[RigMap | None, Coverage, bool]:
    """The rig map of a character, what it finds there, and whether the user chose it; None when no family fits.

    Raises ValueError when the text that is kept with the face can't be read.
    """
    offers = [part.offers for part in (character(obj) if parts is None else parts)]
    text = obj.get(RIG_MAP)
    if text:
        own = rig_map_from_text(text, f"The rig map kept with {obj.name}")
        return own, coverage(own, offers), True
    families = detect(offers, presets.rig_maps())
    return (*families[0], False) if families else (None, coverage(RigMap("none", ()), offers), False)


def motions(curves: Curves, rig_map: RigMap, parts: Sequence[Part]) -> list[movement.Motion]:
    """What each data-block of a character does, values (T, M) at the rate of the curves.

    What several drivers lead to gets their mean; of a control that two drivers read, one upside down, the difference.
    """
    columns: dict[Any, dict[Target, dict[bool, list[Float32Array]]]] = {}
    for part in parts:
        fitted = retarget(curves, rig_map, part.offers)
        for target, values in zip(fitted.targets, fitted.values.T, strict=True):
            owner, moved, factor = part.followed.get(target, (part.owner, target, 1.0))
            sides = columns.setdefault(owner, {}).setdefault(moved, {})
            sides.setdefault(factor > 0, []).append(values / np.float32(factor))
    return [
        movement.Motion(owner, tuple(found), np.stack([_joined(sides) for sides in found.values()], axis=1))
        for owner, found in columns.items()
    ]


def _joined(sides: dict[bool, list[Float32Array]]) -> Float32Array:
    """The mean (T,) of the values of each sign of factor, added up."""
    means = [np.mean(values, axis=0, dtype=np.float64) for values in sides.values()]
    return np.asarray(np.sum(means, axis=0), np.float32)


def preview(obj: bpy.types.Object, rig_map: RigMap, channel: str, amount: float) -> list[tuple[Any, str, int, float]]:
    """(owner, data path, index, value) that show one channel at an amount on top of the present pose."""
    curves = Curves(np.array([[amount]], np.float32), (channel,), 1.0)
    return [
        (motion.owner, path, index, value)
        for motion in motions(curves, rig_map, character(obj))
        for (path, index), value in movement.posed(motion)
    ]


def held_keys(parts: Sequence[Part], rig_map: RigMap | None) -> list[tuple[Part, Target]]:
    """Shape keys and custom properties that a rig map, or any, would move if drivers did not."""
    rig_maps = presets.rig_maps() if rig_map is None else (rig_map,)
    held = []
    for part in parts:
        keys = tuple(target.name for target in part.driven if target.kind == "shape_key")
        wanted = {found for known in rig_maps for found in find_targets(known, RigPart(keys)).values()}
        held += [(part, target) for target in part.driven if target in wanted]
    return held


def read_by_drivers(held: Sequence[tuple[Part, Target]]) -> list[str]:
    """What the drivers of held targets read, for people: custom properties and bones."""
    names = []
    for part, target in held:
        driver = data_paths.driver_of(part.owner, target)
        for source in (source for variable in driver.driver.variables for source in variable.targets if source.id):
            bone = source.bone_target
            quoted = data_paths.target_name(source.data_path) if source.data_path else source.id.name
            names.append(bone or quoted)
    return list(dict.fromkeys(name for name in names if name not in {target.name for _, target in held}))


def n_mesh_users(owner: Any) -> int:
    """How many objects share the mesh of shape keys; 1 for what is no shape keys."""
    if not isinstance(owner, bpy.types.Key):
        return 1
    return int(owner.user.users - owner.user.use_fake_user)


def find_take(obj: bpy.types.Object, source_name: str) -> bpy.types.Action | None:
    """The take in use of a strip or Speaker, on whatever part of the character it lies."""
    actions = [action for action in bpy.data.actions if take_actions.is_take(action)]
    if not any(take_actions.read_facts(action)["source"] == source_name for action in actions):
        return None  # soon, as panels ask at every redraw
    found = (take_actions.find_take(owner, source_name) for owner in owners(character(obj)))
    return next((take for take in found if take), None)


def moved_by(obj: bpy.types.Object, take: bpy.types.Action) -> list[Any]:
    """The data-blocks of a character, and the object that nods in its take: what of a shared take is its own."""
    head = bpy.data.objects.get(take_actions.read_facts(take).get("head") or "")
    return [*owners(character(obj)), *([head] if head else [])]


def owners(parts: Sequence[Part]) -> list[Any]:
    """Every data-block that a take of the character may animate."""
    led = [owner for part in parts for owner, *_ in part.followed.values()]
    return list(dict.fromkeys([*(part.owner for part in parts), *led]))


def shape_keys(obj: bpy.types.Object) -> Any:
    """The shape keys of a mesh; None when it has none, or is no mesh."""
    mesh: Any = obj.data if obj.type == "MESH" else None
    return mesh.shape_keys if mesh else None


def _ancestors(obj: bpy.types.Object) -> Iterator[bpy.types.Object]:
    while obj.parent is not None:
        obj = obj.parent
        yield obj


def _touch(one: bpy.types.Object, other: bpy.types.Object) -> bool:
    """Whether the bounding boxes of two objects meet: teeth are in the head, another head under one parent is not."""
    boxes = [np.array([item.matrix_world @ Vector(corner) for corner in item.bound_box]) for item in (one, other)]
    return bool((boxes[0].min(0) <= boxes[1].max(0)).all() and (boxes[1].min(0) <= boxes[0].max(0)).all())


def _shape_key_names(key: bpy.types.Key) -> list[str]:
    """Names of the keys that move something: all but the one that the others are relative to."""
    return [block.name for block in key.key_blocks if block != key.reference_key]


def _offers(obj: bpy.types.Object, members: Sequence[bpy.types.Object]) -> Iterator[tuple[Any, RigPart]]:
    """(owner, what it has) of one of the members of a family: its shape keys, and itself."""
    key = shape_keys(obj)
    if key is not None and key.use_relative:
        yield key, RigPart(shape_keys=tuple(_shape_key_names(key)))
    bones = obj.pose.bones if obj.pose else ()
    properties = [(name, "") for name in _numbers(obj)]
    properties += [(name, bone.name) for bone in bones for name in _numbers(bone)]
    names = tuple(bone.name for bone in bones)
    yield (
        obj,
        RigPart(
            bones=names,
            properties=tuple(properties),
            loose_bones=_loose_bones(members) if names else (),
            bone_axes=_bone_axes(obj) if names else (),
        ),
    )


def _bone_axes(armature: bpy.types.Object) -> tuple[tuple[float, ...], ...]:
    """X, Y and Z axis of each bone at rest, nine numbers, seen from in front of the character."""
    upright = movement.upright(armature)
    turns = (upright @ bone.bone.matrix_local.to_3x3() for bone in armature.pose.bones)
    return tuple((*turn.col[0], *turn.col[1], *turn.col[2]) for turn in turns)


def _loose_bones(members: Sequence[bpy.types.Object]) -> tuple[str, ...]:
    """Bones that carry meshes without shape keys, and none with."""
    carried: dict[bool, set[str]] = {True: set(), False: set()}
    for member in members:
        if member.type == "MESH":
            key = shape_keys(member)
            carried[key is not None and len(key.key_blocks) > 1] |= _carriers(member)
    return tuple(sorted(carried[False] - carried[True]))


def _carriers(obj: bpy.types.Object) -> set[str]:
    """The bone that an object hangs on, and those that deform it, as far as some of its vertices tell."""
    vertices: Any = obj.data.vertices if obj.vertex_groups else ()
    step = len(vertices) // N_WEIGHED + 1
    groups = {group.group for i in range(0, len(vertices), step) for group in vertices[i].groups if group.weight > 0}
    hanging = {obj.parent_bone} if obj.parent_type == "BONE" else set()
    return {obj.vertex_groups[number].name for number in groups} | hanging


def _numbers(holder: Any) -> list[str]:
    """Custom properties that a curve can move."""
    return [name for name, value in holder.items() if isinstance(value, (int, float)) and not name.startswith("voxkey")]


def _part(owner: Any, name: str, has: RigPart) -> Part:
    """What an owner has, sorted by whether it is free, follows a property or is held by a driver."""
    drivers = data_paths.drivers(owner)
    targets = [Target("shape_key", key) for key in has.shape_keys]
    targets += [Target("property", *pair) for pair in has.properties]
    held = [target for target in targets if data_paths.addresses(owner, target)[0] in drivers] if drivers else []
    ends = {target: _end_of_drivers(owner, target) for target in held}
    driven = dict.fromkeys(target for target, end in ends.items() if end is None)
    return Part(
        owner,
        name,
        RigPart(
            shape_keys=tuple(key for key in has.shape_keys if Target("shape_key", key) not in driven),
            bones=has.bones,
            properties=tuple(pair for pair in has.properties if Target("property", *pair) not in driven),
            loose_bones=has.loose_bones,
            bone_axes=has.bone_axes,
        ),
        followed={target: end for target, end in ends.items() if end is not None},
        driven=tuple(driven),
    )


def _end_of_drivers(owner: Any, target: Target) -> tuple[Any, Target, float] | None:
    """What simple drivers lead to, and the factor on the way; None when one is not simple, or they run in a circle."""
    passed = set()
    factor = 1.0
    while True:
        driver = data_paths.driver_of(owner, target)
        if driver is None:
            return (owner, target, factor) if owner.is_editable else None
        if driver in passed:
            return None
        passed.add(driver)
        read = _read_by(driver)
        if read is None:
            return None
        owner, target, unit = read
        factor *= _factor(driver) * unit
        if not factor:
            return None


def _read_by(driver: Any) -> tuple[Any, Target, float] | None:
    """What the only variable of a driver's f-curve reads: its owner, it, and the variable's value where it is 1."""
    variables = driver.driver.variables
    if len(variables) != 1:
        return None
    source = variables[0].targets[0]
    if variables[0].type == "TRANSFORMS":
        return _control_bone(source)
    return _property(source.id, source.data_path) if variables[0].type == "SINGLE_PROP" else None


def _control_bone(source: Any) -> tuple[Any, Target, float] | None:
    """The bone whose own location or turn a driver reads, in the units of rig maps."""
    bone = source.id.pose.bones.get(source.bone_target) if source.id and source.id.type == "ARMATURE" else None
    kind, _, axis = source.transform_type.partition("_")
    if bone is None or source.transform_space != "LOCAL_SPACE" or axis not in ("X", "Y", "Z"):
        return None
    if kind == "LOC":
        return source.id, Target("bone", bone.name, f"location_{axis.lower()}"), bone.length
    return (source.id, Target("bone", bone.name, f"rotation_{axis.lower()}"), 1.0) if kind == "ROT" else None


def _property(source: Any, path: str) -> tuple[Any, Target, float] | None:
    """The shape key or custom property at a data path of a data-block."""
    on_data = _ON_DATA.fullmatch(path)
    if on_data and source is not None:
        source, path = source.data, on_data[1]
    try:
        if source is None or not isinstance(source.path_resolve(path), (int, float)):
            return None
    except ValueError:  # it reads something that is gone
        return None
    key, held = _SHAPE_KEY.fullmatch(path), _PROPERTY.fullmatch(path)
    if key:
        blocks = shape_keys(source) if isinstance(source, bpy.types.Object) else getattr(source, "shape_keys", source)
        return blocks, Target("shape_key", bpy.utils.unescape_identifier(key[2])), 1.0
    if held:
        name, bone = (bpy.utils.unescape_identifier(quoted or "") for quoted in (held[2], held[1]))
        return source, Target("property", name, bone), 1.0
    return None


def _factor(driver: Any) -> float:
    """By what a driver multiplies its only variable; 0 when it does anything else."""
    rule = driver.driver
    factor = _factor_of(rule.expression, rule.variables[0].name) if rule.type == "SCRIPTED" else 1.0
    if not driver.keyframe_points and not driver.modifiers:
        return factor
    start, half, end = (driver.evaluate(value) for value in (0.0, 0.5, 1.0))
    return factor * end if abs(start) < 1e-4 and abs(end - 2 * half) < 1e-4 else 0.0


def _factor_of(expression: str, variable: str) -> float:
    """2 for "2 * var", 0.01 for "var / 100", -1 for "-var"; 0 for what is no such product."""
    product = _PRODUCT.fullmatch(expression.replace(" ", ""))
    if product is None or product["name"] != variable:
        return 0.0
    factor = float(product["before"] or 1) * float(product["after"] or 1)
    factor = factor / float(product["divisor"]) if product["divisor"] and float(product["divisor"]) else factor
    return -factor if product["minus"] else factor
