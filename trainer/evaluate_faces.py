"""Tables of what landmark and picture models do on recordings that score them, beside the papers' figures.

The papers measured on other recordings (P1: RAVDESS; P4: TCD-TIMIT and GRID), so their figures show the order of size,
not who is better.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from scipy.signal import resample_poly
from tqdm import tqdm

from blender_addon.core.curves import Float32Array, sample_curves
from blender_addon.core.frames import SIDE_PX, Frames, load_frames, placed
from blender_addon.core.landmarks import OUTER_EYE_CORNERS
from blender_addon.core.model import Model, as_landmarks, open_model, paint, predict
from trainer.clips import CLIP_SAMPLE_RATE_HZ
from trainer.evaluate import blink_figures, cpbd, image_mse, landmark_mse, lmd, psnr, ssim
from trainer.landmark_clips import VIDEO_FPS, LandmarkClip, load_landmark_clip, nose_centred
from trainer.sync_network import SyncNetwork, lip_windows, load_network, measure, sound_windows

INNER_LIPS = (62, 66)
REST_PERCENT = 20
"""The part of a speaker's frames, those with the least open mouths, whose mean is the resting face."""

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Config:
    faces: Path = Path("faces/scoring")
    """Folder with clips/ and frames/, each with a folder a speaker."""
    landmarks: Path | None = None
    """An audio_to_landmarks model file."""
    images: Path | None = None
    """A landmarks_to_image model file."""
    sync: Path | None = None
    """Weights of a sync network."""
    character: str = "grid_s1"
    """The speaker whom that model paints."""
    every_frames: int = 5
    """Every how many frames a picture is painted and compared."""


def landmark_table(model: Model, speakers: dict[str, list[LandmarkClip]], sync: SyncNetwork | None) -> str:
    """Errors of landmarks from speech, for each speaker, as a Markdown table."""
    rows = [
        "| faces | landmark MSE in [0, 1] | LMD of the lips, px at 256 | AV offset, confidence |",
        "| --- | --- | --- | --- |",
    ]
    for speaker, clips in speakers.items():
        measured = [nose_centred(clip.landmarks) for clip in clips]
        eyes = [_eye_distance(clip.landmarks) for clip in clips]
        predicted = [_predicted(model, clip) for clip in tqdm(clips, desc=speaker, unit="clip")]
        every = np.concatenate(measured)
        rest, mean = _resting_face(every), every.mean(axis=0)
        assert model.contract.neutral_landmarks is not None
        compared = {
            f"{speaker}, {len(clips)} clips: as predicted": predicted,
            "motion on the speaker's resting face": [rest + f - model.contract.neutral_landmarks for f in predicted],
            "the speaker's mean face, still": [np.broadcast_to(mean, faces.shape) for faces in measured],
            "as recorded": measured,
        }
        for name, faces in compared.items():
            error, distance = _mse_in_pictures(faces, measured, eyes), _lmd(faces, measured, eyes)
            rows.append(f"| {name} | {error:.6f} | {distance:.2f} | {_fit(sync, clips, faces)} |")
    return "\n".join([*rows, "| P1, RAVDESS | 0.0006 | | |", "| P4, GRID | | 1.22 | 1, 7.7 (SyncNet) |"])


def _fit(sync: SyncNetwork | None, clips: list[LandmarkClip], faces: list[Float32Array]) -> str:
    """How lips and sound fit together, in words of the table."""
    if sync is None:
        return ""
    pairs = [(sound_windows(clip.waveform), lip_windows(face)) for clip, face in zip(clips, faces, strict=True)]
    offset, confidence = measure(sync, pairs)
    return f"{offset}, {confidence:.2f}"


def blink_table(speakers: dict[str, list[LandmarkClip]]) -> str:
    """How the recorded speakers blink, as a Markdown table."""
    rows = ["| | blinks a second | seconds a blink |", "| --- | --- | --- |"]
    for speaker, clips in speakers.items():
        figures = blink_figures([clip.landmarks.astype(np.float64) for clip in clips], VIDEO_FPS)
        rows.append(f"| {speaker}, recorded | {figures['blinks_per_second']:.2f} | {figures['blink_seconds']:.2f} |")
    return "\n".join([*rows, "| P4, GRID | 0.38 | 0.33 |"])


def image_table(painter: Model, videos: list[Frames], sounds: dict[str, LandmarkClip], hearing: Model | None) -> str:
    """Errors of pictures painted from tracked landmarks, and from those that a model hears, as a Markdown table."""
    real = np.concatenate([video.images for video in videos])
    painted = {"from tracked landmarks": [_painted(painter, video.landmarks) for video in videos]}
    if hearing:
        heard = [_heard(painter, hearing, sounds[video.name], len(video.images)) for video in videos]
        painted["from speech"] = [_painted(painter, faces) for faces in heard]
    mean = np.broadcast_to(real.mean(axis=0).round().astype(np.uint8), real.shape)
    kinds = {name: np.concatenate(parts) for name, parts in painted.items()} | {"their mean picture": mean}
    rows = ["| pictures | MSE in [-1, 1] | PSNR, dB | SSIM | CPBD |", "| --- | --- | --- | --- | --- |"]
    for name, pictures in kinds.items():
        error = image_mse(*(torch.from_numpy(levels / 127.5 - 1) for levels in (pictures, real)))
        figures = f"{psnr(pictures, real):.1f} | {ssim(pictures, real):.2f} | {cpbd(pictures):.2f}"
        rows.append(f"| {name} | {error:.4f} | {figures} |")
    rows.append(f"| the recorded ones, {len(real)} | | | | {cpbd(real):.2f} |")
    return "\n".join([*rows, "| P1, RAVDESS | 0.108 | | | |", "| P4, GRID | | 29.8 | 0.83 | 0.29 |"])


def _predicted(model: Model, clip: LandmarkClip) -> Float32Array:
    """Faces (T, 68, 2) at the times of the clip's pictures."""
    rate_hz = model.contract.sample_rate_hz
    sound = resample_poly(clip.waveform, rate_hz, CLIP_SAMPLE_RATE_HZ).astype(np.float32)
    half = round(rate_hz / VIDEO_FPS / 2)  # a picture shows the middle of its time; so no row falls between two
    curves = predict(model, np.pad(sound[half:], (0, half))).curves
    times_seconds = np.arange(len(clip.landmarks)) / VIDEO_FPS
    return as_landmarks(replace(curves, values=sample_curves(curves, times_seconds)))


def _heard(painter: Model, hearing: Model, clip: LandmarkClip, n_pictures: int) -> Float32Array:
    """Faces (N, 68, 2) where the painter has its character, at the times of N evenly spread pictures of the clip."""
    assert painter.contract.neutral_landmarks is not None
    faces = placed(_predicted(hearing, clip), painter.contract.neutral_landmarks)
    return faces[:: -(-len(faces) // n_pictures)]


def _painted(painter: Model, faces: Float32Array) -> Pictures:
    return np.concatenate(list(paint(painter, faces)))


def _eye_distance(landmarks: Float32Array) -> float:
    """Distance of the outer corners of the eyes, mean over frames, in parts of the picture."""
    right, left = (landmarks[:, corner] for corner in OUTER_EYE_CORNERS)
    return float(np.linalg.norm(left - right, axis=1).mean())


def _resting_face(faces: Float32Array) -> Float32Array:
    gap = faces[:, INNER_LIPS[1], 1] - faces[:, INNER_LIPS[0], 1]
    resting: Float32Array = faces[gap <= np.percentile(gap, REST_PERCENT)].mean(axis=0)
    return resting


def _mse_in_pictures(predicted: list[Float32Array], measured: list[Float32Array], eyes: list[float]) -> float:
    """P1's error, in parts of the picture, of nose-centred faces whose eyes are so far apart in it."""
    pairs = zip(predicted, measured, eyes, strict=True)
    return float(np.mean([landmark_mse(*(torch.from_numpy(faces * eye) for faces in (a, b))) for a, b, eye in pairs]))


def _lmd(predicted: list[Float32Array], measured: list[Float32Array], eyes: list[float]) -> float:
    """P4's error in pixels, of the same faces."""
    pairs = zip(predicted, measured, eyes, strict=True)
    return float(np.mean([lmd(a * eye * SIDE_PX, b * eye * SIDE_PX) for a, b, eye in pairs]))


def main(config: Config) -> None:
    folders = sorted(folder for folder in (config.faces / "clips").glob("*") if folder.is_dir())
    if not folders:
        raise ValueError(f"{config.faces} holds no clips; python -m trainer.prepare.grid_video --scoring makes some")
    speakers = {folder.name: [load_landmark_clip(path) for path in sorted(folder.glob("*.npz"))] for folder in folders}
    hearing = open_model(config.landmarks, "CPU", "audio_to_landmarks") if config.landmarks else None
    sync = load_network(config.sync) if config.sync else None
    tables = [landmark_table(hearing, speakers, sync)] if hearing else []
    tables.append(blink_table(speakers))
    if config.images:
        painter = open_model(config.images, "CPU", "landmarks_to_image")
        sounds = {clip.name: clip for clip in speakers.get(config.character, [])}
        tables.append(image_table(painter, _videos(config), sounds, hearing))
    print("\n\n".join(tables))


def _videos(config: Config) -> list[Frames]:
    """Every few pictures of the character's videos."""
    files = [load_frames(path) for path in sorted((config.faces / "frames" / config.character).glob("*.npz"))]
    if not files:
        raise ValueError(f"{config.faces} holds no frames of {config.character}; name another with --character")
    kept = slice(None, None, config.every_frames)
    return [Frames(f.name, f.character, f.licence, f.images[kept], f.landmarks[kept]) for f in files]


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
