"""How right model files are: one run that scores them on the same held-out speech and prints the tables of README.md.

python -m benchmarks.quality --data DATA --bench BENCH MODEL...

DATA is a folder of captured speech (grid, facegood, ict_facekit, eval_split.json, voices for babble), BENCH holds
capture_metrics.py and phone_metrics.py. The first MODEL is the one that is judged: the others and plain loudness are
compared with it, and it alone is heard through noise, telephones and rooms. Nothing of what is scored here may have
been trained on.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import bootstrap, flite
from benchmarks.disturbances import Disturbance, disturbances, find_babblers
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.model import open_model
from blender_addon.core.model import predict as predict_curves
from blender_addon.core.wav import resample_waveform
from trainer.prepare import facegood, grid
from trainer.prepare.sources import read_arrays

Predict = Callable[[NDArray[np.float32], int], tuple[NDArray[np.float32], float, list[str]]]
"""Waveform (S,) and its rate -> values (T, K), rows a second, K names: what the modules of BENCH score."""
Figures = dict[str, float]
Curve = NDArray[np.float64]

RMSE_CHANNELS = tuple(name for name in BLENDSHAPE_CHANNELS if name.startswith(("jaw", "mouth")))
"""What every corpus measures and every model was trained on."""
PIECE_SECONDS = 5.0
"""FACEGOOD's held-out recording counts as clips of this length when clips are resampled."""
SPEAKERS = {"s1": "GRID s1", "s4": "GRID s4", "facegood": "FACEGOOD"}
BABBLERS = ("nathalie_nl", "kathleen_en", "kerstin_de", "speechocean_en")
JUDGED_IN_NOISE = (
    ("grid/s1", "aperture_speech_r"),
    ("grid/s4", "aperture_speech_r"),
    ("grid/s1", "closure_recall"),
    ("grid/s4", "closure_recall"),
    ("facegood", "jaw_speech_r"),
)


@dataclass(frozen=True)
class Recording:
    """A held-out recording with what was captured at the times of its video frames."""

    waveform: NDArray[np.float32]
    rate_hz: int
    times_seconds: Curve
    """(T,) of the video frames."""
    weights: Curve
    """(T, K) of RMSE_CHANNELS in [0, 1]."""
    aperture: Curve | None
    """(T,) lip aperture in outer-eye-corner distances, where the lips were tracked."""
    piece_frames: int
    """Frames of a clip in the bootstrap."""


@dataclass(frozen=True)
class ClipTotals:
    """What clips of one speaker contribute to the figures that are resampled (N, ...)."""

    distance: Curve
    """(N, 2), see bootstrap.distance_totals."""
    aperture: Curve
    """(N, 6), see bootstrap.correlation_totals; zeros where lips were not tracked."""


def import_bench(folder: Path) -> tuple[ModuleType, ModuleType]:
    """The modules capture_metrics and phone_metrics of a folder; ValueError when they are not there."""
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("capture_metrics"), importlib.import_module("phone_metrics")
    except ModuleNotFoundError as error:
        raise ValueError(f"{folder} does not hold the bench ({error}); name its folder with --bench") from error


def model_name(path: Path) -> str:
    """What the tables call a model file: its own name, or that of the run folder that it lies in."""
    return path.parent.name if path.stem == "model" else path.stem


def model_predictor(path: Path) -> Predict:
    """The model file as the add-on runs it on the CPU; the same sound is predicted once only."""
    model = open_model(path, "CPU")
    known: dict[int, NDArray[np.float32]] = {}

    def predict(waveform: NDArray[np.float32], rate_hz: int) -> tuple[NDArray[np.float32], float, list[str]]:
        key = zlib.crc32(waveform.tobytes())
        if key not in known:
            sound = resample_waveform(waveform, rate_hz, model.contract.sample_rate_hz)
            known[key] = predict_curves(model, sound).curves.values
        return known[key], model.contract.fps, list(model.contract.channels)

    return predict


def read_grid(capture: ModuleType, path: Path) -> Recording:
    """A GRID clip with weights as its adapter reads them, and the captured lip gap untouched."""
    arrays = read_arrays(path, ("blendshapes", "landmarks68", "inner_lips", "fps"))
    waveform, rate_hz = capture.read_sound(str(path.with_suffix("")))
    times = (np.arange(len(arrays["blendshapes"])) + 0.5) / float(arrays["fps"])
    heard = times < len(waveform) / rate_hz
    landmarks, inner = arrays["landmarks68"], arrays["inner_lips"]
    weights = grid.arkit_weights(arrays["blendshapes"], grid.lip_gap(inner, landmarks))
    eyes = np.linalg.norm(landmarks[:, 36, :2] - landmarks[:, 45, :2], axis=1)
    aperture = np.linalg.norm(inner[:, 0, :2] - inner[:, 1, :2], axis=1) / eyes
    return Recording(
        waveform, rate_hz, times[heard], scored_columns(weights[heard]), aperture[heard], piece_frames=len(times)
    )


def read_facegood(capture: ModuleType, path: Path) -> Recording:
    """A FACEGOOD recording with weights as its adapter reads them."""
    arrays = read_arrays(path, ("arkit51", "oh_oo", "fps"))
    waveform, rate_hz = capture.read_sound(str(path.with_suffix("")))
    fps = float(arrays["fps"])
    times = np.arange(len(arrays["arkit51"])) / fps
    heard = times < len(waveform) / rate_hz
    weights = facegood.arkit_weights(arrays["arkit51"], arrays["oh_oo"])
    return Recording(
        waveform, rate_hz, times[heard], scored_columns(weights[heard]), None, piece_frames=round(PIECE_SECONDS * fps)
    )


def scored_columns(weights: Curve) -> Curve:
    """Of weights (T, 51) those of RMSE_CHANNELS (T, K)."""
    return weights[:, [BLENDSHAPE_CHANNELS.index(name) for name in RMSE_CHANNELS]]


def read_recordings(capture: ModuleType, data: Path) -> dict[str, list[Recording]]:
    """The recordings that eval_split.json lists, by speaker; ValueError when the folder is not such data."""
    try:
        split = json.loads((data / "eval_split.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{data} has no eval_split.json that can be read ({error}); name the folder with --data"
        ) from error
    recordings = {
        speaker: [read_grid(capture, data / "grid" / speaker / f"{name}.npz") for name in split[f"grid/{speaker}"]]
        for speaker in ("s1", "s4")
    }
    return recordings | {
        "facegood": [read_facegood(capture, data / "facegood" / f"{n}.npz") for n in split["facegood"]]
    }


def clip_totals(capture: ModuleType, predict: Predict, recordings: Iterable[Recording]) -> ClipTotals:
    """What the clips of a speaker contribute to RMSE and to the correlation of lip aperture inside speech."""
    distance, aperture = [], []
    for recording in recordings:
        values, fps, channels = predict(recording.waveform, recording.rate_hz)
        rows = capture.resample(values, fps, recording.times_seconds)
        weights = rows[:, [channels.index(name) for name in RMSE_CHANNELS]]
        cuts = range(recording.piece_frames, len(rows), recording.piece_frames)
        for predicted, measured in zip(np.split(weights, cuts), np.split(recording.weights, cuts), strict=True):
            distance.append(bootstrap.distance_totals(predicted, measured))
        if recording.aperture is not None:
            gap, _ = capture.lip_geometry(rows, channels)
            level = capture.loudness(recording.waveform, recording.rate_hz, recording.times_seconds)
            speech = capture.speech_mask(level)
            aperture.append(bootstrap.correlation_totals(gap[speech], recording.aperture[speech]))
    return ClipTotals(np.array(distance), np.array(aperture) if aperture else np.zeros((len(distance), 6)))


def resampled_figures(totals: dict[str, ClipTotals]) -> tuple[Figures, dict[str, Curve]]:
    """RMSE of each speaker and their mean, and correlation of lip aperture: measured, and of resampled clips."""
    measured: Figures = {}
    resampled: dict[str, Curve] = {}
    for i, (speaker, part) in enumerate(totals.items()):
        counts = bootstrap.resampled_counts(len(part.distance), seed=i)
        measured[f"RMSE {SPEAKERS[speaker]}"] = float(bootstrap.root_mean_square(part.distance.sum(axis=0)))
        resampled[f"RMSE {SPEAKERS[speaker]}"] = bootstrap.root_mean_square(counts @ part.distance)
        if part.aperture.any():
            measured[f"aperture r {SPEAKERS[speaker]}"] = float(bootstrap.correlation(part.aperture.sum(axis=0)))
            resampled[f"aperture r {SPEAKERS[speaker]}"] = bootstrap.correlation(counts @ part.aperture)
    speakers = [name for name in measured if name.startswith("RMSE")]
    measured["RMSE mean"] = float(np.mean([measured[name] for name in speakers]))
    resampled["RMSE mean"] = np.mean([resampled[name] for name in speakers], axis=0)
    return measured, resampled


def compare(totals: dict[str, dict[str, ClipTotals]]) -> dict[str, Any]:
    """For each model its resampled figures with intervals, and their differences from those of the first model."""
    scored = {name: resampled_figures(part) for name, part in totals.items()}
    reference, reference_resampled = next(iter(scored.values()))
    report: dict[str, Any] = {}
    for name, (measured, resampled) in scored.items():
        report[name] = {
            figure: {
                "value": value,
                "interval": bootstrap.interval(resampled[figure]),
                "first_model_minus_this": reference[figure] - value,
                "difference_interval": bootstrap.interval(reference_resampled[figure] - resampled[figure]),
                "p": bootstrap.p_value(reference_resampled[figure] - resampled[figure]),
            }
            for figure, value in measured.items()
        }
    return report


def disturbed(predict: Predict, disturb: Disturbance) -> Predict:
    """The predictor as it hears through a disturbance."""
    return lambda waveform, rate_hz: predict(disturb(waveform, rate_hz), rate_hz)


def score_disturbed(capture: ModuleType, predict: Predict, data: Path) -> dict[str, dict[str, Figures]]:
    """The bench's figures of a predictor through every disturbance."""
    everything = disturbances(find_babblers([data / folder for folder in BABBLERS]))
    return {
        name: capture.score(disturbed(predict, disturb), str(data))
        for name, disturb in tqdm(everything.items(), desc="disturbances", unit="table")
    }


def score_phones(phone_bench: ModuleType, predictors: dict[str, Predict]) -> dict[str, dict[str, Figures]]:
    """Figures of the phones of flite's voices, by model and voice; empty, with a sentence, where flite is missing."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            voices = flite.write_clips(Path(folder))
        except ValueError as error:
            print(f"Phones are not scored: {error}.\n")
            return {}
        return {
            name: {voice.name: phone_bench.score(predict, str(voice)) for voice in voices}
            for name, predict in tqdm(predictors.items(), desc="phones", unit="model")
        }


def print_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A table in Markdown, and an empty line."""
    names = list(header)
    for cells in (names, ["---"] * len(names), *rows):
        print("| " + " | ".join(cells) + " |")
    print()


def print_captured(tables: dict[str, dict[str, Figures]]) -> None:
    """The bench's figures: one table a split, one column a model."""
    for split in next(iter(tables.values())):
        figures = next(iter(tables.values()))[split]
        print_table(
            (split, *tables),
            ((figure, *(f"{table[split][figure]:.3g}" for table in tables.values())) for figure in figures),
        )


def print_rmse(report: dict[str, Any]) -> None:
    """Root mean square error of the blendshape vector in P3's form: table 1, equation (9)."""
    columns = ("RMSE mean", *(f"RMSE {name}" for name in SPEAKERS.values()))
    print_table(
        ("RMSE", *(column.removeprefix("RMSE ") for column in columns)),
        ((name, *(f"{figures[column]['value']:.4f}" for column in columns)) for name, figures in report.items()),
    )


def print_significance(report: dict[str, Any]) -> None:
    """Differences of the first model from the others, with 95 % intervals and p."""
    first, *others = report
    figures = [figure for figure in report[first] if figure == "RMSE mean" or not figure.startswith("RMSE FACE")]
    print_table(
        (f"{first} minus", *figures), ((name, *(difference(report[name][f]) for f in figures)) for name in others)
    )


def difference(figure: dict[str, Any]) -> str:
    """A difference with its interval and p as a cell."""
    low, high = figure["difference_interval"]
    return f"{figure['first_model_minus_this']:+.3f} ({low:+.3f} to {high:+.3f}), p {figure['p']:.2g}"


def print_disturbed(name: str, clean: dict[str, Figures], tables: dict[str, dict[str, Figures]]) -> None:
    """Figures of the named model in clean sound, and their change in each disturbance."""
    print_table(
        (name, *(f"{figure} {split}" for split, figure in JUDGED_IN_NOISE)),
        [
            ("clean", *(f"{clean[split][figure]:.3f}" for split, figure in JUDGED_IN_NOISE)),
            *(
                (how, *(f"{table[split][figure] - clean[split][figure]:+.3f}" for split, figure in JUDGED_IN_NOISE))
                for how, table in tables.items()
            ),
        ],
    )


def print_phones(tables: dict[str, dict[str, Figures]]) -> None:
    """Shares of phones that are articulated, one row a model and voice."""
    rows = [(f"{model}, {voice}", figures) for model, voices in tables.items() for voice, figures in voices.items()]
    shares = [figure for figure in rows[0][1] if not figure.startswith("n_")]
    print_table(("phones", *shares), ((name, *(f"{figures[share]:.3f}" for share in shares)) for name, figures in rows))


def score_all(arguments: argparse.Namespace) -> dict[str, Any]:
    """Score every model and print the tables; everything that was measured."""
    capture, phone_bench = import_bench(arguments.bench)
    recordings = read_recordings(capture, arguments.data)
    predictors: dict[str, Predict] = {model_name(path): model_predictor(path) for path in arguments.models}
    if len(predictors) < len(arguments.models):
        raise ValueError("two models have the same name; put them into folders or files of different names")
    predictors["loudness"] = capture.loudness_predictor
    captured, totals = {}, {}
    for name, predict in tqdm(predictors.items(), desc="captured speech", unit="model"):
        captured[name] = capture.score(predict, str(arguments.data))
        totals[name] = {speaker: clip_totals(capture, predict, part) for speaker, part in recordings.items()}
    report = compare(totals)
    print_captured(captured)
    print_rmse(report)
    print_significance(report)
    first = next(iter(predictors))
    in_noise = score_disturbed(capture, predictors[first], arguments.data)
    print_disturbed(first, captured[first], in_noise)
    phones = score_phones(phone_bench, predictors)
    if phones:
        print_phones(phones)
    return {"captured": captured, "resampled": report, "disturbed": in_noise, "phones": phones}


def main() -> None:
    """Score, print, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODEL", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--bench", type=Path, default=Path("../shared/bench"))
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    arguments = parser.parse_args()
    try:
        report = score_all(arguments)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1, default=float) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
