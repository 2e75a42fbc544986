"""`voxkey reference-render` as a real program: generated, saved, then painted in another process."""

import json
import subprocess
import sys
from pathlib import Path

import bpy
import pytest

from blender_addon.output import is_whole_film
from tests.blender.scenes import TINY_MODEL, write_bursts

ROOT = Path(__file__).parent.parent.parent
HEAD = ROOT / "rigs" / "default_head.blend"
PAINTER, LISTENER = (TINY_MODEL.with_name(name) for name in ("tiny_painter.onnx", "tiny_landmarks.onnx"))


def voxkey(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from blender_addon.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .blend whose head has a take of half a second."""
    folder = tmp_path_factory.mktemp("spoken")
    audio = write_bursts(folder / "line.wav", 0.5, [0.25])
    blend = folder / "spoken.blend"
    done = voxkey("generate", "--scene", HEAD, "--audio", audio, "--model", TINY_MODEL, "--output", blend)
    assert done.returncode == 0, done.stderr
    return blend


def test_a_saved_take_is_painted_and_filmed(spoken: Path, tmp_path: Path) -> None:
    done = voxkey("reference-render", "--scene", spoken, "--look", PAINTER, "--output", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["ok"], result["n_frames"], result["start_frame"]) == (True, 12, 1)
    film = Path(result["film"])
    assert film == tmp_path / "out" / "line_wav" / "line_wav.mp4" and is_whole_film(film)
    assert len(list(film.parent.glob("*.png"))) == 12


def test_the_sound_alone_is_painted_with_a_model_that_hears_landmarks(spoken: Path, tmp_path: Path) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(spoken))
    bpy.data.objects.remove(bpy.data.objects["Head"])
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "faceless.blend"))
    looks = ("--look", PAINTER, "--output", tmp_path)
    done = voxkey("reference-render", "--scene", tmp_path / "faceless.blend", *looks, "--landmarks", LISTENER)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "line_wav").glob("*.png"))) == 12


def test_the_face_in_a_picture_is_painted_by_the_models_that_ship(spoken: Path, tmp_path: Path) -> None:
    picture = HEAD.parent / "images" / "default_head.jpg"
    done = voxkey("reference-render", "--scene", spoken, "--images", picture, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "line_wav").glob("*.png"))) == 12
    done = voxkey("reference-render", "--scene", spoken, "--output", tmp_path / "other")
    assert "Name either --look, the model file of a trained character, or --images, pictures of a face" in done.stderr


def test_what_can_not_be_painted_is_one_sentence_and_nothing_on_disk(spoken: Path, tmp_path: Path) -> None:
    looks = ("--look", PAINTER, "--output", tmp_path / "out")
    done = voxkey("reference-render", "--scene", HEAD, *looks)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        "voxkey: The scene has no sound strip; add one in the Sequencer, or choose another"
    )
    done = voxkey("reference-render", "--scene", spoken, "--look", TINY_MODEL, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert "is a model of kind audio_to_blendshapes; choose one of kind landmarks_to_image" in done.stderr
    assert not list(tmp_path.glob("out/*"))
