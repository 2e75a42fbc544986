"""Film several recordings as several heads say them, side by side over the waveform: one command, one MP4 with sound.

    python -m tools.film a.wav b.flac --facekit ict_facekit.npz --output out/film.mp4

Everything goes through Voxkey's own path, in one Blender: on each head the recordings follow each other as sound
strips, each gets its take, and the head's own camera films them. The Sequencer then puts the films together.
"""

# The bpy stubs make every data-block optional and know neither image strips' transforms nor the Sequencer's keyframes.
# mypy: disable-error-code="union-attr, attr-defined"

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from blender_addon import audio_io, generation, keyframes, output
from blender_addon.cli import blender_silenced
from blender_addon.core.shaping import Shaping
from rigs.contact_sheet import render_labels, save_png
from rigs.ict_facekit import save_head
from rigs.ict_facekit_data import read_facekit

DEFAULT_HEAD = Path(__file__).parent.parent / "rigs" / "default_head.blend"
PANEL_HEIGHT_PER_HEAD = 0.3
"""Height of the strip with label and waveform, in widths of a head."""
LABEL_HEIGHT_PER_PANEL = 0.25
PANEL_COLOUR = np.array((0.10, 0.11, 0.12), np.float32)
WAVE_COLOUR = np.array((0.42, 0.68, 0.86), np.float32)
TEXT_COLOUR = np.array((0.90, 0.90, 0.90), np.float32)
PLAYHEAD_COLOUR = np.array((1.00, 0.62, 0.20), np.float32)


@dataclass(frozen=True)
class Passage:
    """One recording in the film."""

    label: str
    first_frame: int
    n_frames: int
    waveform: NDArray[np.float32]
    """(S,) as it is heard."""

    @property
    def last_frame(self) -> int:
        return self.first_frame + self.n_frames - 1


@dataclass(frozen=True)
class Settings:
    """What the film looks like."""

    head_px: int
    fps: int
    longest_seconds: float
    """A longer recording is cut off here."""

    @property
    def panel_px(self) -> int:
        """Height of the strip under the heads, even because H.264 wants it so."""
        return round(self.head_px * PANEL_HEIGHT_PER_HEAD) // 2 * 2


def make_film(audio: list[Path], heads: list[Path], film: Path, settings: Settings, model: Path | None = None) -> None:
    """Write the film of every recording on every head; ValueError with one sentence when that can't be done."""
    with tempfile.TemporaryDirectory() as folder, blender_silenced():
        parts = [Path(folder) / f"{index}.mp4" for index in range(len(heads))]
        for head, part in zip(heads, parts, strict=True):
            passages = film_head(head, audio, part, settings, model or generation.DEFAULT_MODEL)
        put_together(parts, passages, film, settings, Path(folder))


def film_head(head: Path, audio: list[Path], part: Path, settings: Settings, model: Path) -> list[Passage]:
    """Film one head while it says all recordings, and say where in the film each of them is."""
    if not head.is_file():
        raise ValueError(f"There is no head {head}; build it, or name another --head")
    bpy.ops.wm.open_mainfile(filepath=str(head.resolve()))
    scene: Any = bpy.context.scene
    scene.render.fps, scene.render.fps_base = settings.fps, 1.0
    scene.render.resolution_x = scene.render.resolution_y = settings.head_px
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.render_aa = "FXAA"  # more samples cost several times the whole rest of a frame
    passages: list[Passage] = []
    for path in audio:
        passages.append(speak(scene, path, passages[-1].last_frame + 1 if passages else 1, settings, model))
    scene.frame_start, scene.frame_end = 1, passages[-1].last_frame
    output.render_film(scene, part, lambda done, total: print_progress(head.stem, done, total))
    return passages


def speak(scene: Any, path: Path, first_frame: int, settings: Settings, model: Path) -> Passage:
    """Add a recording and its take to what the scene's face says already."""
    strip = audio_io.add_sound_strip(scene, path, first_frame)
    strip.frame_final_duration = min(strip.frame_final_duration, round(settings.longest_seconds * settings.fps))
    face = next(item for item in scene.objects if item.type == "MESH" and item.data.shape_keys)
    neck = scene.objects.get("Neck", face)  # a bust without a neck turns as a whole
    result = generation.generate(scene, face, strip.name, Shaping(), model, head=neck)
    waveform = audio_io.read_source(scene, strip).waveform
    return Passage(path.stem.replace("_", " "), first_frame, result.n_frames, waveform)


def put_together(parts: list[Path], passages: list[Passage], film: Path, settings: Settings, folder: Path) -> None:
    """The heads' films side by side, under them each passage's label and waveform with a moving playhead, and sound."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    scene: Any = bpy.context.scene
    width_px = settings.head_px * len(parts)
    scene.render.resolution_x, scene.render.resolution_y = width_px, settings.head_px + settings.panel_px
    scene.render.fps, scene.frame_end = settings.fps, passages[-1].last_frame
    scene.view_settings.view_transform = "Standard"
    editor = scene.sequence_editor_create()
    strips: Any = editor.strips if hasattr(editor, "strips") else editor.sequences
    strips.new_sound("sound", str(parts[0]), 1, 1)
    for index, part in enumerate(parts):
        strip = strips.new_movie(f"head {index}", str(part), 2 + index, 1, fit_method="ORIGINAL")
        strip.transform.offset_x = (index + 0.5) * settings.head_px - width_px / 2
        strip.transform.offset_y = settings.panel_px / 2
        strip.blend_type = "ALPHA_OVER"
    panels = draw_panels(passages, width_px, settings.panel_px)
    playhead = np.broadcast_to(PLAYHEAD_COLOUR, (settings.panel_px, max(2, width_px // 300), 3))
    save_png(playhead, folder / "playhead.png")
    for index, (passage, panel) in enumerate(zip(passages, panels, strict=True)):
        save_png(panel, folder / f"panel{index}.png")
        add_picture(strips, folder / f"panel{index}.png", 2 + len(parts), passage, settings)
        move_across(add_picture(strips, folder / "playhead.png", 3 + len(parts), passage, settings), width_px)
    output.render_film(scene, film, lambda done, total: print_progress(film.stem, done, total), from_sequencer=True)


def add_picture(strips: Any, path: Path, channel: int, passage: Passage, settings: Settings) -> Any:
    """An image strip under the heads for the time of a passage."""
    strip = strips.new_image(path.stem, str(path), channel, passage.first_frame, fit_method="ORIGINAL")
    strip.frame_final_duration = passage.n_frames
    strip.transform.offset_y = -settings.head_px / 2
    strip.blend_type = "ALPHA_OVER"
    return strip


def move_across(strip: Any, width_px: int) -> None:
    """Keys that take a strip from the left edge to the right one in its time."""
    for frame, x_px in ((strip.frame_final_start, -width_px / 2), (strip.frame_final_end, width_px / 2)):
        strip.transform.offset_x = x_px
        strip.transform.keyframe_insert("offset_x", frame=frame)
    action: Any = bpy.context.scene.animation_data.action
    for curve in keyframes.fcurves(action):
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"


def draw_panels(passages: list[Passage], width_px: int, height_px: int) -> list[NDArray[np.float32]]:
    """A picture (H, W, 3) in [0, 1] a passage: its label over its waveform."""
    label_px = round(height_px * LABEL_HEIGHT_PER_PANEL)
    labels = render_labels([passage.label for passage in passages], width_px, label_px)[..., None]
    panels = []
    for passage, ink in zip(passages, labels, strict=True):
        lines = waveform_ink(passage.waveform, width_px, height_px - label_px)[..., None]
        parts = (PANEL_COLOUR * (1 - ink) + TEXT_COLOUR * ink, PANEL_COLOUR * (1 - lines) + WAVE_COLOUR * lines)
        panels.append(np.concatenate(parts).astype(np.float32))
    return panels


def waveform_ink(waveform: NDArray[np.float32], width_px: int, height_px: int) -> NDArray[np.float32]:
    """Coverage (H, W) in [0, 1]: in each column a line from the lowest to the highest sample, the loudest full height.

    A line is one pixel at least, so that silence is seen too.
    """
    columns = np.array_split(np.append(waveform, np.zeros(max(0, width_px - len(waveform)), np.float32)), width_px)
    peak = max(1e-6, float(np.abs(waveform).max(initial=0)))
    low, high = (np.array([extreme(column) for column in columns]) / peak for extreme in (np.min, np.max))
    top = (height_px - 1) * (1 - high) / 2
    bottom = np.maximum((height_px - 1) * (1 - low) / 2, top + 1)
    rows = np.arange(height_px)[:, None]
    return np.clip(np.minimum(rows - top, bottom - rows) + 1, 0, 1).astype(np.float32)


def print_progress(name: str, n_done: int, n_frames: int) -> None:
    """One line that counts on a terminal, every hundredth frame in a log."""
    if sys.stderr.isatty() or n_done % 100 == 0 or n_done == n_frames:
        end = "\n" if n_done == n_frames or not sys.stderr.isatty() else "\r"
        print(f"{name}: {n_done}/{n_frames} frames", end=end, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Carry out one command line; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.film", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("audio", type=Path, nargs="+", help="recordings, in any format that Blender reads")
    add("--head", type=Path, default=DEFAULT_HEAD, help=".blend with a face and a camera (Voxkey's default head)")
    add("--facekit", type=Path, help="ICT-FaceKit data for a second, realistic head; see rigs/README.md")
    add("--output", type=Path, default=Path("out/film.mp4"), help="film to write")
    add("--model", type=Path, help="model file; without it, the one that comes with Voxkey")
    add("--head_px", type=int, default=400, help="width and height of a head in pixels (400)")
    add("--fps", type=int, default=25, help="frames per second (25)")
    add("--longest_seconds", type=float, default=7.0, help="cut longer recordings off here (7)")
    options = parser.parse_args(arguments)
    settings = Settings(options.head_px // 2 * 2, options.fps, options.longest_seconds)
    heads = [options.head]
    try:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            if options.facekit:
                heads.append(Path(folder) / "ict_head.blend")
                save_head(read_facekit(options.facekit), heads[1])
            else:
                print("The film shows one head: name ICT-FaceKit data (--facekit) for a second one.", file=sys.stderr)
            make_film(options.audio, heads, options.output, settings, options.model)
    except (ValueError, OSError) as error:
        print(f"film: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {options.output}: {len(options.audio)} recordings on {len(heads)} head(s).")
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # bpy may hang at exit
