"""Learn This Character: the frames that the trainer gets, and what becomes of its answer.

A script stands for the trainer's Python: it looks at the frames and answers with the painter of the tests.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon.core.frames import SIDE_PX, load_frames

from .interface import Context, Event, Pressed
from .scenes import NO_LIFE, TINY_MODEL, add_strip, write_bursts

HEAD = Path(__file__).parents[2] / "rigs" / "default_head.blend"
N_FRAMES = 3
TRAINER = """#!{python}
import shutil, sys, time
command = sys.argv[1:3]
frames, output = (sys.argv[sys.argv.index(name) + 1] for name in ("--frames", "--output"))
assert command == ["-m", "trainer.landmark_cascade.finetune"]
print("progress 0.25 epoch 1", flush=True)
shutil.copy(frames + "/frames.npz", {seen!r})
{then}
shutil.copy({painter!r}, output)
"""


@pytest.fixture
def module(extension: Any) -> Any:
    return sys.modules[f"{extension.__name__}.learn_character"]


@pytest.fixture
def line(extension: Any, module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The default head with a take, a trainer and a model folder."""
    bpy.ops.wm.open_mainfile(filepath=str(HEAD))
    monkeypatch.setattr(module, "N_FRAMES", N_FRAMES)
    scene = bpy.context.scene
    add_strip(scene, write_bursts(tmp_path / "line.wav", 0.5, [0.25]), 11)
    scene.voxkey.target = scene.objects["Head"]
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    bpy.ops.voxkey.generate()
    preferences = bpy.context.preferences.addons[extension.__name__].preferences
    (tmp_path / "models").mkdir()
    preferences.model_folder = str(tmp_path / "models")
    preferences.trainer_python = str(write_trainer(tmp_path))
    yield scene
    preferences.model_folder = preferences.trainer_python = ""


def write_trainer(folder: Path, then: str = "") -> Path:
    """A program that answers as the trainer does, after doing something else."""
    path = folder / "python"
    facts = {"seen": str(folder / "seen.npz"), "painter": str(TINY_MODEL.with_name("tiny_painter.onnx"))}
    path.write_text(TRAINER.format(python=sys.executable, then=then, **facts))
    path.chmod(0o755)
    return path


def test_the_trainer_gets_frames_whose_landmarks_sit_on_the_face(line: Any, tmp_path: Path) -> None:
    line.frame_set(2)
    assert bpy.ops.voxkey.learn_character() == {"FINISHED"}
    frames = load_frames(tmp_path / "seen.npz")
    assert frames.images.shape == (N_FRAMES, SIDE_PX, SIDE_PX, 3)
    assert np.allclose(frames.landmarks[:, 30].mean(axis=0), (0.50, 0.57), atol=0.02)
    eyes = np.linalg.norm(frames.landmarks[:, 45] - frames.landmarks[:, 36], axis=1)
    assert np.allclose(eyes, 0.36, atol=0.01)
    for image, landmarks in zip(frames.images, frames.landmarks, strict=True):
        for eye in (slice(36, 42), slice(42, 48)):
            column, row = (landmarks[eye].mean(axis=0) * SIDE_PX).astype(int)
            red, _, blue = image[row - 6 : row + 6, column - 6 : column + 6].mean(axis=(0, 1))
            assert blue > 1.1 * red  # the iris is teal, and the skin round it is not
        cheek = (0.5 * (landmarks[2] + landmarks[48]) * SIDE_PX).astype(int)
        assert image[cheek[1], cheek[0], 0] > 1.2 * image[cheek[1], cheek[0], 2]
    gap = frames.landmarks[:, 66, 1] - frames.landmarks[:, 62, 1]
    assert gap.max() > gap.min() + 0.01  # the frames that differ most are among them
    change = np.abs(frames.images[gap.argmax()].astype(float) - frames.images[gap.argmin()]).mean(axis=2)
    row, column = np.unravel_index(change.argmax(), change.shape)
    low, high = (frames.landmarks[gap.argmax(), 48:].min(axis=0), frames.landmarks[gap.argmax(), 48:].max(axis=0))
    assert (low * SIDE_PX - 3 < (column, row)).all() and ((column, row) < high * SIDE_PX + 3).all()
    assert change.max() > 60


def test_what_was_learned_is_in_the_menu_and_nothing_else_has_changed(line: Any, tmp_path: Path) -> None:
    before = [len(items) for items in (bpy.data.scenes, bpy.data.objects, bpy.data.cameras)]
    camera, resolution = line.camera, line.render.resolution_x
    bpy.ops.voxkey.learn_character()
    assert line.voxkey_reference.look == "Head.onnx"
    assert [len(items) for items in (bpy.data.scenes, bpy.data.objects, bpy.data.cameras)] == before
    assert {image.name for image in bpy.data.images} <= {"Render Result"}
    assert (line.camera, line.render.resolution_x, line.frame_current) == (camera, resolution, 1)
    bpy.ops.voxkey.learn_character()
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == ["Head.onnx", "Head_2.onnx"]
    assert line.voxkey_reference.look == "Head_2.onnx"


def test_a_trainer_that_stops_says_why(line: Any, module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "N_FRAMES", 1)
    write_trainer(tmp_path, "sys.exit('there is no trained start; train it first')")
    with pytest.raises(RuntimeError, match="The trainer stopped: there is no trained start; train it first"):
        bpy.ops.voxkey.learn_character()
    (tmp_path / "python").unlink()
    with pytest.raises(RuntimeError, match="can't be run; set the trainer's Python in the preferences"):
        bpy.ops.voxkey.learn_character()
    assert not list((tmp_path / "models").iterdir())


def test_the_button_says_what_is_missing(line: Any, module: Any, extension: Any) -> None:
    assert module.disabled_reason(bpy.context) is None
    line.camera = None
    assert module.disabled_reason(bpy.context) == "Add a camera that sees the face"
    bpy.ops.voxkey.delete_take()
    assert module.disabled_reason(bpy.context).startswith("Generate a take first")
    preferences = bpy.context.preferences.addons[extension.__name__].preferences
    preferences.model_folder = ""
    assert module.disabled_reason(bpy.context).startswith("Choose a model folder")
    preferences.trainer_python = ""
    assert module.disabled_reason(bpy.context).startswith("Set the trainer's Python")


@pytest.fixture
def pressed(line: Any, module: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Context]]:
    """The button, pressed in a window."""
    monkeypatch.setattr(module.operators, "in_background", lambda: False)
    button, context = Pressed(module.VOXKEY_OT_learn_character), Context()
    assert button.invoke(context, Event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    yield button, context
    module.operators.cancel_job()
    module.operators._running = None


def test_in_a_window_the_bar_follows_the_trainer_and_cancel_ends_it(
    line: Any, module: Any, pressed: tuple[Any, Context], tmp_path: Path
) -> None:
    write_trainer(tmp_path, f"open({str(tmp_path / 'started')!r}, 'w'); time.sleep(60)")
    button, context = pressed
    end = time.monotonic() + 60
    while module.operators.running_job().progress < 0.39 and time.monotonic() < end:
        assert button.modal(context, Event("TIMER")) == {"PASS_THROUGH"}
        time.sleep(0.02)
    job = module.operators.running_job()
    assert job.progress == pytest.approx(0.2 + 0.8 * 0.25)
    assert job._scratch.is_dir()
    assert button.modal(context, Event("ESC")) == {"PASS_THROUGH"}  # of some other tool, in minutes of work
    assert bpy.ops.voxkey.cancel() == {"FINISHED"}
    assert button.modal(context, Event("TIMER")) == {"CANCELLED"}
    assert (tmp_path / "started").exists() and not list((tmp_path / "models").iterdir())
    while time.monotonic() < end and not job.is_done:
        time.sleep(0.01)
    assert not job._scratch.exists()
