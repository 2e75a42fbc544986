"""Generate from audio: read what is heard, predict in any thread, write a take.

The operator, the modal job and the command line all go through prepare, predict and write_result, so that the same
sound gives the same curves to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import audio_io, face, keyframes, movement, self_check, take_actions, take_keys
from .core import emotion
from .core.curves import Curves, Float32Array, frames_to_seconds, sample_curves, seconds_to_frames
from .core.life import HEAD_CHANNELS
from .core.names import listing
from .core.phone_edits import Edits
from .core.ranges import Range, cross_faded, heard_again, mixed, replaced, with_range
from .core.retarget import Coverage, RigMap, Target
from .core.shaping import AMOUNTS, RANGES, Shaping, head_curves, hold_poses, pose_starts, shape_curves
from .core.wav import resample_waveform
from .version import VERSION

MODEL_FOLDER = Path(__file__).parent / "models"
DEFAULT_MODEL = MODEL_FOLDER / "voice_to_face.onnx"
CAPTURE = "capture"
"""Kind of a prediction that was read from a recorded face: it has its own life, and no sound need be there."""
SAME_PROBABILITY = 0.02
"""Phones whose probabilities differ no more were heard in the same sound by the same model, maybe on another device."""
LISTENING = "listening"
"""Kind of a prediction of a mouth at rest, while others speak: life alone, and no sound of its own."""


@dataclass(frozen=True)
class Place:
    """Where a take goes, by name: undo and deleting make Blender's own references invalid."""

    scene_name: str
    object_name: str
    source_name: str
    """The sound strip or Speaker."""
    start_frame: int
    n_frames: int
    head_name: str | None = None
    """The object that turns with the head motion, if any."""
    placed: dict[str, Any] | None = None
    """How the sound lay when the model heard it, by audio_io.placed."""


@dataclass(frozen=True)
class Request:
    """All that a prediction needs, read from Blender beforehand."""

    place: Place
    audio: audio_io.HeardAudio
    model_path: Path
    device: str


@dataclass(frozen=True)
class Prediction:
    """What the model said, before any shaping."""

    curves: Curves
    model: str
    model_kind: str
    device: str
    phones: Curves | None
    """Probabilities of speech sounds at the same times; None when the model gives none."""
    warnings: tuple[str, ...] = ()
    """What the user should know of this run of the model."""
    ranges: tuple[Range, ...] = ()
    """Parts that were done again since, the latest last."""
    edits: Edits | None = None
    """Phones as they were edited, which the face follows; None when they are as the model heard them."""


@dataclass(frozen=True)
class Result:
    """What was written, for the report to the user."""

    take: str
    """Name of the Action."""
    n_frames: int
    rig_map: str
    """Name of the rig map that was used."""
    targets: tuple[Target, ...]
    """What the take animates, on all parts of the character."""
    coverage: Coverage
    """Which channels the rig map found on the character."""
    warnings: tuple[str, ...]
    device: str
    is_replacement: bool
    """Whether an earlier take of the same source was taken out of use."""
    moved: bool | None
    """Whether the face was seen to move; None when the take is at rest throughout."""
    n_keys: int
    """Keys on all f-curves of the take."""
    n_frame_keys: int
    """Keys that it would have with one at every frame."""

    @property
    def matched(self) -> tuple[str, ...]:
        """Names of the shape keys, bones and custom properties that the take animates."""
        return tuple(dict.fromkeys(target.name for target in self.targets))

    @property
    def unmatched_channels(self) -> tuple[str, ...]:
        """Channels for which the character has nothing."""
        return self.coverage.unmatched

    @property
    def summary(self) -> str:
        """One sentence for the status bar."""
        sentence = f"{self.take}: {_counted(self.targets)} over {self.n_frames} frames"
        if self.is_replacement:
            sentence += ", in place of the earlier take"
        if self.n_keys < self.n_frame_keys:
            sentence += f", {self.n_keys} of {self.n_frame_keys} keys"
        if self.unmatched_channels:
            sentence += f"; {len(self.unmatched_channels)} channels have no shape key"
        if self.moved is False:
            sentence += "; the face does not move"
        return "; ".join([sentence, *self.warnings])


def prepare(
    scene: bpy.types.Scene,
    obj: bpy.types.Object | None,
    source_name: str,
    model_path: Path,
    device: str,
    head: bpy.types.Object | None = None,
) -> Request:
    """Read the sound and check the character, on the main thread; ValueError when nothing can be generated."""
    obj = _checked(obj)
    _check_head(head)
    _fit(obj)
    source = audio_io.find_source(scene, source_name)
    if source is None:
        what = f"There is no sound strip or Speaker {source_name}" if source_name else "The scene has no sound strip"
        raise ValueError(f"{what}; add a sound strip in the Sequencer, or choose another")
    audio = audio_io.read_source(scene, source)
    span, head_name = (audio.start_frame, audio.n_frames), head.name if head else None
    place = Place(scene.name, obj.name, source.name, *span, head_name, audio_io.placed(scene, source))
    return Request(place, audio, model_path, device)


def predict(
    request: Request,
    on_progress: Callable[[float], None] = lambda done: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Prediction:
    """Run the model, in any thread: nothing of Blender is touched. Raises ValueError or core.model.Cancelled."""
    from .core import model as model_files  # knows onnxruntime, which may be missing

    model = model_files.open_model(request.model_path, request.device)
    audio = request.audio
    waveform = resample_waveform(audio.waveform, audio.sample_rate_hz, model.contract.sample_rate_hz)
    output = model_files.predict(model, waveform, on_progress, is_cancelled)
    warnings = (model_files.IN_NUMPY,) if model.runtime == "numpy" else ()
    return Prediction(output.curves, model.path.name, model.contract.kind, model.device, output.phones, warnings)


def write_result(
    place: Place, shaping: Shaping, prediction: Prediction, earlier: bpy.types.Action | None = None
) -> Result:
    """Shape, retarget and write a take on the main thread, in place of an earlier one: that in use of the same source.

    Raises ValueError, with nothing written, when the mesh is gone, or the sound while the model listened to it.
    """
    needs_sound = earlier is None and prediction.model_kind not in (CAPTURE, LISTENING)
    scene, obj, head = _still_there(place, needs_sound)
    _checked(obj)
    _check_head(head)
    parts, rig_map, coverage = _fit(obj)
    earlier = earlier or face.find_take(obj, place.source_name)
    prediction = _with_edits_of(earlier, prediction)
    keyed = _keyed(place, shaping, prediction, parts, rig_map)
    is_replacing = earlier is not None and take_actions.is_replacing(earlier)
    warnings = [*prediction.warnings, *_differences(earlier, rig_map, coverage), *_retire(obj, earlier, prediction)]
    warnings += _notes(obj, parts, keyed.motions, rig_map)
    facts = {
        "version": VERSION,
        "source": place.source_name,
        "model": prediction.model,
        "model_kind": prediction.model_kind,
        "device": prediction.device,
        "shaping": asdict(shaping),
        "head": place.head_name,
        "start_frame": place.start_frame,
        "n_frames": place.n_frames,
        "placed": place.placed,
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "rig_map": rig_map.name,
        "coverage": asdict(coverage),
        "warnings": warnings,
    }
    take = take_keys.write_take(keyed.motions, keyed.frames, facts, prediction.curves, keyed.spacing)
    if prediction.phones:
        take_actions.write_phones(take, prediction.phones)
    if prediction.ranges:
        take_actions.write_ranges(take, prediction.ranges)
    take_actions.write_phone_edits(take, prediction.edits)
    if head:
        take_keys.write_head(head, take, keyed.frames, keyed.angles, keyed.spacing)
    if is_replacing:
        take_actions.set_replacing(take, face.moved_by(obj, take), True)
    counts = _count_keys(take, place.n_frames)
    moved = self_check.check(scene, obj, take)
    findings = take_actions.read_facts(take)["findings"]
    return Result(
        take=take.name,
        n_frames=place.n_frames,
        rig_map=rig_map.name,
        targets=tuple(target for motion in keyed.motions for target in motion.targets),
        coverage=coverage,
        warnings=(*warnings, *(finding["sentence"] for finding in findings)),
        device=prediction.device,
        is_replacement=earlier is not None,
        moved=moved,
        **counts,
    )


def generate(
    scene: bpy.types.Scene,
    obj: bpy.types.Object | None,
    source_name: str,
    shaping: Shaping,
    model_path: Path = DEFAULT_MODEL,
    device: str = "AUTO",
    head: bpy.types.Object | None = None,
) -> Result:
    """Speech in, a take out, while the caller waits; ValueError with one sentence, and nothing written, if it fails."""
    request = prepare(scene, obj, source_name, model_path, device, head)
    return write_result(request.place, shaping, predict(request))


def reshape(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    source_name: str,
    shaping: Shaping,
    head: bpy.types.Object | None = None,
) -> Result:
    """Write the take of a source anew from its kept prediction: other strength or life, same model run."""
    take = face.find_take(_checked(obj), source_name)
    if take is None:
        raise ValueError(f"{obj.name} has no take of {source_name}; generate one first")
    return reshape_take(scene, obj, take, shaping, head)


def reshape_take(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    take: bpy.types.Action,
    shaping: Shaping,
    head: bpy.types.Object | None = None,
) -> Result:
    """Write a take in use anew, of a sound or from a file, as reshape does."""
    return write_result(_place(scene, _checked(obj), take, head), shaping, _prediction(take), take)


def reshape_in_place(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    take: bpy.types.Action,
    shaping: Shaping,
    head: bpy.types.Object | None = None,
) -> bool:
    """Move the keys of a take to where reshape would put them, fast enough for every step of a slider.

    False, with nothing changed, when that is not all there is to do: someone has edited the take, the character or its
    rig map has changed, another object turns with the head. Raises ValueError when the character can't be animated.
    """
    place = _place(scene, obj, take, head)
    parts, rig_map, _ = _fit(obj)
    keyed = _keyed(place, shaping, _prediction(take), parts, rig_map)
    is_done = take_keys.rewrite_take(take, keyed.motions, keyed.frames, head, keyed.angles, keyed.spacing)
    if is_done:
        take_actions.add_facts(take, shaping=asdict(shaping))
        _count_keys(take, place.n_frames)
    return is_done


def prepare_range(
    scene: bpy.types.Scene, obj: bpy.types.Object | None, take: bpy.types.Action, model_path: Path, device: str
) -> Request:
    """Read the sound of a take, so that a part of it can be heard again; ValueError when it is not what it was."""
    facts = take_actions.read_facts(take)
    if facts["model_kind"] == CAPTURE:
        raise ValueError(f"{take.name} was imported, so there is no sound to hear again; shape the range instead")
    if audio_io.find_source(scene, facts["source"]) is None:
        raise ValueError(
            f"The sound {facts['source']} of {take.name} is gone or has another name; bring it back, or shape the range"
        )
    request = prepare(scene, obj, facts["source"], model_path, device)
    if request.place.n_frames != facts["n_frames"]:
        raise ValueError(f"{facts['source']} was cut or retimed since {take.name} was made; generate the whole take")
    return request


def redo_range(
    scene: bpy.types.Scene,
    obj: bpy.types.Object,
    take: bpy.types.Action,
    span: tuple[int, int, float],
    shaping: Shaping,
    heard: Prediction | None = None,
) -> None:
    """Do a part of a take again, with other settings and, where it was heard again, another prediction.

    span is the first and the last frame, which stay as they are unless they are the take's own, and for how many
    seconds it fades in and out. No key outside changes; edits by hand inside fade out. ValueError with nothing written.
    """
    earlier, place = _prediction(take), _place(scene, _checked(obj), take, _head_of(take))
    parts, rig_map, _ = _fit(obj)
    redone = replace(_range(place, span), shaping=_own(scene, shaping, shaping_of(take)))
    redone = _with_heard(redone, earlier, heard) if heard else redone
    ranges = with_range(earlier.ranges, redone)
    _rewrite_range(place, take, replace(earlier, ranges=ranges), redone, parts, rig_map)


def remove_range(scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action, number: int) -> None:
    """Give a range of a take, counted from 0, back to what lies below it; ValueError when that can't be."""
    earlier = _prediction(take)
    if not 0 <= number < len(earlier.ranges):
        raise ValueError(f"{take.name} has no range {number + 1}; choose another")
    place = _place(scene, _checked(obj), take, _head_of(take))
    parts, rig_map, _ = _fit(obj)
    ranges = earlier.ranges[:number] + earlier.ranges[number + 1 :]
    _rewrite_range(place, take, replace(earlier, ranges=ranges), earlier.ranges[number], parts, rig_map)


def _head_of(take: bpy.types.Action) -> bpy.types.Object | None:
    """The object that turns with the head in a take, as far as it is still there."""
    return bpy.data.objects.get(take_actions.read_facts(take)["head"] or "")


def _own(scene: bpy.types.Scene, shaping: Shaping, others: Shaping) -> dict[str, Any]:
    """Settings that differ from those of a take, without those that say how keys are spaced or are animated anyway."""
    whole = {"hold_frames", "key_tolerance", *_animated(scene)}
    mine, theirs = asdict(shaping), asdict(others)
    return {name: value for name, value in mine.items() if _differ(value, theirs[name]) and name not in whole}


def _differ(one: Any, other: Any) -> bool:
    """Whether two settings differ by more than what a slider can hold."""
    is_number = isinstance(one, float) and isinstance(other, float)
    return bool(np.float32(one) != np.float32(other) if is_number else one != other)


def _range(place: Place, span: tuple[int, int, float]) -> Range:
    """A range of a take, with nothing of its own yet; ValueError when there is none between the frames."""
    first, last, fade_seconds = span
    last_of_take = place.start_frame + place.n_frames - 1
    if last - first < 2:
        raise ValueError(f"No frame lies between {first} and {last}; choose a longer range")
    if first >= last_of_take or last <= place.start_frame:
        raise ValueError(
            f"Frames {first} to {last} are outside the take, which goes from {place.start_frame} to {last_of_take}; "
            "choose a range in it"
        )
    render = bpy.data.scenes[place.scene_name].render
    start, end = (frames_to_seconds(frame - place.start_frame, render.fps, render.fps_base) for frame in (first, last))
    fade_seconds = min(fade_seconds, (end - start) / 2)
    start = -1 - fade_seconds if first <= place.start_frame else start
    end = end + 1 + fade_seconds if last >= last_of_take else end
    return Range(start, end, fade_seconds)


def _with_heard(redone: Range, earlier: Prediction, heard: Prediction) -> Range:
    """A range with what a model has heard in it."""
    start, end = redone.start_seconds, redone.end_seconds
    said = heard_again(earlier.curves, heard.curves, start, end)
    phones = heard_again(earlier.phones, heard.phones, start, end) if earlier.phones and heard.phones else None
    return replace(redone, model=heard.model, said=said, phones=phones)


def _rewrite_range(
    place: Place,
    take: bpy.types.Action,
    prediction: Prediction,
    redone: Range,
    parts: list[face.Part],
    rig_map: RigMap,
) -> None:
    """Write what a take now does where a range of it was, or is."""
    shaping, render = shaping_of(take), bpy.data.scenes[place.scene_name].render
    is_edited = take_actions.is_edited(take)
    before = _keyed(place, shaping, _prediction(take), parts, rig_map) if is_edited else None
    after = _keyed(place, shaping, prediction, parts, rig_map)
    seconds_per_frame = frames_to_seconds(1.0, render.fps, render.fps_base)
    since = after.frames - place.start_frame
    weights = redone.weights(seconds_per_frame * since)
    rows = np.flatnonzero((weights > 0) & (since >= 0) & (since < place.n_frames))
    first, last = redone.start_seconds / seconds_per_frame, redone.end_seconds / seconds_per_frame
    head, obj = bpy.data.objects.get(place.head_name or ""), bpy.data.objects[place.object_name]
    stretch = take_keys.Stretch(
        place.start_frame + max(-1, round(first)),
        place.start_frame + min(place.n_frames, round(last)),
        rows,
        after.frames[rows],
        weights[rows],
    )
    was = None if before is None else movement.layers_of(before.motions, head, before.angles)
    will = movement.layers_of(after.motions, head, after.angles)
    take_keys.rewrite_stretch(take, face.moved_by(obj, take), was, will, stretch, after.spacing)
    take_actions.write_ranges(take, prediction.ranges)
    _count_keys(take, place.n_frames)


def _place(
    scene: bpy.types.Scene, obj: bpy.types.Object, take: bpy.types.Action, head: bpy.types.Object | None
) -> Place:
    facts = take_actions.read_facts(take)
    span = (facts["start_frame"], facts["n_frames"])
    return Place(scene.name, obj.name, facts["source"], *span, head.name if head else None, facts.get("placed"))


def _prediction(take: bpy.types.Action) -> Prediction:
    """What is kept with a take."""
    facts = take_actions.read_facts(take)
    curves, phones = take_actions.read_prediction(take), take_actions.read_phones(take)
    ranges = take_actions.read_ranges(take)
    edits = take_actions.read_phone_edits(take)
    return Prediction(curves, facts["model"], facts["model_kind"], facts["device"], phones, ranges=ranges, edits=edits)


def said(take: bpy.types.Action) -> tuple[Curves, Curves | None]:
    """The raw prediction of a take and its probabilities of speech sounds, cross-faded with those of its ranges."""
    prediction = _prediction(take)
    curves, phones = prediction.curves, prediction.phones
    for redone in prediction.ranges:
        curves = cross_faded(curves, redone.said, redone)
        phones = cross_faded(phones, redone.phones, redone) if phones else None
    return curves, phones


def performed(take: bpy.types.Action) -> tuple[Curves, Curves]:
    """What a take does, as it was written: the channels of the face, and HEAD_CHANNELS in radians.

    Settings that are animated are followed as the open scene animates them now.
    """
    facts = take_actions.read_facts(take)
    scene: Any = bpy.context.scene
    return _performance(_prediction(take), shaping_of(take), scene, facts["start_frame"], facts["source"])


def shaping_of(take: bpy.types.Action, span: tuple[int, int, float] | None = None) -> Shaping:
    """The settings that a take was last shaped with, or a range of it, from a first to a last frame, with its own."""
    facts = take_actions.read_facts(take)
    shaping = Shaping(**_known(facts["shaping"]))
    ranges = take_actions.read_ranges(take)
    if span is None or not ranges:
        return shaping
    scene: Any = bpy.context.scene
    try:
        wanted = _range(Place(scene.name, "", "", facts["start_frame"], facts["n_frames"]), span)
    except ValueError:  # outside the take
        return shaping
    same = (redone for redone in ranges if redone.is_within(wanted) and wanted.is_within(redone))
    return replace(shaping, **_known(next(same, wanted).shaping))


def _known(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that there are: older takes may have others."""
    known = {setting.name for setting in fields(Shaping)}
    return {name: value for name, value in settings.items() if name in known}


def _performance(
    prediction: Prediction, shaping: Shaping, scene: bpy.types.Scene, start_frame: int, source_name: str
) -> tuple[Curves, Curves]:
    """Channels of the face and HEAD_CHANNELS of a whole take: as shaped, and in its ranges as these are."""
    performance = _shaped(prediction, _followed(shaping, prediction.curves, scene, start_frame, source_name))
    times = np.arange(len(prediction.curves.values)) / prediction.curves.fps
    for redone in prediction.ranges:
        phones = prediction.phones and replaced(prediction.phones, redone.phones)
        prediction = replace(prediction, curves=replaced(prediction.curves, redone.said), phones=phones)
        own = replace(shaping, **_known(redone.shaping))
        again = _shaped(prediction, _followed(own, prediction.curves, scene, start_frame, source_name))
        weights = redone.weights(times, 1 / prediction.curves.fps)
        performance = mixed(performance[0], again[0], weights), mixed(performance[1], again[1], weights)
    return performance


def _shaped(prediction: Prediction, shaping: Shaping) -> tuple[Curves, Curves]:
    """Channels of the face and HEAD_CHANNELS after shaping; a capture keeps its own eyes, brows and head."""
    said, phones = prediction.curves, prediction.phones
    if prediction.model_kind != CAPTURE:
        turning = head_curves(said, shaping)
        if prediction.edits and phones:
            said, phones = prediction.edits.applied(said, phones)
        return shape_curves(said, shaping, phones, prediction.curves), turning
    is_head = np.array([channel in HEAD_CHANNELS for channel in said.channels])
    face_channels = tuple(channel for channel in said.channels if channel not in HEAD_CHANNELS)
    still = replace(shaping, blinks=0.0, gaze=0.0, brows=0.0, secondary=0.0, emotion_strength=0.0)
    curves = shape_curves(Curves(said.values[:, ~is_head], face_channels, said.fps), still)
    turned = np.zeros((len(said.values), len(HEAD_CHANNELS)), np.float32)
    if is_head.any():
        turned = shaping.head * np.stack([said.column(channel) for channel in HEAD_CHANNELS], axis=1)
    return curves, Curves(turned.astype(np.float32), HEAD_CHANNELS, said.fps)


@dataclass(frozen=True)
class _Keyed:
    """What a take writes."""

    motions: list[movement.Motion]
    """Values (N, M)."""
    frames: NDArray[np.int64]
    """(N,)."""
    angles: Float32Array
    """(N, 3) of a head object."""
    spacing: keyframes.Spacing


def _keyed(place: Place, shaping: Shaping, prediction: Prediction, parts: list[face.Part], rig_map: RigMap) -> _Keyed:
    scene = bpy.data.scenes[place.scene_name]
    span = (place.start_frame, place.n_frames, scene.render.fps, scene.render.fps_base)
    curves, turning = _performance(prediction, shaping, scene, place.start_frame, place.source_name)
    hold_frames = _hold_frames(scene, shaping, place)
    is_held = bool((hold_frames > 1).any())
    if is_held:
        curves, turning = (_held(motion, span, hold_frames) for motion in (curves, turning))
    # a head object turns itself, so that the head bone of the same character is left alone
    everything = curves if place.head_name else _beside(curves, turning)
    motions = [_at_frames(motion, curves.fps, span) for motion in face.motions(everything, rig_map, parts)]
    frames, angles = at_scene_frames(turning, *span)
    if not is_held:
        return _Keyed(motions, frames, angles, keyframes.Spacing(shaping.key_tolerance))
    rows = [0, *(1 + row for row in pose_starts(hold_frames)), place.n_frames + 1]
    motions = [replace(motion, values=motion.values[rows]) for motion in motions]
    return _Keyed(motions, frames[rows], angles[rows], keyframes.Spacing(is_held=True))


def _followed(shaping: Shaping, curves: Curves, scene: Any, start_frame: int, source_name: str) -> Shaping:
    """Shaping at each row of the curves: as the scene animates it, emotions faded where the take starts and ends."""
    fps, fps_base = scene.render.fps, scene.render.fps_base
    seconds = np.arange(len(curves.values)) / curves.fps
    frames = [start_frame + seconds_to_frames(second, fps, fps_base) for second in seconds.tolist()]
    animated: dict[str, Any] = {}
    for setting, curve in _animated(scene).items():
        values = np.array([curve.evaluate(frame) for frame in frames], np.float32)
        animated[setting] = np.clip(values, *RANGES.get(setting, (-np.inf, np.inf)))
    shaping = replace(shaping, **animated)
    is_joined = audio_io.joins(scene, source_name)
    fading = emotion.fades(len(curves.values), curves.fps, *(not joined for joined in is_joined))
    return replace(shaping, emotion_strength=np.asarray(shaping.emotion_strength * fading, np.float32))


def _animated(scene: Any) -> dict[str, Any]:
    """Setting of Shaping -> the f-curve of the scene that moves it."""
    found = keyframes.animated_properties(scene, "voxkey.")
    named = {"head" if name == "head_motion" else name: curve for name, curve in found.items()}
    return {setting: curve for setting, curve in named.items() if setting in AMOUNTS}


def _hold_frames(scene: Any, shaping: Shaping, place: Place) -> NDArray[np.intp]:
    """For how many frames the pose at each frame of a take is held (n_frames,), as the scene animates it if it does."""
    curve = keyframes.animated_properties(scene, "voxkey.").get("hold_frames")
    if curve is None:
        return np.full(place.n_frames, shaping.hold_frames)
    frames = range(place.start_frame, place.start_frame + place.n_frames)
    return np.array([1 + round(curve.evaluate(frame)) for frame in frames])  # the menu's items count from 0


def _held(curves: Curves, span: tuple[int, int, float, float], n_frames: NDArray[np.intp]) -> Curves:
    """Curves at the rate of the scene, with poses that are held."""
    _, values = at_scene_frames(curves, *span)
    *_, fps, fps_base = span
    return hold_poses(Curves(values[1:-1], curves.channels, fps / fps_base), n_frames)


def _count_keys(take: bpy.types.Action, n_frames: int) -> dict[str, int]:
    """Note with a take how many keys it has, and how many it would have with one at every frame."""
    n_curves = sum(len(keyframes.fcurves(action)) for _, action in take_actions.parts(take))
    counts = {"n_keys": take_keys.n_keys(take), "n_frame_keys": n_curves * (n_frames + 2)}
    take_actions.add_facts(take, **counts)
    return counts


def _still_there(place: Place, needs_sound: bool) -> tuple[bpy.types.Scene, bpy.types.Object, bpy.types.Object | None]:
    scene, obj = bpy.data.scenes.get(place.scene_name), bpy.data.objects.get(place.object_name)
    head = bpy.data.objects.get(place.head_name) if place.head_name else None
    if scene is None or obj is None or (place.head_name and head is None):
        gone = place.scene_name if scene is None else place.object_name if obj is None else place.head_name
        raise ValueError(f"{gone} is gone, so nothing was written; choose a mesh and generate again")
    if needs_sound and audio_io.find_source(scene, place.source_name) is None:
        raise ValueError(
            f"The sound {place.source_name} is gone, so nothing was written; choose one and generate again"
        )
    return scene, obj, head


def _check_head(head: bpy.types.Object | None) -> None:
    problem = movement.head_problem(head) if head else None
    if problem:
        raise ValueError(problem)


def _checked(obj: bpy.types.Object | None) -> bpy.types.Object:
    """The object, when it can get a take; ValueError when it can't."""
    problem = face.target_problem(obj)
    if obj is None or problem:
        raise ValueError(problem)
    return obj


def _fit(obj: bpy.types.Object) -> tuple[list[face.Part], RigMap, Coverage]:
    """A character, the rig map for it and what that finds; ValueError when nothing can move."""
    parts = face.character(obj)
    rig_map, coverage, _ = face.chosen_map(obj, parts)
    problems = [problem for part in parts if (problem := face.tweak_problem(part.owner, part.name))]
    if problems:
        raise ValueError(problems[0])
    if rig_map is None or not (coverage.matched or coverage.combined):
        raise ValueError(_nothing_moves(obj, parts, rig_map))
    return parts, rig_map, coverage


def _nothing_moves(obj: bpy.types.Object, parts: list[face.Part], rig_map: RigMap | None) -> str:
    """Why a character has nothing for the channels, with what to do."""
    locked, held = face.locked(obj), face.held_keys(parts, rig_map)
    if locked:
        return locked[0]
    if held:
        return f"Drivers move every shape key of {obj.name} that speech needs; remove drivers from some{_instead(held)}"
    n_keys = sum(len(part.offers.shape_keys) for part in parts)
    n_bones = sum(len(part.offers.bones) for part in parts)
    what = f"{n_keys} shape keys" if n_keys or not n_bones else f"{n_bones} bones"
    where = rig_map.name if rig_map else "any rig map"
    return (
        f"None of the {what} of {obj.name} is named as in {where}; match them in the Rig panel, or choose another mesh"
    )


def _instead(held: list[tuple[face.Part, Target]]) -> str:
    """What could be animated in place of driven shape keys."""
    read = face.read_by_drivers(held)
    return f", or link {listing(read)} in the Rig panel, which they follow" if read else ""


def _beside(curves: Curves, turning: Curves) -> Curves:
    """The channels of the face, and those of the head."""
    return Curves(np.hstack([curves.values, turning.values]), (*curves.channels, *turning.channels), curves.fps)


def at_scene_frames(
    curves: Curves, start_frame: int, n_frames: int, fps: float, fps_base: float
) -> tuple[Any, Float32Array]:
    """Frames (N,) and values (N, K) of a take: one row a scene frame, and a row at rest before and after.

    Without the rows at rest the face would stay in its last pose; one frame away, so that two takes of one sentence cut
    in two join without a dip.
    """
    frames = np.arange(start_frame - 1, start_frame + n_frames + 1)
    values = np.zeros((len(frames), len(curves.channels)), np.float32)
    times = np.array([frames_to_seconds(frame - start_frame, fps, fps_base) for frame in frames[1:-1]])
    values[1:-1] = sample_curves(curves, times)
    return frames, values


def _at_frames(motion: movement.Motion, fps: float, span: tuple[int, int, float, float]) -> movement.Motion:
    """A motion (T, M) at the rate of the model -> (N, M) at the frames of the take."""
    names = tuple(target.name for target in motion.targets)
    return replace(motion, values=at_scene_frames(Curves(motion.values, names, fps), *span)[1])


def _differences(earlier: bpy.types.Action | None, rig_map: RigMap, coverage: Coverage) -> list[str]:
    """What the character has lost since its earlier take."""
    facts = take_actions.read_facts(earlier) if earlier else {}
    if "coverage" not in facts:
        return []
    if facts["rig_map"] != rig_map.name:
        return [f"The rig map is {rig_map.name} now; the earlier take was made with {facts['rig_map']}"]
    lost = [channel for channel in coverage.unmatched if channel not in facts["coverage"]["unmatched"]]
    if not lost:
        return []
    return [f"{listing(lost)} moved in the earlier take and finds nothing now; a key was renamed or deleted"]


def _notes(obj: bpy.types.Object, parts: list[face.Part], motions: list[movement.Motion], rig_map: RigMap) -> list[str]:
    """What the user should know of a character before the take is written."""
    notes = face.locked(obj)
    held = face.held_keys(parts, rig_map)
    if held:
        names = listing(dict.fromkeys(target.name for _, target in held))
        notes.append(f"A driver moves {names}; the take leaves it alone{_instead(held)}")
    raised = dict.fromkeys(name for motion in motions for name in movement.raised_by_hand(motion))
    if raised:
        notes.append(f"The slider of {listing(raised)} was not at 0; the take starts from 0")
    return notes + [
        f"{n_users} objects share this mesh ({part.name}); all of them move"
        for part in parts
        if (n_users := face.n_mesh_users(part.owner)) > 1
    ]


def _with_edits_of(earlier: bpy.types.Action | None, prediction: Prediction) -> Prediction:
    """A prediction of the same sound with the phones that were edited in the earlier take."""
    if earlier is None or prediction.edits or prediction.phones is None:
        return prediction
    phones = take_actions.read_phones(earlier)
    if phones is None or phones.values.shape != prediction.phones.values.shape:
        return prediction
    if np.abs(phones.values - prediction.phones.values).max(initial=0) > SAME_PROBABILITY:
        return prediction
    return replace(prediction, edits=take_actions.read_phone_edits(earlier))


def _retire(obj: bpy.types.Object, earlier: bpy.types.Action | None, prediction: Prediction) -> list[str]:
    """Take an earlier take out of use; a sentence if it was kept because there is work in it, or it is linked."""
    if earlier is None:
        return []
    name = earlier.name
    if take_actions.read_phone_edits(earlier) is not None and not prediction.edits:
        take_actions.mute_take(earlier, face.moved_by(obj, earlier))
        return [f"The phones edited in {name} do not fit what is heard now; that take is kept on a muted NLA track"]
    if take_actions.read_ranges(earlier) and not prediction.ranges:
        take_actions.mute_take(earlier, face.moved_by(obj, earlier))
        return [f"Parts of {name} were done again; that take is kept on a muted NLA track"]
    kept = take_actions.retire_take(earlier, face.moved_by(obj, earlier))
    if kept and not earlier.is_editable:
        return [f"The earlier take {name} is linked from another file; it is kept on a muted NLA track"]
    return [f"The earlier take {name} was edited by hand; it is kept on a muted NLA track"] if kept else []


def _counted(targets: tuple[Target, ...]) -> str:
    """What a take animates, counted: 55 shape keys, 2 bones and 1 custom property."""
    bones = {target.name for target in targets if target.kind == "bone"}
    kinds = [target.kind for target in targets]
    numbers = (
        (kinds.count("shape_key"), "shape key", "shape keys"),
        (len(bones), "bone", "bones"),
        (kinds.count("property"), "custom property", "custom properties"),
    )
    counted = [f"{number} {one if number == 1 else many}" for number, one, many in numbers if number]
    return " and ".join([", ".join(counted[:-1]), counted[-1]] if len(counted) > 1 else counted)
