"""Characters whose keys follow drivers: what the drivers read is animated in their place, or named."""

from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.retarget import Target

from .characters import FRAMES, add_armature, make_character, said, take_of
from .scenes import generate, heights, make_head


def drive(owner: Any, path: str, source: Any, source_path: str, expression: str = "var") -> Any:
    """Let a value follow another."""
    curve = owner.driver_add(path)
    variable = curve.driver.variables.new()
    variable.name = "var"
    variable.targets[0].id_type = source.id_type
    variable.targets[0].id, variable.targets[0].data_path = source, source_path
    curve.driver.expression = expression
    return curve


def test_keys_that_follow_the_heads_keys_are_left_to_their_drivers(spoken: Any) -> None:
    head = make_character(spoken, None)
    teeth = spoken.objects["Teeth"].data.shape_keys
    for name in ("jawOpen", "jawLeft"):
        path = f'key_blocks["{name}"].value'
        drive(teeth.key_blocks[name], "value", head.data.shape_keys, path)
    result = generate(spoken, head)
    assert (result.warnings, result.moved) == ((), True)
    assert teeth not in [owner for owner, _ in take_actions.parts(take_of(head))]
    np.testing.assert_allclose(heights(spoken, spoken.objects["Teeth"], FRAMES)[:, 0], said(head), atol=1e-5)


def test_properties_that_drive_the_keys_are_animated_in_their_place(spoken: Any) -> None:
    head = make_head(spoken)
    control = bpy.data.objects.new("Control", None)
    spoken.collection.objects.link(control)
    for block in head.data.shape_keys.key_blocks[1:]:
        control[block.name] = 0.0
        drive(block, "value", control, f'["{block.name}"]')
    result = generate(spoken, head)
    assert (len(result.matched), result.unmatched_channels, result.moved) == (51, (), True)
    assert {target.kind for target in result.targets} == {"property"}
    assert "51 custom properties over 48 frames" in result.summary
    assert [owner for owner, _ in take_actions.parts(take_of(head))] == [control]
    jaw = heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)
    generate(spoken, head)  # finds and replaces the take, which lies outside of the family
    take_actions.remove_take(take_of(head))
    assert control.animation_data is None and not bpy.data.actions


def test_a_bone_property_at_the_end_of_two_drivers_is_found(spoken: Any) -> None:
    head = make_character(spoken, None)
    rig = spoken.objects["Rig"]
    rig.pose.bones["jaw"]["open"] = 0.0
    rig["jawOpen"] = 0.0
    drive(rig, '["jawOpen"]', rig, 'pose.bones["jaw"]["open"]')
    for part in ("Head", "Teeth"):
        drive(spoken.objects[part].data.shape_keys.key_blocks["jawOpen"], "value", rig, '["jawOpen"]')
    result = generate(spoken, head)
    assert Target("property", "open", "jaw") in result.targets
    for part, column in (("Head", BLENDSHAPE_CHANNELS.index("jawOpen")), ("Teeth", 0)):
        np.testing.assert_allclose(heights(spoken, spoken.objects[part], FRAMES)[:, column], said(head), atol=1e-5)


def test_a_property_of_the_armatures_data_is_found(spoken: Any) -> None:
    head = make_character(spoken, None)
    data = spoken.objects["Rig"].data
    data["open"] = 0.0
    drive(head.data.shape_keys.key_blocks["jawOpen"], "value", spoken.objects["Rig"], 'data["open"]')
    generate(spoken, head)
    generate(spoken, head)
    np.testing.assert_allclose(
        heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")], said(head), atol=1e-5
    )
    assert data in [owner for owner, _ in take_actions.parts(take_of(head))]
    take_actions.remove_take(take_of(head))
    assert data.animation_data is None and not bpy.data.actions


def test_a_muted_driver_leaves_its_key_free(spoken: Any) -> None:
    head = make_head(spoken)
    head.data.shape_keys.key_blocks["jawOpen"].driver_add("value").mute = True
    assert generate(spoken, head).warnings == ()
    jaw = heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)


@pytest.mark.parametrize(
    ("expression", "factor"), [("2*var", 2.0), ("var / 100", 0.01), ("-0.5 * var", -0.5), (" var*.25", 0.25)]
)
def test_a_driver_that_only_multiplies_is_reckoned_back(spoken: Any, expression: str, factor: float) -> None:
    head = make_head(spoken)
    head["amount"] = 0.0
    drive(head.data.shape_keys.key_blocks["jawOpen"], "value", head, '["amount"]', expression)
    result = generate(spoken, head)
    assert Target("property", "amount") in result.targets
    jaw = heights(spoken, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)
    spoken.frame_set(23)
    assert head["amount"] == pytest.approx(said(head)[12] / factor, rel=1e-5)


def control(owner: Any, bone: str, kind: str, rig: Any, expression: str) -> None:
    """Let a shape key follow a bone of a control rig in the bone's own space."""
    driver = owner.driver_add("value").driver
    variable = driver.variables.new()
    variable.name, variable.type, driver.expression = "ctrl", "TRANSFORMS", expression
    source = variable.targets[0]
    source.id, source.bone_target, source.transform_type, source.transform_space = rig, bone, kind, "LOCAL_SPACE"


def test_control_bones_are_animated_in_place_of_the_keys_that_follow_them(spoken: Any) -> None:
    head = make_head(spoken)
    rig = add_armature(spoken, "mouth_ctrl", "jaw_ctrl", name="Controls")
    blocks = head.data.shape_keys.key_blocks
    control(blocks["mouthLeft"], "mouth_ctrl", "LOC_X", rig, "ctrl * 2")
    control(blocks["mouthRight"], "mouth_ctrl", "LOC_X", rig, "-2 * ctrl")
    control(blocks["jawOpen"], "jaw_ctrl", "ROT_X", rig, "ctrl")
    result = generate(spoken, head)
    assert (result.warnings, result.moved, result.unmatched_channels) == ((), True, ())
    moved = heights(spoken, head, FRAMES)
    left, right = said(head, "mouthLeft"), said(head, "mouthRight")
    for channel, expected in (
        ("jawOpen", said(head)),
        ("mouthLeft", np.maximum(left - right, 0)),  # one control can't do both at once
        ("mouthRight", np.maximum(right - left, 0)),
    ):
        np.testing.assert_allclose(moved[:, BLENDSHAPE_CHANNELS.index(channel)], expected, atol=1e-4)
    take_actions.remove_take(take_of(head))
    assert rig.animation_data is None
    assert not rig.pose.bones["mouth_ctrl"].location.length


def test_drivers_that_reckon_are_left_alone_and_what_they_read_is_named(spoken: Any) -> None:
    head = make_head(spoken)
    control = add_armature(spoken, "smile_ctrl", name="Controls")
    control["grin"] = 0.0
    blocks = head.data.shape_keys.key_blocks
    drive(blocks["mouthSmileLeft"], "value", control, '["grin"]', "var * 2 - 1")
    turned = blocks["mouthSmileRight"].driver_add("value").driver
    variable = turned.variables.new()
    variable.type = "TRANSFORMS"
    variable.targets[0].id, variable.targets[0].bone_target = control, "smile_ctrl"
    result = generate(spoken, head)
    assert result.warnings == (
        "A driver moves mouthSmileLeft, mouthSmileRight; the take leaves it alone, or link grin, smile_ctrl in the Rig "
        "panel, which they follow",
    )
    assert set(result.unmatched_channels) == {"mouthSmileLeft", "mouthSmileRight"}


def test_drivers_in_a_circle_are_told_and_do_not_hang(spoken: Any) -> None:
    head = make_head(spoken)
    key = head.data.shape_keys
    for name, other in (("jawOpen", "mouthClose"), ("mouthClose", "jawOpen")):
        drive(key.key_blocks[name], "value", key, f'key_blocks["{other}"].value')
    drive(key.key_blocks["jawLeft"], "value", key, 'key_blocks["jawLeft"].value')
    result = generate(spoken, head)
    assert "A driver moves jawLeft, jawOpen, mouthClose; the take leaves it alone" in result.warnings
    assert len(result.matched) == 48


def test_a_driver_that_reads_nothing_is_no_obstacle(spoken: Any) -> None:
    head = make_head(spoken)
    drive(head.data.shape_keys.key_blocks["jawOpen"], "value", head, '["gone"]')
    assert "jawOpen" in generate(spoken, head).unmatched_channels
