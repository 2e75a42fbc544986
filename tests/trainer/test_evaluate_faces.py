"""Figures on faces and pictures, on cases whose answer is known."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from scipy.ndimage import gaussian_filter

from trainer.evaluate import (
    blink_figures,
    blinks,
    cpbd,
    eye_aspect_ratio,
    image_mse,
    landmark_mse,
    lmd,
    psnr,
    ssim,
)
from trainer.landmark_clips import fake_face

FACE = np.repeat(fake_face()[None].astype(np.float64), 100, axis=0)
UPPER_LIDS, LOWER_LIDS = (37, 38, 43, 44), (41, 40, 47, 46)


def shut(faces: np.ndarray, first: int, last: int) -> None:
    """Shut the eyes in these frames."""
    faces[first:last, UPPER_LIDS] = faces[first:last, LOWER_LIDS]


def picture(sigma_px: float, noise: float = 0.0) -> np.ndarray:
    """(1, 256, 256, 3) of bright squares on dark ground, blurred."""
    squares = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((32, 32))) * 150 + 50
    grey = gaussian_filter(squares, sigma_px) + noise * np.random.default_rng(0).standard_normal(squares.shape)
    return np.repeat(grey.clip(0, 255).round().astype(np.uint8)[None, :, :, None], 3, axis=3)


def test_errors_of_landmarks_and_pictures_by_hand() -> None:
    assert landmark_mse(torch.tensor([0.5, 0.5]), torch.tensor([0.5, 0.6])) == pytest.approx(0.005)
    assert image_mse(torch.full((1, 3, 2, 2), -1.0), torch.full((1, 3, 2, 2), 1.0)) == 4


def test_distance_of_lips_leaves_out_where_the_mouth_is() -> None:
    faces = FACE * 256
    assert lmd(faces + np.array([5, 3]), faces) == pytest.approx(0, abs=1e-9)
    wider = faces.copy()
    wider[:, 48:68, 0] += np.where(np.arange(20) < 10, 2, -2)
    assert lmd(wider, faces) == pytest.approx(2)


def test_shut_eyes_have_no_height() -> None:
    faces = FACE.copy()
    shut(faces, 10, 20)
    ratios = eye_aspect_ratio(faces)
    assert ratios.shape == (100, 2)
    assert np.allclose(ratios[10:20], 0)
    assert (ratios[20:] > 0.15).all()


def test_blinks_are_counted_and_timed() -> None:
    faces = FACE.copy()
    shut(faces, 10, 16)
    shut(faces, 60, 70)
    assert blinks(faces, fps=25) == [(10, 16), (60, 70)]
    assert blink_figures([faces, FACE], fps=25) == {
        "blinks_per_second": pytest.approx(0.25),
        "blink_seconds": pytest.approx(0.32),
    }


def test_lowered_lids_and_open_eyes_are_no_blinks() -> None:
    faces = FACE.copy()
    shut(faces, 0, 25)
    assert blinks(faces, fps=25) == []
    assert np.isnan(blink_figures([FACE], fps=25)["blink_seconds"])


def test_the_same_picture_is_as_similar_as_can_be() -> None:
    real = picture(1)
    assert ssim(real, real) == pytest.approx(1)
    level = psnr(np.full_like(real, 100), np.full_like(real, 110))
    assert level == pytest.approx(20 * np.log10(255 / 10))
    assert ssim(picture(1, noise=20), real) < 0.8 < ssim(picture(1.2), real)


def test_blur_is_seen() -> None:
    sharp, soft, blurred = (cpbd(picture(sigma)) for sigma in (0.3, 1.0, 4.0))
    assert sharp > 0.9
    assert blurred < 0.1
    assert sharp >= soft >= blurred


def test_a_plain_picture_has_no_edges() -> None:
    assert cpbd(np.full((1, 256, 256, 3), 128, np.uint8)) == 0
