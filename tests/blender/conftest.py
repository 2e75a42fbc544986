"""Fixtures for tests inside Blender, which is the bpy package here."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HAS_BLENDER = importlib.util.find_spec("bpy") is not None
collect_ignore_glob = [] if HAS_BLENDER else ["test_*.py"]


def pytest_report_header() -> str | None:
    return None if HAS_BLENDER else "tests/blender is left out: there is no bpy package here"


@pytest.fixture
def scene() -> Any:
    """The scene of a new, empty file."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True)
    return bpy.context.scene


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The add-on, enabled under the name that an installed extension has."""
    import addon_utils
    import bpy

    folder = tmp_path_factory.mktemp("repository")
    (folder / "voxkey").symlink_to(Path(__file__).parent.parent.parent / "blender_addon")
    bpy.context.preferences.extensions.repos.new(name="dev", module="dev", custom_directory=str(folder))
    yield addon_utils.enable("bl_ext.dev.voxkey", default_set=True)
    addon_utils.disable("bl_ext.dev.voxkey")
