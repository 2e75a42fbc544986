"""What Voxkey adds to Blender, and takes away again."""

# The bpy stubs say that register_cli_command returns nothing.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from typing import Any

import bpy

from . import cli, operators, panels, preferences, properties

CLASSES: tuple[Any, ...] = (
    preferences.VoxkeyPreferences,
    properties.VoxkeySettings,
    operators.VOXKEY_OT_generate,
    operators.VOXKEY_OT_cancel,
    operators.VOXKEY_OT_reshape_take,
    operators.VOXKEY_OT_delete_take,
    operators.VOXKEY_OT_add_sound,
    operators.VOXKEY_OT_check_runtime,
    *panels.PANELS,
)

_commands: list[Any] = []


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.attach()
    _commands.append(bpy.utils.register_cli_command("voxkey", cli.run))


def unregister() -> None:
    operators.cancel_job()
    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    properties.detach()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
