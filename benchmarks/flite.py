"""Sentences by flite voices with the times of their phones: speech that no model was trained on, with exact labels.

flite is a small speech synthesiser (https://github.com/festvox/flite; Debian package flite). The folder that
write_clips fills is what phone_metrics.py reads: NAME.flac and NAME.json, a list of [phone, end_seconds].
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import soundfile

VOICES = ("slt", "rms", "awb")
"""A US woman, a US man, a Scottish man. The times that flite prints for its older voices drift from their sound."""

SENTENCES = (
    "Bob and my mother moved the piano up the broad stairs.",
    "People rarely mop the bathroom before breakfast, do they?",
    "Five fine fishermen found a very big oven. It was empty.",
    "My family, of course, preferred a father who could bake.",
    "Please put the purple paper on the table, and leave it there.",
    "She has a dark blue van. I have a fast brown bicycle.",
    "What a marvellous evening! We may all come back tomorrow.",
    "Happy apes jumped over palm trees, laughing as they passed.",
    "The problem with problems is, most of them are small.",
    "Above the village, a balloon moved silently across the valley.",
    "Father bought a cow, a calf, and half a pound of butter.",
    "If you have any doubt, ask somebody who was involved.",
    "My map was wrong. Perhaps both of us were hopelessly lost.",
    "Vivid colours give every photograph a bit of life.",
    "Bring me a cup of coffee, a muffin, and the morning paper.",
    "He coughed twice, waved, and vanished behind the bushes.",
    "Shall we stop by the farm, or drive past the harbour first?",
    "An amber lamp stood by the open window.",
    "Number seven of the problem sheet made Martha laugh.",
    "My boots are muddy. Wipe the floor before Mum arrives.",
    "The bishop hoped for rain, but the morning was bright.",
    "Off came the lid, and out jumped a remarkably fat rabbit.",
    "We made pumpkin pie, apple jam, and far too much bread.",
    "It took ages, but the bus company finally apologised.",
    "Every member of the band plays bass, some of them badly.",
    "Stop. Wait for me. My ankle hurts, and I am out of breath.",
    "Half of the apples are mouldy, and the pears have vanished.",
    "Albert paid for the broken vase out of his own pocket.",
    "The lamb climbed a rock and bleated at the moving clouds.",
    "Nobody believed him, although the map proved him right.",
    "Put a pinch of pepper in, then a cup of beef broth.",
    "Voices from far off floated above the calm bay.",
    "Must Barbara always be the first to leave a party?",
    "A calm man may hope. A lamp may fall. A bomb may fail.",
    "Give back my umbrella, if you would be so kind.",
    "Far off, a bell rang, and the whole camp woke up.",
    "Compare both maps before you plan the trip, my friend.",
    "The chef was furious: the soup had been ruined by salt.",
    "Ambitious people often move abroad for a better job.",
    "Oh, Bobby, you have grown up into a fabulous young man.",
)


def write_clips(folder: Path) -> list[Path]:
    """Every sentence by every voice into a subfolder for each voice, which are returned.

    Raises ValueError when flite is not installed or lacks a voice.
    """
    if shutil.which("flite") is None:
        raise ValueError("flite is not installed; install it (Debian: apt install flite) to score phones")
    for voice in VOICES:
        (folder / voice).mkdir(parents=True, exist_ok=True)
        for i, sentence in enumerate(SENTENCES):
            write_clip(folder / voice / f"{voice}_{i:02d}", voice, sentence)
    return [folder / voice for voice in VOICES]


def write_clip(stem: Path, voice: str, sentence: str) -> None:
    """One sentence as stem.flac and stem.json."""
    wav = stem.with_suffix(".wav")
    command = ["flite", "-voice", voice, "-psdur", "-t", sentence, "-o", str(wav)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or not wav.exists():
        raise ValueError(
            f"flite could not read with the voice {voice} ({result.stderr.strip()}); install all its voices"
        )
    samples, rate_hz = soundfile.read(wav)
    soundfile.write(stem.with_suffix(".flac"), samples, rate_hz)
    wav.unlink()
    stem.with_suffix(".json").write_text(json.dumps(phone_ends(result.stdout)))


def phone_ends(printed: str) -> list[tuple[str, float]]:
    """Phones and their ends in seconds, from what -psdur prints: "pau:0.164 hh:0.255 ..."."""
    pairs = (word.rsplit(":", 1) for word in printed.split())
    return [(phone, float(end)) for phone, end in pairs]
