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
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException
from torch import Tensor, nn

from blender_addon.core.frames import SIDE_PX
from blender_addon.core.model import N_BLINK_NOISE

CONTRACT_VERSION = 1
LARGEST_DIFFERENCE = 1e-3
LARGEST_DIFFERENCE_OF_PICTURES = 1 / 255
"""Half of one of the 256 levels of [-1, 1]: normalisation in a painter enlarges what is rounded."""
TESTED_SECONDS = (1.3, 3.1)
"""Two lengths: an export that froze the traced length only fails at another one."""
TESTED_PICTURES = (2, 3)
OF_PICTURES = ("landmarks_to_image", "image_to_landmarks")
"""Kinds that know landmarks and pictures alone."""
OPSET_VERSION = 17


def export_model(network: nn.Module, path: Path, contract: dict[str, Any], speech: Path | None = None) -> None:
    """Write a network as a model file; the contract's kind says what goes in and comes out.

    With the model file speech, the network takes that model's phones (1, T, P) instead of a waveform, and what is
    written holds both: the waveform goes in there.

    noise_to_blinks: noise (1, T, N_BLINK_NOISE) to values (1, T, K). landmarks_to_image: landmarks (T, 68, 2) to image
    (T, 3, H, W); with takes_images in the contract, of the person of images (K, 3, 256, 256) with image_landmarks
    (K, 68, 2). image_to_landmarks: image (N, 3, 256, 256) to landmarks (N, 68, 2). Every other kind: waveform (1, S)
    to values (1, T, ...).

    The contract needs every field of DESIGN.md but contract_version, which is added here. One with `styles` stands for
    a network with a second input, style (1, n_styles), which callers may leave out: its default is zeros. One with
    `phones` stands for a second output, phones (1, T, n_phones). Raises ValueError, and leaves path as it was, when
    onnxruntime and torch differ by more than is allowed in an output at either of two lengths.
    """
    network = network.cpu().eval()
    partial = path.with_suffix(".partial")
    try:
        _write_graph(network, partial, contract, phones_of(speech, _example(contract, 1)) if speech else None)
        if speech:
            _join_graphs(speech, partial)
        _complete_graph(partial, contract)
        lengths = _tested_lengths(contract)
        difference = max(_difference(network, partial, contract, length, speech) for length in lengths)
        if not difference <= _largest_allowed(contract):
            raise ValueError(
                f"the exported graph differs from the network by {difference:.2g}; fix the network's export"
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def export_arrays(network: nn.Module, path: Path, contract: dict[str, Any], constants: dict[str, Any]) -> None:
    """Write the weights of a network as an .npz file, for a runtime that is plain numpy.

    It holds parameters and buffers under their torch names, constants (numbers or arrays) that the runtime needs
    besides, and the contract as JSON. What half precision holds exactly takes half the space.
    """
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    arrays = {name: _smallest(tensor.detach().cpu().numpy()) for name, tensor in tensors.items()}
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, contract=np.array(_contract_text(contract)), **arrays, **constants)
    partial.replace(path)


def round_weights(network: nn.Module) -> None:
    """Round the parameters to half precision, so that small files hold the same weights for every runtime."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half())


def _smallest(array: NDArray[Any]) -> NDArray[Any]:
    """The array in half precision where that changes nothing."""
    if array.dtype != np.float32:
        return array
    with np.errstate(over="ignore"):  # what is too large for half precision stays as it is
        half = array.astype(np.float16)
    return half if np.array_equal(half, array) else array


def phones_of(speech: Path, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """What the speech model hears in a waveform, as the input of the network that goes on from there."""
    return {"phones": torch.from_numpy(_run_graph(speech, ["phones"], inputs)[0])}


def _write_graph(
    network: nn.Module, path: Path, contract: dict[str, Any], phones: dict[str, Tensor] | None = None
) -> None:
    """Write the network's own graph, which takes phones if they are given."""
    inputs = {**(phones or _example(contract, 1)), **_defaults(contract)}
    outputs = _output_names(contract)
    with warnings.catch_warnings():
        # The exporter that replaces this one fails on recurrent layers followed by a linear layer (torch 2.13).
        warnings.simplefilter("ignore", DeprecationWarning)
        # What it fears to have frozen shows when the graph runs at another length than the traced one.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]  # exported without a declaration
        warnings.filterwarnings("ignore", message=".*batch_size other than 1.*")
        warnings.filterwarnings("ignore", message=".*instance_norm.*")  # which has no other mode here
        warnings.filterwarnings("ignore", message="Constant folding.*")  # an optimisation that it leaves out
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={"phones": {1: "T"}, "values": {1: "T"}} if phones else _dynamic_axes(contract),
            opset_version=OPSET_VERSION,
            dynamo=False,
        )


def _join_graphs(speech: Path, path: Path) -> None:
    """Put the speech model in front of the graph at path; what the speech model could be told besides stays default."""
    first = onnx.utils.Extractor(onnx.load(speech)).extract_model(["waveform"], ["phones"])
    del first.graph.value_info[:]  # which would rename input and output too
    graphs = [(first, "speech/"), (onnx.load(path), "face/")]
    first, second = (onnx.compose.add_prefix(g, n, rename_inputs=False, rename_outputs=False) for g, n in graphs)
    onnx.save(onnx.compose.merge_models(first, second, [("phones", "phones")]), path)


def _complete_graph(path: Path, contract: dict[str, Any]) -> None:
    """Add what torch can't express: the contract, small weights, and the defaults of inputs that may be left out."""
    model = onnx.load(path)
    _halve_weights(model.graph)
    onnx.helper.set_model_props(model, {"contract": _contract_text(contract)})
    for name, default in _defaults(contract).items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(default.numpy(), name))
    onnx.save(model, path)


def _halve_weights(graph: onnx.GraphProto) -> None:
    """Store weights as _smallest does; onnxruntime makes them single precision again once, when it opens the file."""
    casts = []
    for weight in graph.initializer:
        small = _smallest(onnx.numpy_helper.to_array(weight))
        if small.dtype == np.float16:
            half = f"{weight.name}/half"
            casts.append(onnx.helper.make_node("Cast", [half], [weight.name], to=onnx.TensorProto.FLOAT))
            weight.CopyFrom(onnx.numpy_helper.from_array(small, half))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])


def _contract_text(contract: dict[str, Any]) -> str:
    return json.dumps({"contract_version": CONTRACT_VERSION, **contract}, default=str)  # paths of the config as text


def _output_names(contract: dict[str, Any]) -> list[str]:
    if contract["kind"] in OF_PICTURES:
        return ["image" if contract["kind"] == "landmarks_to_image" else "landmarks"]
    return ["values", "phones"] if "phones" in contract else ["values"]


def _dynamic_axes(contract: dict[str, Any]) -> dict[str, dict[int, str]]:
    """The axis of every input and output that may have any length, and its letter."""
    if contract["kind"] in OF_PICTURES:
        return {name: {0: "T"} for name in ("landmarks", "image")} | {
            name: {0: "K"} for name in ("images", "image_landmarks") if contract.get("takes_images")
        }
    sound = {"noise": {1: "T"}} if contract["kind"] == "noise_to_blinks" else {"waveform": {1: "S"}}
    return sound | {name: {1: "T"} for name in _output_names(contract)}


def _largest_allowed(contract: dict[str, Any]) -> float:
    return LARGEST_DIFFERENCE_OF_PICTURES if contract["kind"] == "landmarks_to_image" else LARGEST_DIFFERENCE


def _tested_lengths(contract: dict[str, Any]) -> tuple[float, ...]:
    """Seconds, or a number of pictures."""
    return TESTED_PICTURES if contract["kind"] in OF_PICTURES else TESTED_SECONDS


def _example(contract: dict[str, Any], length: float) -> dict[str, Tensor]:
    """The input of a length: noise, which may be pictures, landmarks scattered over one, or sound that rises."""
    generator = np.random.default_rng(0)
    if contract["kind"] == "image_to_landmarks":
        noise = generator.uniform(-1, 1, (int(length), 3, SIDE_PX, SIDE_PX)).astype(np.float32)
        return {"image": torch.from_numpy(noise)}
    if contract["kind"] == "landmarks_to_image":
        landmarks = {"landmarks": _scattered(generator, int(length))}
        if not contract.get("takes_images"):
            return landmarks
        n_images = 6 * abs(int(length) - TESTED_PICTURES[0]) + 1  # few and many
        noise = generator.uniform(-1, 1, (n_images, 3, SIDE_PX, SIDE_PX)).astype(np.float32)
        return landmarks | {"images": torch.from_numpy(noise), "image_landmarks": _scattered(generator, n_images)}
    n_frames = int(length * contract["fps"])
    if contract["kind"] == "noise_to_blinks":
        return {"noise": torch.from_numpy(generator.standard_normal((1, n_frames, N_BLINK_NOISE)).astype(np.float32))}
    n_samples = n_frames * int(contract["hop_samples"])
    rising = np.linspace(0, 0.3, n_samples) * generator.standard_normal(n_samples)
    return {"waveform": torch.from_numpy(rising.astype(np.float32)[None])}


def _scattered(generator: np.random.Generator, n_pictures: int) -> Tensor:
    """Landmarks (N, 68, 2) anywhere near the middle of pictures."""
    return torch.from_numpy(generator.uniform(0.2, 0.8, (n_pictures, 68, 2)).astype(np.float32))


def _defaults(contract: dict[str, Any]) -> dict[str, Tensor]:
    """Inputs besides the waveform, in the network's order, with the values that they have when left out."""
    return {"style": torch.zeros(1, len(contract["styles"]))} if "styles" in contract else {}


def _difference(network: nn.Module, path: Path, contract: dict[str, Any], length: float, speech: Path | None) -> float:
    """Largest absolute difference between torch and onnxruntime on an input of a length."""
    example = _example(contract, length)
    cases = [(example, example | _defaults(contract))]
    if _defaults(contract):
        others = example | {name: torch.ones_like(default) for name, default in _defaults(contract).items()}
        cases.append((others, others))
    differences = []
    for passed, inputs in cases:
        exported = _run_graph(path, _output_names(contract), passed)
        with torch.no_grad():
            output = network(*(phones_of(speech, inputs) if speech else inputs).values())
        expected = output if isinstance(output, tuple) else (output,)
        differences += [_largest_difference(*pair) for pair in zip(exported, expected, strict=True)]
    return max(differences)


def _run_graph(path: Path, names: list[str], inputs: dict[str, Tensor]) -> list[Any]:
    """The named outputs of a graph."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # it warns of every input that has a default
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    try:
        outputs: list[Any] = session.run(names, {name: value.numpy() for name, value in inputs.items()})
    except (Fail, InvalidArgument, RuntimeException) as error:
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in inputs.items())
        raise ValueError(f"the exported graph fails on {shapes} ({error}); fix the network's export") from error
    return outputs


def _largest_difference(exported: Any, expected: Tensor) -> float:
    if exported.shape != expected.shape:
        raise ValueError(
            f"the exported graph returns {exported.shape} where the network returns {tuple(expected.shape)}"
        )
    return float(np.abs(exported - expected.numpy()).max())
