"""What the scripts share that run inside the real Blender's interface: a step a tick, pictures, panels, facts.

VOXKEY_FOLDER is the folder shared with the test: a script writes facts.json at its end and, for each picture that is
due, NAME.ready with the rectangle to cut out, empty for the whole window; the test answers with NAME.done.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(os.environ["VOXKEY_FOLDER"])
MODEL = os.environ["VOXKEY_MODEL"]
TICK_SECONDS = 0.05

LONGEST = "voxkey_unmatched"
"""A section that would fill half a picture with names."""

facts: dict[str, Any] = {}


def run(steps: Iterator[None]) -> None:
    """One step a timer tick; a yield lets Blender draw and handle events. At the end Blender exits."""
    bpy.context.preferences.view.show_splash = False

    def tick() -> float:
        try:
            next(steps)
        except StopIteration:
            FOLDER.joinpath("facts.json").write_text(json.dumps(facts))
            os._exit(0)
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        return TICK_SECONDS

    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)


def wait(n_ticks: int) -> Iterator[None]:
    """Let Blender draw and handle events."""
    for _ in range(n_ticks):
        yield


def addon(name: str) -> Any:
    """A module of the add-on, whatever Blender calls its package."""
    return next(module for full, module in sys.modules.items() if full.endswith(f"voxkey.{name}"))


def window() -> bpy.types.Window:
    return bpy.context.window_manager.windows[0]


def biggest_area() -> bpy.types.Area:
    return max(window().screen.areas, key=lambda area: area.width * area.height)


def region(kind: str = "WINDOW") -> bpy.types.Region:
    """A region of the biggest area."""
    return next(region for region in biggest_area().regions if region.type == kind)


def in_editor(kind: str = "WINDOW") -> Any:
    """The context of a region of the biggest area, as operators have it when they are clicked there."""
    return bpy.context.temp_override(window=window(), area=biggest_area(), region=region(kind))


def show_panel(kind: str) -> Iterator[None]:
    """Turn the biggest area into an editor of this kind, with our tab in its sidebar."""
    area = biggest_area()
    area.type = kind
    yield
    area.spaces.active.show_region_ui = True
    if kind == "SEQUENCE_EDITOR" and hasattr(bpy.context.workspace, "sequencer_scene"):  # 5.0
        window().workspace.sequencer_scene = window().scene
    yield
    sidebar = region("UI")
    sidebar.active_panel_category = "Voxkey"
    area.tag_redraw()
    yield from wait(2)
    facts[f"category_{kind}"] = sidebar.active_panel_category


def redraw_sidebars() -> None:
    for area in window().screen.areas:
        for sidebar in area.regions:
            if sidebar.type == "UI":
                sidebar.tag_redraw()


def picture(name: str, cut: bpy.types.Region | None = None) -> Iterator[None]:
    """Wait until the test has taken a screenshot of the window, or of one region."""
    for _ in range(12):  # a section that has just opened slides into its place
        redraw_sidebars()
        yield
    rectangle = ""
    if cut is not None:
        rectangle = f"{cut.width}x{cut.height}+{cut.x}+{window().height - cut.y - cut.height}"
    partial = FOLDER / f"{name}.partial"
    partial.write_text(rectangle)
    partial.rename(FOLDER / f"{name}.ready")
    while not FOLDER.joinpath(f"{name}.done").exists():
        yield


def use_tiny_model() -> None:
    settings = window().scene.voxkey
    settings.model, settings.model_path = "FILE", MODEL


def finish_job() -> Iterator[None]:
    """Wait for a prediction to be written."""
    while addon("operators").running_job() is not None:
        yield
    yield


class Open:
    """A layout whose sections are open, as they are after a click that a script can't make."""

    def __init__(self, layout: Any, opened: set[str] | None) -> None:
        object.__setattr__(self, "layout", layout)
        object.__setattr__(self, "opened", opened)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.layout, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.layout, name, value)

    def panel(self, name: str, default_closed: bool = False) -> tuple[Any, Any]:
        is_open = name != LONGEST if self.opened is None else name in self.opened
        if is_open:  # under another name, as Blender remembers which sections were closed
            name, default_closed = f"{name}_open", False
        header, body = self.layout.panel(name, default_closed=default_closed)
        return header, body and Open(body, self.opened)


class Drawn:
    """A panel with another layout."""

    def __init__(self, panel: Any, layout: Any) -> None:
        self.panel, self.layout = panel, layout

    def __getattr__(self, name: str) -> Any:
        return getattr(self.panel, name)


def open_panels(is_open: Any, opened: set[str] | None = None) -> None:
    """Register the panels again, before they are first drawn: open where is_open(class), with these sections open.

    opened is a set of section names, which may be changed later, or None for all but the longest.
    """
    classes = addon("panels").PANELS
    for panel in reversed(classes):
        bpy.utils.unregister_class(panel)
    for panel in classes:
        if is_open(panel):
            panel.bl_options = set(getattr(panel, "bl_options", ())) - {"DEFAULT_CLOSED"}
        panel.draw = _drawn_open(panel.draw, panel.bl_label, opened)
    for panel in classes:
        bpy.utils.register_class(panel)


def _drawn_open(draw: Any, label: str, opened: set[str] | None) -> Any:
    """A draw function that opens sections, and notes how long each drawing takes, in seconds of this thread's work."""
    seconds = facts.setdefault("draw_seconds", {}).setdefault(label, [])

    def open_draw(self: Any, context: bpy.types.Context) -> None:
        started = time.thread_time()
        draw(Drawn(self, Open(self.layout, opened)), context)
        seconds.append(time.thread_time() - started)

    return open_draw
