"""Export to a model file: one ONNX graph with its contract inside, compared with torch before it is kept."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException
from torch import nn

CONTRACT_VERSION = 1
LARGEST_DIFFERENCE = 1e-3
TESTED_SECONDS = (1.3, 3.1)
"""Two lengths: an export that froze the traced length only fails at another one."""
OPSET_VERSION = 17


def export_model(network: nn.Module, path: Path, contract: dict[str, Any]) -> None:
    """Write a network from waveform (1, S) to values (1, T, ...) as a model file.

    The contract needs every field of DESIGN.md but contract_version, which is added here. Raises ValueError, and leaves
    path as it was, when onnxruntime and torch differ by more than LARGEST_DIFFERENCE at either of two lengths.
    """
    network = network.cpu().eval()
    partial = path.with_suffix(".partial")
    try:
        _write_graph(network, partial, int(contract["sample_rate_hz"]))
        _embed_contract(partial, {"contract_version": CONTRACT_VERSION, **contract})
        difference = max(_difference(network, partial, contract, seconds) for seconds in TESTED_SECONDS)
        if not difference <= LARGEST_DIFFERENCE:
            raise ValueError(
                f"the exported graph differs from the network by {difference:.2g}; fix the network's export"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_graph(network: nn.Module, path: Path, n_samples: int) -> None:
    with warnings.catch_warnings():
        # The exporter that replaces this one fails on recurrent layers followed by a linear layer (torch 2.13).
        warnings.simplefilter("ignore", DeprecationWarning)
        # What it fears to have frozen shows when the graph runs at another length than the traced one.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]  # exported without a declaration
        warnings.filterwarnings("ignore", message=".*batch_size other than 1.*")
        warnings.filterwarnings("ignore", message="Constant folding.*")  # an optimisation that it leaves out
        torch.onnx.export(
            network,
            (torch.zeros(1, n_samples),),
            path,
            input_names=["waveform"],
            output_names=["values"],
            dynamic_axes={"waveform": {1: "S"}, "values": {1: "T"}},
            opset_version=OPSET_VERSION,
            dynamo=False,
        )


def _embed_contract(path: Path, contract: dict[str, Any]) -> None:
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {"contract": json.dumps(contract, default=str)})  # paths of the config as text
    onnx.save(model, path)


def _difference(network: nn.Module, path: Path, contract: dict[str, Any], seconds: float) -> float:
    """Largest absolute difference between torch and onnxruntime on noise whose level rises from silence."""
    n_samples = int(seconds * contract["fps"]) * int(contract["hop_samples"])
    rising = np.linspace(0, 0.3, n_samples) * np.random.default_rng(0).standard_normal(n_samples)
    waveform = rising.astype(np.float32)[None]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    try:
        exported = session.run(["values"], {"waveform": waveform})[0]
    except (Fail, InvalidArgument, RuntimeException) as error:
        raise ValueError(
            f"the exported graph fails on {seconds} s of sound ({error}); fix the network's export"
        ) from error
    with torch.no_grad():
        expected = network(torch.from_numpy(waveform)).numpy()
    if exported.shape != expected.shape:
        raise ValueError(f"the exported graph returns {exported.shape} where the network returns {expected.shape}")
    return float(np.abs(exported - expected).max())
