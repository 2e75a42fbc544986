"""Figures that compare predicted with measured curves, faces and pictures.

Curves are values (N, K), N frames of any number of clips, faces landmarks (T, 68, 2), pictures (N, H, W, 3) in levels
from 0 to 255.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.color import rgb2gray
from skimage.feature import canny
from skimage.filters import sobel_h, sobel_v
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.landmarks import LEFT_EYE, LIPS, RIGHT_EYE
from trainer.prepare.grid import GAP_PER_WEIGHT

CONTACT_GAP = 0.02
"""Gap in outer-eye-corner distances below which lips look closed."""
OPEN_GAP = 0.05
CLOSURE_REACH_SECONDS = 0.3
"""A contact no longer than this, with an open mouth no farther away on either side, is a closure of speech."""
CLOSURE_TOLERANCE_SECONDS = 0.04
"""How much earlier or later a closure may be and still be the same."""
BLINK_DROP = 0.25
"""A blink takes this part off the eye aspect ratio of open eyes, or more; lids shut halfway take off about 0.4."""
LONGEST_BLINK_SECONDS = 0.8
"""Lids lowered for longer follow a look down."""
SHARP_EDGE_PX = (5, 3)
"""How wide an edge may be without looking blurred, where contrast is at most LOW_CONTRAST, and above."""
LOW_CONTRAST = 50
EDGE_STRENGTH = 4
"""Squared slope of an edge by the mean over the picture."""
BLOCK_PX = 64
LEAST_EDGES = 0.002
"""Part of a block that must be edges for it to count."""

Pictures = NDArray[np.uint8]
Array = NDArray[np.float64]


def correlation(predicted: Tensor, measured: Tensor) -> float:
    """Pearson r of the deviations from each channel's mean, pooled over channels, 0 where either side is constant."""
    a, b = predicted - predicted.mean(dim=0), measured - measured.mean(dim=0)
    scale = torch.sqrt(a.square().sum() * b.square().sum())
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def jitter(predicted: Tensor, measured: Tensor) -> float:
    """Mean size of the second difference in time, relative to the measured one; above 1 is more restless than life."""
    restlessness = [curves.diff(n=2, dim=0).abs().mean() for curves in (predicted, measured)]
    return float(restlessness[0] / restlessness[1].clamp(min=1e-9))


def landmark_mse(predicted: Tensor, measured: Tensor) -> float:
    """Mean squared difference of coordinates, landmarks of any shape in [0, 1] (P1, equation 1)."""
    return float((predicted - measured).square().mean())


def image_mse(predicted: Tensor, measured: Tensor) -> float:
    """Mean squared difference of pictures (N, 3, H, W) in [-1, 1] over pixels and colours (P1, equation 4)."""
    return float((predicted - measured).square().mean())


def _gap_per_channel() -> Tensor:
    gaps = dict.fromkeys(BLENDSHAPE_CHANNELS, 0.0) | {"mouthClose": -GAP_PER_WEIGHT["jawOpen"]}
    for channel in BLENDSHAPE_CHANNELS:
        both = channel.removesuffix("Left").removesuffix("Right")
        if both in GAP_PER_WEIGHT:
            gaps[channel] = GAP_PER_WEIGHT[both] / (1 if both == channel else 2)
    return torch.tensor(list(gaps.values()))


GAP_PER_CHANNEL = _gap_per_channel()


def lip_gap(values: Tensor) -> Tensor:
    """Gap (..., T) between the lips in outer-eye-corner distances of weights (..., T, 51)."""
    return (values @ GAP_PER_CHANNEL.to(values)).clamp(min=0)


def closures(gap: Tensor, fps: float) -> list[tuple[int, int]]:
    """First row and row after the last of each closure in a lip gap (T,): short contact between open mouths."""
    touching = torch.nn.functional.pad((gap < CONTACT_GAP).int(), (1, 1))
    change = touching.diff().nonzero()[:, 0].tolist()
    reach = round(CLOSURE_REACH_SECONDS * fps)
    return [
        (start, stop)
        for start, stop in zip(change[::2], change[1::2], strict=True)
        if stop - start <= reach and _opens(gap[max(0, start - reach) : start]) and _opens(gap[stop : stop + reach])
    ]


def _opens(gap: Tensor) -> bool:
    return bool((gap > OPEN_GAP).any())


def n_met(wanted: list[tuple[int, int]], found: list[tuple[int, int]], fps: float) -> int:
    """How many of the wanted closures overlap one that was found, or nearly so."""
    slack = round(CLOSURE_TOLERANCE_SECONDS * fps)
    return sum(any(start < b + slack and a < stop + slack for a, b in found) for start, stop in wanted)


def lmd(predicted_px: NDArray[Any], measured_px: NDArray[Any]) -> float:
    """Mean distance of the points of the lips, of faces (T, 68, 2) in pixels, with the lips' middles on each other.

    P4's landmark distance, after Chen, Li, Maddox, Duan, Xu 2018, "Lip movements generation at a glance", ECCV.
    """
    lips = [faces[:, LIPS] - faces[:, LIPS].mean(axis=1, keepdims=True) for faces in (predicted_px, measured_px)]
    return float(np.linalg.norm(lips[0] - lips[1], axis=2).mean())


def eye_aspect_ratio(faces: Array) -> Array:
    """Height by width of the eyes (T, 2), the character's left one first, of faces (T, 68, 2).

    Soukupova, Cech 2016, "Real-time eye blink detection using facial landmarks", Computer Vision Winter Workshop.
    """
    ratios = []
    for eye in (LEFT_EYE, RIGHT_EYE):
        p = faces[:, eye]
        heights = np.linalg.norm(p[:, 1] - p[:, 5], axis=1) + np.linalg.norm(p[:, 2] - p[:, 4], axis=1)
        ratios.append(heights / (2 * np.linalg.norm(p[:, 0] - p[:, 3], axis=1)))
    return np.stack(ratios, axis=1)


def blinks(faces: Array, fps: float) -> list[tuple[int, int]]:
    """First frame and frame after the last of every blink of faces (T, 68, 2) whose eyes are mostly open.

    From the beginning to the end of the drop: where the ratio leaves that of open eyes by half of BLINK_DROP.
    """
    ratio = eye_aspect_ratio(faces).mean(axis=1)
    drop = 1 - ratio / np.percentile(ratio, 80)
    change = np.flatnonzero(np.diff(np.pad(drop > BLINK_DROP / 2, 1).astype(int)))
    longest = LONGEST_BLINK_SECONDS * fps
    return [
        (int(start), int(stop))
        for start, stop in zip(change[::2], change[1::2], strict=True)
        if stop - start <= longest and drop[start:stop].max() > BLINK_DROP
    ]


def blink_figures(clips: list[Array], fps: float) -> dict[str, float]:
    """Blinks a second and how long one lasts, of clips of faces (T, 68, 2)."""
    lengths = [stop - start for faces in clips for start, stop in blinks(faces, fps)]
    seconds = sum(len(faces) for faces in clips) / fps
    return {
        "blinks_per_second": len(lengths) / seconds,
        "blink_seconds": float(np.mean(lengths)) / fps if lengths else math.nan,
    }


def psnr(painted: Pictures, real: Pictures) -> float:
    """Peak signal to noise ratio in dB, mean over pictures."""
    pairs = zip(real, painted, strict=True)
    return float(np.mean([peak_signal_noise_ratio(a, b, data_range=255) for a, b in pairs]))


def ssim(painted: Pictures, real: Pictures) -> float:
    """Structural similarity of colour pictures, mean over them, with the Gaussian window of Wang et al. 2004."""
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    pairs = zip(real, painted, strict=True)
    return float(np.mean([structural_similarity(a, b, channel_axis=2, data_range=255, **window) for a, b in pairs]))


def cpbd(pictures: Pictures) -> float:
    """Cumulative probability of blur detection, mean over pictures: part of the edges that look sharp, in [0, 1].

    Narvekar, Karam 2011, "A no-reference image blur metric based on the cumulative probability of blur detection
    (CPBD)", IEEE Transactions on Image Processing 20(9). Edges are those of Sobel that run more up and down than
    across; their width is the run of rising or falling levels in the row.
    """
    return float(np.mean([_sharp_part((rgb2gray(picture) * 255).round()) for picture in pictures]))


def _sharp_part(grey: Array) -> float:
    is_edge, across, down = canny(grey), sobel_v(grey), sobel_h(grey)
    slope = np.pad(across**2 + down**2, ((0, 0), (1, 1)))
    is_crest = (slope[:, 1:-1] >= slope[:, :-2]) & (slope[:, 1:-1] > slope[:, 2:])
    upright = is_crest & (slope[:, 1:-1] > EDGE_STRENGTH * slope[:, 1:-1].mean()) & (np.abs(across) > np.abs(down))
    widths = _edge_widths(grey, np.gradient(grey, axis=1) > 0)
    is_sharp = []
    for y in range(0, grey.shape[0] - BLOCK_PX + 1, BLOCK_PX):
        for x in range(0, grey.shape[1] - BLOCK_PX + 1, BLOCK_PX):
            block = slice(y, y + BLOCK_PX), slice(x, x + BLOCK_PX)
            if is_edge[block].mean() > LEAST_EDGES:
                widest = SHARP_EDGE_PX[int(np.ptp(grey[block]) > LOW_CONTRAST)]
                is_sharp.append(widths[block][upright[block]] <= widest)
    judged = np.concatenate(is_sharp) if is_sharp else np.zeros(0)
    return float(judged.mean()) if len(judged) else 0.0


def _edge_widths(grey: Array, is_rising: NDArray[np.bool_]) -> Array:
    """(H, W) how many pixels the levels of a row go on rising, or falling, through each pixel, to both sides."""
    steps = np.diff(grey, axis=1)
    return np.where(is_rising, _run_through(steps > 0), _run_through(steps < 0))


def _run_through(holds: NDArray[np.bool_]) -> Array:
    """(H, W) length of the runs of true steps (H, W - 1) that end at and begin at each pixel."""
    before = np.zeros((holds.shape[0], holds.shape[1] + 1))
    after = before.copy()
    for x in range(holds.shape[1]):
        before[:, x + 1] = (before[:, x] + 1) * holds[:, x]
        after[:, -x - 2] = (after[:, -x - 1] + 1) * holds[:, -x - 1]
    return np.asarray(before + after)
