"""The runtime for a Blender without onnxruntime: the same curves from the .npz, or one sentence."""

import json
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core import model as model_module
from blender_addon.core.model import Model, ModelOutput, open_model, predict, runs_in_numpy
from blender_addon.core.numpy_runtime import NumpySession

SMALL = Path(__file__).parent.parent / "models" / "small_voice.onnx"
TINY = SMALL.with_name("tiny_blendshapes.onnx")
RATE_HZ = 16_000
STYLES = [None, "articulation", "facegood", "grid"]


def syllables(seconds: float) -> np.ndarray:
    """Noise (S,) that swells and fades, with a pause."""
    times = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    loudness = np.clip(np.sin(2 * np.pi * 2.3 * times), 0, 1) * (np.abs(times - 2) > 0.5)
    return (0.2 * loudness * np.random.default_rng(0).standard_normal(len(times))).astype(np.float32)


@pytest.fixture
def without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)


@pytest.fixture
def numpy_model(without_onnxruntime: None) -> Model:
    return open_model(SMALL)


def differences(one: ModelOutput, other: ModelOutput) -> list[float]:
    assert one.phones is not None
    assert other.phones is not None
    return [
        float(np.abs(a.values - b.values).max()) for a, b in [(one.curves, other.curves), (one.phones, other.phones)]
    ]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("seconds", [0.001, 0.02, 0.5, 7.31])
def test_both_runtimes_say_the_same(seconds: float, style: str | None) -> None:
    by_onnxruntime = open_model(SMALL, "CPU")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "onnxruntime", None)
        by_numpy = open_model(SMALL, "CPU")
    assert (by_onnxruntime.runtime, by_numpy.runtime) == ("onnxruntime", "numpy")
    assert by_numpy.contract == by_onnxruntime.contract
    sound = syllables(seconds)
    expected, found = (predict(model, sound, style=style) for model in (by_onnxruntime, by_numpy))
    assert found.curves.values.dtype == np.float32
    assert max(differences(expected, found)) < 1e-4


@pytest.mark.parametrize("runtime", ["onnxruntime", "numpy"])
@pytest.mark.parametrize("chunk_seconds", [0.5, 3.7])
def test_chunks_of_any_length_give_what_the_whole_gives(
    runtime: str, chunk_seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    if runtime == "numpy":
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    model = open_model(SMALL, "CPU")
    sound = syllables(14)
    whole = predict(model, sound)
    monkeypatch.setattr(model_module, "CHUNK_SECONDS", chunk_seconds)
    assert max(differences(predict(model, sound), whole)) < 1e-5


def test_rows_do_not_change_when_later_sound_arrives(numpy_model: Model) -> None:
    sound = syllables(16)
    context = int(np.ceil(numpy_model.contract.receptive_field_seconds / 2 * numpy_model.contract.fps))
    whole, heard = (predict(numpy_model, sound[:n]).curves.values for n in (len(sound), 12 * RATE_HZ))
    settled = len(heard) - context
    assert settled > 5 * numpy_model.contract.fps
    assert np.abs(heard[:settled] - whole[:settled]).max() < 1e-5
    assert np.abs(heard - whole[: len(heard)]).max() > 1e-3


def test_phones_are_probabilities_of_the_named_sounds(numpy_model: Model) -> None:
    output = predict(numpy_model, syllables(2))
    assert output.phones is not None
    assert output.phones.channels == numpy_model.contract.phones
    assert (output.phones.fps, len(output.phones.values)) == (output.curves.fps, len(output.curves.values))
    assert output.phones.values.min() >= 0
    assert output.phones.values.sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_memory_does_not_grow_with_length(numpy_model: Model) -> None:
    def working_memory(seconds: int) -> int:
        """Peak bytes beyond the sound, which is copied once, and the result."""
        sound = np.tile(syllables(20), seconds // 20)
        tracemalloc.start()
        output = predict(numpy_model, sound)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert output.phones is not None
        return peak - sound.nbytes - output.curves.values.nbytes - output.phones.values.nbytes

    assert working_memory(600) < 1.05 * working_memory(200)


@pytest.mark.parametrize("device", ["AUTO", "CPU"])
def test_without_onnxruntime_the_cpu_runs_it(device: str, without_onnxruntime: None) -> None:
    model = open_model(SMALL, device)
    assert (model.path, model.device, model.runtime) == (SMALL, "CPU", "numpy")
    assert (runs_in_numpy(SMALL), runs_in_numpy(TINY)) == (True, False)


@pytest.mark.parametrize(("path", "device"), [(SMALL, "CUDA"), (TINY, "AUTO"), (TINY, "CPU")])
def test_what_needs_onnxruntime_says_so(path: Path, device: str, without_onnxruntime: None) -> None:
    with pytest.raises(ValueError, match="onnxruntime can't be loaded"):
        open_model(path, device)


def test_a_model_without_its_file_is_missing_even_if_its_arrays_are_there(tmp_path: Path) -> None:
    (tmp_path / "voice.npz").write_bytes(SMALL.with_suffix(".npz").read_bytes())
    with pytest.raises(ValueError, match="There is no model file"):
        open_model(tmp_path / "voice.onnx")


def arrays_of_small() -> dict[str, np.ndarray]:
    with np.load(SMALL.with_suffix(".npz")) as arrays:
        return dict(arrays)


def copied_model(folder: Path, content: bytes | dict[str, np.ndarray]) -> Path:
    """The small model in a folder, with other arrays beside it."""
    path = folder / "voice.onnx"
    path.write_bytes(SMALL.read_bytes())
    if isinstance(content, bytes):
        path.with_suffix(".npz").write_bytes(content)
    else:
        np.savez(path.with_suffix(".npz"), **content)
    return path


def damaged(content: bytes) -> bytes:
    """One bit flipped in the middle, amid the weights."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


SMALL_BYTES = SMALL.with_suffix(".npz").read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no arrays",
        SMALL_BYTES[:5000],
        damaged(SMALL_BYTES),
        {"contract": np.array("{}")},
        {"weights": np.zeros(3)},
        {name: array for name, array in arrays_of_small().items() if name != "dilations"},
        {**arrays_of_small(), "networks.1.entry.weight": np.zeros((16, 7, 3))},
        {**arrays_of_small(), "networks.0.contact.weight": np.array(["text"], object)},
    ],
    ids=["empty", "no zip", "cut off", "a bit flipped", "bare", "others", "one missing", "misfit", "pickled"],
)
def test_a_damaged_npz_gets_one_sentence(
    content: bytes | dict[str, np.ndarray], tmp_path: Path, without_onnxruntime: None
) -> None:
    path = copied_model(tmp_path, content)
    with pytest.raises(ValueError, match=r"^voice\.npz is damaged or of another network; [^\n]*$"):
        open_model(path)


def test_another_contract_is_refused(tmp_path: Path, without_onnxruntime: None) -> None:
    arrays = arrays_of_small()
    facts = {**json.loads(str(arrays["contract"])), "contract_version": 99}
    path = copied_model(tmp_path, {**arrays, "contract": np.array(json.dumps(facts))})
    with pytest.raises(ValueError, match=r"voice\.npz follows contract version 99"):
        open_model(path)


def test_a_run_that_fails_gets_one_sentence(numpy_model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object) -> None:
        raise MemoryError("Unable to allocate 9 GiB")

    monkeypatch.setattr(NumpySession, "run", out_of_memory)
    with pytest.raises(ValueError, match=r"small_voice\.onnx failed on CPU.*Unable to allocate"):
        predict(numpy_model, syllables(1))
