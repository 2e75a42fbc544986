"""Takes in the .blend: keys at the right frames, at rest outside, and nothing of the user's changed."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import generation, keyframes, take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import sample_curves
from blender_addon.core.shaping import Shaping

from .scenes import (
    TINY_MODEL,
    add_strip,
    artist_action,
    generate,
    heights,
    jaw_heights,
    jaw_keys,
    key_frames,
    make_head,
    set_fps,
    snapshot,
    take_of,
    write_bursts,
    written,
)

RATES = [(24, 1.0), (25, 1.0), (30, 1.001), (60, 1.0)]


@pytest.fixture
def head(burst_scene: Any) -> Any:
    return burst_scene.objects["Head"]


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("cut_frames", [0, 5])
def test_vertices_move_when_the_bursts_are_heard(
    scene: Any, tmp_path: Path, rate: tuple[int, float], cut_frames: int
) -> None:
    set_fps(scene, *rate)
    head = make_head(scene)
    strip = add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.8]), 11)
    strip.frame_offset_start = cut_frames
    strip.sound_offset = 0.1
    generate(scene, head)
    frames = np.arange(1, strip.frame_final_end + 10)
    jaw = jaw_heights(scene, head, frames)
    assert jaw.max() > 0.25
    heard_at = 11 + 0.9 * rate[0] / rate[1]
    assert (frames * jaw).sum() / jaw.sum() == pytest.approx(heard_at, abs=0.5)


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_one_linear_key_a_frame_from_rest_to_rest(burst_scene: Any, head: Any, rate: tuple[int, float]) -> None:
    set_fps(burst_scene, *rate)
    strip = burst_scene.sequence_editor.strips_all[0]
    strip.frame_offset_end = 7
    generate(burst_scene, head)
    action = take_of(head, strip.name)
    prediction = take_actions.read_prediction(action)
    frames = np.arange(strip.frame_final_start, strip.frame_final_end)
    fps_base = burst_scene.render.fps_base  # 1.001 as Blender rounds it
    expected = sample_curves(prediction, (frames - strip.frame_final_start) * fps_base / rate[0])
    for data_path, keys in key_frames(action).items():
        assert list(keys[:, 0]) == [frames[0] - 1, *frames, frames[-1] + 1]
        channel = data_path.split('"')[1]
        np.testing.assert_array_equal(keys[1:-1, 1], expected[:, prediction.channels.index(channel)])
        assert keys[0, 1] == keys[-1, 1] == 0
    assert len(key_frames(action)) == 51
    points = [point for curve in keyframes.fcurves(action) for point in curve.keyframe_points]
    assert {point.interpolation for point in points} == {"LINEAR"}


def test_face_rests_outside_the_take_however_one_jumps_there(burst_scene: Any, head: Any) -> None:
    generate(burst_scene, head)
    assert heights(burst_scene, head, [23])[0].max() > 0.3
    for frame in (-30, 9, 10, 59, 60, 200):
        assert not heights(burst_scene, head, [23, frame])[1].any()


def test_takes_of_two_strips_do_not_disturb_each_other(burst_scene: Any, head: Any, tmp_path: Path) -> None:
    second = add_strip(burst_scene, write_bursts(tmp_path / "b.wav", 1.0, [0.5]), 59)
    for strip in list(burst_scene.sequence_editor.strips_all):
        generate(burst_scene, head, strip.name)
    jaw = jaw_heights(burst_scene, head, range(1, 100))
    loud = [frame for frame in range(1, 100) if jaw[frame - 1] > 0.3]
    assert {frame for frame in loud if frame < 59} >= {23, 47}
    assert second.frame_final_start + 12 in loud
    assert not jaw[85:].any()


def test_everything_of_the_user_stays_as_it_is(burst_scene: Any, head: Any) -> None:
    key = head.data.shape_keys
    pushed_down = artist_action(key, "Pushed down", "mouthSmileLeft")
    track = key.animation_data.nla_tracks.new()
    track.strips.new("Pushed down", 1, pushed_down)
    key.animation_data.action = None
    active = artist_action(key, "Active", "browInnerUp")
    driver = key.key_blocks["cheekPuff"].driver_add("value")
    driver.driver.expression = "0.125"
    body = bpy.data.actions.new("Body")
    head.animation_data_create().action = body
    owned = [pushed_down, active, body, *track.strips, driver]
    before = [snapshot(item) for item in owned]
    result = generate(burst_scene, head)
    generation.reshape(burst_scene, head, result.take.removeprefix("Voxkey "), Shaping(strength=0.5))
    take_actions.remove_take(take_of(head, "a.wav"))
    generate(burst_scene, head)
    assert [snapshot(item) for item in owned] == before
    assert key.animation_data.action == active
    assert head.animation_data.action == body
    assert key.animation_data.nla_tracks[0].name == track.name


def test_take_adds_to_the_nla_strip_below(burst_scene: Any, head: Any) -> None:
    key = head.data.shape_keys
    track = key.animation_data_create().nla_tracks.new()
    track.strips.new("Open", 1, artist_action(key, "Open", "jawOpen"))
    key.animation_data.action = None
    alone = jaw_heights(burst_scene, head, range(1, 70))
    generate(burst_scene, head)
    keys = {int(frame): value for frame, value in jaw_keys(take_of(head, "a.wav"))}
    together = jaw_heights(burst_scene, head, range(1, 70))
    take = np.array([keys.get(frame, 0.0) for frame in range(1, 70)])
    np.testing.assert_allclose(together, np.clip(alone + take, 0, 1), atol=1e-5)


@pytest.mark.parametrize("muted", ["track", "strip"])
def test_what_a_muted_strip_of_the_user_animates_rests_outside_the_take(
    burst_scene: Any, head: Any, muted: str
) -> None:
    key = head.data.shape_keys
    track = key.animation_data_create().nla_tracks.new()
    strip = track.strips.new("Open", 1, artist_action(key, "Open", "jawOpen"))
    key.animation_data.action = None
    (track if muted == "track" else strip).mute = True
    generate(burst_scene, head)
    keys = {int(frame): value for frame, value in jaw_keys(take_of(head, "a.wav"))}
    take = [keys.get(frame, 0.0) for frame in range(1, 70)]
    np.testing.assert_allclose(jaw_heights(burst_scene, head, range(1, 70)), take, atol=1e-5)


def test_generating_again_replaces_the_take(burst_scene: Any, head: Any) -> None:
    first = generate(burst_scene, head)
    keys, count = jaw_keys(take_of(head, "a.wav")).copy(), written()
    strip = burst_scene.sequence_editor.strips_all[0]
    strip.frame_start += 10
    second = generate(burst_scene, head)
    assert (first.is_replacement, second.is_replacement) == (False, True)
    assert "in place of the earlier take" in second.summary
    assert written() == count
    assert second.take == first.take
    np.testing.assert_array_equal(jaw_keys(take_of(head, "a.wav")), keys + np.array([10, 0], np.float32))


def test_an_edited_take_is_kept_but_muted(burst_scene: Any, head: Any) -> None:
    generate(burst_scene, head)
    edited = take_of(head, "a.wav")
    next(iter(keyframes.fcurves(edited))).keyframe_points[5].co.y = 0.9
    result = generate(burst_scene, head)
    assert result.warnings == ("The earlier take Voxkey a.wav was edited by hand; it is kept on a muted NLA track",)
    track = next(t for t in head.data.shape_keys.animation_data.nla_tracks if t.strips[0].action == edited)
    assert track.mute
    assert take_of(head, "a.wav") != edited


def test_removing_the_last_take_leaves_no_trace(burst_scene: Any, head: Any) -> None:
    key = head.data.shape_keys
    key.key_blocks["mouthSmileLeft"].value = 0.2
    generate(burst_scene, head)
    heights(burst_scene, head, [23])
    take_actions.remove_take(take_of(head, "a.wav"))
    assert written() == (0, 0)
    values = {name: key.key_blocks[name].value for name in BLENDSHAPE_CHANNELS}
    assert values.pop("mouthSmileLeft") == pytest.approx(0.2)
    assert not any(values.values())


def test_take_is_shaped_anew_from_its_kept_prediction(burst_scene: Any, head: Any, tmp_path: Path) -> None:
    generate(burst_scene, head, shaping=Shaping(strength=0.5))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    scene, head = bpy.context.scene, bpy.data.objects["Head"]
    Path(tmp_path / "a.wav").unlink()  # neither sound nor model is needed
    generation.reshape(scene, head, "a.wav", Shaping(lower_face_smoothing_seconds=0.05))
    reshaped = {path: keys.copy() for path, keys in key_frames(take_of(head, "a.wav")).items()}
    write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5])
    generate(scene, head, shaping=Shaping(lower_face_smoothing_seconds=0.05))
    for path, keys in key_frames(take_of(head, "a.wav")).items():
        np.testing.assert_array_equal(keys, reshaped[path])


def test_take_tells_what_it_was_made_from(burst_scene: Any, head: Any) -> None:
    generate(burst_scene, head, shaping=Shaping(strength=1.5, seed=3))
    facts = take_actions.read_facts(take_of(head, "a.wav"))
    assert facts["source"] == "a.wav"
    assert (facts["model"], facts["model_kind"]) == (TINY_MODEL.name, "audio_to_blendshapes")
    assert (facts["shaping"]["strength"], facts["shaping"]["seed"]) == (1.5, 3)
    assert (facts["start_frame"], facts["n_frames"]) == (11, 48)
    assert facts["version"] and facts["date"]
