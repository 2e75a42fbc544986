"""The buttons. Generate waits in scripts and in the background; in the interface it is a job that can be stopped."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc"

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from . import audio_io, face, generation, keyframes, preferences, properties, rig_look, self_check
from .core.model import IN_NUMPY
from .drawing import redraw_panels
from .job import Job

_running: Job | None = None
"""The one prediction that may run at a time; not in the scene, where undo would reach it."""


def running_job() -> Job | None:
    """The prediction that is running now."""
    return _running


def cancel_job() -> None:
    """Stop the running prediction, if there is one."""
    if _running is not None:
        _running.cancel()


def disabled_reason(context: bpy.types.Context) -> str | None:
    """Why Generate can't be pressed, as one sentence with what to do; None when it can."""
    if _running is not None:
        return "Voxkey is generating; wait, or cancel it"
    settings = context.scene.voxkey
    if audio_io.find_source(context.scene, settings.source) is None:
        if settings.source:
            return f"There is no sound {settings.source} any more; choose another"
        return "Add a sound strip with the speech"
    obj = properties.target_object(context)
    problem = face.target_problem(obj) or _rig_problem(obj)
    if problem:
        return problem
    runtime = preferences.runtime()
    return None if runtime.devices or preferences.runs_in_numpy(properties.model_path(context)) else runtime.sentence


def _rig_problem(obj: bpy.types.Object) -> str | None:
    """Why nothing of a face would move, if the last look at it has shown that."""
    known = rig_look.fresh_look(obj)
    if known is None or known.rig_map:
        return None
    return (
        known.problem or f"No rig map knows the names of {obj.name}; choose one or match by shape, in the section Rig"
    )


def runtime_hint(context: bpy.types.Context) -> str | None:
    """What to know before Generate is pressed, although it can be; None when all is as it should be."""
    if preferences.runtime().devices or not preferences.runs_in_numpy(properties.model_path(context)):
        return None
    return IN_NUMPY


def current_take(context: bpy.types.Context) -> bpy.types.Action | None:
    """The take of the chosen sound on the chosen face."""
    obj = properties.target_object(context)
    source = audio_io.find_source(context.scene, context.scene.voxkey.source)
    if obj is None or source is None or face.target_problem(obj):
        return None
    return rig_look.find_take(obj, source.name)


def shape_live(context: bpy.types.Context) -> None:
    """Shape the take of the chosen sound and face in place; nothing where only Apply to Take can."""
    take = current_take(context)
    if take is None:
        return
    obj, settings = properties.target_object(context), context.scene.voxkey
    with contextlib.suppress(ValueError):  # Apply to Take says why
        generation.reshape_in_place(context.scene, obj, take, properties.shaping(context), settings.head)


class JobOperator:
    """What operators that predict have in common in the interface: a bar, Esc that stops, and writing at the end."""

    def start(self, context: bpy.types.Context, work: Callable[[Job], Any]) -> Any:
        """Run work(job) beside the interface; what it returns goes to write."""
        global _running
        _running = Job(work)
        self._drawn_progress = 0.0
        self._timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def write(self, context: bpy.types.Context, predicted: Any) -> Any:
        """Write what was predicted, and report it; ValueError when that fails."""
        raise NotImplementedError

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        job = _running
        if job is None:
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
        if job.is_cancelled:
            self.cancel(context)
            self.report({"INFO"}, "Cancelled; nothing was written")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if job.progress != self._drawn_progress:
            self._drawn_progress = job.progress
            redraw_panels(context)
        return self._finish(context, job) if job.is_done else {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender calls this too, when the window closes or another file is opened."""
        global _running
        cancel_job()
        _running = None
        context.window_manager.event_timer_remove(self._timer)
        redraw_panels(context)

    def _finish(self, context: bpy.types.Context, job: Job) -> Any:
        self.cancel(context)
        try:
            return self.write(context, job.result())
        except ValueError as error:
            return _refuse(self, error)


class VOXKEY_OT_generate(JobOperator, bpy.types.Operator):
    bl_idname = "voxkey.generate"
    bl_label = "Generate from Audio"
    bl_description = "Listen to the sound and make the face say it, as a new take on its own NLA track"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll(cls, disabled_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            request = _request(context)
            result = generation.write_result(request.place, properties.shaping(context), generation.predict(request))
        except ValueError as error:
            return _refuse(self, error)
        return _announce(self, result)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Any:
        if _in_background():
            return self.execute(context)
        try:
            self._request = _request(context)
        except ValueError as error:
            return _refuse(self, error)
        self._shaping = properties.shaping(context)
        return self.start(
            context, lambda job: generation.predict(self._request, job.report_progress, lambda: job.is_cancelled)
        )

    def write(self, _context: bpy.types.Context, predicted: generation.Prediction) -> Any:
        return _announce(self, generation.write_result(self._request.place, self._shaping, predicted))


class VOXKEY_OT_cancel(bpy.types.Operator):
    bl_idname = "voxkey.cancel"
    bl_label = "Cancel"
    bl_description = "Stop generating; nothing is written (Esc does the same)"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _poll(cls, None if _running else "Voxkey is not generating")

    def execute(self, _context: bpy.types.Context) -> Any:
        cancel_job()
        return {"FINISHED"}


class VOXKEY_OT_reshape_take(bpy.types.Operator):
    bl_idname = "voxkey.reshape_take"
    bl_label = "Apply to Take"
    bl_description = "Write the take anew with this strength, smoothing and life, without running the model again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll(cls, _no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            source = audio_io.find_source(context.scene, context.scene.voxkey.source)
            obj = properties.target_object(context)
            settings = context.scene.voxkey
            result = generation.reshape(context.scene, obj, source.name, properties.shaping(context), settings.head)
        except ValueError as error:
            return _refuse(self, error)
        return _announce(self, result)


class VOXKEY_OT_delete_take(bpy.types.Operator):
    bl_idname = "voxkey.delete_take"
    bl_label = "Delete Take"
    bl_description = "Remove the take of this sound with its Actions and NLA tracks; your own animation stays"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll(cls, _no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        take = current_take(context)
        name = take.name
        keyframes.remove_take(take, face.moved_by(properties.target_object(context), take))
        self.report({"INFO"}, f"{name} was removed")
        return {"FINISHED"}


class VOXKEY_OT_apply_fix(bpy.types.Operator):
    bl_idname = "voxkey.apply_fix"
    bl_label = "Fix"
    bl_description = "Change what keeps the face from moving with the take, as the button says; Ctrl-Z takes it back"
    bl_options = {"REGISTER", "UNDO"}

    sentence: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return _poll(cls, _no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        obj, take = properties.target_object(context), current_take(context)
        try:
            self_check.apply_fix(context.scene, obj, take, self.sentence)
        except ValueError as error:
            return _refuse(self, error)
        self.report({"INFO"} if keyframes.read_facts(take)["moved"] else {"WARNING"}, _seen_sentence(take))
        return {"FINISHED"}


class VOXKEY_OT_add_sound(bpy.types.Operator, ImportHelper):
    bl_idname = "voxkey.add_sound"
    bl_label = "Add Sound"
    bl_description = "Add a sound file to the Sequencer at the current frame, and choose it"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]  # bpy declares properties by annotation
        default="*.wav;*.flac;*.mp3;*.ogg;*.opus;*.m4a;*.mp4;*.webm", options={"HIDDEN"}
    )

    def execute(self, context: bpy.types.Context) -> Any:
        scene = context.scene
        try:
            strip = audio_io.add_sound_strip(scene, Path(self.filepath), scene.frame_current)
        except ValueError as error:
            return _refuse(self, error)
        scene.voxkey.source = strip.name
        return {"FINISHED"}


class VOXKEY_OT_check_runtime(bpy.types.Operator):
    bl_idname = "voxkey.check_runtime"
    bl_label = "Check Again"
    bl_description = "Look again for onnxruntime, devices and model files"

    def execute(self, _context: bpy.types.Context) -> Any:
        preferences.runtime.cache_clear()
        preferences.model_files.cache_clear()
        preferences.runs_in_numpy.cache_clear()
        runtime = preferences.runtime()
        self.report({"INFO" if runtime.devices else "ERROR"}, runtime.sentence)
        return {"FINISHED"}


def _in_background() -> bool:
    """Without a window no timer ticks, so that a job would never end."""
    return bool(bpy.app.background)


def _poll(cls: Any, reason: str | None) -> bool:
    if reason:
        cls.poll_message_set(reason)
    return reason is None


def _no_take_reason(context: bpy.types.Context) -> str | None:
    if _running is not None:
        return "Voxkey is generating; wait, or cancel it"
    return None if current_take(context) else "This sound has no take on this face; generate one"


def _seen_sentence(take: bpy.types.Action) -> str:
    """What the look at the face after a fix has shown."""
    left = [finding["sentence"] for finding in keyframes.read_facts(take)["findings"]]
    return left[0] if left else "The face moves with the take"


def _request(context: bpy.types.Context) -> generation.Request:
    return generation.prepare(
        context.scene,
        properties.target_object(context),
        context.scene.voxkey.source,
        properties.model_path(context),
        properties.device(context),
        context.scene.voxkey.head,
    )


def _refuse(operator: bpy.types.Operator, error: ValueError) -> Any:
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}


def _announce(operator: bpy.types.Operator, result: generation.Result) -> Any:
    operator.report({"WARNING" if result.warnings or result.unmatched_channels else "INFO"}, result.summary)
    return {"FINISHED"}
