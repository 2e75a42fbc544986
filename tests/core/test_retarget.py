"""Channels onto the shape keys of a rig, whatever it calls them."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import blender_addon.core
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.retarget import Link, RigMap, load_rig_map, match_names, retarget

ARKIT = load_rig_map(Path(blender_addon.core.__file__).parent.parent / "rig_maps" / "arkit.json")


def random_curves(n_frames: int = 50) -> Curves:
    values = np.random.default_rng(0).random((n_frames, len(BLENDSHAPE_CHANNELS))).astype(np.float32)
    return Curves(values, BLENDSHAPE_CHANNELS, 30.0)


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
    "spelling", [str, pascal, snake, str.upper, str.lower, side_suffix, side_prefix, "Head.{}".format]
)
def test_every_channel_is_found_in_the_usual_spellings(spelling: Callable[[str], str]) -> None:
    keys = [spelling(channel) for channel in BLENDSHAPE_CHANNELS]
    result = retarget(random_curves(), ARKIT, ["Basis", *keys])
    assert result.unmatched_channels == ()
    assert result.unused_shape_keys == ("Basis",)
    for channel, key in zip(BLENDSHAPE_CHANNELS, keys, strict=True):
        assert np.array_equal(result.curves.column(key), random_curves().column(channel))


def test_a_rig_without_a_shape_reports_the_channel() -> None:
    result = retarget(random_curves(), ARKIT, [c for c in BLENDSHAPE_CHANNELS if c != "cheekPuff"] + ["hatTilt"])
    assert result.unmatched_channels == ("cheekPuff",)
    assert result.unused_shape_keys == ("hatTilt",)


def test_a_shape_split_into_sides_is_driven_on_both() -> None:
    result = retarget(random_curves(), ARKIT, ["browInnerUp_L", "browInnerUp_R"])
    assert np.array_equal(result.curves.column("browInnerUp_L"), random_curves().column("browInnerUp"))
    assert np.array_equal(result.curves.column("browInnerUp_R"), random_curves().column("browInnerUp"))


def test_a_side_is_never_taken_for_another_or_for_a_longer_name() -> None:
    assert match_names(["mouthLeft", "jawLeft"], ["mouthSmileLeft", "mouthRight", "mouthLeftX"]) == {}


def test_the_plain_name_wins_over_a_prefixed_one() -> None:
    assert match_names(["jawOpen"], ["Beard.jawOpen", "JawOpen"]) == {"jawOpen": "JawOpen"}


def test_links_scale_shift_clamp_and_add_up() -> None:
    curves = Curves(np.array([[0.5, 0.2]], np.float32), ("jawOpen", "mouthFunnel"), 30.0)
    links = (
        Link("jawOpen", "Mouth_O", gain=0.5, offset=0.1),
        Link("mouthFunnel", "Mouth_O", gain=2.0, maximum=0.3),
        Link("jawOpen", "Chin", gain=-1.0, minimum=-0.4, maximum=0.0),
    )
    result = retarget(curves, RigMap("test", links), ["Mouth_O", "Chin"])
    assert result.curves.column("Mouth_O") == pytest.approx([0.35 + 0.3])
    assert result.curves.column("Chin") == pytest.approx([-0.4])


def test_a_rig_with_other_names_gets_one_sentence() -> None:
    with pytest.raises(ValueError, match=r"None of the 2 shape keys is named as in ARKit; rename them"):
        retarget(random_curves(), ARKIT, ["Basis", "key_001"])


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"name": "x"}', '{"name": "x", "channels": {"jawOpen": [{"bone": "jaw"}]}}', '{"channels": {}}'],
)
def test_a_broken_rig_map_gets_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rig.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"The rig map rig\.json can't be read"):
        load_rig_map(path)


def test_shipped_rig_maps_name_every_channel_and_their_source() -> None:
    for path in (Path(blender_addon.core.__file__).parent.parent / "rig_maps").glob("*.json"):
        data = json.loads(path.read_text())
        assert data["source"].startswith("https://")
        assert {link.channel for link in load_rig_map(path).links} == set(BLENDSHAPE_CHANNELS)


def test_an_hour_is_retargeted_in_under_a_second() -> None:
    curves = random_curves(108_000)
    start = time.perf_counter()
    retarget(curves, ARKIT, BLENDSHAPE_CHANNELS)
    assert time.perf_counter() - start < 1.0
