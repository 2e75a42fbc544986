"""The HMM baseline: beliefs against enumeration, learning a known model, regression, and the command's model file."""

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer.blendshape_attention import hmm
from trainer.blendshape_attention.data import Example
from trainer.blendshape_attention.model import HOP_SAMPLES

REPOSITORY = Path(__file__).parents[2]


def test_beliefs_are_those_of_all_paths_enumerated() -> None:
    generator = torch.Generator().manual_seed(0)
    likelihood = torch.rand(4, 1, 3, generator=generator)
    transition = torch.softmax(torch.randn(3, 3, generator=generator), dim=1)
    stationary = hmm.stationary_states(transition)
    _, ahead, future = hmm.state_beliefs(likelihood, transition, stationary)
    both = (ahead * future)[:, 0]
    expected = torch.zeros(4, 3)
    for path in itertools.product(range(3), repeat=4):
        chance = stationary[0, path[0]] * likelihood[0, 0, path[0]]
        for t in range(1, 4):
            chance = chance * transition[path[t - 1], path[t]] * likelihood[t, 0, path[t]]
        for t in range(4):
            expected[t, path[t]] += chance
    torch.testing.assert_close(both / both.sum(dim=1, keepdim=True), expected / expected.sum(dim=1, keepdim=True))


def test_likelihoods_are_those_of_the_gaussians() -> None:
    generator = torch.Generator().manual_seed(0)
    root = torch.randn(3, 4, 4, generator=generator)
    covariance, mean = root @ root.mT + torch.eye(4), torch.randn(3, 4, generator=generator)
    frames = torch.randn(5, 2, 4, generator=generator)
    gaussian = torch.distributions.MultivariateNormal(mean, covariance)
    expected = gaussian.log_prob(frames.unsqueeze(2))
    found = hmm.likelihoods(frames, mean, hmm.whitening(covariance)).log()
    torch.testing.assert_close(found - found.amax(2, True), expected - expected.amax(2, True), atol=1e-4, rtol=1e-4)


def sampled_segments(n_segments: int, n_frames: int, transition: np.ndarray, mean: np.ndarray) -> torch.Tensor:
    """Observations (N, T, D) of a chain of states with these means and deviation 0.3."""
    generator = np.random.default_rng(0)
    states = np.zeros((n_segments, n_frames), int)
    for n, t in itertools.product(range(n_segments), range(1, n_frames)):
        states[n, t] = generator.choice(len(mean), p=transition[states[n, t - 1]])
    return torch.from_numpy(mean[states] + generator.normal(0, 0.3, (n_segments, n_frames, mean.shape[1]))).float()


def test_training_finds_the_model_that_made_the_data() -> None:
    transition = np.array([[0.9, 0.1, 0.0], [0.0, 0.8, 0.2], [0.3, 0.0, 0.7]])
    mean = np.array([[1.5, 0.0], [-1.0, 1.0], [0.0, -1.5]])
    segments = sampled_segments(60, 40, transition, mean)
    found = hmm.train(segments, hmm.Config(n_states=3, iterations=15, variance_floor=0.001))
    order = torch.cdist(torch.from_numpy(mean).float(), found.mean).argmin(dim=1)
    assert sorted(order.tolist()) == [0, 1, 2]
    torch.testing.assert_close(found.mean[order], torch.from_numpy(mean).float(), atol=0.06, rtol=0)
    found_transition = found.transition[order][:, order]
    torch.testing.assert_close(found_transition, torch.from_numpy(transition).float(), atol=0.05, rtol=0)
    torch.testing.assert_close(found.covariance, 0.09 * torch.eye(2).repeat(3, 1, 1), atol=0.03, rtol=0)


@torch.no_grad()
def test_a_face_that_follows_the_sound_is_predicted_and_the_others_rest() -> None:
    jaw = torch.tensor([channel == "jawOpen" for channel in BLENDSHAPE_CHANNELS])
    generator = torch.Generator().manual_seed(0)
    waveform = 0.1 * torch.randn(1, 40 * HOP_SAMPLES, generator=generator)
    waveform *= torch.linspace(0, 1, waveform.shape[1])
    sound = hmm.own_rows(hmm.AudioFeatures()(waveform)[0])
    face = (0.4 + 0.1 * (sound[:, :1] - sound[:, :1].mean()) / sound[:, :1].std()).clamp(0, 1)
    segments = torch.cat([sound, face], dim=1).unsqueeze(0)
    scale, shift = torch.std_mean(segments, dim=(0, 1))
    trained = hmm.train((segments - shift) / scale, hmm.Config(n_states=1, iterations=2, variance_floor=1e-4))
    values = hmm.HmmRegression(trained, shift, scale, jaw)(waveform)[0]
    assert values.shape == (40, 51)
    torch.testing.assert_close(values[:, jaw], face, atol=0.02, rtol=0)
    assert not values[:, ~jaw].any()


def test_the_command_writes_a_model_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trainer.blendshape_attention.hmm", "--fake", "--n-states", "4"]
    result = subprocess.run([*command, "--run", tmp_path], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    assert contract["kind"] == "audio_to_blendshapes"
    values = session.run(["values"], {"waveform": np.zeros((1, 10 * HOP_SAMPLES), np.float32)})[0]
    assert values.shape == (1, 10, 51)


def test_no_clips_is_a_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trainer.blendshape_attention.hmm", "--clips", tmp_path, "--run", tmp_path / "run"]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "prepare a corpus first" in result.stderr


def test_clips_are_cut_into_whole_pieces_and_short_ones_left_out() -> None:
    short, long = (
        Example("fake", "none", torch.rand(n_frames + 63, 39), torch.rand(n_frames, 51), torch.ones(51))
        for n_frames in (49, 150)
    )
    pieces = hmm.segments_of([short, long], torch.ones(51, dtype=torch.bool), 60)
    assert pieces.shape[:2] == (2, 60)
    torch.testing.assert_close(pieces[1, :, -51:], long.targets[60:120])
    with pytest.raises(ValueError, match="no clip of at least"):
        hmm.segments_of([short], torch.ones(51, dtype=torch.bool), 60)
