"""Spoken descriptions of Tux Paint's stamps become clips where a model hears their text."""

from pathlib import Path

import pytest

from tests.trainer.ears import write_ear, write_sound
from trainer.clips import load_clip
from trainer.prepare import tux_paint

SI = [("sil", 0.3), ("s", 0.2), ("i", 0.4), ("sil", 0.4)]
"""What the ear hears in the Spanish word sí."""
TEXTS = "Yes.\nes.utf8=Sí (¡sí, sí!)\nro.utf8=Si\n"


def write_stamp(source: Path, name: str, recorded: dict[str, list[tuple[str, float]]], texts: str = TEXTS) -> None:
    for language, sounds in recorded.items():
        write_sound(source / f"{name}_desc_{language}.ogg", sounds)
    (source / f"{name}.txt").write_text(texts, encoding="utf-8")


def prepare(tmp_path: Path, languages: tuple[str, ...] = tux_paint.LANGUAGES) -> None:
    ear = write_ear(tmp_path / "ear.onnx")
    tux_paint.main(tux_paint.Config(tmp_path / "stamps", tmp_path / "clips", languages, ear))


def test_descriptions_are_prepared_without_their_asides(tmp_path: Path) -> None:
    write_stamp(tmp_path / "stamps", "animals/yes", {"es": SI, "ro": SI})
    prepare(tmp_path)
    clips = {path.stem: load_clip(path) for path in (tmp_path / "clips").glob("*.npz")}
    assert set(clips) == {"tux_paint_es_animals-yes", "tux_paint_ro_animals-yes"}
    clip = clips["tux_paint_es_animals-yes"]
    assert (clip.corpus, clip.speaker, clip.language) == ("tux_paint", "tux_paint_es", "es")
    assert "GPL-2.0-or-later" in clip.licence
    assert clip.curves.column("jawOpen")[60:80].min() > 0.03
    assert clip.curves.column("jawOpen")[110:].max() < 0.02


def test_a_language_can_be_left_out(tmp_path: Path) -> None:
    write_stamp(tmp_path / "stamps", "yes", {"es": SI, "ro": SI})
    prepare(tmp_path, ("ro",))
    assert [path.stem for path in (tmp_path / "clips").glob("*.npz")] == ["tux_paint_ro_yes"]


def test_what_does_not_fit_its_text_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stamps = tmp_path / "stamps"
    write_stamp(stamps, "heard", {"es": SI})
    write_stamp(stamps, "other", {"es": [("sil", 0.3), ("u", 0.6), ("p", 0.3)]})
    write_stamp(stamps, "longer", {"es": SI}, "Long.\nes.utf8=" + "Sí, señor de la casa grande. " * 9)
    write_stamp(stamps, "silent", {"es": SI}, "Without a Spanish text.\n")
    prepare(tmp_path)
    assert [path.stem for path in (tmp_path / "clips").glob("*.npz")] == ["tux_paint_es_heard"]
    assert "1 clips; 2 left out" in capsys.readouterr().out


def test_a_folder_without_descriptions_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"stamps holds no recorded descriptions; install .*tuxpaint-stamps-default"):
        prepare(tmp_path)
