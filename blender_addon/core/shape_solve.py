"""Which shapes of a face make up each channel: told by how they move its landmarks, not by their names. numpy only.

The default head's motion at 68 landmarks, and at pupils and cheeks, is turned and scaled to the face as in section 3.3
of Das et al., "Speech-driven Facial Animation using Cascaded GANs for Learning of Motion and Texture" (ECCV 2020);
a bounded least squares with few shapes a channel then finds the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .front_view import Floats, Ints, see_front
from .head import read_head
from .landmarks import INNER_LIPS, LEFT_EYE, LIPS, MIRRORED, RIGHT_EYE, procrustes
from .retarget import Link, RigMap, Target

Array = NDArray[np.float64]

PUPILS = ((36, 37, 38, 39, 40, 41), (42, 43, 44, 45, 46, 47))
CHEEKS = ((48, 4), (54, 12), (36, 48), (45, 54))
"""Landmarks between which the surface is measured too, where it is seen from the front."""
MIRRORED_POINTS = np.array([*MIRRORED, 69, 68, 71, 70, 73, 72])
APERTURES = ((61, 67), (62, 66), (63, 65), (51, 57), (37, 41), (38, 40), (43, 47), (44, 46))
"""Upper and lower landmark of lips and lids; their distance must be right even where both are a little wrong."""
CORNERS = (48, 54)
MOST_STRETCH = 2.0
"""How much more than a shape at 1 a channel may ask for; it then gets the shape at 1, and all else in proportion."""
OPENING, SEALING = 8.0, 8.0
"""Weight of apertures, and how much more that of lips counts which must touch."""
FOUND = 0.75
"""A channel counts as found when less than this is missing of it."""
LEAST_GAIN = 0.03
WORTH = 0.05
"""Share of a channel's squared motion that a shape must explain beyond what others do."""
MOST_SHAPES = 6
DAMPING = 1e-3


@dataclass(frozen=True)
class ShapeMatch:
    rig_map: RigMap
    """Links to shape keys, gains in [0, 1]; those of mouthClose may take back what jawOpen drives."""
    residuals: dict[str, float]
    """Channel -> share of its motion that the shapes, were they large enough, don't explain: 0 exact, 1 nothing."""

    @property
    def found(self) -> tuple[str, ...]:
        """Channels of which the shapes explain most."""
        return tuple(channel for channel, residual in self.residuals.items() if residual < FOUND)


def match_shapes(
    vertices: Floats, triangles: Ints, deltas: Floats, names: Sequence[str], landmarks68: Ints, name: str = "By shape"
) -> ShapeMatch:
    """Find what each channel drives on a face: neutral vertices (V, 3), shapes' offsets (M, V, 3), M names.

    Raises ValueError when the face has no shapes, or none that moves the landmarks.
    """
    if not len(deltas):
        raise ValueError("The face has no shape keys to match; make them first, or choose another mesh")
    head = read_head()
    source = _measured(head.vertices[: head.n_face_vertices], head.face_triangles(), head.landmarks68)
    to_head = procrustes(vertices[landmarks68], head.vertices[head.landmarks68])
    placed = np.asarray(to_head(vertices), np.float32)
    points = _measured(placed, triangles, landmarks68)
    ours = head.face_offsets()[:, source].astype(np.float64)
    theirs = to_head.scale * deltas[:, points] @ to_head.rotation.T
    theirs[~_are_expressions(deltas, _behind_ears(placed, landmarks68))] = 0
    if not theirs.any():
        raise ValueError("No shape key moves the landmarks; place them on this face and apply them again")
    weights = solve(_stretch(ours, head.vertices[source], placed[points]), theirs, head.channels)
    links = [
        Link(channel, Target("shape_key", names[i]), gain=round(float(row[i]), 4))
        for channel, row in zip(head.channels, weights.gains, strict=True)
        for i in np.argsort(-np.abs(row))
        if abs(row[i]) >= LEAST_GAIN
    ]
    residuals = dict(zip(head.channels, weights.residuals.tolist(), strict=True))
    return ShapeMatch(RigMap(name, tuple(links)), residuals)


def _behind_ears(vertices: Floats, landmarks68: Ints) -> NDArray[np.bool_]:
    """(V,) of a head of the default head's size."""
    margin = 0.3  # the guess of the jaw line is rough, and a jaw pulls skin behind it
    behind: NDArray[np.bool_] = vertices[:, 1] > vertices[landmarks68[[0, 16]], 1].mean() + margin
    return behind


def _are_expressions(deltas: Floats, behind: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(M,) whether shapes leave what is behind the ears alone; sliders of identity, size or a turning head don't."""
    if behind.mean() < 0.02:
        return np.ones(len(deltas), bool)
    lengths = np.linalg.norm(deltas, axis=2)
    still: NDArray[np.bool_] = lengths[:, behind].mean(axis=1) < 0.1 * lengths.max(axis=1)
    return still


@dataclass(frozen=True)
class Weights:
    gains: Array
    """(K, M) of each shape in each channel."""
    residuals: Array
    """(K,) share of the motion that is not explained, [0, 1]."""


@dataclass(frozen=True)
class _Pairs:
    """What is each other's mirror image."""

    is_even: NDArray[np.bool_]
    """(K,) whether a channel is the same on both sides."""
    partner: Ints
    """(M,) the shape that does the same on the other side; itself for one that has none."""


def _partners(shapes: Array) -> Ints:
    likeness = _likeness(_features(_mirror(shapes)), _features(shapes))
    best = likeness.argmax(axis=1)
    return np.where(likeness.max(axis=1) > 0.8, best, np.arange(len(shapes))).astype(np.int32)


def _mirror(motion: Array) -> Array:
    mirrored: Array = motion[:, MIRRORED_POINTS] * np.array([-1.0, 1.0, 1.0])
    return mirrored


def _likeness(first: Array, second: Array) -> Array:
    """(N, M) cosines of the angles between rows, 0 for what does not move."""
    lengths = np.linalg.norm(first, axis=1)[:, None] * np.linalg.norm(second, axis=1)
    cosines: Array = first @ second.T / np.where(lengths, lengths, np.inf)
    return cosines


def solve(ours: Array, theirs: Array, channels: Sequence[str]) -> Weights:
    """Weights in [0, 1] of shapes (M, P, 3) that make up channels (K, P, 3), at P points of two faces of one size.

    mouthClose is what it does while the jaw is open: it may take back shapes of jawOpen, down to nothing.
    """
    goals, shapes = _features(ours), _features(theirs)
    pairs = _Pairs(_likeness(_features(_mirror(ours)), goals).diagonal() > 0.95, _partners(theirs))
    free = _bounded(shapes, goals, 0.0, MOST_STRETCH, pairs)
    residuals = _shares(goals - free @ shapes, goals)
    leading = (free * np.linalg.norm(shapes, axis=1)).argmax(axis=1)
    stretch = np.maximum(free[np.arange(len(goals)), leading], 1)
    gains = np.minimum(free / stretch[:, None], 1)
    jaw, close = channels.index("jawOpen"), channels.index("mouthClose")
    tight = _features(theirs, True)
    opened = ours[[jaw]] * gains[jaw].any()  # where no shape opens the jaw, a bone does
    goal = _features(opened + ours[[close]], True) / stretch[jaw] - gains[jaw] @ tight
    even = _Pairs(pairs.is_even[[close]], pairs.partner)
    gains[close] = _bounded(tight, goal, -gains[jaw], 1 - gains[jaw], even)[0]
    residuals[close] = _shares(goal - gains[[close]] @ tight, _features(ours[[close]], True) / stretch[jaw])[0]
    return Weights(gains, residuals)


def _bounded(shapes: Array, goals: Array, low: Array | float, high: Array | float, pairs: _Pairs) -> Array:
    """(K, M) weights from low to high with which few shapes (M, F) add up to goals (K, F).

    Shapes join one by one, the most helpful first, as long as they explain a share of the goal worth a key; for a goal
    that is the same on both sides a shape brings its mirror image along.
    """
    sizes = np.linalg.norm(shapes, axis=1)
    sizes[sizes < 1e-3 * sizes.max()] = 0  # what hardly moves would be driven fully for nothing
    units = shapes / np.where(sizes, sizes, np.inf)[:, None]
    least, most = low * sizes, high * sizes
    needed = WORTH * (goals**2).sum(axis=1)
    amounts = np.zeros((len(goals), len(shapes)))
    chosen = np.zeros(amounts.shape, bool)
    for _ in range(MOST_SHAPES):
        pull = (goals - amounts @ units) @ units.T
        step = np.clip(pull, least, most)
        helps = np.where(chosen, 0, (2 * pull - step) * step)
        helps[step < 0] *= 0.5  # what another channel does is taken back only where nothing else helps
        best = helps.argmax(axis=1)
        joins = helps.max(axis=1) > needed
        if not joins.any():
            break
        chosen[joins, best[joins]] = True
        both = joins & pairs.is_even
        chosen[both, pairs.partner[best[both]]] = True
        amounts = _descend(units, goals, np.where(chosen, least, 0), np.where(chosen, most, 0))
    weights: Array = amounts / np.where(sizes, sizes, np.inf)
    return weights


def _descend(units: Array, goals: Array, least: Array, most: Array) -> Array:
    """(K, M) amounts from least to most of unit shapes that add up to goals: coordinate descent, slightly damped."""
    products, pull = units @ units.T, goals @ units.T
    amounts = np.zeros_like(pull)
    used = np.flatnonzero((most > least).any(axis=0))
    for _ in range(200):
        before = amounts.copy()
        for i in used:
            rest = pull[:, i] - amounts @ products[:, i] + amounts[:, i] * products[i, i]
            amounts[:, i] = np.clip(rest / (products[i, i] + DAMPING), least[:, i], most[:, i])
        if np.abs(amounts - before).max() < 1e-5 * most.max():
            break
    return amounts


def _shares(missing: Array, goals: Array) -> Array:
    """(K,) size of what is missing beside its goal, [0, 1]; 1 for a channel that moves nothing."""
    sizes = np.linalg.norm(goals, axis=1)
    return np.where(sizes > 1e-9, np.minimum(np.linalg.norm(missing, axis=1) / np.maximum(sizes, 1e-9), 1), 1)


def _features(motion: Array, is_sealing: bool = False) -> Array:
    """(N, F) what is compared of motions (N, P, 3): places, weighted, and how far lips and lids open and lips widen."""
    weights = np.full(motion.shape[1], 0.7)
    weights[:17] = 0.5
    weights[36:48] = 2.0
    weights[48:60] = 2.0
    weights[60:68] = 3.0
    weights[68:] = 1.5
    depth = np.where(np.arange(motion.shape[1]) < 68, 0.4, 1.0) * (not is_sealing)  # what a guess knows least
    places = motion * weights[:, None]
    places[:, :, 1] *= depth
    upper, lower = np.array(APERTURES).T
    opening = OPENING * (motion[:, upper] - motion[:, lower])
    opening *= np.array([0.0, 0.4 if is_sealing else 0.0, 1.0])
    if is_sealing:
        opening[:, :3] *= SEALING
    widening = 3.0 * (motion[:, CORNERS[1], 0] - motion[:, CORNERS[0], 0])
    return np.concatenate(
        [np.concatenate([places, opening], axis=1).reshape(len(motion), -1), widening[:, None]], axis=1
    )


def _measured(vertices: Floats, triangles: Ints, landmarks68: Ints) -> Ints:
    """(P,) the landmarks and the vertices seen from the front at pupils and cheeks."""
    marks = vertices[landmarks68]
    flat = marks[:, [0, 2]].astype(np.float64)
    margin = 0.05 * np.ptp(flat, axis=0)
    view = see_front(vertices, triangles, flat.min(axis=0) - margin, flat.max(axis=0) + margin)
    extra = []
    for between in (*PUPILS, *CHEEKS):
        column, row = np.rint((flat[list(between)].mean(axis=0) - view.origin) / view.pixel).astype(int)
        vertex = view.vertex[row, column]
        extra.append(vertex if vertex >= 0 else landmarks68[between[0]])
    return np.asarray([*landmarks68, *extra], np.int32)


def _stretch(motion: Array, ours: Floats, theirs: Floats) -> Array:
    """Motion (K, P, 3) of the default head in the proportions of another: of its eyes, mouth and lower face."""
    scale = np.ones((motion.shape[1], 3))

    def ratio(points: slice | list[int], axis: int) -> float:
        return _extent(theirs[points], axis) / _extent(ours[points], axis)

    scale[[*range(17), *range(27, 36), *range(48, 68), *range(70, 74)], 2] = _height(theirs) / _height(ours)
    scale[LIPS, 0] = ratio(LIPS, 0)
    for eye, pupil in ((RIGHT_EYE, 68), (LEFT_EYE, 69)):
        scale[eye] = ratio(eye, 0), 1.0, ratio(eye, 2)
        scale[pupil] = ratio(eye, 0)
    return motion * scale


def _height(points: Floats) -> float:
    """From the lips to the eyes, which a guess of landmarks knows best."""
    return max(float(points[36:48, 2].mean() - points[INNER_LIPS, 2].mean()), 1e-6)


def _extent(points: Floats, axis: int) -> float:
    return max(float(np.ptp(points[:, axis])), 1e-6)
