"""The scoring command: bootstrap against numpy, disturbances as they say, flite's times, the whole command."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile

from benchmarks import bootstrap, disturbances, flite, quality
from blender_addon.core.channels import BLENDSHAPE_CHANNELS

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY.parent / "shared"
RATE_HZ = 16_000


def speech(seconds: float = 3.0) -> np.ndarray:
    """Noise bursts with pauses (S,)."""
    n_samples = int(seconds * RATE_HZ)
    envelope = np.clip(np.sin(np.arange(n_samples) / 2000), 0, 1)
    return (0.2 * envelope * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def test_figures_of_totals_are_those_of_the_pooled_clips() -> None:
    generator = np.random.default_rng(0)
    clips = [generator.normal([[i], [2 * i]], 1, (2, n)) for i, n in enumerate((5, 40, 17))]
    totals = np.array([bootstrap.correlation_totals(*clip) for clip in clips])
    pooled = np.concatenate(clips, axis=1)
    assert bootstrap.correlation(totals.sum(axis=0)) == pytest.approx(np.corrcoef(pooled)[0, 1])
    twice_first = np.concatenate([clips[0], *clips[:2]], axis=1)
    counts = np.array([[1.0, 1, 1], [2, 1, 0]])
    expected = [np.corrcoef(pooled)[0, 1], np.corrcoef(twice_first)[0, 1]]
    np.testing.assert_allclose(bootstrap.correlation(counts @ totals), expected)
    assert bootstrap.correlation(bootstrap.correlation_totals(np.ones(9), np.arange(9.0))) == 0
    rows = [generator.normal(0, 1, (n, 4)) for n in (5, 40, 17)]
    distances = np.array([bootstrap.distance_totals(part, np.zeros_like(part)) for part in rows])
    by_hand = np.sqrt(np.mean(np.sum(np.concatenate(rows) ** 2, axis=1)))  # eq. (9) of P3
    assert bootstrap.root_mean_square(distances.sum(axis=0)) == pytest.approx(by_hand)


def test_intervals_cover_what_they_should() -> None:
    """Of intervals for the mean of 30 normal numbers about 95 % hold the true mean; p is small as seldom as it says."""
    generator = np.random.default_rng(1)
    counts = bootstrap.resampled_counts(30)
    assert (counts.sum(axis=1) == 30).all()
    covered, significant = [], []
    for _ in range(200):
        means = counts @ generator.normal(0, 1, 30) / 30
        low, high = bootstrap.interval(means)
        covered.append(low <= 0 <= high)
        significant.append(bootstrap.p_value(means) < 0.05)
    assert 0.88 <= np.mean(covered) <= 0.99
    assert np.mean(significant) <= 0.12
    assert bootstrap.p_value(means + 5) < 0.001
    assert bootstrap.p_value(np.zeros(100)) == 1


@pytest.mark.parametrize("name", ["babble, 10 dB SNR", "pink noise, 10 dB SNR"])
def test_noise_is_ten_decibels_below_and_the_same_each_time(name: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.flac" for i in range(disturbances.N_BABBLING)]
    for i, path in enumerate(paths):
        soundfile.write(path, np.roll(speech(), 1000 * i), RATE_HZ)
    disturb = disturbances.disturbances(paths)[name]
    clean = speech()
    noise = disturb(clean, RATE_HZ) - clean
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(10, abs=0.01)
    np.testing.assert_array_equal(disturb(clean, RATE_HZ), disturb(clean.copy(), RATE_HZ))
    assert not np.array_equal(disturb(clean * 0.99, RATE_HZ) / 0.99, disturb(clean, RATE_HZ))


def test_pink_noise_falls_by_three_decibels_an_octave() -> None:
    noise = disturbances.pink_noise(speech(20)) - speech(20)
    frequency_hz, power = scipy.signal.welch(noise, RATE_HZ, nperseg=2048)
    octaves_db = [10 * np.log10(power[(frequency_hz > f) & (frequency_hz < 1.1 * f)].mean()) for f in (500, 1000, 2000)]
    np.testing.assert_allclose(np.diff(octaves_db), -3, atol=0.6)


def test_telephone_keeps_its_band_in_time_and_nothing_else() -> None:
    times = np.arange(RATE_HZ) / RATE_HZ
    inside, below, above = (0.3 * np.hanning(RATE_HZ) * np.sin(2 * np.pi * f * times) for f in (1000, 80, 5000))
    heard = disturbances.telephone(inside, RATE_HZ)
    assert np.corrcoef(heard, inside)[0, 1] > 0.999
    assert np.abs(disturbances.telephone(below + above, RATE_HZ)).max() < 0.01
    coded = disturbances.telephone(np.zeros(999, np.float32) + 1e-4, RATE_HZ)
    assert len(coded) == 999


def test_room_dies_away_behind_the_direct_sound() -> None:
    click = np.zeros(RATE_HZ, np.float32)
    click[100] = 1
    heard = disturbances.room(click, RATE_HZ)
    assert heard[100] == pytest.approx(1, abs=1e-4)
    assert np.abs(heard[:100]).max() < 1e-6
    tail = heard[101:]
    assert -10 * np.log10(np.sum(tail**2)) == pytest.approx(disturbances.DIRECT_TO_REVERBERANT_DB, abs=0.1)
    early, late = (np.mean(tail[k : k + 800] ** 2) for k in (400, 3600))
    assert 10 * np.log10(early / late) == pytest.approx(60 * 0.2 / disturbances.REVERBERATION_SECONDS, abs=4)


def test_levels_are_twenty_decibels(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "voice.flac", speech(), RATE_HZ)
    every = disturbances.disturbances([tmp_path / "voice.flac"])
    np.testing.assert_allclose(every["level +20 dB"](speech(), RATE_HZ), speech() * 10)
    np.testing.assert_allclose(every["level -20 dB"](speech(), RATE_HZ), speech() / 10)
    assert np.abs(every["level +20 dB, clipped"](speech(), RATE_HZ)).max() == 1


def test_babblers_come_from_every_folder(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder / "audio").mkdir(parents=True)
        for i in range(4):
            (tmp_path / folder / "audio" / f"{i}.ogg").touch()
    chosen = disturbances.find_babblers([tmp_path / "a", tmp_path / "b"])
    assert [path.parts[-3] for path in chosen] == ["a", "b"] * 4
    with pytest.raises(ValueError, match="fewer than 8 recordings"):
        disturbances.find_babblers([tmp_path / "a"])


def test_phone_ends_are_read_from_what_flite_prints() -> None:
    assert flite.phone_ends("pau:0.164 hh:0.255 ax:0.304 \n") == [("pau", 0.164), ("hh", 0.255), ("ax", 0.304)]


@pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
def test_flite_says_when_its_phones_end(tmp_path: Path) -> None:
    flite.write_clip(tmp_path / "clip", "slt", "My map.")
    samples, rate_hz = soundfile.read(tmp_path / "clip.flac")
    phones = json.loads((tmp_path / "clip.json").read_text())
    assert [phone for phone, _ in phones] == ["pau", "m", "ay", "m", "ae", "p", "pau"]
    assert phones[-1][1] == pytest.approx(len(samples) / rate_hz, abs=0.02)


def test_without_flite_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="flite is not installed"):
        flite.write_clips(tmp_path)


def test_missing_data_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not hold the bench"):
        quality.import_bench(tmp_path)
    with pytest.raises(ValueError, match="eval_split"):
        quality.read_recordings(np, tmp_path)  # type: ignore[arg-type]  # the bench is not reached


def test_differences_are_paired() -> None:
    """Two models whose errors differ little beside how clips differ: paired, the difference is still sure."""
    generator = np.random.default_rng(0)
    hard = generator.uniform(1, 30, 40)
    better, worse = (
        {"s1": quality.ClipTotals(np.stack([hard * scale, np.full(40, 10.0)], axis=1), np.zeros((40, 6)))}
        for scale in (1, 1.02)
    )
    figure = quality.compare({"better": better, "worse": worse})["worse"]["RMSE GRID s1"]
    low, high = figure["interval"]
    assert high - low > 0.1
    assert figure["difference_interval"][1] < 0
    assert figure["p"] < 0.001
    assert figure["first_model_minus_this"] == pytest.approx(np.sqrt(hard.mean() / 10) * (1 - np.sqrt(1.02)))


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "bench").is_dir(), reason="the captured speech and its bench are not here")
def test_the_command_agrees_with_the_bench(tmp_path: Path) -> None:
    model = REPOSITORY / "blender_addon" / "models" / "blendshape_attention.onnx"
    command = [sys.executable, "-m", "benchmarks.quality", str(model), "--json", str(tmp_path / "report.json")]
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    for speaker, name in (("s1", "GRID s1"), ("s4", "GRID s4")):
        own = report["resampled"]["blendshape_attention"][f"aperture r {name}"]
        of_bench = report["captured"]["blendshape_attention"][f"grid/{speaker}"]["aperture_speech_r"]
        assert own["value"] == pytest.approx(of_bench)
        assert own["interval"][0] < own["value"] < own["interval"][1]
    assert report["resampled"]["loudness"]["RMSE mean"]["p"] < 0.01
    assert "| babble, 10 dB SNR | -0." in result.stdout


def test_scored_channels_are_those_of_mouth_and_jaw() -> None:
    weights = np.arange(51.0)[None]
    picked = quality.scored_columns(weights)[0].astype(int)
    assert [BLENDSHAPE_CHANNELS[i] for i in picked] == list(quality.RMSE_CHANNELS)
    assert {"jawOpen", "mouthClose"} <= set(quality.RMSE_CHANNELS)
    assert not [name for name in quality.RMSE_CHANNELS if name.startswith(("eye", "brow"))]
