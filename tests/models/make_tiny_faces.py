"""Writes tiny_landmarks, _painter, _anybody, _finder and _blinks.onnx: models of the real form, simple to foretell.

`python -m tests.models.make_tiny_faces` makes them anew.

The landmarks are those of the default head, whose chin and lower lip drop with loudness. The painter draws a white dot
at each landmark on black, that of anybody on the mean colour of the pictures it is shown. The finder takes what is
bright in a picture for a face, and lays the default head's landmarks over it. A lid closes where its own noise is
positive.
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
        {"waveform": [1, "S"]},
        ("values", [1, "T", 68, 2]),
        {"kind": "audio_to_landmarks", **hearing},
    )


def painter_model(takes_images: bool = False) -> onnx.ModelProto:
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
        helper.make_node("Unsqueeze", ["light", "first"], ["cover"]),  # (T, 1, 256, 256)
        helper.make_node("Sub", ["high", "ground"], ["contrast"]),  # (1, 3, 1, 1)
        helper.make_node("Mul", ["cover", "contrast"], ["dotted"]),
        helper.make_node("Add", ["dotted", "ground"], ["image"]),
    ]
    constants = {
        **{"last": np.array([3]), "axis": np.array([2]), "first": np.array([1]), "middles": middles, "bump": bump},
        **{"low": np.float32(0), "high": np.float32(1)},
    }
    inputs: dict[str, list[Any]] = {"landmarks": ["T", 68, 2]}
    facts: dict[str, object] = {"kind": "landmarks_to_image"}
    if takes_images:
        constants["all_but_colour"] = np.array([0, 2, 3])
        nodes.insert(0, helper.make_node("ReduceMean", ["images", "all_but_colour"], ["ground"]))
        inputs |= {"images": ["K", 3, SIDE_PX, SIDE_PX], "image_landmarks": ["K", 68, 2]}
        facts["takes_images"] = True
    else:
        constants["ground"] = np.full((1, 3, 1, 1), -1, np.float32)
        facts["neutral_landmarks"] = (0.5 + 0.36 * neutral_landmarks()).tolist()
    return _model(nodes, constants, inputs, ("image", ["T", 3, SIDE_PX, SIDE_PX]), facts)


def finder_model() -> onnx.ModelProto:
    """Landmarks whose middle and height are those of a bright disc, by mean and deviation of the light in it."""
    neutral = neutral_landmarks()
    low, high = neutral.min(axis=0), neutral.max(axis=0)
    face = np.asarray((neutral - (low + high) / 2) / (high - low)[1], np.float32)
    middles = (np.arange(SIDE_PX // 4, dtype=np.float32) + 0.5) / (SIDE_PX // 4)
    x, y = np.meshgrid(middles, middles)
    powers = np.stack([np.ones_like(x), x, y, (x * x + y * y) / 2]).reshape(4, -1).T
    nodes = [
        helper.make_node("AveragePool", ["image"], ["coarse"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("ReduceMean", ["coarse", "colour"], ["grey"]),  # (N, 1, 64, 64)
        helper.make_node("Add", ["grey", "one"], ["light"]),
        helper.make_node("Reshape", ["light", "flat"], ["lights"]),
        helper.make_node("MatMul", ["lights", "powers"], ["moments"]),  # (N, 4)
        helper.make_node("Split", ["moments", "split"], ["sum", "firsts", "seconds"], axis=1),
        helper.make_node("Add", ["sum", "little"], ["total"]),
        helper.make_node("Div", ["firsts", "total"], ["middle"]),  # (N, 2)
        helper.make_node("Div", ["seconds", "total"], ["square"]),
        helper.make_node("Mul", ["middle", "middle"], ["squares"]),
        helper.make_node("ReduceMean", ["squares", "colour"], ["mean_square"]),
        helper.make_node("Sub", ["square", "mean_square"], ["variance"]),
        helper.make_node("Abs", ["variance"], ["positive"]),
        helper.make_node("Sqrt", ["positive"], ["deviation"]),
        helper.make_node("Mul", ["deviation", "four"], ["height"]),  # a disc is as high as four deviations
        helper.make_node("Unsqueeze", ["height", "last"], ["heights"]),
        helper.make_node("Mul", ["heights", "face"], ["offsets"]),
        helper.make_node("Unsqueeze", ["middle", "colour"], ["middles"]),
        helper.make_node("Add", ["offsets", "middles"], ["landmarks"]),
    ]
    constants = {
        **{
            "colour": np.array([1]),
            "flat": np.array([-1, len(powers)]),
            "last": np.array([2]),
            "split": np.array([1, 2, 1]),
        },
        **{"one": np.float32(1), "little": np.float32(1e-3), "four": np.float32(4), "powers": powers, "face": face},
    }
    return _model(
        nodes,
        constants,
        {"image": ["N", 3, SIDE_PX, SIDE_PX]},
        ("landmarks", ["N", 68, 2]),
        {"kind": "image_to_landmarks", "neutral_landmarks": face.tolist()},
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
    return _model(nodes, constants, {"noise": [1, "T", 10]}, ("values", [1, "T", 2]), contract)


def _model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, Any],
    inputs: dict[str, list[Any]],
    result: tuple[str, list[Any]],
    contract: dict[str, object],
) -> onnx.ModelProto:
    """A checked model file with inputs by their shapes, and one output, a name and a shape."""
    graph = helper.make_graph(
        nodes,
        str(contract["kind"]),
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
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
    onnx.save(painter_model(takes_images=True), str(FOLDER / "tiny_anybody.onnx"))
    onnx.save(finder_model(), str(FOLDER / "tiny_finder.onnx"))
    onnx.save(blinks_model(), str(FOLDER / "tiny_blinks.onnx"))
