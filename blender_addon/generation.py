"""Generate from audio: read what is heard, predict in any thread, write a take.

The operator, the modal job and the command line all go through prepare, predict and write_result, so that the same
sound gives the same curves to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import bpy

from . import audio_io, face, fitting, performing, predictions, self_check, take_actions, take_keys
from .core.retarget import Coverage, RigMap, Target
from .core.shaping import Shaping
from .core.wav import resample_waveform
from .predictions import Place, Prediction
from .version import VERSION

MODEL_FOLDER = Path(__file__).parent / "models"
DEFAULT_MODEL = MODEL_FOLDER / "voice_to_face.onnx"


@dataclass(frozen=True)
class Request:
    """All that a prediction needs, read from Blender beforehand."""

    place: Place
    audio: audio_io.HeardAudio
    model_path: Path
    device: str


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
    obj = fitting.checked(obj)
    fitting.check_head(head)
    fitting.fit(obj)
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
    needs_sound = earlier is None and prediction.model_kind not in (predictions.CAPTURE, predictions.LISTENING)
    scene, obj, head = _still_there(place, needs_sound)
    fitting.checked(obj)
    fitting.check_head(head)
    parts, rig_map, coverage = fitting.fit(obj)
    earlier = earlier or face.find_take(obj, place.source_name)
    prediction = predictions.with_edits_of(earlier, prediction)
    keyed = performing.keyed(place, shaping, prediction, parts, rig_map)
    is_replacing = earlier is not None and take_actions.is_replacing(earlier)
    warnings = [
        *prediction.warnings,
        *fitting.differences(earlier, rig_map, coverage),
        *_retire(obj, earlier, prediction),
    ]
    warnings += fitting.notes(obj, parts, keyed.motions, rig_map)
    facts = _facts(place, shaping, prediction, rig_map, coverage, warnings)
    take = _write_take(keyed, prediction, facts, head)
    if is_replacing:
        take_actions.set_replacing(take, face.moved_by(obj, take), True)
    counts = take_keys.count_keys(take, place.n_frames)
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


def _write_take(
    keyed: performing.Keyed, prediction: Prediction, facts: dict[str, Any], head: bpy.types.Object | None
) -> bpy.types.Action:
    """The take with its keys, and all that it keeps of the prediction."""
    take = take_keys.write_take(keyed.motions, keyed.frames, facts, prediction.curves, keyed.spacing)
    if prediction.phones:
        take_actions.write_phones(take, prediction.phones)
    if prediction.ranges:
        take_actions.write_ranges(take, prediction.ranges)
    take_actions.write_phone_edits(take, prediction.edits)
    if head:
        take_keys.write_head(head, take, keyed.frames, keyed.angles, keyed.spacing)
    return take


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
    take = face.find_take(fitting.checked(obj), source_name)
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
    return write_result(
        predictions.place_of(scene, fitting.checked(obj), take, head), shaping, predictions.kept_with(take), take
    )


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
    place = predictions.place_of(scene, obj, take, head)
    parts, rig_map, _ = fitting.fit(obj)
    keyed = performing.keyed(place, shaping, predictions.kept_with(take), parts, rig_map)
    is_done = take_keys.rewrite_take(take, keyed.motions, keyed.frames, head, keyed.angles, keyed.spacing)
    if is_done:
        take_actions.add_facts(take, shaping=asdict(shaping))
        take_keys.count_keys(take, place.n_frames)
    return is_done


def _facts(
    place: Place, shaping: Shaping, prediction: Prediction, rig_map: RigMap, coverage: Coverage, warnings: list[str]
) -> dict[str, Any]:
    """What a take is made from, to be kept with it."""
    return {
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
