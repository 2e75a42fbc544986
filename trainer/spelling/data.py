"""Words with their sounds: the most frequent ones of each language, as espeak-ng says them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import wordfreq
from torch import Tensor
from tqdm import tqdm

from blender_addon.core.articulation import PHONE_CLASSES, PHONES, letters_of
from blender_addon.core.spelling import LANGUAGES, N_SLOTS, encode, words_of
from trainer.prepare.espeak import pronounce

VOICES = {"en": "en-us", "de": "de", "fr": "fr", "es": "es", "it": "it", "nl": "nl", "pt": "pt-br"}
"""Language -> the voice of espeak-ng that says its words."""
HELD_OUT_EVERY = 20
"""Of the words of a language, by frequency, every so-many-th is for validation."""


class Word(NamedTuple):
    spelling: str
    language: str
    sounds: list[int]
    """Indices into PHONES, none twice in a row."""
    weight: float
    """How often it is drawn: the logarithm of its frequency on the scale of Zipf, 1 to 8."""


class Batch(NamedTuple):
    letters: Tensor
    """(B, L) places in ALPHABET, blank after the end."""
    lengths: Tensor
    """(B,) letters of each word with the blanks before and after it."""
    languages: Tensor
    """(B,)"""
    sounds: Tensor
    """Classes of all words one after the other, counted from 1."""
    n_sounds: Tensor
    """(B,)"""


def classes_of(names: list[str]) -> list[int]:
    """Indices into PHONES of phone names in IPA, none twice in a row."""
    return _once([PHONE_CLASSES[letter] for name in names for letter in letters_of(name)])


def _once(classes: list[int]) -> list[int]:
    """Without those that repeat the one before."""
    return [c for i, c in enumerate(classes) if i == 0 or c != classes[i - 1]]


def vocabulary(n_words: int) -> list[Word]:
    """The n most frequent words of every language that are spelled with letters and that a voice says."""
    words = []
    for language, voice in VOICES.items():
        for spelling in tqdm(wordfreq.top_n_list(language, n_words), desc=LANGUAGES[language], unit="word"):
            if words_of(spelling) != [spelling]:
                continue
            sounds = classes_of(pronounce(spelling, voice))
            if 0 < len(sounds) <= N_SLOTS * len(spelling):
                words.append(Word(spelling, language, sounds, wordfreq.zipf_frequency(spelling, language)))
    return words


def split(words: list[Word]) -> tuple[list[Word], list[Word]]:
    """Words to train on and words held out."""
    return [w for i, w in enumerate(words) if i % HELD_OUT_EVERY], words[::HELD_OUT_EVERY]


def fake_vocabulary() -> list[Word]:
    """Words whose letters sound as they are named, to see that everything runs."""
    generator = np.random.default_rng(0)
    sound_of = {letter: PHONES.index(letter) for letter in "aeioupftlskjw"}
    spellings = ["".join(generator.choice(list(sound_of), 5)) for _ in range(400)]
    languages = list(LANGUAGES)
    return [
        Word(spelling, languages[i % len(languages)], _once([sound_of[letter] for letter in spelling]), 1.0)
        for i, spelling in enumerate(spellings)
    ]


def make_batch(words: list[Word]) -> Batch:
    letters = [torch.from_numpy(encode(word.spelling)) for word in words]
    return Batch(
        letters=torch.nn.utils.rnn.pad_sequence(letters, batch_first=True),
        lengths=torch.tensor([len(row) for row in letters]),
        languages=torch.tensor([list(LANGUAGES).index(word.language) for word in words]),
        sounds=torch.tensor([1 + sound for word in words for sound in word.sounds]),
        n_sounds=torch.tensor([len(word.sounds) for word in words]),
    )
