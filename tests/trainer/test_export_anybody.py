"""The painter of anybody: it paints as the networks do, of one picture or many, and closed lips open onto a mouth."""

from pathlib import Path

import numpy as np
import pytest
import torch

from blender_addon.core.model import open_model, paint
from blender_addon.core.picture_face import Found
from trainer.landmark_cascade.export_anybody import AnybodyPainter, Config, evenly_spread, main, with_open_mouth
from trainer.landmark_cascade.faces import as_pictures, fake_frames
from trainer.landmark_cascade.learning import N_REFERENCES, Networks
from trainer.landmark_cascade.learning import evenly_spread as spread

PICTURES = as_pictures(fake_frames(7, seed=3))


def lips_at(gap: float) -> torch.Tensor:
    """The fake face with its inner lips so far apart."""
    face = PICTURES.landmarks[0].clone()
    face[[65, 66, 67], 1] = face[[63, 62, 61], 1] + gap
    return face


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("start") / "start.safetensors"
    Networks.fresh().save(path)
    return path


@pytest.mark.parametrize("n_images", [3, 7])
def test_it_paints_as_the_networks_that_have_learned_nobody(n_images: int) -> None:
    networks = Networks.fresh()
    networks.generator.eval()
    shown = PICTURES[torch.arange(n_images)]
    sealed = torch.stack([lips_at(0.0)] * 2)  # so that no mouth is drawn
    with torch.no_grad():
        painted = AnybodyPainter(networks.generator)(sealed, shown.images, shown.landmarks)
        expected = networks.paint(sealed, networks.meet(shown))
    assert torch.allclose(painted, expected, atol=1e-4)


def test_the_exported_file_takes_any_number_of_pictures(start: Path, tmp_path: Path) -> None:
    main(Config(output=tmp_path / "anybody.onnx", start=start))
    model = open_model(tmp_path / "anybody.onnx", "CPU", "landmarks_to_image")
    assert model.contract.takes_images
    crops = ((PICTURES.images + 1) * 127.5).byte().permute(0, 2, 3, 1).numpy()
    faces = [
        Found(crop, marks.numpy(), marks.numpy(), 0, 0) for crop, marks in zip(crops, PICTURES.landmarks, strict=True)
    ]
    (one,), (many,) = (list(paint(model, PICTURES.landmarks[:2].numpy(), faces[:n])) for n in (1, 7))
    assert one.shape == many.shape == (2, 256, 256, 3)
    assert np.abs(one[0].astype(int) - crops[0]).mean() < 40  # mostly the canvas, to a network that knows nothing


@pytest.mark.parametrize("n", [1, 2, 4, 5, 6, 20])
def test_pictures_of_the_texture_are_those_of_training(n: int) -> None:
    assert evenly_spread(torch.tensor(n)).tolist() == spread(n, N_REFERENCES).tolist()


def test_closed_lips_open_onto_a_dark_mouth_and_open_ones_keep_theirs() -> None:
    behind = torch.full((3, 3, 256, 256), 0.5)
    wanted = torch.stack([lips_at(gap) for gap in (0.0, 0.03, 0.08)])
    image = torch.full((1, 3, 256, 256), 0.5)
    opened = with_open_mouth(behind, wanted, image, lips_at(0.0)[None])
    x, y = (wanted[2, [62, 66]].mean(dim=0) * 256).int().tolist()
    assert torch.allclose(opened[0], behind[0], atol=0.02)
    assert float(opened[2, :, y + 4, x].max()) < -0.4
    changed = (opened[2] - behind[2]).abs().amax(0) > 0.05
    rows, columns = (torch.nonzero(changed)[:, i] for i in (0, 1))
    low, high = wanted[2, 60:].amin(0) * 256, wanted[2, 60:].amax(0) * 256
    assert columns.min() >= low[0] - 3 and columns.max() <= high[0] + 3 and rows.max() <= high[1] + 4
    areas = [(picture - 0.5).abs().amax(0).gt(0.05).sum() for picture in opened]
    assert areas[0] < areas[1] < areas[2]
    assert torch.equal(with_open_mouth(behind, wanted, image, lips_at(0.06)[None]), behind)


def test_a_network_that_paints_over_nothing_is_refused(tmp_path: Path) -> None:
    Networks.fresh(paints_over=False).save(tmp_path / "start.safetensors")
    with pytest.raises(ValueError, match="does not paint over pictures; train without --no-paints-over"):
        main(Config(output=tmp_path / "anybody.onnx", start=tmp_path / "start.safetensors"))
    assert not (tmp_path / "anybody.onnx").exists()
