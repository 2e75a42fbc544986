"""Head motion to a bone of an armature: it turns about the head's axes, on top of the user's own animation."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix
from numpy.typing import NDArray

from blender_addon import generation, movement, performing, take_actions
from blender_addon.core.shaping import Shaping, head_curves

from .scenes import TINY_MODEL, add_strip, make_head, write_bursts

STILL = Shaping(blinks=0.0, gaze=0.0, brows=0.0, secondary=0.0)
FRAMES = range(5, 70)


def make_rig(scene: Any, roll: float = 0.0, mode: str = "QUATERNION") -> Any:
    """An armature with a spine and a head bone on it, both upright."""
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    spine, head = (rig.data.edit_bones.new(name) for name in ("Spine", "mixamorig:Head"))
    spine.head, spine.tail = (0, 0, 0), (0, 0, 1)
    head.head, head.tail, head.parent = (0, 0, 1), (0, 0, 1.3), spine
    head.roll = roll
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["mixamorig:Head"].rotation_mode = mode
    return rig


@pytest.fixture
def speaker(extension: Any, scene: Any, tmp_path: Path) -> Any:
    """A face and a sound of 2 s from frame 11 on, with bursts, chosen in the panel."""
    head = scene.voxkey.target = make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    return head


def turns(scene: Any, rig: Any, bone: str = "mixamorig:Head") -> NDArray[Any]:
    """(N, 3) rotation vectors of a bone from its rest, about the axes of the armature, in radians."""
    rows = []
    for frame in FRAMES:
        scene.frame_set(frame)
        posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones[bone].matrix.to_3x3()
        turn = (posed @ rig.data.bones[bone].matrix_local.to_3x3().inverted()).to_quaternion()
        rows.append(np.array(turn.axis) * turn.angle)
    return np.array(rows)


def expected(scene: Any, take: Any) -> NDArray[Any]:
    """(N, 3) what the take's prediction says."""
    curves = head_curves(take_actions.read_prediction(take), generation_shaping(scene))
    facts = take_actions.read_facts(take)
    frames, values = performing.at_scene_frames(
        curves, facts["start_frame"], facts["n_frames"], scene.render.fps, scene.render.fps_base
    )
    return np.stack([np.interp(FRAMES, frames, column) for column in values.T], axis=1)


def generation_shaping(scene: Any) -> Shaping:
    return Shaping(head=scene.voxkey.head_motion, seed=scene.voxkey.seed)


def test_choosing_an_armature_finds_its_head_bone(speaker: Any, scene: Any) -> None:
    rig = make_rig(scene)
    scene.voxkey.head = rig
    assert scene.voxkey.head_bone == "mixamorig:Head"
    scene.voxkey.head_bone = ""  # the whole armature, and it stays so
    scene.voxkey.head = None
    scene.voxkey.head = rig
    assert scene.voxkey.head_bone == ""


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
@pytest.mark.parametrize("roll", [0.0, 1.2])
def test_the_bone_nods_down_and_turns_left_whatever_way_it_lies(
    speaker: Any, scene: Any, mode: str, roll: float
) -> None:
    rig = make_rig(scene, roll, mode)
    scene.voxkey.head, scene.voxkey.head_motion = rig, 2.0
    bpy.ops.voxkey.generate()
    wanted = expected(scene, bpy.data.actions["Voxkey a.wav"])
    assert np.abs(wanted).max() > 0.03
    np.testing.assert_allclose(turns(scene, rig), wanted, atol=3e-3)
    assert np.abs(turns(scene, rig, "Spine")).max() < 1e-6
    assert tuple(rig.delta_rotation_euler) == (0, 0, 0)


def test_an_armature_that_lies_down_or_is_turned_is_seen_from_in_front(speaker: Any, scene: Any) -> None:
    rig = make_rig(scene)
    rig.data.transform(Matrix.Rotation(-np.pi / 2, 4, "X"))  # Y up, as importers bring it
    rig.rotation_euler = (np.pi / 2, 0, 0.7)
    bpy.context.view_layer.update()
    scene.voxkey.head, scene.voxkey.head_motion = rig, 2.0
    bpy.ops.voxkey.generate()
    wanted = expected(scene, bpy.data.actions["Voxkey a.wav"])
    stands = np.array(Matrix.Rotation(np.pi / 2, 3, "X"))
    np.testing.assert_allclose(turns(scene, rig) @ stands.T, wanted, atol=2e-3)


def test_it_adds_to_the_users_animation_and_leaves_it_as_it_was(speaker: Any, scene: Any) -> None:
    rig = make_rig(scene, mode="XYZ")
    bone = rig.pose.bones["mixamorig:Head"]
    for frame, angle in ((1, 0.0), (70, 0.5)):
        bone.rotation_euler = Euler((0, angle, 0))
        bone.keyframe_insert("rotation_euler", frame=frame)
    before = turns(scene, rig)
    own = rig.animation_data.action
    scene.voxkey.head, scene.voxkey.head_motion = rig, 2.0
    bpy.ops.voxkey.generate()
    take = bpy.data.actions["Voxkey a.wav"]
    finding = take_actions.read_facts(take)["findings"][0]
    assert finding["sentence"] == "Your Action RigAction animates mixamorig:Head and wins over the take"
    bpy.ops.voxkey.apply_fix(sentence=finding["sentence"])
    nodded = turns(scene, rig)
    assert own.users and np.abs(nodded - before).max() > 0.03
    np.testing.assert_allclose(nodded - before, expected(scene, take), atol=0.02)  # small turns very nearly add
    bpy.ops.voxkey.delete_take()
    np.testing.assert_allclose(turns(scene, rig), before, atol=1e-6)
    assert [track.name for track in rig.animation_data.nla_tracks] == ["RigAction"]


def test_it_follows_the_slider_live_and_another_bone_after_apply(speaker: Any, scene: Any) -> None:
    rig = make_rig(scene)
    scene.voxkey.head, scene.voxkey.head_motion = rig, 1.0
    bpy.ops.voxkey.generate()
    before = turns(scene, rig)
    scene.voxkey.head_motion = 2.0
    np.testing.assert_allclose(turns(scene, rig), 2 * before, atol=3e-3)
    scene.voxkey.head_bone = "Spine"
    bpy.ops.voxkey.reshape_take()
    np.testing.assert_allclose(turns(scene, rig, "Spine"), 2 * before, atol=3e-3)
    assert len([track for track in rig.animation_data.nla_tracks if track.name.startswith("Voxkey a.wav")]) == 1


def test_a_bone_that_is_gone_is_named(speaker: Any, scene: Any) -> None:
    rig = make_rig(scene)
    movement.set_head_bone(rig, "Skull")
    with pytest.raises(ValueError, match="Rig has no bone Skull any more; choose another"):
        generation.generate(scene, speaker, "", STILL, TINY_MODEL, head=rig)
    assert not rig.animation_data
