"""The rig maps that ship, against the names that rigs of their families have, and the lips of the default head."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import blender_addon.core
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.retarget import MOUTH, RigMap, RigPart, Target, detect, found_links, load_rig_map, retarget
from rigs.rig_map_families import NAMES, SOURCES, VISEME_FAMILIES, both
from rigs.rig_map_gains import Floats, mouth_features, poses_matrix, speech_frames
from rigs.rig_maps import family_links

ROOT = Path(blender_addon.core.__file__).parent.parent.parent
FILES = sorted((ROOT / "blender_addon" / "rig_maps").glob("*.json"))
RIG_MAPS = {path.stem: load_rig_map(path) for path in FILES}
ALL = frozenset(BLENDSHAPE_CHANNELS)
LOOKS = frozenset(name for name in ALL if name.startswith("eyeLook"))
BLINKS = frozenset({"eyeBlinkLeft", "eyeBlinkRight"})
SPEECH = frozenset({"jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", *both("mouthStretch", 1.0)})


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def both_sides(*names: str) -> list[str]:
    """Names with * for L and R."""
    return [name.replace("*", side) for name in names for side in "LR"]


ARKIT_52 = (*BLENDSHAPE_CHANNELS, "tongueOut")
OCULUS_15 = tuple(f"viseme_{name}" for name in words("sil PP FF TH DD kk CH SS nn RR aa E I O U"))

# https://github.com/soupday/cc_blender_tools, facial profiles
CC4_BOTH = (
    *both_sides("Brow_Raise_Inner_*", "Brow_Raise_Outer_*", "Brow_Drop_*", "Eye_Blink_*", "Eye_Squint_*", "Eye_Wide_*"),
    *both_sides("Eye_*_Look_L", "Eye_*_Look_R", "Eye_*_Look_Up", "Eye_*_Look_Down", "Nose_Sneer_*", "Cheek_Raise_*"),
    *both_sides("Cheek_Puff_*", "Cheek_Suck_*", "Mouth_Smile_*", "Mouth_Frown_*", "Mouth_Stretch_*", "Mouth_Dimple_*"),
    *both_sides("Mouth_Press_*", "Mouth_Up_Upper_*", "Mouth_Down_Lower_*", "Jaw_*", "Mouth_*"),
    *("Mouth_Shrug_Upper", "Mouth_Shrug_Lower", "Mouth_Close", "Jaw_Open", "Jaw_Forward", "Tongue_Out", "Tongue_Up"),
    *("V_Open", "V_Explosive", "V_Dental_Lip", "V_Tight_O", "V_Tight", "V_Wide", "V_Affricate", "V_Lip_Open"),
)
CC4_STANDARD = (*CC4_BOTH, "Mouth_Funnel", "Mouth_Pucker", "Mouth_Roll_In_Upper", "Mouth_Roll_In_Lower")
CC4_EXTENDED = (
    *CC4_BOTH,
    *both_sides("Mouth_Pucker_Up_*", "Mouth_Pucker_Down_*", "Mouth_Funnel_Up_*", "Mouth_Funnel_Down_*"),
    *both_sides("Mouth_Roll_In_Upper_*", "Mouth_Roll_In_Lower_*", "Mouth_Roll_Out_Upper_*", "Mouth_Roll_Out_Lower_*"),
    *both_sides("Mouth_Tighten_*", "Mouth_Blow_*", "Mouth_Upper_*", "Mouth_Lower_*", "Brow_Compress_*"),
)
CC_BONES = ("CC_Base_Head", "CC_Base_JawRoot", "CC_Base_L_Eye", "CC_Base_R_Eye", "CC_Base_Teeth02", "CC_Base_Tongue01")
CC3_STANDARD = (
    *("Open", "Explosive", "Dental_Lip", "Tight-O", "Tight", "Wide", "Affricate", "Lip_Open"),
    *("Brow_Raise_Inner_Left", "Brow_Raise_Inner_Right", "Brow_Raise_Outer_Left", "Brow_Raise_Outer_Right"),
    *("Brow_Drop_Left", "Brow_Drop_Right", "Brow_Raise_Left", "Brow_Raise_Right", "Eyes_Blink"),
    *both_sides("Eye_Blink_*", "Eye_Wide_*", "Eye_Squint_*", "Nose_Flank_Raise_*", "Cheek_Raise_*", "Cheek_Blow_*"),
    *("Nose_Scrunch", "Nose_Flanks_Raise", "Nose_Nostrils_Flare", "Cheeks_Suck", "Mouth_Smile", "Mouth_Frown"),
    *both_sides("Mouth_Smile_*", "Mouth_Frown_*", "Mouth_Dimple_*", "Mouth_Snarl_Upper_*", "Mouth_Snarl_Lower_*"),
    *("Mouth_Blow", "Mouth_Pucker", "Mouth_Pucker_Open", "Mouth_Widen", "Mouth_Widen_Sides", "Mouth_Plosive"),
    *("Mouth_Lips_Tight", "Mouth_Lips_Tuck", "Mouth_Lips_Open", "Mouth_Lips_Part", "Mouth_Bottom_Lip_Down"),
    *("Mouth_Top_Lip_Up", "Mouth_Top_Lip_Under", "Mouth_Bottom_Lip_Under", "Mouth_Bottom_Lip_Bite", "Mouth_Down"),
    *(
        "Mouth_Up",
        "Mouth_L",
        "Mouth_R",
        "Mouth_Lips_Jaw_Adjust",
        "Mouth_Bottom_Lip_Trans",
        "Mouth_Skewer",
        "Mouth_Open",
    ),
)
# https://dev.epicgames.com/documentation/en-us/metahuman/mh-standards-docs/mha_index
METAHUMAN = [
    f"CTRL_expressions_{name}"
    for name in (
        *both_sides("browDown*", "browLateral*", "browRaiseIn*", "browRaiseOuter*", "eyeBlink*", "eyeWiden*"),
        *both_sides("eyeSquintInner*", "eyeCheekRaise*", "eyeLookUp*", "eyeLookDown*", "eyeLookLeft*", "eyeLookRight*"),
        *both_sides("noseWrinkle*", "noseNostrilDilate*", "mouthCheekBlow*", "mouthUpperLipRaise*", "mouthStretch*"),
        *both_sides("mouthLowerLipDepress*", "mouthCornerPull*", "mouthDimple*", "mouthCornerDepress*"),
        *both_sides("mouthLipsPurseU*", "mouthLipsPurseD*", "mouthLipsTowardsU*", "mouthLipsTowardsD*"),
        *both_sides("mouthFunnelU*", "mouthFunnelD*", "mouthLipsTogetherU*", "mouthLipsTogetherD*"),
        *both_sides("mouthLowerLipRollIn*", "mouthUpperLipRollIn*", "mouthLipsPress*", "jawChinRaiseD*"),
        *both_sides("jawChinRaiseU*"),
        *("mouthLeft", "mouthRight", "jawOpen", "jawOpenExtreme", "jawLeft", "jawRight", "jawFwd", "jawBack"),
    )
]
# https://github.com/madjin/vrm-samples
VROID = [
    f"Face.M_F00_000_00_Fcl_{name}"
    for name in (
        *("ALL_Neutral", "ALL_Angry", "ALL_Fun", "ALL_Joy", "ALL_Sorrow", "ALL_Surprised"),
        *("BRW_Angry", "BRW_Fun", "BRW_Joy", "BRW_Sorrow", "BRW_Surprised"),
        *("EYE_Natural", "EYE_Angry", "EYE_Close", "EYE_Close_R", "EYE_Close_L", "EYE_Joy", "EYE_Surprised"),
        *("MTH_Close", "MTH_Up", "MTH_Down", "MTH_Angry", "MTH_Small", "MTH_Large", "MTH_Fun", "MTH_Joy"),
        *("MTH_A", "MTH_I", "MTH_U", "MTH_E", "MTH_O", "HA_Hide", "HA_Fung1", "HA_Short_Up"),
    )
]
# https://github.com/vrm-c/vrm-specification
VRM_0 = words("Neutral A I U E O Blink Joy Angry Sorrow Fun LookUp LookDown LookLeft LookRight Blink_L Blink_R")
VRM_1 = words(
    "happy angry sad relaxed surprised aa ih ou ee oh blink blinkLeft blinkRight lookUp lookDown lookLeft lookRight "
    "neutral"
)
# https://creators.vrchat.com/avatars/#lipsync
VRCHAT = [
    *(f"vrc.v_{name}" for name in words("sil pp ff th dd kk ch ss nn rr aa e ih oh ou")),
    *("vrc.blink_left", "vrc.blink_right", "vrc.lowerlid_left", "vrc.lowerlid_right"),
]
MMD = words(
    "真面目 困る にこり 怒り 上 下 まばたき 笑い ウィンク ウィンク右 ウィンク２ ｳｨﾝｸ２右 びっくり あ い う え お "
    "にやり 口角上げ 口角下げ"
)
MPFB_MICROSOFT = words(
    "aa_02 aa_ah_ax_01 ao_03 aw_09 ay_11 d_t_n_19 er_05 ey_eh_uh_04 f_v_18 h_12 k_g_ng_20 l_14 ow_08 oy_10 p_b_m_21 "
    "r_13 sh_ch_jh_zh_16 sil_00 s_z_15 th_dh_17 w_uw_07 y_iy_ih_ix_06"
)
# the bones of Blender 4.5's human after Generate Rig
RIGIFY = (
    *(
        "root",
        "head",
        "neck",
        "jaw_master",
        "teeth.T",
        "teeth.B",
        "tongue_master",
        "chin",
        "jaw",
        "nose_master",
        "eyes",
    ),
    *("lip.T", "lip.B", "DEF-jaw_master", "ORG-jaw_master", "MCH-jaw_master", "DEF-lip.T.L", "ORG-lip.T.L", "nose.002"),
    *(
        f"{name}.{side}{number}"
        for name, numbers in {
            "lip.T": (".001",),
            "lip.B": (".001",),
            "lips": ("",),
            "cheek.B": (".001",),
            "cheek.T": (".001",),
            "nose": ("", ".001"),
            "brow.T": ("", ".001", ".002", ".003"),
            "brow.B": ("", ".001", ".002", ".003", ".004"),
            "lid.T": ("", ".001", ".002", ".003"),
            "lid.B": ("", ".001", ".002", ".003"),
            "eye": ("",),
            "master_eye": ("",),
            "jaw": ("", ".001"),
        }.items()
        for side in "LR"
        for number in numbers
    ),
)
BODY = words("Hips Spine Chest Neck LeftShoulder LeftArm LeftHand RightShoulder RightArm RightHand LeftFoot RightFoot")
UNITY_EYES = (*BODY, "Head", "LeftEye", "RightEye")

CHARACTERS: dict[str, tuple[list[RigPart], str, frozenset[str]]] = {  # parts, best rig map, channels it must find
    "ARKit": ([RigPart(ARKIT_52)], "ARKit", ALL),
    "Live Link": ([RigPart(tuple(name[0].upper() + name[1:] for name in ARKIT_52))], "ARKit", ALL),
    "MPFB face units": ([RigPart(tuple(f"!ex-{name}" for name in ARKIT_52))], "ARKit", ALL),
    "Ready Player Me": (
        [
            RigPart((*ARKIT_52, *OCULUS_15, "mouthOpen", "mouthSmile", "eyesClosed", "eyesLookUp", "eyesLookDown")),
            RigPart(("jawOpen", *OCULUS_15, "mouthOpen", "mouthSmile")),
            RigPart(bones=UNITY_EYES),
        ],
        "ARKit",
        ALL,
    ),
    "VRChat with Perfect Sync": ([RigPart((*VRCHAT, *VROID, *ARKIT_52)), RigPart(bones=UNITY_EYES)], "ARKit", ALL),
    "CC3 ExPlus": (
        [
            RigPart((*CC3_STANDARD, *(f"A{i:02}_{name}" for i, name in enumerate(BLENDSHAPE_CHANNELS, 1)))),
            RigPart(bones=CC_BONES),
        ],
        "ARKit",
        ALL,
    ),
    "CC3": (
        [RigPart(CC3_STANDARD), RigPart(bones=CC_BONES)],
        "Character Creator 3",
        ALL - {"jawForward", "jawLeft", "jawRight", "mouthShrugLower", "mouthShrugUpper"},
    ),
    "CC4 Standard": ([RigPart(CC4_STANDARD), RigPart(bones=CC_BONES)], "Character Creator 4", ALL),
    "CC4 Extended": ([RigPart(CC4_EXTENDED), RigPart(bones=CC_BONES)], "Character Creator 4", ALL),
    "MetaHuman": ([RigPart(tuple(METAHUMAN))], "MetaHuman", ALL),
    "MetaHuman controls": ([RigPart(properties=tuple((name, "face") for name in METAHUMAN))], "MetaHuman", ALL),
    "control bone": (
        [RigPart(properties=tuple((name, "face_controls") for name in ARKIT_52))],
        "ARKit",
        ALL,
    ),
    "VRoid": (
        [RigPart(tuple(VROID)), RigPart(bones=(*BODY, "J_Bip_C_Head", "J_Adj_L_FaceEye", "J_Adj_R_FaceEye"))],
        "VRoid + Eyes",
        SPEECH | LOOKS | BLINKS | both("mouthSmile", 1.0).keys() | both("browDown", 1.0).keys() | {"browInnerUp"},
    ),
    "VRM 0": (
        [RigPart(VRM_0), RigPart(bones=(*BODY, "head", "eye.L", "eye.R"))],
        "Vowels + Eyes",
        SPEECH | LOOKS | BLINKS,
    ),
    "VRM 1": (
        [RigPart(VRM_1), RigPart(bones=(*BODY, "head", "eye.L", "eye.R"))],
        "VRM 1 + Eyes",
        SPEECH | LOOKS | BLINKS,
    ),
    "VRChat": ([RigPart(tuple(VRCHAT)), RigPart(bones=UNITY_EYES)], "VRChat visemes + Eyes", SPEECH | LOOKS | BLINKS),
    "VRM with one blink": ([RigPart(("A", "I", "U", "E", "O", "Blink"))], "Vowels + Both eyes", SPEECH | BLINKS),
    "VRM with looks by keys": ([RigPart(VRM_1)], "VRM 1 + Both eyes", SPEECH | LOOKS | BLINKS),
    "Ready Player Me without ARKit": (
        [RigPart((*OCULUS_15, "mouthOpen", "mouthSmile", "eyesClosed")), RigPart(bones=UNITY_EYES)],
        "Oculus visemes",
        SPEECH | LOOKS | BLINKS,
    ),
    "MMD": ([RigPart(MMD), RigPart(bones=(*BODY, "頭", "目.L", "目.R"))], "MMD + Eyes", SPEECH | LOOKS | BLINKS),
    "Oculus": (
        [RigPart((*OCULUS_15, "eyeBlinkLeft", "eyeBlinkRight")), RigPart(OCULUS_15), RigPart(bones=UNITY_EYES)],
        "Oculus visemes",
        SPEECH | LOOKS | BLINKS,
    ),
    "visemes alone": ([RigPart(OCULUS_15)], "Oculus visemes", SPEECH),
    "Microsoft": ([RigPart(tuple(f"viseme_{n}" for n in range(22)))], "Microsoft visemes", SPEECH),
    "MPFB visemes": ([RigPart(MPFB_MICROSOFT)], "MPFB visemes", SPEECH),
    "Character Creator visemes": (
        [RigPart(tuple(name for name in CC4_BOTH if name.startswith("V_")))],
        "Character Creator visemes",
        SPEECH,
    ),
    "vowels": ([RigPart(("Basis", "Mth_A", "Mth_I", "Mth_U", "Mth_E", "Mth_O"))], "Vowels", SPEECH),
    "Rigify": ([RigPart(bones=RIGIFY)], "Rigify", ALL),
    "jaw": ([RigPart(bones=("root", "spine", "head", "Jaw"))], "Jaw bone", frozenset({"jawOpen", "mouthClose"})),
    "Auto-Rig Pro jaw": ([RigPart(bones=("root.x", "head.x", "c_jawbone.x"))], "Jaw bone", frozenset({"jawOpen"})),
    "jaw bone, eyes by keys": (
        [RigPart(tuple(name for name in ARKIT_52 if name.startswith(("eye", "brow")))), RigPart(bones=("jaw",))],
        "ARKit + Jaw bone",
        LOOKS | BLINKS | {"jawOpen", "browInnerUp"},
    ),
}


@pytest.mark.parametrize("character", CHARACTERS)
def test_the_family_is_found_and_with_it_what_it_can_express(character: str) -> None:
    parts, name, channels = CHARACTERS[character]
    rig_map, cover = detect(parts, RIG_MAPS.values())[0]
    assert rig_map.name.startswith(name)
    found = {*cover.matched, *cover.combined}
    assert len(found & channels) >= 0.95 * len(channels), sorted(channels - found)


def test_each_eye_has_its_own_blink_where_there_is_one() -> None:
    parts, _, _ = CHARACTERS["VRM 0"]
    rig_map, _ = detect(parts, RIG_MAPS.values())[0]
    blinks = [link for part in parts for link in found_links(rig_map, part) if link.channel.startswith("eyeBlink")]
    assert [(link.channel, link.target.name) for link in blinks] == [
        ("eyeBlinkLeft", "Blink_L"),
        ("eyeBlinkRight", "Blink_R"),
    ]


def renamed(part: RigPart, spelling: str) -> RigPart:
    def rename(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(spelling.format(name) for name in names)

    return RigPart(rename(part.shape_keys), rename(part.bones), part.properties)


@pytest.mark.parametrize("spelling", ["Head_{}", "MyHero.{}", "{}.001", "{}_low_geo"])
@pytest.mark.parametrize(
    "character", ["ARKit", "CC4 Extended", "VRoid", "VRM 0", "Oculus", "Microsoft", "Rigify", "MMD"]
)
def test_renamed_characters_are_found_too(character: str, spelling: str) -> None:
    parts, name, channels = CHARACTERS[character]
    rig_map, cover = detect([renamed(part, spelling) for part in parts], RIG_MAPS.values())[0]
    assert rig_map.name.startswith(name)
    assert len({*cover.matched, *cover.combined} & channels) >= 0.95 * len(channels)


@pytest.mark.parametrize(
    "part",
    [
        RigPart(("Basis", "key_001", "key_002")),
        RigPart(("Basis", "Group_A", "Smile", "Thin", "Belly")),
        RigPart(bones=("root", "spine.001", "hand.L", "upper_arm.L", "tail")),
        RigPart(properties=(("ik_fk", "hand"), ("stretch", ""))),
        RigPart(),
    ],
)
def test_nothing_is_found_where_no_name_speaks_of_a_face(part: RigPart) -> None:
    assert detect([part], RIG_MAPS.values()) == []


def test_every_map_names_its_public_source() -> None:
    for path in FILES:
        assert json.loads(path.read_text(encoding="utf-8"))["source"].startswith("https://"), path.name


@pytest.mark.parametrize("file", sorted(NAMES.keys() - VISEME_FAMILIES.keys() - {"jaw_bone"}))
def test_the_files_are_what_the_script_writes(file: str) -> None:
    """Of the families that need no solving; rigs/rig_maps.py writes them all."""
    links = family_links(file, np.zeros((0, len(BLENDSHAPE_CHANNELS))))
    assert RIG_MAPS[file] == RigMap(NAMES[file], tuple(links), SOURCES[file])


def test_every_family_has_its_file() -> None:
    assert RIG_MAPS.keys() == NAMES.keys()


def test_no_two_maps_have_the_same_name() -> None:
    assert len({rig_map.name for rig_map in RIG_MAPS.values()}) == len(RIG_MAPS)


def test_both_sides_are_driven_alike() -> None:
    """A sided channel drives as many targets as its other side, with the same gains."""
    for file, rig_map in RIG_MAPS.items():
        gains: dict[str, list[float]] = {}
        for link in rig_map.links:
            gains.setdefault(link.channel, []).append(round(abs(link.gain), 2))
        for channel in ALL:
            if channel.endswith("Left"):
                other = channel.removesuffix("Left") + "Right"
                left, right = sorted(gains.get(channel, [])), sorted(gains.get(other, []))
                assert len(left) == len(right), (file, channel)
                assert left == pytest.approx(right, abs=0.16), (file, channel)


# ---------------------------------------------------------------------------------------------------------------------
# Visemes: what the mouth does


@pytest.fixture(scope="module")
def speech() -> Floats:
    return speech_frames([ROOT / "tools" / "demo_speech.wav"])


def lips(values: Floats) -> tuple[Floats, Floats]:
    """Gap between the lips and width of the mouth (T,) for channel weights (T, 51), as weighted features."""
    features = values @ mouth_features()
    return features[:, :3].mean(axis=1), features[:, 3]


def driven_lips(rig_map: RigMap, poses: dict[str, dict[str, float]], speech: Floats) -> tuple[Floats, Floats]:
    """The same for a face whose shapes are compositions of channels, driven through a rig map."""
    curves = Curves(speech.astype(np.float32), BLENDSHAPE_CHANNELS, 60.0)
    fitted = retarget(curves, rig_map, RigPart(tuple(poses)))
    order = [target.name for target in fitted.targets]
    return lips(fitted.values @ poses_matrix({name: poses[name] for name in order}))


def correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1])


@pytest.mark.parametrize("seed", [None, 0, 1])
@pytest.mark.parametrize("file", VISEME_FAMILIES)
def test_the_lips_follow_the_face_of_51_channels(file: str, seed: int | None, speech: Floats) -> None:
    """Also where an artist made the shapes a third stronger or weaker, each by itself."""
    rng = np.random.default_rng(seed)
    poses = {
        name: {channel: weight * (1.0 if seed is None else rng.uniform(0.67, 1.33)) for channel, weight in pose.items()}
        for name, pose in VISEME_FAMILIES[file].items()
    }
    gap, width = driven_lips(RIG_MAPS[file], poses, speech)
    true_gap, true_width = lips(speech)
    assert correlation(gap, true_gap) > 0.95
    assert correlation(width, true_width) > 0.85


@pytest.mark.parametrize("file", ["oculus_visemes", "vrchat_visemes", "microsoft_visemes", "mpfb_visemes"])
def test_pressed_and_bitten_lips_come_from_contacts_alone(file: str) -> None:
    """PP and FF are for lips that roll and press; an open mouth, or a smile, has nothing of PP."""
    links = [link for link in RIG_MAPS[file].links if link.gain > 0]
    names = list(VISEME_FAMILIES[file])
    pressed = next(name for name in names if "21" in name or name.upper().endswith("_PP"))
    bitten = next(name for name in names if "18" in name or name.upper().endswith("_FF"))
    by_target = {name: {link.channel: link.gain for link in links if link.target.name == name} for name in names}
    assert by_target[pressed]["mouthRollUpper"] > 0.1
    assert by_target[pressed]["mouthPressLeft"] > 0.1
    assert not by_target[pressed].keys() & {"jawOpen", "mouthFunnel", "mouthLowerDownLeft", "mouthUpperUpLeft"}
    assert by_target[bitten]["mouthRollLower"] > 0.1


def jaw_turn(channels: dict[str, float]) -> float:
    """What the jaw bone does at channel weights, in radians."""
    curves = Curves(np.array([list(channels.values())], np.float32), tuple(channels), 60.0)
    fitted = retarget(curves, RIG_MAPS["jaw_bone"], RigPart(bones=("jaw",)))
    assert fitted.targets == (Target("bone", "jaw", "rotation_x"),)  # its axes are not known: as the character's
    return float(fitted.values[0, 0])


def test_a_jaw_opens_with_jaw_and_lips_and_closes_with_them() -> None:
    opened = jaw_turn({"jawOpen": 0.5})
    assert opened > 0.15
    assert jaw_turn({"jawOpen": 0.5, "mouthFunnel": 0.3}) > opened
    assert jaw_turn({"jawOpen": 0.5, "mouthClose": 0.5}) == pytest.approx(0, abs=1e-3)
    assert jaw_turn({"jawOpen": 0.1, "mouthClose": 1.0}) == 0


@pytest.mark.parametrize("file", VISEME_FAMILIES)
def test_lips_that_close_over_an_open_jaw_close_the_visemes(file: str) -> None:
    poses = VISEME_FAMILIES[file]
    frame = np.zeros((2, len(BLENDSHAPE_CHANNELS)))
    frame[:, BLENDSHAPE_CHANNELS.index("jawOpen")] = 0.3
    frame[1, BLENDSHAPE_CHANNELS.index("mouthClose")] = 0.3
    opened, closed = driven_lips(RIG_MAPS[file], {name: dict(pose) for name, pose in poses.items()}, frame)[0]
    assert closed < 0.1 * opened


def test_maps_speak_of_the_mouth_except_those_of_the_eyes() -> None:
    for file, rig_map in RIG_MAPS.items():
        assert bool({link.channel for link in rig_map.links} & MOUTH) == (file not in ("eyes", "both_eyes"))
