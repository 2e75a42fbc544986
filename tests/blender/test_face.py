"""Whole characters: one take over meshes, bones and custom properties, with shared data and rig maps of their own."""

import json
import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Euler, Quaternion, Vector

from blender_addon import cli, data_paths, face, generation, keyframes, nla, take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.retarget import Link, RigMap, Target, rig_map_to_text
from blender_addon.core.shaping import Shaping

from .characters import (
    AT_REST,
    FRAMES,
    JAW,
    JAW_RADIANS,
    RIG_MAP,
    add_armature,
    bind,
    bone_matrices,
    make_character,
    said,
    state,
    take_of,
)
from .scenes import NO_LIFE, TINY_MODEL, add_strip, generate, heights, make_head, snapshot, write_bursts

# ---------------------------------------------------------------------------------------------------------------------
# One take for all


def test_a_character_is_the_meshes_under_one_armature_and_the_armature(spoken: Any) -> None:
    head = make_character(spoken)
    make_head(spoken, ["jawOpen"], "Stranger")
    parts = face.character(head)
    assert [part.name for part in parts] == ["Head", "Lashes", "Rig", "Teeth"]
    assert parts[2].offers.bones == ("jaw", "tongue")
    assert parts[2].offers.properties == (("mood", ""), ("puff", "tongue"))
    assert parts[3].offers.shape_keys == ("jawOpen", "jawLeft")
    for other in ("Teeth", "Rig"):
        assert {part.name for part in face.character(spoken.objects[other])} == {part.name for part in parts}


def test_everything_of_a_character_moves_in_one_take(spoken: Any) -> None:
    head = make_character(spoken)
    rig, teeth = spoken.objects["Rig"], spoken.objects["Teeth"]
    result = generate(spoken, head)
    assert (result.rig_map, result.moved) == ("Test rig", True)
    assert result.warnings == ("The slider of mood, puff was not at 0; the take starts from 0",)
    assert result.summary.startswith("Voxkey a.wav: 55 shape keys, 2 bones and 2 custom properties over 48 frames")
    jaw = said(head)
    assert jaw.max() > 0.3
    np.testing.assert_allclose(heights(spoken, teeth, FRAMES)[:, 0], jaw, atol=1e-5)
    moves = bone_matrices(spoken, rig, "tongue", FRAMES)
    np.testing.assert_allclose([move.to_translation().y for move in moves], -0.25 * jaw, atol=1e-5)
    np.testing.assert_allclose([move.to_scale().z for move in moves], 1 + 0.5 * jaw, atol=1e-5)
    for frame, value in zip(FRAMES, said(head, "jawForward"), strict=True):
        spoken.frame_set(int(frame))
        assert rig["mood"] == rig.pose.bones["tongue"]["puff"] == pytest.approx(value, abs=1e-6)
    owners = [owner for owner, _ in take_actions.parts(take_of(head))]
    assert {owner.name for owner in owners} == {"Rig", *(key.name for key in bpy.data.shape_keys)}
    for owner in owners:
        assert owner.animation_data.nla_tracks[0].name.startswith("Voxkey rest")


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "YZX", "AXIS_ANGLE"])
@pytest.mark.parametrize("pose", [(0.0, 0.0, 0.0), (0.3, -0.5, 0.7)], ids=["unposed", "posed"])
def test_a_bone_turns_about_its_own_axis_on_top_of_its_pose(
    spoken: Any, mode: str, pose: tuple[float, float, float]
) -> None:
    head = make_character(spoken)
    rig = spoken.objects["Rig"]
    bone = rig.pose.bones["jaw"]
    bone.rotation_mode = mode
    posed = Euler(pose).to_quaternion()
    bone.rotation_quaternion, bone.rotation_euler = posed, posed.to_euler(mode if len(mode) == 3 else "XYZ")
    axis, angle = posed.to_axis_angle()
    bone.rotation_axis_angle = (angle, *axis)
    before = state(spoken)
    generate(spoken, head)
    generate(spoken, head)  # the second replaces the first, and starts from the same pose
    turned = bone_matrices(spoken, rig, "jaw", FRAMES)
    assert np.ptp(said(head)) > 0.2
    for move, value in zip(turned, said(head), strict=True):
        expected = posed @ Quaternion((1, 0, 0), JAW_RADIANS * float(value))
        assert move.to_quaternion().rotation_difference(expected).angle < 2e-3
    for move in bone_matrices(spoken, rig, "jaw", AT_REST):
        assert move.to_quaternion().rotation_difference(posed).angle < 1e-3
    take_actions.remove_take(take_of(head))
    assert state(spoken) == before


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ"])
def test_a_bone_turns_on_top_of_the_users_strip(spoken: Any, mode: str) -> None:
    head = make_character(spoken)
    rig = spoken.objects["Rig"]
    bone = rig.pose.bones["jaw"]
    bone.rotation_mode = mode
    path = "rotation_quaternion" if mode == "QUATERNION" else "rotation_euler"
    for frame, angle in ((1, 0.0), (100, 1.0)):
        bone.rotation_quaternion = Quaternion((0, 0, 1), angle)
        bone.rotation_euler = Euler((0, 0, angle))
        bone.keyframe_insert(path, frame=frame)
    walk = rig.animation_data.action
    strip = rig.animation_data.nla_tracks.new().strips.new("Walk", 1, walk)
    rig.animation_data.action = None
    before, alone = snapshot(walk), bone_matrices(spoken, rig, "jaw", FRAMES)
    strip_before = snapshot(strip)
    result = generate(spoken, head)
    assert any("Your NLA strips animate jaw too; the take adds to them" in warning for warning in result.warnings)
    together = bone_matrices(spoken, rig, "jaw", FRAMES)
    for below, above, value in zip(alone, together, said(head), strict=True):
        turn = Quaternion((1, 0, 0), JAW_RADIANS * float(value))
        difference = above.to_quaternion().rotation_difference(below.to_quaternion() @ turn).angle
        assert difference < (1e-3 if mode == "QUATERNION" else 0.06)  # Euler angles of two axes only nearly add up
    take_actions.remove_take(take_of(head))
    assert (snapshot(walk), snapshot(strip)) == (before, strip_before)
    for below, after in zip(alone, bone_matrices(spoken, rig, "jaw", FRAMES), strict=True):
        assert below == after


def test_removing_the_take_leaves_nothing_of_it_on_any_part(spoken: Any) -> None:
    head = make_character(spoken)
    rig = spoken.objects["Rig"]
    rig.pose.bones["tongue"].location = (0.1, 0.2, 0.3)
    before = state(spoken)
    result = generate(spoken, head)
    assert "The slider of mood, puff was not at 0; the take starts from 0" in result.warnings
    generation.reshape(spoken, head, "a.wav", Shaping(strength=0.5))
    spoken.frame_set(23)
    take_actions.remove_take(take_of(spoken.objects["Teeth"]))  # any part of the character will do
    assert state(spoken) == before


def test_takes_of_two_sounds_share_the_bones_and_part_again(spoken: Any, tmp_path: Path) -> None:
    head = make_character(spoken)
    rig = spoken.objects["Rig"]
    jaw = rig.pose.bones["jaw"]
    jaw.rotation_mode, jaw.rotation_euler = "XYZ", (0.1, 0.2, 0.3)
    before = state(spoken)
    add_strip(spoken, write_bursts(tmp_path / "b.wav", 1.0, [0.5]), 101)
    for source in ("a.wav", "b.wav", "a.wav"):
        generate(spoken, head, source)
    alone = bone_matrices(spoken, rig, "jaw", range(101, 125))
    assert max(move.to_euler().x for move in alone) > 0.2
    take_actions.remove_take(take_of(head))
    assert face.find_take(head, "a.wav") is None
    assert bone_matrices(spoken, rig, "jaw", range(101, 125)) == alone
    for move in bone_matrices(spoken, rig, "jaw", FRAMES):
        np.testing.assert_allclose(move.to_euler(), (0.1, 0.2, 0.3), atol=1e-5)
    last = face.find_take(head, "b.wav")
    assert last is not None
    take_actions.remove_take(last)
    assert state(spoken) == before


def test_a_strip_that_is_tweaked_is_left_alone(spoken: Any) -> None:
    head = make_character(spoken)
    rig = spoken.objects["Rig"]
    rig.pose.bones["jaw"].keyframe_insert("location", frame=1)
    track = rig.animation_data.nla_tracks.new()
    track.strips.new("Mine", 1, rig.animation_data.action)
    rig.animation_data.action = None
    rig.animation_data.nla_tracks.active = track
    track.strips[0].select = True
    rig.animation_data.use_tweak_mode = True
    assert rig.animation_data.use_tweak_mode
    with pytest.raises(ValueError, match="An NLA strip of Rig is being tweaked; leave tweak mode"):
        generate(spoken, head)
    assert [track.name for track in rig.animation_data.nla_tracks] == [track.name]


def test_a_take_edited_in_one_part_is_kept_in_all(spoken: Any) -> None:
    head = make_character(spoken)
    generate(spoken, head)
    edited = take_actions.parts(take_of(head))
    teeth = spoken.objects["Teeth"].data.shape_keys
    part = next(action for owner, action in edited if owner == teeth)
    keyframes.fcurves(part)[0].keyframe_points[5].co.y = 0.9
    assert "edited by hand" in generate(spoken, head).summary
    for owner, action in edited:
        assert [track.mute for track, layer in nla.layers(owner) if layer == action] == [True]
    assert not {action for _, action in take_actions.parts(take_of(head))} & {action for _, action in edited}
    np.testing.assert_allclose(heights(spoken, spoken.objects["Teeth"], FRAMES)[:, 0], said(head), atol=1e-5)


def test_a_copied_character_shares_the_take_until_its_own_is_made_or_removed(spoken: Any) -> None:
    head = make_character(spoken)
    generate(spoken, head)
    for obj in spoken.objects:
        obj.select_set(True)
    bpy.ops.object.duplicate()
    copy = spoken.objects["Head.001"]
    teeth = spoken.objects["Teeth.001"]
    before = state(spoken)
    jaw = said(head)
    assert face.find_take(copy, "a.wav") == take_of(head)
    generate(spoken, copy, shaping=Shaping(strength=0.5, **NO_LIFE))
    for item, expected in (("Teeth", jaw), ("Teeth.001", jaw / 2)):
        np.testing.assert_allclose(heights(spoken, spoken.objects[item], FRAMES)[:, 0], expected, atol=1e-5)
    after = state(spoken)
    tracks = f"{spoken.objects['Rig']!r} tracks"
    for name in ("Head", "Teeth", "Rig", "Rig jaw", "Rig tongue", tracks):
        assert after[name] == before[name]
    take_actions.remove_take(take_of(copy), face.moved_by(copy, take_of(copy)))
    assert not heights(spoken, teeth, FRAMES).any()
    assert not any(item.animation_data for item in (spoken.objects["Rig.001"], copy.data.shape_keys))
    np.testing.assert_allclose(heights(spoken, spoken.objects["Teeth"], FRAMES)[:, 0], jaw, atol=1e-5)
    take_actions.remove_take(take_of(head), face.moved_by(head, take_of(head)))
    assert not bpy.data.actions


def test_one_undo_takes_everything_back(extension: Any, spoken: Any) -> None:
    make_character(spoken)
    spoken.voxkey.model, spoken.voxkey.model_path = "FILE", str(TINY_MODEL)
    spoken.voxkey.target = spoken.objects["Head"]
    spoken.frame_set(-5)
    bpy.ops.ed.undo_push(message="before")
    before = state(spoken)
    bpy.ops.voxkey.generate("EXEC_DEFAULT", True)
    assert len(bpy.data.actions) > 6
    bpy.ops.ed.undo()
    assert state(bpy.context.scene) == before
    bpy.ops.ed.redo()
    assert bpy.ops.voxkey.delete_take() == {"FINISHED"}
    assert state(bpy.context.scene) == before


def test_an_armature_without_meshes_with_keys_can_be_the_face(spoken: Any) -> None:
    rig = add_armature(spoken, "jaw")
    mesh = bind(make_head(spoken, [], "Body"), rig)
    mesh.data.vertices[0].co.y = 1.0
    rig[face.RIG_MAP] = rig_map_to_text(RigMap("Jaw", (JAW,)))
    result = generate(spoken, rig)
    assert (result.matched, result.moved) == (("jaw",), True)
    assert "50 channels" in result.summary
    tilt = [move.to_euler().x for move in bone_matrices(spoken, rig, "jaw", FRAMES)]
    np.testing.assert_allclose(tilt, JAW_RADIANS * said(mesh), atol=1e-5)


def test_a_head_bone_nods_unless_an_object_does(spoken: Any) -> None:
    rig = add_armature(spoken, "jaw", "head")
    bind(make_head(spoken, [], "Body"), rig)
    nod = Link("headPitch", Target("bone", "head", "rotation_x"), minimum=-1.0)
    rig[face.RIG_MAP] = rig_map_to_text(RigMap("Nodding", (JAW, nod)))
    assert generate(spoken, rig, shaping=Shaping()).matched == ("jaw", "head")
    assert max(abs(move.to_euler().x) for move in bone_matrices(spoken, rig, "head", FRAMES)) > 0.005
    neck = bpy.data.objects.new("Neck", None)
    spoken.collection.objects.link(neck)
    result = generation.generate(spoken, rig, "", Shaping(), TINY_MODEL, head=neck)
    assert result.matched == ("jaw",)


@pytest.mark.parametrize("stood_up", [False, True], ids=["z_up", "y_up"])
@pytest.mark.parametrize("roll", [0.0, 1.0, 3.0])
def test_a_bone_of_any_roll_turns_about_the_axes_of_the_character(spoken: Any, roll: float, stood_up: bool) -> None:
    rig = add_armature(spoken, "jaw")
    bpy.ops.object.mode_set(mode="EDIT")
    jaw = rig.data.edit_bones["jaw"]
    jaw.tail = (0, 0.3, 0.4) if stood_up else (0, -0.4, 0.3)  # forward and up
    jaw.roll = roll
    bpy.ops.object.mode_set(mode="OBJECT")
    placed = Quaternion((0, 0, 1), 0.7)
    rig.rotation_euler = (placed @ Quaternion((1, 0, 0), np.pi / 2 if stood_up else 0.0)).to_euler()
    bpy.context.view_layer.update()
    opens = Link("jawOpen", Target("bone", "jaw", "turn_x"), gain=JAW_RADIANS)
    rig[face.RIG_MAP] = rig_map_to_text(RigMap("Turns", (opens,)))
    spoken.frame_set(0)
    at_rest = (rig.matrix_world @ rig.pose.bones["jaw"].matrix).to_quaternion()
    generate(spoken, rig)
    for frame, value in zip(FRAMES, said(rig), strict=True):
        spoken.frame_set(int(frame))
        turned = (rig.matrix_world @ rig.pose.bones["jaw"].matrix).to_quaternion() @ at_rest.inverted()
        expected = Quaternion(placed @ Vector((1, 0, 0)), JAW_RADIANS * float(value))
        assert turned.rotation_difference(expected).angle < 0.02  # turns below a share are left out


# ---------------------------------------------------------------------------------------------------------------------
# Families without an armature, and shared data


def test_without_an_armature_meshes_at_the_face_with_its_parent_belong_to_it(spoken: Any) -> None:
    root = bpy.data.objects.new("Root", None)
    spoken.collection.objects.link(root)
    head, teeth, other = make_head(spoken), make_head(spoken, ["jawOpen"], "Teeth"), make_head(spoken, name="Other")
    for item in (head, teeth, other):
        item.parent = root
    other.location.x = 1_000.0
    bpy.context.view_layer.update()
    generate(spoken, head)
    assert heights(spoken, teeth, [23])[0, 0] > 0.3
    assert not heights(spoken, other, [23]).any()


def test_objects_that_share_a_mesh_share_its_keys(spoken: Any) -> None:
    head = make_character(spoken)
    twin = bpy.data.objects.new("Twin", head.data)
    spoken.collection.objects.link(twin)
    twin.parent = spoken.objects["Rig"]
    result = generate(spoken, head)
    assert "2 objects share this mesh (Head); all of them move" in result.warnings
    assert len([1 for owner, _ in take_actions.parts(take_of(head)) if owner == head.data.shape_keys]) == 1
    np.testing.assert_array_equal(heights(spoken, twin, [23]), heights(spoken, head, [23]))
    jaw = heights(spoken, twin, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)  # once, not twice


# ---------------------------------------------------------------------------------------------------------------------
# Rig maps


def test_keys_renamed_or_deleted_between_generations_are_told(spoken: Any) -> None:
    head = make_head(spoken)
    generate(spoken, head)
    blocks = head.data.shape_keys.key_blocks
    blocks["cheekPuff"].value = 0.0
    blocks["jawOpen"].name = "JawOpen"
    blocks["mouthFunnel"].name = "ooh"
    head.shape_key_remove(blocks["cheekPuff"])
    result = generate(spoken, head)
    assert result.is_replacement
    assert result.warnings == (
        "cheekPuff, mouthFunnel moved in the earlier take and finds nothing now; a key was renamed or deleted",
    )
    assert "JawOpen" in result.matched and "ooh" not in result.matched
    assert heights(spoken, head, [23])[0].max() > 0.3
    assert generate(spoken, head).warnings == ()  # said once
    take_actions.remove_take(take_of(head))
    assert not bpy.data.actions


def test_a_renamed_slider_returns_to_where_it_was(spoken: Any) -> None:
    head = make_head(spoken)
    blocks = head.data.shape_keys.key_blocks
    blocks["mouthFunnel"].value = 0.25
    generate(spoken, head)
    blocks["mouthFunnel"].name = "ooh"
    take_actions.remove_take(take_of(head))
    assert blocks["ooh"].value == 0.25


def test_the_rig_map_kept_with_the_face_is_used(spoken: Any) -> None:
    head = make_head(spoken, ["ajar", "jawOpen"])
    assert face.chosen_map(head)[2] is False
    head[face.RIG_MAP] = rig_map_to_text(RigMap("Mine", (Link("jawOpen", Target("shape_key", "ajar"), gain=0.5),)))
    result = generate(spoken, head)
    assert (result.rig_map, result.matched, result.coverage.unused) == ("Mine", ("ajar",), ("jawOpen",))
    np.testing.assert_allclose(heights(spoken, head, FRAMES)[:, 0], 0.5 * said(head), atol=1e-5)
    head[face.RIG_MAP] = "{"
    with pytest.raises(ValueError, match="The rig map kept with Head can't be read"):
        generate(spoken, head)
    head[face.RIG_MAP] = rig_map_to_text(RigMap("Mine", (Link("jawOpen", Target("shape_key", "lost")),)))
    with pytest.raises(ValueError, match="None of the 2 shape keys of Head is named as in Mine; match them"):
        generate(spoken, head)


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_a_preview_shows_what_a_take_would(spoken: Any, mode: str) -> None:
    head = make_character(spoken)
    bone = spoken.objects["Rig"].pose.bones["jaw"]
    bone.rotation_mode = mode
    bone.rotation_quaternion = posed = Euler((0.1, 0.2, 0.3)).to_quaternion()
    bone.rotation_euler = posed.to_euler()
    axis, angle = posed.to_axis_angle()
    bone.rotation_axis_angle = (angle, *axis)
    bone.scale = (2.0, 2.0, 2.0)
    for owner, path, index, value in face.preview(head, RIG_MAP, "jawOpen", 0.75):
        data_paths.set_value(owner, (path, index), value)
    expected = posed @ Quaternion((1, 0, 0), JAW_RADIANS * 0.75)
    assert bone.matrix_basis.to_quaternion().rotation_difference(expected).angle < 1e-3
    assert bone.scale == Vector((2.0, 2.0, 2.0))
    tongue = spoken.objects["Rig"].pose.bones["tongue"]
    assert tongue.location.y == pytest.approx(-0.5 * 0.75 * 0.5) and tongue.scale.z == pytest.approx(1.375)
    assert head.data.shape_keys.key_blocks["jawOpen"].value == 0.75
    assert math.isclose(spoken.objects["Teeth"].data.shape_keys.key_blocks["jawOpen"].value, 0.75)


# ---------------------------------------------------------------------------------------------------------------------
# The command line


def run_command(capfd: Any, folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the line of results of `voxkey generate`, on scene.blend in a folder."""
    usual = ["--scene", str(folder / "scene.blend"), "--output", str(folder / "out.blend"), "--model", str(TINY_MODEL)]
    code = cli.run(["generate", *usual, "--json", *options])
    return code, json.loads(capfd.readouterr().out.splitlines()[-1])


@pytest.fixture
def scene_file(spoken: Any, tmp_path: Path) -> Path:
    make_character(spoken, None)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    return tmp_path


def test_the_command_finds_the_character_and_tells_its_family(scene_file: Path, capfd: Any) -> None:
    code, facts = run_command(capfd, scene_file)
    assert (code, facts["moved"]) == (0, True)
    assert facts["rig_map"].startswith("ARKit")
    assert facts["unmatched_channels"] == facts["unused_shape_keys"] == []
    bpy.ops.wm.open_mainfile(filepath=str(scene_file / "out.blend"))
    assert {part.owner for part in face.character(bpy.data.objects["Teeth"])} >= {bpy.data.objects["Rig"]}
    assert face.find_take(bpy.data.objects["Head"], "a.wav") is not None


def test_the_command_takes_a_rig_map_by_file_or_name(scene_file: Path, capfd: Any) -> None:
    (scene_file / "mine.json").write_text(rig_map_to_text(RigMap("Mine", (JAW,))))
    code, facts = run_command(capfd, scene_file, "--object", "Head", "--rig-map", str(scene_file / "mine.json"))
    assert (code, facts["rig_map"], facts["matched"]) == (0, "Mine", ["jaw"])
    bpy.ops.wm.open_mainfile(filepath=str(scene_file / "out.blend"))
    chosen, _, is_own = face.chosen_map(bpy.data.objects["Head"])
    assert chosen is not None and (chosen.name, is_own) == ("Mine", True)
    code, facts = run_command(capfd, scene_file, "--rig-map", "ARKit")
    assert (code, facts["rig_map"]) == (0, "ARKit")
    for name, sentence in (
        ("Martian", "There is no rig map Martian; choose --rig-map from arkit"),
        ("nowhere.json", "The rig map nowhere.json can't be read"),
    ):
        code, facts = run_command(capfd, scene_file, "--rig-map", name)
        assert code == 1 and sentence in facts["error"]
