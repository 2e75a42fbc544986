"""Prepared clips spoken by other voices: from one speaker's face to many speakers' speech.

Captured faces come from few people, and a network soon knows them by their voice. Praat's "Change gender" moves
formants and pitch of a recording apart, as between men, women and children, and leaves its timing, so that curves and
phones stay true. A clip and its copies lie on the same side of the split: their names agree up to VARIANT_MARK.

Boersma, Weenink: Praat, https://www.fon.hum.uva.nl/praat/manual/Sound__Change_gender___.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import parselmouth
from numpy.typing import NDArray
from parselmouth.praat import call
from tqdm import tqdm

from trainer.clips import CLIP_SAMPLE_RATE_HZ, VARIANT_MARK, Clip, load_clip, save_clip
from trainer.prepare.sources import run_script

LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ = 60.0, 450.0
"""Range in which Praat looks for the pitch."""
MEDIAN_PITCH_HZ = (85.0, 320.0)
"""Of the new voices: from low men to children."""
FORMANTS_PER_PITCH = 1 / 3
"""A voice twice as high has formants 1.26 times as high: men and women differ by 1.7 and by 1.17, children by more.

Peterson, Barney 1952, "Control methods used in a study of the vowels", J. Acoust. Soc. Am. 24.
"""
FORMANT_DEVIATION = 0.06
"""Of the logarithm of the formants, for the same pitch."""
FORMANT_RATIOS = (0.75, 1.4)
PITCH_RANGE_FACTORS = (0.7, 1.4)
"""From monotonous to lively."""
LOWEST_NEW_PITCH_HZ = 40.0
"""At pitches near zero, which a lively range makes of the lowest that it hears, Praat fails or never ends."""


@dataclass(frozen=True)
class Config:
    source: Path = Path("clips/grid")
    """Folder of prepared clips."""
    output: Path | None = None
    """Folder for the new clips (the source's name and "_voices", beside it)."""
    voices: int = 2
    """New clips for each one."""
    seed: int = 0
    """Of the voices."""


def other_voice(waveform: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """The same speech (S,) at CLIP_SAMPLE_RATE_HZ by another voice; as it is where no pitch is heard."""
    sound = parselmouth.Sound(waveform.astype(np.float64), CLIP_SAMPLE_RATE_HZ)
    heard_hz = sound.to_pitch(pitch_floor=LOWEST_PITCH_HZ, pitch_ceiling=HIGHEST_PITCH_HZ).selected_array["frequency"]
    if not heard_hz.any():
        return waveform
    median_hz = float(np.median(heard_hz[heard_hz > 0]))
    new_median_hz = float(np.exp(generator.uniform(*np.log(MEDIAN_PITCH_HZ))))
    formants = (new_median_hz / median_hz) ** FORMANTS_PER_PITCH * np.exp(generator.normal(0, FORMANT_DEVIATION))
    lowest_ratio = min(LOWEST_PITCH_HZ / median_hz, 0.9)  # a median beside the lowest pitch has no range to bound
    widest = (1 - LOWEST_NEW_PITCH_HZ / new_median_hz) / (1 - lowest_ratio)
    pitch_range = min(generator.uniform(*PITCH_RANGE_FACTORS), widest)
    settings = (float(np.clip(formants, *FORMANT_RATIOS)), new_median_hz, pitch_range, 1.0)
    changed = call(sound, "Change gender", LOWEST_PITCH_HZ, HIGHEST_PITCH_HZ, *settings).values[0]
    return np.pad(changed, (0, max(0, len(waveform) - len(changed))))[: len(waveform)].astype(np.float32)


def with_other_voice(clip: Clip, number: int, seed: int) -> Clip:
    """Copy number of a clip."""
    generator = np.random.default_rng([seed, number, *clip.name.encode()])
    waveform = other_voice(clip.waveform, generator).clip(-1, 1)
    return replace(clip, name=f"{clip.name}{VARIANT_MARK}{number}", waveform=waveform)


def main(config: Config) -> None:
    paths = sorted(config.source.glob("*.npz"))
    if not paths:
        raise ValueError(
            f"{config.source} holds no prepared clips; prepare the corpus first, or name one with --source."
        )
    output = config.output or config.source.with_name(f"{config.source.name}_voices")
    for path in tqdm(paths, desc=f"{config.source.name}, other voices", unit="clip"):
        clip = load_clip(path)
        for number in range(config.voices):
            save_clip(output, with_other_voice(clip, number, config.seed))


if __name__ == "__main__":
    run_script(main, Config)
