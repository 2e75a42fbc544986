"""Pictures with landmarks on disk, and landmarks brought to where a character's are."""

from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.frames import Frames, load_frames, placed, save_frames
from blender_addon.core.head import read_head


def some_frames(n: int = 2) -> Frames:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (n, 256, 256, 3), np.uint8)
    return Frames("a_00", "a", "none", images, generator.random((n, 68, 2), np.float32))


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    frames = some_frames()
    path = save_frames(tmp_path / "new", frames)
    back = load_frames(path)
    assert (back.name, back.character, back.licence) == ("a_00", "a", "none")
    assert np.array_equal(back.images, frames.images) and np.array_equal(back.landmarks, frames.landmarks)
    assert [file.name for file in path.parent.iterdir()] == ["a_00.npz"]


def test_a_file_that_was_cut_off_ends_in_one_sentence(tmp_path: Path) -> None:
    path = save_frames(tmp_path, some_frames())
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match="holds no frames with landmarks"):
        load_frames(path)


def test_pictures_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Frames("a", "a", "none", np.zeros((1, 128, 128, 3), np.uint8), np.zeros((1, 68, 2), np.float32))


def test_landmarks_are_placed_by_nose_and_eyes_and_keep_their_motion() -> None:
    head = read_head()
    neutral = (head.vertices[head.landmarks68][:, [0, 2]] * [0.2, -0.2] + 0.5).astype(np.float32)
    talking = np.repeat(neutral[None], 3, axis=0)
    talking[1, 57, 1] += 0.05  # the lower lip drops
    talking[:, :, 0] += np.array([-0.01, 0.0, 0.01], np.float32)[:, None]  # the head moves
    turn = np.array([[0.0, -3.0], [3.0, 0.0]], np.float32)  # a quarter turn, three times the size
    back = placed(talking @ turn + 7, neutral)
    assert np.allclose(back, talking, atol=1e-5)
