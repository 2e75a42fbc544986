"""What panels and operators share to put things on the screen."""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr"

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import Any

import bpy

from .translation import translated

CHARACTER_PX = 6.6
"""Mean width of a character of the interface font at scale 1, by which sentences are broken into lines."""


def draw_sentence(layout: Any, context: bpy.types.Context, sentence: str, icon: str) -> None:
    """A label that breaks into lines, which Blender's own do not."""
    scale = context.preferences.system.ui_scale
    n_characters = max(12, int((context.region.width / scale - 50) / CHARACTER_PX))
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(_lines(translated(sentence), n_characters)):
        column.label(text=line, translate=False, icon=icon if number == 0 else "BLANK1")


@lru_cache(256)  # breaking a sentence takes longer than drawing it
def _lines(text: str, n_characters: int) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, n_characters))


def redraw_panels(context: bpy.types.Context) -> None:
    """Draw the sidebars again, and them alone: drawing a heavy scene takes longer than a tick of progress."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "SEQUENCE_EDITOR"}:
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def can_press(operator_type: Any, reason: str | None) -> bool:
    """Whether nothing speaks against an operator, for its poll; the reason that does becomes its tooltip."""
    if reason:
        operator_type.poll_message_set(translated(reason))
    return reason is None


def refuse(operator: Any, error: ValueError) -> Any:
    """The end of an execute that did nothing, with one sentence."""
    operator.report({"ERROR"}, translated(str(error)))
    return {"CANCELLED"}
