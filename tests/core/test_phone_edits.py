# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Edited phones move the mouth of a real prediction: closures close, what is not edited stays to the bit."""

from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core import model
from blender_addon.core.curves import Curves
from blender_addon.core.lips import lip_gap
from blender_addon.core.phone_edits import (
    Edits,
    Row,
    check_name,
    follow,
    from_json,
    match,
    settled,
    to_json,
    without_gaps,
)
from blender_addon.core.phones import Phone, segments
from blender_addon.core.wav import read_wav, resample_waveform

ROOT = Path(__file__).parents[2]
REACH_SECONDS = 0.25
"""Edits change nothing farther away from an edited phone."""
PHONES = [Phone("sil", 0, 0.2), Phone("a", 0.2, 0.4), Phone("t", 0.4, 0.5), Phone("a", 0.5, 0.7), Phone("sil", 0.7, 1)]

Edit = Callable[[list[Phone]], list[Phone]]


@pytest.fixture(scope="module")
def said() -> tuple[Curves, Curves, list[Phone]]:
    """What the shipped model makes of the demo: curves, probabilities, phones."""
    voice = model.open_model(ROOT / "blender_addon/models/voice_to_face.onnx", "CPU")
    waveform, rate_hz = read_wav(ROOT / "tools/demo_speech.wav")
    output = model.predict(voice, resample_waveform(waveform, rate_hz, voice.contract.sample_rate_hz))
    assert output.phones is not None
    return output.curves, output.phones, segments(output.phones)


def renamed(place: int, name: str) -> Edit:
    return lambda phones: [*phones[:place], replace(phones[place], name=name), *phones[place + 1 :]]


def deleted(place: int) -> Edit:
    return lambda phones: phones[:place] + phones[place + 1 :]


def shifted(place: int, seconds: float) -> Edit:
    """A phone between two that give way."""

    def edit(phones: list[Phone]) -> list[Phone]:
        before, phone, after = phones[place - 1 : place + 2]
        start, end = phone.start_seconds + seconds, phone.end_seconds + seconds
        moved = [replace(before, end_seconds=start), Phone(phone.name, start, end), replace(after, start_seconds=end)]
        return phones[: place - 1] + moved + phones[place + 2 :]

    return edit


def gap_in(curves: Curves, start_seconds: float, end_seconds: float) -> np.ndarray:
    """The lip gap from one frame before to one frame after a time."""
    times = np.arange(len(curves.values)) / curves.fps
    near = (times >= start_seconds - 1 / curves.fps) & (times <= end_seconds + 1 / curves.fps)
    return np.asarray(lip_gap(curves)[near])


def narrowest(curves: Curves, phone: Phone) -> float:
    """The smallest lip gap well inside a phone."""
    return float(gap_in(curves, phone.start_seconds + 0.02, phone.end_seconds - 0.04).min())


def places(phones: list[Phone], names: str) -> list[int]:
    return [i for i, phone in enumerate(phones) if phone.name in names and 0 < i < len(phones) - 1]


def between_open_sounds(phones: list[Phone]) -> list[int]:
    """Places of each p, b and m whose neighbours leave the lips open."""
    return [
        i
        for i in places(phones, "p")
        if phones[i].end_seconds - phones[i].start_seconds < 0.18
        and not {"sil", "f", "w"} & {phones[i - 1].name, phones[i + 1].name}
    ]


def test_phones_as_they_were_heard_leave_the_curves_as_they_are(said: tuple[Curves, Curves, list[Phone]]) -> None:
    curves, probabilities, phones = said
    assert follow(curves, probabilities, phones, list(phones)) == (curves, probabilities)


@pytest.mark.parametrize("name", ["p", "b", "m"])
def test_a_phone_that_becomes_p_b_or_m_closes_the_lips(said: tuple[Curves, Curves, list[Phone]], name: str) -> None:
    curves, probabilities, phones = said
    limit = 0.12 * np.percentile(lip_gap(curves), 90)
    for place in places(phones, "tsklɹaiɪəɛuo"):
        closed, _ = follow(curves, probabilities, phones, renamed(place, name)(phones))
        assert gap_in(closed, phones[place].start_seconds, phones[place].end_seconds).min() < limit, phones[place]


@pytest.mark.parametrize("edit", [deleted, lambda place: renamed(place, "t")])
def test_a_p_that_is_gone_opens_the_lips(said: tuple[Curves, Curves, list[Phone]], edit: Callable[[int], Edit]) -> None:
    curves, probabilities, phones = said
    limit = 0.12 * np.percentile(lip_gap(curves), 90)
    inside = between_open_sounds(phones)
    assert len(inside) > 5
    for place in inside:
        opened, _ = follow(curves, probabilities, phones, edit(place)(phones))
        start, end = phones[place].start_seconds, phones[place].end_seconds
        assert gap_in(opened, start + 0.02, end - 0.02).max() > limit, phones[place]
        assert gap_in(opened, start, end).mean() > gap_in(curves, start, end).mean(), phones[place]


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("t", lambda place: renamed(place, "p")),
        ("t", deleted),
        ("p", lambda place: shifted(place, 0.02)),
        ("s", lambda place: renamed(place, "ʃ")),
    ],
)
def test_rows_away_from_the_edit_stay_to_the_bit(
    said: tuple[Curves, Curves, list[Phone]], name: str, edit: Callable[[int], Edit]
) -> None:
    curves, probabilities, phones = said
    wanted = edit(places(phones, name)[1])(phones)
    touched = set(phones) ^ set(wanted)
    start = min(phone.start_seconds for phone in touched) - REACH_SECONDS
    end = max(phone.end_seconds for phone in touched) + REACH_SECONDS
    times = np.arange(len(curves.values)) / curves.fps
    away = (times < start) | (times > end)
    for before, after in zip((curves, probabilities), follow(curves, probabilities, phones, wanted), strict=True):
        assert (before.values[away] == after.values[away]).all()
        assert (before.values != after.values).any()
        assert after.values.min() >= 0
        assert after.values.max() <= 1


def test_a_closure_moves_with_its_phone(said: tuple[Curves, Curves, list[Phone]]) -> None:
    curves, probabilities, phones = said
    closed = [i for i in between_open_sounds(phones) if gap_in(curves, *astuple(phones[i])[1:]).min() < 0.02]
    assert len(closed) > 5
    for place in closed:
        moved, _ = follow(curves, probabilities, phones, shifted(place, 0.05)(phones))
        phone = phones[place]
        before, after = (lip_gap(c) < 0.02 for c in (curves, moved))
        times = np.arange(len(before)) / curves.fps
        near = np.abs(times - phone.start_seconds - 0.05) < 0.12
        assert times[near & after].min() - times[near & before].min() > 0.015, phone


def test_a_transcript_closes_the_lips_that_the_model_left_open_and_nothing_else(
    said: tuple[Curves, Curves, list[Phone]],
) -> None:
    curves, probabilities, phones = said
    place = max(places(phones, "t"), key=lambda i: narrowest(curves, phones[i]))
    transcript = Edits(tuple(renamed(place, "m")(phones)), tuple(renamed(place, "m")(phones)), "text")
    closed, surer = transcript.applied(curves, probabilities)
    start, end = phones[place].start_seconds, phones[place].end_seconds
    assert narrowest(closed, phones[place]) < 0.02 < narrowest(curves, phones[place])
    times = np.arange(len(curves.values)) / curves.fps
    away = (times < start - 0.1) | (times > end + 0.1)
    assert (closed.values[away] == curves.values[away]).all()
    assert surer.column("p")[round((start + end) / 2 * surer.fps)] > 0.9


def test_edits_are_the_same_after_they_were_kept_as_text() -> None:
    edits = Edits(tuple(PHONES), tuple(renamed(2, "ʃ")(PHONES)), 'a "line" – so')
    assert from_json(to_json(edits)) == edits


def test_a_phone_put_into_a_vowel_lies_within_it() -> None:
    inside = without_gaps([*PHONES, Phone("m", 0.27, 0.33)], 1.0)
    assert [phone.name for phone in inside] == ["sil", "a", "m", "a", "t", "a", "sil"]
    assert inside[1:4] == [Phone("a", 0.2, 0.27), Phone("m", 0.27, 0.33), Phone("a", 0.33, 0.4)]


def test_a_short_gap_belongs_to_its_neighbours_and_a_long_one_is_a_pause() -> None:
    assert without_gaps(deleted(2)(PHONES), 1.0)[1:3] == [Phone("a", 0.2, 0.45), Phone("a", 0.45, 0.7)]
    silent = without_gaps(deleted(1)(PHONES), 1.0)
    assert silent[1] == Phone("sil", 0.2, 0.4)
    assert without_gaps([], 1.0) == [Phone("sil", 0, 1.0)]


def test_the_same_phones_belong_together_however_they_are_edited() -> None:
    a, t = PHONES[1], PHONES[2]
    assert match(PHONES, renamed(2, "p")(PHONES))[2] == Row(t, replace(t, name="p"))
    assert match(PHONES, deleted(2)(PHONES))[2] == Row(t, None)
    later = [replace(p, start_seconds=p.start_seconds + 0.1, end_seconds=p.end_seconds + 0.1) for p in PHONES]
    assert match(PHONES, later) == [Row(before, after) for before, after in zip(PHONES, later, strict=True)]
    added = match(PHONES, [*PHONES[:2], Phone("m", 0.4, 0.41), *PHONES[2:]])
    assert added[1:4] == [Row(a, a), Row(None, Phone("m", 0.4, 0.41)), Row(t, t)]


def test_the_edge_that_was_moved_takes_its_neighbour_along() -> None:
    longer = [*PHONES[:1], replace(PHONES[1], end_seconds=0.44), *PHONES[2:]]
    assert settled(match(PHONES, longer))[2].wanted == Phone("t", 0.44, 0.5)
    shorter = [*PHONES[:2], replace(PHONES[2], start_seconds=0.45), *PHONES[3:]]
    assert settled(match(PHONES, shorter))[1].wanted == Phone("a", 0.2, 0.45)


@pytest.mark.parametrize("name", ["sil", "p", "ˈaɪ", "tʃ", "õ", "iː"])
def test_letters_and_marks_of_ipa_name_a_phone(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize("name", ["", "7", "ǃ", "(en)", "p-", "Color", "a b", "ˈ"])
def test_what_is_no_sound_is_said(name: str) -> None:
    with pytest.raises(ValueError, match="There is no speech sound"):
        check_name(name)
