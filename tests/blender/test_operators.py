"""The buttons, in the add-on enabled as an extension: generate, undo, shape anew, delete, cancel."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from .interface import Context, Event, Layout, Pressed
from .scenes import NO_LIFE, TINY_MODEL, add_strip, jaw_heights, jaw_keys, key_frames, make_head, write_bursts, written


@pytest.fixture
def speech(extension: Any, scene: Any, tmp_path: Path) -> Any:
    """A scene in which Generate can be pressed: a strip with bursts at 0.5 and 1.5 s, an active head, a model."""
    make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    scene.voxkey.model = "FILE"
    scene.voxkey.model_path = str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    return scene


@pytest.fixture
def operators(extension: Any) -> Any:
    return sys.modules[f"{extension.__name__}.operators"]


def jaw() -> Any:
    """(N, 2) frames and values of the jaw in the only take; looked up anew, as undo makes references invalid."""
    action = next(action for action in bpy.data.actions if "voxkey" in action)
    return jaw_keys(action).copy()


def test_generate_moves_the_jaw(speech: Any) -> None:
    assert bpy.ops.voxkey.generate() == {"FINISHED"}
    jaw_now = jaw_heights(speech, speech.objects["Head"], range(1, 80))
    loud = np.flatnonzero(jaw_now > 0.25) + 1
    assert set(loud) >= {23, 47}
    assert set(loud) <= {22, 23, 24, 46, 47, 48}


def test_one_undo_removes_the_take_and_redo_brings_it_back(speech: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.generate("EXEC_DEFAULT", True)
    keys = jaw()
    bpy.ops.ed.undo()
    assert written() == (0, 0)
    bpy.ops.ed.redo()
    np.testing.assert_array_equal(jaw(), keys)


def test_one_undo_removes_the_head_motion_too(speech: Any) -> None:
    speech.voxkey.head = speech.objects["Head"]
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.generate("EXEC_DEFAULT", True)
    tracks = bpy.data.objects["Head"].animation_data.nla_tracks
    assert [track.name.split(".0")[0] for track in tracks] == ["Voxkey rest", "Voxkey a.wav head"]
    bpy.ops.ed.undo()
    assert len(bpy.data.actions) == 0
    assert not bpy.data.objects["Head"].animation_data
    bpy.ops.ed.redo()
    bpy.ops.voxkey.delete_take()
    assert len(bpy.data.actions) == 0
    assert not bpy.data.objects["Head"].animation_data


def test_undo_of_generating_again_brings_the_earlier_take_back(speech: Any) -> None:
    bpy.ops.voxkey.generate()
    keys = jaw()
    bpy.ops.ed.undo_push(message="first take")
    bpy.context.scene.voxkey.strength = 0.5
    bpy.ops.voxkey.generate("EXEC_DEFAULT", True)
    assert not np.array_equal(jaw(), keys)
    bpy.ops.ed.undo()
    np.testing.assert_array_equal(jaw(), keys)


def test_settings_reach_the_keys(speech: Any) -> None:
    bpy.ops.voxkey.generate()
    plain = jaw()
    speech.voxkey.strength = 0.5
    bpy.ops.voxkey.reshape_take()
    np.testing.assert_allclose(jaw()[:, 1], plain[:, 1] / 2, atol=1e-6)
    speech.voxkey.strength, speech.voxkey.lower_face_smoothing_seconds = 1.0, 0.1
    bpy.ops.voxkey.reshape_take()
    assert jaw()[:, 1].max() < plain[:, 1].max() / 2
    speech.voxkey.blinks, speech.voxkey.seed = 1.0, 2
    bpy.ops.voxkey.reshape_take()
    action = next(action for action in bpy.data.actions if "voxkey" in action)
    assert key_frames(action)['key_blocks["eyeBlinkLeft"].value'][:, 1].max() > 0.7


def test_delete_take_leaves_the_scene_as_it_was(speech: Any) -> None:
    bpy.ops.voxkey.generate()
    assert bpy.ops.voxkey.delete_take() == {"FINISHED"}
    assert written() == (0, 0)
    assert not bpy.ops.voxkey.delete_take.poll()


def draw_result(operators: Any) -> Layout:
    """What the Result section shows."""
    panels = sys.modules[operators.__name__.replace("operators", "panels")]
    layout = Layout()
    panels._Result.draw(SimpleNamespace(layout=layout), Context())
    return layout


def test_result_says_that_the_face_moves(speech: Any, operators: Any) -> None:
    bpy.ops.voxkey.generate()
    drawn = draw_result(operators)
    assert {"Voxkey a.wav", "The face moves with it"} <= set(drawn.texts)
    assert "voxkey.apply_fix" not in drawn.drawn


def test_what_keeps_the_face_still_is_fixed_by_a_click(speech: Any, operators: Any) -> None:
    speech.objects["Head"].show_only_shape_key = True
    bpy.ops.voxkey.generate()
    drawn = draw_result(operators)
    assert "Switch Off" in drawn.texts
    sentence = operators.take_actions.read_facts(operators.current_take(bpy.context))["findings"][0]["sentence"]
    assert sentence.startswith("Solo is on in the Shape Keys panel")
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.voxkey.apply_fix("EXEC_DEFAULT", True, sentence=sentence) == {"FINISHED"}
    assert not bpy.data.objects["Head"].show_only_shape_key
    assert "The face moves with it" in draw_result(operators).texts
    with pytest.raises(RuntimeError, match="There is nothing to fix any more"):
        bpy.ops.voxkey.apply_fix(sentence=sentence)
    bpy.ops.ed.undo()
    assert bpy.data.objects["Head"].show_only_shape_key
    assert "Switch Off" in draw_result(operators).texts


def test_add_sound_chooses_the_new_strip(speech: Any, tmp_path: Path) -> None:
    speech.frame_set(40)
    write_bursts(tmp_path / "b.wav", 1.0, [0.5])
    assert bpy.ops.voxkey.add_sound(filepath=str(tmp_path / "b.wav")) == {"FINISHED"}
    assert speech.voxkey.source == "b.wav"
    assert speech.sequence_editor.strips_all["b.wav"].frame_final_start == 40
    with pytest.raises(RuntimeError, match="There is no audio file"):
        bpy.ops.voxkey.add_sound(filepath=str(tmp_path / "c.wav"))


def test_disabled_button_says_what_to_do(speech: Any, operators: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def reason() -> Any:
        return operators.disabled_reason(bpy.context)

    assert reason() is None
    speech.voxkey.source = "deleted.wav"
    assert reason() == "There is no sound deleted.wav any more; choose another"
    speech.voxkey.source = ""
    bpy.context.view_layer.objects.active = make_head(speech, [], "Bare")
    assert reason() == "Bare has no shape keys; choose another mesh, or make them in the section Rig"
    unknown = make_head(speech, ["key_001"], "Unknown")
    operators.rig_look.look(unknown)
    assert reason() == "No rig map knows the names of Unknown; choose one or match by shape, in the section Rig"
    speech.voxkey.target = speech.objects["Head"]
    assert reason() is None
    broken = operators.preferences.Runtime((), "onnxruntime can't be loaded; install the Voxkey zip for this system")
    monkeypatch.setattr(operators.preferences, "runtime", lambda: broken)
    assert reason() == broken.sentence
    speech.sequence_editor_clear()
    assert reason() == "Add a sound strip with the speech, or drop an audio file onto the 3D view"
    assert not bpy.ops.voxkey.generate.poll()


def broken_models(folder: Path) -> Iterator[tuple[Path, str]]:
    yield folder / "missing.onnx", "There is no model file"
    (folder / "broken.onnx").write_bytes(TINY_MODEL.read_bytes()[:1000])
    yield folder / "broken.onnx", "broken.onnx is damaged or no model file"
    (folder / "text.onnx").write_text("not a model")
    yield folder / "text.onnx", "text.onnx is damaged or no model file"


def test_nothing_can_be_cancelled_while_nothing_runs(speech: Any) -> None:
    assert not bpy.ops.voxkey.cancel.poll()
    with pytest.raises(RuntimeError, match="Voxkey is not generating"):
        bpy.ops.voxkey.cancel()


def test_a_bad_model_file_gives_one_sentence(speech: Any, tmp_path: Path) -> None:
    for path, sentence in broken_models(tmp_path):
        speech.voxkey.model_path = str(path)
        with pytest.raises(RuntimeError, match=sentence):
            bpy.ops.voxkey.generate()
        assert written() == (0, 0)


def test_a_bad_sound_gives_one_sentence(speech: Any, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF0000WAVEfmt ")
    with pytest.raises(RuntimeError, match=r"a\.wav is damaged"):
        bpy.ops.voxkey.generate()
    assert written() == (0, 0)


def test_settings_are_saved_with_the_scene(speech: Any, tmp_path: Path) -> None:
    speech.voxkey.target = speech.objects["Head"]
    speech.voxkey.lower_face_smoothing_seconds = 0.04
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    settings = bpy.context.scene.voxkey
    assert settings.target.name == "Head"
    assert settings.lower_face_smoothing_seconds == pytest.approx(0.04)
    assert (settings.model, settings.model_path) == ("FILE", str(TINY_MODEL))


def test_models_of_the_users_folder_can_be_chosen(speech: Any, operators: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(TINY_MODEL.read_bytes())
    operators.preferences.preferences(bpy.context).model_folder = str(tmp_path)
    try:
        speech.voxkey.model = "mine.onnx"
        assert operators.properties.model_path(bpy.context) == tmp_path / "mine.onnx"
        assert bpy.ops.voxkey.generate() == {"FINISHED"}
    finally:
        operators.preferences.preferences(bpy.context).model_folder = ""
    assert operators.properties.model_path(bpy.context) == operators.generation.DEFAULT_MODEL


def test_only_devices_that_are_there_are_offered(speech: Any, operators: Any) -> None:
    offered = [item[0] for item in operators.preferences.device_items(None, None)]
    assert offered == ["AUTO", *operators.preferences.runtime().devices]
    assert "CPU" in offered
    assert operators.preferences.runtime().sentence.startswith("onnxruntime ")
    with pytest.raises(TypeError):
        speech.voxkey.device = "NPU"


@pytest.fixture
def pressed(speech: Any, operators: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Pressed, Context]]:
    """Generate, just pressed in the interface; its model waits until it is told to go on."""
    go_on = threading.Event()
    predict = operators.generation.predict

    def slow_predict(request: Any, on_progress: Any = lambda done: None, is_cancelled: Any = lambda: False) -> Any:
        on_progress(0.25)
        go_on.wait(10)
        return predict(request, on_progress, is_cancelled)

    monkeypatch.setattr(operators.generation, "predict", slow_predict)
    monkeypatch.setattr(operators, "in_background", lambda: False)
    context, button = Context(), Pressed(operators.VOXKEY_OT_generate)
    assert button.invoke(context, Event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    button.go_on = go_on
    yield button, context
    go_on.set()
    operators.cancel_job()
    assert context.window_manager.n_timers == 0
    assert operators.running_job() is None


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def finish(button: Any, context: Any, operators: Any) -> Any:
    """Let the model go on, and send timer ticks until the operator ends."""
    button.go_on.set()
    wait_until(lambda: operators.running_job().is_done)
    return button.modal(context, Event("TIMER"))


def test_job_writes_the_same_keys_as_waiting(
    pressed: tuple[Any, Any], operators: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    button, context = pressed
    wait_until(lambda: operators.running_job().progress == 0.25)
    assert button.modal(context, Event("TIMER")) == {"PASS_THROUGH"}
    assert button.modal(context, Event("MOUSEMOVE")) == {"PASS_THROUGH"}
    assert operators.disabled_reason(bpy.context) == "Voxkey is generating; wait, or cancel it"
    assert written() == (0, 0)
    assert finish(button, context, operators) == {"FINISHED"}
    assert button.reports[-1].startswith("Voxkey a.wav: 51 shape keys over 48 frames")
    keys = jaw()
    bpy.ops.voxkey.delete_take()
    bpy.ops.voxkey.generate()
    np.testing.assert_array_equal(jaw(), keys)


@pytest.mark.parametrize("how", ["ESC", "button"])
def test_cancel_is_at_once_and_writes_nothing(pressed: tuple[Any, Any], operators: Any, how: str) -> None:
    button, context = pressed
    started = time.perf_counter()
    if how == "button":
        assert bpy.ops.voxkey.cancel() == {"FINISHED"}
    assert button.modal(context, Event("ESC" if how == "ESC" else "TIMER")) == {"CANCELLED"}
    assert time.perf_counter() - started < 0.5
    assert button.reports == ["Cancelled; nothing was written"]
    assert written() == (0, 0)


def test_opening_another_file_stops_the_job(pressed: tuple[Any, Any], operators: Any) -> None:
    button, context = pressed
    job = operators.running_job()
    button.cancel(context)
    assert job.is_cancelled
    assert button.modal(context, Event("TIMER")) == {"CANCELLED"}


@pytest.mark.parametrize(
    ("delete", "sentence"),
    [
        (lambda scene: bpy.data.objects.remove(scene.objects["Head"]), "Head is gone, so nothing was written"),
        (lambda scene: scene.sequence_editor_clear(), "a.wav is gone, so nothing was written"),
        (lambda scene: scene.objects["Head"].shape_key_clear(), "Head has no shape keys"),
    ],
)
def test_deleting_things_meanwhile_is_survived(
    pressed: tuple[Any, Any], speech: Any, operators: Any, delete: Any, sentence: str
) -> None:
    button, context = pressed
    delete(speech)
    assert finish(button, context, operators) == {"CANCELLED"}
    assert sentence in button.reports[-1]
    assert written()[0] == 0


def test_undo_meanwhile_is_survived(pressed: tuple[Any, Any], operators: Any) -> None:
    button, context = pressed
    bpy.ops.ed.undo_push(message="before")
    bpy.context.scene.frame_set(5)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert finish(button, context, operators) == {"FINISHED"}
    assert len(jaw()) == 50


def test_error_in_the_thread_reaches_the_user(
    speech: Any, operators: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(operators, "in_background", lambda: False)
    speech.voxkey.model_path = str(tmp_path / "missing.onnx")
    context, button = Context(), Pressed(operators.VOXKEY_OT_generate)
    button.invoke(context, Event("LEFTMOUSE"))
    wait_until(lambda: operators.running_job().is_done)
    assert button.modal(context, Event("TIMER")) == {"CANCELLED"}
    assert "There is no model file" in button.reports[-1]
    assert written() == (0, 0)
