"""Links to bones: eyes, jaws, and Rigify's face, whose controls go where the default head's landmarks go.

The characters look along -Y with Z up; X is their left.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.head import HeadMesh, read_head
from blender_addon.core.retarget import Link, Target
from rigs.default_head_mesh import JAW_HINGE
from rigs.default_head_shapes import JAW_OPEN_DEGREES, LOOK_DEGREES, turn_about_x

JAW_OPEN_RADIANS = round(math.radians(JAW_OPEN_DEGREES), 3)
JAW_BONES = ("jaw", "lower_jaw", "jaw_root", "c_jawbone.x")
"""The last is Auto-Rig Pro's."""

Floats = NDArray[np.float64]
SIDES = (("Left", "L", 1), ("Right", "R", -1))
LOOKS = {"Up": (0, 1), "Down": (0, -1), "In": (1, -1), "Out": (1, 1)}  # upright or sideways; up, or away from the nose


ANIME_LOOK_DEGREES = dict.fromkeys(LOOKS, 10.0)
"""Of flat eyes: https://github.com/vrm-c/vrm-specification/blob/master/specification/VRMC_vrm-1.0/lookAt.md"""


def _eye_links(bone: str, degrees: Mapping[str, float] = LOOK_DEGREES) -> Iterator[Link]:
    """Links that turn an eye bone, * in its name for the side; it may lie in any direction."""
    for side, mark, outward in SIDES:
        for way, (is_sideways, sign) in LOOKS.items():
            angle = round(math.radians(degrees[way]), 3)
            target = Target("bone", bone.replace("*", mark), "turn_z" if is_sideways else "turn_x")
            gain = sign * angle * (outward if is_sideways else -1)
            yield Link(f"eyeLook{way}{side}", target, gain, minimum=-angle, maximum=angle)


EYE_BONES = (
    *_eye_links("eye.*"),
    *_eye_links("FaceEye.*", ANIME_LOOK_DEGREES),  # VRoid
    *_eye_links("目.*", ANIME_LOOK_DEGREES),  # MMD
)

CC_BONES = (
    Link("jawOpen", Target("bone", "CC_Base_JawRoot", "turn_x"), 0.52, maximum=0.52),
    *_eye_links("CC_Base_*_Eye"),
)
"""Of Character Creator: keys move skin and lids, bones the jaw (30 degrees) and the eyes."""

# ---------------------------------------------------------------------------------------------------------------------
# Rigify, measured on the human that Blender 4.5 adds and generates

LENGTHS_PER_EYE_DISTANCE = 8.0
"""Length of the controls of the face, all of them alike and upright, X to the left, Z to the front."""
LID_SCALE = 0.5
"""Height of Rigify's eyes against those of the default head."""
JAW_MASTER_PER_EYE_DISTANCE = 0.64
JAW_MASTER_AXES = np.array([[1.0, 0.0, 0.0], [0.0, -0.553, -0.833], [0.0, 0.833, -0.553]])
GAZE_TARGET_LENGTHS = 9.6
"""From the eye to the control in front of it, in lengths of that control, which is upright too."""
REACH_LENGTHS = 4.0
"""Limit of a control, either way."""
SMALLEST_LENGTHS = 0.1


@dataclass(frozen=True)
class Control:
    """Where a control sits on the default head, and how far it follows the jaw."""

    name: str
    """* for the side."""
    landmarks: tuple[int, ...] = ()
    """iBUG landmarks of the character's left side; the control goes where they go on average."""
    place: tuple[float, float, float] | None = None
    """Where there is no landmark."""
    jaw_share: float = 0.0
    scale: float = 1.0


CONTROLS = (
    Control("lip.T", (51, 62), jaw_share=0.10),
    Control("lip.T.*.001", (52, 53, 63), jaw_share=0.10),
    Control("lip.B", (57, 66), jaw_share=1.0),
    Control("lip.B.*.001", (55, 56, 65), jaw_share=0.75),
    Control("lips.*", (54, 64), jaw_share=0.35),
    Control("cheek.B.*.001", place=(0.42, -0.60, -0.48), jaw_share=0.35),
    Control("cheek.T.*.001", place=(0.40, -0.70, -0.27)),
    Control("nose.*.001", place=(0.10, -0.86, -0.26)),
    Control("brow.T.*.001", (25, 26)),
    Control("brow.T.*.002", (24,)),
    Control("brow.T.*.003", (22, 23)),
    Control("lid.T.*.001", (44,), scale=LID_SCALE),
    Control("lid.T.*.002", (43, 44), scale=LID_SCALE),
    Control("lid.T.*.003", (43,), scale=LID_SCALE),
    Control("lid.B.*.001", (47,), scale=LID_SCALE),
    Control("lid.B.*.002", (46, 47), scale=LID_SCALE),
    Control("lid.B.*.003", (46,), scale=LID_SCALE),
)
LANDMARK_PAIRS = (  # left, right
    (22, 21), (23, 20), (24, 19), (25, 18), (26, 17), (43, 38), (44, 37), (46, 41), (47, 40), (52, 50), (53, 49),
    (54, 48), (55, 59), (56, 58), (63, 61), (64, 60), (65, 67), (51, 51), (57, 57), (62, 62), (66, 66),
)  # fmt: skip
OTHER_SIDE = dict(LANDMARK_PAIRS)


@cache
def _head() -> HeadMesh:
    return read_head()


def rigify_links() -> Iterator[Link]:
    """Jaw, gaze and all controls of the face."""
    yield Link("jawOpen", Target("bone", "jaw_master", "rotation_x"), JAW_OPEN_RADIANS, maximum=JAW_OPEN_RADIANS)
    yield from _jaw_shifts()
    for side, mark, outward in SIDES:
        for way, (is_sideways, sign) in LOOKS.items():
            gain = round(GAZE_TARGET_LENGTHS * math.tan(math.radians(LOOK_DEGREES[way])), 1)
            target = Target("bone", f"eye.{mark}", "location_x" if is_sideways else "location_y")
            yield _move(f"eyeLook{way}{side}", target, sign * gain * (outward if is_sideways else 1), 2 * gain)
        for control in CONTROLS:
            if "*" in control.name:
                yield from _control_links(control, control.name.replace("*", mark), side)
    for control in CONTROLS:
        if "*" not in control.name:
            yield from _control_links(control, control.name, "Left")


def _move(channel: str, target: Target, gain: float, reach: float = REACH_LENGTHS) -> Link:
    return Link(channel, target, gain, minimum=-reach, maximum=reach)


def _jaw_shifts() -> Iterator[Link]:
    """jaw_master carried aside and forward, in its own lengths along its own axes."""
    for channel in ("jawForward", "jawLeft", "jawRight"):
        shift = JAW_MASTER_AXES @ _shift(channel) * JAW_MASTER_PER_EYE_DISTANCE
        for axis, gain in zip("xyz", shift, strict=True):
            if abs(gain) > 0.01:
                yield _move(channel, Target("bone", "jaw_master", f"location_{axis}"), round(float(gain), 3), 1.0)


def _shift(channel: str) -> Floats:
    """(3,) where the chin goes, in eye distances."""
    chin: Floats = _motion(BLENDSHAPE_CHANNELS.index(channel))[_head().landmarks68[8]]
    return chin


def _motion(channel: int) -> Floats:
    """(V, 3) where a channel at 1 takes the face, in eye distances."""
    motion: Floats = _head().face_offsets()[channel].astype(np.float64) / _eye_distance()
    return motion


def _eye_distance() -> float:
    head = _head()
    eyes = head.vertices[head.landmarks68[36:48]].reshape(2, 6, 3).mean(axis=1)
    return float(np.linalg.norm(eyes[1] - eyes[0]))


def _control_links(control: Control, bone: str, side: str) -> Iterator[Link]:
    """What a control does besides following the jaw, in its lengths; its axes are left, up and front."""
    head = _head()
    if control.place is None:
        landmarks = [i if side == "Left" else OTHER_SIDE[i] for i in control.landmarks]
        vertices = head.landmarks68[landmarks]
    else:
        place = np.array(control.place) * ((1 if side == "Left" else -1), 1, 1)
        near = np.linalg.norm(head.vertices[: head.n_face_vertices] - place, axis=1)
        vertices = np.array([near.argmin()])
    at = head.vertices[vertices].astype(np.float64)
    turn = turn_about_x(at, JAW_HINGE, -JAW_OPEN_DEGREES) / _eye_distance()
    carried = {"jawOpen": turn.mean(axis=0)} | {name: _shift(name) for name in ("jawForward", "jawLeft", "jawRight")}
    for number, channel in enumerate(BLENDSHAPE_CHANNELS):
        if channel.startswith("eyeLook"):
            continue  # the lids follow the gaze by themselves
        goes = _motion(number)[vertices].mean(axis=0) - control.jaw_share * carried.get(channel, 0.0)
        for axis, amount in zip("xyz", (goes[0], goes[2], -goes[1]), strict=True):
            gain = round(float(amount) * control.scale * LENGTHS_PER_EYE_DISTANCE, 2)
            if abs(gain) >= SMALLEST_LENGTHS:
                yield _move(channel, Target("bone", bone, f"location_{axis}"), gain)
