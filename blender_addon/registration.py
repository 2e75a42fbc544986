"""What Voxkey adds to Blender, and takes away again."""

# The bpy stubs say that register_cli_command returns nothing.
# mypy: disable-error-code="func-returns-value"

from __future__ import annotations

from typing import Any

import bpy

from . import (
    cli,
    dialogue,
    exchange,
    following,
    learn_character,
    live,
    make_shapes,
    menus,
    operators,
    panels,
    phone_track,
    preferences,
    properties,
    reference_render,
    rig_links,
    rig_look,
    rig_panel,
    rig_preview,
    settings_presets,
    shape_match,
    take_list,
    take_range,
    take_stack,
    translation,
)

CLASSES: tuple[Any, ...] = (
    preferences.VoxkeyPreferences,
    properties.VoxkeySettings,
    operators.VOXKEY_OT_generate,
    operators.VOXKEY_OT_cancel,
    operators.VOXKEY_OT_reshape_take,
    operators.VOXKEY_OT_delete_take,
    operators.VOXKEY_OT_apply_fix,
    operators.VOXKEY_OT_add_sound,
    operators.VOXKEY_OT_check_runtime,
    *rig_links.CLASSES,
    rig_look.VoxkeyChannel,
    rig_preview.VOXKEY_OT_preview_channel,
    *shape_match.CLASSES,
    *make_shapes.CLASSES,
    *exchange.CLASSES,
    *dialogue.CLASSES,
    *following.CLASSES,
    *live.CLASSES,
    *phone_track.CLASSES,
    *take_list.CLASSES,
    *take_range.CLASSES,
    *take_stack.CLASSES,
    *reference_render.CLASSES,
    *learn_character.CLASSES,
    *rig_panel.CLASSES,
    *settings_presets.CLASSES,
    *menus.CLASSES,
    *panels.PANELS,
)

WITH_PROPERTIES: tuple[Any, ...] = (
    properties,
    rig_links,
    rig_look,
    exchange,
    phone_track,
    take_list,
    take_range,
    dialogue,
    live,
    menus,
    reference_render,
    translation,
)

_commands: list[Any] = []


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    for module in WITH_PROPERTIES:
        module.attach()
    _commands.append(bpy.utils.register_cli_command("voxkey", cli.run))


def unregister() -> None:
    operators.cancel_job()
    rig_preview.stop()
    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    for module in WITH_PROPERTIES:
        module.detach()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
