"""Phones from probabilities; TextGrid as Praat defines it, by a parser of our own; JSON."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.curves import Curves
from blender_addon.core.phones import Phone, read_textgrid, segments, write_json, write_textgrid

NAMES = ("sil", "m", "a")
SENTENCE = [Phone("sil", 0, 0.11), Phone("m", 0.11, 0.21), Phone('a"', 0.21, 0.345678), Phone("ʃ", 0.5, 0.8)]


def probabilities(said: str, sureness: float = 0.9) -> Curves:
    """Rows at 50 Hz of what is said, one letter a row: s, m or a."""
    values = np.full((len(said), len(NAMES)), (1 - sureness) / 2, np.float32)
    values[np.arange(len(said)), ["sma".index(letter) for letter in said]] = sureness
    return Curves(values, NAMES, 50.0)


def strict_parse(text: str) -> dict[str, list[tuple[float, float, str]]]:
    """The long text format line by line, as its manual prints it; every count and every edge is checked."""
    lines = iter(line.strip() for line in text.splitlines())

    def value(key: str) -> str:
        found = re.fullmatch(rf"{re.escape(key)} = (.*)", next(lines))
        assert found, key
        return found[1]

    def text_of(key: str) -> str:
        quoted = value(key)
        assert re.fullmatch(r'"(?:[^"]|"")*"', quoted)
        return quoted[1:-1].replace('""', '"')

    assert [next(lines) for _ in range(3)] == ['File type = "ooTextFile"', 'Object class = "TextGrid"', ""]
    start, end = float(value("xmin")), float(value("xmax"))
    assert next(lines) == "tiers? <exists>"
    n_tiers = int(value("size"))
    assert next(lines) == "item []:"
    tiers: dict[str, list[tuple[float, float, str]]] = {}
    for number in range(n_tiers):
        assert next(lines) == f"item [{number + 1}]:"
        assert text_of("class") == "IntervalTier"
        name = text_of("name")
        assert (float(value("xmin")), float(value("xmax"))) == (start, end)
        at, tiers[name] = start, []
        for place in range(int(value("intervals: size"))):
            assert next(lines) == f"intervals [{place + 1}]:"
            edges = float(value("xmin")), float(value("xmax"))
            assert edges[0] == at < edges[1]
            at = edges[1]
            tiers[name].append((*edges, text_of("text")))
        assert at == end
    assert next(lines, None) is None
    return tiers


def test_phones_change_halfway_between_rows() -> None:
    found = segments(probabilities("sssssmmmmmaaaaaaaaaa"))
    assert [phone.name for phone in found] == ["sil", "m", "a"]
    assert [phone.start_seconds for phone in found] == pytest.approx([0, 0.09, 0.19])
    assert [phone.end_seconds for phone in found] == pytest.approx([0.09, 0.19, 0.4])


def test_a_flicker_is_no_phone_and_three_sure_rows_are_one() -> None:
    assert [phone.name for phone in segments(probabilities("aaaaamaaaaa", 0.8))] == ["a"]
    assert [phone.name for phone in segments(probabilities("aaaaammmaaaaa", 0.95))] == ["a", "m", "a"]


def test_many_rows_and_no_rows() -> None:
    assert segments(probabilities("")) == []
    found = segments(probabilities("ssmmmaaa" * 750))  # 2 minutes
    assert found[0].start_seconds == 0
    assert found[-1].end_seconds == pytest.approx(120)
    assert len(found) >= 1500


def test_zero_and_one_are_probabilities_too() -> None:
    assert [phone.name for phone in segments(probabilities("sssmmmaaa", 1.0))] == ["sil", "m", "a"]


def test_a_textgrid_is_as_praat_writes_it(tmp_path: Path) -> None:
    write_textgrid(tmp_path / "a.TextGrid", {"phones": SENTENCE, "words": []}, 1.0)
    tiers = strict_parse((tmp_path / "a.TextGrid").read_text(encoding="utf-8"))
    assert tiers["words"] == [(0, 1, "")]
    assert tiers["phones"] == [
        *((0, 0.11, "sil"), (0.11, 0.21, "m"), (0.21, 0.345678, 'a"')),
        *((0.345678, 0.5, ""), (0.5, 0.8, "ʃ"), (0.8, 1.0, "")),
    ]


def test_out_and_in_again_is_the_same(tmp_path: Path) -> None:
    write_textgrid(tmp_path / "a.TextGrid", {"phones": SENTENCE}, 1.0)
    assert read_textgrid(tmp_path / "a.TextGrid") == {"phones": SENTENCE}


def test_praatio_reads_it(tmp_path: Path) -> None:
    textgrid = pytest.importorskip("praatio.textgrid")
    write_textgrid(tmp_path / "a.TextGrid", {"phones": SENTENCE}, 1.0)
    tier = textgrid.openTextgrid(str(tmp_path / "a.TextGrid"), includeEmptyIntervals=False).getTier("phones")
    assert [tuple(entry) for entry in tier.entries] == [
        (phone.start_seconds, phone.end_seconds, phone.name) for phone in SENTENCE
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_short_format_comments_and_points_are_read(tmp_path: Path, encoding: str) -> None:
    text = (
        '"ooTextFile"\n"TextGrid"\n! made by hand: 7 "x"\n0 2.5 <exists> 2\n"TextTier" "bell" 0 2.5 1\n1.5 "ding"\n'
        '"IntervalTier" "phones" 0 2.5 3\n0 1 "" 1 2 "ŋ ""g"""\n2 2.5 "a"\n'
    )
    (tmp_path / "a.TextGrid").write_bytes(text.encode(encoding))
    assert read_textgrid(tmp_path / "a.TextGrid") == {"phones": [Phone('ŋ "g"', 1, 2), Phone("a", 2, 2.5)]}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"ooBinaryFile\x08TextGrid\x00\x00", "is no text file"),
        (b"hello", "is no TextGrid"),
        (b'File type = "ooTextFile"\nObject class = "Pitch 1"\n0 1', "is no TextGrid"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "a" 0 1 2 0 1 "x"', "is cut off or damaged"),
        (b'"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" 3 0 1', "is cut off or damaged"),
    ],
)
def test_what_is_no_textgrid_is_said_in_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "a.TextGrid").write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_textgrid(tmp_path / "a.TextGrid")


@pytest.mark.parametrize("wrong", [Phone("b", 0.1, 0.3), Phone("b", 0.9, 1.2)])
def test_phones_that_overlap_are_not_written(tmp_path: Path, wrong: Phone) -> None:
    with pytest.raises(ValueError, match="The phone b at"):
        write_textgrid(tmp_path / "a.TextGrid", {"phones": [Phone("a", 0.0, 0.2), wrong]}, 1.0)
    assert not list(tmp_path.iterdir())


def test_json_says_phones_with_their_times(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", SENTENCE[1:2], 1.0)
    written = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert written == {"duration": 1.0, "phones": [{"phone": "m", "start": 0.11, "end": 0.21}]}
