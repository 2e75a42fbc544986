"""The head turns with a take: an Empty at its neck, on top of the artist's animation."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import generation, keyframes, take_actions
from blender_addon.core.curves import sample_curves
from blender_addon.core.shaping import Shaping, head_curves

from .scenes import TINY_MODEL, add_strip, key_frames, snapshot, take_of, write_bursts, written


@pytest.fixture
def head(burst_scene: Any) -> Any:
    return burst_scene.objects["Head"]


@pytest.fixture
def neck(burst_scene: Any, head: Any) -> Any:
    """An Empty that the head is parented to, which the artist has turned and moved."""
    empty = bpy.data.objects.new("Neck", None)
    burst_scene.collection.objects.link(empty)
    head.parent = empty
    empty.rotation_euler = (0.1, 0.2, 0.3)
    empty.delta_rotation_euler = (0.01, 0.02, 0.03)
    return empty


def head_angles(scene: Any, obj: Any, frames: Any) -> Any:
    """(N, 3) rotation of the evaluated object about its own axes at rest."""
    rows = []
    for frame in frames:
        scene.frame_set(frame)
        rows.append(obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.to_quaternion())
    return np.array([(rows[0].inverted() @ row).to_exponential_map() for row in rows])


def generate_with(scene: Any, head: Any, neck: Any, shaping: Shaping = Shaping()) -> generation.Result:  # noqa: B008
    return generation.generate(scene, head, "", shaping, TINY_MODEL, head=neck)


def head_action(obj: Any) -> Any:
    return obj.animation_data.nla_tracks[-1].strips[0].action


def test_head_turns_with_the_take_and_rests_outside(burst_scene: Any, head: Any, neck: Any) -> None:
    generate_with(burst_scene, head, neck)
    prediction = take_actions.read_prediction(take_of(head, "a.wav"))
    frames = np.arange(11, 59)
    expected = sample_curves(head_curves(prediction, Shaping()), (frames - 11) / 24)
    np.testing.assert_allclose(head_angles(burst_scene, neck, [0, *frames])[1:], expected, atol=1e-3)
    assert np.abs(expected).max() > 0.01
    for frame in (-30, 9, 60, 200):
        assert np.abs(head_angles(burst_scene, neck, [0, 30, frame])[2]).max() < 1e-6


def test_head_turns_on_top_of_the_artists_animation(burst_scene: Any, head: Any, neck: Any) -> None:
    neck.rotation_euler.z = 0.0
    neck.keyframe_insert("rotation_euler", frame=1)
    neck.rotation_euler.z = 1.0
    neck.keyframe_insert("rotation_euler", frame=60)
    action = neck.animation_data.action
    before, alone = snapshot(action), head_angles(burst_scene, neck, range(0, 80))
    generate_with(burst_scene, head, neck)
    together = head_angles(burst_scene, neck, range(0, 80))
    assert 0.005 < np.abs(together - alone).max() < 0.1
    generation.reshape(burst_scene, head, "a.wav", Shaping(seed=2), neck)
    take_actions.remove_take(take_of(head, "a.wav"))
    assert snapshot(action) == before
    assert neck.animation_data.action == action
    assert not neck.animation_data.nla_tracks
    np.testing.assert_allclose(head_angles(burst_scene, neck, range(0, 80)), alone, atol=1e-6)


def test_removing_the_take_puts_the_head_back(burst_scene: Any, head: Any, neck: Any) -> None:
    generate_with(burst_scene, head, neck)
    burst_scene.frame_set(30)
    take_actions.remove_take(take_of(head, "a.wav"))
    assert len(bpy.data.actions) == 0
    assert tuple(neck.delta_rotation_euler) == pytest.approx((0.01, 0.02, 0.03))


def test_reshaping_makes_the_head_anew_or_leaves_it_still(
    burst_scene: Any, head: Any, neck: Any, tmp_path: Path
) -> None:
    generate_with(burst_scene, head, neck)
    first = key_frames(head_action(neck))["delta_rotation_euler"].copy()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    scene, head, neck = bpy.context.scene, bpy.data.objects["Head"], bpy.data.objects["Neck"]
    n_actions = len(bpy.data.actions)
    generation.reshape(scene, head, "a.wav", Shaping(head=2.0), neck)
    assert len(bpy.data.actions) == n_actions
    second = key_frames(head_action(neck))["delta_rotation_euler"]
    np.testing.assert_allclose(second[:, 1], 2 * first[:, 1], atol=1e-6)
    scene.frame_set(30)
    generation.reshape(scene, head, "a.wav", Shaping())
    assert neck.animation_data is None
    assert tuple(neck.delta_rotation_euler) == pytest.approx((0.01, 0.02, 0.03))


def test_a_head_edited_by_hand_is_kept_with_its_take(burst_scene: Any, head: Any, neck: Any) -> None:
    generate_with(burst_scene, head, neck)
    edited = head_action(neck)
    next(iter(keyframes.fcurves(edited))).keyframe_points[5].co.y = 0.4
    result = generate_with(burst_scene, head, neck)
    assert "edited by hand" in result.summary
    muted = {track.strips[0].action: track.mute for track in neck.animation_data.nla_tracks}
    assert muted[edited]
    assert list(muted.values()).count(False) == 2  # rest and the new one
    assert np.abs(head_angles(burst_scene, neck, range(9, 60))).max() < 0.2


def test_two_takes_turn_one_head_in_turn(burst_scene: Any, head: Any, neck: Any, tmp_path: Path) -> None:
    add_strip(burst_scene, write_bursts(tmp_path / "b.wav", 2.0, [0.5, 1.5]), 101)
    for strip in list(burst_scene.sequence_editor.strips_all):
        generation.generate(burst_scene, head, strip.name, Shaping(), TINY_MODEL, head=neck)
    angles = head_angles(burst_scene, neck, range(0, 160))
    assert np.abs(angles[20:50]).max() > 0.005 and np.abs(angles[110:140]).max() > 0.005
    assert np.abs(angles[62:99]).max() < 1e-6
    take_actions.remove_take(take_of(head, "a.wav"))
    angles = head_angles(burst_scene, neck, range(0, 160))
    assert np.abs(angles[20:50]).max() < 1e-6 < np.abs(angles[110:140]).max()


def test_a_head_that_can_not_turn_is_refused_before_anything_is_written(burst_scene: Any, head: Any, neck: Any) -> None:
    neck.rotation_mode = "QUATERNION"
    with pytest.raises(ValueError, match="Neck does not rotate by Euler angles; set its Rotation Mode"):
        generate_with(burst_scene, head, neck)
    assert written() == (0, 0)


def test_user_is_told_what_keeps_the_head_still(burst_scene: Any, head: Any, neck: Any) -> None:
    neck.keyframe_insert("delta_rotation_euler", frame=1)
    neck.animation_data.action.name = "Nods"
    neck.animation_data.use_nla = False
    result = generate_with(burst_scene, head, neck)
    assert "Your Action Nods animates the delta rotation of Neck" in result.summary
    assert "The NLA of Neck is switched off" in result.summary
