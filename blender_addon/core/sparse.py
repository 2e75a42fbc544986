"""Sparse symmetric systems, solved directly with numpy alone, because Blender has no scipy.

Multifrontal block elimination in the order of a nested dissection (A. George, "Nested dissection of a regular finite
element mesh", 1973): the unknowns are cut in two at a median plane, the cut is eliminated last, and each part is a
small dense matrix. Meshes have small cuts: 26,000 unknowns take about a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

LEAF_SIZE = 64
"""Unknowns that are not divided any further; larger is more arithmetic, smaller more Python."""


@dataclass(frozen=True)
class _Front:
    """Unknowns that are eliminated together, and those still there that they are coupled to."""

    own: Ints
    rest: Ints
    inverse: Floats
    """(O, O) inverse of their block"""
    coupling: Floats
    """(O, R) inverse @ block between own and rest"""


def factorise(rows: Ints, columns: Ints, values: Floats, points: Floats) -> Callable[[Floats], Floats]:
    """A function that solves matrix @ x = b for b (N, C).

    The matrix is positive definite, given by entries (E,) of both triangles that add up; points (N, 3) say where the
    unknowns lie, by which they are divided.
    """
    n = len(points)
    coupled = rows != columns
    pieces = _dissect(np.arange(n), rows[coupled], columns[coupled], points)
    turn = np.empty(n, np.intp)
    for number, (own, _) in enumerate(pieces):
        turn[own] = number
    first = turn[rows]
    upper = np.flatnonzero(first <= turn[columns])  # every entry belongs to the piece that is eliminated first
    upper = upper[np.argsort(first[upper], kind="stable")]
    bounds = np.searchsorted(first[upper], np.arange(len(pieces) + 1))
    place = np.empty(n, np.intp)
    fronts: list[_Front] = []
    updates: dict[int, tuple[Ints, Floats]] = {}
    for number, (own, children) in enumerate(pieces):
        entries = upper[bounds[number] : bounds[number + 1]]
        parts = [updates.pop(child) for child in children]
        near = np.unique(np.concatenate([columns[entries], *(rest for rest, _ in parts)]))
        rest = near[turn[near] > number]
        both = np.concatenate([own, rest])
        place[both] = np.arange(len(both))
        block = np.zeros((len(both), len(both)))
        np.add.at(block, (place[rows[entries]], place[columns[entries]]), values[entries])
        for ids, update in parts:
            block[np.ix_(place[ids], place[ids])] += update
        k = len(own)
        inverse = np.linalg.inv(block[:k, :k])
        coupling = inverse @ block[:k, k:]
        fronts.append(_Front(own, rest, inverse, coupling))
        updates[number] = rest, block[k:, k:] - block[:k, k:].T @ coupling
    return lambda b: _solve(fronts, b)


def _dissect(ids: Ints, rows: Ints, columns: Ints, points: Floats) -> list[tuple[Ints, list[int]]]:
    """Pieces in the order of elimination, each with the numbers of the pieces that it divides (its children)."""
    pieces: list[tuple[Ints, list[int]]] = []
    is_left = np.zeros(len(points), bool)
    is_cut = np.zeros(len(points), bool)

    def divide(ids: Ints, rows: Ints, columns: Ints) -> list[int]:
        """Number of the last piece, none for no unknowns; rows and columns couple unknowns of ids."""
        if len(ids) == 0:
            return []
        if len(ids) <= LEAF_SIZE:
            pieces.append((ids, []))
            return [len(pieces) - 1]
        along = points[ids, np.ptp(points[ids], axis=0).argmax()]
        half = np.zeros(len(ids), bool)
        half[np.argsort(along, kind="stable")[: len(ids) // 2]] = True
        is_left[ids] = half
        is_cut[ids] = False
        is_cut[rows[is_left[rows] & ~is_left[columns]]] = True
        inside = ~is_cut[rows] & ~is_cut[columns]
        left, right = inside & is_left[rows], inside & ~is_left[rows]
        cut = is_cut[ids]
        parts = [
            (ids[half & ~cut], rows[left], columns[left]),
            (ids[~half & ~cut], rows[right], columns[right]),
        ]
        own = ids[cut]
        children = [number for part in parts for number in divide(*part)]
        pieces.append((own, children))
        return [len(pieces) - 1]

    divide(ids, rows, columns)
    return pieces


def _solve(fronts: list[_Front], b: Floats) -> Floats:
    x = b.copy()
    for front in fronts:
        x[front.rest] -= front.coupling.T @ x[front.own]
    for front in reversed(fronts):
        x[front.own] = front.inverse @ x[front.own] - front.coupling @ x[front.rest]
    return x
