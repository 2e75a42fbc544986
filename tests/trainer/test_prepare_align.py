# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Known sounds are found where they are heard: between noisy probabilities, over pauses, near known word times."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from blender_addon.core.articulation import PAUSE, PHONE_CLASSES
from tests.trainer.ears import said, write_ear
from trainer.clips import PHONES
from trainer.prepare.align import LEAST_AGREEMENT, Alignment, align, open_hearer
from trainer.prepare.espeak import Voice, words_of
from trainer.prepare.sources import at_clip_rate
from trainer.prepare.speech import phone_rows, phones_heard
from trainer.prepare.synthetic_speech import joined, pause, spoken

TEXT = "My brother Bob put five maps above the sofa."


def heard(rows: NDArray[np.int8], noise: float, seed: int = 0) -> NDArray[np.float32]:
    """Probabilities (T, P) of ears that blur phones (T,) in time and mistake some of them."""
    generator = np.random.default_rng(seed)
    logits = gaussian_filter1d(4 * np.eye(len(PHONES))[rows], 3, axis=0)
    weights = np.exp(logits + gaussian_filter1d(noise * generator.standard_normal(logits.shape), 2, axis=0))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def rows_of(names: list[tuple[str, int]]) -> NDArray[np.int8]:
    return np.repeat([PHONES.index(name) for name, _ in names], [n_rows for _, n_rows in names]).astype(np.int8)


def starts(alignment: Alignment) -> list[tuple[str, float]]:
    return [(timed.name, round(timed.start_seconds, 3)) for timed in alignment.timed]


def test_speech_is_found_where_it_was_synthesised() -> None:
    waveform, phones = joined([pause(0.5), spoken(TEXT, Voice("en-us"), seed=1), pause(0.4)])
    rows = phone_rows(phones, len(waveform) // 240)
    probabilities = heard(rows, noise=1.5)
    assert 0.5 < (probabilities.argmax(axis=1) == rows).mean() < 0.97
    alignment = align(words_of(TEXT, Voice("en-us")), probabilities)
    found = [timed for timed in alignment.timed if timed.name != PAUSE]
    true = [phone for phone in phones if phone.symbol != PAUSE]
    assert [timed.name.strip("ˈˌ") for timed in found] == [phone.symbol for phone in true]
    errors = np.array([f.start_seconds - t.start_seconds for f, t in zip(found, true, strict=True)])
    # inside one class the ears hear no boundary
    heard_at_all = [True] + [PHONE_CLASSES[a.symbol] != PHONE_CLASSES[b.symbol] for a, b in pairwise(true)]
    assert np.median(np.abs(errors[heard_at_all])) < 0.012
    assert (np.abs(errors[heard_at_all]) < 0.03).mean() > 0.95
    assert abs(errors[heard_at_all].mean()) < 0.01
    wrong = align(words_of("Please call the station again tomorrow.", Voice("en-us")), probabilities)
    assert alignment.agreement > LEAST_AGREEMENT > wrong.agreement


def test_pauses_are_taken_between_words_only_where_they_are_heard() -> None:
    rows = rows_of([("sil", 20), ("p", 10), ("a", 20), ("sil", 30), ("t", 10), ("i", 20), ("k", 10), ("a", 15)])
    alignment = align([["b", "ˈɑ"], ["d", "iː"], ["ɡ", "ɑ"]], heard(rows, 0))
    assert [name for name, _ in starts(alignment)] == [PAUSE, "b", "ˈɑ", PAUSE, "d", "i", "ɡ", "ɑ"]
    np.testing.assert_allclose([t for _, t in starts(alignment)], [0, 0.2, 0.3, 0.5, 0.8, 0.9, 1.1, 1.2], atol=0.021)
    assert alignment.timed[-1].end_seconds == pytest.approx(1.35)
    assert all(a.end_seconds == b.start_seconds for a, b in pairwise(alignment.timed))
    assert alignment.agreement > 0.95


def test_sounds_of_one_class_share_their_time() -> None:
    rows = rows_of([("p", 10), ("a", 10), ("t", 30), ("a", 10)])
    alignment = align([["b", "ɑ", "n"], ["d", "t", "ɑ"]], heard(rows, 0))
    times = dict(starts(alignment))
    np.testing.assert_allclose([times["n"], times["d"], times["t"]], [0.2, 0.3, 0.4], atol=0.011)


def test_a_sound_keeps_its_shortest_length_where_it_is_not_heard() -> None:
    alignment = align([["b", "s", "ɑ"]], heard(rows_of([("p", 20), ("a", 20)]), 0))
    assert [name for name, _ in starts(alignment)] == ["b", "s", "ɑ"]
    assert alignment.timed[1].end_seconds - alignment.timed[1].start_seconds == pytest.approx(0.03)


def test_word_times_decide_which_of_two_like_words_is_meant() -> None:
    rows = rows_of([("sil", 20), ("p", 10), ("a", 10), ("sil", 40), ("p", 10), ("a", 10), ("sil", 20)])
    for word_seconds, start in (((0.1, 0.5), 0.2), ((0.7, 1.1), 0.8)):
        alignment = align([["b", "ɑ"]], heard(rows, 0), [word_seconds])
        assert dict(starts(alignment))["b"] == pytest.approx(start, abs=0.021)


def test_what_cannot_be_aligned_is_named() -> None:
    probabilities = heard(rows_of([("a", 20)]), 0)
    with pytest.raises(ValueError, match="There are no sounds to align; give a recording, and the text"):
        align([["(en)"], []], probabilities)
    with pytest.raises(ValueError, match="There are more sounds than fit into the recording"):
        align([["b", "ɑ"] * 4], probabilities)


def test_short_pauses_are_closures_of_stops_and_long_ones_rest() -> None:
    alignment = align(
        [["ɑ"], ["p", "ɑ"], ["ɑ"]],
        heard(rows_of([("a", 20), ("sil", 8), ("p", 5), ("a", 20), ("sil", 30), ("a", 20)]), 0),
    )
    phones = phones_heard(alignment.timed, np.full(103 * 240, 0.1, np.float32))
    assert [phone.symbol for phone in phones] == ["ɑ", "p", "ɑ", PAUSE, "ɑ"]
    assert phones[1].start_seconds == pytest.approx(0.2, abs=0.011)


def test_a_model_file_hears_on_the_grid_of_clips(tmp_path: Path) -> None:
    hear = open_hearer(write_ear(tmp_path / "ear.onnx"))
    names = [("sil", 0.2), ("a", 0.3), ("p", 0.1), ("a", 0.2)]
    waveform = at_clip_rate(said(names).astype(np.float32), 16000)
    probabilities = hear(waveform)
    assert probabilities.shape == (80, len(PHONES))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    loudest = probabilities.argmax(axis=1)
    for name, middle in (("sil", 10), ("a", 35), ("p", 54), ("a", 70)):
        assert PHONES[loudest[middle]] == name


def test_what_is_no_model_with_phones_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.onnx cannot be opened as a model file .*; name another one"):
        open_hearer(tmp_path / "none.onnx")
    other = write_ear(tmp_path / "other.onnx", phones=PHONES[::-1])
    with pytest.raises(ValueError, match=r"other\.onnx does not hear the phones of the clips; name a model of"):
        open_hearer(other)
