"""Heads, sounds and scenes for tests, made in code."""

import struct
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from blender_addon import audio_io, generation, keyframes, take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.shaping import Shaping

TINY_MODEL = Path(__file__).parent.parent / "models" / "tiny_blendshapes.onnx"
RATE_HZ = 48_000
NO_LIFE = {"blinks": 0.0, "gaze": 0.0, "brows": 0.0, "secondary": 0.0}
"""Settings that leave a face to the speech alone."""
SPEECH_ALONE = Shaping(**NO_LIFE)


def make_head(scene: Any, shape_keys: Sequence[str] = BLENDSHAPE_CHANNELS, name: str = "Head") -> Any:
    """A mesh with one vertex a shape key, which rises by 1 with it."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(float(i), 0.0, 0.0) for i in range(max(1, len(shape_keys)))], [], [])
    head = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(head)
    bpy.context.view_layer.objects.active = head
    if shape_keys:
        head.shape_key_add(name="Basis")
    for i, key_name in enumerate(shape_keys):
        block = head.shape_key_add(name=key_name, from_mix=False)
        block.data[i].co.z = 1.0
        block.value = 0.0  # Blender 5.0 starts at 1
    return head


def heights(scene: Any, head: Any, frames: Iterable[int]) -> NDArray[np.float64]:
    """(N, K) height of each vertex of the evaluated mesh at N frames."""
    rows = []
    for frame in frames:
        scene.frame_set(frame)
        evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
        rows.append([vertex.co.z for vertex in evaluated.data.vertices])
    return np.array(rows)


def jaw_heights(scene: Any, head: Any, frames: Iterable[int]) -> NDArray[np.float64]:
    """(N,) height of the vertex that jawOpen moves."""
    return heights(scene, head, frames)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]


def write_bursts(
    path: Path, seconds: float, bursts_seconds: Iterable[float], rate_hz: int = RATE_HZ, n_channels: int = 1
) -> Path:
    """A 16-bit WAV file of silence with 20 ms bursts of noise round the given times."""
    samples = np.zeros((round(seconds * rate_hz), n_channels))
    half = rate_hz // 100
    noise = np.random.default_rng(0).uniform(-0.9, 0.9, 2 * half)
    for burst_seconds in bursts_seconds:
        centre = round(burst_seconds * rate_hz)
        samples[centre - half : centre + half] = noise[:, None]
    return write_wav(path, samples, rate_hz)


def write_wav(path: Path, samples: NDArray[np.float64], rate_hz: int = RATE_HZ) -> Path:
    """A 16-bit WAV file of (S, C) samples."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def write_nan_wav(path: Path) -> None:
    """A second of 32-bit samples that are not numbers, which the wave module can't write."""
    data = np.full(48_000, np.nan, "<f4").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, 1, 48_000, 192_000, 4, 32)
    path.write_bytes(head + struct.pack("<4sI", b"data", len(data)) + data)


def set_fps(scene: Any, fps: int, fps_base: float) -> None:
    scene.render.fps, scene.render.fps_base = fps, fps_base


def add_strip(scene: Any, path: Path, start_frame: int = 1) -> Any:
    return audio_io.add_sound_strip(scene, path, start_frame)


def key_frames(action: Any) -> dict[str, NDArray[np.float32]]:
    """Data path -> (N, 2) frames and values of every f-curve."""
    curves = {}
    for curve in keyframes.fcurves(action):
        coordinates = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", coordinates)
        curves[curve.data_path] = coordinates.reshape(-1, 2)
    return curves


def jaw_keys(action: Any) -> NDArray[np.float32]:
    """(N, 2) frames and values of the jaw."""
    return key_frames(action)['key_blocks["jawOpen"].value']


def snapshot(owner: Any) -> Any:
    """Everything about an Action, driver, NLA track or strip that Blender would save, to be compared."""
    facts: dict[str, Any] = {}
    for prop in owner.bl_rna.properties:
        if prop.identifier in {"rna_type", "users", "id_data"} or prop.type == "POINTER":
            continue
        value = getattr(owner, prop.identifier)
        if prop.type == "COLLECTION":
            facts[prop.identifier] = [snapshot(item) for item in value]
        else:
            facts[prop.identifier] = list(value) if getattr(prop, "is_array", False) else value
    return facts


def written() -> tuple[int, int]:
    """Number of Actions, and of NLA tracks on shape keys: what a failing operation must leave as it is."""
    datas = [key.animation_data for key in bpy.data.shape_keys if key.animation_data]
    return len(bpy.data.actions), sum(len(data.nla_tracks) for data in datas)


def generate(scene: Any, head: Any, source: str = "", shaping: Shaping = SPEECH_ALONE) -> generation.Result:
    return generation.generate(scene, head, source, shaping, TINY_MODEL)


def take_of(head: Any, source: str) -> Any:
    action = take_actions.find_take(head.data.shape_keys, source)
    assert action is not None
    return action


def artist_action(key: Any, name: str, shape_key: str) -> Any:
    """An Action with two hand-set keys, and bezier curves."""
    key.key_blocks[shape_key].value = 0.25
    key.key_blocks[shape_key].keyframe_insert("value", frame=1)
    key.key_blocks[shape_key].value = 0.5
    key.key_blocks[shape_key].keyframe_insert("value", frame=40)
    action = key.animation_data.action
    action.name = name
    return action
