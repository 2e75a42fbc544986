"""Writes tiny_landmarks.onnx, tiny_painter.onnx and tiny_blinks.onnx: model files of the real form, simple to foretell.

`python -m tests.models.make_tiny_faces` makes them anew.

The landmarks are those of the default head, whose chin and lower lip drop with loudness. The painter draws a white dot
at each landmark on black. A lid closes where its own noise is positive.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from blender_addon.core.channels import LANDMARK_CHANNELS
from blender_addon.core.head import read_head
from tests.models.make_tiny_blendshapes import FPS, HOP_SAMPLES, SAMPLE_RATE_HZ, WINDOW_SAMPLES

FOLDER = Path(__file__).parent
LOWER_FACE = (*range(5, 12), 56, 57, 58, 65, 66, 67)
SIDE_PX = 256
DOT_PX = 2.0
NOTHING: dict[str, object] = {"trained_on": [], "trained_with": {}, "metrics": {}}
Array = NDArray[Any]


def neutral_landmarks() -> Array:
    """(68, 2) of the default head: nose tip at 0, outer corners of the eyes 1 apart, y down."""
    head = read_head()
    points = head.vertices[head.landmarks68][:, [0, 2]] * (1, -1)
    centred = points - points[30]
    return np.asarray(centred / np.linalg.norm(centred[36] - centred[45]), np.float32)


def landmarks_model() -> onnx.ModelProto:
    """|waveform| averaged round each row moves LOWER_FACE down."""
    neutral = neutral_landmarks()
    motion = np.zeros((1, 1, 68, 2), np.float32)
    motion[0, 0, LOWER_FACE, 1] = 1.0
    kernel = np.full((1, 1, WINDOW_SAMPLES), 1 / WINDOW_SAMPLES, np.float32)
    nodes = [
        helper.make_node("Abs", ["waveform"], ["rectified"]),
        helper.make_node("Unsqueeze", ["rectified", "first"], ["one_channel"]),
        helper.make_node("Conv", ["one_channel", "kernel"], ["loudness"], strides=[HOP_SAMPLES], pads=[HOP_SAMPLES, 0]),
        helper.make_node("Transpose", ["loudness"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("Unsqueeze", ["rows", "last"], ["points"]),
        helper.make_node("Mul", ["points", "motion"], ["moved"]),
        helper.make_node("Add", ["moved", "neutral"], ["values"]),
    ]
    constants = {"first": np.array([1]), "last": np.array([3]), "kernel": kernel, "motion": motion}
    hearing = {
        "sample_rate_hz": SAMPLE_RATE_HZ,
        "hop_samples": HOP_SAMPLES,
        "fps": FPS,
        "channels": LANDMARK_CHANNELS,
        "receptive_field_seconds": WINDOW_SAMPLES / SAMPLE_RATE_HZ,
        "neutral_landmarks": neutral.tolist(),
    }
    return _model(
        nodes,
        constants | {"neutral": neutral},
        ("waveform", [1, "S"]),
        ("values", [1, "T", 68, 2]),
        {"kind": "audio_to_landmarks", **hearing},
    )


def painter_model() -> onnx.ModelProto:
    """Dots as products of a bump in x and a bump in y, summed over the landmarks."""
    middles = (np.arange(SIDE_PX, dtype=np.float32) + 0.5) / SIDE_PX
    bump = np.float32(-0.5 * (SIDE_PX / DOT_PX) ** 2)
    nodes = [
        helper.make_node("Unsqueeze", ["landmarks", "last"], ["points"]),  # (T, 68, 2, 1)
        helper.make_node("Sub", ["points", "middles"], ["away"]),  # (T, 68, 2, 256)
        helper.make_node("Mul", ["away", "away"], ["squared"]),
        helper.make_node("Mul", ["squared", "bump"], ["exponent"]),
        helper.make_node("Exp", ["exponent"], ["bumps"]),
        helper.make_node("Split", ["bumps"], ["x4", "y4"], axis=2, num_outputs=2),
        helper.make_node("Squeeze", ["x4", "axis"], ["x"]),
        helper.make_node("Squeeze", ["y4", "axis"], ["y"]),
        helper.make_node("Transpose", ["y"], ["y_first"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["y_first", "x"], ["dots"]),  # (T, 256, 256)
        helper.make_node("Clip", ["dots", "low", "high"], ["light"]),
        helper.make_node("Mul", ["light", "two"], ["doubled"]),
        helper.make_node("Sub", ["doubled", "high"], ["grey"]),
        helper.make_node("Unsqueeze", ["grey", "first"], ["one"]),
        helper.make_node("Concat", ["one", "one", "one"], ["image"], axis=1),
    ]
    constants = {
        **{"last": np.array([3]), "axis": np.array([2]), "first": np.array([1]), "middles": middles, "bump": bump},
        **{"low": np.float32(0), "high": np.float32(1), "two": np.float32(2)},
    }
    neutral = 0.5 + 0.36 * neutral_landmarks()
    return _model(
        nodes,
        constants,
        ("landmarks", ["T", 68, 2]),
        ("image", ["T", 3, SIDE_PX, SIDE_PX]),
        {"kind": "landmarks_to_image", "neutral_landmarks": neutral.tolist()},
    )


def blinks_model() -> onnx.ModelProto:
    """The first two of the ten random numbers of a frame, 1 where positive, else 0."""
    nodes = [
        helper.make_node("Slice", ["noise", "start", "stop", "axis"], ["two"]),
        helper.make_node("Greater", ["two", "zero"], ["closed"]),
        helper.make_node("Cast", ["closed"], ["values"], to=TensorProto.FLOAT),
    ]
    constants = {"start": np.array([0]), "stop": np.array([2]), "axis": np.array([2]), "zero": np.float32(0)}
    contract = {"kind": "noise_to_blinks", "fps": 25, "channels": ["eyeBlinkLeft", "eyeBlinkRight"]}
    return _model(nodes, constants, ("noise", [1, "T", 10]), ("values", [1, "T", 2]), contract)


def _model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, Any],
    given: tuple[str, list[Any]],
    result: tuple[str, list[Any]],
    contract: dict[str, object],
) -> onnx.ModelProto:
    """A checked model file with one input and one output, each a name and a shape."""
    graph = helper.make_graph(
        nodes,
        str(contract["kind"]),
        [helper.make_tensor_value_info(given[0], TensorProto.FLOAT, given[1])],
        [helper.make_tensor_value_info(result[0], TensorProto.FLOAT, result[1])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    helper.set_model_props(model, {"contract": json.dumps({"contract_version": 1, **contract, **NOTHING})})
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    onnx.save(landmarks_model(), str(FOLDER / "tiny_landmarks.onnx"))
    onnx.save(painter_model(), str(FOLDER / "tiny_painter.onnx"))
    onnx.save(blinks_model(), str(FOLDER / "tiny_blinks.onnx"))
