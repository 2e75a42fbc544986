"""Whole characters: one take over meshes, bones and custom properties, with drivers, links and shared data."""

import json
import math
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix, Quaternion, Vector

from blender_addon import cli, data_paths, face, generation, keyframes, nla, take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import sample_curves
from blender_addon.core.retarget import Link, RigMap, Target, rig_map_to_text
from blender_addon.core.shaping import Shaping

from .scenes import NO_LIFE, TINY_MODEL, add_strip, heights, make_head, snapshot, write_bursts

SPEECH_ALONE = Shaping(**NO_LIFE)
JAW_RADIANS = 0.4
FRAMES = np.arange(11, 59)
"""Those of the take."""
AT_REST = (-5, 9, 60, 200)

KEYS = tuple(Link(name, Target("shape_key", name)) for name in BLENDSHAPE_CHANNELS)
JAW = Link("jawOpen", Target("bone", "jaw", "rotation_x"), gain=JAW_RADIANS)
RIG_MAP = RigMap(
    "Test rig",
    (
        *KEYS,
        JAW,
        Link("jawOpen", Target("bone", "tongue", "location_y"), gain=-0.5, minimum=-1.0),
        Link("jawOpen", Target("bone", "tongue", "scale_z"), gain=0.5),
        Link("jawForward", Target("property", "mood")),
        Link("jawForward", Target("property", "puff", "tongue")),
    ),
)


def add_armature(scene: Any, *bones: str, name: str = "Rig") -> Any:
    """An armature whose bones are 0.5 long, one at each x, and look along +Y."""
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for number, bone_name in enumerate(bones):
        bone = rig.data.edit_bones.new(bone_name)
        bone.head, bone.tail = (number, 0, 0), (number, 0.5, 0)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def bind(mesh: Any, rig: Any, bone: str = "jaw") -> Any:
    """Deform all of a mesh by one bone."""
    mesh.modifiers.new("Armature", "ARMATURE").object = rig
    mesh.vertex_groups.new(name=bone).add(range(len(mesh.data.vertices)), 1.0, "REPLACE")
    return mesh


def make_character(scene: Any, rig_map: RigMap | None = RIG_MAP) -> Any:
    """A head, teeth and lashes with their own keys under one armature with a jaw, a tongue and two properties."""
    rig = add_armature(scene, "jaw", "tongue")
    rig["mood"], rig.pose.bones["tongue"]["puff"] = 0.5, 0.25
    head = make_head(scene)
    for part, keys in (("Teeth", ["jawOpen", "jawLeft"]), ("Lashes", ["eyeBlinkLeft", "eyeBlinkRight"])):
        make_head(scene, keys, part).parent = rig
    head.modifiers.new("Armature", "ARMATURE").object = rig
    if rig_map:
        head[face.RIG_MAP] = rig_map_to_text(rig_map)
    bpy.context.view_layer.update()
    return head


@pytest.fixture
def spoken(scene: Any, tmp_path: Path) -> Any:
    """A scene with a strip of 2 s from frame 11 on, and no face yet."""
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    return scene


def generate(scene: Any, obj: Any, shaping: Shaping = SPEECH_ALONE) -> generation.Result:
    return generation.generate(scene, obj, "", shaping, TINY_MODEL)


def take_of(obj: Any) -> Any:
    take = face.find_take(obj, "a.wav")
    assert take is not None
    return take


def said(obj: Any, channel: str = "jawOpen") -> Any:
    """(N,) what the model said of a channel at FRAMES."""
    prediction = take_actions.read_prediction(take_of(obj))
    return sample_curves(prediction, (FRAMES - 11) / 24)[:, prediction.channels.index(channel)]


def bone_matrices(scene: Any, rig: Any, bone: str, frames: Any) -> list[Matrix]:
    """What is done to an evaluated bone, about and along its own axes at rest."""
    matrices = []
    for frame in frames:
        scene.frame_set(int(frame))
        evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrices.append(evaluated.pose.bones[bone].matrix_basis.copy())
    return matrices


def state(scene: Any) -> Any:
    """Everything of the user that a take could touch, at a frame outside of it."""
    scene.frame_set(-5)
    facts: dict[str, Any] = {"actions": sorted(action.name for action in bpy.data.actions)}
    for key in bpy.data.shape_keys:
        facts[key.user.name] = [(block.name, block.value, block.mute) for block in key.key_blocks]
    for obj in scene.objects:
        facts[obj.name] = {name: value for name, value in obj.items() if isinstance(value, (int, float, str))}
        for bone in obj.pose.bones if obj.pose else ():
            rotation = [*bone.rotation_quaternion, *bone.rotation_euler, *bone.rotation_axis_angle]
            facts[f"{obj.name} {bone.name}"] = [*bone.location, *bone.scale, *rotation, dict(bone.items())]
    for owner in [*bpy.data.shape_keys, *scene.objects]:
        data = owner.animation_data
        facts[f"{owner!r} tracks"] = [snapshot(track) for track in data.nla_tracks] if data else []
        facts[f"{owner!r} drivers"] = [snapshot(driver) for driver in data.drivers] if data else []
    return facts


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
        generation.generate(spoken, head, source, SPEECH_ALONE, TINY_MODEL)
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
    generate(spoken, copy, Shaping(strength=0.5, **NO_LIFE))
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
    assert generate(spoken, rig, Shaping()).matched == ("jaw", "head")
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
# Drivers


def drive(owner: Any, path: str, source: Any, source_path: str, expression: str = "var") -> Any:
    """Let a value follow another."""
    curve = owner.driver_add(path)
    variable = curve.driver.variables.new()
    variable.name = "var"
    variable.targets[0].id_type = source.id_type
    variable.targets[0].id, variable.targets[0].data_path = source, source_path
    curve.driver.expression = expression
    return curve


def test_keys_that_follow_the_heads_keys_are_left_to_their_drivers(spoken: Any) -> None:
    head = make_character(spoken, None)
    teeth = spoken.objects["Teeth"].data.shape_keys
    for name in ("jawOpen", "jawLeft"):
        path = f'key_blocks["{name}"].value'
        drive(teeth.key_blocks[name], "value", head.data.shape_keys, path)
    result = generate(spoken, head)
    assert (result.warnings, result.moved) == ((), True)
    assert teeth not in [owner for owner, _ in take_actions.parts(take_of(head))]
    np.testing.assert_allclose(heights(spoken, spoken.objects["Teeth"], FRAMES)[:, 0], said(head), atol=1e-5)


def test_properties_that_drive_the_keys_are_animated_in_their_place(spoken: Any) -> None:
    head = make_head(spoken)
    control = bpy.data.objects.new("Control", None)
    spoken.collection.objects.link(control)
    for block in head.data.shape_keys.key_blocks[1:]:
        control[block.name] = 0.0
        drive(block, "value", control, f'["{block.name}"]')
    result = generate(spoken, head)
    assert (len(result.matched), result.unmatched_channels, result.moved) == (51, (), True)
    assert {target.kind for target in result.targets} == {"property"}
    assert "51 custom properties over 48 frames" in result.summary
    assert [owner for owner, _ in take_actions.parts(take_of(head))] == [control]
    jaw = heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)
    generate(spoken, head)  # finds and replaces the take, which lies outside of the family
    take_actions.remove_take(take_of(head))
    assert control.animation_data is None and not bpy.data.actions


def test_a_bone_property_at_the_end_of_two_drivers_is_found(spoken: Any) -> None:
    head = make_character(spoken, None)
    rig = spoken.objects["Rig"]
    rig.pose.bones["jaw"]["open"] = 0.0
    rig["jawOpen"] = 0.0
    drive(rig, '["jawOpen"]', rig, 'pose.bones["jaw"]["open"]')
    for part in ("Head", "Teeth"):
        drive(spoken.objects[part].data.shape_keys.key_blocks["jawOpen"], "value", rig, '["jawOpen"]')
    result = generate(spoken, head)
    assert Target("property", "open", "jaw") in result.targets
    for part, column in (("Head", BLENDSHAPE_CHANNELS.index("jawOpen")), ("Teeth", 0)):
        np.testing.assert_allclose(heights(spoken, spoken.objects[part], FRAMES)[:, column], said(head), atol=1e-5)


def test_a_property_of_the_armatures_data_is_found(spoken: Any) -> None:
    head = make_character(spoken, None)
    data = spoken.objects["Rig"].data
    data["open"] = 0.0
    drive(head.data.shape_keys.key_blocks["jawOpen"], "value", spoken.objects["Rig"], 'data["open"]')
    generate(spoken, head)
    generate(spoken, head)
    np.testing.assert_allclose(
        heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")], said(head), atol=1e-5
    )
    assert data in [owner for owner, _ in take_actions.parts(take_of(head))]
    take_actions.remove_take(take_of(head))
    assert data.animation_data is None and not bpy.data.actions


def test_a_muted_driver_leaves_its_key_free(spoken: Any) -> None:
    head = make_head(spoken)
    head.data.shape_keys.key_blocks["jawOpen"].driver_add("value").mute = True
    assert generate(spoken, head).warnings == ()
    jaw = heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)


@pytest.mark.parametrize(
    ("expression", "factor"), [("2*var", 2.0), ("var / 100", 0.01), ("-0.5 * var", -0.5), (" var*.25", 0.25)]
)
def test_a_driver_that_only_multiplies_is_reckoned_back(spoken: Any, expression: str, factor: float) -> None:
    head = make_head(spoken)
    head["amount"] = 0.0
    drive(head.data.shape_keys.key_blocks["jawOpen"], "value", head, '["amount"]', expression)
    result = generate(spoken, head)
    assert Target("property", "amount") in result.targets
    jaw = heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)
    spoken.frame_set(23)
    assert head["amount"] == pytest.approx(said(head)[12] / factor, rel=1e-5)


def control(owner: Any, bone: str, kind: str, rig: Any, expression: str) -> None:
    """Let a shape key follow a bone of a control rig in the bone's own space."""
    driver = owner.driver_add("value").driver
    variable = driver.variables.new()
    variable.name, variable.type, driver.expression = "ctrl", "TRANSFORMS", expression
    source = variable.targets[0]
    source.id, source.bone_target, source.transform_type, source.transform_space = rig, bone, kind, "LOCAL_SPACE"


def test_control_bones_are_animated_in_place_of_the_keys_that_follow_them(spoken: Any) -> None:
    head = make_head(spoken)
    rig = add_armature(spoken, "mouth_ctrl", "jaw_ctrl", name="Controls")
    blocks = head.data.shape_keys.key_blocks
    control(blocks["mouthLeft"], "mouth_ctrl", "LOC_X", rig, "ctrl * 2")
    control(blocks["mouthRight"], "mouth_ctrl", "LOC_X", rig, "-2 * ctrl")
    control(blocks["jawOpen"], "jaw_ctrl", "ROT_X", rig, "ctrl")
    result = generate(spoken, head)
    assert (result.warnings, result.moved, result.unmatched_channels) == ((), True, ())
    moved = heights(spoken, head, FRAMES)
    left, right = said(head, "mouthLeft"), said(head, "mouthRight")
    for channel, expected in (
        ("jawOpen", said(head)),
        ("mouthLeft", np.maximum(left - right, 0)),  # one control can't do both at once
        ("mouthRight", np.maximum(right - left, 0)),
    ):
        np.testing.assert_allclose(moved[:, BLENDSHAPE_CHANNELS.index(channel)], expected, atol=1e-4)
    take_actions.remove_take(take_of(head))
    assert rig.animation_data is None
    assert not rig.pose.bones["mouth_ctrl"].location.length


def test_drivers_that_reckon_are_left_alone_and_what_they_read_is_named(spoken: Any) -> None:
    head = make_head(spoken)
    control = add_armature(spoken, "smile_ctrl", name="Controls")
    control["grin"] = 0.0
    blocks = head.data.shape_keys.key_blocks
    drive(blocks["mouthSmileLeft"], "value", control, '["grin"]', "var * 2 - 1")
    turned = blocks["mouthSmileRight"].driver_add("value").driver
    variable = turned.variables.new()
    variable.type = "TRANSFORMS"
    variable.targets[0].id, variable.targets[0].bone_target = control, "smile_ctrl"
    result = generate(spoken, head)
    assert result.warnings == (
        "A driver moves mouthSmileLeft, mouthSmileRight; the take leaves it alone, or link grin, smile_ctrl in the Rig "
        "panel, which they follow",
    )
    assert set(result.unmatched_channels) == {"mouthSmileLeft", "mouthSmileRight"}


def test_drivers_in_a_circle_are_told_and_do_not_hang(spoken: Any) -> None:
    head = make_head(spoken)
    key = head.data.shape_keys
    for name, other in (("jawOpen", "mouthClose"), ("mouthClose", "jawOpen")):
        drive(key.key_blocks[name], "value", key, f'key_blocks["{other}"].value')
    drive(key.key_blocks["jawLeft"], "value", key, 'key_blocks["jawLeft"].value')
    result = generate(spoken, head)
    assert "A driver moves jawLeft, jawOpen, mouthClose; the take leaves it alone" in result.warnings
    assert len(result.matched) == 48


def test_a_driver_that_reads_nothing_is_no_obstacle(spoken: Any) -> None:
    head = make_head(spoken)
    drive(head.data.shape_keys.key_blocks["jawOpen"], "value", head, '["gone"]')
    assert "jawOpen" in generate(spoken, head).unmatched_channels


# ---------------------------------------------------------------------------------------------------------------------
# Linked characters


def linked_character(tmp_path: Path) -> Any:
    """The collection of a character in another file, linked into a new scene that has a sound; its override."""
    bpy.ops.wm.read_homefile(use_empty=True)
    make_character(bpy.context.scene, None)
    collection = bpy.data.collections.new("Character")
    for obj in bpy.context.scene.objects:
        collection.objects.link(obj)
    library = str(tmp_path / "character.blend")
    bpy.data.libraries.write(library, {collection})
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.collections = ["Character"]
    add_strip(bpy.context.scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    return wanted.collections[0]


def local(name: str) -> Any:
    return next(obj for obj in bpy.data.objects if obj.name == name and obj.library is None)


def overridden(collection: Any) -> Any:
    """The override of a linked character: objects and armatures, but not the data of meshes."""
    collection.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer, do_fully_editable=True)
    return local("Head")


def test_a_linked_character_gives_one_sentence(tmp_path: Path) -> None:
    collection = linked_character(tmp_path)
    bpy.context.scene.collection.children.link(collection)
    with pytest.raises(ValueError, match="The mesh of Head is linked from another file; make it local or a library"):
        generate(bpy.context.scene, collection.objects["Head"])
    with pytest.raises(ValueError, match=r"Rig is linked from another file; make it local or a library override \(Obj"):
        generate(bpy.context.scene, collection.objects["Rig"])
    assert not bpy.data.actions


def test_an_overridden_character_moves_and_is_told_what_stays_linked(tmp_path: Path) -> None:
    head = overridden(linked_character(tmp_path))
    scene = bpy.context.scene
    assert not head.data.shape_keys.is_editable
    head[face.RIG_MAP] = rig_map_to_text(RigMap("Keys alone", KEYS))
    with pytest.raises(ValueError, match="The mesh of Head is linked from another file"):
        generate(scene, head)
    head[face.RIG_MAP] = rig_map_to_text(RigMap("Jaw", (JAW,)))
    result = generate(scene, head)
    assert result.matched == ("jaw",)
    assert len([warning for warning in result.warnings if "is linked from another file" in warning]) == 3
    tilt = [move.to_euler().x for move in bone_matrices(scene, local("Rig"), "jaw", FRAMES)]
    np.testing.assert_allclose(tilt, JAW_RADIANS * said(head), atol=1e-5)


def test_an_overridden_mesh_speaks_after_saving_and_opening(tmp_path: Path) -> None:
    head = overridden(linked_character(tmp_path))
    for obj in (head, local("Teeth"), local("Lashes")):
        obj.data = obj.data.override_create()
    result = generate(bpy.context.scene, head)
    assert (result.moved, result.unmatched_channels, result.warnings) == (True, (), ())
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    head, scene = local("Head"), bpy.context.scene
    jaw = heights(scene, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)
    np.testing.assert_allclose(heights(scene, local("Teeth"), FRAMES)[:, 0], said(head), atol=1e-5)
    take_actions.remove_take(take_of(head))
    assert not heights(scene, head, [23]).any()


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
