"""Files of frames (core/frames.py) by who is seen in them, on either side of the one split by characters."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from trainer.clips import VALIDATION_PERCENT, npz_files

SCORING = "scoring"
"""In the path of pictures that score models."""


def files_by_character(folder: Path, validation: bool) -> dict[str, list[Path]]:
    """The files of frames below a folder by who is seen, of the characters on one side of the split."""
    characters = defaultdict(list)
    for path in npz_files(folder):
        if SCORING not in path.relative_to(folder).parts:
            characters[_character(path)].append(path)
    return {
        character: paths
        for character, paths in characters.items()
        if (zlib.crc32(character.encode()) % 100 < VALIDATION_PERCENT) == validation
    }


def files_to_learn_from(folder: Path) -> list[Path]:
    """The files of frames below a folder of the characters that are learned from; ValueError when there are none."""
    files = [path for paths in files_by_character(folder, validation=False).values() for path in paths]
    if not files:
        raise ValueError(f"there are no frames in {folder}; run trainer.prepare.grid_video or trainer.prepare.renders")
    return files


def _character(path: Path) -> str:
    """Who is seen in a file of frames, without reading the pictures."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return str(json.loads(str(arrays["facts"]))["character"])
    except (KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} holds no frames with landmarks ({error}); render them again") from error
