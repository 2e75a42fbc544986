"""The default head: the committed .blend has the 51 shapes, and they do what their names say."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.shaping import Shaping, shape_curves
from rigs.default_head_mesh import EYE_CENTRE, EYE_RADIUS
from rigs.default_head_parts import build_head
from rigs.default_head_shapes import shape_deltas
from tests.core.test_life import speech

bpy = pytest.importorskip("bpy")

BLEND = Path(__file__).parents[2] / "rigs" / "default_head.blend"
PAIRS = [(name, name.removesuffix("Left") + "Right") for name in BLENDSHAPE_CHANNELS if name.endswith("Left")]
WHOLE_FACE = {"jawLeft", "mouthLeft"}  # these move both halves to one side
CLOSED_LIPS = {"jawOpen": 1.0, "mouthClose": 1.0}

Points = NDArray[np.float64]


@dataclass
class Head:
    """The committed head, read out of Blender."""

    neutral: Points  # (N, 3)
    deltas: dict[str, Points]  # channel -> (N, 3)
    faces: NDArray[np.int64]  # (F, 4)
    regions: NDArray[np.str_]  # (F,) name of the material
    landmarks: NDArray[np.int64]  # (68,) vertex numbers

    def posed(self, **values: float) -> Points:
        """Vertices at the given channel values; a name without Left or Right means both."""
        points = self.neutral.copy()
        for name, value in values.items():
            sides = [name] if name in self.deltas else [name + "Left", name + "Right"]
            points += value * sum(self.deltas[side] for side in sides)
        return points

    def distance(self, points: Points, first: int, second: int) -> float:
        """Between two landmarks, in units of the distance between the outer corners of the eyes."""
        eyes = self.neutral[self.landmarks[[36, 45]]]
        apart = points[self.landmarks[first]] - points[self.landmarks[second]]
        return float(np.linalg.norm(apart) / np.linalg.norm(eyes[0] - eyes[1]))

    def region(self, *names: str) -> NDArray[np.int64]:
        return self.faces[np.isin(self.regions, names)]


@pytest.fixture(scope="module")
def head() -> Head:
    bpy.ops.wm.open_mainfile(filepath=str(BLEND))
    mesh = bpy.data.objects["Head"].data
    keys = {}
    for key in mesh.shape_keys.key_blocks:
        flat = np.empty(3 * len(mesh.vertices), dtype=np.float32)
        key.data.foreach_get("co", flat)
        keys[key.name] = flat.reshape(-1, 3).astype(np.float64)
    neutral = keys.pop("Basis")
    numbers = np.empty(len(mesh.vertices), dtype=np.int32)
    mesh.attributes["landmark68"].data.foreach_get("value", numbers)
    order = np.flatnonzero(numbers)
    return Head(
        neutral=neutral,
        deltas={name: points - neutral for name, points in keys.items()},
        faces=np.array([list(face.vertices) for face in mesh.polygons]),
        regions=np.array([mesh.materials[face.material_index].name.removeprefix("Head ") for face in mesh.polygons]),
        landmarks=order[np.argsort(numbers[order])],
    )


def face_normals(points: Points, faces: NDArray[np.int64]) -> Points:
    a, b, c, d = (points[faces[:, i]] for i in range(4))
    normals: Points = np.cross(c - a, d - b)
    return normals


def n_overlaps(points: Points, first: NDArray[np.int64], second: NDArray[np.int64]) -> int:
    """How many faces of one set cut faces of the other."""
    from mathutils.bvhtree import BVHTree

    one, other = (BVHTree.FromPolygons(points.tolist(), faces.tolist()) for faces in (first, second))
    assert one is not None and other is not None
    return len(one.overlap(other))


def test_the_file_is_small_and_ready_to_animate(head: Head) -> None:
    assert BLEND.stat().st_size <= 5_000_000
    item = bpy.data.objects["Head"]
    assert tuple(head.deltas) == BLENDSHAPE_CHANNELS
    for key in item.data.shape_keys.key_blocks[1:]:
        assert (key.slider_min, key.slider_max, key.value) == (0.0, 1.0, 0.0)
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert 8_000 <= len(evaluated.data.vertices) <= 40_000
    scene = bpy.context.scene
    assert scene.camera is not None
    assert (scene.render.engine, scene.render.fps) == ("BLENDER_WORKBENCH", 24)


def test_the_head_is_made_of_quads(head: Head) -> None:
    assert head.faces.shape[1] == 4
    assert np.linalg.norm(face_normals(head.neutral, head.faces), axis=1).min() > 0


@pytest.mark.parametrize("channel", BLENDSHAPE_CHANNELS)
def test_each_shape_moves_something_smoothly(head: Head, channel: str) -> None:
    delta = head.deltas[channel]
    assert np.isfinite(delta).all()
    assert 0.02 < np.linalg.norm(delta, axis=1).max() < 0.6
    if channel == "mouthClose":  # a correction of jawOpen, smooth only with it
        delta = delta + head.deltas["jawOpen"]
    skin = head.region("skin")
    ends = np.concatenate([skin[:, [i, (i + 1) % 4]] for i in range(4)])
    apart, step = (np.linalg.norm(p[ends[:, 0]] - p[ends[:, 1]], axis=1) for p in (head.neutral, delta))
    assert np.quantile(step / apart, 0.99) < 0.9


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_left_and_right_mirror_each_other(head: Head, left: str, right: str) -> None:
    flip = np.array([-1.0, 1.0, 1.0])
    body = np.unique(head.faces[head.regions != "glint"])  # both eyes carry the same glints
    mirrored = head.neutral[body] * flip
    order, mirrored_order = (np.lexsort(np.round(p, 4).T) for p in (head.neutral[body], mirrored))
    np.testing.assert_allclose(head.neutral[body][order], mirrored[mirrored_order], atol=1e-4)
    np.testing.assert_allclose(
        head.deltas[right][body][order], (head.deltas[left][body] * flip)[mirrored_order], atol=1e-5
    )


@pytest.mark.parametrize("left", [name for name, _ in PAIRS if name not in WHOLE_FACE])
def test_a_left_shape_moves_the_left_of_the_character(head: Head, left: str) -> None:
    travel = np.linalg.norm(head.deltas[left], axis=1)
    x = head.neutral[:, 0]
    assert x[travel.argmax()] > -1e-6
    assert travel[x < -0.1].max(initial=0) < 0.06 * travel.max()


def test_whole_face_shapes_go_to_their_side(head: Head) -> None:
    chin, lip = head.landmarks[8], head.landmarks[57]
    assert head.deltas["jawLeft"][chin, 0] > 0.05
    assert head.deltas["mouthLeft"][lip, 0] > 0.05
    assert head.deltas["jawForward"][chin, 1] < -0.05


def test_neck_turns_head_and_hair_in_the_pullover() -> None:
    bpy.ops.wm.open_mainfile(filepath=str(BLEND))
    neck = bpy.data.objects["Neck"]

    def world(name: str) -> NDArray[np.float64]:
        item = bpy.data.objects[name]
        points = np.array([vertex.co for vertex in item.data.vertices])
        place = np.array(item.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world)
        return points @ place[:3, :3].T + place[:3, 3]

    before = {name: world(name) for name in ("Head", "Hair", "Pullover")}
    neck.delta_rotation_euler = np.radians([6.0, 0.0, 0.0])
    moved = {name: world(name) - points for name, points in before.items()}
    assert not moved["Pullover"].any()
    brow, collar = before["Head"][:, 2] > 0.1, before["Head"][:, 2] < -0.95
    assert (moved["Head"][brow, 1] < -0.08).all()  # a nod: forward and down
    assert np.abs(moved["Head"][collar]).max() < 0.1
    assert (moved["Hair"][before["Hair"][:, 2] > 0.1, 1] < -0.08).all()


def test_life_keeps_closed_lips_closed(head: Head) -> None:
    """Gap between the inner lips, in eye distances: 0.010 is contact in captures (GRID)."""
    lips = head.landmarks[[61, 62, 63, 67, 66, 65]]
    eyes = np.linalg.norm(np.subtract(*head.neutral[head.landmarks[[36, 45]]]))
    deltas = np.stack([head.deltas[channel][lips] for channel in BLENDSHAPE_CHANNELS])

    def gaps(curves: Curves) -> NDArray[np.float64]:
        points = head.neutral[lips] + np.einsum("tk,kij->tij", curves.values, deltas)
        return np.linalg.norm(points[:, :3] - points[:, 3:], axis=2) / eyes

    said = speech(30)
    before = gaps(said)
    for amount, limit in ((1.0, 0.002), (2.0, 0.004)):
        after = gaps(shape_curves(said, Shaping(gaze=amount, brows=amount, secondary=amount)))
        assert (after - before)[before < 0.02].max() < limit
    assert (before < 0.02).any() and (before > 0.1).any()


@pytest.mark.parametrize("look", [None, "eyeLookDown", "eyeLookUp"])
def test_blinking_closes_the_lids(head: Head, look: str | None) -> None:
    closed = head.posed(eyeBlink=1.0, **({look: 1.0} if look else {}))
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        limit = 0.05 if look is None else 0.20
        assert head.distance(closed, upper, lower) < limit * head.distance(head.neutral, upper, lower)
        lids = closed[head.landmarks[[upper, lower]], 2]
        assert lids[0] < lids[1] + 0.02


@pytest.mark.parametrize("value", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_the_outside_of_the_lids_never_cuts_the_eyeball(head: Head, value: float) -> None:
    height = np.linalg.norm(head.neutral - EYE_CENTRE, axis=1) - EYE_RADIUS
    skin = np.unique(head.region("skin"))
    lids = skin[(height[skin] > 0.03) & (height[skin] < 0.12)]
    assert np.isin(head.landmarks[42:48], lids).all()
    assert np.linalg.norm(head.posed(eyeBlink=value)[lids] - EYE_CENTRE, axis=1).min() > EYE_RADIUS


def test_eyes_turn_where_the_names_say(head: Head) -> None:
    pupil = np.unique(head.region("pupil"))
    left = pupil[head.neutral[pupil, 0] > 0]
    for channel, axis, sign in (
        ("eyeLookUpLeft", 2, 1),
        ("eyeLookDownLeft", 2, -1),
        ("eyeLookOutLeft", 0, 1),
        ("eyeLookInLeft", 0, -1),
    ):
        assert sign * head.deltas[channel][left, axis].mean() > 0.08


def test_lips_touch_at_rest_and_hide_the_teeth(head: Head) -> None:
    for upper, lower in ((61, 67), (62, 66), (63, 65)):
        assert head.distance(head.neutral, upper, lower) < 0.01
    from mathutils import Vector
    from mathutils.bvhtree import BVHTree

    closed = BVHTree.FromPolygons(head.neutral.tolist(), head.region("skin", "lip", "mouth").tolist())
    assert closed is not None
    for tooth in head.neutral[np.unique(head.region("tooth"))]:
        assert closed.ray_cast(Vector((tooth[0], -3.0, tooth[2])), Vector((0, 1, 0)), 3.0 + tooth[1])[0] is not None


def test_the_jaw_opens_wide_and_mouth_close_seals_it(head: Head) -> None:
    assert head.distance(head.posed(jawOpen=1.0), 62, 66) > 0.2
    for share in (0.25, 0.5, 1.0):
        sealed = head.posed(jawOpen=share, mouthClose=share)
        for upper, lower in ((61, 67), (62, 66), (63, 65)):
            assert head.distance(sealed, upper, lower) < 0.01
    chin = head.landmarks[8]
    assert head.posed(**CLOSED_LIPS)[chin, 2] < head.neutral[chin, 2] - 0.1


def test_the_lower_teeth_and_the_tongue_follow_the_jaw(head: Head) -> None:
    opened = head.deltas["jawOpen"]
    teeth = np.unique(head.region("tooth"))
    falls = opened[teeth, 2] < -0.05
    assert 0.3 < falls.mean() < 0.7
    assert np.abs(opened[teeth][~falls]).max() < 1e-6
    assert (opened[np.unique(head.region("tongue")), 2] < 0).all()


def test_the_mouth_shapes_of_speech(head: Head) -> None:
    def width(points: Points) -> float:
        return head.distance(points, 48, 54)

    rest = width(head.neutral)
    assert width(head.posed(mouthPucker=1.0)) < 0.65 * rest
    assert width(head.posed(mouthFunnel=1.0)) < 0.80 * rest
    assert width(head.posed(mouthStretch=1.0)) > 1.2 * rest
    assert head.distance(head.posed(mouthPucker=1.0), 62, 66) < 0.01
    assert head.distance(head.posed(mouthFunnel=1.0), 62, 66) > 0.05
    assert head.distance(head.posed(mouthUpperUp=1.0, mouthLowerDown=1.0), 62, 66) > 0.08
    for channel in ("mouthRollUpper", "mouthRollLower"):
        rolled = head.posed(**{channel: 1.0})
        outline = (51, 62) if channel == "mouthRollUpper" else (57, 66)
        assert head.distance(rolled, *outline) < 0.75 * head.distance(head.neutral, *outline)
    smile = head.posed(mouthSmile=1.0)
    assert smile[head.landmarks[54], 2] > head.neutral[head.landmarks[54], 2] + 0.04


@pytest.mark.parametrize(
    "pose",
    [
        *({name: 1.0} for name in BLENDSHAPE_CHANNELS if name.startswith(("mouth", "jaw")) and name != "mouthClose"),
        CLOSED_LIPS,
        {"jawOpen": 1.0, "mouthFunnel": 1.0},
        {"jawOpen": 0.4, "mouthPucker": 1.0},
        {"mouthRollUpper": 1.0, "mouthRollLower": 1.0},
        {"mouthPress": 1.0},
        {"mouthUpperUp": 1.0, "mouthLowerDown": 1.0},
        {"mouthSmile": 1.0, "jawOpen": 0.6},
    ],
    ids=lambda pose: "+".join(pose),
)
def test_lips_and_skin_never_cut_the_teeth(head: Head, pose: dict[str, float]) -> None:
    assert n_overlaps(head.posed(**pose), head.region("skin", "lip"), head.region("tooth")) == 0


@pytest.mark.parametrize("channel", BLENDSHAPE_CHANNELS)
def test_no_visible_skin_turns_inside_out(head: Head, channel: str) -> None:
    skin = head.region("skin")
    eye = head.region("sclera", "limbus", "iris", "pupil")
    lid_inside = np.linalg.norm(head.neutral[skin].mean(axis=1)[:, None] - head.neutral[np.unique(eye)], axis=2)
    visible = skin[lid_inside.min(axis=1) > 0.07]
    assert len(visible) > 0.8 * len(skin)
    pose = CLOSED_LIPS if channel == "mouthClose" else {channel: 1.0}
    before, after = (face_normals(points, visible) for points in (head.neutral, head.posed(**pose)))
    assert ((before * after).sum(axis=1) > 0).all()


def test_the_68_landmarks_lie_where_ibug_puts_them(head: Head) -> None:
    assert len(head.landmarks) == 68
    assert len(np.unique(head.landmarks)) == 68
    p = head.neutral[head.landmarks]
    x, z = p[:, 0], p[:, 2]
    assert (np.diff(x[0:17]) > 0).all()
    assert z[8] == z[0:17].min()
    assert (np.diff(x[17:27]) > 0).all()
    assert z[17:27].min() > z[36:48].max()
    assert (np.diff(z[27:31]) < 0).all()
    assert (np.diff(x[31:36]) > 0).all()
    for corners, upper, lower in (((36, 39), (37, 38), (41, 40)), ((42, 45), (43, 44), (47, 46))):
        assert x[corners[0]] < x[upper[0]] < x[upper[1]] < x[corners[1]]
        assert x[corners[0]] < x[lower[0]] < x[lower[1]] < x[corners[1]]
        assert min(z[list(upper)]) > max(z[list(lower)])
    assert (np.diff(x[48:55]) > 0).all()
    assert (np.diff(x[54:60]) < 0).all()
    assert (np.diff(x[60:65]) > 0).all()
    assert (np.diff(x[64:68]) < 0).all()
    assert z[51] > z[62] > z[57]
    flip = np.array([-1.0, 1.0, 1.0])
    for right, left in ((0, 16), (4, 12), (17, 26), (21, 22), (31, 35), (36, 45), (39, 42), (48, 54), (60, 64)):
        np.testing.assert_allclose(p[right], p[left] * flip, atol=1e-4)


def test_the_script_builds_the_committed_mesh(head: Head) -> None:
    mesh = build_head()
    np.testing.assert_allclose(mesh.points, head.neutral, atol=1e-5)
    np.testing.assert_array_equal(mesh.faces, head.faces)
    for name, delta in shape_deltas(mesh).items():
        np.testing.assert_allclose(delta, head.deltas[name], atol=1e-5)
