"""The scene and the film on disk, written whole or not at all."""

# The bpy stubs make every data-block optional, and know neither add-ons' properties nor other versions' names.
# mypy: disable-error-code="union-attr"

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from . import audio_io


def save_scene(path: Path) -> None:
    """Write the opened scene to another .blend; ValueError when it can't be written."""
    with _written_whole(path) as partial:
        # not compressed: Blender 4.5 and 5.0 do not notice when the disk is full while they compress
        bpy.ops.wm.save_as_mainfile(filepath=str(partial), copy=True, compress=False)


def render_film(
    scene: bpy.types.Scene, path: Path, on_frame: Callable[[int, int], None], from_sequencer: bool = False
) -> None:
    """Render the scene's camera with the Sequencer's sound to H.264 and AAC, calling on_frame(done, total).

    The picture is the Sequencer's instead of the camera's where from_sequencer says so; else the scene must have a
    camera. Changes the render settings of the opened scene, so save it before. ValueError when the film can't be
    written.
    """
    n_frames = scene.frame_end - scene.frame_start + 1
    rendered: list[int] = []

    def count(*_: Any) -> None:
        rendered.append(1)
        on_frame(len(rendered), n_frames)

    with _written_whole(path) as partial:
        _set_up_film(scene, partial)
        if not from_sequencer:
            _leave_picture_to_camera(scene)
        bpy.app.handlers.render_write.append(count)
        try:
            with bpy.context.temp_override(scene=scene):
                bpy.ops.render.render(animation=True)
        finally:
            bpy.app.handlers.render_write.remove(count)
        if len(rendered) < n_frames or not is_whole_film(partial):
            raise RuntimeError(f"{len(rendered)} of {n_frames} frames were rendered, and the file is incomplete")


def is_whole_film(path: Path) -> bool:
    """Whether an MP4 file has its index and ends where its last part ends; Blender does not notice a full disk.

    Parts ("boxes") are a size, a name and content; "moov" is the index: ISO/IEC 14496-12, section 4.2.
    """
    position, names = 0, set()
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        while position + 8 <= n_bytes:
            file.seek(position)
            size, name, large_size = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
            names.add(name)
            position += {0: n_bytes - position, 1: large_size}.get(size, max(size, 8))
    return position == n_bytes and b"moov" in names


def _set_up_film(scene: bpy.types.Scene, path: Path) -> None:
    render: Any = scene.render
    if hasattr(render.image_settings, "media_type"):  # from 5.0 on
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
    render.ffmpeg.constant_rate_factor = "HIGH"
    render.ffmpeg.audio_codec, render.ffmpeg.audio_bitrate = "AAC", 192
    render.use_sequencer = True  # without it the film has no sound
    render.use_file_extension = True
    render.filepath = str(path.resolve())
    scale = render.resolution_percentage / 100
    render.resolution_percentage = 100
    # H.264 stores colour for 2 x 2 pixels, so both sides must be even
    render.resolution_x = int(render.resolution_x * scale) // 2 * 2
    render.resolution_y = int(render.resolution_y * scale) // 2 * 2


def _leave_picture_to_camera(scene: bpy.types.Scene) -> None:
    """Mute all but the sounds: with any other strip in it, the Sequencer makes the picture."""
    for strip in audio_io.top_level_strips(scene):
        if strip.type == "META" and not strip.mute:
            strip.separate()
    for strip in audio_io.top_level_strips(scene):
        strip.mute = strip.mute or strip.type != "SOUND"


@contextmanager
def _written_whole(path: Path) -> Iterator[Path]:
    """A name beside path to write to, which becomes path at the end; after an error nothing of it is left."""
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        yield partial
        if not partial.is_file() or not partial.stat().st_size:
            raise RuntimeError("Blender wrote no file")
        partial.replace(path)
    except (RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path} can't be written; check the free space and the folder ({reason})") from error
    finally:
        partial.unlink(missing_ok=True)
