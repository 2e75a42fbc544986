# ruff: noqa: RUF001  (IPA letters are meant as they are)
"""Texts become clips where a model hears them; others are left out and counted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.ears import write_ear, write_sound
from trainer.clips import PHONES, Clip, fake_clips, load_clip, save_clip
from trainer.prepare import speechocean, transcribed
from trainer.prepare.sources import run_script

BEE = [("sil", 0.3), ("p", 0.12), ("i", 0.4), ("sil", 0.4)]
"""What the ear hears in the word bee."""


def write_voice(source: Path, sounds: dict[str, list[tuple[str, float]]], text: str = "Bee.") -> Path:
    for name, names in sounds.items():
        write_sound(source / "audio" / f"{name}.ogg", names)
    (source / "metadata.csv").write_text("".join(f"{name}|{text}\n" for name in sounds), encoding="utf-8")
    return source


def clips_in(folder: Path) -> list[Clip]:
    return [load_clip(path) for path in sorted(folder.glob("*.npz"))]


def assert_bee(clip: Clip) -> None:
    bounds = (np.flatnonzero(np.diff(clip.phones)) + 1).tolist()
    names = [PHONES[clip.phones[row]] for row in [0, *bounds]]
    assert names == ["sil", "p", "i", "sil"]
    np.testing.assert_allclose(bounds, [30, 42, 82], atol=2)
    opening = clip.curves.column("jawOpen") - clip.curves.column("mouthClose")
    assert opening[31:36].max() < 0.02
    assert opening[55:75].min() > 0.1
    assert opening[110:].max() < 0.02


def test_a_voice_is_prepared_where_its_text_is_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_voice(tmp_path / "kathleen_en", {"one": BEE, "two": [("sil", 0.3), ("s", 0.5), ("u", 0.4)]})
    config = transcribed.Config(source, tmp_path / "clips", write_ear(tmp_path / "ear.onnx"))
    save_clip(tmp_path / "clips" / "kathleen_en", replace(fake_clips(1)[0], name="kathleen_en_two"))
    transcribed.main(config)
    [clip] = clips_in(tmp_path / "clips" / "kathleen_en")
    assert (clip.name, clip.speaker, clip.language) == ("kathleen_en_one", "kathleen_en", "en-US")
    assert "CC0" in clip.licence
    assert_bee(clip)
    assert "1 clips; 1 left out" in capsys.readouterr().out


def test_speechocean_is_prepared_from_its_own_phones(tmp_path: Path) -> None:
    source = tmp_path / "speechocean_en"
    write_sound(source / "audio" / "000010001.ogg", BEE)
    rows = ["utt\tspeaker\tgender\tage\ttext\tphones", '000010001\t0001\tf\t8\t"BEE\tB_B IY1_E']
    (source / "metadata.tsv").write_text("\n".join(rows))
    speechocean.main(speechocean.Config(source, tmp_path / "clips", write_ear(tmp_path / "ear.onnx")))
    [clip] = clips_in(tmp_path / "clips")
    assert (clip.name, clip.speaker, clip.language) == ("speechocean_en_000010001", "speechocean_0001", "en")
    assert "commercial and non-commercial" in clip.licence
    assert_bee(clip)


def test_arpabet_is_ipa() -> None:
    words = speechocean.words_of("DH_B AH0_E | CH_B AY1_I L_I D_E | UH_S | AE2_B T_E")
    assert words == [["ð", "ə"], ["tʃ", "ˈaɪ", "l", "d"], ["ʊ"], ["ˌæ", "t"]]
    with pytest.raises(ValueError, match=r"'XX0_B' is no ARPAbet phone; correct it in metadata\.tsv"):
        speechocean.words_of("XX0_B")


def test_folders_that_are_no_such_corpus_are_named(tmp_path: Path) -> None:
    ear = write_ear(tmp_path / "ear.onnx")
    with pytest.raises(ValueError, match=r"other is none of kathleen_en, kerstin_de; name one with --source"):
        transcribed.main(transcribed.Config(tmp_path / "other", tmp_path, ear))
    with pytest.raises(ValueError, match=r"metadata\.csv cannot be read .*; name the corpus folder with --source"):
        transcribed.main(transcribed.Config(tmp_path / "kerstin_de", tmp_path, ear))
    with pytest.raises(ValueError, match=r"metadata\.tsv cannot be read .*; name the corpus folder with --source"):
        speechocean.main(speechocean.Config(tmp_path, tmp_path, ear))
    (tmp_path / "metadata.tsv").write_text("utt\ttext\n1\tHELLO\n")
    with pytest.raises(ValueError, match=r"metadata\.tsv has no column 'speaker'; fetch it again"):
        speechocean.main(speechocean.Config(tmp_path, tmp_path, ear))


def test_a_line_without_text_is_named(tmp_path: Path) -> None:
    source = write_voice(tmp_path / "kerstin_de", {"one": BEE})
    (source / "metadata.csv").write_text("one\n")
    with pytest.raises(ValueError, match=r"metadata\.csv has a line 'one'; write ID\|TEXT in each"):
        transcribed.main(transcribed.Config(source, tmp_path, write_ear(tmp_path / "ear.onnx")))


def test_a_missing_model_ends_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_voice(tmp_path / "kathleen_en", {"one": BEE})
    arguments = ["--source", str(source), "--model", str(tmp_path / "none.onnx"), "--output", str(tmp_path / "clips")]
    monkeypatch.setattr("sys.argv", ["transcribed", *arguments])
    with pytest.raises(SystemExit, match=r"^error: .*none\.onnx cannot be opened as a model file .* --model\.$"):
        run_script(transcribed.main, transcribed.Config)
    assert not (tmp_path / "clips").exists()
