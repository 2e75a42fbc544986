"""KLettres: letters, syllables and short words, said by a volunteer in each of nineteen languages; a model hears when.

Debian packages it (klettres-data). LANGUAGE/sounds.xml names the text and the file of every recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from trainer.prepare.align import DEFAULT_MODEL
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import run_script
from trainer.prepare.transcribed import Transcript, prepare_languages

CORPUS = "klettres"
LICENCE = "KLettres, recordings by volunteers, GPL-2.0-or-later, https://apps.kde.org/klettres"
VOICES = ("ar", "cs", "da", "de", "es", "fr", "he", "hu", "it", "lt", "ml", "nb", "nl", "ru", "tn", "uk")
LANGUAGES = {voice: voice for voice in VOICES} | {"en": "en-us", "en_GB": "en-gb-x-rp", "pt_BR": "pt-br"}
"""Folder -> voice of espeak-ng. Nynorsk is spoken by a program, and Low Saxon has no such voice."""


@dataclass(frozen=True)
class Config:
    source: Path = Path("/usr/share/klettres")
    """Folder of the languages."""
    output: Path = Path("clips") / CORPUS
    """Folder for the clips."""
    model: Path = DEFAULT_MODEL
    """Model file that hears phones."""


def transcripts(source: Path, language: str) -> Iterator[Transcript]:
    """The recordings of a language; ValueError when its list is missing or damaged."""
    path = source / language / "sounds.xml"
    try:
        listed = ElementTree.parse(path).getroot().iter("sound")
    except (OSError, ElementTree.ParseError) as error:
        raise ValueError(
            f"{path} cannot be read ({error}); install the Debian package klettres-data, or name the folder of its "
            "languages with --source."
        ) from error
    # in capitals, espeak-ng takes short words for abbreviations
    texts = {source / sound.attrib["file"]: sound.attrib["name"].lower() for sound in listed}
    for file, text in texts.items():
        if file.exists():  # the list of Malayalam names one that is not there
            words = words_of(text, Voice(LANGUAGES[language]))
            yield Transcript(f"{language}_{file.parent.name}_{file.stem}", f"{CORPUS}_{language}", file, words)


def main(config: Config) -> None:
    said = {language.replace("_", "-"): list(transcripts(config.source, language)) for language in LANGUAGES}
    prepare_languages(CORPUS, LICENCE, config.model, config.output, said)


if __name__ == "__main__":
    run_script(main, Config)
