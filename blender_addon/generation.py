"""Generate from audio: read what is heard, predict in any thread, write a take.

The operator, the modal job and the command line all go through prepare, predict and write_result, so that the same
sound gives the same curves to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import bpy
import numpy as np

from . import audio_io, keyframes
from .core.channels import BLENDSHAPE_CHANNELS
from .core.curves import Curves
from .core.retarget import RigPart, load_rig_map, retarget
from .core.shaping import Shaping, head_curves, shape_curves
from .core.wav import resample_waveform
from .version import VERSION

MODEL_FOLDER = Path(__file__).parent / "models"
DEFAULT_MODEL = MODEL_FOLDER / "voice_to_face.onnx"
RIG_MAP = Path(__file__).parent / "rig_maps" / "arkit.json"


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


@dataclass(frozen=True)
class Result:
    """What was written, for the report to the user."""

    take: str
    """Name of the Action."""
    n_frames: int
    matched: tuple[str, ...]
    """Shape keys that the take animates."""
    unmatched_channels: tuple[str, ...]
    """Channels for which the mesh has no shape key."""
    warnings: tuple[str, ...]
    device: str
    is_replacement: bool
    """Whether an earlier take of the same source was taken out of use."""

    @property
    def summary(self) -> str:
        """One sentence for the status bar."""
        sentence = f"{self.take}: {len(self.matched)} shape keys over {self.n_frames} frames"
        if self.is_replacement:
            sentence += ", in place of the earlier take"
        if self.unmatched_channels:
            sentence += f"; {len(self.unmatched_channels)} channels have no shape key"
        return "; ".join([sentence, *self.warnings])


def prepare(
    scene: bpy.types.Scene,
    obj: bpy.types.Object | None,
    source_name: str,
    model_path: Path,
    device: str,
    head: bpy.types.Object | None = None,
) -> Request:
    """Read the sound and check the mesh, on the main thread; ValueError when nothing can be generated."""
    _checked_key(obj)
    assert obj is not None
    _check_head(head)
    _fit(obj, Curves(np.zeros((0, len(BLENDSHAPE_CHANNELS)), np.float32), BLENDSHAPE_CHANNELS, 1.0))
    source = audio_io.find_source(scene, source_name)
    if source is None:
        what = f"There is no sound strip or Speaker {source_name}" if source_name else "The scene has no sound strip"
        raise ValueError(f"{what}; add a sound strip in the Sequencer, or choose another")
    audio = audio_io.read_source(scene, source)
    place = Place(scene.name, obj.name, source.name, audio.start_frame, audio.n_frames, head.name if head else None)
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


def write_result(place: Place, shaping: Shaping, prediction: Prediction) -> Result:
    """Shape, retarget and write a take on the main thread, in place of an earlier one of the same source.

    Raises ValueError, with nothing written, when the mesh or the sound is gone.
    """
    scene, obj, head = _still_there(place)
    key = _checked_key(obj)
    _check_head(head)
    fitted, unmatched = _fit(obj, shape_curves(prediction.curves, shaping))
    render = scene.render
    span = (place.start_frame, place.n_frames, render.fps, render.fps_base)
    frames, values = keyframes.take_keys(fitted, *span)
    keys = Curves(values, fitted.channels, render.fps / render.fps_base)
    earlier = keyframes.find_take(key, place.source_name)
    warnings = [*prediction.warnings, *_retire(key, earlier), *keyframes.warnings(obj, keys.channels)]
    warnings += keyframes.head_warnings(head) if head else []
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
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "unmatched_channels": unmatched,
        "warnings": warnings,
    }
    action = keyframes.write_take(key, frames, keys, facts, prediction.curves)
    if prediction.phones:
        keyframes.write_phones(action, prediction.phones)
    if head:
        _, angles = keyframes.take_keys(head_curves(prediction.curves, shaping), *span)
        keyframes.write_head(head, action, frames, angles)
    return Result(
        take=action.name,
        n_frames=place.n_frames,
        matched=keys.channels,
        unmatched_channels=unmatched,
        warnings=tuple(warnings),
        device=prediction.device,
        is_replacement=earlier is not None,
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
    action = keyframes.find_take(_checked_key(obj), source_name)
    if action is None:
        raise ValueError(f"{obj.name} has no take of {source_name}; generate one first")
    facts = keyframes.read_facts(action)
    prediction = Prediction(
        keyframes.read_prediction(action),
        facts["model"],
        facts["model_kind"],
        facts["device"],
        keyframes.read_phones(action),
    )
    span = (facts["start_frame"], facts["n_frames"])
    place = Place(scene.name, obj.name, source_name, *span, head.name if head else None)
    return write_result(place, shaping, prediction)


def _still_there(place: Place) -> tuple[bpy.types.Scene, bpy.types.Object, bpy.types.Object | None]:
    scene, obj = bpy.data.scenes.get(place.scene_name), bpy.data.objects.get(place.object_name)
    head = bpy.data.objects.get(place.head_name) if place.head_name else None
    if scene is None or obj is None or (place.head_name and head is None):
        gone = place.scene_name if scene is None else place.object_name if obj is None else place.head_name
        raise ValueError(f"{gone} is gone, so nothing was written; choose a mesh and generate again")
    if audio_io.find_source(scene, place.source_name) is None:
        raise ValueError(
            f"The sound {place.source_name} is gone, so nothing was written; choose one and generate again"
        )
    return scene, obj, head


def _check_head(head: bpy.types.Object | None) -> None:
    problem = keyframes.head_problem(head) if head else None
    if problem:
        raise ValueError(problem)


def _checked_key(obj: bpy.types.Object | None) -> Any:
    """The shape keys of a mesh that can get a take; ValueError when it can't."""
    problem = keyframes.target_problem(obj)
    if obj is None or problem:
        raise ValueError(problem)
    return cast(bpy.types.Mesh, obj.data).shape_keys


def _fit(obj: bpy.types.Object, curves: Curves) -> tuple[Curves, tuple[str, ...]]:
    """Curves for the mesh's shape keys that are free to move, and channels without one; ValueError when none is."""
    key = _checked_key(obj)
    names, rig_map = keyframes.shape_key_names(key), load_rig_map(RIG_MAP)
    fitted = retarget(curves, rig_map, RigPart(tuple(names)))
    if not fitted.targets:
        raise ValueError(
            f"None of the {len(names)} shape keys is named as in {rig_map.name}; rename them or choose another mesh"
        )
    driven = keyframes.driven_shape_keys(key)
    free = [column for column, target in enumerate(fitted.targets) if target.name not in driven]
    if not free:
        raise ValueError(f"Drivers move every shape key of {obj.name} that speech needs; remove drivers from some")
    reached = {link.channel for link in fitted.links}
    keys = Curves(fitted.values[:, free], tuple(fitted.targets[column].name for column in free), curves.fps)
    return keys, tuple(channel for channel in curves.channels if channel not in reached)


def _retire(key: Any, earlier: bpy.types.Action | None) -> list[str]:
    """Take an earlier take out of use; a sentence if it was kept because someone edited it."""
    if earlier is None:
        return []
    name = earlier.name
    kept = keyframes.retire_take(key, earlier)
    return [f"The earlier take {name} was edited by hand; it is kept on a muted NLA track"] if kept else []
