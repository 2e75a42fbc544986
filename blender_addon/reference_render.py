"""Reference Render: a network that knows a character's look paints a line, in seconds, before a frame is rendered.

It has learned the character, or is shown pictures of somebody, in which a second network finds the face. The landmarks
that it paints from are the character's own in a take, or without a take what another model hears in the sound. Pictures
and film are written whole or not at all; then they are shown where the user wants to see them.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, func-returns-value"

from __future__ import annotations

import re
import shutil
import wave
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import audio_io, face_view, operators, output, preferences, properties
from .core.curves import Curves, Float32Array, frames_to_seconds, sample_curves
from .core.frames import STEADY, placed
from .core.landmarks import close_lids, procrustes
from .core.picture_face import Found, follow, neutral_of, one_framing, search_face
from .core.png import write_png
from .core.shaping import Shaping, shape_curves
from .core.wav import resample_waveform
from .drawing import can_press, draw_sentence, refuse
from .job import Job
from .pictures import Picture, read_pictures
from .steps import SteppedOperator
from .translation import translated

LOOK, HEARING, FINDING = "landmarks_to_image", "audio_to_landmarks", "image_to_landmarks"
"""Kinds of model files: what paints, what hears landmarks in a sound where there is no take, and what finds them."""
OWN_FILE, SHOWN = "FILE", "IMAGES"
"""Looks that are no trained character that was found: a file, and pictures for the painter of anybody."""
NO_PAINTER = "Install Voxkey again: the models that paint from pictures are missing"
INSET_SIZE, INSET_PLACE = 0.36, (0.30, -0.30)
"""Of the picture in the camera's view: parts of the frame, and where its middle is from the middle of the frame."""


@dataclass(frozen=True)
class Shown:
    """Somebody in pictures, whom the painter of anybody paints."""

    images: tuple[Picture, ...]
    finding: Path
    """Model that finds landmarks in them."""


@dataclass(frozen=True)
class Request:
    """What to paint, read from Blender beforehand."""

    scene_name: str
    audio: audio_io.HeardAudio
    fps: float
    look: Path
    hearing: Path | None
    """Model that hears landmarks; None to follow the take of a character."""
    object_name: str
    """The character."""
    shown: Shown | None
    """Who is painted; None when the look is a trained character."""
    device: str
    folder: Path
    """Where the folder `name` goes."""
    name: str
    landmarks: list[Float32Array] = field(default_factory=list)
    """(68, 2) a frame, as the scene's camera sees the take; filled while it is watched."""

    @property
    def partial(self) -> Path:
        """The folder that becomes folder / name at the end."""
        return self.folder / f".{self.name}.partial"


@dataclass(frozen=True)
class Result:
    """What was written."""

    folder: Path
    pictures: tuple[Path, ...]
    """One PNG file a scene frame, the first at start_frame."""
    film: Path
    start_frame: int
    device: str

    @property
    def summary(self) -> str:
        """One sentence for the status bar."""
        return f"{self.film.name}: {len(self.pictures)} frames in {self.folder}"


def prepare(
    scene: bpy.types.Scene,
    obj: bpy.types.Object | None,
    source_name: str,
    look: Path,
    hearing: Path | None,
    device: str,
    folder: Path,
    shown: Shown | None = None,
) -> Request:
    """Read the sound, on the main thread; ValueError when nothing can be painted."""
    source = audio_io.find_source(scene, source_name)
    if source is None:
        raise ValueError("The scene has no sound strip; add one in the Sequencer, or choose another")
    if not look.is_file():
        raise ValueError(f"There is no model file {look}; learn a character, or choose its file")
    if obj is None and hearing is None:
        raise ValueError("Choose the mesh of the face")
    return Request(
        scene_name=scene.name,
        audio=audio_io.read_source(scene, source),
        fps=scene.render.fps / scene.render.fps_base,
        look=look,
        hearing=hearing,
        object_name=obj.name if obj else "",
        shown=shown,
        device=device,
        folder=folder,
        name=re.sub(r"[^\w-]+", "_", source.name).strip("_") or "reference",
    )


def watch_take(request: Request) -> Generator[float, None, None]:
    """Go through the frames of the line on the main thread, noting landmarks; yields the part that is done.

    Raises ValueError when there is no face to see.
    """
    scene, obj = face_view.still_there(request.scene_name, request.object_name)
    problem = face_view.camera_problem(scene)
    if problem:
        raise ValueError(problem)
    mesh, vertices = face_view.landmark_vertices(obj)
    start = request.audio.start_frame
    for landmarks in face_view.watch(scene.name, mesh.name, vertices, range(start, start + request.audio.n_frames)):
        request.landmarks.append(landmarks)
        yield len(request.landmarks) / request.audio.n_frames


def paint(
    request: Request,
    on_progress: Callable[[float], None] = lambda done: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> str:
    """Paint all frames as PNG files into request.partial, in any thread, and return the device that did.

    Raises ValueError or core.model.Cancelled, with nothing left on disk.
    """
    from .core import model as model_files  # knows onnxruntime, which may be missing

    try:
        shutil.rmtree(request.partial, ignore_errors=True)
        request.partial.mkdir(parents=True)
        model = model_files.open_model(request.look, request.device, LOOK)
        if model.contract.takes_images != (request.shown is not None):
            raise ValueError(f"{request.look.name} paints whom pictures show; choose the look Reference Images")
        faces = _found(request.shown, request.device) if request.shown else []
        landmarks = _landmarks(request, model.contract.neutral_landmarks, faces)
        n_done = 0
        for painted in model_files.paint(model, landmarks, faces):
            for picture in painted:
                write_png(_picture_path(request, n_done), picture)
                n_done += 1
            on_progress(n_done / len(landmarks))
            if is_cancelled():
                raise model_files.Cancelled
    except OSError as error:
        shutil.rmtree(request.partial, ignore_errors=True)
        raise ValueError(f"{request.folder} can't be written; check the free space and the folder ({error})") from error
    except BaseException:
        shutil.rmtree(request.partial, ignore_errors=True)
        raise
    return model.device


def _found(shown: Shown, device: str) -> list[Found]:
    """The face in every picture; ValueError, with the picture's name, where there is none."""
    from .core import model as model_files

    model = model_files.open_model(shown.finding, device, FINDING)
    mean_face = model.contract.neutral_landmarks
    assert mean_face is not None  # a model of this kind has them
    found = []
    for image in shown.images:
        face = search_face(image.pixels, lambda crops: model_files.find_landmarks(model, crops), mean_face)
        if not face.is_face:
            raise ValueError(
                f"No face was found in {image.name}; choose a picture that shows one face from the front, not too small"
            )
        found.append(face)
    return one_framing([image.pixels for image in shown.images], found)


def _landmarks(request: Request, neutral: Float32Array | None, faces: list[Found]) -> Float32Array:
    """(T, 68, 2) that are painted."""
    if faces:
        neutral = neutral_of(np.stack([face.landmarks for face in faces]))
    assert neutral is not None  # a model that takes no images has them
    if request.hearing:
        return _heard(request, neutral)
    seen = np.stack(request.landmarks)
    return follow(seen, neutral) if faces else placed(seen, neutral)


def _heard(request: Request, neutral: Float32Array) -> Float32Array:
    """(T, 68, 2) at scene frames: the motion that a model hears in the sound, on the resting face of the look.

    P4 (see core/frames.py), section 3.1: displacements of a canonical face, retargeted by a similarity.
    """
    from .core import model as model_files

    assert request.hearing is not None
    model = model_files.open_model(request.hearing, request.device, HEARING)
    canonical = model.contract.neutral_landmarks
    assert canonical is not None  # a model of this kind has them
    rate_hz = model.contract.sample_rate_hz
    curves = model_files.predict(
        model, resample_waveform(request.audio.waveform, request.audio.sample_rate_hz, rate_hz)
    )
    times = np.array([frames_to_seconds(frame, request.fps) for frame in range(request.audio.n_frames)])
    heard = sample_curves(curves.curves, times).reshape(-1, 68, 2)
    to_look = procrustes(canonical[list(STEADY)], neutral[list(STEADY)])
    return blinking(np.asarray(neutral + (to_look(heard) - to_look(canonical)), np.float32), request.fps)


def blinking(landmarks: Float32Array, fps: float) -> Float32Array:
    """(T, 68, 2) with lids that close now and then as the life of a take has them: nothing in a sound says when."""
    lids = Curves(np.zeros((len(landmarks), 2), np.float32), ("eyeBlinkLeft", "eyeBlinkRight"), fps)
    return close_lids(landmarks, shape_curves(lids, Shaping()).values)


def finish(request: Request, device: str) -> Result:
    """Film the painted pictures with their sound and give all its name, on the main thread.

    An earlier render of the same name is replaced. Raises ValueError with nothing changed.
    """
    scene = bpy.data.scenes.get(request.scene_name)
    try:
        if scene is None:
            raise ValueError(f"{request.scene_name} is gone, so nothing was written; render again")
        _film(scene, request)
        folder = request.folder / request.name
        older = request.folder / f".{request.name}.older"
        shutil.rmtree(older, ignore_errors=True)
        with suppress(FileNotFoundError):
            folder.rename(older)
        request.partial.rename(folder)
        shutil.rmtree(older, ignore_errors=True)
    except OSError as error:
        raise ValueError(f"{request.folder} can't be written; check the free space and the folder ({error})") from error
    finally:
        shutil.rmtree(request.partial, ignore_errors=True)
    pictures = tuple(sorted(folder.glob("*.png")))
    return Result(folder, pictures, folder / f"{request.name}.mp4", request.audio.start_frame, device)


def render(request: Request) -> Result:
    """Watch, paint and finish while the caller waits; ValueError, with nothing written, if it fails."""
    if request.hearing is None:
        for _ in watch_take(request):
            pass
    return finish(request, paint(request))


def _picture_path(request: Request, index: int) -> Path:
    return request.partial / f"{request.name}_{index + 1:05d}.png"


def _film(scene: bpy.types.Scene, request: Request) -> None:
    """Pictures and sound as H.264 and AAC, by a scene of its own."""
    pictures = sorted(request.partial.glob("*.png"))
    sound_path = request.partial / "sound.wav"
    _write_sound(sound_path, request.audio)
    film = bpy.data.scenes.new("Voxkey reference")
    known = set(bpy.data.sounds)
    try:
        film.render.fps, film.render.fps_base = scene.render.fps, scene.render.fps_base
        with _opened(pictures[0]) as first:
            film.render.resolution_x, film.render.resolution_y = first.size
        film.render.resolution_percentage = 100
        film.view_settings.view_transform = "Standard"
        film.frame_start, film.frame_end = 1, len(pictures)
        audio_io.add_image_strip(film, "pictures", pictures, 1)
        audio_io.add_sound_strip(film, sound_path, 1)
        output.render_film(film, request.partial / f"{request.name}.mp4", lambda *_: None, from_sequencer=True)
    finally:
        bpy.data.scenes.remove(film)
        for sound in set(bpy.data.sounds) - known:
            bpy.data.sounds.remove(sound)
    sound_path.unlink()


def _write_sound(path: Path, audio: audio_io.HeardAudio) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(audio.sample_rate_hz)
        file.writeframes((audio.waveform.clip(-1, 1) * 32767).astype("<i2").tobytes())


@contextmanager
def _opened(path: Path) -> Iterator[bpy.types.Image]:
    image = bpy.data.images.load(str(path))
    try:
        yield image
    finally:
        bpy.data.images.remove(image)


# ---------------------------------------------------------------------------------------------------------------------
# Where it is shown


def show(scene: bpy.types.Scene, result: Result, places: set[str]) -> None:
    """Put the pictures where the user wants them: keys of PLACES; what an earlier render showed there is replaced."""
    name = f"Voxkey {result.folder.name}"
    image = bpy.data.images.get(name) or bpy.data.images.load(str(result.pictures[0]))
    image.name, image.source, image.filepath = name, "SEQUENCE", str(result.pictures[0])
    image.reload()
    if "CAMERA" in places and scene.camera and scene.camera.type == "CAMERA":
        _show_in_camera(scene.camera.data, image, result)
    if "SEQUENCER" in places:
        for strip in audio_io.top_level_strips(scene):
            if strip.name == name:
                audio_io.remove_strip(scene, strip)
        audio_io.add_image_strip(scene, name, result.pictures, result.start_frame)


def _show_in_camera(camera: bpy.types.Camera, image: bpy.types.Image, result: Result) -> None:
    """In a corner of the camera's view, over what is there."""
    shown = next((item for item in camera.background_images if item.image == image), None)
    if shown is None:
        shown = camera.background_images.new()
        shown.image = image
        shown.display_depth, shown.frame_method, shown.alpha = "FRONT", "FIT", 1.0
        shown.scale, shown.offset = INSET_SIZE, INSET_PLACE
    user = shown.image_user
    user.frame_start, user.frame_duration, user.frame_offset = result.start_frame, len(result.pictures), 0
    user.use_auto_refresh = True
    camera.show_background_images = True


# ---------------------------------------------------------------------------------------------------------------------
# The interface

# from 4.5 on Blender warns of paths that begin with // where this is not said, which older versions do not know
BESIDE_THE_FILE: set[Any] = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()
PLACES = (
    ("CAMERA", "Camera", "In a corner of the camera's view, as a background image"),
    ("SEQUENCER", "Sequencer", "As a strip beside the sound; the scene then renders as its Sequencer shows it"),
)


def look_items(_owner: Any, context: bpy.types.Context) -> list[tuple[str, str, str, str, int]]:
    """Enum items: every trained character found, and a file of the user's choice."""
    return _look_items(model_files(context, LOOK))


@cache  # Blender keeps only pointers to the strings
def _look_items(files: tuple[Path, ...]) -> list[tuple[str, str, str, str, int]]:
    found = [(path.name, path.stem, str(path), "NONE", zlib.crc32(path.name.encode()) >> 2) for path in files]
    # number 0 is what a scene has in which nothing was chosen
    shown = (SHOWN, "Reference Images...", "Somebody in pictures of your choice, without any learning", "NONE", 1)
    return [*found, shown, (OWN_FILE, "File...", "A model file of your choice", "NONE", 0)]


def model_files(context: bpy.types.Context, kind: str, takes_images: bool = False) -> tuple[Path, ...]:
    """The model files of a kind that come with Voxkey or lie in the user's folder."""
    prefs = preferences.preferences(context)
    return preferences.model_files(prefs.model_folder if prefs else "", kind, takes_images)


def painter_of_anybody(context: bpy.types.Context) -> tuple[Path, Path] | None:
    """The model files that paint somebody in pictures, and that find the landmarks there; None when one is missing."""
    paths = [*model_files(context, LOOK, takes_images=True)[:1], *model_files(context, FINDING)[:1]]
    return (paths[0], paths[1]) if len(paths) == 2 else None


def look_at(images: Path, finding: Path) -> Shown:
    """Somebody in a picture or a folder of pictures; ValueError when there are none that Blender can open."""
    return Shown(read_pictures(images), finding)


class VoxkeyReference(bpy.types.PropertyGroup):
    look: bpy.props.EnumProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Look",
        description="Who is painted: a trained character, or somebody in pictures",
        items=look_items,
        options=set(),
    )
    look_path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File",
        description="Model file of a trained character",
        subtype="FILE_PATH",
        options=BESIDE_THE_FILE,
    )
    images_path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Pictures",
        description="A picture of one face from the front, or a folder with several of the same person, framed alike",
        subtype="FILE_PATH",
        options=BESIDE_THE_FILE,
    )
    folder: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Where the pictures and the film go, in a folder with the name of the sound",
        subtype="DIR_PATH",
        default="//reference",
        options=BESIDE_THE_FILE,
    )
    places: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Show in",
        description="Where to show it; pictures and film are in the folder in any case",
        items=PLACES,
        options={"ENUM_FLAG"},
        default={"CAMERA"},
    )


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.voxkey_reference = bpy.props.PointerProperty(type=VoxkeyReference)


def detach() -> None:
    del bpy.types.Scene.voxkey_reference


def look_path(context: bpy.types.Context) -> Path | None:
    """The chosen model file; None when there is none."""
    settings = context.scene.voxkey_reference
    if settings.look == SHOWN:
        found = painter_of_anybody(context)
        return found[0] if found else None
    if settings.look != OWN_FILE:
        return next((path for path in model_files(context, LOOK) if path.name == settings.look), None)
    return Path(bpy.path.abspath(settings.look_path)) if settings.look_path else None


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Reference Render can't be pressed, as one sentence with what to do; None when it can."""
    if operators.running_job() is not None:
        return "Voxkey is busy; wait, or cancel it"
    if audio_io.find_source(context.scene, context.scene.voxkey.source) is None:
        return "Add a sound strip with the speech"
    if context.scene.voxkey_reference.look == SHOWN:
        if painter_of_anybody(context) is None:
            return NO_PAINTER
        if not context.scene.voxkey_reference.images_path:
            return "Choose a picture of a face, or a folder of pictures"
    if look_path(context) is None:
        return "Learn this character first, or choose the model file of one that was learned"
    if operators.current_take(context) is None and not model_files(context, HEARING):
        return "Generate a take first: the picture follows the face"
    if context.scene.voxkey_reference.folder.startswith("//") and not bpy.data.filepath:
        return "Save the file first, or choose a folder that does not depend on where it is"
    runtime = preferences.runtime()
    return None if runtime.devices else runtime.sentence


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The section of the panel."""
    layout.use_property_split = True
    settings = context.scene.voxkey_reference
    layout.prop(settings, "look")
    if settings.look == OWN_FILE:
        layout.prop(settings, "look_path")
    if settings.look == SHOWN:
        layout.prop(settings, "images_path")
    layout.prop(settings, "folder")
    layout.column().prop(settings, "places")  # side by side, their names would be cut off
    layout.operator("voxkey.reference_render", icon="RENDER_ANIMATION")
    sentence = disabled_reason(context)
    if sentence:
        draw_sentence(layout, context, sentence, "INFO")


class VOXKEY_OT_reference_render(SteppedOperator, bpy.types.Operator):
    bl_idname = "voxkey.reference_render"
    bl_label = "Reference Render"
    bl_description = "Paint the line with a trained character or a face in pictures, as pictures and a film with sound"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            self._request = _request(context)
            return self._show(render(self._request))
        except ValueError as error:
            return refuse(self, error)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Any:
        if operators.in_background():
            return self.execute(context)
        try:
            self._request = _request(context)
        except ValueError as error:
            return refuse(self, error)
        if self._request.hearing:
            steps, share = (0.0 for _ in ()), 0.0
        else:
            steps, share = watch_take(self._request), 0.5
        request = self._request
        return self.start_after(
            context, "Painting", steps, share, lambda job: _paint(request, share, job), request.partial
        )

    def write(self, _context: bpy.types.Context, predicted: str) -> Any:
        return self._show(finish(self._request, predicted))

    def _show(self, result: Result) -> Any:
        scene = bpy.data.scenes[self._request.scene_name]  # another may be open by now
        show(scene, result, set(scene.voxkey_reference.places))
        self.report({"INFO"}, translated(result.summary))
        return {"FINISHED"}


CLASSES = (VoxkeyReference, VOXKEY_OT_reference_render)


def _paint(request: Request, before: float, job: Job) -> str:
    """Paint, moving the bar from the part that was done before."""
    return paint(request, lambda done: job.report_progress(before + (1 - before) * done), lambda: job.is_cancelled)


def _request(context: bpy.types.Context) -> Request:
    scene = context.scene
    look = look_path(context)
    if look is None:
        raise ValueError("There is no trained character; learn one, or choose its model file")
    hearing = None if operators.current_take(context) else next(iter(model_files(context, HEARING)), None)
    folder = Path(bpy.path.abspath(scene.voxkey_reference.folder))
    obj = properties.target_object(context)
    shown = None
    found = painter_of_anybody(context) if scene.voxkey_reference.look == SHOWN else None
    if found is not None:
        shown = look_at(Path(bpy.path.abspath(scene.voxkey_reference.images_path)), found[1])
    return prepare(scene, obj, scene.voxkey.source, look, hearing, properties.device(context), folder, shown)
