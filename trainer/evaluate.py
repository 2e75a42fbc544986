"""Figures that compare predicted with measured curves; values (N, K), N frames of any number of clips."""

from __future__ import annotations

import torch
from torch import Tensor


def correlation(predicted: Tensor, measured: Tensor) -> float:
    """Pearson r of the deviations from each channel's mean, pooled over channels, 0 where either side is constant."""
    a, b = predicted - predicted.mean(dim=0), measured - measured.mean(dim=0)
    scale = torch.sqrt(a.square().sum() * b.square().sum())
    return float((a * b).sum() / scale) if scale > 0 else 0.0


def jitter(predicted: Tensor, measured: Tensor) -> float:
    """Mean size of the second difference in time, relative to the measured one; above 1 is more restless than life."""
    restlessness = [curves.diff(n=2, dim=0).abs().mean() for curves in (predicted, measured)]
    return float(restlessness[0] / restlessness[1].clamp(min=1e-9))
