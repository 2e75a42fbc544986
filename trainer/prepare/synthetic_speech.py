"""Synthetic speech: espeak-ng reads our own sentences in many languages and voices, articulation.py moves the mouth.

The phone times are exact, so contacts and pauses are where they are heard, in sounds and languages that no captured
corpus here has. The sentences of texts/ are ours; numbers, times and sentences of shuffled words are made up on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter
from tqdm import tqdm

from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, Clip, save_clip
from trainer.prepare.articulation import LABELLED, PAUSE, STOPS, VOWELS, Phone, articulate, phones_named
from trainer.prepare.espeak import PhoneEvent, Voice, speak
from trainer.prepare.sources import FRAME_SAMPLES, at_clip_rate, run_script

LICENCE = "Voxkey's own sentences, spoken by espeak-ng (https://github.com/espeak-ng/espeak-ng, GPL-3.0-or-later)"
TEXTS = Path(__file__).parent / "texts"


LANGUAGES: tuple[tuple[str, str, str, float], ...] = (
    ("en-US", "en-us", "en", 14),
    ("en-GB", "en", "en", 10),
    ("en-GB", "en-gb-x-rp", "en", 5),
    ("en-GB-scotland", "en-gb-scotland", "en", 4),
    ("en-GB", "en-gb-x-gbclan", "en", 3),
    ("en-GB", "en-gb-x-gbcwmd", "en", 2),
    ("en-029", "en-029", "en", 2),
    ("de-DE", "de", "de", 4),
    ("fr-FR", "fr", "fr", 4),
    ("es-ES", "es", "es", 2),
    ("es-419", "es-419", "es", 2),
    ("it-IT", "it", "it", 3),
    ("pt-BR", "pt-br", "pt", 2),
    ("pt-PT", "pt", "pt", 1.5),
    ("nl-NL", "nl", "nl", 4),
    ("cmn-CN", "cmn", "cmn", 5),
    ("ja-JP", "ja", "ja", 3),
    ("ru-RU", "ru", "ru", 3),
    ("pl-PL", "pl", "pl", 2),
    *(
        (text, text, text, 1)
        for text in (
            "ar",
            "bg",
            "bn",
            "ca",
            "cs",
            "da",
            "el",
            "fa",
            "fi",
            "hi",
            "hr",
            "hu",
            "id",
            "ko",
            "nb",
            "ro",
            "sv",
            "sw",
            "ta",
            "tr",
            "uk",
            "vi",
        )
    ),
)  # fmt: skip  (one row a language)
"""IETF tag, espeak-ng voice, file in texts/, share of the clips (relative)."""
VARIANTS = (
    "",
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m7",
    "m8",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "croak",
    "klatt",
    "klatt2",
    "klatt3",
    "klatt4",
    "adam",
    "Alicia",
    "Andrea",
    "Andy",
    "Annie",
    "anika",
    "belinda",
    "benjamin",
    "boris",
    "caleb",
    "david",
    "Denis",
    "ed",
    "edward",
    "gustave",
    "ian",
    "iven",
    "iven2",
    "john",
    "linda",
    "Mario",
    "max",
    "Michael",
    "miguel",
    "Mike",
    "norbert",
    "pablo",
    "paul",
    "pedro",
    "quincy",
    "rob",
    "robert",
    "sandro",
    "shelby",
    "steph",
    "steph2",
    "travis",
    "victor",
    "zac",
    "grandma",
    "grandpa",
    "aunty",
)  # fmt: skip  (a line of names)
"""Variants of the voice, each with its own formants and timbre."""

STRESS_EFFORT = {"ˈ": 1.12, "ˌ": 1.0}
"""How far the jaw opens in stressed syllables; in the others UNSTRESSED_EFFORT."""
UNSTRESSED_EFFORT = 0.88
EFFORT_PER_DB = 0.015
"""Louder syllables open further: 10 dB, 15 %."""
LONGEST_CLOSURE_SECONDS = 0.09
"""Silence before the burst of a stop that is its closure; what is longer belongs to a pause."""
VOICED_CLOSURE_SHARE = 0.65
"""Part of a voiced stop without a silence before it in which the mouth is closed; the rest is burst and transition."""
SHORTEST_PAUSE_SECONDS = 0.1
SILENCE = 0.002
"""espeak-ng writes closures and pauses as digital silence, or nearly."""


@dataclass(frozen=True)
class Config:
    output: Path = Path("clips/synthetic_speech")
    """Folder for the clips."""
    hours: float = 3.0
    """Length of all clips together."""
    sentences_per_clip: int = 3
    """Sentences in a clip, with pauses between them."""
    seed: int = 0
    """The same seed makes the same clips."""


def phones_of(samples: NDArray[np.float32], rate_hz: int, events: list[PhoneEvent]) -> list[Phone]:
    """Sounds with their times from the phone events of espeak-ng, whose stops start at the burst, after the closure."""
    ends = [_closure_start(samples, rate_hz, event) for event in events[1:]] + [len(samples)]
    levels = _levels_db(samples, events, ends)
    phones: list[Phone] = []
    for event, end, level_db in zip(events, ends, levels, strict=True):
        start = _closure_start(samples, rate_hz, event)
        if not event.name:
            if end - event.sample > SHORTEST_PAUSE_SECONDS * rate_hz:
                phones.append(Phone(PAUSE, event.sample / rate_hz, end / rate_hz))
            continue
        stress = next((STRESS_EFFORT[mark] for mark in STRESS_EFFORT if mark in event.name), UNSTRESSED_EFFORT)
        effort = stress * (1 + EFFORT_PER_DB * level_db)
        phones += _sounds(event, start / rate_hz, end / rate_hz, effort, rate_hz)
    return phones


def _sounds(event: PhoneEvent, start: float, end: float, effort: float, rate_hz: int) -> list[Phone]:
    """The sounds of one event between start and end in seconds; a stop lasts as long as its closure."""
    burst = event.sample / rate_hz
    sounds = phones_named(event.name, burst, max(end, burst + 0.001), effort)
    if sounds and sounds[0].symbol in STOPS:
        first = sounds[0]
        if start < burst:
            closure_end = burst
        else:
            closure_end = burst + VOICED_CLOSURE_SHARE * (first.end_seconds - burst)
        sounds[0] = Phone(first.symbol, start, closure_end, effort)
    return sounds


def _closure_start(samples: NDArray[np.float32], rate_hz: int, event: PhoneEvent) -> int:
    """First sample of the silence before the burst of a stop; where the event starts for other sounds."""
    if not any(sound.symbol in STOPS for sound in phones_named(event.name, 0, 1)[:1]):
        return event.sample
    longest = int(LONGEST_CLOSURE_SECONDS * rate_hz)
    before = np.abs(samples[max(0, event.sample - longest) : event.sample])
    heard = np.flatnonzero(before > SILENCE)
    return event.sample - len(before) + (int(heard[-1]) + 1 if len(heard) else 0)


def _levels_db(samples: NDArray[np.float32], events: list[PhoneEvent], ends: list[int]) -> NDArray[np.float64]:
    """Loudness of each event in decibels against the median vowel, within 10 dB; 0 for what is no vowel."""
    levels = np.full(len(events), np.nan)
    for i, (event, end) in enumerate(zip(events, ends, strict=True)):
        sounds = phones_named(event.name, 0, 1)
        if sounds and sounds[0].symbol in VOWELS and end > event.sample:
            levels[i] = 10 * np.log10(np.mean(samples[event.sample : end].astype(np.float64) ** 2) + 1e-9)
    if np.isnan(levels).all():
        return np.zeros(len(events))
    return np.nan_to_num(np.clip(levels - np.nanmedian(levels), -10, 10))


def sentence(lines: list[str], generator: np.random.Generator) -> str:
    """One of the lines, or its words in another order, or some numbers."""
    kind = generator.random()
    line = str(generator.choice(lines))
    if kind < 0.65:
        return line
    if kind < 0.9:
        words = " ".join(generator.choice(lines, 2)).rstrip(".?!").split()
        return " ".join(generator.permutation(words)[:12]) + "."
    hour, minute, year, count = generator.integers((0, 0, 1800, 2), (24, 60, 2100, 5000))
    return f"{hour}:{minute:02d}, {generator.integers(0, 100)}, {year}, {count}."


def utterance(
    texts: list[str], voice: Voice, generator: np.random.Generator
) -> tuple[NDArray[np.float32], list[Phone]]:
    """Sentences with pauses around them: waveform at CLIP_SAMPLE_RATE_HZ, whole frames long, and its phones."""
    sound: list[NDArray[np.float32]] = []
    phones: list[Phone] = []
    n_samples = 0

    def pause(seconds: float) -> None:
        nonlocal n_samples
        length = int(seconds * CLIP_FPS) * FRAME_SAMPLES
        start = n_samples / CLIP_SAMPLE_RATE_HZ
        phones.append(Phone(PAUSE, start, start + length / CLIP_SAMPLE_RATE_HZ))
        sound.append(np.zeros(length, np.float32))
        n_samples += length

    pause(generator.uniform(0.2, 0.8))
    for text in texts:
        samples, rate_hz, events = speak(text, voice, int(generator.integers(2**31)))
        offset = n_samples / CLIP_SAMPLE_RATE_HZ
        phones += [
            Phone(p.symbol, p.start_seconds + offset, p.end_seconds + offset, p.effort)
            for p in phones_of(samples, rate_hz, events)
        ]
        sound.append(at_clip_rate(samples, rate_hz))
        n_samples += len(sound[-1])
        pause(generator.uniform(0.2, 0.8))
    return np.concatenate(sound), phones


def recorded(waveform: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """The waveform (S,) as a microphone in a room may hear it: some reverberation, tone, noise, and any level."""
    sound = waveform.astype(np.float64)
    if generator.random() < 0.5:
        decay_seconds = generator.uniform(0.02, 0.12)
        tail = generator.standard_normal(int(4 * decay_seconds * CLIP_SAMPLE_RATE_HZ))
        tail *= np.exp(-np.arange(len(tail)) / (decay_seconds * CLIP_SAMPLE_RATE_HZ)) / np.sqrt(len(tail))
        sound = sound + generator.uniform(0.1, 0.5) * fftconvolve(sound, tail)[: len(sound)]
    # one pole or one zero: more or less treble
    tilt = generator.uniform(-0.5, 0.5)
    sound = lfilter([1, -tilt], [1], sound) if tilt > 0 else lfilter([1 + tilt], [1, tilt], sound)
    sound = sound / (np.abs(sound).max() + 1e-9)
    noise = lfilter([1], [1, -generator.uniform(0, 0.95)], generator.standard_normal(len(sound)))
    sound = sound + 10 ** (generator.uniform(-70, -35) / 20) * noise / noise.std()
    level = 10 ** (generator.uniform(-20, -1) / 20)
    return np.asarray(level * sound / np.abs(sound).max(), np.float32)


def make_clip(index: int, config: Config) -> Clip:
    """The clip of this number; it depends on the number and the seed alone."""
    generator = np.random.default_rng((config.seed, index))
    shares = np.array([share for *_, share in LANGUAGES])
    tag, voice_name, text_name, _ = LANGUAGES[generator.choice(len(LANGUAGES), p=shares / shares.sum())]
    variant = str(generator.choice(VARIANTS))
    voice = Voice(
        name=f"{voice_name}+{variant}" if variant else voice_name,
        rate=int(generator.integers(110, 221)),
        pitch=int(generator.integers(20, 81)),
        pitch_range=int(generator.integers(25, 76)),
    )
    lines = (TEXTS / f"{text_name}.txt").read_text(encoding="utf-8").splitlines()
    texts = [sentence(lines, generator) for _ in range(config.sentences_per_clip)]
    waveform, phones = utterance(texts, voice, generator)
    return Clip(
        name=f"synthetic_{config.seed}_{index:05d}",
        corpus="synthetic_speech",
        speaker=f"espeak_{voice.name}",
        language=tag,
        licence=LICENCE,
        waveform=recorded(waveform, generator),
        curves=articulate(phones, len(waveform) // FRAME_SAMPLES),
        labelled=LABELLED,
    )


def clips_until(seconds: float, config: Config) -> Iterator[Clip]:
    """Clips in order of their number until they last so long together."""
    index, total = 0, 0.0
    while total < seconds:
        clip = make_clip(index, config)
        index, total = index + 1, total + clip.curves.duration_seconds
        yield clip


def main(config: Config) -> None:
    if config.hours <= 0 or config.sentences_per_clip < 1:
        raise ValueError("--hours must be more than 0 and --sentences-per-clip at least 1.")
    seconds = 3600 * config.hours
    with tqdm(total=round(seconds), desc="synthetic speech", unit="s") as progress:
        for clip in clips_until(seconds, config):
            save_clip(config.output, clip)
            progress.update(round(clip.curves.duration_seconds))


if __name__ == "__main__":
    run_script(main, Config)
