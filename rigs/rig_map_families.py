"""What families of rigs call the channels: names and public pages they are from, nothing computed.

In tables, * stands for the side: Left or Right at the end of a channel, L or R in a name. (name, gain) is a key that
does less or more than the channel; several names are keys that do it together.
"""

from collections.abc import Mapping

from blender_addon.core.channels import BLENDSHAPE_CHANNELS

Pose = Mapping[str, float]
"""Channel -> weight."""
Name = str | tuple[str, float]
Table = Mapping[str, Name | list[Name]]


def both(name: str, value: float) -> dict[str, float]:
    """A channel of both sides."""
    return {f"{name}Left": value, f"{name}Right": value}


# ---------------------------------------------------------------------------------------------------------------------
# Shapes that are channels

ARKIT: Table = {name: name for name in BLENDSHAPE_CHANNELS} | {
    "browInnerUp": ["browInnerUp", "browInnerUpLeft", "browInnerUpRight"],
    "cheekPuff": ["cheekPuff", "cheekPuffLeft", "cheekPuffRight"],
}

METAHUMAN: Table = {
    "browDown*": "browDown*",
    "browInnerUp": ["browRaiseInL", "browRaiseInR"],
    "browOuterUp*": "browRaiseOuter*",
    "cheekPuff": ["mouthCheekBlowL", "mouthCheekBlowR"],
    "cheekSquint*": "eyeCheekRaise*",
    "eyeBlink*": "eyeBlink*",
    "eyeLookDown*": "eyeLookDown*",
    "eyeLookInLeft": "eyeLookRightL",
    "eyeLookInRight": "eyeLookLeftR",
    "eyeLookOutLeft": "eyeLookLeftL",
    "eyeLookOutRight": "eyeLookRightR",
    "eyeLookUp*": "eyeLookUp*",
    "eyeSquint*": "eyeSquintInner*",
    "eyeWide*": "eyeWiden*",
    "jawForward": "jawFwd",
    "jawLeft": "jawLeft",
    "jawOpen": "jawOpen",
    "jawRight": "jawRight",
    # lips together is a share of the opening, not an opening; speech opens the jaw to about a third
    "mouthClose": [(f"mouthLipsTogether{part}", 3.0) for part in ("UL", "UR", "DL", "DR")],
    "mouthDimple*": "mouthDimple*",
    "mouthFrown*": "mouthCornerDepress*",
    "mouthFunnel": [f"mouthFunnel{part}" for part in ("UL", "UR", "DL", "DR")],
    "mouthLeft": "mouthLeft",
    "mouthLowerDown*": "mouthLowerLipDepress*",
    "mouthPress*": "mouthLipsPress*",
    "mouthPucker": [f"mouthLipsPurse{part}" for part in ("UL", "UR", "DL", "DR")],
    "mouthRight": "mouthRight",
    "mouthRollLower": ["mouthLowerLipRollInL", "mouthLowerLipRollInR"],
    "mouthRollUpper": ["mouthUpperLipRollInL", "mouthUpperLipRollInR"],
    "mouthShrugLower": ["jawChinRaiseDL", "jawChinRaiseDR"],
    "mouthShrugUpper": ["jawChinRaiseUL", "jawChinRaiseUR"],
    "mouthSmile*": "mouthCornerPull*",
    "mouthStretch*": "mouthStretch*",
    "mouthUpperUp*": "mouthUpperLipRaise*",
    "noseSneer*": "noseWrinkle*",
}
"""Control curves, without the CTRL_expressions_ that goes before them."""

CC4: Table = {
    "browDown*": "Brow_Drop_*",
    "browInnerUp": ["Brow_Raise_Inner_L", "Brow_Raise_Inner_R"],
    "browOuterUp*": "Brow_Raise_Outer_*",
    "cheekPuff": ["Cheek_Puff_L", "Cheek_Puff_R"],
    "cheekSquint*": "Cheek_Raise_*",
    "eyeBlink*": "Eye_Blink_*",
    "eyeLookDown*": "Eye_*_Look_Down",
    "eyeLookInLeft": "Eye_L_Look_R",
    "eyeLookInRight": "Eye_R_Look_L",
    "eyeLookOutLeft": "Eye_L_Look_L",
    "eyeLookOutRight": "Eye_R_Look_R",
    "eyeLookUp*": "Eye_*_Look_Up",
    "eyeSquint*": "Eye_Squint_*",
    "eyeWide*": "Eye_Wide_*",
    "jawForward": "Jaw_Forward",
    "jawLeft": "Jaw_L",
    "jawOpen": "Jaw_Open",
    "jawRight": "Jaw_R",
    "mouthClose": "Mouth_Close",
    "mouthDimple*": "Mouth_Dimple_*",
    "mouthFrown*": "Mouth_Frown_*",
    # one key in CC4 Standard, four in CC4 Extended
    "mouthFunnel": ["Mouth_Funnel", *(f"Mouth_Funnel_{part}" for part in ("Up_L", "Up_R", "Down_L", "Down_R"))],
    "mouthLeft": "Mouth_L",
    "mouthLowerDown*": "Mouth_Down_Lower_*",
    "mouthPress*": "Mouth_Press_*",
    "mouthPucker": ["Mouth_Pucker", *(f"Mouth_Pucker_{part}" for part in ("Up_L", "Up_R", "Down_L", "Down_R"))],
    "mouthRight": "Mouth_R",
    "mouthRollLower": ["Mouth_Roll_In_Lower", "Mouth_Roll_In_Lower_L", "Mouth_Roll_In_Lower_R"],
    "mouthRollUpper": ["Mouth_Roll_In_Upper", "Mouth_Roll_In_Upper_L", "Mouth_Roll_In_Upper_R"],
    "mouthShrugLower": "Mouth_Shrug_Lower",
    "mouthShrugUpper": "Mouth_Shrug_Upper",
    "mouthSmile*": "Mouth_Smile_*",
    "mouthStretch*": "Mouth_Stretch_*",
    "mouthUpperUp*": "Mouth_Up_Upper_*",
    "noseSneer*": "Nose_Sneer_*",
}

CC3: Table = {
    "browDown*": "Brow_Drop_*",
    "browInnerUp": ["Brow_Raise_Inner_L", "Brow_Raise_Inner_R"],
    "browOuterUp*": "Brow_Raise_Outer_*",
    "cheekPuff": ["Cheek_Blow_L", "Cheek_Blow_R"],
    "cheekSquint*": "Cheek_Raise_*",
    "eyeBlink*": "Eye_Blink_*",
    "eyeSquint*": "Eye_Squint_*",
    "eyeWide*": "Eye_Wide_*",
    "jawOpen": "Mouth_Open",
    "mouthClose": "Mouth_Lips_Jaw_Adjust",
    "mouthDimple*": "Mouth_Dimple_*",
    "mouthFrown*": "Mouth_Frown_*",
    "mouthFunnel": "Mouth_Pucker_Open",
    "mouthLeft": "Mouth_L",
    "mouthLowerDown*": ("Mouth_Bottom_Lip_Down", 0.5),
    "mouthPress*": ("Mouth_Lips_Tight", 0.5),
    "mouthPucker": "Mouth_Pucker",
    "mouthRight": "Mouth_R",
    "mouthRollLower": "Mouth_Bottom_Lip_Under",
    "mouthRollUpper": "Mouth_Top_Lip_Under",
    "mouthSmile*": "Mouth_Smile_*",
    "mouthStretch*": ("Mouth_Widen", 0.5),
    "mouthUpperUp*": ("Mouth_Top_Lip_Up", 0.5),
    "noseSneer*": "Nose_Flank_Raise_*",
}
"""The old standard set; the ExPlus set has ARKit's names, numbered: A25_Jaw_Open."""

VROID: Table = {
    "browDown*": ("Fcl_BRW_Angry", 0.5),
    "browInnerUp": "Fcl_BRW_Sorrow",
    "browOuterUp*": ("Fcl_BRW_Surprised", 0.5),
    "eyeBlink*": "Fcl_EYE_Close_*",
    "eyeWide*": ("Fcl_EYE_Surprised", 0.5),
}

MMD: Table = {
    "browDown*": ("怒り", 0.5),
    "browInnerUp": "困る",
    "browOuterUp*": ("上", 0.5),
    "eyeBlink*": ("まばたき", 0.5),
    "eyeWide*": ("びっくり", 0.5),
}

BLINKS: Table = {"eyeBlink*": "Blink_*"}
"""Of VRM 0 (Blink_L), VRM 1 (blinkLeft) and VRChat (vrc.blink_left)."""

BOTH_EYES: Table = {
    "eyeBlink*": [("Blink", 0.5), ("eyesClosed", 0.5)],
    "eyeLookDown*": [("LookDown", 0.5), ("eyesLookDown", 0.5)],
    "eyeLookInLeft": ("LookRight", 0.5),
    "eyeLookInRight": ("LookLeft", 0.5),
    "eyeLookOutLeft": ("LookLeft", 0.5),
    "eyeLookOutRight": ("LookRight", 0.5),
    "eyeLookUp*": [("LookUp", 0.5), ("eyesLookUp", 0.5)],
}
"""One key for both eyes: VRM (Blink, LookUp) and Ready Player Me (eyesClosed); for what has none a side."""

# ---------------------------------------------------------------------------------------------------------------------
# Shapes of speech sounds, as compositions of channels

SOUNDS: dict[str, dict[str, float]] = {
    "PP": {"mouthRollUpper": 0.25, "mouthRollLower": 0.25} | both("mouthPress", 0.4),
    "FF": {"jawOpen": 0.1, "mouthRollLower": 0.5} | both("mouthUpperUp", 0.3),
    "TH": {"jawOpen": 0.2} | both("mouthLowerDown", 0.2),
    "DD": {"jawOpen": 0.15} | both("mouthLowerDown", 0.3) | both("mouthUpperUp", 0.1),
    "kk": {"jawOpen": 0.22} | both("mouthLowerDown", 0.2),
    "CH": {"jawOpen": 0.1, "mouthFunnel": 0.65} | both("mouthLowerDown", 0.15) | both("mouthUpperUp", 0.15),
    "SS": {"jawOpen": 0.06} | both("mouthStretch", 0.3) | both("mouthLowerDown", 0.35) | both("mouthUpperUp", 0.15),
    "nn": {"jawOpen": 0.15} | both("mouthLowerDown", 0.25),
    "RR": {"jawOpen": 0.15, "mouthFunnel": 0.4, "mouthPucker": 0.2},
    "aa": {"jawOpen": 0.7} | both("mouthLowerDown", 0.3) | both("mouthUpperUp", 0.15),
    "E": {"jawOpen": 0.35} | both("mouthStretch", 0.3) | both("mouthSmile", 0.15) | both("mouthLowerDown", 0.3),
    "I": {"jawOpen": 0.15}
    | both("mouthStretch", 0.5)
    | both("mouthSmile", 0.25)
    | both("mouthLowerDown", 0.3)
    | both("mouthUpperUp", 0.2),
    "O": {"jawOpen": 0.45, "mouthFunnel": 0.7, "mouthPucker": 0.25},
    "U": {"jawOpen": 0.12, "mouthPucker": 0.8, "mouthFunnel": 0.35},
}
"""The 14 sounds of Oculus' visemes besides silence."""

VOWELS = {"A": "aa", "I": "I", "U": "U", "E": "E", "O": "O"}

MORE_SOUNDS: dict[str, dict[str, float]] = {
    "ae": {"jawOpen": 0.5} | both("mouthLowerDown", 0.3) | both("mouthStretch", 0.1),
    "ao": {"jawOpen": 0.5, "mouthFunnel": 0.5},
    "er": {"jawOpen": 0.2, "mouthFunnel": 0.35, "mouthPucker": 0.1},
    "aw": {"jawOpen": 0.55, "mouthFunnel": 0.3, "mouthPucker": 0.1},
    "oy": {"jawOpen": 0.35, "mouthFunnel": 0.6, "mouthPucker": 0.2},
    "ay": {"jawOpen": 0.55} | both("mouthStretch", 0.25) | both("mouthSmile", 0.1),
    "h": {"jawOpen": 0.25} | both("mouthLowerDown", 0.1),
    "l": {"jawOpen": 0.22} | both("mouthLowerDown", 0.25),
}
MICROSOFT: dict[str, str] = {
    "aa_ah_ax_01": "ae",
    "aa_02": "aa",
    "ao_03": "ao",
    "ey_eh_uh_04": "E",
    "er_05": "er",
    "y_iy_ih_ix_06": "I",
    "w_uw_07": "U",
    "ow_08": "O",
    "aw_09": "aw",
    "oy_10": "oy",
    "ay_11": "ay",
    "h_12": "h",
    "r_13": "RR",
    "l_14": "l",
    "s_z_15": "SS",
    "sh_ch_jh_zh_16": "CH",
    "th_dh_17": "TH",
    "f_v_18": "FF",
    "d_t_n_19": "DD",
    "k_g_ng_20": "kk",
    "p_b_m_21": "PP",
}
"""Phones and number of the viseme, as MPFB calls it -> sound; 0 is silence."""
MICROSOFT_POSES: dict[str, Pose] = {name: (SOUNDS | MORE_SOUNDS)[sound] for name, sound in MICROSOFT.items()}

VRCHAT = {sound: f"vrc.v_{sound.lower()}" for sound in SOUNDS} | {"I": "vrc.v_ih", "O": "vrc.v_oh", "U": "vrc.v_ou"}

CC_VISEMES: dict[str, Pose] = {
    "V_Open": SOUNDS["aa"],
    "V_Explosive": SOUNDS["PP"],
    "V_Dental_Lip": SOUNDS["FF"],
    "V_Tight_O": SOUNDS["U"],
    "V_Tight": {"mouthPucker": 0.4},
    "V_Wide": both("mouthStretch", 0.6),
    "V_Affricate": SOUNDS["CH"],
    "V_Lip_Open": both("mouthLowerDown", 0.6) | both("mouthUpperUp", 0.5),
}

SMILE: Pose = both("mouthSmile", 1.0)
FROWN: Pose = both("mouthFrown", 1.0)

VISEME_FAMILIES: dict[str, dict[str, Pose]] = {
    "oculus_visemes": {f"viseme_{sound}": pose for sound, pose in SOUNDS.items()},
    "vrchat_visemes": {VRCHAT[sound]: pose for sound, pose in SOUNDS.items()},
    "microsoft_visemes": {f"viseme_{int(name[-2:])}": pose for name, pose in MICROSOFT_POSES.items()},
    "mpfb_visemes": MICROSOFT_POSES,
    "cc_visemes": CC_VISEMES,
    "vowels": {vowel: SOUNDS[sound] for vowel, sound in VOWELS.items()},
    "vrm1": {name: SOUNDS[sound] for name, sound in zip(("aa", "ih", "ou", "ee", "oh"), VOWELS.values(), strict=True)},
    "vroid": {f"Fcl_MTH_{vowel}": SOUNDS[sound] for vowel, sound in VOWELS.items()}
    | {"Fcl_MTH_Fun": SMILE, "Fcl_MTH_Angry": FROWN},
    "mmd": {kana: SOUNDS[sound] for kana, sound in zip("あいうえお", VOWELS.values(), strict=True)}
    | {"口角上げ": SMILE, "口角下げ": FROWN},
}
"""File -> shape key -> what it does."""

TABLES: dict[str, Table] = {
    "arkit": ARKIT,
    "metahuman": METAHUMAN,
    "cc4": CC4,
    "cc3": CC3,
    "vroid": VROID,
    "mmd": MMD,
    "eyes": BLINKS,
    "both_eyes": BOTH_EYES,
}
"""File -> table."""

AS_PROPERTIES = ("arkit", "metahuman")
"""Files whose names are also those of custom properties, which control rigs have."""

NAMES = {
    "arkit": "ARKit",
    "metahuman": "MetaHuman",
    "cc4": "Character Creator 4",
    "cc3": "Character Creator 3",
    "cc_visemes": "Character Creator visemes",
    "oculus_visemes": "Oculus visemes",
    "vrchat_visemes": "VRChat visemes",
    "microsoft_visemes": "Microsoft visemes",
    "mpfb_visemes": "MPFB visemes",
    "vowels": "Vowels",
    "vrm1": "VRM 1",
    "vroid": "VRoid",
    "mmd": "MMD",
    "eyes": "Eyes",
    "both_eyes": "Both eyes",
    "rigify": "Rigify",
    "jaw_bone": "Jaw bone",
}

_CC = "https://github.com/soupday/cc_blender_tools"
_VRM = "https://github.com/vrm-c/vrm-specification/tree/master/specification"
_MICROSOFT = (
    "https://learn.microsoft.com/en-us/previous-versions/office/developer/speech-technologies/jj127484(v=msdn.10)"
)
SOURCES = {
    "arkit": "https://developer.apple.com/documentation/arkit/arfaceanchor/blendshapelocation",
    "metahuman": "https://dev.epicgames.com/documentation/en-us/metahuman/mh-standards-docs/mha_index",
    "cc4": _CC,
    "cc3": _CC,
    "cc_visemes": _CC,
    "oculus_visemes": "https://developers.meta.com/horizon/documentation/unity/audio-ovrlipsync-viseme-reference/",
    "vrchat_visemes": "https://creators.vrchat.com/avatars/#lipsync",
    "microsoft_visemes": _MICROSOFT,
    "mpfb_visemes": "https://github.com/makehumancommunity/mpfb2/blob/master/src/mpfb/services/faceservice.py",
    "vowels": f"{_VRM}/0.0",
    "vrm1": f"{_VRM}/VRMC_vrm-1.0/expressions.md",
    "vroid": "https://github.com/madjin/vrm-samples",
    "mmd": "https://github.com/saturday06/VRM-Addon-for-Blender/tree/main/src/io_scene_vrm/common/shape_key_mapper",
    "eyes": f"{_VRM}/0.0",
    "both_eyes": f"{_VRM}/0.0",
    "rigify": "https://projects.blender.org/blender/blender/src/branch/main/scripts/addons_core/rigify",
    "jaw_bone": f"{_VRM}/0.0",
}
