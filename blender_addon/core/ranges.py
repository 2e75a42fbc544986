"""Parts of a take that were done again: with another model or other settings, cross-faded at both ends.

Each range is a performance of its own over the whole take, of which only the range is seen. So what lies outside stays
as it was to the last bit, and how often a range was done again before leaves no trace in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curves import Curves, Float32Array, sample_curves


@dataclass(frozen=True)
class Rows:
    """Rows that stand in place of others."""

    first: int
    """Row that is replaced first."""
    values: Float32Array
    """(N, K)."""


@dataclass(frozen=True)
class Range:
    """A part of a take that was done again."""

    start_seconds: float
    """When it begins to fade in, since the first frame of the take; before that frame by more than the fade when the
    take begins with it, as there is nothing to fade from."""
    end_seconds: float
    """When it has faded out; after the last frame by more than the fade when the take ends with it."""
    fade_seconds: float
    """How long it fades in, and out; half of the range at most."""
    model: str = ""
    """Model file that it was heard by again; "" when only settings differ."""
    shaping: Mapping[str, Any] = field(default_factory=dict)
    """Fields of Shaping that differ from those of the take, which it follows in all others."""
    said: Rows | None = None
    """What that model said, at the rate and in the channels of the take's prediction."""
    phones: Rows | None = None
    """The same of the probabilities of speech sounds."""

    def weights(self, times_seconds: NDArray[np.float64], row_seconds: float = 0.0) -> Float32Array:
        """How far it is seen (N,) at N times since the first frame of the take: 0 outside, 1 between the fades.

        Rows that are that far apart are seen later and less long by it, so that nothing between two of them is seen
        outside.
        """
        since, left = times_seconds - self.start_seconds, self.end_seconds - times_seconds
        inside = np.minimum(since, left) - row_seconds
        # a hundredth of a millisecond, so that rounding leaves the frames at the ends alone
        phase = np.where(inside < 1e-5, 0, np.clip(inside / max(self.fade_seconds, 1e-6), 0, 1))
        return np.asarray(phase * phase * (3 - 2 * phase), np.float32)

    def is_within(self, other: Range) -> bool:
        """Whether nothing of it is left when the other is seen."""
        return other.start_seconds < self.start_seconds + 1e-5 and self.end_seconds < other.end_seconds + 1e-5


def with_range(ranges: Sequence[Range], new: Range) -> tuple[Range, ...]:
    """Ranges, the latest last, with one more; it takes the place of those that it hides.

    Where nothing was heard again, what the model said stays, and with it the ranges that say so.
    """
    kept = []
    for earlier in ranges:
        is_same = earlier.is_within(new) and new.is_within(earlier)
        if is_same and new.said is None:
            new = replace(new, model=earlier.model, said=earlier.said, phones=earlier.phones)
        elif not earlier.is_within(new) or (new.said is None and earlier.said is not None):
            kept.append(earlier)
    return (*kept, new) if new.said is not None or new.shaping else tuple(kept)


def heard_again(curves: Curves, again: Curves, start_seconds: float, end_seconds: float) -> Rows:
    """The rows of curves between two times as another prediction has them; channels that it lacks stay."""
    times = np.arange(len(curves.values)) / curves.fps
    rows = np.flatnonzero((times >= start_seconds) & (times <= end_seconds))
    values = curves.values[rows].copy()
    sampled = sample_curves(again, times[rows])
    for column, channel in enumerate(curves.channels):
        if channel in again.channels:
            values[:, column] = sampled[:, again.channels.index(channel)]
    return Rows(int(rows[0]) if len(rows) else 0, values)


def replaced(curves: Curves, rows: Rows | None) -> Curves:
    """Curves with rows in place of their own."""
    if rows is None:
        return curves
    values = curves.values.copy()
    values[rows.first : rows.first + len(rows.values)] = rows.values
    return replace(curves, values=values)


def mixed(curves: Curves, others: Curves, weights: Float32Array) -> Curves:
    """Curves (T, K) at weights (T,) of 0, others of the same channels at 1; exact at both."""
    weight = weights[:, None]
    values = np.where(weight == 1, others.values, curves.values + weight * (others.values - curves.values))
    return replace(curves, values=np.asarray(values, np.float32))


def cross_faded(curves: Curves, rows: Rows | None, redone: Range) -> Curves:
    """Curves that go over into the rows of a range and back."""
    times = np.arange(len(curves.values)) / curves.fps
    return mixed(curves, replaced(curves, rows), redone.weights(times, 1 / curves.fps))


def pack(ranges: Sequence[Range]) -> tuple[list[dict[str, Any]], bytes]:
    """Ranges as facts for JSON, and their rows as the bytes of an .npz file."""
    facts: list[dict[str, Any]] = []
    arrays: dict[str, Float32Array] = {}
    for number, redone in enumerate(ranges):
        rows = {"said": redone.said, "phones": redone.phones}
        arrays |= {f"{name}{number}": found.values for name, found in rows.items() if found}
        firsts = {name: found.first for name, found in rows.items() if found}
        span = (redone.start_seconds, redone.end_seconds, redone.fade_seconds)
        facts.append({"span": span, "model": redone.model, "shaping": dict(redone.shaping), "rows": firsts})
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    return facts, file.getvalue()


def unpack(facts: Sequence[Mapping[str, Any]], content: bytes) -> tuple[Range, ...]:
    """The inverse of pack."""
    arrays = np.load(BytesIO(content), allow_pickle=False)

    def rows(number: int, name: str) -> Rows | None:
        first = facts[number]["rows"].get(name)
        return None if first is None else Rows(first, arrays[f"{name}{number}"])

    ranges = []
    for number, known in enumerate(facts):
        start, end, fade = known["span"]
        heard = rows(number, "said"), rows(number, "phones")
        ranges.append(Range(start, end, fade, known["model"], known["shaping"], *heard))
    return tuple(ranges)
