"""The same sentence on every test rig, as figures and as pictures.

    python -m rigs.sentence_sheet --table
    python -m rigs.sentence_sheet --output rigs/images/sentence_on_rigs.png

Each rig is generated with one click: its face is chosen, nothing else. The mesh is evaluated at every frame and its
mouth measured: the aperture is the gap between the inner lips, the width that between the corners of the mouth, the
bite that between an upper and a lower incisor, all in distances between the outer corners of the eyes and less the face
at rest. They are compared with the default head's. The picture shows the same frames of all, a row a rig.
"""

# The bpy stubs make every data-block optional and know no properties of add-ons.
# mypy: disable-error-code="union-attr, attr-defined, operator"

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from rigs import contact_sheet
from rigs.default_head import DEFAULT_OUTPUT, LANDMARK_ATTRIBUTE
from rigs.test_rig_geometry import default_geometry
from rigs.test_rigs import ALL, RIGS, Rig, build, incisors

ROOT = Path(__file__).parents[1]
DEFAULT_AUDIO = ROOT / "tools" / "demo_speech.wav"
DEFAULT_HEAD = "default_head"
Mouth = NDArray[np.float64]
"""(T, 3) aperture, width and bite at each frame."""
LIPS, CORNERS, EYES = (62, 66), (48, 54), (36, 45)
CONTACT = 0.010
"""A gap at which lips touch, in eye distances, as captured faces tell (GRID)."""
N_PICTURES = 8
LABEL_HEIGHT_PX = 22
Pictures = NDArray[np.float32]
"""(N, height, width, 3) sRGB in [0, 1], top row first."""


@dataclass(frozen=True)
class Spoken:
    """A rig that has said the sentence, in the open scene."""

    rig: Rig
    rig_map: str
    """The rig map that was detected or solved for."""
    share: float
    """Of the channels that the rig can express, how many the take moves."""
    missing: tuple[str, ...]
    """The rest of them."""
    mouth: Mouth


def open_rig(name: str) -> Rig:
    """A test rig, or the default head without its subdivision, in a new scene."""
    if name != DEFAULT_HEAD:
        return build(name)
    bpy.ops.wm.open_mainfile(filepath=str(DEFAULT_OUTPUT))
    head = bpy.data.objects["Head"]
    head.modifiers.clear()
    bpy.context.scene.camera = bpy.data.objects["Face camera"]
    bpy.context.view_layer.objects.active = head
    numbers = np.empty(len(head.data.vertices), np.int32)
    head.data.attributes[LANDMARK_ATTRIBUTE].data.foreach_get("value", numbers)
    marked = np.flatnonzero(numbers)
    return Rig("Head", marked[np.argsort(numbers[marked])], incisors("Head", default_geometry()), ALL)


def speak(name: str, audio: Path) -> Spoken:
    """Open a rig and let it say a recording, with one click; ValueError when it can't.

    The add-on must be enabled. A rig whose names say nothing gets a second click, before, that matches by shape.
    """
    rig = open_rig(name)
    rest = mouth_at(rig, [1])
    try:
        bpy.ops.voxkey.add_sound(filepath=str(audio.resolve()))
        if rig.is_anonymous:
            bpy.ops.voxkey.match_by_shape()
        bpy.ops.voxkey.generate()
    except RuntimeError as error:  # what an operator reports as an error
        raise ValueError(f"{name}: {error}") from error
    facts = take_facts()
    coverage = facts["coverage"]
    missing = sorted(rig.expresses - {*coverage["matched"], *coverage["combined"]})
    share = 1 - len(missing) / len(rig.expresses)
    mouth = mouth_at(rig, range(1, 1 + facts["n_frames"])) - rest
    return Spoken(rig, facts["rig_map"], share, tuple(missing), mouth)


def take_facts() -> dict[str, Any]:
    """What the only take of the scene was made from."""
    found = [json.loads(action["voxkey"]) for action in bpy.data.actions if "voxkey" in action]
    facts: dict[str, Any] = next(facts for facts in found if "coverage" in facts)
    return facts


@contextmanager
def enabled_addon() -> Iterator[None]:
    """The add-on, as an installed extension."""
    import addon_utils  # after bpy, which makes it known

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "voxkey").symlink_to(ROOT / "blender_addon")
        bpy.context.preferences.extensions.repos.new(name="rigs", module="rigs", custom_directory=folder)
        addon_utils.enable("bl_ext.rigs.voxkey", default_set=True)
        try:
            yield
        finally:
            addon_utils.disable("bl_ext.rigs.voxkey")


def mouth_at(rig: Rig, frames: Iterable[int]) -> Mouth:
    """(T, 3) gap, width and bite at frames, in distances between the outer corners of the eyes."""
    face, (teeth, upper, lower) = bpy.data.objects[rig.face], rig.teeth
    pairs = [(face, *rig.landmarks[list(pair)]) for pair in (EYES, LIPS, CORNERS)]
    pairs.append((bpy.data.objects[teeth], upper, lower))
    measured = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        eyes, *apart = (distance(item, first, second) for item, first, second in pairs)
        measured.append(np.array(apart) / eyes)
    return np.array(measured)


def distance(item: bpy.types.Object, first: int, second: int) -> float:
    """Between two vertices of an evaluated mesh, in the world."""
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = evaluated.data.vertices
    return (evaluated.matrix_world @ points[first].co - evaluated.matrix_world @ points[second].co).length


def agreement(mouth: Mouth, reference: Mouth) -> list[float]:
    """Correlations of aperture, width and bite; 0 where nothing moves."""
    moves = np.minimum(mouth.std(axis=0), reference.std(axis=0)) > 1e-6
    return [float(np.corrcoef(mouth[:, i], reference[:, i])[0, 1]) if moves[i] else 0.0 for i in range(3)]


def gap_when_closed(mouth: Mouth, reference: Mouth) -> float:
    """The gap that 9 in 10 frames stay under while the lips of the reference touch, in eye distances."""
    return float(np.quantile(mouth[reference[:, 0] < CONTACT, 0], 0.9))


def table_row(name: str, spoken: Spoken, reference: Mouth) -> str:
    aperture, width, bite = agreement(spoken.mouth, reference)
    size = spoken.mouth[:, 0].std() / reference[:, 0].std()
    cells = [
        name,
        spoken.rig_map,
        f"{100 * spoken.share:.0f} %",
        f"{aperture:.3f}",
        f"{width:.3f}" if spoken.rig.has_width else "-",
        f"{bite:.3f}",
        f"{size:.2f}",
        f"{gap_when_closed(spoken.mouth, reference):.3f}",
        ", ".join(spoken.missing),
    ]
    return f"| {' | '.join(cells)} |"


COLUMNS = (
    "rig",
    "rig map",
    "channels moved",
    "aperture r",
    "width r",
    "bite r",
    "size",
    "gap when closed",
    "not moved",
)
TABLE_HEAD = f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}"


def telling_frames(mouth: Mouth, n_frames: int) -> list[int]:
    """Frames (counted from 1) at which the mouth looks as different as can be: each next one is farthest from all."""
    places = mouth[:, :2] / mouth[:, :2].std(axis=0)
    chosen = [int(places[:, 0].argmax())]
    while len(chosen) < n_frames:
        apart = np.linalg.norm(places[:, None] - places[chosen][None], axis=2).min(axis=1)
        chosen.append(int(apart.argmax()))
    return [index + 1 for index in sorted(chosen)]


def render_frames(frames: list[int], tile_px: int) -> Pictures:
    """Stills of the open scene."""
    scene: Any = bpy.context.scene
    contact_sheet.prepare_scene(scene, tile_px)
    pictures = []
    for frame in frames:
        scene.frame_set(frame)
        pictures.append(contact_sheet.over_grey(contact_sheet.render_pixels(scene)))
    return np.stack(pictures)


def assemble(rows: dict[str, Pictures]) -> Pictures:
    """(height, width, 3): a row a rig, its name before it."""
    height_px, width_px = next(iter(rows.values())).shape[1:3]
    labels = contact_sheet.render_labels(list(rows), width_px, LABEL_HEIGHT_PX)
    strips = []
    for label, pictures in zip(labels, rows.values(), strict=True):
        heading = np.full((height_px, width_px, 3), contact_sheet.BACKGROUND_GREY, np.float32)
        top = (height_px - LABEL_HEIGHT_PX) // 2
        heading[top : top + LABEL_HEIGHT_PX] += label[..., None] * (
            contact_sheet.LABEL_GREY - contact_sheet.BACKGROUND_GREY
        )
        strips.append(np.concatenate([heading, *pictures], axis=1))
    return np.concatenate(strips, axis=0)


def run(names: list[str], audio: Path, output: Path | None, tile_px: int) -> None:
    """Print the table of the rigs and, with an output, write the picture."""
    reference = speak(DEFAULT_HEAD, audio)
    frames = telling_frames(reference.mouth, N_PICTURES)
    rows = {DEFAULT_HEAD: render_frames(frames, tile_px)} if output else {}
    print(TABLE_HEAD)
    for name in names:
        try:
            spoken = speak(name, audio)
        except ValueError as error:
            print(f"| {str(error).strip()} |", flush=True)
            continue
        print(table_row(name, spoken, reference.mouth), flush=True)
        if output:
            rows[name] = render_frames(frames, tile_px)
    if output:
        contact_sheet.save_png(assemble(rows), output)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.sentence_sheet", description=__doc__.split("\n")[0])
    parser.add_argument("--rig", nargs="+", default=list(RIGS), metavar="NAME", help=f"of {', '.join(RIGS)}")
    parser.add_argument("--audio", type=Path, default=DEFAULT_AUDIO, help="the recording that they say")
    parser.add_argument("--table", action="store_true", help="figures only, no picture")
    parser.add_argument("--output", type=Path, default=Path("out/sentence_on_rigs.png"), help="PNG to write")
    parser.add_argument("--tile_px", type=int, default=104, help="width of one picture in pixels")
    options = parser.parse_args(arguments)
    try:
        with enabled_addon():
            run(options.rig, options.audio, None if options.table else options.output, options.tile_px)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
