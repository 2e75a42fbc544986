"""Keys written all at once, and plain Actions."""

import time
from typing import Any

import numpy as np
import pytest

from blender_addon import keyframes, movement, nla, take_keys
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.retarget import Target

from .scenes import generate, heights, jaw_heights, make_head


@pytest.fixture
def head(burst_scene: Any) -> Any:
    return burst_scene.objects["Head"]


@pytest.mark.parametrize("n_frames", [1_800])
def test_a_minute_of_keys_is_written_in_a_tenth_of_a_second(scene: Any, n_frames: int) -> None:
    key = make_head(scene).data.shape_keys
    values = np.random.default_rng(0).random((n_frames, 51), np.float32)
    motion = movement.Motion(key, tuple(Target("shape_key", name) for name in BLENDSHAPE_CHANNELS), values)
    curves = Curves(values, BLENDSHAPE_CHANNELS, 30.0)
    frames = np.arange(n_frames)
    seconds = []
    for number in range(3):  # the fastest counts, and its own time, as other programs run on this machine too
        started = time.process_time()
        take_keys.write_take([motion], frames, {"source": str(number)}, curves, keyframes.Spacing())
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.1


def test_a_plain_action_is_active_and_heard_over_muted_tracks(burst_scene: Any, head: Any) -> None:
    generate(burst_scene, head)
    key = head.data.shape_keys
    path = 'key_blocks["jawOpen"].value'
    nla.mute_tracks(key)
    values = np.array([[0.25], [0.75]], np.float32)
    action = keyframes.write_action(key, "Merged", [(path, 0)], np.array([20, 30]), values)
    assert key.animation_data.action == action and action.name == "Merged"
    np.testing.assert_allclose(jaw_heights(burst_scene, head, [10, 20, 25, 30]), [0.25, 0.25, 0.5, 0.75], atol=1e-6)
    assert heights(burst_scene, head, [23])[0].sum() == pytest.approx(0.4, abs=1e-5)
