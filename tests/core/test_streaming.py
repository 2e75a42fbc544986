"""A voice while it is heard: what comes out, when, and that the sizes of blocks do not matter."""

from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.numpy_runtime import NumpySession
from blender_addon.core.streaming import Stream
from blender_addon.core.wav import read_wav, resample_waveform

ROOT = Path(__file__).parent.parent.parent
MODEL = ROOT / "blender_addon" / "models" / "voice_to_face.npz"


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """3 s of speech at 16 kHz, a whole number of frames."""
    waveform, rate_hz = read_wav(ROOT / "tools" / "demo_speech.wav")
    return resample_waveform(waveform, rate_hz, 16_000)[: 150 * 320]


def streamed(speech: np.ndarray, blocks: list[int], **options: int) -> np.ndarray:
    """All frames of a sound that arrives in blocks of these sizes, over and over."""
    stream, frames, start, number = Stream(MODEL, **options), [], 0, 0
    while start < len(speech):
        size = blocks[number % len(blocks)]
        frames.append(stream.push(speech[start : start + size]))
        start, number = start + size, number + 1
    return np.concatenate([*frames, stream.finish()])


def test_sizes_of_blocks_do_not_matter(speech: np.ndarray) -> None:
    whole = streamed(speech, [len(speech)])
    assert whole.shape == (150, 51)
    for blocks in ([1, 7, 1023, 0, 500], [320]):
        np.testing.assert_array_equal(streamed(speech, blocks), whole)


def test_the_more_of_the_future_is_known_the_closer_to_the_whole_file(speech: np.ndarray) -> None:
    values = NumpySession(MODEL).run(["values"], {"waveform": speech[None]})[0][0]
    errors = []
    for lookahead in (1, 3, 60):
        frames = streamed(speech, [160], lookahead_frames=lookahead)
        errors.append(np.sqrt(np.mean((frames - values)[10:] ** 2)))
    assert errors[0] > errors[1] > errors[2]
    assert errors[1] < 0.03


def test_a_frame_comes_when_it_was_promised(speech: np.ndarray) -> None:
    stream = Stream(MODEL)
    n_samples = round(stream.delay_seconds * stream.sample_rate_hz)
    assert len(stream.push(speech[: n_samples - 1])) == 0
    assert len(stream.push(speech[n_samples - 1 : n_samples])) == 1
    assert stream.delay_seconds < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 1e-3], ids=["gated", "open microphone"])
def test_silence_closes_the_mouth_and_keeps_it_closed(speech: np.ndarray, level: float) -> None:
    stream = Stream(MODEL)
    stream.push(speech)
    pause = level * np.random.default_rng(1).normal(size=8 * 16_000)
    frames = stream.push(pause.astype(np.float32))[25:]
    jaw, close = (frames[:, stream.channels.index(name)] for name in ("jawOpen", "mouthClose"))
    assert np.mean(jaw - close > 0.05) < 0.05


def test_a_missing_file_gives_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gone\.npz is damaged"):
        Stream(tmp_path / "gone.npz")
