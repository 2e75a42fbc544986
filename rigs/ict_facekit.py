"""Build a realistic head from ICT-FaceKit: 51 channels, eyes, teeth, tongue, 100 identity sliders, 68 landmarks.

    python -m rigs.ict_facekit --data ict_facekit.npz --output out/ict_head.blend

`--data` is the packed `ict_facekit.npz` (or its folder), or a checkout of https://github.com/ICT-VGL/ICT-FaceKit.
ICT-FaceKit is MIT, Copyright (c) 2020 USC Institute for Creative Technologies: Li et al., "Learning Formation of
Physically-Based Face Attributes", CVPR 2020. The built .blend holds that data; keep the notice with it.

What differs from the data: the lips touch in the neutral face, mouthClose seals exactly what jawOpen opens, the
eyeballs turn with the eyeLook shapes (in the data only the lids move), browInnerUp and cheekPuff are the sums of their
halves, and the shells that veil the eyes are left out.
"""

# The bpy stubs make every data-block optional and know no subclasses of nodes, attributes and lights.
# mypy: disable-error-code="union-attr, attr-defined"

import argparse
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from rigs.ict_facekit_data import (
    BROWS,
    EYES,
    GUMS,
    LASHES,
    MOUTH_SOCKET,
    OUTER_LIPS,
    SKIN,
    TEETH,
    FaceKit,
    Floats,
    Ints,
    Mask,
    faces_of,
    faces_within,
    read_facekit,
    vertices_of,
)
from rigs.ict_facekit_shapes import (
    bare_eyes,
    channel_offsets,
    close_neutral_lips,
    distance_off_axis,
    distance_to_path,
    fade,
    shown_faces,
)

METRES_PER_CM = 0.01
LANDMARK_ATTRIBUTE = "landmark68"
COLOUR_ATTRIBUTE = "Color"
IDENTITY_LIMIT = 3.0

# Colours (linear RGB), one a vertex, so that Workbench and Cycles show the same face

SKIN_COLOUR = (0.70, 0.42, 0.31)
FLUSH_COLOUR = (0.62, 0.24, 0.17)
LIP_COLOUR = (0.46, 0.13, 0.11)
HAIR_COLOUR = (0.06, 0.035, 0.025)
LASH_COLOUR = (0.03, 0.015, 0.01)
MOUTH_COLOUR = (0.22, 0.045, 0.04)
GUMS_COLOUR = (0.45, 0.13, 0.12)
TEETH_COLOUR = (0.80, 0.74, 0.62)
SCLERA_COLOUR = (0.76, 0.72, 0.68)
SCLERA_EDGE_COLOUR = (0.55, 0.36, 0.31)
IRIS_COLOUR = (0.07, 0.13, 0.15)
LIMBUS_COLOUR = (0.012, 0.02, 0.025)
PUPIL_COLOUR = (0.004, 0.004, 0.004)

PUPIL_RADIUS_CM = 0.22
HAIRLINE_Z_CM = (-6.5, -3.2, -2.4, 0.6, 1.5, 2.4, 3.0, 5.0, 8.5)
HAIRLINE_Y_CM = (-3.0, -1.0, 4.4, 4.8, 1.5, 1.5, 5.6, 8.3, 10.4)
"""Height of the hairline over depth, from the nape round the ear and the temple to the forehead."""


def vertex_colours(kit: FaceKit) -> Floats:
    """(V, 3) linear RGB."""
    colours = np.tile(np.array(SKIN_COLOUR, np.float32), (len(kit.vertices), 1))
    paint_skin(colours, kit)
    colours[MOUTH_SOCKET] = MOUTH_COLOUR
    colours[vertices_of(kit, GUMS)] = GUMS_COLOUR
    colours[vertices_of(kit, TEETH)] = TEETH_COLOUR
    colours[vertices_of(kit, LASHES)] = LASH_COLOUR
    for side in EYES:
        paint_eye(colours, kit, side)
    return colours


def blend(colours: Floats, colour: tuple[float, float, float], share: Floats) -> None:
    """Mix a colour into (V, 3) colours in place, by a share (V,) in [0, 1]."""
    colours += share[:, None] * (np.array(colour, np.float32) - colours)


def paint_skin(colours: Floats, kit: FaceKit) -> None:
    """Flushed cheeks and nose, lips and brows, placed by the landmarks, and cropped hair."""
    points, marks = kit.vertices, kit.vertices[kit.landmarks]
    cheeks = (marks[[31, 35]] + marks[[41, 46]] + marks[[2, 14]]) / 3
    for centre, reach_cm, strength in ((cheeks[0], 3.5, 0.35), (cheeks[1], 3.5, 0.35), (marks[30], 1.6, 0.4)):
        blend(colours, FLUSH_COLOUR, strength * fade(np.linalg.norm(points - centre, axis=1), full=0.0, none=reach_cm))
    lips = marks[OUTER_LIPS]
    edge_cm = distance_to_path(points[:, :2], lips[:, :2], closed=True)
    front = points[:, 2] > lips[:, 2].min() - 1.0
    inside = inside_polygon(points[:, :2], lips[:, :2])
    blend(colours, LIP_COLOUR, 0.85 * front * fade(np.where(inside, -edge_cm, edge_cm), full=-0.1, none=0.1))
    for brow in BROWS:
        blend(colours, HAIR_COLOUR, 0.9 * fade(distance_to_path(points, marks[brow]), full=0.1, none=0.45))
    hairline_cm = np.interp(points[:, 2], HAIRLINE_Z_CM, HAIRLINE_Y_CM)
    blend(colours, HAIR_COLOUR, 0.8 * fade(hairline_cm - points[:, 1], full=-1.0, none=1.0))


def inside_polygon(points: Floats, polygon: Floats) -> Mask:
    """(V,) True where points (V, 2) lie inside the polygon (P, 2), by the parity of crossed edges."""
    inside = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        spans = (y0 > points[:, 1]) != (y1 > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing_x = x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0)
        inside ^= spans & (points[:, 0] < crossing_x)
    return inside


def paint_eye(colours: Floats, kit: FaceKit, side: str) -> None:
    """White with a pupil, an iris lighter towards the pupil and a dark rim."""
    sclera, iris = (vertices_of(kit, (name,)) for name in EYES[side])
    off_axis_cm = distance_off_axis(kit, side)
    colours[sclera] = SCLERA_COLOUR
    blend(colours, SCLERA_EDGE_COLOUR, sclera * (1 - fade(off_axis_cm, full=0.7, none=1.25)))
    rings_cm = (PUPIL_RADIUS_CM, PUPIL_RADIUS_CM + 0.05, 0.42, 0.54)
    ring_colours = np.array((PUPIL_COLOUR, IRIS_COLOUR, IRIS_COLOUR, LIMBUS_COLOUR))
    for channel in range(3):
        colours[iris, channel] = np.interp(off_axis_cm[iris], rings_cm, ring_colours[:, channel])


# The Blender scene


MATERIALS = (
    ("Skin", SKIN_COLOUR, {"Roughness": 0.48, "Subsurface Weight": 0.18, "Subsurface Scale": 0.006}),
    ("Sclera", SCLERA_COLOUR, {"Roughness": 0.25, "Subsurface Weight": 0.1, "Coat Weight": 1.0}),
    ("Iris", IRIS_COLOUR, {"Roughness": 0.08}),
    ("Pupil", PUPIL_COLOUR, {"Roughness": 0.08}),
    ("Lashes", LASH_COLOUR, {"Roughness": 0.7}),
    ("Teeth", TEETH_COLOUR, {"Roughness": 0.25, "Subsurface Weight": 0.1, "Subsurface Scale": 0.003}),
    ("Gums and tongue", GUMS_COLOUR, {"Roughness": 0.3, "Subsurface Weight": 0.15, "Subsurface Scale": 0.004}),
)
"""Name, colour of the viewport, inputs of the Principled BSDF; the base colour comes from the vertices."""

PARTS = {
    "Skin": SKIN,
    "Sclera": tuple(sclera for sclera, _ in EYES.values()),
    "Iris": tuple(iris for _, iris in EYES.values()),
    "Lashes": LASHES,
    "Teeth": TEETH,
    "Gums and tongue": GUMS,
}
"""Our material -> ICT-FaceKit's."""


def to_blender(centimetres: Floats) -> Floats:
    """ICT's centimetres with Y up and the face to +Z -> metres with Z up and the face to -Y."""
    x, y, z = np.moveaxis(centimetres * METRES_PER_CM, -1, 0)
    return np.stack([x, -z, y], axis=-1)


def face_materials(kit: FaceKit) -> Ints:
    """(F,) index into MATERIALS."""
    order = [name for name, *_ in MATERIALS]
    indices = np.zeros(len(kit.faces), np.int32)
    for name, sources in PARTS.items():
        indices[faces_of(kit, sources)] = order.index(name)
    for side, (_, iris) in EYES.items():
        pupil = faces_within(kit, distance_off_axis(kit, side) < PUPIL_RADIUS_CM)
        indices[faces_of(kit, (iris,)) & pupil] = order.index("Pupil")
    return indices


def build_head(kit: FaceKit) -> bpy.types.Object:
    """The mesh object "Head" in the open scene, with materials, colours, landmarks and all shape keys."""
    kit = bare_eyes(close_neutral_lips(kit))
    faces = np.flatnonzero(shown_faces(kit))
    corners = kit.faces[faces]
    vertices, new_index = np.unique(corners[corners >= 0], return_inverse=True)
    mesh = bpy.data.meshes.new("Head")
    loops = corners >= 0
    sizes = loops.sum(axis=1)
    polygons = np.split(new_index, np.cumsum(sizes)[:-1])
    mesh.from_pydata(to_blender(kit.vertices[vertices]).tolist(), [], [polygon.tolist() for polygon in polygons])
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", kit.uv[kit.faces_uv[faces][loops]].ravel())
    for name, colour, inputs in MATERIALS:
        mesh.materials.append(make_material(name, colour, inputs))
    mesh.polygons.foreach_set("material_index", face_materials(kit)[faces])
    add_point_attributes(mesh, kit, vertices)
    head = bpy.data.objects.new("Head", mesh)
    bpy.context.scene.collection.objects.link(head)
    add_shape_keys(head, kit, vertices)
    return head


def add_point_attributes(mesh: bpy.types.Mesh, kit: FaceKit, vertices: Ints) -> None:
    """The colour of each vertex, and its iBUG landmark number (1 to 68; 0 elsewhere)."""
    colours = np.ones((len(vertices), 4), np.float32)
    colours[:, :3] = vertex_colours(kit)[vertices]
    mesh.color_attributes.new(COLOUR_ATTRIBUTE, "FLOAT_COLOR", "POINT").data.foreach_set("color", colours.ravel())
    mesh.color_attributes.active_color_name = COLOUR_ATTRIBUTE
    numbers = np.zeros(len(kit.vertices), np.int32)
    numbers[kit.landmarks] = np.arange(1, 69)
    mesh.attributes.new(LANDMARK_ATTRIBUTE, "INT", "POINT").data.foreach_set("value", numbers[vertices])


def add_shape_keys(head: bpy.types.Object, kit: FaceKit, vertices: Ints) -> None:
    """Basis, the 51 channels in [0, 1], and the identities in [-3, 3].

    The identities are shape keys too because they are what the expressions are, linear offsets that add up: a person
    is chosen by sliders, mixed, keyed and saved without any add-on, and every expression goes on working.
    """
    neutral = to_blender(kit.vertices[vertices])
    head.shape_key_add(name="Basis", from_mix=False)
    named = channel_offsets(kit) | {f"identity_{index:03d}": offsets for index, offsets in enumerate(kit.identities)}
    for name, offsets in named.items():
        key = head.shape_key_add(name=name, from_mix=False)
        key.data.foreach_set("co", (neutral + to_blender(offsets[vertices])).ravel())
        if name.startswith("identity_"):
            key.slider_min, key.slider_max = -IDENTITY_LIMIT, IDENTITY_LIMIT
        key.value = 0.0


def make_material(name: str, colour: tuple[float, float, float], inputs: dict[str, float]) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*colour, 1.0)
    material.roughness = inputs["Roughness"]
    material.use_nodes = True
    nodes = material.node_tree.nodes
    shader = nodes["Principled BSDF"]
    for socket, value in inputs.items():
        shader.inputs[socket].default_value = value
    paint = nodes.new("ShaderNodeVertexColor")
    paint.layer_name = COLOUR_ATTRIBUTE
    paint.location = (-300.0, 300.0)
    material.node_tree.links.new(paint.outputs["Color"], shader.inputs["Base Color"])
    return material


FACE_CENTRE = Vector((0.0, -0.06, 0.025))


def add_camera(scene: bpy.types.Scene) -> None:
    """A portrait lens straight before the face."""
    data = bpy.data.cameras.new("Camera")
    data.lens = 85.0
    camera = bpy.data.objects.new("Camera", data)
    camera.location = FACE_CENTRE + Vector((0.0, -0.72, 0.0))
    look_at_face(camera)
    scene.collection.objects.link(camera)
    scene.camera = camera


def add_lights(scene: bpy.types.Scene) -> None:
    """Key, fill and rim: place from the face in metres, power in watts, size in metres."""
    for name, offset, watts, size in (
        ("Key", (-0.6, -0.9, 0.6), 14.0, 0.5),
        ("Fill", (0.9, -0.8, 0.1), 5.0, 0.9),
        ("Rim", (0.5, 0.8, 0.7), 7.0, 0.6),
    ):
        data = bpy.data.lights.new(name, "AREA")
        data.energy, data.size = watts, size
        light = bpy.data.objects.new(name, data)
        light.location = FACE_CENTRE + Vector(offset)
        look_at_face(light)
        scene.collection.objects.link(light)


def look_at_face(thing: bpy.types.Object) -> None:
    thing.rotation_euler = (FACE_CENTRE - thing.location).to_track_quat("-Z", "Y").to_euler()


def dress_scene(scene: bpy.types.Scene) -> None:
    """Camera, lights, a dark backdrop, and settings for Workbench (solid view, quick films) and Cycles."""
    add_camera(scene)
    add_lights(scene)
    scene.world = bpy.data.worlds.new("World")
    scene.world.color = (0.03, 0.032, 0.036)
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.03, 0.032, 0.036, 1.0)
    scene.render.resolution_x = scene.render.resolution_y = 1024
    scene.view_settings.view_transform = "Standard"
    scene.cycles.samples, scene.cycles.use_denoising = 64, True
    scene.display.render_aa = "8"
    shading = scene.display.shading
    shading.light, shading.studio_light, shading.color_type = "STUDIO", "paint.sl", "VERTEX"
    shading.show_cavity, shading.cavity_type = True, "BOTH"
    shading.show_specular_highlight = True


def save_head(kit: FaceKit, output: Path) -> None:
    """Build the head in an empty scene and save it as a .blend; ValueError with a sentence when that fails."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    build_head(kit)
    dress_scene(bpy.data.scenes[0])
    bpy.context.preferences.filepaths.save_version = 0  # no .blend1 beside it
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(output.resolve()), compress=True)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"Cannot write {output}; name another --output.") from error


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.ict_facekit", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="ict_facekit.npz, its folder, or a checkout")
    parser.add_argument("--output", type=Path, default=Path("out/ict_head.blend"), help="the .blend to write")
    options = parser.parse_args(arguments)
    try:
        kit = read_facekit(options.data)
        save_head(kit, options.output)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Wrote {options.output}: 51 channels, {len(kit.identities)} identity sliders, 68 landmarks.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
