"""What t-GAN learns from a few pictures, as a table and two pictures."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

from blender_addon.core.frames import SIDE_PX, save_frames
from trainer.landmark_cascade.faces import as_pictures, fake_frames
from trainer.landmark_cascade.few_pictures import row, split
from trainer.landmark_cascade.learning import Networks

REPOSITORY = Path(__file__).parents[2]


def test_the_others_are_those_that_are_not_learned_from() -> None:
    pictures = as_pictures(fake_frames(9, 0))
    learned, others = split(pictures, 4)
    assert (len(learned.images), len(others.images)) == (4, 5)
    lips = {float(points.sum()) for points in learned.landmarks}
    assert not lips & {float(points.sum()) for points in others.landmarks}
    with pytest.raises(ValueError, match="9 frames leave none to compare; prepare more, or lower --n-pictures"):
        split(pictures, 20)


def test_a_row_of_equal_pictures_is_perfect() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), np.uint8)
    almost = np.where(np.arange(SIDE_PX)[:, None] == 0, 255 - noise, noise).astype(np.uint8)
    name, psnr, ssim, _ = (cell.strip() for cell in row("me", almost, noise).strip("|").split("|"))
    assert name == "me" and 20 < float(psnr) < 40 and float(ssim) > 0.97


@pytest.mark.slow
def test_the_command_compares_starts(tmp_path: Path) -> None:
    save_frames(tmp_path, fake_frames(5, 0))
    starts = [tmp_path / name / "start.safetensors" for name in ("a", "b")]
    for start, paints_over in zip(starts, (True, False), strict=True):
        start.parent.mkdir()
        Networks.fresh(paints_over=paints_over).save(start)
    line = [sys.executable, "-m", "trainer.landmark_cascade.few_pictures", "--starts", *map(str, starts)]
    line += ["--frames", str(tmp_path / "fake_000.npz"), "--n-pictures", "3", "--epochs", "1"]
    result = subprocess.run(
        [*line, "--output", str(tmp_path / "out")], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    rows = (tmp_path / "out" / "table.md").read_text().splitlines()
    assert [line.split("|")[1].strip() for line in rows[2:-1]] == [
        "fake_000, as it is",
        "fake_000, canvas alone",
        "fake_000, a",
        "fake_000, b",
    ]
    assert imread(tmp_path / "out" / "pictures.png").shape == (4 * SIDE_PX, 2 * SIDE_PX, 3)
    assert (tmp_path / "out" / "learning.png").stat().st_size > 5000
