"""The rig map of a character, as the user chooses and edits it.

The map is one JSON text in a custom property of the face object, so that it is saved, appended and linked with it. The
links in the panel's list are a copy of that text which Blender can draw and undo.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, func-returns-value, assignment, untyped-decorator"

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from . import face, presets, properties
from .core.channels import BLENDSHAPE_CHANNELS
from .core.life import HEAD_CHANNELS
from .core.retarget import (
    COMPONENTS,
    TURNS,
    Link,
    RigMap,
    RigPart,
    Target,
    find_targets,
    load_rig_map,
    rig_map_from_text,
    rig_map_to_text,
    save_rig_map,
)
from .drawing import can_press, refuse
from .translation import translated

CHANNELS = (*BLENDSHAPE_CHANNELS, *HEAD_CHANNELS)
MOVES = {
    "location": "Along the bone's own axis at rest, in bone lengths from head to tail",
    "rotation": "About the bone's own axis at rest, in radians: 0.35 is 20 degrees",
    "scale": "Along the bone's own axis at rest, added to 1",
    "turn": "About an axis of the character, however the bone lies, in radians: X to its left, Y to its back, Z up",
}
"""Beginnings of the components of a bone -> tooltip."""
COMPONENT_ITEMS = [(name, name.replace("_", " ").title(), MOVES[name.split("_")[0]]) for name in COMPONENTS + TURNS]
EDITED = ", edited by hand"
"""Ends the name of a rig map that the user changed."""

_is_filling = False
"""Whether links are being copied from the text, which is no change by the user."""


def names_of(parts: list[RigPart], kind: str) -> list[str]:
    """What a link of this kind can drive on a character, without doubles."""
    found = {
        "shape_key": (name for part in parts for name in part.shape_keys),
        "bone": (name for part in parts for name in part.bones),
        "property": (name for part in parts for name, _ in part.properties),
    }
    return list(dict.fromkeys(found[kind]))


def _offers(obj: bpy.types.Object) -> list[RigPart]:
    return [part.offers for part in face.character(obj)]


def _suggest_targets(link: Any, _context: bpy.types.Context, _text: str) -> list[str]:
    return names_of(_offers(link.id_data), link.kind)


def _suggest_bones(link: Any, _context: bpy.types.Context, _text: str) -> list[str]:
    holders = [bone for part in _offers(link.id_data) for name, bone in part.properties if name == link.target]
    return [bone for bone in dict.fromkeys(holders) if bone]


def _changed(link: Any, _context: bpy.types.Context) -> None:
    """The user changed a link: so did the map. A change that makes no sense is taken back."""
    if _is_filling:
        return
    obj = link.id_data
    try:
        edited = RigMap("", tuple(read(item) for item in obj.voxkey_rig.links))
    except ValueError:
        fill(obj)
        return
    chosen = rig_map_from_text(obj[face.RIG_MAP])
    _write(obj, replace(chosen, name=_edited_name(chosen), links=edited.links))


def _keep_limits_in_order(name: str) -> Callable[[Any, bpy.types.Context], None]:
    """An update that moves the other limit along, as a minimum above the maximum makes no sense."""

    def update(link: Any, context: bpy.types.Context) -> None:
        if link.minimum > link.maximum:
            with _filling():
                link.minimum = link.maximum = getattr(link, name)
        _changed(link, context)

    return update


class VoxkeyLink(bpy.types.PropertyGroup):
    """A core.retarget.Link that Blender can draw."""

    channel: bpy.props.EnumProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Channel",
        description="Which of the 51 motions of the face, or of the three of the head in radians, moves the target",
        items=[(name, name, "") for name in CHANNELS],
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )
    kind: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Kind",
        description="What the channel moves",
        items=[
            ("shape_key", "Shape Key", "The value of a shape key, on every mesh of the character that has it"),
            ("bone", "Bone", "A bone of the armature: it moves, turns or grows in pose mode"),
            ("property", "Property", "A custom property of the object or of a bone, such as a rig's own slider"),
        ],
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )
    target: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Target",
        description="What the channel moves, chosen from all that this character has",
        search=_suggest_targets,
        search_options={"SORT", "SUGGESTION"},
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )
    component: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Component",
        description="How the bone moves",
        items=COMPONENT_ITEMS,
        default="rotation_x",
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )
    bone: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="On Bone",
        description="Bone that holds the custom property; empty when the object itself does",
        search=_suggest_bones,
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )
    gain: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Gain",
        description="How far the target goes when the channel is full: 0.5 half as far, -1 the other way",
        default=1.0,
        soft_min=-2.0,
        soft_max=2.0,
        step=1,
        precision=3,
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )
    offset: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Offset",
        description="Where the target is when the channel is at rest",
        default=0.0,
        soft_min=-1.0,
        soft_max=1.0,
        step=1,
        precision=3,
        override={"LIBRARY_OVERRIDABLE"},
        update=_changed,
    )
    minimum: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Minimum",
        description="The target never goes below this",
        default=0.0,
        soft_min=-1.0,
        soft_max=1.0,
        step=1,
        precision=3,
        override={"LIBRARY_OVERRIDABLE"},
        update=_keep_limits_in_order("minimum"),
    )
    maximum: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Maximum",
        description="The target never goes above this: less than 1 keeps a shape from going to its end",
        default=1.0,
        soft_min=-1.0,
        soft_max=2.0,
        step=1,
        precision=3,
        override={"LIBRARY_OVERRIDABLE"},
        update=_keep_limits_in_order("maximum"),
    )


class VoxkeyRig(bpy.types.PropertyGroup):
    """The links of a face object's own rig map."""

    links: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        type=VoxkeyLink, override={"LIBRARY_OVERRIDABLE", "USE_INSERTION"}
    )
    active: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Active Link",
        description="A channel of the face, and what it moves on this character",
        override={"LIBRARY_OVERRIDABLE"},
    )
    checksum: bpy.props.IntProperty(  # type: ignore[valid-type]
        options={"HIDDEN"}, override={"LIBRARY_OVERRIDABLE"}
    )


def attach() -> None:
    """Give every object room for the links of its rig map."""
    bpy.types.Object.voxkey_rig = bpy.props.PointerProperty(type=VoxkeyRig)
    bpy.types.Object.voxkey_rig_kept = bpy.props.StringProperty(
        description="The rig map of a library override, which loses its custom properties when the file is opened",
        options={"HIDDEN"},
        override={"LIBRARY_OVERRIDABLE"},
    )
    bpy.app.handlers.load_post.append(_bring_back)


def detach() -> None:
    bpy.app.handlers.load_post.remove(_bring_back)
    del bpy.types.Object.voxkey_rig_kept
    del bpy.types.Object.voxkey_rig


@bpy.app.handlers.persistent
def _bring_back(_path: str) -> None:
    """Give library overrides their rig maps again."""
    for obj in bpy.data.objects:
        if obj.override_library and obj.voxkey_rig_kept:
            obj[face.RIG_MAP] = obj.voxkey_rig_kept


def is_filled(obj: bpy.types.Object) -> bool:
    """Whether the links are those of the text, which scripts and undo may change."""
    return bool(obj.voxkey_rig.checksum == _checksum(obj[face.RIG_MAP]))


def fill(obj: bpy.types.Object) -> None:
    """Copy the links from the text; ValueError when it is no rig map."""
    rig_map = rig_map_from_text(obj[face.RIG_MAP])
    rig = obj.voxkey_rig
    with _filling():
        rig.links.clear()
        for link in rig_map.links:
            item = rig.links.add()
            item.channel, item.kind, item.target = link.channel, link.target.kind, link.target.name
            if link.target.kind == "bone":
                item.component = link.target.component
            else:
                item.bone = link.target.component
            item.gain, item.offset, item.minimum, item.maximum = link.gain, link.offset, link.minimum, link.maximum
        rig.active = max(0, min(rig.active, len(rig.links) - 1))
        rig.checksum = _checksum(obj[face.RIG_MAP])


def choose(obj: bpy.types.Object, rig_map: RigMap) -> None:
    """Make a rig map the character's own."""
    _write(obj, rig_map)
    fill(obj)


def reset(obj: bpy.types.Object) -> None:
    """Forget the character's own map, so that its family is detected again."""
    if obj.get(face.RIG_MAP) is not None:
        del obj[face.RIG_MAP]
    obj.voxkey_rig_kept = ""
    with _filling():
        obj.voxkey_rig.links.clear()
        obj.voxkey_rig.active = 0


def spelled_out(rig_map: RigMap, parts: list[RigPart]) -> RigMap:
    """Only the links that find something on a character, in its own spelling, in the order of the channels."""
    once: dict[tuple[str, Target], Link] = {}
    for found in (find_targets(rig_map, part) for part in parts):
        for link in rig_map.links:
            if link.target in found:
                once.setdefault((link.channel, found[link.target]), replace(link, target=found[link.target]))
    return replace(rig_map, links=tuple(sorted(once.values(), key=lambda link: CHANNELS.index(link.channel))))


@contextmanager
def _filling() -> Iterator[None]:
    global _is_filling
    before, _is_filling = _is_filling, True
    try:
        yield
    finally:
        _is_filling = before


def _write(obj: bpy.types.Object, rig_map: RigMap) -> None:
    obj[face.RIG_MAP] = rig_map_to_text(rig_map)
    if obj.override_library:
        obj.voxkey_rig_kept = obj[face.RIG_MAP]
    obj.voxkey_rig.checksum = _checksum(obj[face.RIG_MAP])


def read(item: Any) -> Link:
    """What a row of the list says; ValueError when it makes no sense, as without a target."""
    place = {"bone": item.component, "property": item.bone}.get(item.kind, "")
    target = Target(item.kind, item.target, place)
    return Link(item.channel, target, item.gain, item.offset, item.minimum, item.maximum)


def _known_map(obj: bpy.types.Object) -> RigMap:
    """The map that moves the character; ValueError when there is none."""
    rig_map, _, _ = face.chosen_map(obj)
    if rig_map is None:
        raise ValueError(f"No family of rigs has names like {obj.name}'s; choose a rig map or match by shape first")
    return rig_map


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode()) >> 1  # of Blender's integers


def _edited_name(rig_map: RigMap) -> str:
    return rig_map.name.removesuffix(EDITED) + EDITED


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why the rig map can't be changed, as one sentence with what to do; None when it can."""
    obj = properties.target_object(context)
    problem = face.target_problem(obj)
    if problem:
        return problem
    if not obj.is_editable:
        return f"{obj.name} is linked from another file; make a library override to give it a rig map of its own"
    return None


def _links_reason(context: bpy.types.Context) -> str | None:
    reason = disabled_reason(context)
    if reason:
        return reason
    if not properties.target_object(context).get(face.RIG_MAP):
        return "The links are the family's; press Edit Links to have your own"
    return None


def _active_link_reason(context: bpy.types.Context) -> str | None:
    reason = _links_reason(context)
    if reason:
        return reason
    rig = properties.target_object(context).voxkey_rig
    return None if 0 <= rig.active < len(rig.links) else "Choose a link in the list"


class _Editor:
    """What the operators that change the rig map have in common."""

    bl_options = {"REGISTER", "UNDO"}
    reason = staticmethod(disabled_reason)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, cls.reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            self.change(properties.target_object(context))
        except ValueError as error:
            return refuse(self, error)
        return {"FINISHED"}


class VOXKEY_OT_detect_rig(_Editor, bpy.types.Operator):
    bl_idname = "voxkey.detect_rig"
    bl_label = "Detect"
    bl_description = (
        "Look at the names of the character's shape keys, bones and properties again, and take the family that moves "
        "most of the face. A rig map that you chose or edited is forgotten; Ctrl-Z brings it back"
    )

    def change(self, obj: bpy.types.Object) -> None:
        presets.forget()
        reset(obj)
        rig_map, cover, _ = face.chosen_map(obj)
        if rig_map is None:
            self.report(
                {"WARNING"}, translated(f"No family of rigs has names like {obj.name}'s; match its shape keys by shape")
            )
        else:
            self.report({"INFO"}, translated(f"{rig_map.name}: {len(cover.matched) + len(cover.combined)} channels"))


class VOXKEY_OT_choose_rig_map(_Editor, bpy.types.Operator):
    bl_idname = "voxkey.choose_rig_map"
    bl_label = "Choose Rig Map"
    bl_description = "Move the face by this rig map instead of the one that was detected"

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="Rig map, as a JSON file", subtype="FILE_PATH"
    )

    def change(self, obj: bpy.types.Object) -> None:
        _load(obj, Path(self.filepath))


class VOXKEY_OT_open_rig_map(_Editor, bpy.types.Operator, ImportHelper):
    bl_idname = "voxkey.open_rig_map"
    bl_label = "Open Rig Map"
    bl_description = "Move the face by a rig map from a JSON file, such as one that a colleague saved"

    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def change(self, obj: bpy.types.Object) -> None:
        _load(obj, Path(self.filepath))


class VOXKEY_OT_save_rig_map(_Editor, bpy.types.Operator, ExportHelper):
    bl_idname = "voxkey.save_rig_map"
    bl_label = "Save Rig Map"
    bl_description = (
        "Save the links as a JSON file, to use them on other characters or give them away. In the folder that comes up "
        "first, it joins the menu of rig maps and is found on other characters that have its names"
    )
    bl_options = {"REGISTER"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        try:
            rig_map = _known_map(properties.target_object(context))
        except ValueError as error:
            return refuse(self, error)
        name = bpy.path.clean_name(rig_map.name.removesuffix(EDITED)) or "rig_map"
        self.filepath = str(presets.user_folder() / f"{name}.json")
        return super().invoke(context, event)

    def change(self, obj: bpy.types.Object) -> None:
        path = Path(self.filepath)
        try:
            save_rig_map(replace(_known_map(obj), name=path.stem), path)
        except OSError as error:
            raise ValueError(f"{path.name} can't be written ({error.strerror}); choose another folder") from error
        presets.forget()
        self.report({"INFO"}, translated(f"Saved {path.name}"))


class VOXKEY_OT_edit_links(_Editor, bpy.types.Operator):
    bl_idname = "voxkey.edit_links"
    bl_label = "Edit Links"
    bl_description = (
        "Give the character a rig map of its own: a copy of the links found on it, whose gain, limits and targets you "
        "change. It is kept with the face object"
    )

    def change(self, obj: bpy.types.Object) -> None:
        choose(obj, spelled_out(_known_map(obj), _offers(obj)))


class VOXKEY_OT_add_link(_Editor, bpy.types.Operator):
    bl_idname = "voxkey.add_link"
    bl_label = "Add Link"
    bl_description = "Let one more channel move something: a channel that moves nothing yet, and a free shape key"
    reason = staticmethod(_links_reason)

    def change(self, obj: bpy.types.Object) -> None:
        parts = _offers(obj)
        _, cover, _ = face.chosen_map(obj)
        kinds = [kind for kind in ("shape_key", "bone", "property") if names_of(parts, kind)]
        if not kinds:
            raise ValueError(f"{obj.name} has no shape keys, bones or properties that a link could move")
        kind = kinds[0]
        names = list(cover.unused) if kind == "shape_key" and cover.unused else names_of(parts, kind)
        target = Target(kind, names[0], "rotation_x" if kind == "bone" else "")
        _insert(obj, Link((cover.unmatched or BLENDSHAPE_CHANNELS)[0], target))


class VOXKEY_OT_duplicate_link(_Editor, bpy.types.Operator):
    bl_idname = "voxkey.duplicate_link"
    bl_label = "Duplicate Link"
    bl_description = "Copy this link, so that its channel moves one more target, or its target follows one more channel"
    reason = staticmethod(_active_link_reason)

    def change(self, obj: bpy.types.Object) -> None:
        rig = obj.voxkey_rig
        _insert(obj, read(rig.links[rig.active]))


class VOXKEY_OT_remove_link(_Editor, bpy.types.Operator):
    bl_idname = "voxkey.remove_link"
    bl_label = "Remove Link"
    bl_description = "The channel no longer moves this target"

    @staticmethod
    def reason(context: bpy.types.Context) -> str | None:
        reason = _active_link_reason(context)
        if reason or len(properties.target_object(context).voxkey_rig.links) > 1:
            return reason
        return "This is the last link; press Reset to Detected to go back to the family's"

    def change(self, obj: bpy.types.Object) -> None:
        links = [read(item) for item in obj.voxkey_rig.links]
        del links[obj.voxkey_rig.active]
        _relink(obj, links)


def _load(obj: bpy.types.Object, path: Path) -> None:
    """Choose what a file's rig map finds on the character; ValueError when that is nothing."""
    rig_map = load_rig_map(path)
    found = spelled_out(rig_map, _offers(obj))
    if not found.links:
        raise ValueError(f"{rig_map.name} finds nothing on {obj.name}; choose another rig map")
    choose(obj, found)


def _insert(obj: bpy.types.Object, link: Link) -> None:
    """Put a link after the active one, and make it the active one."""
    rig = obj.voxkey_rig
    links = [read(item) for item in rig.links]
    links.insert(rig.active + 1, link)
    _relink(obj, links)
    rig.active = max(number for number, item in enumerate(rig.links) if read(item) == link)


def _relink(obj: bpy.types.Object, links: list[Link]) -> None:
    chosen = rig_map_from_text(obj[face.RIG_MAP])
    choose(obj, replace(chosen, name=_edited_name(chosen), links=tuple(links)))


CLASSES: tuple[Any, ...] = (
    VoxkeyLink,
    VoxkeyRig,
    VOXKEY_OT_detect_rig,
    VOXKEY_OT_choose_rig_map,
    VOXKEY_OT_open_rig_map,
    VOXKEY_OT_save_rig_map,
    VOXKEY_OT_edit_links,
    VOXKEY_OT_add_link,
    VOXKEY_OT_duplicate_link,
    VOXKEY_OT_remove_link,
)
