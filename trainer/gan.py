"""What adversarial systems share: losses on the logits of a discriminator, of any shape.

Goodfellow et al. 2014, "Generative adversarial nets", as cross entropies: log D and log(1 - D) of D = sigmoid(logit).
"""

from __future__ import annotations

import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(real) - log(1 - D(fake)), each a mean; 2 log 2 for a discriminator that cannot tell."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """-log D(fake), the form whose gradient does not vanish while the discriminator is sure."""
    return F.softplus(-fake).mean()
