"""Who says what in renders, and the command that has Blender draw it."""

from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.frames import load_frames
from trainer.clips import fake_clips, save_clip
from trainer.prepare.renders import Config, main, performance


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for clip in fake_clips(20):
        save_clip(tmp_path / "clips", clip)
    return tmp_path / "clips"


def test_a_performance_speaks_blinks_and_follows_from_its_name(clips: Path) -> None:
    paths = sorted(clips.glob("*.npz"))
    values, turns = performance("toon_000_00", paths, 80)
    again, _ = performance("toon_000_00", paths, 80)
    other, _ = performance("toon_000_01", paths, 80)
    assert values.shape == (80, 51) and turns.shape == (80, 3)
    assert np.array_equal(values, again) and not np.array_equal(values, other)
    assert values.min() >= 0 and values.max() <= 1
    assert np.ptp(values[:, BLENDSHAPE_CHANNELS.index("jawOpen")]) > 0.3
    assert (values[:, BLENDSHAPE_CHANNELS.index("eyeBlinkLeft")] > 0.2).sum() > 4
    assert 0.01 < np.abs(turns).max() < 0.5


def test_without_clips_the_command_says_how_to_make_some(tmp_path: Path) -> None:
    pytest.importorskip("bpy")
    with pytest.raises(ValueError, match="holds no clips; make some with"):
        main(Config(clips=tmp_path, output=tmp_path / "frames"))


@pytest.mark.slow
def test_a_run_goes_on_where_it_was_stopped(clips: Path, tmp_path: Path) -> None:
    pytest.importorskip("bpy")
    config = Config(clips=clips, output=tmp_path / "frames", toons=2, realistic=0, shots=1, frames=1)
    main(config)
    first, second = sorted(config.output.glob("*.npz"))
    assert load_frames(first).character == "toon_000" and load_frames(second).character == "toon_001"
    kept = first.stat().st_mtime_ns
    second.unlink()
    main(config)
    assert second.exists() and first.stat().st_mtime_ns == kept
