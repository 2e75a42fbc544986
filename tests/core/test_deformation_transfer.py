"""Deformation transfer: to a head made from the default one by a known warp, and with ICT-FaceKit if it is there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.deformation_transfer import Shapes, similarity, transfer
from blender_addon.core.face_parts import find_parts, fit_sphere, upright_axes
from blender_addon.core.face_regions import make_face
from blender_addon.core.head import read_head
from blender_addon.core.surface import Surface, nearest_places, path_along_edges, pieces
from rigs.ict_facekit_data import FaceKit, read_facekit
from rigs.ict_facekit_shapes import bare_eyes, channel_offsets, close_neutral_lips, shown_faces

Floats = NDArray[np.float64]
FACEKIT = Path(__file__).parents[3] / "shared" / "data" / "ict_facekit"
only_with_facekit = pytest.mark.skipif(not FACEKIT.is_dir(), reason=f"no data in {FACEKIT}")

UPPER_LIDS, LOWER_LIDS = {"Right": [37, 38], "Left": [43, 44]}, {"Right": [41, 40], "Left": [47, 46]}
UPPER_LIP, LOWER_LIP = [61, 62, 63], [67, 66, 65]


def default_shapes() -> Shapes:
    head = read_head()
    return Shapes(
        head.vertices[: head.n_face_vertices].astype(float),
        head.face_triangles().astype(np.intp),
        head.landmarks68.astype(np.intp),
        head.channels,
        head.face_offsets().astype(float),
    )


# A head that differs from the default one in size, pose, proportions, order of vertices, and has no back

TURN = np.linalg.qr(np.array([[0.9, -0.4, 0.1], [0.4, 0.9, -0.2], [0.0, 0.2, 1.0]]))[0]
TURN = TURN * np.sign(np.diag(TURN)) * np.sign(np.linalg.det(TURN * np.sign(np.diag(TURN))))


def warp(points: Floats) -> Floats:
    """A longer face with a wider mouth and a sharper chin, 20 times as large, elsewhere and turned."""
    x, y, z = points.T
    mouth = np.exp(-(((z + 0.55) / 0.4) ** 2))
    warped = np.stack([x * (0.85 + 0.3 * mouth), y * 0.95 - 0.08 * mouth, z * 1.2 + 0.05 * np.sin(2 * z)], axis=1)
    return 20 * warped @ TURN.T + np.array([3.0, -50.0, 7.0])


def warped_offsets(points: Floats, offsets: Floats) -> Floats:
    """(K, V, 3) small offsets as the warp carries them: by its derivative."""
    step = 1e-4
    return (warp((points + step * offsets).reshape(-1, 3)) - warp((points - step * offsets).reshape(-1, 3))).reshape(
        offsets.shape
    ) / (2 * step)


def other_head(source: Shapes) -> Shapes:
    order = np.random.default_rng(0).permutation(len(source.points))
    place = np.argsort(order)
    keeps = (source.points[source.triangles][..., 1] < 0.6).any(axis=1)
    return Shapes(
        warp(source.points)[order],
        place[source.triangles[keeps]],
        place[source.landmarks68],
        source.channels,
        np.stack([warped_offsets(source.points, one) for one in source.offsets])[:, order],
    )


@pytest.fixture(scope="module")
def source() -> Shapes:
    return default_shapes()


@pytest.fixture(scope="module")
def target(source: Shapes) -> Shapes:
    return other_head(source)


@pytest.fixture(scope="module")
def made(source: Shapes, target: Shapes) -> Floats:
    return transfer(source, target.points, target.triangles, target.landmarks68)


def eye_distance(shapes: Shapes) -> float:
    return float(np.linalg.norm(np.subtract(*shapes.points[shapes.landmarks68[[36, 45]]])))


def gaps(shapes: Shapes, made: Floats, channels: tuple[str, ...], upper: list[int], lower: list[int]) -> Floats:
    """Between landmarks, in distances between the eyes, with the channels at 1."""
    posed = shapes.points + sum(made[shapes.channels.index(channel)] for channel in channels)
    marks = posed[shapes.landmarks68]
    return np.linalg.norm(marks[upper] - marks[lower], axis=1) / eye_distance(shapes)


def errors(made: Floats, own: Shapes, channels: tuple[str, ...]) -> dict[str, float]:
    """Channel -> mean distance from its own shape, over the vertices that move by more than 5 % of the most, in parts
    of their mean motion."""
    result = {}
    for channel, ours in zip(channels, made, strict=True):
        theirs = own.offsets[own.channels.index(channel)]
        size = np.linalg.norm(theirs, axis=1)
        moves = size > 0.05 * size.max()
        result[channel] = float(np.linalg.norm(ours - theirs, axis=1)[moves].mean() / size[moves].mean())
    return result


def test_shapes_are_those_that_the_warp_makes(made: Floats, target: Shapes) -> None:
    error = errors(made, target, target.channels)
    assert sum(part < 0.25 for part in error.values()) >= 38, sorted(error.items(), key=lambda item: -item[1])[:12]
    assert np.median(list(error.values())) < 0.2


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_blink_closes_the_lids_of_its_eye_alone(made: Floats, target: Shapes, side: str) -> None:
    upper, lower = UPPER_LIDS[side], LOWER_LIDS[side]
    assert gaps(target, made, (), upper, lower).min() > 0.1
    assert gaps(target, made, (f"eyeBlink{side}",), upper, lower).max() < 0.01
    other = "Left" if side == "Right" else "Right"
    before, after = (
        gaps(target, made, channels, UPPER_LIDS[other], LOWER_LIDS[other]) for channels in ((), (f"eyeBlink{side}",))
    )
    np.testing.assert_allclose(after, before, atol=1e-3)


def test_jaw_opens_the_mouth_and_mouth_close_seals_it(made: Floats, target: Shapes) -> None:
    assert gaps(target, made, ("jawOpen",), UPPER_LIP, LOWER_LIP).min() > 0.2
    assert gaps(target, made, ("jawOpen", "mouthClose"), UPPER_LIP, LOWER_LIP).max() < 0.01


def test_what_no_shape_moves_stays_exactly_still(made: Floats, source: Shapes, target: Shapes) -> None:
    moves = np.linalg.norm(target.offsets, axis=2).max(axis=0) > 0
    from_motion = np.array([np.linalg.norm(target.points[moves] - p, axis=1).min() for p in target.points])
    far = from_motion > 0.2 * eye_distance(target)
    assert far.sum() > 100
    assert not made[:, far].any()


def test_skin_is_not_torn(made: Floats, target: Shapes) -> None:
    edges = Surface(target.points, target.triangles).edges
    lengths = [
        np.linalg.norm(np.subtract(*np.moveaxis((target.points + offsets)[edges], 1, 0)), axis=1)
        for offsets in (np.zeros_like(made[0]), *made, *target.offsets)
    ]
    ours, theirs = np.max(lengths[1:52], axis=0), np.max(lengths[52:], axis=0)
    assert (ours < 2 * theirs + 0.03 * eye_distance(target)).all()


def test_lower_teeth_go_with_the_jaw_as_a_whole_and_upper_ones_stay(made: Floats, target: Shapes) -> None:
    head = Surface(target.points, target.triangles)
    face = make_face(head, target.landmarks68)
    mouth = find_parts(head, face, upright_axes(face)).mouth
    piece = pieces(len(head.points), head.edges)
    teeth = [mouth[piece[mouth] == number] for number in np.unique(piece[mouth])]
    teeth = [tooth for tooth in teeth if len(tooth) == 26]
    jaw_open = target.channels.index("jawOpen")
    went = np.array([np.linalg.norm(target.offsets[jaw_open][tooth].mean(axis=0)) for tooth in teeth])
    goes = np.array([np.linalg.norm(made[jaw_open][tooth].mean(axis=0)) for tooth in teeth])
    assert len(teeth) == 24 and (went > 0).sum() == 12
    assert not goes[went == 0].any()
    np.testing.assert_allclose(goes[went > 0], went[went > 0], rtol=0.35)
    for tooth in teeth:
        before, after = target.points[tooth], (target.points + made[jaw_open])[tooth]
        for a, b in ((0, 13), (5, 20), (2, 25)):  # a tooth keeps its size
            apart = [np.linalg.norm(points[a] - points[b]) for points in (before, after)]
            assert apart[1] == pytest.approx(apart[0], rel=0.02)


def test_eyeballs_turn_about_their_centres(made: Floats, target: Shapes) -> None:
    head = Surface(target.points, target.triangles)
    face = make_face(head, target.landmarks68)
    eyeballs = find_parts(head, face, upright_axes(face)).eyeballs
    ball = eyeballs["left eye"].vertices
    centre, radius = fit_sphere(target.points[ball])
    turned = (target.points + made[target.channels.index("eyeLookUpLeft")])[ball]
    np.testing.assert_allclose(
        np.linalg.norm(turned - centre, axis=1),
        np.linalg.norm(target.points[ball] - centre, axis=1),
        atol=0.1 * radius,
    )
    front = np.argmin((target.points[ball] - centre) @ TURN[:, 1])
    up = (turned - target.points[ball])[front] @ TURN[:, 2]
    assert 0.25 < up / radius < 0.6  # 22 degrees
    assert not made[target.channels.index("eyeLookUpLeft")][eyeballs["right eye"].vertices].any()


def test_lips_that_stand_open_at_rest_are_sealed_too(source: Shapes, target: Shapes) -> None:
    few = ("mouthClose", "jawOpen")
    some = replace(source, channels=few, offsets=source.offsets[[source.channels.index(channel) for channel in few]])
    gaping = target.points + 0.15 * target.offsets[target.channels.index("jawOpen")]
    made = transfer(some, gaping, target.triangles, target.landmarks68)
    head = replace(target, points=gaping, channels=few)
    assert gaps(head, made, (), UPPER_LIP, LOWER_LIP).min() > 0.03
    assert gaps(head, made, few, UPPER_LIP, LOWER_LIP).max() < 0.01


def test_progress_rises_to_the_end_and_cancelling_ends_early(source: Shapes, target: Shapes) -> None:
    done: list[float] = []
    made = transfer(
        source, target.points, target.triangles, target.landmarks68, done.append, lambda: bool(done) and done[-1] > 0.7
    )
    assert done == sorted(done) and 0.7 < done[-1] < 0.75
    assert made[0].any() and not made[-1].any()


def put_together(marks: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.full_like(marks, marks[30])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [(lambda marks: marks[::-1], "do not lie as in a face"), (put_together, "no landmarks of their own")],
)
def test_landmarks_that_are_no_guide_are_refused_in_a_sentence(
    source: Shapes, target: Shapes, spoil: Callable[[NDArray[np.intp]], NDArray[np.intp]], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        transfer(source, target.points, target.triangles, spoil(target.landmarks68))


# With ICT-FaceKit


def facekit_shapes(kit: FaceKit) -> Shapes:
    """The head that rigs/ict_facekit.py builds, in its own axes."""
    kit = bare_eyes(close_neutral_lips(kit))
    quads = kit.faces[shown_faces(kit)]
    corners = np.concatenate([quads[:, [0, 1, 2]], quads[quads[:, 3] >= 0][:, [0, 2, 3]]])
    used, triangles = np.unique(corners, return_inverse=True)
    number = np.full(len(kit.vertices), -1)
    number[used] = np.arange(len(used))
    offsets = channel_offsets(kit)
    return Shapes(
        kit.vertices[used].astype(float),
        triangles.reshape(-1, 3),
        number[kit.landmarks],
        BLENDSHAPE_CHANNELS,
        np.stack([offsets[channel][used] for channel in BLENDSHAPE_CHANNELS]).astype(float),
    )


@pytest.fixture(scope="module")
def facekit() -> FaceKit:
    return read_facekit(FACEKIT)


@pytest.mark.slow
@only_with_facekit
def test_default_head_gives_facekit_shapes_that_close_and_seal(source: Shapes, facekit: FaceKit) -> None:
    head = facekit_shapes(facekit)
    made = transfer(source, head.points, head.triangles, head.landmarks68)
    named = replace(head, channels=source.channels)
    for side in ("Left", "Right"):
        assert gaps(named, made, (f"eyeBlink{side}",), UPPER_LIDS[side], LOWER_LIDS[side]).max() < 0.01
    assert gaps(named, made, ("jawOpen",), UPPER_LIP, LOWER_LIP).min() > 0.2
    assert gaps(named, made, ("jawOpen", "mouthClose"), UPPER_LIP, LOWER_LIP).max() < 0.01
    shoulders = head.points[:, 1] < head.points[head.landmarks68[8], 1] - 6.0
    assert not made[:, shoulders].any()


@pytest.mark.slow
@only_with_facekit
def test_another_person_of_facekit_gets_facekits_own_expressions(facekit: FaceKit) -> None:
    """The mesh is the same, which the transfer does not know: it finds the places by the fit alone."""
    weights = np.random.default_rng(0).normal(size=30)
    person = replace(facekit, vertices=facekit.vertices + np.tensordot(weights, facekit.identities[:30], 1))
    source, target = facekit_shapes(facekit), facekit_shapes(person)
    made = transfer(source, target.points, target.triangles, target.landmarks68)
    error = errors(made, target, source.channels)
    assert sum(part < 0.25 for part in error.values()) >= 40


# Surfaces


def square(n: int) -> Surface:
    """n x n places 1 apart in the plane z = 0, seen from +Z."""
    number = np.arange(n * n).reshape(n, n)
    a, b, c, d = number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]
    triangles = np.concatenate([np.stack([a, b, c], axis=-1), np.stack([a, c, d], axis=-1)]).reshape(-1, 3)
    y, x = np.divmod(np.arange(n * n), n)
    return Surface(np.stack([x, y, np.zeros(n * n)], axis=1).astype(float), triangles)


def test_nearest_place_is_in_the_triangle_below() -> None:
    surface = square(6)
    points = np.random.default_rng(0).uniform(-1, 6, (200, 3))
    places = nearest_places(surface, np.zeros((36, 1)), points, np.zeros((200, 1)))
    below = np.clip(points, 0, 5) * [1, 1, 0]
    np.testing.assert_allclose(places.mix(surface.points), below, atol=1e-9)


def test_nearest_place_has_the_clue_that_is_wanted() -> None:
    top = square(4)
    both = Surface(
        np.concatenate([top.points + np.array([0, 0, 0.1]), top.points]),
        np.concatenate([top.triangles, top.triangles[:, ::-1] + 16]),
    )
    points = np.array([[1.2, 1.7, 0.09]])
    for way, height in ((1.0, 0.1), (-1.0, 0.0)):
        places = nearest_places(both, both.normals, points, np.array([[0, 0, way]]))
        np.testing.assert_allclose(places.mix(both.points), [[1.2, 1.7, height]], atol=1e-9)


def test_path_goes_along_the_shortest_edges_and_is_empty_between_pieces() -> None:
    surface = square(5)
    assert path_along_edges(surface, 0, 24) == [0, 6, 12, 18, 24]
    apart = Surface(
        np.concatenate([surface.points, surface.points + 9]),
        np.concatenate([surface.triangles, surface.triangles + 25]),
    )
    assert path_along_edges(apart, 0, 30) == []
    assert set(pieces(50, apart.edges)) == {0, 25}


def test_similarity_is_found() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    scale, rotation, shift = similarity(points, 3 * points @ TURN.T + [1, 2, 3])
    assert scale == pytest.approx(3)
    np.testing.assert_allclose(rotation, TURN, atol=1e-9)
    np.testing.assert_allclose(shift, [1, 2, 3], atol=1e-9)
