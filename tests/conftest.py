"""For all tests: Blender as the bpy package, scenes in it, and a way out of it."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HAS_BLENDER = importlib.util.find_spec("bpy") is not None
collect_ignore = [] if HAS_BLENDER else ["blender", "end_to_end"]

_exit_status = pytest.StashKey[int]()


def pytest_report_header() -> str | None:
    return None if HAS_BLENDER else "there is no bpy package here: tests/blender and tests/end_to_end are left out"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_exit_status] = exitstatus


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """bpy 4.5 hangs when a process ends with an add-on still registered, as a failing test can leave it."""
    if "bpy" in sys.modules and _exit_status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(config.stash[_exit_status]))


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
    (folder / "voxkey").symlink_to(Path(__file__).parent.parent / "blender_addon")
    bpy.context.preferences.extensions.repos.new(name="dev", module="dev", custom_directory=str(folder))
    yield addon_utils.enable("bl_ext.dev.voxkey", default_set=True)
    addon_utils.disable("bl_ext.dev.voxkey")
