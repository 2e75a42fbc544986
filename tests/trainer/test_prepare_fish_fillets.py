"""Dialogues of Fish Fillets become clips where a model hears their text."""

from pathlib import Path

import pytest

from tests.trainer.ears import write_ear, write_sound
from trainer.clips import load_clip
from trainer.prepare import fish_fillets

SI = [("sil", 0.3), ("s", 0.2), ("i", 0.4), ("sil", 0.4)]
"""What the ear hears in the Czech syllable sí."""


def write_line(source: Path, level: str, name: str, text: str, role: str = "small") -> None:
    path = source / "script" / level / "dialogs_cs.lua"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as script:
        script.write(f'\ndialogId("{name}", "font_{role}", "In English.")\ndialogStr("{text}")\n')


def write_spoken(source: Path, level: str, name: str, sounds: list[tuple[str, float]]) -> None:
    write_sound(source / "sound" / level / "cs" / f"{name}.ogg", sounds)


def prepare(tmp_path: Path) -> dict[str, Path]:
    ear = write_ear(tmp_path / "ear.onnx")
    fish_fillets.main(fish_fillets.Config(tmp_path / "game", tmp_path / "clips", model=ear))
    return {path.stem: path for path in (tmp_path / "clips").glob("*.npz")}


def test_lines_are_prepared_by_level_and_role(tmp_path: Path) -> None:
    write_line(tmp_path / "game", "attic", "greeting", r"\"Sí!\"")
    write_line(tmp_path / "game", "cellar", "greeting", "Sí!", "big")
    write_spoken(tmp_path / "game", "attic", "greeting", SI)
    write_spoken(tmp_path / "game", "cellar", "greeting", SI)
    clips = prepare(tmp_path)
    assert set(clips) == {"fish_fillets_cs_attic_greeting", "fish_fillets_cs_cellar_greeting"}
    clip = load_clip(clips["fish_fillets_cs_cellar_greeting"])
    assert (clip.corpus, clip.speaker, clip.language) == ("fish_fillets", "fish_fillets_cs_big", "cs")
    assert "GPL" in clip.licence
    assert clip.curves.column("jawOpen")[60:80].min() > 0.03
    assert clip.curves.column("jawOpen")[110:].max() < 0.02


def test_what_has_no_text_or_does_not_fit_it_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text in (("heard", "Sí!"), ("other", "Sí!"), ("empty", "Sí!"), ("noise", "")):
        write_line(tmp_path / "game", "attic", name, text)
    for name, sounds in (("heard", SI), ("noise", SI), ("stray", SI), ("empty", [("sil", 0.0)])):
        write_spoken(tmp_path / "game", "attic", name, sounds)
    write_spoken(tmp_path / "game", "attic", "other", [("sil", 0.3), ("u", 0.6), ("p", 0.3)])
    assert set(prepare(tmp_path)) == {"fish_fillets_cs_attic_heard"}
    assert "1 clips; 2 left out" in capsys.readouterr().out


def test_a_folder_without_dialogues_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"game holds no dialogues with sound; install .*fillets-ng-data-cs"):
        prepare(tmp_path)
