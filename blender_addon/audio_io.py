"""Sound strips and Speakers as Blender plays them: the waveform of what is heard, and the frame where it starts.

The only module that knows the Sequencer's names in the Blender versions, and the only one that imports aud.
"""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr"

from __future__ import annotations

import ctypes
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .core.curves import Float32Array, frames_to_seconds, seconds_to_frames
from .core.wav import MAX_DURATION_SECONDS, check_waveform, read_wav

MIX_RATE_HZ = 48_000
BLOCK_SAMPLES = 1 << 20
"""Samples of a retimed strip that are worked out at once: an hour would take gigabytes."""
SHARE_OFFSETS = (12, 16)
"""Bytes at which a retiming key holds its share of the content: from Blender 5.0 on, and up to 4.5."""

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class HeardAudio:
    """What a strip or Speaker makes heard, from its first to its last visible frame."""

    waveform: Float32Array
    """(S,) mono samples in [-1, 1]; silence where the strip is longer than its sound."""
    sample_rate_hz: int
    start_frame: int
    """Scene frame at which sample 0 is heard."""
    n_frames: int
    """Scene frames that it lasts."""


def sound_strips(scene: bpy.types.Scene) -> list[Any]:
    """All sound strips of a scene, those inside meta strips too."""
    return [strip for strip in _all_strips(scene) if strip.type == "SOUND"]


def top_level_strips(scene: bpy.types.Scene) -> list[Any]:
    """All strips of a scene that are not inside a meta strip."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    return list(editor.strips if hasattr(editor, "strips") else editor.sequences)  # 4.4 renamed them


def speakers(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The Speaker objects of a scene."""
    if not bpy.data.speakers:  # panels ask at every redraw, and a scene may have thousands of objects
        return []
    return [obj for obj in scene.objects if obj.type == "SPEAKER"]


def source_names(scene: bpy.types.Scene) -> list[str]:
    """Names of everything in the scene that can be listened to."""
    return [source.name for source in [*sound_strips(scene), *speakers(scene)]]


def find_source(scene: bpy.types.Scene, name: str) -> Any | None:
    """The strip or Speaker of that name; for no name the active sound strip, else the only or first source."""
    sources = [*sound_strips(scene), *speakers(scene)]
    if name:
        return next((source for source in sources if source.name == name), None)
    active = scene.sequence_editor.active_strip if scene.sequence_editor else None
    if active is not None and active.type == "SOUND":
        return active
    return sources[0] if sources else None


def select_source(scene: bpy.types.Scene, view_layer: bpy.types.ViewLayer, name: str) -> None:
    """Select the strip or Speaker of that name, and of its kind nothing else; ValueError when it is not to be seen.

    A Speaker does not become the active object, which may be the face.
    """
    source = find_source(scene, name)
    is_speaker = isinstance(source, bpy.types.Object)
    if source is None or (is_speaker and name not in view_layer.objects):
        raise ValueError(f"There is no sound {name} in this scene or view layer any more; add it, or rename it back")
    if is_speaker:
        for obj in view_layer.objects:
            obj.select_set(obj == source, view_layer=view_layer)
        return
    for strip in _all_strips(scene):
        strip.select = strip == source
    scene.sequence_editor.active_strip = source


def add_sound_strip(scene: bpy.types.Scene, path: Path, start_frame: int) -> Any:
    """A new sound strip on a free channel; ValueError when the file is missing or holds no sound."""
    if not path.is_file():
        raise ValueError(f"There is no audio file {path}; check the path")
    _read_file(path)  # a damaged file must be found before the scene is changed
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    channel = max((strip.channel for strip in top_level_strips(scene)), default=0) + 1
    return strips.new_sound(path.name, str(path.resolve()), channel, start_frame)


def read_source(scene: bpy.types.Scene, source: Any) -> HeardAudio:
    """What a sound strip or Speaker makes heard; ValueError with one sentence when it can't be animated."""
    heard = (_read_speaker if isinstance(source, bpy.types.Object) else _read_strip)(scene, source)
    check_waveform(heard.waveform, heard.sample_rate_hz)
    return heard


def _all_strips(scene: bpy.types.Scene) -> list[Any]:
    editor = scene.sequence_editor
    if editor is None:
        return []
    return list(editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all)  # 4.4 renamed them


def _read_strip(scene: bpy.types.Scene, strip: Any) -> HeardAudio:
    start_frame, end_frame = _visible_span(strip)
    n_frames = end_frame - start_frame
    seconds = _seconds(scene, n_frames)
    if n_frames <= 0:
        raise ValueError(f"The strip {strip.name} shows no frame; lengthen it")
    if seconds > MAX_DURATION_SECONDS:
        raise ValueError(f"The strip {strip.name} is longer than {MAX_DURATION_SECONDS // 3600} hours; cut it in parts")
    with _sound_file(strip.sound, strip.name) as path:
        if not _can_decode(path):
            waveform, sample_rate_hz = _mix_down(scene, strip, start_frame, n_frames)
            mixed = _cut(waveform, 0, round(seconds * sample_rate_hz))
            return HeardAudio(mixed, sample_rate_hz, start_frame, n_frames)
        waveform, sample_rate_hz = _read_file(path)
    if len(getattr(strip, "retiming_keys", ())):
        heard = _retimed(scene, strip, waveform, sample_rate_hz)
    else:
        content_start, trim_start = _content_frames(strip)
        first_second = _seconds(scene, start_frame - content_start + trim_start) - strip.sound_offset
        heard = _cut(waveform, round(first_second * sample_rate_hz), round(seconds * sample_rate_hz))
    return HeardAudio(heard, sample_rate_hz, start_frame, n_frames)


def _read_speaker(scene: bpy.types.Scene, speaker: bpy.types.Object) -> HeardAudio:
    """A Speaker plays its sound to the end from each sound strip in its NLA on; the first one counts."""
    tracks = speaker.animation_data.nla_tracks if speaker.animation_data else ()
    starts = [strip.frame_start for track in tracks for strip in track.strips if strip.type == "SOUND"]
    if not starts:
        raise ValueError(f"{speaker.name} plays nothing: its NLA has no sound strip; add one, or use a sound strip")
    data: Any = speaker.data
    with _sound_file(data.sound, speaker.name) as path:
        waveform, file_rate_hz = _read_file(path)
    sample_rate_hz = round(file_rate_hz * data.pitch)
    render = scene.render
    n_frames = int(np.ceil(seconds_to_frames(len(waveform) / max(1, sample_rate_hz), render.fps, render.fps_base)))
    return HeardAudio(waveform, sample_rate_hz, round(min(starts)), n_frames)


def _seconds(scene: bpy.types.Scene, frames: float) -> float:
    return frames_to_seconds(frames, scene.render.fps, scene.render.fps_base)


def _visible_span(strip: Any) -> tuple[int, int]:
    """First frame and frame after the last one, in which the strip and every meta strip round it are visible."""
    start, end = _handles(strip)
    parent = strip.parent_meta()
    while parent is not None:
        parent_start, parent_end = _handles(parent)
        start, end = max(start, parent_start), min(end, parent_end)
        parent = parent.parent_meta()
    return start, end


def _handles(strip: Any) -> tuple[int, int]:
    if bpy.app.version >= (5, 1, 0):  # renamed there, the old names warn
        return int(strip.left_handle), int(strip.right_handle)
    return strip.frame_final_start, strip.frame_final_end


def _content_frames(strip: Any) -> tuple[float, float]:
    """Frame at which the untrimmed content starts, and frames cut off its front before that."""
    if bpy.app.version >= (5, 1, 0):  # renamed there, the old names warn
        return strip.content_start, strip.content_trim_start
    return strip.frame_start, strip.animation_offset_start


def _trimmed_frames(strip: Any) -> float:
    """Frames that are cut off the content at both ends, as nothing on the timeline brings them back."""
    if bpy.app.version >= (5, 1, 0):  # renamed there, the old names warn
        return float(strip.content_trim_start + strip.content_trim_end)
    return float(strip.animation_offset_start + strip.animation_offset_end)


def _retimed(scene: bpy.types.Scene, strip: Any, waveform: Float32Array, rate_hz: int) -> Float32Array:
    """The visible span of a strip with retiming keys: between two keys the file is played evenly, faster or slower.

    Transitions from speed to speed count as even too. Not read from Blender's own mix, which differs from one time to
    the next where strips are retimed, and now and then ends Blender 4.5 with a division by zero.
    """
    start_frame, end_frame = _visible_span(strip)
    rate_fps = scene.render.fps / scene.render.fps_base
    frames, file_frames = _retiming(strip, len(waveform) / rate_hz * rate_fps)
    speeds = np.diff(file_frames) / np.diff(frames)
    heard = np.zeros(round((end_frame - start_frame) / rate_fps * rate_hz), np.float32)
    for start in range(0, len(heard), BLOCK_SAMPLES):
        block = heard[start : start + BLOCK_SAMPLES]
        now = start_frame + np.arange(start, start + len(block)) / rate_hz * rate_fps
        part = (np.searchsorted(frames, now, side="right") - 1).clip(0, len(speeds) - 1)
        place = (file_frames[part] + (now - frames[part]) * speeds[part]) / rate_fps - strip.sound_offset
        first = np.floor(place * rate_hz).astype(np.int64)
        plays = (now >= frames[0]) & (speeds[part] > 0) & (first >= 0) & (first < len(waveform) - 1)
        first, share = first[plays], (place * rate_hz - first)[plays]
        block[plays] = waveform[first] * (1 - share) + waveform[first + 1] * share
    return heard


def _retiming(strip: Any, file_frames: float) -> tuple[Float64Array, Float64Array]:
    """Scene frames of the retiming keys, in order, and the frames of the file that are heard at them.

    ValueError when Blender does not tell.
    """
    content_start, trim_start = _content_frames(strip)
    keys = sorted(strip.retiming_keys, key=lambda key: int(key.timeline_frame))
    frames = np.array([key.timeline_frame for key in keys], np.float64)
    shares = _content_shares(keys, content_start)
    if shares is None:
        raise ValueError(f"{strip.name} changes its speed on the way; render it to a WAV and use that in its place")
    # up to Blender 4.5 the last key stands at the last frame of the content, from 5.0 on behind it
    n_content = round(file_frames) - _trimmed_frames(strip) - (bpy.app.version < (5, 0, 0))
    return frames, trim_start + shares * n_content


def _content_shares(keys: list[Any], content_start: float) -> Float64Array | None:
    """Part of the content before each retiming key, from 0 to 1; None where this Blender can't be asked.

    The share is no property in Python, so it is read from the key's memory (SeqRetimingKey in DNA_sequence_types.h: the
    frame in the content as a double, flags, the share as a float), if that agrees with what Python says of the keys.
    """
    unread = np.array([0.0, 1.0]) if len(keys) == 2 else None
    memory = [ctypes.string_at(key.as_pointer(), SHARE_OFFSETS[-1] + 4) for key in keys]
    if [struct.unpack_from("d", key)[0] for key in memory] != [key.timeline_frame - content_start for key in keys]:
        return unread
    for offset in SHARE_OFFSETS:
        shares = np.array([struct.unpack_from("f", key, offset)[0] for key in memory], np.float64)
        if shares[0] == 0 and shares[-1] == 1 and (np.diff(shares) >= 0).all():
            return shares
    return unread


def _move(strip: Any, frames: int) -> None:
    if bpy.app.version >= (5, 1, 0):  # renamed there, the old name warns
        strip.content_start += frames
    else:
        strip.frame_start += frames


def _cut(waveform: Float32Array, first_sample: int, n_samples: int) -> Float32Array:
    """n_samples from first_sample on, silence where there are none."""
    cut = np.zeros(n_samples, np.float32)
    start, end = max(0, first_sample), min(len(waveform), first_sample + n_samples)
    if start < end:
        cut[start - first_sample : end - first_sample] = waveform[start:end]
    return cut


@contextmanager
def _sound_file(sound: bpy.types.Sound | None, owner: str) -> Iterator[Path]:
    """A file that holds the sound, packed or not; ValueError when there is none."""
    if sound is None:
        raise ValueError(f"{owner} has no sound; choose a sound file for it")
    path = Path(bpy.path.abspath(sound.filepath, library=sound.library))
    if sound.packed_file is None:
        if not path.is_file():
            raise ValueError(f"The sound file {path} of {owner} is missing; relink it with File > External Data")
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / (path.name or "sound")
        unpacked.write_bytes(sound.packed_file.data)
        yield unpacked


def _is_wav(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] == b"RIFF" and head[8:] == b"WAVE"


def _aud() -> Any | None:
    """Blender's audio library; some builds have none (Debian's 4.3)."""
    try:
        import aud
    except ImportError:
        return None
    return aud if hasattr(aud, "Sound") else None


def _can_decode(path: Path) -> bool:
    return _is_wav(path) or _aud() is not None


def _read_file(path: Path) -> tuple[Float32Array, int]:
    """Waveform (S,) and its rate in Hz; WAV without Blender's library, so that it is the same in every build."""
    aud = _aud()
    if _is_wav(path) or aud is None:
        return read_wav(path)
    try:
        sound = aud.Sound.file(str(path))
        sample_rate_hz, samples = round(sound.specs[0]), sound.data()
    except aud.error as error:
        raise ValueError(
            f"{path.name} can't be decoded ({error}); choose another file, or convert it to WAV"
        ) from error
    return np.asarray(samples, np.float32).mean(1, dtype=np.float32), sample_rate_hz


def _mix_down(scene: bpy.types.Scene, strip: Any, start_frame: int, n_frames: int) -> tuple[Float32Array, int]:
    """Blender's own mix of one strip, from start_frame on: what formats sound like that nothing else decodes.

    Works on a copy of the scene, so that nothing of the user's is muted or moved.
    """
    name = strip.name
    copy = scene.copy()
    try:
        for other in sound_strips(copy):
            other.mute = other.name != name
            other.volume = 1.0
            if other.name == name and start_frame < 0:  # a scene can't start before frame 0
                _move(other, -start_frame)
        copy.frame_start = max(0, start_frame)
        copy.frame_end = copy.frame_start + n_frames - 1
        copy.render.ffmpeg.audio_mixrate = MIX_RATE_HZ
        copy.audio_volume = 1.0
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mix.wav"
            with bpy.context.temp_override(scene=copy, view_layer=copy.view_layers[0]):
                bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="F32")
            return read_wav(path)
    except RuntimeError as error:
        raise ValueError(f"Blender can't mix {name} ({str(error).strip()}); convert its file to WAV") from error
    finally:
        bpy.data.scenes.remove(copy)
