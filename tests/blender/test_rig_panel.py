"""Rig maps in the panel: detected, shown, edited, undone, saved and loaded; channels tried out on the face."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from rigs import test_rigs

from .interface import Context, Event, Layout, Pressed
from .scenes import NO_LIFE, TINY_MODEL, add_strip, jaw_heights, make_head, write_bursts

RIG_MAP = "voxkey_rig_map"


@pytest.fixture
def addon(extension: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The add-on with a folder of rig maps of its own, and no memory of earlier characters."""

    def module(name: str) -> Any:
        return sys.modules[f"{extension.__name__}.{name}"]

    monkeypatch.setattr(module("presets"), "user_folder", lambda: tmp_path)
    module("presets").forget()
    module("rig_look")._looks.clear()
    module("rig_look")._due.clear()
    yield module
    module("presets").forget()


@pytest.fixture
def head(addon: Any, scene: Any) -> Any:
    """An active head with all channels."""
    return make_head(scene)


def own_map(obj: Any) -> Any:
    return json.loads(obj[RIG_MAP])


def link_of(obj: Any, channel: str) -> Any:
    return next(link for link in obj.voxkey_rig.links if link.channel == channel)


def generate(scene: Any, folder: Path) -> None:
    """A take of bursts at 0.5 and 1.5 s, from the speech alone."""
    add_strip(scene, write_bursts(folder / "a.wav", 2.0, [0.5, 1.5]), 11)
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(scene.voxkey, layer, 0.0)
    bpy.ops.voxkey.generate()


def make_armature(scene: Any, bones: list[str]) -> Any:
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for name in bones:
        armature.data.edit_bones.new(name).tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def draw(addon: Any, obj: Any) -> Layout:
    """What the Rig panel shows after a look at the character."""
    addon("rig_look")._look_now((obj.name, None))
    layout = Layout()
    addon("rig_panel").draw(layout, Context())
    return layout


def test_family_and_coverage_are_shown(addon: Any, head: Any, scene: Any) -> None:
    drawn = draw(addon, head)
    assert "ARKit, 51 of 51 channels" in drawn.texts
    assert "51 matched, 0 combined, 0 unmatched" in drawn.texts
    assert "voxkey.edit_links" in drawn.drawn
    few = make_head(scene, ["JAW_OPEN", "mouthClose", "wart", "wart.001"], "Few")
    bpy.context.window_manager.voxkey_channel = BLENDSHAPE_CHANNELS.index("jawOpen")
    drawn = draw(addon, few)
    assert "jawOpen moves JAW_OPEN" in drawn.texts
    assert "ARKit, 2 of 51 channels" in drawn.texts
    assert {"2 matched, 0 combined, 49 unmatched", "Unused shape keys: 2", "wart, wart.001"} <= set(drawn.texts)


def test_next_step_is_open_where_names_say_nothing(addon: Any, head: Any, scene: Any) -> None:
    assert draw(addon, head).open == []
    unknown = make_head(scene, ["key_001", "key_002", "key_003"], "Unknown")
    unknown.data.from_pydata([], [], [(0, 1, 2)])
    drawn = draw(addon, unknown)
    assert "No family found" in drawn.texts
    assert len(drawn.open) == 2
    assert {"voxkey.match_by_shape", "voxkey.make_shape_keys"} <= set(drawn.drawn)
    bare = make_head(scene, [], "Bare")
    drawn = draw(addon, bare)
    assert any(text.startswith("Nothing can move here yet") for text in drawn.texts)
    assert len(drawn.open) == 2
    armature = make_armature(scene, ["tail"])
    assert "Choose the mesh of the face to match it by shape" in draw(addon, armature).texts


def test_landmarks_that_are_marked_stand_for_their_face(addon: Any, head: Any, scene: Any) -> None:
    marks = make_head(scene, [], "Landmarks")
    marks["voxkey_face"] = head
    assert addon("properties").target_object(bpy.context) == head
    assert "ARKit, 51 of 51 channels" in draw(addon, head).texts


def test_drawing_asks_for_another_look_when_names_change(addon: Any, head: Any) -> None:
    rig_look = addon("rig_look")
    assert rig_look.last_look(head) is None
    assert rig_look._due == {("Head", None)}
    rig_look._look_now(("Head", None))
    assert rig_look.last_look(head).summary == "ARKit, 51 of 51 channels"
    assert not rig_look._due
    head.data.shape_keys.key_blocks["jawOpen"].name = "yaw"
    assert rig_look.last_look(head).summary == "ARKit, 51 of 51 channels"
    assert rig_look._due == {("Head", None)}
    rig_look._look_now(("Head", None))
    assert rig_look.last_look(head).summary == "ARKit, 50 of 51 channels"


def test_all_panels_draw_in_under_2_ms(addon: Any, head: Any, scene: Any, tmp_path: Path) -> None:
    """With a take, a big rig and a scene full of other things; Blender's own part of drawing is not in it."""
    head.data.from_pydata([], [], [(0, 1, 2)])
    armature = make_armature(scene, [f"bone {number}" for number in range(500)])
    for obj in (head, make_head(scene, name="Teeth"), make_head(scene, name="Lashes")):
        obj.parent = armature
    for number in range(500):
        scene.collection.objects.link(bpy.data.objects.new(f"Prop {number}", None))
    bpy.context.view_layer.objects.active = head
    generate(scene, tmp_path)
    bpy.ops.voxkey.edit_links()
    draw(addon, head)
    addon("take_list")._add_rows()
    panels = addon("panels").PANELS
    drawn = [panel for panel in panels[: len(panels) // 2] if not hasattr(panel, "poll") or panel.poll(bpy.context)]
    assert len(drawn) == len(panels) // 2  # every section, as each is in the other sidebar too
    seconds = {panel.bl_label: min(draw_seconds(panel) for _ in range(50)) for panel in drawn}
    is_open = [panel.bl_label for panel in drawn if "DEFAULT_CLOSED" not in getattr(panel, "bl_options", ())]
    assert sum(seconds[label] for label in is_open) < 0.002, seconds
    assert sum(seconds.values()) < 0.004, seconds  # all twelve opened at once


def draw_seconds(panel: Any) -> float:
    """Processor time of one drawing, whatever else the machine does."""
    started = time.process_time()
    panel.draw(SimpleNamespace(layout=Layout()), Context())
    return time.process_time() - started


def test_edited_gain_reaches_the_keys(addon: Any, head: Any, scene: Any, tmp_path: Path) -> None:
    generate(scene, tmp_path)
    plain = jaw_heights(scene, head, range(1, 60))
    bpy.ops.voxkey.edit_links()
    link_of(head, "jawOpen").gain = 0.5
    bpy.ops.voxkey.reshape_take()
    np.testing.assert_allclose(jaw_heights(scene, head, range(1, 60)), plain / 2, atol=1e-6)
    link_of(head, "jawOpen").maximum = 0.1
    bpy.ops.voxkey.reshape_take()
    assert jaw_heights(scene, head, range(1, 60)).max() == pytest.approx(0.1)


def test_links_are_the_characters_own_names(addon: Any, scene: Any) -> None:
    head = make_head(scene, ["JAW_OPEN", "browDown_L", "wart"])
    assert bpy.ops.voxkey.edit_links() == {"FINISHED"}
    assert own_map(head)["channels"] == {
        "browDownLeft": [{"shape_key": "browDown_L"}],
        "jawOpen": [{"shape_key": "JAW_OPEN"}],
    }
    assert [(link.channel, link.target) for link in head.voxkey_rig.links] == [
        ("browDownLeft", "browDown_L"),
        ("jawOpen", "JAW_OPEN"),
    ]


@pytest.mark.parametrize("name", ["oculus", "rigify"])
def test_edit_links_changes_nothing_by_itself(addon: Any, scene: Any, name: str) -> None:
    rig = test_rigs.build(name)  # opens a file
    obj = bpy.data.objects[rig.face]
    bpy.context.view_layer.objects.active = obj
    values = np.random.default_rng(0).uniform(0, 1, (20, 51)).astype(np.float32)
    curves = addon("core.curves").Curves(values, BLENDSHAPE_CHANNELS, 30.0)

    def motions() -> dict[Any, Any]:
        face = addon("face")
        parts, (rig_map, _, _) = face.character(obj), face.chosen_map(obj)
        found = face.motions(curves, rig_map, parts)
        return {
            (motion.owner.name, target): column
            for motion in found
            for target, column in zip(motion.targets, motion.values.T, strict=True)
        }

    detected = motions()
    bpy.ops.voxkey.edit_links()
    own = motions()
    assert detected.keys() == own.keys()
    for key, column in detected.items():
        np.testing.assert_allclose(own[key], column, atol=1e-6)


def test_editing_by_hand_is_said_and_can_be_reset(addon: Any, head: Any) -> None:
    bpy.ops.voxkey.edit_links()
    assert "ARKit, 51 of 51 channels" in draw(addon, head).texts
    link_of(head, "jawOpen").target = "mouthClose"
    drawn = draw(addon, head)
    assert "ARKit, edited by hand, 51 of 51 channels" in drawn.texts
    assert "Reset to Detected" in drawn.texts
    assert bpy.ops.voxkey.detect_rig() == {"FINISHED"}
    assert RIG_MAP not in head
    assert "ARKit, 51 of 51 channels" in draw(addon, head).texts


def test_reset_where_no_family_fits_can_be_undone(addon: Any, scene: Any) -> None:
    head = make_head(scene, ["jawOpen"])
    bpy.ops.voxkey.edit_links()
    head.data.shape_keys.key_blocks["jawOpen"].name = "key_001"
    link_of(head, "jawOpen").target = "key_001"
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.voxkey.detect_rig("EXEC_DEFAULT", True) == {"FINISHED"}
    assert RIG_MAP not in bpy.data.objects["Head"]
    bpy.ops.ed.undo()
    assert own_map(bpy.data.objects["Head"])["channels"] == {"jawOpen": [{"shape_key": "key_001"}]}


def test_links_are_added_duplicated_and_removed(addon: Any, scene: Any) -> None:
    head = make_head(scene, ["jawOpen", "mouthClose", "wart"])
    assert not bpy.ops.voxkey.add_link.poll()
    bpy.ops.voxkey.edit_links()
    bpy.ops.voxkey.add_link()
    added = head.voxkey_rig.links[head.voxkey_rig.active]
    assert (added.channel, added.target) == ("browDownLeft", "wart")
    added.gain = 0.25
    bpy.ops.voxkey.duplicate_link()
    assert own_map(head)["channels"]["browDownLeft"] == [{"shape_key": "wart", "gain": 0.25}] * 2
    for _ in range(3):
        bpy.ops.voxkey.remove_link()
    assert len(head.voxkey_rig.links) == 1
    assert not bpy.ops.voxkey.remove_link.poll()
    assert addon("rig_links").VOXKEY_OT_remove_link.reason(bpy.context).startswith("This is the last link")


def test_a_change_that_makes_no_sense_is_taken_back(addon: Any, head: Any) -> None:
    bpy.ops.voxkey.edit_links()
    jaw = link_of(head, "jawOpen")
    jaw.target = ""
    assert link_of(head, "jawOpen").target == "jawOpen"
    jaw = link_of(head, "jawOpen")
    jaw.minimum = 1.5
    assert (jaw.minimum, jaw.maximum) == (1.5, 1.5)
    assert own_map(head)["channels"]["jawOpen"] == [{"shape_key": "jawOpen", "minimum": 1.5, "maximum": 1.5}]
    jaw.maximum = -1
    assert (jaw.minimum, jaw.maximum) == (-1, -1)


def test_bones_and_properties_can_be_chosen(addon: Any, scene: Any) -> None:
    head = make_head(scene)
    armature = make_armature(scene, ["chin"])
    armature["smile"] = 0.0
    head.parent = armature
    bpy.context.view_layer.objects.active = head
    bpy.ops.voxkey.edit_links()
    jaw = link_of(head, "jawOpen")
    names = addon("rig_links")._suggest_targets
    assert "jawOpen" in names(jaw, bpy.context, "")
    jaw.kind = "bone"
    assert names(jaw, bpy.context, "") == ["chin"]
    jaw.target, jaw.gain = "chin", 0.5
    smile = link_of(head, "mouthSmileLeft")
    smile.kind, smile.target = "property", "smile"
    channels = own_map(head)["channels"]
    assert channels["jawOpen"] == [{"bone": "chin", "component": "rotation_x", "gain": 0.5}]
    assert channels["mouthSmileLeft"] == [{"property": "smile"}]
    link_of(head, "jawOpen").component = "turn_x"
    assert own_map(head)["channels"]["jawOpen"] == [{"bone": "chin", "component": "turn_x", "gain": 0.5}]
    assert "ARKit, edited by hand, 51 of 51 channels" in draw(addon, head).texts


def test_every_edit_is_one_undo_step(addon: Any, head: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.edit_links("EXEC_DEFAULT", True)
    link_of(bpy.data.objects["Head"], "jawOpen").gain = 0.5
    bpy.ops.ed.undo_push(message="gain, as Blender does after a drag")
    bpy.ops.voxkey.remove_link("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    head = bpy.data.objects["Head"]
    assert len(head.voxkey_rig.links) == len(own_map(head)["channels"]) == 51
    assert link_of(head, "jawOpen").gain == 0.5
    bpy.ops.ed.undo()
    head = bpy.data.objects["Head"]
    assert link_of(head, "jawOpen").gain == 1
    assert own_map(head)["channels"]["jawOpen"] == [{"shape_key": "jawOpen"}]
    bpy.ops.ed.undo()
    assert RIG_MAP not in bpy.data.objects["Head"]


def test_preset_goes_to_another_character(addon: Any, head: Any, scene: Any, tmp_path: Path) -> None:
    bpy.ops.voxkey.edit_links()
    link_of(head, "jawOpen").gain = 0.5
    assert bpy.ops.voxkey.save_rig_map(filepath=str(tmp_path / "Studio.json")) == {"FINISHED"}
    other = make_head(scene, name="Other")
    menu = Layout()
    bpy.types.VOXKEY_MT_rig_maps.draw(type("Menu", (), {"layout": menu})(), bpy.context)
    assert "Studio" in menu.texts
    assert bpy.ops.voxkey.open_rig_map(filepath=str(tmp_path / "Studio.json")) == {"FINISHED"}
    assert link_of(other, "jawOpen").gain == 0.5
    assert "Studio, 51 of 51 channels" in draw(addon, other).texts
    shipped = next(path for path in addon("presets").rig_map_files() if path.stem == "arkit")
    bpy.ops.voxkey.choose_rig_map(filepath=str(shipped))
    assert link_of(other, "jawOpen").gain == 1
    assert len(other.voxkey_rig.links) == 51
    with pytest.raises(RuntimeError, match="Rigify finds nothing on Other; choose another rig map"):
        bpy.ops.voxkey.choose_rig_map(filepath=str(shipped.with_name("rigify.json")))
    assert len(other.voxkey_rig.links) == 51


def test_malformed_maps_give_one_sentence(addon: Any, head: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"name": "Bad", "channels": {"jawOpened": [{"shape_key": "x"}]}}')
    with pytest.raises(RuntimeError, match=r"The rig map bad\.json can't be read .*'jawOpened' is not one of"):
        bpy.ops.voxkey.open_rig_map(filepath=str(tmp_path / "bad.json"))
    assert RIG_MAP not in head
    head[RIG_MAP] = "{"
    drawn = draw(addon, head)
    assert any(text.startswith("The rig map kept with Head") for text in drawn.texts)
    assert "Reset to Detected" in drawn.texts
    bpy.ops.voxkey.detect_rig()
    assert "ARKit, 51 of 51 channels" in draw(addon, head).texts


def test_map_is_saved_with_the_face_and_a_scripts_change_is_seen(addon: Any, head: Any, tmp_path: Path) -> None:
    bpy.ops.voxkey.edit_links()
    link_of(head, "jawOpen").gain = 0.5
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    head = bpy.data.objects["Head"]
    assert link_of(head, "jawOpen").gain == 0.5
    head[RIG_MAP] = head[RIG_MAP].replace('"gain": 0.5', '"gain": 0.75')
    draw(addon, head)
    assert link_of(head, "jawOpen").gain == 0.75


def test_linked_face_says_what_to_do(addon: Any, head: Any, scene: Any, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "asset.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "asset.blend"), link=True) as (_, wanted):
        wanted.objects = ["Head"]
    bpy.context.scene.collection.objects.link(bpy.data.objects["Head"])
    bpy.context.scene.voxkey.target = bpy.data.objects["Head"]
    assert "linked from another file" in addon("rig_links").disabled_reason(bpy.context)
    assert not bpy.ops.voxkey.edit_links.poll()


def test_map_of_a_library_override_outlives_the_file(addon: Any, head: Any, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "asset.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "asset.blend"), link=True) as (_, wanted):
        wanted.objects = ["Head"]
    linked = bpy.data.objects["Head"]
    face = linked.override_create(remap_local_usages=True)
    face.data = linked.data.override_create(remap_local_usages=False)
    bpy.context.scene.collection.objects.link(face)
    bpy.context.view_layer.objects.active = face
    bpy.ops.voxkey.edit_links()
    link_of(face, "jawOpen").gain = 0.5
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    face = bpy.context.scene.objects["Head"]
    assert face.override_library
    assert own_map(face)["channels"]["jawOpen"] == [{"shape_key": "jawOpen", "gain": 0.5}]
    draw(addon, face)
    assert link_of(face, "jawOpen").gain == 0.5


@pytest.fixture
def preview(addon: Any, head: Any) -> Iterator[tuple[Pressed, Context]]:
    """jawOpen, just pressed in the coverage report at x = 500."""
    button, context = Pressed(addon("rig_preview").VOXKEY_OT_preview_channel, channel="jawOpen"), Context()
    assert button.invoke(context, Event("LEFTMOUSE", 500)) == {"RUNNING_MODAL"}
    yield button, context
    addon("rig_preview").stop()


def values(obj: Any) -> dict[str, float]:
    keys = obj.data.shape_keys
    return {block.name: block.value for block in keys.key_blocks if block.value and block != keys.reference_key}


def test_preview_follows_the_mouse_and_puts_the_face_back(preview: Any, addon: Any, head: Any) -> None:
    button, context = preview
    assert values(head) == {"jawOpen": 1.0}
    assert button.modal(context, Event("MOUSEMOVE", 350)) == {"RUNNING_MODAL"}
    assert values(head) == {"jawOpen": 0.5}
    assert "jawOpen 50%" in draw_row(addon, head, "jawOpen")
    button.modal(context, Event("MOUSEMOVE", -500))
    assert values(head) == {}
    button.modal(context, Event("MOUSEMOVE", 900))
    assert button.modal(context, Event("DOWN_ARROW")) == {"RUNNING_MODAL"}
    following = BLENDSHAPE_CHANNELS[BLENDSHAPE_CHANNELS.index("jawOpen") + 1]
    assert values(head) == {following: 1.0}
    assert button.modal(context, Event("MIDDLEMOUSE")) == {"PASS_THROUGH"}
    assert button.modal(context, Event("Z")) == {"RUNNING_MODAL"}
    assert button.modal(context, Event("ESC")) == {"CANCELLED"}
    assert values(head) == {}
    assert addon("rig_preview").running() is None
    assert len(bpy.data.actions) == 0 and head.data.shape_keys.animation_data is None


def draw_row(addon: Any, obj: Any, channel: str) -> list[str]:
    addon("rig_look")._look_now((obj.name, None))
    layout = Layout()
    row = bpy.context.window_manager.voxkey_channels[channel]
    addon("rig_panel").VOXKEY_UL_channels.draw_item(None, bpy.context, layout, None, row, 0, None, "")
    return layout.texts


def test_preview_starts_from_the_users_pose_and_returns_to_it(addon: Any, head: Any) -> None:
    head.data.shape_keys.key_blocks["mouthClose"].value = 0.25
    head.data.shape_keys.key_blocks["jawOpen"].value = 0.125
    button, context = Pressed(addon("rig_preview").VOXKEY_OT_preview_channel, channel="jawOpen"), Context()
    button.invoke(context, Event("LEFTMOUSE", 500))
    assert values(head)["mouthClose"] == 0.25
    assert values(head)["jawOpen"] == 1.0
    button.modal(context, Event("LEFTMOUSE"))
    assert values(head) == {"mouthClose": 0.25, "jawOpen": 0.125}


def test_preview_reaches_keys_that_follow_a_property(addon: Any, head: Any, scene: Any) -> None:
    head["jaw"] = 0.0
    driver = head.data.shape_keys.key_blocks["jawOpen"].driver_add("value").driver
    driver.type = "AVERAGE"
    source = driver.variables.new().targets[0]
    source.id, source.data_path = head, '["jaw"]'
    button, context = Pressed(addon("rig_preview").VOXKEY_OT_preview_channel, channel="jawOpen"), Context()
    assert jaw_heights(scene, head, [1]) == 0
    button.invoke(context, Event("LEFTMOUSE", 500))
    assert evaluated_jaw(head) == 1
    button.modal(context, Event("ESC"))
    assert (evaluated_jaw(head), head["jaw"]) == (0, 0)


def evaluated_jaw(head: Any) -> float:
    bpy.context.view_layer.update()
    evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return float(evaluated.data.vertices[BLENDSHAPE_CHANNELS.index("jawOpen")].co.z)


def test_preview_survives_deleting_the_face(preview: Any, addon: Any) -> None:
    button, context = preview
    bpy.data.objects.remove(bpy.data.objects["Head"])
    assert button.modal(context, Event("MOUSEMOVE", 400)) == {"CANCELLED"}
    assert addon("rig_preview").running() is None


def test_preview_of_what_moves_nothing_says_so(addon: Any, scene: Any) -> None:
    make_head(scene, ["jawOpen", "wart"])
    button = Pressed(addon("rig_preview").VOXKEY_OT_preview_channel, channel="mouthClose")
    assert button.invoke(Context(), Event("LEFTMOUSE")) == {"CANCELLED"}
    assert button.reports == ["mouthClose moves nothing on Head; add a link for it"]
