"""Export keeps a model file only when onnxruntime agrees with torch, at more than one length."""

import json
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from trainer.export import export_model

CONTRACT = {"kind": "audio_to_blendshapes", "sample_rate_hz": 24_000, "hop_samples": 800, "fps": 30}


class Loudness(nn.Module):
    """Waveform (1, S) -> values (1, S // 800, 1)."""

    def forward(self, waveform: Tensor) -> Tensor:
        return waveform.reshape(1, -1, 800).square().mean(dim=2, keepdim=True)


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


def test_model_file_carries_its_contract(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_model(Loudness(), path, CONTRACT)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    contract = json.loads(session.get_modelmeta().custom_metadata_map["contract"])
    assert contract == {"contract_version": 1, **CONTRACT}
    assert [value.name for value in session.get_inputs() + session.get_outputs()] == ["waveform", "values"]


@pytest.mark.parametrize("network", [FrozenLength(), Unsteady()])
def test_a_graph_that_differs_from_the_network_is_refused(network: nn.Module, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_text("the model before")
    with pytest.raises(ValueError, match="exported graph"):
        export_model(network, path, CONTRACT)
    assert path.read_text() == "the model before"
    assert list(tmp_path.iterdir()) == [path]
