"""What t-GAN paints over: the pictures of a person that are most like what is wanted, moved to the wanted landmarks.

Eyes and lips are looked for apart: these lips may be seen in one picture and those lids in another.

Pictures are (N, 3, 256, 256), landmarks (N, 68, 2) in picture coordinates. Nothing is learned here, and onnxruntime
knows all of the arithmetic.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor

from blender_addon.core.frames import SIDE_PX
from blender_addon.core.landmarks import LEFT_EYE, LIPS, RIGHT_EYE

EYES = slice(RIGHT_EYE.start, LEFT_EYE.stop)
"""Landmarks of both."""
POSE_SHARE = 0.1
"""Of the whole face, head turns included, in how unlike a picture is, against the shape of eyes or lips. On held-out
renders the error round the lips is a third higher with the whole face alone, and .3 and 1 lie between."""
N_BLENDED = 2
"""Pictures that are blended: one has sharper skin, and two leave no jump where another becomes the nearest. Against
recorded and rendered faces two are .9 dB better than one, and three are no better."""
REACH = 0.05
"""Of a landmark, in parts of the picture: what lies so far from it follows it a quarter as much as what lies on it."""
STILL = 0.5
"""Weight of not moving at all, against that of a landmark: what is far from the face stays where it is."""
GRID_CELLS = 64
"""The shifts are worked out for so many rows and columns, and for pixels between them by interpolation."""
STEEPNESS = 12.0
"""Of the change from the picture with the eyes to that with the lips, between which skin is of one colour."""


def canvas(images: Tensor, image_landmarks: Tensor, landmarks: Tensor) -> Tensor:
    """Pictures (B, 3, 256, 256) of landmarks (B, 68, 2), of N images with their landmarks, in the images' range.

    The nearer an image's landmarks, the more it counts; an image that is on the way out counts nothing when it goes.
    """
    shares = following(landmarks)
    upper, lower = (_blend(images, image_landmarks, landmarks, shares, part) for part in (EYES, LIPS))
    eyes, lips = (landmarks[:, part, 1].mean(1, keepdim=True) for part in (EYES, LIPS))
    rows = middles(SIDE_PX, images.device)
    share = torch.sigmoid(STEEPNESS * (0.5 - (rows - eyes) / (lips - eyes)))[:, None, :, None]
    return lower + share * (upper - lower)


def nearest(image_landmarks: Tensor, landmarks: Tensor, part: slice) -> tuple[Tensor, Tensor]:
    """Numbers (B, k) of the images most like landmarks (B, 68, 2) in some of them, and weights (B, k) of sum 1."""
    distances = _distances(_shape(image_landmarks[:, part]), _shape(landmarks[:, part]))
    distances = distances + POSE_SHARE * _distances(image_landmarks, landmarks)
    n_compared = min(N_BLENDED + 1, len(image_landmarks))
    near, chosen = torch.topk(distances, n_compared, largest=False)
    if n_compared == 1:
        return chosen, torch.ones_like(near)
    lead = near[:, -1:] - near[:, :-1] + 1e-9  # so that equally near ones share
    return chosen[:, :-1], lead / lead.sum(1, keepdim=True)


def _shape(points: Tensor) -> Tensor:
    """Points (N, P, 2), wherever they are."""
    return points - points.mean(1, keepdim=True)


def _distances(some: Tensor, others: Tensor) -> Tensor:
    """Squared distances (B, N) of N and B sets of points."""
    return (others.unsqueeze(1) - some).square().sum((2, 3))


def _blend(images: Tensor, image_landmarks: Tensor, landmarks: Tensor, shares: Tensor, part: slice) -> Tensor:
    """The images that are nearest in some landmarks, moved and blended."""
    chosen, weights = nearest(image_landmarks, landmarks, part)
    blend = torch.zeros(1, device=images.device)
    for picked, weight in zip(chosen.unbind(1), weights.unbind(1), strict=True):
        shifted = moved(images[picked].float(), image_landmarks[picked] - landmarks, shares)
        blend = blend + weight[:, None, None, None] * shifted
    return blend


def middles(n: int, device: torch.device) -> Tensor:
    """Where the middles of n equal parts of a picture's side are: (n,), in picture coordinates."""
    return (torch.arange(n, device=device) + 0.5) / n


def following(landmarks: Tensor) -> Tensor:
    """How much each cell of a picture follows each landmark (B, 68, 2): (B, GRID_CELLS², 68), of sum below 1."""
    cells = middles(GRID_CELLS, landmarks.device)
    columns, rows = (((landmarks[:, None, :, axis] - cells[:, None]) / REACH).square() for axis in (0, 1))
    distances = (1 + rows.unsqueeze(2) + columns.unsqueeze(1)).flatten(1, 2)
    weights = 1 / (distances * distances)
    return weights / (weights.sum(2, keepdim=True) + STILL)


def moved(images: Tensor, steps: Tensor, shares: Tensor) -> Tensor:
    """Images (B, 3, 256, 256) whose landmarks step back by (B, 68, 2), and what follows them, by its shares, too."""
    shifts = (shares @ steps).transpose(1, 2).reshape(-1, 2, GRID_CELLS, GRID_CELLS)
    shifts = F.interpolate(shifts, size=(SIDE_PX, SIDE_PX), mode="bilinear").permute(0, 2, 3, 1)
    pixels = middles(SIDE_PX, images.device)
    places = torch.stack([pixels.expand(SIDE_PX, SIDE_PX), pixels[:, None].expand(SIDE_PX, SIDE_PX)], dim=2)
    return F.grid_sample(images, 2 * (places + shifts) - 1, padding_mode="border", align_corners=False)
