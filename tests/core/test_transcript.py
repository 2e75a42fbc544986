"""Words become sounds, and are found in what a model hears, even when some of them are wrong."""

from itertools import pairwise

import numpy as np
import pytest

from blender_addon.core import spelling, transcript
from blender_addon.core.articulation import PHONES
from blender_addon.core.curves import Curves
from blender_addon.core.phones import Phone, segments

SENTENCE = "the moon was bright and my people were happy about it"
FPS = 50.0
ROWS_EACH = 4


def sounds(text: str, language: str = "en") -> list[str]:
    return [sound for word in spelling.words_of(text) for sound in spelling.sounds_of(word, language)]


def heard(names: list[str], sureness: float = 0.98, blur: float = 0.0) -> Curves:
    """Probabilities of sounds that last 80 ms each, between two silences."""
    rows = ["sil"] * 10 + [name for name in names for _ in range(ROWS_EACH)] + ["sil"] * 10
    values = np.full((len(rows), len(PHONES)), (1 - sureness) / (len(PHONES) - 1), np.float32)
    values[np.arange(len(rows)), [PHONES.index(name) for name in rows]] = sureness
    if blur:
        noise = np.random.default_rng(0).dirichlet(np.full(len(PHONES), 0.2), len(rows))
        values = ((1 - blur) * values + blur * noise).astype(np.float32)
    return Curves(values, PHONES, FPS)


def joined(names: list[str]) -> list[str]:
    return [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]


@pytest.mark.parametrize(
    ("word", "language", "said"),
    [
        ("people", "en", "p i p ə l"),
        ("computer", "en", "k ə p j u t ə"),
        ("box", "en", "p a k s"),
        ("schön", "de", "ʃ o t"),
        ("beaucoup", "fr", "p o k u"),
        ("perché", "it", "p ɛ l k e"),
        ("hijo", "es", "i k o"),
        ("geweest", "nl", "k ə f e s t"),
    ],
)
def test_words_sound_as_their_language_says(word: str, language: str, said: str) -> None:
    assert spelling.sounds_of(word, language) == said.split()


def test_words_of_a_text() -> None:
    assert spelling.words_of("“Don\u2019t”, she said -- 20 well-known\nthings!") == [
        "don't", "she", "said", "well-known", "things",
    ]  # fmt: skip
    assert spelling.sounds_of("日本", "en") == []
    assert spelling.sounds_of("ŷes", "en") == spelling.sounds_of("yes", "en")


def test_a_text_says_phones_that_the_model_missed() -> None:
    names = sounds(SENTENCE)
    misheard = heard(names)
    lips = [10 + ROWS_EACH * i for i, name in enumerate(names) if name == "p"]
    for row in lips[1::2]:  # t and p are about as likely there
        misheard.values[row : row + ROWS_EACH] = 0.005
        misheard.values[row : row + ROWS_EACH, [PHONES.index("t"), PHONES.index("p")]] = 0.45, 0.4
    without = [phone.name for phone in segments(misheard)]
    reading = transcript.read(SENTENCE, misheard, "en")
    assert [phone.name for phone in reading.phones] == ["sil", *joined(names), "sil"]
    assert without.count("p") < [phone.name for phone in reading.phones].count("p")
    assert reading.agreement > 0.9


def test_phones_come_one_after_the_other_from_the_beginning_to_the_end() -> None:
    probabilities = heard(sounds(SENTENCE), blur=0.3)
    phones = transcript.read(SENTENCE, probabilities, "en").phones
    assert phones[0].start_seconds == 0
    assert phones[-1].end_seconds == probabilities.duration_seconds
    assert all(one.end_seconds == other.start_seconds and one.name != other.name for one, other in pairwise(phones))
    assert all(phone.end_seconds > phone.start_seconds for phone in phones)


def test_times_are_those_at_which_the_sounds_are_heard() -> None:
    names = sounds(SENTENCE)
    [first, *_] = [p for p in transcript.read(SENTENCE, heard(names), "en").phones if p.name == "p"]
    place = names.index("p")
    assert first == Phone("p", pytest.approx((9.5 + 4 * place) / 50), pytest.approx((13.5 + 4 * place) / 50))


@pytest.mark.parametrize(
    "text",
    [
        "the moon was elephant and my people were happy about it",
        "the moon was bright and my people were about it",
        "well the moon was bright and my people were so very happy about it",
        "moon bright and my people happy about it",
    ],
)
def test_wrong_missing_and_additional_words_do_no_harm(text: str) -> None:
    probabilities = heard(sounds(SENTENCE), blur=0.05)
    reading = transcript.read(text, probabilities, "en")
    true = [phone.name for phone in transcript.read(SENTENCE, probabilities, "en").phones]
    assert [phone.name for phone in reading.phones] == true
    assert reading.agreement > 0.7


def test_the_language_is_found_out() -> None:
    german = "der Mond schien hell und meine Leute waren ziemlich froh darüber"
    assert transcript.read(german, heard(sounds(german, "de"), blur=0.2)).language == "de"
    assert transcript.read(SENTENCE, heard(sounds(SENTENCE), blur=0.2)).language == "en"


def test_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match="The transcript, in English, says only"):
        transcript.read("seventeen geese cackle loudly today", heard(sounds(SENTENCE)), "en")


@pytest.mark.parametrize("text", ["", "20 30", "..."])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="has no words"):
        transcript.read(text, heard(["p"]))
