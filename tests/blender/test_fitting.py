"""What can get a take and what can't, and what the user is told of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from blender_addon.core.shaping import Shaping

from .scenes import add_strip, artist_action, generate, heights, make_head, write_bursts, written


@pytest.fixture
def head(burst_scene: Any) -> Any:
    return burst_scene.objects["Head"]


def test_user_is_told_what_hides_the_take(burst_scene: Any, head: Any) -> None:
    key = head.data.shape_keys
    track = key.animation_data_create().nla_tracks.new()
    track.strips.new("Pushed down", 1, artist_action(key, "Pushed down", "mouthSmileLeft"))
    key.animation_data.action = None
    artist_action(key, "Active", "browInnerUp")
    key.key_blocks["cheekPuff"].driver_add("value")
    key.key_blocks["jawLeft"].mute = True
    key.key_blocks["jawOpen"].slider_max = 0.5
    key.key_blocks["mouthFunnel"].value = 0.3
    head.show_only_shape_key = True
    burst_scene.collection.objects.link(bpy.data.objects.new("Twin", head.data))
    track.is_solo = True
    result = generate(burst_scene, head)
    told = "\n".join(result.warnings)
    for sentence in (
        "A driver moves cheekPuff",
        "jawLeft is muted",
        "The range of jawOpen ends below 1",
        "The slider of mouthFunnel was not at 0",
        "Solo is on",
        "2 objects share this mesh",
        "Another NLA track is on solo",
        "Your Action Active animates browInnerUp and wins over the take",
        "Your NLA strips animate mouthSmileLeft too",
    ):
        assert sentence in told
    assert len(result.warnings) == 9
    assert "cheekPuff" not in result.matched
    key.animation_data.use_nla = False
    assert "The NLA of the shape keys is switched off" in "\n".join(generate(burst_scene, head).warnings)


def test_a_plain_head_gives_no_warning(burst_scene: Any, head: Any) -> None:
    result = generate(burst_scene, head)
    assert (result.warnings, result.unmatched_channels, len(result.matched)) == ((), (), 51)


def test_unmatched_channels_are_listed(scene: Any, tmp_path: Path) -> None:
    head = make_head(scene, ["JawOpen", "mouth_smile_L", 'odd "name" \\ of eyeBlinkLeft', "Fat"])
    add_strip(scene, write_bursts(tmp_path / "a.wav", 1.0, [0.5]))
    result = generate(scene, head, shaping=Shaping())
    assert result.matched == ('odd "name" \\ of eyeBlinkLeft', "JawOpen", "mouth_smile_L")
    assert len(result.unmatched_channels) == 48
    assert "browInnerUp" in result.unmatched_channels
    assert "48 channels have no shape key" in result.summary
    assert heights(scene, head, [13])[0, 0] > 0.3


def linked_mesh(scene: Any, head: Any, tmp_path: Path) -> Any:
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {head})
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.objects = ["Head"]
    linked = wanted.objects[0]
    scene.collection.objects.link(linked)
    return linked


def no_shape_keys(scene: Any, _head: Any, _path: Path) -> Any:
    return make_head(scene, [], "Bare")


def other_names(scene: Any, _head: Any, _path: Path) -> Any:
    return make_head(scene, ["Fat", "Thin"], "Body")


def absolute(_scene: Any, head: Any, _path: Path) -> Any:
    head.data.shape_keys.use_relative = False
    return head


def all_driven(_scene: Any, head: Any, _path: Path) -> Any:
    for block in head.data.shape_keys.key_blocks[1:]:
        block.driver_add("value")
    return head


def no_mesh(scene: Any, _head: Any, _path: Path) -> Any:
    empty = bpy.data.objects.new("Empty", None)
    scene.collection.objects.link(empty)
    return empty


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda *_: None, "Choose the mesh of the face"),
        (no_mesh, "Empty is no mesh"),
        (no_shape_keys, "Bare has no shape keys"),
        (other_names, "None of the 2 shape keys of Body is named as in any rig map"),
        (absolute, "Head has absolute shape keys; tick Relative"),
        (all_driven, "Drivers move every shape key of Head that speech needs"),
        (linked_mesh, "is linked from another file; make it local"),
    ],
)
def test_a_mesh_that_can_not_speak_gives_one_sentence(
    burst_scene: Any, head: Any, tmp_path: Path, make: Callable[..., Any], sentence: str
) -> None:
    target = make(burst_scene, head, tmp_path)
    before = written()
    with pytest.raises(ValueError, match=sentence):
        generate(burst_scene, target)
    assert written() == before


def test_overridden_mesh_can_get_a_take(burst_scene: Any, head: Any, tmp_path: Path) -> None:
    linked = linked_mesh(burst_scene, head, tmp_path)
    override = linked.override_create()
    override.data = linked.data.override_create()
    burst_scene.collection.objects.link(override)
    generate(burst_scene, override)
    assert heights(burst_scene, override, [23])[0].max() > 0.3
