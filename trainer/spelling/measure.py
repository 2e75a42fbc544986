"""How much a transcript sharpens the phones that a model hears: `python -m trainer.spelling.measure --data FOLDER`.

The phones of each clip are compared with its true ones: without a text, with its text, and with a text of which every
fifth word is another one. Nathalie's were corrected by hand; those of Kathleen and Kerstin are aligned with the
pronunciation of espeak-ng by the same model, so they say how well the spelling model replaces espeak-ng.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tyro
from numpy.typing import NDArray
from tqdm import tqdm

from blender_addon.core import model, transcript
from blender_addon.core.articulation import PAUSE, PHONE_CLASSES, PHONES, letters_of
from blender_addon.core.curves import Curves
from blender_addon.core.phones import Phone, segments
from trainer.clips import CLIP_SAMPLE_RATE_HZ
from trainer.prepare.align import DEFAULT_MODEL, LEAST_AGREEMENT, align, open_hearer
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import read_sound

VOICES = {"kathleen_en": "en-us", "kerstin_de": "de", "nathalie_nl": "nl"}
LANGUAGES = {"kathleen_en": "en", "kerstin_de": "de", "nathalie_nl": "nl"}
NEAR_SECONDS = 0.1
"""Phones that start farther apart are not the same one."""
LIPS = "p"
"""The class of p, b and m."""


@dataclass(frozen=True)
class Config:
    data: Path
    """Folder with kathleen_en, kerstin_de and nathalie_nl."""
    n_clips: int = 60
    """Of each voice, evenly spread."""
    wrong_share: float = 0.2
    """Share of the words that are replaced."""
    language: bool = True
    """Tell the language, or let it be found."""
    seed: int = 0


class Clip(NamedTuple):
    text: str
    heard: Curves
    true: list[Phone]


class Tally(NamedTuple):
    errors_seconds: list[float]
    """Of the starts of the phones found."""
    found: list[bool]
    """Which true phones have one of their class near."""
    closures_found: list[bool]
    closures_right: list[bool]


def clips(folder: Path, config: Config) -> Iterator[Clip]:
    voice = model.open_model(DEFAULT_MODEL, "CPU")
    hear = open_hearer(DEFAULT_MODEL)
    lines = [line.partition("|") for line in (folder / "metadata.csv").read_text(encoding="utf-8").splitlines()]
    known = _by_hand(folder / "phones.jsonl")
    for name, _, text in tqdm(lines[:: max(1, len(lines) // config.n_clips)][: config.n_clips], desc=folder.name):
        waveform = read_sound(folder / "audio" / f"{name}.ogg")
        rate = voice.contract.sample_rate_hz
        resampled = np.interp(
            np.arange(len(waveform) * rate // CLIP_SAMPLE_RATE_HZ) * CLIP_SAMPLE_RATE_HZ / rate,
            np.arange(len(waveform)), _without_highs(waveform, rate),
        )  # fmt: skip
        heard = model.predict(voice, resampled.astype(np.float32)).phones
        assert heard is not None
        if known:
            if name in known:
                yield Clip(text, heard, known[name])
            continue
        alignment = align(words_of(text, Voice(VOICES[folder.name])), hear(waveform))
        if alignment.agreement >= LEAST_AGREEMENT:
            yield Clip(text, heard, _classes([(s.name, s.start_seconds, s.end_seconds) for s in alignment.timed]))


def _without_highs(waveform: NDArray[np.float32], rate_hz: int) -> NDArray[np.float64]:
    """Without what the lower rate can't hold."""
    spectrum = np.fft.rfft(waveform)
    spectrum[int(len(spectrum) * rate_hz / CLIP_SAMPLE_RATE_HZ) :] = 0
    return np.fft.irfft(spectrum, len(waveform))


def _by_hand(path: Path) -> dict[str, list[Phone]]:
    """Name -> phones, where they are known."""
    if not path.exists():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        timed = [
            (phone["phone"], phone["start"], phone["start"] + phone["duration"])
            for word in row["words"]
            for phone in word["phones"]
        ]
        found[row["id"]] = _classes(timed)
    return found


def _classes(timed: list[tuple[str, float, float]]) -> list[Phone]:
    """Phones by their classes, those alike that follow each other as one."""
    phones: list[Phone] = []
    for name, start, end in timed:
        letters = letters_of(name) if name else [PAUSE]
        bounds = np.linspace(start, end, len(letters) + 1).tolist()
        for letter, first, last in zip(letters, bounds[:-1], bounds[1:], strict=True):
            phone = Phone(PHONES[PHONE_CLASSES[letter]], first, last)
            if phones and phones[-1].name == phone.name:
                phone = Phone(phone.name, phones.pop().start_seconds, last)
            phones.append(phone)
    return phones


def compare(found: list[Phone], true: list[Phone]) -> Tally:
    tally = Tally([], [], [], [])
    for phone in true:
        errors = [p.start_seconds - phone.start_seconds for p in found if p.name == phone.name]
        nearest = min(errors, key=abs, default=np.inf)
        tally.found.append(abs(nearest) < NEAR_SECONDS)
        if tally.found[-1]:
            tally.errors_seconds.append(nearest)
    for these, others, result in ((true, found, tally.closures_found), (found, true, tally.closures_right)):
        result += [any(_touch(phone, p) for p in others if p.name == LIPS) for phone in these if phone.name == LIPS]
    return tally


def _touch(one: Phone, other: Phone) -> bool:
    return one.start_seconds < other.end_seconds and other.start_seconds < one.end_seconds


def read_clip(clip: Clip, text: str, language: str | None) -> tuple[list[Phone], float]:
    """The phones of a clip as a text says them, and their agreement; as heard, and 0, where the text is refused."""
    try:
        reading = transcript.read(text, clip.heard, language)
    except ValueError:
        return segments(clip.heard), 0.0
    return reading.phones, reading.agreement


def row(name: str, kind: str, said: list[list[Phone]], true: list[list[Phone]], agreements: list[float]) -> str:
    tallies = [compare(*pair) for pair in zip(said, true, strict=True)]
    errors = np.abs(np.concatenate([tally.errors_seconds for tally in tallies])) * 1000
    shares = " | ".join(f"{np.mean(np.concatenate([tally[i] for tally in tallies])):.3f}" for i in (1, 2, 3))
    agreement = f"{np.mean(agreements):.2f}" if agreements else ""
    return f"| {name} | {kind} | {np.median(errors):.0f} ms | {errors.mean():.0f} ms | {shares} | {agreement} |"


def main(config: Config) -> None:
    generator = np.random.default_rng(config.seed)
    print("| voice | text | start error, median | mean | phones found | closures found | right | agreement |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in VOICES:
        prepared = list(clips(config.data / name, config))
        true = [clip.true for clip in prepared]
        vocabulary = sorted({word for clip in prepared for word in clip.text.split()})
        print(row(name, "none", [segments(clip.heard) for clip in prepared], true, []))
        for kind, share in (("its own", 0.0), (f"{config.wrong_share:.0%} of the words wrong", config.wrong_share)):
            texts = [
                " ".join(str(generator.choice(vocabulary)) if generator.random() < share else w for w in c.text.split())
                for c in prepared
            ]
            language = LANGUAGES[name] if config.language else None
            readings = [read_clip(clip, text, language) for clip, text in zip(prepared, texts, strict=True)]
            print(row(name, kind, [phones for phones, _ in readings], true, [agreement for _, agreement in readings]))


if __name__ == "__main__":
    main(tyro.cli(Config))
