"""Rig maps as files: those that come with Voxkey, and those that the user keeps."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import bpy

from .core.retarget import RigMap, load_rig_map

SHIPPED_FOLDER = Path(__file__).parent / "rig_maps"


def user_folder() -> Path:
    """Where the user's own rig maps are kept; made when it is not there."""
    try:
        return Path(bpy.utils.extension_path_user(__package__, path="rig_maps", create=True))
    except ValueError:  # Voxkey runs as a plain module
        return Path(bpy.utils.user_resource("SCRIPTS", path="presets/voxkey", create=True))


@cache
def rig_map_files() -> dict[Path, RigMap | None]:
    """File -> rig map, the shipped ones first; None for one that can't be read. Looked up once, until forget()."""
    folders = (SHIPPED_FOLDER, user_folder())
    return {path: _read(path) for folder in folders for path in sorted(folder.glob("*.json"))}


def rig_maps() -> tuple[RigMap, ...]:
    """All rig maps that can be read, among which a character's family is looked for."""
    return tuple(rig_map for rig_map in rig_map_files().values() if rig_map)


def forget() -> None:
    """Read the folders again next time: a file was saved, or put there by hand."""
    rig_map_files.cache_clear()


def _read(path: Path) -> RigMap | None:
    try:
        return load_rig_map(path)
    except ValueError:  # said when the user chooses this file, and no reason to find no family at all
        return None
