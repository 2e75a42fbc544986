"""Stands for Blender's window in tests: there is none in the background that runs modal operators or draws panels."""

from types import SimpleNamespace
from typing import Any

import bpy


class Event:
    """What Blender hands to a modal operator."""

    def __init__(self, kind: str, mouse_x: int = 0) -> None:
        self.type, self.value, self.mouse_x = kind, "PRESS", mouse_x


class Window:
    """Stands for the window manager."""

    def __init__(self) -> None:
        self.n_timers = 0
        self.windows: list[Any] = []

    def event_timer_add(self, _seconds: float, window: Any) -> object:
        self.n_timers += 1
        return object()

    def event_timer_remove(self, _timer: object) -> None:
        self.n_timers -= 1

    def modal_handler_add(self, _operator: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(bpy.context.window_manager, name)


class Context:
    """The real context with a window manager that can be watched."""

    def __init__(self) -> None:
        self.window_manager: Any = Window()
        self.region = SimpleNamespace(width=400)
        system = SimpleNamespace(ui_scale=1.0)  # 0 in the background
        self.preferences = SimpleNamespace(system=system, addons=bpy.context.preferences.addons)

    def __getattr__(self, name: str) -> Any:
        return getattr(bpy.context, name)


class Pressed:
    """An operator outside an event loop: its methods, its properties, and the reports that the user would see."""

    def __init__(self, operator: Any, **properties: Any) -> None:
        self._class = operator
        self.reports: list[str] = []
        for name, value in properties.items():
            setattr(self, name, value)

    def report(self, _level: set[str], sentence: str) -> None:
        self.reports.append(sentence)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._class, name).__get__(self)


class Layout:
    """Notes what a panel draws, with every section open; checks that properties and operators exist."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.drawn: list[str] = []
        """Names of properties, operators, menus and lists."""
        self.open: list[str] = []
        """Sections that are open before the user clicks."""

    def _section(self, *_arguments: Any, **_options: Any) -> "Layout":
        return self

    row = column = box = split = column_flow = grid_flow = _section

    def panel(self, name: str, default_closed: bool = False) -> tuple["Layout", "Layout"]:
        if not default_closed:
            self.open.append(name)
        return self, self

    def separator(self, **_options: Any) -> None:
        pass

    def label(self, text: str = "", icon: str = "NONE", translate: bool = True) -> None:
        self.texts.append(text)

    def progress(self, factor: float, type: str, text: str) -> None:
        self.texts.append(text)

    def prop(self, owner: Any, name: str, **_options: Any) -> None:
        assert name in owner.bl_rna.properties
        self.drawn.append(name)

    def operator(self, name: str, text: str = "", **_options: Any) -> Any:
        module, _, function = name.partition(".")
        getattr(getattr(bpy.ops, module), function).poll()  # as Blender does to grey it out
        self.drawn.append(name)
        if text:
            self.texts.append(text)
        return self

    def operator_menu_enum(self, name: str, items: str, **_options: Any) -> None:
        self.operator(name)

    def menu(self, name: str, text: str = "", icon: str = "NONE") -> None:
        assert hasattr(bpy.types, name)
        self.drawn.append(name)
        self.texts.append(text)

    def template_list(self, name: str, _id: str, owner: Any, items: str, _active: Any, active: str, rows: int) -> None:
        kind = getattr(bpy.types, name)
        self.drawn.append(name)
        for item in list(getattr(owner, items))[:rows]:
            kind.draw_item(None, bpy.context, self, owner, item, 0, owner, active)
