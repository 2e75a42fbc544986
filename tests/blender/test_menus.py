"""Lip sync in Blender's menus, for its search, and audio files that are dropped or added and animated."""

from pathlib import Path
from typing import Any

import bpy
import pytest

from .interface import Layout
from .scenes import TINY_MODEL, add_strip, make_head, write_bursts


@pytest.fixture
def head(extension: Any, scene: Any) -> Any:
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    return make_head(scene)


def drawn(menu: str) -> Layout:
    layout = Layout()
    getattr(bpy.types, menu).draw(type("Menu", (), {"layout": layout})(), bpy.context)
    return layout


def test_an_audio_file_is_added_and_animated(head: Any, scene: Any, tmp_path: Path) -> None:
    scene.frame_current = 20
    path = write_bursts(tmp_path / "line.wav", 1.0, [0.5])
    assert bpy.ops.voxkey.animate_sound(filepath=str(path)) == {"FINISHED"}
    assert scene.voxkey.source == "line.wav"
    assert bpy.data.actions["Voxkey line.wav"].frame_range[0] == pytest.approx(19, abs=1)


def test_an_audio_file_can_be_added_alone(head: Any, scene: Any, tmp_path: Path) -> None:
    path = write_bursts(tmp_path / "line.wav", 1.0, [0.5])
    bpy.ops.voxkey.animate_sound(filepath=str(path), is_animated=False)
    assert scene.voxkey.source == "line.wav" and not bpy.data.actions


def test_without_a_face_the_sound_is_added_and_the_user_told(extension: Any, scene: Any, tmp_path: Path) -> None:
    path = write_bursts(tmp_path / "line.wav", 1.0, [0.5])
    assert bpy.ops.voxkey.animate_sound(filepath=str(path)) == {"FINISHED"}
    assert scene.voxkey.source == "line.wav" and not bpy.data.actions


def test_a_missing_file_gives_one_sentence(head: Any, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"There is no audio file .*none\.wav; check the path"):
        bpy.ops.voxkey.animate_sound(filepath=str(tmp_path / "none.wav"))


def test_the_active_strip_is_animated_whatever_was_chosen(head: Any, scene: Any, tmp_path: Path) -> None:
    first = add_strip(scene, write_bursts(tmp_path / "first.wav", 1.0, [0.5]))
    second = add_strip(scene, write_bursts(tmp_path / "second.wav", 1.0, [0.5]))
    scene.voxkey.source = first.name
    scene.sequence_editor.active_strip = second
    bpy.ops.voxkey.animate_strip()
    assert [action.name for action in bpy.data.actions if "rest" not in action.name] == ["Voxkey second.wav"]


def test_without_a_sound_strip_the_entry_says_so(head: Any, scene: Any) -> None:
    with pytest.raises(RuntimeError, match="Select the sound strip with the speech"):
        bpy.ops.voxkey.animate_strip()


def test_search_finds_lip_sync_in_both_editors(head: Any) -> None:
    """F3 searches the menus; an entry is found by its own name and those of the menus above it."""
    menu = bpy.types.VOXKEY_MT_lip_sync
    assert "Lip Sync" in menu.bl_label and "Voxkey" in menu.bl_label
    assert {"voxkey.generate", "voxkey.animate_sound", "voxkey.reshape_take"} <= {*drawn("VOXKEY_MT_lip_sync").drawn}
    for name in ("SEQUENCER_MT_strip", "SEQUENCER_MT_add", "VIEW3D_MT_object", "VIEW3D_MT_pose"):
        assert any(entry.__module__.endswith("voxkey.menus") for entry in getattr(bpy.types, name).draw._draw_funcs)


def test_audio_can_be_dropped_onto_view_and_sequencer(extension: Any) -> None:
    handler = bpy.types.VOXKEY_FH_sound
    assert handler.bl_import_operator == "voxkey.animate_sound"
    assert {".wav", ".mp3", ".flac", ".ogg", ".m4a"} <= {*handler.bl_file_extensions.split(";")}
    for area, is_taken in (("VIEW_3D", True), ("SEQUENCE_EDITOR", True), ("TEXT_EDITOR", False)):
        context = type("Context", (), {"area": type("Area", (), {"type": area})})
        assert handler.poll_drop(context) == is_taken
