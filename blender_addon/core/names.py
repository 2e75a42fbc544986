"""Names of shape keys and bones: found however a rig spells them, and listed in sentences."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise


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


def most_alike(names: Iterable[str], choices: Mapping[str, Iterable[str]]) -> str | None:
    """The choice whose own names share most with the given ones: alice_02.wav finds the choice with Alice_Rig.

    Words that several choices have say nothing, nor do numbers alone; None when nothing is shared, or as much by two.
    """
    marks = {choice: {mark for name in own for mark in _marks(name)} for choice, own in choices.items()}
    counts = Counter(mark for own in marks.values() for mark in own)
    given = [(set(_marks(name)), "".join(_words(name))) for name in names]
    scores = {
        choice: sum(len(mark) for mark in own if counts[mark] == 1 and any(_is_in(mark, *text) for text in given))
        for choice, own in marks.items()
    }
    best = sorted(scores, key=lambda choice: -scores[choice])[:2]
    is_clear = best and scores[best[0]] > (scores[best[1]] if len(best) > 1 else 0)
    return best[0] if is_clear else None


def _marks(name: str) -> list[str]:
    """Words of a name that may tell it from others, and each word with the number that follows it: head, head2."""
    words = _words(name)
    numbered = [word + number for word, number in pairwise(words) if number.isdigit()]
    return [word for word in words if not word.isdigit() and (len(word) > 2 or not word.isascii())] + numbered


def _is_in(mark: str, marks: set[str], text: str) -> bool:
    """Whether a mark is one of a name's, or long enough to be recognised inside of a word."""
    return mark in marks or (len(mark) > 3 and not mark[-1].isdigit() and mark in text)


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


def listing(names: Iterable[str]) -> str:
    """Up to three names, then how many more."""
    known = list(names)
    more = f" and {len(known) - 3} more" if len(known) > 3 else ""
    return ", ".join(known[:3]) + more
