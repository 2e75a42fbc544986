"""One click on every family of rigs: found by name, moved in all parts, seen to move, and put back."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import audio_io, face, generation, predictions, take_actions
from blender_addon.core.shaping import Shaping
from rigs import sentence_sheet
from rigs.test_rigs import RIGS

from .characters import state

NAMED = [name for name in RIGS if name != "creature"]
MIN_SHARE, MIN_APERTURE, MIN_WIDTH = 0.95, 0.95, 0.85
"""Of the channels that a rig can express, how many move; correlations with the default head's mouth."""
N_FRAMES = 96
FRAMES = range(1, N_FRAMES + 1, 2)
N_PARTS = {"anime_vroid": 2, "cc4": 4, "live_link": 2, "rigify": 1, "properties": 1, "jaw_only": 1}
"""Data-blocks that move."""


def speak(rig: Any, prediction: predictions.Prediction | None = None) -> tuple[Any, predictions.Prediction]:
    """Let the open rig say the sentence; the model runs once for all."""
    scene = bpy.context.scene
    audio_io.add_sound_strip(scene, sentence_sheet.DEFAULT_AUDIO, 1).frame_final_duration = N_FRAMES
    request = generation.prepare(scene, bpy.data.objects[rig.face], "", generation.DEFAULT_MODEL, "CPU")
    prediction = prediction or generation.predict(request)
    return generation.write_result(request.place, Shaping(), prediction), prediction


@pytest.fixture(scope="module")
def said() -> tuple[predictions.Prediction, sentence_sheet.Mouth]:
    """The sentence, and how the default head says it."""
    rig = sentence_sheet.open_rig(sentence_sheet.DEFAULT_HEAD)
    _, prediction = speak(rig)
    return prediction, sentence_sheet.mouth_at(rig, FRAMES)


@pytest.mark.parametrize("name", NAMED)
def test_one_click_moves_all_that_a_family_can_express(
    name: str, said: tuple[predictions.Prediction, sentence_sheet.Mouth]
) -> None:
    rig = sentence_sheet.open_rig(name)
    scene = bpy.context.scene
    before = state(scene)
    result, _ = speak(rig, said[0])
    reached = {*result.coverage.matched, *result.coverage.combined}
    assert len(reached & rig.expresses) >= MIN_SHARE * len(rig.expresses)
    assert (result.moved, result.warnings) == (True, ())
    aperture, width, _ = sentence_sheet.agreement(sentence_sheet.mouth_at(rig, FRAMES), said[1])
    assert aperture >= MIN_APERTURE
    assert width >= MIN_WIDTH or not rig.has_width
    take = face.find_take(bpy.data.objects[rig.face], result.take.removeprefix("Voxkey "))
    assert take is not None
    owners = {owner for owner, _ in take_actions.parts(take)}
    assert len(owners) == N_PARTS.get(name, len(owners))
    take_actions.remove_take(take)
    assert state(scene) == before


def test_a_creature_with_names_that_say_nothing_gets_one_sentence(tmp_path: Path) -> None:
    rig = sentence_sheet.open_rig("creature")
    with pytest.raises(ValueError, match=r"None of the \d+ shape keys of .* is named as in any rig map; match them"):
        speak(rig)
    assert not bpy.data.actions


def test_two_characters_in_one_scene_speak_apart() -> None:
    """The second is a copy with its own armature and meshes, as two of one family in a shot."""
    rig = sentence_sheet.open_rig("cc4")
    scene = bpy.context.scene
    first = [*scene.objects]
    copies = {item: item.copy() for item in first}
    for item, copy in copies.items():
        scene.collection.objects.link(copy)
        copy.data = item.data.copy() if item.data else None
        copy.parent = copies.get(item.parent)
        for modifier in copy.modifiers:
            if modifier.type == "ARMATURE":
                modifier.object = copies[modifier.object]
    bpy.context.view_layer.update()
    other = copies[bpy.data.objects[rig.face]]
    before = sentence_sheet.mouth_at(rig, [40, 80])
    audio_io.add_sound_strip(scene, sentence_sheet.DEFAULT_AUDIO, 1).frame_final_duration = N_FRAMES
    result = generation.generate(scene, other, "", Shaping(), device="CPU")
    assert result.moved
    np.testing.assert_array_equal(sentence_sheet.mouth_at(rig, [40, 80]), before)


def test_what_is_matched_by_shape_keeps_the_bones_that_names_tell(
    extension: Any, said: tuple[predictions.Prediction, sentence_sheet.Mouth]
) -> None:
    rig = sentence_sheet.open_rig("live_link")
    obj = bpy.data.objects[rig.face]
    for number, block in enumerate(obj.data.shape_keys.key_blocks[1:]):
        block.name = f"key_{number:03d}"
    bpy.context.view_layer.objects.active = obj
    assert bpy.ops.voxkey.match_by_shape() == {"FINISHED"}
    result, _ = speak(rig, said[0])
    assert {target.kind for target in result.targets} == {"shape_key", "bone"}
    aperture, _, bite = sentence_sheet.agreement(sentence_sheet.mouth_at(rig, FRAMES), said[1])
    assert min(aperture, bite) > 0.9
