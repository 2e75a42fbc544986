"""Figures that compare predicted with measured curves; values (N, K), N frames of any number of clips."""

from __future__ import annotations

import torch
from torch import Tensor

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer.prepare.grid import GAP_PER_WEIGHT

CONTACT_GAP = 0.02
"""Gap in outer-eye-corner distances below which lips look closed."""
OPEN_GAP = 0.05
CLOSURE_REACH_SECONDS = 0.3
"""A contact no longer than this, with an open mouth no farther away on either side, is a closure of speech."""
CLOSURE_TOLERANCE_SECONDS = 0.04
"""How much earlier or later a closure may be and still be the same."""


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
