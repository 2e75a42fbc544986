"""What the networks of landmark_cascade are trained on."""

from __future__ import annotations

import torch
from torch import Tensor


def mmd_loss(real: Tensor, generated: Tensor, sigmas: tuple[float, ...]) -> Tensor:
    """How far apart two sets of samples (N, D) are: squared maximum mean discrepancy, eq. (6), mean over kernels.

    The kernel is exp(-d^2 / (2 sigma)). A sample is not compared with itself, so that the estimate has no bias.
    """
    among_real, among_generated = (_kernels(torch.cdist(part, part), sigmas) for part in (real, generated))
    between = _kernels(torch.cdist(real, generated), sigmas).mean(dim=(1, 2))
    pairs = (_mean_of_others(among_real), _mean_of_others(among_generated))
    discrepancy: Tensor = (pairs[0] + pairs[1] - 2 * between).mean()
    return discrepancy


def min_max_loss(real: Tensor, generated: Tensor) -> Tensor:
    """How far the mean range of generated windows (N, T, K) is from that of real ones, squared."""
    highest, lowest = (
        getattr(generated, extreme)(dim=1).mean(dim=0) - getattr(real, extreme)(dim=1).mean(dim=0)
        for extreme in ("amax", "amin")
    )
    loss: Tensor = (highest.square() + lowest.square()).mean()
    return loss


def _kernels(distances: Tensor, sigmas: tuple[float, ...]) -> Tensor:
    return torch.stack([torch.exp(-distances.square() / (2 * sigma)) for sigma in sigmas])


def _mean_of_others(kernels: Tensor) -> Tensor:
    """Mean (n_sigmas,) of kernels (n_sigmas, N, N) without their diagonals."""
    n = kernels.shape[1]
    diagonal = kernels.diagonal(dim1=1, dim2=2).sum(dim=1)
    return (kernels.sum(dim=(1, 2)) - diagonal) / (n * (n - 1))


def distance_loss(generated: Tensor, measured: Tensor) -> Tensor:
    """Eq. (1): mean square error of landmarks (N, R, 68, 2)."""
    return (generated - measured).square().mean()


def regularization_loss(generated: Tensor) -> Tensor:
    """Eq. (2): mean square of the change from frame to frame of landmarks (N, R, 68, 2)."""
    return generated.diff(dim=1).square().mean()


def direction_loss(generated: Tensor, measured: Tensor, sharpness: float) -> Tensor:
    """Eq. (3): whether each coordinate of landmarks (N, R, 68, 2) goes up or not, as a mean square error in [0, 1].

    A step has no gradient, so that of the generated motion is a sigmoid, which is steeper the greater the sharpness.
    """
    goes_up = torch.sigmoid(sharpness * generated.diff(dim=1))
    return (goes_up - (measured.diff(dim=1) > 0).float()).square().mean()
