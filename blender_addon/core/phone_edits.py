"""Curves that follow edited phones: moved, retimed, renamed, inserted and deleted ones, without the model.

The phones that are heard and those that the artist wants are two lists. Those that belong together say how time moves:
predicted curves are read at other times, on straight lines between the edges of phones, so that a phone that is dragged
takes its mouth along. Where a phone has another name, is new or gone, the prediction takes on the difference between
what articulation.py makes of the two lists, with soft ends: what becomes more of a channel is added, what becomes less
scales it, so that nothing is left of it where nothing should be, and the voice's own way of speaking stays elsewhere.
Lips close wholly on a p, b or m that is new, and on one that is moved and was closed. All other rows stay as they are,
to the last bit.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .articulation import (
    LIP_CONTACT,
    PAUSE,
    PHONE_CLASSES,
    PHONES,
    TARGETS,
    Sound,
    articulate,
    contact,
    letters_of,
    sounds,
)
from .curves import Curves, Float32Array, sample_curves
from .lips import CONTACT_GAP, close_lips, lip_gap
from .phones import Phone

SILENCE = PHONES[0]
"""Name of a phone in which nothing is said."""
LIPS = PHONES[PHONE_CLASSES["p"]]
SAME_SECONDS = 1e-4
"""Edges no farther apart are where they were."""
RENAMED_COST, LONE_COST = 0.1, 0.3
"""Seconds by which the edges of two phones may differ on average until it is likelier that one was deleted and another
inserted: twice LONE_COST, less RENAMED_COST when their names differ."""
LONGEST_GAP_SECONDS = 0.18
"""A longer time without a phone is a pause; a shorter one belongs to its neighbours."""
HOLD_SECONDS, FADE_SECONDS = 0.1, 0.12
"""How long before and after a phone that is new or gone its neighbours move differently, and for how long that ends."""
CONTEXT_SECONDS = 0.6
"""Sound around a change that is articulated with it."""
TINY = 1e-6
"""Weight that moves nothing."""
SURE = 0.95
"""Probability of a phone that is named by hand."""

Times = NDArray[np.float64]


@dataclass(frozen=True)
class Edits:
    """The phones of a take before and after they were edited by hand, both in order of time."""

    heard: tuple[Phone, ...]
    """What the model heard, or what a transcript says that it heard: all phones without gaps."""
    wanted: tuple[Phone, ...]
    """The same as heard where nothing was edited."""
    transcript: str = ""
    """The text that says what is heard; "" when the model alone does."""

    def applied(self, curves: Curves, probabilities: Curves) -> tuple[Curves, Curves]:
        """Predicted curves (T, K) and probabilities (T, P) that follow a transcript and the edits."""
        if self.transcript:
            curves, probabilities = close_as_said(curves, probabilities, self.heard)
        return follow(curves, probabilities, self.heard, self.wanted)

    def said(self, duration_seconds: float) -> list[Phone]:
        """The wanted phones one after the other from 0 to the end, as the mouth says them."""
        rows = settled(match(self.heard, self.wanted))
        return without_gaps([row.wanted for row in rows if row.wanted], duration_seconds)


class Row(NamedTuple):
    """A phone before and after the edits; None where there is none."""

    heard: Phone | None
    wanted: Phone | None


class _Change(NamedTuple):
    """Time in which other phones are said than heard."""

    start_seconds: float
    end_seconds: float


def check_name(name: str) -> None:
    """Raise ValueError when a name is neither SILENCE nor IPA letters that articulation knows."""
    letters = unicodedata.normalize("NFD", name)
    marks = [c for c in letters if c not in TARGETS]
    is_ipa = len(marks) < len(letters) and all(unicodedata.category(c) in ("Lm", "Mn", "Sk") for c in marks)
    if name != SILENCE and not is_ipa:
        raise ValueError(f"There is no speech sound {name}; name the phone by IPA letters, such as {' '.join(PHONES)}")


def classes_of(name: str) -> tuple[str, ...]:
    """The classes among PHONES of the sounds in a name that check_name lets pass."""
    return (SILENCE,) if name == SILENCE else tuple(PHONES[PHONE_CLASSES[letter]] for letter in letters_of(name))


def to_json(edits: Edits) -> str:
    """A text of a few kilobytes a minute that from_json reads."""
    rows = {name: [list(astuple(phone)) for phone in getattr(edits, name)] for name in ("heard", "wanted")}
    return json.dumps({"transcript": edits.transcript, **rows}, ensure_ascii=False)


def from_json(text: str) -> Edits:
    """What to_json wrote."""
    facts = json.loads(text)
    heard, wanted = (tuple(Phone(*row) for row in facts[name]) for name in ("heard", "wanted"))
    return Edits(heard, wanted, facts["transcript"])


def close_as_said(curves: Curves, probabilities: Curves, said: Sequence[Phone]) -> tuple[Curves, Curves]:
    """Predicted curves and probabilities in which the lips close on each p, b and m that a transcript has.

    Vowels are left to the model, which has heard this very one.
    """
    gap = lip_gap(curves)
    lips = [phone for phone in said if LIPS in classes_of(phone.name)]
    missed = [phone for phone in lips if gap[_rows_inside(phone, curves)].min(initial=1) >= CONTACT_GAP]
    if not missed:
        return curves, probabilities
    spans = [_Change(phone.start_seconds, phone.end_seconds) for phone in missed]
    return _closed_on(curves, missed), _named(probabilities, missed, spans)


def follow(
    curves: Curves, probabilities: Curves, heard: Sequence[Phone], wanted: Sequence[Phone]
) -> tuple[Curves, Curves]:
    """Predicted curves (T, K) and probabilities of PHONES (T, P) as if the wanted phones had been heard.

    heard are all phones without gaps, both lists in order of time. Raises ValueError as check_name does.
    """
    for phone in wanted:
        check_name(phone.name)
    rows = settled(match(heard, wanted))
    if all(_is_same(row) for row in rows):
        return curves, probabilities
    duration = curves.duration_seconds
    old, new = _time_map(rows, duration)
    before = without_gaps([_at_new_time(row, old, new) for row in rows if row.heard], duration)
    after = without_gaps([row.wanted for row in rows if row.wanted], duration)
    changes = [_change(row, old, new) for row in rows if not _says_the_same(row)]
    moved = _moved(curves, old, new)
    said = _said(moved, before, after, changes)
    return _touching(said, curves, rows), _named(_moved(probabilities, old, new), after, changes)


def match(heard: Sequence[Phone], wanted: Sequence[Phone]) -> list[Row]:
    """Which phones are the same ones edited, in order: those that are the same, and what fits best between them."""
    place = {_key(phone): j for j, phone in enumerate(wanted)}
    rows, i, j = [], 0, 0
    anchors = [(k, place[_key(phone)]) for k, phone in enumerate(heard) if _key(phone) in place]
    for next_i, next_j in [*anchors, (len(heard), len(wanted))]:
        rows += _best_rows(heard[i:next_i], wanted[j:next_j])
        rows += [Row(heard[k], wanted[n]) for k, n in [(next_i, next_j)] if k < len(heard)]
        i, j = next_i + 1, next_j + 1
    return rows


def settled(rows: Sequence[Row]) -> list[Row]:
    """Rows in which phones that touched still do: of two edges that have come apart, the one that was moved counts."""
    settled = list(rows)
    for i in range(len(rows) - 1):
        (heard, left), (heard_next, right) = settled[i], rows[i + 1]
        if heard and left and heard_next and right:
            edge = _common_edge(heard.end_seconds, left.end_seconds, right.start_seconds)
            edge = min(max(edge, left.start_seconds), right.end_seconds)
            settled[i] = Row(heard, replace(left, end_seconds=edge))
            settled[i + 1] = Row(heard_next, replace(right, start_seconds=edge))
    return settled


def without_gaps(phones: Iterable[Phone], duration_seconds: float) -> list[Phone]:
    """Phones one after the other from 0 to the end: of two that overlap the later one counts, long gaps are pauses."""
    filled: list[Phone] = []
    for phone in _without_overlaps(phones):
        at = filled[-1].end_seconds if filled else 0.0
        edge = phone.start_seconds
        if edge - at > LONGEST_GAP_SECONDS:
            filled.append(Phone(SILENCE, at, edge))
        elif filled:
            edge = (at + edge) / 2
            filled[-1] = replace(filled[-1], end_seconds=edge)
        else:
            edge = 0.0
        filled.append(replace(phone, start_seconds=edge))
    at = filled[-1].end_seconds if filled else 0.0
    if not filled or duration_seconds - at > LONGEST_GAP_SECONDS:
        return [*filled, Phone(SILENCE, at, duration_seconds)]
    return [*filled[:-1], replace(filled[-1], end_seconds=duration_seconds)]


def _without_overlaps(phones: Iterable[Phone]) -> list[Phone]:
    """Phones in order; one that lies within another parts it in two."""
    laid: list[Phone] = []
    for phone in sorted(phones, key=lambda phone: phone.start_seconds):
        below = laid[-1] if laid else phone
        if below.end_seconds > phone.start_seconds and laid:
            laid[-1] = replace(below, end_seconds=phone.start_seconds)
        laid.append(phone)
        if below.end_seconds > phone.end_seconds:
            laid.append(replace(below, start_seconds=phone.end_seconds))
    return [phone for phone in laid if phone.end_seconds > phone.start_seconds]


def _key(phone: Phone) -> tuple[str, int, int]:
    return phone.name, round(phone.start_seconds / SAME_SECONDS), round(phone.end_seconds / SAME_SECONDS)


def _best_rows(heard: Sequence[Phone], wanted: Sequence[Phone]) -> list[Row]:
    """The cheapest rows for two lists: a Levenshtein distance in which moving costs as much as the edges move."""
    cost = np.zeros((len(heard) + 1, len(wanted) + 1))
    cost[:, 0], cost[0, :] = (LONE_COST * np.arange(n) for n in cost.shape)
    edges = [np.array([(p.start_seconds, p.end_seconds) for p in phones]).reshape(-1, 2) for phones in (heard, wanted)]
    together = np.abs(edges[0][:, None] - edges[1]).mean(axis=2)
    names = [np.array([phone.name for phone in phones]) for phones in (heard, wanted)]
    together = together + RENAMED_COST * (names[0][:, None] != names[1])
    for i in range(len(heard)):
        for j in range(len(wanted)):
            cost[i + 1, j + 1] = min(
                cost[i, j] + together[i, j], cost[i, j + 1] + LONE_COST, cost[i + 1, j] + LONE_COST
            )
    rows, i, j = [], len(heard), len(wanted)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + together[i - 1, j - 1]:
            i, j = i - 1, j - 1
            rows.append(Row(heard[i], wanted[j]))
        elif i and cost[i, j] == cost[i - 1, j] + LONE_COST:
            i -= 1
            rows.append(Row(heard[i], None))
        else:
            j -= 1
            rows.append(Row(None, wanted[j]))
    return rows[::-1]


def _common_edge(before: float, left: float, right: float) -> float:
    moved = [edge for edge in (left, right) if abs(edge - before) > SAME_SECONDS]
    return sum(moved) / len(moved) if moved else before


def _is_same(row: Row) -> bool:
    return row.heard is not None and row.wanted is not None and _key(row.heard) == _key(row.wanted)


def _says_the_same(row: Row) -> bool:
    return (
        row.heard is not None and row.wanted is not None and classes_of(row.heard.name) == classes_of(row.wanted.name)
    )


def _time_map(rows: Sequence[Row], duration_seconds: float) -> tuple[Times, Times]:
    """Times of the edges of phones in the prediction and after the edits, neither ever falling."""
    edges = [(0.0, 0.0)]
    for heard, wanted in rows:
        if heard and wanted:
            edges += [(heard.start_seconds, wanted.start_seconds), (heard.end_seconds, wanted.end_seconds)]
    old, new = np.array([*edges, (duration_seconds, duration_seconds)]).T
    return old, np.maximum.accumulate(np.minimum(new, duration_seconds))


def _at_new_time(row: Row, old: Times, new: Times) -> Phone:
    """A heard phone where it has been moved to."""
    heard, wanted = row
    assert heard is not None
    if wanted:
        return replace(wanted, name=heard.name)
    start, end = np.interp([heard.start_seconds, heard.end_seconds], old, new).tolist()
    return Phone(heard.name, start, end)


def _change(row: Row, old: Times, new: Times) -> _Change:
    phone = row.wanted or _at_new_time(row, old, new)
    return _Change(phone.start_seconds, phone.end_seconds)


def _moved(curves: Curves, old: Times, new: Times) -> Curves:
    """Curves read at the times that the edits have moved; rows that have not moved are the same."""
    times = np.arange(len(curves.values)) / curves.fps
    read_at = np.interp(times, new, old)
    is_moved = np.abs(read_at - times) > SAME_SECONDS
    values = curves.values.copy()
    values[is_moved] = sample_curves(curves, read_at[is_moved])
    return Curves(values, curves.channels, curves.fps)


def _said(curves: Curves, before: Sequence[Phone], after: Sequence[Phone], changes: Sequence[_Change]) -> Curves:
    """Curves with the difference that other phones make."""
    values = curves.values.copy()
    for change in _joined(changes):
        first = max(0, int((change.start_seconds - CONTEXT_SECONDS) * curves.fps))
        stop = min(len(values), int((change.end_seconds + CONTEXT_SECONDS) * curves.fps) + 1)
        spoken, heard = (_spoken(phones, first, stop, curves) for phones in (after, before))
        share = _share(np.arange(first, stop) / curves.fps, [change])
        part = values[first:stop]
        less = part * (np.minimum(spoken, heard) / np.maximum(heard, TINY) - 1)
        near = share > 0
        part[near] += (share[:, None] * np.where(spoken < heard, less, spoken - heard))[near]
    return Curves(np.clip(values, 0, 1), curves.channels, curves.fps)


def _joined(changes: Sequence[_Change]) -> list[_Change]:
    """Changes in order, those in one that come too close to fade in between."""
    joined: list[_Change] = []
    for change in sorted(changes):
        if joined and change.start_seconds - joined[-1].end_seconds < 2 * (HOLD_SECONDS + FADE_SECONDS):
            joined[-1] = _Change(joined[-1].start_seconds, max(joined[-1].end_seconds, change.end_seconds))
        else:
            joined.append(change)
    return joined


def _share(times: Times, changes: Iterable[_Change]) -> Float32Array:
    """How far changes are heeded at times (N,): 1 near them, 0 from HOLD_SECONDS + FADE_SECONDS on."""
    share = np.zeros(len(times))
    for start, end in changes:
        distance = np.maximum(start - times, times - end)
        fade = ((HOLD_SECONDS + FADE_SECONDS - distance) / FADE_SECONDS).clip(0, 1)
        share = np.maximum(share, 0.5 - 0.5 * np.cos(np.pi * fade))
    return share.astype(np.float32)


def _spoken(phones: Sequence[Phone], first: int, stop: int, curves: Curves) -> Float32Array:
    """The channels (stop - first, K) of curves as articulation says phones, around those rows alone."""
    start, end = first / curves.fps, stop / curves.fps
    near = [
        replace(sound, start_seconds=sound.start_seconds - start, end_seconds=sound.end_seconds - start)
        for phone in phones
        if phone.end_seconds > start and phone.start_seconds < end
        for sound in _sounds(phone)
    ]
    spoken = articulate(near, stop - first, curves.fps)
    none = np.zeros(stop - first, np.float32)
    return np.stack([spoken.column(c) if c in spoken.channels else none for c in curves.channels], axis=1)


def _sounds(phone: Phone) -> list[Sound]:
    if phone.name == SILENCE:
        return [Sound(PAUSE, phone.start_seconds, phone.end_seconds)]
    return sounds(phone.name, phone.start_seconds, phone.end_seconds)


def _touching(curves: Curves, predicted: Curves, rows: Sequence[Row]) -> Curves:
    """Curves whose lips close on each p, b and m that is new, and on those moved that were closed before."""
    gap, closing = lip_gap(predicted), []
    for row in rows:
        if row.wanted and LIPS in classes_of(row.wanted.name) and not _is_same(row):
            heard = row.heard if _says_the_same(row) else None
            if heard is None or gap[_rows(heard, predicted)].min(initial=1) < CONTACT_GAP:
                closing.append(row.wanted)
    return _closed_on(curves, closing) if closing else curves


def _closed_on(curves: Curves, phones: Iterable[Phone]) -> Curves:
    """Curves whose lips close in phones."""
    full = {letter: share for letter, share in LIP_CONTACT.items() if share == 1}
    closing = [sound for phone in phones for sound in _sounds(phone)]
    times = np.arange(len(curves.values)) / curves.fps
    return close_lips(curves, contact(closing, full, times).astype(np.float32))


def _rows(phone: Phone, curves: Curves) -> slice:
    return slice(round(phone.start_seconds * curves.fps), round(phone.end_seconds * curves.fps) + 1)


def _rows_inside(phone: Phone, curves: Curves) -> slice:
    """Without its edges, at which the lips may be closed for its neighbour."""
    return slice(int(np.ceil(phone.start_seconds * curves.fps)), int(phone.end_seconds * curves.fps))


def _named(probabilities: Curves, after: Sequence[Phone], changes: Sequence[_Change]) -> Curves:
    """Probabilities that are sure of the phones that were changed."""
    values = probabilities.values.copy()
    for phone in after:
        if any(start < phone.end_seconds and phone.start_seconds < end for start, end in changes):
            classes = classes_of(phone.name)
            row = [SURE / len(classes) if c in classes else 0.0 for c in probabilities.channels]
            values[_rows(phone, probabilities)] = np.array(row) + (1 - sum(row)) / len(row)
    return Curves(values, probabilities.channels, probabilities.fps)
