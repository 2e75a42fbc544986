"""How fast Voxkey generates and writes keys, each as a ratio to a baseline measured in the same run.

python -m benchmarks.speed [--model MODEL.onnx]
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon import audio_io, generation, keyframes, movement, predictions, take_keys
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, sample_curves
from blender_addon.core.key_reduction import reduce_keys
from blender_addon.core.model import open_model, predict, runs_in_numpy
from blender_addon.core.retarget import Link, RigMap, RigPart, Target, retarget
from blender_addon.core.shaping import RANGES, Shaping, shape_curves
from blender_addon.core.wav import read_wav, resample_waveform
from blender_addon.generation import DEFAULT_MODEL

ROOT = Path(__file__).parent.parent
AUDIO_SECONDS = 60
N_RUNS = 5
N_SLOW_FRAMES = 300
"""keyframe_insert grows with the square of the keys: a minute takes many seconds."""

HOUR_FRAMES = 60 * 60 * 30
N_TARGETS = 60

FRAMES_PER_SECOND, TOLERANCE = 24, 0.01
EVERY_AMOUNT: dict[str, Any] = {
    setting: least + 0.75 * (greatest - least) for setting, (least, greatest) in RANGES.items()
}
EVERY_SETTING = Shaping(emotion="fearful", **EVERY_AMOUNT)

PREDICT_IN_A_FRESH_PROCESS = """
import statistics
import sys
import time
from pathlib import Path
import numpy as np
from blender_addon.core.model import open_model, predict
if sys.argv[3] == "numpy":
    sys.modules["onnxruntime"] = None
model = open_model(Path(sys.argv[1]), "CPU")
noise = np.random.default_rng(0).normal(0, 0.1, model.contract.sample_rate_hz * int(sys.argv[2]))
times = []
for _ in range(1 + int(sys.argv[4])):
    start = time.perf_counter()
    predict(model, noise.astype(np.float32))
    times.append(time.perf_counter() - start)
print(statistics.median(times[1:] or times))
"""
"""Prints the median time of predictions after a first one, or of the only one."""


def median_seconds(work: Callable[[], object]) -> float:
    """Median wall time of N_RUNS runs after one that is not counted."""
    work()
    times = []
    for _ in range(N_RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def reference_matmul() -> None:
    """100 GFLOP of float32 matrix products: what this machine's cores can do, whatever they are."""
    square = np.ones((1000, 1000), np.float32)
    for _ in range(50):
        square @ square


def predict_one_minute(model: Path, runtime: str, n_warm_runs: int = 0) -> float:
    """Process start, imports, model load and prediction of a minute of sound, in onnxruntime or numpy.

    Returns the seconds of the prediction alone, the median of n_warm_runs more where there are any.
    """
    settings = [str(model), str(AUDIO_SECONDS), runtime, str(n_warm_runs)]
    command = [sys.executable, "-c", PREDICT_IN_A_FRESH_PROCESS, *settings]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def keyed_head() -> Any:
    """Shape keys named like the channels, on a mesh of a new, empty file."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = bpy.data.meshes.new("Head")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    head = bpy.data.objects.new("Head", mesh)
    for name in ("Basis", *BLENDSHAPE_CHANNELS):
        head.shape_key_add(name=name)
    return mesh.shape_keys


def write_in_bulk(key: Any, keys: Curves) -> None:
    """A minute of keys, as a take."""
    frames = np.arange(1, len(keys.values) + 1)
    motion = movement.Motion(key, tuple(Target("shape_key", name) for name in keys.channels), keys.values)
    take_keys.write_take([motion], frames, {"source": "benchmark"}, keys, keyframes.Spacing())


def write_one_by_one(key: Any, keys: Curves) -> None:
    """The same keys as most add-ons write them."""
    for row, values in enumerate(keys.values):
        for name, value in zip(keys.channels, values, strict=True):
            key.key_blocks[name].value = float(value)
            key.key_blocks[name].keyframe_insert("value", frame=row + 1)


def seconds_of(write: Callable[[Any, Curves], None], keys: Curves) -> float:
    """Best of three runs on a fresh file each."""
    times = []
    for _ in range(3):
        key = keyed_head()
        start = time.perf_counter()
        write(key, keys)
        times.append(time.perf_counter() - start)
    return min(times)


def seconds_to_retarget(n_frames: int, n_targets: int) -> float:
    """Median time from curves to values of a rig, every channel driving every target."""
    targets = [Target("shape_key", f"target {number}") for number in range(n_targets)]
    rig_map = RigMap("benchmark", tuple(Link(name, target, 0.02) for name in BLENDSHAPE_CHANNELS for target in targets))
    values = np.random.default_rng(0).random((n_frames, len(BLENDSHAPE_CHANNELS)), np.float32)
    curves, part = Curves(values, BLENDSHAPE_CHANNELS, 30.0), RigPart(tuple(target.name for target in targets))
    return median_seconds(lambda: retarget(curves, rig_map, part))


def spoken_minute(path: Path) -> tuple[Curves, Curves | None]:
    """A minute of the demo sentence, over and over, as a model predicts it: curves, and phones if it gives them."""
    model = open_model(path, "CPU")
    samples, rate_hz = read_wav(ROOT / "tools" / "demo_speech.wav")
    sentence = resample_waveform(samples, rate_hz, model.contract.sample_rate_hz)
    output = predict(model, np.resize(sentence, AUDIO_SECONDS * model.contract.sample_rate_hz))
    return output.curves, output.phones


def seconds_of_a_slider(curves: Curves, phones: Curves | None) -> float:
    """Median time that a step of a slider takes with a minute's take of a face: shape, retarget, write, evaluate."""
    import bpy

    keyed_head()
    context: Any = bpy.context
    scene, head = context.scene, bpy.data.objects["Head"]
    scene.collection.objects.link(head)
    scene.render.fps = FRAMES_PER_SECOND
    strip = audio_io.add_sound_strip(scene, ROOT / "tools" / "demo_speech.wav", 1)
    place = predictions.Place(scene.name, head.name, strip.name, 1, AUDIO_SECONDS * FRAMES_PER_SECOND)
    prediction = predictions.Prediction(curves, "benchmark", "audio_to_blendshapes", "CPU", phones)
    take = bpy.data.actions[generation.write_result(place, Shaping(), prediction).take]
    strengths = itertools.cycle((0.9, 0.8))

    def step() -> None:
        shaping = Shaping(strength=next(strengths), emotion="happy")
        generation.reshape_in_place(scene, head, take, shaping)
        context.view_layer.update()

    return median_seconds(step)


def print_shaped(model: Path) -> None:
    """The table rows of shaping and of key reduction."""
    curves, phones = spoken_minute(model)
    seconds = median_seconds(lambda: shape_curves(curves, EVERY_SETTING, phones))
    print(
        f"| {len(curves.values)} x {len(curves.channels)} predicted values shaped, every setting, with emotions "
        f"| {seconds:.3f} | |"
    )
    print(
        f"| a slider moves {AUDIO_SECONDS} s of a happy face at {FRAMES_PER_SECOND} frames a second "
        f"| {seconds_of_a_slider(curves, phones):.3f} | |"
    )
    frames = np.arange(AUDIO_SECONDS * FRAMES_PER_SECOND)
    for said, shaping in (("speech", Shaping(blinks=0, gaze=0, brows=0, secondary=0)), ("speech and life", Shaping())):
        values = sample_curves(shape_curves(curves, shaping, phones), frames / FRAMES_PER_SECOND)
        seconds = median_seconds(lambda values=values: reduce_keys(frames, values, TOLERANCE))  # type: ignore[misc]
        n_keys = sum(map(len, reduce_keys(frames, values, TOLERANCE)))
        print(
            f"| {values.size} keys of {said}, {FRAMES_PER_SECOND} a second, reduced to {n_keys} within {TOLERANCE} "
            f"| {seconds:.3f} | {values.size / n_keys:.1f} times fewer keys |"
        )


def print_predicted(model: Path, runtime: str, matmul_seconds: float) -> None:
    """The table rows of a runtime."""
    figures = {
        "model open": predict_one_minute(model, runtime, N_RUNS),
        "process start and model load included": median_seconds(lambda: predict_one_minute(model, runtime)),
    }
    for condition, seconds in figures.items():
        print(
            f"| {AUDIO_SECONDS} s of audio to curves in {runtime}, {condition} | {seconds:.2f} "
            f"| {seconds / matmul_seconds:.2f} of the products; {seconds / AUDIO_SECONDS:.4f} of real time |"
        )


def main() -> None:
    """Print one table row a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    model = parser.parse_args().model
    matmul = median_seconds(reference_matmul)
    print("| figure | seconds | ratio |")
    print("| --- | --- | --- |")
    print(f"| 100 GFLOP of matrix products | {matmul:.2f} | 1 |")
    print_predicted(model, "onnxruntime", matmul)
    if runs_in_numpy(model):
        print_predicted(model, "numpy", matmul)
    values = np.random.default_rng(0).random((AUDIO_SECONDS * 30, len(BLENDSHAPE_CHANNELS))).astype(np.float32)
    minute = Curves(values, BLENDSHAPE_CHANNELS, 30.0)
    few = Curves(values[:N_SLOW_FRAMES], BLENDSHAPE_CHANNELS, 30.0)
    slow, fast = seconds_of(write_one_by_one, few), seconds_of(write_in_bulk, few)
    print(f"| 51 x {N_SLOW_FRAMES} keys with keyframe_insert | {slow:.3f} | 1 |")
    print(f"| the same as a take | {fast:.3f} | 1/{slow / fast:.0f} |")
    print(f"| 51 x {len(values)} keys as a take | {seconds_of(write_in_bulk, minute):.3f} | |")
    print(
        f"| 51 x {HOUR_FRAMES} frames onto {N_TARGETS} targets | {seconds_to_retarget(HOUR_FRAMES, N_TARGETS):.3f} | |"
    )
    print_shaped(model)
    sys.stdout.flush()
    os._exit(0)  # bpy 4.5 can hang when the interpreter shuts down


if __name__ == "__main__":
    main()
