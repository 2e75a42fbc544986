"""Run inside the real Blender's interface: opens the panel, presses its buttons, and says what happened in files.

VOXKEY_FOLDER is the folder shared with the test: this script writes facts.json and, for each picture that is due,
NAME.ready; the test answers with NAME.done.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

FOLDER = Path(os.environ["VOXKEY_FOLDER"])
MODEL = os.environ["VOXKEY_MODEL"]
facts: dict = {"draw_seconds": []}


def steps() -> Iterator[None]:
    """One step a timer tick; a yield lets Blender draw and handle events."""
    open_panels()
    yield from show_panel("VIEW_3D")
    window = bpy.context.window_manager.windows[0]
    scene = window.scene
    scene.voxkey.model, scene.voxkey.model_path = "FILE", MODEL
    yield from picture("ready")
    scene.voxkey.source = "deleted"
    yield from picture("disabled")
    scene.voxkey.source = ""
    yield from look_at_the_rig(window)
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
    n_drawn = len(facts["draw_seconds"]) + 10  # a section that has just opened slides into its place
    while len(facts["draw_seconds"]) < n_drawn:
        for area in bpy.context.window_manager.windows[0].screen.areas:
            for region in area.regions:
                if region.type == "UI":
                    region.tag_redraw()
        yield
    FOLDER.joinpath(f"{name}.ready").touch()
    while not FOLDER.joinpath(f"{name}.done").exists():
        yield


class Open:
    """A layout whose sections are open, as they are after a click that a script can't make."""

    def __init__(self, layout: object) -> None:
        object.__setattr__(self, "layout", layout)

    def __getattr__(self, name: str) -> object:
        return getattr(self.layout, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.layout, name, value)

    def panel(self, name: str, default_closed: bool) -> tuple[object, object]:
        if name in OPENED:  # under another name, as Blender remembers which sections were closed
            name, default_closed = f"{name}_open", False
        header, body = self.layout.panel(name, default_closed=default_closed)
        return header, body and Open(body)


OPENED = {"voxkey_coverage"}


def open_panels() -> None:
    """Register the panels again, before they are first drawn, so that the Rig sub-panel is open."""
    panels, rig_panel = addon("panels"), addon("rig_panel")
    for panel in reversed(panels.PANELS):
        bpy.utils.unregister_class(panel)
    panels._Rig.bl_options = set()
    draw = rig_panel.draw

    def timed_draw(layout: object, context: bpy.types.Context) -> None:
        started = time.perf_counter()
        draw(Open(layout), context)
        facts["draw_seconds"].append(time.perf_counter() - started)

    rig_panel.draw = timed_draw
    for panel in panels.PANELS:
        bpy.utils.register_class(panel)


def look_at_the_rig(window: bpy.types.Window) -> Iterator[None]:
    """Open the Rig sub-panel, try a channel out with the mouse, and edit links."""
    yield from picture("rig")
    keys = window.scene.objects["Head"].data.shape_keys.key_blocks
    area = max(window.screen.areas, key=lambda area: area.width * area.height)
    region = next(region for region in area.regions if region.type == "UI")
    middle = {"x": area.x + area.width // 2, "y": area.y + area.height // 2}
    window.event_simulate(type="MOUSEMOVE", value="NOTHING", **middle)
    yield
    with bpy.context.temp_override(window=window, area=area, region=region):
        facts["preview"] = list(bpy.ops.voxkey.preview_channel("INVOKE_DEFAULT", channel="jawOpen"))
    facts["jaw_full"] = keys["jawOpen"].value
    middle["x"] -= int(90 * bpy.context.preferences.system.ui_scale)
    window.event_simulate(type="MOUSEMOVE", value="NOTHING", **middle)
    yield
    facts["jaw_moved"] = keys["jawOpen"].value
    yield from picture("preview")
    window.event_simulate(type="ESC", value="PRESS", **middle)
    yield
    facts["jaw_after"] = keys["jawOpen"].value
    facts["still_previewing"] = addon("rig_preview").running() is not None
    OPENED.clear()
    OPENED.add("voxkey_links")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.voxkey.edit_links("EXEC_DEFAULT", True)
    yield from picture("links")
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo()
    facts["links_after_undo"] = len(window.scene.objects["Head"].voxkey_rig.links)
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.wm.call_menu(name="VOXKEY_MT_rig_maps")
    yield from picture("menu")
    window.event_simulate(type="ESC", value="PRESS", **middle)
    yield
    yield from look_at_heads_without_names(window)


def look_at_heads_without_names(window: bpy.types.Window) -> Iterator[None]:
    """What the Rig sub-panel says to shape keys with meaningless names, and to a mesh with none."""
    head = window.scene.objects["Head"]
    for name, has_keys in (("unknown", True), ("bare", False)):
        other = head.copy()
        other.data = head.data.copy()
        window.scene.collection.objects.link(other)
        if has_keys:
            for number, block in enumerate(other.data.shape_keys.key_blocks):
                block.name = f"key_{number:03}"
        else:
            other.shape_key_clear()
        window.scene.voxkey.target = other
        yield from picture(name)
        window.scene.voxkey.target = None
        bpy.data.objects.remove(other)


def press_generate(window: bpy.types.Window) -> None:
    area = max(window.screen.areas, key=lambda area: area.width * area.height)
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        facts["pressed"] = list(bpy.ops.voxkey.generate("INVOKE_DEFAULT", True))


def addon(name: str) -> object:
    """A module of the add-on, whatever Blender calls its package."""
    return next(module for full, module in sys.modules.items() if full.endswith(f"voxkey.{name}"))


def generate_and_wait(window: bpy.types.Window) -> Iterator[None]:
    press_generate(window)
    while addon("operators").running_job() is not None:
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
    job = addon("operators").running_job()
    while job.progress == 0 and not job.is_done:
        yield
    yield from picture("running")
    facts["was_running"] = not job.is_done
    started = time.monotonic()
    stop = addon("operators").VOXKEY_OT_generate.cancel

    def note_time(operator: object, context: bpy.types.Context) -> None:
        """At the moment itself, and not when Blender has drawn its window and ticks again."""
        facts["cancel_seconds"] = time.monotonic() - started
        stop(operator, context)

    addon("operators").VOXKEY_OT_generate.cancel = note_time
    window.event_simulate(type="ESC", value="PRESS")
    while addon("operators").running_job() is not None:
        yield
    facts["actions_of_cancelled"] = len(bpy.data.actions) - before
    scene.voxkey.source = ""


running = steps()


def tick() -> float:
    next(running)
    return 0.05


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(tick, first_interval=1.0, persistent=True)
