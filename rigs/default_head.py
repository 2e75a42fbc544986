"""Build Voxkey's default head: python -m rigs.default_head [--output rigs/default_head.blend]."""

# The bpy stubs make every data-block optional and know no kind of light, modifier or attribute.
# mypy: disable-error-code="union-attr, attr-defined"

import argparse
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from rigs.default_head_dress import backdrop, hair, pullover
from rigs.default_head_mesh import (
    EYE_CENTRE,
    EYE_CORNERS,
    LID_RIM_LOOP,
    LIP_BORDER_LOOP,
    LIP_CONTACT_LOOP,
    MOUTH_HEIGHT,
    N_LIP_SIDE,
    Field,
    Ids,
    Points,
)
from rigs.default_head_parts import IRIS_RADIUS, PUPIL_RADIUS, HeadMesh, build_head
from rigs.default_head_shapes import shape_deltas

LANDMARK_ATTRIBUTE = "landmark68"
COLOUR_ATTRIBUTE = "Colour"
DEFAULT_OUTPUT = Path(__file__).parent / "default_head.blend"

Colour = tuple[float, float, float]

# region -> sRGB colour, roughness, coat weight, subsurface weight
MATERIALS: dict[str, tuple[Colour, float, float, float]] = {
    "skin": ((0.93, 0.69, 0.57), 0.50, 0.0, 0.15),
    "lip": ((0.83, 0.47, 0.43), 0.32, 0.15, 0.15),
    "mouth": ((0.42, 0.12, 0.13), 0.45, 0.0, 0.0),
    "gum": ((0.76, 0.38, 0.38), 0.35, 0.3, 0.0),
    "tooth": ((0.97, 0.95, 0.90), 0.20, 0.4, 0.0),
    "tongue": ((0.80, 0.40, 0.40), 0.40, 0.2, 0.1),
    "sclera": ((0.96, 0.96, 0.97), 0.12, 1.0, 0.0),
    "limbus": ((0.05, 0.16, 0.20), 0.12, 1.0, 0.0),
    "iris": ((0.16, 0.56, 0.60), 0.12, 1.0, 0.0),
    "pupil": ((0.01, 0.01, 0.02), 0.10, 1.0, 0.0),
    "brow": ((0.34, 0.15, 0.10), 0.60, 0.0, 0.0),
    "lash": ((0.12, 0.06, 0.06), 0.60, 0.0, 0.0),
    "glint": ((1.0, 1.0, 1.0), 0.10, 0.0, 0.0),
    "hair": ((0.54, 0.26, 0.14), 0.50, 0.1, 0.0),
    "cloth": ((0.16, 0.42, 0.52), 0.85, 0.0, 0.0),
    "wall": ((0.66, 0.74, 0.78), 0.90, 0.0, 0.0),
}
GLOW = {"glint": 1.5, "tooth": 0.22}  # emission: lamps in the eyes, light that lips would let through to the teeth


def linear(colour: Colour) -> NDArray[np.float64]:
    """sRGB in [0, 1] to scene linear (IEC 61966-2-1)."""
    c = np.array(colour)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


# ---------------------------------------------------------------------------------------------------------------------
# Landmarks

JAW_LINE = (  # left half of the jaw line from the ear to the chin: x, y, z near the skin
    (0.80, -0.05, 0.02),
    (0.78, -0.10, -0.16),
    (0.74, -0.16, -0.34),
    (0.67, -0.24, -0.52),
    (0.57, -0.34, -0.68),
    (0.45, -0.46, -0.81),
    (0.31, -0.58, -0.91),
    (0.16, -0.68, -0.96),
    (0.0, -0.74, -0.98),
)
NOSE_BRIDGE = ((0.0, -0.78, 0.06), (0.0, -0.84, -0.05), (0.0, -0.90, -0.15), (0.0, -1.02, -0.27))
NOSE_BASE = ((0.115, -0.88, -0.34), (0.055, -0.92, -0.37), (0.0, -0.94, -0.375))
BROW_LANDMARK_STATIONS = (1, 3, 5, 7, 8)  # from the inner to the outer end


def landmark_vertices(mesh: HeadMesh) -> Ids:
    """Vertex numbers (68,) in the order of iBUG 300-W (https://ibug.doc.ic.ac.uk/resources/300-W)."""
    skin = mesh.parts["skin"]
    left = skin[mesh.points[skin, 0] >= 0]

    def nearest(places: tuple[tuple[float, float, float], ...]) -> list[int]:
        distance = np.linalg.norm(mesh.points[left][:, None] - np.array(places)[None], axis=2)
        return [int(i) for i in left[distance.argmin(axis=0)]]

    def right(ids: list[int]) -> list[int]:
        return [int(mesh.mirror[i]) for i in ids]

    jaw, base = nearest(JAW_LINE), nearest(NOSE_BASE)
    brow_start = mesh.parts["brow"][0]
    brow = [int(brow_start + 8 * station + 1) for station in BROW_LANDMARK_STATIONS]
    rim = mesh.loops["eye"][LID_RIM_LOOP]
    inner, outer = EYE_CORNERS
    eye = [int(rim[i % len(rim)]) for i in (inner, inner + 5, inner + 9, outer, outer + 5, outer + 9)]
    right_eye = right([eye[i] for i in (3, 2, 1, 0, 5, 4)])
    ids = right(jaw[:-1]) + jaw[::-1]
    ids += right(brow[::-1]) + brow
    ids += nearest(NOSE_BRIDGE) + right(base[:2]) + base[::-1]
    ids += right_eye + eye
    ids += _mouth_landmarks(mesh)
    return np.array(ids)


def _mouth_landmarks(mesh: HeadMesh) -> list[int]:
    outer, inner = (mesh.loops["mouth"][k] for k in (LIP_BORDER_LOOP, LIP_CONTACT_LOOP))
    corner, last = N_LIP_SIDE, 2 * N_LIP_SIDE
    outline = [int(outer[i]) for i in (0, 3, 6, corner, last - 6, last - 3, last)]
    line = [int(inner[i]) for i in (0, 5, corner, last - 5, last)]
    flip = mesh.mirror
    upper = [int(flip[outline[i]]) for i in (3, 2, 1)] + outline[:4]
    lower = outline[4:] + [int(flip[outline[i]]) for i in (5, 4)]
    inside = [int(flip[line[i]]) for i in (2, 1)] + line[:5] + [int(flip[line[3]])]
    return upper + lower + inside


# ---------------------------------------------------------------------------------------------------------------------
# Colours: one colour attribute, painted by region, with blush and baked occlusion, so that Workbench shows it too

N_OCCLUSION_RAYS = 48
OCCLUSION_REACH = 0.45


def occlusion(points: Points, normals: Points, obstacles: list[tuple[Points, NDArray[np.int64]]]) -> Field:
    """Share of the half space over each point (N,) that the obstacles leave open, 0 to 1."""
    trees = [BVHTree.FromPolygons(p.tolist(), f.tolist()) for p, f in obstacles]
    k = np.arange(N_OCCLUSION_RAYS) + 0.5
    z, turn = np.sqrt(1 - k / N_OCCLUSION_RAYS), k * np.pi * (3 - np.sqrt(5))  # cosine-weighted Fibonacci lattice
    rays = np.stack([np.sqrt(1 - z * z) * np.cos(turn), np.sqrt(1 - z * z) * np.sin(turn), z], axis=1)
    seen = np.empty(len(points))
    for i, (p, n) in enumerate(zip(points, normals, strict=True)):
        helper = np.array([1.0, 0, 0]) if abs(n[0]) < 0.7 else np.array([0, 1.0, 0])
        a = np.cross(n, helper)
        a /= np.linalg.norm(a)
        directions = rays @ np.stack([a, np.cross(n, a), n])
        start = Vector(p + 0.012 * n)
        hits = sum(any(t.ray_cast(start, Vector(d), OCCLUSION_REACH)[0] for t in trees) for d in directions)
        seen[i] = 1 - hits / N_OCCLUSION_RAYS
    return seen


def soft_spot(points: Points, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Field:
    """A Gaussian (N,) round a place and its mirror image."""
    q = points * np.array([1.0, 1, 1])
    q[:, 0] = np.abs(q[:, 0])
    spot: Field = np.exp(-(((q - np.array(centre)) / np.array(radii)) ** 2).sum(axis=1))
    return spot


def tint(colours: Points, towards: Colour, amount: Field) -> Points:
    """Mix colours (N, 3) towards a colour by amount (N,)."""
    mixed: Points = colours + amount[:, None] * (linear(towards) - colours)
    return mixed


def head_colours(mesh: HeadMesh, seen: Field) -> Points:
    """Linear RGB (F, 4, 3) of every face corner of the head."""
    p = mesh.points
    skin = np.tile(linear(MATERIALS["skin"][0]), (len(p), 1))
    skin = tint(skin, (0.94, 0.47, 0.40), 0.50 * soft_spot(p, (0.42, -0.66, -0.30), (0.20, 0.4, 0.13)))
    skin = tint(skin, (0.93, 0.48, 0.40), 0.50 * soft_spot(p, (0.0, -1.02, -0.28), (0.12, 0.12, 0.10)))
    skin = tint(skin, (0.90, 0.45, 0.40), 0.25 * soft_spot(p, (0.90, 0.18, -0.02), (0.10, 0.25, 0.30)))
    skin = tint(skin, (0.80, 0.45, 0.40), 0.35 * soft_spot(p, (0.345, -0.78, 0.12), (0.22, 0.15, 0.08)))
    skin = tint(skin, (0.62, 0.26, 0.20), 0.62 * (1 - seen))
    regions = np.array(mesh.face_regions)
    colours = np.empty((len(mesh.faces), 4, 3))
    for region in np.unique(regions):
        at = regions == region
        faces = mesh.faces[at]
        if region == "skin":
            colours[at] = skin[faces]
        else:
            colours[at] = _region_colours(region, p[faces], linear(MATERIALS[region][0]))
    return colours


def _region_colours(region: str, corners: Points, base: NDArray[np.float64]) -> Points:
    """Colours (F, 4, 3) of the corners (F, 4, 3) of a region other than the skin."""
    shade = np.ones(corners.shape[:2])
    if region == "mouth":
        shade = np.clip(1.25 - 2.2 * (corners[..., 1] + 0.76), 0.10, 1.0)
    elif region in ("tooth", "gum", "tongue"):
        shade = np.clip(1.0 - 1.1 * (corners[..., 1] + 0.66), 0.25, 1.0)
    elif region == "iris":
        radius = np.hypot(np.abs(corners[..., 0]) - EYE_CENTRE[0], corners[..., 2])
        outer = (radius - PUPIL_RADIUS) / (IRIS_RADIUS - PUPIL_RADIUS)
        shade = (0.60 + 1.0 * np.sin(np.pi * np.clip(0.85 * outer, 0, 1))) * (
            1.1 - 0.80 * corners[..., 2] / IRIS_RADIUS
        )
    elif region == "sclera":
        shade = 1.0 - 0.30 * np.clip((corners[..., 2] - 0.05) / 0.12, 0, 1)
    elif region == "lip":
        shade = 1.0 - 0.35 * np.exp(-(((corners[..., 2] - MOUTH_HEIGHT) / 0.012) ** 2))
    return np.clip(shade[..., None] * base, 0, 1)


# ---------------------------------------------------------------------------------------------------------------------
# Blender objects


def make_materials() -> dict[str, bpy.types.Material]:
    """One Principled material per region that reads the colour attribute."""
    materials = {}
    for region, (colour, roughness, coat, subsurface) in MATERIALS.items():
        material = bpy.data.materials.new(f"Head {region}")
        material.diffuse_color = (*linear(colour), 1.0)
        material.roughness = roughness
        material.use_nodes = True
        nodes, links = material.node_tree.nodes, material.node_tree.links
        shader = nodes["Principled BSDF"]
        attribute = nodes.new("ShaderNodeVertexColor")
        attribute.layer_name = COLOUR_ATTRIBUTE
        attribute.location = (-300, 200)
        links.new(attribute.outputs["Color"], shader.inputs["Base Color"])
        shader.inputs["Roughness"].default_value = roughness
        shader.inputs["Coat Weight"].default_value = coat
        shader.inputs["Coat Roughness"].default_value = 0.05
        shader.inputs["Subsurface Weight"].default_value = subsurface
        shader.inputs["Subsurface Radius"].default_value = (0.12, 0.05, 0.03)
        links.new(attribute.outputs["Color"], shader.inputs["Emission Color"])
        shader.inputs["Emission Strength"].default_value = GLOW.get(region, 0.0)
        materials[region] = material
    return materials


def make_object(
    name: str,
    points: Points,
    faces: NDArray[np.int64],
    colours: Points,
    regions: list[str],
    materials: dict[str, bpy.types.Material],
    n_subdivisions: int = 1,
) -> bpy.types.Object:
    """A smooth-shaded, subdivided mesh object with corner colours (F, 4, 3)."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points.tolist(), [], faces.tolist())
    used = list(dict.fromkeys(regions))
    for region in used:
        mesh.materials.append(materials[region])
    mesh.polygons.foreach_set("material_index", [used.index(region) for region in regions])
    mesh.shade_smooth()
    attribute = mesh.color_attributes.new(COLOUR_ATTRIBUTE, "BYTE_COLOR", "CORNER")
    rgba = np.ones((len(faces), 4, 4), dtype=np.float32)
    rgba[..., :3] = colours
    attribute.data.foreach_set("color", rgba.ravel())
    mesh.color_attributes.active_color = attribute
    mesh.color_attributes.render_color_index = 0
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    subdivision = item.modifiers.new("Subdivision", "SUBSURF")
    subdivision.levels = subdivision.render_levels = n_subdivisions
    return item


def vertex_normals(points: Points, faces: NDArray[np.int64]) -> Points:
    """Unit normals (N, 3) weighted by area."""
    a, b, c, d = (points[faces[:, i]] for i in range(4))
    face_normals = np.cross(c - a, d - b)
    normals = np.zeros_like(points)
    for i in range(4):
        np.add.at(normals, faces[:, i], face_normals)
    unit: Points = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return unit


def add_shape_keys(item: bpy.types.Object, mesh: HeadMesh) -> None:
    item.shape_key_add(name="Basis", from_mix=False)
    for name, delta in shape_deltas(mesh).items():
        key = item.shape_key_add(name=name, from_mix=False)
        key.slider_min, key.slider_max, key.value = 0.0, 1.0, 0.0
        key.data.foreach_set("co", (mesh.points + delta).astype(np.float32).ravel())


def add_landmarks(item: bpy.types.Object, mesh: HeadMesh) -> None:
    numbers = np.zeros(len(mesh.points), dtype=np.int32)
    numbers[landmark_vertices(mesh)] = np.arange(1, 69)
    attribute = item.data.attributes.new(LANDMARK_ATTRIBUTE, "INT", "POINT")
    attribute.data.foreach_set("value", numbers)


def build_objects() -> None:
    """Head, Hair and Pullover in the scene, and the Neck that turns the first two."""
    materials = make_materials()
    mesh = build_head()
    hair_points, hair_faces, hair_shade = hair()
    cloth_points, cloth_faces = pullover()
    solid = np.isin(np.array(mesh.face_regions), ["skin", "lip"])
    obstacles = [(mesh.points, mesh.faces[solid]), (hair_points, hair_faces), (cloth_points, cloth_faces)]
    seen = np.ones(len(mesh.points))
    skin = mesh.parts["skin"]
    seen[skin] = occlusion(mesh.points[skin], vertex_normals(mesh.points, mesh.faces)[skin], obstacles)
    head = make_object("Head", mesh.points, mesh.faces, head_colours(mesh, seen), mesh.face_regions, materials)
    add_shape_keys(head, mesh)
    add_landmarks(head, mesh)
    dress = (
        ("Hair", "hair", hair_points, hair_faces, hair_shade, 1),
        ("Pullover", "cloth", cloth_points, cloth_faces, 1.0, 2),
    )
    for name, region, points, faces, shade, n_subdivisions in dress:
        brightness = shade * (0.40 + 0.70 * occlusion(points, vertex_normals(points, faces), obstacles))
        colours = np.clip(linear(MATERIALS[region][0]) * brightness[faces][..., None], 0, 1)
        make_object(name, points, faces, colours, [region] * len(faces), materials, n_subdivisions)
    points, faces, shade = backdrop()
    colours = linear(MATERIALS["wall"][0]) * shade[faces][..., None]
    wall = make_object("Backdrop", points, faces, colours, ["wall"] * len(faces), materials)
    wall.hide_select = True
    add_neck()


NECK_PIVOT = (0.0, 0.15, -0.9)
"""Between the skull and the first vertebrae, about which a head nods."""


def add_neck() -> None:
    """An Empty that turns head and hair, but not the pullover."""
    neck = bpy.data.objects.new("Neck", None)
    neck.location, neck.empty_display_size = NECK_PIVOT, 0.5
    bpy.context.scene.collection.objects.link(neck)
    for name in ("Head", "Hair"):
        item = bpy.data.objects[name]
        item.parent = neck
        item.matrix_parent_inverse = Matrix.Translation(NECK_PIVOT).inverted()


LIGHTS = (  # name, position, energy in W, size, colour
    ("Key light", (-3.2, -4.6, 3.0), 460.0, 2.4, (1.0, 0.95, 0.88)),
    ("Fill light", (4.0, -4.2, 0.6), 210.0, 4.0, (0.85, 0.92, 1.0)),
    ("Rim light", (2.2, 4.2, 3.4), 480.0, 2.0, (1.0, 0.97, 0.92)),
)
TARGET = Vector((0.0, -0.1, -0.10))
CAMERAS = (  # name, position, target, focal length in mm; the first is the active one
    ("Camera", (-0.80, -8.6, 0.22), (0.0, -0.1, -0.10), 88.0),
    ("Face camera", (-0.70, -8.6, 0.10), (0.0, -0.3, -0.14), 135.0),
)


def aim(item: bpy.types.Object, place: tuple[float, float, float], target: Vector) -> None:
    item.location = place
    item.rotation_euler = (target - Vector(place)).to_track_quat("-Z", "Y").to_euler()


def build_stage() -> None:
    """Three lights, a neutral world and the cameras."""
    scene = bpy.context.scene
    for name, place, energy, size, colour in LIGHTS:
        light = bpy.data.lights.new(name, "AREA")
        light.energy, light.size, light.color = energy, size, colour
        item = bpy.data.objects.new(name, light)
        aim(item, place, TARGET)
        scene.collection.objects.link(item)
    world = bpy.data.worlds.new("World")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.20, 0.23, 0.27, 1.0)
    world.color = linear((0.32, 0.36, 0.41)).tolist()
    scene.world = world
    for name, place, target, lens in CAMERAS:
        camera = bpy.data.cameras.new(name)
        camera.lens = lens
        item = bpy.data.objects.new(name, camera)
        aim(item, place, Vector(target))
        scene.collection.objects.link(item)
    scene.camera = bpy.data.objects[CAMERAS[0][0]]


def set_up_render() -> None:
    """Workbench as the fast default; Cycles and EEVEE use the same materials and lights."""
    scene = bpy.context.scene
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x = scene.render.resolution_y = 640
    scene.render.fps = 24
    scene.view_settings.view_transform = "Standard"
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.studio_light = "paint.sl"
    shading.color_type = "VERTEX"
    shading.background_type = "WORLD"
    shading.show_cavity = True
    shading.cavity_type = "SCREEN"  # occlusion is baked; Workbench's own costs half as much again per frame
    shading.curvature_ridge_factor = 0.3
    shading.curvature_valley_factor = 0.5
    shading.show_shadows = False
    shading.show_specular_highlight = False  # it would turn the pupils grey; the glints shine instead
    scene.display.render_aa = "FXAA"  # five samples a pixel look the same in motion and take twice as long


def build(output: Path) -> None:
    """Build the head and save it, compressed, at output."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    build_objects()
    build_stage()
    set_up_render()
    output.parent.mkdir(parents=True, exist_ok=True)
    bpy.context.preferences.filepaths.save_version = 0  # no .blend1 beside it
    bpy.ops.wm.save_as_mainfile(filepath=str(output.resolve()), compress=True, copy=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m rigs.default_head", description="Build Voxkey's default head.")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help="the .blend to write")
    output = parser.parse_args(arguments).output
    build(output)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
