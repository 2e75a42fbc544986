"""Presets of all settings of a performance: those that come with Voxkey, and those that the user keeps, as JSON files.

Blender's own presets are Python files, which run when they are chosen; a preset from a stranger must not.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, misc"

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from . import operators
from .core.emotion import EMOTIONS
from .core.shaping import SEEDS, Shaping
from .core.text_files import read_text, write_text
from .drawing import refuse
from .translation import translated

SHIPPED_FOLDER = Path(__file__).parent / "settings"
PROPERTY_OF = {"head": "head_motion"}
"""Field of Shaping -> its name in the panel's settings, where that is another."""
OF_A_LINE = {*SEEDS, "emotion", "emotion_strength", *EMOTIONS}
"""Fields of Shaping that belong to one line and not to a style."""
DEFAULT, OWN = "Default", "Own Settings"
"""Name of the first preset, and of settings that are none."""

Values = dict[str, Any]
"""Name of a property of the panel's settings -> value."""


@cache
def names() -> tuple[str, ...]:
    """The settings of a style, by their names in the panel."""
    found = (field.name for field in fields(Shaping) if field.name not in OF_A_LINE)
    return tuple(PROPERTY_OF.get(name, name) for name in found)


def user_folder(is_made: bool = False) -> Path:
    """Where the user's own presets are kept; made, if wanted, when it is not there: drawing makes nothing."""
    try:
        return Path(bpy.utils.extension_path_user(__package__, path="settings", create=is_made))
    except ValueError:  # Voxkey runs as a plain module
        return Path(bpy.utils.user_resource("SCRIPTS", path="presets/voxkey/settings", create=is_made))


def read_preset(path: Path) -> Values:
    """The settings in a preset file, those that it does not name at their defaults; ValueError when it is none."""
    try:
        given = json.loads(read_text(path))["settings"]
        values = {name: default(name) for name in names()} | {str(name): given[name] for name in given}
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path.name} is no preset of Voxkey's settings; save one in the panel first") from error
    unknown = sorted(values.keys() - set(names()))
    if unknown:
        raise ValueError(f"{path.name} has the setting {unknown[0]}, which this Voxkey does not have; update it")
    for name, value in values.items():
        _check(path, name, value)
    return values


def default(name: str) -> Any:
    """What a setting is in a new scene."""
    return _property(name).default


def read_settings(settings: Any) -> Values:
    """The settings of a scene as a preset holds them."""
    found = {name: getattr(settings, name) for name in names()}
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in found.items()}


def apply_preset(context: bpy.types.Context, values: Values) -> None:
    """Give a scene these settings, and its take their shape, once for all of them."""
    settings = context.scene.voxkey
    is_live = settings.live_shaping
    settings.live_shaping = False
    for name, value in values.items():
        setattr(settings, name, value)
    settings.live_shaping = is_live
    if is_live:
        operators.shape_live(context)


def current_name(settings: Any) -> str:
    """The preset that a scene's settings are equal to, or OWN."""
    now = read_settings(settings)
    for path, values in preset_files().items():
        if values is not None and all(_is_equal(values[name], now[name]) for name in now):
            return path.stem
    return OWN


@cache
def preset_files() -> dict[Path, Values | None]:
    """File -> settings, the shipped ones first; None for one that can't be read. Looked up once, until forget()."""
    shipped = sorted(SHIPPED_FOLDER.glob("*.json"), key=lambda path: (path.stem != DEFAULT, path.stem))
    return {path: _read(path) for path in (*shipped, *sorted(user_folder().glob("*.json")))}


def forget() -> None:
    """Read the folders again next time: a file was saved, or put there by hand."""
    preset_files.cache_clear()


class _Load:
    """What loading from the menu and from elsewhere have in common."""

    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Any:
        path = Path(bpy.path.abspath(self.filepath))
        try:
            apply_preset(context, read_preset(path))
        except ValueError as error:
            return refuse(self, error)
        self.report({"INFO"}, translated(f"{path.stem}: all settings are those of the preset"))
        return {"FINISHED"}


class VOXKEY_OT_load_preset(_Load, bpy.types.Operator):
    bl_idname = "voxkey.load_preset"
    bl_label = "Load Preset"
    bl_description = "Let the face perform in this style: sets all of Shaping and Life, and the take follows"

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="File", description="Preset file to load: JSON, as the panel saves it", subtype="FILE_PATH"
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        path = Path(properties.filepath)
        return translated(_about(path) if path.parent == SHIPPED_FOLDER else cls.bl_description)


class VOXKEY_OT_open_preset(_Load, bpy.types.Operator, ImportHelper):
    bl_idname = "voxkey.open_preset"
    bl_label = "Open Preset"
    bl_description = (
        "Let the face perform as a preset file says, such as one that a colleague saved; it holds numbers only and "
        "runs nothing"
    )

    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]


class VOXKEY_OT_save_preset(bpy.types.Operator, ExportHelper):
    bl_idname = "voxkey.save_preset"
    bl_label = "Save Preset"
    bl_description = (
        "Save all settings of Shaping and Life as a file, for other scenes and people. In the folder that comes up "
        "first, it joins this menu"
    )
    bl_options = {"REGISTER"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        self.filepath = str(user_folder(is_made=True) / "My Style.json")
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> Any:
        path = Path(bpy.path.abspath(self.filepath))
        changed = {
            name: value
            for name, value in read_settings(context.scene.voxkey).items()
            if not _is_equal(value, default(name))
        }
        try:
            write_text(path, json.dumps({"settings": changed}, indent=2) + "\n")
        except ValueError as error:
            return refuse(self, error)
        forget()
        self.report({"INFO"}, translated(f"Saved {path.name}"))
        return {"FINISHED"}


class VOXKEY_MT_presets(bpy.types.Menu):
    bl_label = "Presets"
    bl_description = "Styles of performance that come with Voxkey, and those that you saved"

    def draw(self, _context: bpy.types.Context) -> None:
        layout: Any = self.layout
        for path in preset_files():
            is_shipped = path.parent == SHIPPED_FOLDER
            icon = "PRESET" if is_shipped else "USER"
            operator = layout.operator("voxkey.load_preset", text=path.stem, icon=icon, translate=is_shipped)
            operator.filepath = str(path)
        layout.separator()
        layout.operator("voxkey.open_preset", text="Open...", icon="FILEBROWSER")
        layout.operator("voxkey.save_preset", text="Save As...", icon="FILE_TICK")


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The menu of presets, with the name of the one in use."""
    name = current_name(context.scene.voxkey)
    split = layout.split(factor=0.4, align=True)
    label = split.row()
    label.alignment = "RIGHT"
    label.label(text="Style")
    split.menu("VOXKEY_MT_presets", text=name)


def _property(name: str) -> Any:
    return bpy.types.Scene.bl_rna.properties["voxkey"].fixed_type.properties[name]


def _check(path: Path, name: str, value: Any) -> None:
    """ValueError when a setting can't have a value."""
    prop = _property(name)
    if prop.type == "ENUM":
        is_valid = any(item.identifier == value for item in prop.enum_items)
    else:
        is_valid = isinstance(value, int | float) and prop.hard_min - 1e-6 <= value <= prop.hard_max + 1e-6
    if not is_valid:
        raise ValueError(f"{path.name} sets {name} to {value!r}, which it can't be; correct it or save it again")


def _is_equal(one: Any, other: Any) -> bool:
    return bool(one == other if isinstance(one, str) else abs(one - other) < 1e-4)


@cache
def _about(path: Path) -> str:
    """What a shipped preset says it does to the face."""
    return str(json.loads(path.read_text(encoding="utf-8"))["about"])


def _read(path: Path) -> Values | None:
    try:
        return read_preset(path)
    except ValueError:  # said when the user chooses this file
        return None


CLASSES: tuple[Any, ...] = (
    VOXKEY_OT_load_preset,
    VOXKEY_OT_open_preset,
    VOXKEY_OT_save_preset,
    VOXKEY_MT_presets,
)
