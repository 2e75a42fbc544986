"""The rig map of Rigify on the human that Rigify itself generates."""

# The bpy stubs make every data-block optional, and know no operators of add-ons.
# mypy: disable-error-code="union-attr, attr-defined"

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import blender_addon
from blender_addon import data_paths, face, movement
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.retarget import RigMap, detect, load_rig_map

addon_utils = pytest.importorskip("addon_utils")
RIG_MAPS = [load_rig_map(path) for path in (Path(blender_addon.__file__).parent / "rig_maps").glob("*.json")]
CONTROLS = ("lip.T", "lip.B", "lips.L", "lips.R", "lid.T.L.002", "lid.B.L.002", "chin", "brow.T.L.003")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def human() -> Iterator[Any]:
    """A generated rig; six seconds."""
    bpy.ops.wm.read_homefile(use_empty=True)
    if not addon_utils.enable("rigify", default_set=True):
        pytest.skip("this Blender has no Rigify")
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    yield bpy.context.object
    addon_utils.disable("rigify", default_set=True)


@pytest.fixture(scope="module")
def rig_map(human: Any) -> RigMap:
    return detect([part.offers for part in face.character(human)], RIG_MAPS)[0][0]


def posed(human: Any, rig_map: RigMap, **weights: float) -> dict[str, Any]:
    """Control -> where it is in a pose of channels, in distances between the eyes."""
    values = np.array([[weights.get(channel, 0.0) for channel in BLENDSHAPE_CHANNELS]], np.float32)
    changed = []
    for motion in face.motions(Curves(values, BLENDSHAPE_CHANNELS, 24.0), rig_map, face.character(human)):
        for address, value in movement.posed(motion):
            changed.append((motion.owner, address, data_paths.read_value(motion.owner, address)))
            data_paths.set_value(motion.owner, address, value)
    bpy.context.view_layer.update()
    bones = human.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
    eyes = human.data.bones["master_eye.L"].head_local - human.data.bones["master_eye.R"].head_local
    places = {name: np.array(bones[name].head) / eyes.length for name in CONTROLS}
    for owner, address, value in reversed(changed):
        data_paths.set_value(owner, address, value)
    return places


def lip_gap(places: dict[str, Any]) -> float:
    return float(places["lip.T"][2] - places["lip.B"][2])


def test_rigify_is_found_with_all_channels(human: Any, rig_map: RigMap) -> None:
    assert rig_map.name == "Rigify"
    assert not detect([part.offers for part in face.character(human)], RIG_MAPS)[0][1].unmatched


def test_the_jaw_opens_and_the_lips_close_over_it(human: Any, rig_map: RigMap) -> None:
    rest = lip_gap(posed(human, rig_map))
    opened = lip_gap(posed(human, rig_map, jawOpen=0.5)) - rest
    assert opened > 0.12
    assert abs(lip_gap(posed(human, rig_map, jawOpen=0.5, mouthClose=0.5)) - rest) < 0.15 * opened


def test_lids_meet_in_a_blink(human: Any, rig_map: RigMap) -> None:
    rest, shut = posed(human, rig_map), posed(human, rig_map, eyeBlinkLeft=1.0)
    opening = [places["lid.T.L.002"][2] - places["lid.B.L.002"][2] for places in (rest, shut)]
    assert abs(opening[1]) < 0.1 * opening[0]


@pytest.mark.parametrize(
    ("weights", "control", "axis", "sign"),
    [
        ({"mouthPucker": 1.0}, "lips.L", 0, -1),
        ({"mouthSmileLeft": 1.0}, "lips.L", 0, 1),
        ({"mouthSmileLeft": 1.0}, "lips.L", 2, 1),
        ({"mouthFrownLeft": 1.0}, "lips.L", 2, -1),
        ({"mouthRight": 1.0}, "lip.T", 0, -1),
        ({"jawLeft": 1.0}, "chin", 0, 1),
        ({"jawForward": 1.0}, "chin", 1, -1),
        ({"browInnerUp": 1.0}, "brow.T.L.003", 2, 1),
        ({"browDownLeft": 1.0}, "brow.T.L.003", 2, -1),
    ],
)
def test_controls_go_where_the_channel_goes(
    human: Any, rig_map: RigMap, weights: dict[str, float], control: str, axis: int, sign: int
) -> None:
    moved = posed(human, rig_map, **weights)[control] - posed(human, rig_map)[control]
    assert sign * moved[axis] > 0.02
