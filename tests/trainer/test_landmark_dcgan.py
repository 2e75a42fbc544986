"""P1: shapes of its tables, what each network sees, one update, resume, and both commands with the files they write."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from blender_addon.core.model import as_landmarks, open_model, paint, predict
from trainer import run
from trainer.clips import CLIP_SAMPLE_RATE_HZ
from trainer.landmark_clips import VIDEO_FPS, fake_face, fake_landmark_clips, nose_centred
from trainer.landmark_dcgan import train_images, train_landmarks
from trainer.landmark_dcgan.model import (
    HOP_SAMPLES,
    N_MEMORY_FRAMES,
    N_NOISE,
    N_WINDOW_ROWS,
    RECEPTIVE_FIELD_SECONDS,
    ROWS_PER_FRAME,
    AudioToLandmarks,
    Discriminator,
    Generator,
    LandmarkNetwork,
    from_unit,
    joined_downward,
    joined_upward,
    to_unit,
)

REPOSITORY = Path(__file__).parents[2]
FAKE_SOUND = train_landmarks.Config(batch_runs=2, run_frames=10, device="cpu", fake=True)
FAKE_PICTURES = train_images.Config(device="cpu", fake=True)


def bursts(seconds: float) -> torch.Tensor:
    """Waveform (1, S) of noise bursts, with pauses."""
    n_samples = int(seconds * CLIP_SAMPLE_RATE_HZ)
    envelope = np.clip(np.sin(np.arange(n_samples) / 4000), 0, 1)
    noise = np.random.default_rng(1).standard_normal(n_samples)
    return torch.from_numpy((0.1 * envelope * noise).astype(np.float32)[None])


@pytest.fixture(scope="module")
def model() -> AudioToLandmarks:
    """Untrained, but with weights large enough that the sound shows in the landmarks."""
    torch.manual_seed(0)
    model = AudioToLandmarks().eval()
    face = to_unit(torch.from_numpy(nose_centred(fake_face()))).flatten()
    model.network.standardise(model.features(bursts(8))[0], face)
    with torch.no_grad():
        for parameter in model.network.over_time.parameters():
            parameter.mul_(3)
        model.network.output.weight.mul_(10)
    return model


@torch.no_grad()
def test_the_layers_have_the_sizes_of_table_1() -> None:
    network, sizes = LandmarkNetwork(), []
    for layer in (*network.over_frequency, *network.over_time):
        if not isinstance(layer, torch.nn.ReLU):
            layer.register_forward_hook(lambda _, __, output: sizes.append(tuple(output.shape[1:])))
    n_rows = N_MEMORY_FRAMES * ROWS_PER_FRAME + N_WINDOW_ROWS
    assert network(torch.randn(1, n_rows, 128)).shape == (1, 1, 136)
    over_frequency = [(32, 64), (32, 32), (32, 16), (32, 8), (64, 4), (64, 2), (128, 1)]
    assert [size[:2] for size in sizes[:7]] == over_frequency
    assert sizes[7:] == [(128, 11), (128, 6), (136, 3), (136, 1)]


@torch.no_grad()
def test_windows_cut_from_a_run_equal_windows_on_their_own() -> None:
    network = LandmarkNetwork()
    n_frames, reach = 5, N_MEMORY_FRAMES * ROWS_PER_FRAME + N_WINDOW_ROWS
    features = torch.randn(2, ROWS_PER_FRAME * (n_frames - 1) + reach, 128)
    alone = [network(features[:, ROWS_PER_FRAME * frame : ROWS_PER_FRAME * frame + reach]) for frame in range(n_frames)]
    torch.testing.assert_close(torch.cat(alone, dim=1), network(features))


@torch.no_grad()
def test_waveform_gives_a_nose_centred_face_a_hop(model: AudioToLandmarks) -> None:
    values = model(bursts(2))
    assert values.shape == (1, 2 * VIDEO_FPS, 68, 2)
    assert values.std(dim=1).max() > 1e-3
    torch.testing.assert_close(from_unit(to_unit(values)), values)


@torch.no_grad()
def test_chunks_give_the_result_of_the_whole(model: AudioToLandmarks) -> None:
    waveform = bursts(11)
    context = int(np.ceil(RECEPTIVE_FIELD_SECONDS / 2 * VIDEO_FPS))
    first, last = 100, 150
    chunk = waveform[:, (first - context) * HOP_SAMPLES : (last + context) * HOP_SAMPLES]
    part = model(chunk)[0, context : context + last - first]
    torch.testing.assert_close(part, model(waveform)[0, first:last], atol=1e-5, rtol=0)


@pytest.mark.parametrize("gain_db", [-20, 20])
@torch.no_grad()
def test_the_input_level_hardly_matters(model: AudioToLandmarks, gain_db: float) -> None:
    waveform = bursts(4) * 0.3
    difference = (model(waveform * 10 ** (gain_db / 20)) - model(waveform)).abs().max()
    assert difference < 0.03 * model(waveform).std(dim=1).max()


def test_faces_are_learned_at_the_time_of_their_picture(model: AudioToLandmarks) -> None:
    clip = fake_landmark_clips(1)[0]
    example = train_landmarks.make_example(model.features, clip)
    assert example.landmarks.shape == (len(clip.landmarks), 136)
    assert len(example.features) == ROWS_PER_FRAME * (len(clip.landmarks) + N_MEMORY_FRAMES) + 19
    middle_rows = example.features[ROWS_PER_FRAME * N_MEMORY_FRAMES + 11 :: ROWS_PER_FRAME][: len(clip.landmarks)]
    chin = example.landmarks.reshape(-1, 68, 2)[:, 8, 1]
    assert np.corrcoef(middle_rows.mean(dim=1), chin)[0, 1] > 0.5


def test_steps_of_the_landmarks_lower_the_loss(model: AudioToLandmarks) -> None:
    generator = run.seed_everything(0)
    examples = [train_landmarks.make_example(model.features, clip) for clip in fake_landmark_clips(3)]
    network = LandmarkNetwork()
    network.standardise(examples[0].features, torch.full((136,), 0.5))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    batch = train_landmarks.draw_batch(examples, 2, 10, generator)
    losses = [train_landmarks.step(network, optimizer, batch)["loss"] for _ in range(10)]
    assert losses[-1] < 0.5 * losses[0]


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Convolutions that several threads share add up in any order."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.mark.usefixtures("one_thread")
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, broken = (replace(FAKE_SOUND, run=tmp_path / name) for name in ("whole", "broken"))
    train_landmarks.main(replace(whole, steps=3))
    train_landmarks.main(replace(broken, steps=1))
    train_landmarks.main(replace(broken, steps=3))
    states = [run.load_checkpoint(config.run / train_landmarks.CHECKPOINT) for config in (whole, broken)]
    for name, weights in states[0]["network"].items():
        torch.testing.assert_close(states[1]["network"][name], weights, rtol=0, atol=0, msg=name)


@torch.no_grad()
def test_pictures_have_the_sizes_of_tables_2_and_3() -> None:
    generator, discriminator = Generator(), Discriminator()
    noise, landmarks = torch.rand(2, N_NOISE), torch.rand(2, 136)
    assert generator.to_condition[:-1](torch.rand(2, 1024, 4, 4)).shape == (2, 64, 64, 64)
    picture = generator(noise, landmarks)
    assert picture.shape == (2, 3, 256, 256)
    assert picture.abs().max() <= 1
    assert discriminator.to_condition(picture).shape == (2, 64, 64, 64)
    assert (generator.join.in_channels, discriminator.join.in_channels) == (200, 200)
    assert discriminator.to_features(torch.rand(2, 128, 32, 32)).shape == (2, 1024, 4, 4)
    assert discriminator(picture, landmarks).shape == (2,)


@torch.no_grad()
def test_landmarks_join_as_maps_that_are_the_same_everywhere() -> None:
    landmarks = torch.rand(2, 136)
    for layer, join, size in ((Generator().join, joined_upward, 128), (Discriminator().join, joined_downward, 64)):
        maps = torch.rand(2, 64, size, size)
        repeated = landmarks[:, :, None, None].expand(-1, -1, size, size)
        torch.testing.assert_close(join(layer, maps, landmarks), layer(torch.cat([maps, repeated], dim=1)))


@torch.no_grad()
def test_landmarks_shape_the_picture_from_its_beginning() -> None:
    generator = Generator().eval()
    generator.join.weight[64:] = 0  # what is joined late can only tint the picture
    noise = torch.zeros(2, N_NOISE)
    pictures = generator(noise, torch.stack([torch.full((136,), 0.2), torch.full((136,), 0.8)]))
    assert (pictures[1] - pictures[0]).std() > 1e-3


def test_a_step_of_the_pictures_changes_both_networks() -> None:
    torch.manual_seed(0)
    networks = Generator(), Discriminator()
    before = [parameter.clone() for network in networks for parameter in network.parameters()]
    optimizers = [torch.optim.Adam(network.parameters(), lr=1e-3) for network in networks]
    learner = train_images.Learner(*networks, *optimizers, torch.Generator().manual_seed(0))
    losses = train_images.step(learner, torch.zeros(2, 3, 256, 256), torch.rand(2, 136), pixel_weight=0.0)
    assert all(np.isfinite(loss) for loss in losses.values())
    after = [parameter for network in networks for parameter in network.parameters()]
    assert all(not torch.equal(old, new) for old, new in zip(before, after, strict=True))


def test_no_clips_and_no_frames_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no landmark clips; python -m trainer\.prepare\.grid_video makes some"):
        train_landmarks.main(train_landmarks.Config(clips=tmp_path, run=tmp_path / "run"))
    with pytest.raises(ValueError, match="holds no frames of nobody; name another with --character"):
        train_images.main(train_images.Config(frames=tmp_path, character="nobody", run=tmp_path / "run"))


def command(stage: str, folder: Path) -> None:
    """Run a command as a user would."""
    arguments = ["-m", f"trainer.landmark_dcgan.train_{stage}", "--fake", "--steps", "2", "--run", folder]
    result = subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert list(folder.glob("events.out.tfevents*"))


def test_the_first_command_writes_a_model_file_that_the_addon_runs(tmp_path: Path) -> None:
    command("landmarks", tmp_path)
    assert (tmp_path / "landmarks.png").exists()
    model = open_model(tmp_path / train_landmarks.MODEL, "CPU", "audio_to_landmarks")
    points = as_landmarks(predict(model, bursts(1)[0].numpy()).curves)
    assert points.shape == (VIDEO_FPS, 68, 2)
    assert model.contract.neutral_landmarks is not None
    assert np.abs(points - model.contract.neutral_landmarks).max() < 0.2


@pytest.mark.slow
def test_the_second_command_writes_a_model_file_that_the_addon_runs(tmp_path: Path) -> None:
    command("images", tmp_path)
    model = open_model(tmp_path / train_images.MODEL, "CPU", "landmarks_to_image")
    assert model.contract.neutral_landmarks is not None
    (pictures,) = paint(model, model.contract.neutral_landmarks[None])
    assert pictures.shape == (1, 256, 256, 3)
    assert (tmp_path / "samples.png").exists()


@pytest.mark.slow
def test_the_pictures_resume(tmp_path: Path) -> None:
    config = replace(FAKE_PICTURES, run=tmp_path, batch_size=2)
    train_images.main(replace(config, steps=1))
    train_images.main(replace(config, steps=2))
    assert run.load_checkpoint(tmp_path / train_images.CHECKPOINT)["done_steps"] == 2
