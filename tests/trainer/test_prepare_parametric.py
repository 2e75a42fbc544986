"""Parametric voices: each has texts, none scores models, one that is there speaks, a missing one is one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from trainer.clips import PHONES, list_clips, load_clip
from trainer.prepare import parametric
from trainer.prepare.parametric import PACKAGES, VOICES, Config, main
from trainer.prepare.synthetic_speech import TEXTS


@pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)
def test_every_voice_has_a_program_and_its_language_has_texts(voice: parametric.ParametricVoice) -> None:
    assert voice.program in PACKAGES
    assert (TEXTS / f"{voice.language[:2]}.txt").exists()


def test_voices_that_score_models_are_left_out() -> None:
    assert not {"slt", "rms", "awb", "alan", "kal"} & {voice.name.lower() for voice in VOICES}


def test_only_licences_that_let_a_model_ship() -> None:
    assert not any(forbidden in voice.licence for voice in VOICES for forbidden in ("NC", "ND"))


@pytest.mark.parametrize(("voice", "package"), [(VOICES[0], "rhvoice"), (VOICES[-1], "libttspico-utils")])
def test_without_the_program_one_sentence_says_how_to_get_it(
    voice: parametric.ParametricVoice, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(parametric, "VOICES", (voice,))
    with pytest.raises(ValueError, match=f"{voice.program} is not installed; install it .*apt install {package}"):
        main(Config(tmp_path / "clips", clips=2))


@pytest.mark.skipif(shutil.which("RHVoice-test") is None, reason="needs RHVoice (Debian: rhvoice)")
def test_no_other_voice_speaks_for_one_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parametric, "VOICES", (VOICES[0]._replace(name="Nobody"),))
    with pytest.raises(ValueError, match="RHVoice has no voice Nobody; install it"):
        main(Config(tmp_path, clips=2))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "voice", [VOICES[0], next(v for v in VOICES if v.program == "pico2wave")], ids=lambda v: v.name
)
def test_a_voice_speaks_and_closes_the_mouth(
    voice: parametric.ParametricVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(voice.program) is None:
        pytest.skip(f"needs {voice.program} (Debian: {PACKAGES[voice.program]})")
    monkeypatch.setattr(parametric, "VOICES", (voice,))
    main(Config(tmp_path, clips=3))
    clips = [load_clip(path) for path in list_clips(tmp_path, validation=False) + list_clips(tmp_path, validation=True)]
    assert clips
    for clip in clips:
        assert clip.language == voice.language
        assert voice.licence in clip.licence
        opening = clip.curves.column("jawOpen") - clip.curves.column("mouthClose")
        lips = clip.phones == PHONES.index("p")
        assert np.median(opening[lips]) < 0.02
        assert opening.max() > 0.1
