"""For tests of takes: a scene with a head and what it is to say."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def spoken(scene: Any, tmp_path: Path) -> Any:
    """A strip of 2 s from frame 11 on with bursts at 0.5 and 1.5 s, and no face yet."""
    from .scenes import add_strip, write_bursts  # knows bpy, which may be missing

    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    return scene


@pytest.fixture
def burst_scene(spoken: Any) -> Any:
    """The same with a head."""
    from .scenes import make_head  # knows bpy, which may be missing

    make_head(spoken)
    return spoken
