"""What users read: names and tooltips of all that is ours, and why a button can't be pressed."""

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import bpy
import pytest

from .scenes import make_head


def classes(extension: Any) -> tuple[Any, ...]:
    """All that Voxkey registers."""
    return tuple(sys.modules[f"{extension.__name__}.registration"].CLASSES)


def operators(extension: Any) -> list[Any]:
    return [cls for cls in classes(extension) if issubclass(cls, bpy.types.Operator)]


def properties(extension: Any) -> Iterator[tuple[str, Any]]:
    """(where it is, property) of all that can be set in the panel, in dialogs and from scripts."""
    for cls in classes(extension):
        is_operator = issubclass(cls, bpy.types.Operator)
        kind = getattr(bpy.ops.voxkey, cls.bl_idname[7:]).get_rna_type() if is_operator else cls.bl_rna
        ours = [base for base in cls.__mro__ if base.__module__.startswith(extension.__name__)]
        for name in {name for base in ours for name in inspect.get_annotations(base)}:
            prop = kind.properties.get(name)
            if prop is not None and not prop.is_hidden and prop.type != "COLLECTION":
                yield f"{cls.__name__}.{name}", prop


def shown(extension: Any) -> Iterator[tuple[str, str, str]]:
    """(where it is, label, tooltip) of operators, properties and what menus of properties offer."""
    for cls in operators(extension):
        yield cls.__name__, cls.bl_label, cls.bl_description
    for where, prop in properties(extension):
        yield where, prop.name, prop.description
        for item in getattr(prop, "enum_items_static", ()):
            is_word = not item.name.startswith(item.identifier)  # unlike channels and phones
            if is_word and item.description:
                yield f"{where} {item.identifier}", item.name, item.description


def is_title(label: str) -> bool:
    """Whether a label begins every word but small ones with a capital, as all of Blender's do."""
    small = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "into", "of", "on", "or", "the", "to", "with"}
    words = label.replace("(", "").split()
    return all(word in small or not word[0].islower() for word in words) and not words[0][0].islower()


def test_everything_has_a_name_and_a_tooltip_in_blenders_style(extension: Any) -> None:
    bad = []
    for where, label, tooltip in shown(extension):
        if not label or not is_title(label):
            bad.append(f"{where}: name {label!r}")
        if len(tooltip) < 15 or not tooltip[0].isupper() or tooltip.endswith("."):
            bad.append(f"{where}: tooltip {tooltip!r}")
    assert not bad, "\n".join(bad)


def test_no_tooltip_repeats_its_label(extension: Any) -> None:
    assert not [where for where, label, tooltip in shown(extension) if tooltip.lower() == label.lower()]


@pytest.mark.parametrize("place", ["nothing", "a mesh that is no face", "a face without sound", "another object"])
def test_every_button_that_is_disabled_says_what_to_do(extension: Any, scene: Any, place: str) -> None:
    if place == "a face without sound":
        make_head(scene)
    elif place != "nothing":
        data = bpy.data.meshes.new("Box") if place == "a mesh that is no face" else None
        obj = bpy.data.objects.new("Box", data)
        scene.collection.objects.link(obj)
        bpy.context.view_layer.objects.active = obj
    silent, n_disabled = [], 0
    for cls in operators(extension):
        operator = getattr(bpy.ops.voxkey, cls.bl_idname.removeprefix("voxkey."))
        if operator.poll():
            continue
        n_disabled += 1
        with pytest.raises(RuntimeError) as refused:
            operator()
        sentence = str(refused.value).partition(".poll() ")[2].strip()
        if not sentence or sentence.endswith("context is incorrect") or sentence.endswith("."):
            silent.append(f"{cls.bl_idname}: {sentence!r}")
    assert not silent, "\n".join(silent)
    assert n_disabled > 5
