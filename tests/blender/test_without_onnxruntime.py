"""A Blender that can't load onnxruntime: a model with an .npz beside it works all the same, and the user is told."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import generation, take_actions
from blender_addon.core.model import IN_NUMPY
from blender_addon.core.shaping import Shaping

from .scenes import TINY_MODEL, add_strip, jaw_keys, make_head, write_bursts, written

ROOT = Path(__file__).parent.parent.parent
SMALL_VOICE = TINY_MODEL.with_name("small_voice.onnx")


@pytest.fixture
def operators(extension: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The extension's operators, without onnxruntime."""
    module = sys.modules[f"{extension.__name__}.operators"]
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "onnxruntime", None)
        forget(module)
        yield module
    forget(module)


def forget(operators: Any) -> None:
    """Let the extension look for onnxruntime and model files anew."""
    operators.preferences.runtime.cache_clear()
    operators.preferences.runs_in_numpy.cache_clear()


@pytest.fixture
def speech(scene: Any, tmp_path: Path) -> Any:
    """A scene with a strip, an active head and a copy of the small model."""
    make_head(scene)
    add_strip(scene, write_bursts(tmp_path / "a.wav", 2.0, [0.5, 1.5]), 11)
    for path in (SMALL_VOICE, SMALL_VOICE.with_suffix(".npz")):
        shutil.copy2(path, tmp_path)
    return scene


def choose(scene: Any, model: Path) -> None:
    scene.voxkey.model, scene.voxkey.model_path = "FILE", str(model)


def take() -> Any:
    return next(action for action in bpy.data.actions if "voxkey" in action)


def test_generate_writes_the_same_take_and_says_how(operators: Any, speech: Any, tmp_path: Path) -> None:
    choose(speech, tmp_path / SMALL_VOICE.name)
    assert operators.disabled_reason(bpy.context) is None
    assert operators.runtime_hint(bpy.context) == IN_NUMPY
    assert bpy.ops.voxkey.generate() == {"FINISHED"}
    facts = take_actions.read_facts(take())
    assert (facts["model"], facts["device"], facts["warnings"]) == ("small_voice.onnx", "CPU", [IN_NUMPY])
    in_numpy = jaw_keys(take()).copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(sys.modules, "onnxruntime")
        forget(operators)
        assert operators.runtime_hint(bpy.context) is None
        assert bpy.ops.voxkey.generate() == {"FINISHED"}
    assert take_actions.read_facts(take())["warnings"] == []
    assert np.ptp(in_numpy[1:-1, 1]) > 0.1
    np.testing.assert_allclose(jaw_keys(take()), in_numpy, atol=1e-4)


def test_shaping_anew_runs_no_model_and_so_warns_of_none(operators: Any, speech: Any, tmp_path: Path) -> None:
    choose(speech, tmp_path / SMALL_VOICE.name)
    bpy.ops.voxkey.generate()
    assert bpy.ops.voxkey.reshape_take() == {"FINISHED"}
    assert take_actions.read_facts(take())["warnings"] == []


def test_a_model_without_arrays_waits_for_onnxruntime(operators: Any, speech: Any) -> None:
    choose(speech, TINY_MODEL)
    assert operators.disabled_reason(bpy.context).startswith("onnxruntime can't be loaded")
    assert operators.runtime_hint(bpy.context) is None
    assert not bpy.ops.voxkey.generate.poll()


def test_damaged_arrays_are_one_sentence_and_nothing_is_written(operators: Any, speech: Any, tmp_path: Path) -> None:
    (tmp_path / "small_voice.npz").write_bytes(b"damaged")
    choose(speech, tmp_path / SMALL_VOICE.name)
    with pytest.raises(RuntimeError, match=r"small_voice\.npz is damaged or of another network"):
        bpy.ops.voxkey.generate()
    assert written() == (0, 0)


def test_phones_stay_with_the_take(speech: Any) -> None:
    generation.generate(speech, speech.objects["Head"], "a.wav", Shaping(), SMALL_VOICE, "CPU")
    prediction, phones = take_actions.read_prediction(take()), take_actions.read_phones(take())
    assert phones is not None
    assert len(phones.channels) == 29
    assert (phones.fps, len(phones.values)) == (prediction.fps, len(prediction.values)) == (50.0, 100)
    np.testing.assert_allclose(phones.values.sum(axis=1), 1, atol=0.01)
    assert len(set(phones.values.argmax(axis=1))) > 3
    generation.reshape(speech, speech.objects["Head"], "a.wav", Shaping(strength=0.5))
    np.testing.assert_array_equal(take_actions.read_phones(take()).values, phones.values)


def test_a_model_without_phones_leaves_none(speech: Any) -> None:
    generation.generate(speech, speech.objects["Head"], "a.wav", Shaping(), TINY_MODEL, "CPU")
    assert take_actions.read_phones(take()) is None


def test_the_command_line_works_without_onnxruntime(speech: Any, tmp_path: Path) -> None:
    scene_file, output = tmp_path / "scene.blend", tmp_path / "out.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(scene_file))
    program = "import sys; sys.modules['onnxruntime'] = None; from blender_addon.cli import main; main()"
    options = ["--scene", scene_file, "--strip", "a.wav", "--model", SMALL_VOICE, "--output", output, "--json"]
    command = [sys.executable, "-c", program, "generate", *map(str, options)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["ok"], result["device"], IN_NUMPY in result["warnings"]) == (True, "CPU", True)
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert np.ptp(jaw_keys(take())[1:-1, 1]) > 0.1
