"""How fast Voxkey generates and writes keys, each as a ratio to a baseline measured in the same run.

python -m benchmarks.speed [--model MODEL.onnx]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "blender_addon" / "models" / "blendshape_attention.onnx"
AUDIO_SECONDS = 60
N_RUNS = 5

PREDICT_IN_A_FRESH_PROCESS = """
import sys
from pathlib import Path
import numpy as np
from blender_addon.core.model import open_model, predict
model = open_model(Path(sys.argv[1]), "CPU")
noise = np.random.default_rng(0).normal(0, 0.1, model.contract.sample_rate_hz * int(sys.argv[2]))
predict(model, noise.astype(np.float32))
"""


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


def generate_one_minute(model: Path) -> None:
    """Process start, imports, model load and prediction of a minute of sound."""
    command = [sys.executable, "-c", PREDICT_IN_A_FRESH_PROCESS, str(model), str(AUDIO_SECONDS)]
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> None:
    """Print one table row a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    model = parser.parse_args().model
    matmul = median_seconds(reference_matmul)
    generated = median_seconds(lambda: generate_one_minute(model))
    print("| figure | seconds | ratio |")
    print("| --- | --- | --- |")
    print(f"| 100 GFLOP of matrix products | {matmul:.2f} | 1 |")
    print(
        f"| {AUDIO_SECONDS} s of audio to curves, process start and model load included | {generated:.2f} "
        f"| {generated / matmul:.2f} of the products; {generated / AUDIO_SECONDS:.4f} of real time |"
    )


if __name__ == "__main__":
    main()
