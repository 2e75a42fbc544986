"""Pictures of a head that makes the faces of curves: a z-buffer in numpy, for reports and TensorBoard."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.curves import Curves
from blender_addon.core.head import HeadMesh

BACKGROUND = (70, 78, 86)
LIGHT = np.array([-0.35, -0.8, 0.5])
"""Direction to the light."""
AMBIENT = 0.45
SAMPLES_PER_PIXEL = 2
"""Along each side of a pixel."""
STEPS_PER_PIXEL = 1.2
"""Points this dense, in a triangular grid, leave no square of a pixel empty."""
FACE_SHARE = 1.05
"""Height of the part that moves, in heights of the picture."""

Floats = NDArray[np.float64]
Pixels = NDArray[np.float32]
"""Places (column, row, depth) and colours (3), in the last axis."""


def render_frames(head: HeadMesh, curves: Curves, size_px: int = 160) -> NDArray[np.uint8]:
    """Pictures (T, size_px, size_px, 3) in sRGB of the head at every row of the curves; unknown channels don't show."""
    known = [channel for channel in curves.channels if channel in head.channels]
    weights = curves.values[:, [curves.channels.index(channel) for channel in known]]
    deltas = head.deltas[[head.channels.index(channel) for channel in known]].astype(np.float32)
    pictures = np.empty((len(weights), size_px, size_px, 3), np.uint8)
    for picture, row in zip(pictures, weights, strict=True):
        points = head.vertices.astype(np.float64)
        points[head.moving] += np.tensordot(row, deltas, axes=1)
        picture[:] = _render(head, points, size_px)
    return pictures


def _render(head: HeadMesh, points: Floats, size_px: int) -> NDArray[np.uint8]:
    """One picture of the points (V, 3), seen from -Y without perspective, the moving part of the head in the middle."""
    n_px = size_px * SAMPLES_PER_PIXEL
    face = head.vertices[head.moving]
    scale = n_px * FACE_SHARE / float(np.ptp(face[:, 2]))
    centre = (face.min(axis=0) + face.max(axis=0)) / 2
    screen = np.stack([points[:, 0] - centre[0], centre[2] - points[:, 2], points[:, 1]], axis=1) * scale
    screen[:, :2] += n_px / 2
    shades = AMBIENT + (1 - AMBIENT) * (_vertex_normals(points, head.triangles) @ (LIGHT / np.linalg.norm(LIGHT))).clip(
        0
    )
    corners = np.concatenate([screen, head.colours * shades[:, None]], axis=1).astype(np.float32)[head.triangles]
    samples = np.concatenate([_samples(group, n) for n, group in _by_size(corners, n_px)])
    column, row = samples[:, 0].astype(np.int32), samples[:, 1].astype(np.int32)
    seen = np.flatnonzero((column >= 0) & (column < n_px) & (row >= 0) & (row < n_px))
    order = seen[np.argsort(-samples[seen, 2])]  # what is nearer is drawn over what is farther
    picture = np.tile(np.array(BACKGROUND, np.float32), (n_px, n_px, 1))
    picture[row[order], column[order]] = samples[order, 3:]
    pixels = picture.reshape(size_px, SAMPLES_PER_PIXEL, size_px, SAMPLES_PER_PIXEL, 3).mean(axis=(1, 3))
    return np.asarray(pixels.clip(0, 255), np.uint8)


def _vertex_normals(points: Floats, triangles: NDArray[np.int32]) -> Floats:
    a, b, c = points[triangles].swapaxes(0, 1)
    normals = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    total = np.stack([np.bincount(triangles.ravel(), normals[:, i], len(points)) for i in range(3)], axis=1)
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True).clip(1e-12))


def _by_size(corners: Pixels, n_px: int) -> list[tuple[int, Pixels]]:
    """Triangles (F, 3, ...) that the viewer may see, grouped by the number of steps that leave no pixel out."""
    places = corners[:, :, :2]
    sides = places - np.roll(places, 1, axis=1)
    faces_viewer = sides[:, 1, 0] * sides[:, 2, 1] - sides[:, 1, 1] * sides[:, 2, 0] < 0
    on_screen = ((places.max(axis=1) >= 0) & (places.min(axis=1) < n_px)).all(axis=1)
    n_steps = np.ceil(np.linalg.norm(sides, axis=2).max(axis=1) * STEPS_PER_PIXEL).astype(int)
    return [(n, corners[faces_viewer & on_screen & (n_steps == n)]) for n in range(1, n_steps.max() + 1)]


def _samples(corners: Pixels, n_steps: int) -> Pixels:
    """Points (N, ...) spread evenly over triangles (F, 3, ...), their values mixed from the corners'."""
    i, j = np.indices((n_steps + 1, n_steps + 1)).reshape(2, -1)
    inside = i + j <= n_steps
    shares = (np.stack([i, j, n_steps - i - j], axis=1)[inside] / n_steps).astype(np.float32)
    samples: Pixels = shares @ corners
    return samples.reshape(-1, corners.shape[2])
