"""How long it takes to learn a character and to paint a line with it: the times of Reference Render.

python -m benchmarks.reference_render [--head HEAD.blend] [--audio LINE.wav] [--output out/reference]

Writes what was learned, the pictures and the film into the output folder.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from blender_addon import audio_io, generation, learn_character, reference_render
from blender_addon.core.frames import placed
from blender_addon.core.model import open_model, paint
from blender_addon.core.shaping import Shaping

ROOT = Path(__file__).parent.parent
LINE_SECONDS = 5


def speaking_head(head: Path, audio: Path) -> tuple[Any, Any, generation.Result]:
    """The scene of a head that says the first seconds of a recording, its face, and the take."""
    bpy.ops.wm.open_mainfile(filepath=str(head.resolve()))
    scene: Any = bpy.context.scene
    strip: Any = audio_io.add_sound_strip(scene, audio, 1)
    strip.frame_final_duration = min(strip.frame_final_duration, round(LINE_SECONDS * scene.render.fps))
    face: Any = next(item for item in scene.objects if item.type == "MESH" and item.data.shape_keys)
    neck = scene.objects.get("Neck", face)  # a bust without a neck turns as a whole
    return scene, face, generation.generate(scene, face, strip.name, Shaping(), generation.DEFAULT_MODEL, head=neck)


def learn(scene: Any, face: Any, n_frames: int, model: Path) -> tuple[float, float]:
    """Seconds of rendering twenty frames, and of learning the character from them."""
    folder = Path(tempfile.mkdtemp())
    frames = tuple(range(1, 1 + n_frames))
    request = learn_character.Request(scene.name, face.name, frames, Path(sys.executable), model, folder)
    try:
        start = time.perf_counter()
        for _ in learn_character.render_frames(request):
            pass
        rendered = time.perf_counter()
        learn_character.train(request, lambda done: print(f"learning: {done:.0%}", end="\r"), lambda: False)
        return rendered - start, time.perf_counter() - rendered
    finally:
        shutil.rmtree(folder)


def pictures_a_second(look: Path, landmarks: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """How many pictures onnxruntime paints, with the model open and warm."""
    model = open_model(look, "CPU", "landmarks_to_image")
    assert model.contract.neutral_landmarks is not None
    faces = placed(landmarks, model.contract.neutral_landmarks)
    next(iter(paint(model, faces)))
    start = time.perf_counter()
    for _ in paint(model, faces):
        pass
    return len(faces) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", type=Path, default=ROOT / "rigs" / "default_head.blend")
    parser.add_argument("--audio", type=Path, default=ROOT / "tools" / "demo_speech.wav")
    parser.add_argument("--output", type=Path, default=ROOT / "out" / "reference")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    look = options.output / f"{options.head.stem}.onnx"

    scene, face, take = speaking_head(options.head, options.audio)
    rendering, learning = learn(scene, face, take.n_frames, look)
    start = time.perf_counter()
    request = reference_render.prepare(scene, face, "", look, None, "CPU", options.output)
    film = reference_render.render(request).film
    painting = time.perf_counter() - start
    print(f"| 20 frames rendered | {rendering:.1f} s |")
    print(f"| the character learned | {learning:.1f} s |")
    print(f"| {take.n_frames} frames painted and filmed | {painting:.1f} s |")
    print(f"| pictures a second, model open | {pictures_a_second(look, np.stack(request.landmarks)):.1f} |")
    print(film)


if __name__ == "__main__":
    main()
