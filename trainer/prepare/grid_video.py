"""GRID's faces: landmark clips of one speaker, and the pictures of those that have a video.

The landmarks are those of `grid` (tracked in the video), in picture coordinates of a crop round the face. Where there
is a video, it is that crop; where there is none, the same rule is applied: GRID's crops are squares about the middle of
the box that the clip's median landmarks fill.

Of the pictures every few frames are kept, as neighbours show nearly the same; of those that score models, all.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from blender_addon.core.frames import SIDE_PX, Frames, save_frames
from blender_addon.core.picture_face import CROP_MIDDLE, CROP_PER_FACE_HEIGHT
from trainer.clips import CLIP_SAMPLE_RATE_HZ
from trainer.landmark_clips import VIDEO_FPS, LandmarkClip, save_landmark_clip
from trainer.prepare.grid import LICENCE, SCORING_SPEAKER
from trainer.prepare.sources import read_arrays, read_sound_beside, recordings, run_script, scoring_recordings


@dataclass(frozen=True)
class Config:
    source: Path = Path("../shared/data/grid_video/s1")
    """Folder of one speaker's crops: NAME.mp4 and NAME.npz with landmarks68_px."""
    tracked: Path = Path("../shared/data/grid/s1")
    """Folder of the same speaker's recordings: NAME.npz with landmarks68, and NAME.ogg, .flac or .wav."""
    output: Path = Path("faces")
    """Folder for clips/ and frames/, each with a folder for the speaker."""
    every_frames: int = 3
    """Every how many frames a picture is kept."""
    scoring: bool = False
    """Prepare the recordings that score models, and nothing else, in the folder scoring/ of the output."""


def cropped(landmarks_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Landmarks (T, 68, 2) of a video in picture coordinates of the crop that GRID's faces would get."""
    middle = np.median(landmarks_px, axis=0)
    low, high = middle.min(axis=0), middle.max(axis=0)
    side_px = CROP_PER_FACE_HEIGHT * (high - low)[1]
    return np.asarray((landmarks_px - (low + high) / 2) / side_px + CROP_MIDDLE)


def read_video(path: Path) -> NDArray[np.uint8]:
    """Pictures (T, H, W, 3) of a video; ValueError when it cannot be read."""
    try:
        with av.open(str(path)) as video:
            return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])
    except (OSError, ValueError, IndexError, av.FFmpegError) as error:
        raise ValueError(f"{path} cannot be read ({error}); fetch this file again or remove it.") from error


def clip_from(path: Path, crop: Path, speaker: str) -> LandmarkClip:
    """One recording with the landmarks of its crop, or cropped here where crop does not exist."""
    if crop.exists():
        arrays = read_arrays(crop, ("landmarks68_px", "fps"))
        landmarks = arrays["landmarks68_px"] / SIDE_PX
    else:
        arrays = read_arrays(path, ("landmarks68", "fps"))
        landmarks = cropped(arrays["landmarks68"][..., :2])
    if arrays["fps"] != VIDEO_FPS:
        raise ValueError(f"{path} has {arrays['fps']} frames a second instead of {VIDEO_FPS}; remove it.")
    n_samples = len(landmarks) * CLIP_SAMPLE_RATE_HZ // VIDEO_FPS
    waveform = read_sound_beside(path)[:n_samples]
    return LandmarkClip(
        name=f"{speaker}_{path.stem}",
        corpus="grid",
        speaker=f"grid_{speaker}",
        licence=LICENCE,
        waveform=np.pad(waveform, (0, n_samples - len(waveform))),
        landmarks=landmarks.astype(np.float32),
    )


def frames_from(clip: LandmarkClip, video: Path, every_frames: int) -> Frames:
    """Pictures of a clip with their landmarks."""
    images = read_video(video)
    if images.shape != (len(clip.landmarks), SIDE_PX, SIDE_PX, 3):
        raise ValueError(f"{video} does not fit the landmarks beside it; fetch both files again or remove them.")
    return Frames(clip.name, clip.speaker, clip.licence, images[::every_frames], clip.landmarks[::every_frames])


def main(config: Config) -> None:
    speaker = config.tracked.resolve().name
    if speaker == SCORING_SPEAKER and not config.scoring:
        raise ValueError(
            f"GRID speaker {speaker} scores models and is never trained on; add --scoring, or name another."
        )
    find = scoring_recordings if config.scoring else recordings
    output = config.output / "scoring" if config.scoring else config.output
    for path in tqdm(find(config.tracked, f"grid/{speaker}"), desc=f"grid_video {speaker}", unit="clip"):
        crop = config.source / path.name
        clip = clip_from(path, crop, speaker)
        save_landmark_clip(output / "clips" / f"grid_{speaker}", clip)
        if crop.exists():
            frames = frames_from(clip, crop.with_suffix(".mp4"), 1 if config.scoring else config.every_frames)
            save_frames(output / "frames" / f"grid_{speaker}", frames)


if __name__ == "__main__":
    run_script(main, Config)
