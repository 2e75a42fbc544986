"""What every corpus script needs: sound at the clip rate, frames on the clip's time grid, the clips held back."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
import tyro
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.signal import resample_poly

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ

FRAME_SAMPLES = CLIP_SAMPLE_RATE_HZ // CLIP_FPS
"""Samples between two rows of a clip's curves."""
SOUND_SUFFIXES = (".flac", ".ogg", ".wav")

C = TypeVar("C")


def run_script(main: Callable[[C], None], config_type: type[C]) -> None:
    """Run main with the command line's settings; what the user can put right ends in one sentence and exit code 1."""
    try:
        main(tyro.cli(config_type))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None


def labelled_channels(prefixes: tuple[str, ...]) -> NDArray[np.bool_]:
    """Mask (51,) of the channels whose name starts with one of the prefixes."""
    return np.array([channel.startswith(prefixes) for channel in BLENDSHAPE_CHANNELS])


def recordings(folder: Path, split_name: str) -> list[Path]:
    """The .npz files of a corpus folder that may be trained on, sorted.

    Clips that an eval_split.json in a folder above lists under split_name score models and are left out.
    Raises ValueError when the folder is missing, or nothing is left in it.
    """
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}; name the one with the recordings with --source.")
    held_back = _held_back(folder.resolve(), split_name)
    paths = [path for path in sorted(folder.glob("*.npz")) if path.stem not in held_back]
    if not paths:
        raise ValueError(f"{folder} holds no .npz recordings that may be trained on; name another one with --source.")
    return paths


def scoring_recordings(folder: Path, split_name: str) -> list[Path]:
    """The .npz files of a corpus folder that score models, sorted: those that recordings leaves out.

    Raises ValueError when there are none.
    """
    held_back = _held_back(folder.resolve(), split_name)
    paths = [path for path in sorted(folder.glob("*.npz")) if path.stem in held_back]
    if not paths:
        raise ValueError(
            f"{folder} holds no .npz recordings that an eval_split.json lists; name another with --source."
        )
    return paths


def _held_back(folder: Path, split_name: str) -> set[str]:
    for parent in folder.parents[:2]:
        path = parent / "eval_split.json"
        if path.exists():
            try:
                return set(json.loads(path.read_text(encoding="utf-8")).get(split_name, []))
            except (ValueError, AttributeError) as error:
                raise ValueError(f"{path} is not a list of clips by corpus ({error}); restore it first.") from error
    return set()


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """Numeric arrays of an .npz file; ValueError when it is damaged or lacks one of them."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name].astype(np.float64) for name in names}
    except (KeyError, OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read ({error}); fetch this file again or remove it.") from error


def read_sound_beside(path: Path) -> NDArray[np.float32]:
    """Sound with the name of path as mono (S,) at CLIP_SAMPLE_RATE_HZ, padded with silence to whole frames."""
    sound = next((s for s in map(path.with_suffix, SOUND_SUFFIXES) if s.exists()), None)
    if sound is None:
        raise ValueError(f"{path} has no sound beside it ({', '.join(SOUND_SUFFIXES)}); add it or remove this file.")
    return read_sound(sound)


def read_sound(path: Path) -> NDArray[np.float32]:
    """A sound file as mono (S,) at CLIP_SAMPLE_RATE_HZ, padded with silence to whole frames."""
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ValueError(f"{path} cannot be read ({error}); fetch this file again or remove it.") from error
    return at_clip_rate(samples.mean(axis=1), int(rate_hz))


def at_clip_rate(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    """Mono samples at any rate, resampled to CLIP_SAMPLE_RATE_HZ and padded with silence to whole frames."""
    divisor = math.gcd(rate_hz, CLIP_SAMPLE_RATE_HZ)
    waveform = resample_poly(samples, CLIP_SAMPLE_RATE_HZ // divisor, rate_hz // divisor).clip(-1, 1)
    return np.pad(waveform, (0, -len(waveform) % FRAME_SAMPLES)).astype(np.float32)


def on_clip_grid(
    values: NDArray[np.float64], times_seconds: NDArray[np.float64], waveform: NDArray[np.float32]
) -> Curves:
    """Curves of captured rows (N, 51) at N times, one row for every frame of the waveform, clipped to [0, 1].

    Monotone cubic between the rows, so that a closure that lasted one frame is neither cut short nor overshot; the
    first and the last row are held outside.
    """
    grid_seconds = np.arange(len(waveform) // FRAME_SAMPLES) / CLIP_FPS
    inside = grid_seconds.clip(times_seconds[0], times_seconds[-1])
    rows = PchipInterpolator(times_seconds, values)(inside).clip(0, 1).astype(np.float32)
    return Curves(rows, BLENDSHAPE_CHANNELS, CLIP_FPS)
