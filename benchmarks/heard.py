"""How well model files hear voices: prepared clips with phones that no network learned from.

python -m benchmarks.heard MODEL... [--clips clips] [--all] [--most 60]

Every folder in clips is a corpus, of which the clips are heard that training leaves out. With --all every clip is: for
voices that were never trained on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks.disturbances import telephone
from benchmarks.quality import model_name, print_table
from blender_addon.core.curves import sample_curves
from blender_addon.core.lips import runs
from blender_addon.core.model import Model, ModelOutput, open_model, predict
from blender_addon.core.wav import resample_waveform
from trainer.clips import (
    CLIP_FPS,
    CLIP_SAMPLE_RATE_HZ,
    PHONES,
    UNKNOWN_PHONE,
    Clip,
    evenly_thinned,
    list_clips,
    load_clip,
    npz_files,
)
from trainer.evaluate import CONTACT_GAP, lip_gap

SLACK_ROWS = 3
"""How much earlier or later than its phone a closure may be."""
SILENCE, CLOSED = PHONES.index("sil"), PHONES.index("p")


class Heard(NamedTuple):
    """One clip of N rows at CLIP_FPS."""

    phones_right: NDArray[np.bool_]
    """(K,) of the rows whose phone is known."""
    gaps: NDArray[np.float32]
    """(2, M) lip gap of the model and of the clip in the rows with speech."""
    closures: list[bool]
    """Of each p, b, m whether the lips close."""


def hear(model: Model, clip: Clip, waveform: NDArray[np.float32]) -> Heard:
    """What a model makes of a waveform at CLIP_SAMPLE_RATE_HZ, against the clip that it comes from."""
    output = predict(model, resample_waveform(waveform, CLIP_SAMPLE_RATE_HZ, model.contract.sample_rate_hz))
    n_rows = min(len(clip.phones), len(clip.curves.values))
    said = clip.phones[:n_rows]
    gap = lip_gap(torch.from_numpy(sample_curves(output.curves, np.arange(n_rows) / CLIP_FPS))).numpy()
    wanted = lip_gap(torch.from_numpy(clip.curves.values[:n_rows])).numpy()
    known, speech = said != UNKNOWN_PHONE, said != SILENCE
    return Heard(
        phones_heard(output, n_rows)[known] == said[known],
        np.stack((gap[speech], wanted[speech])),
        [
            bool(gap[max(0, a - SLACK_ROWS) : b + SLACK_ROWS].min() < CONTACT_GAP)
            for a, b in zip(*runs(said == CLOSED), strict=True)
        ],
    )


def phones_heard(output: ModelOutput, n_rows: int) -> NDArray[np.int64]:
    """The most probable phone (n_rows,) at CLIP_FPS; ValueError when the model hears none."""
    if output.phones is None or output.phones.channels != PHONES:
        raise ValueError("This model does not hear the phones of the clips; name a model of trainer.voice_to_face.")
    nearest = np.rint(np.arange(n_rows) * output.phones.fps / CLIP_FPS).astype(int)
    return np.asarray(output.phones.values.argmax(axis=1)[nearest.clip(max=len(output.phones.values) - 1)])


def figures(model: Model, clips: list[Clip]) -> list[float]:
    """Phones right, lip gap r clean and through a telephone, closures found."""
    clean = [hear(model, clip, clip.waveform) for clip in clips]
    narrow = [hear(model, clip, telephone(clip.waveform, CLIP_SAMPLE_RATE_HZ)) for clip in clips]
    closures = [closed for heard in clean for closed in heard.closures]
    return [
        float(np.concatenate([heard.phones_right for heard in clean]).mean()),
        *(float(np.corrcoef(np.concatenate([heard.gaps for heard in part], axis=1))[0, 1]) for part in (clean, narrow)),
        float(np.mean(closures)),
    ]


def score_all(models: dict[str, Model], clips: Path, every: bool, at_most: int) -> None:
    """Print a row for every corpus and model."""
    folders = sorted(path for path in clips.glob("*") if path.is_dir())
    if not folders:
        raise ValueError(f"there are no prepared clips in {clips}; name their folder with --clips")
    rows = []
    for folder in tqdm(folders, unit="corpus"):
        paths = npz_files(folder) if every else list_clips(folder, validation=True)
        heard = [load_clip(path) for path in evenly_thinned(paths, at_most)]
        if any((clip.phones > SILENCE).any() for clip in heard):  # those of a captured face need not be known
            corpus = f"{folder.name}, {len(heard)}"
            rows += [(corpus, name, *(f"{f:.3f}" for f in figures(model, heard))) for name, model in models.items()]
    print_table(("corpus, clips", "model", "phones right", "lip gap r", "through a telephone", "closures found"), rows)


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODEL", type=Path, nargs="+")
    parser.add_argument("--clips", type=Path, default=Path("clips"))
    parser.add_argument("--all", action="store_true", help="every clip, not only those that training leaves out")
    parser.add_argument("--most", type=int, default=60, help="clips of each corpus (60)")
    arguments = parser.parse_args()
    try:
        models = {model_name(path): open_model(path, "CPU") for path in arguments.models}
        score_all(models, arguments.clips, arguments.all, arguments.most)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
