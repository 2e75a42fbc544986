"""Blender objects of the test rigs: meshes with shape keys, armatures, weights, and a camera before the face."""

# The bpy stubs make every data-block optional and know no kind of modifier.
# mypy: disable-error-code="union-attr, attr-defined"

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from rigs.default_head import MATERIALS, Colour, linear
from rigs.default_head_dress import hair
from rigs.default_head_mesh import Field, Points
from rigs.test_rig_geometry import Geometry, Warp

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Bone:
    """A bone at rest, in the units of the armature."""

    name: str
    head: Place
    tail: Place
    parent: str = ""
    z_axis: Place | None = None
    """Where the local Z axis points, as far as the direction of the bone lets it; None for a roll of 0."""
    is_deforming: bool = False


def material(region: str, colour: Colour | None = None) -> bpy.types.Material:
    """The material of a region of the face, made once a colour; Workbench shows its colour."""
    name = region if colour is None else f"{region} {colour}"
    found = bpy.data.materials.get(name)
    if found is None:
        found = bpy.data.materials.new(name)
        found.diffuse_color = (*linear(colour or MATERIALS[region][0]), 1.0)
    return found


def add_mesh(
    name: str, geometry: Geometry, keys: Mapping[str, Points], colours: Mapping[str, Colour] | None = None
) -> bpy.types.Object:
    """A smooth-shaded mesh object with shape keys: name -> displacement (V, 3) at value 1.

    colours are sRGB of regions that differ from the default head's.
    """
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(geometry.points.tolist(), [], geometry.faces)
    used = list(dict.fromkeys(geometry.regions))
    for region in used:
        mesh.materials.append(material(region, (colours or {}).get(region)))
    mesh.polygons.foreach_set("material_index", [used.index(region) for region in geometry.regions])
    mesh.shade_smooth()
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    if keys:
        item.shape_key_add(name="Basis", from_mix=False)
    for key_name, delta in keys.items():
        key = item.shape_key_add(name=key_name, from_mix=False)
        key.value = 0.0  # Blender 5.0 starts at 1
        key.data.foreach_set("co", (geometry.points + delta).astype(np.float32).ravel())
    return item


def add_hair(colour: Colour, *warps: Warp) -> bpy.types.Object:
    """The default head's hair, bent like the head."""
    points, faces, _ = _hair()
    for warp in warps:
        points = warp(points)
    mesh = bpy.data.meshes.new("Hair")
    mesh.from_pydata(points.tolist(), [], faces.tolist())
    mesh.materials.append(material("hair", colour))
    mesh.shade_smooth()
    item = bpy.data.objects.new("Hair", mesh)
    bpy.context.scene.collection.objects.link(item)
    return item


@lru_cache(maxsize=1)
def _hair() -> tuple[Points, NDArray[np.int64], Field]:
    return hair()


def add_armature(name: str, bones: list[Bone]) -> bpy.types.Object:
    """An armature object at the origin; parents come before their children."""
    armature = bpy.data.armatures.new(name)
    item = bpy.data.objects.new(name, armature)
    bpy.context.scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in bones:
        made = armature.edit_bones.new(bone.name)
        made.head, made.tail = bone.head, bone.tail
        if bone.z_axis:
            made.align_roll(Vector(bone.z_axis))
        made.parent = armature.edit_bones[bone.parent] if bone.parent else None
        made.use_deform = bone.is_deforming
    bpy.ops.object.mode_set(mode="OBJECT")
    return item


def bind(item: bpy.types.Object, armature: bpy.types.Object, weights: Mapping[str, Field]) -> None:
    """Parent a mesh to an armature whose bones move it by weights: bone -> (V,) in [0, 1]."""
    for bone, values in weights.items():
        group = item.vertex_groups.new(name=bone)
        for i in np.flatnonzero(values > 1e-3):
            group.add([int(i)], float(values[i]), "REPLACE")
    modifier = item.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    item.parent = armature


def show_face(face: bpy.types.Object, landmarks: Points) -> None:
    """A camera before the face, framed by its landmarks (68, 3) in the world, and plain Workbench shading."""
    scene = bpy.context.scene
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    size = float(np.linalg.norm(high - low))
    middle = (low + high) / 2
    data = bpy.data.cameras.new("Camera")
    data.lens, data.clip_start, data.clip_end = 200.0, size / 100, size * 100
    camera = bpy.data.objects.new("Camera", data)
    place = Vector(middle) + Vector((-0.45, -5.2, 0.25)) * size
    camera.location = place
    camera.rotation_euler = (Vector(middle) - place).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(camera)
    scene.camera = camera
    bpy.context.view_layer.objects.active = face
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 240
    scene.render.fps = 24
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("World")
    scene.world.color = linear((0.60, 0.68, 0.73)).tolist()
    shading = scene.display.shading
    shading.light, shading.studio_light, shading.color_type = "STUDIO", "paint.sl", "MATERIAL"
    shading.background_type, shading.show_cavity = "WORLD", True
    scene.display.render_aa = "8"
