"""Export keeps a model file only when onnxruntime agrees with torch, at more than one length."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from blender_addon.core.model import open_model, predict
from tests.models import make_small_voice
from trainer.export import export_arrays, export_model, round_weights
from trainer.voice_to_face.model import HOP_SAMPLES, N_HIDDEN, SAMPLE_RATE_HZ, STYLES

CONTRACT = {"kind": "audio_to_blendshapes", "sample_rate_hz": 24_000, "hop_samples": 800, "fps": 30}


class Loudness(nn.Module):
    """Waveform (1, S) -> values (1, S // 800, 1)."""

    def forward(self, waveform: Tensor) -> Tensor:
        return waveform.reshape(1, -1, 800).square().mean(dim=2, keepdim=True)


STYLED_CONTRACT = {**CONTRACT, "styles": ["calm", "wild"], "phones": ["sil", "a", "p"]}


class Styled(Loudness):
    """Louder with style, and a second output with three columns."""

    def __init__(self) -> None:
        super().__init__()
        self.gains = nn.Parameter(torch.tensor([[2.0], [30.0]]))
        self.register_buffer("ramp", torch.arange(3.0), persistent=False)

    def forward(self, waveform: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        values = super().forward(waveform) * (1 + style @ self.gains).unsqueeze(1)
        return values, torch.softmax(values * self.ramp, dim=2)


class FrozenStyle(Styled):
    """Looks at its style while it is traced, and never again."""

    def forward(self, waveform: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        return super().forward(waveform, torch.full_like(style, float(style.sum())))


class UnsteadyPhones(Styled):
    """Returns other phones each time."""

    def forward(self, waveform: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        values, phones = super().forward(waveform, style)
        return values, phones + torch.rand_like(phones)


class FrozenLength(Loudness):
    """Adds a ramp whose length the tracer takes for a constant."""

    def forward(self, waveform: Tensor) -> Tensor:
        values = super().forward(waveform)
        return values + torch.linspace(0, 1, int(values.shape[1])).reshape(1, -1, 1)


class Unsteady(Loudness):
    """Returns something else each time."""

    def forward(self, waveform: Tensor) -> Tensor:
        values = super().forward(waveform)
        return values + torch.rand_like(values)


def open_quietly(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def test_model_file_carries_its_contract(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_model(Loudness(), path, CONTRACT)
    session = open_quietly(path)
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    assert contract == {"contract_version": 1, **CONTRACT}
    assert [value.name for value in session.get_inputs() + session.get_outputs()] == ["waveform", "values"]


def test_style_may_be_left_out_and_phones_come_out(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_model(Styled(), path, STYLED_CONTRACT)
    session = open_quietly(path)
    waveform = {"waveform": np.full((1, 1600), 0.1, np.float32)}
    values, phones = session.run(["values", "phones"], waveform)
    assert values == pytest.approx(0.01)
    assert phones.shape == (1, 2, 3)
    neither, wild = (np.array([style], np.float32) for style in ([0, 0], [0, 1]))
    assert np.array_equal(session.run(["values"], {**waveform, "style": neither})[0], values)
    assert session.run(["values"], {**waveform, "style": wild})[0] == pytest.approx(0.31)


def test_arrays_are_weights_constants_and_contract(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    export_arrays(Styled(), path, STYLED_CONTRACT, {"reach": 3, "steps": (1, 2)})
    assert list(tmp_path.iterdir()) == [path]
    with np.load(path, allow_pickle=False) as arrays:
        assert json.loads(str(arrays["contract"])) == {"contract_version": 1, **STYLED_CONTRACT}
        assert arrays["gains"].tolist() == [[2.0], [30.0]]
        assert arrays["ramp"].tolist() == [0, 1, 2]
        assert (arrays["reach"], arrays["steps"].tolist()) == (3, [1, 2])


class Mixed(Loudness):
    """Loudness through many weights."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(1, 2000)

    def forward(self, waveform: Tensor) -> Tensor:
        return self.mix(super().forward(waveform))


def test_weights_that_half_precision_holds_take_half_the_space_and_stay_the_same(tmp_path: Path) -> None:
    network = Mixed()
    for name in ("full", "half"):
        export_model(network, tmp_path / f"{name}.onnx", CONTRACT)
        export_arrays(network, tmp_path / f"{name}.npz", CONTRACT, {})
        round_weights(network)
    for suffix in (".onnx", ".npz"):
        saved = (tmp_path / f"full{suffix}").stat().st_size - (tmp_path / f"half{suffix}").stat().st_size
        assert saved == pytest.approx(2 * 4000, abs=200)
    values = open_quietly(tmp_path / "half.onnx").run(["values"], {"waveform": np.ones((1, 800), np.float32)})[0]
    assert values == pytest.approx(network(torch.ones(1, 800)).detach().numpy(), abs=1e-6)
    with np.load(tmp_path / "half.npz") as arrays:
        assert np.array_equal(arrays["mix.weight"], network.mix.weight.detach().numpy())


@pytest.mark.parametrize(
    ("network", "contract"),
    [
        (FrozenLength(), CONTRACT),
        (Unsteady(), CONTRACT),
        (FrozenStyle(), STYLED_CONTRACT),
        (UnsteadyPhones(), STYLED_CONTRACT),
    ],
)
def test_a_graph_that_differs_from_the_network_is_refused(
    network: nn.Module, contract: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_text("the model before")
    with pytest.raises(ValueError, match="exported graph"):
        export_model(network, path, contract)
    assert path.read_text() == "the model before"
    assert list(tmp_path.iterdir()) == [path]


def test_both_runtimes_of_the_addon_say_what_the_default_network_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "voice.onnx"
    network = make_small_voice.build(path, N_HIDDEN)
    n_samples = 45 * SAMPLE_RATE_HZ // HOP_SAMPLES * HOP_SAMPLES
    loudness = np.clip(np.sin(np.arange(n_samples) / 2000), 0, 0.2)
    sound = (loudness * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)
    style = torch.eye(len(STYLES))[1:2]
    with torch.no_grad():
        expected = [rows[0].numpy() for rows in network(torch.from_numpy(sound[None]), style)]
    for runtime in ("onnxruntime", "numpy"):
        if runtime == "numpy":
            monkeypatch.setitem(sys.modules, "onnxruntime", None)
        model = open_model(path, "CPU")
        output = predict(model, sound, style=STYLES[1])
        assert model.runtime == runtime
        assert output.curves.values == pytest.approx(expected[0], abs=1e-4)
        assert output.phones.values == pytest.approx(expected[1], abs=1e-4)
