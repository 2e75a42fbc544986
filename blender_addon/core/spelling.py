"""Which sounds written words stand for: a small network that says for each letter none to three classes of sounds.

trainer/spelling trains it, for LANGUAGES; it needs numpy only.
"""

from __future__ import annotations

import json
import unicodedata
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .curves import Float32Array

MODEL = Path(__file__).parent.parent / "models" / "spelling.npz"
LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
}
"""IETF tag -> name."""
ALPHABET = " abcdefghijklmnopqrstuvwxyz'-àâãáäçèéêëìíîïñòóôõöœùúûüÿßæ"
"""What the network reads; a blank stands before and after each word, and for all that is not there."""
N_SLOTS = 3
"""Sounds that a letter may stand for, as the x of "box" for two and that of French "xérès" for more."""
N_LAYERS = 3
REACH = 2
"""Letters on either side that each layer sees."""


def words_of(text: str) -> list[str]:
    """The words of a text as they are read: small letters, without punctuation; numbers in digits are left out."""
    plain = unicodedata.normalize("NFC", text).lower().replace("\u2019", "'")
    words = ("".join(c for c in word if c.isalpha() or c in "'-") for word in plain.split())
    return [stripped for word in words if (stripped := word.strip("'-"))]


def encode(word: str) -> NDArray[np.int64]:
    """Places (L + 2,) in ALPHABET of the letters of a word; one that it lacks loses its accent, else is a blank."""
    letters = (c if c in ALPHABET else unicodedata.normalize("NFD", c)[0] for c in word.lower())
    return np.array([0, *(max(0, ALPHABET.find(c)) for c in letters), 0])


def sounds_of(word: str, language: str) -> list[str]:
    """The classes of sounds of a word in one of LANGUAGES, in order, none twice in a row; none for other scripts."""
    letters = encode(word)
    if not letters.any():
        return []
    arrays, phones = _network(MODEL)
    chosen = _scores(arrays, letters, list(LANGUAGES).index(language)).reshape(-1, len(phones) + 1).argmax(axis=1)
    heard = chosen[np.diff(chosen, prepend=-1) != 0]  # as connectionist temporal classification is read
    names = [phones[place - 1] for place in heard if place]
    return [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]


def _scores(arrays: dict[str, Float32Array], letters: NDArray[np.int64], language: int) -> Float32Array:
    """(L, N_SLOTS * (1 + P)) scores of nothing and of each class."""
    rows = arrays["letters.weight"][letters] + arrays["languages.weight"][language]
    for layer in range(N_LAYERS):
        padded = np.pad(rows, ((REACH, REACH), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * REACH + 1, axis=0)  # (L, F, window)
        weight = arrays[f"layers.{layer}.weight"]  # (G, F, window)
        heard = np.maximum(np.tensordot(windows, weight, axes=((1, 2), (1, 2))) + arrays[f"layers.{layer}.bias"], 0)
        rows = heard if rows.shape[1] != heard.shape[1] else rows + heard
    return np.asarray(rows @ arrays["out.weight"].T + arrays["out.bias"], np.float32)


@cache
def _network(path: Path) -> tuple[dict[str, Float32Array], tuple[str, ...]]:
    """Weights, and the classes of sounds that they know; ValueError when the file is missing or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            facts: dict[str, Any] = json.loads(str(stored["contract"]))
            arrays = {name: stored[name].astype(np.float32) for name in stored.files if name != "contract"}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path.name} is missing or damaged ({error}); install Voxkey again") from error
    if facts["alphabet"] != ALPHABET or facts["languages"] != list(LANGUAGES):
        raise ValueError(f"{path.name} was made for another Voxkey; install Voxkey again")
    return arrays, tuple(facts["phones"])
