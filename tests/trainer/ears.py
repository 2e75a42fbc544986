"""A model file that hears phones in loudness, and sound that says phones to it."""

import json
from pathlib import Path

import numpy as np
import onnx
import soundfile
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from trainer.clips import PHONES

RATE_HZ = 16000
HOP_SAMPLES = 320
LEVEL_STEP = 0.02
"""Between the mean levels of neighbouring classes."""


def write_ear(path: Path, phones: tuple[str, ...] = PHONES) -> Path:
    """A model whose most probable class k is heard where the mean level is k LEVEL_STEP."""
    constants = {
        "one_channel": np.array([1], np.int64),
        "last": np.array([2], np.int64),
        "levels": (LEVEL_STEP * np.arange(len(phones))).astype(np.float32),
        "sharpness": np.float32(3 / LEVEL_STEP**2),
    }
    nodes = [
        helper.make_node("Abs", ["waveform"], ["magnitude"]),
        helper.make_node("Unsqueeze", ["magnitude", "one_channel"], ["channel"]),
        helper.make_node("AveragePool", ["channel"], ["pooled"], kernel_shape=[HOP_SAMPLES], strides=[HOP_SAMPLES]),
        helper.make_node("Transpose", ["pooled"], ["column"], perm=[0, 2, 1]),
        helper.make_node("Sub", ["column", "levels"], ["distance"]),
        helper.make_node("Mul", ["distance", "distance"], ["square"]),
        helper.make_node("Mul", ["square", "sharpness"], ["weighted"]),
        helper.make_node("Neg", ["weighted"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["phones"], axis=-1),
    ]
    graph = helper.make_graph(
        nodes,
        "ear",
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, [1, None])],
        [helper.make_tensor_value_info("phones", TensorProto.FLOAT, [1, None, len(phones)])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    contract = {"sample_rate_hz": RATE_HZ, "hop_samples": HOP_SAMPLES, "fps": 50, "phones": phones}
    helper.set_model_props(model, {"contract": json.dumps(contract)})
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, path)
    return path


def said(names: list[tuple[str, float]]) -> NDArray[np.float64]:
    """Sound at RATE_HZ in which the ear hears the named classes, each for its seconds."""
    levels = np.concatenate([np.full(round(s * RATE_HZ), LEVEL_STEP * PHONES.index(name)) for name, s in names])
    return np.asarray(np.pi / 2 * levels * np.sin(2 * np.pi * 500 * np.arange(len(levels)) / RATE_HZ))


def write_sound(path: Path, names: list[tuple[str, float]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, said(names), RATE_HZ)
