"""Live Link Face CSV files: recordings of an iPhone's face capture, read into Curves and written from them.

A row has a timecode, the number of values that follow, 52 weights in [0, 1] and nine angles in radians. Apps and tools
order the columns differently (left or right eye first, JawRight or JawLeft first, or the alphabet), so columns are
found by name, whatever its case. A row with a count of 0 and nothing after it is a moment in which no face was seen.

The app's timecodes are hours:minutes:seconds:frames.thousandths, with 60 frames a second whatever the rate of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .channels import BLENDSHAPE_CHANNELS
from .curves import Curves, Float32Array, sample_curves
from .life import HEAD_CHANNELS, WEIGHT_PER_DEGREE_SIDEWAYS, WEIGHT_PER_DEGREE_UPWARDS
from .text_files import Array, Table, frame_rate, on_grid, read_table, write_text

WEIGHT_COLUMNS = (
    *("EyeBlinkLeft", "EyeLookDownLeft", "EyeLookInLeft", "EyeLookOutLeft", "EyeLookUpLeft", "EyeSquintLeft"),
    *("EyeWideLeft", "EyeBlinkRight", "EyeLookDownRight", "EyeLookInRight", "EyeLookOutRight", "EyeLookUpRight"),
    *("EyeSquintRight", "EyeWideRight", "JawForward", "JawRight", "JawLeft", "JawOpen", "MouthClose", "MouthFunnel"),
    *("MouthPucker", "MouthRight", "MouthLeft", "MouthSmileLeft", "MouthSmileRight", "MouthFrownLeft"),
    *("MouthFrownRight", "MouthDimpleLeft", "MouthDimpleRight", "MouthStretchLeft", "MouthStretchRight"),
    *("MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper", "MouthPressLeft", "MouthPressRight"),
    *("MouthLowerDownLeft", "MouthLowerDownRight", "MouthUpperUpLeft", "MouthUpperUpRight", "BrowDownLeft"),
    *("BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight", "CheekPuff", "CheekSquintLeft"),
    *("CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut"),
)
"""In the order in which the app writes them."""
HEAD_COLUMNS = ("HeadYaw", "HeadPitch", "HeadRoll")
EYE_COLUMNS = tuple(f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll"))
COLUMNS = (*WEIGHT_COLUMNS, *HEAD_COLUMNS, *EYE_COLUMNS)
"""All 61 that the app writes after Timecode and BlendShapeCount."""

HEAD_SIGNS = {"headPitch": ("HeadPitch", 1.0), "headRoll": ("HeadRoll", 1.0), "headYaw": ("HeadYaw", -1.0)}
"""Channel of life.HEAD_CHANNELS -> the column with the same angle, and its sign there.

Yaw is positive to the person's right, pitch down, roll to the left shoulder: Unreal's angles, by its change of axes
from ARKit (AppleARKitConversion.h). The eyes' columns, which go the same way, have these signs in recorded takes.
"""
WEIGHT_PER_RADIAN = (np.degrees(WEIGHT_PER_DEGREE_SIDEWAYS), np.degrees(WEIGHT_PER_DEGREE_UPWARDS))
"""eyeLook weights per angle of the eye, sideways and upwards."""

TIMECODE_FPS = 60
"""Frames in a second of the app's timecodes."""
OTHER_TIMECODE_FPS = (30, 25, 24, 50, 48, 100, 120)
"""Of other apps and tools."""


@dataclass(frozen=True)
class Capture:
    """A recording."""

    curves: Curves
    """Those of BLENDSHAPE_CHANNELS that the file has, and life.HEAD_CHANNELS in radians if the head was captured."""
    lost_seconds: float
    """For how long no face was seen; the curves go straight through these times."""


def read_livelink(path: Path) -> Capture:
    """A recording at its own frame rate, from its first row on; ValueError when it is none."""
    table = read_table(path)
    column = {name.lower(): number for number, name in enumerate(table.header)}
    channels = [channel for channel in BLENDSHAPE_CHANNELS if channel.lower() in column]
    if not channels or "timecode" not in column:
        missing = "JawOpen" if not channels else "Timecode"
        raise ValueError(f"{path.name} has no column {missing}; choose a CSV file from Live Link Face")
    seen = [number for number, row in enumerate(table.rows) if not _is_lost(row, column)]
    if not seen:
        raise ValueError(f"{path.name} has no moment with a face; record it again")
    times = _seconds(table, column["timecode"])
    fps = frame_rate(times, path.name)
    values = table.numbers(seen, [column[channel.lower()] for channel in channels])
    if all(name.lower() in column for name in HEAD_COLUMNS):
        head = _head(table, seen, column)
        if head.any():  # all 0 when the app was told to leave the head out
            values, channels = np.hstack([values, head]), [*channels, *HEAD_CHANNELS]
    return Capture(
        Curves(on_grid(times[seen], values, times[-1], fps), tuple(channels), fps),
        (len(times) - len(seen)) / fps,
    )


def write_livelink(path: Path, curves: Curves, head: Curves) -> None:
    """Write a face's channels and life.HEAD_CHANNELS as the app would, at the rate of the curves, from 00:00:00:00 on.

    Channels that the curves lack are 0, and so is TongueOut. The angles of the eyes follow from the eyeLook channels.
    """
    times = np.arange(len(curves.values)) / curves.fps
    weights = {channel.lower(): curves.column(channel) for channel in curves.channels}
    turned = Curves(sample_curves(head, times), head.channels, curves.fps)
    angles = {column: sign * turned.column(channel) for channel, (column, sign) in HEAD_SIGNS.items()}
    for side in ("Left", "Right"):
        angles |= _eye_angles(weights, side, len(times))
    still = np.zeros(len(times), np.float32)
    columns = [angles.get(name, weights.get(name.lower(), still)) for name in COLUMNS]
    lines = [",".join(("Timecode", "BlendShapeCount", *COLUMNS))]
    for time, row in zip(times, np.stack(columns, axis=1), strict=True):
        lines.append(",".join((timecode(time), str(len(COLUMNS)), *(f"{value:.10f}" for value in row))))
    write_text(path, "\n".join(lines) + "\n")


def timecode(seconds: float) -> str:
    """As the app writes a time."""
    thousandths = round(seconds * TIMECODE_FPS * 1000)
    whole, rest = divmod(thousandths, TIMECODE_FPS * 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _is_lost(row: list[str], column: dict[str, int]) -> bool:
    """Whether no face was seen in a row."""
    count = row[column["blendshapecount"]] if "blendshapecount" in column and len(row) > 1 else ""
    return count == "0" or not any(row[2:])


def _head(table: Table, rows: list[int], column: dict[str, int]) -> Array:
    """life.HEAD_CHANNELS (R, 3) in radians."""
    columns = [column[HEAD_SIGNS[channel][0].lower()] for channel in HEAD_CHANNELS]
    angles = table.numbers(rows, columns) * [HEAD_SIGNS[channel][1] for channel in HEAD_CHANNELS]
    if np.abs(angles).max() > 2 * np.pi:
        raise ValueError(f"{table.name} turns the head by {np.abs(angles).max():.0f} radians; export angles in radians")
    return np.asarray(angles)


def _eye_angles(weights: dict[str, Float32Array], side: str, n_rows: int) -> dict[str, Float32Array]:
    """Column -> radians (T,) of one eye, yaw to the person's right, pitch down.

    In recorded takes roll is the product of the other two (r 1.0, slope 0.99).
    """
    still = np.zeros(n_rows, np.float32)
    look = {way: weights.get(f"eyelook{way}{side}".lower(), still) for way in ("in", "out", "up", "down")}
    yaw = (look["out"] - look["in"]) / WEIGHT_PER_RADIAN[0] * (-1 if side == "Left" else 1)
    pitch = (look["down"] - look["up"]) / WEIGHT_PER_RADIAN[1]
    return {f"{side}EyeYaw": yaw, f"{side}EyePitch": pitch, f"{side}EyeRoll": yaw * pitch}


def _seconds(table: Table, column: int) -> Array:
    """Times (T,) of all rows since the first; ValueError when a timecode says none."""
    parts = []
    for number, row in enumerate(table.rows):
        try:
            parts.append([float(part) for part in row[column].replace(";", ":").split(":")])
        except ValueError:
            raise ValueError(
                f"{table.name}, row {number + 2}: “{row[column][:20]}” is no timecode; export the file again"
            ) from None
    if len({len(part) for part in parts}) > 1 or len(parts[0]) not in {1, 3, 4} or not np.isfinite(parts).all():
        raise ValueError(f"The timecodes of {table.name} are not of the form 12:27:47:47.169; export it again")
    numbers = np.array(parts)
    if numbers.shape[1] == 1:
        times = numbers[:, 0]
    else:
        times = numbers[:, :3] @ np.array([3600.0, 60.0, 1.0])
        if numbers.shape[1] == 4:
            times = times + _frames_in_seconds(times, numbers[:, 3], table.name)
        times += 86400 * np.cumsum(np.diff(times, prepend=times[0]) < -43200)  # past midnight
    return np.asarray(times - times[0])


def _frames_in_seconds(whole_seconds: Array, frames: Array, name: str) -> Array:
    """The frames (T,) of timecodes in seconds, at the rate that makes rows most even; of equals, the app's."""

    def unevenness(fps: float) -> float:
        steps = np.diff(whole_seconds + frames / fps)
        return round(float(np.mean(np.abs(steps - np.median(steps)) > 0.25 * np.median(steps))), 6) if len(steps) else 0

    rates = [fps for fps in (TIMECODE_FPS, *OTHER_TIMECODE_FPS) if fps > frames.max()]
    if not rates:
        raise ValueError(f"The timecodes of {name} count {frames.max():.0f} frames in a second; export it again")
    return frames / min(rates, key=unevenness)
