"""How strongly each channel should drive shapes that are not channels: visemes, vowels, a jaw.

Each shape is described as a composition of channels. The gains are those with which the lips of the default head, moved
by the shapes, come nearest to its lips moved by the channels, over frames of real speech.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.head import read_head
from blender_addon.core.model import open_model, predict
from blender_addon.core.wav import read_wav, resample_waveform
from rigs.rig_map_families import Pose

Floats = NDArray[np.float64]
MODEL = Path(__file__).parent.parent / "blender_addon" / "models" / "voice_to_face.onnx"
MOUTH = tuple(i for i, name in enumerate(BLENDSHAPE_CHANNELS) if name.startswith(("jaw", "mouth")))
OPEN, CLOSE = (MOUTH.index(BLENDSHAPE_CHANNELS.index(name)) for name in ("jawOpen", "mouthClose"))
LIPS = slice(48, 68)
INNER_PAIRS = ((61, 67), (62, 66), (63, 65))  # upper lip, lower lip
CORNERS = (48, 54)  # the character's right, left
CHIN = 8
GAP_WEIGHT, WIDTH_WEIGHT, LANDMARK_WEIGHT = 4.0, 3.0, 0.5
CHANNEL_WEIGHT = 0.25
"""Of the channels themselves: landmarks do not show what rolled and pressed lips look like."""
PARTED = 0.01
"""Gap in eye distances from which on lips are parted."""
SMALLEST_GAIN = 0.05
"""Gains below it are left out."""
SHRINKAGE = 2e-4
"""Penalty on squared gains, against a mean squared error in eye distances."""
ALONE_SHARE = 0.02
"""Weight of frames in which one channel moves alone, so that what speech never does makes sense too."""
N_STEPS, STEP = 3000, 0.02


def mouth_features(only_gap: bool = False) -> Floats:
    """(51, F) what each channel at 1 does to the mouth of the default head, in eye distances, weighted."""
    head = read_head()
    moved = head.face_offsets()[:, head.landmarks68].astype(np.float64)  # (51, 68, 3)
    at = head.vertices[head.landmarks68]
    moved /= np.linalg.norm(at[36:42].mean(axis=0) - at[42:48].mean(axis=0))
    gap = np.stack([moved[:, upper, 2] - moved[:, lower, 2] for upper, lower in INNER_PAIRS], axis=1)
    if only_gap:
        return GAP_WEIGHT * gap
    width = moved[:, CORNERS[1], 0] - moved[:, CORNERS[0], 0]
    landmarks = np.concatenate([moved[:, LIPS], moved[:, [CHIN]]], axis=1).reshape(len(moved), -1)
    parts = [
        GAP_WEIGHT * gap,
        WIDTH_WEIGHT * width[:, None],
        LANDMARK_WEIGHT * landmarks,
        CHANNEL_WEIGHT * np.eye(len(moved)),
    ]
    return np.concatenate(parts, axis=1)


def speech_frames(recordings: list[Path]) -> Floats:
    """(N, 51) predicted weights of all recordings, and the same mirrored, so that both sides get the same gains."""
    model = open_model(MODEL, "CPU")
    frames = []
    for path in recordings:
        waveform, rate_hz = read_wav(path)
        curves = predict(model, resample_waveform(waveform, rate_hz, model.contract.sample_rate_hz)).curves
        frames.append(np.stack([curves.column(name) for name in BLENDSHAPE_CHANNELS], axis=1))
    speech = np.concatenate(frames).astype(np.float64)
    return np.concatenate([speech, speech[:, mirror()]])


def mirror() -> list[int]:
    """The column of the other side's channel for each channel."""
    swapped = [name.replace("Left", "#").replace("Right", "Left").replace("#", "Right") for name in BLENDSHAPE_CHANNELS]
    return [BLENDSHAPE_CHANNELS.index(name) for name in swapped]


def poses_matrix(shapes: Mapping[str, Pose]) -> Floats:
    """(shapes, 51) compositions."""
    return np.array([[pose.get(name, 0.0) for name in BLENDSHAPE_CHANNELS] for pose in shapes.values()])


def solve_gains(shapes: Mapping[str, Pose], speech: Floats, only_gap: bool = False) -> dict[str, dict[str, float]]:
    """Channel -> shape -> gain; shapes add up and stay within 0 and 1."""
    features = mouth_features(only_gap)
    effect = poses_matrix(shapes) @ features  # (shapes, F)
    alone = 0.5 * np.eye(len(BLENDSHAPE_CHANNELS))[list(MOUTH)]
    frames = np.concatenate([speech, alone])
    weight = np.concatenate([np.full(len(speech), 1 / len(speech)), np.full(len(alone), ALONE_SHARE / len(alone))])
    shape_opens, channel_opens = _opens(effect), _opens(features)[list(MOUTH)]
    may_drive = shape_opens[None] | ~channel_opens[:, None]  # pressed lips are no part of an open mouth
    gains = _descend(frames[:, MOUTH], weight[:, None], effect, frames @ features, may_drive)
    gains[CLOSE] = np.where(shape_opens, np.minimum(gains[CLOSE], -gains[OPEN]), gains[CLOSE])  # lips that meet, meet
    rows: dict[str, dict[str, float]] = {}
    for channel, row in zip(MOUTH, gains, strict=True):
        kept = {
            name: round(float(gain), 2) for name, gain in zip(shapes, row, strict=True) if abs(gain) >= SMALLEST_GAIN
        }
        if kept:
            rows[BLENDSHAPE_CHANNELS[channel]] = kept
    return rows


def _opens(features: Floats) -> NDArray[np.bool_]:
    """(N,) whether rows of features part the lips."""
    gap: Floats = features[:, : len(INNER_PAIRS)].mean(axis=1) / GAP_WEIGHT
    return gap > PARTED


def _descend(frames: Floats, weight: Floats, effect: Floats, goal: Floats, may_drive: NDArray[np.bool_]) -> Floats:
    """(K, shapes) gains that bring clip(frames @ gains, 0, 1) @ effect nearest to goal; Adam, the same every time."""
    gains = np.zeros((frames.shape[1], len(effect)))
    mean, square = np.zeros_like(gains), np.zeros_like(gains)
    for step in range(1, N_STEPS + 1):
        raw = frames @ gains
        error = (np.clip(raw, 0, 1) @ effect - goal) * weight
        toward = error @ effect.T
        toward[((raw < 0) & (toward > 0)) | ((raw > 1) & (toward < 0))] = 0  # clipped, and would go further
        slope = (frames.T @ toward + SHRINKAGE * gains) * may_drive
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        rate = STEP * (1 - step / N_STEPS)
        gains -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return gains
