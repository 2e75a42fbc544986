"""For tests of takes: a scene with a head and what it is to say."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def burst_scene(scene: Any, tmp_path: Path) -> Any:
    """A head, and a strip of 2 s from frame 11 on with bursts at 0.5 and 1.5 s."""
    from .scenes import add_strip, make_head, write_bursts  # knows bpy, which may be missing

    make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    return scene


@pytest.fixture
def spoken(scene: Any, tmp_path: Path) -> Any:
    """A scene with a strip of 2 s from frame 11 on, and no face yet."""
    from .scenes import add_strip, write_bursts  # knows bpy, which may be missing

    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    return scene
