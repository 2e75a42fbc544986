"""The list of takes: muted, soloed, brought back, shaped anew, deleted; drawn without work."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import keyframes
from blender_addon.core import livelink
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.life import HEAD_CHANNELS

from .interface import Context, Layout
from .scenes import NO_LIFE, TINY_MODEL, add_strip, heights, jaw_heights, make_head, snapshot, write_bursts

FRAMES = range(1, 60)
LINE, CAPTURE, SMILE = "Voxkey line.wav", "Voxkey face.csv", BLENDSHAPE_CHANNELS.index("mouthSmileLeft")


@pytest.fixture
def addon(extension: Any) -> Iterator[Any]:
    """Modules of the add-on by name, with no memory of earlier characters."""

    def module(name: str) -> Any:
        return sys.modules[f"{extension.__name__}.{name}"]

    module("rig_look")._looks.clear()
    yield module


@pytest.fixture
def head(addon: Any, scene: Any, tmp_path: Path) -> Any:
    """A head with teeth, a generated take of two bursts, and over it a capture of a smile that stays at 0.5."""
    head, armature = make_head(scene), bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(armature)
    teeth = make_head(scene, ["jawOpen"], "Teeth")
    head.parent = teeth.parent = armature
    bpy.context.view_layer.objects.active = head
    add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 1)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    bpy.ops.voxkey.generate()
    values = np.zeros((60, len(BLENDSHAPE_CHANNELS)), np.float32)
    values[:, SMILE] = 0.5
    still = Curves(np.zeros((60, 3), np.float32), HEAD_CHANNELS, 24.0)
    livelink.write_livelink(tmp_path / "face.csv", Curves(values, BLENDSHAPE_CHANNELS, 24.0), still)
    bpy.ops.voxkey.import_capture(filepath=str(tmp_path / "face.csv"))
    return head


def mutes() -> dict[str, bool]:
    """Name of every Action of a take, with all its parts -> whether its track is muted."""
    datas = [key.animation_data for key in bpy.data.shape_keys if key.animation_data]
    tracks = [track for data in datas for track in data.nla_tracks]
    return {strip.action.name: track.mute for track in tracks for strip in track.strips if "voxkey" in strip.action}


def drawn(addon: Any, head: Any) -> Layout:
    """What the panel shows after a look at the character."""
    addon("rig_look").look(head)
    manager, layout = bpy.context.window_manager, Layout()
    if not manager.voxkey_takes:
        addon("take_list")._add_rows()
    addon("take_list").draw(layout, Context())
    return layout


def refused(operator: Any, **properties: Any) -> str:
    """The sentence with which an operator refuses."""
    with pytest.raises(RuntimeError) as error:
        operator(**properties)
    return str(error.value)


def edit(take: str) -> None:
    """Change a key of a take by hand."""
    keyframes.fcurves(bpy.data.actions[take])[0].keyframe_points[3].co.y = 0.7


def test_every_take_is_listed_newest_first_with_its_facts(addon: Any, head: Any) -> None:
    assert [take.name for take in addon("take_list").listed(head)] == [CAPTURE, LINE]
    bpy.context.window_manager.voxkey_take = 0
    capture = drawn(addon, head)
    assert {"face.csv", "Imported", "ARKit, frames 1 to 60", "Apply to Take", "Delete Take"} <= set(capture.texts)
    assert "voxkey.select_take_source" not in capture.drawn
    bpy.context.window_manager.voxkey_take = 1
    line = drawn(addon, head)
    assert {"line.wav", "tiny_blendshapes.onnx on CPU", "ARKit, frames 1 to 48"} <= set(line.texts)
    assert line.drawn.count("voxkey.mute_take") == line.drawn.count("voxkey.solo_take") == 2
    assert "voxkey.select_take_source" in line.drawn


def test_a_take_is_muted_on_all_parts_and_comes_back(head: Any, scene: Any) -> None:
    before, seen = mutes(), heights(scene, head, FRAMES)
    assert sorted(before) == [CAPTURE, f"{CAPTURE} Teeth", LINE, f"{LINE} Teeth"]
    assert not any(before.values())
    bpy.ops.voxkey.mute_take(take=LINE)
    assert mutes() == {CAPTURE: False, f"{CAPTURE} Teeth": False, LINE: True, f"{LINE} Teeth": True}
    assert jaw_heights(scene, head, FRAMES).max() == 0
    assert heights(scene, head, FRAMES)[:, SMILE].max() == pytest.approx(0.5, abs=1e-4)
    bpy.ops.voxkey.mute_take(take=LINE)
    assert mutes() == before
    np.testing.assert_array_equal(heights(scene, head, FRAMES), seen)


def test_solo_silences_the_others_until_it_ends(addon: Any, head: Any) -> None:
    before = mutes()
    bpy.ops.voxkey.solo_take(take=LINE)
    assert {name for name, muted in mutes().items() if muted} == {CAPTURE, f"{CAPTURE} Teeth"}
    bpy.ops.voxkey.solo_take(take=CAPTURE)
    assert {name for name, muted in mutes().items() if muted} == {LINE, f"{LINE} Teeth"}
    bpy.ops.voxkey.solo_take(take=CAPTURE)
    assert mutes() == before
    assert not any(addon("take_list").SILENCED in action for action in bpy.data.actions)


def test_what_was_muted_before_solo_stays_muted(head: Any) -> None:
    bpy.ops.voxkey.mute_take(take=CAPTURE)
    before = mutes()
    bpy.ops.voxkey.solo_take(take=LINE)
    bpy.ops.voxkey.solo_take(take=LINE)
    assert mutes() == before


def test_deleting_the_solo_take_brings_the_others_back(head: Any) -> None:
    bpy.ops.voxkey.solo_take(take=CAPTURE)
    bpy.ops.voxkey.delete_listed_take(take=CAPTURE)
    assert mutes() == {LINE: False, f"{LINE} Teeth": False}


def test_an_edited_older_take_is_listed_and_can_be_used_again(addon: Any, head: Any, scene: Any) -> None:
    edit(LINE)
    scene.voxkey.strength = 0.5
    bpy.ops.voxkey.generate()
    assert [take.name for take in addon("take_list").listed(head)] == [f"{LINE}.001", CAPTURE, LINE]
    bpy.context.window_manager.voxkey_take = 2
    old = drawn(addon, head)
    assert {"Muted: kept, but out of use", "Use This Take"} <= set(old.texts)
    assert "is muted; bring it back into use first" in refused(bpy.ops.voxkey.reshape_listed_take)
    weak = jaw_heights(scene, head, FRAMES)
    bpy.ops.voxkey.mute_take()
    muted = {name for name, is_muted in mutes().items() if is_muted}
    assert muted == {f"{LINE}.001", f"{LINE}.001 Teeth"}
    np.testing.assert_allclose(jaw_heights(scene, head, FRAMES), 2 * weak, atol=1e-5)


def test_apply_shapes_a_capture_and_leaves_the_sound_alone(head: Any, scene: Any) -> None:
    line = snapshot(bpy.data.actions[LINE])
    scene.voxkey.live_shaping = False
    scene.voxkey.strength = 0.5
    bpy.ops.voxkey.reshape_listed_take(take=CAPTURE)
    assert heights(scene, head, FRAMES)[:, SMILE].max() == pytest.approx(0.25, abs=1e-4)
    assert snapshot(bpy.data.actions[LINE]) == line
    assert len([name for name in mutes() if name.startswith(CAPTURE)]) == 2


def test_apply_replaces_the_take_it_is_asked_for(head: Any, scene: Any) -> None:
    """Two takes of one sound in use, as only the NLA editor lets one have."""
    edit(LINE)
    bpy.ops.voxkey.generate()
    tracks = [track for key in bpy.data.shape_keys for track in key.animation_data.nla_tracks]
    for track in tracks:
        track.mute = False
    bpy.ops.voxkey.reshape_listed_take(take=f"{LINE}.001")
    assert not mutes()[LINE]
    assert len([name for name in mutes() if name.startswith(LINE)]) == 4


def test_deleting_both_takes_leaves_nothing(addon: Any, head: Any, scene: Any) -> None:
    bpy.ops.voxkey.mute_take(take=LINE)
    for name in (LINE, CAPTURE):
        bpy.ops.voxkey.delete_listed_take(take=name)
    assert not bpy.data.actions
    assert not any(key.animation_data and key.animation_data.nla_tracks for key in bpy.data.shape_keys)
    assert not bpy.ops.voxkey.delete_listed_take.poll()
    sentence = "Head has no take yet; generate one, or import a capture"
    assert addon("take_list").no_take_reason(bpy.context) == sentence
    assert sentence in " ".join(drawn(addon, head).texts)


def test_its_strip_is_selected(head: Any, scene: Any, tmp_path: Path) -> None:
    other = add_strip(scene, write_bursts(tmp_path / "other.wav", 1.0, [0.5]), 100)
    editor = scene.sequence_editor
    editor.active_strip = other
    scene.voxkey.source = "other.wav"
    bpy.ops.voxkey.select_take_source(take=LINE)
    assert editor.active_strip.name == scene.voxkey.source == "line.wav"
    assert not other.select
    assert "was imported from the file face.csv" in refused(bpy.ops.voxkey.select_take_source, take=CAPTURE)
    editor.active_strip.name = "renamed"
    assert "There is no sound line.wav in this scene" in refused(bpy.ops.voxkey.select_take_source, take=LINE)


def test_a_speaker_is_selected_and_the_face_stays_active(addon: Any, head: Any, scene: Any) -> None:
    speaker = bpy.data.objects.new("Voice", bpy.data.speakers.new("Voice"))
    scene.collection.objects.link(speaker)
    bpy.context.view_layer.update()
    addon("audio_io").select_source(scene, bpy.context.view_layer, "Voice")
    assert [obj.name for obj in bpy.context.selected_objects] == ["Voice"]
    assert bpy.context.object == head


def test_a_name_that_is_none_says_so(head: Any) -> None:
    assert "Head has no take Other; choose another" in refused(bpy.ops.voxkey.mute_take, take="Other")


def test_every_click_is_one_undo_step(head: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    before = mutes()
    bpy.ops.voxkey.solo_take("EXEC_DEFAULT", True, take=LINE)
    bpy.ops.voxkey.mute_take("EXEC_DEFAULT", True, take=LINE)
    assert all(mutes().values())
    bpy.ops.voxkey.delete_listed_take("EXEC_DEFAULT", True, take=CAPTURE)
    bpy.ops.ed.undo()
    assert all(mutes().values())
    bpy.ops.ed.undo()
    assert not mutes()[LINE]
    bpy.ops.ed.undo()
    assert mutes() == before


def test_a_copied_character_is_muted_alone(head: Any, scene: Any) -> None:
    for obj in scene.objects:
        obj.select_set(True)
    bpy.ops.object.duplicate()
    copy = scene.objects["Head.001"]
    scene.voxkey.target = copy
    bpy.ops.voxkey.mute_take(take=LINE)
    assert jaw_heights(scene, copy, FRAMES).max() == 0
    assert jaw_heights(scene, head, FRAMES).max() > 0.2


def test_twenty_takes_draw_in_under_two_milliseconds(addon: Any, head: Any, scene: Any) -> None:
    """Blender's own part of drawing is not in it."""
    edit(LINE)
    for _ in range(18):
        bpy.ops.voxkey.generate()
        edit(next(take.name for take in addon("take_list").listed(head)))
    assert len(addon("take_list").listed(head)) == 20
    drawn(addon, head)
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        addon("take_list").draw(Layout(), Context())
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.002


# ---------------------------------------------------------------------------------------------------------------------
# The selected take is the one that Result and sliders are about


def test_sliders_and_result_follow_the_selected_take(addon: Any, head: Any, scene: Any) -> None:
    manager, current = bpy.context.window_manager, addon("operators").current_take
    assert current(bpy.context).name == LINE
    assert manager.voxkey_take == 1
    line = snapshot(bpy.data.actions[LINE])
    manager.voxkey_take = 0
    scene.voxkey.strength = 0.5
    assert current(bpy.context).name == CAPTURE
    assert heights(scene, head, FRAMES)[:, SMILE].max() == pytest.approx(0.25, abs=1e-4)
    assert snapshot(bpy.data.actions[LINE]) == line
    bpy.data.actions[CAPTURE].name = "Smile"
    assert current(bpy.context).name == "Smile"
    bpy.ops.voxkey.reshape_take()
    assert current(bpy.context).name == CAPTURE
    bpy.ops.voxkey.delete_take()
    assert [take.name for take in addon("take_list").listed(head)] == [LINE]


def test_the_sliders_show_the_selected_take(addon: Any, head: Any, scene: Any) -> None:
    seen = heights(scene, head, FRAMES)
    scene.voxkey.strength, scene.voxkey.hold_frames = 0.5, "2"
    bpy.context.window_manager.voxkey_take = 0
    assert (scene.voxkey.strength, scene.voxkey.hold_frames, scene.voxkey.blinks) == (1.0, "1", 1.0)
    bpy.context.window_manager.voxkey_take = 1
    assert (scene.voxkey.strength, scene.voxkey.hold_frames, scene.voxkey.blinks) == (0.5, "2", 0.0)
    scene.voxkey.strength = 1.0
    scene.voxkey.hold_frames = "1"
    np.testing.assert_allclose(heights(scene, head, FRAMES), seen, atol=1e-6)


def test_another_sound_or_a_new_take_is_meant_instead(addon: Any, head: Any, scene: Any, tmp_path: Path) -> None:
    current = addon("operators").current_take
    bpy.context.window_manager.voxkey_take = 0
    bpy.ops.voxkey.generate()
    assert current(bpy.context).name == LINE
    bpy.context.window_manager.voxkey_take = 1
    assert current(bpy.context).name == CAPTURE
    scene.voxkey.source = add_strip(scene, write_bursts(tmp_path / "other.wav", 1.0, [0.5]), 100).name
    assert current(bpy.context) is None
    scene.voxkey.source = "line.wav"
    assert current(bpy.context).name == CAPTURE


def test_a_muted_take_can_be_selected_and_the_one_in_use_is_meant(addon: Any, head: Any, scene: Any) -> None:
    bpy.ops.voxkey.mute_take(take=CAPTURE)
    bpy.context.window_manager.voxkey_take = 0
    assert "Use This Take" in drawn(addon, head).texts
    assert addon("operators").current_take(bpy.context).name == LINE


def test_deleting_the_solo_take_in_the_section_result_brings_the_others_back(head: Any) -> None:
    bpy.ops.voxkey.solo_take(take=LINE)
    bpy.ops.voxkey.delete_take()
    assert mutes() == {CAPTURE: False, f"{CAPTURE} Teeth": False}
