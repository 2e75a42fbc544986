"""Render a contact sheet of a head: the neutral face, each of the 51 shape keys at 1.0, and the mouths of speech.

    python -m rigs.contact_sheet head.blend --output out/contact_sheet.png

One labelled picture to judge a head by. The pictures come from Workbench, which needs no display. The .blend's own
camera and Workbench shading are used; without a camera the head is framed from the front (it must look to -Y). The
.blend is never written.
"""

# The bpy stubs make every data-block optional and know neither text curves nor foreach_get on pixels.
# mypy: disable-error-code="union-attr, attr-defined"

import argparse
import sys
import tempfile
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS

Pose = dict[str, float]
"""Channel name -> weight in [0, 1]; a channel that is not named is 0."""

SPEECH_POSES: dict[str, Pose] = {
    "jawOpen+mouthClose": {"jawOpen": 1.0, "mouthClose": 1.0},
    "half jawOpen+mouthClose": {"jawOpen": 0.5, "mouthClose": 0.5},
    "jawOpen+mouthFunnel": {"jawOpen": 1.0, "mouthFunnel": 1.0},
    "half jawOpen+mouthPucker": {"jawOpen": 0.5, "mouthPucker": 1.0},
    "mouthRoll upper+lower": {"mouthRollUpper": 1.0, "mouthRollLower": 1.0},
    "mouthPress L+R": {"mouthPressLeft": 1.0, "mouthPressRight": 1.0},
    "mouthSmile L+R": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "jawOpen+smile L+R": {"jawOpen": 0.7, "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "eyeBlink L+R": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "p b m": {
        "jawOpen": 0.1,
        "mouthClose": 0.1,
        "mouthPressLeft": 0.4,
        "mouthPressRight": 0.4,
        "mouthRollUpper": 0.25,
        "mouthRollLower": 0.25,
    },
    "f v": {
        "jawOpen": 0.1,
        "mouthRollLower": 0.6,
        "mouthUpperUpLeft": 0.3,
        "mouthUpperUpRight": 0.3,
    },
    "aa": {
        "jawOpen": 0.65,
        "mouthLowerDownLeft": 0.3,
        "mouthLowerDownRight": 0.3,
        "mouthUpperUpLeft": 0.15,
        "mouthUpperUpRight": 0.15,
    },
    "ee": {
        "jawOpen": 0.12,
        "mouthSmileLeft": 0.4,
        "mouthSmileRight": 0.4,
        "mouthStretchLeft": 0.3,
        "mouthStretchRight": 0.3,
        "mouthLowerDownLeft": 0.35,
        "mouthLowerDownRight": 0.35,
        "mouthUpperUpLeft": 0.2,
        "mouthUpperUpRight": 0.2,
    },
    "oo": {"jawOpen": 0.12, "mouthPucker": 0.7, "mouthFunnel": 0.4},
    "w": {"jawOpen": 0.05, "mouthPucker": 1.0},
    "sh": {
        "jawOpen": 0.1,
        "mouthFunnel": 0.7,
        "mouthPucker": 0.2,
        "mouthLowerDownLeft": 0.2,
        "mouthLowerDownRight": 0.2,
        "mouthUpperUpLeft": 0.15,
        "mouthUpperUpRight": 0.15,
    },
}
"""The combinations that speech needs, to look at and to measure; written by hand for the eye, not fitted to data."""

POSES: dict[str, Pose] = {"neutral": {}} | {name: {name: 1.0} for name in BLENDSHAPE_CHANNELS} | SPEECH_POSES

N_COLUMNS = 10
LABEL_HEIGHT_PER_TILE_WIDTH = 0.14
BACKGROUND_GREY = 0.16
LABEL_GREY = 0.92


def find_heads(scene: bpy.types.Scene, object_name: str | None) -> list[bpy.types.Object]:
    """The mesh objects of the scene that have at least one of the 51 channels as a shape key.

    With a name, that object alone. Raises ValueError with a sentence when there is none.
    """
    meshes = [item for item in scene.objects if item.type == "MESH"]
    names = ", ".join(sorted(item.name for item in meshes)) or "none"
    if object_name is not None:
        meshes = [item for item in meshes if item.name == object_name]
        if not meshes:
            raise ValueError(f'No mesh object "{object_name}" in the scene; its mesh objects are: {names}.')
    heads = [item for item in meshes if channel_keys(item)]
    if not heads:
        raise ValueError(f"None of the 51 channels (jawOpen, ...) is a shape key of {object_name or names}.")
    return heads


def channel_keys(head: bpy.types.Object) -> dict[str, bpy.types.ShapeKey]:
    """Channel name -> shape key, for the channels that the mesh has."""
    keys = head.data.shape_keys
    return {name: keys.key_blocks[name] for name in BLENDSHAPE_CHANNELS if keys and name in keys.key_blocks}


def release_animation(head: bpy.types.Object) -> None:
    """Take the Action and the NLA tracks off the shape keys, so that the weights we set are the ones we see."""
    animation = head.data.shape_keys.animation_data
    if animation:
        animation.action = None
        animation.use_nla = False


def set_pose(heads: list[bpy.types.Object], pose: Pose) -> None:
    """Set every channel of every head: the weights of the pose, 0 elsewhere."""
    for head in heads:
        for name, key in channel_keys(head).items():
            key.mute = False
            key.value = pose.get(name, 0.0)


def frame_heads(scene: bpy.types.Scene, heads: list[bpy.types.Object]) -> bpy.types.Object:
    """A new camera in front of the heads (they look to -Y) that shows all of them, and plain Workbench shading."""
    corners = np.array([head.matrix_world @ Vector(corner) for head in heads for corner in head.bound_box])
    low, high = corners.min(axis=0), corners.max(axis=0)
    centre = (low + high) / 2
    width = (high - low)[[0, 2]].max()
    data = bpy.data.cameras.new("contact sheet")
    data.lens, data.sensor_width = 85.0, 36.0
    camera = bpy.data.objects.new("contact sheet", data)
    distance = 1.15 * width * data.lens / data.sensor_width
    camera.location = (centre[0], low[1] - distance, centre[2])
    camera.rotation_euler = (np.pi / 2, 0.0, 0.0)
    data.clip_start, data.clip_end = distance / 100, distance * 100
    scene.collection.objects.link(camera)
    scene.render.resolution_x = scene.render.resolution_y = 100
    scene.display.shading.light = "STUDIO"
    scene.display.shading.color_type = "MATERIAL"
    scene.display.shading.show_cavity = True
    return camera


def prepare_scene(scene: bpy.types.Scene, tile_px: int) -> None:
    """Workbench stills of the given width in the scene's own aspect, straight from the camera."""
    render = scene.render
    aspect = render.resolution_y / render.resolution_x
    render.resolution_x, render.resolution_y = tile_px, max(1, round(tile_px * aspect))
    render.resolution_percentage = 100
    render.use_compositing = render.use_sequencer = render.use_border = False
    use_workbench_and_png(scene)


def use_workbench_and_png(scene: bpy.types.Scene) -> None:
    scene.render.engine = "BLENDER_WORKBENCH"  # type: ignore[assignment]  # the stubs know only the default engine
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # Blender 5.0 and later
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGBA", "8"


def render_pixels(scene: bpy.types.Scene) -> NDArray[np.float32]:
    """Render one still; (height, width, 4) sRGB in [0, 1], top row first."""
    with tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = str(Path(folder) / "still.png")
        bpy.ops.render.render(write_still=True, scene=scene.name)
        image = bpy.data.images.load(scene.render.filepath)
        width_px, height_px = image.size
        pixels = np.empty(width_px * height_px * 4, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
    return pixels.reshape(height_px, width_px, 4)[::-1]


def render_labels(labels: list[str], width_px: int, height_px: int) -> NDArray[np.float32]:
    """Text in white on nothing, one label a strip; (labels, height, width) coverage in [0, 1].

    Drawn by Blender itself (text objects before an orthographic camera), because the bpy package has no other means.
    """
    scene = bpy.data.scenes.new("labels")
    camera_data = bpy.data.cameras.new("labels")
    camera = bpy.data.objects.new("labels", camera_data)
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera_data.type, camera_data.ortho_scale = "ORTHO", max(width_px, len(labels) * height_px)
    camera.location = (width_px / 2, len(labels) * height_px / 2, 10.0)
    for index, label in enumerate(labels):
        add_label(scene, label, width_px, height_px, (len(labels) - 1 - index) * height_px)
    scene.render.resolution_x, scene.render.resolution_y = width_px, len(labels) * height_px
    scene.render.film_transparent = True
    scene.display.shading.light, scene.display.shading.color_type = "FLAT", "SINGLE"
    use_workbench_and_png(scene)
    return render_pixels(scene)[..., 3].reshape(len(labels), height_px, width_px)


def add_label(scene: bpy.types.Scene, label: str, width_px: int, height_px: int, bottom_px: float) -> None:
    """A centred line of text in the strip that begins at `bottom_px`, made smaller where it is too long."""
    curve = bpy.data.curves.new(label, "FONT")
    curve.body, curve.align_x, curve.align_y = label, "CENTER", "CENTER"
    curve.size = 0.75 * height_px
    text = bpy.data.objects.new(label, curve)
    scene.collection.objects.link(text)
    text.location = (width_px / 2, bottom_px + height_px / 2, 0.0)
    scene.view_layers[0].update()
    curve.size *= min(1.0, 0.92 * width_px / max(text.dimensions.x, 1e-6))


def over_grey(rgba: NDArray[np.float32]) -> NDArray[np.float32]:
    colour, alpha = rgba[..., :3], rgba[..., 3:]
    over: NDArray[np.float32] = colour * alpha + BACKGROUND_GREY * (1 - alpha)
    return over


def assemble(
    tiles: NDArray[np.float32], labels: NDArray[np.float32], n_columns: int = N_COLUMNS
) -> NDArray[np.float32]:
    """Tiles (N, H, W, 3) with their labels (N, h, W) underneath, as rows of n_columns; (height, width, 3)."""
    ink = labels[..., None]
    strips = np.broadcast_to(BACKGROUND_GREY + ink * (LABEL_GREY - BACKGROUND_GREY), (*labels.shape, 3))
    cells = np.concatenate([tiles, strips], axis=1)
    n_rows = -(-len(cells) // n_columns)
    grid = np.full((n_rows * n_columns, *cells.shape[1:]), BACKGROUND_GREY, np.float32)
    grid[: len(cells)] = cells
    height_px, width_px = cells.shape[1:3]
    rows = grid.reshape(n_rows, n_columns, height_px, width_px, 3).swapaxes(1, 2)
    return rows.reshape(n_rows * height_px, n_columns * width_px, 3)


def save_png(pixels: NDArray[np.float32], path: Path) -> None:
    """Write (height, width, 3) sRGB values in [0, 1], top row first; ValueError with a sentence when that fails."""
    height_px, width_px = pixels.shape[:2]
    rgba = np.concatenate([pixels, np.ones((height_px, width_px, 1), np.float32)], axis=2)
    image = bpy.data.images.new("contact sheet", width_px, height_px)
    image.pixels.foreach_set(np.ascontiguousarray(rgba[::-1]).ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save()
    except (OSError, RuntimeError) as error:
        raise ValueError(f"Cannot write {path}; name another --output.") from error
    bpy.data.images.remove(image)


def open_blend(blend: Path) -> bpy.types.Scene:
    """Open a .blend and return its active scene; ValueError with a sentence when it cannot be opened."""
    if not blend.is_file():
        raise ValueError(f"There is no file {blend}; name the .blend that holds the head.")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False)
    except RuntimeError as error:
        raise ValueError(f"{blend} is not a .blend that this Blender ({bpy.app.version_string}) can open.") from error
    return bpy.data.scenes[bpy.context.scene.name]


def choose_camera(scene: bpy.types.Scene, heads: list[bpy.types.Object], camera_name: str | None) -> bpy.types.Object:
    """The named camera, else the scene's own, else a new one before the heads."""
    if camera_name is None:
        return scene.camera or frame_heads(scene, heads)
    cameras = [item.name for item in scene.objects if item.type == "CAMERA"]
    if camera_name not in cameras:
        raise ValueError(f'No camera "{camera_name}" in the scene; its cameras are: {", ".join(cameras) or "none"}.')
    return scene.objects[camera_name]


def render_contact_sheet(
    blend: Path,
    output: Path,
    object_name: str | None = None,
    tile_px: int = 160,
    camera_name: str | None = None,
    poses: dict[str, Pose] | None = None,
    n_columns: int = N_COLUMNS,
) -> None:
    """Write the contact sheet of a .blend as a PNG: a picture of each pose, those of POSES unless others are given.

    A channel that the head does not have is labelled "(missing)". Raises ValueError with a sentence when the .blend
    or the object cannot be used; nothing is written then.
    """
    if not 16 <= tile_px <= 1024:
        raise ValueError(f"A tile of {tile_px} px cannot be drawn; choose --tile_px between 16 and 1024.")
    poses = POSES if poses is None else poses
    scene = open_blend(blend)
    heads = find_heads(scene, object_name)
    scene.camera = choose_camera(scene, heads, camera_name)
    prepare_scene(scene, tile_px)
    for head in heads:
        release_animation(head)
    present = set().union(*(channel_keys(head) for head in heads))
    tiles = []
    for pose in poses.values():
        set_pose(heads, pose)
        tiles.append(over_grey(render_pixels(scene)))
    labels = [name if set(pose) <= present else f"{name} (missing)" for name, pose in poses.items()]
    label_height_px = max(8, round(tile_px * LABEL_HEIGHT_PER_TILE_WIDTH))
    save_png(assemble(np.stack(tiles), render_labels(labels, tile_px, label_height_px), n_columns), output)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.contact_sheet", description=__doc__.split("\n")[0])
    parser.add_argument("blend", type=Path, help="the .blend with the head; it is only read")
    parser.add_argument("--object", help="name of the mesh object (default: every mesh with channel shape keys)")
    parser.add_argument("--output", type=Path, default=Path("out/contact_sheet.png"), help="PNG to write")
    parser.add_argument("--tile_px", type=int, default=160, help="width of one picture in pixels, 16 to 1024")
    parser.add_argument("--camera", help="name of the camera object (default: the scene's camera)")
    options = parser.parse_args(arguments)
    try:
        render_contact_sheet(options.blend, options.output, options.object, options.tile_px, options.camera)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Wrote {options.output}: {len(POSES)} pictures.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
