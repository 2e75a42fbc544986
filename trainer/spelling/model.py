"""Letters to sounds: three convolutions over the letters of a word, none to three sounds a letter.

blender_addon.core.spelling computes the same in numpy.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from blender_addon.core.articulation import PHONES
from blender_addon.core.spelling import ALPHABET, LANGUAGES, N_LAYERS, N_SLOTS, REACH

N_CLASSES = len(PHONES) + 1
"""All phone classes, after the class 0 for nothing, the blank of connectionist temporal classification."""


class SpellingNetwork(nn.Module):
    """Letters (B, L) and languages (B,) -> log probabilities (B, L * N_SLOTS, N_CLASSES)."""

    def __init__(self, n_features: int, n_letter_features: int) -> None:
        super().__init__()
        widths = [n_letter_features, *N_LAYERS * [n_features]]
        self.letters = nn.Embedding(len(ALPHABET), n_letter_features)
        self.languages = nn.Embedding(len(LANGUAGES), n_letter_features)
        self.layers = nn.ModuleList(
            nn.Conv1d(before, after, 2 * REACH + 1, padding=REACH) for before, after in pairwise(widths)
        )
        self.out = nn.Linear(n_features, N_SLOTS * N_CLASSES)
        self.dropout = nn.Dropout(0.05)

    def forward(self, letters: Tensor, languages: Tensor, lengths: Tensor) -> Tensor:
        """lengths (B,) say how many of the letters are there; the rest of each row is as nothing."""
        there = (torch.arange(letters.shape[1]) < lengths[:, None]).unsqueeze(1)
        rows = (self.letters(letters) + self.languages(languages).unsqueeze(1)).transpose(1, 2) * there
        for layer in self.layers:
            heard = self.dropout(layer(rows).relu())
            rows = (heard if rows.shape[1] != heard.shape[1] else rows + heard) * there
        scores: Tensor = self.out(rows.transpose(1, 2))
        return scores.reshape(len(letters), -1, N_CLASSES).log_softmax(dim=2)
