"""Synthetic speech: espeak-ng reads our own sentences in many languages and voices, articulation.py moves the mouth.

The phone times are exact, so contacts and pauses are where they are heard, in sounds and languages that no captured
corpus here has. The sentences of texts/ are ours; numbers, times and shuffled words are made up on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve
from tqdm import tqdm

from blender_addon.core.articulation import PAUSE, Sound
from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, Clip, save_clip
from trainer.prepare.espeak import Voice, phones_of, speak
from trainer.prepare.sources import FRAME_SAMPLES, at_clip_rate, run_script
from trainer.prepare.speech import speech_clip
from trainer.prepare.voices import LANGUAGES, VARIANTS

LICENCE = "Voxkey's own sentences, spoken by espeak-ng (https://github.com/espeak-ng/espeak-ng, GPL-3.0-or-later)"
TEXTS = Path(__file__).parent / "texts"
PAUSE_SECONDS = (0.2, 0.9)
"""Shortest and longest pause around sentences."""
RATE = (110, 220)
"""Slowest and fastest reading, in words a minute."""
PITCH = (20, 80)
PITCH_RANGE = (25, 75)
ROOM_SHARE = 0.5
"""Part of the clips that is heard in a room."""
ROOM_DECAY_SECONDS = (0.02, 0.12)
ROOM_GAIN = (0.1, 0.5)
NOISE_DB = (-70, -40)
"""Noise against the loudest sample."""
PEAK_DB = (-20, -1)
"""The loudest sample against full scale."""

Spoken = tuple[NDArray[np.float32], list[Sound]]
"""Waveform (S,) at CLIP_SAMPLE_RATE_HZ, whole frames long, and its phones in order of time."""


@dataclass(frozen=True)
class Config:
    output: Path = Path("clips/synthetic_speech")
    """Folder for the clips."""
    hours: float = 5.0
    """Length of all clips together."""
    sentences_per_clip: int = 3
    """Sentences in a clip, with pauses between them."""
    seed: int = 0
    """The same seed makes the same clips."""


def read_texts(language: str) -> list[str]:
    """Our own sentences in a language, one a line."""
    return (TEXTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()


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


def pause(seconds: float) -> Spoken:
    n_frames = round(seconds * CLIP_FPS)
    return np.zeros(n_frames * FRAME_SAMPLES, np.float32), [Sound(PAUSE, 0, n_frames / CLIP_FPS)]


def spoken(text: str, voice: Voice, seed: int) -> Spoken:
    samples, rate_hz, events = speak(text, voice, seed)
    return at_clip_rate(samples, rate_hz), phones_of(samples, rate_hz, events)


def joined(parts: list[Spoken]) -> Spoken:
    """The parts one after the other."""
    phones: list[Sound] = []
    seconds = 0.0
    for waveform, part in parts:
        for phone in part:
            start, end = phone.start_seconds + seconds, phone.end_seconds + seconds
            phones.append(replace(phone, start_seconds=start, end_seconds=end))
        seconds += len(waveform) / CLIP_SAMPLE_RATE_HZ
    return np.concatenate([waveform for waveform, _ in parts]), phones


def utterance(texts: list[str], voice: Voice, generator: np.random.Generator) -> Spoken:
    """The texts with pauses before, between and after them."""
    parts = [pause(generator.uniform(*PAUSE_SECONDS))]
    for text in texts:
        parts += [spoken(text, voice, int(generator.integers(2**31))), pause(generator.uniform(*PAUSE_SECONDS))]
    return joined(parts)


def recorded(waveform: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """The waveform (S,) as a microphone may hear it: half the time in a room, always with some noise, at any level."""
    sound = waveform.astype(np.float64)
    if generator.random() < ROOM_SHARE:
        decay_samples = generator.uniform(*ROOM_DECAY_SECONDS) * CLIP_SAMPLE_RATE_HZ
        echo = generator.standard_normal(int(4 * decay_samples))
        echo *= np.exp(-np.arange(len(echo)) / decay_samples) / np.sqrt(decay_samples)
        sound += generator.uniform(*ROOM_GAIN) * fftconvolve(sound, echo)[: len(sound)]
    sound /= np.abs(sound).max()
    sound += 10 ** (generator.uniform(*NOISE_DB) / 20) * generator.standard_normal(len(sound))
    return np.asarray(10 ** (generator.uniform(*PEAK_DB) / 20) * sound / np.abs(sound).max(), np.float32)


def make_clip(index: int, config: Config) -> Clip:
    """The clip of this number; voice, text and pauses depend on the number and the seed alone.

    The oscillators of espeak-ng run on from one utterance to the next, so the sound repeats to the last bit only after
    the same clips before it, as in a run of the command.
    """
    generator = np.random.default_rng((config.seed, index))
    shares = np.array([language.share for language in LANGUAGES])
    language = LANGUAGES[generator.choice(len(LANGUAGES), p=shares / shares.sum())]
    variant = str(generator.choice(VARIANTS))
    voice = Voice(
        name=f"{language.voice}+{variant}",
        rate=int(generator.integers(*RATE)),
        pitch=int(generator.integers(*PITCH)),
        pitch_range=int(generator.integers(*PITCH_RANGE)),
    )
    lines = read_texts(language.texts)
    texts = [sentence(lines, generator) for _ in range(config.sentences_per_clip)]
    waveform, phones = utterance(texts, voice, generator)
    return speech_clip(
        name=f"synthetic_{config.seed}_{index:05d}",
        corpus="synthetic_speech",
        speaker=f"espeak_{voice.name}",
        language=language.tag,
        licence=LICENCE,
        waveform=recorded(waveform, generator),
        phones=phones,
    )


def main(config: Config) -> None:
    if config.hours <= 0 or config.sentences_per_clip < 1:
        raise ValueError("--hours must be more than 0 and --sentences-per-clip at least 1.")
    seconds = 3600 * config.hours
    done_seconds, index = 0.0, 0
    with tqdm(total=round(seconds), desc="synthetic speech", unit="s") as progress:
        while done_seconds < seconds:
            clip = make_clip(index, config)
            save_clip(config.output, clip)
            done_seconds, index = done_seconds + clip.curves.duration_seconds, index + 1
            progress.update(min(round(done_seconds), progress.total) - progress.n)


if __name__ == "__main__":
    run_script(main, Config)
