"""Landmarks guessed on heads whose true ones are known."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.head import read_head
from blender_addon.core.landmarks import MIRRORED, close_lids, guess_landmarks, procrustes, thin_plate

LIPS_AND_EYES = slice(36, 68)


@cache
def default_head() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Vertices, triangles, offsets of the 51 shapes, and landmarks."""
    head = read_head()
    vertices = head.vertices[: head.n_face_vertices]
    return vertices, head.face_triangles(), head.face_offsets(), head.landmarks68


def turn(degrees: float, axis: int = 2) -> NDArray[Any]:
    """(3, 3) about an axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.roll(np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), (axis + 1, axis + 1), (0, 1))


def errors(guess: NDArray[Any], vertices: NDArray[Any], truth: NDArray[Any]) -> NDArray[Any]:
    """(68,) distances in eye distances."""
    marks = vertices[truth]
    eyes = np.linalg.norm(marks[36:42].mean(axis=0) - marks[42:48].mean(axis=0))
    found: NDArray[Any] = np.linalg.norm(vertices[guess] - marks, axis=1) / eyes
    return found


def split(triangles: NDArray[Any], arrays: list[NDArray[Any]]) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    """Every triangle in four, with new vertices in the middles of the edges; arrays are (..., V, 3)."""
    sides = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    edges, number = np.unique(sides, axis=0, return_inverse=True)
    middle = (number.ravel() + triangles.max() + 1).reshape(3, -1)
    a, b, c = triangles.T
    ab, bc, ca = middle
    finer = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return finer, [np.concatenate([x, x[..., edges, :].mean(axis=-2)], axis=-2) for x in arrays]


@pytest.mark.parametrize("has_shapes", [True, False], ids=["shapes", "still"])
def test_default_head(has_shapes: bool) -> None:
    vertices, triangles, offsets, truth = default_head()
    found = errors(guess_landmarks(vertices, triangles, offsets[: 51 * has_shapes]), vertices, truth)
    assert found.mean() < 0.12
    assert found[LIPS_AND_EYES].mean() < 0.06


def test_another_size_place_and_direction() -> None:
    vertices, triangles, offsets, truth = default_head()
    turned = turn(90)
    placed = np.asarray(17 * vertices @ turned.T + (3, -40, 120), np.float32)
    guess = guess_landmarks(placed, triangles, 17 * offsets @ turned.T)
    assert errors(guess, placed, truth).mean() < 0.12


def test_lying_head_seen_from_the_front() -> None:
    vertices, triangles, offsets, truth = default_head()
    lay = turn(90, axis=0)
    guess = guess_landmarks(
        np.asarray(vertices @ lay.T, np.float32), triangles, offsets @ lay.T, lay @ (0, -1, 0), lay @ (0, 0, 1)
    )
    assert errors(guess, vertices, truth).mean() < 0.12


def test_another_mesh_of_the_same_head() -> None:
    vertices, triangles, offsets, truth = default_head()
    finer, (places, motion) = split(triangles, [vertices, offsets[:, :, :]])
    order = np.random.default_rng(0).permutation(len(places))
    number = np.argsort(order)
    guess = guess_landmarks(places[order], number[finer].astype(np.int32), motion[:, order])
    assert errors(guess, places[order], number[truth]).mean() < 0.12


def test_vertices_split_along_seams() -> None:
    vertices, triangles, offsets, truth = default_head()
    corners = triangles.ravel()
    guess = guess_landmarks(
        vertices[corners], np.arange(len(corners), dtype=np.int32).reshape(-1, 3), offsets[:, corners]
    )
    assert errors(corners[guess], vertices, truth).mean() < 0.12


def test_landmarks_are_distinct_and_in_order() -> None:
    vertices, triangles, offsets, _ = default_head()
    guess = guess_landmarks(vertices, triangles, offsets)
    assert len(set(guess.tolist())) == 68
    mirrored = vertices[guess][list(MIRRORED)] * (-1, 1, 1)
    assert np.linalg.norm(mirrored - vertices[guess], axis=1).mean() < 0.1


def test_inner_lips_lie_on_the_right_lip() -> None:
    vertices, triangles, offsets, _ = default_head()
    guess = guess_landmarks(vertices, triangles, offsets)
    drop = offsets[read_head().channels.index("jawOpen")][:, 2]
    assert (drop[guess[[61, 62, 63]]] > -0.05).all()
    assert (drop[guess[[65, 66, 67]]] < -0.15).all()


def test_no_face() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]], np.float32)
    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    with pytest.raises(ValueError, match="choose the mesh with the face"):
        guess_landmarks(square, triangles, np.zeros((0, 4, 3), np.float32))
    grid = np.stack([a.ravel() for a in np.meshgrid(np.arange(20.0), [0.0], np.arange(20.0), indexing="ij")], axis=1)
    corner = np.array([20 * i + j for i in range(19) for j in range(19)])
    faces = np.concatenate(
        [np.stack([corner, corner + 20, corner + 21], 1), np.stack([corner, corner + 21, corner + 1], 1)]
    )
    with pytest.raises(ValueError, match="No face was found"):
        guess_landmarks(grid.astype(np.float32), faces.astype(np.int32), np.zeros((0, 400, 3), np.float32))


def test_realistic_head(tmp_path: Path) -> None:
    data = Path(__file__).parents[3] / "shared" / "data" / "ict_facekit"
    if not data.is_dir():
        pytest.skip(f"no data in {data}")
    bpy = pytest.importorskip("bpy")
    from rigs import ict_facekit
    from rigs.head_mesh import read_floats, read_triangles

    assert ict_facekit.main(["--data", str(data), "--output", str(tmp_path / "head.blend")]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    mesh = bpy.data.objects["Head"].data
    blocks = mesh.shape_keys.key_blocks
    vertices = read_floats(blocks[0].data, "co", 3)
    offsets = np.stack([read_floats(block.data, "co", 3) - vertices for block in blocks[1:]])
    values = np.zeros(len(vertices), np.int32)
    mesh.attributes["landmark68"].data.foreach_get("value", values)
    truth = np.argsort(values)[-68:]
    found = errors(guess_landmarks(vertices, read_triangles(mesh), offsets), vertices, truth)
    assert found.mean() < 0.15
    assert found[LIPS_AND_EYES].mean() < 0.08


def test_procrustes_undoes_turn_shift_and_scale() -> None:
    points = np.random.default_rng(1).normal(size=(20, 3))
    moved = 3.5 * points @ (turn(30) @ turn(70, 0)).T + (1, 2, 3)
    assert np.allclose(procrustes(moved, points)(moved), points)


def test_procrustes_never_mirrors() -> None:
    points = np.random.default_rng(2).normal(size=(20, 3))
    assert np.linalg.det(procrustes(points * (-1, 1, 1), points).rotation) == pytest.approx(1)


def test_thin_plate_passes_through_its_anchors() -> None:
    source = np.random.default_rng(3).uniform(size=(8, 2))
    target = source + 0.1 * np.random.default_rng(4).normal(size=(8, 2))
    assert np.abs(thin_plate(source, target, source) - target).max() < 0.01
    assert np.allclose(thin_plate(source, 2 * source + 1, source + 5), 2 * (source + 5) + 1, atol=1e-6)


def test_lids_meet_as_far_as_told_and_the_upper_one_goes_further() -> None:
    vertices, _, _, marks = default_head()
    face = vertices[marks][:, [0, 2]]
    closed = close_lids(np.repeat(face[None], 3, axis=0), np.array([[1.0, 0.0], [0.0, 0.5], [0.0, 0.0]]))
    assert np.array_equal(closed[2], face)
    left, right = ([43, 44], [47, 46]), ([37, 38], [41, 40])  # upper lid, lower lid
    np.testing.assert_allclose(closed[0, left[0]], closed[0, left[1]], atol=1e-6)
    gap, half_gap = (marks[right[0]] - marks[right[1]] for marks in (face, closed[1]))
    np.testing.assert_allclose(half_gap, gap / 2, atol=1e-6)
    went = np.linalg.norm(closed - face, axis=2)
    assert (went[0, left[0]] > 2 * went[0, left[1]]).all()
    assert set(np.flatnonzero(went[0])) == {43, 44, 46, 47} and set(np.flatnonzero(went[1])) == {37, 38, 40, 41}
