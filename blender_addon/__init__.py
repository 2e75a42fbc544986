"""Voxkey: recorded speech in, facial animation out.

Importing this package needs no Blender, so that blender_addon.core can be used anywhere.
"""


def register() -> None:
    """Called by Blender when the extension is enabled."""
    from . import registration  # here, because it imports bpy

    registration.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled; leaves nothing behind."""
    from . import registration  # here, because it imports bpy

    registration.unregister()
