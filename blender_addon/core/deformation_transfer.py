"""Shapes of one head for another: deformation transfer between faces that share nothing but 68 landmarks.

R. Sumner, J. Popovic, "Deformation Transfer for Triangle Meshes", SIGGRAPH 2004. The source's skin is bent onto the
target's, guided by the landmarks, which tells for every target vertex its place on the source. Each shape's
deformation gradients are then carried over and integrated on the target. What that leaves to chance is asked for in
the same least squares: rims of lids and lips keep the source's gaps, so that lids close and lips seal (compare the
virtual triangles of J. Saito, "Smooth Contact-Aware Facial Blendshapes Transfer", DigiPro 2013), and what the source
never moves stays where it is. Eyeballs, teeth, tongue, lashes and brows follow by rules of their own (face_parts.py).

Inside this file lengths are in units of the target's distance between the outer corners of the eyes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .face_parts import Followers
from .face_regions import APERTURES, LOOPS, OUTER_LIPS, OUTSIDE, Face, landmark_path, make_face
from .sparse import factorise
from .surface import Floats, Ints, Mask, Places, Surface, nearest_places

FIT_LENGTHS = (1.0, 0.5, 0.35, 0.25, 0.18, 0.13, 0.1, 0.07)
"""Over which the bent skin is stiff, step by step; the first step knows the landmarks alone."""
FIT_REACH = 0.3
"""Nearest places farther away than this are no correspondences."""
INSIDE_REACH = 0.1
"""Deeper inside of mouth and lids than this beyond the source's skin, the target only follows its neighbourhood."""
FACING = 0.4
"""Least cosine between the normals of places that correspond."""
NORMAL_WEIGHT = 0.25
"""How far away a place may be instead of facing the other way by 1 in the difference of normals."""
SIDE_WEIGHT, SIDE_LENGTH = 0.15, 0.1
"""How far away a place may be instead of belonging to the other lip by 1, and how far round the lips that counts."""
LANDMARK_AREA = 0.03
"""A landmark counts as much as this area of skin."""
JAW_LINE = range(17)
"""Landmarks of a silhouette, which say little about places along it."""
CONTACT_WEIGHT = 100.0
"""Of a place on a rim, against an area of 1 of skin."""
SEALED_BY = {"mouthClose": "mouth", "eyeBlinkLeft": "left eye", "eyeBlinkRight": "right eye"}
"""Channel -> opening that it closes, mouthClose together with jawOpen."""
SEALED = 0.002
"""Gap of lips that touch."""
DRIFT_LENGTH = 0.1
"""Up to which gradients decide; farther off, their sum is held to the source's own motion."""
FEATURES = [*range(17, 68)]
"""All landmarks but the jaw line."""
UPRIGHT = [0, 1, 15, 16, *range(17, 28), *range(36, 48)]
"""Landmarks of ears, brows, eyes and the root of the nose, which lie alike in flat faces and in those with a snout."""
MOST_APART = 0.25
"""Root mean square distance of the landmarks of two faces that lie over each other."""
STILL = 1e-3
"""Motion that counts as none, as a part of the shape's largest."""
SMOOTH_LENGTH = 0.15
"""Over which the turning and stretching by the fit is averaged."""
N_SAMPLES = 8
"""Places on the rims between two neighbouring landmarks."""


@dataclass(frozen=True)
class Shapes:
    """A head and the shapes that it can make."""

    points: Floats
    """(V, 3)"""
    triangles: Ints
    """(F, 3)"""
    landmarks68: Ints
    """(68,) vertices"""
    channels: tuple[str, ...]
    offsets: Floats
    """(K, V, 3) how far each channel at 1 moves the vertices"""


def similarity(source: Floats, target: Floats) -> tuple[float, Floats, Floats]:
    """Scale, rotation (3, 3) and shift (3,) that bring points (N, 3) closest to others: scale * p @ rotation.T + shift.

    S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 1991.
    """
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    u, s, vt = np.linalg.svd(b.T @ a)
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u * flip @ vt
    scale = float((s * flip).sum() / (a * a).sum())
    return scale, rotation, target.mean(axis=0) - scale * source.mean(axis=0) @ rotation.T


# Fitting: the source's skin, bent onto the target's


def fit(
    source: Face, target: Face, report_progress: Callable[[float], None], is_cancelled: Callable[[], bool]
) -> Floats:
    """(V, 3) the source's skin on the target's; both have been aligned."""
    skin = source.skin
    rows, columns, bending = _bending(skin)
    moved = np.zeros_like(skin.points)
    sides = lip_sides(source), lip_sides(target)
    anchors, goals, areas = _anchors(source, target)
    for step, length in enumerate(FIT_LENGTHS):
        if is_cancelled():
            break
        weights = np.zeros(len(skin.points))
        goal = np.zeros_like(skin.points)
        if step > 0:
            weights, goal = _correspondences(source, target, sides, skin.points + moved)
        matrix_rows, matrix_columns, values, right = _anchor_terms(anchors, areas, goals - anchors.mix(skin.points))
        everyone = np.arange(len(skin.points))
        solve = factorise(
            np.concatenate([rows, matrix_rows, everyone]),
            np.concatenate([columns, matrix_columns, everyone]),
            np.concatenate([bending * length**4, values, weights + 1e-6 * skin.areas]),
            skin.points,
        )
        total = weights[:, None] * (goal - skin.points)
        np.add.at(total, anchors.vertices.ravel(), right)
        moved = solve(total)
        report_progress((step + 1) / len(FIT_LENGTHS))
    return skin.points + moved


def _bending(skin: Surface) -> tuple[Ints, Ints, Floats]:
    """Entries of the matrix of the thin plate energy, the integral of the squared Laplacian."""
    n = len(skin.points)
    rows, columns, values = skin.stiffness
    pairs, inverse = np.unique(rows * n + columns, return_inverse=True)
    summed = np.bincount(inverse, values)
    rows, columns = np.divmod(pairs, n)
    first = np.searchsorted(rows, np.arange(n + 1))
    counts = (first[1:] - first[:-1])[rows]
    left = np.repeat(np.arange(len(rows)), counts)
    right = first[rows[left]] + np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    area = np.maximum(skin.areas, 0.1 * np.median(skin.areas))[rows[left]]
    return columns[left], columns[right], summed[left] * summed[right] / area


def _anchors(source: Face, target: Face) -> tuple[Places, Floats, Floats]:
    """Places on the source's skin, where they belong on the target's (N, 3), and how much skin (N,) each counts for."""
    rims = [*((*loop, loop[0]) for loop in LOOPS.values()), (*OUTER_LIPS, OUTER_LIPS[0])]
    paths = [(landmark_path(source, rim, N_SAMPLES), landmark_path(target, rim, N_SAMPLES)) for rim in rims]
    marks = source.landmarks68
    single = Places(np.stack([marks] * 3, axis=1), np.tile([1.0, 0.0, 0.0], (len(marks), 1)))
    areas = np.full(len(marks), LANDMARK_AREA)
    areas[JAW_LINE] *= 0.2
    places = Places(
        np.concatenate([single.vertices, *(ours.vertices for ours, _ in paths)]),
        np.concatenate([single.shares, *(ours.shares for ours, _ in paths)]),
    )
    goals = [target.skin.points[target.landmarks68], *(theirs.mix(target.skin.points) for _, theirs in paths)]
    on_paths = np.full(len(places.vertices) - len(marks), LANDMARK_AREA / N_SAMPLES)
    return places, np.concatenate(goals), np.concatenate([areas, on_paths])


def _anchor_terms(anchors: Places, areas: Floats, goals: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Entries of the matrix and (3 N, 3) right-hand sides of: areas times squared distance of the places to goals."""
    rows = np.repeat(anchors.vertices, 3, axis=1).ravel()
    columns = np.tile(anchors.vertices, (1, 3)).ravel()
    weighted = anchors.shares * areas[:, None]
    values = (weighted[:, :, None] * anchors.shares[:, None, :]).ravel()
    return rows, columns, values, (weighted[:, :, None] * goals[:, None, :]).reshape(-1, 3)


def lip_sides(face: Face) -> Floats:
    """(V,) 1 on the rim of the upper lip, -1 on that of the lower one, fading to 0 round them along the skin.

    Lips touch, so that distance and normals alone would take one for the other.
    """
    skin = face.skin
    upper, lower = (landmark_path(face, rim, N_SAMPLES).vertices[1:, :2].ravel() for rim in APERTURES["mouth"])
    held = np.zeros(len(skin.points))
    held[lower], held[upper] = -1.0, 1.0
    weights = np.where(held == 0, skin.areas, 1.0)
    rows, columns, values = skin.stiffness
    everyone = np.arange(len(held))
    solve = factorise(
        np.concatenate([rows, everyone]),
        np.concatenate([columns, everyone]),
        np.concatenate([values * SIDE_LENGTH**2, weights]),
        skin.points,
    )
    return solve((weights * held)[:, None])[:, 0]


def _clues(skin: Surface, sides: Floats) -> Floats:
    """(V, 4) what corresponding places have in common, in units of distance."""
    return np.hstack([NORMAL_WEIGHT * skin.normals, SIDE_WEIGHT * sides[:, None]])


def _correspondences(source: Face, target: Face, sides: tuple[Floats, Floats], bent: Floats) -> tuple[Floats, Floats]:
    """Of each vertex of the bent skin: its weight (V,), 0 without a correspondence, and where it belongs (V, 3)."""
    skin = Surface(bent, source.skin.triangles)
    clues = _clues(skin, sides[0]), _clues(target.skin, sides[1])
    weights, goal = np.zeros(len(bent)), np.zeros_like(bent)
    for region, mask in source.regions.items():
        if region not in target.regions:
            continue
        there, ids = target.skin.part(target.regions[region])
        here = np.flatnonzero(mask)
        places = nearest_places(there, clues[1][ids], bent[here], clues[0][here])
        goal[here] = places.mix(there.points)
        facing = (places.mix(there.normals) * skin.normals[here]).sum(axis=1)
        is_good = (facing > FACING) & (np.linalg.norm(goal[here] - bent[here], axis=1) < FIT_REACH)
        is_good &= ~there.on_border[places.vertices].all(axis=1)
        weights[here] = source.skin.areas[here] * is_good
    return weights, goal


# Transferring


def vertex_gradients(skin: Surface, offsets: Floats) -> Floats:
    """(V, 3, 3) gradient of the displacement at each vertex, from offsets (V, 3); normals go over into normals."""
    normal, area, hats = skin.corners
    moved = Surface(skin.points + offsets, skin.triangles).corners[0]
    gradient = np.einsum("fkx,fky->fxy", offsets[skin.triangles], hats)
    gradient += (moved - normal)[:, :, None] * normal[:, None, :]
    total = skin.gather(np.repeat(gradient * area[:, None, None] / 3, 3, axis=0))
    return total / skin.areas[:, None, None]


@dataclass(frozen=True)
class Match:
    """Where each vertex of the target's skin lies on the source's."""

    places: Places
    found: Mask
    """(V,) False deeper inside of openings than the source has any skin"""


def match(source: Face, target: Face, bent: Floats) -> Match:
    """The places on the bent source's skin nearest to the target's vertices, region by region."""
    skin = Surface(bent, source.skin.triangles)
    clues, wanted = _clues(skin, lip_sides(source)), _clues(target.skin, lip_sides(target))
    n = len(target.skin.points)
    vertices, shares, found = np.zeros((n, 3), np.intp), np.zeros((n, 3)), np.zeros(n, bool)
    for region in (*(name for name in target.regions if name != OUTSIDE), OUTSIDE):  # rims belong to the outside
        if region not in source.regions:
            continue
        here = np.flatnonzero(target.regions[region])
        there, ids = skin.part(source.regions[region])
        places = nearest_places(there, clues[ids], target.skin.points[here], wanted[here])
        vertices[here], shares[here] = ids[places.vertices], places.shares
        far = np.linalg.norm(places.mix(there.points) - target.skin.points[here], axis=1)
        found[here] = (far < INSIDE_REACH) | (region == OUTSIDE)
    return Match(Places(vertices, shares), found)


@dataclass(frozen=True)
class _Rims:
    """Places on the upper rim of an opening (N), then those of the lower rim (N) that they meet, on both skins."""

    opening: str
    source: Places
    target: Places


def _rims(source: Face, target: Face) -> list[_Rims]:
    def both(face: Face, upper: tuple[int, ...], lower: tuple[int, ...]) -> Places:
        rims = [landmark_path(face, rim, N_SAMPLES) for rim in (upper, lower)]
        return Places(
            np.concatenate([rim.vertices[1:] for rim in rims]), np.concatenate([rim.shares[1:] for rim in rims])
        )  # without the corner, which both rims share

    return [_Rims(opening, both(source, *rims), both(target, *rims)) for opening, rims in APERTURES.items()]


def _gaps(places: Places, values: Floats) -> Floats:
    """(N, 3) upper minus lower."""
    upper, lower = np.split(places.mix(values), 2)
    gaps: Floats = upper - lower
    return gaps


def _beyond_sealed(gaps: Floats) -> Floats:
    """What of gaps (N, 3) is more than lips that touch have."""
    size = np.linalg.norm(gaps, axis=1, keepdims=True)
    beyond: Floats = gaps * np.clip(1 - SEALED / np.maximum(size, SEALED), 0, 1)
    return beyond


@dataclass(frozen=True)
class Transfer:
    """What carries offsets of the source's skin over to the target's."""

    source: Face
    target: Face
    matched: Match
    stretch: Floats
    """(V, 3, 3) how the fit turned and stretched the neighbourhood of each vertex of the source's skin"""
    rims: list[_Rims]
    free: Ints
    """Vertices of the target's skin that some shape moves"""
    solve: Callable[[Floats], Floats]
    """For the free vertices"""

    def __call__(self, channel: str, offsets: Floats, jaw_open: Floats) -> Floats:
        """Offsets (V', 3) of the target's skin for those (V, 3) of the source's; jaw_open are that shape's."""
        skin, found = self.target.skin, self.matched.found
        _, area, hats = skin.corners
        gradient = self.matched.places.mix(vertex_gradients(self.source.skin, offsets)) * found[:, None, None]
        wanted = gradient[skin.triangles].mean(axis=1)
        right = skin.gather((np.einsum("fxy,fky->fkx", wanted, hats) * area[:, None, None]).reshape(-1, 3))
        right += (found * skin.areas / DRIFT_LENGTH**2)[:, None] * self.matched.places.mix(self._carried(offsets))
        for rims in self.rims:
            *_, terms = _gap_terms(rims.target, self._wanted_change(rims, channel, offsets, jaw_open))
            np.add.at(right, _gap_vertices(rims.target).ravel(), terms)
        moved = np.zeros_like(skin.points)
        moved[self.free] = self.solve(right[self.free])
        return moved

    def _carried(self, offsets: Floats) -> Floats:
        """(V, 3) offsets of the source's skin, turned and stretched as the fit does."""
        return np.asarray(np.einsum("vxy,vy->vx", self.stretch, offsets))

    def _wanted_change(self, rims: _Rims, channel: str, offsets: Floats, jaw_open: Floats) -> Floats:
        """(N, 3) how the target's gaps shall change by the channel: a blink and mouthClose with jawOpen seal them."""
        sealing = -_beyond_sealed(_gaps(rims.target, self.target.skin.points))
        if SEALED_BY.get(channel) != rims.opening:
            return self._same_change(rims, offsets)
        return sealing - self._same_change(rims, jaw_open) if rims.opening == "mouth" else sealing

    def _same_change(self, rims: _Rims, offsets: Floats) -> Floats:
        """(N, 3) the change of the source's gaps on the target.

        A lid that goes half of its way on the source goes half of its way on the target. Lips touch at rest, so that
        they have no way to compare.
        """
        if rims.opening == "mouth":
            return _gaps(rims.source, self._carried(offsets))
        change = _gaps(rims.source, offsets)
        ours, theirs = _gaps(rims.source, self.source.skin.points), _gaps(rims.target, self.target.skin.points)
        size2 = np.maximum((ours * ours).sum(axis=1, keepdims=True), 1e-8)
        along = (change * ours).sum(axis=1, keepdims=True) / size2
        growth = np.sqrt((theirs * theirs).sum(axis=1, keepdims=True) / size2)
        return np.asarray(along * theirs + growth * (change - along * ours))


def smooth_stretch(skin: Surface, bent: Floats) -> Floats:
    """(V, 3, 3) linear map from the neighbourhood of each vertex to that on the bent skin, over SMOOTH_LENGTH."""
    raw = vertex_gradients(skin, bent - skin.points) + np.eye(3)
    rows, columns, values = skin.stiffness
    everyone = np.arange(len(raw))
    solve = factorise(
        np.concatenate([rows, everyone]),
        np.concatenate([columns, everyone]),
        np.concatenate([values * SMOOTH_LENGTH**2, skin.areas]),
        skin.points,
    )
    return solve((skin.areas[:, None, None] * raw).reshape(-1, 9)).reshape(-1, 3, 3)


def prepare(source: Face, target: Face, bent: Floats, offsets: Floats) -> Transfer:
    """offsets (K, V, 3) are all that will be carried over: what they never move is held still."""
    skin, matched = target.skin, match(source, target, bent)
    largest = matched.places.mix(np.linalg.norm(offsets, axis=2).max(axis=0)[:, None])[:, 0]
    is_free = ~matched.found | (largest > STILL)
    free = np.flatnonzero(is_free)
    number = np.full(len(skin.points), -1)
    number[free] = np.arange(len(free))
    rims = _rims(source, target)
    everyone = np.arange(len(skin.points))
    entries = [skin.stiffness, (everyone, everyone, skin.areas / DRIFT_LENGTH**2)]
    entries += [_gap_terms(pair.target, np.zeros((len(pair.target.vertices) // 2, 3)))[:3] for pair in rims]
    rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    inside = is_free[rows] & is_free[columns]
    solve = factorise(number[rows[inside]], number[columns[inside]], values[inside], skin.points[free])
    return Transfer(source, target, matched, smooth_stretch(source.skin, bent), rims, free, solve)


def _gap_vertices(places: Places) -> Ints:
    return np.concatenate(np.split(places.vertices, 2), axis=1)


def _gap_terms(places: Places, wanted: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    upper, lower = np.split(places.shares, 2)
    pairs = Places(_gap_vertices(places), np.concatenate([upper, -lower], axis=1))
    rows = np.repeat(pairs.vertices, 6, axis=1).ravel()
    columns = np.tile(pairs.vertices, (1, 6)).ravel()
    weighted = pairs.shares * CONTACT_WEIGHT
    values = (weighted[:, :, None] * pairs.shares[:, None, :]).ravel()
    return rows, columns, values, (weighted[:, :, None] * wanted[:, None, :]).reshape(-1, 3)


# All of it


def transfer(
    source: Shapes,
    points: Floats,
    triangles: Ints,
    landmarks68: Ints,
    report_progress: Callable[[float], None] = lambda _done: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Floats:
    """Offsets (K, V, 3) that make the source's K shapes on the head of points (V, 3) and triangles (F, 3).

    ValueError with a sentence when the landmarks are no guide. What is cancelled ends soon, with shapes left at zero.
    """
    unit = float(np.linalg.norm(points[landmarks68[45]] - points[landmarks68[36]]))
    if not unit > 0:
        raise ValueError("The corners of the eyes carry no landmarks of their own; set the 68 landmarks first")
    head = Surface(points / unit, triangles)
    scale, rotation, shift = _alignment(source, head, landmarks68)
    other = Surface(scale * source.points @ rotation.T + shift, source.triangles)
    offsets = scale * source.offsets @ rotation.T
    theirs, ours = make_face(other, source.landmarks68), make_face(head, landmarks68)
    report_progress(0.05)
    bent = fit(theirs, ours, lambda done: report_progress(0.05 + 0.45 * done), is_cancelled)
    carry = prepare(theirs, ours, bent, offsets[:, theirs.ids])
    made = np.zeros((len(offsets), *points.shape))
    jaw_open = source.channels.index("jawOpen")
    followers = Followers(other, theirs, offsets, jaw_open, head, ours)
    for number, channel in enumerate(source.channels):
        if is_cancelled():
            break
        skin = carry(channel, offsets[number, theirs.ids], offsets[jaw_open, theirs.ids])
        skin = still_where_small(skin)
        followers.clear_eyeballs(skin)
        made[number, ours.ids] = skin
        followers.move(offsets[number], made[number])
        report_progress(0.55 + 0.45 * (number + 1) / len(offsets))
    return made * unit


def _alignment(source: Shapes, head: Surface, landmarks68: Ints) -> tuple[float, Floats, Floats]:
    """Scale, rotation and shift of the source that lay its face over the head's."""
    theirs, ours = source.points[source.landmarks68], head.points[landmarks68]
    rotation = similarity(theirs[UPRIGHT], ours[UPRIGHT])[1]
    a, b = theirs[FEATURES] @ rotation.T, ours[FEATURES]
    from_mean = a - a.mean(axis=0)
    scale = float((from_mean * b).sum() / (from_mean * from_mean).sum())
    shift = b.mean(axis=0) - scale * a.mean(axis=0)
    if np.sqrt(((scale * a + shift - b) ** 2).sum(axis=1).mean()) > MOST_APART:
        raise ValueError("The landmarks do not lie as in a face; check that none is on the wrong side or place")
    return scale, rotation, shift


def still_where_small(offsets: Floats) -> Floats:
    """Offsets (V, 3), exactly zero below STILL of the largest, smoothly so."""
    size = np.linalg.norm(offsets, axis=1, keepdims=True)
    least = STILL * max(size.max(), 1e-12)
    calm: Floats = offsets * np.clip(size / least - 1, 0, 1)
    return calm
