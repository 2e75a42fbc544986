"""The vocabulary of Voxkey: the names and the order of the 51 blendshape channels, and of the 68 landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Channels = tuple[str, ...]
"""Names of the columns of an array."""

BLENDSHAPE_CHANNELS: Channels = (
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
)  # fmt: skip  (one row a face region reads better than one name a line)
"""ARKit-52 without tongueOut, in alphabetical order, weights in [0, 1].

Left and right are the character's own. Meaning of each shape:
https://developer.apple.com/documentation/arkit/arfaceanchor/blendshapelocation
"""

UPPER_FACE = ("brow", "eye")
"""How the names of the channels of the upper half of the face begin; the others are of the lower half."""

N_LANDMARKS = 68
"""Points of the iBUG scheme: jaw from the picture's left, brows, nose, eyes, outer and inner lips.

https://ibug.doc.ic.ac.uk/resources/facial-point-annotations/
"""

LANDMARK_CHANNELS = tuple(f"landmark{point:02}{axis}" for point in range(N_LANDMARKS) for axis in "XY")
"""Landmarks as Curves: x to the picture's right and y down of one point after the other."""


def in_upper_face(channels: Channels) -> NDArray[np.bool_]:
    """(K,) whether channels are of the upper half of the face."""
    return np.array([channel.startswith(UPPER_FACE) for channel in channels], bool)


def sideless(channel: str) -> str:
    """mouthSmile for mouthSmileLeft; jawLeft for itself, for it has no sides."""
    name = channel.removesuffix("Left").removesuffix("Right")
    return channel if name in ("jaw", "mouth") else name
