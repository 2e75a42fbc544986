"""P3: shapes, losses by hand, learning, resuming, and the real command up to the model file."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer import run
from trainer.blendshape_attention import train as training
from trainer.blendshape_attention.data import (
    Batch,
    by_corpus,
    disturb,
    draw_batch,
    make_examples,
    silent_clips,
    vary,
)
from trainer.blendshape_attention.model import (
    FPS,
    HOP_SAMPLES,
    N_FEATURES,
    N_WINDOW_FRAMES,
    RECEPTIVE_FIELD_SECONDS,
    AudioFeatures,
    AudioToBlendshapes,
    BlendshapeNetwork,
)
from trainer.blendshape_attention.train import Config, smooth_loss, target_loss
from trainer.clips import CLIP_SAMPLE_RATE_HZ, fake_clips

REPOSITORY = Path(__file__).parents[2]
SMALL = Config(n_nodes=16, versions=1, silences=2, batch_size=20, run_frames=10, device="cpu", fake=True)


def bursts(seconds: float) -> torch.Tensor:
    """Waveform (1, S) of noise bursts, with pauses."""
    n_samples = int(seconds * CLIP_SAMPLE_RATE_HZ)
    envelope = np.clip(np.sin(np.arange(n_samples) / 4000), 0, 1)
    noise = np.random.default_rng(1).standard_normal(n_samples)
    return torch.from_numpy((0.1 * envelope * noise).astype(np.float32)[None])


@pytest.fixture(scope="module")
def model() -> AudioToBlendshapes:
    """Untrained, with outputs inside [0, 1] so that the clamp hides nothing."""
    torch.manual_seed(0)
    model = AudioToBlendshapes(16).eval()
    model.network.standardise(model.features(bursts(8))[0])
    with torch.no_grad():
        weight, bias = list(model.network.dense.parameters())[-2:]
        weight.mul_(0.1)
        bias.fill_(0.5)
    return model


@pytest.mark.parametrize("n_nodes", [128, 256, 512])
def test_a_window_gives_51_values(n_nodes: int) -> None:
    network = BlendshapeNetwork(n_nodes)
    assert network(torch.randn(1, N_WINDOW_FRAMES, N_FEATURES)).shape == (1, 1, 51)
    assert network.score.in_features == n_nodes


@torch.no_grad()
def test_waveform_gives_one_row_a_hop_in_range(model: AudioToBlendshapes) -> None:
    values = model(bursts(2))
    assert values.shape == (1, 2 * FPS, len(BLENDSHAPE_CHANNELS))
    assert values.min() >= 0
    assert values.max() <= 1
    assert values.std(dim=1).max() > 1e-4


@torch.no_grad()
def test_a_row_sees_nothing_beyond_the_receptive_field(model: AudioToBlendshapes) -> None:
    waveform, row = bursts(9), 4 * FPS
    reach = round(RECEPTIVE_FIELD_SECONDS / 2 * CLIP_SAMPLE_RATE_HZ)
    beyond, near = waveform.clone(), waveform.clone()
    middle = row * HOP_SAMPLES
    noise = 0.3 * torch.randn(waveform.shape, generator=torch.Generator().manual_seed(0))
    beyond[:, : middle - reach] = noise[:, : middle - reach]
    beyond[:, middle + reach :] = noise[:, middle + reach :]
    near[:, middle + 10 * HOP_SAMPLES :] = noise[:, middle + 10 * HOP_SAMPLES :]
    expected = model(waveform)[0, row]
    torch.testing.assert_close(model(beyond)[0, row], expected)
    assert (model(near)[0, row] - expected).abs().max() > 1e-5


@torch.no_grad()
def test_chunks_give_the_result_of_the_whole(model: AudioToBlendshapes) -> None:
    waveform = bursts(12)
    context = math.ceil(RECEPTIVE_FIELD_SECONDS / 2 * FPS)
    first, last = 120, 240
    chunk = waveform[:, (first - context) * HOP_SAMPLES : (last + context) * HOP_SAMPLES]
    torch.testing.assert_close(
        model(chunk)[0, context : context + last - first], model(waveform)[0, first:last], atol=1e-5, rtol=0
    )


@pytest.mark.parametrize("gain_db", [-20, 20])
@torch.no_grad()
def test_the_input_level_hardly_matters(model: AudioToBlendshapes, gain_db: float) -> None:
    waveform = bursts(4) * 0.3
    difference = (model(waveform * 10 ** (gain_db / 20)) - model(waveform)).abs().max()
    assert difference < 0.02 * model(waveform).std(dim=1).max()


@torch.no_grad()
def test_whole_sequence_equals_a_window_where_both_see_the_same(model: AudioToBlendshapes) -> None:
    features = model.features(bursts(3))[:, 10 : 10 + N_WINDOW_FRAMES]
    torch.testing.assert_close(model.network(features, whole_sequence=True), model.network(features))


@torch.no_grad()
def test_whole_sequence_attends_to_each_frames_own_window(model: AudioToBlendshapes) -> None:
    features = model.features(bursts(3))
    changed = features.clone()
    changed[:, :20] += 30
    frames = torch.arange(features.shape[1] - N_WINDOW_FRAMES + 1)
    difference = (model.network(features, True) - model.network(changed, True)).abs().amax(dim=(0, 2))
    assert difference[frames < 20].min() > 10 * difference[frames > 60].max()


@torch.no_grad()
def test_without_attention_a_frame_is_its_own_step_of_the_whole_sequence() -> None:
    network = BlendshapeNetwork(16, attention=False)
    features = torch.randn(2, 9 + N_WINDOW_FRAMES, N_FEATURES)
    frames = network(features)
    assert frames.shape == (2, 10, 51)
    torch.testing.assert_close(network(features, whole_sequence=True), frames)
    for layer in network.layers:  # forgets at once, so that a frame is what its own row says
        for name, weights in layer.lstm.named_parameters():
            if "hh" in name:
                weights.zero_()
        layer.lstm.bias_ih_l0[16:32] = layer.lstm.bias_ih_l0_reverse[16:32] = -1e4
    changed = features.clone()
    changed[:, 36] += 1
    differs = (network(changed) - network(features)).abs().amax(dim=(0, 2)) > 0
    assert differs.nonzero().flatten().tolist() == [36 - 32]


def test_channels_that_no_speech_labels_stay_at_rest() -> None:
    jaw = np.array([channel == "jawOpen" for channel in BLENDSHAPE_CHANNELS])
    clips = [replace(clip, labelled=jaw) for clip in fake_clips(1)]
    corpora = by_corpus(make_examples(AudioFeatures(), [*clips, *silent_clips(1, seed=0)], n_versions=1, seed=0), 10)
    network = BlendshapeNetwork(16)
    network.keep_at_rest(training.unlabelled_channels(corpora))
    moves = network(corpora["fake"][0].features[None], whole_sequence=True)[0].abs().amax(dim=0) > 0
    assert moves.tolist() == jaw.tolist()


def test_target_loss_by_hand() -> None:
    predicted = torch.tensor([[[0.005, 0.03, 0.9]]])
    labelled = torch.tensor([[1.0, 1.0, 0.0]])
    expected = (0.5 * 0.5**2 + (3.0 - 0.5)) / 2  # quadratic below delta 1, linear above, the third not measured
    assert target_loss(predicted, torch.zeros(1, 1, 3), labelled, delta=1.0) == pytest.approx(expected)


def test_smooth_loss_by_hand() -> None:
    neutral = training.NEUTRAL_COORDINATE
    predicted = torch.tensor([[[neutral, 0.0], [0.0, neutral], [0.0, neutral]]])
    labelled = torch.ones(1, 2)
    assert smooth_loss(predicted, labelled) == pytest.approx((0.5 + 0) / 2, abs=1e-6)
    assert smooth_loss(torch.zeros(1, 3, 2), labelled) == pytest.approx(0, abs=1e-6)


def test_faster_voice_keeps_sound_and_targets_together() -> None:
    generator = np.random.default_rng(0)
    clip = fake_clips(1)[0]
    varied = [vary(clip, generator) for _ in range(6)]
    for other in [clip, *varied]:
        seconds = len(other.waveform) / CLIP_SAMPLE_RATE_HZ
        assert seconds == pytest.approx(other.curves.duration_seconds, abs=0.02)
        middle = np.arange(len(other.curves.values)) / other.curves.fps
        loudness = np.convolve(np.abs(other.waveform), np.ones(481) / 481, "same")
        heard = loudness[np.minimum((middle * CLIP_SAMPLE_RATE_HZ).astype(int), len(loudness) - 1)]
        assert np.corrcoef(heard, other.curves.column("jawOpen"))[0, 1] > 0.9
    assert len({len(other.waveform) for other in varied}) > 2


def test_noise_has_the_asked_scale_and_a_part_common_to_each_run() -> None:
    scale = torch.linspace(0, 2, N_FEATURES)
    batch = Batch(torch.zeros(200, 90, N_FEATURES), torch.zeros(200, 27, 51), torch.ones(200, 51))
    features = disturb(batch, scale, torch.Generator().manual_seed(0)).features
    torch.testing.assert_close(features.std(dim=1).mean(dim=0), scale, rtol=0.02, atol=0)
    torch.testing.assert_close(features.mean(dim=1).std(dim=0), scale, rtol=0.2, atol=0)


def test_silence_is_a_face_at_rest() -> None:
    for clip in silent_clips(3, seed=0):
        assert not clip.curves.values.any()
        assert 0 < np.abs(clip.waveform).max() < 0.5


@pytest.mark.parametrize("whole_sequence", [False, True])
def test_steps_lower_the_loss(whole_sequence: bool) -> None:
    generator = run.seed_everything(0)
    corpora = by_corpus(make_examples(AudioFeatures(), fake_clips(4), n_versions=1, seed=0), run_frames=10)
    network = BlendshapeNetwork(16)
    network.standardise(corpora["fake"][0].features)
    batch = draw_batch(corpora, {}, 4, 10, generator)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses = [training.step(network, optimizer, batch, SMALL, whole_sequence)["loss"] for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]


def test_no_clips_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="prepare a corpus first"):
        training.main(Config(clips=tmp_path, run=tmp_path / "run", silences=0))


def test_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = replace(SMALL, whole_sequence_steps=2, validate_every=3, run=tmp_path / "whole")
    broken = replace(whole, run=tmp_path / "broken")
    training.main(replace(whole, steps=4))
    training.main(replace(broken, steps=1))
    training.main(replace(broken, steps=4))
    states = [run.load_checkpoint(config.run / training.CHECKPOINT) for config in (whole, broken)]
    assert states[0]["progress"]["done_steps"] == states[1]["progress"]["done_steps"] == 6
    for name, weights in states[0]["network"].items():
        torch.testing.assert_close(states[1]["network"][name], weights, rtol=0, atol=0, msg=name)


def test_training_ends_when_patience_does() -> None:
    progress = training.Progress()
    assert [progress.note(loss) for loss in (3.0, 2.0, 2.5, 2.1)] == [True, True, False, False]
    assert progress.validations_since_best == 2
    assert progress.best_loss == 2.0


def test_the_command_writes_a_complete_model_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trainer.blendshape_attention.train", "--fake", "--steps", "2", "--n-nodes", "16"]
    result = subprocess.run([*command, "--run", tmp_path], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    session = onnxruntime.InferenceSession(tmp_path / training.MODEL, providers=["CPUExecutionProvider"])
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    assert contract["kind"] == "audio_to_blendshapes"
    assert contract["contract_version"] == 1
    assert contract["sample_rate_hz"] / contract["hop_samples"] == contract["fps"] == FPS
    assert tuple(contract["channels"]) == BLENDSHAPE_CHANNELS
    assert contract["receptive_field_seconds"] == RECEPTIVE_FIELD_SECONDS
    assert {source["corpus"] for source in contract["trained_on"]} == {"fake", "silence"}
    assert contract["trained_with"]["config"]["n_nodes"] == 16
    assert contract["metrics"] == json.loads((tmp_path / "metrics.json").read_text())
    values = session.run(["values"], {"waveform": np.zeros((1, 10 * HOP_SAMPLES), np.float32)})[0]
    assert values.shape == (1, 10, 51)
    assert list(tmp_path.glob("events.out.tfevents*"))
