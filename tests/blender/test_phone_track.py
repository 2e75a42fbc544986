# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Phones as strips: shown, edited as a user edits strips, followed by the face, kept with the take."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon.core.channels import BLENDSHAPE_CHANNELS

from .interface import Context, Layout
from .scenes import NO_LIFE, add_strip, heights, make_head

SPEECH = Path(__file__).parents[2] / "tools" / "demo_speech.wav"
START = 11
TRANSCRIPT = (
    "Hello! I am Voxkey. Press one button, and my lips move with every word. Pop, bubble, movie, five, two blue moons."
)
LINE = "Voxkey demo_speech.wav"
FRAMES = range(START, START + 230)
JAW, CLOSE = (BLENDSHAPE_CHANNELS.index(name) for name in ("jawOpen", "mouthClose"))


@pytest.fixture
def addon(extension: Any) -> Iterator[Any]:
    """Modules of the add-on by name, with no memory of earlier characters."""

    def module(name: str) -> Any:
        return sys.modules[f"{extension.__name__}.{name}"]

    module("rig_look")._looks.clear()
    yield module


@pytest.fixture
def head(addon: Any, scene: Any) -> Any:
    """A head that says the demo, with nothing but speech in its face, and the phones shown."""
    head = make_head(scene)
    add_strip(scene, SPEECH, START)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    bpy.ops.voxkey.generate()
    bpy.ops.voxkey.show_phones()
    return head


def strips(addon: Any, scene: Any) -> list[Any]:
    found = [strip for strip in addon("audio_io").top_level_strips(scene) if strip.type == "COLOR"]
    return sorted(found, key=lambda strip: strip.frame_final_start)


def says(strip: Any) -> str:
    return str(strip.name.partition(".")[0])


def inside(strip: Any) -> slice:
    """Rows of FRAMES in a strip, and one beyond either end."""
    return slice(strip.frame_final_start - START - 1, strip.frame_final_end - START + 1)


def first_vowel(found: list[Any]) -> Any:
    """A long vowel in the middle of speech."""
    return next(s for s in found[8:] if says(s) in "aoiɛɪə" and s.frame_final_duration >= 4)


def test_phones_are_muted_strips_above_the_sound_in_place(addon: Any, scene: Any, head: Any) -> None:
    found = strips(addon, scene)
    take = bpy.data.actions[LINE]
    phones, duration_seconds = addon("phone_track").phones_of(take)
    assert [says(strip) for strip in found] == [phone.name for phone in phones]
    for strip, phone in zip(found, phones, strict=True):
        assert abs(strip.frame_final_start - START - 24 * phone.start_seconds) < 1.5
        assert strip.frame_final_duration >= 1
        assert strip.mute
    assert {strip.channel for strip in found} == {2}
    assert found[0].frame_final_start == START
    assert abs(found[-1].frame_final_end - START - 24 * duration_seconds) <= 1
    assert scene.sequence_editor.active_strip is None or scene.sequence_editor.active_strip.type == "SOUND"


def test_nothing_edited_changes_nothing(addon: Any, scene: Any, head: Any) -> None:
    before = heights(scene, head, FRAMES)
    bpy.ops.voxkey.apply_phones()
    bpy.ops.voxkey.hide_phones()
    assert not strips(addon, scene)
    assert (heights(scene, head, FRAMES) == before).all()
    assert "voxkey_phone_edits" not in bpy.data.actions[LINE]


def test_a_phone_renamed_to_m_closes_the_lips_and_leaves_the_rest_alone(addon: Any, scene: Any, head: Any) -> None:
    strip, before = first_vowel(strips(addon, scene)), heights(scene, head, FRAMES)
    rows = inside(strip)
    strip.name = "m"
    bpy.ops.voxkey.apply_phones()
    after = heights(scene, head, FRAMES)
    gap_before, gap_after = (np.median(values[rows, JAW] - values[rows, CLOSE]) for values in (before, after))
    assert gap_after < 0.02 < gap_before
    away = np.ones(len(FRAMES), bool)
    away[rows.start - 7 : rows.stop + 7] = False
    assert (after[away] == before[away]).all()
    assert (after[~away] != before[~away]).any()


def test_a_phone_that_is_moved_with_its_neighbours_edges_moves_the_mouth(addon: Any, scene: Any, head: Any) -> None:
    found = strips(addon, scene)
    place = next(
        i
        for i, strip in enumerate(found[8:-8], start=8)
        if says(strip) == "p" and {says(found[i - 1]), says(found[i + 1])}.isdisjoint({"p", "f", "w", "sil"})
        and found[i + 1].frame_final_duration > 3
    )  # fmt: skip
    before, strip = heights(scene, head, FRAMES), found[place]
    rows = inside(strip)
    found[place + 1].frame_final_start += 2
    strip.frame_start += 2
    found[place - 1].frame_final_end += 2
    bpy.ops.voxkey.apply_phones()
    after = heights(scene, head, FRAMES)
    gap_before, gap_after = (values[:, JAW] - values[:, CLOSE] for values in (before, after))
    near = np.arange(rows.start - 1, rows.stop + 3)
    moved = near[gap_after[near] < 0.03].mean() - near[gap_before[near] < 0.03].mean()
    assert moved == pytest.approx(2, abs=0.8)


def test_deleted_split_and_copied_strips(addon: Any, scene: Any, head: Any) -> None:
    track, found = addon("phone_track"), strips(addon, scene)
    phones, _ = track.phones_of(bpy.data.actions[LINE])
    place = found.index(first_vowel(found))
    half = found[place].split(found[place].frame_final_start + 2, "SOFT")
    half.name = "p"
    addon("audio_io").remove_strip(scene, found[place - 1])
    read = track.read(scene)
    assert len(read) == len(phones)
    assert read[place - 1].name == phones[place].name
    assert read[place].name == "p"
    assert read[place].start_seconds == read[place - 1].end_seconds
    assert read[place].end_seconds == phones[place].end_seconds
    assert read[place + 1 :] == phones[place + 1 :]


def test_edits_are_kept_when_hidden_saved_reshaped_and_generated_again(
    addon: Any, scene: Any, head: Any, tmp_path: Path
) -> None:
    strip = first_vowel(strips(addon, scene))
    rows = inside(strip)
    strip.name = "p"
    bpy.ops.voxkey.hide_phones()
    assert not strips(addon, scene)
    closed = heights(scene, head, FRAMES)
    for again in (bpy.ops.voxkey.reshape_take, bpy.ops.voxkey.generate):
        again()
        assert (heights(scene, head, FRAMES) == closed).all()
    scene.voxkey.strength = 0.5
    assert (heights(scene, head, FRAMES)[rows, JAW] <= closed[rows, JAW]).all()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"), copy=True)

    edits = json.loads(bpy.data.actions[LINE]["voxkey_phone_edits"])
    assert sum(a != b for a, b in zip(edits["heard"], edits["wanted"], strict=True)) == 1
    bpy.ops.voxkey.show_phones()
    assert says(next(s for s in strips(addon, scene) if inside(s) == rows)) == "p"


def test_reset_forgets_the_edits(addon: Any, scene: Any, head: Any) -> None:
    before, names = heights(scene, head, FRAMES), [says(strip) for strip in strips(addon, scene)]
    first_vowel(strips(addon, scene)).name = "p"
    bpy.ops.voxkey.apply_phones()
    bpy.ops.voxkey.reset_phones()
    assert (heights(scene, head, FRAMES) == before).all()
    assert [says(strip) for strip in strips(addon, scene)] == names


def test_what_is_no_sound_is_refused_and_nothing_changes(addon: Any, scene: Any, head: Any) -> None:
    before = heights(scene, head, FRAMES)
    strips(addon, scene)[5].name = "hello7"
    for operator in (bpy.ops.voxkey.apply_phones, bpy.ops.voxkey.hide_phones):
        with pytest.raises(RuntimeError, match="There is no speech sound hello7"):
            operator()
    assert strips(addon, scene)
    assert (heights(scene, head, FRAMES) == before).all()


def test_selected_strips_are_named_from_the_menu(addon: Any, scene: Any, head: Any) -> None:
    with pytest.raises(RuntimeError, match="No strip of a phone is selected"):
        bpy.ops.voxkey.name_phones(phone="u")
    found = strips(addon, scene)[3:5]
    for strip in found:
        strip.select = True
    found[1].lock = True
    locked = found[1].name
    bpy.ops.voxkey.name_phones(phone="p")
    assert says(found[0]) == "p"
    assert found[1].name == locked


def test_export_has_the_edits_and_import_brings_them_back(addon: Any, scene: Any, head: Any, tmp_path: Path) -> None:
    strip = first_vowel(strips(addon, scene))
    strip.name = "m"
    bpy.ops.voxkey.apply_phones()
    closed = heights(scene, head, FRAMES)
    wanted, _ = addon("phone_track").phones_of(bpy.data.actions[LINE])
    for name in ("a.TextGrid", "a.json"):
        bpy.ops.voxkey.export_phones(filepath=str(tmp_path / name))
        bpy.ops.voxkey.reset_phones()
        bpy.ops.voxkey.import_phones(filepath=str(tmp_path / name))
        read, _ = addon("phone_track").phones_of(bpy.data.actions[LINE])
        assert [phone.name for phone in read] == [phone.name for phone in wanted]
        np.testing.assert_allclose(heights(scene, head, FRAMES), closed, atol=1e-6)


def test_a_take_without_phones_says_so(addon: Any, scene: Any, tmp_path: Path) -> None:
    make_head(scene)
    assert not bpy.ops.voxkey.show_phones.poll()
    assert addon("phone_track").no_phones_reason(bpy.context).endswith("has no take of this sound; generate one first")


def test_a_minute_of_phones_is_shown_at_once(addon: Any, scene: Any, head: Any, monkeypatch: Any) -> None:
    track = addon("phone_track")
    phone = addon("core.phones").Phone
    many = [phone("apti"[i % 4], i / 12, (i + 1) / 12) for i in range(720)]
    monkeypatch.setattr(track, "edits_of", lambda _take: addon("core.phone_edits").Edits(tuple(many), tuple(many)))
    started = time.process_time()
    shown = track.show(scene, head, bpy.data.actions[LINE])
    assert time.process_time() - started < 2
    assert [(s.frame_final_start, s.frame_final_end) for s in shown] == [(11 + 2 * i, 13 + 2 * i) for i in range(720)]
    started = time.process_time()
    assert track.read(scene) == many
    assert time.process_time() - started < 0.1


def test_edits_that_no_longer_fit_the_sound_are_kept_with_their_take(addon: Any, scene: Any, head: Any) -> None:
    first_vowel(strips(addon, scene)).name = "p"
    bpy.ops.voxkey.hide_phones()
    edited = bpy.data.actions[LINE]
    edits = edited["voxkey_phone_edits"]
    addon("audio_io").sound_strips(scene)[0].frame_final_end -= 40
    bpy.ops.voxkey.generate()
    [track] = [t for t in head.data.shape_keys.animation_data.nla_tracks if t.strips[0].action == edited]
    assert track.mute
    assert edited["voxkey_phone_edits"] == edits
    current = addon("face").find_take(head, "demo_speech.wav")
    assert current != edited
    assert "voxkey_phone_edits" not in current
    assert "do not fit what is heard now" in addon("take_actions").read_facts(current)["warnings"][0]


def test_one_undo_takes_applied_phones_back(addon: Any, scene: Any, head: Any) -> None:
    before = heights(scene, head, FRAMES)
    first_vowel(strips(addon, scene)).name = "p"
    bpy.ops.ed.undo_push(message="renamed")
    bpy.ops.voxkey.apply_phones("EXEC_DEFAULT", True)
    assert (heights(scene, head, FRAMES) != before).any()
    bpy.ops.ed.undo()
    scene, head = bpy.context.scene, bpy.data.objects["Head"]
    assert (heights(scene, head, FRAMES) == before).all()
    assert "voxkey_phone_edits" not in bpy.data.actions[LINE]
    assert "p" in [says(strip) for strip in strips(addon, scene)]


def test_no_render_shows_the_strips(addon: Any, scene: Any, head: Any, tmp_path: Path) -> None:
    scene.collection.objects.link(bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera")))
    scene.camera = bpy.data.objects["Camera"]
    scene.render.engine, scene.render.image_settings.file_format = "BLENDER_WORKBENCH", "PNG"
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.frame_set(60)

    def picture(name: str) -> Any:
        scene.render.filepath = str(tmp_path / name)
        bpy.ops.render.render(write_still=True)
        return np.array(bpy.data.images.load(scene.render.filepath).pixels)

    shown = picture("shown.png")
    bpy.ops.voxkey.hide_phones()
    assert (shown == picture("hidden.png")).all()


def test_the_panel_says_what_there_is_to_do(addon: Any, scene: Any, head: Any) -> None:
    layout = Layout()
    addon("phone_track").draw(layout, Context())
    assert {"voxkey.apply_phones", "voxkey.hide_phones"} <= set(layout.drawn)


def test_a_transcript_says_which_phones_are_heard(addon: Any, scene: Any, head: Any) -> None:
    track, take = addon("phone_track"), bpy.data.actions[LINE]
    heard = [phone.name for phone in track.phones_of(take)[0]]
    scene.voxkey_phones.text = bpy.data.texts.new("line")
    scene.voxkey_phones.text.write(TRANSCRIPT)
    bpy.ops.voxkey.use_transcript()
    said = [phone.name for phone in track.phones_of(bpy.data.actions[LINE])[0]]
    assert said != heard
    assert [says(strip) for strip in strips(addon, scene)] == said
    strips(addon, scene)[4].name = "u"
    bpy.ops.voxkey.apply_phones()
    edits = json.loads(bpy.data.actions[LINE]["voxkey_phone_edits"])
    assert edits["transcript"] == TRANSCRIPT
    assert [row[0] for row in edits["heard"]] == said
    bpy.ops.voxkey.reset_phones()
    assert [phone.name for phone in track.phones_of(bpy.data.actions[LINE])[0]] == heard


def test_a_transcript_of_something_else_changes_nothing(addon: Any, scene: Any, head: Any) -> None:
    with pytest.raises(RuntimeError, match="There is no transcript"):
        bpy.ops.voxkey.use_transcript()
    scene.voxkey_phones.words = "seventeen geese cackle loudly while nobody reads newspapers"
    scene.voxkey_phones.language = "en"
    before = heights(scene, head, FRAMES)
    with pytest.raises(RuntimeError, match="The transcript, in English, says only"):
        bpy.ops.voxkey.use_transcript()
    assert (heights(scene, head, FRAMES) == before).all()
    assert "voxkey_phone_edits" not in bpy.data.actions[LINE]
