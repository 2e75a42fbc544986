"""The Rig part of the panel: family, coverage, previews and links, and what to do where names say nothing.

Drawing compares names and looks nothing up: what is known of a character comes from the last look at it, which a timer
or a button takes between two redraws.
"""

# ruff: noqa: N801  (Blender wants these class names)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, override"

from __future__ import annotations

from typing import Any

import bpy

from . import face, make_shapes, presets, properties, rig_links, rig_preview, shape_match
from .core.names import match_names
from .drawing import draw_sentence
from .rig_look import N_CHANNELS, Look, last_look, seen
from .translation import translated

KIND_ICONS = {"shape_key": "SHAPEKEY_DATA", "bone": "BONE_DATA", "property": "PROPERTIES"}

NO_SHAPE_KEYS = "Nothing can move here yet; guess the landmarks, drag them where they are wrong, and make shape keys"


class VOXKEY_UL_channels(bpy.types.UIList):
    """Coverage: what each channel moves, with its preview."""

    def draw_item(
        self, context: bpy.types.Context, layout: Any, data: Any, item: Any, icon: Any, active: Any, name: Any, *_: Any
    ) -> None:
        obj = properties.target_object(context)
        known = seen(obj) if obj else None
        if known is None or known.coverage is None:
            return
        preview = rig_preview.running()
        if preview and preview.channel == item.name:
            layout.progress(factor=preview.amount, type="BAR", text=f"{item.name} {preview.amount:.0%}")
            return
        row = layout.row(align=True)
        row.active = item.name in known.driven
        row.label(text=item.name, icon=_status_icon(known, item.name))
        if item.name in known.driven:
            row.operator("voxkey.preview_channel", text="", icon="HIDE_OFF", emboss=False).channel = item.name

    def filter_items(self, context: bpy.types.Context, data: Any, name: str) -> tuple[list[int], list[int]]:
        """The default filter by name, and what moves something before what moves nothing."""
        items = getattr(data, name)
        obj = properties.target_object(context)
        known = seen(obj) if obj else None
        reached = known.driven if known else {}
        ranks = [(number, item.name not in reached) for number, item in enumerate(items)]
        helper: Any = bpy.types.UI_UL_list
        shown = (
            helper.filter_items_by_name(self.filter_name, self.bitflag_filter_item, items) if self.filter_name else []
        )
        return shown, helper.sort_items_helper(ranks, lambda rank: rank[1])


class VOXKEY_UL_links(bpy.types.UIList):
    """The links of the character's own rig map."""

    def draw_item(
        self, context: bpy.types.Context, layout: Any, data: Any, item: Any, icon: Any, active: Any, name: Any, *_: Any
    ) -> None:
        known = seen(item.id_data)
        is_alike = bool(match_names((item.channel,), (item.target,)))  # there is little room
        names = layout.row(align=True) if is_alike else layout.split(factor=0.6, align=True)
        names.alert = known is not None and rig_links.read(item).target in known.missing
        names.label(text=item.target if is_alike else item.channel, icon=KIND_ICONS[item.kind])
        if not is_alike:
            names.label(text=item.target)


class VOXKEY_MT_rig_maps(bpy.types.Menu):
    bl_label = "Rig Maps"
    bl_description = "Rig maps that come with Voxkey and those that you saved"

    def draw(self, _context: bpy.types.Context) -> None:
        layout: Any = self.layout
        for path, rig_map in presets.rig_map_files().items():
            icon = "ARMATURE_DATA" if path.parent == presets.SHIPPED_FOLDER else "USER"
            operator = layout.operator("voxkey.choose_rig_map", text=rig_map.name if rig_map else path.stem, icon=icon)
            operator.filepath = str(path)
        layout.separator()
        layout.operator("voxkey.open_rig_map", text="Open...", icon="FILEBROWSER")
        layout.operator("voxkey.save_rig_map", text="Save As...", icon="FILE_TICK")


def draw_header(layout: Any, context: bpy.types.Context) -> None:
    """How much of the face moves, beside the panel's name: to be seen while the panel is closed."""
    obj = properties.target_object(context)
    known = None if face.target_problem(obj) else last_look(obj)
    if known and known.coverage:
        layout.label(text=translated(f"{N_CHANNELS - len(known.coverage.unmatched)} of {N_CHANNELS}"))


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The whole of the Rig sub-panel: what the names say, and what to do where they say too little."""
    obj = properties.target_object(context)
    problem = face.target_problem(obj)
    known = None if problem else last_look(obj)
    is_bare = obj is not None and obj.type == "MESH" and face.shape_keys(obj) is None
    if problem:
        draw_sentence(layout, context, NO_SHAPE_KEYS if is_bare else problem, "INFO")
    elif known is None:
        layout.label(text="Looking at the rig", icon="VIEWZOOM")
    else:
        _draw_family(layout, context, known)
    if known and known.rig_map:
        _draw_coverage(layout, context, known)
        _draw_links(layout, obj, known)
    if obj and obj.type == "MESH":
        is_needed = problem is not None or (known is not None and known.rig_map is None)
        _draw_section(layout, context, "Landmarks" if is_bare else "Match by Shape", shape_match.draw, is_needed)
        _draw_section(layout, context, "Make Shape Keys", make_shapes.draw, is_needed)
    elif known and known.rig_map is None:
        draw_sentence(layout, context, "Choose the mesh of the face to match it by shape", "INFO")


def _draw_family(layout: Any, context: bpy.types.Context, known: Look) -> None:
    draw_sentence(layout, context, known.problem or known.summary, "ERROR" if known.problem else "ARMATURE_DATA")
    row = layout.row(align=True)
    row.menu("VOXKEY_MT_rig_maps")
    row.operator("voxkey.detect_rig", text="", icon="FILE_REFRESH")
    if known.is_own:
        layout.operator("voxkey.detect_rig", text="Reset to Detected", icon="LOOP_BACK")


def _draw_section(layout: Any, context: bpy.types.Context, label: str, draw_body: Any, is_needed: bool) -> None:
    """A section that is open where it is the next step; Blender remembers what the user does with either."""
    name = f"voxkey_{label}_{'needed' if is_needed else 'offered'}"
    header, body = layout.panel(name, default_closed=not is_needed)
    header.label(text=label)
    if body is not None:
        draw_body(body, context)


def _draw_coverage(layout: Any, context: bpy.types.Context, known: Look) -> None:
    cover = known.coverage
    assert cover is not None
    header, body = layout.panel("voxkey_coverage", default_closed=True)
    header.label(text="Coverage")
    if body is None:
        return
    counts = f"{len(cover.matched)} matched, {len(cover.combined)} combined, {len(cover.unmatched)} unmatched"
    body.label(text=translated(counts))
    manager = context.window_manager
    body.template_list("VOXKEY_UL_channels", "", manager, "voxkey_channels", manager, "voxkey_channel", rows=8)
    if 0 <= manager.voxkey_channel < len(manager.voxkey_channels):
        channel = manager.voxkey_channels[manager.voxkey_channel].name
        targets = known.driven.get(channel)
        sentence = f"{channel} moves {targets}" if targets else f"{channel} moves nothing"
        draw_sentence(body, context, sentence, _status_icon(known, channel))
    if cover.unused:
        header, names = body.panel("voxkey_unused", default_closed=True)
        header.label(text=translated(f"Unused shape keys: {len(cover.unused)}"))
        if names is not None:
            draw_sentence(names, context, ", ".join(cover.unused), "SHAPEKEY_DATA")


def _status_icon(known: Look, channel: str) -> str:
    """A tick for a channel that moves something of its own, a chain for one that shares it, a dash for none."""
    assert known.coverage is not None
    return "LINKED" if channel in known.coverage.combined else "CHECKMARK" if channel in known.driven else "REMOVE"


def _draw_links(layout: Any, obj: bpy.types.Object, known: Look) -> None:
    header, body = layout.panel("voxkey_links", default_closed=True)
    header.label(
        text=translated(f"Your own links: {len(obj.voxkey_rig.links)}" if known.is_own else "Links of the family")
    )
    if body is None:
        return
    if not known.is_own:
        body.operator("voxkey.edit_links", icon="GREASEPENCIL")
        return
    rig = obj.voxkey_rig
    row = body.row()
    row.template_list("VOXKEY_UL_links", "", rig, "links", rig, "active", rows=6)
    buttons = row.column(align=True)
    buttons.operator("voxkey.add_link", text="", icon="ADD")
    buttons.operator("voxkey.remove_link", text="", icon="REMOVE")
    buttons.separator()
    buttons.operator("voxkey.duplicate_link", text="", icon="DUPLICATE")
    if rig.active < len(rig.links):
        _draw_link(body, rig.links[rig.active])
    body.operator("voxkey.reshape_take", icon="FILE_REFRESH")


def _draw_link(layout: Any, link: Any) -> None:
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column(align=True)
    column.prop(link, "channel")
    column.prop(link, "kind")
    column.prop(link, "target", icon=KIND_ICONS[link.kind])
    if link.kind == "bone":
        column.prop(link, "component")
    if link.kind == "property":
        column.prop(link, "bone", icon="BONE_DATA")
    column = layout.column(align=True)
    column.prop(link, "gain")
    column.prop(link, "offset")
    column = layout.column(align=True)
    column.prop(link, "minimum")
    column.prop(link, "maximum")


CLASSES: tuple[Any, ...] = (VOXKEY_UL_channels, VOXKEY_UL_links, VOXKEY_MT_rig_maps)
