"""`voxkey generate` as a real program: what it writes, what it prints, and how it fails."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import audio_io, cli, take_actions
from tests.blender.scenes import (
    TINY_MODEL,
    add_strip,
    jaw_heights,
    key_frames,
    make_head,
    write_bursts,
    write_nan_wav,
    write_wav,
)

ROOT = Path(__file__).parent.parent.parent
VOXKEY = [sys.executable, "-c", "from blender_addon.cli import main; main()", "generate"]


def voxkey(*arguments: object, limit_file_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the console script; with a limit, writing more than that many bytes fails as on a full disk."""

    def limit() -> None:
        if limit_file_bytes:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit_file_bytes, limit_file_bytes))

    command = [*VOXKEY, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, preexec_fn=limit)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    return write_bursts(tmp_path / "speech.wav", 1.5, [0.5, 1.0])


@pytest.fixture
def scene_file(scene: Any, tmp_path: Path) -> Path:
    """A saved scene at 25 fps with a head and a camera, and no sound yet."""
    make_head(scene)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location.z = 30
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.fps = 25
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_x, scene.render.resolution_y = 65, 47
    path = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def movie_facts(path: Path) -> dict[str, Any]:
    """Size, frames and bursts of sound of a film, as Blender reads it."""
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    strips = scene.sequence_editor_create().strips
    movie = strips.new_movie("film", str(path), 1, 1)
    strip = strips.new_sound("sound", str(path), 2, 1)
    heard = audio_io.read_source(scene, strip)
    loud = np.flatnonzero(np.abs(heard.waveform) > 0.2) / heard.sample_rate_hz
    size = (movie.elements[0].orig_width, movie.elements[0].orig_height)
    return {"size": size, "n_frames": movie.frame_duration, "first_sound_seconds": loud[0], "last": loud[-1]}


def test_scene_and_film_are_written(scene_file: Path, audio: Path, tmp_path: Path) -> None:
    output, film = tmp_path / "out.blend", tmp_path / "out.mp4"
    done = voxkey(
        *("--scene", scene_file, "--audio", audio, "--object", "Head", "--frame-start", 5, "--model", TINY_MODEL),
        *("--output", output, "--render", film, "--json", "--blinks", 0),
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["ok"] and facts["output"] == str(output) and facts["render"] == str(film)
    assert (facts["take"], facts["n_frames"], facts["fps"]) == ("Voxkey speech.wav", 38, 25.0)
    assert (len(facts["matched"]), facts["unmatched_channels"], facts["device"]) == (51, [], "CPU")
    assert "rendered 1/38 frames" in done.stderr and "rendered 38/38 frames" in done.stderr
    assert movie_facts(film) == {
        "size": (64, 46),
        "n_frames": 38,
        "first_sound_seconds": pytest.approx(0.49, abs=0.01),
        "last": pytest.approx(1.01, abs=0.01),
    }
    assert {path.name for path in tmp_path.iterdir()} == {"scene.blend", "speech.wav", "out.blend", "out.mp4"}
    audio.unlink()  # out.blend plays without it
    bpy.ops.wm.open_mainfile(filepath=str(output))
    scene = bpy.context.scene
    assert (scene.frame_start, scene.frame_end) == (5, 42)
    assert (scene.render.resolution_x, scene.render.image_settings.file_format) == (65, "PNG")
    assert len(audio_io.read_source(scene, audio_io.sound_strips(scene)[0]).waveform) == round(38 / 25 * 48_000)
    jaw = jaw_heights(scene, scene.objects["Head"], range(1, 50))
    loud = set(np.flatnonzero(jaw > 0.2) + 1)
    assert loud and all(min(abs(frame - 5 - t * 25) for t in (0.5, 1.0)) <= 1.5 for frame in loud)


def test_a_transcript_says_which_phones_are_heard(scene_file: Path, tmp_path: Path) -> None:
    text, output = tmp_path / "line.txt", tmp_path / "out.blend"
    speech = ROOT / "tools" / "demo_speech.wav"
    command = ["--scene", scene_file, "--audio", speech, "--output", output, "--transcript", text, "--json"]
    text.write_text("Hello! I am Voxkey. Press one button, and my lips move with every word. Pop, bubble, movie.")
    found = json.loads(voxkey(*command).stdout)
    assert found["transcript"]["language"] == "en"
    assert found["transcript"]["agreement"] > 0.5
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert text.read_text() in bpy.data.actions[found["take"]][take_actions.PHONE_EDITS]
    output.unlink()
    text.write_text("Siebzehn Gänse schnattern heute")
    refused = voxkey(*command)
    assert refused.returncode == 1
    assert "check the text and its language" in refused.stderr
    assert not output.exists()


def test_curves_are_those_of_the_button_to_the_last_bit(
    extension: Any, scene: Any, audio: Path, tmp_path: Path
) -> None:
    scene.render.fps, scene.render.fps_base = 30, 1.001
    make_head(scene)
    strip = add_strip(scene, audio, 7)
    strip.frame_offset_start = 3
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(TINY_MODEL)
    scene.voxkey.strength, scene.voxkey.lip_open_offset, scene.voxkey.seed = 0.8, -0.02, 2
    scene.voxkey.head, scene.voxkey.head_motion, scene.voxkey.gaze = scene.objects["Head"], 1.5, 0.7
    scene.voxkey.emotion, scene.voxkey.emotion_strength, scene.voxkey.happy = "SURPRISED", 0.7, 0.2
    scene.voxkey.blinks_seed = 3
    bpy.ops.voxkey.generate()
    takes = ("Voxkey speech.wav", "Voxkey speech.wav head")
    by_button = {
        take: {path: keys.copy() for path, keys in key_frames(bpy.data.actions[take]).items()} for take in takes
    }
    done = voxkey(
        *("--scene", tmp_path / "scene.blend", "--strip", "speech.wav", "--output", tmp_path / "out.blend"),
        *("--model", TINY_MODEL, "--strength", 0.8, "--lip-open-offset", -0.02, "--seed", 2),
        *("--head", "Head", "--head-motion", 1.5, "--gaze", 0.7),
        *("--emotion", "surprised", "--emotion-strength", 0.7, "--happy", 0.2, "--blinks-seed", 3),
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    for take in takes:
        by_command = key_frames(bpy.data.actions[take])
        assert by_command.keys() == by_button[take].keys()
        for path, keys in by_command.items():
            np.testing.assert_array_equal(keys, by_button[take][path])


def run_in_this_process(capfd: Any, *arguments: object) -> tuple[int, str, str]:
    """Exit code, stdout and stderr; a process of its own would take seconds for each case."""
    capfd.readouterr()
    code = cli.run(["generate", *map(str, arguments)])
    printed = capfd.readouterr()
    return code, printed.out, printed.err


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.unlink(), "There is no audio file"),
        (lambda path: path.write_bytes(b"RIFF0000WAVEfmt "), "speech.wav is damaged"),
        (lambda path: path.write_text("hello"), "speech.wav can't be decoded"),
        (lambda path: write_wav(path, np.zeros((48_000, 1))), "The audio is silent"),
        (write_nan_wav, "samples that are not numbers"),
    ],
)
def test_bad_sound_gives_one_sentence_and_no_file(
    scene_file: Path, audio: Path, capfd: Any, make: Callable[[Path], Any], sentence: str
) -> None:
    make(audio)
    output = scene_file.parent / "out.blend"
    options = ("--scene", scene_file, "--audio", audio, "--output", output, "--model", TINY_MODEL, "--json")
    code, out, err = run_in_this_process(capfd, *options)
    facts = json.loads(out.splitlines()[-1])
    assert code == 1 and facts["ok"] is False and sentence in facts["error"]
    assert f"voxkey: {facts['error']}" in err
    assert not output.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--scene", "nowhere.blend"), "There is no scene nowhere.blend; check the path"),
        (("--scene", TINY_MODEL), "can't be opened"),
        (("--object", "Nobody"), "There is no object Nobody; choose --object from Head"),
        (("--object", "Camera"), "Camera is no mesh; choose the mesh of the face"),
        (("--model", "nowhere.onnx"), "There is no model file nowhere.onnx"),
        (("--model", __file__), "is damaged or no model file"),
        (("--device", "NPU"), "NPU is not available here; choose Auto or one of"),
        (("--strip", "gone.wav"), "There is no sound strip or Speaker gone.wav"),
        (("--output", "nowhere/out.blend"), "There is no folder nowhere to write out.blend into"),
        (("--output", "out.txt"), "out.txt must end in .blend"),
        (("--render", "out.avi"), "out.avi must end in .mp4"),
        (("--strength", "3"), "3 is not in 0 to 2"),
        (("--lower-face-smoothing", "x"), "invalid"),
        (("--seed", "-1"), "-1 is not in 0 to"),
        (("--head", "Nobody"), "There is no object Nobody to turn; choose --head from the objects of the scene"),
    ],
)
def test_bad_options_give_one_sentence_and_no_file(
    scene_file: Path, audio: Path, capfd: Any, options: tuple[str, ...], sentence: str
) -> None:
    output = scene_file.parent / "out.blend"
    sound = () if "--strip" in options else ("--audio", audio)
    usual = ("--scene", scene_file, *sound, "--output", output, "--model", TINY_MODEL)
    code, out, err = run_in_this_process(capfd, *usual, *options)
    assert code == 1 and "{" not in out
    assert sentence in err
    assert not output.exists()


def test_film_without_a_camera_is_refused_before_anything_is_written(
    scene: Any, tmp_path: Path, audio: Path, capfd: Any
) -> None:
    make_head(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    outputs = tmp_path / "out.blend", tmp_path / "out.mp4"
    code, _, err = run_in_this_process(
        capfd,
        *("--scene", tmp_path / "scene.blend", "--audio", audio, "--model", TINY_MODEL),
        *("--output", outputs[0], "--render", outputs[1]),
    )
    assert code == 1 and "has no camera; add one to render" in err
    assert not any(path.exists() for path in outputs)


def test_full_disk_gives_one_sentence_and_leaves_the_earlier_file(scene_file: Path, audio: Path) -> None:
    output = scene_file.parent / "out.blend"
    output.write_text("the file of yesterday")
    options = ("--scene", scene_file, "--audio", audio, "--output", output, "--model", TINY_MODEL)
    done = voxkey(*options, limit_file_bytes=100_000)
    assert done.returncode == 1
    assert "voxkey:" in done.stderr and "can't be written" in done.stderr and "check the free space" in done.stderr
    assert output.read_text() == "the file of yesterday"
    assert {path.name for path in scene_file.parent.iterdir()} == {"scene.blend", "speech.wav", "out.blend"}


def test_a_film_cut_short_is_noticed(scene_file: Path, tmp_path: Path) -> None:
    """Blender itself says that all is well when the disk is full."""
    film = tmp_path / "film.mp4"
    program = f"""
import os, resource, sys
from pathlib import Path
import bpy
from blender_addon import output
bpy.ops.wm.open_mainfile(filepath={str(scene_file)!r})
bpy.context.scene.frame_end = 3
output.render_film(bpy.context.scene, Path({str(film)!r}), lambda done, total: None)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
try:
    output.render_film(bpy.context.scene, Path({str(tmp_path / "cut.mp4")!r}), lambda done, total: None)
except ValueError as error:
    print("REFUSED", error)
sys.stdout.flush()
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert "REFUSED" in done.stdout and "cut.mp4 can't be written; check the free space" in done.stdout, done.stderr
    assert film.stat().st_size > 1024
    assert {path.name for path in tmp_path.iterdir()} == {"scene.blend", "film.mp4"}


def test_a_scene_may_have_its_sound_already(scene: Any, tmp_path: Path, audio: Path, capfd: Any) -> None:
    make_head(scene)
    add_strip(scene, audio, 100)
    scene.frame_start, scene.frame_end = 90, 200
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    code, _, _ = run_in_this_process(
        capfd, "--scene", tmp_path / "scene.blend", "--output", tmp_path / "out.blend", "--model", TINY_MODEL
    )
    assert code == 0
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end) == (90, 200)
    assert take_actions.read_facts(bpy.data.actions["Voxkey speech.wav"])["start_frame"] == 100
