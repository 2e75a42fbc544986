"""Characters from another file: linked ones are told, overridden ones speak."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import face, take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.retarget import RigMap, rig_map_to_text

from .characters import FRAMES, JAW, JAW_RADIANS, KEYS, bone_matrices, make_character, said, take_of
from .scenes import add_strip, generate, heights, write_bursts


def linked_character(tmp_path: Path) -> Any:
    """The collection of a character in another file, linked into a new scene that has a sound; its override."""
    bpy.ops.wm.read_homefile(use_empty=True)
    make_character(bpy.context.scene, None)
    collection = bpy.data.collections.new("Character")
    for obj in bpy.context.scene.objects:
        collection.objects.link(obj)
    library = str(tmp_path / "character.blend")
    bpy.data.libraries.write(library, {collection})
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.collections = ["Character"]
    add_strip(bpy.context.scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    return wanted.collections[0]


def local(name: str) -> Any:
    return next(obj for obj in bpy.data.objects if obj.name == name and obj.library is None)


def overridden(collection: Any) -> Any:
    """The override of a linked character: objects and armatures, but not the data of meshes."""
    collection.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer, do_fully_editable=True)
    return local("Head")


def test_a_linked_character_gives_one_sentence(tmp_path: Path) -> None:
    collection = linked_character(tmp_path)
    bpy.context.scene.collection.children.link(collection)
    with pytest.raises(ValueError, match="The mesh of Head is linked from another file; make it local or a library"):
        generate(bpy.context.scene, collection.objects["Head"])
    with pytest.raises(ValueError, match=r"Rig is linked from another file; make it local or a library override \(Obj"):
        generate(bpy.context.scene, collection.objects["Rig"])
    assert not bpy.data.actions


def test_an_overridden_character_moves_and_is_told_what_stays_linked(tmp_path: Path) -> None:
    head = overridden(linked_character(tmp_path))
    scene = bpy.context.scene
    assert not head.data.shape_keys.is_editable
    head[face.RIG_MAP] = rig_map_to_text(RigMap("Keys alone", KEYS))
    with pytest.raises(ValueError, match="The mesh of Head is linked from another file"):
        generate(scene, head)
    head[face.RIG_MAP] = rig_map_to_text(RigMap("Jaw", (JAW,)))
    result = generate(scene, head)
    assert result.matched == ("jaw",)
    assert len([warning for warning in result.warnings if "is linked from another file" in warning]) == 3
    tilt = [move.to_euler().x for move in bone_matrices(scene, local("Rig"), "jaw", FRAMES)]
    np.testing.assert_allclose(tilt, JAW_RADIANS * said(head), atol=1e-5)


def test_an_overridden_mesh_speaks_after_saving_and_opening(tmp_path: Path) -> None:
    head = overridden(linked_character(tmp_path))
    for obj in (head, local("Teeth"), local("Lashes")):
        obj.data = obj.data.override_create()
    result = generate(bpy.context.scene, head)
    assert (result.moved, result.unmatched_channels, result.warnings) == (True, (), ())
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    head, scene = local("Head"), bpy.context.scene
    jaw = heights(scene, head, FRAMES)[:, BLENDSHAPE_CHANNELS.index("jawOpen")]
    np.testing.assert_allclose(jaw, said(head), atol=1e-5)
    np.testing.assert_allclose(heights(scene, local("Teeth"), FRAMES)[:, 0], said(head), atol=1e-5)
    take_actions.remove_take(take_of(head))
    assert not heights(scene, head, [23]).any()
