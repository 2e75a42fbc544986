"""After a generation: does the face move, if not, why, and does the offered click help?"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import face, generation, self_check, take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.retarget import RigMap, rig_map_to_text
from blender_addon.core.shaping import Shaping

from .characters import FRAMES, JAW, add_armature, bind, said, take_of
from .scenes import NO_LIFE, TINY_MODEL, add_strip, heights, make_head

Breaker = Callable[[Any, Any], None]


@pytest.fixture
def spoken(burst_scene: Any) -> Any:
    """A scene with a strip of 2 s from frame 11 on; a head with keys, and a body that hangs on a jaw bone."""
    rig = add_armature(burst_scene, "jaw")
    bind(make_head(burst_scene, [], "Body"), rig).data.vertices[0].co.y = 1.0
    rig[face.RIG_MAP] = rig_map_to_text(RigMap("Jaw", (JAW,)))
    return burst_scene


def generate(scene: Any, obj: Any, shaping: Shaping = Shaping(**NO_LIFE)) -> generation.Result:  # noqa: B008
    return generation.generate(scene, obj, "", shaping, TINY_MODEL)


def found(obj: Any) -> dict[str, str]:
    """Sentence -> label of its fix, as the panel shows them."""
    return {finding["sentence"]: finding["fix"] for finding in take_actions.read_facts(take_of(obj))["findings"]}


def strip_of(owner: Any) -> Any:
    return owner.animation_data.nla_tracks[-1].strips[0]


def user_action(owner: Any, data_path: str, holder: Any) -> None:
    """An active Action of the user that animates something."""
    holder.keyframe_insert(data_path, frame=1)
    owner.animation_data.action.name = "Mine"


def mute_keys(_scene: Any, head: Any) -> None:
    for block in head.data.shape_keys.key_blocks:
        block.mute = True


def narrow_keys(_scene: Any, head: Any) -> None:
    for block in head.data.shape_keys.key_blocks[1:]:
        block.slider_max = 0.0


def show_one_key(_scene: Any, head: Any) -> None:
    head.show_only_shape_key = True


def switch_nla_off(_scene: Any, head: Any) -> None:
    head.data.shape_keys.animation_data.use_nla = False


def mute_strip(_scene: Any, head: Any) -> None:
    strip_of(head.data.shape_keys).mute = True


def lose_slot(_scene: Any, head: Any) -> None:
    strip_of(head.data.shape_keys).action_slot = None


def solo_other(_scene: Any, head: Any) -> None:
    head.data.shape_keys.animation_data.nla_tracks[0].is_solo = True


def animate_keys(_scene: Any, head: Any) -> None:
    key = head.data.shape_keys
    for block in key.key_blocks[1:]:
        user_action(key, "value", block)


def disable(_scene: Any, head: Any) -> None:
    head.hide_viewport = True


def rest(_scene: Any, rig: Any) -> None:
    rig.data.pose_position = "REST"


def hide_modifier(scene: Any, _rig: Any) -> None:
    scene.objects["Body"].modifiers[0].show_viewport = False


def animate_bone(_scene: Any, rig: Any) -> None:
    user_action(rig, "rotation_quaternion", rig.pose.bones["jaw"])


@pytest.mark.parametrize(
    ("name", "breaks", "sentence", "label"),
    [
        ("Head", mute_keys, "browDownLeft, browDownRight, browInnerUp and 48 more is muted", "Unmute"),
        ("Head", narrow_keys, "The range of browDownLeft, browDownRight, browInnerUp and 48 more ends", "Widen to 1"),
        ("Head", show_one_key, "Solo is on in the Shape Keys panel", "Switch Off"),
        ("Head", switch_nla_off, "The NLA of the shape keys is switched off", "Switch On"),
        ("Head", mute_strip, "The NLA strip Voxkey a.wav is muted", "Unmute"),
        ("Head", lose_slot, "The NLA strip Voxkey a.wav has no slot", "Choose Slot"),
        ("Head", solo_other, "Another NLA track is on solo", "Switch Off"),
        (
            "Head",
            animate_keys,
            "Your Action Mine animates browDownLeft, browDownRight, browInnerUp",
            "Push Down",
        ),
        ("Head", disable, "Head is disabled in viewports", "Enable"),
        ("Rig", rest, "The armature Rig is in rest position", "Pose Position"),
        ("Rig", hide_modifier, "The modifier Armature of Body is off in viewports", "Switch On"),
        ("Rig", animate_bone, "Your Action Mine animates jaw and wins over the take", "Push Down"),
        ("Rig", lambda _, rig: mute_strip(_, Holder(rig)), "The NLA strip Voxkey a.wav is muted", "Unmute"),
    ],
)
def test_a_still_face_is_noticed_explained_and_helped(
    spoken: Any, name: str, breaks: Breaker, sentence: str, label: str
) -> None:
    obj = spoken.objects[name]
    assert generate(spoken, obj).moved is True
    assert not found(obj)
    breaks(spoken, obj)
    assert self_check.check(spoken, obj, take_of(obj)) is False
    told = next(told for told in found(obj) if told.startswith(sentence))
    assert found(obj)[told] == label
    self_check.apply_fix(spoken, obj, take_of(obj), told)
    assert take_actions.read_facts(take_of(obj))["moved"] is True
    assert label not in found(obj).values()
    with pytest.raises(ValueError, match="There is nothing to fix any more"):
        self_check.apply_fix(spoken, obj, take_of(obj), told)


class Holder:
    """Stands for a head whose keys are an armature: what is done to the one is done to the other."""

    def __init__(self, owner: Any) -> None:
        self.data = type("Data", (), {"shape_keys": owner})


def equal_keys(_scene: Any, head: Any) -> None:
    for block in head.data.shape_keys.key_blocks[1:]:
        for point, basis in zip(block.data, head.data.shape_keys.reference_key.data, strict=True):
            point.co = basis.co


def drive_bone(_scene: Any, rig: Any) -> None:
    for index in range(4):
        rig.driver_add('pose.bones["jaw"].rotation_quaternion', index)


def limit_bone(_scene: Any, rig: Any) -> None:
    limit = rig.pose.bones["jaw"].constraints.new("LIMIT_ROTATION")
    limit.use_limit_x = limit.use_limit_y = limit.use_limit_z = True
    limit.owner_space = "LOCAL"


def unbind(scene: Any, _rig: Any) -> None:
    scene.objects["Body"].vertex_groups.clear()


def exclude(scene: Any, head: Any) -> None:
    store = bpy.data.collections.new("Store")
    scene.collection.children.link(store)
    scene.collection.objects.unlink(head)
    store.objects.link(head)
    bpy.context.view_layer.layer_collection.children["Store"].exclude = True


@pytest.mark.parametrize(
    ("name", "breaks", "sentence"),
    [
        ("Head", equal_keys, "Head does not move with its shape keys; are they equal to the Basis?"),
        ("Head", exclude, "Head is not in the view layer ViewLayer; tick its collection in the Outliner"),
        ("Rig", drive_bone, "A driver moves jaw and wins over the take; remove it"),
        ("Rig", limit_bone, "The bones of Rig do not move; do constraints or drivers hold them?"),
        ("Rig", unbind, "No mesh follows what the take moves; is one bound to the bones, or driven by properties?"),
    ],
)
def test_what_only_the_user_can_help_is_explained(spoken: Any, name: str, breaks: Breaker, sentence: str) -> None:
    obj = spoken.objects[name]
    breaks(spoken, obj)
    result = generate(spoken, obj)
    assert (result.moved, "the face does not move" in result.summary) == (False, True)
    assert found(obj)[sentence] == ""


def test_what_another_slot_of_the_users_action_animates_is_no_obstacle(spoken: Any) -> None:
    rig, other = spoken.objects["Rig"], add_armature(spoken, "jaw", name="Other")
    animate_bone(spoken, other)
    action = other.animation_data.action
    if not hasattr(action, "slots"):
        pytest.skip("Actions have no slots before Blender 4.4")
    data = rig.animation_data_create()
    data.action, data.action_slot = action, action.slots.new(id_type="OBJECT", name="Rig")
    assert generate(spoken, rig).warnings == ()
    data.action_slot = other.animation_data.action_slot
    self_check.check(spoken, rig, take_of(rig))
    assert list(found(rig).values()) == ["Push Down"]


@pytest.mark.parametrize("name", ["Head", "Rig"])
def test_edit_mode_is_the_one_thing_that_is_told(spoken: Any, name: str) -> None:
    bpy.context.view_layer.objects.active = spoken.objects[name]
    bpy.ops.object.mode_set(mode="EDIT")
    result = generate(spoken, spoken.objects[name])
    assert result.moved is False
    assert result.warnings == (f"{name} is in Edit Mode, which shows no animation; leave it with Tab",)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert self_check.check(spoken, spoken.objects[name], take_of(spoken.objects[name])) is True


def test_a_head_in_another_scene_is_looked_at_there(spoken: Any) -> None:
    other = bpy.data.scenes.new("Other")
    add_strip(other, Path(spoken.sequence_editor.strips_all[0].sound.filepath), 11)
    head = spoken.objects["Head"]
    spoken.collection.objects.unlink(head)
    other.collection.objects.link(head)
    result = generate(other, head)
    assert (result.moved, result.warnings) == (True, ())


def test_a_hidden_head_moves_but_can_be_shown(spoken: Any) -> None:
    head = spoken.objects["Head"]
    head.hide_set(True)
    generate(spoken, head)
    assert found(head) == {"Head is hidden": "Show"}
    self_check.apply_fix(spoken, head, take_of(head), "Head is hidden")
    assert head.visible_get() and not found(head)


def test_a_take_at_rest_is_told(spoken: Any) -> None:
    result = generate(spoken, spoken.objects["Head"], Shaping(strength=0.0, **NO_LIFE))
    assert result.moved is None
    assert result.warnings == ("The take is at rest throughout: the sound is silent, or Strength is 0",)


def test_one_part_that_stands_still_is_named(spoken: Any) -> None:
    head, rig = spoken.objects["Head"], spoken.objects["Rig"]
    teeth = make_head(spoken, ["jawOpen"], "Teeth")
    head.parent = teeth.parent = rig
    equal_keys(spoken, teeth)
    result = generate(spoken, head)
    assert result.moved is True
    assert result.warnings == ("Teeth does not move with its shape keys; are they equal to the Basis?",)


def test_the_users_animation_is_no_sign_of_life(spoken: Any) -> None:
    head = spoken.objects["Head"]
    for frame, x in ((1, 0.0), (60, 5.0)):
        head.location.x = x
        head.keyframe_insert("location", frame=frame)
    blocks = head.data.shape_keys.key_blocks
    sway = head.shape_key_add(name="sway", from_mix=False)
    sway.data[0].co.x = 1.0
    for frame, value in ((1, 0.0), (60, 1.0)):
        sway.value = value
        sway.keyframe_insert("value", frame=frame)
    for block in blocks[1:-1]:
        block.mute = True
    assert generate(spoken, head).moved is False


def test_a_pushed_down_action_keeps_its_motion_under_the_take(spoken: Any) -> None:
    head = spoken.objects["Head"]
    key = head.data.shape_keys
    smile = key.key_blocks["jawOpen"]
    for frame, value in ((1, 0.0), (60, 0.5)):
        smile.value = value
        smile.keyframe_insert("value", frame=frame)
    column = BLENDSHAPE_CHANNELS.index("jawOpen")
    alone = heights(spoken, head, FRAMES)[:, column]
    generate(spoken, head)
    np.testing.assert_allclose(heights(spoken, head, FRAMES)[:, column], alone, atol=1e-6)
    told = next(told for told in found(head) if told.endswith("animates jawOpen and wins over the take"))
    self_check.apply_fix(spoken, head, take_of(head), told)
    together = heights(spoken, head, FRAMES)[:, column]
    np.testing.assert_allclose(together, np.clip(alone + said(head), 0, 1), atol=1e-5)


def test_an_action_is_pushed_down_under_the_take_where_there_is_no_rest_track(spoken: Any) -> None:
    head = spoken.objects["Head"]
    key = head.data.shape_keys
    animate_keys(spoken, head)
    key.animation_data.nla_tracks.new().strips.new("Calm", 1, key.animation_data.action)
    key.animation_data.action = None
    generate(spoken, head)
    assert [track.name for track in key.animation_data.nla_tracks] == ["NlaTrack", "Voxkey a.wav"]
    animate_keys(spoken, head)
    self_check.check(spoken, head, take_of(head))
    told = next(told for told, label in found(head).items() if label == "Push Down")
    self_check.apply_fix(spoken, head, take_of(head), told)
    names = [track.strips[0].name for track in key.animation_data.nla_tracks]
    assert (names[0], names[-1]) == ("Calm", "Voxkey a.wav") and len(names) == 3
    assert take_actions.read_facts(take_of(head))["moved"] is True


def test_an_action_that_is_added_does_not_hide_the_take(spoken: Any) -> None:
    head = spoken.objects["Head"]
    generate(spoken, head)
    animate_keys(spoken, head)
    head.data.shape_keys.animation_data.action_blend_type = "ADD"
    assert self_check.check(spoken, head, take_of(head)) is True
    assert not found(head)


def test_a_take_on_solo_lacks_its_rest(spoken: Any) -> None:
    head = spoken.objects["Head"]
    generate(spoken, head)
    head.data.shape_keys.animation_data.nla_tracks[-1].is_solo = True
    self_check.check(spoken, head, take_of(head))
    sentence = "The NLA track Voxkey a.wav is on solo; switch that off to see the take as it is"
    assert found(head) == {sentence: "Switch Off"}
    self_check.apply_fix(spoken, head, take_of(head), sentence)
    assert take_actions.read_facts(take_of(head))["moved"] is True


def test_looking_changes_nothing(spoken: Any) -> None:
    head = spoken.objects["Head"]
    spoken.frame_set(17, subframe=0.25)
    generate(spoken, head)
    assert (spoken.frame_current, spoken.frame_subframe) == (17, 0.25)
    assert not any(track.mute for track in head.data.shape_keys.animation_data.nla_tracks)


def test_looking_at_a_dense_head_takes_less_than_a_twentieth_of_a_second(spoken: Any) -> None:
    head = make_dense_head(spoken, 20_000)
    generate(spoken, head)
    seconds = []
    for _ in range(5):  # the fastest counts, and its own time, as other programs run on this machine too
        started = time.process_time()
        assert self_check.check(spoken, head, take_of(head)) is True
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.05


def make_dense_head(scene: Any, n_vertices: int) -> Any:
    mesh = bpy.data.meshes.new("Dense")
    mesh.vertices.add(n_vertices)
    head = bpy.data.objects.new("Dense", mesh)
    scene.collection.objects.link(head)
    head.shape_key_add(name="Basis")
    places = np.zeros((n_vertices, 3), np.float32)
    for name in BLENDSHAPE_CHANNELS:
        places[:, 2] = np.random.default_rng(0).random(n_vertices)
        block = head.shape_key_add(name=name, from_mix=False)
        block.data.foreach_set("co", places.ravel())
        block.value = 0.0
    return head
