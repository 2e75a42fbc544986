"""What the user chooses in the panel, kept with the scene."""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, func-returns-value"

import zlib
from functools import cache
from pathlib import Path
from typing import Any

import bpy

from . import audio_io, generation, keyframes, preferences
from .core.shaping import Shaping

OWN_FILE, DEFAULT = "FILE", "DEFAULT"


def model_items(_owner: Any, context: bpy.types.Context) -> list[tuple[str, str, str, str, int]]:
    """Enum items: the default model, every model file found, and a file of the user's choice."""
    return _model_items(_model_files(context))


@cache  # Blender keeps only pointers to the strings
def _model_items(files: tuple[Path, ...]) -> list[tuple[str, str, str, str, int]]:
    """The number, which is what a .blend stores, comes from the file's name, so that new files change no choice."""
    others = [
        (path.name, path.stem, str(path), "NONE", zlib.crc32(path.name.encode()) >> 1 | 2)
        for path in files
        if path != generation.DEFAULT_MODEL
    ]
    return [
        (DEFAULT, "Default", f"The model that comes with Voxkey: {generation.DEFAULT_MODEL.stem}", "NONE", 0),
        *others,
        (OWN_FILE, "Other File", "A model file that you choose below", "NONE", 1),
    ]


def _model_files(context: bpy.types.Context) -> tuple[Path, ...]:
    prefs = preferences.preferences(context)
    return preferences.model_files(prefs.model_folder if prefs else "")


def _suggest_sources(_owner: Any, context: bpy.types.Context, _text: str) -> list[str]:
    return audio_io.source_names(context.scene)


class VoxkeySettings(bpy.types.PropertyGroup):
    source: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Sound",
        description="Sound strip or Speaker whose speech the face says; leave it empty for the active sound strip",
        search=_suggest_sources,
    )
    target: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Face",
        description="Mesh with shape keys such as jawOpen; leave it empty for the active object",
        type=bpy.types.Object,
        poll=lambda _owner, obj: keyframes.target_problem(obj) is None,
    )
    model: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Model",
        description="Model file that turns speech into motion",
        items=model_items,
    )
    model_path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Model File",
        description="An .onnx file that the trainer exported",
        subtype="FILE_PATH",
    )
    device: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Device",
        description="What runs the model. Auto follows the preferences, else takes the fastest that works",
        items=preferences.device_items,
    )
    strength: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Strength",
        description="How far the whole face moves: 1 as the model says, 0 not at all, 2 twice as far",
        default=1.0,
        min=0.0,
        max=2.0,
    )
    smoothing: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Smoothing",
        description="Calms the motion over this time. More than 0.05 s begins to keep lips from closing on p, b and m",
        default=0.0,
        min=0.0,
        max=0.2,
        subtype="TIME_ABSOLUTE",
        unit="TIME_ABSOLUTE",
        precision=3,
        step=1,
    )
    blink_strength: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Blinks",
        description="How far the lids close in a blink: 1 shut, 0 for no blinks",
        default=1.0,
        min=0.0,
        max=1.0,
    )
    blink_seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Blink Seed",
        description="Another number, blinks at other times; the same number, the same blinks",
        default=0,
        min=0,
    )


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.voxkey = bpy.props.PointerProperty(type=VoxkeySettings)


def detach() -> None:
    del bpy.types.Scene.voxkey


def target_object(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen mesh, else the active object."""
    return context.scene.voxkey.target or context.object


def model_path(context: bpy.types.Context) -> Path:
    """The chosen model file."""
    settings = context.scene.voxkey
    if settings.model == OWN_FILE:
        return Path(bpy.path.abspath(settings.model_path))
    return next((path for path in _model_files(context) if path.name == settings.model), generation.DEFAULT_MODEL)


def device(context: bpy.types.Context) -> str:
    """The chosen device, the preferences' where the panel says Auto."""
    prefs = preferences.preferences(context)
    chosen = context.scene.voxkey.device or "AUTO"  # empty when saved on a machine with other devices
    return (prefs.device or "AUTO") if prefs and chosen == "AUTO" else chosen


def shaping(context: bpy.types.Context) -> Shaping:
    settings = context.scene.voxkey
    return Shaping(settings.strength, settings.smoothing, settings.blink_strength, settings.blink_seed)
