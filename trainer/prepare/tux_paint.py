"""Tux Paint's stamps: what each of them shows, said by volunteers in ten languages; a model hears when.

Debian packages them (tuxpaint-stamps-default). Beside the picture of a stamp NAME lie NAME.txt, with a description
LANGUAGE.utf8=TEXT a line, and recordings of many of them, NAME_desc_LANGUAGE.ogg.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trainer.prepare.align import DEFAULT_MODEL
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import run_script
from trainer.prepare.transcribed import Transcript, prepare_languages, read_lines

CORPUS = "tux_paint"
LICENCE = "Tux Paint stamps, spoken descriptions by volunteers, GPL-2.0-or-later, https://tuxpaint.org"
LANGUAGES = ("be", "bg", "ca", "da", "el", "es", "fr", "nl", "ro", "ru")
"""IETF tags, which are also the names of the stamps' languages and of espeak-ng's voices."""
ASIDE = re.compile(r"\([^)]*\)")
"""Scientific names and the like, which are written but not said."""


@dataclass(frozen=True)
class Config:
    source: Path = Path("/usr/share/tuxpaint/stamps")
    """Folder of the stamps."""
    output: Path = Path("clips") / CORPUS
    """Folder for the clips."""
    languages: tuple[str, ...] = LANGUAGES
    """Those to prepare; one that is left out can score models as a voice that they never heard."""
    model: Path = DEFAULT_MODEL
    """Model file that hears phones."""


def description(stamp: Path, language: str) -> str:
    """What the text file of a stamp says it shows, without asides; empty where it has nothing in the language."""
    key = f"{language}.utf8="
    texts = (line.removeprefix(key) for line in read_lines(stamp) if line.startswith(key))
    return ASIDE.sub("", next(texts, "")).strip()


def transcripts(source: Path, language: str) -> Iterator[Transcript]:
    """The recorded descriptions in a language; those without a text are passed by."""
    ending = f"_desc_{language}.ogg"
    for sound in sorted(source.rglob(f"*{ending}")):
        stamp = sound.with_name(sound.name.removesuffix(ending) + ".txt")
        text = description(stamp, language) if stamp.exists() else ""
        if text:
            name = "-".join(stamp.relative_to(source).with_suffix("").parts)
            yield Transcript(f"{language}_{name}", f"{CORPUS}_{language}", sound, words_of(text, Voice(language)))


def main(config: Config) -> None:
    said = {language: list(transcripts(config.source, language)) for language in config.languages}
    if not any(said.values()):
        raise ValueError(
            f"{config.source} holds no recorded descriptions; install the Debian package tuxpaint-stamps-default, or "
            "name the folder of its stamps with --source."
        )
    prepare_languages(CORPUS, LICENCE, config.model, config.output, said)


if __name__ == "__main__":
    run_script(main, Config)
