"""What voice_to_face is trained on: weights, the gap between the lips, contacts, phones."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer.clips import PHONES
from trainer.evaluate import CONTACT_GAP, OPEN_GAP, lip_gap

CHANNEL_WEIGHTS = {"jawOpen": 4.0, "mouthPucker": 8.0, "mouthFunnel": 2.0, "mouthClose": 2.0}
"""How much more a channel counts than the others, which move less or are seen less."""
CLOSURE_REACH_FRAMES = 10
"""A contact that has an open mouth within 0.2 s is a closure of speech, not a rest."""
CLOSURE_WEIGHT = 2.0
"""How much more a frame of such a closure counts: there are few, and each one is seen."""
OPEN_PHONES = torch.tensor([name in ("f", "w", "u", "y") for name in PHONES])
"""Phones with a small gap that is not to be closed."""
VALUE_DELTA, GAP_DELTA = 0.02, 0.01
"""Errors from which the losses grow linearly."""


CHANNEL_WEIGHT = torch.tensor([CHANNEL_WEIGHTS.get(channel, 1.0) for channel in BLENDSHAPE_CHANNELS])


def is_contact(targets: Tensor, phones: Tensor) -> Tensor:
    """Where the lips touch (N, T), of targets (N, T, 51) and phones (N, T)."""
    may_touch = ~OPEN_PHONES.to(phones.device)[phones] | (phones < 0)
    return (lip_gap(targets) < CONTACT_GAP) & may_touch


def value_loss(predicted: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    """Huber loss (N,) of weights (N, T, 51), over the labelled channels (N, 51)."""
    weight = (labelled * CHANNEL_WEIGHT.to(labelled)).unsqueeze(1)
    error = F.huber_loss(predicted, targets, reduction="none", delta=VALUE_DELTA) / VALUE_DELTA
    return (error * weight).sum(dim=(1, 2)) / (weight.sum(dim=(1, 2)) * targets.shape[1])


def speed_loss(predicted: Tensor, targets: Tensor, labelled: Tensor) -> Tensor:
    """The same on the change from frame to frame."""
    return value_loss(predicted.diff(dim=1), targets.diff(dim=1), labelled)


def gap_loss(predicted: Tensor, targets: Tensor) -> Tensor:
    """Huber loss (N,) of the gap between the lips."""
    error = F.huber_loss(lip_gap(predicted), lip_gap(targets), reduction="none", delta=GAP_DELTA) / GAP_DELTA
    return error.mean(dim=1)


def contact_loss(logits: Tensor, targets: Tensor, phones: Tensor) -> Tensor:
    """Cross-entropy (N,) of lip and teeth contact (N, T, 2); closures in speech count CLOSURE_WEIGHT more."""
    lips = is_contact(targets, phones)
    width = 2 * CLOSURE_REACH_FRAMES + 1
    widest = F.max_pool1d(lip_gap(targets).unsqueeze(1), width, stride=1, padding=CLOSURE_REACH_FRAMES).squeeze(1)
    weight = 1 + CLOSURE_WEIGHT * (lips & (widest > OPEN_GAP))
    lip_errors = F.binary_cross_entropy_with_logits(logits[:, :, 0], lips.float(), reduction="none")
    is_known = (phones >= 0).float()
    teeth = (phones == PHONES.index("f")).float()
    teeth_errors = F.binary_cross_entropy_with_logits(logits[:, :, 1], teeth, reduction="none")
    return (lip_errors * weight + teeth_errors * is_known * (1 + CLOSURE_WEIGHT * teeth)).mean(dim=1)


def phone_loss(logits: Tensor, phones: Tensor) -> Tensor:
    """Cross-entropy (N,) of phones (N, T), 0 where they are unknown."""
    errors = F.cross_entropy(logits.transpose(1, 2), phones, ignore_index=-1, reduction="none")
    return errors.mean(dim=1)


def losses_of(
    outputs: tuple[Tensor, Tensor, Tensor], closed: Tensor, targets: Tensor, phones: Tensor, labelled: Tensor
) -> dict[str, Tensor]:
    """Every loss, mean over runs, of the network's outputs and the weights after contact (N, T, 51)."""
    blendshapes, contact, phone_logits = outputs
    parts = {
        "value": value_loss(blendshapes, targets, labelled) + value_loss(closed, targets, labelled),
        "speed": speed_loss(closed, targets, labelled),
        "gap": gap_loss(closed, targets),
        "contact": contact_loss(contact, targets, phones),
        "phones": phone_loss(phone_logits, phones),
    }
    return {name: loss.mean() for name, loss in parts.items()}
