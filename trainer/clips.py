"""Clips: prepared training examples, one .npz file each, all on the same audio rate and the same time grid."""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blender_addon.core.articulation import PHONES as PHONES
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves

CLIP_SAMPLE_RATE_HZ = 24_000
"""Divides by 25, 30, 50, 60 and 100 frames a second, and holds all of the 16 and 22.05 kHz sources."""
CLIP_FPS = 100
"""Finer than any source or model, so that sampling a model's own grid from it loses nothing."""
VALIDATION_PERCENT = 8
VARIANT_MARK = "@"
"""In the name of a clip: what follows tells variants of one recording apart."""
UNKNOWN_PHONE = -1


@dataclass(frozen=True)
class Clip:
    """One recording with its targets. Row i of curves belongs to second i / CLIP_FPS of the waveform."""

    name: str
    corpus: str
    speaker: str
    language: str
    """IETF tag, such as en-GB."""
    licence: str
    """Licence and attribution of the source, as the model card prints it."""
    waveform: NDArray[np.float32]
    """(S,) mono in [-1, 1] at CLIP_SAMPLE_RATE_HZ."""
    curves: Curves
    """(T, 51) in [0, 1] at CLIP_FPS, channels in the order of BLENDSHAPE_CHANNELS."""
    labelled: NDArray[np.bool_]
    """(51,) channels that the source says something about; the others are zero and mean nothing."""
    phones: NDArray[np.int8]
    """(T,) indices into PHONES at CLIP_FPS, UNKNOWN_PHONE where the source does not say which sound is heard."""


def unknown_phones(n_frames: int) -> NDArray[np.int8]:
    """Phones (T,) of a source that knows none."""
    return np.full(n_frames, UNKNOWN_PHONE, np.int8)


def save_clip(folder: Path, clip: Clip) -> Path:
    """Write folder/name.npz (created where missing), at once or not at all, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{clip.name}.npz"
    partial = path.with_suffix(".partial")
    facts = {key: getattr(clip, key) for key in ("name", "corpus", "speaker", "language", "licence")}
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            facts=json.dumps(facts),
            waveform=(np.clip(clip.waveform, -1, 1) * 32767).astype(np.int16),
            values=clip.curves.values.astype(np.float16),
            labelled=clip.labelled,
            phones=clip.phones,
        )
    partial.replace(path)
    return path


def load_clip(path: Path) -> Clip:
    """Read what save_clip wrote; ValueError when the file is no clip."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Clip(
                **json.loads(str(arrays["facts"])),
                waveform=arrays["waveform"].astype(np.float32) / 32767,
                curves=Curves(arrays["values"].astype(np.float32), BLENDSHAPE_CHANNELS, CLIP_FPS),
                labelled=arrays["labelled"],
                phones=arrays["phones"],
            )
    except (KeyError, OSError, TypeError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a prepared clip ({error}); prepare the corpus again") from error


def list_clips(folder: Path, validation: bool) -> list[Path]:
    """The clips below folder of one side of the split, sorted.

    A clip's side follows from its name up to VARIANT_MARK alone.
    """
    return [
        path
        for path in npz_files(folder)
        if (zlib.crc32(path.stem.partition(VARIANT_MARK)[0].encode()) % 100 < VALIDATION_PERCENT) == validation
    ]


def npz_files(folder: Path) -> list[Path]:
    """The .npz files below a folder, sorted; also through links, as corpora may lie on other disks."""
    found = glob("**/*.npz", root_dir=folder, recursive=True)  # noqa: PTH207  (Path.rglob passes by links)
    return sorted(folder / name for name in found)


def evenly_thinned(paths: list[Path], at_most: int) -> list[Path]:
    """Every n-th path, so that no more than at_most are left."""
    return paths[:: -(-len(paths) // at_most) or 1]


def fake_clips(n_clips: int, seed: int = 0) -> list[Clip]:
    """Clips of noise bursts that jaw and phones follow: enough to run and test a trainer without any corpus."""
    generator = np.random.default_rng(seed)
    return [_fake_clip(f"fake_{i:03d}", generator) for i in range(n_clips)]


def _fake_clip(name: str, generator: np.random.Generator) -> Clip:
    n_frames = int(generator.integers(200, 300))
    jaw = np.clip(np.sin(np.arange(n_frames) / generator.uniform(4, 8)), 0, 1)
    loudness = np.repeat(jaw, CLIP_SAMPLE_RATE_HZ // CLIP_FPS)
    loud_phones = np.array([PHONES.index(name) for name in ("sil", "ə", "a")], np.int8)
    values = np.zeros((n_frames, len(BLENDSHAPE_CHANNELS)), np.float32)
    values[:, BLENDSHAPE_CHANNELS.index("jawOpen")] = jaw
    return Clip(
        name=name,
        corpus="fake",
        speaker="noise",
        language="zxx",
        licence="none",
        waveform=(0.3 * loudness * generator.standard_normal(len(loudness))).clip(-1, 1).astype(np.float32),
        curves=Curves(values, BLENDSHAPE_CHANNELS, CLIP_FPS),
        labelled=np.ones(len(BLENDSHAPE_CHANNELS), bool),
        phones=loud_phones[np.digitize(jaw, (0.05, 0.7))],
    )
