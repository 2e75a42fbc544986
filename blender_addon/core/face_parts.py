"""What is in a head's mesh besides its skin: eyeballs, teeth and tongue, lashes and brows, and how each follows.

Pieces that are not connected to the skin are told apart by where they lie: in the ball behind the lids, behind the
lips, or anywhere else, which is taken as attached to the skin. Lengths are in units of the distance between the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .face_regions import LOOPS, OUTSIDE, Face
from .surface import Floats, Ints, Mask, Places, Surface, nearest_places, nearest_rows, pieces

ROOT_REACH = 0.03
"""Parts attached to the skin hold on to it with what is nearer than this."""
LID_CLEARANCE = 1.02
"""Lids keep this far from the middle of the eyeball, in its radii."""
EYEBALL_SLACK = 1.15
"""Iris, cornea and highlights reach this far, in lengths of the eyeball's own farthest point from its centre."""
TOOTH_SIZE = 0.6
"""A smaller piece, in widths of the mouth, is a tooth, and moves as a whole."""
AGREEING_PART = 0.7
"""A larger piece moves as a whole, too, when so many of its vertices follow the jaw by nearly the same share."""
N_SMOOTHING_STEPS = 30
CHIN = [7, 8, 9, 56, 57, 58]
"""Landmarks of chin and lower lip, with which the jaw goes; how it turns is the source's."""


@dataclass(frozen=True)
class Eyeball:
    vertices: Ints
    centre: Floats
    radius: float


@dataclass(frozen=True)
class Parts:
    """Vertices of a head by what they are; the skin is not among them."""

    eyeballs: dict[str, Eyeball]
    """"right eye", "left eye" -> eyeball, for those that there are"""
    mouth: Ints
    attached: Ints


def find_parts(head: Surface, face: Face, axes: Floats) -> Parts:
    """The parts of a head; axes are the upright_axes of a face with ordinary proportions that looks the same way."""
    piece = pieces(len(head.points), head.edges)
    used = np.zeros(len(head.points), bool)
    used[head.triangles] = True
    used[face.ids] = False
    eyeballs = {}
    for name, loop in LOOPS.items():
        if name != "mouth":
            eyeball = _find_eyeball(head.points, piece, used, face.skin.points[face.landmarks68[list(loop)]])
            if eyeball is not None:
                eyeballs[name] = eyeball
                used[eyeball.vertices] = False
    rest = np.flatnonzero(used)
    in_mouth = _is_behind_lips(_means(head.points[rest], piece[rest]), face, axes)
    return Parts(eyeballs, rest[in_mouth], rest[~in_mouth])


def _means(values: Floats, piece: Ints) -> Floats:
    """(N, C) for each row the mean over the rows of its piece."""
    _, index = np.unique(piece, return_inverse=True)
    sums = np.stack([np.bincount(index, column) for column in values.T], axis=1)
    return np.asarray((sums / np.bincount(index)[:, None])[index])


def _find_eyeball(points: Floats, piece: Ints, used: Mask, lids: Floats) -> Eyeball | None:
    """The largest round piece behind the lids (6, 3) that is about as wide as they, and the discs that lie in it."""
    middle, width = lids.mean(axis=0), np.linalg.norm(lids[0] - lids[3])
    near = {}
    for number in np.unique(piece[used]):
        own = points[(piece == number) & used]
        if np.linalg.norm(own.mean(axis=0) - middle) < 1.2 * width:
            near[number] = own, _extents(own)
    balls = [
        (size.prod(), number)
        for number, (_, size) in near.items()
        if size[2] > 0.4 * size[0] and 0.6 * width < size[1] and size[0] < 3 * width
    ]
    if not balls:
        return None
    ball = near[max(balls)[1]][0]
    centre, radius = fit_sphere(ball)
    reach = EYEBALL_SLACK * np.linalg.norm(ball - centre, axis=1).max()
    inside = [
        number
        for number, (own, size) in near.items()
        if size[1] > 0.5 * size[0] and np.linalg.norm(own - centre, axis=1).max() < reach  # lashes are no discs
    ]
    return Eyeball(np.flatnonzero(used & np.isin(piece, inside)), centre, radius)


def _extents(points: Floats) -> Floats:
    """(3,) sizes along the principal axes of points (N, 3), the largest first."""
    from_mean = points - points.mean(axis=0)
    axes = np.linalg.eigh(from_mean.T @ from_mean)[1]
    return np.sort(np.ptp(from_mean @ axes, axis=0))[::-1]


def fit_sphere(points: Floats) -> tuple[Floats, float]:
    """Centre (3,) and radius of the sphere nearest to points (N, 3): |p|^2 = 2 c.p + (r^2 - |c|^2) is linear in c."""
    shift = points.mean(axis=0)
    p = points - shift
    solution = np.linalg.lstsq(np.c_[2 * p, np.ones(len(p))], (p**2).sum(axis=1), rcond=None)[0]
    return solution[:3] + shift, float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def upright_axes(face: Face) -> Floats:
    """(3, 3) rows: sideways, back and up, by the corners of the mouth, the brows and the chin."""
    marks = face.skin.points[face.landmarks68]
    across = (marks[54] - marks[48]) / np.linalg.norm(marks[54] - marks[48])
    back = np.cross(marks[[19, 24]].mean(axis=0) - marks[8], across)
    back /= np.linalg.norm(back)
    return np.stack([across, back, np.cross(across, back)])


def _in_mouth(points: Floats, face: Face, axes: Floats) -> Floats:
    """(N, 3) places sideways, back and up from the middle of the lips, in widths of the mouth."""
    marks = face.skin.points[face.landmarks68]
    width = np.linalg.norm(marks[54] - marks[48])
    return np.asarray((points - (marks[62] + marks[66]) / 2) @ axes.T / width)


def _is_behind_lips(points: Floats, face: Face, axes: Floats) -> Mask:
    """(N,) True for points about between the corners of the mouth, nose and chin, and behind the lips."""
    sideways, back, up = _in_mouth(points, face, axes).T
    nose, chin = _in_mouth(face.skin.points[face.landmarks68[[33, 8]]], face, axes)[:, 2]
    return np.asarray((np.abs(sideways) < 0.75) & (chin < up) & (up < nose + 0.1) & (back > 0.0) & (back < 2.0))


# How they follow


def rigid_motion(before: Floats, after: Floats) -> tuple[Floats, Floats]:
    """Rotation (3, 3) and shift (3,) that bring points (N, 3) closest to others: p @ rotation.T + shift (Kabsch)."""
    a, b = before - before.mean(axis=0), after - after.mean(axis=0)
    u, _, vt = np.linalg.svd(b.T @ a)
    rotation = u * np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt
    return rotation, after.mean(axis=0) - before.mean(axis=0) @ rotation.T


class Followers:
    """Carries the motion of a source's parts, and of the target's skin, over to the target's parts."""

    def __init__(self, source: Surface, source_face: Face, offsets: Floats, jaw_open: int, target: Surface, face: Face):
        """offsets (K, V, 3) are the source's, among which jaw_open says what the jaw takes along."""
        self.source, self.target, self.face = source, target, face
        axes = upright_axes(source_face)  # the target may have a snout
        self.source_parts, self.parts = (find_parts(*head, axes) for head in ((source, source_face), (target, face)))
        self.jaw, self.shares = _jaw_shares(
            (source, source_face, self.source_parts.mouth), offsets[jaw_open], (target, face, self.parts.mouth), axes
        )
        self.attachment = _attach(target, self.parts.attached, face)

    def move(self, offsets: Floats, moved: Floats) -> None:
        """Fill in moved (V', 3), which holds the motion of the target's skin, for the source's offsets (V, 3)."""
        moved[self.parts.attached] = self.attachment.mix(moved[self.face.ids])
        for name, eyeball in self.parts.eyeballs.items():
            theirs = self.source_parts.eyeballs.get(name)
            if theirs is not None and offsets[theirs.vertices].any():
                moved[eyeball.vertices] = self._turn(offsets, theirs, eyeball)
        if offsets[self.jaw].any():
            moved[self.parts.mouth] = self._go_with_jaw(offsets, moved)

    def clear_eyeballs(self, offsets: Floats) -> None:
        """Push lids, moved by offsets (V', 3) of the target's skin, out of the eyeballs, no farther than they were."""
        for eyeball in self.parts.eyeballs.values():
            before = self.face.skin.points - eyeball.centre
            after = before + offsets
            far = np.linalg.norm(after, axis=1)
            least = np.minimum(np.linalg.norm(before, axis=1), LID_CLEARANCE * eyeball.radius)
            cut = far < least
            offsets[cut] = after[cut] * (least / np.maximum(far, 1e-9))[cut, None] - before[cut]

    def _go_with_jaw(self, offsets: Floats, moved: Floats) -> Floats:
        before = self.source.points[self.jaw]
        rotation, _ = rigid_motion(before, before + offsets[self.jaw])
        chin = self.face.ids[self.face.landmarks68[CHIN]]
        pivot, went = self.target.points[chin].mean(axis=0), moved[chin].mean(axis=0)
        whole = (self.target.points[self.parts.mouth] - pivot) @ (rotation - np.eye(3)).T + went
        return np.asarray(self.shares[:, None] * whole)

    def _turn(self, offsets: Floats, source: Eyeball, target: Eyeball) -> Floats:
        before = self.source.points[source.vertices] - source.centre
        rotation, shift = rigid_motion(before, before + offsets[source.vertices])
        places = self.target.points[target.vertices] - target.centre
        return np.asarray(places @ rotation.T + shift * target.radius / source.radius - places)


Mouth = tuple[Surface, Face, Ints]
"""A head, its face, and the vertices of what is in its mouth."""


def _jaw_shares(source: Mouth, jaw_open: Floats, target: Mouth, axes: Floats) -> tuple[Ints, Floats]:
    """The source's vertices that are jaw, and (N,) how far each of the target's parts of the mouth follows the jaw."""
    head, face, mouth = source
    size = np.linalg.norm(jaw_open[mouth], axis=1)
    if not len(target[2]) or not size.any():
        return np.empty(0, np.intp), np.zeros(len(target[2]))
    jaw = mouth[size > 0.9 * np.percentile(size, 98)]
    before = head.points[jaw]
    rotation, shift = rigid_motion(before, before + jaw_open[jaw])
    whole = head.points[mouth] @ rotation.T + shift - head.points[mouth]
    shares = np.clip(size / np.linalg.norm(whole, axis=1), 0, 1)
    piece = pieces(len(target[0].points), target[0].edges)[target[2]]
    places = _in_mouth(target[0].points[target[2]], target[1], axes)
    for number in np.unique(piece):
        if np.ptp(places[piece == number], axis=0).max() < TOOTH_SIZE:
            places[piece == number] = places[piece == number].mean(axis=0)
    nearest = nearest_rows(_in_box(places), _in_box(_in_mouth(head.points[mouth], face, axes)))
    return jaw, _settled(shares[nearest], target[0], target[2], piece)


def _in_box(places: Floats) -> Floats:
    """Places in the mouth made comparable with another's, which may be wider or deeper.

    What is above the lips stays above, and how far back counts less than how high.
    """
    sideways, back, up = places.T
    height = np.where(up > 0, up.max(), -up.min())
    return np.stack([sideways / np.abs(sideways).max(), 0.3 * back / np.ptp(back), up / height], axis=1)


def _settled(shares: Floats, target: Surface, parts: Ints, piece: Ints) -> Floats:
    """Shares (N,), one for all of a piece that agrees on it, else smooth along the piece."""
    number = np.full(len(target.points), -1)
    number[parts] = np.arange(len(parts))
    edges = number[target.edges]
    edges = edges[(edges >= 0).all(axis=1)]
    a, b = np.concatenate([edges, edges[:, ::-1]]).T
    count = np.maximum(np.bincount(a, minlength=len(parts)), 1)
    smooth = shares
    for _ in range(N_SMOOTHING_STEPS):
        smooth = (smooth + np.bincount(a, smooth[b], len(parts)) / count) / 2
    for one in np.unique(piece):
        own = shares[piece == one]
        if (np.abs(own - np.median(own)) < 0.2).mean() > AGREEING_PART:
            smooth[piece == one] = np.median(own)
    return smooth


def _attach(target: Surface, parts: Ints, face: Face) -> Places:
    """The places on the skin that parts (N,) follow: the nearest, for far ends that of the nearest root."""
    skin, ids = face.skin.part(face.regions[OUTSIDE])
    points = target.points[parts]
    places = nearest_places(skin, np.empty((len(ids), 0)), points, np.empty((len(points), 0)))
    far = np.linalg.norm(places.mix(skin.points) - points, axis=1)
    root = np.arange(len(parts))
    piece = pieces(len(target.points), target.edges)[parts]
    for number in np.unique(piece):
        own = np.flatnonzero(piece == number)
        roots = own[far[own] <= max(ROOT_REACH, 1.5 * far[own].min())]
        root[own] = roots[nearest_rows(points[own], points[roots])]
    return Places(ids[places.vertices][root], places.shares[root])
