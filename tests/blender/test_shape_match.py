"""By shape, in the add-on enabled as an extension: landmarks guessed, dragged and kept, and nameless keys matched."""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Euler
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.head import read_head
from blender_addon.core.retarget import rig_map_from_text

from .interface import Context, Layout
from .scenes import TINY_MODEL, add_strip, key_frames, write_bursts

KEYS = [f"key_{i:03d}" for i in range(51)]
JAW = KEYS[BLENDSHAPE_CHANNELS.index("jawOpen")]


@pytest.fixture
def shape_match(extension: Any) -> Any:
    return sys.modules[f"{extension.__name__}.shape_match"]


@pytest.fixture
def face(extension: Any, scene: Any) -> Any:
    """The default head's face with 51 nameless shape keys, active, and without landmarks."""
    head = read_head()
    mesh = bpy.data.meshes.new("Creature")
    mesh.from_pydata(head.vertices[: head.n_face_vertices].tolist(), [], head.face_triangles().tolist())
    obj = bpy.data.objects.new("Creature", mesh)
    scene.collection.objects.link(obj)
    obj.shape_key_add(name="Basis")
    basis = head.vertices[: head.n_face_vertices]
    for name, offsets in zip(KEYS, head.face_offsets(), strict=True):
        key = obj.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (basis + offsets).ravel())
        key.value = 0.0  # Blender 5.0 starts at 1
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    return obj


def marks() -> Any:
    return bpy.data.objects.get("Voxkey landmarks")


def errors(obj: Any, landmarks: NDArray[np.int32]) -> NDArray[np.float64]:
    """(68,) distances from the true landmarks in eye distances, on the undeformed mesh."""
    head = read_head()
    places = np.array([obj.data.vertices[i].co for i in landmarks])
    truth = head.vertices[head.landmarks68]
    eyes = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
    found: NDArray[np.float64] = np.linalg.norm(places - truth, axis=1) / eyes
    return found


def test_one_click_matches_nameless_keys(face: Any, shape_match: Any) -> None:
    assert bpy.ops.voxkey.match_by_shape() == {"FINISHED"}
    rig_map = rig_map_from_text(face["voxkey_rig_map"])
    strongest = {link.channel: link.target.name for link in sorted(rig_map.links, key=lambda link: abs(link.gain))}
    right = sum(strongest.get(channel) == key for channel, key in zip(BLENDSHAPE_CHANNELS, KEYS, strict=True))
    assert right >= 49
    residuals = json.loads(face["voxkey_residuals"])
    assert residuals["jawOpen"] < 0.2
    assert errors(face, shape_match.read_landmarks(face.data)).mean() < 0.12


def test_what_was_matched_is_animated(face: Any, scene: Any, tmp_path: Path) -> None:
    bpy.ops.voxkey.match_by_shape()
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    scene.voxkey.model = "FILE"
    scene.voxkey.model_path = str(TINY_MODEL)
    bpy.ops.voxkey.generate()
    action = next(action for action in bpy.data.actions if "voxkey" in action)
    keys = key_frames(action)[f'key_blocks["{JAW}"].value']
    assert keys[:, 1].max() > 0.3


def test_one_undo_takes_the_match_back(face: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.match_by_shape("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    obj = bpy.data.objects["Creature"]
    assert "voxkey_rig_map" not in obj
    assert "landmark68" not in obj.data.attributes


def test_landmarks_are_shown_dragged_and_kept(face: Any, shape_match: Any) -> None:
    assert bpy.ops.voxkey.guess_landmarks() == {"FINISHED"}
    shown = marks()
    assert bpy.context.view_layer.objects.active == shown
    assert len(shown.data.vertices) == 68
    assert len(shown.data.edges) > 60
    guessed = [tuple(vertex.co) for vertex in shown.data.vertices]
    chin = read_head().vertices[read_head().landmarks68[8]]
    shown.data.vertices[8].co = chin + np.array([0.004, -0.01, 0.0])
    assert bpy.ops.voxkey.apply_landmarks() == {"FINISHED"}
    assert marks() is None
    kept = shape_match.read_landmarks(face.data)
    assert np.allclose(face.data.vertices[kept[8]].co, chin, atol=1e-5)
    others = [i for i in range(68) if i != 8]
    assert np.allclose([face.data.vertices[kept[i]].co for i in others], [guessed[i] for i in others], atol=1e-5)
    assert bpy.context.view_layer.objects.active == face


def test_landmarks_dragged_in_edit_mode_of_a_moved_head(face: Any, shape_match: Any) -> None:
    face.location, face.rotation_euler, face.scale = (3, 4, 5), (0, 0, 1.2), (12, 12, 12)
    bpy.context.view_layer.update()
    bpy.ops.voxkey.guess_landmarks()
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.voxkey.match_by_shape()
    assert bpy.context.mode == "OBJECT"
    assert errors(face, shape_match.read_landmarks(face.data)).mean() < 0.12
    assert json.loads(face["voxkey_residuals"])["jawOpen"] < 0.2


def test_guessing_again_replaces_what_is_shown(face: Any) -> None:
    bpy.ops.voxkey.guess_landmarks()
    bpy.ops.voxkey.guess_landmarks()
    assert [obj.name for obj in bpy.data.objects] == ["Creature", "Voxkey landmarks"]
    assert len(bpy.data.meshes) == 2


def test_stored_landmarks_are_used_and_shown(face: Any, shape_match: Any) -> None:
    truth = read_head().landmarks68
    shape_match.write_landmarks(face.data, truth)
    bpy.ops.voxkey.guess_landmarks(source="STORED")
    assert np.allclose([v.co for v in marks().data.vertices], read_head().vertices[truth], atol=1e-5)
    bpy.ops.voxkey.apply_landmarks()
    bpy.ops.voxkey.match_by_shape()
    assert np.array_equal(shape_match.read_landmarks(face.data), truth)


def test_a_lying_head_is_guessed_from_the_camera(face: Any, scene: Any, shape_match: Any) -> None:
    lying = Euler((np.pi / 2, 0, 0))
    face.rotation_euler = lying
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.matrix_world = lying.to_matrix().to_4x4() @ Euler((np.pi / 2, 0, 0)).to_matrix().to_4x4()
    scene.collection.objects.link(camera)
    scene.camera = camera
    bpy.context.view_layer.update()
    bpy.ops.voxkey.guess_landmarks(source="VIEW")
    bpy.ops.voxkey.apply_landmarks()
    assert errors(face, shape_match.read_landmarks(face.data)).mean() < 0.12


def test_keys_that_drivers_hold_are_left_out(face: Any) -> None:
    driver = face.data.shape_keys.key_blocks[JAW].driver_add("value").driver
    driver.expression = "0.5 * frame"
    bpy.ops.voxkey.match_by_shape()
    assert JAW not in {link.target.name for link in rig_map_from_text(face["voxkey_rig_map"]).links}


def test_lost_markers_are_said(face: Any) -> None:
    bpy.ops.voxkey.guess_landmarks()
    marks().data.clear_geometry()
    with pytest.raises(RuntimeError, match="0 vertices instead of 68"):
        bpy.ops.voxkey.apply_landmarks()
    assert marks() is not None


def test_a_cube_is_no_face(extension: Any, scene: Any) -> None:
    bpy.ops.mesh.primitive_cube_add()
    with pytest.raises(RuntimeError, match="too few vertices"):
        bpy.ops.voxkey.guess_landmarks()


def test_why_buttons_cannot_be_pressed(face: Any, shape_match: Any) -> None:
    assert "no landmarks to apply" in shape_match.apply_disabled_reason(bpy.context)
    bpy.ops.object.mode_set(mode="EDIT")
    assert "Leave Edit mode" in shape_match.disabled_reason(bpy.context)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert shape_match.match_disabled_reason(bpy.context) is None
    face.shape_key_clear()
    assert "no shape keys" in shape_match.match_disabled_reason(bpy.context)
    bpy.context.view_layer.objects.active = None
    assert shape_match.disabled_reason(bpy.context) == "Choose the mesh of the face"


def test_panel_says_what_was_found(face: Any, shape_match: Any) -> None:
    layout = Layout()
    shape_match.draw(layout, Context())
    assert layout.drawn == ["voxkey.guess_landmarks", "voxkey.guess_landmarks", "voxkey.match_by_shape"]
    face.shape_key_remove(face.data.shape_keys.key_blocks[JAW])
    bpy.ops.voxkey.match_by_shape()
    layout = Layout()
    shape_match.draw(layout, Context())
    assert any("of 51 channels found" in text for text in layout.texts)
    assert any(text.startswith("eyeBlinkLeft ") and text.endswith("%") for text in layout.texts)
