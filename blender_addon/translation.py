"""Voxkey in other languages: labels and tooltips through Blender, and the sentences that Blender can't find.

Blender looks up whole texts. Sentences with names and numbers in them are looked up as templates, where each is {}.
A language is a dictionary of English texts and templates; a new one is a module like translation_de and a line here.
"""

# The bpy stubs know translations only in part.
# mypy: disable-error-code="attr-defined, arg-type"

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import bpy

from .translation_de import GERMAN

LANGUAGES: dict[str, dict[str, str]] = {"de_DE": GERMAN, "de": GERMAN}
"""Locale as Blender names it -> English -> translation."""
WORDS = 8
"""Characters of its own that a template needs to take whole sentences into its places."""
CONTEXTS = ("*", "Operator", "Voxkey")
"""Blender looks up the labels of operators in the second, most else in the first, where it finds its own translation
before ours; the third is for properties whose name means something else to Blender, as Face does."""


def attach() -> None:
    """Hand the dictionaries to Blender."""
    tables = {
        locale: {(context, english): text for english, text in entries.items() for context in CONTEXTS}
        for locale, entries in LANGUAGES.items()
    }
    bpy.app.translations.register(__name__, tables)


def detach() -> None:
    bpy.app.translations.unregister(__name__)


def translated(sentence: str) -> str:
    """A sentence in the language of the interface, names and numbers in it left alone; English where none is known."""
    entries = LANGUAGES.get(bpy.app.translations.locale)
    if entries is None:
        return sentence
    return translate(sentence, tuple(entries), bpy.app.translations.pgettext_rpt)


def translate(sentence: str, known: tuple[str, ...], look_up: Callable[[str], str]) -> str:
    """A sentence by the known texts and templates; what stands in the places of a template is translated too.

    One that is put together of others by semicolons is translated part by part.
    """
    whole = look_up(sentence)
    if whole != sentence:
        return whole
    for template, pattern in _patterns(known):
        found = pattern.fullmatch(sentence)
        if found:
            return look_up(template).format(*(_part(part, known, look_up) for part in found.groups()))
    first, semicolon, rest = sentence.partition("; ")
    return f"{translate(first, known, look_up)}; {translate(rest, known, look_up)}" if semicolon else sentence


def _part(part: str, known: tuple[str, ...], look_up: Callable[[str], str]) -> str:
    """What stands in a place: a sentence is translated, a name is not, even if it is Head."""
    return translate(part, known, look_up) if part.count(" ") > 1 else part


@cache
def _patterns(known: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Templates, those with the most words of their own first, and what they match."""
    templates = sorted((text for text in known if "{}" in text), key=len, reverse=True)
    return [(text, _pattern(text)) for text in templates]


def _pattern(template: str) -> re.Pattern[str]:
    """What a template matches; one with hardly a word of its own takes single words and numbers only."""
    parts = template.split("{}")
    anything = "(.+?)" if sum(map(len, parts)) >= WORDS else r"(\S+)"
    return re.compile(anything.join(map(re.escape, parts)), re.DOTALL)
