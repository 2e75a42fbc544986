"""FACEGOOD: Mandarin words of one speaker with facial capture that artists checked, 30 fps, as clips.

The vendor's own mapping to ARKit channels is kept. It leaves out two large mouth shapes of the capture, which say most
about the open rounded vowels; `ROUNDED_SHAPES` spreads them over the ARKit channels that make the same mouth:

* "oh" is a round open mouth (o, ao), as open as the vendor's jaw shape. Where it is used the captured jaw opens less
  than in the same vowels of sessions without it, so most of it is jaw.
* "oo" is a small round mouth (u, ü) that replaces the pucker in the sessions that use it.

Only the mouth was captured, left and right mirrored: eyes, brows, cheeks and nose are not labelled. The recordings of
two minutes are cut in their pauses.

MIT, (c) 2022-2032 The FACEGOOD Authors, https://github.com/FACEGOOD/FACEGOOD-Audio2Face
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from tqdm import tqdm

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from trainer.clips import CLIP_FPS, Clip, save_clip, unknown_phones
from trainer.prepare.sources import (
    FRAME_SAMPLES,
    labelled_channels,
    on_clip_grid,
    read_arrays,
    read_sound_beside,
    recordings,
    run_script,
)

LICENCE = "FACEGOOD Audio2Face data, MIT, (c) 2022-2032 The FACEGOOD Authors"
LABELLED = labelled_channels(("jaw", "mouth"))
ROUNDED_SHAPES: tuple[dict[str, float], dict[str, float]] = (
    {"jawOpen": 1.0, "mouthFunnel": 0.7, "mouthPucker": 0.3},
    {"jawOpen": 0.05, "mouthFunnel": 0.4, "mouthPucker": 0.6},
)
"""ARKit weights that make the vendor's shapes "oh" and "oo"."""
PIECE_FRAMES = (5 * CLIP_FPS, 15 * CLIP_FPS)
"""Shortest and longest piece of a recording, in rows of a clip."""
PAUSE_FRAMES = 40
"""A cut lies in the quietest stretch of this length."""


@dataclass(frozen=True)
class Config:
    source: Path = Path("../shared/data/facegood")
    """Folder with NAME.npz (arkit51, oh_oo, fps) and NAME.flac, .ogg or .wav."""
    output: Path = Path("clips/facegood")
    """Folder for the clips."""


def arkit_weights(vendor: NDArray[np.float64], oh_oo: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights (T, 51) from the vendor's ARKit mapping (T, 51) and the two shapes (T, 2) that it leaves out."""
    weights = vendor.copy()
    for shape, channels in zip(oh_oo.T, ROUNDED_SHAPES, strict=True):
        for channel, weight in channels.items():
            weights[:, BLENDSHAPE_CHANNELS.index(channel)] += weight * shape
    return np.asarray(weights.clip(0, 1) * LABELLED)


def pieces(waveform: NDArray[np.float32]) -> Iterator[slice]:
    """Consecutive row ranges of PIECE_FRAMES that cover a waveform (S,), cut where it is quietest."""
    energy = (waveform.reshape(-1, FRAME_SAMPLES).astype(np.float64) ** 2).mean(axis=1)
    loudness = uniform_filter1d(energy, PAUSE_FRAMES, mode="nearest")
    shortest, longest = PIECE_FRAMES
    start = 0
    while len(energy) - start > longest:
        start_of_search = start + shortest
        cut = start_of_search + int(np.argmin(loudness[start_of_search : start + longest - shortest]))
        yield slice(start, cut)
        start = cut
    yield slice(start, len(energy))


def clips_from(path: Path) -> Iterator[Clip]:
    """One recording as clips, in order."""
    arrays = read_arrays(path, ("arkit51", "oh_oo", "fps"))
    waveform = read_sound_beside(path)
    weights = arkit_weights(arrays["arkit51"], arrays["oh_oo"])
    curves = on_clip_grid(weights, np.arange(len(weights)) / float(arrays["fps"]), waveform)
    for i, rows in enumerate(pieces(waveform)):
        yield Clip(
            name=f"facegood_{path.stem}_{i:02d}",
            corpus="facegood",
            speaker="facegood",
            language="zh-CN",
            licence=LICENCE,
            waveform=waveform[rows.start * FRAME_SAMPLES : rows.stop * FRAME_SAMPLES],
            curves=Curves(curves.values[rows], curves.channels, curves.fps),
            labelled=LABELLED,
            phones=unknown_phones(rows.stop - rows.start),
        )


def main(config: Config) -> None:
    for path in tqdm(recordings(config.source, "facegood"), desc="facegood", unit="recording"):
        for clip in clips_from(path):
            save_clip(config.output, clip)


if __name__ == "__main__":
    run_script(main, Config)
