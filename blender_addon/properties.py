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
LANDMARKS_OF = "voxkey_face"
"""Custom property of an object that shows the landmarks of a face: that face."""


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


def _amount(name: str, description: str, maximum: float = 2.0) -> Any:
    """A slider from 0 for none over 1 for as observed in people."""
    return bpy.props.FloatProperty(name=name, description=description, default=1.0, min=0.0, max=maximum)


class VoxkeySettings(bpy.types.PropertyGroup):
    source: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Sound",
        description="Sound strip or Speaker whose speech the face says; leave it empty for the active sound strip",
        search=_suggest_sources,
    )
    target: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Face",
        description="Mesh of the face, or the armature of the character; what belongs to it, such as teeth, lashes and "
        "eyes, moves along. Leave it empty for the active object",
        type=bpy.types.Object,
        poll=lambda _owner, obj: obj.type in {"MESH", "ARMATURE"},
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
    blinks: _amount(  # type: ignore[valid-type]
        "Blinks", "How far the lids close in a blink: 1 shut, 0 for no blinks. Eyes blink about every 3 seconds", 1.0
    )
    gaze: _amount(  # type: ignore[valid-type]
        "Gaze",
        "How far the eyes wander: at 1 they mostly look ahead, shift a little, and glance away while speaking; the "
        "lids follow. 0 for a stare",
    )
    brows: _amount(  # type: ignore[valid-type]
        "Brows", "How far brows rise on stressed words and at the beginning of phrases, and knit in between"
    )
    head_motion: _amount(  # type: ignore[valid-type]
        "Head Motion", "How far the Head object nods on stressed words and turns slowly, by about 3 degrees at 1"
    )
    secondary: _amount(  # type: ignore[valid-type]
        "Secondary",
        "How far cheeks, nose and lower lids follow the mouth, and how much the two sides of the face differ. Closed "
        "lips stay closed",
    )
    seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seed",
        description="Another number, another performance of blinks, gaze, brows and head; the same number, the same",
        default=0,
        min=0,
    )
    head: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Head",
        description="Object that nods and turns, looking along its own -Y axis with Z up: the head, or an Empty at the "
        "neck that the head is parented to. Its own animation stays; leave it empty for a head that keeps still",
        type=bpy.types.Object,
        poll=lambda _owner, obj: keyframes.head_problem(obj) is None,
    )


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.voxkey = bpy.props.PointerProperty(type=VoxkeySettings)


def detach() -> None:
    del bpy.types.Scene.voxkey


def target_object(context: bpy.types.Context) -> bpy.types.Object | None:
    """The chosen face, else the active object; for landmarks that are being marked, the face they belong to."""
    obj = context.scene.voxkey.target or context.object
    return (obj.get(LANDMARKS_OF) or obj) if obj else None


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
    return Shaping(
        strength=settings.strength,
        smoothing_seconds=settings.smoothing,
        blinks=settings.blinks,
        gaze=settings.gaze,
        brows=settings.brows,
        head=settings.head_motion,
        secondary=settings.secondary,
        seed=settings.seed,
    )
