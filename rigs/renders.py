"""Render characters that speak, with exact landmarks: python -m rigs.renders --shots FOLDER --output FOLDER.

Part of `python -m trainer.prepare.renders`, which decides who says what and calls this command, because the trainer
does not import Blender: it has Pythons of its own, and a Blender that stops takes one shot with it and not all.

A shot is an .npz file: its name, the character's name, weights (N, 51) of the channels and turns (N, 3) of the head.
What a character and a shot look like is drawn by lot from their names, so that the same names give the same pictures:

* `toon_NUMBER` is the default head in other proportions, those of the test rigs and between, in other colours;
* `ict_NUMBER` is an ICT-FaceKit head of another identity.

Workbench renders them: see rigs/README.md for how the engines compare.
"""

# The bpy stubs make every data-block optional and know no subclasses of attributes and lights.
# mypy: disable-error-code="union-attr, attr-defined"

from __future__ import annotations

import argparse
import json
import os
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.frames import SIDE_PX, Frames, projected, save_frames
from rigs.contact_sheet import channel_keys, open_blend, render_pixels, use_workbench_and_png
from rigs.default_head import linear
from rigs.head_mesh import read_floats, read_landmarks
from rigs.ict_facekit import build_head
from rigs.ict_facekit_data import read_facekit
from rigs.test_rig_geometry import Warp, eye_size, flat_nose, lower_face, pointed_ears, scaled, tall_skull

DEFAULT_HEAD = Path(__file__).parent / "default_head.blend"
LICENCES = {
    "toon": "Voxkey's default head, GPL-3.0-or-later",
    "ict": "ICT-FaceKit, MIT, Copyright (c) 2020 USC Institute for Creative Technologies: Li et al., CVPR 2020",
}
"""Kind of character -> licence and attribution of its pictures."""

EYE_DISTANCE = (0.34, 0.40)
"""Between the outer corners of the eyes, in picture widths."""
NOSE_PLACE = ((0.46, 0.54), (0.54, 0.60))
"""Where the tip of the nose is seen, x and y in picture coordinates."""
YAW_DEGREES, PITCH_DEGREES = 18.0, 7.0
"""How far the camera of a shot stands from straight ahead, at most."""
LENSES_MM = (70.0, 120.0)
DRIFT = 0.012
"""How far a hand-held camera wanders during a shot, in distances from the face."""

Colour = tuple[float, float, float]
SKINS: tuple[Colour, ...] = (
    (0.96, 0.78, 0.69), (0.93, 0.69, 0.57), (0.85, 0.60, 0.47), (0.74, 0.51, 0.38), (0.60, 0.40, 0.29),
    (0.45, 0.29, 0.22), (0.34, 0.21, 0.16),
)  # fmt: skip
"""sRGB; a character's skin lies between two of them."""
HAIRS: tuple[Colour, ...] = (
    (0.10, 0.07, 0.06), (0.34, 0.20, 0.13), (0.54, 0.26, 0.14), (0.80, 0.62, 0.36), (0.72, 0.72, 0.74),
    (0.35, 0.35, 0.60),
)  # fmt: skip
IRISES: tuple[Colour, ...] = ((0.16, 0.56, 0.60), (0.40, 0.26, 0.14), (0.25, 0.45, 0.25), (0.30, 0.42, 0.70))


@dataclass(frozen=True)
class Shot:
    """What one file of frames shows."""

    name: str
    character: str
    values: NDArray[np.float32]
    """(N, 51) weights of BLENDSHAPE_CHANNELS, in [0, 1]."""
    turns: NDArray[np.float32]
    """(N, 3) radians of the head about X, Y and Z: life.HEAD_CHANNELS."""


@dataclass(frozen=True)
class Stage:
    """A character in the open scene."""

    head: bpy.types.Object
    neck: bpy.types.Object
    """Turns the head and what it wears."""
    landmarks: NDArray[np.int32]
    """(68,) vertices of the mesh of the head."""


def read_shot(path: Path) -> Shot:
    """ValueError when the file holds no shot."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            facts = json.loads(str(arrays["facts"]))
            return Shot(facts["name"], facts["character"], arrays["values"], arrays["turns"])
    except (KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no shot ({error}); prepare the renders again") from error


def render_shot(shot: Shot, facekit: Path | None) -> Frames:
    """Render all frames of a shot; ValueError when its character can't be built."""
    stage = set_stage(shot.character, facekit)
    lot = _lot(shot.name)
    scene: Any = bpy.context.scene
    _light(scene, lot)
    backdrop = _backdrop(lot)
    camera, aim = _place_camera(scene, stage, lot)
    still = camera.location.copy()
    images, landmarks = [], []
    for values, turn, drift in zip(shot.values, shot.turns, _drift(len(shot.values), lot), strict=True):
        for name, key in channel_keys(stage.head).items():
            key.value = float(values[BLENDSHAPE_CHANNELS.index(name)])
        stage.neck.rotation_euler = turn.tolist()
        camera.location = still + Vector(drift) * (still - aim).length
        bpy.context.view_layer.update()
        landmarks.append(seen_landmarks(scene, stage))
        images.append(_over(render_pixels(scene), backdrop))
    kind = shot.character.partition("_")[0]
    return Frames(shot.name, shot.character, LICENCES[kind], np.stack(images), np.stack(landmarks))


def seen_landmarks(scene: bpy.types.Scene, stage: Stage) -> NDArray[np.float32]:
    """(68, 2) landmarks of the evaluated head in the picture of the scene's camera."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    head, camera = stage.head.evaluated_get(depsgraph), scene.camera.evaluated_get(depsgraph)
    # a subdivided mesh begins with the vertices that were there before
    points = np.array([head.data.vertices[i].co for i in stage.landmarks.tolist()])
    projection = camera.calc_matrix_camera(depsgraph, x=SIDE_PX, y=SIDE_PX)
    return projected(points, np.array(projection @ camera.matrix_world.inverted() @ head.matrix_world))


# ---------------------------------------------------------------------------------------------------------------------
# Characters


def set_stage(character: str, facekit: Path | None) -> Stage:
    """Build a character in a new scene with nothing else in it; ValueError when that can't be done."""
    kind, _, number = character.partition("_")
    if kind not in LICENCES or not number.isdigit():
        raise ValueError(f"There is no character {character}; name it toon_NUMBER or ict_NUMBER")
    if kind == "ict" and facekit is None:
        raise ValueError(f"{character} needs the data of ICT-FaceKit; name it with --facekit")
    stage = _toon(_lot(character)) if facekit is None or kind == "toon" else _ict(_lot(character), facekit)
    scene: Any = bpy.context.scene
    use_workbench_and_png(scene)
    scene.render.resolution_x = scene.render.resolution_y = SIDE_PX
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = True
    scene.display.render_aa = "FXAA"  # 8 samples a pixel look hardly better and take three times as long
    scene.display.shading.color_type = "VERTEX"
    return stage


def _lot(name: str) -> np.random.Generator:
    """What a name decides."""
    return np.random.default_rng([*name.encode()])


def _toon(lot: np.random.Generator) -> Stage:
    """The default head, bent and dyed, with its hair or without."""
    scene = open_blend(DEFAULT_HEAD.resolve())
    head, neck = scene.objects["Head"], scene.objects["Neck"]
    warps = (
        eye_size(lot.uniform(0.86, 1.08)),
        lower_face(lot.uniform(0.82, 1.12), lot.uniform(0.80, 1.10), lot.uniform(0.0, 0.04)),
        flat_nose(lot.choice([0.0, lot.uniform(0.0, 0.16)])),
        tall_skull(lot.uniform(0.0, 0.12)),
        pointed_ears(lot.choice([0.0, 0.0, 0.0, 0.4])),
        scaled(*lot.uniform(0.93, 1.07, 3)),
    )
    for name in ("Head", "Hair"):
        bend(scene.objects[name], warps)
    skin, hair = _between(SKINS, lot), _between(HAIRS, lot)
    dye(head, {"Head skin": (SKINS[1], skin), "Head lip": (SKINS[1], _pulled(skin, lot))})
    dye(head, {"Head brow": (HAIRS[2], hair), "Head iris": (IRISES[0], IRISES[lot.integers(len(IRISES))])})
    dye(scene.objects["Hair"], {"Head hair": (HAIRS[2], hair)})
    dye(scene.objects["Pullover"], {"Head cloth": ((0.16, 0.42, 0.52), tuple(lot.uniform(0.1, 0.9, 3)))})
    scene.objects["Hair"].hide_render = bool(lot.random() < 0.25)
    scene.objects["Backdrop"].hide_render = True
    return Stage(head, neck, read_landmarks(head.data))


def _ict(lot: np.random.Generator, facekit: Path) -> Stage:
    """An ICT-FaceKit head of another identity and skin, with cropped hair or none."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    head = build_head(read_facekit(facekit))
    for key in head.data.shape_keys.key_blocks:
        if key.name.startswith("identity_"):
            key.value = float(np.clip(lot.normal(0.0, 0.9), key.slider_min, key.slider_max))
    neck = bpy.data.objects.new("Neck", None)
    neck.location = (0.0, 0.02, -0.06)
    bpy.context.scene.collection.objects.link(neck)
    head.parent, head.matrix_parent_inverse = neck, Matrix.Translation(neck.location).inverted()
    bpy.context.scene.world = bpy.data.worlds.new("World")
    bpy.context.scene.view_settings.view_transform = "Standard"
    dye(head, {"Skin": (SKINS[2], _between(SKINS, lot)), "Iris": (IRISES[0], IRISES[lot.integers(len(IRISES))])})
    return Stage(head, neck, read_landmarks(head.data))


def bend(item: bpy.types.Object, warps: Sequence[Warp]) -> None:
    """Carry a mesh and its shape keys through maps of space, in the units of the object."""
    keys = item.data.shape_keys
    for points in [item.data.vertices, *(key.data for key in keys.key_blocks)] if keys else [item.data.vertices]:
        bent = read_floats(points, "co", 3).astype(np.float64)
        for warp in warps:
            bent = warp(bent)
        points.foreach_set("co", bent.astype(np.float32).ravel())
    item.data.update()


def dye(item: bpy.types.Object, colours: dict[str, tuple[Colour, Any]]) -> None:
    """Multiply what is painted on faces of each material by new / old, both sRGB; shading and blush stay."""
    mesh = item.data
    paint = mesh.color_attributes.active_color
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    materials = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", materials)
    sizes = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    of_corner = np.repeat(materials, sizes)
    rgba = read_floats(paint.data, "color", 4)
    for name, (old, new) in colours.items():
        chosen = of_corner == mesh.materials.find(name)
        places = np.flatnonzero(chosen) if paint.domain == "CORNER" else np.unique(corners[chosen])
        rgba[places, :3] *= (linear(new) / linear(old)).astype(np.float32)
    paint.data.foreach_set("color", rgba.clip(0, 1).ravel())
    mesh.update()


def _between(colours: tuple[Colour, ...], lot: np.random.Generator) -> Colour:
    """A colour between two neighbours."""
    place = lot.uniform(0, len(colours) - 1)
    i, share = int(place), place % 1
    mixed = (1 - share) * np.array(colours[i]) + share * np.array(colours[min(i + 1, len(colours) - 1)])
    return (float(mixed[0]), float(mixed[1]), float(mixed[2]))


def _pulled(skin: Colour, lot: np.random.Generator) -> Colour:
    """Lips of a skin: half as far from the lips' own colour, some painted."""
    red, green, blue = (0.5 * (a + b) for a, b in zip(skin, SKINS[1], strict=True))
    painted = lot.uniform(0.6, 1.0)
    return (red, green * painted, blue * painted)


# ---------------------------------------------------------------------------------------------------------------------
# Light, backdrop and camera


def _light(scene: bpy.types.Scene, lot: np.random.Generator) -> None:
    """Four directional lights: key from one side above, fill from the other, rim behind, and from below a little."""
    system = bpy.context.preferences.system
    system.use_studio_light_edit = True
    side = lot.choice([-1.0, 1.0])
    directions = (
        (side * lot.uniform(0.2, 0.9), lot.uniform(0.2, 0.8), lot.uniform(0.5, 1.0)),
        (-side * lot.uniform(0.4, 1.0), lot.uniform(-0.1, 0.3), 0.7),
        (-side * 0.8, 0.4, -0.5),
        (0.0, -0.9, 0.4),
    )
    strengths = (lot.uniform(0.7, 1.1), lot.uniform(0.1, 0.45), lot.uniform(0.0, 0.5), lot.uniform(0.0, 0.15))
    warmth = lot.uniform(-0.12, 0.12)
    tints = (warmth, -warmth, -warmth, 0.0)
    for light, direction, strength, tint in zip(system.solid_lights, directions, strengths, tints, strict=True):
        light.use = True
        light.direction = Vector(direction).normalized()
        light.diffuse_color = (strength * (1 + tint), strength, strength * (1 - tint))
        light.specular_color = (0.15 * strength,) * 3
        light.smooth = lot.uniform(0.1, 0.6)
    system.light_ambient = (lot.uniform(0.05, 0.25),) * 3
    shading = scene.display.shading
    shading.light, shading.show_cavity, shading.cavity_type = "STUDIO", True, "SCREEN"
    shading.curvature_ridge_factor, shading.curvature_valley_factor = 0.3, 0.5
    shading.show_specular_highlight = False  # it would turn the pupils grey


def _backdrop(lot: np.random.Generator) -> NDArray[np.float32]:
    """(256, 256, 3) sRGB: one colour that goes over into another."""
    first, second = lot.uniform(0.1, 0.9, (2, 3))
    angle = lot.uniform(0, 2 * np.pi)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX - 0.5
    share = (0.5 + np.cos(angle) * x + np.sin(angle) * y).clip(0, 1)[..., None]
    return np.asarray((1 - share) * first + share * (0.6 * first + 0.4 * second), np.float32)


def _place_camera(scene: bpy.types.Scene, stage: Stage, lot: np.random.Generator) -> tuple[bpy.types.Object, Vector]:
    """A camera that frames the resting face as lots say, and where it looks."""
    bpy.context.view_layer.update()
    data = bpy.data.cameras.new("Shot")
    camera = bpy.data.objects.new("Shot", data)
    scene.collection.objects.link(camera)
    scene.camera = camera
    head = stage.head.evaluated_get(bpy.context.evaluated_depsgraph_get())
    marks = [head.matrix_world @ head.data.vertices[i].co for i in stage.landmarks.tolist()]
    aim = marks[30]
    data.lens = lot.uniform(*LENSES_MM)
    distance = (marks[45] - marks[36]).length / lot.uniform(*EYE_DISTANCE) * data.lens / data.sensor_width
    yaw, pitch = (
        np.radians(lot.uniform(-YAW_DEGREES, YAW_DEGREES)),
        np.radians(lot.uniform(-PITCH_DEGREES, PITCH_DEGREES)),
    )
    away = Vector((np.sin(yaw) * np.cos(pitch), -np.cos(yaw) * np.cos(pitch), np.sin(pitch)))
    camera.location = aim + distance * away
    camera.rotation_euler = (-away).to_track_quat("-Z", "Y").to_euler()
    data.clip_start, data.clip_end = distance / 50, distance * 50
    (left, right), (top, bottom) = NOSE_PLACE
    data.shift_x, data.shift_y = 0.5 - lot.uniform(left, right), lot.uniform(top, bottom) - 0.5
    return camera, aim


def _drift(n_frames: int, lot: np.random.Generator) -> NDArray[np.float64]:
    """(N, 3) slow offsets of the camera, in distances from the face."""
    steps = np.linspace(0, 1, n_frames)[:, None]
    swing = np.sin(2 * np.pi * (lot.uniform(0.3, 1.0, 3) * steps + lot.random(3)))
    return np.asarray(DRIFT * lot.uniform(0.2, 1.0) * swing)


def _over(rgba: NDArray[np.float32], backdrop: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A picture (256, 256, 4) over its backdrop, as bytes."""
    alpha = rgba[..., 3:]
    return np.asarray((255 * (rgba[..., :3] * alpha + backdrop * (1 - alpha))).round().clip(0, 255), np.uint8)


def main(arguments: list[str] | None = None) -> int:
    """Render every shot of a folder, printing the name of each that is done; 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m rigs.renders", description=__doc__.split("\n")[0])
    parser.add_argument("--shots", type=Path, required=True, help="folder with shots, of trainer.prepare.renders")
    parser.add_argument("--output", type=Path, required=True, help="folder for the frames")
    parser.add_argument("--facekit", type=Path, help="data of ICT-FaceKit, for the ict characters")
    options = parser.parse_args(arguments)
    try:
        for path in sorted(options.shots.glob("*.npz")):
            frames = render_shot(read_shot(path), options.facekit)
            save_frames(options.output, frames)
            print(f"done {frames.name}", flush=True)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # bpy may hang at exit
