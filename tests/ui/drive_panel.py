"""Run inside the real Blender's interface: opens the panel, presses its buttons, and says what happened in files.

VOXKEY_FOLDER is the folder shared with the test: this script writes facts.json and, for each picture that is due,
NAME.ready; the test answers with NAME.done.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

FOLDER = Path(os.environ["VOXKEY_FOLDER"])
MODEL = os.environ["VOXKEY_MODEL"]
facts = {}


def steps() -> Iterator[None]:
    """One step a timer tick; a yield lets Blender draw and handle events."""
    yield from show_panel("VIEW_3D")
    window = bpy.context.window_manager.windows[0]
    scene = window.scene
    scene.voxkey.model, scene.voxkey.model_path = "FILE", MODEL
    yield from picture("ready")
    scene.voxkey.source = "deleted"
    yield from picture("disabled")
    scene.voxkey.source = ""
    yield from generate_and_wait(window)
    facts["actions"] = [action.name for action in bpy.data.actions]
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo()
    facts["actions_after_undo"] = [action.name for action in bpy.data.actions]
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.redo()
    facts["actions_after_redo"] = [action.name for action in bpy.data.actions]
    yield from picture("view3d")
    yield from cancel_a_long_run(window)
    yield from show_panel("SEQUENCE_EDITOR")
    yield from picture("sequencer")
    FOLDER.joinpath("facts.json").write_text(json.dumps(facts))
    os._exit(0)


def show_panel(kind: str) -> Iterator[None]:
    """Turn the biggest area into an editor of this kind, with our tab in its sidebar."""
    window = bpy.context.window_manager.windows[0]
    area = max(window.screen.areas, key=lambda area: area.width * area.height)
    area.type = kind
    yield
    area.spaces.active.show_region_ui = True
    if kind == "SEQUENCE_EDITOR" and hasattr(bpy.context.workspace, "sequencer_scene"):  # 5.0
        window.workspace.sequencer_scene = window.scene
    head = window.scene.objects["Head"]
    window.view_layer.objects.active = head
    yield
    sidebar = next(region for region in area.regions if region.type == "UI")
    sidebar.active_panel_category = "Voxkey"
    area.tag_redraw()
    yield
    yield
    facts[f"category_{kind}"] = sidebar.active_panel_category


def picture(name: str) -> Iterator[None]:
    """Wait until the test has taken a screenshot."""
    for area in bpy.context.window_manager.windows[0].screen.areas:
        area.tag_redraw()
    yield
    yield
    FOLDER.joinpath(f"{name}.ready").touch()
    while not FOLDER.joinpath(f"{name}.done").exists():
        yield


def press_generate(window: bpy.types.Window) -> None:
    area = max(window.screen.areas, key=lambda area: area.width * area.height)
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        facts["pressed"] = list(bpy.ops.voxkey.generate("INVOKE_DEFAULT", True))


def voxkey_operators() -> object:
    import sys

    return next(module for name, module in sys.modules.items() if name.endswith("voxkey.operators"))


def generate_and_wait(window: bpy.types.Window) -> Iterator[None]:
    press_generate(window)
    while voxkey_operators().running_job() is not None:
        yield
    yield


def cancel_a_long_run(window: bpy.types.Window) -> Iterator[None]:
    """Generate from ten minutes with the model of the zip, look at the bar, press Esc, and see how long that takes."""
    scene = window.scene
    editor = scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound("long", str(FOLDER / "long.wav"), 2, 1)
    scene.voxkey.source, scene.voxkey.model = "long", "DEFAULT"
    before = len(bpy.data.actions)
    press_generate(window)
    job = voxkey_operators().running_job()
    while job.progress == 0 and not job.is_done:
        yield
    yield from picture("running")
    facts["was_running"] = not job.is_done
    started = time.monotonic()
    stop = voxkey_operators().VOXKEY_OT_generate.cancel

    def note_time(operator: object, context: bpy.types.Context) -> None:
        """At the moment itself, and not when Blender has drawn its window and ticks again."""
        facts["cancel_seconds"] = time.monotonic() - started
        stop(operator, context)

    voxkey_operators().VOXKEY_OT_generate.cancel = note_time
    window.event_simulate(type="ESC", value="PRESS")
    while voxkey_operators().running_job() is not None:
        yield
    facts["actions_of_cancelled"] = len(bpy.data.actions) - before
    scene.voxkey.source = ""


running = steps()


def tick() -> float:
    next(running)
    return 0.05


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(tick, first_interval=1.0, persistent=True)
