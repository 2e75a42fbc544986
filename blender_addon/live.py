"""The face follows a voice while it is heard: the microphone's, or the sounds that the timeline plays.

Nothing is keyed. A timer sets shape keys, bones and custom properties, and all is put back at the end. Sounds of the
timeline are heard beforehand, so that the face moves with them and not after them; the microphone is followed with the
delay of core.streaming. What was performed can be kept as a take.
"""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc, func-returns-value, operator"

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import bpy
import numpy as np

from . import (
    audio_io,
    data_paths,
    dialogue,
    face,
    generation,
    movement,
    nla,
    operators,
    predictions,
    preferences,
    properties,
)
from .core.channels import BLENDSHAPE_CHANNELS
from .core.curves import Curves, Float32Array, frames_to_seconds, sample_curves, seconds_to_frames
from .core.retarget import RigMap
from .core.shaping import Shaping, shape_curves
from .core.streaming import Stream
from .core.wav import write_wav
from .drawing import can_press, draw_sentence, redraw_panels, refuse
from .job import Job
from .translation import translated

TICK_SECONDS = 1 / 60
BLOCK_SECONDS = 0.01
"""Sound that the microphone hands over at a time."""
N_SHAPED_FRAMES = 16
"""Frames that are shaped to show the last: more than smoothing reaches back."""
IDLE_SECONDS = 60.0
"""After this time blinks and gaze begin anew."""
MICROPHONE, TIMELINE = "MICROPHONE", "TIMELINE"
BEFORE = "voxkey_before_live"
"""Custom property of a face that is moved live: what was where before, one JSON object."""

_clock = time.perf_counter


class Puppet:
    """A character that is moved without keys, and put back.

    What it was before is kept with the object meanwhile, where undo, saved files and crashes find it.
    """

    def __init__(self, obj: bpy.types.Object) -> None:
        """Raises ValueError with one sentence when nothing of it can move."""
        problem = face.target_problem(obj)
        if problem:
            raise ValueError(problem)
        self.object_name = obj.name
        self._fitted: tuple[list[face.Part], RigMap] | None = None
        self._fit()

    def show(self, curves: Curves) -> None:
        """Move the face from where it was before to the first row of curves."""
        obj = bpy.data.objects.get(self.object_name)
        if obj is None:
            raise ValueError(f"{self.object_name} is gone; choose another face")
        parts, rig_map = self._fitted or self._fit()
        _set(json.loads(obj[BEFORE])["values"] if BEFORE in obj else [])
        values = [
            (*_place(motion.owner), *address, value)
            for motion in face.motions(curves, rig_map, parts)
            for address, value in movement.posed(motion)
        ]
        if BEFORE not in obj:
            obj[BEFORE] = json.dumps({"values": [_read(*place) for *place, _ in values], "tracks": _silence(parts)})
        _set(values)

    def let_go(self) -> None:
        """Put the face back; the next show takes hold of it again."""
        self._fitted = None
        obj = bpy.data.objects.get(self.object_name)
        if obj:
            put_back(obj)

    def _fit(self) -> tuple[list[face.Part], RigMap]:
        """Find what moves."""
        obj = bpy.data.objects[self.object_name]
        parts = face.character(obj)
        rig_map, coverage, _ = face.chosen_map(obj, parts)
        if rig_map is None or not (coverage.matched or coverage.combined):
            raise ValueError(f"No rig map knows the names of {obj.name}; match by shape, in the section Rig")
        self._fitted = parts, rig_map
        return self._fitted


def put_back(obj: bpy.types.Object) -> None:
    """Leave a character as it was before it was moved live; nothing if it was not."""
    before = json.loads(obj.pop(BEFORE, "{}"))
    _set(before.get("values", []))
    for collection, name, track_name in before.get("tracks", []):
        owner = getattr(bpy.data, collection).get(name)
        track = owner.animation_data.nla_tracks.get(track_name) if owner and owner.animation_data else None
        if track:
            track.mute = False


def _silence(parts: list[face.Part]) -> list[list[str]]:
    """Mute the takes of a character, which would move it too; the owners and names of their tracks."""
    silenced = []
    for owner in face.owners(parts):
        for track, action in nla.layers(owner):
            if not track.mute and nla.is_own(action):
                track.mute = True
                silenced.append([*_place(owner), track.name])
    return silenced


def _place(owner: Any) -> tuple[str, str]:
    """Where a data-block is, by name: references die on undo."""
    return "shape_keys" if isinstance(owner, bpy.types.Key) else "objects", owner.name


def _read(collection: str, name: str, path: str, index: int) -> tuple[str, str, str, int, float]:
    owner = getattr(bpy.data, collection)[name]
    return collection, name, path, index, data_paths.read_value(owner, (path, index))


def _set(values: Sequence[Any]) -> None:
    """Set (collection, name, data path, array index, value), as far as it is still there."""
    owners: dict[tuple[str, str], Any] = {}
    for collection, name, path, index, value in values:
        owner = owners.setdefault((collection, name), getattr(bpy.data, collection).get(name))
        if owner:
            data_paths.set_value(owner, (path, index), value)
    for owner in owners.values():
        if owner:
            owner.update_tag()  # drivers that read custom properties don't notice by themselves


class Microphone:
    """The system's microphone, followed; keeps what it has heard and what came of it."""

    def __init__(self, arrays_path: Path, frame: float) -> None:
        """Opens it at a scene frame; ValueError with one sentence when that can't be done."""
        sounddevice = _sounddevice()
        self._stream = Stream(arrays_path)
        self._rate_hz, self._fps = self._stream.sample_rate_hz, self._stream.fps
        self._blocks: SimpleQueue[tuple[float, Float32Array]] = SimpleQueue()
        self.start_frame = round(frame)
        self.heard: list[Float32Array] = []
        self.rows: list[Float32Array] = []
        self.n_lost = self.n_shown = self.n_samples = 0
        self.delays_seconds: list[float] = []
        """Of each frame that was shown: from its sound to the pose, before Blender draws it."""
        self._sounded_at = 0.0
        block = round(BLOCK_SECONDS * self._rate_hz)
        try:
            self._input = sounddevice.InputStream(
                samplerate=self._rate_hz,
                channels=1,
                dtype="float32",
                blocksize=block,
                latency="low",
                callback=self._hear,
                **_without_delay(sounddevice),
            )
            self._input.start()
        except sounddevice.PortAudioError as error:
            raise ValueError(
                f"The microphone can't be opened ({error}); choose another in the system's sound settings"
            ) from error

    def _hear(self, block: Float32Array, _n_samples: int, _times: Any, status: Any) -> None:
        """Called by PortAudio, in a thread of its own."""
        self.n_lost += bool(status.input_overflow)
        self._blocks.put((_clock(), block[:, 0].copy()))

    def latest(self, _scene: bpy.types.Scene) -> Curves | None:
        """The last frames (N, 51) of the voice, if there is a new one."""
        arrived_at, blocks = 0.0, []
        while not self._blocks.empty():
            arrived_at, block = self._blocks.get()
            blocks.append(block)
        if not blocks:
            return None
        self.heard += blocks
        self.n_samples += sum(map(len, blocks))
        n_before = len(self.rows)
        self.rows += list(self._stream.push(np.concatenate(blocks)))
        if len(self.rows) == n_before:
            return None
        waiting_seconds = self.n_samples / self._rate_hz - (len(self.rows) - 1) / self._fps
        self._sounded_at = arrived_at - waiting_seconds - float(self._input.latency)
        return Curves(np.array(self.rows[-N_SHAPED_FRAMES:]), self._stream.channels, self._fps)

    def note_shown(self) -> None:
        """Note that the face shows the last frame now."""
        self.n_shown += 1
        self.delays_seconds.append(_clock() - self._sounded_at)

    @property
    def seconds(self) -> float:
        """How long it has been followed."""
        return len(self.rows) / self._fps

    def close(self) -> None:
        self._input.stop()
        self._input.close()

    @property
    def sentence(self) -> str:
        """What was heard and shown, and how late."""
        if not self.delays_seconds:
            return "The microphone gave no sound yet; choose another in the system's sound settings"
        delays = 1000 * np.array(self.delays_seconds)
        said = f"{self.seconds:.1f} s heard: {self.n_shown} of {len(self.rows)} frames shown, "
        said += f"{np.median(delays):.0f} ms after the sound, at most {delays.max():.0f}"
        return said + (f"; sound was lost {self.n_lost} times, as the computer was too busy" if self.n_lost else "")

    def record(self, scene: bpy.types.Scene, obj: bpy.types.Object, shaping: Shaping, model: str) -> str:
        """Keep the sound as a strip and the performance as its take; a sentence about it."""
        rows = [*self.rows, *self._stream.finish()]
        if not rows:
            raise ValueError("Nothing was heard, so nothing was recorded")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "voice.wav"
            write_wav(path, np.concatenate(self.heard), self._rate_hz)
            strip = audio_io.add_sound_strip(scene, path, self.start_frame)
            strip.sound.pack()
        seconds = self.n_samples / self._rate_hz
        n_frames = max(1, int(seconds_to_frames(seconds, scene.render.fps, scene.render.fps_base)))
        head = scene.voxkey.head
        placed = audio_io.placed(scene, strip)
        place = predictions.Place(
            scene.name, obj.name, strip.name, self.start_frame, n_frames, head.name if head else None, placed=placed
        )
        curves = Curves(np.array(rows), self._stream.channels, self._fps)
        prediction = predictions.Prediction(curves, f"{model}, live", "audio_to_blendshapes", "CPU", None)
        try:
            return generation.write_result(place, shaping, prediction).summary
        except ValueError:
            audio_io.remove_strip(scene, strip)
            raise


class Timeline:
    """The voice of a character in the Sequencer, heard beforehand."""

    def __init__(self, script: dialogue.Script) -> None:
        self._job = Job(lambda job: dialogue.predict(script, job.report_progress, lambda: job.is_cancelled))

    def latest(self, scene: bpy.types.Scene) -> Curves | None:
        """The frames (N, 51) up to the one that is heard at the current frame of the scene."""
        if not self._job.is_done:
            return None
        lines = self._job.result().lines
        render = scene.render
        rows = np.zeros((N_SHAPED_FRAMES, len(BLENDSHAPE_CHANNELS)), np.float32)
        for place, prediction in lines:
            now = frames_to_seconds(scene.frame_current_final - place.start_frame, render.fps, render.fps_base)
            curves = prediction.curves
            if 0 <= now < len(curves.values) / curves.fps:
                times = now + np.arange(1 - N_SHAPED_FRAMES, 1) / curves.fps
                rows = np.maximum(rows, sample_curves(curves, times.clip(0)))
        return Curves(rows, BLENDSHAPE_CHANNELS, lines[0][1].curves.fps)

    @property
    def sentence(self) -> str:
        if not self._job.is_done:
            return f"Listening {self._job.progress:.0%}"
        return "The face follows the timeline: play it"

    def close(self) -> None:
        self._job.cancel()

    def record(self, _scene: bpy.types.Scene, _obj: bpy.types.Object, shaping: Shaping, _model: str) -> str:
        """Keep what was heard of every sound as its take; a sentence about it."""
        if not self._job.is_done:
            raise ValueError("Nothing was heard yet, so nothing was recorded")
        report = dialogue.write(self._job.result(), shaping, is_listening=False)
        return "; ".join(report.sentences)


class Performance:
    """A character and the voice that it follows."""

    def __init__(self, puppet: Puppet, source: Microphone | Timeline) -> None:
        self.puppet, self.source = puppet, source
        self.is_over = False
        """Whether the user wants to stop."""
        self._idle: tuple[Shaping, Curves] | None = None

    def step(self, scene: bpy.types.Scene, shaping: Shaping) -> bool:
        """Show what is new; whether there was anything."""
        curves = self.source.latest(scene)
        if curves is None:
            return False
        said = shape_curves(curves, replace(shaping, blinks=0.0, gaze=0.0, brows=0.0))
        life = self._life(shaping, curves)
        frame = int(self._seconds(scene) * life.fps) % len(life.values)
        row = np.clip(said.values[-1:] + life.values[frame : frame + 1], 0, 1)
        self.puppet.show(Curves(row, curves.channels, curves.fps))
        if isinstance(self.source, Microphone):
            self.source.note_shown()
        return True

    def _life(self, shaping: Shaping, curves: Curves) -> Curves:
        """What a face does that says nothing: blinks, gaze and brows for IDLE_SECONDS."""
        settings = replace(shaping, secondary=0.0, emotion_strength=0.0, eyelid_open_offset=0.0)
        if self._idle is None or self._idle[0] != settings:
            n_rows = round(IDLE_SECONDS * curves.fps)
            silent = Curves(np.zeros((n_rows, len(curves.channels)), np.float32), curves.channels, curves.fps)
            self._idle = settings, shape_curves(silent, settings)
        return self._idle[1]

    def _seconds(self, scene: bpy.types.Scene) -> float:
        if isinstance(self.source, Microphone):
            return self.source.seconds
        return abs(frames_to_seconds(scene.frame_current_final, scene.render.fps, scene.render.fps_base))


_running: Performance | None = None
"""The one performance that may run at a time; not in the scene, where undo would reach it."""
_report = ""
"""What is to be said of the last one."""


def running() -> Performance | None:
    """The performance that runs now."""
    return _running


def stop() -> None:
    """End the performance and put the face back; nothing is kept."""
    global _running, _report
    performance, _running = _running, None
    if performance:
        performance.source.close()
        performance.puppet.let_go()
        _report = performance.source.sentence


def start(context: bpy.types.Context) -> Performance:
    """Begin to follow the chosen voice; ValueError with one sentence, and nothing changed, when that can't be."""
    global _running
    scene, obj = context.scene, properties.target_object(context)
    problem = face.target_problem(obj)
    if obj is None or problem:
        raise ValueError(problem)
    source: Microphone | Timeline
    if scene.voxkey_live.source == MICROPHONE:
        source = Microphone(_arrays_path(context), scene.frame_current_final)
    else:
        model_path, device = properties.model_path(context), properties.device(context)
        source = Timeline(dialogue.prepare(scene, _voices(context, obj), model_path, device))
    try:
        _running = Performance(Puppet(obj), source)
    except ValueError:
        source.close()
        raise
    return _running


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Live can't be pressed, as one sentence with what to do; None when it can."""
    if operators.running_job() is not None:
        return "Voxkey is generating; wait, or cancel it"
    scene, obj = context.scene, properties.target_object(context)
    problem = face.target_problem(obj)
    if problem:
        return problem
    if scene.voxkey_live.source == TIMELINE and audio_io.find_source(scene, scene.voxkey.source) is None:
        return "Add a sound strip with the speech, or choose the microphone"
    return None


def _voices(context: bpy.types.Context, obj: bpy.types.Object) -> list[dialogue.Voice]:
    """What a character says in the section Dialogue, else the chosen sound."""
    scene = context.scene
    own = [voice for voice in dialogue.voices(scene) if voice.character == obj]
    source = audio_io.find_source(scene, scene.voxkey.source)
    return own or ([dialogue.Voice(source.name, obj, scene.voxkey.head)] if source else [])


def _arrays_path(context: bpy.types.Context) -> Path:
    """The weights of the chosen model for numpy; ValueError when it has none."""
    path = properties.model_path(context)
    if not preferences.runs_in_numpy(path):
        raise ValueError(f"{path.name} can't follow a microphone; choose the default model")
    return path.with_suffix(".npz")


def _sounddevice() -> Any:
    """The optional package that hears microphones; ValueError that says how to get it."""
    try:
        import sounddevice  # type: ignore[import-not-found]  # of the user's choice
    except (ImportError, OSError) as error:  # OSError: it is there, but PortAudio is not
        folder = bpy.utils.user_resource("SCRIPTS", path="modules")
        raise ValueError(
            f"The microphone needs the package sounddevice, which is not part of Voxkey ({error}); run "
            f'"{sys.executable}" -m pip install --target "{folder}" sounddevice, and start Blender anew'
        ) from error
    return sounddevice


def _without_delay(sounddevice: Any) -> dict[str, Any]:
    """On Windows, WASAPI: the usual MME hands sound over late. It has to be told to convert rates."""
    apis = [api for api in sounddevice.query_hostapis() if "WASAPI" in api["name"]]
    if not apis or apis[0]["default_input_device"] < 0:
        return {}
    return {
        "device": apis[0]["default_input_device"],
        "extra_settings": sounddevice.WasapiSettings(auto_convert=True),
    }


class VoxkeyLive(bpy.types.PropertyGroup):
    """What is followed live, kept with the scene."""

    source: bpy.props.EnumProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        name="Voice",
        description="What the face follows",
        items=[
            (TIMELINE, "Timeline", "The sound of this face in the Sequencer, while you play or scrub"),
            (MICROPHONE, "Microphone", "The system's microphone; needs the package sounddevice"),
        ],
        options=set(),
    )
    is_recording: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Record",
        description="Keep what was performed as a take when you stop. What the microphone heard becomes the sound "
        "strip of the take, from the current frame on",
        default=False,
        options=set(),
    )


class VOXKEY_OT_live(bpy.types.Operator):
    bl_idname = "voxkey.live"
    bl_label = "Live"
    bl_description = (
        "The face follows the voice while it is heard, with all sliders, until you press Esc or the button again. "
        "Nothing is keyed, and the face returns to where it was, unless you record"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, None if _running else disabled_reason(context))

    def execute(self, _context: bpy.types.Context) -> Any:
        self.report({"ERROR"}, translated("Live needs Blender's window; without one, generate a take"))
        return {"CANCELLED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Any:
        if operators.in_background():
            return self.execute(context)
        if _running:
            _running.is_over = True  # what began it notices at its next event
            return {"CANCELLED"}
        try:
            self._performance = start(context)
        except ValueError as error:
            return refuse(self, error)
        self._timer = context.window_manager.event_timer_add(TICK_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        redraw_panels(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        if _running is not self._performance:  # the add-on was switched off
            self.cancel(context)
            return {"CANCELLED"}
        if self._performance.is_over or (event.type == "ESC" and event.value == "PRESS"):
            return self._finish(context)
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            if self._performance.step(context.scene, properties.shaping(context)):
                _redraw_views(context)
        except (ValueError, ReferenceError) as error:  # the face or its rig is gone
            self.cancel(context)
            self.report({"ERROR"}, translated(f"Live has stopped: {error}"))
            return {"CANCELLED"}
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender calls this too, when the window closes or another file is opened."""
        if _running is self._performance:
            stop()
        context.window_manager.event_timer_remove(self._timer)
        redraw_panels(context)

    def _finish(self, context: bpy.types.Context) -> Any:
        source = self._performance.source
        self.cancel(context)
        if not context.scene.voxkey_live.is_recording:
            self.report({"INFO"}, translated(source.sentence))
            return {"CANCELLED"}
        try:
            obj = bpy.data.objects.get(self._performance.puppet.object_name)
            model = properties.model_path(context).name
            written = source.record(context.scene, obj, properties.shaping(context), model)
        except ValueError as error:
            return refuse(self, error)
        self.report({"INFO"}, translated(f"{written}; {source.sentence}"))
        return {"FINISHED"}


def draw(layout: Any, context: bpy.types.Context) -> None:
    """The voice, the button, and how the performance goes."""
    settings = context.scene.voxkey_live
    column = layout.column()
    column.enabled = _running is None
    column.row().prop(settings, "source", expand=True)
    layout.prop(settings, "is_recording", icon="REC")
    button = layout.row()
    button.scale_y = 1.4
    button.operator("voxkey.live", text="Stop" if _running else "Live", icon="PAUSE" if _running else "PLAY")
    sentence = _running.source.sentence if _running else disabled_reason(context) or _report
    if sentence:
        draw_sentence(layout, context, sentence, "INFO")


def attach() -> None:
    """Give every scene its settings, and see that no face that is moved live is saved or left so by undo."""
    bpy.types.Scene.voxkey_live = bpy.props.PointerProperty(type=VoxkeyLive)
    for handlers, function in _handlers():
        handlers.append(function)


def detach() -> None:
    stop()
    for handlers, function in _handlers():
        handlers.remove(function)
    del bpy.types.Scene.voxkey_live


def _handlers() -> list[tuple[list[Any], Any]]:
    handlers = bpy.app.handlers
    before = [handlers.save_pre, handlers.undo_pre, handlers.redo_pre]
    after = [handlers.undo_post, handlers.redo_post, handlers.load_post]
    return [*((each, _let_go) for each in before), *((each, _put_all_back) for each in after)]


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def _let_go(*_: Any) -> None:
    if _running:
        _running.puppet.let_go()


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def _put_all_back(*_: Any) -> None:
    """Undo may lead to a moment in which a face was moved live."""
    for obj in bpy.data.objects:
        if BEFORE in obj:
            put_back(obj)


def _redraw_views(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


CLASSES: tuple[Any, ...] = (VoxkeyLive, VOXKEY_OT_live)
