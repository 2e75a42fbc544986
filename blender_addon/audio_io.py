"""Sound strips and Speakers as Blender plays them: the waveform of what is heard, and the frame where it starts.

The only module that knows the Sequencer's names in the Blender versions, and the only one that imports aud.
"""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr"

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .core.curves import Float32Array, frames_to_seconds, seconds_to_frames
from .core.wav import MAX_DURATION_SECONDS, check_waveform, read_wav

MIX_RATE_HZ = 48_000


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
        is_retimed = len(getattr(strip, "retiming_keys", ())) > 0
        if (is_retimed or not _can_decode(path)) and bpy.app.version < (5, 2, 0):
            waveform, sample_rate_hz = _mix_down(scene, strip, start_frame, n_frames)
            first_second = 0.0
        else:
            waveform, sample_rate_hz = _read_file(path)
            speed = _uniform_speed(scene, strip, len(waveform) / sample_rate_hz) if is_retimed else 1.0
            content_start, trim_start = _content_frames(strip)
            first_second = _seconds(scene, start_frame - content_start + trim_start / speed) - strip.sound_offset
            sample_rate_hz = round(sample_rate_hz * speed)
    cut = _cut(waveform, round(first_second * sample_rate_hz), round(seconds * sample_rate_hz))
    return HeardAudio(cut, sample_rate_hz, start_frame, n_frames)


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


def _uniform_speed(scene: bpy.types.Scene, strip: Any, file_seconds: float) -> float:
    """Speed of a strip that is retimed as a whole.

    For Blender 5.2 and later, where a mix is not written before a script ends. Blender tells where the retiming keys
    are, not the speed between them, so a strip with more than one speed can't be followed.
    """
    frames = sorted(key.timeline_frame for key in strip.retiming_keys)
    if len(frames) != 2:
        raise ValueError(f"{strip.name} changes its speed on the way; render it to a WAV and use that in its place")
    trimmed = _seconds(scene, strip.content_trim_start + strip.content_trim_end)
    return float((file_seconds - trimmed) / _seconds(scene, frames[1] - frames[0]))


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
    """Blender's own mix of one strip, from start_frame on: what retimed strips and formats unknown to aud sound like.

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
