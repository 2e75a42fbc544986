"""voice_to_face in plain numpy, from the .npz beside a model file, for a Blender that can't load onnxruntime.

The network of trainer/voice_to_face/model.py, with arrays under the names that they have there; the functions are named
after its parts. T frames, R rows of mel power, F features, H hidden.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from .curves import Float32Array

Arrays = dict[str, Float32Array]

NORM_EPSILON = np.float32(1e-5)
"""What torch.nn.LayerNorm adds to the variance."""


class NumpySession:
    """Opened weights; run() is called like that of an onnxruntime session."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError with one sentence when the file is missing, damaged or holds another network."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                self.contract = str(arrays["contract"])
                self._arrays = {name: arrays[name].astype(np.float32) for name in arrays.files if name != "contract"}
            facts = json.loads(self.contract)
            self._hop_samples = int(facts["hop_samples"])
            self._jaw, self._close = (facts["channels"].index(name) for name in ("jawOpen", "mouthClose"))
            self.run(["values"], {"waveform": np.zeros((1, self._hop_samples), np.float32)})
        except (LookupError, OSError, TypeError, ValueError, RuntimeError, EOFError, zlib.error, BadZipFile) as error:
            raise ValueError(
                f"{path.name} is damaged or of another network; install Voxkey or export the model again"
            ) from error

    def run(self, names: list[str], inputs: dict[str, Float32Array]) -> list[Float32Array]:
        """Outputs by name, values (1, T, 51) and phones (1, T, 29), of waveform (1, S) and style (1, n_styles)."""
        arrays = self._arrays
        style = inputs.get("style", np.zeros((1, arrays["network.style.weight"].shape[1]), np.float32))
        features = _voice_features(arrays, inputs["waveform"][0], self._hop_samples)
        hidden = _hidden(arrays, features, style)
        blendshapes = np.clip(_linear(arrays, "network.blendshapes", hidden), 0, 1)
        contact = _sigmoid(_linear(arrays, "network.contact", hidden))
        outputs = {
            "values": _closed(arrays, blendshapes, contact, self._jaw, self._close),
            "phones": _softmax(_linear(arrays, "network.phones", hidden)),
        }
        return [outputs[name][None] for name in names]


def _voice_features(arrays: Arrays, waveform: Float32Array, hop_samples: int) -> Float32Array:
    """VoiceFeatures: (S,) -> (T, F)."""
    n_features = len(arrays["network.mean"])
    n_frames = len(waveform) // hop_samples
    rows_per_frame = n_features // arrays["features.mel_power.mel"].shape[1]
    power = _mel_power(arrays, waveform[: n_frames * hop_samples], hop_samples // rows_per_frame)
    reach = int(arrays["level_reach_rows"])
    relative = power / np.maximum(_local_mean(power.mean(axis=1, keepdims=True), reach), arrays["quietest_power"])
    log_power = np.log10(relative + arrays["floor_power"])
    rows = log_power - _local_mean(log_power, reach)
    return np.asarray(rows.reshape(n_frames, n_features), np.float32)


def _mel_power(arrays: Arrays, waveform: Float32Array, hop_samples: int) -> Float32Array:
    """MelPower: (S,) -> (R, n_mels)."""
    window = arrays["features.mel_power.power_spectrum.window"]
    before = (len(window) - hop_samples) // 2
    padded = np.pad(waveform, (before, len(window) - hop_samples - before))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(window))[::hop_samples]
    spectrum = np.fft.rfft(windows * window)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.asarray(power @ arrays["features.mel_power.mel"])


def _local_mean(rows: Float32Array, reach: int) -> Float32Array:
    """Mean of rows (R, F) over those within reach."""
    n_rows = len(rows)
    summed = np.pad(np.cumsum(rows, axis=0, dtype=np.float64), ((1, 0), (0, 0)))
    first = np.maximum(np.arange(n_rows) - reach, 0)
    last = np.minimum(np.arange(n_rows) + reach + 1, n_rows)
    return np.asarray((summed[last] - summed[first]) / (last - first)[:, None], np.float32)


def _hidden(arrays: Arrays, features: Float32Array, style: Float32Array) -> Float32Array:
    """VoiceNetwork up to its heads: (T, F) -> (T, H)."""
    scaled = (features - arrays["network.mean"]) / arrays["network.deviation"]
    hidden = _convolution(arrays, "network.entry", scaled) + style @ arrays["network.style.weight"].T
    hidden = np.maximum(hidden, 0)
    for number, dilation in enumerate(arrays["dilations"].astype(int)):
        block = f"network.blocks.{number}"
        spread = _convolution(arrays, f"{block}.convolution", _norm(arrays, f"{block}.norm", hidden), dilation)
        hidden += _linear(arrays, f"{block}.linear", np.maximum(spread, 0))
    return _norm(arrays, "network.norm", hidden)


def _convolution(arrays: Arrays, name: str, rows: Float32Array, dilation: int = 1) -> Float32Array:
    """Conv1d over time with as many rows out as in: (T, n_in) -> (T, n_out)."""
    weight = arrays[f"{name}.weight"]  # (n_out, n_in, kernel)
    padded = np.pad(rows, ((dilation, dilation), (0, 0)))
    taps = [padded[tap * dilation : tap * dilation + len(rows)] for tap in range(weight.shape[2])]
    stacked = weight.transpose(0, 2, 1).reshape(len(weight), -1)
    return np.asarray(np.concatenate(taps, axis=1) @ stacked.T + arrays[f"{name}.bias"])


def _linear(arrays: Arrays, name: str, rows: Float32Array) -> Float32Array:
    return np.asarray(rows @ arrays[f"{name}.weight"].T + arrays[f"{name}.bias"])


def _norm(arrays: Arrays, name: str, rows: Float32Array) -> Float32Array:
    """LayerNorm over the last axis."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    variance = np.square(centred).mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt(variance + NORM_EPSILON) * arrays[f"{name}.weight"] + arrays[f"{name}.bias"])


def _closed(arrays: Arrays, blendshapes: Float32Array, contact: Float32Array, jaw: int, close: int) -> Float32Array:
    """Contact: (T, 51) and probabilities (T, 2) of lips and of teeth that touch -> (T, 51)."""
    begins, full = arrays["contact_begins"], arrays["contact_full"]
    amount = np.clip((contact - begins) / (full - begins), 0, 1)
    lips, teeth = amount[:, :1], amount[:, 1:]
    closed = blendshapes * (1 - arrays["close.opens"] * np.maximum(lips, teeth))
    wanted = blendshapes[:, jaw : jaw + 1] * np.maximum(lips, arrays["teeth_share"] * teeth)
    missing = np.maximum(wanted - blendshapes[:, close : close + 1], 0)
    return np.asarray(closed + arrays["close.closes"] * missing, np.float32)


def _sigmoid(logits: Float32Array) -> Float32Array:
    return np.asarray((1 + np.tanh(logits / 2)) / 2)


def _softmax(logits: Float32Array) -> Float32Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
