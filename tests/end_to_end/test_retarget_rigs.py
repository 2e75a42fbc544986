"""One click on each test rig: its channels move, and its mouth says the sentence as the default head does."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon import data_paths, face
from rigs import sentence_sheet
from rigs.sentence_sheet import DEFAULT_AUDIO, DEFAULT_HEAD, Mouth
from rigs.test_rigs import EYES, RIGS, build

EYES_TURN = {  # channel -> axis and direction in which the pupil goes, seen in the world
    "eyeLookUpLeft": (2, 1),
    "eyeLookDownLeft": (2, -1),
    "eyeLookOutLeft": (0, 1),
    "eyeLookInLeft": (0, -1),
    "eyeLookUpRight": (2, 1),
    "eyeLookDownRight": (2, -1),
    "eyeLookOutRight": (0, -1),
    "eyeLookInRight": (0, 1),
}


@pytest.fixture(scope="module")
def reference(extension: Any) -> Mouth:
    return sentence_sheet.speak(DEFAULT_HEAD, DEFAULT_AUDIO).mouth


@pytest.mark.parametrize("name", RIGS)
def test_one_click_makes_a_rig_say_the_sentence(name: str, reference: Mouth) -> None:
    spoken = sentence_sheet.speak(name, DEFAULT_AUDIO)
    assert spoken.share >= 0.95, f"not moved: {spoken.missing}"
    aperture, width, bite = sentence_sheet.agreement(spoken.mouth, reference)
    assert aperture >= (0.90 if spoken.rig.is_anonymous else 0.95)
    assert width >= 0.85 or not spoken.rig.has_width
    assert bite >= 0.85
    assert sentence_sheet.gap_when_closed(spoken.mouth, reference) < 0.025
    assert 0.4 < spoken.mouth[:, 0].std() / reference[:, 0].std() < 2.5


@pytest.mark.parametrize("name", [name for name in RIGS if name != "jaw_only"])
def test_eyes_look_where_the_channels_say(name: str, extension: Any) -> None:
    rig = build(name)
    assert rig.expresses >= EYES
    obj = bpy.data.objects[rig.face]
    if rig.is_anonymous:
        bpy.ops.voxkey.match_by_shape()
    rig_map, _, _ = face.chosen_map(obj)
    assert rig_map is not None
    corners = pupil_corners()
    rest = pupils(corners)
    for channel, (axis, direction) in EYES_TURN.items():
        addresses = face.preview(obj, rig_map, channel, 1.0)
        held = [data_paths.read_value(owner, (path, index)) for owner, path, index, _ in addresses]
        for owner, path, index, value in addresses:
            data_paths.set_value(owner, (path, index), value)
        this, other = ("left", "right") if channel.endswith("Left") else ("right", "left")
        moved = {side: place - rest[side] for side, place in pupils(corners).items()}
        for (owner, path, index, _), value in zip(addresses, held, strict=True):
            data_paths.set_value(owner, (path, index), value)
        assert direction * moved[this][axis] > 0.03 * np.linalg.norm(rest["left"] - rest["right"]), channel
        assert abs(moved[other][axis]) < 0.3 * abs(moved[this][axis]), channel


def pupil_corners() -> list[tuple[Any, list[int]]]:
    """Every object with pupils, and their vertices."""
    found = []
    for item in bpy.data.objects:
        names = [material.name for material in item.data.materials] if item.type == "MESH" else []
        slot = next((i for i, name in enumerate(names) if name.startswith("pupil")), None)
        corners = {i for f in item.data.polygons if f.material_index == slot for i in f.vertices} if names else set()
        found += [(item, sorted(corners))] if corners else []
    return found


def pupils(corners: list[tuple[Any, list[int]]]) -> dict[str, NDArray[np.float64]]:
    """The middle (3,) of each pupil in the world, by the character's side."""
    for owner in (*bpy.data.objects, *bpy.data.shape_keys):
        owner.update_tag()
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    points = []
    for item, ids in corners:
        evaluated = item.evaluated_get(depsgraph)
        points += [evaluated.matrix_world @ evaluated.data.vertices[i].co for i in ids]
    places = np.array(points)
    return {"left": places[places[:, 0] > 0].mean(axis=0), "right": places[places[:, 0] < 0].mean(axis=0)}


def test_the_picture_shows_a_row_a_rig(tmp_path: Path, capsys: pytest.CaptureFixture[str], extension: Any) -> None:
    output = tmp_path / "sheet.png"
    sentence_sheet.run(["mpfb"], DEFAULT_AUDIO, output, 32)
    image = bpy.data.images.load(str(output))
    assert tuple(image.size) == (32 * (1 + sentence_sheet.N_PICTURES), 2 * 32)
    assert "| mpfb | " in capsys.readouterr().out
