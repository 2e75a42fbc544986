"""Characters of several meshes, bones and properties, what a take does to them, and what it must leave alone."""

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from blender_addon import face, take_actions
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import sample_curves
from blender_addon.core.retarget import Link, RigMap, Target, rig_map_to_text

from .scenes import make_head, snapshot

JAW_RADIANS = 0.4
FRAMES = np.arange(11, 59)
"""Those of the take."""
AT_REST = (-5, 9, 60, 200)

KEYS = tuple(Link(name, Target("shape_key", name)) for name in BLENDSHAPE_CHANNELS)
JAW = Link("jawOpen", Target("bone", "jaw", "rotation_x"), gain=JAW_RADIANS)
RIG_MAP = RigMap(
    "Test rig",
    (
        *KEYS,
        JAW,
        Link("jawOpen", Target("bone", "tongue", "location_y"), gain=-0.5, minimum=-1.0),
        Link("jawOpen", Target("bone", "tongue", "scale_z"), gain=0.5),
        Link("jawForward", Target("property", "mood")),
        Link("jawForward", Target("property", "puff", "tongue")),
    ),
)


def add_armature(scene: Any, *bones: str, name: str = "Rig") -> Any:
    """An armature whose bones are 0.5 long, one at each x, and look along +Y."""
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for number, bone_name in enumerate(bones):
        bone = rig.data.edit_bones.new(bone_name)
        bone.head, bone.tail = (number, 0, 0), (number, 0.5, 0)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def bind(mesh: Any, rig: Any, bone: str = "jaw") -> Any:
    """Deform all of a mesh by one bone."""
    mesh.modifiers.new("Armature", "ARMATURE").object = rig
    mesh.vertex_groups.new(name=bone).add(range(len(mesh.data.vertices)), 1.0, "REPLACE")
    return mesh


def make_character(scene: Any, rig_map: RigMap | None = RIG_MAP) -> Any:
    """A head, teeth and lashes with their own keys under one armature with a jaw, a tongue and two properties."""
    rig = add_armature(scene, "jaw", "tongue")
    rig["mood"], rig.pose.bones["tongue"]["puff"] = 0.5, 0.25
    head = make_head(scene)
    for part, keys in (("Teeth", ["jawOpen", "jawLeft"]), ("Lashes", ["eyeBlinkLeft", "eyeBlinkRight"])):
        make_head(scene, keys, part).parent = rig
    head.modifiers.new("Armature", "ARMATURE").object = rig
    if rig_map:
        head[face.RIG_MAP] = rig_map_to_text(rig_map)
    bpy.context.view_layer.update()
    return head


def take_of(obj: Any) -> Any:
    take = face.find_take(obj, "a.wav")
    assert take is not None
    return take


def said(obj: Any, channel: str = "jawOpen") -> Any:
    """(N,) what the model said of a channel at FRAMES."""
    prediction = take_actions.read_prediction(take_of(obj))
    return sample_curves(prediction, (FRAMES - 11) / 24)[:, prediction.channels.index(channel)]


def bone_matrices(scene: Any, rig: Any, bone: str, frames: Any) -> list[Matrix]:
    """What is done to an evaluated bone, about and along its own axes at rest."""
    matrices = []
    for frame in frames:
        scene.frame_set(int(frame))
        evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrices.append(evaluated.pose.bones[bone].matrix_basis.copy())
    return matrices


def state(scene: Any) -> Any:
    """Everything of the user that a take could touch, at a frame outside of it."""
    scene.frame_set(-5)
    facts: dict[str, Any] = {"actions": sorted(action.name for action in bpy.data.actions)}
    for key in bpy.data.shape_keys:
        facts[key.user.name] = [(block.name, block.value, block.mute) for block in key.key_blocks]
    for obj in scene.objects:
        facts[obj.name] = {name: value for name, value in obj.items() if isinstance(value, (int, float, str))}
        for bone in obj.pose.bones if obj.pose else ():
            rotation = [*bone.rotation_quaternion, *bone.rotation_euler, *bone.rotation_axis_angle]
            facts[f"{obj.name} {bone.name}"] = [*bone.location, *bone.scale, *rotation, dict(bone.items())]
    for owner in [*bpy.data.shape_keys, *scene.objects]:
        data = owner.animation_data
        facts[f"{owner!r} tracks"] = [snapshot(track) for track in data.nla_tracks] if data else []
        facts[f"{owner!r} drivers"] = [snapshot(driver) for driver in data.drivers] if data else []
    return facts
