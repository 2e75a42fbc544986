"""Channels onto the targets of a rig, whatever it calls them."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import blender_addon.core
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, Float32Array
from blender_addon.core.names import match_names
from blender_addon.core.retarget import (
    Link,
    Retargeted,
    RigMap,
    RigPart,
    Target,
    completed,
    coverage,
    detect,
    load_rig_map,
    retarget,
    save_rig_map,
)

ARKIT = load_rig_map(Path(blender_addon.core.__file__).parent.parent / "rig_maps" / "arkit.json")


def random_curves(n_frames: int = 50) -> Curves:
    values = np.random.default_rng(0).random((n_frames, len(BLENDSHAPE_CHANNELS))).astype(np.float32)
    return Curves(values, BLENDSHAPE_CHANNELS, 30.0)


def shape_key_map(*links: tuple[str, str]) -> RigMap:
    """(channel, shape key) pairs."""
    return RigMap("test", tuple(Link(channel, Target("shape_key", name)) for channel, name in links))


def column(result: Retargeted, name: str) -> Float32Array:
    return result.values[:, [target.name for target in result.targets].index(name)]


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def side_suffix(name: str) -> str:
    if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        return name
    return name.replace("Left", "_L").replace("Right", "_R")


def side_prefix(name: str) -> str:
    suffixed = side_suffix(name)
    return f"{suffixed[-1]}_{suffixed[:-2]}" if suffixed[-2:] in ("_L", "_R") else suffixed


@pytest.mark.parametrize(
    "spelling",
    [
        str,
        pascal,
        snake,
        str.upper,
        str.lower,
        side_suffix,
        side_prefix,
        lambda name: side_suffix(name).replace("_", "."),
        "Head.{}".format,
        "HEAD_{}".format,
        "!ex-{}".format,
        "Face.M_F00_000_{}".format,
        "{}.001".format,
        "{}_Head_Geo".format,
        lambda name: f"Head.{side_prefix(name)}",
        lambda name: f"A{BLENDSHAPE_CHANNELS.index(name):02}_{snake(name).title()}",
    ],
)
def test_every_channel_is_found_in_the_usual_spellings(spelling: Callable[[str], str]) -> None:
    keys = [spelling(channel) for channel in BLENDSHAPE_CHANNELS]
    part = RigPart(("Basis", *keys))
    result = retarget(random_curves(), ARKIT, part)
    for channel, key in zip(BLENDSHAPE_CHANNELS, keys, strict=True):
        assert np.array_equal(column(result, key), random_curves().column(channel))
    cover = coverage(ARKIT, [part])
    assert (cover.matched, cover.combined, cover.unmatched) == (BLENDSHAPE_CHANNELS, (), ())
    assert cover.unused == ("Basis",)


def test_a_rig_without_a_shape_reports_the_channel() -> None:
    cover = coverage(ARKIT, [RigPart((*(c for c in BLENDSHAPE_CHANNELS if c != "cheekPuff"), "hatTilt"))])
    assert cover.unmatched == ("cheekPuff",)
    assert cover.unused == ("hatTilt",)
    assert cover.share == pytest.approx(50 / 51)


def test_a_shape_split_into_sides_is_driven_on_both() -> None:
    part = RigPart(("browInnerUp_L", "browInnerUp_R"))
    result = retarget(random_curves(), ARKIT, part)
    assert np.array_equal(column(result, "browInnerUp_L"), random_curves().column("browInnerUp"))
    assert np.array_equal(column(result, "browInnerUp_R"), random_curves().column("browInnerUp"))
    assert coverage(ARKIT, [part]).combined == ("browInnerUp",)


def test_a_side_is_never_taken_for_another_or_for_a_longer_name() -> None:
    assert match_names(["mouthLeft", "jawLeft"], ["mouthSmileLeft", "mouthRight", "mouthLeftX"]) == {}


def test_the_plain_name_wins_over_a_prefixed_one() -> None:
    assert match_names(["jawOpen"], ["Beard.jawOpen", "JawOpen"]) == {"jawOpen": "JawOpen"}


def test_a_name_as_it_is_on_the_rig_is_always_found() -> None:
    names = ["eye.L.001", "eye.R.001", "jaw.001", "head.001", "Jaw"]
    assert match_names(names, names) == {name: name for name in names}


def test_the_prefix_that_most_names_have_wins() -> None:
    available = ["Mouth_Pucker_Open", "Jaw_Open", "V_Open", "V_Wide", "V_Tight"]
    assert match_names(["Open", "Wide", "Tight"], available) == {"Open": "V_Open", "Wide": "V_Wide", "Tight": "V_Tight"}


def test_japanese_names_and_sides() -> None:
    available = ["ｳｨﾝｸ２右", "左目", "あ"]
    assert match_names(["ウィンク２右", "目.L", "あ", "い"], available) == {
        "ウィンク２右": "ｳｨﾝｸ２右",
        "目.L": "左目",
        "あ": "あ",
    }


def test_links_scale_shift_and_add_up_within_the_limits_of_the_target() -> None:
    curves = Curves(np.array([[0.5, 0.2], [0.9, 0.9]], np.float32), ("jawOpen", "mouthFunnel"), 30.0)
    mouth, chin = Target("shape_key", "Mouth_O"), Target("bone", "Chin", "rotation_x")
    links = (
        Link("jawOpen", mouth, gain=0.5, offset=0.1),
        Link("mouthFunnel", mouth, gain=2.0),
        Link("jawOpen", chin, gain=-1.0, minimum=-0.6, maximum=0.0),
    )
    result = retarget(curves, RigMap("test", links), RigPart(("mouth_o",), ("chin",)))
    assert result.targets == (Target("shape_key", "mouth_o"), Target("bone", "chin", "rotation_x"))
    assert column(result, "mouth_o") == pytest.approx([0.35 + 0.4, 1.0])
    assert column(result, "chin") == pytest.approx([-0.5, -0.6])


def test_a_negative_link_takes_back_what_another_did_and_no_more() -> None:
    curves = Curves(np.array([[0.5, 0.2], [0.5, 0.9]], np.float32), ("jawOpen", "mouthClose"), 30.0)
    opens = Target("shape_key", "A")
    links = (Link("jawOpen", opens), Link("mouthClose", opens, gain=-1.0))
    assert column(retarget(curves, RigMap("test", links), RigPart(("A",))), "A") == pytest.approx([0.3, 0.0])


def test_two_names_for_one_target_drive_it_once() -> None:
    part = RigPart(("Fcl_MTH_A",))
    rig_map = shape_key_map(("jawOpen", "MTH_A"), ("jawOpen", "Fcl_MTH_A"))
    result = retarget(random_curves(), rig_map, part)
    assert np.array_equal(column(result, "Fcl_MTH_A"), random_curves().column("jawOpen"))
    assert result.links == (Link("jawOpen", Target("shape_key", "Fcl_MTH_A")),)


def test_properties_are_found_on_a_named_bone_or_on_any() -> None:
    part = RigPart(properties=(("jaw_open", "face_panel"), ("jaw_open", "")))
    wanted = (Link("jawOpen", Target("property", "jawOpen", "FacePanel")),)
    assert retarget(random_curves(), RigMap("test", wanted), part).targets == (
        Target("property", "jaw_open", "face_panel"),
    )
    part = RigPart(properties=(("jaw_open", "face_panel"),))
    anywhere = (Link("jawOpen", Target("property", "jawOpen")),)
    assert retarget(random_curves(), RigMap("test", anywhere), part).targets == (
        Target("property", "jaw_open", "face_panel"),
    )


def test_a_head_bone_turns_and_does_not_count_as_a_channel_of_the_face() -> None:
    links = (
        Link("headYaw", Target("bone", "head", "rotation_y"), minimum=-1.0),
        Link("jawOpen", Target("bone", "jaw", "rotation_x"), gain=0.4),
    )
    rig_map, part = RigMap("test", links), RigPart(bones=("head", "jaw"))
    curves = Curves(np.array([[-0.2]], np.float32), ("headYaw",), 30.0)
    assert retarget(curves, rig_map, part).values == pytest.approx(-0.2)
    assert coverage(rig_map, [part]).matched == ("jawOpen",)
    assert coverage(rig_map, [RigPart(bones=("jaw",))]).share == 1


JAW_AXES: dict[tuple[float, ...], dict[str, float]] = {  # X, Y, Z of a bone from the hinge to the chin -> what opens it
    (1.0, 0.0, 0.0, 0.0, -0.6, -0.8, 0.0, 0.8, -0.6): {"rotation_x": 0.4},
    (-1.0, 0.0, 0.0, 0.0, -0.6, -0.8, 0.0, -0.8, 0.6): {"rotation_x": -0.4},
    (0.0, -0.8, 0.6, 0.0, -0.6, -0.8, 1.0, 0.0, 0.0): {"rotation_z": 0.4},
    (0.6, 0.0, 0.8, 0.0, 1.0, 0.0, -0.8, 0.0, 0.6): {"rotation_x": 0.24, "rotation_z": -0.32},
}


@pytest.mark.parametrize("axes", JAW_AXES)
def test_a_turn_opens_the_jaw_however_its_bone_lies(axes: tuple[float, ...]) -> None:
    curves = Curves(np.array([[0.5], [2.0]], np.float32), ("jawOpen",), 30.0)
    rig_map = RigMap("test", (Link("jawOpen", Target("bone", "jaw", "turn_x"), gain=0.8, maximum=0.5),))
    result = retarget(curves, rig_map, RigPart(bones=("head", "jaw"), bone_axes=((0.0,) * 9, axes)))
    opened = {target.component: value for target, value in zip(result.targets, result.values[0], strict=True)}
    assert opened == pytest.approx(JAW_AXES[axes])
    limited = {target.component: value for target, value in zip(result.targets, result.values[1], strict=True)}
    assert limited == pytest.approx({name: 0.5 / 0.4 * value for name, value in JAW_AXES[axes].items()})


def test_a_part_with_other_names_gets_no_targets() -> None:
    result = retarget(random_curves(), ARKIT, RigPart(("Basis", "key_001")))
    assert result.values.shape == (50, 0)
    assert (result.targets, result.links) == ((), ())
    assert detect([RigPart(("Basis", "key_001"))], [ARKIT]) == []


def test_the_best_map_is_completed_by_others_but_never_in_the_mouth() -> None:
    visemes = shape_key_map(("jawOpen", "viseme_aa"), ("mouthFunnel", "viseme_O"), ("mouthPucker", "viseme_O"))
    part = RigPart(("viseme_aa", "viseme_O", "eyeBlinkLeft", "mouthSmileLeft"))
    best, cover = detect([part], [ARKIT, visemes])[0]
    assert best.name == "test + ARKit"
    assert cover.matched == ("eyeBlinkLeft", "jawOpen")
    assert cover.combined == ("mouthFunnel", "mouthPucker")


def test_a_map_made_for_a_character_is_completed_by_name() -> None:
    bones = RigMap("bones", (Link("eyeLookUpLeft", Target("bone", "eye.L", "rotation_x"), gain=0.4),))
    solved = shape_key_map(*((channel, "key_001") for channel in BLENDSHAPE_CHANNELS if channel.startswith("mouth")))
    parts = [RigPart(("key_001", "jawOpen", "eyeBlinkLeft")), RigPart(bones=("LeftEye",))]
    links = completed(solved, parts, [ARKIT, bones]).links
    assert links[: len(solved.links)] == solved.links
    assert {(link.channel, link.target.name) for link in links[len(solved.links) :]} == {
        ("eyeBlinkLeft", "eyeBlinkLeft"),
        ("eyeLookUpLeft", "LeftEye"),
    }


def test_teeth_and_eyeballs_on_bones_go_with_a_face_of_shape_keys() -> None:
    bones = RigMap(
        "bones",
        (
            Link("jawOpen", Target("bone", "jaw", "rotation_x"), gain=0.4),
            Link("mouthClose", Target("bone", "jaw", "rotation_x"), gain=-0.4),
            Link("eyeLookUpLeft", Target("bone", "eye.L", "rotation_x"), gain=0.4),
        ),
    )
    face = RigPart(BLENDSHAPE_CHANNELS)
    carrying_the_face, carrying_teeth = RigPart(bones=("jaw", "eye.L")), RigPart(bones=("jaw",), loose_bones=("jaw",))
    assert detect([face, carrying_the_face], [ARKIT, bones])[0][0].name == "ARKit"
    best, cover = detect([face, carrying_teeth], [ARKIT, bones])[0]
    assert [link for link in best.links if link.target.kind == "bone" and link.target.name == "jaw"] == [bones.links[0]]
    assert cover.matched == BLENDSHAPE_CHANNELS


@pytest.mark.parametrize(
    ("channels", "problem"),
    [
        ('{"jawOpen": [{"bone": "jaw"}]}', "of bone jaw; choose one of location_x"),
        ('{"jawOpen": [{"shape_key": "A", "bone": "jaw"}]}', "drives shape_key and bone; name one kind"),
        ('{"jawOpen": [{"gain": 1}]}', "drives nothing; name one kind"),
        ('{"jawOpn": [{"shape_key": "A"}]}', "'jawOpn' is not one of the 51 channels"),
        ('{"jawOpen": [{"shape_key": "A", "gain": NaN}]}', "must be numbers"),
        ('{"jawOpen": [{"shape_key": "A", "gain": "1"}]}', "must be numbers"),
        ('{"jawOpen": [{"shape_key": "A", "minimum": 1, "maximum": 0}]}', "minimum 1 above its maximum 0"),
        ('{"jawOpen": [{"shape_key": "A", "strength": 1}]}', "has strength, which means nothing for a shape_key"),
        ('{"jawOpen": [{"shape_key": "A", "component": "rotation_x"}]}', "has component, which means nothing"),
        ('{"jawOpen": [{"shape_key": ""}]}', "needs the name"),
        ('{"jawOpen": ["A"]}', "a link of jawOpen is 'A', not a table"),
        ('{"jawOpen": [{"property": "A", "bone": 3}]}', "must be text"),
        ('{"jawOpen": []}', "it links nothing"),
        ("{}", "it links nothing"),
        ("[]", 'no table "channels"'),
        ("{", "line 1"),
    ],
)
def test_a_broken_rig_map_gets_one_sentence(tmp_path: Path, channels: str, problem: str) -> None:
    path = tmp_path / "rig.json"
    path.write_text(f'{{"name": "x", "channels": {channels}}}')
    with pytest.raises(ValueError, match=r"^The rig map rig\.json can't be read .*; correct it or choose") as caught:
        load_rig_map(path)
    assert problem in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"name": "x"}', '{"channels": {"jawOpen": [{"shape_key": "A"}]}}'])
def test_a_file_that_is_no_rig_map_gets_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rig.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"The rig map rig\.json can't be read"):
        load_rig_map(path)


def test_a_saved_rig_map_reads_the_same(tmp_path: Path) -> None:
    links = (
        Link("jawOpen", Target("shape_key", "あ"), gain=0.5),
        Link("jawOpen", Target("bone", "jaw", "rotation_x"), gain=-0.3, minimum=-0.3, maximum=0.0),
        Link("mouthClose", Target("property", "close", "face_panel"), offset=0.1),
        Link("mouthClose", Target("property", "close")),
        Link("headYaw", Target("bone", "head", "rotation_y"), minimum=-1.0),
    )
    rig_map = RigMap("Mine", links, "https://example.org")
    save_rig_map(rig_map, tmp_path / "mine.json")
    assert load_rig_map(tmp_path / "mine.json") == rig_map
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


def test_an_hour_is_retargeted_in_under_a_second() -> None:
    curves = random_curves(108_000)
    names = tuple(f"target_{'abcdefgh'[i % 8]}{i // 8}" for i in range(60))
    pairs = [(channel, names[(i + j) % 60]) for i, channel in enumerate(BLENDSHAPE_CHANNELS) for j in range(60)]
    start = time.perf_counter()
    result = retarget(curves, shape_key_map(*pairs), RigPart(names))
    assert time.perf_counter() - start < 2.0  # 0.1 s on two cores that do nothing else
    assert result.values.shape == (108_000, 60)
