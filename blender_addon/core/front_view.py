"""A head seen from the front as images: which triangle each pixel shows, and where the surface parts. numpy only.

Images are (H, W), row 0 at the bottom and column 0 on the character's right; the head looks to -Y with +Z up.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

N_ROWS = 220
"""Pixels from chin to forehead: about 1 mm on a human head, finer than most meshes."""


@dataclass(frozen=True)
class FrontView:
    triangle: Ints
    """(H, W) the foremost triangle, -1 where there is none or its back."""
    vertex: Ints
    """(H, W) the corner of that triangle nearest to the pixel, -1 likewise."""
    depth: Floats
    """(H, W) Y of the surface; inf where there is none."""
    origin: tuple[float, float]
    """X and Z of the middle of the pixel in row 0, column 0."""
    pixel: float
    """Width of a pixel, in units of the mesh."""

    def points(self, columns: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 3) where the pixels lie on the surface, or on the nearest surface in their row if they show none."""
        height, width = self.depth.shape
        column, row = (np.clip(np.rint(a).astype(int), 0, n - 1) for a, n in ((columns, width), (rows, height)))
        depth = np.array([self._depth_near(r, c) for r, c in zip(row, column, strict=True)])
        return np.stack([self.origin[0] + columns * self.pixel, depth, self.origin[1] + rows * self.pixel], axis=1)

    def _depth_near(self, row: int, column: int) -> float:
        shown = np.flatnonzero(self.triangle[row] >= 0)
        if not len(shown):
            return float(self.depth[self.triangle >= 0].mean())
        return float(self.depth[row, shown[np.argmin(np.abs(shown - column))]])


def see_front(vertices: Floats, triangles: Ints, low: NDArray[np.float64], high: NDArray[np.float64]) -> FrontView:
    """What is seen from -Y of the box from low to high, both (X, Z): the foremost surface that faces the front."""
    pixel = float(high[1] - low[1]) / N_ROWS
    width = int((high[0] - low[0]) / pixel)
    triangle, weights = _samples(vertices, triangles[_facing_front(vertices, triangles)], pixel, low, high)
    triangle = np.flatnonzero(_facing_front(vertices, triangles))[triangle]
    points = np.einsum("nk,nkd->nd", weights, vertices[triangles[triangle]])
    column = ((points[:, 0] - low[0]) / pixel).astype(int)
    row = ((points[:, 2] - low[1]) / pixel).astype(int)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < N_ROWS)
    place = (row * width + column)[inside]
    order = np.lexsort((points[inside, 1], place))
    place, chosen = place[order], np.flatnonzero(inside)[order]
    first = np.r_[True, place[1:] != place[:-1]][: len(place)]
    place, chosen = place[first], chosen[first]
    images = np.full((2, N_ROWS * width), -1, np.int32)
    images[0, place] = triangle[chosen]
    images[1, place] = triangles[triangle[chosen], np.argmax(weights[chosen], axis=1)]
    depth = np.full(N_ROWS * width, np.inf, np.float32)
    depth[place] = points[chosen, 1]
    triangle_image, vertex_image = images.reshape(2, N_ROWS, width)
    origin = (float(low[0]) + pixel / 2, float(low[1]) + pixel / 2)
    return FrontView(triangle_image, vertex_image, depth.reshape(N_ROWS, width), origin, pixel)


def half_width(view: FrontView, middle: float, height: float) -> float:
    """How far the face reaches to both sides of X = middle at Z = height, on average, up to where it steps back."""
    row = int(np.clip(np.rint((height - view.origin[1]) / view.pixel), 0, len(view.depth) - 1))
    start = int(np.clip(np.rint((middle - view.origin[0]) / view.pixel), 0, view.depth.shape[1] - 1))
    steps = np.abs(np.diff(np.where(np.isfinite(view.depth[row]), view.depth[row], 1e9))) > 8 * view.pixel
    right = np.flatnonzero(steps[:start])
    left = np.flatnonzero(steps[start:])
    reach = (left[0] if len(left) else len(steps) - start) + (start - 1 - right[-1] if len(right) else start)
    return float(reach + 1) / 2 * view.pixel


def _facing_front(vertices: Floats, triangles: Ints) -> NDArray[np.bool_]:
    """(F,) whether a triangle's outer side is seen from -Y: nobody should see into a skull through its eyes."""
    corners = vertices[triangles]
    is_front: NDArray[np.bool_] = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 1] < 0
    return is_front


def _samples(
    vertices: Floats, triangles: Ints, pixel: float, low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[Ints, Floats]:
    """Triangle and barycentric weights of samples less than a pixel apart, on the triangles that touch the box."""
    flat = vertices[:, [0, 2]][triangles]
    touches = ((flat.max(axis=1) >= low) & (flat.min(axis=1) <= high)).all(axis=1)
    candidates = np.flatnonzero(touches)
    flat = flat[candidates]
    longest = np.linalg.norm(flat - np.roll(flat, 1, axis=1), axis=2).max(axis=1)
    steps = np.maximum(1, np.ceil(1.4 * longest / pixel)).astype(int)
    chosen, weights = [], []
    for n in np.unique(steps):
        i, j = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij"))
        i, j = i[i + j <= n], j[i + j <= n]
        grid = (np.stack([i, j, n - i - j], axis=1) + 1 / 3) / (n + 1)  # a little inside, so that sides don't leak
        members = candidates[steps == n]
        chosen.append(np.repeat(members, len(grid)))
        weights.append(np.tile(grid, (len(members), 1)))
    if not chosen:
        return np.empty(0, np.int32), np.empty((0, 3), np.float32)
    return np.concatenate(chosen).astype(np.int32), np.concatenate(weights).astype(np.float32)


def find_cracks(view: FrontView, vertices: Floats, triangles: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where neighbouring pixels are far apart on the surface: lips that touch, lids on eyeballs, a nose before a lip.

    (H, W) twice: between a pixel and the one above it, and between it and the one on its right. An edge of the shown
    surface is a crack too.
    """
    neighbours = _neighbours(vertices, triangles)
    known: dict[tuple[int, int], bool] = {}
    cracks = []
    for axis in (0, 1):
        crack = np.zeros(view.triangle.shape, bool)
        first, second = (
            np.take(view.triangle, range(start, n), axis) for start, n in _pairs(view.triangle.shape[axis])
        )
        inner = crack[:-1] if axis == 0 else crack[:, :-1]
        inner |= (first >= 0) != (second >= 0)
        both = (first >= 0) & (second >= 0) & (first != second)
        shares = (triangles[first[both]][:, :, None] == triangles[second[both]][:, None, :]).any(axis=(1, 2))
        rows, columns = (index[~shares] for index in np.nonzero(both))
        for row, column in zip(rows, columns, strict=True):
            pair = (int(triangles[first[row, column], 0]), int(triangles[second[row, column], 0]))
            if pair not in known:
                known[pair] = not _reaches(*pair, vertices, neighbours, view.pixel)
            inner[row, column] = known[pair]
        cracks.append(crack)
    return cracks[0], cracks[1]


def _pairs(n: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (0, n - 1), (1, n)


def _neighbours(vertices: Floats, triangles: Ints) -> list[list[tuple[int, float]]]:
    """For each vertex, those it shares an edge with, and how far they are."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    lengths = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    pairs = list(zip(edges[:, 1].tolist(), lengths.tolist(), strict=True))
    ends = np.cumsum(np.bincount(edges[:, 0], minlength=len(vertices)))
    return [pairs[start:end] for start, end in zip(np.r_[0, ends[:-1]].tolist(), ends.tolist(), strict=True)]


def _reaches(start: int, end: int, vertices: Floats, neighbours: list[list[tuple[int, float]]], pixel: float) -> bool:
    """Whether the way along edges is not much longer than the straight one."""
    limit = 2.5 * float(np.linalg.norm(vertices[start] - vertices[end])) + 3 * pixel
    lengths = {start: 0.0}
    queue = [(0.0, start)]
    while queue:
        length, here = heapq.heappop(queue)
        if here == end:
            return True
        if length > lengths[here]:
            continue
        for there, step in neighbours[here]:
            total = length + step
            if total <= limit and total < lengths.get(there, np.inf):
                lengths[there] = total
                heapq.heappush(queue, (total, there))
    return False
