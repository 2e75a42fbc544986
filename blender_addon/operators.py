"""The buttons. Generate waits in scripts and in the background; in the interface it is a job that can be stopped."""

# ruff: noqa: N801, RUF012  (Blender wants these class names and plain class attributes)

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr, attr-defined, arg-type, misc"

import contextlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from . import (
    audio_io,
    face,
    generation,
    predictions,
    preferences,
    properties,
    regeneration,
    rig_look,
    self_check,
    take_actions,
)
from .core.model import IN_NUMPY
from .core.shaping import RANGES, SEEDS, Shaping
from .drawing import can_press, redraw_panels, refuse
from .job import Job
from .translation import translated

_running: Job | None = None
"""The one prediction that may run at a time; not in the scene, where undo would reach it."""
_clicked: tuple[int | str, tuple[str, str]] | None = None
"""The take that was clicked in the list last, and the face and sound that were chosen then."""


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
        return "Add a sound strip with the speech, or drop an audio file onto the 3D view"
    obj = properties.target_object(context)
    problem = face.target_problem(obj) or _rig_problem(obj)
    if problem:
        return problem
    return runtime_problem(context)


def runtime_problem(context: bpy.types.Context) -> str | None:
    """Why no model can run here, as one sentence; None when the chosen one can."""
    runtime = preferences.runtime()
    return None if runtime.devices or preferences.runs_in_numpy(properties.model_path(context)) else runtime.sentence


def _rig_problem(obj: bpy.types.Object) -> str | None:
    """Why nothing of a face would move, if the last look at it has shown that."""
    known = rig_look.seen(obj)
    if known is None or known.rig_map or rig_look.fresh_look(obj) is None:
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
    """The take in use on the chosen face that was clicked in the list, else that of the chosen sound.

    Where there is no sound at all, as after appending a character, the newest.
    """
    obj = properties.target_object(context)
    if obj is None or face.target_problem(obj):
        return None
    source = audio_io.find_source(context.scene, context.scene.voxkey.source)
    if _clicked is None and source is not None:
        return rig_look.find_take(obj, source.name)
    takes = {take: track for take, track in rig_look.listed(obj).items() if not track.mute}
    found = clicked_take(context, takes)
    return found or (rig_look.find_take(obj, source.name) if source else next(iter(takes), None))


def clicked_take(context: bpy.types.Context, takes: Iterable[bpy.types.Action]) -> bpy.types.Action | None:
    """Of these takes the one that was clicked in the list, until another sound or face is chosen."""
    if _clicked is None or _clicked[1] != _chosen(context):
        return None
    return next((take for take in takes if _uid(take) == _clicked[0]), None)


def click_take(context: bpy.types.Context, take: bpy.types.Action | None) -> None:
    """Remember that a take was clicked; None for that the take of the chosen sound is meant."""
    global _clicked
    _clicked = (_uid(take), _chosen(context)) if take else None


def _chosen(context: bpy.types.Context) -> tuple[str, str]:
    """Names of the chosen face and sound."""
    obj, source = properties.target_object(context), audio_io.find_source(context.scene, context.scene.voxkey.source)
    return obj.name if obj else "", source.name if source else ""


def _uid(take: bpy.types.Action) -> int | str:
    """What stays the same when a take is renamed, and through undo; its name before Blender 4.3."""
    return getattr(take, "session_uid", take.name)


def chosen_range(context: bpy.types.Context) -> tuple[int, int, float] | None:
    """First and last frame and fade in seconds of the range that sliders shape; None when they shape the whole take."""
    chosen = context.scene.voxkey_range
    return (chosen.first_frame, chosen.last_frame, chosen.fade_seconds) if chosen.is_alone else None


def shape_live(context: bpy.types.Context) -> None:
    """Shape the take of the list or the chosen sound, or a range of it; nothing where only a button can."""
    take = current_take(context)
    if take is None:
        return
    scene, obj = context.scene, properties.target_object(context)
    shaping, span = properties.shaping(context), chosen_range(context)
    with contextlib.suppress(ValueError):  # Apply to Take says why
        if span is None:
            generation.reshape_in_place(scene, obj, take, shaping, scene.voxkey.head)
        elif not take_actions.is_edited(take):
            regeneration.redo_range(scene, obj, take, span, shaping)


def show_shaping(context: bpy.types.Context, shaping: Shaping) -> None:
    """Make the sliders show the settings of a take, which they don't shape by that."""
    settings = context.scene.voxkey
    is_live, settings.live_shaping = settings.live_shaping, False
    for setting in (*RANGES, *SEEDS):
        setattr(settings, "head_motion" if setting == "head" else setting, getattr(shaping, setting))
    settings.hold_frames, settings.emotion = str(shaping.hold_frames), shaping.emotion.upper()
    settings.blink_style = shaping.blink_style.upper()
    settings.live_shaping = is_live


def apply_settings(operator: bpy.types.Operator, context: bpy.types.Context, take: bpy.types.Action) -> Any:
    """Shape a take anew, or the range that the sliders shape, and report it; ValueError when that fails."""
    scene, obj, span = context.scene, properties.target_object(context), chosen_range(context)
    if span is not None:
        regeneration.redo_range(scene, obj, take, span, properties.shaping(context))
        operator.report({"INFO"}, translated(f"{take.name}: frames {span[0]} to {span[1]} were shaped"))
        return {"FINISHED"}
    was_clicked = clicked_take(context, [take])
    result = generation.reshape_take(scene, obj, take, properties.shaping(context), scene.voxkey.head)
    if was_clicked:
        click_take(context, bpy.data.actions[result.take])
    return _announce(operator, result)


class JobOperator:
    """What operators that predict have in common: in scripts they wait; in the interface a bar shows, and Esc stops."""

    def prepare(self, context: bpy.types.Context) -> Callable[..., Any] | None:
        """Read what Blender alone can tell; the prediction that follows, or None when there is none to make.

        It is called as predict(on_progress, is_cancelled), both optional, in any thread, and its result goes to write.
        ValueError, with nothing changed, when it can't be made.
        """
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            predict = self.prepare(context)
            return self.write(context, predict()) if predict else {"FINISHED"}
        except ValueError as error:
            return refuse(self, error)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Any:
        if in_background():
            return self.execute(context)
        try:
            predict = self.prepare(context)
        except ValueError as error:
            return refuse(self, error)
        if predict is None:
            return {"FINISHED"}
        return self.start(context, lambda job: predict(job.report_progress, lambda: job.is_cancelled))

    def start(self, context: bpy.types.Context, work: Callable[[Job], Any], scratch: Path | None = None) -> Any:
        """Run work(job) beside the interface; what it returns goes to write. Cancelled, it leaves no scratch folder."""
        global _running
        _running = Job(work, scratch)
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
            self.report({"INFO"}, translated("Cancelled; nothing was written"))
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if job.progress != self._drawn_progress:
            self._drawn_progress = job.progress
            redraw_panels(context)
        return self._finish(context, job) if job.is_done else {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender calls this too, when the window closes or another file is opened."""
        cancel_job()
        self._leave(context)

    def _leave(self, context: bpy.types.Context) -> None:
        """Watch the job no longer."""
        global _running
        _running = None
        context.window_manager.event_timer_remove(self._timer)
        redraw_panels(context)

    def _finish(self, context: bpy.types.Context, job: Job) -> Any:
        self._leave(context)
        try:
            return self.write(context, job.result())
        except ValueError as error:
            return refuse(self, error)


class VOXKEY_OT_generate(JobOperator, bpy.types.Operator):
    bl_idname = "voxkey.generate"
    bl_label = "Generate from Audio"
    bl_description = "Listen to the sound and make the face say it, as a new take on its own NLA track"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, disabled_reason(context))

    def prepare(self, context: bpy.types.Context) -> Callable[..., Any]:
        self._request, self._shaping = _request(context), properties.shaping(context)
        return partial(generation.predict, self._request)

    def write(self, context: bpy.types.Context, predicted: predictions.Prediction) -> Any:
        result = generation.write_result(self._request.place, self._shaping, predicted)
        click_take(context, None)  # from now on this one is meant
        return _announce(self, result)


class VOXKEY_OT_cancel(bpy.types.Operator):
    bl_idname = "voxkey.cancel"
    bl_label = "Cancel"
    bl_description = "Stop generating; nothing is written (Esc does the same)"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return can_press(cls, None if _running else "Voxkey is not generating")

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
        return can_press(cls, no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        try:
            return apply_settings(self, context, current_take(context))
        except ValueError as error:
            return refuse(self, error)


class VOXKEY_OT_delete_take(bpy.types.Operator):
    bl_idname = "voxkey.delete_take"
    bl_label = "Delete Take"
    bl_description = "Remove the take of this sound with its Actions and NLA tracks; your own animation stays"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        from . import take_list  # which imports this module

        take = current_take(context)
        name = take.name
        try:
            take_list.delete(properties.target_object(context), take)
        except ValueError as error:
            return refuse(self, error)
        self.report({"INFO"}, translated(f"{name} was removed"))
        return {"FINISHED"}


class VOXKEY_OT_apply_fix(bpy.types.Operator):
    bl_idname = "voxkey.apply_fix"
    bl_label = "Fix"
    bl_description = "Change what keeps the face from moving with the take, as the button says; Ctrl-Z takes it back"
    bl_options = {"REGISTER", "UNDO"}

    sentence: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return can_press(cls, no_take_reason(context))

    def execute(self, context: bpy.types.Context) -> Any:
        obj, take = properties.target_object(context), current_take(context)
        try:
            self_check.apply_fix(context.scene, obj, take, self.sentence)
        except ValueError as error:
            return refuse(self, error)
        self.report(
            {"INFO"} if take_actions.read_facts(take)["moved"] else {"WARNING"}, translated(_seen_sentence(take))
        )
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
            return refuse(self, error)
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
        self.report({"INFO" if runtime.devices else "ERROR"}, translated(runtime.sentence))
        return {"FINISHED"}


def in_background() -> bool:
    """Without a window no timer ticks, so that a job would never end."""
    return bool(bpy.app.background)


def no_take_reason(context: bpy.types.Context) -> str | None:
    if _running is not None:
        return "Voxkey is generating; wait, or cancel it"
    return None if current_take(context) else "This sound has no take on this face; generate one"


def _seen_sentence(take: bpy.types.Action) -> str:
    """What the look at the face after a fix has shown."""
    left = [finding["sentence"] for finding in take_actions.read_facts(take)["findings"]]
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


def _announce(operator: bpy.types.Operator, result: generation.Result) -> Any:
    operator.report({"WARNING" if result.warnings or result.unmatched_channels else "INFO"}, translated(result.summary))
    return {"FINISHED"}
