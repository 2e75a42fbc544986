"""Model files: opened, checked against their contract, and run over sound or landmarks in chunks of bounded memory.

The only module that knows onnxruntime. It is imported when a model is opened, not before, so that a missing wheel is a
sentence in the panel and not an add-on that can't be enabled. A model with an .npz beside it runs in numpy then.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .channels import LANDMARK_CHANNELS, N_LANDMARKS
from .curves import Curves, Float32Array
from .numpy_runtime import NumpySession
from .picture_face import Found

CONTRACT_VERSION = 1
CHUNK_SECONDS = 30.0
"""Audio predicted at a time: long beside the overlap, which is computed twice, and small in memory."""
PICTURES_AT_ONCE = 8
"""Pictures painted at a time."""
N_BLINK_NOISE = 10
"""Random numbers a frame from which blinks come."""

KINDS = {
    "audio_to_blendshapes": ("sample_rate_hz", "hop_samples", "fps", "channels", "receptive_field_seconds"),
    "audio_to_landmarks": (
        *("sample_rate_hz", "hop_samples", "fps", "channels", "receptive_field_seconds"),
        "neutral_landmarks",
    ),
    "landmarks_to_image": ("neutral_landmarks",),
    "image_to_landmarks": ("neutral_landmarks",),
    "noise_to_blinks": ("fps", "channels"),
}
"""What a model turns into what -> the facts that its contract must state."""

PROVIDERS = {
    "CUDA": "CUDAExecutionProvider",
    "DIRECTML": "DmlExecutionProvider",
    "COREML": "CoreMLExecutionProvider",
    "CPU": "CPUExecutionProvider",
}
"""Device as the user knows it -> onnxruntime execution provider, in the order in which AUTO tries them.

https://onnxruntime.ai/docs/execution-providers/
"""

IN_NUMPY = (
    "onnxruntime can't be loaded here, so the model runs in plain numpy: same curves, but slower and on the CPU only; "
    "install the Voxkey zip made for this system and Blender version"
)
"""What the user is told about a Model whose runtime is numpy."""


class Cancelled(Exception):  # noqa: N818 (a request of the user, not an error)
    """The user stopped a prediction."""


@dataclass(frozen=True)
class Contract:
    """What a model file says about itself, as far as the add-on needs it; 0 or empty what its kind does not have."""

    kind: str
    """A key of KINDS."""
    sample_rate_hz: int = 0
    hop_samples: int = 0
    fps: float = 0.0
    channels: tuple[str, ...] = ()
    receptive_field_seconds: float = 0.0
    """Span of audio, centred on a row, on which that row depends."""
    styles: tuple[str, ...] = ()
    """Habits of moving that the model can follow; without one it keeps to its default."""
    phones: tuple[str, ...] = ()
    """Classes of speech sounds for which the model gives probabilities; none if it has no such output."""
    neutral_landmarks: Float32Array | None = None
    """(68, 2), the resting face of a model of landmarks, in the units of that model's landmarks."""
    takes_images: bool = False
    """Whether it paints anybody, of whom it is shown pictures, and so has no neutral_landmarks."""


@dataclass(frozen=True)
class Model:
    """An opened model file."""

    path: Path
    contract: Contract
    device: str
    """The key of PROVIDERS that runs it."""
    runtime: str
    """onnxruntime, or numpy where that can't be loaded."""
    session: Any


@dataclass(frozen=True)
class ModelOutput:
    """What a model makes of a waveform."""

    curves: Curves
    phones: Curves | None
    """Probabilities in [0, 1] of contract.phones, at the same times; None when the model gives none."""


def available_devices() -> list[str]:
    """The keys of PROVIDERS that this machine's onnxruntime offers; ValueError when it can't be imported."""
    offered = _onnxruntime().get_available_providers()
    return [device for device, provider in PROVIDERS.items() if provider in offered]


def open_model(path: Path, device: str = "AUTO", kind: str = "audio_to_blendshapes") -> Model:
    """Open a model file of a kind of KINDS on a device of PROVIDERS, or on the first that works for AUTO.

    Where onnxruntime can't be loaded, a model that runs_in_numpy does so, on AUTO and CPU. Raises ValueError with one
    sentence when onnxruntime or the device is missing, or the file is missing, damaged, of another kind or of another
    contract version.
    """
    if not path.is_file():
        raise ValueError(f"There is no model file {path}; choose a model in the panel or reinstall Voxkey")
    try:
        offered = available_devices()
    except ValueError:
        if device in {"AUTO", "CPU"} and runs_in_numpy(path):
            return _open_in_numpy(path, kind)
        raise
    if device != "AUTO" and device not in offered:
        raise ValueError(f"{device} is not available here; choose Auto or one of {', '.join(offered)}")
    for candidate in offered if device == "AUTO" else [device]:
        session = _open_session(path, candidate)
        if session.get_providers()[0] == PROVIDERS[candidate]:
            text = session.get_modelmeta().custom_metadata_map.get("contract")
            return Model(path, _read_contract(text, path.name, kind), candidate, "onnxruntime", session)
    raise ValueError(f"{device} could not be started for {path.name}; choose Auto or CPU")


def runs_in_numpy(path: Path) -> bool:
    """Whether a model file can do without onnxruntime: its weights lie beside it as an .npz."""
    return _arrays_path(path).is_file()


def stated_facts(path: Path) -> dict[str, Any]:
    """What a model file says about itself, unchecked; empty when it says nothing.

    Opens no graph and skips the weights, so that a menu can ask every file of a folder. ONNX is a protobuf message
    whose field 14 is a list of keys and values: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
    """
    try:
        with path.open("rb") as file:
            while tag := _read_varint(file):
                length = _read_varint(file)  # or the value itself, of a field that is a number
                if tag == (14 << 3 | 2):
                    entry = file.read(length)
                    if entry.startswith(b"\n\x08contract"):
                        return dict(json.loads(entry[entry.index(b"{") :]))
                elif tag & 7 == 2:
                    file.seek(length, 1)
    except (OSError, ValueError, TypeError):
        pass
    return {}


def _read_varint(file: BinaryIO) -> int:
    """A protobuf number of any size; 0 at the end of the file."""
    number = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        number |= (byte[0] & 127) << shift if byte else 0
        if not byte or byte[0] < 128:
            break
    return number


def predict(
    model: Model,
    waveform: Float32Array,
    on_progress: Callable[[float], None] = lambda done: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    style: str | None = None,
) -> ModelOutput:
    """What a model makes of a waveform (S,) at its sample rate, in one of contract.styles: one row per started hop.

    Landmarks come as 136 columns, which as_landmarks turns into points.
    Works in chunks that overlap by the receptive field, so memory does not grow with length and the result is that of
    one pass. Calls on_progress with the done part in [0, 1]. Raises Cancelled once is_cancelled() is true, ValueError
    when the model fails or does not know the style.
    """
    contract = model.contract
    styles = _style_input(model, style)
    hop = contract.hop_samples
    n_frames = math.ceil(len(waveform) / hop)
    context = math.ceil(contract.receptive_field_seconds / 2 * contract.fps) + 1
    chunk = max(1, round(CHUNK_SECONDS * contract.fps))
    padded = np.pad(waveform, (0, n_frames * hop - len(waveform))).astype(np.float32)
    values = np.empty((n_frames, len(contract.channels)), np.float32)
    phones = np.empty((n_frames, len(contract.phones)), np.float32)
    outputs = {"values": values, "phones": phones} if contract.phones else {"values": values}
    for start in range(0, n_frames, chunk):
        if is_cancelled():
            raise Cancelled
        stop = min(start + chunk, n_frames)
        first, last = max(0, start - context), min(n_frames, stop + context)
        chunk_outputs = _run(model, list(outputs), {"waveform": padded[None, first * hop : last * hop], **styles})
        for whole, rows in zip(outputs.values(), chunk_outputs, strict=True):
            whole[start:stop] = rows[0, start - first : stop - first].reshape(stop - start, -1)
        on_progress(stop / n_frames)
    return ModelOutput(
        Curves(values, contract.channels, contract.fps),
        Curves(phones, contract.phones, contract.fps) if contract.phones else None,
    )


def as_landmarks(curves: Curves) -> Float32Array:
    """Points (T, 68, 2), x to the right and y down, of the curves of an audio_to_landmarks model."""
    return curves.values.reshape(-1, N_LANDMARKS, 2)


def paint(model: Model, landmarks: Float32Array, faces: Sequence[Found] = ()) -> Iterator[NDArray[np.uint8]]:
    """The pictures that a landmarks_to_image model paints of landmarks (T, 68, 2), in runs of at most PICTURES_AT_ONCE.

    Landmarks are in parts of the picture, from (0, 0), its top left corner, to (1, 1). Each run (N, H, W, 3) is sRGB
    with its first row on top, and made only when it is asked for. A model that takes_images paints the person of the
    faces, which others don't know. Raises ValueError when the model fails.
    """
    person = _images_input(faces) if faces else {}
    for start in range(0, len(landmarks), PICTURES_AT_ONCE):
        points = np.asarray(landmarks[start : start + PICTURES_AT_ONCE], np.float32)
        (images,) = _run(model, ["image"], {"landmarks": points, **person})
        levels = np.clip((images + 1) * 127.5, 0, 255).round().astype(np.uint8)
        yield levels.transpose(0, 2, 3, 1)


def _images_input(faces: Sequence[Found]) -> dict[str, Float32Array]:
    """The inputs that show a person."""
    images = np.stack([face.crop for face in faces]).astype(np.float32).transpose(0, 3, 1, 2) / 127.5 - 1
    return {"images": images, "image_landmarks": np.stack([face.landmarks for face in faces])}


def find_landmarks(model: Model, pictures: Float32Array) -> Float32Array:
    """Landmarks (N, 68, 2), in parts of the picture, of the face in each of pictures (N, 256, 256, 3) in [-1, 1].

    Of an image_to_landmarks model, which always says something. Raises ValueError when the model fails.
    """
    (landmarks,) = _run(model, ["landmarks"], {"image": np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))})
    return landmarks


def blink(model: Model, n_frames: int, seed: int) -> Curves:
    """Blinks of n_frames at the frame rate of a noise_to_blinks model; the same seed gives the same ones."""
    noise = np.random.default_rng(seed).standard_normal((1, n_frames, N_BLINK_NOISE)).astype(np.float32)
    (values,) = _run(model, ["values"], {"noise": noise})
    return Curves(values[0], model.contract.channels, model.contract.fps)


def _style_input(model: Model, style: str | None) -> dict[str, Float32Array]:
    """The input that asks for a style; none for the default."""
    if style is None:
        return {}
    known = model.contract.styles
    if style not in known:
        choice = f"choose one of {', '.join(known)}" if known else "it has one style only, leave the style out"
        raise ValueError(f"{model.path.name} has no style {style}; {choice}")
    return {"style": np.array([[name == style for name in known]], np.float32)}


def _run(model: Model, names: list[str], inputs: dict[str, Float32Array]) -> list[Float32Array]:
    """The named outputs for these inputs."""
    try:
        outputs: list[Float32Array] = model.session.run(names, inputs)
    except _session_errors(model.runtime) as error:
        raise ValueError(
            f"{model.path.name} failed on {model.device}; choose CPU or another model ({error})"
        ) from error
    if not all(np.isfinite(rows).all() for rows in outputs):
        raise ValueError(f"{model.path.name} returned values that are not numbers; choose another model")
    return outputs


def _arrays_path(path: Path) -> Path:
    return path.with_suffix(".npz")


def _open_in_numpy(path: Path, kind: str) -> Model:
    arrays = _arrays_path(path)
    session = NumpySession(arrays)
    return Model(path, _read_contract(session.contract, arrays.name, kind), "CPU", "numpy", session)


def _onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(
            f"onnxruntime can't be loaded ({error}); install the Voxkey zip made for this system and Blender version"
        ) from error
    return onnxruntime  # type: ignore[no-any-return]  # onnxruntime ships no types


def _session_errors(runtime: str = "onnxruntime") -> tuple[type[Exception], ...]:
    """What a session raises for a broken file, a failing device or unfitting inputs; there is no shared base class."""
    if runtime == "numpy":
        return (ValueError, MemoryError)
    state = _onnxruntime().capi.onnxruntime_pybind11_state
    names = (
        "EPFail",
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NoSuchFile",
        "NotImplemented",
        "RuntimeException",
    )
    return (*(getattr(state, name) for name in names), RuntimeError, ValueError)


def _open_session(path: Path, device: str) -> Any:
    runtime = _onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # its warnings are for developers; errors reach the user as sentences
    providers = list(dict.fromkeys([PROVIDERS[device], PROVIDERS["CPU"]]))
    try:
        return runtime.InferenceSession(str(path), options, providers=providers)
    except _session_errors() as error:
        raise ValueError(f"{path.name} is damaged or no model file; download or export it again ({error})") from error


def _read_contract(text: str | None, name: str, wanted_kind: str) -> Contract:
    if text is None:
        raise ValueError(
            f"{name} is not a Voxkey model: it carries no contract; choose a model exported by the trainer"
        )
    try:
        facts = json.loads(text)
        version, kind = facts["contract_version"], facts["kind"]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{name} carries a damaged contract ({error}); export it again") from error
    if version != CONTRACT_VERSION:
        raise ValueError(
            f"{name} follows contract version {version}, this Voxkey reads {CONTRACT_VERSION}; update the older one"
        )
    if kind != wanted_kind:
        raise ValueError(f"{name} is a model of kind {kind}; choose one of kind {wanted_kind}")
    try:
        return _contract_of(kind, facts)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name} carries an incomplete contract ({error}); export it again") from error


def _contract_of(kind: str, facts: dict[str, Any]) -> Contract:
    """Contract from its JSON; KeyError, TypeError or ValueError when a fact is missing or wrong."""
    stated = {"styles": (), "phones": (), "takes_images": False} | facts
    needed = [*KINDS[kind], "styles", "phones", "takes_images"]
    if stated["takes_images"]:
        needed.remove("neutral_landmarks")
    read: dict[str, Callable[[Any], Any]] = {
        "sample_rate_hz": int,
        "hop_samples": int,
        "fps": float,
        "channels": tuple,
        "receptive_field_seconds": float,
        "styles": tuple,
        "phones": tuple,
        "neutral_landmarks": _points,
        "takes_images": bool,
    }
    contract = Contract(kind, **{name: read[name](stated[name]) for name in needed})
    if kind == "audio_to_landmarks" and contract.channels != LANDMARK_CHANNELS:
        raise ValueError("its channels are not the 68 landmarks")
    return contract


def _points(pairs: Any) -> Float32Array:
    points = np.array(pairs, np.float32)
    if points.shape != (N_LANDMARKS, 2) or not np.isfinite(points).all():
        raise ValueError(f"its landmarks are not {N_LANDMARKS} points")
    return points
