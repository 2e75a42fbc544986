"""Run inside the real Blender's interface: opens the panel, presses its buttons, and says what happened."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

sys.path.append(str(Path(__file__).parent))
from drive import (
    FOLDER,
    addon,
    biggest_area,
    facts,
    finish_job,
    in_editor,
    open_panels,
    picture,
    run,
    show_panel,
    use_tiny_model,
    wait,
    window,
)

OPENED = {"voxkey_coverage"}
"""Sections that are open."""


def steps() -> Iterator[None]:
    open_panels(lambda panel: panel.bl_label == "Rig", OPENED)
    yield from show_panel("VIEW_3D")
    scene = window().scene
    window().view_layer.objects.active = scene.objects["Head"]
    use_tiny_model()
    yield from picture("ready")
    scene.voxkey.source = "deleted"
    yield from picture("disabled")
    scene.voxkey.source = ""
    yield from look_at_the_rig()
    press_generate()
    yield from finish_job()
    facts["actions"] = [action.name for action in bpy.data.actions]
    with bpy.context.temp_override(window=window()):
        bpy.ops.ed.undo()
    facts["actions_after_undo"] = [action.name for action in bpy.data.actions]
    with bpy.context.temp_override(window=window()):
        bpy.ops.ed.redo()
    facts["actions_after_redo"] = [action.name for action in bpy.data.actions]
    yield from picture("view3d")
    yield from search("lip sync")
    yield from cancel_a_long_run()
    yield from show_panel("SEQUENCE_EDITOR")
    yield from picture("sequencer")


def look_at_the_rig() -> Iterator[None]:
    """Try a channel out with the mouse, edit links, and open the menu of rig maps."""
    yield from picture("rig")
    keys = window().scene.objects["Head"].data.shape_keys.key_blocks
    area = biggest_area()
    middle = {"x": area.x + area.width // 2, "y": area.y + area.height // 2}
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", **middle)
    yield
    with in_editor("UI"):
        facts["preview"] = list(bpy.ops.voxkey.preview_channel("INVOKE_DEFAULT", channel="jawOpen"))
    facts["jaw_full"] = keys["jawOpen"].value
    middle["x"] -= int(90 * bpy.context.preferences.system.ui_scale)
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", **middle)
    yield
    facts["jaw_moved"] = keys["jawOpen"].value
    yield from picture("preview")
    window().event_simulate(type="ESC", value="PRESS", **middle)
    yield
    facts["jaw_after"] = keys["jawOpen"].value
    facts["still_previewing"] = addon("rig_preview").running() is not None
    OPENED.clear()
    OPENED.add("voxkey_links")
    with in_editor("UI"):
        bpy.ops.voxkey.edit_links("EXEC_DEFAULT", True)
    yield from picture("links")
    with bpy.context.temp_override(window=window()):
        bpy.ops.ed.undo()
    facts["links_after_undo"] = len(window().scene.objects["Head"].voxkey_rig.links)
    with in_editor("UI"):
        bpy.ops.wm.call_menu(name="VOXKEY_MT_rig_maps")
    yield from picture("menu")
    window().event_simulate(type="ESC", value="PRESS", **middle)
    yield
    yield from look_at_heads_without_names()


def look_at_heads_without_names() -> Iterator[None]:
    """What the Rig section says to shape keys with meaningless names, and to a mesh with none."""
    scene = window().scene
    head = scene.objects["Head"]
    for name, has_keys in (("unknown", True), ("bare", False)):
        other = head.copy()
        other.data = head.data.copy()
        scene.collection.objects.link(other)
        if has_keys:
            for number, block in enumerate(other.data.shape_keys.key_blocks):
                block.name = f"key_{number:03}"
        else:
            other.shape_key_clear()
        scene.voxkey.target = other
        yield from picture(name)
        scene.voxkey.target = None
        bpy.data.objects.remove(other)


def search(words: str) -> Iterator[None]:
    """F3, and what it finds for some words."""
    area = biggest_area()
    middle = {"x": area.x + area.width // 3, "y": area.y + area.height // 2}
    window().event_simulate(type="MOUSEMOVE", value="NOTHING", **middle)
    yield
    with in_editor():
        bpy.ops.wm.search_menu("INVOKE_DEFAULT")
    yield from wait(4)
    for letter in words:
        key = "SPACE" if letter == " " else letter.upper()
        window().event_simulate(type=key, value="PRESS", unicode=letter, **middle)
        yield
    yield from picture("search")
    window().event_simulate(type="ESC", value="PRESS", **middle)
    yield from wait(2)


def press_generate() -> None:
    with in_editor():
        facts["pressed"] = list(bpy.ops.voxkey.generate("INVOKE_DEFAULT", True))


def cancel_a_long_run() -> Iterator[None]:
    """Generate from ten minutes with the model of the zip, look at the bar, press Esc, and see how long that takes."""
    scene, operators = window().scene, addon("operators")
    editor = scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound("long", str(FOLDER / "long.wav"), 2, 1)
    scene.voxkey.source, scene.voxkey.model = "long", "DEFAULT"
    before = len(bpy.data.actions)
    press_generate()
    job = operators.running_job()
    while job.progress == 0 and not job.is_done:
        yield
    yield from picture("running")
    facts["was_running"] = not job.is_done
    started = time.monotonic()
    stop = operators.VOXKEY_OT_generate.cancel

    def note_time(operator: object, context: bpy.types.Context) -> None:
        """At the moment itself, and not when Blender has drawn its window and ticks again."""
        facts["cancel_seconds"] = time.monotonic() - started
        stop(operator, context)

    operators.VOXKEY_OT_generate.cancel = note_time
    window().event_simulate(type="ESC", value="PRESS")
    yield from finish_job()
    facts["actions_of_cancelled"] = len(bpy.data.actions) - before
    scene.voxkey.source = ""


run(steps())
