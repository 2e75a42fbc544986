"""What a voice followed live costs and loses: delay, processor time, and figures against captured faces.

python -m benchmarks.live [--data DATA] [--bench BENCH] [--clips 20]

DATA and BENCH are those of benchmarks.quality. The clips of a speaker are heard one after the
other, as by a microphone that stays open.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import import_bench
from blender_addon.core.numpy_runtime import NumpySession
from blender_addon.core.streaming import Stream
from blender_addon.core.wav import resample_waveform
from blender_addon.generation import DEFAULT_MODEL

ARRAYS = DEFAULT_MODEL.with_suffix(".npz")
LOOKAHEADS = (2, 3, 4, 6)
FIGURES = ("aperture_speech_r", "jaw_speech_r", "closure_recall", "closure_precision", "lag_frames", "silence_open")

Values = NDArray[np.float32]


def whole_file(waveform: Values) -> Values:
    """Curves (T, 51) of a clip that is known to its end."""
    stream = Stream(ARRAYS)
    n_samples = len(waveform) // round(stream.sample_rate_hz / stream.fps) * round(stream.sample_rate_hz / stream.fps)
    values: Values = NumpySession(ARRAYS).run(["values"], {"waveform": waveform[None, :n_samples]})[0][0]
    return values


def live(clips: list[Values], lookahead_frames: int) -> tuple[list[Values], float]:
    """Curves (T, 51) of clips that are heard one after the other; processor time in seconds of a frame."""
    stream = Stream(ARRAYS, lookahead_frames)
    hop = round(stream.sample_rate_hz / stream.fps)
    whole_hops = [clip[: len(clip) // hop * hop] for clip in clips]
    start = time.process_time()
    heard = np.concatenate([stream.push(np.concatenate(whole_hops)), stream.finish()])
    seconds = time.process_time() - start
    ends = np.cumsum([len(clip) // hop for clip in whole_hops])
    return np.split(heard[: ends[-1]], ends[:-1]), seconds / len(heard)


def score(
    bench: ModuleType, folder: Path, names: list[str], curves: Iterator[Values], channels: tuple[str, ...]
) -> dict[str, float]:
    """The bench's figures of curves in the order of the names."""
    predict: Callable[[Values, int], tuple[Values, float, list[str]]]
    predict = lambda _waveform, _rate_hz: (next(curves), 50.0, list(channels))  # noqa: E731  (what the bench calls)
    figures: dict[str, float] = bench.score_grid(predict, str(folder), set(names))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--bench", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--clips", type=int, default=20, help="of each speaker (20)")
    arguments = parser.parse_args()
    bench, _ = import_bench(arguments.bench)
    split = json.loads((arguments.data / "eval_split.json").read_text(encoding="utf-8"))
    channels = Stream(ARRAYS).channels
    print("| heard | delay | ms a frame | distance | " + " | ".join(FIGURES) + " |")
    print("| --- " * (4 + len(FIGURES)) + "|")
    for speaker in ("s1", "s4"):
        folder, names = arguments.data / "grid" / speaker, sorted(split[f"grid/{speaker}"])[: arguments.clips]
        sounds = [bench.read_sound(str(folder / name)) for name in names]
        clips = [resample_waveform(waveform, rate_hz, 16_000) for waveform, rate_hz in sounds]
        whole = [whole_file(clip) for clip in clips]
        rows = {f"{speaker}, whole file": (whole, "", "")}
        for lookahead in LOOKAHEADS:
            followed, seconds = live(clips, lookahead)
            delay = Stream(ARRAYS, lookahead).delay_seconds
            rows[f"{speaker}, {1000 * lookahead / 50:.0f} ms ahead"] = (
                followed,
                f"{1000 * delay:.0f} ms",
                f"{1000 * seconds:.1f}",
            )
        for name, (curves, delay_ms, cost) in rows.items():
            figures = score(bench, folder, names, iter(curves), channels)
            pairs = [(one[: len(other)], other[: len(one)]) for one, other in zip(curves, whole, strict=True)]
            distance = np.sqrt(np.mean(np.concatenate([np.square(one - other).sum(axis=1) for one, other in pairs])))
            cells = [f"{figures[figure]:.3g}" for figure in FIGURES]
            print(f"| {name} | {delay_ms} | {cost} | {distance:.3f} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
