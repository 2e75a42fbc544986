"""Shaping in the panel: sliders that move the take while they move, held poses, fewer keys, and how long that takes."""

import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.shaping import AMOUNTS, RANGES, SEEDS, Shaping

from .interface import Context, Layout
from .scenes import NO_LIFE, TINY_MODEL, add_strip, heights, jaw_heights, key_frames, make_head, write_bursts


@pytest.fixture
def take(extension: Any, scene: Any, tmp_path: Path) -> Any:
    """The Action of a generated take: bursts at 0.5 and 1.5 s, from frame 11 to 58, life left out."""
    make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    bpy.ops.voxkey.generate()
    return bpy.data.actions["Voxkey a.wav"]


def keys(take: Any, channel: str = "jawOpen") -> NDArray[np.float32]:
    """(N, 2) frames and values."""
    return np.asarray(key_frames(take)[f'key_blocks["{channel}"].value']).copy()


def all_keys(take: Any) -> dict[str, NDArray[np.float32]]:
    return {path: points.copy() for path, points in key_frames(take).items()}


def facts(addon: Any, take: Any) -> Any:
    return sys.modules[f"{addon.__name__}.take_actions"].read_facts(take)


def assert_same(some: dict[str, NDArray[np.float32]], others: dict[str, NDArray[np.float32]]) -> None:
    assert some.keys() == others.keys()
    for path, points in some.items():
        np.testing.assert_array_equal(points, others[path])


# ---------------------------------------------------------------------------------------------------------------------
# Live


def test_a_slider_moves_the_face_at_once(take: Any, scene: Any) -> None:
    scene.frame_set(23)
    before = keys(take)
    scene.voxkey.jaw_strength = 0.5
    np.testing.assert_allclose(keys(take)[:, 1], before[:, 1] / 2, atol=1e-6)
    shown = bpy.data.objects["Head"].evaluated_get(bpy.context.evaluated_depsgraph_get())
    jaw = BLENDSHAPE_CHANNELS.index("jawOpen")
    assert shown.data.vertices[jaw].co.z == pytest.approx(before[before[:, 0] == 23][0, 1] / 2, abs=1e-5)


def test_live_and_apply_write_the_same(take: Any, scene: Any) -> None:
    settings = scene.voxkey
    settings.mouth_strength, settings.blinks, settings.seed = 0.7, 1.0, 4
    settings.lower_face_smoothing_seconds = 0.03
    live = all_keys(take)
    bpy.ops.voxkey.reshape_take()
    assert_same(all_keys(bpy.data.actions["Voxkey a.wav"]), live)


def test_the_head_turns_with_it(take: Any, scene: Any) -> None:
    scene.voxkey.head = scene.objects["Head"]
    bpy.ops.voxkey.generate()
    turn = bpy.data.actions["Voxkey a.wav head"]
    before = all_keys(turn)
    scene.voxkey.head_motion = 2.0
    for path, points in all_keys(turn).items():
        np.testing.assert_allclose(points[:, 1], 2 * before[path][:, 1], atol=1e-5)


def test_a_new_head_waits_for_apply(take: Any, scene: Any) -> None:
    before = all_keys(take)
    scene.voxkey.head = scene.objects["Head"]
    scene.voxkey.strength = 0.5
    assert_same(all_keys(take), before)
    bpy.ops.voxkey.reshape_take()
    assert keys(bpy.data.actions["Voxkey a.wav"])[:, 1].max() < before['key_blocks["jawOpen"].value'][:, 1].max()


def test_edited_keys_are_left_alone(take: Any, scene: Any) -> None:
    curve = bpy.data.actions["Voxkey a.wav"]
    points = next(c for c in _fcurves(curve) if "jawOpen" in c.data_path).keyframe_points
    points[20].co.y = 0.123
    before = all_keys(take)
    scene.voxkey.strength = 0.5
    assert_same(all_keys(take), before)


def _fcurves(action: Any) -> Any:
    if not hasattr(action, "layers"):
        return action.fcurves
    return [c for layer in action.layers for strip in layer.strips for bag in strip.channelbags for c in bag.fcurves]


def test_sliders_wait_when_live_is_off_and_when_there_is_no_take(take: Any, scene: Any) -> None:
    before = all_keys(take)
    scene.voxkey.live_shaping = False
    scene.voxkey.strength = 0.5
    assert_same(all_keys(take), before)
    scene.voxkey.live_shaping = True
    bpy.ops.voxkey.delete_take()
    scene.voxkey.strength = 0.7
    assert len(bpy.data.actions) == 0


def test_a_slider_is_one_step_of_undo(take: Any, scene: Any) -> None:
    before = all_keys(take)
    bpy.ops.ed.undo_push(message="before")
    scene.voxkey.strength = 0.25
    bpy.ops.ed.undo_push(message="Strength")  # as the interface does when a slider is let go
    assert keys(bpy.data.actions["Voxkey a.wav"])[:, 1].max() < 0.3
    bpy.ops.ed.undo()
    assert_same(all_keys(bpy.data.actions["Voxkey a.wav"]), before)
    assert bpy.context.scene.voxkey.strength == 1.0


def test_a_live_take_counts_as_unedited(take: Any, scene: Any, extension: Any) -> None:
    scene.voxkey.strength = 0.5
    assert not sys.modules[f"{extension.__name__}.take_actions"].is_edited(take)
    bpy.ops.voxkey.generate()
    assert len([action for action in bpy.data.actions if action.name.startswith("Voxkey a.wav")]) == 1


def test_a_minute_follows_a_slider_in_a_tenth_of_a_second(extension: Any, scene: Any, tmp_path: Path) -> None:
    make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 60.0, np.arange(0.5, 59, 0.25)), 1)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    scene.voxkey.emotion, scene.voxkey.sad = "SURPRISED", 0.3
    bpy.ops.voxkey.generate()
    seconds = []
    for step in range(5):
        started = time.process_time()  # whatever else the machine does
        scene.voxkey.strength = 0.5 + 0.1 * step
        bpy.context.view_layer.update()
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.1


# ---------------------------------------------------------------------------------------------------------------------
# Animated settings


def key_linearly(scene: Any, setting: str, *values: tuple[int, float]) -> None:
    for frame, value in values:
        setattr(scene.voxkey, setting, value)
        scene.voxkey.keyframe_insert(setting, frame=frame)
    for curve in _fcurves(scene.animation_data.action):
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def test_animated_settings_are_followed_over_time(take: Any, scene: Any) -> None:
    every = keys(take)
    scene.voxkey.live_shaping = False
    key_linearly(scene, "jaw_strength", (11, 2.0), (58, 0.0))
    bpy.ops.voxkey.reshape_take()
    expected = np.interp(every[:, 0], (11, 58), (2, 0)) * every[:, 1]
    np.testing.assert_allclose(keys(bpy.data.actions["Voxkey a.wav"])[:, 1], expected, atol=0.01)
    assert every[:, 1].max() > 0.3


def test_a_slider_keeps_the_others_animated(take: Any, scene: Any, extension: Any) -> None:
    key_linearly(scene, "jaw_strength", (11, 0.0), (58, 0.0))
    scene.voxkey.mouth_strength = 0.5
    assert keys(take)[:, 1].max() == 0
    face, _ = sys.modules[f"{extension.__name__}.performing"].performed(take)
    assert face.column("jawOpen").max() == 0


def test_only_what_can_change_over_time_can_be_keyed(take: Any, scene: Any) -> None:
    properties = scene.voxkey.bl_rna.properties
    fixed = {"key_tolerance", *SEEDS}
    assert {name for name in [*RANGES, "hold_frames", *SEEDS] if name in properties} >= fixed
    assert not any(properties[name].is_animatable for name in fixed)
    assert all(properties[name].is_animatable for name in ("strength", "symmetry", "blinks", "head_motion"))


@pytest.mark.parametrize("setting", sorted({"head_motion" if name == "head" else name for name in AMOUNTS}))
def test_every_amount_can_be_keyed_and_taken_back(take: Any, scene: Any, setting: str) -> None:
    before = scene.voxkey.path_resolve(setting)
    bpy.ops.ed.undo_push(message="before")
    setattr(scene.voxkey, setting, "SAD" if setting == "emotion" else 0.1)
    assert scene.voxkey.keyframe_insert(setting, frame=20)
    bpy.ops.ed.undo_push(message="keyed")
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert scene.voxkey.path_resolve(setting) == before
    assert scene.animation_data is None or scene.animation_data.action is None
    bpy.ops.ed.redo()
    assert len(_fcurves(bpy.context.scene.animation_data.action)) == 1


@pytest.mark.parametrize(
    ("setting", "value"), [("hold_frames", "2"), ("key_tolerance", 0.02), *((seed, 3) for seed in SEEDS[:4])]
)
def test_what_can_not_be_keyed_is_one_step_of_undo_too(take: Any, scene: Any, setting: str, value: Any) -> None:
    scene.voxkey.blinks = scene.voxkey.gaze = scene.voxkey.brows = 1.0
    before = all_keys(take)
    bpy.ops.ed.undo_push(message="before")
    setattr(scene.voxkey, setting, value)
    bpy.ops.ed.undo_push(message="Setting")
    after = all_keys(bpy.data.actions["Voxkey a.wav"])
    assert any(len(after[path]) != len(keys) or not np.array_equal(after[path], keys) for path, keys in before.items())
    bpy.ops.ed.undo()
    assert_same(all_keys(bpy.data.actions["Voxkey a.wav"]), before)


# ---------------------------------------------------------------------------------------------------------------------
# Emotion


def test_an_emotion_is_seen_at_once_and_one_step_of_undo(take: Any, scene: Any) -> None:
    before = all_keys(take)
    bpy.ops.ed.undo_push(message="before")
    scene.voxkey.emotion = "HAPPY"
    bpy.ops.ed.undo_push(message="Emotion")
    happy = bpy.data.actions["Voxkey a.wav"]
    assert keys(happy, "mouthSmileLeft")[:, 1].max() > 0.3
    bpy.ops.ed.undo()
    assert_same(all_keys(bpy.data.actions["Voxkey a.wav"]), before)
    assert bpy.context.scene.voxkey.emotion == "NEUTRAL"


def test_an_emotion_and_its_weights_are_followed_over_time(take: Any, scene: Any) -> None:
    scene.voxkey.live_shaping = False
    for frame, emotion, surprise in ((11, "HAPPY", 0.0), (35, "SAD", 0.0), (58, "SAD", 1.0)):
        scene.voxkey.emotion, scene.voxkey.surprised = emotion, surprise
        scene.voxkey.keyframe_insert("emotion", frame=frame)
        scene.voxkey.keyframe_insert("surprised", frame=frame)
    bpy.ops.voxkey.reshape_take()
    take = bpy.data.actions["Voxkey a.wav"]
    smile, frown, wide = (keys(take, f"{name}Left")[:, 1] for name in ("mouthSmile", "mouthFrown", "eyeWide"))
    assert smile[5:20].max() > 0.3 and smile[35:].max() < 0.02
    assert frown[30:40].max() > 0.15 and frown[:15].max() < 0.02
    assert wide[38:45].max() > 0.05 and wide[:15].max() < 0.02


def test_an_emotion_lasts_through_a_cut_and_fades_at_the_ends(take: Any, scene: Any) -> None:
    whole = scene.sequence_editor.strips_all["a.wav"]
    parts = [add_strip(scene, Path(bpy.path.abspath(whole.sound.filepath)), 11) for _ in range(2)]
    for strip, start, end in zip(parts, (11, 35), (35, 59), strict=True):
        strip.sound, strip.frame_offset_start, strip.frame_final_end = whole.sound, start - 11, end
    scene.voxkey.emotion = "HAPPY"
    smiles = []
    for strip in parts:
        scene.voxkey.source = strip.name
        bpy.ops.voxkey.generate()
        smiles.append(keys(bpy.data.actions[f"Voxkey {strip.name}"], "mouthSmileLeft")[1:-1, 1])
    assert smiles[0][0] < 0.05 and smiles[0][-1] > 0.3
    assert smiles[1][0] > 0.3 and smiles[1][-1] < 0.05


def test_an_emotion_kept_with_a_take_is_what_it_performs(take: Any, scene: Any, extension: Any) -> None:
    scene.voxkey.emotion, scene.voxkey.emotion_strength = "ANGRY", 1.0
    assert facts(extension, take)["shaping"]["emotion"] == "angry"
    face, _ = sys.modules[f"{extension.__name__}.performing"].performed(take)
    assert face.column("browDownLeft").max() > 0.7


# ---------------------------------------------------------------------------------------------------------------------
# Held poses and fewer keys


@pytest.mark.parametrize("n_frames", [2, 3])
def test_held_poses_stay_until_the_next(take: Any, scene: Any, extension: Any, n_frames: int) -> None:
    every = keys(take)
    scene.voxkey.hold_frames = str(n_frames)
    held = keys(take)
    assert held[:, 0].tolist() == [10, *range(11, 59, n_frames), 59]
    np.testing.assert_array_equal(held[[0, -1]], every[[0, -1]])
    assert held[:, 1].max() == pytest.approx(every[:, 1].max(), abs=1e-6)  # the widest pose is one of them
    shown = jaw_heights(scene, scene.objects["Head"], range(11, 59)).reshape(-1, n_frames)
    np.testing.assert_allclose(shown, np.repeat(held[1:-1, 1:], n_frames, axis=1), atol=1e-6)
    between = scene.objects["Head"].evaluated_get(bpy.context.evaluated_depsgraph_get())
    scene.frame_set(11, subframe=0.75)
    assert between.data.vertices[BLENDSHAPE_CHANNELS.index("jawOpen")].co.z == pytest.approx(shown[0, 0], abs=1e-6)
    assert facts(extension, take)["n_keys"] == 51 * len(held)
    assert facts(extension, take)["n_frame_keys"] == 51 * len(every)


def test_poses_can_be_held_for_a_while_only(take: Any, scene: Any) -> None:
    every = keys(take)
    for frame, held_for in ((11, "1"), (21, "3"), (36, "2")):
        scene.voxkey.hold_frames = held_for
        scene.voxkey.keyframe_insert("hold_frames", frame=frame)
    bpy.ops.voxkey.reshape_take()
    held = keys(bpy.data.actions["Voxkey a.wav"])
    assert held[:, 0].tolist() == [10, *range(11, 21), *range(21, 36, 3), *range(36, 59, 2), 59]
    np.testing.assert_array_equal(held[1:11], every[1:11])


def test_fewer_keys_show_the_same_face(take: Any, scene: Any, extension: Any) -> None:
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 1.0)
    frames = range(5, 65)
    before = heights(scene, scene.objects["Head"], frames)
    scene.voxkey.key_tolerance = 0.01
    now = heights(scene, scene.objects["Head"], frames)
    assert np.abs(now - before).max() < 0.0102
    counted = facts(extension, take)
    assert counted["n_frame_keys"] == 51 * 50
    assert counted["n_keys"] == sum(len(points) for points in all_keys(take).values())
    assert counted["n_keys"] < counted["n_frame_keys"] / 5
    scene.voxkey.key_tolerance = 0.0
    np.testing.assert_allclose(heights(scene, scene.objects["Head"], frames), before, atol=1e-6)


def test_fewer_keys_are_seen_to_move_and_counted_in_the_report(take: Any, scene: Any, extension: Any) -> None:
    generation = sys.modules[f"{extension.__name__}.generation"]
    shaping = sys.modules[f"{extension.__name__}.core.shaping"].Shaping(key_tolerance=0.02, **NO_LIFE)
    result = generation.reshape(scene, scene.objects["Head"], "a.wav", shaping)
    assert result.moved
    assert result.n_keys < result.n_frame_keys / 5
    assert f"{result.n_keys} of {result.n_frame_keys} keys" in result.summary


# ---------------------------------------------------------------------------------------------------------------------
# The panel


def test_every_setting_has_a_slider_with_its_range_and_default(take: Any, scene: Any, extension: Any) -> None:
    properties = scene.voxkey.bl_rna.properties
    for setting, (least, greatest) in RANGES.items():
        slider = properties["head_motion" if setting == "head" else setting]
        limits = (slider.hard_min, slider.hard_max, slider.default)
        assert limits == pytest.approx((least, greatest, getattr(Shaping(), setting)))
        assert len(slider.description) > 20


def test_the_panel_shows_every_setting_and_the_count_of_keys(take: Any, scene: Any, extension: Any) -> None:
    panels = sys.modules[f"{extension.__name__}.panels"]
    layout = Layout()
    for panel in (panels._Shaping, panels._Emotion, panels._Life):
        panel.draw(SimpleNamespace(layout=layout), Context())
    expected = {"head_motion" if setting == "head" else setting for setting in RANGES}
    assert {*layout.drawn} >= expected | {"hold_frames", "live_shaping", "emotion", *SEEDS}
    counted = facts(extension, take)
    assert any(text == f"{counted['n_keys']:,} of {counted['n_frame_keys']:,} keys" for text in layout.texts)
