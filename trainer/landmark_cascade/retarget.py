"""Paper P4's third stage: landmarks of a sound, with blinks, on the face of a person (sections 3.2 and 3.3).

python -m trainer.landmark_cascade.retarget --sound speech.wav --person frames.npz --output speech_landmarks.npz
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from numpy.typing import NDArray

from blender_addon.core.curves import Curves, sample_curves
from blender_addon.core.frames import load_frames
from blender_addon.core.landmarks import LEFT_EYE, RIGHT_EYE, close_lids, procrustes
from blender_addon.core.model import as_landmarks, blink, open_model, predict
from blender_addon.core.wav import read_wav, resample_waveform
from trainer.landmark_cascade.model import BLINK_CHANNELS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Config:
    sound: Path
    """WAV file."""
    person: Path
    """Frames of the person: an .npz as trainer/prepare writes, whose most closed mouth is taken as neutral."""
    output: Path
    """An .npz to write: landmarks (T, 68, 2) in picture coordinates, and fps."""
    landmarks: Path = Path("runs/landmarks/model.onnx")
    """Model of kind audio_to_landmarks, which train_landmarks exports."""
    blinks: Path = Path("runs/blinks/model.onnx")
    """Model of kind noise_to_blinks, which train_blinks exports."""
    seed: int = 0
    """Of the blinks."""


def retarget(canonical: Array, canonical_neutral: Array, person_neutral: Array) -> Array:
    """Landmarks (T, 68, 2) of a person whose neutral face is person_neutral (68, 2), eq. (7).

    The scale S of a face is its height and width. The paper divides those of each frame, among them of the one that is
    sought; here they are those of the neutral faces, so that an open mouth makes no face longer.
    """
    align = procrustes(canonical_neutral, person_neutral)
    moved = align(canonical) - align(canonical_neutral)
    return np.asarray(person_neutral + moved * face_size(person_neutral) / face_size(align(canonical_neutral)))


def canonical_displacements(landmarks: Array, person_neutral: Array, canonical_neutral: Array) -> Array:
    """The inverse: displacements (T, 68, 2) of the canonical face, of landmarks (T, 68, 2) without head motion.

    Section 4.2: so the landmarks are made that l-GAN learns from.
    """
    align = procrustes(canonical_neutral, person_neutral)
    moved = (landmarks - person_neutral) * face_size(align(canonical_neutral)) / face_size(person_neutral)
    return np.asarray(moved @ align.rotation / align.scale)


def face_size(landmarks: Array) -> Array:
    """Width and height (2,) of landmarks (68, 2)."""
    return np.asarray(np.ptp(landmarks, axis=0))


def neutral_of(landmarks: Array) -> Array:
    """The frame (68, 2) of landmarks (T, 68, 2) with the most closed mouth among those with open eyes."""
    eyes = sum(np.ptp(landmarks[:, eye, 1], axis=1) for eye in (LEFT_EYE, RIGHT_EYE))
    mouth = np.linalg.norm(landmarks[:, 62] - landmarks[:, 66], axis=1)
    is_open = eyes >= np.median(eyes)
    return np.asarray(landmarks[np.flatnonzero(is_open)[mouth[is_open].argmin()]])


def speak(config: Config) -> Curves:
    """Landmarks of the person in picture coordinates, as the model's curves: 136 columns."""
    model, blinks = (
        open_model(path, "CPU", kind)
        for path, kind in ((config.landmarks, "audio_to_landmarks"), (config.blinks, "noise_to_blinks"))
    )
    waveform, sample_rate_hz = read_wav(config.sound)
    curves = predict(model, resample_waveform(waveform, sample_rate_hz, model.contract.sample_rate_hz)).curves
    assert model.contract.neutral_landmarks is not None
    person = neutral_of(load_frames(config.person).landmarks.astype(np.float64))
    placed = retarget(
        as_landmarks(curves).astype(np.float64), model.contract.neutral_landmarks.astype(np.float64), person
    )
    lids = blink(blinks, int(curves.duration_seconds * blinks.contract.fps) + 2, config.seed)
    assert lids.channels == BLINK_CHANNELS
    closures = sample_curves(lids, np.arange(len(placed)) / curves.fps).astype(np.float64)
    values = close_lids(placed, closures).reshape(len(placed), -1)
    return Curves(values.astype(np.float32), curves.channels, curves.fps)


def main(config: Config) -> None:
    """Write the landmarks."""
    curves = speak(config)
    partial = config.output.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, landmarks=as_landmarks(curves), fps=curves.fps)
    partial.replace(config.output)
    print(f"Wrote {len(curves.values)} faces at {curves.fps:g} frames a second to {config.output}.")


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
