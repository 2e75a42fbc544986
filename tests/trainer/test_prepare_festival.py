# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Festival: labels become phones, every voice's phones have articulation, and one that is there speaks."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from blender_addon.core.articulation import PAUSE, letters_of
from trainer.clips import PHONES, list_clips, load_clip
from trainer.prepare import festival
from trainer.prepare.festival import ENGLISH, FINNISH, VOICES, Config, main, timed_phones
from trainer.prepare.synthetic_speech import TEXTS

LABELS = ["separator ;", "#", "0.2200 100 pau", "0.2888 100 m", "0.4252 100 ay", "0.6000 100 ch"]


def test_labels_become_phones_with_their_times() -> None:
    timed = list(timed_phones(LABELS, ENGLISH))
    assert [phone.name for phone in timed] == [PAUSE, "m", "aɪ", "tʃ"]
    assert [(phone.start_seconds, phone.end_seconds) for phone in timed[:2]] == [(0.0, 0.22), (0.22, 0.2888)]


def test_marks_of_length_and_stress_are_dropped() -> None:
    timed = timed_phones(["#", "0.1 100 k:", "0.3 100 @:", "0.4 100 a1"], FINNISH)
    assert [phone.name for phone in timed] == ["k", "æ", "ɑ"]


def test_unknown_phone_gives_one_sentence() -> None:
    with pytest.raises(ValueError, match="Festival says 'qq', which has no IPA letter; add it"):
        list(timed_phones(["#", "0.1 100 qq"], ENGLISH))


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_every_phone_of_a_voice_has_a_mouth_and_its_language_has_texts(voice: festival.FestivalVoice) -> None:
    for name in set(voice.phones.values()) - {PAUSE}:
        assert letters_of(name)
    assert (TEXTS / f"{voice.language[:2]}.txt").exists()


def test_voices_that_score_models_are_left_out() -> None:
    for voice in VOICES:
        assert not any(scored in voice.name for scored in ("kal", "slt", "rms", "awb"))


def test_without_festival_one_sentence_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="Festival is not installed; install it"):
        main(Config(tmp_path / "clips", clips=20))


@pytest.mark.skipif(shutil.which("festival") is None, reason="needs Festival (Debian: festival, festvox-kdlpc16k)")
def test_festival_speaks_and_closes_the_mouth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(festival, "VOICES", VOICES[:1])
    if not Path("/usr/share/festival/voices/english/ked_diphone").exists():
        pytest.skip("needs the voice ked (Debian: festvox-kdlpc16k)")
    main(Config(tmp_path, clips=4))
    clips = [load_clip(path) for path in list_clips(tmp_path, validation=False) + list_clips(tmp_path, validation=True)]
    assert len(clips) == 4
    for clip in clips:
        closed = clip.phones == PHONES.index("p")
        gap = clip.curves.column("jawOpen") - clip.curves.column("mouthClose")
        assert np.median(gap[closed]) < 0.02 < np.median(gap[clip.phones == PHONES.index("a")])
