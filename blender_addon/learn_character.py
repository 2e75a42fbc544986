"""Learn This Character: twenty renders of a character, and the trainer makes them into a model that paints it.

The trainer runs in a Python of its own, which the preferences name: torch never enters Blender.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc"

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import face_view, operators, preferences, properties, take_actions
from .core.curves import Float32Array
from .core.frames import SIDE_PX, Frames, save_frames
from .drawing import can_press, draw_sentence, refuse
from .job import Job
from .pictures import read_picture
from .steps import SteppedOperator
from .translation import translated

N_FRAMES = 20
"""P4 (core/frames.py), section 3.3: K = 20 pictures of a person that the network has not seen."""
MOST_WATCHED = 250
"""Frames of a take among which those are chosen."""
EYE_DISTANCE = 0.36
"""Between the outer corners of the eyes in the pictures, in picture widths."""
NOSE_PLACE = (0.50, 0.57)
"""Where the tip of the nose is in the pictures."""
RENDERING_SHARE = 0.2
"""Of the bar."""
TRAINING = ("-m", "trainer.landmark_cascade.finetune")
"""What the trainer's Python is asked to run; it prints `progress 0.42 a few words` a line."""


@dataclass(frozen=True)
class Request:
    """What to learn, read from Blender beforehand."""

    scene_name: str
    object_name: str
    take_frames: tuple[int, ...]
    """Scene frames to choose from."""
    python: Path
    model: Path
    """Model file to write."""
    folder: Path
    """Of the frames, for the time of training."""


@dataclass(frozen=True)
class Window:
    """A square of a square picture."""

    left: float
    top: float
    side: float
    """All in picture coordinates of the whole."""

    def __call__(self, places: Float32Array) -> Float32Array:
        """Picture coordinates of the window for those of the whole."""
        return np.asarray((places - (self.left, self.top)) / self.side, np.float32)


def spread(landmarks: Float32Array, n: int) -> list[int]:
    """Indices of n of (T, 68, 2) that differ most: the one nearest the mean, then always the farthest from those.

    All of them where there are no more than n.
    """
    points = landmarks.reshape(len(landmarks), -1)
    chosen = [int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))]
    nearest = np.linalg.norm(points - points[chosen[0]], axis=1)
    while len(chosen) < min(n, len(points)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return sorted(chosen)


def face_window(landmarks: Float32Array) -> Window:
    """The window in which (T, 68, 2) are as large as EYE_DISTANCE and where NOSE_PLACE says, on average."""
    side = float(np.linalg.norm(landmarks[:, 45] - landmarks[:, 36], axis=1).mean()) / EYE_DISTANCE
    nose = landmarks[:, 30].mean(axis=0)
    return Window(float(nose[0]) - side * NOSE_PLACE[0], float(nose[1]) - side * NOSE_PLACE[1], side)


def render_frames(request: Request) -> Generator[float, None, None]:
    """Watch the take and render twenty frames into request.folder, on the main thread; yields the part that is done.

    The scene is as it was when the iterator ends or is closed. Raises ValueError when no face is found or a render
    fails.
    """
    scene, obj = face_view.still_there(request.scene_name, request.object_name)
    mesh, vertices = face_view.landmark_vertices(obj)
    watched = []
    for landmarks in face_view.watch(scene.name, mesh.name, vertices, request.take_frames):
        watched.append(landmarks)
        yield 0.3 * len(watched) / len(request.take_frames)
    everything = np.stack(watched)
    chosen = spread(everything, N_FRAMES)
    window = face_window(everything)
    images = []
    with _photographer(scene, window) as photograph:
        for index in chosen:
            images.append(photograph(request.take_frames[index]))
            yield 0.3 + 0.7 * len(images) / len(chosen)
    frames = Frames("frames", request.model.stem, "the user's own", np.stack(images), window(everything[chosen]))
    save_frames(request.folder, frames)


@contextmanager
def _photographer(scene: bpy.types.Scene, window: Window) -> Iterator[Callable[[int], NDArray[np.uint8]]]:
    """A function that renders a window of what the scene's camera sees at a frame: (256, 256, 3) sRGB."""
    copy = scene.copy()
    camera = scene.camera.copy()
    camera.data = scene.camera.data.copy()
    try:
        copy.collection.objects.link(camera)
        copy.camera = camera
        _aim(camera.data, window)
        render: Any = copy.render
        render.resolution_x = render.resolution_y = SIDE_PX
        render.resolution_percentage, render.pixel_aspect_x, render.pixel_aspect_y = 100, 1.0, 1.0
        render.use_sequencer = render.use_border = render.use_multiview = False
        if hasattr(render.image_settings, "media_type"):  # from 5.0 on
            render.image_settings.media_type = "IMAGE"
        render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGB"
        render.image_settings.color_depth = "8"
        with tempfile.TemporaryDirectory() as folder:
            render.filepath = str(Path(folder) / "picture.png")
            yield lambda frame: _photograph(copy, frame)
    finally:
        data = camera.data
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)
        bpy.data.scenes.remove(copy)


def _photograph(scene: bpy.types.Scene, frame: int) -> NDArray[np.uint8]:
    scene.frame_set(frame)
    try:
        with bpy.context.temp_override(scene=scene):  # the operator's own option takes the frame of the open scene
            bpy.ops.render.render(write_still=True)
        return read_picture(Path(scene.render.filepath)).pixels
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"Frame {frame} can't be rendered; render it yourself to see why ({error})") from error


def _aim(camera: bpy.types.Camera, window: Window) -> None:
    """Have a camera whose picture is square see a window of it only: a longer lens, shifted."""
    camera.animation_data_clear()  # lens and shift may be animated
    camera.shift_x = (camera.shift_x + window.left + window.side / 2 - 0.5) / window.side
    camera.shift_y = (camera.shift_y + 0.5 - window.top - window.side / 2) / window.side
    if camera.type == "ORTHO":
        camera.ortho_scale *= window.side
    else:
        camera.lens /= window.side


def train(request: Request, on_progress: Callable[[float], None], is_cancelled: Callable[[], bool]) -> None:
    """Run the trainer on the rendered frames until it has written the model file, in any thread.

    Raises ValueError with the trainer's own last words, or core.model.Cancelled once it has been stopped.
    """
    from .core.model import Cancelled

    folder = str(request.folder)
    command = [str(request.python), *TRAINING, "--frames", folder, "--output", str(request.model)]
    log = request.folder / "log.txt"
    # Blender's own Python would be found instead of the trainer's modules
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONUNBUFFERED"] = "1"
    try:
        with log.open("w") as written:
            process = subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment, cwd=folder)
    except OSError as error:
        raise ValueError(
            f"{request.python} can't be run; set the trainer's Python in the preferences ({error})"
        ) from error
    while process.poll() is None:
        if is_cancelled():
            process.terminate()
            process.wait()
            raise Cancelled
        on_progress(_progress(log))
        time.sleep(0.2)
    if process.returncode or not request.model.is_file():
        words = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise ValueError(f"The trainer stopped: {words[-1] if words else 'it said nothing'}")


def _progress(log: Path) -> float:
    """The part that is done, as the last line of progress in the trainer's output says, in [0, 1]."""
    found = re.findall(r"^progress ([\d.]+)", log.read_text(errors="replace"), re.MULTILINE)
    return min(1.0, float(found[-1])) if found else 0.0


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Learn This Character can't be pressed, as one sentence with what to do; None when it can."""
    if operators.running_job() is not None:
        return "Voxkey is busy; wait, or cancel it"
    prefs = preferences.preferences(context)
    if prefs is None or not prefs.trainer_python:
        return "Set the trainer's Python in Voxkey's preferences: the trainer learns outside Blender"
    if not prefs.model_folder:
        return "Choose a model folder in Voxkey's preferences, for the character that is learned"
    if operators.current_take(context) is None:
        return "Generate a take first: the character is learned from frames in which it speaks"
    if context.scene.camera is None or context.scene.camera.type != "CAMERA":
        return "Add a camera that sees the face"
    return face_view.camera_problem(context.scene)


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The button, and why it can't be pressed."""
    layout.operator("voxkey.learn_character", icon="OUTLINER_OB_CAMERA")
    sentence = disabled_reason(context)
    if sentence:
        draw_sentence(layout, context, sentence, "INFO")


class VOXKEY_OT_learn_character(SteppedOperator, bpy.types.Operator):
    bl_idname = "voxkey.learn_character"
    bl_label = "Learn This Character"
    bl_description = (
        "Render 20 frames of the take from the scene's camera and train a network that paints this character; "
        "takes minutes, beside your work"
    )
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        request = _request(context)
        try:
            for _ in render_frames(request):
                pass
            train(request, lambda done: None, lambda: False)
            return self.write(context, request)
        except ValueError as error:
            return refuse(self, error)
        finally:
            shutil.rmtree(request.folder, ignore_errors=True)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Any:
        if operators.in_background():
            return self.execute(context)
        request = _request(context)
        steps = render_frames(request)
        return self.start_after(
            context, "Learning", steps, RENDERING_SHARE, lambda job: _train(request, job), request.folder
        )

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        if event.type == "ESC":  # meant for something else, in minutes of work; the panel has a button to cancel
            return {"PASS_THROUGH"}
        return SteppedOperator.modal(self, context, event)

    def write(self, context: bpy.types.Context, predicted: Request) -> Any:
        """Offer the model in the menu, and choose it."""
        preferences.model_files.cache_clear()
        context.scene.voxkey_reference.look = predicted.model.name
        self.report({"INFO"}, translated(f"{predicted.model.stem} was learned; Reference Render paints it now"))
        return {"FINISHED"}


CLASSES = (VOXKEY_OT_learn_character,)


def _train(request: Request, job: Job) -> Request:
    def report(done: float) -> None:
        job.report_progress(RENDERING_SHARE + (1 - RENDERING_SHARE) * done)

    try:
        train(request, report, lambda: job.is_cancelled)
    finally:
        shutil.rmtree(request.folder, ignore_errors=True)
    return request


def _request(context: bpy.types.Context) -> Request:
    scene, prefs = context.scene, preferences.preferences(context)
    obj, take = properties.target_object(context), operators.current_take(context)
    facts = take_actions.read_facts(take)
    frames = range(facts["start_frame"], facts["start_frame"] + facts["n_frames"])
    step = -(-len(frames) // MOST_WATCHED)
    model = _free_path(Path(bpy.path.abspath(prefs.model_folder)), obj.name)
    python = Path(bpy.path.abspath(prefs.trainer_python))
    return Request(scene.name, obj.name, tuple(frames[::step]), python, model, Path(tempfile.mkdtemp(prefix="voxkey")))


def _free_path(folder: Path, name: str) -> Path:
    """A model file of that name, or with a number, so that what was learned before stays."""
    stem = re.sub(r"[^\w-]+", "_", name).strip("_") or "character"
    paths = (folder / f"{stem}{number}.onnx" for number in ("", *(f"_{i}" for i in range(2, 1000))))
    return next(path for path in paths if not path.exists())
