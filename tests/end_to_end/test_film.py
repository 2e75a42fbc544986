"""The film of several recordings on several heads."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from rigs.contact_sheet import render_pixels, use_workbench_and_png
from tests.blender.scenes import TINY_MODEL, write_bursts
from tests.end_to_end.test_command_line import movie_facts
from tools import film

PX = 128
SETTINGS = film.Settings(head_px=PX, fps=25, longest_seconds=0.8)
PANEL_PX = SETTINGS.panel_px
LABEL = np.s_[PX : PX + PANEL_PX // 4, PX // 2 : -PX // 2]
"""Where the label is, and the playhead is not at first."""


@pytest.fixture
def head(scene: Any, tmp_path: Path) -> Path:
    """A saved scene in which a white wall goes behind the camera while the mouth is open."""
    mesh = bpy.data.meshes.new("Head")
    mesh.from_pydata([(-9, -9, 0), (9, -9, 0), (9, 9, 0), (-9, 9, 0)], [], [(0, 1, 2, 3)])
    face = bpy.data.objects.new("Head", mesh)
    face.shape_key_add(name="Basis")
    opening: Any = face.shape_key_add(name="jawOpen", from_mix=False)
    for point in opening.data:
        point.co.z = 20.0
    opening.value = 0.0  # Blender 5.0 starts at 1
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location.z = 1.0
    for item in (face, camera):
        scene.collection.objects.link(item)
    scene.camera = camera
    scene.view_settings.view_transform = "Standard"
    scene.display.shading.light, scene.display.shading.color_type = "FLAT", "SINGLE"
    scene.display.shading.single_color = (1, 1, 1)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    return tmp_path / "head.blend"


def frames_of(path: Path, frames: list[int]) -> NDArray[np.float32]:
    """Pictures (N, H, W, 3) in [0, 1] of a film."""
    bpy.ops.wm.read_homefile(use_empty=True)
    scene: Any = bpy.context.scene
    strip = scene.sequence_editor_create().strips.new_movie("film", str(path), 1, 1)
    size = strip.elements[0]
    scene.render.resolution_x, scene.render.resolution_y = size.orig_width, size.orig_height
    scene.view_settings.view_transform = "Standard"
    use_workbench_and_png(scene)
    pictures = []
    for frame in frames:
        scene.frame_set(frame)
        pictures.append(render_pixels(scene)[..., :3])
    return np.stack(pictures)


def test_heads_speak_beside_each_other_over_the_waveform(head: Path, tmp_path: Path) -> None:
    first = write_bursts(tmp_path / "first_one.wav", 0.6, [0.3])
    second = write_bursts(tmp_path / "second.wav", 2.0, [0.5])
    output = tmp_path / "film.mp4"
    film.make_film([first, second], [head, head], output, SETTINGS, TINY_MODEL)
    assert movie_facts(output) == {
        "size": (2 * PX, PX + PANEL_PX),
        "n_frames": 15 + 20,  # the second recording is cut off
        "first_sound_seconds": pytest.approx(0.29, abs=0.02),
        "last": pytest.approx(0.6 + 0.51, abs=0.02),
    }
    quiet, loud, late, next_quiet, next_loud = frames_of(output, [2, 8, 14, 18, 15 + 13])
    for head_columns in (slice(8, PX - 8), slice(PX + 8, 2 * PX - 8)):
        mouth = [float(picture[8 : PX - 8, head_columns].mean()) for picture in (quiet, loud, late, next_loud)]
        assert mouth[0] > 0.8 and mouth[2] > 0.8 and mouth[1] < 0.5 and mouth[3] < 0.5
    playhead = [playhead_column(picture) for picture in (quiet, loud, late, next_quiet)]
    assert playhead == pytest.approx([2 * PX * x for x in (1 / 15, 7 / 15, 13 / 15, 2 / 20)], abs=3)
    assert quiet[LABEL].max() > 0.4  # the label is bright
    assert np.abs(quiet[LABEL] - next_quiet[LABEL]).max() > 0.3  # and another one later


def playhead_column(picture: NDArray[np.float32]) -> int:
    """Where the orange line stands."""
    panel = picture[PX:]
    return int(np.argmax((panel[..., 0] - panel[..., 2]).mean(axis=0)))


def test_waveform_fills_its_height_and_silence_is_a_line() -> None:
    silence = film.waveform_ink(np.zeros(50, np.float32), 10, 9)
    assert silence.shape == (9, 10)
    assert (silence[4] == 1).all() and (silence[[0, 1, 7, 8]] == 0).all()
    step = np.where(np.arange(100) < 50, 0.0, 0.25).astype(np.float32)
    ink = film.waveform_ink(np.where(np.arange(100) % 2, step, -step).astype(np.float32), 10, 9)
    assert (ink[:, 5:] == 1).all() and (ink[[0, 8], :5] == 0).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.wav"], "There is no audio file none.wav"),
        (["speech.wav", "--head", "none.blend"], "There is no head none.blend"),
        (["speech.wav", "--facekit", "none.npz"], "none.npz"),
    ],
)
def test_what_is_missing_is_a_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_bursts(tmp_path / "speech.wav", 0.2, [0.1])
    assert film.main([*arguments, "--output", str(tmp_path / "film.mp4"), "--head_px", "32"]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "film.mp4").exists()
