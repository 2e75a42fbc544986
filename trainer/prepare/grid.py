"""GRID: English sentences of 3 seconds, with faces that were tracked from 25 fps video, as clips.

The tracker's 51 channels carry the ARKit names but not the ranges of an iPhone, and its inner-lip landmarks say more
about the mouth than its channels do. `arkit_weights` turns both into weights that mean what Apple documents:

* jawOpen is kept: against an iPhone that filmed the same face it has slope 1.0 (r 0.96).
* mouthFunnel and mouthLowerDown are scaled by the slopes of the same comparison (3.0; 2.2 to 3.5), mouthUpperUp like
  its counterpart. mouthPucker, which follows the iPhone's (r 0.93), is doubled so that rounding is seen on a head.
* The lip gap decides. The weights are completed until a head opens its lips as far as the landmarks say: what the jaw
  does not explain goes to the lips (mouthLowerDown, mouthUpperUp), what it opens too far is closed by mouthClose.
  With the ARKit meaning, mouthClose equal to jawOpen is a closed mouth over a dropped jaw.
* A gap below CONTACT_GAP is contact: tracked inner lips never coincide, neither at rest nor in p, b and m.
* The tracker's temporal smoothing takes 12 to 16 % off fast lip motion; `sharpened` puts that back.
* Away from speech the face is put to rest. Speakers part their lips well before they speak, or never close them, and
  nothing in the sound says so.
* What the face shows all the time (the lowest values of a clip) is the speaker's face, not speech, and so is what
  distinguishes its sides: it is taken off, and left and right are averaged.

The phones are those of the corpus's words, as espeak-ng pronounces them; a model hears when they are said, within
WORD_MARGIN_SECONDS of the times of the word.

Eyes, brows, cheeks and nose are not labelled: they follow the prompter, or hardly move in the tracked channels.

Cooke, Barker, Cunningham, Shao 2006, "An audio-visual corpus for speech perception and automatic speech recognition",
J. Acoust. Soc. Am. 120(5).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from tqdm import tqdm

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from trainer.clips import CLIP_FPS, PHONES, Clip, save_clip, unknown_phones
from trainer.prepare.align import LEAST_AGREEMENT, Hearer, align, open_hearer
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import (
    FRAME_SAMPLES,
    labelled_channels,
    on_clip_grid,
    read_arrays,
    read_sound_beside,
    recordings,
    run_script,
)
from trainer.prepare.speech import phone_rows, phones_heard

LICENCE = "GRID corpus, CC BY 4.0: Cooke, Barker, Cunningham, Shao 2006, J. Acoust. Soc. Am. 120(5)"
LABELLED = labelled_channels(("jaw", "mouth"))
SILENT_WORDS = ("sil", "sp")
SCORING_SPEAKER = "s4"
"""The speaker that shows how a model does on an unseen face."""

TRACKER_GAIN = {"mouthPucker": 2.0, "mouthFunnel": 3.0, "mouthLowerDown": 2.8, "mouthUpperUp": 2.8}
"""What tracked weights are multiplied by: iPhone weight / tracked weight, and for mouthPucker what a head needs."""
GAP_PER_WEIGHT = {"jawOpen": 0.367, "mouthFunnel": 0.154, "mouthLowerDown": 0.076, "mouthUpperUp": 0.080}
"""Inner-lip gap that a weight of 1 (on both sides) opens, in outer-eye-corner distances. Measured on ICT-FaceKit."""
LOWER_LIP_SHARE = 0.65
"""How much of a gap that the jaw does not explain is the lower lip's."""
CONTACT_GAP = 0.010
"""Inner-lip gap in eye distances below which lips touch: it measures 0.001 to 0.004 at rest, 0.005 to 0.012 in b, p."""
SHARPENING = 0.4
"""Amplifies 5 Hz, the rate of syllables, by 14 % at 25 frames a second."""
REST_PERCENTILE = 5
REST_DISTANCE_SECONDS = (0.15, 0.3)
"""Distances from speech between which a face comes to rest."""
VOICE = Voice("en-gb-x-rp")
"""The espeak-ng voice that pronounces the words."""
WORD_MARGIN_SECONDS = 0.12
"""How far from the times of a word its sounds may be heard."""


@dataclass(frozen=True)
class Config:
    source: Path = Path("../shared/data/grid/s1")
    """Folder of one speaker: NAME.npz with blendshapes, landmarks68 and inner_lips, and NAME.ogg, .flac or .wav."""
    output: Path = Path("clips/grid")
    """Folder for the clips."""
    model: Path | None = None
    """Model file that hears phones; without one the phones of the clips are unknown."""


def sharpened(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows (T, ...) plus SHARPENING times what a 1-2-1 average over time removes from them."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    average = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return np.asarray(values + SHARPENING * (values - average))


def lip_gap(inner_lips_px: NDArray[np.float64], landmarks_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gap (T,) between the inner lips in outer-eye-corner distances, 0 in contact.

    Takes inner_lips (T, 6, 3), whose first two points are the middles of the lips, and landmarks (T, 68, 3).
    """
    eyes_px = np.linalg.norm(landmarks_px[:, 36, :2] - landmarks_px[:, 45, :2], axis=1)
    gap = sharpened(np.linalg.norm(inner_lips_px[:, 0, :2] - inner_lips_px[:, 1, :2], axis=1) / eyes_px)
    return np.asarray(np.sqrt(np.maximum(gap.clip(0) ** 2 - CONTACT_GAP**2, 0)))


def arkit_weights(tracked: NDArray[np.float64], gap: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights (T, 51) with ARKit's meaning from tracked channels (T, 51) and the lip gap (T,) of lip_gap."""
    face = {name: tracked[:, BLENDSHAPE_CHANNELS.index(name)] for name in BLENDSHAPE_CHANNELS}
    mouth = {name: _speech_part(column) for name, column in _both_sides(face).items()}
    mouth["jawOpen"] = sharpened(face["jawOpen"]).clip(0)
    for name, gain in TRACKER_GAIN.items():
        mouth[name] = mouth[name] * gain
    missing = gap - np.sum([mouth[name] * opens for name, opens in GAP_PER_WEIGHT.items()], axis=0)
    for name, share in (("mouthLowerDown", LOWER_LIP_SHARE), ("mouthUpperUp", 1 - LOWER_LIP_SHARE)):
        mouth[name] = mouth[name] + share * missing.clip(0) / GAP_PER_WEIGHT[name]
    mouth["mouthClose"] = (-missing).clip(0) / GAP_PER_WEIGHT["jawOpen"]
    weights = np.zeros_like(tracked)
    for i, name in enumerate(BLENDSHAPE_CHANNELS):
        if LABELLED[i] and name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
            weights[:, i] = mouth[name.removesuffix("Left").removesuffix("Right")]
    return np.asarray(weights.clip(0, 1))


def _both_sides(face: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Channels without a side, and the mean of left and right of those with one, by their name without the side."""
    mouth = {}
    for name, column in face.items():
        other = name.removesuffix("Left") + "Right"
        if name.endswith("Left") and other in face:
            mouth[name.removesuffix("Left")] = (column + face[other]) / 2
        elif not name.endswith("Right"):
            mouth[name] = column
    return mouth


def _speech_part(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a column (T,) shows beyond the resting face."""
    return np.asarray((sharpened(column) - np.percentile(column, REST_PERCENTILE)).clip(0))


def read_words(path: Path) -> list[tuple[float, float, str]]:
    """Start and end in seconds of every word of a recording, without the silence around them."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            words = [(float(start), float(end), str(word)) for start, end, word in json.loads(str(arrays["words"]))]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} has no words with times ({error}); leave --model out to do without.") from error
    return [word for word in words if word[2] not in SILENT_WORDS]


def heard_phones(path: Path, waveform: NDArray[np.float32], hear: Hearer) -> NDArray[np.int8]:
    """Phones (T,) of a recording with words, unknown where the model does not hear them."""
    words = read_words(path)
    times = [(start - WORD_MARGIN_SECONDS, end + WORD_MARGIN_SECONDS) for start, end, _ in words]
    said = [[name for part in _pronounced(word) for name in part] for _, _, word in words]
    n_frames = len(waveform) // FRAME_SAMPLES
    alignment = align(said, hear(waveform), times)
    if alignment.agreement < LEAST_AGREEMENT:
        return unknown_phones(n_frames)
    return phone_rows(phones_heard(alignment.timed, waveform), n_frames)


def at_rest_in_silence(curves: Curves, phones: NDArray[np.int8]) -> Curves:
    """Curves (T, 51) that fade to 0 with the distance from speech; as they are where phones (T,) are unknown."""
    speech = phones != PHONES.index("sil")
    if not speech.any():
        return curves
    distance_seconds = distance_transform_edt(~speech) / CLIP_FPS
    near, far = REST_DISTANCE_SECONDS
    awake = ((far - distance_seconds) / (far - near)).clip(0, 1).astype(np.float32)
    return replace(curves, values=curves.values * awake[:, None])


@cache
def _pronounced(word: str) -> list[list[str]]:
    return words_of(word, VOICE)


def clip_from(path: Path, speaker: str, hear: Hearer | None = None) -> Clip:
    """One recording as a clip; its phones need someone who hears them."""
    arrays = read_arrays(path, ("blendshapes", "landmarks68", "inner_lips", "fps"))
    waveform = read_sound_beside(path)
    weights = arkit_weights(arrays["blendshapes"], lip_gap(arrays["inner_lips"], arrays["landmarks68"]))
    # a video frame shows the middle of the time that it lasts
    times_seconds = (np.arange(len(weights)) + 0.5) / float(arrays["fps"])
    curves = on_clip_grid(weights, times_seconds, waveform)
    phones = heard_phones(path, waveform, hear) if hear else unknown_phones(len(curves.values))
    return Clip(
        name=f"{speaker}_{path.stem}",
        corpus="grid",
        speaker=f"grid_{speaker}",
        language="en-GB",
        licence=LICENCE,
        waveform=waveform,
        curves=at_rest_in_silence(curves, phones),
        labelled=LABELLED,
        phones=phones,
    )


def main(config: Config) -> None:
    speaker = config.source.resolve().name
    if speaker == SCORING_SPEAKER:
        raise ValueError(f"GRID speaker {speaker} scores models and is never trained on; name another with --source.")
    hear = open_hearer(config.model) if config.model else None
    for path in tqdm(recordings(config.source, f"grid/{speaker}"), desc=f"grid {speaker}", unit="clip"):
        save_clip(config.output, clip_from(path, speaker, hear))


if __name__ == "__main__":
    run_script(main, Config)
