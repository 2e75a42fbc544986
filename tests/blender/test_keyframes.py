"""Takes in the .blend: keys at the right frames, at rest outside, and nothing of the user's changed."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import generation, keyframes, movement, nla, take_actions, take_keys
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, sample_curves
from blender_addon.core.retarget import Target
from blender_addon.core.shaping import Shaping, head_curves

from .scenes import (
    NO_LIFE,
    TINY_MODEL,
    add_strip,
    heights,
    jaw_heights,
    jaw_keys,
    key_frames,
    make_head,
    set_fps,
    snapshot,
    write_bursts,
    written,
)

SPEECH_ALONE = Shaping(**NO_LIFE)
RATES = [(24, 1.0), (25, 1.0), (30, 1.001), (60, 1.0)]


def generate(scene: Any, head: Any, source: str = "", shaping: Shaping = SPEECH_ALONE) -> generation.Result:
    return generation.generate(scene, head, source, shaping, TINY_MODEL)


def take_of(head: Any, source: str) -> Any:
    action = take_actions.find_take(head.data.shape_keys, source)
    assert action is not None
    return action


@pytest.fixture
def burst_scene(scene: Any, tmp_path: Path) -> Any:
    """A head, and a strip of 2 s from frame 11 on with bursts at 0.5 and 1.5 s."""
    make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    return scene


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


def artist_action(key: Any, name: str, shape_key: str) -> Any:
    """An Action with two hand-set keys, and bezier curves."""
    key.key_blocks[shape_key].value = 0.25
    key.key_blocks[shape_key].keyframe_insert("value", frame=1)
    key.key_blocks[shape_key].value = 0.5
    key.key_blocks[shape_key].keyframe_insert("value", frame=40)
    action = key.animation_data.action
    action.name = name
    return action


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


def test_user_is_told_what_hides_the_take(burst_scene: Any, head: Any) -> None:
    key = head.data.shape_keys
    track = key.animation_data_create().nla_tracks.new()
    track.strips.new("Pushed down", 1, artist_action(key, "Pushed down", "mouthSmileLeft"))
    key.animation_data.action = None
    artist_action(key, "Active", "browInnerUp")
    key.key_blocks["cheekPuff"].driver_add("value")
    key.key_blocks["jawLeft"].mute = True
    key.key_blocks["jawOpen"].slider_max = 0.5
    key.key_blocks["mouthFunnel"].value = 0.3
    head.show_only_shape_key = True
    burst_scene.collection.objects.link(bpy.data.objects.new("Twin", head.data))
    track.is_solo = True
    result = generate(burst_scene, head)
    told = "\n".join(result.warnings)
    for sentence in (
        "A driver moves cheekPuff",
        "jawLeft is muted",
        "The range of jawOpen ends below 1",
        "The slider of mouthFunnel was not at 0",
        "Solo is on",
        "2 objects share this mesh",
        "Another NLA track is on solo",
        "Your Action Active animates browInnerUp and wins over the take",
        "Your NLA strips animate mouthSmileLeft too",
    ):
        assert sentence in told
    assert len(result.warnings) == 9
    assert "cheekPuff" not in result.matched
    key.animation_data.use_nla = False
    assert "The NLA of the shape keys is switched off" in "\n".join(generate(burst_scene, head).warnings)


def test_a_plain_head_gives_no_warning(burst_scene: Any, head: Any) -> None:
    result = generate(burst_scene, head)
    assert (result.warnings, result.unmatched_channels, len(result.matched)) == ((), (), 51)


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


def test_unmatched_channels_are_listed(scene: Any, tmp_path: Path) -> None:
    head = make_head(scene, ["JawOpen", "mouth_smile_L", 'odd "name" \\ of eyeBlinkLeft', "Fat"])
    add_strip(scene, write_bursts(tmp_path / "a.wav", 1.0, [0.5]))
    result = generate(scene, head, shaping=Shaping())
    assert result.matched == ('odd "name" \\ of eyeBlinkLeft', "JawOpen", "mouth_smile_L")
    assert len(result.unmatched_channels) == 48
    assert "browInnerUp" in result.unmatched_channels
    assert "48 channels have no shape key" in result.summary
    assert heights(scene, head, [13])[0, 0] > 0.3


@pytest.mark.parametrize("n_frames", [1_800])
def test_a_minute_of_keys_is_written_in_a_tenth_of_a_second(scene: Any, n_frames: int) -> None:
    key = make_head(scene).data.shape_keys
    values = np.random.default_rng(0).random((n_frames, 51), np.float32)
    motion = movement.Motion(key, tuple(Target("shape_key", name) for name in BLENDSHAPE_CHANNELS), values)
    curves = Curves(values, BLENDSHAPE_CHANNELS, 30.0)
    frames = np.arange(n_frames)
    seconds = []
    for number in range(3):  # the fastest counts, and its own time, as other programs run on this machine too
        started = time.process_time()
        take_keys.write_take([motion], frames, {"source": str(number)}, curves, keyframes.Spacing())
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.1


def test_a_plain_action_is_active_and_heard_over_muted_tracks(burst_scene: Any, head: Any) -> None:
    generate(burst_scene, head)
    key = head.data.shape_keys
    path = 'key_blocks["jawOpen"].value'
    nla.mute_tracks(key)
    values = np.array([[0.25], [0.75]], np.float32)
    action = keyframes.write_action(key, "Merged", [(path, 0)], np.array([20, 30]), values)
    assert key.animation_data.action == action and action.name == "Merged"
    np.testing.assert_allclose(jaw_heights(burst_scene, head, [10, 20, 25, 30]), [0.25, 0.25, 0.5, 0.75], atol=1e-6)
    assert heights(burst_scene, head, [23])[0].sum() == pytest.approx(0.4, abs=1e-5)


def linked_mesh(scene: Any, head: Any, tmp_path: Path) -> Any:
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {head})
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.objects = ["Head"]
    linked = wanted.objects[0]
    scene.collection.objects.link(linked)
    return linked


def no_shape_keys(scene: Any, _head: Any, _path: Path) -> Any:
    return make_head(scene, [], "Bare")


def other_names(scene: Any, _head: Any, _path: Path) -> Any:
    return make_head(scene, ["Fat", "Thin"], "Body")


def absolute(_scene: Any, head: Any, _path: Path) -> Any:
    head.data.shape_keys.use_relative = False
    return head


def all_driven(_scene: Any, head: Any, _path: Path) -> Any:
    for block in head.data.shape_keys.key_blocks[1:]:
        block.driver_add("value")
    return head


def no_mesh(scene: Any, _head: Any, _path: Path) -> Any:
    empty = bpy.data.objects.new("Empty", None)
    scene.collection.objects.link(empty)
    return empty


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda *_: None, "Choose the mesh of the face"),
        (no_mesh, "Empty is no mesh"),
        (no_shape_keys, "Bare has no shape keys"),
        (other_names, "None of the 2 shape keys of Body is named as in any rig map"),
        (absolute, "Head has absolute shape keys; tick Relative"),
        (all_driven, "Drivers move every shape key of Head that speech needs"),
        (linked_mesh, "is linked from another file; make it local"),
    ],
)
def test_a_mesh_that_can_not_speak_gives_one_sentence(
    burst_scene: Any, head: Any, tmp_path: Path, make: Callable[..., Any], sentence: str
) -> None:
    target = make(burst_scene, head, tmp_path)
    before = written()
    with pytest.raises(ValueError, match=sentence):
        generate(burst_scene, target)
    assert written() == before


def test_overridden_mesh_can_get_a_take(burst_scene: Any, head: Any, tmp_path: Path) -> None:
    linked = linked_mesh(burst_scene, head, tmp_path)
    override = linked.override_create()
    override.data = linked.data.override_create()
    burst_scene.collection.objects.link(override)
    generate(burst_scene, override)
    assert heights(burst_scene, override, [23])[0].max() > 0.3


# ---------------------------------------------------------------------------------------------------------------------
# The head


@pytest.fixture
def neck(burst_scene: Any, head: Any) -> Any:
    """An Empty that the head is parented to, which the artist has turned and moved."""
    empty = bpy.data.objects.new("Neck", None)
    burst_scene.collection.objects.link(empty)
    head.parent = empty
    empty.rotation_euler = (0.1, 0.2, 0.3)
    empty.delta_rotation_euler = (0.01, 0.02, 0.03)
    return empty


def head_angles(scene: Any, obj: Any, frames: Any) -> Any:
    """(N, 3) rotation of the evaluated object about its own axes at rest."""
    rows = []
    for frame in frames:
        scene.frame_set(frame)
        rows.append(obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.to_quaternion())
    return np.array([(rows[0].inverted() @ row).to_exponential_map() for row in rows])


def generate_with(scene: Any, head: Any, neck: Any, shaping: Shaping = Shaping()) -> generation.Result:  # noqa: B008
    return generation.generate(scene, head, "", shaping, TINY_MODEL, head=neck)


def head_action(obj: Any) -> Any:
    return obj.animation_data.nla_tracks[-1].strips[0].action


def test_head_turns_with_the_take_and_rests_outside(burst_scene: Any, head: Any, neck: Any) -> None:
    generate_with(burst_scene, head, neck)
    prediction = take_actions.read_prediction(take_of(head, "a.wav"))
    frames = np.arange(11, 59)
    expected = sample_curves(head_curves(prediction, Shaping()), (frames - 11) / 24)
    np.testing.assert_allclose(head_angles(burst_scene, neck, [0, *frames])[1:], expected, atol=1e-3)
    assert np.abs(expected).max() > 0.01
    for frame in (-30, 9, 60, 200):
        assert np.abs(head_angles(burst_scene, neck, [0, 30, frame])[2]).max() < 1e-6


def test_head_turns_on_top_of_the_artists_animation(burst_scene: Any, head: Any, neck: Any) -> None:
    neck.rotation_euler.z = 0.0
    neck.keyframe_insert("rotation_euler", frame=1)
    neck.rotation_euler.z = 1.0
    neck.keyframe_insert("rotation_euler", frame=60)
    action = neck.animation_data.action
    before, alone = snapshot(action), head_angles(burst_scene, neck, range(0, 80))
    generate_with(burst_scene, head, neck)
    together = head_angles(burst_scene, neck, range(0, 80))
    assert 0.005 < np.abs(together - alone).max() < 0.1
    generation.reshape(burst_scene, head, "a.wav", Shaping(seed=2), neck)
    take_actions.remove_take(take_of(head, "a.wav"))
    assert snapshot(action) == before
    assert neck.animation_data.action == action
    assert not neck.animation_data.nla_tracks
    np.testing.assert_allclose(head_angles(burst_scene, neck, range(0, 80)), alone, atol=1e-6)


def test_removing_the_take_puts_the_head_back(burst_scene: Any, head: Any, neck: Any) -> None:
    generate_with(burst_scene, head, neck)
    burst_scene.frame_set(30)
    take_actions.remove_take(take_of(head, "a.wav"))
    assert len(bpy.data.actions) == 0
    assert tuple(neck.delta_rotation_euler) == pytest.approx((0.01, 0.02, 0.03))


def test_reshaping_makes_the_head_anew_or_leaves_it_still(
    burst_scene: Any, head: Any, neck: Any, tmp_path: Path
) -> None:
    generate_with(burst_scene, head, neck)
    first = key_frames(head_action(neck))["delta_rotation_euler"].copy()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    scene, head, neck = bpy.context.scene, bpy.data.objects["Head"], bpy.data.objects["Neck"]
    n_actions = len(bpy.data.actions)
    generation.reshape(scene, head, "a.wav", Shaping(head=2.0), neck)
    assert len(bpy.data.actions) == n_actions
    second = key_frames(head_action(neck))["delta_rotation_euler"]
    np.testing.assert_allclose(second[:, 1], 2 * first[:, 1], atol=1e-6)
    scene.frame_set(30)
    generation.reshape(scene, head, "a.wav", Shaping())
    assert neck.animation_data is None
    assert tuple(neck.delta_rotation_euler) == pytest.approx((0.01, 0.02, 0.03))


def test_a_head_edited_by_hand_is_kept_with_its_take(burst_scene: Any, head: Any, neck: Any) -> None:
    generate_with(burst_scene, head, neck)
    edited = head_action(neck)
    next(iter(keyframes.fcurves(edited))).keyframe_points[5].co.y = 0.4
    result = generate_with(burst_scene, head, neck)
    assert "edited by hand" in result.summary
    muted = {track.strips[0].action: track.mute for track in neck.animation_data.nla_tracks}
    assert muted[edited]
    assert list(muted.values()).count(False) == 2  # rest and the new one
    assert np.abs(head_angles(burst_scene, neck, range(9, 60))).max() < 0.2


def test_two_takes_turn_one_head_in_turn(burst_scene: Any, head: Any, neck: Any, tmp_path: Path) -> None:
    add_strip(burst_scene, write_bursts(tmp_path / "b.wav", 2.0, [0.5, 1.5]), 101)
    for strip in list(burst_scene.sequence_editor.strips_all):
        generation.generate(burst_scene, head, strip.name, Shaping(), TINY_MODEL, head=neck)
    angles = head_angles(burst_scene, neck, range(0, 160))
    assert np.abs(angles[20:50]).max() > 0.005 and np.abs(angles[110:140]).max() > 0.005
    assert np.abs(angles[62:99]).max() < 1e-6
    take_actions.remove_take(take_of(head, "a.wav"))
    angles = head_angles(burst_scene, neck, range(0, 160))
    assert np.abs(angles[20:50]).max() < 1e-6 < np.abs(angles[110:140]).max()


def test_a_head_that_can_not_turn_is_refused_before_anything_is_written(burst_scene: Any, head: Any, neck: Any) -> None:
    neck.rotation_mode = "QUATERNION"
    with pytest.raises(ValueError, match="Neck does not rotate by Euler angles; set its Rotation Mode"):
        generate_with(burst_scene, head, neck)
    assert written() == (0, 0)


def test_user_is_told_what_keeps_the_head_still(burst_scene: Any, head: Any, neck: Any) -> None:
    neck.keyframe_insert("delta_rotation_euler", frame=1)
    neck.animation_data.action.name = "Nods"
    neck.animation_data.use_nla = False
    result = generate_with(burst_scene, head, neck)
    assert "Your Action Nods animates the delta rotation of Neck" in result.summary
    assert "The NLA of Neck is switched off" in result.summary
