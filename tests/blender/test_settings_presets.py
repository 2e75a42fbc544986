"""Presets of settings: what ships, what is saved and opened again, what they do to settings and take, and bad files."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon.settings_presets import SHIPPED_FOLDER

from .interface import Layout
from .scenes import TINY_MODEL, add_strip, jaw_keys, make_head, write_bursts

SHIPPED = ["Default", "Anime on Threes", "Anime on Twos", "Lively", "Mumbled", "Shouting", "Subtle"]


@pytest.fixture
def presets(extension: Any, scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, with a folder of its own for the user's files."""
    module = sys.modules[f"{extension.__name__}.settings_presets"]
    monkeypatch.setattr(module, "user_folder", lambda is_made=False: tmp_path)
    module.forget()
    yield module
    module.forget()


def load(name: str) -> None:
    bpy.ops.voxkey.load_preset(filepath=str(SHIPPED_FOLDER / f"{name}.json"))


def menu() -> list[str]:
    layout = Layout()
    bpy.types.VOXKEY_MT_presets.draw(type("Menu", (), {"layout": layout})(), bpy.context)
    return layout.texts


def test_shipped_presets_are_valid_and_differ(presets: Any, scene: Any) -> None:
    assert menu() == [*SHIPPED, "Open...", "Save As..."]
    assert presets.current_name(scene.voxkey) == "Default"
    for name in SHIPPED:
        load(name)
        assert presets.current_name(scene.voxkey) == name
        tooltip = presets._about(SHIPPED_FOLDER / f"{name}.json")
        assert len(tooltip) > 40 and not tooltip.endswith(".")


def test_a_preset_sets_every_setting_and_leaves_sound_face_and_seed(presets: Any, scene: Any) -> None:
    settings = scene.voxkey
    settings.symmetry, settings.seed, settings.source, settings.live_shaping = 1.0, 7, "line.wav", False
    load("Anime on Threes")
    assert settings.hold_frames == "3" and settings.jaw_strength == pytest.approx(1.4)
    load("Default")
    assert settings.hold_frames == "1" and settings.symmetry == 0 and settings.jaw_strength == 1
    assert settings.seed == 7 and settings.source == "line.wav" and not settings.live_shaping


def test_the_take_follows_at_once_and_in_one_step_of_undo(presets: Any, scene: Any, tmp_path: Path) -> None:
    make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]))
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    bpy.ops.voxkey.generate()
    before = jaw_keys(bpy.data.actions["Voxkey a.wav"]).copy()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.load_preset("EXEC_DEFAULT", True, filepath=str(SHIPPED_FOLDER / "Mumbled.json"))
    mumbled = jaw_keys(bpy.data.actions["Voxkey a.wav"])
    assert mumbled[:, 1].max() < 0.7 * before[:, 1].max()
    bpy.ops.ed.undo()
    np.testing.assert_array_equal(jaw_keys(bpy.data.actions["Voxkey a.wav"]), before)


def test_saved_presets_join_the_menu_and_come_back(presets: Any, scene: Any, tmp_path: Path) -> None:
    settings = scene.voxkey
    settings.brows, settings.hold_frames = 0.3, "2"
    assert presets.current_name(settings) == "Own Settings"
    bpy.ops.voxkey.save_preset(filepath=str(tmp_path / "Robot.json"))
    assert "Robot" in menu()
    assert presets.current_name(settings) == "Robot"
    load("Default")
    bpy.ops.voxkey.open_preset(filepath=str(tmp_path / "Robot.json"))
    assert settings.brows == pytest.approx(0.3) and settings.hold_frames == "2"
    assert json.loads((tmp_path / "Robot.json").read_text()) == {"settings": {"hold_frames": "2", "brows": 0.3}}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("import os", "is no preset of Voxkey's settings"),
        ("[]", "is no preset of Voxkey's settings"),
        ('{"settings": {"charm": 1}}', "has the setting charm, which this Voxkey does not have"),
        ('{"settings": {"brows": 99}}', "sets brows to 99, which it can't be"),
        ('{"settings": {"brows": true, "hold_frames": "4"}}', "sets hold_frames to '4', which it can't be"),
    ],
)
def test_bad_files_change_nothing_and_give_one_sentence(
    presets: Any, scene: Any, tmp_path: Path, content: str, sentence: str
) -> None:
    (tmp_path / "bad.json").write_text(content)
    scene.voxkey.brows = 0.3
    with pytest.raises(RuntimeError, match=f"bad.json {sentence}"):
        bpy.ops.voxkey.open_preset(filepath=str(tmp_path / "bad.json"))
    assert scene.voxkey.brows == pytest.approx(0.3)
    assert "bad" in menu()


def test_the_panel_names_the_preset_in_use(presets: Any, extension: Any, scene: Any) -> None:
    load("Shouting")
    layout = Layout()
    draw: Callable[..., None] = presets.draw
    draw(layout, bpy.context)
    assert layout.texts == ["Style", "Shouting"]


def test_drawing_reads_files_once_and_makes_no_folder(
    extension: Any, scene: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    module = sys.modules[f"{extension.__name__}.settings_presets"]
    monkeypatch.setattr(bpy.utils, "extension_path_user", lambda _package, path, create: made(tmp_path / path, create))
    module.forget()
    module.draw(Layout(), bpy.context)
    assert not (tmp_path / "settings").exists()
    monkeypatch.setattr(module, "read_text", None)
    module.draw(Layout(), bpy.context)


def made(folder: Path, is_made: bool) -> str:
    """What Blender does when it is asked for a folder of the user's."""
    if is_made:
        folder.mkdir()
    return str(folder)
