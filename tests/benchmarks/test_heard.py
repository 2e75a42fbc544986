"""The command that scores what models hear in voices whose phones are known."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from blender_addon.generation import DEFAULT_MODEL
from trainer.clips import list_clips, npz_files, save_clip
from trainer.prepare.synthetic_speech import Config, make_clip

BLENDSHAPES_ALONE = DEFAULT_MODEL.with_name("blendshape_attention.onnx")


def heard(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.heard", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rows(printed: str) -> dict[str, list[float]]:
    """Figures by corpus."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.strip().splitlines()[2:]]
    return {cell[0].partition(",")[0]: [float(figure) for figure in cell[2:]] for cell in cells}


def test_what_is_said_is_told_from_what_is_not(tmp_path: Path) -> None:
    """A model that hears finds the phones of clips, and not those of other clips with the same sound."""
    for i in range(3):
        clip = make_clip(i, Config())
        save_clip(tmp_path / "right", clip)
        save_clip(tmp_path / "wrong", replace(clip, waveform=clip.waveform[::-1].copy()))
    scored = heard(DEFAULT_MODEL, "--clips", tmp_path, "--all")
    assert scored.returncode == 0, scored.stderr
    right, wrong = (np.array(rows(scored.stdout)[name]) for name in ("right", "wrong"))
    assert (right > [0.8, 0.9, 0.8, 0.9]).all()
    assert (wrong < right - 0.2).all()


def test_clips_that_are_trained_on_are_not_heard(tmp_path: Path) -> None:
    clip = make_clip(0, Config())
    for i in range(40):
        save_clip(tmp_path / "corpus", replace(clip, name=f"clip_{i}"))
    n_held_out = len(list_clips(tmp_path / "corpus", validation=True))
    assert 0 < n_held_out < len(npz_files(tmp_path / "corpus"))
    assert f"| corpus, {n_held_out} | voice_to_face |" in heard(DEFAULT_MODEL, "--clips", tmp_path).stdout


def test_what_cannot_be_scored_is_named(tmp_path: Path) -> None:
    empty = heard(DEFAULT_MODEL, "--clips", tmp_path)
    assert empty.returncode == 1
    assert f"error: there are no prepared clips in {tmp_path}; name their folder with --clips" in empty.stderr
    save_clip(tmp_path / "corpus", make_clip(0, Config()))
    deaf = heard(BLENDSHAPES_ALONE, "--clips", tmp_path, "--all")
    assert deaf.returncode == 1
    assert "error: This model does not hear the phones of the clips" in deaf.stderr
