"""The test rigs: built by scripts, alike every time, with mouths and lids that work."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS

bpy = pytest.importorskip("bpy")

from rigs import test_rigs  # noqa: E402  (needs bpy)
from rigs.default_head_shapes import JAW_OPEN_DEGREES  # noqa: E402

Points = NDArray[np.float64]
LEFT_EYE = (42, 45)


def world_points(item: Any) -> Points:
    """Vertices (V, 3) of an object in the world, as drivers, bones and shape keys put them."""
    bpy.context.view_layer.update()
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.empty(3 * len(evaluated.data.vertices), np.float32)
    evaluated.data.vertices.foreach_get("co", points)
    to_world = np.array(evaluated.matrix_world)
    moved: Points = points.reshape(-1, 3) @ to_world[:3, :3].T + to_world[:3, 3]
    return moved


def gap(rig: test_rigs.Rig, upper: int, lower: int) -> float:
    """Between two landmarks of the face, in distances between the outer corners of its eyes."""
    points = world_points(bpy.data.objects[rig.face])[rig.landmarks]
    return float(np.linalg.norm(points[upper] - points[lower]) / np.linalg.norm(points[36] - points[45]))


def lips(rig: test_rigs.Rig) -> float:
    return gap(rig, 62, 66)


def set_keys(values: dict[str, float]) -> None:
    """Set shape keys on every mesh that has them; all others to 0."""
    for key in bpy.data.shape_keys:
        for block in key.key_blocks:
            block.value = values.get(block.name, 0.0)


def turn(bone: Any, axis: int, degrees: float) -> None:
    bone.rotation_mode = "XYZ"
    bone.rotation_euler[axis] = np.radians(degrees)


@pytest.mark.parametrize("name", test_rigs.RIGS)
def test_the_same_script_makes_the_same_rig_and_its_mouth_is_closed(name: str) -> None:
    def build() -> tuple[test_rigs.Rig, dict[str, Points]]:
        return test_rigs.build(name), {
            item.name: world_points(item) for item in bpy.data.objects if item.type == "MESH"
        }

    rig, first = build()
    _, second = build()
    assert first.keys() == second.keys()
    for item in first:
        np.testing.assert_array_equal(first[item], second[item])
    assert lips(rig) < 0.03
    assert bpy.context.view_layer.objects.active == bpy.data.objects[rig.face]
    assert rig.expresses <= set(BLENDSHAPE_CHANNELS)
    for item in bpy.data.objects:
        if item.type == "MESH" and item.vertex_groups:
            sums = [sum(group.weight for group in vertex.groups) for vertex in item.data.vertices]
            np.testing.assert_allclose(sums, 1.0, atol=0.02)


MOUTHS = {  # rig -> shape keys that open the mouth, and that purse it
    "anime_vroid": ("Fcl_MTH_A", "Fcl_MTH_U"),
    "anime_vrm": ("A", "U"),
    "mpfb": ("!ex-jawOpen", "!ex-mouthPucker"),
    "oculus": ("viseme_aa", "viseme_U"),
    "live_link": ("JawOpen", "MouthPucker"),
}


@pytest.mark.parametrize("name", MOUTHS)
def test_shape_keys_open_and_purse_the_mouth(name: str) -> None:
    rig = test_rigs.build(name)
    wide = gap(rig, 48, 54)
    opening, pursing = MOUTHS[name]
    set_keys({opening: 1.0})
    assert lips(rig) > 0.1
    set_keys({pursing: 1.0})
    assert gap(rig, 48, 54) < 0.85 * wide


def test_cc4_opens_by_bone_and_key_and_closes_over_the_open_jaw() -> None:
    rig = test_rigs.build("cc4")
    teeth = bpy.data.objects["CC_Base_Teeth"]
    before, closed = world_points(teeth), lips(rig)
    turn(bpy.data.objects["Character"].pose.bones["CC_Base_JawRoot"], 2, test_rigs.CC4_JAW_OPEN_DEGREES)
    set_keys({"Jaw_Open": 1.0})
    assert lips(rig) > 0.25
    fall = (before - world_points(teeth))[:, 2] / np.ptp(before[:, 2])
    assert (fall < 0.01).sum() == (fall > 0.25).sum() == len(before) / 2  # the lower teeth alone
    set_keys({"Jaw_Open": 1.0, "Mouth_Close": 1.0})
    assert lips(rig) < closed + 0.02


def test_parts_of_a_cc4_shape_add_up_to_it() -> None:
    test_rigs.build("cc4")
    blocks = bpy.data.objects["CC_Base_Body"].data.shape_keys.key_blocks
    parts = [f"Mouth_Pucker_{upright}_{side}" for upright in ("Up", "Down") for side in "LR"]
    set_keys(dict.fromkeys(parts, 1.0))
    moved = world_points(bpy.data.objects["CC_Base_Body"])
    set_keys({})
    moved -= world_points(bpy.data.objects["CC_Base_Body"])
    for part in parts:
        assert max((a.co - b.co).length for a, b in zip(blocks[part].data, blocks[0].data, strict=True)) > 0.3  # cm
    whole = test_rigs.piece(test_rigs.warped(test_rigs.default_geometry(), *test_rigs.CC4), "skin")
    np.testing.assert_allclose(moved, 0.01 * whole.deltas["mouthPucker"], atol=1e-5)


def test_bones_turn_the_eyes_of_anime() -> None:
    test_rigs.build("anime_vroid")
    face = bpy.data.objects["Face"]
    before = world_points(face)
    turn(bpy.data.objects["Armature"].pose.bones["J_Adj_L_FaceEye"], 2, 20.0)
    moved = world_points(face) - before
    eye = np.linalg.norm(moved, axis=1) > 1e-4
    assert (before[eye, 0] > 0).all() and eye.sum() > 200
    front = before[:, 1] < np.quantile(before[eye, 1], 0.1)
    assert moved[eye & front, 0].mean() > 0.005  # to the character's left


def test_rigify_bones_move_the_face_as_shapes_would() -> None:
    rig = test_rigs.build("rigify")
    geometry = test_rigs.warped(test_rigs.default_geometry(), *test_rigs.RIGIFY)
    face, bones = bpy.data.objects["Face"], bpy.data.objects["rig"].pose.bones
    before = world_points(face)
    turn(bones["jaw_master"], 0, JAW_OPEN_DEGREES)
    moved = world_points(face) - before
    wanted = geometry.deltas["jawOpen"]
    moving = np.linalg.norm(wanted, axis=1) > 0.2 * np.linalg.norm(wanted, axis=1).max()
    error = np.linalg.norm(moved - wanted, axis=1)[moving] / np.linalg.norm(wanted, axis=1)[moving]
    assert error.mean() < 0.25
    assert lips(rig) > 0.2
    turn(bones["jaw_master"], 0, 0.0)
    opening = gap(rig, 43, 47)
    length = bones["lid.T.L.002"].length
    for side in "LR":
        bones[f"lid.T.{side}.002"].location[1] = -2.5 * length
        bones[f"lid.B.{side}.002"].location[1] = length
    assert gap(rig, 43, 47) < 0.3 * opening
    eye = geometry.pieces["eyeball"]
    np.testing.assert_allclose(world_points(face)[eye], before[eye], atol=1e-5)
    bones["eye.L"].location[0] = bones["eye.L"].length
    assert (world_points(face) - before)[eye[before[eye, 1].argmin()], 0] > 0.003


def test_the_creature_has_another_topology_and_names_that_say_nothing() -> None:
    rig = test_rigs.build("creature")
    mesh = bpy.data.objects["Creature"].data
    assert {len(face.vertices) for face in mesh.polygons} == {3}
    assert len(mesh.vertices) < 0.97 * len(test_rigs.default_geometry().points)
    names = [block.name for block in mesh.shape_keys.key_blocks[1:]]
    assert names == [f"key_{number:03d}" for number in range(1, len(names) + 1)]
    poses = test_rigs.creature_poses()
    assert any(len(pose) == 2 for pose in poses.values())
    jaw = next(name for name, pose in poses.items() if "jawLeft" in pose and "jawOpen" in pose)
    set_keys({jaw: 1.0})
    assert lips(rig) > 0.25
    blink = next(name for name, pose in poses.items() if "eyeBlinkLeft" in pose)
    open_eye = gap(rig, 43, 47)
    set_keys({blink: 1.0})
    assert gap(rig, 43, 47) < 0.1 * open_eye


def test_properties_drive_the_shapes() -> None:
    rig = test_rigs.build("properties")
    armature = bpy.data.objects["Rig"]
    armature.pose.bones["face_controls"]["jawOpen"] = 1.0
    armature.update_tag()
    assert lips(rig) > 0.2


@pytest.mark.parametrize(("name", "mouth_name", "axis"), [("jaw_only", "Head", 2), ("live_link", "Mouth", 0)])
def test_a_turn_of_the_jaw_bone_opens(name: str, mouth_name: str, axis: int) -> None:
    test_rigs.build(name)
    mouth = bpy.data.objects[mouth_name]
    before = world_points(mouth)
    turn(bpy.data.objects["Rig"].pose.bones["jaw"], axis, 20.0)
    assert (before - world_points(mouth))[:, 2].max() > 0.02


def test_blends_are_written_and_unknown_names_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert test_rigs.main(["--rig", "jaw_only", "--output", str(tmp_path)]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "jaw_only.blend"))
    assert bpy.data.objects["Head"].parent == bpy.data.objects["Rig"]
    assert test_rigs.main(["--rig", "dragon", "--output", str(tmp_path)]) == 1
    assert "no test rig dragon" in capsys.readouterr().err
