"""What a model said of a sound, before any shaping, and where it goes; as it is kept with a take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np

from . import take_actions
from .core.curves import Curves
from .core.phone_edits import Edits
from .core.ranges import Range, cross_faded

CAPTURE = "capture"
"""Kind of a prediction that was read from a recorded face: it has its own life, and no sound need be there."""
LISTENING = "listening"
"""Kind of a prediction of a mouth at rest, while others speak: life alone, and no sound of its own."""
SAME_PROBABILITY = 0.02
"""Phones whose probabilities differ no more were heard in the same sound by the same model, maybe on another device."""


@dataclass(frozen=True)
class Place:
    """Where a take goes, by name: undo and deleting make Blender's own references invalid."""

    scene_name: str
    object_name: str
    source_name: str
    """The sound strip or Speaker."""
    start_frame: int
    n_frames: int
    head_name: str | None = None
    """The object that turns with the head motion, if any."""
    placed: dict[str, Any] | None = None
    """How the sound lay when the model heard it, by audio_io.placed."""


@dataclass(frozen=True)
class Prediction:
    """What the model said, before any shaping."""

    curves: Curves
    model: str
    model_kind: str
    device: str
    phones: Curves | None
    """Probabilities of speech sounds at the same times; None when the model gives none."""
    warnings: tuple[str, ...] = ()
    """What the user should know of this run of the model."""
    ranges: tuple[Range, ...] = ()
    """Parts that were done again since, the latest last."""
    edits: Edits | None = None
    """Phones as they were edited, which the face follows; None when they are as the model heard them."""


def place_of(
    scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action, head: bpy.types.Object | None
) -> Place:
    """Where a take lies, of a character and what turns with its head."""
    facts = take_actions.read_facts(take)
    span = (facts["start_frame"], facts["n_frames"])
    return Place(scene.name, obj.name, facts["source"], *span, head.name if head else None, facts.get("placed"))


def kept_with(take: bpy.types.Action) -> Prediction:
    """What is kept with a take."""
    facts = take_actions.read_facts(take)
    curves, phones = take_actions.read_prediction(take), take_actions.read_phones(take)
    ranges = take_actions.read_ranges(take)
    edits = take_actions.read_phone_edits(take)
    return Prediction(curves, facts["model"], facts["model_kind"], facts["device"], phones, ranges=ranges, edits=edits)


def said(take: bpy.types.Action) -> tuple[Curves, Curves | None]:
    """The raw prediction of a take and its probabilities of speech sounds, cross-faded with those of its ranges."""
    prediction = kept_with(take)
    curves, phones = prediction.curves, prediction.phones
    for redone in prediction.ranges:
        curves = cross_faded(curves, redone.said, redone)
        phones = cross_faded(phones, redone.phones, redone) if phones else None
    return curves, phones


def with_edits_of(earlier: bpy.types.Action | None, prediction: Prediction) -> Prediction:
    """A prediction of the same sound with the phones that were edited in the earlier take."""
    if earlier is None or prediction.edits or prediction.phones is None:
        return prediction
    phones = take_actions.read_phones(earlier)
    if phones is None or phones.values.shape != prediction.phones.values.shape:
        return prediction
    if np.abs(phones.values - prediction.phones.values).max(initial=0) > SAME_PROBABILITY:
        return prediction
    return replace(prediction, edits=take_actions.read_phone_edits(earlier))
