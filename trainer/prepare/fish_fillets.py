"""Fish Fillets: the dialogues of a game, played by actors in Czech and Dutch; a model hears when.

Debian packages them: fillets-ng-data has script/LEVEL/*dialogs_LANGUAGE.lua, with dialogId("ID", "font_ROLE", ENGLISH)
and dialogStr("TEXT") for every line, fillets-ng-data-cs and -nl have the recordings, sound/LEVEL/**/LANGUAGE/ID.ogg.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from trainer.prepare.align import DEFAULT_MODEL
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import run_script
from trainer.prepare.transcribed import Transcript, prepare_languages, read_lines

CORPUS = "fish_fillets"
LICENCE = "Fish Fillets - Next Generation, dialogues played by actors, GPL-2.0, https://fillets.sourceforge.net"
LANGUAGES = ("cs", "nl")
"""IETF tags, which are also the names of the game's languages and of espeak-ng's voices."""
LINE = re.compile(r'dialogId\("([^"]+)", *"font_(\w+)".*\n *dialogStr\("(.*)"\)')
"""A line of a dialogue: ID, role, text."""


class Line(NamedTuple):
    role: str
    """Whose words they are, by the colour of their letters: small and big are the two fish."""
    text: str


@dataclass(frozen=True)
class Config:
    source: Path = Path("/usr/share/games/fillets-ng")
    """Folder of the game, with script/ and sound/."""
    output: Path = Path("clips") / CORPUS
    """Folder for the clips."""
    languages: tuple[str, ...] = LANGUAGES
    """Those to prepare; one that is left out can score models as voices that they never heard."""
    model: Path = DEFAULT_MODEL
    """Model file that hears phones."""


def read_dialogues(source: Path, language: str) -> dict[tuple[str, str], Line]:
    """The lines of all dialogues in a language, by level and ID."""
    lines = {}
    for script in sorted((source / "script").rglob(f"*dialogs_{language}.lua")):
        for name, role, text in LINE.findall("\n".join(read_lines(script))):
            lines[script.parent.name, name] = Line(role, text.replace("\\", ""))
    return lines


def transcripts(source: Path, language: str) -> Iterator[Transcript]:
    """What is said in a language; sounds without a text are passed by."""
    lines = read_dialogues(source, language)
    folder = source / "sound"
    for sound in sorted(folder.rglob(f"{language}/*.ogg")):
        level = sound.relative_to(folder).parts[0]
        line = lines.get((level, sound.stem))
        if line and line.text:
            name, speaker = f"{language}_{level}_{sound.stem}", f"{CORPUS}_{language}_{line.role}"
            yield Transcript(name, speaker, sound, words_of(line.text, Voice(language)))


def main(config: Config) -> None:
    said = {language: list(transcripts(config.source, language)) for language in config.languages}
    if not any(said.values()):
        raise ValueError(
            f"{config.source} holds no dialogues with sound; install the Debian packages fillets-ng-data, "
            "fillets-ng-data-cs and fillets-ng-data-nl, or name the folder of the game with --source."
        )
    prepare_languages(CORPUS, LICENCE, config.model, config.output, said)


if __name__ == "__main__":
    run_script(main, Config)
