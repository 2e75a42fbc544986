"""P4: losses by hand, the inverse of retargeting, learning, resuming, and every real command up to its model file."""

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from blender_addon.core.frames import save_frames
from blender_addon.core.landmarks import LIPS, close_lids
from blender_addon.core.learned_blinks import blinks_of
from blender_addon.core.model import N_BLINK_NOISE, as_landmarks, blink, open_model, paint, predict
from trainer.landmark_cascade import train_blinks, train_landmarks, train_texture
from trainer.landmark_cascade.canvas import EYES, canvas, following, moved, nearest
from trainer.landmark_cascade.eyelids import WINDOW_FRAMES, blink_runs, closures_of_landmarks, windows_of
from trainer.landmark_cascade.faces import as_pictures, fake_frames
from trainer.landmark_cascade.learning import Networks, emphasis, evenly_spread
from trainer.landmark_cascade.losses import direction_loss, distance_loss, min_max_loss, mmd_loss, regularization_loss
from trainer.landmark_cascade.model import (
    N_COMPONENTS,
    BlinkGenerator,
    Blinks,
    LandmarkDiscriminator,
    LandmarkGenerator,
    start_from_components,
)
from trainer.landmark_cascade.retarget import canonical_displacements, neutral_of, retarget
from trainer.landmark_cascade.texture import WIDTHS, LandmarkPicture, Painter, without_spectral_norm
from trainer.landmark_clips import fake_face, nose_centred

REPOSITORY = Path(__file__).parents[2]
FACE = fake_face().astype(np.float64)


def blinking(n_frames: int, starts: list[int], length: int = 8) -> np.ndarray:
    """Landmarks (T, 68, 2) of the default head whose eyes shut and open from each start on."""
    closure = np.zeros(n_frames)
    for start in starts:
        closure[start : start + length] = np.bartlett(length + 2)[1:-1] / np.bartlett(length + 2).max()
    return close_lids(np.repeat(FACE[None], n_frames, axis=0), np.repeat(closure[:, None], 2, axis=1))


def test_blinks_are_found_by_the_eye_aspect_ratio() -> None:
    closures = closures_of_landmarks(blinking(100, [20, 60]))
    assert [round((start + stop) / 2) for start, stop in blink_runs(closures)] == [24, 64]
    assert closures.max() > 0.95 and closures[:15].max() == 0


def test_windows_with_lowered_lids_are_left_out() -> None:
    blinks, lowered = (closures_of_landmarks(blinking(WINDOW_FRAMES, [30], length)) for length in (8, 30))
    windows = windows_of([blinks, lowered])
    assert windows.values.shape == (1, WINDOW_FRAMES, 2)
    assert windows.blinks_per_second == pytest.approx(25 / (WINDOW_FRAMES - 1))
    with pytest.raises(ValueError, match="name other sources"):
        windows_of([lowered])


def test_discrepancy_is_that_of_the_kernel() -> None:
    real, generated = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [2.0]])
    between = (1 + math.exp(-2) + 2 * math.exp(-0.5)) / 4
    expected = math.exp(-0.5) + math.exp(-2) - 2 * between
    assert float(mmd_loss(real, generated, (1.0,))) == pytest.approx(expected)
    assert float(mmd_loss(torch.randn(400, 2), torch.randn(400, 2), (1.0,))) == pytest.approx(0, abs=0.01)


def test_min_max_loss_compares_ranges() -> None:
    real, generated = torch.zeros(2, 5, 1), torch.zeros(2, 5, 1)
    real[:, 2], generated[:, 3] = 1.0, 0.5
    assert float(min_max_loss(real, generated)) == pytest.approx(0.25)


def test_landmark_losses_are_those_of_the_paper() -> None:
    measured = torch.zeros(1, 3, 68, 2)
    measured[:, 1:] = 1.0
    generated = torch.zeros(1, 3, 68, 2)
    generated[:, 2] = 2.0
    assert float(distance_loss(generated, measured)) == pytest.approx(2 / 3)
    assert float(regularization_loss(generated)) == pytest.approx(2)
    # up, still against still, up: half a step missed where it stands, all of it where it goes on
    assert float(direction_loss(generated, measured, sharpness=1e3)) == pytest.approx((0.25 + 1) / 2)


def test_retargeting_undoes_itself() -> None:
    person = FACE * (1.3, 0.9) + 0.1
    canonical = nose_centred(FACE).astype(np.float64)
    moved = np.repeat(person[None], 4, axis=0)
    moved[:, 48:] += np.random.default_rng(0).normal(0, 0.01, (4, 20, 2))
    displacements = canonical_displacements(moved, person, canonical)
    assert np.allclose(retarget(canonical + displacements, canonical, person), moved, atol=1e-9)
    assert np.allclose(retarget(canonical[None], canonical, person), person)


def test_the_neutral_face_has_open_eyes_and_a_closed_mouth() -> None:
    landmarks = blinking(20, [10])
    landmarks[:, 65:68, 1] += 0.02
    landmarks[[4, 14], 65:68, 1] -= 0.02  # closed while the eyes are open, and while they are shut
    assert np.array_equal(neutral_of(landmarks), landmarks[4])


@torch.no_grad()
def test_generator_and_discriminator_begin_with_principal_components() -> None:
    moved = torch.randn(500, 3) @ torch.randn(3, 136) * 0.01
    generator, discriminator = LandmarkGenerator(), LandmarkDiscriminator()
    start_from_components(generator, discriminator, moved.reshape(-1, 68, 2))
    code = discriminator.encoder(moved)
    assert code.shape == (500, N_COMPONENTS)
    assert torch.allclose(code[:, :3].std(dim=0), torch.ones(3), atol=0.02)
    assert torch.allclose(generator.decoder(code), moved, atol=1e-4)


@torch.no_grad()
def test_a_row_of_landmarks_depends_on_its_window_alone() -> None:
    torch.manual_seed(0)
    generator = LandmarkGenerator().eval()
    phones = torch.softmax(torch.randn(1, 60, 29), dim=2)
    changed = phones.clone()
    changed[:, 30] = 1 / 29
    differs = (generator(phones) != generator(changed)).flatten(2).any(dim=2)[0].nonzero()[:, 0].tolist()
    assert differs == list(range(24, 37))


@torch.no_grad()
def test_landmarks_are_drawn_where_they_are() -> None:
    picture = LandmarkPicture()(torch.from_numpy(fake_face())[None])[0]
    assert picture.shape == (3, 256, 256) and picture.min() >= 0 and picture.max() <= 1
    for channel, point in ((0, 8), (1, 36), (2, 48)):
        x, y = (fake_face()[point] * 256).astype(int)
        assert picture[channel, y, x] > 0.5
        assert picture[channel, y + 30, 5] < 0.01


def test_blinks_learn_towards_the_real_ones(tmp_path: Path) -> None:
    config = train_blinks.Config(run=tmp_path, fake=True, steps=25, batch_windows=32, save_every=1000)
    draws = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    sources = train_blinks.load_sources(config)
    generator = BlinkGenerator()
    optimizer = torch.optim.Adam(generator.parameters(), lr=2e-3)
    losses = [
        train_blinks.step(generator, optimizer, *train_blinks.draw(sources, config, draws), config)["mmd"]
        for _ in range(config.steps)
    ]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


@torch.no_grad()
def test_plain_numpy_blinks_as_torch_does() -> None:
    torch.manual_seed(0)
    blinks = Blinks(BlinkGenerator()).eval()
    blinks.generator.lids.weight.mul_(8)
    noise = torch.randn(1, 50, N_BLINK_NOISE)
    weights = {name: tensor.numpy() for name, tensor in blinks.named_parameters()}
    constants = {name: np.float32(value) for name, value in train_blinks.CONSTANTS.items()}
    closures = blinks_of(noise[0].numpy(), weights | constants)
    assert np.ptp(closures) > 0.1
    assert np.allclose(closures, blinks(noise)[0].numpy(), atol=1e-5)


def test_one_person_moves_the_meta_learned_weights() -> None:
    torch.manual_seed(0)
    config = train_texture.Config(fake=True, inner_steps=1, batch_pictures=1)
    networks = Networks.fresh()
    optimizers = tuple(
        torch.optim.Adam(part.parameters(), lr=1e-3) for part in (networks.generator, networks.discriminator)
    )
    learner = train_texture.Learner(networks, Networks.fresh(), optimizers)  # type: ignore[arg-type]  # a pair
    before = {name: value.clone() for name, value in networks.generator.named_parameters()}
    figures = train_texture.step(learner, next(train_texture.tasks(config, 0)), config)
    assert all(math.isfinite(figure) for figure in figures.values()) and learner.done_steps == 1
    still = {name for name, value in networks.generator.named_parameters() if torch.equal(value, before[name])}
    assert {name for name in still if "attention" not in name} == set()  # attention begins at an amount of 0


@torch.no_grad()
@pytest.mark.parametrize("paints_over", [False, True])
def test_a_painter_without_spectral_normalisation_paints_the_same(paints_over: bool) -> None:
    torch.manual_seed(0)
    networks = Networks.fresh(paints_over=paints_over)
    networks.generator.eval()
    frames = as_pictures(fake_frames(3, 0))
    person = networks.meet(frames)
    assert person.texture.shape == (2, WIDTHS[-1])
    painted = networks.paint(frames.landmarks[:1], person)
    without_spectral_norm(networks.generator)
    painter = Painter(networks.generator, person.texture, frames.images, frames.landmarks)
    assert torch.allclose(painter(frames.landmarks[:1]), painted, atol=1e-4)


def test_a_canvas_moves_the_nearest_pictures_to_the_landmarks() -> None:
    shown = as_pictures(fake_frames(6, 0))
    error = (canvas(shown.images, shown.landmarks, shown.landmarks) - shown.images).abs().mean()
    assert 0 < error < 0.3 * (shown.images.roll(1, 0) - shown.images).abs().mean()
    bent = torch.from_numpy(fake_face().astype(np.float32))[None]
    nose = torch.full((1, 3, 256, 256), -1.0)
    x, y = (bent[0, 30] * 256).round().long().tolist()
    nose[:, :, y - 2 : y + 2, x - 2 : x + 2] = 1
    lower = bent + torch.tensor([0, 8 / 256])
    painted = moved(nose, bent - lower, following(lower))[0, 0]
    row, column = divmod(int(painted.argmax()), 256)
    assert abs(row - (y + 8)) <= 3 and abs(column - x) <= 3
    assert painted[:40].max() < -0.99 and painted[240:].max() < -0.99


def test_what_is_nearer_counts_more_and_what_comes_third_nothing() -> None:
    face = torch.from_numpy(fake_face().astype(np.float32))
    faces = face.repeat(4, 1, 1)
    faces[:, 60:, 1] += torch.tensor([0.1, 0.2, 0.3, 0.9])[:, None]  # the lower lip

    def wanted(opening: float) -> torch.Tensor:
        one = face.clone()
        one[60:, 1] += opening
        return one[None]

    chosen, weights = nearest(faces, wanted(0.12), LIPS)
    assert chosen.tolist() == [[0, 1]] and weights[0, 0] > weights[0, 1] > 0
    assert float(weights.sum()) == pytest.approx(1)
    _, weights = nearest(faces, wanted(0.2), LIPS)  # the others are equally far
    assert weights[0].tolist() == pytest.approx([1, 0], abs=1e-4)
    assert nearest(faces[:1], wanted(0.5), LIPS)[1].tolist() == [[1]]


def test_eyes_and_lips_come_from_the_pictures_that_have_them() -> None:
    face = torch.from_numpy(fake_face().astype(np.float32))
    open_mouth, closed_eyes = face.clone(), face.clone()
    open_mouth[55:60, 1] += 0.05
    closed_eyes[36:48, 1] *= 1.2
    images = torch.tensor([0.0, 1.0, 2.0])[:, None, None, None].expand(3, 3, 256, 256)
    both = torch.cat([closed_eyes[:48], open_mouth[48:]])[None]
    painted = canvas(images, torch.stack([face, open_mouth, closed_eyes]), both)[0, 0]
    eyes, lips = ((both[0, part, 1].mean() * 256).long() for part in (EYES, LIPS))
    assert painted[eyes, 128] > 1.7 and painted[lips, 128] < 1.5


def test_eyes_and_lips_count_most() -> None:
    face = torch.from_numpy(fake_face().astype(np.float32))[None]
    weights = emphasis(face)[0, 0]
    x, y = (face[0, LIPS].mean(0) * 256).long()
    assert weights.shape == (256, 256) and weights[y, x] > 5 and weights[2, 2] < 1.01


def test_pictures_are_spread_evenly() -> None:
    assert evenly_spread(9, 20).tolist() == list(range(9))
    assert evenly_spread(9, 3).tolist() == [0, 4, 8]


def command(stage: str, *arguments: str) -> str:
    """What a stage prints."""
    line = [sys.executable, "-m", f"trainer.landmark_cascade.{stage}", *arguments]
    result = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_blink_command_trains_resumes_and_exports(tmp_path: Path) -> None:
    command("train_blinks", "--fake", "--steps", "2", "--batch-windows", "16", "--run", str(tmp_path))
    command("train_blinks", "--fake", "--steps", "3", "--batch-windows", "16", "--run", str(tmp_path))
    model = open_model(tmp_path / "model.onnx", "CPU", "noise_to_blinks")
    curves = blink(model, 40, seed=0)
    assert curves.values.shape == (40, 2) and curves.channels == ("eyeBlinkLeft", "eyeBlinkRight")


def test_the_landmark_command_exports_a_model_that_takes_sound(tmp_path: Path) -> None:
    config = train_landmarks.Config(run=tmp_path, fake=True, steps=2, device="cpu")
    train_landmarks.main(config)
    train_landmarks.main(replace(config, steps=3))
    model = open_model(tmp_path / "model.onnx", "CPU", "audio_to_landmarks")
    waveform = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    landmarks = as_landmarks(predict(model, waveform).curves)
    assert landmarks.shape == (50, 68, 2)
    eyes = np.linalg.norm(landmarks[:, 36] - landmarks[:, 45], axis=1)
    assert np.allclose(eyes, 1, atol=0.01) and np.abs(landmarks[:, 30]).max() < 0.01


@pytest.mark.slow
def test_a_character_is_learned_by_a_command_that_tells_its_progress(tmp_path: Path) -> None:
    small = ("--fake", "--steps", "1", "--inner-steps", "1", "--batch-pictures", "1", "--run", str(tmp_path))
    command("train_texture", *small)
    save_frames(tmp_path / "frames", fake_frames(4, 0))
    told = command(
        "finetune",
        *("--frames", str(tmp_path / "frames"), "--output", str(tmp_path / "painter.onnx"), "--epochs", "1"),
        *("--start", str(tmp_path / "start.safetensors")),
    )
    done = [float(line.split()[1]) for line in told.splitlines()]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 1
    model = open_model(tmp_path / "painter.onnx", "CPU", "landmarks_to_image")
    assert np.concatenate(list(paint(model, fake_frames(9, 1).landmarks))).shape == (9, 256, 256, 3)
    assert np.allclose(model.contract.neutral_landmarks, fake_frames(4, 0).landmarks[0], atol=0.05)


def test_a_missing_start_is_one_sentence(tmp_path: Path) -> None:
    save_frames(tmp_path / "frames", fake_frames(4, 0))
    line = [sys.executable, "-m", "trainer.landmark_cascade.finetune", "--frames", str(tmp_path / "frames")]
    line += ["--output", str(tmp_path / "x.onnx"), "--start", str(tmp_path / "none.safetensors")]
    result = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("error: there is no ") and result.stderr.count("\n") == 1
