"""Eyelid motion of real people, as windows that the blink generator learns from.

Two sources: GRID's tracked landmarks (the eye aspect ratio, a deep fall of which is a blink) and recorded Live Link
Face takes (eyeBlink weights). GRID's speaker blinks more than most people, the takes' actor less, so both are mixed
to the rate that is wanted. Lids that stay lowered follow a look down, not a blink: such windows are left out.
"""

from __future__ import annotations

import gzip
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from blender_addon.core.curves import sample_curves
from blender_addon.core.livelink import read_livelink
from trainer.evaluate import eye_aspect_ratio
from trainer.landmark_cascade.model import BLINK_FPS

Array = NDArray[np.float64]

FPS = BLINK_FPS
"""GRID's too."""
WINDOW_FRAMES = 75
"""3 s, paper P4, section 4.2."""
WINDOW_STEP_FRAMES = 3
SHUT_SHARE = 0.2
"""Eye aspect ratio of shut eyes, in parts of the open ones': the tracker's median in GRID's blinks."""
REST_CLOSURE = 0.12
"""Closures below are the tracker's unrest, and gaze."""
BLINK_CLOSURE = 0.3
"""A closure beyond is a blink, or a look down if it lasts LOWERED_FRAMES."""
LOWERED_FRAMES = 12
BASELINE_FRAMES = 51
"""A lid's level is its median over 2 s: an iPhone's eyeBlink rises with every look down."""
ACTED = ("S07", "S88", "apfel", "facial")
"""In the names of the takes that are acting, not ranges of motion."""


@dataclass(frozen=True)
class Windows:
    """Windows of one source."""

    values: NDArray[np.float32]
    """(N, WINDOW_FRAMES, 2): closure of the left and right eye in [0, 1]."""
    blinks_per_second: float


def closures_of_landmarks(landmarks: Array) -> Array:
    """Closure (T, 2) in [0, 1] of both eyes, from landmarks (T, 68, 2) of a clip whose eyes are mostly open."""
    ratios = eye_aspect_ratio(landmarks)
    return _above_rest((1 - ratios / np.percentile(ratios, 80, axis=0)) / (1 - SHUT_SHARE))


def closures_of_capture(path: Path) -> Array:
    """Closure (T, 2) of a Live Link Face take, .csv or .csv.gz, at FPS; its median blink shuts the eyes."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name.removesuffix(".gz")
        plain.write_bytes(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        curves = read_livelink(plain).curves
    rows = sample_curves(curves, np.arange(int(curves.duration_seconds * FPS)) / FPS).astype(np.float64)
    lids = rows[:, [curves.channels.index(f"eyeBlink{side}") for side in ("Left", "Right")]]
    baseline = median_filter(lids, (BASELINE_FRAMES, 1), mode="nearest")
    raised = (lids - baseline) / (1 - baseline)
    peaks = [raised[start:stop].max(axis=0) for start, stop in _runs(raised.mean(axis=1) > BLINK_CLOSURE)]
    return _above_rest(raised / np.median(peaks, axis=0))


def blink_runs(closures: Array) -> list[tuple[int, int]]:
    """First frame and frame after the last of every blink in closures (T, 2)."""
    is_up = closures.mean(axis=1) > 0
    return [(start, stop) for start, stop in _runs(is_up) if closures[start:stop].mean(axis=1).max() > BLINK_CLOSURE]


def windows_of(clips: list[Array]) -> Windows:
    """Windows of closures (T, 2) in which eyes blink and are open otherwise."""
    windows = [
        closures[start : start + WINDOW_FRAMES]
        for closures in clips
        for start in range(0, len(closures) - WINDOW_FRAMES + 1, WINDOW_STEP_FRAMES)
    ]
    kept = [window for window in windows if _only_blinks(window)]
    if not kept:
        raise ValueError("no recording shows 3 s of eyes that blink and are open otherwise; name other sources")
    n_starts = sum(float((np.array([start for start, _ in blink_runs(w)]) > 0).sum()) for w in kept)
    values = np.stack(kept).astype(np.float32)
    return Windows(values, n_starts / len(kept) / ((WINDOW_FRAMES - 1) / FPS))


def shares(sources: list[Windows], blinks_per_second: float) -> Array:
    """How often to draw from each of two sources, so that blinks are as frequent as wanted."""
    rates = [source.blinks_per_second for source in sources]
    if not min(rates) < blinks_per_second < max(rates):
        raise ValueError(
            f"the sources blink {min(rates):.2f} and {max(rates):.2f} times a second, which no mixture turns into "
            f"{blinks_per_second:.2f}; change --blinks-per-second or the sources"
        )
    second = (blinks_per_second - rates[0]) / (rates[1] - rates[0])
    return np.array([1 - second, second])


def read_grid(folder: Path, left_out: frozenset[str]) -> list[Array]:
    """Closures of every clip of a GRID speaker but those left out; ValueError when there are none."""
    paths = [path for path in sorted(folder.glob("*.npz")) if path.stem not in left_out]
    if not paths:
        raise ValueError(f"there are no .npz files with landmarks68 in {folder}; name GRID's with --grid")
    clips = []
    for path in paths:
        with np.load(path, allow_pickle=False) as arrays:
            clips.append(closures_of_landmarks(arrays["landmarks68"][..., :2].astype(np.float64)))
    return clips


def read_captures(folder: Path) -> list[Array]:
    """Closures of the acted takes in a folder; ValueError when there are none."""
    paths = [path for path in sorted(folder.glob("*.csv*")) if any(name in path.name for name in ACTED)]
    if not paths:
        raise ValueError(f"there are no acted Live Link Face takes in {folder}; name their folder with --captures")
    return [closures_of_capture(path) for path in paths]


def fake_windows(n_windows: int, seed: int) -> list[Windows]:
    """Two sources of triangular blinks, at 0.2 and 0.6 a second."""
    generator = np.random.default_rng(seed)
    sources = []
    for rate in (0.2, 0.6):
        impulses = (generator.uniform(size=(n_windows, WINDOW_FRAMES)) < rate / FPS).astype(float)
        shape = np.bartlett(9)
        lids = np.stack([np.convolve(row, shape, "same") for row in impulses]).clip(0, 1)
        sources.append(Windows(np.repeat(lids[:, :, None], 2, axis=2).astype(np.float32), rate))
    return sources


def _above_rest(closures: Array) -> Array:
    return np.asarray(((closures - REST_CLOSURE) / (1 - REST_CLOSURE)).clip(0, 1))


def _only_blinks(window: Array) -> bool:
    both = window.mean(axis=1)
    return all(
        stop - start <= LOWERED_FRAMES and both[start:stop].max() > BLINK_CLOSURE for start, stop in _runs(both > 0.02)
    )


def _runs(is_on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(is_on, prepend=False, append=False)).reshape(-1, 2)
    return [(int(start), int(stop)) for start, stop in edges]
