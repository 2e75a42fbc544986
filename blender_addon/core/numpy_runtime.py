"""voice_to_face in plain numpy, from the .npz beside a model file, for a Blender that can't load onnxruntime.

The networks of trainer/voice_to_face/model.py, with arrays under the names that they have there; the functions are
named after its parts. T frames, R rows of mel power, F features, H hidden.
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from .curves import Float32Array

Arrays = dict[str, Float32Array]

_WINDOW = "features.mel_power.power_spectrum.window"
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
            self.hop_samples = int(facts["hop_samples"])
            self._networks = [name.removesuffix(".mean") for name in self._arrays if name.endswith(".mean")]
            self._n_features = len(self._arrays["networks.0.mean"])
            self.rows_per_frame = self._n_features // self._arrays["features.mel_power.mel"].shape[1]
            self._row_samples = self.hop_samples // self.rows_per_frame
            self._default_style = np.zeros((1, self._arrays["networks.0.style.weight"].shape[1]), np.float32)
            self._jaw, self._close = (facts["channels"].index(name) for name in ("jawOpen", "mouthClose"))
            self.run(["values"], {"waveform": np.zeros((1, self.hop_samples), np.float32)})
        except (LookupError, OSError, TypeError, ValueError, RuntimeError, EOFError, zlib.error, BadZipFile) as error:
            raise ValueError(
                f"{path.name} is damaged or of another network; install Voxkey or export the model again"
            ) from error

    def run(self, names: list[str], inputs: dict[str, Float32Array]) -> list[Float32Array]:
        """Outputs by name, values (1, T, 51) and phones (1, T, 29), of waveform (1, S) and style (1, n_styles)."""
        arrays, waveform = self._arrays, inputs["waveform"][0]
        style = inputs.get("style", self._default_style)
        before, after = self.margin_samples
        power = self.mel_power(
            np.pad(waveform[: len(waveform) // self.hop_samples * self.hop_samples], (before, after))
        )
        features = self._features(power)
        said = [_said(arrays, network, features, style) for network in self._networks]
        blendshapes, contact, phones = (np.mean(part, axis=0) for part in zip(*said, strict=True))
        outputs = {"values": self._closed(blendshapes, contact), "phones": _softmax(phones)}
        return [outputs[name][None] for name in names]

    @property
    def margin_samples(self) -> tuple[int, int]:
        """Samples before the first and after the last hop that are heard with them."""
        both = len(self._arrays[_WINDOW]) - self._row_samples
        return both // 2, both - both // 2

    @property
    def reach_frames(self) -> int:
        """How many frames to either side the network looks from each: its convolutions, without the local means."""
        return 1 + int(self._arrays["dilations"].sum())

    @property
    def mean_reach_rows(self) -> int:
        """How many rows of mel power to either side count for what is around a row: level, and mean of each band."""
        return 2 * int(self._arrays["level_reach_rows"])

    def mel_power(self, samples: Float32Array) -> Float32Array:
        """MelPower: whole hops with margin_samples round them -> (R, n_mels), rows_per_frame a hop."""
        windows = np.lib.stride_tricks.sliding_window_view(samples, len(self._arrays[_WINDOW]))
        return _mel_power(self._arrays, windows[:: self._row_samples])

    def last_values(self, power: Float32Array, n_frames: int) -> Float32Array:
        """Blendshapes (n_frames, 51) at the end of rows of mel power (R, n_mels), as if the sound ended there.

        The first network alone says them, in a part of the time of all.
        """
        features = self._features(power)[-n_frames - self.reach_frames :]
        blendshapes, contact, _ = _said(self._arrays, self._networks[0], features, self._default_style)
        return self._closed(blendshapes[-n_frames:], contact[-n_frames:])

    def _features(self, power: Float32Array) -> Float32Array:
        """VoiceFeatures after MelPower: (R, n_mels) -> (T, F)."""
        reach, quietest = int(self._arrays["level_reach_rows"]), self._arrays["quietest_power"]
        relative = power / np.maximum(_local_mean(power.mean(axis=1, keepdims=True), reach), quietest)
        log_power = np.log10(relative + self._arrays["floor_power"])
        rows = log_power - _local_mean(log_power, reach)
        return np.asarray(rows.reshape(-1, self._n_features), np.float32)

    def _closed(self, blendshapes: Float32Array, contact: Float32Array) -> Float32Array:
        """Contact: (T, 51) and logits (T, 2) of lips and of teeth that touch -> (T, 51)."""
        arrays, open_ = self._arrays, np.clip(blendshapes, 0, 1)
        begins, full = arrays["contact_begins"], arrays["contact_full"]
        amount = np.clip((_sigmoid(contact) - begins) / (full - begins), 0, 1)
        lips, teeth = amount[:, :1], amount[:, 1:]
        closed = open_ * (1 - arrays["close.opens"] * np.maximum(lips, teeth))
        wanted = open_[:, [self._jaw]] * np.maximum(lips, arrays["teeth_share"] * teeth)
        missing = np.maximum(wanted - open_[:, [self._close]], 0)
        return np.asarray(closed + arrays["close.closes"] * missing, np.float32)


def _mel_power(arrays: Arrays, windows: Float32Array) -> Float32Array:
    """MelPower of windows (R, W): (R, n_mels)."""
    window = arrays[_WINDOW]
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


def _said(arrays: Arrays, network: str, features: Float32Array, style: Float32Array) -> list[Float32Array]:
    """VoiceNetwork: (T, F) -> blendshapes (T, 51), logits of contact (T, 2) and of phones (T, 29)."""
    scaled = (features - arrays[f"{network}.mean"]) / arrays[f"{network}.deviation"]
    hidden = _convolution(arrays, f"{network}.entry", scaled) + style @ arrays[f"{network}.style.weight"].T
    hidden = np.maximum(hidden, 0)
    for number, dilation in enumerate(arrays["dilations"].astype(int)):
        block = f"{network}.blocks.{number}"
        spread = _convolution(arrays, f"{block}.convolution", _norm(arrays, f"{block}.norm", hidden), dilation)
        hidden += _linear(arrays, f"{block}.linear", np.maximum(spread, 0))
    hidden = _norm(arrays, f"{network}.norm", hidden)
    return [_linear(arrays, f"{network}.{head}", hidden) for head in ("blendshapes", "contact", "phones")]


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


def _sigmoid(logits: Float32Array) -> Float32Array:
    return np.asarray((1 + np.tanh(logits / 2)) / 2)


def _softmax(logits: Float32Array) -> Float32Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
