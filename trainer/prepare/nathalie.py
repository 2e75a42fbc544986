# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Nathalie: Dutch sentences of one woman with the time of every phone, as clips with articulated mouths.

The times fit the sound: measured on its level, closures start 6 to 12 ms after the time of p, t and k, bursts come 7 to
14 ms before the time of the vowel, so there is no lag to correct, and the mouth is closed in 66 % of p, 71 % of b and
82 % of m, as CLOSED_SHARE says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from blender_addon.core.articulation import PAUSE, STRESS_EFFORT, VOWELS, letters_of
from trainer.clips import CLIP_SAMPLE_RATE_HZ, Clip, save_clip
from trainer.prepare.sources import read_sound, run_script
from trainer.prepare.speech import Timed, phones_heard, speech_clip

LICENCE = "Nathalie, Dutch voice recordings with phone times, CC0 1.0"
SILENT = ("SIL", "SPN")
"""Silence, and noise that is no speech."""
DUTCH_LETTERS = {"w": "ʋ", "ɹ": "r"}
"""The phones are written with English letters; these are other sounds in Dutch."""
LONGEST_EXCESS_SECONDS = 0.03
"""Phones that end later than this after the sound belong to another cut of the recording."""


@dataclass(frozen=True)
class Config:
    source: Path = Path("../shared/data/nathalie_nl")
    """Folder with phones.jsonl and audio/ID.ogg."""
    output: Path = Path("clips/nathalie_nl")
    """Folder for the clips."""


def timed_phones(words: list[dict[str, Any]]) -> Iterator[Timed]:
    """The phones of the words, with the stress of a syllable moved from its first sound to its vowel."""
    stress = ""
    for phone in (phone for word in words for phone in word["phones"]):
        start, name = float(phone["start"]), str(phone["phone"])
        stress = name[0] if name[0] in STRESS_EFFORT else stress
        name = name.lstrip("".join(STRESS_EFFORT))
        name = PAUSE if name in SILENT else DUTCH_LETTERS.get(name, name)
        if letters_of(name)[:1] and letters_of(name)[0] in VOWELS:
            name, stress = stress + name, ""
        yield Timed(name, start, start + float(phone["duration"]))


def read_sentences(path: Path) -> dict[str, list[Timed]]:
    """The phones of every recording by its name; ValueError when the file is missing or no phone track."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {line["id"]: list(timed_phones(line["words"])) for line in lines}
    except (OSError, KeyError, IndexError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} holds no phone times ({error}); name the corpus folder with --source.") from error


def clip_from(sound: Path, timed: list[Timed]) -> Clip | None:
    """One recording as a clip, none where the phones go on after the sound."""
    waveform = read_sound(sound)
    if timed[-1].end_seconds > len(waveform) / CLIP_SAMPLE_RATE_HZ + LONGEST_EXCESS_SECONDS:
        return None
    return speech_clip(
        name=f"nathalie_{sound.stem}",
        corpus="nathalie_nl",
        speaker="nathalie",
        language="nl-NL",
        licence=LICENCE,
        waveform=waveform,
        phones=phones_heard(timed, waveform),
    )


def main(config: Config) -> None:
    sentences = read_sentences(config.source / "phones.jsonl")
    n_refused = 0
    for name, timed in tqdm(sentences.items(), desc="nathalie", unit="clip"):
        clip = clip_from(config.source / "audio" / f"{name}.ogg", timed)
        if clip is None:
            n_refused += 1
        else:
            save_clip(config.output, clip)
    print(f"{len(sentences) - n_refused} clips; {n_refused} left out, whose phones go on after the sound.")


if __name__ == "__main__":
    run_script(main, Config)
