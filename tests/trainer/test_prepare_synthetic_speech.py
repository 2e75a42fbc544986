# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Synthetic speech: real espeak-ng through its library, and mouths that do what the phones need."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.articulation import PAUSE, PHONE_CLASSES, TARGETS, Sound, articulate, letters_of
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from trainer.clips import CLIP_FPS, PHONES, load_clip
from trainer.prepare import synthetic_speech
from trainer.prepare.espeak import Voice, phones_of, speak
from trainer.prepare.speech import phone_rows
from trainer.prepare.synthetic_speech import Config, joined, make_clip, pause, spoken
from trainer.prepare.voices import LANGUAGES, VARIANTS, Language

SENTENCE = "My brother Bob put five maps above the sofa."
ROOT = Path(__file__).parents[2]
ICT = ROOT.parent / "shared" / "data" / "ict_facekit" / "ict_facekit.npz"


def said(text: str, voice: str = "en-us") -> tuple[Curves, list[Sound]]:
    """Curves and phones of a text between two pauses of half a second."""
    waveform, phones = joined([pause(0.5), spoken(text, Voice(voice), seed=1), pause(0.5)])
    return articulate(phones, len(waveform) // 240, CLIP_FPS), phones


def frames_of(phone: Sound) -> slice:
    """The rows that lie within a phone; the last one before its end where it is shorter than a row."""
    last = int(phone.end_seconds * 100)
    return slice(min(int(np.ceil(phone.start_seconds * 100)), last), last + 1)


def test_phones_come_in_order_and_where_they_are_heard() -> None:
    samples, rate_hz, events = speak(SENTENCE, Voice("en-us"), seed=0)
    phones = phones_of(samples, rate_hz, events)
    symbols = "".join(phone.symbol for phone in phones)
    assert symbols.startswith("ma")
    assert [c for c in symbols if c in "pbmfv"] == list("mbbbpfvmpbvf")
    assert all(a.start_seconds <= a.end_seconds <= b.start_seconds + 1e-9 for a, b in pairwise(phones))
    assert phones[-1].end_seconds <= len(samples) / rate_hz + 1e-9
    for phone in phones:
        sound = samples[int(phone.start_seconds * rate_hz) : int(phone.end_seconds * rate_hz)]
        if phone.symbol in ("a", "ɑ", "o"):
            assert np.abs(sound).max() > 0.1
        if phone.symbol == "p":
            assert np.abs(sound).max() < 0.03  # the silent closure, not the burst


def test_lips_touch_during_every_p_b_and_m_and_open_between_them() -> None:
    curves, phones = said(SENTENCE)
    closures = [phone for phone in phones if phone.symbol in "pbm" and phone.symbol]
    assert len(closures) == 8
    for phone in closures:
        rows = curves.values[frames_of(phone)]
        frame = dict(zip(BLENDSHAPE_CHANNELS, rows.T, strict=True))
        np.testing.assert_allclose(frame["mouthClose"], frame["jawOpen"], atol=1e-6)
        for channel in ("mouthLowerDownLeft", "mouthUpperUpRight", "mouthFunnel"):
            np.testing.assert_allclose(frame[channel], 0, atol=1e-6)
        assert (frame["mouthPressLeft"] > 0.1).all()
    for before, after in pairwise(closures):
        between = slice(frames_of(before).stop, frames_of(after).start)
        vowel_between = after.start_seconds - before.end_seconds > 0.06
        opening = (curves.column("jawOpen") - curves.column("mouthClose"))[between].max()
        assert (opening > 0.1) == vowel_between


def test_the_lower_lip_meets_the_teeth_in_f_and_v() -> None:
    curves, phones = said(SENTENCE)
    labiodentals = [phone for phone in phones if phone.symbol in ("f", "v")]
    assert len(labiodentals) == 4
    for phone in labiodentals:
        middle = int(50 * (phone.start_seconds + phone.end_seconds))
        frame = dict(zip(BLENDSHAPE_CHANNELS, curves.values[middle], strict=True))
        assert frame["mouthRollLower"] > 0.4
        assert frame["mouthUpperUpLeft"] > 0.1
        assert frame["mouthLowerDownLeft"] < 0.02
        assert frame["jawOpen"] - frame["mouthClose"] < 0.12


def test_the_mouth_rests_in_pauses_and_soon_after_speech() -> None:
    curves, phones = said("Papa.")
    assert curves.values[:30].max() < 0.01
    end = int(100 * phones[-1].start_seconds)
    assert curves.values[end - 20 : end].max() > 0.2
    assert curves.values[end + 25 :].max() < 0.05
    assert curves.values[-5:].max() < 0.005


def test_rounding_starts_before_its_vowel() -> None:
    phones = {
        vowel: [
            Sound(PAUSE, 0, 0.5),
            Sound("s", 0.5, 0.6),
            Sound("t", 0.6, 0.7),
            Sound(vowel, 0.7, 0.9),
            Sound(PAUSE, 0.9, 1.4),
        ]
        for vowel in "ui"
    }
    round_lips, spread_lips = (articulate(phones[vowel], 140, CLIP_FPS).column("mouthPucker") for vowel in "ui")
    assert round_lips[85] > 0.28
    assert round_lips[70] > 0.3 * round_lips[85]
    assert round_lips[66] > 0.1 * round_lips[85]
    assert spread_lips.max() < 0.01


def test_open_vowels_open_further_than_close_ones_and_stress_opens_the_jaw() -> None:
    def widest(vowel: str, effort: float = 1.0) -> float:
        phones = [Sound(PAUSE, 0, 0.5), Sound("d", 0.5, 0.56), Sound(vowel, 0.56, 0.74), Sound("d", 0.74, 0.8)]
        phones[2] = Sound(vowel, 0.56, 0.74, effort)
        return float(articulate(phones, 90, CLIP_FPS).column("jawOpen").max())

    assert widest("a") > widest("ɛ") > widest("i") > widest("u")
    assert 0.35 < widest("a", 1.12) < 0.6
    assert widest("a", 1.12) > widest("a", 0.88) + 0.05


@pytest.mark.skipif(not ICT.exists(), reason="the ICT-FaceKit head is not beside the project")
def test_lip_gaps_on_a_head() -> None:
    curves, phones = said("Papa can't calm my mother, the car is far above them.", "en")
    gap = ict_lip_gap(curves)
    for phone in phones:
        if phone.symbol in ("p", "b", "m"):
            assert gap[frames_of(phone)].max() < 0.005
    open_vowels = [gap[frames_of(phone)].max() for phone in phones if phone.symbol == "ɑ"]
    assert len(open_vowels) >= 3
    assert 0.12 < np.median(open_vowels) < 0.2


def ict_lip_gap(curves: Curves) -> NDArray[np.float64]:
    """Inner-lip gap (T,) beyond the neutral one, in outer-eye-corner distances."""
    with np.load(ICT) as model:
        points = model["landmarks68"]
        neutral, deltas = model["neutral"][points], model["expression_deltas"][:, points].astype(np.float64)
        channels = [str(name).replace("_L", "Left").replace("_R", "Right") for name in model["expression_names"]]
    opening = (deltas[:, 62, 1] - deltas[:, 66, 1]) / np.linalg.norm(neutral[36] - neutral[45])
    gap = np.zeros(len(curves.values))
    for channel, opens in zip(channels, opening, strict=True):
        if channel in curves.channels:
            gap += opens * curves.column(channel)
    return gap.clip(0)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.voice)
def test_every_phone_of_every_text_has_a_target(language: Language) -> None:
    text = (synthetic_speech.TEXTS / f"{language.texts}.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) >= 6
    assert len(set(text.splitlines())) == len(text.splitlines())
    numbers = "0 1 2 3 4 5 6 7 8 9 10 11 12 13 20 30 56 78 90 100 1000. 17:45, 2026."
    samples, rate_hz, events = speak(text + numbers, Voice(f"{language.voice}+f2"), seed=0)
    phones = phones_of(samples, rate_hz, events)
    assert len(phones) > 4 * len(text.splitlines())
    assert any(phone.symbol in ("p", "b", "m") for phone in phones)
    assert all(a.start_seconds <= a.end_seconds <= b.start_seconds + 1e-9 for a, b in pairwise(phones))
    assert all(phone.end_seconds - phone.start_seconds > 0.005 for phone in phones if phone.symbol == "b")


def test_every_variant_speaks_and_no_two_speak_alike() -> None:
    assert len({tuple(speak("Mama.", Voice(f"en+{variant}"), seed=0)[0][:4000]) for variant in VARIANTS}) == len(
        VARIANTS
    )


def test_a_phone_without_a_target_fails_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"The phone 'ˈǃa' has no articulation target; add 'ǃ' to articulation\.py\."):
        letters_of("ˈǃa")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("ˈaɪ", "aɪ"),
        ("tɕh", "tɕh"),
        ("s.", "s"),
        ("ə-", "ə"),
        ("ɐ̃ʊ̃", "ɐʊ"),
        ("tʲ", "t"),
        ("uː", "u"),
        ("", ""),
        ("(en)", ""),
    ],
)
def test_marks_are_no_sounds(name: str, letters: str) -> None:
    assert "".join(letters_of(name)) == letters


def test_every_letter_belongs_to_the_class_of_its_mouth() -> None:
    assert len(set(PHONES)) == len(PHONES) == 29
    assert set(PHONE_CLASSES) == set(TARGETS)
    assert set(PHONE_CLASSES.values()) == set(range(29))
    for letter, phone_class in PHONE_CLASSES.items():
        name = PHONES[phone_class]
        assert TARGETS[letter] is TARGETS[PAUSE if name == "sil" else name]


def test_phone_rows_name_what_is_heard_at_their_time() -> None:
    phones = [Sound("b", 0.02, 0.05), Sound("ɑ", 0.07, 0.1), Sound(PAUSE, 0.1, 0.2)]
    names = [PHONES[row] if row >= 0 else None for row in phone_rows(phones, 13)]
    assert names == [None, None, *5 * ["p"], *3 * ["a"], *3 * ["sil"]]


def test_an_unknown_voice_and_a_text_without_words_are_named() -> None:
    with pytest.raises(ValueError, match="espeak-ng has no voice 'xx-none'"):
        speak("Hello.", Voice("xx-none"), seed=0)
    with pytest.raises(ValueError, match="The voice en says nothing for ''"):
        speak("", Voice("en"), seed=0)


def test_the_same_seed_makes_the_same_clips(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        arguments = ["--hours", "0.004", "--seed", "3", "--output", str(tmp_path / folder)]
        command = [sys.executable, "-m", "trainer.prepare.synthetic_speech", *arguments]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    first, second = (sorted((tmp_path / folder).glob("*.npz")) for folder in ("first", "second"))
    assert len(first) >= 2
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    other = make_clip(0, Config(seed=4))
    assert not np.array_equal(other.curves.values, load_clip(first[0]).curves.values)


def test_clips_fill_the_wanted_time_with_many_voices(tmp_path: Path) -> None:
    synthetic_speech.main(Config(output=tmp_path, hours=0.03))
    clips = [load_clip(path) for path in sorted(tmp_path.glob("*.npz"))]
    assert 108 <= sum(clip.curves.duration_seconds for clip in clips) < 150
    assert len({clip.speaker for clip in clips}) > 4
    for clip in clips:
        assert len(clip.waveform) == 240 * len(clip.curves.values)
        assert 0.05 < np.abs(clip.waveform).max() <= 1
        assert 0.25 < clip.curves.column("jawOpen").max() < 0.65
        assert not clip.labelled[BLENDSHAPE_CHANNELS.index("eyeBlinkLeft")]
        assert not clip.curves.values[:, ~clip.labelled].any()
        assert "espeak-ng" in clip.licence
        rests = clip.phones == PHONES.index("sil")
        assert (clip.phones >= 0).all()
        assert 0.05 < rests.mean() < 0.5
        assert clip.curves.column("jawOpen")[rests].mean() < 0.4 * clip.curves.column("jawOpen")[~rests].mean()


@pytest.mark.parametrize("config", [Config(hours=0), Config(sentences_per_clip=0)])
def test_nothing_to_make_is_refused(config: Config) -> None:
    with pytest.raises(ValueError, match="--hours must be more than 0 and --sentences-per-clip at least 1"):
        synthetic_speech.main(config)
