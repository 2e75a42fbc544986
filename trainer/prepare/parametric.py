"""Statistical parametric voices: our own sentences as RHVoice and SVOX Pico generate them, aligned like recordings.

Such a voice is a model of a speaker whose averaged spectra a vocoder turns to sound: closures are shallower and bursts
duller than in recordings, and in what games, screen readers and older assistants say. Neither program tells when a
phone is said, so a model hears it (align.py), as in transcribed.py.

RHVoice's voices of speakers whom flite has too (Slt, and Alan, who is awb) are left out: they score models. So are
those whose licence forbids commerce or derivatives.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from trainer.prepare.align import DEFAULT_MODEL, open_hearer
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import run_script
from trainer.prepare.synthetic_speech import read_texts, sentence
from trainer.prepare.transcribed import Transcript, prepare

CORPUS = "parametric"
LICENCE = "Voxkey's own sentences, spoken by {}"
SPEED = (75, 130)
"""Slowest and fastest, in per cent of the voice's own."""
PITCH = (75, 130)
"""Lowest and highest, likewise."""
PACKAGES = {"RHVoice-test": "rhvoice", "pico2wave": "libttspico-utils"}
"""Program -> Debian package, of the section non-free: nobody has what the voices were trained on."""
RHVOICE_VOICES = Path("/usr/share/RHVoice/voices")
"""Where Debian keeps them, each in a folder with a voice.info."""


class ParametricVoice(NamedTuple):
    """A voice of one of the programs."""

    program: Literal["RHVoice-test", "pico2wave"]
    name: str
    """As the program calls it."""
    language: str
    """IETF tag; its first part names the file in texts/."""
    espeak: str
    """The espeak-ng voice that pronounces its text."""
    share: float
    """How many clips it gets, in proportion to the others."""
    licence: str


VOICES = (
    ParametricVoice("RHVoice-test", "Bdl", "en-US", "en-us", 6, "RHVoice, LGPL-2.1+, after CMU ARCTIC"),
    ParametricVoice("RHVoice-test", "Clb", "en-US", "en-us", 6, "RHVoice, LGPL-2.1+, after CMU ARCTIC"),
    ParametricVoice("RHVoice-test", "Elena", "ru-RU", "ru", 1.5, "RHVoice, GPL-3, Elena Soboleva"),
    ParametricVoice("RHVoice-test", "Aleksandr", "ru-RU", "ru", 1.5, "RHVoice, LGPL-2.1+"),
    ParametricVoice("RHVoice-test", "Aleksandr-hq", "ru-RU", "ru", 1, "RHVoice, CC BY-SA 4.0"),
    ParametricVoice("RHVoice-test", "Anna", "ru-RU", "ru", 1, "RHVoice, LGPL-2.1+"),
    ParametricVoice("RHVoice-test", "Irina", "ru-RU", "ru", 1, "RHVoice, LGPL-2.1+"),
    ParametricVoice("RHVoice-test", "Anatol", "uk-UA", "uk", 1, "RHVoice, LGPL-2.1, Anatoliy Podoroshko"),
    ParametricVoice("RHVoice-test", "Natalia", "uk-UA", "uk", 1, "RHVoice, LGPL-2.1, Natalia Chekhal"),
    ParametricVoice("RHVoice-test", "Letícia-F123", "pt-BR", "pt-br", 2, "RHVoice, CC BY-SA 4.0, F123"),
    ParametricVoice("pico2wave", "en-US", "en-US", "en-us", 5, "SVOX Pico, Apache-2.0, (c) 2008-2009 SVOX AG"),
    ParametricVoice("pico2wave", "en-GB", "en-GB", "en", 5, "SVOX Pico, Apache-2.0, (c) 2008-2009 SVOX AG"),
    ParametricVoice("pico2wave", "de-DE", "de-DE", "de", 2.5, "SVOX Pico, Apache-2.0, (c) 2008-2009 SVOX AG"),
    ParametricVoice("pico2wave", "es-ES", "es-ES", "es", 2, "SVOX Pico, Apache-2.0, (c) 2008-2009 SVOX AG"),
    ParametricVoice("pico2wave", "fr-FR", "fr-FR", "fr", 2, "SVOX Pico, Apache-2.0, (c) 2008-2009 SVOX AG"),
    ParametricVoice("pico2wave", "it-IT", "it-IT", "it", 2, "SVOX Pico, Apache-2.0, (c) 2008-2009 SVOX AG"),
)


@dataclass(frozen=True)
class Config:
    output: Path = Path("clips") / CORPUS
    """Folder for the clips."""
    clips: int = 2_500
    """About so many clips of one or two sentences; those in which the model does not hear their text are left out."""
    model: Path = DEFAULT_MODEL
    """Model file that hears phones."""
    seed: int = 0
    """The same seed makes the same clips."""


def rhvoice_names() -> set[str]:
    """Names of the voices that RHVoice has."""
    lines = (line for path in RHVOICE_VOICES.glob("*/voice.info") for line in path.read_text("utf-8").splitlines())
    return {line.removeprefix("name=") for line in lines if line.startswith("name=")}


def speak(voice: ParametricVoice, text: str, speed: int, pitch: int, path: Path) -> None:
    """Write the sound of a text, speed and pitch in per cent; ValueError when the program or its voice is missing."""
    if shutil.which(voice.program) is None:
        package = PACKAGES[voice.program]
        raise ValueError(
            f"{voice.program} is not installed; install it (Debian: apt install {package}) and its voices."
        )
    if voice.program == "RHVoice-test" and voice.name not in rhvoice_names():  # it would speak with another voice
        raise ValueError(f"RHVoice has no voice {voice.name}; install it (Debian: a package of the voice's language).")
    if voice.program == "pico2wave":
        marked = f"<speed level='{speed}'><pitch level='{pitch}'>{text}</pitch></speed>"
        command, read = ["pico2wave", f"--lang={voice.name}", f"--wave={path}", marked], ""
    else:
        command, read = ["RHVoice-test", "-p", voice.name, "-r", str(speed), "-t", str(pitch), "-o", str(path)], text
    ran = subprocess.run(command, input=read, capture_output=True, text=True, check=False)
    if ran.returncode or not path.exists():
        raise ValueError(
            f"{voice.program} does not speak with {voice.name} ({ran.stderr.strip()}); install that voice."
        )


def transcripts(
    voice: ParametricVoice, n_clips: int, folder: Path, generator: np.random.Generator
) -> Iterator[Transcript]:
    """Sentences of a voice's language, spoken into folder."""
    lines = read_texts(voice.language[:2])
    for number in range(n_clips):
        text = " ".join(_without_numbers(lines, generator) for _ in range(generator.integers(1, 3)))
        speed, pitch = int(generator.integers(*SPEED)), int(generator.integers(*PITCH))
        name = f"{voice.name}_{number:04d}"
        path = folder / f"{name}.wav"
        speak(voice, text, speed, pitch, path)
        yield Transcript(name, f"{voice.program} {voice.name}", path, words_of(text, Voice(voice.espeak)))


def _without_numbers(lines: list[str], generator: np.random.Generator) -> str:
    """A sentence; numbers are read in other words than espeak-ng has for them."""
    while True:
        text = sentence(lines, generator)
        if not any(map(str.isdigit, text)):
            return text


def main(config: Config) -> None:
    hear = open_hearer(config.model)
    total = sum(voice.share for voice in VOICES)
    for number, voice in enumerate(VOICES):
        generator = np.random.default_rng((config.seed, number))
        licence = LICENCE.format(f"{voice.name} ({voice.licence})")
        with tempfile.TemporaryDirectory() as folder:
            said = transcripts(voice, round(config.clips * voice.share / total), Path(folder), generator)
            prepare(CORPUS, voice.language, licence, hear, config.output, list(said))


if __name__ == "__main__":
    run_script(main, Config)
