"""Build the characters that retargeting is tested with: python -m rigs.test_rigs [--rig NAME ...] [--output out/rigs].

Each is another family of rigs: other names, shapes, bones, objects, units and topology. Their geometry is the default
head, bent; the names are those of the families, from the sources given at each. Nothing here is committed as a file:
build(name) makes a character in an empty scene in seconds.
"""

# The bpy stubs make every data-block optional and know no kind of modifier.
# mypy: disable-error-code="union-attr, attr-defined"

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from rigs.default_head import Colour
from rigs.default_head_mesh import Ids, Points
from rigs.default_head_shapes import JAW_OPEN_DEGREES, smoothstep, turn_about_x
from rigs.test_rig_geometry import (
    Geometry,
    default_geometry,
    eye_size,
    flat_nose,
    irregular,
    lower_face,
    piece,
    pointed_ears,
    scaled,
    snout,
    tall_skull,
    warped,
)
from rigs.test_rig_objects import Bone, Place, add_armature, add_hair, add_mesh, bind, show_face
from rigs.test_rig_rigify import add_rigify

Pose = dict[str, float]
"""Channel -> weight."""


@dataclass(frozen=True)
class Rig:
    """A character in the scene, and what to expect of it."""

    face: str
    """The object that the artist chooses."""
    landmarks: Ids
    """(68,) vertex numbers of the face, iBUG order; -1 where the landmark is on another object."""
    teeth: tuple[str, int, int]
    """The object with the teeth, and a vertex of an upper and of a lower incisor."""
    expresses: frozenset[str]
    """The channels that it can show."""
    has_width: bool = True
    """Whether it can move the corners of the mouth."""
    is_anonymous: bool = False
    """Whether its names say nothing, so that it must be matched by shape first."""


EYES = frozenset(name for name in BLENDSHAPE_CHANNELS if name.startswith("eyeLook"))
ALL = frozenset(BLENDSHAPE_CHANNELS)


def both(name: str, value: float = 1.0) -> Pose:
    """A channel of both sides."""
    return {f"{name}Left": value, f"{name}Right": value}


def combined(geometry: Geometry, pose: Pose) -> Points:
    """The displacement (V, 3) of several channels at once."""
    total: Points = sum((value * geometry.deltas[name] for name, value in pose.items()), np.zeros_like(geometry.points))
    return total


def shapes(geometry: Geometry, poses: Mapping[str, Pose]) -> dict[str, Points]:
    return {name: combined(geometry, pose) for name, pose in poses.items()}


def place(point: Points) -> Place:
    return (float(point[0]), float(point[1]), float(point[2]))


def facing(name: str, head: Points, length: float, parent: str) -> Bone:
    """A bone that looks where the face looks (away, if length is negative), Z up: a turn about Z looks to the left."""
    return Bone(name, place(head), place(head + np.array([0.0, -length, 0.0])), parent, (0.0, 0.0, 1.0), True)


def upright(name: str, head: Points, length: float, parent: str) -> Bone:
    """A bone that stands, Z to the front: a turn about Y looks to the left."""
    return Bone(name, place(head), place(head + np.array([0.0, 0.0, length])), parent, (0.0, -1.0, 0.0), True)


def head_bone(geometry: Geometry, name: str, parent: str = "") -> Bone:
    """The bone of the skull, upright."""
    at = geometry.joints["jaw_hinge"]
    size = float(np.ptp(geometry.points[:, 2]))
    top = at + np.array([0.0, 0.0, 0.4 * size])
    return Bone(name, place(at), place(top), parent, (0.0, -1.0, 0.0), is_deforming=True)


def jaw_bone(geometry: Geometry, name: str, parent: str, z_axis: Place | None = None) -> Bone:
    """From the hinge of the jaw to the chin; with a roll of 0 a turn about X opens it."""
    return Bone(
        name, place(geometry.joints["jaw_hinge"]), place(geometry.points[geometry.landmarks[8]]), parent, z_axis, True
    )


def eye_weights(geometry: Geometry, left: str, right: str, rest: str) -> dict[str, Points]:
    """Eyeballs on their bones, all else on the bone rest."""
    is_eye = np.zeros(len(geometry.points))
    is_eye[np.concatenate([geometry.pieces["eyeball"], geometry.pieces["glint"]])] = 1.0
    x = geometry.points[:, 0]
    return {left: is_eye * (x > 0), right: is_eye * (x < 0), rest: 1 - is_eye}


def still_eyes(geometry: Geometry) -> Geometry:
    """The head with eyeballs that no shape moves, for rigs that turn them by bones."""
    moves = np.ones((len(geometry.points), 1))
    moves[np.concatenate([geometry.pieces["eyeball"], geometry.pieces["glint"]])] = 0.0
    return replace(geometry, deltas={name: moves * delta for name, delta in geometry.deltas.items()})


def incisors(name: str, geometry: Geometry) -> tuple[str, int, int]:
    """The teeth of an object, for Rig.teeth."""
    return name, int(geometry.pieces["upper_teeth"][0]), int(geometry.pieces["lower_teeth"][0])


def finish(rig: Rig) -> Rig:
    """Frame the face and return the rig."""
    face = bpy.data.objects[rig.face]
    bpy.context.view_layer.update()
    to_world = np.array(face.matrix_world)
    ids = rig.landmarks[rig.landmarks >= 0]
    points = np.array([face.data.vertices[i].co for i in ids])
    show_face(face, points @ to_world[:3, :3].T + to_world[:3, 3])
    return rig


# ---------------------------------------------------------------------------------------------------------------------
# Anime characters with vowels and eye bones

VOWELS: dict[str, Pose] = {
    "A": {"jawOpen": 0.7} | both("mouthLowerDown", 0.35) | both("mouthUpperUp", 0.2),
    "I": {"jawOpen": 0.12}
    | both("mouthStretch", 0.6)
    | both("mouthSmile", 0.3)
    | both("mouthLowerDown", 0.4)
    | both("mouthUpperUp", 0.3),
    "U": {"jawOpen": 0.12, "mouthPucker": 0.8, "mouthFunnel": 0.4},
    "E": {"jawOpen": 0.35} | both("mouthStretch", 0.35) | both("mouthSmile", 0.2) | both("mouthLowerDown", 0.3),
    "O": {"jawOpen": 0.45, "mouthFunnel": 0.8, "mouthPucker": 0.3},
}
SURPRISED_BROWS = {"browInnerUp": 1.0} | both("browOuterUp")

# Names of the blend shapes that characters made in VRoid Studio have: https://github.com/madjin/vrm-samples
VROID: dict[str, Pose] = {
    "Fcl_ALL_Neutral": {},
    "Fcl_ALL_Joy": both("mouthSmile", 0.8) | both("eyeSquint", 0.8),
    "Fcl_BRW_Angry": both("browDown"),
    "Fcl_BRW_Joy": both("browOuterUp", 0.6),
    "Fcl_BRW_Sorrow": {"browInnerUp": 1.0},
    "Fcl_BRW_Surprised": SURPRISED_BROWS,
    "Fcl_EYE_Close": both("eyeBlink"),
    "Fcl_EYE_Close_L": {"eyeBlinkLeft": 1.0},
    "Fcl_EYE_Close_R": {"eyeBlinkRight": 1.0},
    "Fcl_EYE_Joy": both("eyeBlink", 0.8) | both("cheekSquint"),
    "Fcl_EYE_Surprised": both("eyeWide"),
    "Fcl_MTH_Close": both("mouthPress"),
    "Fcl_MTH_Angry": both("mouthFrown"),
    "Fcl_MTH_Small": {"mouthPucker": 0.6},
    "Fcl_MTH_Large": both("mouthStretch", 0.8),
    "Fcl_MTH_Fun": both("mouthSmile"),
} | {f"Fcl_MTH_{vowel}": pose for vowel, pose in VOWELS.items()}

# Names of the VRM 0 presets: https://github.com/vrm-c/vrm-specification/tree/master/specification/0.0
VRM: dict[str, Pose] = VOWELS | {
    "Blink": both("eyeBlink"),
    "Blink_L": {"eyeBlinkLeft": 1.0},
    "Blink_R": {"eyeBlinkRight": 1.0},
    "Joy": both("mouthSmile") | both("eyeSquint", 0.6),
    "Angry": both("browDown") | both("mouthFrown", 0.5),
    "Sorrow": {"browInnerUp": 1.0} | both("mouthFrown", 0.5),
    "Fun": both("mouthSmile", 0.8),
}
SPOKEN = frozenset(
    {"jawOpen", "mouthFunnel", "mouthPucker", "eyeBlinkLeft", "eyeBlinkRight", *both("mouthStretch")} | EYES
)
ANIME = (eye_size(1.06), lower_face(0.80, 0.78), flat_nose(0.16))


def anime(
    keys: Mapping[str, Pose],
    bones: tuple[str, str, str],
    eye_bone: Callable[[str, Points, float, str], Bone],
    expresses: frozenset[str],
    hair: Colour,
) -> Rig:
    """Large eyes that bones turn, a small mouth, vowels for it."""
    geometry = still_eyes(warped(default_geometry(), *ANIME, scaled(0.11, 0.11, 0.11)))
    head, left, right = bones
    face = add_mesh("Face", geometry, shapes(geometry, keys), {"skin": (1.0, 0.83, 0.76), "iris": (0.55, 0.30, 0.70)})
    armature = add_armature(
        "Armature",
        [
            head_bone(geometry, head),
            eye_bone(left, geometry.joints["eye_left"], 0.02, head),
            eye_bone(right, geometry.joints["eye_right"], 0.02, head),
        ],
    )
    bind(face, armature, eye_weights(geometry, left, right, head))
    strands = add_hair(hair, *ANIME, scaled(0.11, 0.11, 0.11))
    bind(strands, armature, {head: np.ones(len(strands.data.vertices))})
    return finish(Rig("Face", geometry.landmarks, incisors("Face", geometry), expresses))


def anime_vroid() -> Rig:
    bones = ("J_Bip_C_Head", "J_Adj_L_FaceEye", "J_Adj_R_FaceEye")
    expresses = SPOKEN | {"browInnerUp", *both("mouthSmile"), *both("browDown")}
    return anime(VROID, bones, facing, expresses, (0.35, 0.35, 0.60))


def anime_vrm() -> Rig:
    return anime(VRM, ("head", "eye.L", "eye.R"), upright, SPOKEN, (0.85, 0.60, 0.65))


# ---------------------------------------------------------------------------------------------------------------------
# A realistic character in pieces, as Character Creator 4 exports them
# Names: https://github.com/soupday/cc_blender_tools (facial profile "CC4 Extended")

CC4_WHOLE = {
    "jawOpen": "Jaw_Open",
    "jawForward": "Jaw_Forward",
    "jawLeft": "Jaw_L",
    "jawRight": "Jaw_R",
    "mouthClose": "Mouth_Close",
    "mouthLeft": "Mouth_L",
    "mouthRight": "Mouth_R",
    "mouthShrugUpper": "Mouth_Shrug_Upper",
    "mouthShrugLower": "Mouth_Shrug_Lower",
}
CC4_SIDED = {
    "browDown": "Brow_Drop",
    "browOuterUp": "Brow_Raise_Outer",
    "eyeBlink": "Eye_Blink",
    "eyeSquint": "Eye_Squint",
    "eyeWide": "Eye_Wide",
    "cheekSquint": "Cheek_Raise",
    "noseSneer": "Nose_Sneer",
    "mouthSmile": "Mouth_Smile",
    "mouthFrown": "Mouth_Frown",
    "mouthDimple": "Mouth_Dimple",
    "mouthStretch": "Mouth_Stretch",
    "mouthPress": "Mouth_Press",
    "mouthUpperUp": "Mouth_Up_Upper",
    "mouthLowerDown": "Mouth_Down_Lower",
}
CC4_HALVED = {  # one channel, a key a side
    "browInnerUp": "Brow_Raise_Inner",
    "cheekPuff": "Cheek_Puff",
    "mouthRollUpper": "Mouth_Roll_In_Upper",
    "mouthRollLower": "Mouth_Roll_In_Lower",
}
CC4_QUARTERED = {"mouthPucker": "Mouth_Pucker", "mouthFunnel": "Mouth_Funnel"}  # a key a side, upper and lower
CC4_LOOKS = {  # of each eye; the key moves the lids, the bone the eye
    "Up": {"L": "eyeLookUpLeft", "R": "eyeLookUpRight"},
    "Down": {"L": "eyeLookDownLeft", "R": "eyeLookDownRight"},
    "L": {"L": "eyeLookOutLeft", "R": "eyeLookInRight"},
    "R": {"L": "eyeLookInLeft", "R": "eyeLookOutRight"},
}

CC4_JAW_OPEN_DEGREES = 30.0  # at Jaw_Open = 1, in the facial profiles of cc_blender_tools
CC4_SEAM_CM = 1.2
"""Halves of a shape go over into each other this far from the middle."""


def cc4_keys(geometry: Geometry) -> dict[str, Points]:
    """The shapes under their names in Character Creator; parts of a shape add up to it."""
    deltas = geometry.deltas
    left = smoothstep(geometry.points[:, 0], -CC4_SEAM_CM, CC4_SEAM_CM)[:, None]
    side = {"L": left, "R": 1 - left}
    upright = {"Up": 1 - geometry.jaw[:, None], "Down": geometry.jaw[:, None]}
    keys = {name: deltas[channel] for channel, name in CC4_WHOLE.items()}
    for s, long in (("L", "Left"), ("R", "Right")):
        keys |= {f"{name}_{s}": deltas[channel + long] for channel, name in CC4_SIDED.items()}
        keys |= {f"{name}_{s}": side[s] * deltas[channel] for channel, name in CC4_HALVED.items()}
        for channel, name in CC4_QUARTERED.items():
            keys |= {f"{name}_{u}_{s}": side[s] * share * deltas[channel] for u, share in upright.items()}
        keys |= {f"Eye_{s}_Look_{way}": deltas[channels[s]] for way, channels in CC4_LOOKS.items()}
    return keys


def leave_to_jaw_bone(geometry: Geometry) -> None:
    """Change jawOpen and mouthClose to what is left when a bone turns the jaw, which it does further."""
    points, hinge = geometry.points, geometry.joints["jaw_hinge"]
    turned = turn_about_x(points, hinge, -JAW_OPEN_DEGREES)
    further = turn_about_x(points, hinge, -CC4_JAW_OPEN_DEGREES) - turned
    opened = geometry.deltas["jawOpen"]
    closed = opened + geometry.deltas["mouthClose"]
    followed = (closed * turned).sum(axis=1) / np.maximum((turned**2).sum(axis=1), 1e-9)
    bone = 1 + geometry.jaw * (np.exp(1j * np.radians(CC4_JAW_OPEN_DEGREES)) - 1)  # what it does to y + iz

    def key(motion: Points) -> Points:
        """The displacement that the bone turns into this motion: keys come before bones."""
        x, y, z = (points + motion - hinge).T
        plane = (y + 1j * z) / bone
        unturned: Points = hinge + np.stack([x, plane.real, plane.imag], axis=1) - points
        return unturned

    geometry.deltas["jawOpen"] = key(opened + geometry.jaw[:, None] * further)
    geometry.deltas["mouthClose"] = key(closed + followed[:, None] * further) - geometry.deltas["jawOpen"]


CC4 = (eye_size(0.86), lower_face(0.95, 1.10, 0.03), scaled(10.5, 11.0, 11.5))  # cm, in an armature of scale 0.01
CC4_COLOURS: dict[str, Colour] = {"skin": (0.72, 0.50, 0.40), "lip": (0.60, 0.33, 0.30), "iris": (0.40, 0.28, 0.15)}


def cc4() -> Rig:
    """Face, lashes, brows, teeth, tongue and eyes as objects of their own; bones turn eyes and jaw."""
    geometry = still_eyes(warped(default_geometry(), *CC4))
    leave_to_jaw_bone(geometry)
    head, jaw = "CC_Base_Head", "CC_Base_JawRoot"
    armature = add_armature(
        "Character",
        [
            head_bone(geometry, head),
            jaw_bone(geometry, jaw, head, z_axis=(1.0, 0.0, 0.0)),
            facing("CC_Base_UpperJaw", geometry.joints["jaw_hinge"], 3.0, head),
            facing("CC_Base_Teeth01", geometry.joints["jaw_hinge"], 3.0, "CC_Base_UpperJaw"),
            facing("CC_Base_Teeth02", geometry.joints["jaw_hinge"], 3.0, jaw),
            facing("CC_Base_Tongue01", geometry.joints["jaw_hinge"], 3.0, jaw),
            facing("CC_Base_L_Eye", geometry.joints["eye_left"], -2.0, head),  # as theirs, from the pupil backwards
            facing("CC_Base_R_Eye", geometry.joints["eye_right"], -2.0, head),
        ],
    )
    armature.scale = (0.01, 0.01, 0.01)
    skin = piece(geometry, "skin")
    bind(
        add_mesh("CC_Base_Body", skin, cc4_keys(skin), CC4_COLOURS),
        armature,
        {jaw: skin.jaw, head: 1 - skin.jaw},
    )
    for name, part in (("Eyelashes", "lash"), ("Brows", "brow")):
        fringe = piece(geometry, part)
        keys = {key: delta for key, delta in cc4_keys(fringe).items() if np.abs(delta).max() > 1e-4}
        bind(add_mesh(name, fringe, keys, CC4_COLOURS), armature, {head: np.ones(len(fringe.points))})
    eyes = piece(geometry, "eyeball", "glint")
    weights = eye_weights(eyes, "CC_Base_L_Eye", "CC_Base_R_Eye", head)
    bind(add_mesh("CC_Base_Eye", eyes, {}, CC4_COLOURS), armature, weights)
    teeth = piece(geometry, "upper_teeth", "lower_teeth")
    bind(
        add_mesh("CC_Base_Teeth", teeth, {}), armature, {"CC_Base_Teeth02": teeth.jaw, "CC_Base_Teeth01": 1 - teeth.jaw}
    )
    tongue = piece(geometry, "tongue")
    bind(add_mesh("CC_Base_Tongue", tongue, {}), armature, {"CC_Base_Tongue01": tongue.jaw, head: 1 - tongue.jaw})
    return finish(Rig("CC_Base_Body", skin.landmarks, incisors("CC_Base_Teeth", teeth), ALL))


# ---------------------------------------------------------------------------------------------------------------------
# MPFB: the same prefix on all shapes, and meshes that go with the body
# Names: https://github.com/makehumancommunity/mpfb2 (face units, TargetService)

MPFB = (lower_face(1.06, 1.0), scaled(1.06, 1.0, 1.04), tall_skull(0.10), scaled(1.1, 1.1, 1.1))
MPFB_COLOURS: dict[str, Colour] = {"skin": (0.45, 0.29, 0.22), "lip": (0.42, 0.22, 0.20), "brow": (0.08, 0.06, 0.05)}
MPFB_MESHES = {
    "Human": ("skin",),
    "Human.eyes": ("eyeball", "glint"),
    "Human.teeth_base": ("upper_teeth", "lower_teeth"),
    "Human.tongue01": ("tongue",),
    "Human.eyebrow001": ("brow",),
    "Human.eyelashes01": ("lash",),
}


def mpfb() -> Rig:
    """All 51 shapes as !ex-..., on the body and on what it wears, in decimetres."""
    geometry = warped(default_geometry(), *MPFB)
    armature = add_armature("Human.rig", [head_bone(geometry, "head")])
    for name, names in MPFB_MESHES.items():
        part = piece(geometry, *names)
        keys = {f"!ex-{channel}": delta for channel, delta in part.deltas.items() if np.abs(delta).max() > 1e-4}
        bind(add_mesh(name, part, keys, MPFB_COLOURS), armature, {"head": np.ones(len(part.points))})
    teeth = incisors("Human.teeth_base", piece(geometry, *MPFB_MESHES["Human.teeth_base"]))
    return finish(Rig("Human", piece(geometry, "skin").landmarks, teeth, ALL))


# ---------------------------------------------------------------------------------------------------------------------
# Game avatar: the visemes of Oculus alone, in few triangles
# https://developers.meta.com/horizon/documentation/unity/audio-ovrlipsync-viseme-reference

VISEMES: dict[str, Pose] = {
    "viseme_sil": {},
    "viseme_PP": {"jawOpen": 0.08, "mouthClose": 0.08, "mouthRollUpper": 0.3, "mouthRollLower": 0.3}
    | both("mouthPress", 0.4),
    "viseme_FF": {"jawOpen": 0.10, "mouthRollLower": 0.6} | both("mouthUpperUp", 0.35),
    "viseme_TH": {"jawOpen": 0.18} | both("mouthLowerDown", 0.2),
    "viseme_DD": {"jawOpen": 0.14} | both("mouthLowerDown", 0.35) | both("mouthUpperUp", 0.1),
    "viseme_kk": {"jawOpen": 0.20} | both("mouthLowerDown", 0.25),
    "viseme_CH": {"jawOpen": 0.10, "mouthFunnel": 0.7} | both("mouthLowerDown", 0.2),
    "viseme_SS": {"jawOpen": 0.06} | both("mouthStretch", 0.3) | both("mouthLowerDown", 0.4),
    "viseme_nn": {"jawOpen": 0.12} | both("mouthLowerDown", 0.3),
    "viseme_RR": {"jawOpen": 0.15, "mouthFunnel": 0.4, "mouthPucker": 0.2},
    "viseme_aa": {"jawOpen": 0.70} | both("mouthLowerDown", 0.3) | both("mouthUpperUp", 0.15),
    "viseme_E": {"jawOpen": 0.32} | both("mouthStretch", 0.3) | both("mouthSmile", 0.2) | both("mouthLowerDown", 0.3),
    "viseme_I": VOWELS["I"],
    "viseme_O": {"jawOpen": 0.45, "mouthFunnel": 0.75, "mouthPucker": 0.2},
    "viseme_U": {"jawOpen": 0.12, "mouthPucker": 0.85, "mouthFunnel": 0.3},
}
OCULUS = (eye_size(0.92), lower_face(1.10, 1.0, 0.04), scaled(0.12, 0.11, 0.105))
OCULUS_COLOURS: dict[str, Colour] = {"skin": (0.85, 0.62, 0.48), "iris": (0.25, 0.45, 0.25)}


def oculus() -> Rig:
    """Visemes on head and teeth, eyes by bones, blinks by keys: the objects and bones of Ready Player Me."""
    whole = irregular(default_geometry(), 0.8, seed=4)
    geometry = still_eyes(warped(whole, *OCULUS))
    bones = ("Head", "LeftEye", "RightEye")
    armature = add_armature(
        "Armature",
        [
            head_bone(geometry, "Head"),
            facing("LeftEye", geometry.joints["eye_left"], 0.02, "Head"),
            facing("RightEye", geometry.joints["eye_right"], 0.02, "Head"),
        ],
    )
    poses = VISEMES | {"eyeBlinkLeft": {"eyeBlinkLeft": 1.0}, "eyeBlinkRight": {"eyeBlinkRight": 1.0}}
    face = piece(geometry, "skin", "brow", "lash", "eyeball", "glint")
    weights = eye_weights(face, bones[1], bones[2], bones[0])
    bind(add_mesh("Wolf3D_Head", face, shapes(face, poses), OCULUS_COLOURS), armature, weights)
    mouth = piece(geometry, "upper_teeth", "lower_teeth", "tongue")
    bind(add_mesh("Wolf3D_Teeth", mouth, shapes(mouth, VISEMES)), armature, {"Head": np.ones(len(mouth.points))})
    strands = add_hair((0.12, 0.10, 0.10), *OCULUS)
    bind(strands, armature, {"Head": np.ones(len(strands.data.vertices))})
    return finish(Rig("Wolf3D_Head", face.landmarks, incisors("Wolf3D_Teeth", mouth), SPOKEN))


# ---------------------------------------------------------------------------------------------------------------------
# Rigify: bones alone

RIGIFY = (lower_face(1.0, 1.06), scaled(0.105, 0.11, 0.11))


def rigify() -> Rig:
    """The control bones of Rigify's face, and no shape key at all."""
    geometry = warped(default_geometry(), *RIGIFY)
    add_rigify(geometry)
    return finish(Rig("Face", geometry.landmarks, incisors("Face", geometry), ALL))


# ---------------------------------------------------------------------------------------------------------------------
# A creature whose shapes say nothing by name

CREATURE = (
    eye_size(0.72),
    lower_face(1.15, 0.92),
    snout(0.50, 1.45),
    pointed_ears(0.35),
    tall_skull(-0.25),
    scaled(1.25, 1.0, 1.0),
)
CREATURE_COLOURS: dict[str, Colour] = {
    "skin": (0.42, 0.58, 0.40),
    "lip": (0.33, 0.42, 0.30),
    "iris": (0.85, 0.65, 0.10),
    "brow": (0.20, 0.28, 0.18),
}
PAIRS = tuple(name.removesuffix("Left") for name in BLENDSHAPE_CHANNELS if name.endswith("Left"))
TOGETHER = {"mouthUpperUp", "mouthLowerDown", "mouthPress", "eyeWide", "mouthDimple", "cheekSquint"}
"""Channels of which the creature has one shape for both sides."""
LOST = {"mouthShrugUpper", "browOuterUpRight", "noseSneerLeft"}
"""Channels for which it has none."""
ASIDE: dict[str, Pose] = {  # shapes that do something else as well
    "jawOpen": {"jawOpen": 1.0, "jawLeft": 0.12},
    "mouthFunnel": {"mouthFunnel": 1.0, "jawOpen": 0.10},
    "mouthSmileLeft": {"mouthSmileLeft": 1.0, "eyeSquintLeft": 0.3},
}


def creature_poses() -> dict[str, Pose]:
    """key_001 ... -> what it does, in no order that helps."""
    poses: list[Pose] = [both(pair) for pair in PAIRS if pair in TOGETHER]
    for channel in BLENDSHAPE_CHANNELS:
        if channel not in LOST and channel.removesuffix("Left").removesuffix("Right") not in TOGETHER:
            poses.append(ASIDE.get(channel, {channel: 1.0}))
    order = np.random.default_rng(68).permutation(len(poses))
    return {f"key_{number:03d}": poses[i] for number, i in enumerate(order, 1)}


def creature() -> Rig:
    """A snout, small eyes, large ears, irregular triangles; in centimetres and Y up, turned upright by its object."""
    whole = irregular(warped(default_geometry(), *CREATURE), 0.9, seed=1)
    geometry = warped(whole, lambda p: 11.0 * np.stack([p[:, 0], p[:, 2], -p[:, 1]], axis=1))
    face = add_mesh("Creature", geometry, shapes(geometry, creature_poses()), CREATURE_COLOURS)
    face.scale, face.rotation_euler = (0.01, 0.01, 0.01), (np.pi / 2, 0.0, 0.0)
    return finish(Rig("Creature", geometry.landmarks, incisors("Creature", geometry), ALL - LOST, is_anonymous=True))


# ---------------------------------------------------------------------------------------------------------------------
# Live Link spelling; custom properties; a jaw and nothing else

LIVE_LINK = (tall_skull(0.25), lower_face(0.86, 1.12), scaled(0.10, 0.11, 0.11))


def live_link() -> Rig:
    """All shapes as JawOpen, EyeBlinkLeft ...; teeth and tongue follow the jaw bone of the same character."""
    geometry = warped(default_geometry(), *LIVE_LINK)
    armature = add_armature("Rig", [head_bone(geometry, "head"), jaw_bone(geometry, "jaw", "head")])
    face = piece(geometry, "skin", "eyeball", "glint", "brow", "lash")
    keys = {name[0].upper() + name[1:]: delta for name, delta in face.deltas.items()}
    colours: dict[str, Colour] = {"skin": (0.95, 0.78, 0.70), "iris": (0.25, 0.40, 0.70)}
    bind(add_mesh("Head", face, keys, colours), armature, {"head": np.ones(len(face.points))})
    mouth = piece(geometry, "upper_teeth", "lower_teeth", "tongue")
    bind(add_mesh("Mouth", mouth, {}), armature, {"jaw": mouth.jaw, "head": 1 - mouth.jaw})
    strands = add_hair((0.80, 0.65, 0.35), *LIVE_LINK)
    bind(strands, armature, {"head": np.ones(len(strands.data.vertices))})
    return finish(Rig("Head", face.landmarks, incisors("Mouth", mouth), ALL))


PROPERTIES = (eye_size(1.04), lower_face(0.90, 0.86), tall_skull(0.2), scaled(0.11, 0.11, 0.11))


def properties() -> Rig:
    """Custom properties of a control bone drive the shapes, which no key frame could move."""
    geometry = warped(default_geometry(), *PROPERTIES)
    controls = Bone("face_controls", (0.15, 0.0, 0.0), (0.15, 0.0, 0.05))
    armature = add_armature("Rig", [head_bone(geometry, "head"), controls])
    bone = armature.pose.bones["face_controls"]
    colours: dict[str, Colour] = {"skin": (0.97, 0.80, 0.72), "iris": (0.30, 0.55, 0.65)}
    face = add_mesh("Kid", geometry, geometry.deltas, colours)
    bind(face, armature, {"head": np.ones(len(geometry.points))})
    for channel in BLENDSHAPE_CHANNELS:
        bone[channel] = 0.0
        bone.id_properties_ui(channel).update(min=0.0, max=1.0)
    armature.update_tag()
    bpy.context.view_layer.update()  # a driver of a property that has never been evaluated stays invalid
    for channel in BLENDSHAPE_CHANNELS:
        driver = face.data.shape_keys.key_blocks[channel].driver_add("value").driver
        driver.type = "AVERAGE"
        variable = driver.variables.new()
        variable.targets[0].id = armature
        variable.targets[0].data_path = f'pose.bones["face_controls"]["{channel}"]'
    strands = add_hair((0.70, 0.35, 0.15), *PROPERTIES)
    bind(strands, armature, {"head": np.ones(len(strands.data.vertices))})
    return finish(Rig("Kid", geometry.landmarks, incisors("Kid", geometry), ALL))


ROBOT = (lower_face(1.08, 1.05), scaled(0.11, 0.11, 0.11))


def jaw_only() -> Rig:
    """One bone opens the mouth, by a turn about its Z; nothing else moves."""
    geometry = warped(default_geometry(), *ROBOT)
    jaw = jaw_bone(geometry, "jaw", "head", z_axis=(1.0, 0.0, 0.0))
    armature = add_armature("Rig", [head_bone(geometry, "head"), jaw])
    colours: dict[str, Colour] = {"skin": (0.62, 0.66, 0.72), "lip": (0.45, 0.48, 0.55), "iris": (0.9, 0.3, 0.2)}
    face = add_mesh("Head", geometry, {}, colours)
    bind(face, armature, {"jaw": geometry.jaw, "head": 1 - geometry.jaw})
    return finish(Rig("Head", geometry.landmarks, incisors("Head", geometry), frozenset({"jawOpen"}), has_width=False))


RIGS: dict[str, Callable[[], Rig]] = {
    "anime_vroid": anime_vroid,
    "anime_vrm": anime_vrm,
    "cc4": cc4,
    "mpfb": mpfb,
    "oculus": oculus,
    "rigify": rigify,
    "creature": creature,
    "live_link": live_link,
    "properties": properties,
    "jaw_only": jaw_only,
}


def build(name: str) -> Rig:
    """Build a rig in a new, empty file; ValueError when there is none of that name."""
    if name not in RIGS:
        raise ValueError(f"There is no test rig {name}; choose one of {', '.join(RIGS)}")
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    return RIGS[name]()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.test_rigs", description=__doc__.split("\n")[0])
    parser.add_argument("--rig", nargs="+", default=list(RIGS), metavar="NAME", help=f"of {', '.join(RIGS)}")
    parser.add_argument("--output", type=Path, default=Path("out/rigs"), help="folder for the .blend files")
    options = parser.parse_args(arguments)
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        for name in options.rig:
            rig = build(name)
            path = options.output / f"{name}.blend"
            bpy.ops.wm.save_as_mainfile(filepath=str(path.resolve()), compress=True, copy=True)
            print(f"{path}: choose {rig.face} in the Voxkey panel")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
