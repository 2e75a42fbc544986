"""The ICT-FaceKit head: built from a tiny kit made here, and from the real data where that is present."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Vector
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from rigs import ict_facekit
from rigs.ict_facekit_data import FaceKit, read_facekit, source_expressions

REAL_DATA = Path(__file__).parents[3] / "shared" / "data" / "ict_facekit"
REAL = pytest.param("real", marks=pytest.mark.skipif(not REAL_DATA.is_dir(), reason=f"no data in {REAL_DATA}"))
only_tiny = pytest.mark.parametrize("blend", ["tiny"], indirect=True)
only_real = pytest.mark.parametrize("blend", [REAL], indirect=True)

Floats = NDArray[np.float32]
Arrays = dict[str, Any]
N_IDENTITIES = 3


# A tiny kit


def ellipse(n: int, centre: tuple[float, float], width: float, height: float, start_degrees: float = 180.0) -> Floats:
    """(n, 2) points clockwise as seen from the front, the first on the character's right."""
    angles = np.radians(start_degrees) - 2 * np.pi * np.arange(n) / n
    return np.c_[centre[0] + width / 2 * np.cos(angles), centre[1] + height / 2 * np.sin(angles)]


def tiny_landmarks() -> Floats:
    """(68, 3) iBUG landmarks of a schematic face in cm, lips 1 mm apart."""
    jaw = np.c_[np.linspace(-7, 7, 17), -8 + 11 * np.linspace(-1, 1, 17) ** 2]
    brows = np.c_[np.r_[np.linspace(-6, -1.5, 5), np.linspace(1.5, 6, 5)], np.full(10, 6.0)]
    nose = np.r_[np.c_[np.zeros(4), [4, 3, 2, 1]], np.c_[np.linspace(-1, 1, 5), np.full(5, -1.0)]]
    eyes = [ellipse(6, (side * 3.0, 3.6), 2.8, 1.0) for side in (-1, 1)]
    lips = [ellipse(12, (0, -3.5), 5.0, 2.0), ellipse(8, (0, -3.5), 4.4, 0.1)]
    flat = np.concatenate([jaw, brows, nose, *eyes, *lips])
    return np.c_[flat, np.full(68, 9.5)].astype(np.float32)


def tiny_rings(centre: Floats, rings: list[tuple[float, float]]) -> tuple[Floats, list[list[int]]]:
    """A surface of revolution about Z: rings of (radius, height) with 8 corners each, closed by nothing."""
    turn = 2 * np.pi * np.arange(8) / 8
    points = [np.c_[r * np.cos(turn), r * np.sin(turn), np.full(8, z)] + centre for r, z in rings]
    quads = [
        [8 * ring + i, 8 * ring + (i + 1) % 8, 8 * ring + 8 + (i + 1) % 8, 8 * ring + 8 + i]
        for ring in range(len(rings) - 1)
        for i in range(8)
    ]
    return np.concatenate(points).astype(np.float32), quads


def tiny_parts() -> dict[str, tuple[Floats, list[list[int]]]]:
    """Material -> vertices and faces; every landmark is a vertex of M_Face, with a quad or triangle of its own."""
    corners = np.array([[0, 0, 0], [0.2, 0, 0], [0.2, 0.2, 0], [0, 0.2, 0]], np.float32)
    marks = tiny_landmarks()
    skin = [[68 * corner + i for corner in range(4)] for i in range(67)] + [[67, 135, 203]]
    parts = {"M_Face": (np.concatenate([marks + corner for corner in corners]), skin)}
    # the white is a sphere of 1.5 cm with a cornea of 1.77; the iris a disc under it with a hole for the pupil
    ball = [(1.5 * np.sin(a), 1.5 * np.cos(a)) for a in np.radians([170, 130, 90, 60, 30])]
    white = [*ball, (0.55, 1.58), (0.3, 1.72), (0.05, 1.77)]
    disc = [(0.9, 1.2), (0.58, 1.55), (0.3, 1.6), (0.2, 1.6), (0.14, 1.6)]
    for name, x in (("Left", 3.0), ("Right", -3.0)):
        centre = np.array([x, 3.6, 7.9], np.float32)
        parts[f"M_Sclera{name}"] = tiny_rings(centre, white)
        parts[f"M_Iris{name}"] = tiny_rings(centre, disc)
    for i, name in enumerate(
        ("M_BackHead", "M_Teeth", "M_GumsTongue", "M_EyeBlend", "M_EyeOcclusion", "M_LacrimalFluid", "M_EyeLashes")
    ):
        parts[name] = (corners + np.array([0, 8 + i, 0], np.float32), [[0, 1, 2, 3]])
    return parts


def tiny_expressions(n_vertices: int) -> dict[str, Floats]:
    """A kit's expressions: jaw, lips and lids move as the data's do, the others one vertex each to tell them apart."""
    names = [name for channel in BLENDSHAPE_CHANNELS for name in source_expressions(channel)]
    offsets = {name: np.zeros((n_vertices, 3), np.float32) for name in names}
    for i, name in enumerate(names):
        offsets[name][i % 17, 0] = 0.01 * (i + 1)  # along the jaw line, which nothing else moves
    lower_lip = [*range(55, 60), *range(65, 68)]
    offsets["jawOpen"][lower_lip, 1] = -3.5
    offsets["mouthClose"][lower_lip, 1] = 3.9  # 4 mm too far, as in the data
    offsets["eyeBlink_R"][[37, 38], 1] = -0.8  # lids that are 0.87 cm apart
    offsets["eyeBlink_L"][[43, 44], 1] = -0.8
    return offsets


def tiny_arrays() -> Arrays:
    """The arrays of a packed kit."""
    vertices, faces, material = [], [], []
    parts = tiny_parts()
    for index, (points, polygons) in enumerate(parts.values()):
        first = sum(len(part) for part in vertices)
        vertices.append(points)
        faces += [[first + corner for corner in polygon] + [-1] * (4 - len(polygon)) for polygon in polygons]
        material += [index] * len(polygons)
    neutral = np.concatenate(vertices).astype(np.float32)
    expressions = tiny_expressions(len(neutral))
    identities = np.random.default_rng(0).normal(0.0, 0.1, (N_IDENTITIES, *neutral.shape))
    corners = np.array(faces, np.int32)
    return {
        "neutral": neutral,
        "faces": corners,
        "uv": (neutral[:, :2] / 20).astype(np.float16),
        "faces_uv": corners,
        "material": np.array(material, np.uint8),
        "material_names": np.array(list(parts)),
        "expression_names": np.array(list(expressions)),
        "expression_deltas": np.array(list(expressions.values()), np.float16),
        "identity_deltas": identities.astype(np.float16),
        "landmarks68": np.arange(68, dtype=np.int32),
    }


def pack(folder: Path, arrays: Arrays) -> Path:
    np.savez(folder / "ict_facekit.npz", **arrays)
    return folder / "ict_facekit.npz"


def write_checkout(folder: Path, kit: FaceKit) -> Path:
    """The same kit as the OBJ files of a checkout."""
    model = folder / "FaceXModel"
    model.mkdir(parents=True)

    def write_obj(name: str, vertices: Floats) -> None:
        lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices] + [f"vt {u:.6f} {v:.6f}" for u, v in kit.uv]
        for face, face_uv, material in zip(kit.faces, kit.faces_uv, kit.material, strict=True):
            corners = " ".join(f"{v + 1}/{t + 1}" for v, t in zip(face, face_uv, strict=True) if v >= 0)
            lines += [f"usemtl {kit.material_names[material]}", f"f {corners}"]
        (model / f"{name}.obj").write_text("\n".join(lines))

    write_obj("generic_neutral_mesh", kit.vertices)
    for name, offsets in kit.expressions.items():
        write_obj(name, kit.vertices + offsets)
    for i, offsets in enumerate(kit.identities):
        write_obj(f"identity{i:03d}", kit.vertices + offsets)
    (model / "vertex_indices.json").write_text(json.dumps({"idx_to_landmark_verts": kit.landmarks.tolist()}))
    return folder


# The built head


@pytest.fixture(scope="module", params=["tiny", REAL])
def blend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built head; once for all tests, since the real one takes seconds."""
    folder = tmp_path_factory.mktemp(request.param)
    data = pack(folder, tiny_arrays()) if request.param == "tiny" else REAL_DATA
    assert ict_facekit.main(["--data", str(data), "--output", str(folder / "head.blend")]) == 0
    return folder / "head.blend"


@pytest.fixture
def head(blend: Path) -> Any:
    if bpy.data.filepath != str(blend):
        bpy.ops.wm.open_mainfile(filepath=str(blend))
    return bpy.data.objects["Head"]


def posed_cm(head: Any, **weights: float) -> Floats:
    """(V, 3) vertices of the evaluated mesh in centimetres, Blender's axes."""
    for key in head.data.shape_keys.key_blocks[1:]:
        key.value = weights.get(key.name, 0.0)
    mesh = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    positions = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", positions)
    return 100 * positions.reshape(-1, 3)


def landmark_vertices(head: Any) -> NDArray[np.int32]:
    """(68,) vertex of each landmark, read from the attribute."""
    numbers = np.empty(len(head.data.vertices), np.int32)
    head.data.attributes["landmark68"].data.foreach_get("value", numbers)
    assert sorted(numbers[numbers > 0]) == list(range(1, 69))
    return np.argsort(numbers, kind="stable")[-68:].astype(np.int32)


def landmarks_cm(head: Any, **weights: float) -> Floats:
    return posed_cm(head, **weights)[landmark_vertices(head)]


def lip_gaps_cm(head: Any, **weights: float) -> Floats:
    """(3,) height of the three inner points of the upper lip over those of the lower one."""
    marks = landmarks_cm(head, **weights)
    return marks[[61, 62, 63], 2] - marks[[67, 66, 65], 2]


def pupils_cm(head: Any, **weights: float) -> Floats:
    """(2, 3) middle of the pupil of the character's left and right eye."""
    pupil = head.data.materials.find("Pupil")
    corners = [v for polygon in head.data.polygons if polygon.material_index == pupil for v in polygon.vertices]
    points = posed_cm(head, **weights)[np.unique(corners)]
    return np.array([points[points[:, 0] > 0].mean(axis=0), points[points[:, 0] < 0].mean(axis=0)])


def test_keys_are_the_51_channels_in_order_then_the_identities(head: Any) -> None:
    basis, *keys = head.data.shape_keys.key_blocks
    assert basis.name == "Basis"
    assert [key.name for key in keys[:51]] == list(BLENDSHAPE_CHANNELS)
    assert all((key.value, key.slider_min, key.slider_max) == (0.0, 0.0, 1.0) for key in keys[:51])
    identities = keys[51:]
    assert [key.name for key in identities] == [f"identity_{i:03d}" for i in range(len(identities))]
    assert all((key.value, key.slider_min, key.slider_max) == (0.0, -3.0, 3.0) for key in identities)


@only_real
def test_head_has_100_identities(head: Any) -> None:
    assert "identity_099" in head.data.shape_keys.key_blocks
    assert len(head.data.shape_keys.key_blocks) == 1 + 51 + 100


def test_landmarks_lie_where_ibug_has_them(head: Any) -> None:
    marks = landmarks_cm(head)
    assert marks[[0, 36, 48], 0].max() < 0 < marks[[16, 45, 54], 0].min()  # the character's left is +X
    assert marks[8, 2] < marks[57, 2] < marks[51, 2] < marks[33, 2] < marks[27, 2]  # chin, lips, nose going up


@only_real
def test_head_is_life_size_faces_minus_y_and_is_smooth(head: Any) -> None:
    marks = landmarks_cm(head)
    assert 10.0 < marks[16, 0] - marks[0, 0] < 20.0
    assert marks[30, 1] < marks[8, 1] < marks[0, 1]  # nose before chin before ear
    top_cm = posed_cm(head)[:, 2].max()
    assert 20.0 < top_cm - marks[8, 2] < 26.0
    assert all(polygon.use_smooth for polygon in head.data.polygons)


def test_every_channel_moves_the_face(head: Any) -> None:
    neutral = posed_cm(head)
    for channel in BLENDSHAPE_CHANNELS:
        assert np.abs(posed_cm(head, **{channel: 1.0}) - neutral).max() > 0.005, channel


@only_tiny
def test_channels_are_the_expressions_of_the_same_side_and_sums_of_halves(head: Any) -> None:
    arrays = tiny_arrays()
    deltas = dict(zip(arrays["expression_names"].tolist(), arrays["expression_deltas"].astype(float), strict=True))
    jaw_line = landmark_vertices(head)[:17]
    for channel, names in {
        "browInnerUp": ("browInnerUp_L", "browInnerUp_R"),
        "cheekPuff": ("cheekPuff_L", "cheekPuff_R"),
        "mouthSmileLeft": ("mouthSmile_L",),
        "noseSneerRight": ("noseSneer_R",),
        "jawLeft": ("jawLeft",),
        "mouthRight": ("mouthRight",),
    }.items():
        moved = (posed_cm(head, **{channel: 1.0}) - posed_cm(head))[jaw_line, 0]
        np.testing.assert_allclose(moved, sum(deltas[name] for name in names)[:17, 0], atol=1e-4)


@only_real
def test_left_is_the_characters_left(head: Any) -> None:
    neutral = posed_cm(head)
    assert (posed_cm(head, jawLeft=1.0) - neutral)[:, 0].mean() > 0
    assert (posed_cm(head, mouthRight=1.0) - neutral)[:, 0].mean() < 0
    for channel in ("mouthSmileLeft", "browDownLeft", "noseSneerLeft"):
        distance = np.linalg.norm(posed_cm(head, **{channel: 1.0}) - neutral, axis=1)
        assert neutral[distance.argmax(), 0] > 0, channel


def test_lips_touch_in_the_neutral_face(head: Any) -> None:
    assert abs(lip_gaps_cm(head)[1]) < 0.005


@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_mouth_close_seals_what_jaw_open_opens(head: Any, weight: float) -> None:
    assert lip_gaps_cm(head, jawOpen=weight)[1] > 3.0 * weight
    sealed = lip_gaps_cm(head, jawOpen=weight, mouthClose=weight)
    np.testing.assert_allclose(sealed, lip_gaps_cm(head), atol=0.01)


@pytest.mark.parametrize(("side", "upper", "lower"), [("Right", (37, 38), (41, 40)), ("Left", (43, 44), (47, 46))])
def test_blink_brings_the_lids_of_one_eye_together(
    head: Any, side: str, upper: tuple[int, int], lower: tuple[int, int]
) -> None:
    open_marks, closed_marks = landmarks_cm(head), landmarks_cm(head, **{f"eyeBlink{side}": 1.0})
    assert (open_marks[list(upper), 2] - open_marks[list(lower), 2]).min() > 0.5
    gaps = closed_marks[list(upper), 2] - closed_marks[list(lower), 2]
    assert -0.1 < gaps.min() <= gaps.max() < 0.005
    other = (37, 38) if side == "Left" else (43, 44)
    np.testing.assert_allclose(closed_marks[list(other)], open_marks[list(other)], atol=0.05)


@pytest.mark.parametrize(
    ("channels", "direction"),
    [
        (("eyeLookOutLeft", "eyeLookInRight"), (1, 0)),
        (("eyeLookInLeft", "eyeLookOutRight"), (-1, 0)),
        (("eyeLookUpLeft", "eyeLookUpRight"), (0, 1)),
        (("eyeLookDownLeft", "eyeLookDownRight"), (0, -1)),
    ],
)
def test_both_pupils_go_where_the_eyes_look(head: Any, channels: tuple[str, str], direction: tuple[int, int]) -> None:
    moved = pupils_cm(head, **dict.fromkeys(channels, 1.0)) - pupils_cm(head)
    along = moved[:, [0, 2]] @ direction
    assert (along > 0.4).all()  # 20 degrees of a ball of 1.5 cm
    across = moved[:, [2, 0]] @ direction
    assert (np.abs(across) < 0.1).all()


def test_nothing_covers_the_pupils(head: Any) -> None:
    for pupil in pupils_cm(head) / 100:
        hit, _, _, face = head.ray_cast(Vector(pupil) + Vector((0.0, -0.1, 0.0)), Vector((0.0, 1.0, 0.0)))
        assert hit
        assert head.data.materials[head.data.polygons[face].material_index].name == "Pupil"


def test_identities_change_the_person_by_their_weight(head: Any) -> None:
    neutral = posed_cm(head)
    once = posed_cm(head, identity_000=1.0) - neutral
    assert np.abs(once).max() > 0.1
    np.testing.assert_allclose(posed_cm(head, identity_000=-3.0) - neutral, -3 * once, atol=1e-3)


def test_scene_is_ready_to_render(head: Any) -> None:
    scene = bpy.context.scene
    assert scene.camera is not None
    assert len([item for item in scene.objects if item.type == "LIGHT"]) == 3
    assert [material.name for material in head.data.materials][:2] == ["Skin", "Sclera"]
    assert head.data.color_attributes.active_color.name == "Color"


@only_real
def test_camera_sees_skin_of_the_shade_that_was_painted(head: Any, tmp_path: Path) -> None:
    scene = bpy.context.scene
    scene.render.engine, scene.render.filepath = "BLENDER_WORKBENCH", str(tmp_path / "face.png")
    scene.render.resolution_x = scene.render.resolution_y = 96
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.array(image.pixels[:], np.float32).reshape(96, 96, 4)[::-1]
    red, green, blue = pixels[48, 36:60, :3].mean(axis=0)  # a row across the cheeks
    assert red > green > blue
    assert red > 0.5
    assert pixels[4, 4, :3].max() < 0.3  # the backdrop


# Reading


def test_a_checkout_reads_as_the_packed_file(tmp_path: Path) -> None:
    packed = read_facekit(pack(tmp_path, tiny_arrays()))
    checkout = read_facekit(write_checkout(tmp_path / "checkout", packed))
    assert set(checkout.expressions) == set(packed.expressions)
    for name, offsets in packed.expressions.items():
        np.testing.assert_allclose(checkout.expressions[name], offsets, atol=1e-5)
    for field in ("vertices", "faces", "uv", "faces_uv", "identities", "landmarks"):
        np.testing.assert_allclose(getattr(checkout, field), getattr(packed, field), atol=1e-5)
    materials = [[kit.material_names[index] for index in kit.material] for kit in (checkout, packed)]
    assert materials[0] == materials[1]


def remove_landmarks(arrays: Arrays) -> None:
    del arrays["landmarks68"]


def rename(array: str, index: int, name: str) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[array] = arrays[array].astype("U32")
        arrays[array][index] = name

    return change


def shorten(arrays: Arrays) -> None:
    arrays["identity_deltas"] = arrays["identity_deltas"][:, 1:]


BAD_ARRAYS = {
    "no landmarks": (remove_landmarks, "lacks the array 'landmarks68'"),
    "an expression is missing": (rename("expression_names", 0, "smirk"), "lacks browDown_L; get the whole"),
    "a part is missing": (rename("material_names", 0, "M_Mask"), "lacks M_Face; get the whole"),
    "shapes of another mesh": (shorten, "do not fit each other"),
}


def assert_refused(data: Path, output: Path, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ict_facekit.main(["--data", str(data), "--output", str(output)]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize(("spoil", "sentence"), BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_spoilt_packed_data_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Arrays], None], sentence: str
) -> None:
    arrays = tiny_arrays()
    spoil(arrays)
    assert_refused(pack(tmp_path, arrays), tmp_path / "head.blend", sentence, capsys)


def test_a_folder_without_data_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_refused(tmp_path, tmp_path / "head.blend", "No ICT-FaceKit data at", capsys)


def test_a_file_of_another_kind_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    assert_refused(tmp_path / "notes.txt", tmp_path / "head.blend", "is not a readable .npz", capsys)


def test_a_damaged_checkout_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_checkout(tmp_path / "checkout", read_facekit(pack(tmp_path, tiny_arrays())))
    shape = folder / "FaceXModel" / "jawOpen.obj"
    shape.write_text("\n".join(shape.read_text().split("\n")[5:]))
    assert_refused(folder, tmp_path / "head.blend", "not those of the neutral face", capsys)
    (folder / "FaceXModel" / "vertex_indices.json").unlink()
    assert_refused(folder, tmp_path / "head.blend", "vertex_indices.json is missing", capsys)


def test_output_that_cannot_be_written_gives_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = pack(tmp_path, tiny_arrays())
    assert ict_facekit.main(["--data", str(data), "--output", str(data / "head.blend")]) == 1
    assert "Cannot write" in capsys.readouterr().err
