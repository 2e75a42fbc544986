"""Muon: momentum whose matrices are made orthogonal before they are applied.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/, with the step size of Liu et al. 2025, "Muon is scalable
for LLM training", which lets it share Adam's learning rates. torch.optim.Muon does the same for matrices alone and in
bfloat16: on a CPU without that type one of its updates takes ten seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the polynomial that draws all singular values of a matrix towards 1."""
N_ITERATIONS = 5
MATCHES_ADAM = 0.2
"""Root mean square of Adam's updates before the learning rate (Liu et al., section 2.2)."""


class Muon(torch.optim.Optimizer):
    """For weights of two dimensions or more, such as those of linear layers and convolutions (n_out, ...)."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # nothing needs the loss again
        """One update from the gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if "momentum" not in self.state[parameter]:
                    self.state[parameter]["momentum"] = torch.zeros_like(parameter)
                momentum = self.state[parameter]["momentum"]
                momentum.mul_(group["momentum"]).add_(parameter.grad)
                ahead = parameter.grad + group["momentum"] * momentum  # Nesterov's
                update = orthogonal(ahead.flatten(1))
                size = MATCHES_ADAM * max(update.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.reshape(parameter.shape), alpha=-group["lr"] * size)


def orthogonal(matrix: Tensor) -> Tensor:
    """About the nearest matrix whose singular values are 1, by five steps of Newton and Schulz."""
    a, b, c = NEWTON_SCHULZ
    is_tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.mT if is_tall else matrix
    x = x / (torch.linalg.matrix_norm(x) + 1e-7)
    for _ in range(N_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if is_tall else x
