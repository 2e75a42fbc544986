"""voice_to_face: variations, contact, losses, and the real command: processes, resuming, the model file."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.model import stated_facts
from trainer import run
from trainer.clips import PHONES, fake_clips
from trainer.evaluate import lip_gap
from trainer.voice_to_face import join
from trainer.voice_to_face import train as training
from trainer.voice_to_face.data import (
    ENVELOPE,
    MEL_HZ,
    Track,
    _other_voice,
    _smeared,
    draw_batch,
    make_track,
    silent_track,
    vary,
)
from trainer.voice_to_face.losses import contact_loss, is_contact
from trainer.voice_to_face.model import (
    FPS,
    HOP_SAMPLES,
    N_MELS,
    SAMPLE_RATE_HZ,
    STYLES,
    Contact,
    VoiceNetwork,
    VoiceToFace,
    stacked_features,
)
from trainer.voice_to_face.train import Config

REPOSITORY = Path(__file__).parents[2]
SMALL = Config(steps=4, batch_runs=4, run_frames=30, warmup_steps=1, validate_every=2, device="cpu", fake=True)
JAW, CLOSE = BLENDSHAPE_CHANNELS.index("jawOpen"), BLENDSHAPE_CHANNELS.index("mouthClose")


@pytest.fixture(scope="module")
def tracks() -> list[Track]:
    return [make_track("fake", fake_clips(4), "grid"), silent_track(200, torch.ones(51))]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run."""
    folder = tmp_path_factory.mktemp("trained")
    training.main(replace(SMALL, run=folder))
    return folder


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_batch_follows_from_its_seeds_alone(tracks: list[Track]) -> None:
    whole = draw_batch(tracks, torch.ones(2), [5, 6, 7, 8], 30, 0.5)
    part = draw_batch(tracks, torch.ones(2), [7], 30, 0.5)
    for name, rows in vars(whole).items():
        torch.testing.assert_close(getattr(part, name)[0], rows[2], rtol=0, atol=0)
    assert whole.mel_power.shape == (4, 60, N_MELS) and whole.targets.shape == (4, 30, 51)
    assert set(whole.style.sum(dim=1).tolist()) <= {0.0, 1.0}


def test_variations_differ_and_stay_sound(tracks: list[Track]) -> None:
    power = 10 ** tracks[0].mel_power[:200].float()
    varied = [vary(power, torch.zeros(200, N_MELS), generator(seed)) for seed in range(40)]
    assert all(torch.isfinite(rows).all() and (rows >= 0).all() for rows in varied)
    levels_db = 10 * torch.stack([rows.mean() for rows in varied]).log10()
    assert levels_db.std() > 5


def test_some_runs_are_heard_through_a_telephone(tracks: list[Track]) -> None:
    power = torch.ones(200, N_MELS)
    varied = [vary(power, torch.zeros(200, N_MELS), generator(seed)) for seed in range(300)]
    above, inside = MEL_HZ > 4000, (MEL_HZ > 500) & (MEL_HZ < 2500)
    fall_db = 10 * torch.tensor([(rows[:, above].mean() / rows[:, inside].mean()).log10() for rows in varied])
    assert 0.05 < (fall_db < -20).float().mean() < 0.3


def test_targets_follow_the_sound_at_any_speed(tracks: list[Track]) -> None:
    """Fake jaws follow the loudness: after any variation they still do."""
    batch = draw_batch(tracks, torch.tensor([1.0, 0.0]), list(range(20)), 60, 0.5)
    loudness_db = 10 * batch.mel_power.mean(dim=2)[:, ::2].log10()
    together = torch.stack([loudness_db.flatten(), batch.targets[:, :, JAW].flatten()])
    assert torch.corrcoef(together)[0, 1] > 0.5


def test_contact_closes_the_lips_and_nothing_else_does() -> None:
    open_mouth = torch.full((1, 1, 51), 0.5)
    open_mouth[:, :, CLOSE] = 0.1
    close = Contact()
    untouched, pressed = close(open_mouth, torch.zeros(1, 1, 2)), close(open_mouth, torch.tensor([[[1.0, 0.0]]]))
    torch.testing.assert_close(untouched, open_mouth)
    assert lip_gap(untouched) > 0.1
    assert lip_gap(pressed) < 1e-6 and pressed[0, 0, CLOSE] == 0.5
    at_teeth = close(open_mouth, torch.tensor([[[0.0, 1.0]]]))
    assert 0 < lip_gap(at_teeth) < 0.5 * lip_gap(untouched)


def test_a_missed_closure_costs_more_than_a_missed_rest() -> None:
    targets, phones = torch.zeros(2, 41, 51), torch.full((2, 41), -1)
    targets[0, :, JAW] = 0.4
    targets[0, 18:23] = 0  # p between vowels; the other mouth rests all the time
    assert is_contact(targets, phones).sum(dim=1).tolist() == [5, 41]
    never = torch.full((2, 41, 2), -3.0)
    closure, rest = contact_loss(never, targets, phones).tolist()
    assert closure / 5 > 3 * rest / 41


def test_an_f_is_no_contact_of_the_lips() -> None:
    phones = torch.tensor([[PHONES.index("f"), PHONES.index("p"), -1]])
    assert is_contact(torch.zeros(1, 3, 51), phones).tolist() == [[False, True, True]]


@pytest.mark.slow
def test_resuming_gives_the_same_weights_to_the_last_bit(tmp_path: Path) -> None:
    training.main(replace(SMALL, run=tmp_path / "whole"))
    with pytest.MonkeyPatch.context() as patch:
        save = training.Learner.save

        def save_and_fall(learner: training.Learner, folder: Path) -> None:
            save(learner, folder)
            raise KeyboardInterrupt

        patch.setattr(training.Learner, "save", save_and_fall)
        with pytest.raises(KeyboardInterrupt):
            training.main(replace(SMALL, run=tmp_path / "parts"))
    training.main(replace(SMALL, run=tmp_path / "parts"))
    whole, parts = (run.load_checkpoint(tmp_path / name / training.CHECKPOINT) for name in ("whole", "parts"))
    for name, weights in whole["network"].items():
        assert torch.equal(weights, parts["network"][name]), name


def weights(folder: Path, number: int = 0) -> dict[str, np.ndarray]:
    """Of one network of the model in a run folder."""
    prefix = f"networks.{number}."
    with np.load(folder / training.ARRAYS) as arrays:
        return {name.removeprefix(prefix): arrays[name] for name in arrays.files if name.startswith(prefix)}


def assert_same_weights(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert len(one) > 50 and one.keys() == other.keys()
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


def phones_heard(folder: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(folder / training.MODEL, providers=["CPUExecutionProvider"])
    waveform = np.random.default_rng(0).normal(0, 0.1, (1, SAMPLE_RATE_HZ)).astype(np.float32)
    [phones] = session.run(["phones"], {"waveform": waveform})
    return np.asarray(phones)


def test_a_run_begins_with_the_weights_of_a_model(trained: Path, tmp_path: Path) -> None:
    training.main(replace(SMALL, run=tmp_path, steps=0, seed=1, start=trained / training.ARRAYS))
    assert_same_weights(weights(tmp_path), weights(trained))


def test_joined_networks_say_their_mean_and_can_be_taught_apart(trained: Path, tmp_path: Path) -> None:
    other, joined = tmp_path / "other", tmp_path / "joined"
    training.main(replace(SMALL, run=other, steps=0, seed=1))
    figures = join.main(join.Config((trained, other), joined, fake=True))
    between = np.sqrt(phones_heard(trained) * phones_heard(other))
    np.testing.assert_allclose(phones_heard(joined), between / between.sum(axis=2, keepdims=True), atol=1e-4)
    assert figures["fake"]["rmse"] > 0
    facts, first = (stated_facts(folder / training.MODEL) for folder in (joined, trained))
    assert [facts["trained_with"]["runs"][number]["config"]["seed"] for number in (0, 1)] == [0, 1]
    assert len(facts["trained_on"]) == len(first["trained_on"])
    start = {"start": joined / training.ARRAYS, "start_network": 1}
    training.main(replace(SMALL, run=tmp_path / "more", steps=0, **start))
    assert_same_weights(weights(tmp_path / "more"), weights(other))


def test_runs_that_cannot_be_joined_get_one_sentence(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to join; name the folders of two finished runs"):
        join.main(join.Config((trained,), tmp_path / "joined", fake=True))
    with pytest.raises(ValueError, match=r"model\.npz holds no weights of voice_to_face"):
        join.main(join.Config((trained, tmp_path), tmp_path / "joined", fake=True))
    assert not (tmp_path / "joined").exists()


def test_a_start_without_such_weights_gets_one_sentence(tmp_path: Path) -> None:
    for path in (
        REPOSITORY / "blender_addon" / "models" / "blinks.npz",
        REPOSITORY / "README.md",
        tmp_path / "none.npz",
    ):
        with pytest.raises(ValueError, match=r"holds no weights of voice_to_face .*; name the \.npz beside"):
            training.main(replace(SMALL, run=tmp_path / "run", start=path))


def losses(folder: Path) -> list[float]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return [event.value for event in events.Scalars("training/loss")]


@pytest.mark.slow
def test_two_processes_learn_like_one(tmp_path: Path) -> None:
    arguments = ["--fake", "--steps", "4", "--batch-runs", "4", "--run-frames", "30", "--warmup-steps", "1"]
    for name, launcher in (("one", []), ("two", ["torch.distributed.run", "--nproc-per-node", "2", "-m"])):
        command = [sys.executable, "-m", *launcher, "trainer.voice_to_face.train"]
        separator = ["--"] if launcher else []
        settings = [*separator, *arguments, "--device", "cpu", "--run", str(tmp_path / name)]
        subprocess.run([*command, *settings], cwd=REPOSITORY, check=True, capture_output=True)
    np.testing.assert_allclose(losses(tmp_path / "one"), losses(tmp_path / "two"), rtol=2e-4)


def test_the_model_file_speaks_by_itself(trained: Path) -> None:
    session = onnxruntime.InferenceSession(trained / training.MODEL, providers=["CPUExecutionProvider"])
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    assert (contract["fps"], contract["sample_rate_hz"], contract["hop_samples"]) == (50, 16_000, 320)
    assert tuple(contract["phones"]) == PHONES and tuple(contract["styles"]) == STYLES
    waveform = np.random.default_rng(0).normal(0, 0.1, (1, SAMPLE_RATE_HZ)).astype(np.float32)
    values, phones = session.run(["values", "phones"], {"waveform": waveform})
    assert values.shape == (1, FPS, 51) and values.min() >= 0 and values.max() <= 1
    np.testing.assert_allclose(phones.sum(axis=2), 1, atol=1e-5)
    figures = json.loads((trained / "metrics.json").read_text())
    assert set(figures) == {"fake"} and figures["fake"]["rmse"] > 0
    assert figures == contract["metrics"]
    assert "fake" in (trained / "report.html").read_text()


@pytest.mark.slow
def test_mixed_precision_stays_close(tmp_path: Path) -> None:
    for precision in ("float32", "bfloat16"):
        training.main(replace(SMALL, precision=precision, run=tmp_path / precision))
    whole, mixed = losses(tmp_path / "float32"), losses(tmp_path / "bfloat16")
    assert whole != mixed
    np.testing.assert_allclose(whole, mixed, rtol=0.05)


def test_a_chunk_with_its_context_gives_what_the_whole_gives() -> None:
    torch.manual_seed(0)
    network = VoiceNetwork()
    for block in network.blocks:
        torch.nn.init.normal_(block.linear.weight, std=0.1)
    model = VoiceToFace(network).eval()
    waveform = 0.1 * torch.randn(1, 12 * SAMPLE_RATE_HZ)
    style = torch.zeros(1, len(STYLES))
    reach = int(training.RECEPTIVE_FIELD_SECONDS / 2 * FPS) + 1
    first, last = 5 * FPS, 7 * FPS
    with torch.no_grad():
        whole = model(waveform, style)[0][0, first:last]
        part = model(waveform[:, (first - reach) * HOP_SAMPLES : (last + reach) * HOP_SAMPLES], style)[0][0]
    torch.testing.assert_close(part[reach : reach + last - first], whole, rtol=0, atol=1e-5)


def test_settings_that_cannot_work_get_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trainer.voice_to_face.train", "--clips", str(tmp_path), "--run", str(tmp_path)]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: there are no prepared clips in")


def test_features_do_not_hear_which_microphone_it_was() -> None:
    power = 10 ** (0.5 * torch.randn(1, 500, N_MELS, generator=generator(0)))
    response = 10 ** torch.linspace(-0.5, 0.5, N_MELS)
    assert (stacked_features(power * response) - stacked_features(power)).abs().max() < 0.02


def test_dull_onsets_make_a_closure_shallower_and_leave_the_vowels() -> None:
    power = torch.ones(60, N_MELS)
    power[28:33] = 1e-4
    heard = [_smeared(power, generator(seed)) for seed in range(40)]
    depths_db = torch.stack([-10 * rows[30, 0].log10() for rows in heard])
    assert 15 < (depths_db > 39).sum() < 35
    assert depths_db.min() < 30 and depths_db.max() <= 40.001
    assert all(torch.allclose(rows[:18], power[:18]) for rows in heard)


def test_another_voice_moves_formants_and_harmonics_apart() -> None:
    bands = torch.arange(N_MELS)
    formant = torch.exp(-(((bands - 30) / 8) ** 2))
    rows = 10 ** (3 * formant + 0.5 * torch.cos(2 * bands)).repeat(40, 1)
    changed = [_other_voice(rows, generator(seed)).clamp(min=1e-9).log10()[0] for seed in range(20)]
    peaks = torch.stack([(row @ ENVELOPE).argmax() for row in changed])
    ripples = torch.stack([(row - row @ ENVELOPE)[20:40].argmax() for row in changed])
    assert peaks.unique().numel() > 4
    assert abs(float(peaks.float().mean()) - 30) < 4
    assert ripples.unique().numel() > 4
