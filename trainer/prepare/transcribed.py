"""Recordings with a text and no times: a model hears when its sounds are said, articulation moves the mouth.

This command prepares folders of one voice, with ID|TEXT in metadata.csv; espeak-ng says which sounds the text has.
Recordings in which the model does not hear their text are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from trainer.clips import save_clip
from trainer.prepare.align import DEFAULT_MODEL, LEAST_AGREEMENT, Hearer, Word, align, open_hearer
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import read_sound, run_script
from trainer.prepare.speech import Timed, phones_heard, speech_clip


class Corpus(NamedTuple):
    language: str
    """IETF tag."""
    voice: str
    """The espeak-ng voice that pronounces its text."""
    licence: str


CORPORA = {
    "kathleen_en": Corpus("en-US", "en-us", "Kathleen, US English voice recordings, CC0 1.0"),
    "kerstin_de": Corpus("de-DE", "de", "Kerstin, German voice recordings, CC0 1.0"),
}
"""By the name of their folder."""


class Transcript(NamedTuple):
    """A recording and what is said in it."""

    name: str
    speaker: str
    sound: Path
    words: list[Word]


@dataclass(frozen=True)
class Config:
    source: Path
    """Folder of a corpus that CORPORA names, such as ../shared/data/kathleen_en: metadata.csv and audio/ID.ogg."""
    output: Path = Path("clips")
    """Folder for a folder of clips with the name of the corpus."""
    model: Path = DEFAULT_MODEL
    """Model file that hears phones."""


def read_lines(path: Path) -> list[str]:
    """The lines of a text file; ValueError when there is none."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read ({error}); name the corpus folder with --source.") from error


def transcripts(source: Path, voice: Voice) -> Iterator[Transcript]:
    """The recordings of a folder of one voice; ValueError for a line that is not ID|TEXT."""
    for line in read_lines(source / "metadata.csv"):
        name, separator, text = line.partition("|")
        if not separator:
            raise ValueError(f"{source / 'metadata.csv'} has a line {line!r}; write ID|TEXT in each.")
        yield Transcript(name, source.name, source / "audio" / f"{name}.ogg", words_of(text, voice))


def times_heard(words: list[Word], probabilities: NDArray[np.float32]) -> list[Timed]:
    """When words are said by what is heard, as align takes it; nothing where they are not heard, or do not fit."""
    try:
        alignment = align(words, probabilities)
    except ValueError:
        return []
    return alignment.timed if alignment.agreement >= LEAST_AGREEMENT else []


def prepare(corpus: str, language: str, licence: str, hear: Hearer, output: Path, said: Iterable[Transcript]) -> None:
    """Write a clip into output for every transcript that the model hears, and print how many it does not."""
    n_kept = n_refused = 0
    for transcript in tqdm(said, desc=f"{corpus} {language}", unit="clip"):
        waveform = read_sound(transcript.sound)
        timed = times_heard(transcript.words, hear(waveform))
        name = f"{corpus}_{transcript.name}"
        if not timed:
            n_refused += 1
            (output / f"{name}.npz").unlink(missing_ok=True)  # of an earlier run, with another model
            continue
        n_kept += 1
        save_clip(
            output,
            speech_clip(
                name=name,
                corpus=corpus,
                speaker=transcript.speaker,
                language=language,
                licence=licence,
                waveform=waveform,
                phones=phones_heard(timed, waveform),
            ),
        )
    print(f"{n_kept} clips; {n_refused} left out, whose text the model does not hear.")


def prepare_languages(corpus: str, licence: str, model: Path, output: Path, said: dict[str, list[Transcript]]) -> None:
    """Write a clip for everything that a model file hears of what is said in each language (IETF tag)."""
    hear = open_hearer(model)
    for language, recorded in said.items():
        prepare(corpus, language, licence, hear, output, recorded)


def main(config: Config) -> None:
    name = config.source.resolve().name
    if name not in CORPORA:
        raise ValueError(
            f"{config.source} is none of {', '.join(CORPORA)}; name one with --source, or add it to CORPORA."
        )
    corpus = CORPORA[name]
    said = transcripts(config.source.resolve(), Voice(corpus.voice))
    prepare(name, corpus.language, corpus.licence, open_hearer(config.model), config.output / name, list(said))


if __name__ == "__main__":
    run_script(main, Config)
