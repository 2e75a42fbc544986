"""The mesh of a head as plain arrays."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.head import DEFAULT_HEAD, read_head
from rigs import head_mesh

RIGS = Path(__file__).parent.parent.parent / "rigs"


def test_arrays_in_the_addon_are_those_of_the_default_head() -> None:
    made = head_mesh.read_head(RIGS / "default_head.blend")
    with np.load(DEFAULT_HEAD, allow_pickle=False) as kept:  # make head writes both
        assert set(kept.files) == made.keys()
        for name, array in made.items():
            np.testing.assert_array_equal(kept[name], array, err_msg=name)
    assert set(made["channels"]) == set(BLENDSHAPE_CHANNELS)
    assert made["triangles"].max() == len(made["vertices"]) - 1


def test_the_face_comes_first_and_carries_the_landmarks() -> None:
    head = read_head()
    assert 0 < head.n_face_vertices < len(head.vertices)
    assert head.face_triangles().max() == head.n_face_vertices - 1
    assert head.face_offsets().shape == (51, head.n_face_vertices, 3)
    marks = head.vertices[head.landmarks68]
    assert marks.shape == (68, 3)
    assert marks[[0, 36, 48], 0].max() < 0 < marks[[16, 45, 54], 0].min()  # the character's left is +X
    assert marks[8, 2] < marks[57, 2] < marks[51, 2] < marks[33, 2] < marks[27, 2]  # chin, lips, nose going up


def test_shape_keys_colours_and_places_are_the_scenes(tmp_path: Path) -> None:
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)], [], [(0, 1, 2, 3)])
    face = bpy.data.objects.new("Face", mesh)
    bpy.context.scene.collection.objects.link(face)
    face.location, face.scale = (5, 0, 0), (2, 2, 2)
    mesh.color_attributes.new("Colour", "BYTE_COLOR", "CORNER")
    mesh.color_attributes["Colour"].data.foreach_set("color_srgb", [0, 0, 1, 1] * 2 + [1, 0, 0, 1] * 2)
    face.shape_key_add(name="Basis")
    face.shape_key_add(name="jawOpen").data[2].co.z -= 0.25
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))

    assert head_mesh.main([str(tmp_path / "face.blend")]) == 0
    with np.load(tmp_path / "face.npz") as arrays:
        assert arrays["channels"].tolist() == ["jawOpen"] and arrays["moving"].tolist() == [2]
        np.testing.assert_array_equal(arrays["deltas"], [[[0, 0, -0.5]]])
        assert arrays["landmarks68"].size == 0  # the mesh has no such attribute
        np.testing.assert_array_equal(arrays["vertices"], [[5, 0, 0], [7, 0, 0], [7, 0, 2], [5, 0, 2]])
        np.testing.assert_array_equal(arrays["colours"], [[0, 0, 255]] * 2 + [[255, 0, 0]] * 2)
        assert sorted(map(sorted, arrays["triangles"].tolist())) == [[0, 1, 2], [0, 2, 3]]


def test_file_without_a_face_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "empty.blend"))
    assert head_mesh.main([str(tmp_path / "empty.blend")]) == 1
    assert "None of the 51 channels" in capsys.readouterr().err
    assert not (tmp_path / "empty.npz").exists()
