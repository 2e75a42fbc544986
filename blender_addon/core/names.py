"""Names of shape keys and bones, found however a rig spells them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache


def match_names(wanted: Iterable[str], available: Iterable[str]) -> dict[str, str]:
    """Wanted name -> the available name that spells it, whatever its case, separators and side mark.

    jawOpen is found as JAWOPEN, jaw_open or a01_JawOpen; browDownLeft as browDown_L, L_brow_down or head.browDown.L. Of
    several, the very name wins, then one without a prefix, then the one whose prefix most names have, then the first.
    What nearly all names end in is left out.
    """
    names = tuple(available)
    spellings = _spellings(names)
    spelled = {name: _spelling(_words(name)) for name in wanted}
    ways = {spelling: spellings[spelling] for spelling in spelled.values() if spelling in spellings}
    counts = Counter(prefix for by_prefix in ways.values() for prefix in by_prefix)
    best = {
        spelling: by_prefix[min(by_prefix, key=lambda prefix: (len(prefix) > 0, -counts[prefix]))]
        for spelling, by_prefix in ways.items()
    }
    there = set(names)
    return {
        name: name if name in there else best[spelling]
        for name, spelling in spelled.items()
        if name in there or spelling in best
    }


@lru_cache(maxsize=100)
def _spellings(names: tuple[str, ...]) -> dict[str, dict[tuple[str, ...], str]]:
    """Spelling of a name or its last words -> words before it, numbers as #, -> the first such name."""
    found: dict[str, dict[tuple[str, ...], str]] = {}
    for name, words in _without_common_ending({name: _words(name) for name in names}).items():
        for start in range(len(words)):
            prefix = tuple("#" if word.isdigit() else word for word in words[:start])
            found.setdefault(_spelling(words[start:]), {}).setdefault(prefix, name)
    return found


_SIDES = {"l": "left", "r": "right", "左": "left", "右": "right"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[左右]|[^\W\d_A-Za-z左右]+")


@lru_cache(maxsize=100_000)
def _words(name: str) -> tuple[str, ...]:
    """Lower-case words of a name, l and r spelled out."""
    found = _WORD.findall(unicodedata.normalize("NFKC", name))
    return tuple(_SIDES.get(word.lower(), word.lower()) for word in found)


def _spelling(words: tuple[str, ...]) -> str:
    """The words as one, a side at the front moved to the end."""
    if len(words) > 1 and words[0] in _SIDES.values():
        words = (*words[1:], words[0])
    return "".join(words)


def _without_common_ending(words: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The names' words without a last one that nearly all share, unless it is a side."""
    last = Counter(name_words[-1] for name_words in words.values() if len(name_words) > 1)
    ending, count = last.most_common(1)[0] if last else ("", 0)
    if count < max(4, 0.8 * len(words)) or ending in _SIDES.values():
        return words
    cut = {name: w[:-1] if len(w) > 1 and w[-1] == ending else w for name, w in words.items()}
    return _without_common_ending(cut)
