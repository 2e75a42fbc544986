"""PNG files as another program reads them back."""

from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.png import write_png

image = pytest.importorskip("PIL.Image", reason="Pillow, which comes with the trainer, reads the files back")


def test_pillow_reads_back_every_pixel(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    write_png(tmp_path / "a.png", picture)
    with image.open(tmp_path / "a.png") as read:
        assert read.mode == "RGB"
        assert np.array_equal(np.asarray(read), picture)
