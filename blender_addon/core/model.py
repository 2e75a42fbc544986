"""Model files: opened, checked against their contract, and run over a waveform in chunks of bounded memory.

The only module that knows onnxruntime. It is imported when a model is opened, not before, so that a missing wheel is a
sentence in the panel and not an add-on that can't be enabled.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .curves import Curves, Float32Array

CONTRACT_VERSION = 1
CHUNK_SECONDS = 20.0
"""Audio predicted at a time: long beside the overlap, which is computed twice, and small in memory."""

PROVIDERS = {
    "CUDA": "CUDAExecutionProvider",
    "DIRECTML": "DmlExecutionProvider",
    "COREML": "CoreMLExecutionProvider",
    "CPU": "CPUExecutionProvider",
}
"""Device as the user knows it -> onnxruntime execution provider, in the order in which AUTO tries them.

https://onnxruntime.ai/docs/execution-providers/
"""


class Cancelled(Exception):  # noqa: N818 (a request of the user, not an error)
    """The user stopped a prediction."""


@dataclass(frozen=True)
class Contract:
    """What a model file says about itself, as far as the add-on needs it."""

    kind: str
    sample_rate_hz: int
    hop_samples: int
    fps: float
    channels: tuple[str, ...]
    receptive_field_seconds: float
    """Span of audio, centred on a row, on which that row depends."""


@dataclass(frozen=True)
class Model:
    """An opened model file that turns a waveform into Curves."""

    path: Path
    contract: Contract
    device: str
    """The key of PROVIDERS that runs it."""
    session: Any


def available_devices() -> list[str]:
    """The keys of PROVIDERS that this machine's onnxruntime offers; ValueError when it can't be imported."""
    offered = _onnxruntime().get_available_providers()
    return [device for device, provider in PROVIDERS.items() if provider in offered]


def open_model(path: Path, device: str = "AUTO") -> Model:
    """Open an audio_to_blendshapes model file on a device of PROVIDERS, or on the first that works for AUTO.

    Raises ValueError with one sentence when onnxruntime or the device is missing, or the file is missing, damaged,
    of another kind or of another contract version.
    """
    if not path.is_file():
        raise ValueError(f"There is no model file {path}; choose a model in the panel or reinstall Voxkey")
    offered = available_devices()
    if device != "AUTO" and device not in offered:
        raise ValueError(f"{device} is not available here; choose Auto or one of {', '.join(offered)}")
    for candidate in offered if device == "AUTO" else [device]:
        session = _open_session(path, candidate)
        if session.get_providers()[0] == PROVIDERS[candidate]:
            return Model(path, _read_contract(session, path.name), candidate, session)
    raise ValueError(f"{device} could not be started for {path.name}; choose Auto or CPU")


def predict(
    model: Model,
    waveform: Float32Array,
    on_progress: Callable[[float], None] = lambda done: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Curves:
    """Curves of a waveform (S,) at the model's sample rate: one row per started hop.

    Works in chunks that overlap by the receptive field, so memory does not grow with length and the result is that of
    one pass. Calls on_progress with the done part in [0, 1] and raises Cancelled once is_cancelled() is true.
    """
    contract = model.contract
    hop = contract.hop_samples
    n_frames = math.ceil(len(waveform) / hop)
    context = math.ceil(contract.receptive_field_seconds / 2 * contract.fps) + 1
    chunk = max(1, round(CHUNK_SECONDS * contract.fps))
    padded = np.pad(waveform, (0, n_frames * hop - len(waveform))).astype(np.float32)
    values = np.empty((n_frames, len(contract.channels)), np.float32)
    for start in range(0, n_frames, chunk):
        if is_cancelled():
            raise Cancelled
        stop = min(start + chunk, n_frames)
        first, last = max(0, start - context), min(n_frames, stop + context)
        rows = _run(model, padded[first * hop : last * hop])
        values[start:stop] = rows[start - first : stop - first]
        on_progress(stop / n_frames)
    return Curves(values, contract.channels, contract.fps)


def _run(model: Model, waveform: Float32Array) -> Float32Array:
    """(T, K) rows of one chunk."""
    try:
        rows = model.session.run(["values"], {"waveform": waveform[None]})[0][0]
    except _session_errors() as error:
        raise ValueError(
            f"{model.path.name} failed on {model.device}; choose CPU or another model ({error})"
        ) from error
    if not np.isfinite(rows).all():
        raise ValueError(f"{model.path.name} returned values that are not numbers; choose another model")
    return np.asarray(rows, np.float32)


def _onnxruntime() -> ModuleType:
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(
            f"onnxruntime can't be loaded ({error}); install the Voxkey zip made for this system and Blender version"
        ) from error
    return onnxruntime  # type: ignore[no-any-return]  # onnxruntime ships no types


def _session_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises for a broken file, a failing device or unfitting inputs; they share no base class."""
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


def _read_contract(session: Any, name: str) -> Contract:
    text = session.get_modelmeta().custom_metadata_map.get("contract")
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
    if kind != "audio_to_blendshapes":
        raise ValueError(f"{name} is a model of kind {kind}; choose one of kind audio_to_blendshapes")
    try:
        return Contract(
            kind=kind,
            sample_rate_hz=int(facts["sample_rate_hz"]),
            hop_samples=int(facts["hop_samples"]),
            fps=float(facts["fps"]),
            channels=tuple(facts["channels"]),
            receptive_field_seconds=float(facts["receptive_field_seconds"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{name} carries an incomplete contract ({error}); export it again") from error
