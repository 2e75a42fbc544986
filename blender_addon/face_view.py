"""Where the 68 landmarks of a character are seen: by the scene's camera, or straight from the front without one.

Everything here is in picture coordinates of a square picture, as if the camera took one: (0, 0) is its top left corner,
(1, 1) its bottom right one, whatever the resolution of the scene.
"""

# The bpy stubs make every data-block optional.
# mypy: disable-error-code="union-attr"

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import bpy
import numpy as np

from . import face, shape_match
from .core.curves import Float32Array
from .core.frames import projected
from .core.front_view import Ints
from .core.landmarks import guess_landmarks

FRONT = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
"""Projection of Blender's front view: X to the right, Z up."""


def landmark_vertices(obj: bpy.types.Object) -> tuple[bpy.types.Object, Ints]:
    """The mesh of a character that has the face, and its (68,) landmark vertices, guessed where none are marked.

    Raises ValueError when no face is found.
    """
    meshes: list[Any] = [member for member in face.family(obj) if member.type == "MESH"]
    for mesh in meshes:
        marked = shape_match.read_landmarks(mesh.data)
        if marked is not None:
            return mesh, marked
    if not meshes:
        raise ValueError(f"{obj.name} has no mesh; choose the mesh of the face")
    mesh = obj if obj.type == "MESH" else max(meshes, key=lambda item: len(item.data.vertices))
    shapes = shape_match.read_face(mesh)
    return mesh, guess_landmarks(shapes.vertices, shapes.triangles, shapes.deltas)


def camera_problem(scene: bpy.types.Scene) -> str | None:
    """Why landmarks can't be seen by the scene's camera; None when they can, or there is none."""
    if scene.camera and scene.camera.type == "CAMERA" and scene.camera.data.type == "PANO":
        return f"{scene.camera.name} is panoramic; choose a perspective or orthographic camera"
    return None


def watch(scene_name: str, mesh_name: str, vertices: Ints, frames: Iterable[int]) -> Iterator[Float32Array]:
    """(68, 2) at each frame, going to it; the scene goes back to where it was when the iterator ends or is closed.

    By name, as the user may undo or delete between two frames. Raises ValueError when scene or mesh are gone, or
    modifiers leave a landmark without its vertex.
    """
    scene, _ = still_there(scene_name, mesh_name)
    before = scene.frame_current
    try:
        for frame in frames:
            scene, mesh = still_there(scene_name, mesh_name)
            scene.frame_set(frame)
            yield seen(scene, mesh, vertices)
    finally:
        if scene_name in bpy.data.scenes:
            bpy.data.scenes[scene_name].frame_set(before)


def still_there(scene_name: str, mesh_name: str) -> tuple[bpy.types.Scene, bpy.types.Object]:
    """The scene and the object of these names; ValueError when one is gone."""
    scene, mesh = bpy.data.scenes.get(scene_name), bpy.data.objects.get(mesh_name)
    if scene is None or mesh is None:
        raise ValueError(f"{mesh_name if scene else scene_name} is gone, so nothing was written; start again")
    return scene, mesh


def seen(scene: bpy.types.Scene, mesh: bpy.types.Object, vertices: Ints) -> Float32Array:
    """(68, 2) landmarks as they are seen now."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    evaluated = mesh.evaluated_get(depsgraph)
    points = evaluated.data.vertices
    if len(points) <= vertices.max():  # subdivision and the like keep the vertices that were there, and add others
        raise ValueError(f"A modifier of {mesh.name} removes vertices of the face; switch it off, or apply it")
    places = np.array([points[i].co for i in vertices.tolist()])
    view = FRONT
    if scene.camera:
        camera = scene.camera.evaluated_get(depsgraph)
        eye = camera.matrix_world.normalized().inverted()
        view = np.array(camera.calc_matrix_camera(depsgraph, x=1, y=1) @ eye)
    return projected(places, view @ np.array(evaluated.matrix_world))
