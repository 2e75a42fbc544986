"""What models make of held-out clips, side by side, as one HTML page: figures a corpus, curves, phones, pictures.

    python -m trainer.report --models runs/a/model.onnx runs/b/model.onnx --clips clips --output report.html

The page holds everything it shows, so it can be sent and kept as one file.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import torch
import tyro
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves, sample_curves
from blender_addon.core.head import DEFAULT_HEAD, HeadMesh, read_head
from blender_addon.core.model import Model, open_model, predict
from blender_addon.core.wav import resample_waveform
from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, PHONES, Clip, evenly_thinned, list_clips, load_clip
from trainer.evaluate import CONTACT_GAP, closures, correlation, jitter, lip_gap, n_met
from trainer.sample_frames import render_frames

FPS = 50
"""All models and the clips are compared on this grid, whatever their own."""
QUIET_DB = -40.0
"""Loudness below that of the clip's loud parts under which nobody speaks."""
QUIET_REACH_SECONDS = 0.2
"""Time around sound in which a mouth still closes or opens already."""
N_PICTURES, PICTURE_PX = 8, 128
SHOWN_ROWS = slice(28, 124)
"""Of a picture: what fits beside the others without distortion, from the brows to the chin."""
FIGURES = {
    "correlation": "Pearson r of all labelled channels, pooled",
    "rmse": "root mean square error of the labelled channels",
    "jitter": "mean second difference in time, relative to the target's",
    "jaw_r": "Pearson r of jawOpen",
    "gap_r": "Pearson r of the gap between the lips",
    "pucker_r": "Pearson r of mouthPucker",
    "closure_recall": "the target's closures of the lips in speech that are met",
    "closure_precision": "closures that the target has too",
    "rest_in_silence": "part of the silent frames in which the lips touch",
    "phones_right": "frames in which the likeliest phone is the known one",
}
"""Columns of the tables."""
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1180px; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse } td, th { padding: .25em .8em; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left } tr.target { color: #888 } img { max-width: 100% }
"""


@dataclass(frozen=True)
class Performance:
    """One clip as one model, or the target itself, shows it; rows at FPS."""

    values: Tensor
    """(T, 51) in [0, 1], zero in the channels that the clip does not label."""
    targets: Tensor
    """(T, 51), zero in the same channels."""
    phones: Tensor | None
    """(T, 29) probabilities of PHONES, where the model gives them."""
    known_phones: Tensor
    """(T,) index into PHONES, -1 where unknown."""
    is_silent: Tensor
    """(T,) where nobody speaks, nor will or did shortly."""
    labelled: Tensor
    """(51,) channels that the clip says something about."""


def write_report(
    output: Path,
    model_paths: list[Path],
    corpora: dict[str, list[Clip]],
    n_examples: int = 2,
    head: Path = DEFAULT_HEAD,
) -> dict[str, dict[str, dict[str, float]]]:
    """Write the page about held-out clips by corpus, and return its figures: corpus -> model -> FIGURES it has.

    The first n_examples clips of each corpus are drawn; without the head's file they have no pictures, and a line says
    so. Raises ValueError when a model file can't be used or there are no clips.
    """
    if not any(corpora.values()):
        raise ValueError("there are no clips to report about; prepare a corpus first")
    models = {str(path.with_suffix("")): open_model(path, "CPU") for path in model_paths}
    face = _read_head(head)
    parts, figures = [], {}
    for corpus, clips in corpora.items():
        shows = {
            name: [_perform(model, clip) for clip in tqdm(clips, f"{corpus}, {name}")] for name, model in models.items()
        }
        shows["target"] = [target_of(clip) for clip in clips]
        figures[corpus] = {name: compare(performances) for name, performances in shows.items()}
        parts.append(f"<h2>{html.escape(corpus)}</h2>{_summary(clips)}{_table(figures[corpus])}")
        for index, clip in enumerate(clips[:n_examples]):
            examples = {name: performances[index] for name, performances in shows.items()}
            parts.append(_picture(draw_example(clip, examples, face)))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(_page(model_paths, parts), encoding="utf-8")
    return figures


def compare(performances: list[Performance]) -> dict[str, float]:
    """FIGURES of all clips of a corpus together; those that the clips or the model say nothing about are left out."""
    values, targets = (torch.cat([getattr(p, part) for p in performances]) for part in ("values", "targets"))
    jaw, pucker = (BLENDSHAPE_CHANNELS.index(name) for name in ("jawOpen", "mouthPucker"))
    labelled = torch.stack([p.labelled for p in performances]).any(dim=0)
    figures = {
        "correlation": correlation(values[:, labelled], targets[:, labelled]),
        "rmse": float((values - targets)[:, labelled].square().mean().sqrt()),
        "jitter": jitter(values[:, labelled], targets[:, labelled]),
        "jaw_r": correlation(values[:, [jaw]], targets[:, [jaw]]),
        "gap_r": correlation(lip_gap(values)[:, None], lip_gap(targets)[:, None]),
        "pucker_r": correlation(values[:, [pucker]], targets[:, [pucker]]),
    }
    figures |= _closure_figures(performances)
    silent = torch.cat([p.is_silent for p in performances])
    if silent.any():
        figures["rest_in_silence"] = float((lip_gap(values)[silent] < CONTACT_GAP).float().mean())
    return figures | _phone_figures(performances)


def _closure_figures(performances: list[Performance]) -> dict[str, float]:
    met = right = n_wanted = n_found = 0
    for performance in performances:
        wanted, found = (closures(lip_gap(values), FPS) for values in (performance.targets, performance.values))
        met, right = met + n_met(wanted, found, FPS), right + n_met(found, wanted, FPS)
        n_wanted, n_found = n_wanted + len(wanted), n_found + len(found)
    recall = {"closure_recall": met / n_wanted} if n_wanted else {}
    return recall | ({"closure_precision": right / n_found} if n_found else {})


def _phone_figures(performances: list[Performance]) -> dict[str, float]:
    right = [
        (p.phones.argmax(dim=1) == p.known_phones)[p.known_phones >= 0] for p in performances if p.phones is not None
    ]
    hits = torch.cat(right).float() if right else torch.zeros(0)
    return {"phones_right": float(hits.mean())} if len(hits) else {}


def _perform(model: Model, clip: Clip) -> Performance:
    waveform = resample_waveform(clip.waveform, CLIP_SAMPLE_RATE_HZ, model.contract.sample_rate_hz)
    output = predict(model, waveform)
    seconds = np.arange(_n_rows(clip)) / FPS
    values = _in_order(sample_curves(output.curves, seconds), output.curves.channels, BLENDSHAPE_CHANNELS)
    heard = output.phones
    phones = None if heard is None else _in_order(sample_curves(heard, seconds), heard.channels, PHONES)
    return performance_of(clip, values, phones)


def target_of(clip: Clip) -> Performance:
    """The clip as it should be shown."""
    return performance_of(clip, _targets(clip), None)


def performance_of(clip: Clip, values: Tensor, phones: Tensor | None) -> Performance:
    """The clip as a model shows it, from weights (T, 51) and probabilities of phones (T, 29) at FPS."""
    labelled = torch.from_numpy(clip.labelled)
    known = torch.from_numpy(clip.phones[_rows(clip)]).long()
    return Performance(values * labelled, _targets(clip) * labelled, phones, known, _is_silent(clip), labelled)


def _n_rows(clip: Clip) -> int:
    return len(clip.curves.values) * FPS // CLIP_FPS


def _rows(clip: Clip) -> NDArray[np.intp]:
    return np.arange(_n_rows(clip)) * (CLIP_FPS // FPS)


def _targets(clip: Clip) -> Tensor:
    return torch.from_numpy(clip.curves.values[_rows(clip)])


def _in_order(values: NDArray[np.float32], names: tuple[str, ...], wanted: tuple[str, ...]) -> Tensor:
    """Columns by name; zeros for those that are missing."""
    columns = [values[:, names.index(name)] if name in names else np.zeros(len(values), np.float32) for name in wanted]
    return torch.from_numpy(np.stack(columns, axis=1))


def _is_silent(clip: Clip) -> Tensor:
    """(T,) where for QUIET_REACH_SECONDS before and after no phone but silence is known.

    Where phones are unknown, the loudness stays QUIET_DB below the clip's loud parts instead.
    """
    hop = CLIP_SAMPLE_RATE_HZ // FPS
    n_rows = _n_rows(clip)
    samples = np.pad(clip.waveform, (0, max(0, n_rows * hop - len(clip.waveform))))[: n_rows * hop]
    power = torch.from_numpy(samples.reshape(n_rows, hop)).square().mean(dim=1)
    is_loud = power > torch.quantile(power, 0.95) * 10 ** (QUIET_DB / 10)
    known = torch.from_numpy(clip.phones[_rows(clip)])
    is_speech = torch.where(known >= 0, known != PHONES.index("sil"), is_loud).float()
    reach = round(QUIET_REACH_SECONDS * FPS)
    return torch.nn.functional.max_pool1d(is_speech[None], 2 * reach + 1, stride=1, padding=reach)[0] == 0


def draw_example(clip: Clip, performances: dict[str, Performance], head: HeadMesh | None) -> Figure:
    """One clip over time: pictures of every performance, waveform, jaw, lip gap, pucker, and phones where known."""
    heard = [(name, p) for name, p in performances.items() if p.phones is not None]
    n_faces = len(performances) if head else 0
    heights = [1.0] * n_faces + [0.5, 1.0, 1.0, 1.0] + [3.0] * len(heard)
    figure = Figure(figsize=(12, 1.25 * sum(heights)), layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    seconds = np.arange(_n_rows(clip)) / FPS
    figure.suptitle(f"{clip.name} ({clip.speaker}, {clip.language})")
    for ax, (name, performance) in zip(axes[:n_faces], performances.items(), strict=False):
        if head:
            _draw_faces(ax, name, performance, head)
    _draw_waveform(axes[n_faces], clip)
    _draw_curves(axes[n_faces + 1 : n_faces + 4], seconds, performances)
    for ax, (name, performance) in zip(axes[n_faces + 4 :], heard, strict=True):
        _draw_phones(ax, name, performance)
    axes[-1].set_xlim(0, len(seconds) / FPS)
    axes[-1].set_xlabel("seconds")
    return figure


def _draw_faces(ax: Axes, name: str, performance: Performance, head: HeadMesh) -> None:
    """Pictures at even times, each in the middle of the time it stands for."""
    n_rows = len(performance.values)
    rows = ((np.arange(N_PICTURES) + 0.5) * n_rows / N_PICTURES).astype(int)
    curves = Curves(performance.values[torch.from_numpy(rows)].numpy(), BLENDSHAPE_CHANNELS, FPS)
    strip = np.concatenate(list(render_frames(head, curves, PICTURE_PX)[:, SHOWN_ROWS]), axis=1)
    ax.imshow(strip, extent=(0, n_rows / FPS, 0, 1), aspect="auto")
    ax.set_yticks([])
    ax.set_title(name, loc="left", fontsize="small")


def _draw_waveform(ax: Axes, clip: Clip) -> None:
    ax.plot(np.arange(len(clip.waveform)) / CLIP_SAMPLE_RATE_HZ, clip.waveform, color="0.5", linewidth=0.3)
    ax.set_yticks([])


def _draw_curves(axes: Iterable[Axes], seconds: NDArray[np.float64], performances: dict[str, Performance]) -> None:
    """Jaw, lip gap with the target's closures shaded, and pucker."""
    jaw, pucker = (BLENDSHAPE_CHANNELS.index(name) for name in ("jawOpen", "mouthPucker"))
    jaw_axes, gap_axes, pucker_axes = axes
    for name, performance in performances.items():
        look = {"color": "black", "linewidth": 1.6} if name == "target" else {"linewidth": 1.2}
        values = performance.values
        jaw_axes.plot(seconds, values[:, jaw], label=name, **look)
        gap_axes.plot(seconds, lip_gap(values), **look)
        pucker_axes.plot(seconds, values[:, pucker], **look)
    for start, stop in closures(lip_gap(performances["target"].values), FPS):
        gap_axes.axvspan(start / FPS, stop / FPS, color="tab:red", alpha=0.25, linewidth=0)
    gap_axes.axhline(CONTACT_GAP, color="tab:red", linewidth=0.6)
    jaw_axes.legend(loc="upper right", fontsize="small", ncols=len(performances))
    for ax, label in ((jaw_axes, "jawOpen"), (gap_axes, "lip gap"), (pucker_axes, "mouthPucker")):
        ax.set_ylabel(label)
        ax.set_ylim(bottom=0)


def _draw_phones(ax: Axes, name: str, performance: Performance) -> None:
    """Posteriors as a strip, with the known phones as a line."""
    assert performance.phones is not None
    n_rows, n_phones = performance.phones.shape
    extent = (0, n_rows / FPS, n_phones - 0.5, -0.5)
    ax.imshow(performance.phones.T, extent=extent, aspect="auto", cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    known = np.where(performance.known_phones >= 0, performance.known_phones, np.nan)
    ax.step(np.arange(n_rows) / FPS, known, where="post", color="tab:red", linewidth=0.8)
    ax.set_yticks(range(n_phones), PHONES, fontsize=6)
    ax.set_title(f"{name}: phones heard, and known (red)", loc="left", fontsize="small")


def _read_head(path: Path) -> HeadMesh | None:
    if path.is_file():
        return read_head(path)
    print(f"There is no head {path}, so the report has no pictures; python -m rigs.head_mesh writes one.")
    return None


def _page(model_paths: list[Path], parts: list[str]) -> str:
    when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    models = "".join(f"<li>{html.escape(str(path))}</li>" for path in model_paths)
    meanings = "".join(f"<li><b>{name}</b>: {meaning}</li>" for name, meaning in FIGURES.items())
    head = f'<!doctype html><meta charset="utf-8"><title>Voxkey report</title><style>{STYLE}</style>'
    return f"{head}<h1>Held-out clips, {when}</h1><ul>{models}</ul><h2>Figures</h2><ul>{meanings}</ul>{''.join(parts)}"


def _summary(clips: list[Clip]) -> str:
    minutes = sum(len(clip.waveform) for clip in clips) / CLIP_SAMPLE_RATE_HZ / 60
    speakers = {clip.speaker for clip in clips}
    return f"<p>{len(clips)} clips, {minutes:.1f} min, {len(speakers)} speaker(s).</p>"


def _table(figures: dict[str, dict[str, float]]) -> str:
    columns = [name for name in FIGURES if any(name in row for row in figures.values())]
    header = "".join(f"<th>{name}</th>" for name in columns)
    rows = "".join(
        f'<tr class="{"target" if name == "target" else "model"}"><td>{html.escape(name)}</td>'
        + "".join(f"<td>{row[column]:.3f}</td>" if column in row else "<td></td>" for column in columns)
        + "</tr>"
        for name, row in figures.items()
    )
    return f"<table><tr><th></th>{header}</tr>{rows}</table>"


def _picture(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return f'<p><img src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"></p>'


def main(
    models: list[Path],
    clips: Path = Path("clips"),
    output: Path = Path("out/report.html"),
    clips_per_corpus: int = 40,
    n_examples: int = 2,
    head: Path = DEFAULT_HEAD,
) -> None:
    """Report what models make of held-out clips.

    Args:
        models: Model files to compare.
        clips: Folder of prepared clips, one folder a corpus.
        output: HTML page to write.
        clips_per_corpus: At most so many clips of each corpus, evenly spread.
        n_examples: Clips of each corpus that are drawn.
        head: Head mesh for the pictures.
    """
    corpora: dict[str, list[Clip]] = {}
    for folder in sorted(path for path in clips.glob("*") if path.is_dir()):
        paths = list_clips(folder, validation=True)
        thinned = evenly_thinned(paths, clips_per_corpus)
        if thinned:
            corpora[folder.name] = [load_clip(path) for path in thinned]
    figures = write_report(output, models, corpora, n_examples, head)
    for corpus, rows in figures.items():
        for name, row in rows.items():
            print(f"{corpus:18} {name:28} " + "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    print(f"Wrote {output}.")


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
