"""Mouth, eyes, nose and chin in a front view: found from how shapes move the surface and where it parts. numpy only.

Places are (column, row) of the view, lines (N, 2) of them from the character's right to left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .front_view import Floats, FrontView, Ints, find_cracks

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAP = 3
"""Pixels over which a jump of the motion is measured: a crack is one, a crease of a coarse mesh some more."""
LEAST_JUMP = 1.5
"""Pixels by which two regions part, at least, to be lips or lids."""


@dataclass(frozen=True)
class Opening:
    """Lips or lids."""

    upper: Array
    """The lowest pixels of the upper one."""
    lower: Array
    """The topmost pixels of the lower one, in the same columns."""

    @property
    def width(self) -> float:
        return float(np.ptp(self.upper[:, 0]))

    @property
    def row(self) -> float:
        return float((self.upper[:, 1].mean() + self.lower[:, 1].mean()) / 2)

    def mask(self, shape: tuple[int, ...]) -> Mask:
        """(H, W) the pixels between the edges."""
        inside = np.zeros(shape, bool)
        for (column, upper), (_, lower) in zip(self.upper.astype(int), self.lower.astype(int), strict=True):
            inside[lower + 1 : upper, column] = True
        return inside


@dataclass(frozen=True)
class Features:
    """What was found; None where nothing was."""

    middle: float
    """Column of the plane of symmetry."""
    mouth: Opening | None
    right_eye: Opening | None
    left_eye: Opening | None
    nose_tip: float | None
    """Rows on the middle column, as are the next two."""
    nose_base: float | None
    chin: float | None


def find_features(view: FrontView, vertices: Floats, triangles: Ints, deltas: Floats) -> Features:
    """Look for a face whose shapes at 1 move the vertices by deltas (M, V, 3), M may be 0."""
    cracks = find_cracks(view, vertices, triangles)
    middle = symmetry_column(view.depth)
    shown = view.vertex >= 0
    lifts = [np.where(shown, delta[view.vertex, 2] / view.pixel, 0) for delta in deltas]
    trust = _trust(cracks[0])
    mouth = _moving_mouth(shown, cracks[0], trust, lifts, middle) or _cracked_mouth(view, cracks[0], middle)
    floor = mouth.row + 0.35 * mouth.width if mouth else 0.0
    parts = _parts(cracks, shown, floor)
    eyes = [_moving_eye(lifts, trust, parts, middle, floor, side) for side in (-1, 1)]
    if eyes == [None, None]:
        eyes = _still_eyes(parts, middle)
    eyes = [eye or _mirror(other, middle) for eye, other in zip(eyes, eyes[::-1], strict=True)]
    return Features(middle, mouth, eyes[0], eyes[1], *_profile(view, middle, mouth, eyes[0]))


def symmetry_column(depth: Floats) -> float:
    """The column about which a view is most like its mirror image."""
    width = depth.shape[1]
    finite = np.isfinite(depth)
    flat = np.where(finite, depth, depth[finite].max() + np.ptp(depth[finite]))
    best, middle = np.inf, width / 2
    for total in range(width // 2, 3 * width // 2):  # column and its mirror image add up to this
        columns = np.arange(max(0, total - width + 1), min(width, total + 1))
        score = np.minimum(np.abs(flat[:, columns] - flat[:, total - columns]), 0.2 * np.ptp(flat)).mean()
        if score < best:
            best, middle = score, total / 2
    return middle


def _jumps(lift: Array) -> Array:
    """(H, W) by how many pixels the surface above moves further up than that below."""
    jump = np.zeros_like(lift)
    jump[1 : len(lift) - LEAP + 1] = lift[LEAP:] - lift[:-LEAP]
    return jump


def _trust(cracks: Mask) -> Array:
    """(H, W) how far a jump is one of lips or lids: fully at cracks; elsewhere skin only stretches, but a mouth may be
    of one piece.
    """
    near = cracks | np.roll(cracks, 1, axis=0) | np.roll(cracks, -1, axis=0) | np.roll(cracks, -2, axis=0)
    return np.where(near, 1.0, 0.4)


def _moving_mouth(shown: Mask, cracks: Mask, trust: Array, lifts: list[Array], middle: float) -> Opening | None:
    """Where a shape parts upper from lower most, on the plane of symmetry."""
    column = round(middle)
    inside = shown[LEAP:, column] & shown[:-LEAP, column]
    rows, sizes = [], []
    for lift in lifts:
        band = np.median(lift[:, column - 2 : column + 3], axis=1)
        jump = np.where(inside, band[LEAP:] - band[:-LEAP], 0) * trust[1 : len(trust) - LEAP + 1, column]
        rows.append(int(np.argmax(jump)) + 1)
        sizes.append(float(jump.max()))
    if not sizes or max(sizes) < LEAST_JUMP:
        return None
    widest = int(np.argmax(sizes))
    row = rows[widest]
    near = cracks[max(0, row - 3) : row + 4, column]
    if near.any():
        row += int(np.flatnonzero(near)[np.argmin(np.abs(np.flatnonzero(near) - 3))]) - 3
        path = _trace(cracks.astype(float), row, column, 0.5)
    else:
        path = _trace(_jumps(lifts[widest]), row, column, 0.15 * max(sizes))
    return _part(path, lifts[widest])


def _part(path: Array, lift: Array) -> Opening:
    """Edges along a path: where the motion is nearly that of the lip above, and nearly that of the lip below."""
    upper, lower = [], []
    for column, row in path.astype(int):
        low, high = max(0, row - 2 * LEAP), min(len(lift) - 1, row + 2 * LEAP + 1)
        profile = lift[low : high + 1, column]
        rise = (profile - profile[0]) / max(profile[-1] - profile[0], 1e-6)
        is_parted = profile[-1] - profile[0] > LEAST_JUMP
        upper.append((column, low + int(np.argmax(rise > 0.8)) if is_parted else row + 1))
        lower.append((column, low + len(rise) - 1 - int(np.argmax(rise[::-1] < 0.2)) if is_parted else row))
    return Opening(np.array(upper, float), np.array(lower, float))


def _trace(strength: Array, row: int, column: int, floor: float) -> Array:
    """(N, 2) the line through (column, row) along which strength stays above floor, gaps of two pixels allowed."""
    nearness = np.array([0.8, 0.9, 1.0, 0.9, 0.8])
    path = {column: row}
    for step in (-1, 1):
        here, missed, there = row, 0, column + step
        while 0 <= there < strength.shape[1] and missed <= 2 and 2 <= here < len(strength) - 2:
            window = strength[here - 2 : here + 3, there]
            if window.max() >= floor:
                here += int(np.argmax(window * nearness)) - 2
                path[there], missed = here, 0
            else:
                missed += 1
            there += step
    return np.array(sorted(path.items()), float)


def _cracked_mouth(view: FrontView, cracks: Mask, middle: float) -> Opening | None:
    """The widest crack across the plane of symmetry along which the surface steps back little, as lips that touch."""
    column = round(middle)
    best, mouth = 0.0, None
    for row in np.flatnonzero(cracks[:, column]):
        path = _trace(cracks.astype(float), int(row), column, 0.5)
        columns, rows = path.astype(int).T
        step = np.abs(view.depth[np.minimum(rows + 1, len(cracks) - 1), columns] - view.depth[rows, columns])
        reach = min(column - columns[0], columns[-1] - column)
        score = reach * float(np.exp(-np.median(step) / (3 * view.pixel)))
        if score > best and reach > 4:
            best, mouth = score, Opening(path + np.array([0, 1]), path)
    return mouth


def _parts(cracks: tuple[Mask, Mask], shown: Mask, floor: float) -> list[Mask]:
    """Regions above a row that cracks cut off from the skin and the background: eyeballs, brows, holes."""
    label = _regions(~cracks[0], ~cracks[1])
    border = np.unique(np.r_[label[0], label[-1], label[:, 0], label[:, -1]])
    sizes = np.bincount(label.ravel())
    skin = int(np.argmax(np.where(np.isin(np.arange(len(sizes)), label[~shown]), 0, sizes)))
    sizes[np.r_[border, skin]] = 0
    parts = [label == number for number in np.flatnonzero(sizes > 20)]
    return [part for part in parts if np.nonzero(part)[0].min() > floor]


def _regions(opens_up: Mask, opens_right: Mask) -> Ints:
    """(H, W) a number for each region of pixels that are open to each other."""
    height, width = opens_up.shape
    label = np.arange(height * width, dtype=np.int32).reshape(height, width)
    up, right = opens_up[:-1], opens_right[:, :-1]
    while True:
        before = label.copy()
        lowest = np.where(up, np.minimum(label[1:], label[:-1]), height * width)
        label[1:] = np.minimum(label[1:], lowest)
        label[:-1] = np.minimum(label[:-1], lowest)
        lowest = np.where(right, np.minimum(label[:, 1:], label[:, :-1]), height * width)
        label[:, 1:] = np.minimum(label[:, 1:], lowest)
        label[:, :-1] = np.minimum(label[:, :-1], lowest)
        label = np.asarray(label.ravel()[label], np.int32)  # pointers jump, so that few rounds do
        if np.array_equal(label, before):
            return label


def _moving_eye(
    lifts: list[Array], trust: Array, parts: list[Mask], middle: float, floor: float, side: int
) -> Opening | None:
    """Where a shape lowers a lid most, on one side; the lower lid is where it lands, or where the eyeball ends."""
    if not lifts:
        return None
    falls = [-_jumps(lift) * trust for lift in lifts]
    columns = np.arange(lifts[0].shape[1])
    allowed = (np.arange(len(lifts[0]))[:, None] > floor) & (side * (columns - middle) > 4)
    peaks = [float(fall[allowed].max(initial=0)) for fall in falls]
    if max(peaks) < LEAST_JUMP:
        return None
    fall = np.where(allowed, falls[int(np.argmax(peaks))], 0)
    row, column = np.unravel_index(int(np.argmax(fall)), fall.shape)
    path = _trace(fall, int(row), int(column), 0.2 * max(peaks))
    travel = fall[path[:, 1].astype(int), path[:, 0].astype(int)]
    upper = path + np.array([0, LEAP - 1])
    eye = Opening(upper, np.c_[path[:, 0], np.maximum(0, path[:, 1] - travel)])
    balls = [part for part in parts if _is_inside(part, eye)]
    return _edges(max(balls, key=np.count_nonzero)) if balls else eye


def _is_inside(part: Mask, eye: Opening) -> bool:
    """Whether a region fills an eye and does not reach far beyond."""
    rows, columns = np.nonzero(part)
    left, right = eye.upper[:, 0].min(), eye.upper[:, 0].max()
    width = right - left
    fits = columns.min() > left - 0.25 * width and columns.max() < right + 0.25 * width
    height = eye.upper[:, 1].max() - eye.lower[:, 1].min()
    level = eye.lower[:, 1].min() - 0.4 * height < rows.mean() < eye.upper[:, 1].max() + 0.1 * height
    return bool(fits and level and np.ptp(columns) > 0.6 * width)


def _edges(part: Mask) -> Opening:
    """The skin round a region."""
    columns = np.flatnonzero(part.any(axis=0))
    upper = len(part) - np.argmax(part[::-1, columns], axis=0)
    lower = np.argmax(part[:, columns], axis=0) - 1
    return Opening(np.c_[columns, upper].astype(float), np.c_[columns, lower].astype(float))


def _still_eyes(parts: list[Mask], middle: float) -> list[Opening | None]:
    """Of the large regions that are each other's mirror image the lowest pair: brows are higher."""
    pairs = []
    for part in parts:
        rows, columns = np.nonzero(part)
        if columns.max() >= middle:
            continue
        mirrored = np.rint(2 * middle - columns).astype(int)
        for other in parts:
            inside = mirrored < part.shape[1]
            overlap = other[rows[inside], mirrored[inside]].sum() / (part.sum() + other.sum()) * 2
            if overlap > 0.5:
                pairs.append((part, other))
    largest = max((part.sum() for part, _ in pairs), default=0)
    pairs = [pair for pair in pairs if pair[0].sum() > 0.4 * largest]
    if not pairs:
        return [None, None]
    lowest = min(pairs, key=lambda pair: np.nonzero(pair[0])[0].mean())
    return [_edges(lowest[0]), _edges(lowest[1])]


def _mirror(opening: Opening | None, middle: float) -> Opening | None:
    if opening is None:
        return None
    upper, lower = (np.c_[2 * middle - line[::-1, 0], line[::-1, 1]] for line in (opening.upper, opening.lower))
    return Opening(upper, lower)


def _profile(
    view: FrontView, middle: float, mouth: Opening | None, eye: Opening | None
) -> tuple[float | None, float | None, float | None]:
    """Rows of nose tip, nose base and chin, along the profile on the plane of symmetry."""
    if mouth is None:
        return None, None, None
    column = round(middle)
    profile = np.median(view.depth[:, column - 1 : column + 2], axis=1) / view.pixel
    chin = _chin(profile, mouth)
    if eye is None:
        return None, None, chin
    bottom, top = int(mouth.upper[len(mouth.upper) // 2, 1]) + 2, int(eye.row)
    tip = _furthest(-profile, bottom, top)
    base = _furthest(profile, bottom, tip)
    return float(tip), float(base), chin


def _furthest(profile: Array, start: int, end: int) -> int:
    """The row between two at which the profile is highest above the straight line that joins them."""
    rows = np.arange(start, end + 1)
    if len(rows) < 3 or not np.isfinite(profile[rows]).all():
        return (start + end) // 2
    line = np.linspace(profile[start], profile[end], len(rows))
    return int(rows[np.argmax(profile[rows] - line)])


def _chin(profile: Array, mouth: Opening) -> float:
    """Where the surface below the mouth turns under: it steps back, or at least recedes faster than it falls."""
    start = int(mouth.row - 0.25 * mouth.width)
    rows = np.arange(start, max(LEAP, start - int(2 * mouth.width)), -1)
    solid = np.nan_to_num(profile, posinf=1e6)
    recedes = (solid[rows - LEAP] - solid[rows]) / LEAP
    for slope in (3.0, 1.0):
        steep = recedes >= slope
        if steep.any():
            return float(rows[np.argmax(steep)])
    return float(max(0, start))
