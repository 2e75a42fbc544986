"""Blendshape weights as Audio2Face exports them, read into Curves and written from them.

JSON, from the Blendshape Conversion of the desktop application: exportFps, facsNames (K names), weightMat (T rows of K
weights), numPoses = K, numFrames = T, trackPath the sound. The names are the 52 of face capture, or in its first
versions 46 of its own, which are translated here.
https://docs.omniverse.nvidia.com/audio2face/latest/user-manual/data-conversion/blendshape-conversion.html

CSV, from the samples of Audio2Face-3D (animation_frames.csv): a column without a name that counts the rows, timeCode in
seconds, and one column blendShapes.JawOpen for each of the 52.
https://github.com/NVIDIA/Audio2Face-3D-Samples/tree/main/scripts/audio2face_3d_api_client
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .channels import BLENDSHAPE_CHANNELS
from .curves import Curves, Float32Array
from .livelink import WEIGHT_COLUMNS
from .text_files import frame_rate, on_grid, read_table, read_text, write_text

PREFIX = "blendShapes."
"""Before the names of the weights in a CSV file."""

FACS_NAMES: dict[str, tuple[str, ...]] = {
    "browLowerL": ("browDownLeft",),
    "browLowerR": ("browDownRight",),
    "innerBrowRaiserL": ("browInnerUp",),
    "innerBrowRaiserR": ("browInnerUp",),
    "outerBrowRaiserL": ("browOuterUpLeft",),
    "outerBrowRaiserR": ("browOuterUpRight",),
    "eyesLookLeft": ("eyeLookOutLeft", "eyeLookInRight"),
    "eyesLookRight": ("eyeLookInLeft", "eyeLookOutRight"),
    "eyesLookUp": ("eyeLookUpLeft", "eyeLookUpRight"),
    "eyesLookDown": ("eyeLookDownLeft", "eyeLookDownRight"),
    "eyesCloseL": ("eyeBlinkLeft",),
    "eyesCloseR": ("eyeBlinkRight",),
    "eyesUpperLidRaiserL": ("eyeWideLeft",),
    "eyesUpperLidRaiserR": ("eyeWideRight",),
    "squintL": ("eyeSquintLeft",),
    "squintR": ("eyeSquintRight",),
    "cheekRaiserL": ("cheekSquintLeft",),
    "cheekRaiserR": ("cheekSquintRight",),
    "cheekPuffL": ("cheekPuff",),
    "cheekPuffR": ("cheekPuff",),
    "noseWrinklerL": ("noseSneerLeft",),
    "noseWrinklerR": ("noseSneerRight",),
    "jawDrop": ("jawOpen",),
    "jawDropLipTowards": ("jawOpen", "mouthClose"),
    "jawThrust": ("jawForward",),
    "jawSlideLeft": ("jawLeft",),
    "jawSlideRight": ("jawRight",),
    "mouthSlideLeft": ("mouthLeft",),
    "mouthSlideRight": ("mouthRight",),
    "dimpleL": ("mouthDimpleLeft",),
    "dimpleR": ("mouthDimpleRight",),
    "lipCornerPullerL": ("mouthSmileLeft",),
    "lipCornerPullerR": ("mouthSmileRight",),
    "lipCornerDepressorL": ("mouthFrownLeft",),
    "lipCornerDepressorR": ("mouthFrownRight",),
    "lipStretcherL": ("mouthStretchLeft",),
    "lipStretcherR": ("mouthStretchRight",),
    "upperLipRaiserL": ("mouthUpperUpLeft",),
    "upperLipRaiserR": ("mouthUpperUpRight",),
    "lowerLipDepressorL": ("mouthLowerDownLeft",),
    "lowerLipDepressorR": ("mouthLowerDownRight",),
    "chinRaiser": ("mouthShrugLower",),
    "lipPressor": ("mouthPressLeft", "mouthPressRight"),
    "pucker": ("mouthPucker",),
    "funneler": ("mouthFunnel",),
    "lipSuck": ("mouthRollLower", "mouthRollUpper"),
}
"""Name of the first versions -> channels that move with it; where two names move one channel, the larger counts.

They are muscles of the Facial Action Coding System: Ekman, Friesen, Hager 2002, and
https://developer.apple.com/documentation/arkit/arfaceanchor/blendshapelocation for what the channels do.
"""
_OF_NAME = {channel.lower(): (channel,) for channel in BLENDSHAPE_CHANNELS} | {
    name.lower(): channels for name, channels in FACS_NAMES.items()
}


def read_audio2face(path: Path) -> Curves:
    """Those of BLENDSHAPE_CHANNELS that a JSON or CSV file has, at its frame rate; ValueError when it is neither."""
    return _read_json(path) if is_json(path) else _read_csv(path)


def is_json(path: Path) -> bool:
    """Whether a file holds JSON, whatever it is called; ValueError when it is no text."""
    return read_text(path).lstrip().startswith("{")


def is_audio2face(path: Path) -> bool:
    """Whether a file is one of Audio2Face by its first lines; ValueError when it is no text."""
    return is_json(path) or PREFIX.lower() in read_text(path)[:4096].lower()


def write_json(path: Path, curves: Curves, sound: str) -> None:
    """Write a face's channels (T, K) as the desktop application would; the sound is a name for people."""
    content = {
        "exportFps": curves.fps,
        "trackPath": sound,
        "numPoses": len(WEIGHT_COLUMNS),
        "numFrames": len(curves.values),
        "facsNames": [name[0].lower() + name[1:] for name in WEIGHT_COLUMNS],
        "weightMat": [[round(float(weight), 6) for weight in row] for row in _weights(curves)],
    }
    write_text(path, json.dumps(content))


def write_csv(path: Path, curves: Curves) -> None:
    """Write a face's channels (T, K) as animation_frames.csv."""
    lines = [",".join(("", "timeCode", *(PREFIX + name for name in WEIGHT_COLUMNS)))]
    for number, row in enumerate(_weights(curves)):
        lines.append(",".join((str(number), f"{number / curves.fps:.9f}", *(f"{weight:.8f}" for weight in row))))
    write_text(path, "\n".join(lines) + "\n")


def _weights(curves: Curves) -> Float32Array:
    """(T, 52) in the order of WEIGHT_COLUMNS, 0 for what the curves lack."""
    column = {channel.lower(): curves.column(channel) for channel in curves.channels}
    still = np.zeros(len(curves.values), np.float32)
    return np.stack([column.get(name.lower(), still) for name in WEIGHT_COLUMNS], axis=1)


def _read_csv(path: Path) -> Curves:
    table = read_table(path)
    names = [name.lower().removeprefix(PREFIX.lower()) for name in table.header]
    known = [number for number, name in enumerate(names) if name in _OF_NAME]
    if not known or "timecode" not in names:
        missing = f"{PREFIX}JawOpen" if not known else "timeCode"
        raise ValueError(f"{path.name} has no column {missing}; choose a CSV file from Audio2Face-3D")
    rows = list(range(len(table.rows)))
    times = table.numbers(rows, [names.index("timecode")])[:, 0]
    times -= times[0]
    fps = frame_rate(times, path.name)
    weights = on_grid(times, table.numbers(rows, known), times[-1], fps)
    return _curves([names[number] for number in known], weights, fps)


def _read_json(path: Path) -> Curves:
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path.name} is no whole JSON file (line {error.lineno}); export it again") from error
    missing = next((key for key in ("facsNames", "weightMat", "exportFps") if key not in content), None)
    if missing:
        raise ValueError(f"{path.name} has no {missing}; choose a JSON file of weights from Audio2Face")
    names, fps = [str(name).lower() for name in content["facsNames"]], content["exportFps"]
    if not isinstance(fps, (int, float)) or not 1 <= fps <= 1000:
        raise ValueError(f"The exportFps of {path.name} is {fps}, which is no frame rate; export it again")
    weights = _matrix(path.name, content["weightMat"], len(names))
    known = [number for number, name in enumerate(names) if name in _OF_NAME]
    if not known:
        raise ValueError(
            f"None of the {len(names)} facsNames of {path.name} is known, as jawOpen is; export its weights"
        )
    return _curves([names[number] for number in known], weights[:, known], float(fps))


def _matrix(name: str, rows: Any, n_names: int) -> Float32Array:
    """weightMat as (T, K); ValueError when it is no matrix of numbers of this width."""
    try:
        weights = np.array(rows, np.float32)
    except (ValueError, TypeError):
        weights = np.zeros((0, 0), np.float32)
    if weights.ndim != 2 or weights.shape[1:] != (n_names,) or not len(weights):
        raise ValueError(f"The weightMat of {name} is not rows of {n_names} numbers, one a name; export it again")
    if not np.isfinite(weights).all():
        row = int(np.argmin(np.isfinite(weights).all(axis=1)))
        raise ValueError(f"Row {row + 1} of the weightMat of {name} holds what is no number; export it again")
    return weights


def _curves(names: list[str], weights: Float32Array, fps: float) -> Curves:
    """The channels that lower-case names move, from weights (T, K)."""
    columns: dict[str, Float32Array] = {}
    for name, column in zip(names, weights.T, strict=True):
        for channel in _OF_NAME[name]:
            columns[channel] = np.maximum(columns[channel], column) if channel in columns else column
    return Curves(np.stack(list(columns.values()), axis=1), tuple(columns), fps)
