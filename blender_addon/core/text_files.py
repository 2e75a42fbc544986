"""Text files that other programs write and read: one sentence for what is wrong, written whole or not at all."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MAX_LEAP_SECONDS = 60.0
"""Longest time between two rows that counts as one recording."""
SNAP_SECONDS = 0.005
"""A measured frame rate is a round one when the difference adds up to less than this over the recording."""


@dataclass(frozen=True)
class Table:
    """A CSV file as it stands."""

    name: str
    """Of the file, for sentences."""
    header: list[str]
    rows: list[list[str]]

    def numbers(self, rows: list[int], columns: list[int]) -> Array:
        """(R, C) of some rows and columns; ValueError with row and column where no finite number stands."""
        try:
            values = np.array([[float(self.rows[row][column]) for column in columns] for row in rows], np.float64)
        except (ValueError, IndexError):
            values = np.full((len(rows), len(columns)), np.nan)
        if not np.isfinite(values).all():
            raise ValueError(self._bad_cell(rows, columns))
        return values.reshape(len(rows), len(columns))

    def _bad_cell(self, rows: list[int], columns: list[int]) -> str:
        for row in rows:
            for column in columns:
                cell = self.rows[row][column] if column < len(self.rows[row]) else ""
                if not _is_number(cell):
                    found = f"“{cell[:20]}” is no number" if cell else "a value is missing"
                    return f"{self.name}, row {row + 2}, {self.header[column]}: {found}; export the file again"
        raise AssertionError("every cell is a number")


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark; ValueError when it can't be read, is empty or binary."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path.name} can't be read ({error.strerror}); choose another file") from error
    if not content.strip():
        raise ValueError(f"{path.name} is empty; export it again")
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{path.name} is no text file; choose another file")
    return text


def write_text(path: Path, text: str) -> None:
    """Write UTF-8, whole or not at all; ValueError when it can't be written."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        sentence = f"{path} can't be written; check the free space and the folder ({error.strerror})"
        raise ValueError(sentence) from error
    finally:
        partial.unlink(missing_ok=True)


def read_table(path: Path) -> Table:
    """A CSV file with one line of column names; ValueError when it has no row."""
    try:
        lines = [[cell.strip() for cell in line] for line in csv.reader(read_text(path).splitlines()) if line]
    except csv.Error as error:
        raise ValueError(f"{path.name} is no CSV file ({error}); choose another file") from error
    if len(lines) < 2:
        raise ValueError(f"{path.name} has no row of values; export it again")
    header = [name.lower() for name in lines[0]]
    twice = next((name for name, low in zip(lines[0], header, strict=True) if low and header.count(low) > 1), None)
    if twice:
        raise ValueError(f"{path.name} has the column {twice} twice; export it again")
    return Table(path.name, lines[0], lines[1:])


def frame_rate(times: Array, name: str) -> float:
    """Rows per second of times (T,) in order, some of which may be missing or late; ValueError when there is none."""
    steps = np.diff(times)
    if len(steps) and steps.min() < 0:
        raise ValueError(f"The times of {name} run backwards at row {int(steps.argmin()) + 3}; export it again")
    if not len(steps) or steps.max() == 0:
        raise ValueError(f"{name} has a single moment; export a recording")
    if steps.max() > MAX_LEAP_SECONDS:
        where = int(steps.argmax()) + 3
        raise ValueError(f"The times of {name} leap by {steps.max():.0f} s at row {where}; cut the file in two there")
    step = float(np.median(steps[steps > 0]))
    measured = np.rint(steps / step).sum() / (times[-1] - times[0])
    if not 1.5 <= measured <= 1000:
        raise ValueError(
            f"The times of {name} say {measured:.3g} rows a second, which is no recording; export it again"
        )
    round_rate = min(np.rint(measured), np.rint(measured * 1.001) / 1.001, key=lambda rate: abs(rate - measured))
    is_round = abs(round_rate / measured - 1) * (times[-1] - times[0]) < SNAP_SECONDS
    return float(round_rate if is_round else measured)


def on_grid(times: Array, values: Array, end: float, fps: float) -> NDArray[np.float32]:
    """(N, K) at constant fps from second 0 to end: each of the rows (T, K) in the place nearest to its time.

    Values are linear between rows, where some are missing, and held before the first and after the last.
    """
    places, last = np.unique(np.rint(times * fps)[::-1], return_index=True)
    rows = values[::-1][last]
    grid = np.arange(int(np.rint(end * fps)) + 1)
    return np.stack([np.interp(grid, places, column) for column in rows.T], axis=1).astype(np.float32)


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False
