"""Reference Render on the default head: what is painted, written and shown, and what is left when it is stopped.

The painter of the tests draws a white dot at every landmark; that of anybody on the mean colour of the pictures, in
which the finder of the tests takes what is bright for a face.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.frames import STEADY
from blender_addon.core.model import open_model
from blender_addon.core.png import write_png
from blender_addon.output import is_whole_film

from .interface import Context, Event, Layout, Pressed
from .scenes import NO_LIFE, TINY_MODEL, add_strip, write_bursts

HEAD = Path(__file__).parents[2] / "rigs" / "default_head.blend"
PAINTER = TINY_MODEL.with_name("tiny_painter.onnx")
LISTENER = TINY_MODEL.with_name("tiny_landmarks.onnx")
ANYBODY, FINDER = (TINY_MODEL.with_name(f"tiny_{name}.onnx") for name in ("anybody", "finder"))
START, N_FRAMES = 11, 12


@pytest.fixture
def line(extension: Any, tmp_path: Path) -> Any:
    """The default head with half a second of sound from frame 11 on, which is loud in its middle, and a take of it."""
    bpy.ops.wm.open_mainfile(filepath=str(HEAD))
    scene = bpy.context.scene
    for item in scene.objects:
        for modifier in item.modifiers:
            modifier.show_viewport = False  # a coarse head is faster
    add_strip(scene, write_bursts(tmp_path / "line.wav", 0.5, [0.25]), START)
    settings = scene.voxkey
    settings.target = scene.objects["Head"]
    settings.model, settings.model_path = "FILE", str(TINY_MODEL)
    for layer in NO_LIFE:
        setattr(settings, layer, 0.0)
    reference = scene.voxkey_reference
    reference.look, reference.look_path = "FILE", str(PAINTER)
    reference.folder = str(tmp_path / "reference")
    bpy.ops.voxkey.generate()
    return scene


@pytest.fixture
def module(extension: Any) -> Any:
    return sys.modules[f"{extension.__name__}.reference_render"]


def pixels(path: Path) -> NDArray[np.float32]:
    """(H, W, 3) of a picture, top row first."""
    image = bpy.data.images.load(str(path))
    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(height, width, -1)[::-1, :, :3]


def lowest_dot(path: Path) -> int:
    """Row of the lowest white pixel: the chin."""
    return int(np.flatnonzero((pixels(path) > 0.5).any(axis=(1, 2))).max())


def test_pictures_follow_the_take(line: Any, tmp_path: Path) -> None:
    line.frame_set(3)
    assert bpy.ops.voxkey.reference_render() == {"FINISHED"}
    assert line.frame_current == 3
    folder = tmp_path / "reference" / "line_wav"
    pictures = sorted(folder.glob("*.png"))
    assert len(pictures) == N_FRAMES
    chins = [lowest_dot(path) for path in pictures]
    assert chins[0] == chins[-1] == min(chins)
    assert int(np.argmax(chins)) in (5, 6, 7) and max(chins) > min(chins) + 4
    neutral = open_model(PAINTER, kind="landmarks_to_image").contract.neutral_landmarks
    assert neutral is not None
    first = pixels(pictures[0])
    for x, y in neutral[list(STEADY)] * 256:
        near = first[max(0, int(y) - 9) : int(y) + 9, max(0, int(x) - 9) : int(x) + 9]
        assert near.max() > 0.5  # another view of the same head: nose and eyes are nearly where the look has them


def test_the_film_has_every_picture_and_the_sound(line: Any, tmp_path: Path) -> None:
    bpy.ops.voxkey.reference_render()
    film = tmp_path / "reference" / "line_wav" / "line_wav.mp4"
    assert is_whole_film(film)
    scene = bpy.data.scenes.new("film")
    strips = scene.sequence_editor_create().strips
    movie = strips.new_movie("film", str(film), 1, 1)
    assert (movie.frame_duration, movie.elements[0].orig_width, movie.fps) == (N_FRAMES, 256, 24)
    sound = strips.new_sound("sound", str(film), 2, 1)
    assert sound.sound.channels != "INVALID"
    assert sorted(path.suffix for path in film.parent.iterdir()) == [".mp4", *[".png"] * N_FRAMES]


def test_it_is_shown_where_the_user_wants_it_and_again_in_the_same_place(line: Any) -> None:
    line.voxkey_reference.places = {"CAMERA", "SEQUENCER"}
    for _ in range(2):
        bpy.ops.voxkey.reference_render()
        (image,) = [image for image in bpy.data.images if image.name.startswith("Voxkey")]
        assert image.source == "SEQUENCE" and Path(image.filepath).name == "line_wav_00001.png"
        (background,) = line.camera.data.background_images
        assert background.image == image and line.camera.data.show_background_images
        assert (background.image_user.frame_start, background.image_user.frame_duration) == (START, N_FRAMES)
        (strip,) = [strip for strip in line.sequence_editor.strips if strip.type == "IMAGE"]
        assert (strip.frame_final_start, strip.frame_final_duration) == (START, N_FRAMES)
    assert [scene.name for scene in bpy.data.scenes] == [line.name]
    assert len(bpy.data.sounds) == 1


def test_one_undo_takes_it_out_of_the_scene(line: Any) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.voxkey.reference_render("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    assert not len(bpy.context.scene.camera.data.background_images)
    assert not [image for image in bpy.data.images if image.name.startswith("Voxkey")]


def test_without_a_take_another_model_hears_the_landmarks(
    line: Any, module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bpy.ops.voxkey.delete_take()
    found: dict[str, tuple[Path, ...]] = {module.LOOK: (), module.HEARING: ()}
    monkeypatch.setattr(module, "model_files", lambda _context, kind, takes_images=False: found[kind])
    assert "Generate a take first" in module.disabled_reason(bpy.context)
    found[module.HEARING] = (LISTENER,)
    bpy.ops.voxkey.reference_render()
    chins = [lowest_dot(path) for path in sorted((tmp_path / "reference" / "line_wav").glob("*.png"))]
    assert max(chins) > min(chins) + 4 and int(np.argmax(chins)) in (5, 6, 7)


def test_a_face_that_follows_the_sound_alone_blinks(module: Any) -> None:
    neutral = open_model(PAINTER, kind="landmarks_to_image").contract.neutral_landmarks
    assert neutral is not None
    moved = module.blinking(np.repeat(neutral[None], 20 * 25, axis=0), 25.0)
    opening = np.linalg.norm(moved[:, [37, 44]] - moved[:, [41, 46]], axis=2)
    shut = opening < 0.02 * opening.max()
    assert 3 <= (shut[1:].all(axis=1) > shut[:-1].all(axis=1)).sum() <= 12
    assert shut.mean() < 0.1
    still = np.setdiff1d(np.arange(68), [37, 38, 40, 41, 43, 44, 46, 47])
    assert np.array_equal(moved[:, still], np.repeat(neutral[None, still], 500, axis=0))


@pytest.fixture
def folder_of_pictures(line: Any, module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The look is somebody in a folder of two pictures: a disc, which is a face to the finder of the tests."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rows, columns = np.indices((120, 160))
    for name, middle in (("a", 80), ("b", 83)):
        picture = np.zeros((120, 160, 3), np.uint8)
        picture[np.hypot(columns - middle, rows - 60) < 30] = (250, 150, 200)
        write_png(folder / f"{name}.png", picture)
    (folder / "notes.txt").write_text("who this is")
    found = {module.LOOK: (ANYBODY,), module.FINDING: (FINDER,), module.HEARING: (LISTENER,)}
    monkeypatch.setattr(module, "model_files", lambda _context, kind, takes_images=False: found[kind])
    line.voxkey_reference.look, line.voxkey_reference.images_path = "IMAGES", str(folder)
    return folder


@pytest.mark.parametrize("with_take", [True, False])
def test_somebody_in_pictures_is_painted(
    line: Any, module: Any, folder_of_pictures: Path, tmp_path: Path, with_take: bool
) -> None:
    if not with_take:
        bpy.ops.voxkey.delete_take()
    assert module.disabled_reason(bpy.context) is None
    assert bpy.ops.voxkey.reference_render() == {"FINISHED"}
    assert not {"a.png", "b.png"} & set(bpy.data.images.keys())
    painted = sorted((tmp_path / "reference" / "line_wav").glob("*.png"))
    assert len(painted) == N_FRAMES
    corner = pixels(painted[0])[0, 0]
    assert corner[0] > corner[2] > corner[1] > 0.05  # the pictures' mean colour is behind the dots
    chins = [int(np.flatnonzero((pixels(path)[..., 1] > 0.8).any(axis=1)).max()) for path in painted]
    assert max(chins) > min(chins) + 2 and int(np.argmax(chins)) in (5, 6, 7)
    assert 190 < chins[0] < 240  # as far down as GRID's crops have a chin


def test_one_picture_is_enough(line: Any, folder_of_pictures: Path, tmp_path: Path) -> None:
    line.voxkey_reference.images_path = str(folder_of_pictures / "a.png")
    bpy.ops.voxkey.reference_render()
    assert len(list((tmp_path / "reference" / "line_wav").glob("*.png"))) == N_FRAMES


def test_pictures_without_a_face_are_a_sentence(line: Any, folder_of_pictures: Path, tmp_path: Path) -> None:
    black, settings = tmp_path / "black.png", line.voxkey_reference
    write_png(black, np.zeros((50, 50, 3), np.uint8))
    (tmp_path / "empty").mkdir()
    for path, sentence in (
        (black, r"No face was found in black\.png; choose a picture that shows one face from the front"),
        (tmp_path / "empty", "There are no pictures in .*empty; choose a picture, or another folder"),
        (tmp_path / "gone.png", r"There is no picture .*gone\.png; choose another"),
        (folder_of_pictures / "notes.txt", r"notes\.txt is no picture that Blender can open; choose another"),
    ):
        settings.images_path = str(path)
        n_images = len(bpy.data.images)
        with pytest.raises(RuntimeError, match=sentence):
            bpy.ops.voxkey.reference_render()
        assert len(bpy.data.images) == n_images
    assert not list((tmp_path / "reference").glob("*"))


def test_the_button_says_what_pictures_miss(
    line: Any, module: Any, folder_of_pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = Layout()
    module.draw(layout, Context())
    assert "images_path" in layout.drawn and "look_path" not in layout.drawn
    line.voxkey_reference.images_path = ""
    assert module.disabled_reason(bpy.context) == "Choose a picture of a face, or a folder of pictures"
    monkeypatch.setattr(module, "model_files", lambda _context, kind, takes_images=False: ())
    assert "the models that paint from pictures are missing" in module.disabled_reason(bpy.context)


def test_a_painter_of_anybody_is_no_trained_character(line: Any) -> None:
    line.voxkey_reference.look_path = str(ANYBODY)
    with pytest.raises(
        RuntimeError, match=r"tiny_anybody\.onnx paints whom pictures show; choose the look Reference Im"
    ):
        bpy.ops.voxkey.reference_render()


def test_pictures_are_read_as_srgb_levels(extension: Any, tmp_path: Path) -> None:
    read_pictures = sys.modules[f"{extension.__name__}.pictures"].read_pictures
    write_png(tmp_path / "levels.png", np.tile(np.array([10, 127, 250], np.uint8), (2600, 4, 1)))
    (picture,) = read_pictures(tmp_path / "levels.png")
    assert picture.name == "levels.png" and picture.pixels.shape == (866, 1, 3)
    assert np.all(picture.pixels == [10, 127, 250])
    linear = bpy.data.images.new("linear", 8, 4, alpha=True, float_buffer=True)
    linear.pixels.foreach_set(np.tile(np.array([0.2140, 0.0, 1.0, 1.0], np.float32), 32))
    scene = bpy.context.scene
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "PNG", "16"
    scene.view_settings.view_transform = "Standard"
    linear.save_render(str(tmp_path / "deep.png"), scene=scene)
    bpy.data.images.remove(linear)
    (picture,) = read_pictures(tmp_path / "deep.png")
    assert picture.pixels[0, 0] == pytest.approx([127, 0, 255], abs=1)
    half = bpy.data.images.new("half", 8, 4, alpha=True)
    half.pixels.foreach_set(np.tile(np.array([1.0, 1.0, 1.0, 0.0], np.float32), 32))
    half.filepath_raw, half.file_format = str(tmp_path / "clear.png"), "PNG"
    half.save()
    bpy.data.images.remove(half)
    (picture,) = read_pictures(tmp_path / "clear.png")
    assert picture.pixels[0, 0] == pytest.approx([127, 127, 127], abs=1)


def test_the_detector_that_ships_finds_the_default_head(module: Any, extension: Any) -> None:
    finding = module.preferences.model_files("", module.FINDING)[0]
    shown = module.look_at(HEAD.parent / "images" / "default_head.jpg", finding)
    (face,) = module._found(shown, "CPU")
    right_eye, left_eye, mouth = (
        face.landmarks[part].mean(axis=0) for part in (slice(36, 42), slice(42, 48), slice(48, 68))
    )
    height, width = shown.images[0].pixels.shape[:2]
    assert abs(right_eye[1] - left_eye[1]) < 0.05 and 0.15 < left_eye[0] - right_eye[0] < 0.5
    assert mouth[1] > left_eye[1] + 0.15 and abs(mouth[0] - (left_eye[0] + right_eye[0]) / 2) < 0.05
    assert np.all(face.landmarks_px > 0) and np.all(face.landmarks_px < [width, height])


def test_a_render_that_fails_leaves_the_one_before(line: Any, module: Any, tmp_path: Path) -> None:
    bpy.ops.voxkey.reference_render()
    folder = tmp_path / "reference"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    line.voxkey_reference.look_path = str(LISTENER)
    with pytest.raises(RuntimeError, match="is a model of kind audio_to_landmarks; choose one of kind landmarks_to_im"):
        bpy.ops.voxkey.reference_render()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    (tmp_path / "file").write_text("in the way")
    line.voxkey_reference.look_path = str(PAINTER)
    line.voxkey_reference.folder = str(tmp_path / "file")
    with pytest.raises(RuntimeError, match="can't be written; check the free space and the folder"):
        bpy.ops.voxkey.reference_render()


def test_the_button_says_what_is_missing(line: Any, module: Any) -> None:
    line.voxkey_reference.property_unset("look")
    assert line.voxkey_reference.look == "FILE"
    line.voxkey_reference.look_path = ""
    assert module.disabled_reason(bpy.context).startswith("Learn this character first")
    line.voxkey_reference.look_path, line.voxkey_reference.folder = str(PAINTER), "//here"
    assert module.disabled_reason(bpy.context) is None
    layout = Layout()
    module.draw(layout, Context())
    assert {"look", "look_path", "folder", "places", "voxkey.reference_render"} <= set(layout.drawn)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert module.disabled_reason(bpy.context) == "Add a sound strip with the speech"


@pytest.fixture
def pressed(line: Any, module: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Context]]:
    """The button, pressed in a window."""
    monkeypatch.setattr(module.operators, "in_background", lambda: False)
    button, context = Pressed(module.VOXKEY_OT_reference_render), Context()
    assert button.invoke(context, Event("LEFTMOUSE")) == {"RUNNING_MODAL"}
    yield button, context
    module.operators.cancel_job()
    module.operators._running = None


def ticks(button: Any, context: Any) -> set[str]:
    """Timer events until the operator ends."""
    end = time.monotonic() + 60
    state = {"PASS_THROUGH"}
    while state == {"PASS_THROUGH"} and time.monotonic() < end:
        state = button.modal(context, Event("TIMER"))
        time.sleep(0.01)
    return state


def test_in_a_window_it_works_beside_the_interface(line: Any, pressed: tuple[Any, Context], tmp_path: Path) -> None:
    button, context = pressed
    assert ticks(button, context) == {"FINISHED"}
    assert context.window_manager.n_timers == 0
    assert len(list((tmp_path / "reference" / "line_wav").glob("*.png"))) == N_FRAMES
    assert button.reports[-1].startswith("line_wav.mp4: 12 frames in ")


def ended(module: Any) -> bool:
    """Whether the running job's thread has come to its end in time."""
    end = time.monotonic() + 60
    while time.monotonic() < end and not module.operators.running_job().is_done:
        time.sleep(0.01)
    return bool(module.operators.running_job().is_done)


@pytest.mark.parametrize("is_painted", [False, True])
def test_esc_leaves_nothing(
    line: Any, module: Any, pressed: tuple[Any, Context], tmp_path: Path, is_painted: bool
) -> None:
    button, context = pressed
    frame, job = line.frame_current, module.operators.running_job()
    button.modal(context, Event("TIMER"))
    if is_painted:  # and only waits to be shown
        while not button._ready.is_set():
            button.modal(context, Event("TIMER"))
        assert ended(module)
    assert button.modal(context, Event("ESC")) == {"CANCELLED"}
    assert line.frame_current == frame
    end = time.monotonic() + 60
    while time.monotonic() < end and (not job.is_done or list((tmp_path / "reference").glob("*"))):
        time.sleep(0.01)  # until the thread has seen it
    assert not list((tmp_path / "reference").glob("*"))
    assert not [image for image in bpy.data.images if image.name.startswith("Voxkey")]


def test_a_face_that_is_deleted_meanwhile_ends_in_a_sentence(line: Any, pressed: tuple[Any, Context]) -> None:
    button, context = pressed
    bpy.data.objects.remove(line.objects["Head"])
    assert ticks(button, context) == {"CANCELLED"}
    assert button.reports == ["Head is gone, so nothing was written; start again"]
