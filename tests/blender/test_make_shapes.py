"""Make Shape Keys: on the default head stripped of its shapes, in the add-on enabled as an extension."""

import sys
import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon import make_shapes
from blender_addon.core.channels import BLENDSHAPE_CHANNELS

from .interface import Context, Event, Layout, Pressed

BLEND = Path(__file__).parents[2] / "rigs" / "default_head.blend"
Floats = NDArray[np.float32]


def append_head() -> Any:
    """The default head, alone, in the open scene."""
    with bpy.data.libraries.load(str(BLEND)) as (_, wanted):
        wanted.objects = ["Head"]
    head: Any = wanted.objects[0]
    bpy.context.scene.collection.objects.link(head)
    head.parent = None
    return head


@pytest.fixture
def bare(extension: Any, scene: Any) -> Any:
    """A head without shape keys, turned, squeezed and large, active and selected."""
    head = append_head()
    head.shape_key_clear()
    head.name = "Bare"
    head.location, head.rotation_euler, head.scale = (5.0, 2.0, 1.0), (0.2, 0.1, 0.7), (9.0, 10.0, 12.0)
    head.select_set(True)
    bpy.context.view_layer.objects.active = head
    bpy.context.view_layer.update()
    return head


def coordinates(items: Any) -> Floats:
    values = np.empty(3 * len(items), np.float32)
    items.foreach_get("co", values)
    return values.reshape(-1, 3)


def offsets(head: Any, name: str) -> Floats:
    keys = head.data.shape_keys
    return coordinates(keys.key_blocks[name].data) - coordinates(keys.reference_key.data)


def press(**settings: Any) -> None:
    assert bpy.ops.voxkey.make_shape_keys(**settings) == {"FINISHED"}


def refusal(**settings: Any) -> str:
    with pytest.raises(RuntimeError) as refused:
        bpy.ops.voxkey.make_shape_keys(**settings)
    return str(refused.value)


def test_a_bare_head_gets_the_51_shapes_of_the_default_head(bare: Any) -> None:
    before = coordinates(bare.data.vertices)
    press()
    basis, *keys = bare.data.shape_keys.key_blocks
    assert sorted(key.name for key in keys) == sorted(BLENDSHAPE_CHANNELS)
    assert all((key.value, key.slider_min, key.slider_max) == (0.0, 0.0, 1.0) for key in keys)
    np.testing.assert_array_equal(coordinates(basis.data), before)
    own = append_head()
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight", "eyeLookUpLeft"):
        theirs, ours = offsets(own, name), offsets(bare, name)
        moves = np.linalg.norm(theirs, axis=1) > 0.05 * np.linalg.norm(theirs, axis=1).max()
        error = np.linalg.norm(ours - theirs, axis=1)[moves].mean()
        assert error < 0.25 * np.linalg.norm(theirs, axis=1)[moves].mean(), name


def test_lids_close_and_lips_seal_on_the_evaluated_mesh(bare: Any) -> None:
    press()
    numbers = np.zeros(len(bare.data.vertices), np.int32)
    bare.data.attributes["landmark68"].data.foreach_get("value", numbers)
    vertex = {int(number) - 1: i for i, number in enumerate(numbers) if number}
    bare.modifiers.clear()

    def gaps(pairs: list[tuple[int, int]], **weights: float) -> NDArray[np.float64]:
        for key in bare.data.shape_keys.key_blocks[1:]:
            key.value = weights.get(key.name, 0.0)
        points = coordinates(bare.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices)
        apart = [np.linalg.norm(points[vertex[a]] - points[vertex[b]]) for a, b in pairs]
        return np.array(apart) / np.linalg.norm(points[vertex[36]] - points[vertex[45]])

    lips, lids = [(61, 67), (62, 66), (63, 65)], [(37, 41), (38, 40)]
    assert gaps(lips, jawOpen=1.0).min() > 0.15
    assert gaps(lips, jawOpen=1.0, mouthClose=1.0).max() < 0.01
    assert gaps(lids).min() > 0.1
    assert gaps(lids, eyeBlinkRight=1.0).max() < 0.01


def test_one_undo_takes_all_shapes_back(bare: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.make_shape_keys("EXEC_DEFAULT", True)
    assert len(bpy.data.objects["Bare"].data.shape_keys.key_blocks) == 52
    bpy.ops.ed.undo()
    assert bpy.data.objects["Bare"].data.shape_keys is None


def test_keys_that_are_there_are_refused_unless_replaced_and_others_kept(bare: Any) -> None:
    bare.shape_key_add(name="Basis")
    for name in ("jawOpen", "Freckles"):
        bare.shape_key_add(name=name, from_mix=False).data[7].co.z += 0.5
    freckles = offsets(bare, "Freckles")
    assert "Bare has jawOpen already; tick Replace" in refusal()
    assert len(bare.data.shape_keys.key_blocks) == 3
    press(replace=True)
    assert len(bare.data.shape_keys.key_blocks) == 53
    assert np.linalg.norm(offsets(bare, "jawOpen"), axis=1).max() > 0.2
    np.testing.assert_array_equal(offsets(bare, "Freckles"), freckles)


def test_a_selected_head_gives_its_shapes_and_other_selected_meshes_follow(bare: Any) -> None:
    """The source knows two shapes, spelled its own way; a tooth apart from the face goes with the jaw."""
    source = append_head()
    for key in list(source.data.shape_keys.key_blocks[1:]):
        if key.name not in {"jawOpen", "eyeBlinkLeft"}:
            source.shape_key_remove(key)
    source.data.shape_keys.key_blocks["jawOpen"].name = "Jaw_Open"
    tooth = bpy.data.meshes.new("Tooth")
    lower = np.array([0.027, -0.685, -0.619])  # in the space of the head
    tooth.from_pydata((lower + 0.02 * np.eye(4)[:, :3]).tolist(), [], [(0, 1, 2), (0, 2, 3), (1, 3, 2), (0, 3, 1)])
    apart = bpy.data.objects.new("Tooth", tooth)
    bpy.context.scene.collection.objects.link(apart)
    apart.matrix_world = bare.matrix_world
    for obj in (source, apart):
        obj.select_set(True)
    press()
    assert [key.name for key in bare.data.shape_keys.key_blocks] == ["Basis", "eyeBlinkLeft", "jawOpen"]
    assert [key.name for key in apart.data.shape_keys.key_blocks] == ["Basis", "jawOpen"]
    assert offsets(apart, "jawOpen")[:, 2].max() < -0.2
    assert [key.name for key in source.data.shape_keys.key_blocks] == ["Basis", "eyeBlinkLeft", "Jaw_Open"]


def test_a_head_without_landmarks_is_told_to_set_them(bare: Any) -> None:
    bare.data.attributes.remove(bare.data.attributes["landmark68"])
    assert "Set the 68 landmarks of Bare first" in refusal()


def test_a_missing_landmark_is_a_sentence(bare: Any) -> None:
    values = bare.data.attributes["landmark68"].data
    next(item for item in values if item.value == 9).value = 0
    assert "does not have all of the 68 landmarks" in refusal()


def test_linked_meshes_and_edit_mode_are_sentences(bare: Any) -> None:
    bpy.ops.object.mode_set(mode="EDIT")
    assert make_shapes.face_problem(bare) == "Leave Edit mode first"
    bpy.ops.object.mode_set(mode="OBJECT")
    with bpy.data.libraries.load(str(BLEND), link=True) as (_, wanted):
        wanted.objects = ["Head"]
    assert "linked from another file" in str(make_shapes.face_problem(wanted.objects[0]))
    assert make_shapes.face_problem(None) == "Choose the mesh of the face"


# In the interface, where the transfer runs beside it


@pytest.fixture
def module(extension: Any) -> Any:
    return sys.modules[f"{extension.__name__}.make_shapes"]


def test_in_the_interface_it_runs_beside_it_shows_progress_and_ends_with_the_shapes(bare: Any, module: Any) -> None:
    context, button = Context(), Pressed(module.VOXKEY_OT_make_shape_keys, replace=False)
    assert button.begin(context) == {"RUNNING_MODAL"}
    assert "wait, or cancel it with Esc" in str(module.disabled_reason(bpy.context))
    panel = Layout()
    module.draw(panel, context)
    assert any("Making shapes" in text for text in panel.texts)
    deadline = time.monotonic() + 120
    while (result := button.modal(context, Event("TIMER"))) == {"PASS_THROUGH"} and time.monotonic() < deadline:
        time.sleep(0.05)
    assert result == {"FINISHED"}
    assert len(bare.data.shape_keys.key_blocks) == 52
    assert context.window_manager.n_timers == 0
    assert module.disabled_reason(bpy.context) is None


def test_esc_leaves_the_head_as_it_was(bare: Any, module: Any) -> None:
    context, button = Context(), Pressed(module.VOXKEY_OT_make_shape_keys, replace=False)
    button.begin(context)
    assert button.modal(context, Event("ESC")) == {"CANCELLED"}
    assert button.reports == ["Cancelled; no shape keys were made"]
    assert bare.data.shape_keys is None
    assert context.window_manager.n_timers == 0


def test_a_mesh_that_changes_meanwhile_is_left_alone(bare: Any, module: Any) -> None:
    context, button = Context(), Pressed(module.VOXKEY_OT_make_shape_keys, replace=False)
    button.begin(context)
    bare.data.vertices.add(1)
    while (result := button.modal(context, Event("TIMER"))) == {"PASS_THROUGH"}:
        time.sleep(0.05)
    assert result == {"CANCELLED"}
    assert "Bare has changed meanwhile" in button.reports[0]
    assert bare.data.shape_keys is None


def test_the_panel_says_where_the_shapes_come_from(bare: Any, module: Any) -> None:
    panel = Layout()
    module.draw(panel, Context())
    assert "From Voxkey's default head" in panel.texts
    append_head().select_set(True)
    panel = Layout()
    module.draw(panel, Context())
    assert "From Head" in panel.texts
