"""What a take does: a prediction with all settings, at the frames of the scene, as motions of the character."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import audio_io, face, keyframes, predictions, take_actions
from .core import emotion
from .core.curves import Curves, Float32Array, frames_to_seconds, sample_curves, seconds_to_frames
from .core.held_poses import hold_poses, pose_starts
from .core.life import HEAD_CHANNELS
from .core.ranges import mixed, replaced
from .core.retarget import RigMap
from .core.shaping import AMOUNTS, RANGES, Shaping, head_curves, shape_curves
from .keyframes import Spacing
from .movement import Motion
from .predictions import Place, Prediction


def shaping_of(take: bpy.types.Action) -> Shaping:
    """The settings that a take was last shaped with."""
    return Shaping(**known_settings(take_actions.read_facts(take)["shaping"]))


def performed(take: bpy.types.Action) -> tuple[Curves, Curves]:
    """What a take does, as it was written: the channels of the face, and HEAD_CHANNELS in radians.

    Settings that are animated are followed as the open scene animates them now.
    """
    facts = take_actions.read_facts(take)
    scene: Any = bpy.context.scene
    return _performance(predictions.kept_with(take), shaping_of(take), scene, facts["start_frame"], facts["source"])


def _performance(
    prediction: Prediction, shaping: Shaping, scene: bpy.types.Scene, start_frame: int, source_name: str
) -> tuple[Curves, Curves]:
    """Channels of the face and HEAD_CHANNELS of a whole take: as shaped, and in its ranges as these are."""
    performance = _shaped(prediction, _followed(shaping, prediction.curves, scene, start_frame, source_name))
    times = np.arange(len(prediction.curves.values)) / prediction.curves.fps
    for redone in prediction.ranges:
        phones = prediction.phones and replaced(prediction.phones, redone.phones)
        prediction = replace(prediction, curves=replaced(prediction.curves, redone.said), phones=phones)
        own = replace(shaping, **known_settings(redone.shaping))
        again = _shaped(prediction, _followed(own, prediction.curves, scene, start_frame, source_name))
        weights = redone.weights(times, 1 / prediction.curves.fps)
        performance = mixed(performance[0], again[0], weights), mixed(performance[1], again[1], weights)
    return performance


def _shaped(prediction: Prediction, shaping: Shaping) -> tuple[Curves, Curves]:
    """Channels of the face and HEAD_CHANNELS after shaping; a capture keeps its own eyes, brows and head."""
    said, phones = prediction.curves, prediction.phones
    if prediction.model_kind != predictions.CAPTURE:
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


def _followed(shaping: Shaping, curves: Curves, scene: Any, start_frame: int, source_name: str) -> Shaping:
    """Shaping at each row of the curves: as the scene animates it, emotions faded where the take starts and ends."""
    fps, fps_base = scene.render.fps, scene.render.fps_base
    seconds = np.arange(len(curves.values)) / curves.fps
    frames = [start_frame + seconds_to_frames(second, fps, fps_base) for second in seconds.tolist()]
    animated: dict[str, Any] = {}
    for setting, curve in animated_settings(scene).items():
        values = np.array([curve.evaluate(frame) for frame in frames], np.float32)
        animated[setting] = np.clip(values, *RANGES.get(setting, (-np.inf, np.inf)))
    shaping = replace(shaping, **animated)
    is_joined = audio_io.joins(scene, source_name)
    fading = emotion.fades(len(curves.values), curves.fps, *(not joined for joined in is_joined))
    return replace(shaping, emotion_strength=np.asarray(shaping.emotion_strength * fading, np.float32))


def animated_settings(scene: Any) -> dict[str, Any]:
    """Setting of Shaping -> the f-curve of the scene that moves it."""
    found = keyframes.animated_properties(scene, "voxkey.")
    named = {"head" if name == "head_motion" else name: curve for name, curve in found.items()}
    return {setting: curve for setting, curve in named.items() if setting in AMOUNTS}


def known_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that there are: older takes may have others."""
    known = {setting.name for setting in fields(Shaping)}
    return {name: value for name, value in settings.items() if name in known}


@dataclass(frozen=True)
class Keyed:
    """What a take writes."""

    motions: list[Motion]
    """Values (N, M)."""
    frames: NDArray[np.int64]
    """(N,)."""
    angles: Float32Array
    """(N, 3) of a head object."""
    spacing: Spacing


def keyed(place: Place, shaping: Shaping, prediction: Prediction, parts: list[face.Part], rig_map: RigMap) -> Keyed:
    """A take at its place: all that it does, on these parts of a character."""
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
        return Keyed(motions, frames, angles, Spacing(shaping.key_tolerance))
    rows = [0, *(1 + row for row in pose_starts(hold_frames)), place.n_frames + 1]
    motions = [replace(motion, values=motion.values[rows]) for motion in motions]
    return Keyed(motions, frames[rows], angles[rows], Spacing(is_held=True))


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


def _beside(curves: Curves, turning: Curves) -> Curves:
    """The channels of the face, and those of the head."""
    return Curves(np.hstack([curves.values, turning.values]), (*curves.channels, *turning.channels), curves.fps)


def _at_frames(motion: Motion, fps: float, span: tuple[int, int, float, float]) -> Motion:
    """A motion (T, M) at the rate of the model -> (N, M) at the frames of the take."""
    names = tuple(target.name for target in motion.targets)
    return replace(motion, values=at_scene_frames(Curves(motion.values, names, fps), *span)[1])


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
