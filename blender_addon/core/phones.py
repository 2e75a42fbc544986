"""Speech sounds with their times: from a model's probabilities, to and from Praat's TextGrid files, to JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .curves import Curves, Float32Array
from .text_files import read_text, write_text

SWITCH_COST = 3.0
"""How much more probable (natural logarithm, summed over its rows) a phone must be to interrupt another.

At 50 rows a second it takes two to three sure rows, 40 to 60 ms, the length of the shortest phones.
"""
LEAST_PROBABILITY = 1e-4
"""So that one row never decides alone."""

TIER = "phones"
"""Name of the tier that is written."""

_TOKEN = re.compile(r'!.*|"((?:[^"]|"")*)"|<(\w+)>|(?<!\S)([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)%?(?!\S)')
"""What a TextGrid says: all but free-standing strings, numbers and flags is decoration, and ! starts a comment.

https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html
"""


@dataclass(frozen=True)
class Phone:
    """One sound of speech, or a silence."""

    name: str
    start_seconds: float
    end_seconds: float


def segments(probabilities: Curves) -> list[Phone]:
    """The most probable phones (T, P), one after the other from 0 to the end, without those too short to be real.

    Row i is heard round the time i / fps, so that phones change halfway between two rows.
    """
    if not len(probabilities.values):
        return []
    path = _best_path(np.log(np.maximum(probabilities.values, LEAST_PROBABILITY)))
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    edges = np.append(np.maximum(starts - 0.5, 0) / probabilities.fps, probabilities.duration_seconds).tolist()
    names = [probabilities.channels[phone] for phone in path[starts]]
    return [Phone(name, start, end) for name, start, end in zip(names, edges[:-1], edges[1:], strict=True)]


def write_textgrid(path: Path, tiers: Mapping[str, Sequence[Phone]], duration_seconds: float) -> None:
    """Write Praat's long text format, one interval tier a name; where no phone is, an interval without text.

    Raises ValueError when phones overlap or lie outside [0, duration_seconds].
    """
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    lines += ["xmin = 0", f"xmax = {_number(duration_seconds)}", "tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, phones) in enumerate(tiers.items(), start=1):
        intervals = _without_gaps(phones, duration_seconds)
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f"        name = {_quoted(name)}"]
        lines += ["        xmin = 0", f"        xmax = {_number(duration_seconds)}"]
        lines += [f"        intervals: size = {len(intervals)}"]
        for place, phone in enumerate(intervals, start=1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {_number(phone.start_seconds)}",
                f"            xmax = {_number(phone.end_seconds)}",
                f"            text = {_quoted(phone.name)}",
            ]
    write_text(path, "\n".join(lines) + "\n")


def read_textgrid(path: Path) -> dict[str, list[Phone]]:
    """Name -> intervals of every interval tier of a TextGrid in the long or the short text format.

    Intervals without text are left out, and so are tiers of points. ValueError when it is no such file.
    """
    tokens = _tokens(read_text(path))
    problem = f"{path.name} is no TextGrid in one of Praat's text formats; save it in Praat with Save as text file"
    if next(tokens, None) != "ooTextFile" or next(tokens, None) != "TextGrid":
        raise ValueError(problem)
    try:
        _floats(tokens, 2)
        next(tokens)  # the flag <exists>
        return dict(tier for tier in [_tier(tokens) for _ in range(_count(tokens))] if tier)
    except (StopIteration, TypeError) as error:
        raise ValueError(f"{path.name} is cut off or damaged; save it again in Praat") from error


def write_json(path: Path, phones: Sequence[Phone], duration_seconds: float) -> None:
    """Write {"duration": s, "phones": [{"phone": name, "start": s, "end": s}, ...]}."""
    rows = [
        {"phone": phone.name, "start": round(phone.start_seconds, 6), "end": round(phone.end_seconds, 6)}
        for phone in phones
    ]
    content = {"duration": round(duration_seconds, 6), TIER: rows}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def read_phones(path: Path) -> list[Phone]:
    """Phones in order of time from what write_json or write_textgrid wrote, or another aligner in Praat's formats.

    Of several tiers the one named TIER counts, whatever its case. ValueError with one sentence when there are none.
    """
    phones = _read_json(path) if path.suffix.lower() == ".json" else _phones_of(read_textgrid(path), path.name)
    if not phones:
        raise ValueError(f"{path.name} has no phones in it; export them again")
    return sorted(phones, key=lambda phone: phone.start_seconds)


def _phones_of(tiers: Mapping[str, list[Phone]], file_name: str) -> list[Phone]:
    named = [name for name in tiers if name.lower() == TIER]
    if not named and len(tiers) > 1:
        raise ValueError(f"{file_name} has no tier named {TIER}; name one of {', '.join(tiers)} so in Praat")
    return [phone for name in named or tiers for phone in tiers[name]]


def _read_json(path: Path) -> list[Phone]:
    try:
        rows = json.loads(read_text(path))[TIER]
        return [Phone(str(row["phone"]), float(row["start"]), float(row["end"])) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} holds no phones as Voxkey exports them ({error}); export them again") from error


def _best_path(scores: Float32Array) -> NDArray[np.intp]:
    """Phone (T,) of every row of log probabilities (T, P), changes paid for: Viterbi with one cost for all changes."""
    n_rows, n_phones = scores.shape
    best = scores[0].astype(np.float64)
    came_from = np.empty((n_rows, n_phones), np.intp)
    stay = np.arange(n_phones)
    for row in range(1, n_rows):
        leader = int(best.argmax())
        switches = best < best[leader] - SWITCH_COST
        came_from[row] = np.where(switches, leader, stay)
        best = np.maximum(best, best[leader] - SWITCH_COST) + scores[row]
    path = np.empty(n_rows, np.intp)
    path[-1] = best.argmax()
    for row in range(n_rows - 1, 0, -1):
        path[row - 1] = came_from[row, path[row]]
    return path


def _without_gaps(phones: Sequence[Phone], duration_seconds: float) -> list[Phone]:
    """Phones in order with silent ones in between, from 0 to the end, as an interval tier must be."""
    intervals: list[Phone] = []
    at = 0.0
    for phone in sorted(phones, key=lambda phone: phone.start_seconds):
        if phone.start_seconds < at - 1e-6 or phone.end_seconds > duration_seconds + 1e-6:
            raise ValueError(
                f"The phone {phone.name} at {phone.start_seconds:.3f} s overlaps another or the end; move it"
            )
        if phone.start_seconds > at + 1e-6:
            intervals.append(Phone("", at, phone.start_seconds))
        intervals.append(Phone(phone.name, max(at, phone.start_seconds), min(phone.end_seconds, duration_seconds)))
        at = intervals[-1].end_seconds
    if at < duration_seconds - 1e-6 or not intervals:
        intervals.append(Phone("", at, duration_seconds))
    return intervals


def _tokens(text: str) -> Iterator[str | float | None]:
    """Strings, numbers, and None for flags."""
    for match in _TOKEN.finditer(text):
        string, flag, number = match.groups()
        if string is not None:
            yield string.replace('""', '"')
        elif number is not None:
            yield float(number)
        elif flag is not None:
            yield None


def _tier(tokens: Iterator[str | float | None]) -> tuple[str, list[Phone]] | None:
    """The next tier; None for one of points."""
    kind, name = _string(tokens), _string(tokens)
    _floats(tokens, 2)
    count = _count(tokens)
    if kind != "IntervalTier":
        for _ in range(count):
            _floats(tokens, 1)
            _string(tokens)
        return None
    intervals = []
    for _ in range(count):
        start, end = _floats(tokens, 2)
        intervals.append(Phone(_string(tokens).strip(), start, end))
    return name, [interval for interval in intervals if interval.name]


def _floats(tokens: Iterator[str | float | None], count: int) -> list[float]:
    found = [next(tokens) for _ in range(count)]
    if not all(isinstance(token, float) for token in found):
        raise TypeError("a number is missing")
    return [float(token) for token in found if token is not None]


def _count(tokens: Iterator[str | float | None]) -> int:
    return int(_floats(tokens, 1)[0])


def _string(tokens: Iterator[str | float | None]) -> str:
    token = next(tokens)
    if not isinstance(token, str):
        raise TypeError("a text is missing")
    return token


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _number(seconds: float) -> str:
    return f"{round(seconds, 6):.6f}".rstrip("0").rstrip(".") or "0"
