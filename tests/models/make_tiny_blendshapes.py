"""Writes tiny_blendshapes.onnx: a model file of the real form whose jaw follows loudness.

`python -m tests.models.make_tiny_blendshapes` makes it anew.

Tests of the add-on run on it, so that they need neither torch nor a trained model. Row i is the loudness of the 67 ms
round i / fps, which makes a burst of noise visible in the rows in which it is heard.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from blender_addon.core.channels import BLENDSHAPE_CHANNELS

SAMPLE_RATE_HZ, FPS = 24_000, 30
HOP_SAMPLES = SAMPLE_RATE_HZ // FPS
WINDOW_SAMPLES = 2 * HOP_SAMPLES  # rows see half of their neighbours, and T = S / hop comes out exactly


def build() -> onnx.ModelProto:
    """|waveform| averaged round each row, times 5, as jawOpen; half of it as both browOuterUp; all else zero."""
    gains = np.zeros((1, 1, len(BLENDSHAPE_CHANNELS)), np.float32)
    for channel, gain in {"jawOpen": 5.0, "browOuterUpLeft": 2.5, "browOuterUpRight": 2.5}.items():
        gains[..., BLENDSHAPE_CHANNELS.index(channel)] = gain
    kernel = np.full((1, 1, WINDOW_SAMPLES), 1 / WINDOW_SAMPLES, np.float32)
    nodes = [
        helper.make_node("Abs", ["waveform"], ["rectified"]),
        helper.make_node("Unsqueeze", ["rectified", "axis"], ["one_channel"]),
        helper.make_node("Conv", ["one_channel", "kernel"], ["loudness"], strides=[HOP_SAMPLES], pads=[HOP_SAMPLES, 0]),
        helper.make_node("Transpose", ["loudness"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("Mul", ["rows", "gains"], ["weights"]),
        helper.make_node("Clip", ["weights", "low", "high"], ["values"]),
    ]
    constants = {"axis": np.array([1]), "kernel": kernel, "gains": gains, "low": np.float32(0), "high": np.float32(1)}
    graph = helper.make_graph(
        nodes,
        "tiny_blendshapes",
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, [1, "S"])],
        [helper.make_tensor_value_info("values", TensorProto.FLOAT, [1, "T", len(BLENDSHAPE_CHANNELS)])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    contract = {
        "kind": "audio_to_blendshapes",
        "contract_version": 1,
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "hop_samples": HOP_SAMPLES,
        "fps": FPS,
        "channels": BLENDSHAPE_CHANNELS,
        "receptive_field_seconds": WINDOW_SAMPLES / SAMPLE_RATE_HZ,
        "trained_on": [],
        "trained_with": {},
        "metrics": {},
    }
    helper.set_model_props(model, {"contract": json.dumps(contract)})
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    onnx.save(build(), str(Path(__file__).with_name("tiny_blendshapes.onnx")))
