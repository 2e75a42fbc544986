"""Several characters and strips at once: who speaks what, one job, one undo, and a report of what was left out."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from .interface import Context, Event, Layout, Pressed
from .scenes import NO_LIFE, TINY_MODEL, jaw_heights, key_frames, make_head, snapshot, write_bursts, written


@pytest.fixture
def addon(extension: Any) -> Any:
    """Modules of the add-on by name."""
    return lambda name: sys.modules[f"{extension.__name__}.{name}"]


@pytest.fixture
def stage(addon: Any, scene: Any, tmp_path: Path) -> Any:
    """Alice speaks on channel 1 at frames 1 and 97, Bob on channel 2 at frame 49: 1.5 s with two bursts each."""
    make_head(scene, name="Alice")
    make_head(scene, name="Bob").location.x = 1000
    strips = scene.sequence_editor_create().strips
    for name, channel, start in (("alice_1.wav", 1, 1), ("bob_1.wav", 2, 49), ("alice_2.wav", 1, 97)):
        path = write_bursts(tmp_path / name, 1.5, [0.5, 1.0])
        strips.new_sound(path.name, str(path), channel, start)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    return scene


def table(scene: Any) -> list[tuple[str, str | None]]:
    """Voice and name of the character of each row."""
    return [(row.sound, row.character and row.character.name) for row in scene.voxkey_dialogue.voices]


def takes() -> list[str]:
    return sorted(action.name for action in bpy.data.actions if "voxkey_prediction" in action)


def loud_frames(scene: Any, name: str) -> set[int]:
    """Frames in which the jaw of a character is open."""
    heights = jaw_heights(scene, scene.objects[name], range(1, 150))
    return set((np.flatnonzero(heights > 0.25) + 1).tolist())


def keys_of(take: str) -> dict[str, Any]:
    return {path: keys.copy() for path, keys in key_frames(bpy.data.actions[take]).items()}


def test_one_click_fills_the_table_and_one_makes_everyone_speak(stage: Any) -> None:
    bpy.ops.voxkey.find_voices()
    assert table(stage) == [("Channel 1", "Alice"), ("Channel 2", "Bob")]
    assert bpy.ops.voxkey.generate_dialogue() == {"FINISHED"}
    alice, bob = loud_frames(stage, "Alice"), loud_frames(stage, "Bob")
    assert {13, 25, 109, 121} <= alice and all(min(abs(f - at) for at in (13, 25, 109, 121)) <= 1 for f in alice)
    assert {61, 73} <= bob and all(min(abs(f - at) for at in (61, 73)) <= 1 for f in bob)
    assert stage.voxkey_dialogue.report == "3 lines of 2 characters generated"


def test_curves_are_those_of_one_by_one_to_the_last_bit(stage: Any) -> None:
    stage.voxkey.blinks = stage.voxkey.gaze = 1.0
    one_by_one = {}
    for source, name in (("alice_1.wav", "Alice"), ("alice_2.wav", "Alice"), ("bob_1.wav", "Bob")):
        stage.voxkey.source, stage.voxkey.target = source, stage.objects[name]
        bpy.ops.voxkey.generate()
        one_by_one[f"Voxkey {source}"] = keys_of(f"Voxkey {source}")
        bpy.ops.voxkey.delete_take()
    bpy.ops.voxkey.find_voices()
    bpy.ops.voxkey.generate_dialogue()
    assert set(one_by_one) <= set(takes())
    for take, curves in one_by_one.items():
        now = keys_of(take)
        assert list(now) == list(curves)
        for path, keys in curves.items():
            np.testing.assert_array_equal(now[path], keys)


def test_generating_again_replaces_every_take(stage: Any) -> None:
    bpy.ops.voxkey.find_voices()
    bpy.ops.voxkey.generate_dialogue()
    first, n_written = takes(), written()
    bpy.ops.voxkey.generate_dialogue()
    assert (takes(), written()) == (first, n_written)


def test_who_speaks_is_guessed_by_names(stage: Any, addon: Any, tmp_path: Path) -> None:
    strips = stage.sequence_editor.strips
    stage.sequence_editor.channels[2].name = "Dialogue"
    strips["bob_1.wav"].name = "line 7"  # the file is still called bob_1.wav
    path = write_bursts(tmp_path / "reply.wav", 0.5, [0.2])
    strips.new_sound("reply to Bob by Bob", str(path), 1, 200)
    strips.new_sound("narrator", str(path), 3, 1)
    bpy.ops.voxkey.find_voices()
    assert table(stage) == [
        ("Channel 1", "Alice"),
        ("Dialogue", "Bob"),
        ("Channel 3", None),
        ("reply to Bob by Bob", "Bob"),
    ]
    stage.voxkey_dialogue.voices[2].character = stage.objects["Alice"]
    bpy.ops.voxkey.find_voices()
    assert table(stage)[2] == ("Channel 3", "Alice")  # a choice is kept
    assert len(table(stage)) == 4


def test_armature_meshes_and_bones_are_one_character(stage: Any, addon: Any) -> None:
    armature = bpy.data.objects.new("Carol_rig", bpy.data.armatures.new("Carol_rig"))
    stage.collection.objects.link(armature)
    for name, keys in (("Face", ["jawOpen", "mouthClose"]), ("Teeth", ["jawOpen"])):
        make_head(stage, keys, name).parent = armature
    assert [obj.name for obj in addon("dialogue").characters(stage)] == ["Alice", "Bob", "Face"]
    stage.sequence_editor.strips["bob_1.wav"].name = "carol"
    stage.sequence_editor.strips["carol"].sound.filepath = "//line.wav"
    bpy.ops.voxkey.find_voices()
    assert table(stage)[1] == ("Channel 2", "Face")


def test_an_only_character_says_everything(stage: Any) -> None:
    bpy.data.objects.remove(stage.objects["Bob"])
    bpy.ops.voxkey.find_voices()
    assert table(stage) == [("Channel 1", "Alice"), ("Channel 2", "Alice")]


def test_what_is_left_out_is_said(stage: Any) -> None:
    strips = stage.sequence_editor.strips
    bpy.ops.voxkey.find_voices()
    strips["alice_1.wav"].mute = True
    Path(bpy.path.abspath(strips["alice_2.wav"].sound.filepath)).write_bytes(b"RIFF0000WAVEfmt ")
    bpy.ops.voxkey.add_voice()
    row = stage.voxkey_dialogue.voices[-1]
    row.sound, row.character = "Channel 9", stage.objects["Bob"]
    bpy.ops.voxkey.add_voice()
    stage.voxkey_dialogue.voices[-1].sound = "alice_2.wav"
    bpy.ops.voxkey.generate_dialogue()
    assert takes() == ["Voxkey bob_1.wav"]
    report = stage.voxkey_dialogue.report.splitlines()
    assert report[0] == "1 line of 1 character generated"
    assert "alice_1.wav is left out: it is muted in the Sequencer" in report
    assert "Channel 9 is left out: no channel, strip or Speaker of this name has a sound of its own" in report
    assert "alice_2.wav is left out: no character is chosen for it" in report
    bpy.ops.voxkey.remove_voice()  # alice_2.wav is its channel's again
    bpy.ops.voxkey.generate_dialogue()
    assert any(
        line.startswith("alice_2.wav is left out: alice_2.wav is damaged")
        for line in stage.voxkey_dialogue.report.splitlines()
    )


@pytest.mark.parametrize("what", ["strip", "channel", "meta"])
def test_only_muted_sounds_are_left_out(stage: Any, addon: Any, what: str) -> None:
    editor, audio_io = stage.sequence_editor, addon("audio_io")
    strip = editor.strips["bob_1.wav"]
    holder = {"strip": lambda: strip, "channel": lambda: editor.channels[2]}.get(what, lambda: None)()
    if holder is None:
        holder = editor.strips.new_meta("Meta", 5, 49)
        strip.move_to_meta(holder)
        holder.frame_final_end = strip.frame_final_end
        editor.channels[5].name = "Bob's"
        assert audio_io.channel_name(stage, strip) == "Bob's"
    bpy.ops.voxkey.find_voices()
    assert not audio_io.is_muted(stage, strip)
    holder.mute = True
    assert audio_io.is_muted(stage, strip)
    bpy.ops.voxkey.generate_dialogue()
    assert takes() == ["Voxkey alice_1.wav", "Voxkey alice_2.wav", "Voxkey listening 37"]


def test_when_all_fail_nothing_is_written(stage: Any) -> None:
    bpy.ops.voxkey.find_voices()
    stage.voxkey_dialogue.voices.remove(1)
    for strip in stage.sequence_editor.strips:
        strip.mute = True
    before = snapshot(stage.voxkey_dialogue)
    with pytest.raises(RuntimeError, match=r"Nothing was generated: alice_1\.wav is left out: it is muted"):
        bpy.ops.voxkey.generate_dialogue()
    assert written() == (0, 0)
    assert snapshot(stage.voxkey_dialogue) == before


def test_speakers_have_voices_too(stage: Any, tmp_path: Path) -> None:
    data = bpy.data.speakers.new("Bob's speaker")
    speaker = bpy.data.objects.new("Bob's speaker", data)
    stage.collection.objects.link(speaker)
    data.sound = bpy.data.sounds.load(str(write_bursts(tmp_path / "aside.wav", 1.0, [0.5])))
    bpy.ops.voxkey.find_voices()
    assert table(stage)[-1] == ("Bob's speaker", "Bob")
    bpy.ops.voxkey.generate_dialogue()
    assert "Bob's speaker is left out: Bob's speaker plays nothing" in stage.voxkey_dialogue.report


def test_one_undo_takes_everything_back(stage: Any) -> None:
    bpy.ops.voxkey.find_voices()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.generate_dialogue("EXEC_DEFAULT", True)
    made = written()
    bpy.ops.ed.undo()
    assert written() == (0, 0)
    assert bpy.context.scene.voxkey_dialogue.report == ""
    bpy.ops.ed.redo()
    assert written() == made


def test_listeners_blink_and_look_while_the_other_speaks(stage: Any, addon: Any) -> None:
    stage.voxkey.blinks = stage.voxkey.gaze = 1.0
    for strip in stage.sequence_editor.strips:  # longer lines, so that there is time to blink
        strip.frame_start = (strip.frame_start - 1) * 5 + 1
    bpy.ops.voxkey.find_voices()
    bpy.ops.voxkey.generate_dialogue()
    assert [name for name in takes() if "listening" in name] == [
        "Voxkey listening 1",
        "Voxkey listening 277",
        "Voxkey listening 37",
    ]
    facts = {name: addon("take_actions").read_facts(bpy.data.actions[name]) for name in takes()}
    assert facts["Voxkey listening 37"]["n_frames"] == 481 - 37
    curves = key_frames(bpy.data.actions["Voxkey listening 37"])
    assert curves['key_blocks["eyeBlinkLeft"].value'][:, 1].max() > 0.5
    assert curves['key_blocks["jawOpen"].value'][:, 1].max() == 0
    lids = [key_frames(bpy.data.actions[f"Voxkey listening {n}"])['key_blocks["eyeBlinkLeft"].value'] for n in (1, 37)]
    assert not np.array_equal(lids[0][:100, 1], lids[1][:100, 1])
    stage.voxkey_dialogue.listening = False
    bpy.ops.voxkey.generate_dialogue()
    assert not any("listening" in name for name in takes())


def test_the_list_of_takes_knows_a_listener(stage: Any, addon: Any) -> None:
    bpy.ops.voxkey.find_voices()
    bpy.ops.voxkey.generate_dialogue()
    assert "Voxkey listening 37" in takes()
    stage.voxkey.target = stage.objects["Alice"]
    addon("rig_look").look(stage.objects["Alice"])
    addon("take_list")._add_rows()
    listed = [take.name for take in addon("take_list").listed(stage.objects["Alice"])]
    bpy.context.window_manager.voxkey_take = listed.index("Voxkey listening 37")
    layout = Layout()
    addon("take_list").draw(layout, Context())
    assert "Listens to others" in layout.texts
    with pytest.raises(RuntimeError, match="the character listens to others"):
        bpy.ops.voxkey.select_take_source()
    assert bpy.ops.voxkey.reshape_listed_take() == {"FINISHED"}


def test_the_section_draws_table_report_and_reason(stage: Any, addon: Any) -> None:
    layout = Layout()
    addon("dialogue").draw(layout, Context())
    assert "No voice has a character yet; click Find Voices, and choose who says what" in " ".join(layout.texts)
    assert not bpy.ops.voxkey.generate_dialogue.poll()
    bpy.ops.voxkey.find_voices()
    bpy.ops.voxkey.generate_dialogue()
    layout = Layout()
    addon("dialogue").draw(layout, Context())
    assert layout.drawn.count("character") == 2
    assert {"voxkey.generate_dialogue", "listening", "head"} <= set(layout.drawn)
    assert "3 lines of 2 characters generated" in layout.texts


@pytest.fixture
def pressed(stage: Any, addon: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Pressed, Context]]:
    """Generate All, just pressed in the interface; the model waits at its second line until it is told to go on."""
    go_on, generation = threading.Event(), addon("generation")
    predict = generation.predict

    def slow_predict(request: Any, on_progress: Any, is_cancelled: Any) -> Any:
        if request.place.source_name == "alice_2.wav":
            on_progress(0.5)
            go_on.wait(10)
        return predict(request, on_progress, is_cancelled)

    monkeypatch.setattr(generation, "predict", slow_predict)
    monkeypatch.setattr(addon("operators"), "in_background", lambda: False)
    bpy.ops.voxkey.find_voices()
    context, button = Context(), Pressed(addon("dialogue").VOXKEY_OT_generate_dialogue)
    assert button.invoke(context, Event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    button.go_on = go_on
    yield button, context
    go_on.set()
    addon("operators").cancel_job()
    assert context.window_manager.n_timers == 0


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_one_bar_for_all_lines_and_all_are_written_at_the_end(pressed: Any, stage: Any, addon: Any) -> None:
    button, context = pressed
    wait_until(lambda: addon("operators").running_job().progress == pytest.approx(0.5))  # 1.5 of 3 lines
    assert button.modal(context, Event("TIMER")) == {"PASS_THROUGH"}
    assert written() == (0, 0)
    button.go_on.set()
    wait_until(lambda: addon("operators").running_job().is_done)
    assert button.modal(context, Event("TIMER")) == {"FINISHED"}
    assert button.reports[-1] == "3 lines of 2 characters generated"
    assert {"Voxkey alice_1.wav", "Voxkey alice_2.wav", "Voxkey bob_1.wav"} <= set(takes())


def test_esc_leaves_nothing(pressed: Any, addon: Any) -> None:
    button, context = pressed
    wait_until(lambda: addon("operators").running_job().progress > 0)
    assert button.modal(context, Event("ESC")) == {"CANCELLED"}
    assert written() == (0, 0)


def test_a_line_that_is_deleted_meanwhile_does_not_stop_the_others(pressed: Any, stage: Any, addon: Any) -> None:
    button, context = pressed
    stage.sequence_editor.strips.remove(stage.sequence_editor.strips["bob_1.wav"])
    button.go_on.set()
    wait_until(lambda: addon("operators").running_job().is_done)
    assert button.modal(context, Event("TIMER")) == {"FINISHED"}
    assert "bob_1.wav is left out: The sound bob_1.wav is gone" in button.reports[-1]
    assert "Voxkey alice_2.wav" in takes()
