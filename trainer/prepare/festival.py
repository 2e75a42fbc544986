# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Festival: our own sentences spoken from recorded pieces of human speech, with exact phone times.

Festival joins recorded diphones (or generates from recordings), so its voices have the spectra of people, which
espeak-ng's oscillators have not. Debian packages the program and the voices of VOICES. The voices that flite has too
(kal, slt, rms, awb) are left out: they score models.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from blender_addon.core.articulation import PAUSE
from trainer.clips import CLIP_SAMPLE_RATE_HZ, Clip, save_clip
from trainer.prepare.sources import FRAME_SAMPLES, read_sound, run_script
from trainer.prepare.speech import Timed, phones_heard, speech_clip
from trainer.prepare.synthetic_speech import read_texts, recorded, sentence

LICENCE = "Voxkey's own sentences, spoken by Festival (https://www.cstr.ed.ac.uk/projects/festival) with the voice {}"
SLOWEST, FASTEST = 1.35, 0.75
"""Durations against those of the voice."""
MARGIN_SECONDS = (0.0, 0.6)
"""Shortest and longest silence added at both ends."""


def _phones(pairs: str) -> dict[str, str]:
    """Phone -> IPA letters from PHONE:LETTERS, with the pauses of all voices."""
    return dict.fromkeys(("pau", "#", "##", "_"), PAUSE) | dict(pair.split(":") for pair in pairs.split())


ENGLISH = _phones(
    "aa:ɑ ae:æ ah:ʌ ao:ɔ aw:aʊ ax:ə axr:ɚ ay:aɪ b:b ch:tʃ d:d dh:ð dx:ɾ eh:ɛ el:l em:m en:n er:ɝ ey:eɪ f:f g:ɡ "
    "hh:h hv:h ih:ɪ iy:i jh:dʒ k:k l:l m:m n:n nx:n ng:ŋ ow:oʊ oy:ɔɪ p:p r:ɹ s:s sh:ʃ t:t th:θ uh:ʊ uw:u v:v w:w "
    "y:j z:z zh:ʒ"
)
"""The radio phone set of Festival's US voices."""
ROMANCE = _phones(
    "a:a e:e E:ɛ i:i o:o O:ɔ u:u ax:ə j:j w:w p:p t:t k:k b:b d:d g:ɡ ts:ts dz:dz tS:tʃ dZ:dʒ f:f v:v s:s z:z S:ʃ "
    "Z:ʒ m:m n:n J:ɲ ng:ŋ N:ŋ nf:ɱ L:ʎ l:l r:ɾ rr:r x:x h:h y:j"
)
"""SAMPA (https://www.phon.ucl.ac.uk/home/sampa) as the Italian and Catalan voices write it."""
CZECH = _phones(
    "a:a e:e i:i o:o u:u b:b c:ts c~:tʃ ch:x d:d d~:ɟ dz:dz dz~:dʒ f:f g:ɡ h:ɦ j:j k:k l:l m:m m*:ɱ n:n n*:ŋ n~:ɲ "
    "p:p r:r r~:ʒ r~*:ʃ s:s s~:ʃ t:t t~:c v:v z:z z~:ʒ"
)
"""Letters, a wedge as ~; ř is a trill with the lips of ʒ."""
FINNISH = _phones("a:ɑ e:e i:i o:o u:u y:y @:æ 7:ø p:p t:t k:k b:b d:d g:ɡ f:f v:ʋ s:s S:ʃ h:h j:j l:l r:r m:m n:n N:ŋ")
RUSSIAN = _phones(
    "a:ɐ aa:a ae:ɪ ay:ə e:ɪ ee:e i:ɪ ii:i o:o oo:o u:ʊ uu:u ur:ʊ y:ɨ yy:ɨ j:j b:b bb:b c:ts ch:tɕ d:d dd:d f:f "
    "ff:f g:ɡ gg:ɡ h:x hh:x k:k kk:k l:l ll:l m:m mm:m n:n nn:n p:p pp:p r:r rr:r s:s ss:s sh:ʂ sch:ɕ t:t tt:t v:v "
    "vv:v z:z zz:z zh:ʐ"
)
"""A doubled vowel is stressed, a doubled consonant palatalised."""


class FestivalVoice(NamedTuple):
    """A voice of Festival; the Debian package's name says where it comes from."""

    name: str
    language: str
    """IETF tag; its first part names the file in texts/."""
    encoding: str
    phones: dict[str, str]
    """Phone of the voice -> IPA letters, or PAUSE. Marks of length and stress are dropped before."""
    share: float
    """How many clips it gets, in proportion to the others."""
    package: str
    licence: str


VOICES = (
    FestivalVoice("ked_diphone", "en-US", "utf-8", ENGLISH, 6, "festvox-kdlpc16k", "MIT-like, University of Edinburgh"),
    FestivalVoice("lp_diphone", "it-IT", "latin-1", ROMANCE, 2, "festvox-italp16k", "GPL-2+, ISTC-SPFD CNR"),
    FestivalVoice("pc_diphone", "it-IT", "latin-1", ROMANCE, 2, "festvox-itapc16k", "GPL-2+, ISTC-SPFD CNR"),
    FestivalVoice("czech_dita", "cs-CZ", "iso-8859-2", CZECH, 1, "festvox-czech-dita", "GPL-3+, Brailcom"),
    FestivalVoice("czech_machac", "cs-CZ", "iso-8859-2", CZECH, 1, "festvox-czech-machac", "GPL-3+, Brailcom"),
    FestivalVoice("czech_ph", "cs-CZ", "iso-8859-2", CZECH, 1, "festvox-czech-ph", "GPL-2+, Brailcom"),
    FestivalVoice("czech_krb", "cs-CZ", "iso-8859-2", CZECH, 1, "festvox-czech-krb", "GPL-3+, Brailcom"),
    FestivalVoice("suo_fi_lj_diphone", "fi-FI", "latin-1", FINNISH, 1, "festvox-suopuhe-lj", "LGPL-2.1+, Suopuhe"),
    FestivalVoice("hy_fi_mv_diphone", "fi-FI", "latin-1", FINNISH, 1, "festvox-suopuhe-mv", "LGPL-2.1+, Suopuhe"),
    FestivalVoice("msu_ru_nsh_clunits", "ru-RU", "utf-8", RUSSIAN, 3, "festvox-ru", "BSD-like, N. Shmyrev"),
    FestivalVoice("upc_ca_ona_hts", "ca-ES", "iso-8859-15", ROMANCE, 2, "festvox-ca-ona-hts", "LGPL-2.1+, UPC"),
)


@dataclass(frozen=True)
class Config:
    output: Path = Path("clips/festival")
    """Folder for the clips."""
    clips: int = 1_500
    """About so many clips of one or two sentences."""
    seed: int = 0
    """The same seed makes the same clips."""


def script(voice: FestivalVoice, texts: list[str], stretches: list[float], folder: Path) -> str:
    """Scheme that speaks each text into folder/N.wav with its phones in folder/N.lab; one that fails is passed over."""
    lines = [f"(voice_{voice.name})"]
    for number, (text, stretch) in enumerate(zip(texts, stretches, strict=True)):
        said = text.replace('"', "").replace("\\", "")
        lines.append(
            f"(unwind-protect (begin (Parameter.set 'Duration_Stretch {stretch:.3f}) "
            f'(set! said (utt.synth (Utterance Text "{said}"))) (utt.save.wave said "{folder}/{number}.wav") '
            f'(utt.save.segs said "{folder}/{number}.lab")) nil)'
        )
    return "\n".join(lines)


def speak(voice: FestivalVoice, texts: list[str], stretches: list[float], folder: Path) -> None:
    """Sound and phones of the texts in folder; ValueError when Festival or the voice is missing."""
    path = folder / "say.scm"
    path.write_bytes(script(voice, texts, stretches, folder).encode(voice.encoding, errors="replace"))
    if shutil.which("festival") is None:
        raise ValueError("Festival is not installed; install it (Debian: apt install festival) and its voices.")
    ran = subprocess.run(["festival", "-b", str(path)], capture_output=True, check=False)
    if not any(folder.glob("*.lab")):
        reason = ran.stderr.decode(errors="replace").strip().splitlines()[:1]
        raise ValueError(f"Festival does not speak with {voice.name} ({reason}); install the package {voice.package}.")


def timed_phones(lines: list[str], phones: dict[str, str]) -> Iterator[Timed]:
    """Phones from a label file (END COLOUR NAME in each line, after a # of its own); ValueError for an unknown one."""
    start = 0.0
    for line in lines[lines.index("#") + 1 :]:
        end, _, name = line.split()
        plain = name if name in phones else name.rstrip(":0123456789")
        if plain not in phones:
            raise ValueError(f"Festival says {name!r}, which has no IPA letter; add it to festival.py.")
        yield Timed(phones[plain], start, float(end))
        start = float(end)


def clip_from(voice: FestivalVoice, name: str, sound: Path, generator: np.random.Generator) -> Clip:
    """What Festival said, with silence at both ends, as a microphone may hear it."""
    lines = sound.with_suffix(".lab").read_text(encoding="utf-8", errors="replace").splitlines()
    before, after = (int(s * CLIP_SAMPLE_RATE_HZ) for s in generator.uniform(*MARGIN_SECONDS, 2))
    shift = before / CLIP_SAMPLE_RATE_HZ
    said = [Timed(n, start + shift, end + shift) for n, start, end in timed_phones(lines, voice.phones)]
    waveform = np.pad(read_sound(sound), (before, after))
    waveform = waveform[: len(waveform) // FRAME_SAMPLES * FRAME_SAMPLES]
    timed = [Timed(PAUSE, 0.0, shift), *said, Timed(PAUSE, said[-1].end_seconds, len(waveform) / CLIP_SAMPLE_RATE_HZ)]
    return speech_clip(
        name=name,
        corpus="festival",
        speaker=voice.name,
        language=voice.language,
        licence=LICENCE.format(f"{voice.name} ({voice.package}, {voice.licence})"),
        waveform=recorded(waveform, generator),
        phones=phones_heard(timed, waveform),
    )


def main(config: Config) -> None:
    total = sum(voice.share for voice in VOICES)
    with tqdm(total=config.clips, desc="festival", unit="clip") as progress, tempfile.TemporaryDirectory() as base:
        for number, voice in enumerate(VOICES):
            generator = np.random.default_rng((config.seed, number))
            lines = read_texts(voice.language[:2])
            n_clips = round(config.clips * voice.share / total)
            texts = [
                " ".join(sentence(lines, generator) for _ in range(generator.integers(1, 3))) for _ in range(n_clips)
            ]
            folder = Path(base) / voice.name
            folder.mkdir()
            speak(voice, texts, list(generator.uniform(FASTEST, SLOWEST, n_clips)), folder)
            for sound in sorted(folder.glob("*.wav")):
                name = f"festival_{voice.name}_{config.seed}_{int(sound.stem):04d}"
                save_clip(config.output, clip_from(voice, name, sound, generator))
                progress.update()


if __name__ == "__main__":
    run_script(main, Config)
