"""A part of a take done again: the rest stays to the last bit, the take stays one that can be shaped and given back."""

import sys
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon import generation, keyframes, predictions, regeneration, take_actions
from blender_addon.audio_io import find_source
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.shaping import Shaping

from .interface import Context, Layout
from .scenes import NO_LIFE, TINY_MODEL, add_strip, jaw_heights, jaw_keys, make_head, snapshot, write_bursts

LINE = "Voxkey line.wav"
STILL = Shaping(**NO_LIFE)
BOTH, FIRST = (5, 40, 0.15), (5, 25, 0.15)
"""Ranges with the bursts at frames 13 and 37, and with the first only."""


@pytest.fixture
def head(scene: Any, tmp_path: Path) -> Any:
    """A head with a take of two bursts, at frames 13 and 37 of 1 to 48."""
    head = make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 1)
    generation.generate(scene, head, "line.wav", STILL, TINY_MODEL)
    return head


def take() -> Any:
    return bpy.data.actions[LINE]


def redo(head: Any, span: tuple[int, int, float], heard: Any = None, **settings: Any) -> None:
    shaping = Shaping(**{**NO_LIFE, **settings})
    regeneration.redo_range(bpy.context.scene, head, take(), span, shaping, heard)


def jaw() -> NDArray[np.float32]:
    """(50,) keys of the jaw, from frame 0 to 49."""
    return np.asarray(jaw_keys(take())[:, 1]).copy()


def all_keys(first: int = 0, last: int = 0) -> list[Any]:
    """Everything about the keys of each f-curve, but for those between two frames."""
    curves = keyframes.fcurves(take())
    return [[snapshot(k) for k in c.keyframe_points if not first < k.co.x < last] for c in curves]


def jaw_curve() -> Any:
    return next(c for c in keyframes.fcurves(take()) if "jawOpen" in c.data_path)


def constant(value: float, fps: float = 60.0) -> predictions.Prediction:
    """What another model said: the jaw open by so much throughout, at its own frame rate."""
    values = np.full((120, 1), value, np.float32)
    return predictions.Prediction(Curves(values, ("jawOpen",), fps), "other.onnx", "audio_to_blendshapes", "CPU", None)


# ---------------------------------------------------------------------------------------------------------------------
# What changes, and what does not


def test_a_range_gets_other_settings_and_the_rest_stays(head: Any) -> None:
    before, outside = jaw(), all_keys(5, 25)
    redo(head, FIRST, strength=0.5)
    np.testing.assert_allclose(jaw()[12:15], before[12:15] / 2, atol=1e-6)
    assert all_keys(5, 25) == outside
    assert not take_actions.is_edited(take())


def test_it_fades_within_the_range(head: Any) -> None:
    redo(head, (5, 25, 0.25), constant(1.0))  # six frames
    np.testing.assert_allclose(jaw()[[5, 25]], 0, atol=1e-6)
    np.testing.assert_allclose(jaw()[[8, 22]], 0.31, atol=0.02)  # a row of the prediction later
    np.testing.assert_allclose(jaw()[13:18], 1, atol=1e-6)
    assert (np.diff(jaw()[5:12]) > 0).all()


def test_at_the_ends_of_the_take_there_is_nothing_to_fade_from(head: Any) -> None:
    redo(head, (1, 48, 0.15), constant(1.0))
    np.testing.assert_allclose(jaw(), [0, *[1] * 48, 0], atol=1e-6)


def test_another_model_may_have_fewer_channels_and_another_rate(head: Any) -> None:
    smiles = take_actions.read_prediction(take()).column("mouthSmileLeft").copy()
    redo(head, FIRST, constant(0.25))
    said, _ = predictions.said(take())
    np.testing.assert_array_equal(said.column("mouthSmileLeft"), smiles)
    assert said.column("jawOpen")[int(0.6 * said.fps)] == pytest.approx(0.25)
    assert take_actions.read_facts(take())["ranges"][0]["model"] == "other.onnx"


def test_shaping_again_gives_the_same_keys(head: Any, scene: Any) -> None:
    redo(head, FIRST, constant(0.5), strength=0.5)
    written = all_keys()
    generation.reshape_take(scene, head, take(), STILL)
    assert all_keys() == written
    assert generation.reshape_in_place(scene, head, take(), STILL)
    assert all_keys() == written


def test_earlier_tries_leave_no_trace(head: Any) -> None:
    redo(head, FIRST, constant(0.5), strength=0.5)
    once = all_keys()
    redo(head, FIRST, constant(0.9), strength=1.5)
    redo(head, (10, 20, 0.0), constant(0.1))
    redo(head, FIRST, constant(0.5), strength=0.5)
    assert all_keys() == once
    assert len(take_actions.read_ranges(take())) == 1


def test_settings_of_a_range_keep_what_was_heard_in_it(head: Any) -> None:
    redo(head, FIRST, constant(0.5))
    redo(head, FIRST, strength=0.5)
    assert jaw()[15] == pytest.approx(0.25)
    redo(head, FIRST)
    assert jaw()[15] == pytest.approx(0.5)


def test_the_rest_follows_the_take_and_the_range_what_is_its_own(head: Any, scene: Any) -> None:
    before = jaw()
    redo(head, FIRST, strength=0.5)
    generation.reshape_take(scene, head, take(), Shaping(**NO_LIFE, strength=2.0, jaw_strength=0.5))
    assert jaw()[37] == pytest.approx(before[37], abs=1e-5)
    assert jaw()[13] == pytest.approx(before[13] / 4, abs=1e-5)


def test_another_seed_for_a_part_blinks_elsewhere_in_it_only(head: Any, scene: Any) -> None:
    generation.reshape_take(scene, head, take(), Shaping())
    outside, before = all_keys(5, 40), all_keys()
    regeneration.redo_range(scene, head, take(), BOTH, Shaping(seed=7))
    assert all_keys(5, 40) == outside
    assert all_keys() != before


def test_a_range_is_given_back(head: Any, scene: Any) -> None:
    before = all_keys()
    redo(head, FIRST, constant(0.5), strength=0.5)
    redo(head, (20, 40, 0.1), strength=2.0)
    regeneration.remove_range(scene, head, take(), 0)
    regeneration.remove_range(scene, head, take(), 0)
    assert all_keys() == before
    with pytest.raises(ValueError, match="has no range 1"):
        regeneration.remove_range(scene, head, take(), 0)


def test_generating_again_keeps_the_take_with_its_ranges_aside(head: Any, scene: Any) -> None:
    redo(head, FIRST, strength=0.5)
    written = all_keys()
    result = generation.generate(scene, head, "line.wav", STILL, TINY_MODEL)
    assert "Parts of Voxkey line.wav were done again; that take is kept on a muted NLA track" in result.warnings
    assert all_keys() == written
    assert not take_actions.read_ranges(bpy.data.actions[result.take])
    generation.generate(scene, head, "line.wav", STILL, TINY_MODEL)
    assert len(bpy.data.actions) == 3  # with the rest: the one without ranges was replaced


# ---------------------------------------------------------------------------------------------------------------------
# Keys edited by hand


def test_edits_outside_survive_byte_for_byte(head: Any) -> None:
    points = jaw_curve().keyframe_points
    points[3].co.y, points[3].interpolation, points[30].handle_right_type = 0.7, "BEZIER", "VECTOR"
    points[26].interpolation = points[4].interpolation = "BEZIER"
    points.remove(points[40])
    points[4].select_control_point = True
    outside = all_keys(5, 25)
    redo(head, FIRST, constant(1.0), strength=0.5)
    assert all_keys(5, 25) == outside
    assert jaw()[15] == pytest.approx(0.5)
    assert take_actions.is_edited(take())


def test_an_edit_across_the_border_fades_out(head: Any) -> None:
    for point in jaw_curve().keyframe_points:
        point.co.y += 0.3
    redo(head, (5, 25, 0.25), strength=0.5)
    np.testing.assert_allclose(jaw()[[4, 5, 8, 11, 18, 22, 25]], [0.3, 0.3, 0.15, 0, 0, 0.15, 0.3], atol=1e-6)


def test_a_curve_deleted_by_hand_stays_deleted(head: Any) -> None:
    bag = take().layers[0].strips[0].channelbags[0].fcurves if hasattr(take(), "layers") else take().fcurves
    bag.remove(jaw_curve())
    redo(head, FIRST, strength=0.5)
    assert len(keyframes.fcurves(take())) == len(BLENDSHAPE_CHANNELS) - 1


@pytest.mark.parametrize("spacing", [{"key_tolerance": 0.01}, {"hold_frames": 2}])
def test_sparse_and_held_keys_move_as_before_outside(head: Any, scene: Any, spacing: dict[str, Any]) -> None:
    generation.reshape_take(scene, head, take(), Shaping(**NO_LIFE, **spacing))
    frames = [*range(6), *range(25, 50)]
    before = [jaw_curve().evaluate(frame) for frame in frames]
    outside = all_keys(5, 25)
    redo(head, FIRST, constant(0.8), **spacing)
    np.testing.assert_allclose([jaw_curve().evaluate(frame) for frame in frames], before, atol=1e-6)
    kept = {str(key) for curve in outside for key in curve}
    assert kept <= {str(key) for curve in all_keys(5, 25) for key in curve}
    assert jaw_curve().evaluate(15) == pytest.approx(0.8, abs=0.011)


# ---------------------------------------------------------------------------------------------------------------------
# What can't be done


@pytest.mark.parametrize(
    ("span", "sentence"),
    [
        ((10, 11, 0.1), "No frame lies between 10 and 11; choose a longer range"),
        ((20, 10, 0.1), "No frame lies between"),
        ((60, 80, 0.1), "outside the take, which goes from 1 to 48"),
        ((-20, 1, 0.1), "outside the take"),
    ],
)
def test_ranges_that_are_none(head: Any, span: tuple[int, int, float], sentence: str) -> None:
    before = all_keys()
    with pytest.raises(ValueError, match=sentence):
        redo(head, span, strength=0.5)
    assert all_keys() == before
    assert "ranges" not in take_actions.read_facts(take())


def test_a_sound_that_was_cut_since_is_refused(head: Any, scene: Any) -> None:
    find_source(scene, "line.wav").frame_final_duration -= 10
    with pytest.raises(ValueError, match=r"line.wav was cut or retimed since .*; generate the whole take"):
        regeneration.prepare_range(scene, head, take(), TINY_MODEL, "CPU")


def test_a_take_shared_with_a_copy_is_refused(head: Any, scene: Any) -> None:
    head.select_set(True)
    bpy.ops.object.duplicate()
    with pytest.raises(ValueError, match="shared with a copy of this character"):
        redo(head, FIRST, strength=0.5)


# ---------------------------------------------------------------------------------------------------------------------
# In the panel


@pytest.fixture
def addon(extension: Any, scene: Any, head: Any) -> Any:
    """Modules of the add-on by name, and the panel set to the tiny model without life."""

    def module(name: str) -> Any:
        return sys.modules[f"{extension.__name__}.{name}"]

    module("rig_look")._looks.clear()
    module("operators").click_take(bpy.context, None)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    return module


def test_the_button_hears_the_sound_again_and_shapes_the_range(addon: Any, scene: Any) -> None:
    before, outside = jaw(), all_keys(5, 25)
    scene.voxkey.live_shaping = False
    scene.voxkey.strength = 0.5
    scene.voxkey_range.first_frame, scene.voxkey_range.last_frame = 5, 25
    bpy.ops.voxkey.regenerate_range()
    np.testing.assert_allclose(jaw()[12:15], before[12:15] / 2, atol=1e-6)
    assert all_keys(5, 25) == outside
    assert take_actions.read_ranges(take())[0].model == TINY_MODEL.name
    bpy.ops.voxkey.shape_range(first_frame=30, last_frame=45)
    np.testing.assert_allclose(jaw(), before / 2, atol=1e-6)


def test_sliders_shape_the_range_alone_and_show_what_they_shape(addon: Any, scene: Any) -> None:
    before = jaw()
    scene.voxkey.strength = 2.0
    np.testing.assert_allclose(jaw()[37], 2 * before[37], atol=1e-6)
    scene.voxkey_range.first_frame, scene.voxkey_range.last_frame = 5, 25
    scene.voxkey_range.is_alone = True
    for strength in (0.1, 1.7, 0.5):
        scene.voxkey.strength = strength
    np.testing.assert_allclose(jaw()[[13, 37]], [before[13] / 2, 2 * before[37]], atol=1e-6)
    scene.voxkey_range.is_alone = False
    assert scene.voxkey.strength == 2.0
    scene.voxkey.jaw_strength = 0.5
    np.testing.assert_allclose(jaw()[[13, 37]], [before[13] / 4, before[37]], atol=1e-6)
    scene.voxkey_range.is_alone = True
    assert scene.voxkey.strength == 0.5
    scene.voxkey_range.first_frame = 6
    assert scene.voxkey.strength == 2.0


def test_sliders_leave_an_edited_take_to_the_button(addon: Any, scene: Any) -> None:
    jaw_curve().keyframe_points[13].co.y = 0.9
    before = all_keys()
    scene.voxkey_range.is_alone = True
    scene.voxkey.strength = 0.5
    assert all_keys() == before
    bpy.ops.voxkey.reshape_take()
    assert all_keys() != before
    assert all_keys(1, 25) == [[key for key in curve if not 1 < key["co"][0] < 25] for curve in before]


def test_the_range_comes_from_the_preview_range_or_markers(addon: Any, scene: Any) -> None:
    chosen = scene.voxkey_range
    with pytest.raises(RuntimeError, match=r"Set a preview range in the timeline \(P\), or select two markers"):
        bpy.ops.voxkey.set_range()
    for frame in (30, 12):
        scene.timeline_markers.new("M", frame=frame)
    bpy.ops.voxkey.set_range()
    assert (chosen.first_frame, chosen.last_frame) == (12, 30)
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 7, 19
    bpy.ops.voxkey.set_range()
    assert (chosen.first_frame, chosen.last_frame) == (7, 19)


def test_the_panel_lists_ranges_and_gives_them_back(addon: Any, scene: Any, head: Any) -> None:
    before = all_keys()
    bpy.ops.voxkey.regenerate_range(first_frame=1, last_frame=25)
    bpy.ops.voxkey.shape_range(first_frame=30, last_frame=45)  # nothing differs
    scene.voxkey.live_shaping = False
    scene.voxkey.strength = 0.5
    bpy.ops.voxkey.shape_range(first_frame=30, last_frame=60)
    addon("rig_look").look(head)
    layout = Layout()
    addon("take_list").draw(layout, Context())
    assert {"1 to 25: tiny_blendshapes", "30 to 48: Strength 0.5"} <= set(layout.texts)
    assert layout.drawn.count("voxkey.remove_range") == 2
    bpy.ops.voxkey.remove_range(number=1)
    bpy.ops.voxkey.remove_range(number=0)
    assert all_keys() == before


def test_a_capture_has_no_sound_to_hear(addon: Any, scene: Any) -> None:
    take_actions.add_facts(take(), model_kind=predictions.CAPTURE)
    with pytest.raises(RuntimeError, match="was imported, so there is no sound to hear again; shape the range instead"):
        bpy.ops.voxkey.regenerate_range()
    scene.voxkey.live_shaping = False
    scene.voxkey.strength = 0.5
    bpy.ops.voxkey.shape_range()
    assert take_actions.read_ranges(take())


def test_it_survives_a_saved_file(addon: Any, scene: Any, tmp_path: Path) -> None:
    redo(bpy.data.objects["Head"], FIRST, constant(0.5), strength=0.5)
    written = all_keys()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    generation.reshape_take(bpy.context.scene, bpy.data.objects["Head"], take(), STILL)
    assert all_keys() == written
    assert jaw_heights(bpy.context.scene, bpy.data.objects["Head"], [15])[0] == pytest.approx(0.25, abs=1e-5)


def test_a_range_of_a_minute_takes_a_few_times_as_long_as_shaping_all_of_it(scene: Any, tmp_path: Path) -> None:
    head = make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "long.wav", 60.0, range(1, 60)), 1)
    long = bpy.data.actions[generation.generate(scene, head, "long.wav", STILL, TINY_MODEL).take]

    def seconds(shape: Any, *place: Any) -> float:
        durations = []  # its own time, as other programs run on this machine too
        for strength in (0.5, 0.7, 0.9):
            started = time.process_time()
            shape(scene, head, long, *place, Shaping(**NO_LIFE, strength=strength))
            durations.append(time.process_time() - started)
        return min(durations)

    whole = seconds(generation.reshape_in_place)
    # every key of the take is read, to find those that stay, and written: about four times, whatever the range
    assert seconds(regeneration.redo_range, (100, 150, 0.15)) < 6 * whole
