"""Takes in other files, without their sound, and undone: nothing of the user's is ever touched."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import face, generation, keyframes, regeneration, rig_look, take_actions, take_stack
from blender_addon.audio_io import find_source
from blender_addon.core.shaping import Shaping
from tests.ui.dump import differences, dump

from .characters import make_character
from .scenes import NO_LIFE, TINY_MODEL, add_strip, heights, write_bursts

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a dump reads what Blender is about to drop
LINE = "Voxkey line.wav"
FRAMES = range(-2, 60)
STILL = Shaping(**NO_LIFE)


@pytest.fixture
def head(scene: Any, tmp_path: Path) -> Any:
    """A character with bones, teeth and lashes whose take has a range that was done again."""
    head = make_character(scene)
    add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 1)
    generation.generate(scene, head, "line.wav", STILL, TINY_MODEL)
    regeneration.redo_range(scene, head, bpy.data.actions[LINE], (5, 25, 0.15), Shaping(**NO_LIFE, strength=0.5))
    return head


def bring(path: Path, link: bool) -> Any:
    """The head with all of its character, appended to a new file or linked into it."""
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    with bpy.data.libraries.load(str(path), link=link) as (there, here):
        here.objects = list(there.objects)
    for obj in here.objects:
        scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = bpy.data.objects["Head"]
    bpy.context.view_layer.update()
    return bpy.data.objects["Head"]


def override(head: Any) -> Any:
    """The library override of a linked head and its mesh, in place of it."""
    scene = bpy.context.scene
    head.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    own = next(obj for obj in bpy.data.objects if obj.name == "Head" and not obj.library)
    own.data.override_create(remap_local_usages=True)
    scene.collection.objects.unlink(head)
    bpy.context.view_layer.objects.active = own
    return own


def saved(path: Path) -> Path:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def listed(head: Any) -> dict[str, bool]:
    """Name of each take, and whether it is muted."""
    return {take.name: track.mute for take, track in rig_look.listed(head).items()}


# ---------------------------------------------------------------------------------------------------------------------
# In other files


def test_an_appended_character_brings_its_takes(scene: Any, head: Any, tmp_path: Path) -> None:
    before = heights(scene, head, FRAMES)
    head = bring(saved(tmp_path / "a.blend"), link=False)
    scene = bpy.context.scene
    assert listed(head) == {LINE: False}
    np.testing.assert_array_equal(heights(scene, head, FRAMES), before)
    generation.reshape_take(scene, head, bpy.data.actions[LINE], STILL)
    np.testing.assert_array_equal(heights(scene, head, FRAMES), before)
    regeneration.remove_range(scene, head, bpy.data.actions[LINE], 0)
    regeneration.redo_range(scene, head, bpy.data.actions[LINE], (5, 25, 0.15), Shaping(**NO_LIFE, strength=0.5))
    np.testing.assert_array_equal(heights(scene, head, FRAMES), before)
    take_actions.remove_take(bpy.data.actions[LINE], face.moved_by(head, bpy.data.actions[LINE]))
    assert not bpy.data.actions


def test_buttons_work_on_an_appended_character_without_its_sound(
    extension: Any, scene: Any, head: Any, tmp_path: Path
) -> None:
    head = bring(saved(tmp_path / "a.blend"), link=False)
    before = heights(bpy.context.scene, head, FRAMES)
    operators = sys.modules[f"{extension.__name__}.operators"]
    assert operators.current_take(bpy.context).name == LINE
    for layer in NO_LIFE:
        setattr(bpy.context.scene.voxkey, layer, 0.0)
    bpy.context.scene.voxkey.strength = 2.0
    assert heights(bpy.context.scene, head, [37]).max() == pytest.approx(2 * before[39].max(), abs=1e-5)
    bpy.ops.voxkey.reshape_take()
    with pytest.raises(RuntimeError, match=r"The sound line.wav of Voxkey line.wav is gone or has another name; bring"):
        bpy.ops.voxkey.regenerate_range()
    bpy.ops.voxkey.delete_take()
    assert not bpy.data.actions


def test_a_linked_character_plays_its_takes_and_says_what_to_do(
    extension: Any, scene: Any, head: Any, tmp_path: Path
) -> None:
    before = heights(scene, head, FRAMES)
    head = bring(saved(tmp_path / "a.blend"), link=True)
    np.testing.assert_array_equal(heights(bpy.context.scene, head, FRAMES), before)
    sentence = sys.modules[f"{extension.__name__}.take_list"].no_take_reason(bpy.context)
    assert sentence.startswith("The mesh of Head is linked from another file; make it local or a library override")
    for name in ("mute_take", "solo_take", "blend_take", "delete_listed_take", "reshape_listed_take", "merge_takes"):
        assert not getattr(bpy.ops.voxkey, name).poll()


def test_takes_of_a_library_override_are_muted_and_followed_by_own_ones(scene: Any, head: Any, tmp_path: Path) -> None:
    before = heights(scene, head, FRAMES)
    own = override(bring(saved(tmp_path / "a.blend"), link=True))
    scene, take = bpy.context.scene, bpy.data.actions[LINE]
    assert listed(own) == {LINE: False}
    for change in (
        lambda: take_actions.remove_take(take, face.moved_by(own, take)),
        lambda: take_stack.set_replacing(own, take, True),
        lambda: take_stack.merge(scene, own, take_stack.TRACK, removes=True),
        lambda: regeneration.redo_range(scene, own, take, (5, 25, 0.1), Shaping(strength=2.0)),
    ):
        with pytest.raises(ValueError, match=r"Voxkey line.wav is linked from another file, which keeps it as it is; "):
            change()
    assert not generation.reshape_in_place(scene, own, take, STILL)
    np.testing.assert_array_equal(heights(scene, own, FRAMES), before)
    result = generation.reshape_take(scene, own, take, Shaping(**NO_LIFE, strength=2.0))
    assert "The earlier take Voxkey line.wav is linked from another file; it is kept on a muted NLA track" in (
        result.warnings
    )
    seen = heights(scene, own, FRAMES)
    np.testing.assert_allclose(seen[39], 2 * before[39], atol=1e-5)
    bpy.ops.wm.open_mainfile(filepath=str(saved(tmp_path / "b.blend")))
    own = next(obj for obj in bpy.data.objects if obj.name == "Head" and not obj.library)
    np.testing.assert_array_equal(heights(bpy.context.scene, own, FRAMES), seen)
    assert [(take.is_editable, track.mute) for take, track in rig_look.listed(own).items()] == [
        (True, False),
        (False, True),
    ]


def test_a_muted_take_of_an_override_stays_muted(extension: Any, scene: Any, head: Any, tmp_path: Path) -> None:
    override(bring(saved(tmp_path / "a.blend"), link=True))
    bpy.ops.voxkey.mute_take()
    with pytest.raises(RuntimeError, match="is linked from another file, which keeps it as it is; mute it instead"):
        bpy.ops.voxkey.delete_listed_take()
    bpy.ops.wm.open_mainfile(filepath=str(saved(tmp_path / "b.blend")))
    own = next(obj for obj in bpy.data.objects if obj.name == "Head" and not obj.library)
    assert listed(own) == {LINE: True}
    assert np.abs(heights(bpy.context.scene, own, FRAMES)).max() == pytest.approx(0, abs=1e-6)


# ---------------------------------------------------------------------------------------------------------------------
# Without their sound


@pytest.mark.parametrize("change", ["renamed", "deleted"])
def test_a_take_outlives_its_strip(scene: Any, head: Any, change: str) -> None:
    before = heights(scene, head, FRAMES)
    strip = find_source(scene, "line.wav")
    if change == "renamed":
        strip.name = "Other"
    else:
        editor = scene.sequence_editor
        (editor.strips if hasattr(editor, "strips") else editor.sequences).remove(strip)
    take = bpy.data.actions[LINE]
    with pytest.raises(ValueError, match=r"The sound line.wav of Voxkey line.wav is gone or has another name; bring"):
        regeneration.prepare_range(scene, head, take, TINY_MODEL, "CPU")
    assert listed(head) == {LINE: False}
    generation.reshape_take(scene, head, take, STILL)
    np.testing.assert_array_equal(heights(scene, head, FRAMES), before)


# ---------------------------------------------------------------------------------------------------------------------
# Undone, and deleted


@pytest.fixture
def animated(extension: Any, scene: Any, tmp_path: Path) -> Iterator[Any]:
    """A character whose user has animated body and face in every way, and a sound."""
    sys.modules[f"{extension.__name__}.rig_look"]._looks.clear()
    head, rig = make_character(scene), bpy.data.objects["Rig"]
    animate_body(rig)
    animate_face(head.data.shape_keys)
    animate_face(bpy.data.objects["Teeth"].data.shape_keys)
    driver = head.data.shape_keys.key_blocks["cheekPuff"].driver_add("value").driver
    driver.expression = "frame / 100"
    add_strip(scene, write_bursts(tmp_path / "line.wav", 2.0, [0.5, 1.5]), 1)
    bpy.context.view_layer.objects.active = head
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    scene.voxkey_range.first_frame, scene.voxkey_range.last_frame = 5, 25
    scene.frame_set(3)
    yield head
    scene = bpy.context.scene
    scene.voxkey_range.is_alone = False


def animate_body(rig: Any) -> None:
    """A walk as a strip with a modifier, and an Action that is active."""
    jaw = rig.pose.bones["jaw"]
    for name, blend_type in (("Walk", "REPLACE"), ("Lean", "COMBINE")):
        for frame, turn in ((1, 0.0), (40, 0.4)):
            jaw.rotation_quaternion = (1, 0, 0, turn)
            jaw.keyframe_insert("rotation_quaternion", frame=frame)
        data = rig.animation_data
        data.action.name = name
        keyframes.fcurves(data.action)[3].modifiers.new("NOISE").strength = 0.1
        strip = data.nla_tracks.new().strips.new(name, 1, data.action)
        strip.blend_type, strip.scale, strip.blend_in, strip.use_auto_blend = blend_type, 1.5, 4.0, False
        data.action = None
    rig.location = (1, 2, 3)
    rig.keyframe_insert("location", frame=10)


def animate_face(key: Any) -> None:
    """A smile on a strip that is muted in part, brows in the active Action."""
    first, last = key.key_blocks[1], key.key_blocks[-1]
    first.value = 0.4
    first.keyframe_insert("value", frame=5)
    data = key.animation_data
    track = data.nla_tracks.new()
    track.strips.new("Own", 5, data.action).frame_end = 90
    data.nla_tracks.new().strips.new("Muted", 5, data.action).mute = True
    data.action = None
    for frame, value in ((1, 0.1), (50, 0.7)):
        last.value = value
        last.keyframe_insert("value", frame=frame)
    keyframes.fcurves(data.action)[0].keyframe_points[0].interpolation = "ELASTIC"


STEPS: tuple[tuple[str, Callable[[], Any]], ...] = (
    ("generate", lambda: bpy.ops.voxkey.generate("EXEC_DEFAULT", True)),
    ("range", lambda: bpy.ops.voxkey.regenerate_range("EXEC_DEFAULT", True)),
    ("reshape", lambda: bpy.ops.voxkey.reshape_take("EXEC_DEFAULT", True)),
    ("give back", lambda: bpy.ops.voxkey.remove_range("EXEC_DEFAULT", True)),
    ("range shaped", lambda: bpy.ops.voxkey.shape_range("EXEC_DEFAULT", True, first_frame=20, last_frame=40)),
    ("mute", lambda: bpy.ops.voxkey.mute_take("EXEC_DEFAULT", True)),
    ("unmute", lambda: bpy.ops.voxkey.mute_take("EXEC_DEFAULT", True)),
    ("solo", lambda: bpy.ops.voxkey.solo_take("EXEC_DEFAULT", True)),
    ("replace", lambda: bpy.ops.voxkey.blend_take("EXEC_DEFAULT", True, mode="REPLACE")),
    ("merge", lambda: bpy.ops.voxkey.merge_takes("EXEC_DEFAULT", True)),
    ("use again", lambda: bpy.ops.voxkey.mute_take("EXEC_DEFAULT", True)),
    ("bake", lambda: bpy.ops.voxkey.merge_takes("EXEC_DEFAULT", True, place="ACTION")),
    ("push down", lambda: bpy.ops.voxkey.push_down("EXEC_DEFAULT", True)),
    ("delete", lambda: bpy.ops.voxkey.delete_listed_take("EXEC_DEFAULT", True)),
)


def test_every_step_is_undone_to_the_last_bit_and_done_again(animated: Any) -> None:
    bpy.context.scene.voxkey.live_shaping = False
    bpy.ops.ed.undo_push(message="before")
    states = [dump()]
    for number, (name, step) in enumerate(STEPS):
        if name == "range shaped":
            bpy.context.scene.voxkey.strength = 0.5
            bpy.ops.ed.undo_push(message="slider")
            states.append(dump())
        assert step() == {"FINISHED"}, name
        states.append(dump())
        assert differences(states[-2], states[-1]) or name == "solo", (number, name)
    for before in reversed(states[:-1]):
        bpy.ops.ed.undo()
        assert differences(before, dump()) == []
    for after in states[1:]:
        bpy.ops.ed.redo()
        assert differences(after, dump()) == []


def users_own() -> dict[str, Any]:
    """Every Action of the user as Blender would write it: all its properties, to the bottom."""
    found = dump()
    return {name: found[name] for name in found if name.startswith("actions: ") and "Voxkey" not in name}


def test_nothing_of_the_user_differs_with_a_take_and_all_is_as_it_was_without(animated: Any) -> None:
    scene = bpy.context.scene
    before, own = dump(), users_own()
    assert len(own) == 7
    drivers = before["shape_keys: Key"]["animation_data"]["drivers"]
    bpy.ops.voxkey.generate()
    bpy.ops.voxkey.regenerate_range()
    scene.voxkey.strength = 0.5
    bpy.ops.voxkey.reshape_take()
    assert users_own() == own
    assert dump()["shape_keys: Key"]["animation_data"]["drivers"] == drivers
    bpy.ops.voxkey.delete_take()
    scene.voxkey.property_unset("strength")
    assert differences(before, dump()) == []


def test_an_edited_and_a_kept_take_leave_nothing_either(animated: Any) -> None:
    before = dump()
    bpy.ops.voxkey.generate()
    keyframes.fcurves(bpy.data.actions[LINE])[0].keyframe_points[3].co.y = 0.7
    bpy.ops.voxkey.generate()
    for _ in range(2):
        bpy.ops.voxkey.delete_listed_take()
    assert differences(before, dump()) == []
