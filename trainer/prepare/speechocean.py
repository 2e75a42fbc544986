# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""speechocean762: English sentences of 250 Mandarin speakers, children to adults, as clips with articulated mouths.

The corpus names the phones of every word in ARPAbet; a model hears when they are said.

Zhang et al. 2021, "speechocean762: An open-source non-native English speech corpus for pronunciation assessment",
Interspeech.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trainer.prepare.align import DEFAULT_MODEL, Word, open_hearer
from trainer.prepare.sources import run_script
from trainer.prepare.transcribed import Transcript, prepare, read_lines

LICENCE = (
    "speechocean762, free download for both commercial and non-commercial purposes: Zhang et al. 2021, Interspeech, "
    "https://www.openslr.org/101"
)
ARPABET = {
    **{"AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "aʊ", "AY": "aɪ", "EH": "ɛ", "ER": "ɚ", "EY": "eɪ", "IH": "ɪ"},
    **{"IY": "i", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ", "UW": "u", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð", "F": "f"},
    **{
        "G": "ɡ",
        "HH": "h",
        "JH": "dʒ",
        "K": "k",
        "L": "l",
        "M": "m",
        "N": "n",
        "NG": "ŋ",
        "P": "p",
        "R": "ɹ",
        "S": "s",
    },
    **{"SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ"},
}
"""IPA of the ARPAbet, as espeak-ng writes American English."""
STRESS = {"1": "ˈ", "2": "ˌ"}


@dataclass(frozen=True)
class Config:
    source: Path = Path("../shared/data/speechocean_en")
    """Folder with metadata.tsv (columns utt, speaker, phones) and audio/UTT.ogg."""
    output: Path = Path("clips/speechocean_en")
    """Folder for the clips."""
    model: Path = DEFAULT_MODEL
    """Model file that hears phones."""


def ipa(name: str) -> str:
    """IPA with a stress mark of a phone such as AH0_E (stress and place in the word may be missing)."""
    sound = name.partition("_")[0]
    letters = sound.rstrip("012")
    if letters not in ARPABET:
        raise ValueError(f"{name!r} is no ARPAbet phone; correct it in metadata.tsv.")
    if letters == "AH" and sound.endswith("0"):
        return "ə"
    return STRESS.get(sound[-1], "") + ARPABET[letters]


def words_of(phones: str) -> list[Word]:
    """The words in a line of phones, such as "DH_B AH0_E | P_B EH1_I T_E"."""
    return [[ipa(name) for name in word.split()] for word in phones.split("|")]


def transcripts(source: Path) -> Iterator[Transcript]:
    """The recordings of the corpus folder; ValueError when its table lacks a column."""
    for row in csv.DictReader(read_lines(source / "metadata.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE):
        try:
            name, speaker, words = row["utt"], row["speaker"], words_of(row["phones"])
        except KeyError as error:
            raise ValueError(f"{source / 'metadata.tsv'} has no column {error}; fetch it again.") from error
        yield Transcript(name, f"speechocean_{speaker}", source / "audio" / f"{name}.ogg", words)


def main(config: Config) -> None:
    said = list(transcripts(config.source))
    prepare("speechocean_en", "en", LICENCE, open_hearer(config.model), config.output, said)


if __name__ == "__main__":
    run_script(main, Config)
