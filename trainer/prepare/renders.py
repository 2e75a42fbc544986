"""Renders: characters that speak, drawn by Blender, as pictures with exact landmarks (core/frames.py).

This decides who says what: the mouth follows real and synthetic speech of prepared clips, the add-on's own life adds
blinks, gaze, brows and head motion, and a feeling comes and goes. `rigs.renders` draws it, in a process of its own,
since nothing of the trainer imports Blender. Shots that are there are kept, so a stopped run goes on where it was.

Frames of a shot lie FRAME_SECONDS apart: neighbours of a film say nearly the same, and every frame costs a render.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.shaping import Shaping, head_curves, shape_curves
from trainer.clips import CLIP_FPS, list_clips, load_clip
from trainer.prepare.sources import run_script

PROJECT = Path(__file__).parents[2]
FRAME_SECONDS = 0.12
LID_SHARE = 0.1
"""Frames with lids on their way down, besides the blinks, which are too short to be learned from a few frames."""
FEELINGS: dict[str, dict[str, float]] = {
    "calm": {},
    "joy": {"mouthSmile": 0.6, "cheekSquint": 0.5, "eyeSquint": 0.3},
    "sadness": {"browInnerUp": 0.8, "mouthFrown": 0.5},
    "anger": {"browDown": 0.9, "noseSneer": 0.4, "eyeSquint": 0.3},
    "surprise": {"browInnerUp": 0.7, "browOuterUp": 0.8, "eyeWide": 0.6},
}
"""Feeling -> weight of channels, of both sides where there are two, at its height."""


@dataclass(frozen=True)
class Config:
    clips: Path = Path("clips")
    """Folder of prepared clips, whose mouths the characters make."""
    output: Path = Path("faces/frames/renders")
    """Folder for the frames, one file a shot."""
    facekit: Path | None = None
    """Data of ICT-FaceKit (rigs/README.md), for realistic heads."""
    toons: int = 40
    """Characters made from the default head."""
    realistic: int = 40
    """Characters made from ICT-FaceKit, if there is data."""
    shots: int = 3
    """Of each character, each with another light, backdrop, camera and feeling."""
    frames: int = 32
    """Of each shot."""


def main(config: Config) -> None:
    if importlib.util.find_spec("bpy") is None:
        raise ValueError("There is no Blender in this Python; install the extra voxkey[blender].")
    clips = list_clips(config.clips, validation=False)
    if not clips:
        raise ValueError(f"{config.clips} holds no clips; make some with python -m trainer.prepare.synthetic_speech.")
    names = [f"toon_{i:03d}" for i in range(config.toons)]
    names += [f"ict_{i:03d}" for i in range(config.realistic if config.facekit else 0)]
    rounds = [[(f"{name}_{shot:02d}", name) for name in names] for shot in range(config.shots)]
    with tqdm(total=len(names) * config.shots, desc="renders", unit="shot") as bar:
        for shots in rounds:  # all characters once, then again: a run that is stopped has some of each
            missing = [(shot, name) for shot, name in shots if not (config.output / f"{shot}.npz").exists()]
            bar.update(len(shots) - len(missing))
            if missing:
                _render(missing, clips, config, bar)


def performance(name: str, clips: list[Path], n_frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (N, 51) and turns of the head (N, 3) in radians, that the name of a shot decides."""
    lot = np.random.default_rng([*name.encode()])
    step = round(FRAME_SECONDS * CLIP_FPS)
    rows: list[NDArray[np.float32]] = []
    turns: list[NDArray[np.float32]] = []
    while sum(map(len, rows)) < n_frames:
        curves = load_clip(clips[lot.integers(len(clips))]).curves
        shaping = Shaping(strength=lot.uniform(0.8, 1.2), head=lot.uniform(0.5, 2.0), seed=int(lot.integers(2**31)))
        start = lot.integers(step)
        rows.append(shape_curves(curves, shaping).values[start::step])
        turns.append(head_curves(curves, shaping).values[start::step])
    values = np.concatenate(rows)[:n_frames]
    _lower_lids(values, lot)
    return _felt(values, lot), np.concatenate(turns)[:n_frames]


def _lower_lids(values: NDArray[np.float32], lot: np.random.Generator) -> None:
    lowered = np.where(lot.random(len(values)) < LID_SHARE, lot.uniform(0.2, 1.0, len(values)), 0.0)
    for channel in ("eyeBlinkLeft", "eyeBlinkRight"):
        column = BLENDSHAPE_CHANNELS.index(channel)
        values[:, column] = np.maximum(values[:, column], lowered)


def _felt(values: NDArray[np.float32], lot: np.random.Generator) -> NDArray[np.float32]:
    """Weights (N, 51) with a feeling that rises and falls."""
    feeling = FEELINGS[str(lot.choice(list(FEELINGS)))]
    course = lot.uniform(0.4, 1.0) * np.sin(np.linspace(0, np.pi, len(values)) + lot.uniform(-0.8, 0.8)).clip(0)
    felt = values.copy()
    for index, channel in enumerate(BLENDSHAPE_CHANNELS):
        felt[:, index] += feeling.get(channel.removesuffix("Left").removesuffix("Right"), 0.0) * course
    return np.asarray(felt.clip(0, 1), np.float32)


def _render(shots: list[tuple[str, str]], clips: list[Path], config: Config, bar: tqdm) -> None:
    """Have Blender draw shots, (name, character) each, moving the bar; ValueError with its last words if it stops."""
    with tempfile.TemporaryDirectory() as folder:
        for name, character in shots:
            values, turns = performance(name, clips, config.frames)
            facts = json.dumps({"name": name, "character": character})
            np.savez(Path(folder) / f"{name}.npz", facts=facts, values=values, turns=turns)
        _run_blender(Path(folder), config, bar)


def _run_blender(folder: Path, config: Config, bar: tqdm) -> None:
    command = [sys.executable, "-m", "rigs.renders", "--shots", str(folder), "--output", str(config.output.resolve())]
    if config.facekit:
        command += ["--facekit", str(config.facekit.resolve())]
    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=complaints, text=True) as blender:
            assert blender.stdout is not None  # it is a pipe
            for line in blender.stdout:
                bar.update(line.startswith("done "))
        complaints.seek(0)
        words = complaints.read().splitlines()
    if blender.returncode:
        raise ValueError(words[-1] if words else f"Blender stopped with {blender.returncode}; run the command again.")


if __name__ == "__main__":
    run_script(main, Config)
