"""Triangle surfaces: neighbours, pieces, paths along edges, normals, gradients and nearest points; numpy only."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Surface:
    """A triangle mesh; triangles are counter-clockwise seen from outside."""

    points: Floats
    """(V, 3)"""
    triangles: Ints
    """(F, 3)"""

    @cached_property
    def edges(self) -> Ints:
        """(E, 2) every edge once, the smaller vertex first."""
        return np.unique(np.sort(_sides(self.triangles), axis=1), axis=0)

    @cached_property
    def on_border(self) -> Mask:
        """(V,) True at the ends of edges that have a single triangle."""
        edges, counts = np.unique(np.sort(_sides(self.triangles), axis=1), axis=0, return_counts=True)
        border = np.zeros(len(self.points), bool)
        border[edges[counts == 1]] = True
        return border

    @cached_property
    def neighbours(self) -> tuple[Ints, Ints]:
        """(V + 1,) where the neighbours of each vertex begin in (2 E,) neighbours."""
        both = np.concatenate([self.edges, self.edges[:, ::-1]])
        both = both[np.argsort(both[:, 0], kind="stable")]
        return np.searchsorted(both[:, 0], np.arange(len(self.points) + 1)), both[:, 1]

    @cached_property
    def corners(self) -> tuple[Floats, Floats, Floats]:
        """Of each triangle: unit normal (F, 3), area (F,), and gradients (F, 3, 3) of its corners' hat functions."""
        a, b, c = np.moveaxis(self.points[self.triangles], 1, 0)
        normal = np.cross(b - a, c - a)
        double = np.maximum(np.linalg.norm(normal, axis=1), 1e-12)
        normal = normal / double[:, None]
        opposite = np.stack([c - b, a - c, b - a], axis=1)
        return normal, double / 2, np.cross(normal[:, None], opposite) / double[:, None, None]

    @cached_property
    def areas(self) -> Floats:
        """(V,) a third of the triangles round each vertex."""
        area = np.bincount(self.triangles.ravel(), np.repeat(self.corners[1] / 3, 3), len(self.points))
        return np.maximum(area, 1e-12)

    @cached_property
    def normals(self) -> Floats:
        """(V, 3) unit normals."""
        normal, area, _ = self.corners
        total = self.gather(np.repeat(normal * area[:, None], 3, axis=0))
        return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))

    @cached_property
    def stiffness(self) -> tuple[Ints, Ints, Floats]:
        """Rows, columns and values of the Laplacian of linear elements, the cotangent matrix: positive semidefinite."""
        _, area, gradients = self.corners
        values = np.einsum("fix,fjx,f->fij", gradients, gradients, area)
        rows = np.repeat(self.triangles, 3, axis=1).ravel()
        columns = np.tile(self.triangles, (1, 3)).ravel()
        return rows, columns, values.ravel()

    def gather(self, of_corners: Floats) -> Floats:
        """(V, C) the sum at each vertex of values (3 F, C) of the triangles' corners."""
        flat = of_corners.reshape(len(of_corners), -1)
        n = len(self.points)
        total = np.stack([np.bincount(self.triangles.ravel(), column, n) for column in flat.T], axis=1)
        return np.asarray(total.reshape(n, *of_corners.shape[1:]), np.float64)

    def part(self, vertices: Mask) -> tuple[Surface, Ints]:
        """The triangles whose corners are all among the vertices (V,), and the numbers (V',) of its vertices here."""
        ids = np.flatnonzero(vertices)
        number = np.full(len(self.points), -1)
        number[ids] = np.arange(len(ids))
        triangles = number[self.triangles]
        return Surface(self.points[ids], triangles[(triangles >= 0).all(axis=1)]), ids


def _sides(triangles: Ints) -> Ints:
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])


def pieces(n_vertices: int, edges: Ints) -> Ints:
    """(V,) the smallest vertex number of the connected piece that each vertex belongs to."""
    piece = np.arange(n_vertices)
    while True:
        low = piece.copy()
        np.minimum.at(low, edges[:, 0], piece[edges[:, 1]])
        np.minimum.at(low, edges[:, 1], piece[edges[:, 0]])
        low = low[low]
        if np.array_equal(low, piece):
            return piece
        piece = low


def path_along_edges(surface: Surface, start: int, end: int) -> list[int]:
    """The shortest path along edges from start to end, both included (Dijkstra); empty when there is none."""
    first, others = surface.neighbours
    distance, came_from, done = {start: 0.0}, {start: start}, set()
    queue = [(0.0, start)]
    while queue:
        so_far, vertex = heapq.heappop(queue)
        if vertex == end:
            return _trace(came_from, end)
        if vertex in done:
            continue
        done.add(vertex)
        near = others[first[vertex] : first[vertex + 1]]
        lengths = np.linalg.norm(surface.points[near] - surface.points[vertex], axis=1)
        for neighbour, length in zip(near.tolist(), lengths.tolist(), strict=True):
            if so_far + length < distance.get(neighbour, np.inf):
                distance[neighbour] = so_far + length
                came_from[neighbour] = vertex
                heapq.heappush(queue, (so_far + length, neighbour))
    return []


def _trace(came_from: dict[int, int], end: int) -> list[int]:
    path = [end]
    while came_from[path[-1]] != path[-1]:
        path.append(came_from[path[-1]])
    return path[::-1]


def reached(surface: Surface, start: int, barrier: Iterable[int]) -> Mask:
    """(V,) True for the vertices that a walk along edges from start reaches without stepping on the barrier."""
    blocked = np.zeros(len(surface.points), bool)
    blocked[list(barrier)] = True
    open_edges = surface.edges[~blocked[surface.edges].any(axis=1)]
    piece = pieces(len(surface.points), open_edges)
    is_reached: Mask = piece == piece[start]
    return is_reached


@dataclass(frozen=True)
class Places:
    """Places on a surface: (N, 3) vertices and the (N, 3) shares, adding to 1, in which they are mixed."""

    vertices: Ints
    shares: Floats

    def mix(self, values: Floats) -> Floats:
        """(N, ...) values (V, ...) of the vertices at the places."""
        shares = self.shares.reshape(*self.shares.shape, *(1,) * (values.ndim - 1))
        mixed: Floats = (values[self.vertices] * shares).sum(axis=1)
        return mixed


def nearest_places(surface: Surface, clues: Floats, points: Floats, wanted: Floats) -> Places:
    """The places of the surface nearest to points (N, 3) whose clues (V, C) are like those that are wanted (N, C).

    Nearest is the vertex by distance in space and clues together, then the nearest place in the triangles round it.
    The surface must have triangles.
    """
    used = np.unique(surface.triangles)
    vertex = used[nearest_rows(np.hstack([points, wanted]), np.hstack([surface.points, clues])[used])]
    order = np.argsort(surface.triangles.ravel(), kind="stable")
    first = np.searchsorted(surface.triangles.ravel()[order], np.arange(len(surface.points) + 1))
    counts = first[vertex + 1] - first[vertex]
    rows = np.repeat(np.arange(len(points)), counts)
    step = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    candidates = order[first[vertex][rows] + step] // 3
    shares = _nearest_in_triangles(points[rows], surface.points[surface.triangles[candidates]])
    nearest = (surface.points[surface.triangles[candidates]] * shares[..., None]).sum(axis=1)
    distance = np.linalg.norm(nearest - points[rows], axis=1)
    best = np.lexsort((distance, rows))[np.cumsum(counts) - counts]
    return Places(surface.triangles[candidates[best]], shares[best])


def nearest_rows(queries: Floats, rows: Floats) -> Ints:
    """(N,) for each query (N, D) the nearest of rows (M, D), by brute force in chunks."""
    centre = rows.mean(axis=0)
    q, r = (queries - centre).astype(np.float32), (rows - centre).astype(np.float32)
    half = (r * r).sum(axis=1) / 2
    return np.concatenate([(half - chunk @ r.T).argmin(axis=1) for chunk in np.array_split(q, len(q) // 512 + 1)])


def _nearest_in_triangles(points: Floats, triangles: Floats) -> Floats:
    """(N, 3) shares of the corners, of the place in each triangle (N, 3, 3) that is nearest to each point (N, 3)."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    u, v, w = b - a, c - a, points - a
    uu, uv, vv = (u * u).sum(axis=1), (u * v).sum(axis=1), (v * v).sum(axis=1)
    wu, wv = (w * u).sum(axis=1), (w * v).sum(axis=1)
    double = np.maximum(uu * vv - uv * uv, 1e-24)
    second, third = (vv * wu - uv * wv) / double, (uu * wv - uv * wu) / double
    inside = np.stack([1 - second - third, second, third], axis=1)
    outside = inside.min(axis=1) < 0
    inside[outside] = _nearest_on_sides(points[outside], triangles[outside])
    return np.asarray(inside)


def _nearest_on_sides(points: Floats, triangles: Floats) -> Floats:
    """As _nearest_in_triangles, for points whose nearest place is on a side."""
    best = np.full(len(points), np.inf)
    shares = np.zeros((len(points), 3))
    for i, j in ((0, 1), (1, 2), (2, 0)):
        start, along = triangles[:, i], triangles[:, j] - triangles[:, i]
        length2 = np.maximum((along * along).sum(axis=1), 1e-24)
        part = np.clip(((points - start) * along).sum(axis=1) / length2, 0, 1)
        distance = np.linalg.norm(start + part[:, None] * along - points, axis=1)
        nearer = distance < best
        best[nearer] = distance[nearer]
        shares[nearer] = 0.0
        shares[nearer, i], shares[nearer, j] = 1 - part[nearer], part[nearer]
    return shares
