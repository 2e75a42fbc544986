# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Nathalie's phone times become phones and mouths at their time; recordings that do not fit them are left out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from trainer.clips import PHONES, Clip, load_clip
from trainer.prepare import nathalie

SENTENCE = [
    ("<eps>", [("SIL", 0.0, 0.2)]),
    ("map", [("ˈm", 0.2, 0.1), ("ɑ", 0.3, 0.2)]),
    ("<eps>", [("SIL", 0.5, 0.06)]),
    ("waar", [("p", 0.56, 0.04), ("w", 0.6, 0.1), ("aː", 0.7, 0.2), ("ɹ", 0.9, 0.1)]),
    ("<eps>", [("SPN", 1.0, 0.5)]),
]


def write_corpus(folder: Path, seconds: dict[str, float]) -> Path:
    """Recordings of these lengths, all with the phones of SENTENCE."""
    words: list[dict[str, Any]] = [
        {
            "word": word,
            "phones": [{"phone": name, "start": start, "duration": length} for name, start, length in said],
        }
        for word, said in SENTENCE
    ]
    (folder / "audio").mkdir(parents=True)
    lines = [json.dumps({"id": name, "words": words}) for name in seconds]
    (folder / "phones.jsonl").write_text("\n".join(lines), encoding="utf-8")
    for name, length in seconds.items():
        tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(length * 16000)) / 16000)
        soundfile.write(folder / "audio" / f"{name}.ogg", tone, 16000)
    return folder


def prepared(source: Path, output: Path) -> list[Clip]:
    nathalie.main(nathalie.Config(source=source, output=output))
    return [load_clip(path) for path in sorted(output.glob("*.npz"))]


def test_phones_lie_where_the_track_says(tmp_path: Path) -> None:
    [clip] = prepared(write_corpus(tmp_path / "corpus", {"nl_1": 1.5}), tmp_path / "clips")
    names = "".join("_" if PHONES[row] == "sil" else PHONES[row] for row in clip.phones)
    # p is closed from the short silence before it; w and ɹ stand for the Dutch sounds
    assert names == 20 * "_" + 10 * "p" + 20 * "a" + 10 * "p" + 10 * "f" + 20 * "a" + 10 * "l" + 50 * "_"
    assert (clip.name, clip.language) == ("nathalie_nl_1", "nl-NL")
    assert "CC0" in clip.licence


def test_the_mouth_does_what_the_phones_need(tmp_path: Path) -> None:
    [clip] = prepared(write_corpus(tmp_path / "corpus", {"nl_1": 1.5}), tmp_path / "clips")
    opening = clip.curves.column("jawOpen") - clip.curves.column("mouthClose")
    assert opening[:10].max() < 0.02
    assert opening[21:28].max() < 0.01
    assert opening[52:58].max() < 0.01
    assert opening[35:45].min() > 0.2
    assert opening[130:].max() < 0.02


def test_stress_goes_to_the_vowel_of_the_syllable() -> None:
    words = [{"phones": [{"phone": name, "start": 0, "duration": 0.1} for name in ("ˈs", "t", "ɑ", "t", "ə")]}]
    assert [timed.name for timed in nathalie.timed_phones(words)] == ["s", "t", "ˈɑ", "t", "ə"]


def test_phones_that_go_on_after_the_sound_leave_the_recording_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_corpus(tmp_path / "corpus", {"nl_1": 1.5, "nl_2": 1.4})
    assert [clip.name for clip in prepared(source, tmp_path / "clips")] == ["nathalie_nl_1"]
    assert "1 clips; 1 left out" in capsys.readouterr().out


@pytest.mark.parametrize("track", [None, "no json", '{"id": "nl_1"}', '{"id": "nl_1", "words": [{"phones": [{}]}]}'])
def test_a_damaged_phone_track_is_named(tmp_path: Path, track: str | None) -> None:
    if track is not None:
        (tmp_path / "phones.jsonl").write_text(track)
    with pytest.raises(ValueError, match=r"phones\.jsonl holds no phone times .*; name the corpus folder"):
        prepared(tmp_path, tmp_path / "clips")


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    source = write_corpus(tmp_path / "corpus", {"nl_1": 1.5})
    (source / "audio" / "nl_1.ogg").unlink()
    with pytest.raises(ValueError, match=r"nl_1\.ogg cannot be read .*; fetch this file again or remove it\."):
        prepared(source, tmp_path / "clips")
