"""Letters and words of KLettres become clips where a model hears them."""

from pathlib import Path

import pytest

from tests.trainer.ears import write_ear, write_sound
from trainer.clips import load_clip
from trainer.prepare import klettres

SI = [("sil", 0.3), ("s", 0.2), ("i", 0.4), ("sil", 0.4)]
"""What the ear hears in the Spanish word sí."""
WHOLE = '<klettres><language code="es"><sound name="SÍ" file="es/syllab/si.ogg"/>{}</language></klettres>'


def write_languages(source: Path, listed: str = "") -> None:
    for language in klettres.LANGUAGES:
        (source / language).mkdir(parents=True, exist_ok=True)
        (source / language / "sounds.xml").write_text("<klettres/>", encoding="utf-8")
    (source / "es" / "sounds.xml").write_text(WHOLE.format(listed), encoding="utf-8")
    write_sound(source / "es" / "syllab" / "si.ogg", SI)


def prepare(tmp_path: Path) -> None:
    klettres.main(klettres.Config(tmp_path / "languages", tmp_path / "clips", write_ear(tmp_path / "ear.onnx")))


def test_words_in_capitals_are_heard_as_words(tmp_path: Path) -> None:
    write_languages(tmp_path / "languages", '<sound name="SU" file="es/syllab/missing.ogg"/>')
    prepare(tmp_path)
    [path] = (tmp_path / "clips").glob("*.npz")
    clip = load_clip(path)
    assert (clip.name, clip.speaker, clip.language) == ("klettres_es_syllab_si", "klettres_es", "es")
    assert "GPL-2.0-or-later" in clip.licence
    assert clip.curves.column("jawOpen")[60:80].min() > 0.03
    assert clip.curves.column("jawOpen")[110:].max() < 0.02


@pytest.mark.parametrize("listed", ["<damaged", None])
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, listed: str | None) -> None:
    if listed:
        write_languages(tmp_path / "languages", listed)
    with pytest.raises(ValueError, match=r"sounds\.xml cannot be read .*; install the Debian package klettres-data"):
        prepare(tmp_path)
