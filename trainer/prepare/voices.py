"""The voices that read: languages of espeak-ng with our texts for them, and variants that change who speaks."""

from __future__ import annotations

from typing import NamedTuple


class Language(NamedTuple):
    tag: str
    """IETF tag."""
    voice: str
    """Name of the espeak-ng voice."""
    texts: str
    """File in texts/."""
    share: float
    """How many clips it gets, in proportion to the others."""


MAIN_LANGUAGES = (
    Language("en-US", "en-us", "en", 14),
    Language("en-GB", "en", "en", 10),
    Language("en-GB", "en-gb-x-rp", "en", 5),
    Language("en-GB-scotland", "en-gb-scotland", "en", 4),
    Language("en-GB", "en-gb-x-gbclan", "en", 3),
    Language("en-GB", "en-gb-x-gbcwmd", "en", 2),
    Language("en-029", "en-029", "en", 2),
    Language("de-DE", "de", "de", 4),
    Language("fr-FR", "fr", "fr", 4),
    Language("es-ES", "es", "es", 2),
    Language("es-419", "es-419", "es", 2),
    Language("it-IT", "it", "it", 3),
    Language("pt-BR", "pt-br", "pt", 2),
    Language("pt-PT", "pt", "pt", 1.5),
    Language("nl-NL", "nl", "nl", 4),
    Language("cmn-CN", "cmn", "cmn", 5),
    Language("ja-JP", "ja", "ja", 3),
    Language("ru-RU", "ru", "ru", 3),
    Language("pl-PL", "pl", "pl", 2),
)
_OTHER_LANGUAGES = "ar bg bn ca cs da el fa fi hi hr hu id ko nb ro sv sw ta tr uk vi"
LANGUAGES = MAIN_LANGUAGES + tuple(Language(name, name, name, 1) for name in _OTHER_LANGUAGES.split())

_VARIANTS = (
    "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 croak klatt klatt2 klatt3 klatt4 adam Alicia Andrea Andy Annie anika aunty "
    "belinda benjamin boris caleb david Denis ed edward grandma grandpa gustave ian iven iven2 john linda Mario max "
    "Michael miguel Mike norbert pablo paul pedro quincy rob robert sandro shelby steph steph2 travis victor zac"
)
VARIANTS = tuple(_VARIANTS.split())
"""Each has formants and a timbre of its own, and works with every language."""
