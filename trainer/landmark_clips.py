"""Landmark clips: recordings with the 68 landmarks of the speaker's face, one .npz file each."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.curves import Float32Array
from blender_addon.core.head import read_head
from blender_addon.core.landmarks import NOSE_TIP, OUTER_EYE_CORNERS
from trainer.clips import CLIP_SAMPLE_RATE_HZ

VIDEO_FPS = 25
"""Of every landmark clip: that of the corpora, so that no landmark is made up between two pictures."""
CHIN_AND_LOWER_LIP = (*range(5, 12), *range(55, 60), *range(65, 68))


@dataclass(frozen=True)
class LandmarkClip:
    """One recording with landmarks. Row i is the face (i + 1/2) / VIDEO_FPS seconds into the waveform."""

    name: str
    corpus: str
    speaker: str
    licence: str
    """Licence and attribution of the source, as the model card prints it."""
    waveform: Float32Array
    """(S,) mono in [-1, 1] at CLIP_SAMPLE_RATE_HZ, as long as the rows."""
    landmarks: Float32Array
    """(T, 68, 2) in picture coordinates: (0, 0) the top left corner, (1, 1) the bottom right one."""


def save_landmark_clip(folder: Path, clip: LandmarkClip) -> Path:
    """Write folder/name.npz (created where missing), at once or not at all, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{clip.name}.npz"
    partial = path.with_suffix(".partial")
    facts = {key: getattr(clip, key) for key in ("name", "corpus", "speaker", "licence")}
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            facts=json.dumps(facts),
            waveform=(np.clip(clip.waveform, -1, 1) * 32767).astype(np.int16),
            landmarks=clip.landmarks.astype(np.float32),
        )
    partial.replace(path)
    return path


def load_landmark_clip(path: Path) -> LandmarkClip:
    """Read what save_landmark_clip wrote; ValueError when the file is no landmark clip."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            waveform = arrays["waveform"].astype(np.float32) / 32767
            return LandmarkClip(**json.loads(str(arrays["facts"])), waveform=waveform, landmarks=arrays["landmarks"])
    except (KeyError, OSError, TypeError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no landmark clip ({error}); prepare the corpus again") from error


def nose_centred(landmarks: Float32Array) -> Float32Array:
    """Landmarks (..., 68, 2) with the nose tip at 0, the outer corners of the eyes 1 apart and level.

    Each face by itself, so what the head does in the picture is gone, all but its turning.
    """
    right, left = (landmarks[..., corner, :] for corner in OUTER_EYE_CORNERS)
    across = (left - right)[..., None, :]  # (..., 1, 2)
    centred = landmarks - landmarks[..., NOSE_TIP : NOSE_TIP + 1, :]
    x = (centred * across).sum(axis=-1)
    y = centred[..., 1] * across[..., 0] - centred[..., 0] * across[..., 1]
    return np.asarray(np.stack([x, y], axis=-1) / (across**2).sum(axis=-1, keepdims=True), np.float32)


def fake_landmark_clips(n_clips: int, seed: int = 0) -> list[LandmarkClip]:
    """Clips of noise bursts that the default head's chin follows: enough to run and test a trainer without a corpus."""
    generator = np.random.default_rng(seed)
    return [_fake_landmark_clip(f"fake_{i:03d}", generator) for i in range(n_clips)]


def _fake_landmark_clip(name: str, generator: np.random.Generator) -> LandmarkClip:
    n_frames = int(generator.integers(50, 75))
    loudness = np.sin(np.arange(n_frames) / generator.uniform(2, 4)).clip(0, 1)
    noise = generator.standard_normal(n_frames * CLIP_SAMPLE_RATE_HZ // VIDEO_FPS)
    landmarks = np.repeat(fake_face()[None], n_frames, axis=0)
    landmarks[:, CHIN_AND_LOWER_LIP, 1] += 0.03 * loudness[:, None]
    return LandmarkClip(
        name=name,
        corpus="fake",
        speaker="noise",
        licence="none",
        waveform=(0.3 * np.repeat(loudness, CLIP_SAMPLE_RATE_HZ // VIDEO_FPS) * noise).clip(-1, 1).astype(np.float32),
        landmarks=landmarks,
    )


def fake_face() -> Float32Array:
    """The default head's landmarks (68, 2) in picture coordinates."""
    head = read_head()
    points: NDArray[np.float32] = head.vertices[head.landmarks68][:, [0, 2]] * np.array([1, -1], np.float32)
    size = np.ptp(points, axis=0).max()
    return np.asarray((points - points.mean(axis=0)) / size * 0.6 + 0.5, np.float32)
