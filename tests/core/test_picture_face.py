"""A face in a picture is found wherever it is, and moves as the face of a take does."""

from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.landmarks import LIDS
from blender_addon.core.model import find_landmarks, open_model, paint
from blender_addon.core.picture_face import (
    INNER_LIPS,
    Found,
    follow,
    neutral_of,
    one_framing,
    resampled,
    search_face,
)

FOLDER = Path(__file__).parent.parent / "models"
FINDER = open_model(FOLDER / "tiny_finder.onnx", "CPU", "image_to_landmarks")
FACE = np.asarray(FINDER.contract.neutral_landmarks)
"""The landmarks that the finder lays over a disc: 1 high, their middle at 0."""
REST = np.asarray(0.5 + 0.4 * FACE, np.float32)


def disc(height: int, width: int, x: float, y: float, radius: float) -> np.ndarray:
    """A picture, black but for a bright disc."""
    rows, columns = np.indices((height, width)) + 0.5
    inside = np.hypot(columns - x, rows - y) < radius
    return np.repeat(np.where(inside, 250, 0).astype(np.uint8)[..., None], 3, axis=2)


def search(picture: np.ndarray) -> Found:
    return search_face(picture, lambda crops: find_landmarks(FINDER, crops), FACE.astype(np.float32))


@pytest.mark.parametrize(
    ("height", "width", "x", "y", "radius"),
    [(300, 300, 150, 150, 100), (400, 900, 130, 200, 60), (1000, 500, 250, 260, 120), (120, 100, 50, 70, 30)],
)
def test_a_face_is_found_wherever_it_is(height: int, width: int, x: float, y: float, radius: float) -> None:
    found = search(disc(height, width, x, y, radius))
    assert found.is_face
    low, high = found.landmarks_px.min(axis=0), found.landmarks_px.max(axis=0)
    assert (low + high) / 2 == pytest.approx([x, y], abs=0.03 * radius)
    assert (high - low)[1] == pytest.approx(2 * radius, rel=0.04)
    assert np.ptp(found.landmarks[:, 1]) == pytest.approx(1 / 1.62, rel=0.05)
    middle = (found.landmarks.min(axis=0) + found.landmarks.max(axis=0)) / 2
    assert found.crop[tuple((middle * 256).astype(int)[::-1])].min() > 240


@pytest.mark.parametrize("picture", [np.zeros((200, 300, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)])
def test_where_there_is_no_face_the_rounds_do_not_agree(picture: np.ndarray) -> None:
    assert not search(picture).is_face


def test_a_square_of_a_picture_is_its_mean_and_goes_on_beyond_the_edge() -> None:
    ramp = np.repeat(np.arange(250, dtype=np.uint8)[None, :, None], 100, axis=0).repeat(3, axis=2)
    halved = resampled(np.repeat(np.repeat(ramp, 8, axis=0), 8, axis=1)[:800, :800], np.array([0.0, 0.0, 800.0]))
    expected = (np.arange(256) + 0.5) * 800 / 256 / 8 - 0.5
    assert np.abs(halved[128, 8:-8, 0] - expected[8:-8]).max() < 1
    beyond = resampled(ramp, np.array([-300.0, -300.0, 256.0]))
    assert np.all(beyond == 0)
    same = resampled(ramp[:, :100].repeat(3, axis=0)[:256], np.array([0.0, 0.0, 256.0]))
    assert np.array_equal(same[:, :100], ramp[:, :100].repeat(3, axis=0)[:256])


def test_frames_of_a_film_get_one_square_and_other_pictures_keep_theirs() -> None:
    near = [disc(400, 400, 200 + 4 * i, 200, 100) for i in range(3)]
    crops = [face.crop for face in one_framing(near, [search(picture) for picture in near])]
    columns = [np.flatnonzero(crop[140, :, 0] > 100).mean() for crop in crops]
    assert np.diff(columns) == pytest.approx(4 * 256 / 1.62 / 200, abs=0.7)
    apart = [disc(400, 400, 200, 200, 100), disc(400, 400, 120, 120, 60)]
    found = [search(picture) for picture in apart]
    assert one_framing(apart, found) == found


def opened(face: np.ndarray, by: float) -> np.ndarray:
    """A face whose lower lip and chin are lowered."""
    lowered = face.copy()
    lowered[[*range(5, 12), *range(55, 60), 65, 66, 67], 1] += by
    return lowered


def gap(face: np.ndarray, pairs: tuple[tuple[int, int], ...] = INNER_LIPS) -> float:
    return float(np.mean([face[b, 1] - face[a, 1] for a, b in pairs]))


def test_a_picture_with_an_open_mouth_rests_with_a_closed_one() -> None:
    faces = np.stack([opened(REST, 0.1), opened(REST, 0.06)]).astype(np.float32)
    neutral = neutral_of(faces)
    assert abs(gap(neutral)) < 0.005
    assert neutral[8, 1] == pytest.approx(faces[1, 8, 1] - gap(faces[1]), abs=1e-3)
    assert np.array_equal(neutral[36:48], REST[36:48])


def test_the_motion_of_a_take_comes_onto_a_face_of_another_form() -> None:
    narrow = np.asarray((REST - 0.5) * [0.8, 1.1] + 0.45, np.float32)
    amounts = np.r_[np.zeros(8), np.linspace(0, 0.08, 8)]
    take = np.stack([opened(REST, amount) for amount in amounts]).astype(np.float32) * 0.5 + 0.2
    followed = follow(take, narrow)
    assert followed[0] == pytest.approx(narrow, abs=2e-3)
    drops = followed[:, 8, 1] - narrow[8, 1]
    assert np.all(np.diff(drops[8:]) > 0) and 0.04 < drops[-1] < 0.12
    assert followed[-1, 27:48] == pytest.approx(narrow[27:48], abs=2e-3)


def test_lids_shut_by_the_part_to_which_those_of_the_take_do_and_the_head_moves() -> None:
    shut = REST.copy()
    for upper, lower in LIDS:
        shut[upper] = shut[lower]
    take = np.stack([REST] * 6 + [shut, REST + np.array([0.1, 0.0], np.float32)])
    small_eyes = np.asarray(REST, np.float32).copy()
    for upper, lower in LIDS:
        small_eyes[upper] = small_eyes[lower] + 0.3 * (small_eyes[upper] - small_eyes[lower])
    followed = follow(take, small_eyes)
    assert gap(followed[0], LIDS) == pytest.approx(gap(small_eyes, LIDS), rel=0.05)
    assert gap(followed[6], LIDS) == pytest.approx(0, abs=1e-3)
    assert followed[7] - followed[0] == pytest.approx(np.tile([0.1, 0.0], (68, 1)), abs=2e-3)


def test_lips_never_pass_each_other() -> None:
    take = np.stack([opened(REST, amount) for amount in (0.05, 0.05, 0.05, 0.05, 0.0)]).astype(np.float32)
    assert min(gap(face) for face in follow(take, REST)) > -1e-6


def test_a_painter_of_anybody_paints_whom_it_is_shown() -> None:
    painter = open_model(FOLDER / "tiny_anybody.onnx", "CPU", "landmarks_to_image")
    assert painter.contract.takes_images and painter.contract.neutral_landmarks is None
    found = search(disc(300, 300, 150, 150, 100))
    (painted,) = paint(painter, np.full((2, 68, 2), 0.25, np.float32), [found, found])
    assert painted[0, 64, 64].tolist() == [255, 255, 255]
    assert painted[1, 200, 200] == pytest.approx(np.full(3, found.crop.mean()), abs=2)
    with pytest.raises(ValueError, match=r"tiny_anybody\.onnx failed on CPU"):
        next(paint(painter, np.zeros((1, 68, 2), np.float32)))
