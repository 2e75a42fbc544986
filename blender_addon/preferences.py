"""Preferences: what belongs to the machine and not to the scene, and whether onnxruntime works here."""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr"

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bpy

from . import generation

DEVICES = {
    "AUTO": ("Auto", "The fastest device that works here"),
    "CUDA": ("CUDA", "An NVIDIA graphics card"),
    "DIRECTML": ("DirectML", "A graphics card under Windows"),
    "COREML": ("Core ML", "The neural engine or graphics of a Mac"),
    "CPU": ("CPU", "The processor: works everywhere"),
}
"""Device -> label and tooltip; a device's place here is its number in saved files."""


@dataclass(frozen=True)
class Runtime:
    """Whether models can run on this machine."""

    devices: tuple[str, ...]
    """Keys of DEVICES without AUTO; empty when onnxruntime can't be loaded."""
    sentence: str


@cache
def runtime() -> Runtime:
    """Load onnxruntime once, when it is first asked for: it takes a fifth of a second, too long for Blender's start."""
    from .core import model  # knows onnxruntime, which may be missing

    try:
        devices = tuple(model.available_devices())
    except ValueError as error:
        return Runtime((), str(error))
    names = ", ".join(DEVICES[device][0] for device in devices)
    return Runtime(devices, f"onnxruntime {version('onnxruntime')}, devices: {names}")


@cache
def runs_in_numpy(model_path: Path) -> bool:
    """Whether a model can do without onnxruntime; looked up once, as panels ask at every redraw."""
    from .core import model

    return model.runs_in_numpy(model_path)


def device_items(_owner: Any, _context: Any) -> list[tuple[str, str, str, str, int]]:
    """Enum items: Auto and the devices that are there."""
    offered = ("AUTO", *runtime().devices)
    return [(key, *DEVICES[key], "NONE", number) for number, key in enumerate(DEVICES) if key in offered]


@cache
def model_files(folder: str, kind: str = "audio_to_blendshapes", takes_images: bool = False) -> tuple[Path, ...]:
    """The model files that come with Voxkey, then those of a folder; looked up once, as panels ask at every redraw.

    Files that do not say their kind are among those that animate faces: opening one says what is wrong with it.
    """
    from .core import model

    folders = [generation.MODEL_FOLDER, *([Path(bpy.path.abspath(folder))] if folder else [])]
    paths = [path for place in folders for path in sorted(place.glob("*.onnx"))]
    stated = [
        (path, {"kind": "audio_to_blendshapes", "takes_images": False} | model.stated_facts(path)) for path in paths
    ]
    return tuple(path for path, facts in stated if (facts["kind"], facts["takes_images"]) == (kind, takes_images))


class VoxkeyPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__ or ""

    model_folder: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Model Folder",
        description="Folder with your own model files; they appear in the panel beside the one that comes with Voxkey",
        subtype="DIR_PATH",
        update=lambda _owner, _context: model_files.cache_clear(),
    )
    trainer_python: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Trainer's Python",
        description="The Python in which Voxkey's trainer is installed (pip install -e .[trainer]); "
        "Learn This Character runs it",
        subtype="FILE_PATH",
    )
    device: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Device",
        description="What runs the model wherever the panel says Auto",
        items=device_items,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "model_folder")
        layout.prop(self, "device")
        layout.prop(self, "trainer_python")
        row = layout.row()
        row.label(text=runtime().sentence, icon="CHECKMARK" if runtime().devices else "ERROR")
        row.operator("voxkey.check_runtime", text="", icon="FILE_REFRESH")


def preferences(context: bpy.types.Context) -> VoxkeyPreferences | None:
    """The user's preferences; None when Voxkey runs as a plain module."""
    addon = context.preferences.addons.get(__package__ or "")
    return addon.preferences if addon else None
