"""Run inside the real Blender: every part of the panel, opened, in both sidebars, at the scale VOXKEY_SCALE."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

sys.path.append(str(Path(__file__).parent))
from drive import (
    addon,
    biggest_area,
    facts,
    finish_job,
    in_editor,
    open_panels,
    picture,
    region,
    run,
    show_panel,
    use_tiny_model,
    wait,
    window,
)

EDITORS = ("VIEW_3D", "SEQUENCE_EDITOR")


def steps() -> Iterator[None]:
    open_panels(lambda panel: True)
    bpy.context.preferences.view.ui_scale = float(os.environ["VOXKEY_SCALE"])
    yield from wait(4)
    yield from show_panel("VIEW_3D")
    spare_the_view()
    window().view_layer.objects.active = window().scene.objects["Head"]
    use_tiny_model()
    for editor in EDITORS:
        yield from show_panel(editor)
        yield from wait(10)
        yield from picture(f"before_{editor}", region("UI"))
    with in_editor():
        bpy.ops.voxkey.generate("INVOKE_DEFAULT", True)
    yield from finish_job()
    with in_editor():
        bpy.ops.voxkey.find_voices()
    scene().voxkey_dialogue.voices[0].character = scene().objects["Head"]
    for editor in reversed(EDITORS):
        yield from show_panel(editor)
        yield from wait(10)
        yield from picture(f"after_{editor}", region("UI"))
    speak("de_DE")
    yield from wait(10)
    yield from picture("german_VIEW_3D", region("UI"))
    facts["is_done"] = True


def speak(language: str) -> None:
    """Another language of the interface."""
    view = bpy.context.preferences.view
    view.language = language
    view.use_translate_interface = view.use_translate_tooltips = view.use_translate_reports = True
    facts["generate"] = bpy.app.translations.pgettext("Generate from Audio", "Operator")
    facts["sentence"] = addon("translation").translated("Saved Robot.json")


def scene() -> Any:
    return window().scene


def spare_the_view() -> None:
    """Drawing a tall 3D view without a graphics card takes seconds."""
    space = biggest_area().spaces.active
    space.shading.type = "WIREFRAME"
    space.overlay.show_overlays = space.show_gizmo = False


run(steps())
