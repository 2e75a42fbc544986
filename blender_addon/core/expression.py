"""Emotions on a face that speaks: they give way to what the lips say, and lips that touch keep touching."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import emotion, life
from .channels import sideless
from .curves import Curves, Float32Array, column_of, smooth_rows
from .lips import CONTACT_GAP, GAP_PER_WEIGHT, OPEN_GAP, lip_gap, lip_phones, runs, widened

REST_SECONDS = 0.9
"""An emotion may part lips that touch longer than this and say no p, b or m, ..."""
REST_FADE_SECONDS = 0.4
"""... this long after they have met and before they part."""
YIELD_SECONDS = 0.08
"""Time in which what an emotion does to the lips gives way to speech, and returns."""
OPENING_YIELD = 0.5
"""Share of what an emotion opens that speech takes away: the mouth still closes and opens as far as it said."""
CORNERS = ("mouthSmile", "mouthFrown", "mouthStretch")
"""Channels of an emotion that rounded lips take away, by this share: nobody smiles through an oo."""
CORNERS_YIELD = 0.6
ROUNDING = ("mouthFunnel", "mouthPucker")
LIP_PRESSES = ("mouthPress", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper")
"""Channels of an emotion that open lips take away: they would close them."""
PRESSES_YIELD = 0.8
SNEER_YIELD = 0.9
"""Share of an emotion's noseSneer that closures take away: it lifts the upper lip of many heads."""


def expressed(
    values: Float32Array,
    said: Curves,
    speech: life.Speech,
    phones: Curves | None,
    seed: int,
    feelings: NDArray[np.float64] | None,
) -> Float32Array:
    """Values with what emotions (T, 8) add to the speech, said, and its life; lips that touch keep touching."""
    if feelings is None:
        return values
    closing = _closing(said, phones)
    times = np.arange(len(values)) / said.fps
    layer = emotion.expression(times, feelings, seed)
    rooms = _rooms(said, closing, 1 - OPENING_YIELD * life.engaged(times, speech))
    expressed = values.copy()
    column = dict(zip(said.channels, expressed.T, strict=True))  # views
    for channel in layer.keys() & column.keys():
        # what is there already leaves less room, and a lid that is shut none to one that is wide or tight
        taken = column.get(channel.replace("Wide", "Blink").replace("Squint", "Blink"), column[channel])
        column[channel] += np.minimum(layer[channel] * rooms.get(sideless(channel), 1), 1) * (1 - taken)
    if {"jawOpen", "mouthClose"} <= column.keys():  # the jaw hangs, and the lips meet all the same
        column["mouthClose"] += closing * (column["jawOpen"] - column_of(values, said.channels, "jawOpen"))
    for side in ("Left", "Right"):
        up, down = (column.get(f"eyeLook{way}{side}", np.zeros(0)) for way in ("Up", "Down"))
        if len(up) and len(down):  # an eye does not look both ways
            both = np.minimum(up, down)
            up -= both
            down -= both
    return np.clip(expressed, 0, 1)


def _closing(said: Curves, phones: Curves | None) -> Float32Array:
    """(T,) 1 where speech needs the lips together, 0 where they are apart or at rest, gradual in between."""
    gap = lip_gap(said)
    starts, stops = runs(gap < CONTACT_GAP)
    is_long = stops - starts > REST_SECONDS * said.fps
    at_rest = np.zeros(len(gap), np.float32)
    for start, stop in zip(starts[is_long].tolist(), stops[is_long].tolist(), strict=True):
        rows = np.arange(stop - start)
        at_rest[start:stop] = np.minimum(1, np.minimum(rows, rows[::-1]) / (REST_FADE_SECONDS * said.fps))
    if phones is not None:
        at_rest *= 1 - np.clip(lip_phones(phones, np.arange(len(gap)) / said.fps), 0, 1)
    near = np.clip((OPEN_GAP - gap) / (OPEN_GAP - CONTACT_GAP), 0, 1)
    return widened(near * (1 - at_rest), said.fps, 0, YIELD_SECONDS)


def _rooms(said: Curves, closing: Float32Array, opening: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """What share (T,) of an emotion speech leaves to a channel, by the names without side of those it touches."""
    gap, fps = lip_gap(said), said.fps
    apart = np.clip(gap / OPEN_GAP - 1, 0, 1).astype(np.float32)
    shut = widened(closing, fps, YIELD_SECONDS, YIELD_SECONDS)
    parted, shut = smooth_rows(np.stack([apart, shut], axis=1), YIELD_SECONDS * fps).T
    rounded = np.clip(sum(column_of(said.values, said.channels, c) for c in ROUNDING), 0, 1)
    rooms = {channel: opening * (1 - closing) for channel in GAP_PER_WEIGHT}
    if "mouthClose" in said.channels:
        rooms["jawOpen"] = opening
    rooms |= dict.fromkeys(CORNERS, 1 - CORNERS_YIELD * rounded)
    rooms |= dict.fromkeys(LIP_PRESSES, 1 - PRESSES_YIELD * parted)
    return rooms | {"noseSneer": 1 - SNEER_YIELD * shut}
