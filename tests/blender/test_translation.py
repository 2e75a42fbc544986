"""Other languages: nothing that users read is left untranslated, and sentences keep their names and numbers."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import bpy
import pytest

from blender_addon.translation import LANGUAGES, translate
from blender_addon.translation_de import GERMAN

from .test_wording import classes, shown

SOURCE = Path(__file__).parents[2] / "blender_addon"
DRAWING = ("label", "operator", "menu", "prop", "progress", "popover")
ALIKE_EVERYWHERE = ("Voxkey", "CUDA", "DirectML", "Core ML", "CPU")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.glob("*.py")):
        yield path.name, ast.parse(path.read_text())


def template(node: ast.expr) -> str | None:
    """A text as it stands in the code, {} for what is put into it; None for what is computed."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def choices(node: ast.expr) -> list[ast.expr]:
    """What an expression may be: both sides of a condition, all of an `or`."""
    if isinstance(node, ast.IfExp):
        return [*choices(node.body), *choices(node.orelse)]
    return [part for value in node.values for part in choices(value)] if isinstance(node, ast.BoolOp) else [node]


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                yield node


def drawn() -> Iterator[tuple[str, str]]:
    """(file, text) of all that panels, menus and lists draw and operators report, as far as the code tells."""
    for name, tree in modules():
        words = [key for call in calls(tree, *DRAWING) for key in call.keywords]
        found = [key.value for key in words if key.arg in {"text", "heading"}]
        found += [argument for call in calls(tree, "translated") for argument in call.args]
        found += [call.args[2] for call in calls(tree, "draw_sentence") if len(call.args) > 2]
        found += [argument for call in calls(tree, "Finding") for argument in call.args[:2]]
        for text in (template(part) for value in found for part in choices(value)):
            if text and any(letter.isalpha() for letter in text.replace("{}", "")):
                yield name, text


def test_every_label_and_tooltip_has_a_translation(extension: Any) -> None:
    texts = {text: where for where, label, tooltip in shown(extension) for text in (label, tooltip) if text}
    texts |= {
        text: cls.__name__
        for cls in classes(extension)
        for text in (getattr(cls, "bl_label", ""), getattr(cls, "bl_description", ""))
        if text and issubclass(cls, bpy.types.Panel | bpy.types.Menu | bpy.types.FileHandler)
    }
    presets = sys.modules[f"{extension.__name__}.settings_presets"]
    shipped = [path for path in presets.preset_files() if path.parent == presets.SHIPPED_FOLDER]
    texts |= {text: "preset" for path in shipped for text in (path.stem, presets._about(path))}
    missing = [f"{where}: {text!r}" for text, where in texts.items() if text not in (*GERMAN, *ALIKE_EVERYWHERE)]
    assert not missing, "\n".join(missing)


def test_every_text_in_panels_and_reports_has_a_translation() -> None:
    missing = {f"{name}: {text!r}" for name, text in drawn() if text not in (*GERMAN, *ALIKE_EVERYWHERE)}
    assert not missing, "\n".join(sorted(missing))


def test_every_report_and_every_reason_passes_through_the_translation() -> None:
    bare = [
        f"{name}:{call.lineno}"
        for name, tree in modules()
        for call in calls(tree, "report", "poll_message_set")
        if not list(calls(call.args[-1], "translated"))
    ]
    assert not bare, "\n".join(bare)


@pytest.mark.parametrize("locale", sorted(LANGUAGES))
def test_translations_keep_names_and_numbers_and_blenders_style(locale: str) -> None:
    for english, text in LANGUAGES[locale].items():
        assert n_places(english) == n_places(text), english
        assert text and text == text.strip() and not text.removesuffix("...").endswith("."), english


def n_places(text: str) -> int:
    return sum(field is not None for _, field, _, _ in Formatter().parse(text))


def test_sentences_are_found_by_their_templates() -> None:
    entries = {
        "There is no sound {} any more; choose another": "Es gibt keinen Ton {} mehr; einen anderen wählen",
        "{} is left out: {}": "{} wird ausgelassen: {}",
        "No face": "Kein Gesicht",
    }

    def german(sentence: str) -> str:
        return translate(sentence, tuple(entries), lambda text: entries.get(text, text))

    assert german("No face") == "Kein Gesicht"
    assert german("There is no sound line (1).wav any more; choose another") == (
        "Es gibt keinen Ton line (1).wav mehr; einen anderen wählen"
    )
    assert german("Anna is left out: There is no sound a any more; choose another").startswith(
        "Anna wird ausgelassen: Es"
    )
    assert german("No face is left out: No face") == "No face wird ausgelassen: No face"
    assert german("Something else") == "Something else"


def test_what_generating_says_is_german_throughout() -> None:
    said = translate("Voxkey a.wav: 51 shape keys over 48 frames; the face does not move", tuple(GERMAN), in_german)
    assert said == "Voxkey a.wav: 51 Formschlüssel über 48 Frames; das Gesicht bewegt sich nicht"


def in_german(text: str) -> str:
    return GERMAN.get(text, text)
