"""Takes over each other and over the user's animation: added, replacing, merged into plain Actions, pushed down."""

import math
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Quaternion

from blender_addon import face, generation, keyframes, nla, take_actions, take_keys, take_stack
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.shaping import Shaping

from .characters import bone_matrices, make_character
from .interface import Context, Layout
from .scenes import NO_LIFE, TINY_MODEL, add_strip, heights, jaw_heights, make_head, snapshot, write_bursts

LINE, OTHER = "Voxkey line.wav", "Voxkey other.wav"
FRAMES = [-5, 0, 1, 5, 13, 20, 25, 37, 48, 49, 60, 200]
JAW, SMILE = (BLENDSHAPE_CHANNELS.index(channel) for channel in ("jawOpen", "mouthSmileLeft"))
STILL = Shaping(**NO_LIFE)


@pytest.fixture
def sounds(scene: Any, tmp_path: Path) -> Any:
    """Two recordings that overlap, from frames 1 and 20."""
    add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 1)
    add_strip(scene, write_bursts(tmp_path / "other.wav", 1.0, [0.25]), 20)
    return scene


def speak(scene: Any, obj: Any, *names: str, shaping: Shaping = STILL) -> None:
    for name in names or ("line.wav", "other.wav"):
        generation.generate(scene, obj, name, shaping, TINY_MODEL)


def animate(head: Any, channel: str, values: dict[int, float]) -> Any:
    """The user's own Action on the shape keys."""
    block, key = head.data.shape_keys.key_blocks[channel], head.data.shape_keys
    for frame, value in values.items():
        block.value = value
        block.keyframe_insert("value", frame=frame)
    key.animation_data.action.name = "Mine"
    return key.animation_data.action


def tracks(head: Any) -> dict[str, bool]:
    """Name of every NLA track of the shape keys, bottom first, -> whether it is muted."""
    return {track.name: track.mute for track in head.data.shape_keys.animation_data.nla_tracks}


# ---------------------------------------------------------------------------------------------------------------------
# Merged


@pytest.mark.parametrize("removes", [False, True])
def test_takes_merge_into_one_plain_action_on_a_track(sounds: Any, removes: bool) -> None:
    head = make_head(sounds)
    speak(sounds, head)
    sounds.frame_set(7)
    before = heights(sounds, head, FRAMES)
    (merged,) = take_stack.merge(sounds, head, take_stack.TRACK, removes)
    np.testing.assert_allclose(heights(sounds, head, FRAMES), before, atol=1e-6)
    assert not take_actions.is_take(merged)
    kept = {} if removes else {LINE: True, OTHER: True}
    assert tracks(head) == {"Voxkey rest": False, **kept, merged.name: False}
    assert len(keyframes.fcurves(merged)) == len(BLENDSHAPE_CHANNELS)
    merged.fcurves.clear() if not hasattr(merged, "layers") else merged.layers.remove(merged.layers[0])
    assert np.abs(heights(sounds, head, FRAMES)).max() == pytest.approx(0, abs=1e-6)


def test_merging_leaves_the_users_animation_below(sounds: Any) -> None:
    head = make_head(sounds)
    animate(head, "mouthSmileLeft", {1: 0.2, 60: 0.6})
    speak(sounds, head)
    nla.push_down(head.data.shape_keys)
    animate(head, "browInnerUp", {1: 0.9})
    before = heights(sounds, head, FRAMES)
    mine = [snapshot(action) for action in bpy.data.actions if action.name.startswith("Mine")]
    (merged,) = take_stack.merge(sounds, head, take_stack.TRACK, removes=True)
    np.testing.assert_allclose(heights(sounds, head, FRAMES), before, atol=1e-6)
    assert [snapshot(action) for action in bpy.data.actions if action.name.startswith("Mine")] == mine
    assert head.data.shape_keys.animation_data.action.name.startswith("Mine")
    assert head.data.shape_keys.animation_data.action_influence == 1
    merged_smile = {curve.data_path: curve for curve in keyframes.fcurves(merged)}
    said = merged_smile['key_blocks["mouthSmileLeft"].value'].evaluate(20)
    assert said < 0.05  # the user's smile is not in it


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_bones_and_properties_merge_too(sounds: Any, mode: str) -> None:
    head = make_character(sounds)
    rig = bpy.data.objects["Rig"]
    jaw = rig.pose.bones["jaw"]
    jaw.rotation_mode = mode
    turned = Quaternion((0, 0, 1), 0.3)
    jaw.rotation_quaternion, jaw.rotation_euler = turned, turned.to_euler("XYZ")
    jaw.rotation_axis_angle = (0.3, 0, 0, 1)
    rig.pose.bones["tongue"].location = (0.1, 0.2, 0.3)
    speak(sounds, head)

    def seen() -> Any:
        values = []
        for frame in FRAMES:
            matrices = [bone_matrices(sounds, rig, bone, [frame])[0] for bone in ("jaw", "tongue")]
            values.append([*np.ravel(matrices), rig["mood"], rig.pose.bones["tongue"]["puff"]])
        return np.array(values)

    before = seen()
    assert np.ptp(before, axis=0).max() > 0.1
    merged = take_stack.merge(sounds, head, take_stack.TRACK, removes=True)
    np.testing.assert_allclose(seen(), before, atol=1e-5)
    assert len(merged) == len({action.name for action in merged}) == 5  # head, teeth, lashes, and two of the rig


def test_head_motion_merges_too(sounds: Any) -> None:
    head, neck = make_head(sounds), bpy.data.objects.new("Neck", None)
    sounds.collection.objects.link(neck)
    generation.generate(sounds, head, "line.wav", Shaping(), TINY_MODEL, head=neck)

    def turned() -> Any:
        rows = []
        for frame in FRAMES:
            sounds.frame_set(frame)
            rows.append(neck.delta_rotation_euler[:])
        return np.array(rows)

    before = turned()
    assert np.ptp(before) > math.radians(0.2)
    take_stack.merge(sounds, head, take_stack.TRACK, removes=True)
    np.testing.assert_allclose(turned(), before, atol=1e-6)


def test_merged_keys_can_be_few(sounds: Any) -> None:
    head = make_head(sounds)
    speak(sounds, head)
    before = heights(sounds, head, FRAMES)
    (merged,) = take_stack.merge(sounds, head, take_stack.TRACK, removes=True, tolerance=0.01)
    np.testing.assert_allclose(heights(sounds, head, FRAMES), before, atol=0.0101)
    assert take_keys.n_keys(merged) < 51 * 51 / 3


def test_merged_as_active_action_and_pushed_down(sounds: Any) -> None:
    head = make_head(sounds)
    speak(sounds, head)
    inside = [frame for frame in FRAMES if 0 <= frame <= 49]
    before = heights(sounds, head, inside)
    (merged,) = take_stack.merge(sounds, head, take_stack.ACTION, removes=True)
    assert head.data.shape_keys.animation_data.action == merged
    np.testing.assert_allclose(heights(sounds, head, inside), before, atol=1e-5)
    written = snapshot(merged)
    assert take_stack.push_down(head) == [merged.name]
    assert head.data.shape_keys.animation_data.action is None
    assert list(tracks(head))[-1] == merged.name
    np.testing.assert_allclose(heights(sounds, head, inside), before, atol=1e-5)
    assert snapshot(merged) == written
    with pytest.raises(ValueError, match="Head has no active Action; merge takes into one first"):
        take_stack.push_down(head)


def test_no_take_in_use_is_said(sounds: Any) -> None:
    head = make_head(sounds)
    speak(sounds, head, "line.wav")
    take = bpy.data.actions[LINE]
    take_actions.mute_take(take, face.moved_by(head, take))
    with pytest.raises(ValueError, match="Head has no take in use; generate one, or bring one back"):
        take_stack.merge(sounds, head, take_stack.TRACK, removes=False)


# ---------------------------------------------------------------------------------------------------------------------
# Add or replace


def test_replace_silences_the_users_strips_while_it_plays(sounds: Any) -> None:
    head = make_head(sounds)
    mine = animate(head, "mouthSmileLeft", {1: 0.6})
    key = head.data.shape_keys
    key.animation_data.nla_tracks.new().strips.new("Mine", -10, mine).frame_end = 300
    key.animation_data.action = None
    speak(sounds, head, "line.wav")
    saved, added = snapshot(mine), heights(sounds, head, FRAMES)
    assert added[:, SMILE].min() >= 0.6 - 1e-6
    take = bpy.data.actions[LINE]
    assert take_stack.set_replacing(head, take, True) == []
    seen = heights(sounds, head, FRAMES)
    np.testing.assert_allclose(seen[2:9, SMILE], 0, atol=0.05)
    np.testing.assert_allclose(seen[[0, 10, 11], SMILE], 0.6, atol=1e-6)
    np.testing.assert_array_equal(seen[:, JAW], added[:, JAW])
    generation.reshape_take(sounds, head, take, STILL)
    np.testing.assert_array_equal(heights(sounds, head, FRAMES), seen)
    take_stack.set_replacing(head, bpy.data.actions[LINE], False)
    np.testing.assert_array_equal(heights(sounds, head, FRAMES), added)
    assert snapshot(mine) == saved


def test_replace_lays_an_active_action_below_as_it_is(sounds: Any) -> None:
    head = make_head(sounds)
    mine = animate(head, "jawOpen", {1: 0.9, 100: 0.9})
    speak(sounds, head, "line.wav")
    saved = snapshot(mine)
    assert jaw_heights(sounds, head, [5])[0] == pytest.approx(0.9)
    assert take_stack.set_replacing(head, bpy.data.actions[LINE], True) == ["Mine"]
    assert jaw_heights(sounds, head, [5, 48])[0] == pytest.approx(0, abs=1e-6)
    assert jaw_heights(sounds, head, [60])[0] == pytest.approx(0.9)
    assert snapshot(mine) == saved


def test_replace_silences_older_takes_and_merges_as_seen(sounds: Any) -> None:
    head = make_head(sounds)
    speak(sounds, head, "other.wav", "line.wav")
    both = jaw_heights(sounds, head, FRAMES)
    take_stack.set_replacing(head, bpy.data.actions[LINE], True)
    alone = jaw_heights(sounds, head, FRAMES)
    assert alone[6] < both[6] - 0.1  # frame 25
    take_stack.merge(sounds, head, take_stack.TRACK, removes=True)
    np.testing.assert_allclose(jaw_heights(sounds, head, FRAMES), alone, atol=1e-6)


def test_bones_are_replaced_from_rest(sounds: Any) -> None:
    head, rig = make_character(sounds), bpy.data.objects["Rig"]
    jaw = rig.pose.bones["jaw"]
    jaw.rotation_mode = "XYZ"
    jaw.rotation_euler = (0, 0, 0.5)
    jaw.keyframe_insert("rotation_euler", frame=1)
    jaw.rotation_euler = (0, 0, 0)
    speak(sounds, head, "line.wav")
    assert take_stack.set_replacing(head, bpy.data.actions[LINE], True) == [rig.animation_data.nla_tracks[1].name]
    (silent, spoken, after) = bone_matrices(sounds, rig, "jaw", [5, 13, 60])
    assert silent.to_euler().z == spoken.to_euler().z == pytest.approx(0, abs=1e-6)
    assert abs(spoken.to_euler().x) > 0.1
    assert after.to_euler().z == pytest.approx(0.5)


# ---------------------------------------------------------------------------------------------------------------------
# In the panel


def test_buttons_of_the_panel(extension: Any, sounds: Any) -> None:
    def module(name: str) -> Any:
        return sys.modules[f"{extension.__name__}.{name}"]

    head = make_head(sounds)
    animate(head, "jawOpen", {1: 0.9})
    speak(sounds, head, "line.wav")
    module("rig_look").look(head)
    layout = Layout()
    module("take_list").draw(layout, Context())
    assert {"Add", "Replace"} <= set(layout.texts)
    assert {"voxkey.merge_takes", "voxkey.push_down"} <= set(layout.drawn)
    bpy.ops.voxkey.blend_take(mode="REPLACE")
    assert take_actions.is_replacing(bpy.data.actions[LINE])
    assert take_actions.read_facts(bpy.data.actions[LINE])["findings"] == []
    assert not bpy.ops.voxkey.push_down.poll()
    bpy.ops.voxkey.merge_takes(place="ACTION")
    bpy.ops.voxkey.push_down()
    assert list(tracks(head))[-1] == "Head performance"
