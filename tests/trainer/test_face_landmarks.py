"""The landmark detector: examples whose landmarks stay on their faces, losses by hand, resuming, exporting."""

from pathlib import Path

import numpy as np
import pytest
import torch

from blender_addon.core.landmarks import MIRRORED
from blender_addon.core.model import find_landmarks, open_model
from trainer.face_landmarks import (
    CHECKPOINT,
    MAP_CELLS,
    MODEL,
    SEEN_PX,
    Config,
    LandmarkNetwork,
    Learner,
    batch_of,
    example,
    fake_faces,
    losses_of,
    main,
    mean_face,
    pace,
    places,
    without_normalisation,
)
from trainer.landmark_clips import fake_face

FACE = torch.from_numpy(fake_face())


def test_landmarks_of_an_example_stay_on_what_they_mark() -> None:
    """A bright chin is where the chin's landmark is, whatever was done to the picture."""
    image = torch.zeros(3, 256, 256)
    x, y = (FACE[8] * 256).int().tolist()
    image[:, y - 6 : y + 7, x - 6 : x + 7] = 1
    found = 0
    for seed in range(30):
        seen, landmarks = example(image, FACE, torch.Generator().manual_seed(seed))
        assert seen.shape == (3, SEEN_PX, SEEN_PX) and float(seen.abs().max()) <= 1
        x, y = (landmarks[8] * SEEN_PX).int().tolist()
        near = seen.mean(0)[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        found += near.numel() == 9 and bool(near.mean() > seen.mean() + 0.2)
    assert found >= 22  # in others the light on it is dim, or it has left the picture


def test_a_mirror_swaps_left_and_right() -> None:
    swapped = FACE[list(MIRRORED)] * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    assert (swapped - FACE).abs().max() < 0.02  # the default head is nearly symmetrical, and in the middle
    assert sorted(MIRRORED) == list(range(68))


def test_places_are_the_means_of_maps() -> None:
    logits = torch.full((1, 68, MAP_CELLS, MAP_CELLS), -50.0)
    logits[0, :, 10, 20] = 50.0
    assert torch.allclose(places(logits), torch.tensor([20.5, 10.5]) / MAP_CELLS)
    logits[0, :, 10, 21] = 50.0
    assert torch.allclose(places(logits), torch.tensor([21.0, 10.5]) / MAP_CELLS)


def test_losses_count_outer_eye_distances_and_only_what_is_in_the_picture() -> None:
    right = FACE[None]
    sharp = -(places_apart(right) * MAP_CELLS).square()
    good, off = (losses_of(sharp, landmarks, 0.3) for landmarks in (right, right + torch.tensor([0.05, 0.0])))
    distance = float((FACE[36] - FACE[45]).norm())
    assert float(good["error"]) < 0.02
    assert float(off["error"]) == pytest.approx(0.05 / distance, rel=0.1)
    assert off["entropy"] > good["entropy"]
    assert float(off["loss"]) == pytest.approx(float(off["error"] + 0.3 * off["entropy"]))
    outside = right.clone()
    outside[:, 0] = -5.0
    assert float(losses_of(sharp, outside, 0.3)["error"]) < 0.02


def places_apart(landmarks: torch.Tensor) -> torch.Tensor:
    """Distances (N, 68, 32, 32) of the cells of a map from landmarks (N, 68, 2)."""
    cells = (torch.arange(MAP_CELLS) + 0.5) / MAP_CELLS
    columns, rows = cells - landmarks[..., :1], cells - landmarks[..., 1:]
    return (columns.square()[:, :, None] + rows.square()[..., None]).sqrt()


def test_the_learning_rate_rises_and_falls() -> None:
    paces = [pace(done) for done in np.linspace(0, 1, 101)]
    assert paces[0] <= 0.01 and paces[10] == pytest.approx(1) and paces[-1] == pytest.approx(0)
    assert np.all(np.diff(paces[10:]) <= 0)


def test_an_update_draws_the_same_examples_again() -> None:
    faces = fake_faces(3, seed=1)
    config = Config(batch_pictures=2)
    first, again, other = (batch_of(faces, config, number) for number in (5, 5, 6))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])


def test_a_mean_face_is_that_of_faces_laid_over_each_other() -> None:
    turned = fake_face() @ np.array([[0, 1], [-1, 0]], np.float32) * 0.5 + 0.3
    assert mean_face(np.stack([fake_face(), turned])) == pytest.approx(fake_face(), abs=1e-5)


def test_a_run_resumes_and_exports_what_the_addon_opens(tmp_path: Path) -> None:
    config = Config(frames=tmp_path, run=tmp_path / "run", steps=1, batch_pictures=2, fake=True)
    main(config)
    main(Config(**vars(config) | {"steps": 2}))
    learner = Learner.fresh(config)
    learner.resume(tmp_path / "run" / CHECKPOINT)
    assert learner.done_steps == 2
    path = tmp_path / "run" / MODEL
    assert path.stat().st_size < 2_000_000
    model = open_model(path, "CPU", "image_to_landmarks")
    assert model.contract.neutral_landmarks is not None
    assert find_landmarks(model, np.zeros((3, 256, 256, 3), np.float32)).shape == (3, 68, 2)


def test_convolutions_take_their_normalisation_over() -> None:
    network = LandmarkNetwork()
    images = torch.rand(2, 3, 256, 256) * 2 - 1
    network(images)  # which moves the running means
    alone = without_normalisation(network)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in alone.modules())
    with torch.no_grad():
        assert torch.allclose(alone(images), network.eval()(images), atol=1e-4)


def test_missing_frames_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there are no frames in"):
        main(Config(frames=tmp_path, run=tmp_path / "run"))
