"""Takes follow strips that were moved, cut or retimed: the panel says so, and one click brings the take along."""

import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import keyframes, take_actions

from .interface import Context, Layout
from .scenes import NO_LIFE, TINY_MODEL, add_strip, jaw_heights, jaw_keys, make_head, write_bursts
from .test_audio_io import retime

TAKE = "Voxkey line.wav"


@pytest.fixture
def strip(extension: Any, scene: Any, tmp_path: Path) -> Any:
    """A strip from frame 1 on with bursts at 0.5 and 1.5 s, and a take of it on a head with teeth."""
    head = make_head(scene)
    make_head(scene, ["jawOpen"], "Teeth").parent = head
    bpy.context.view_layer.objects.active = head
    strip = add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 1)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    bpy.ops.voxkey.generate()
    return strip


def said(extension: Any) -> list[str]:
    """What the panel says of the take's strip."""
    following = sys.modules[f"{extension.__name__}.following"]
    layout = Layout()
    following.draw(layout, Context(), bpy.data.actions[TAKE])
    return layout.texts


def test_nothing_is_said_while_nothing_has_changed(extension: Any, strip: Any) -> None:
    assert said(extension) == []
    strip.volume, strip.channel = 0.5, 7  # what changes no movement
    assert said(extension) == []
    bpy.ops.voxkey.reshape_take()
    assert said(extension) == []
    with pytest.raises(RuntimeError, match="whose sound has changed"):
        bpy.ops.voxkey.follow_strip(take=TAKE)


@pytest.mark.parametrize("frames", [30, -12])
def test_a_moved_strip_takes_keys_and_edits_along(extension: Any, scene: Any, strip: Any, frames: int) -> None:
    curve = keyframes.fcurves(bpy.data.actions[TAKE])[0]
    curve.keyframe_points[5].co.y = 0.75
    before, seen = jaw_keys(bpy.data.actions[TAKE]).copy(), jaw_heights(scene, scene.objects["Head"], range(1, 60))
    strip.frame_start += frames
    way = f"{abs(frames)} frames {'later' if frames > 0 else 'earlier'}"
    assert " ".join(said(extension)) == f"line.wav was moved since: it starts {way} Move Take Along"
    bpy.ops.voxkey.follow_strip(take=TAKE)
    take = bpy.data.actions[TAKE]
    np.testing.assert_array_equal(jaw_keys(take), before + np.float32([frames, 0]))
    assert keyframes.fcurves(take)[0].keyframe_points[5].co.y == 0.75
    assert take_actions.is_edited(take)
    now = jaw_heights(scene, scene.objects["Head"], range(1 + frames, 60 + frames))
    np.testing.assert_allclose(now, seen, atol=1e-6)
    assert said(extension) == []


def test_a_take_that_followed_is_as_if_generated_there(extension: Any, scene: Any, strip: Any) -> None:
    strip.frame_start += 30
    bpy.ops.voxkey.follow_strip(take=TAKE)
    followed = jaw_keys(bpy.data.actions[TAKE]).copy()
    assert not take_actions.is_edited(bpy.data.actions[TAKE])
    scene.voxkey.strength = 0.5  # live: the take is shaped in its new place
    halved = jaw_keys(bpy.data.actions[TAKE]).copy()
    np.testing.assert_allclose(halved[:, 1], followed[:, 1] / 2, atol=1e-6)
    scene.voxkey.strength = 1.0
    bpy.ops.voxkey.generate()
    np.testing.assert_array_equal(jaw_keys(bpy.data.actions[TAKE]), followed)


@pytest.mark.parametrize("how", ["cut", "retimed", "another file"])
def test_what_was_cut_or_retimed_is_heard_anew_with_its_own_settings(
    extension: Any, scene: Any, strip: Any, tmp_path: Path, how: str
) -> None:
    scene.voxkey.live_shaping, scene.voxkey.strength = False, 0.5
    if how == "cut":
        strip.frame_offset_start = 20
    elif how == "retimed":
        retime(strip, 200)
    else:
        strip.sound = bpy.data.sounds.load(str(write_bursts(tmp_path / "other.wav", 2.0, [1.0])))
    wanted = "line.wav was cut, retimed or given another sound since Hear Anew"
    assert " ".join(said(extension)) == wanted
    assert bpy.ops.voxkey.follow_strip(take=TAKE) == {"FINISHED"}
    assert said(extension) == []
    loud = set((np.flatnonzero(jaw_heights(scene, scene.objects["Head"], range(1, 60)) > 0.15) + 1).tolist())
    assert take_actions.read_facts(bpy.data.actions[TAKE])["shaping"]["strength"] == 1.0
    assert loud and loud <= {"cut": {36, 37, 38}, "retimed": set(range(6, 21)), "another file": {24, 25, 26}}[how]


def test_undo_puts_the_take_back(extension: Any, scene: Any, strip: Any) -> None:
    keys = jaw_keys(bpy.data.actions[TAKE]).copy()
    strip.frame_start += 30
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.follow_strip("EXEC_DEFAULT", True, take=TAKE)
    bpy.ops.ed.undo()
    np.testing.assert_array_equal(jaw_keys(bpy.data.actions[TAKE]), keys)
    assert "Move Take Along" in said(extension)
