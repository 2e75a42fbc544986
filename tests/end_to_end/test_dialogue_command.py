"""`voxkey generate --speaker ...`: several characters in one run, with the curves of one by one."""

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import generation
from blender_addon.core.shaping import Shaping
from tests.blender.scenes import TINY_MODEL, key_frames, make_head, write_bursts

from .test_command_line import voxkey


@pytest.fixture
def scene_file(scene: Any, tmp_path: Path) -> Path:
    """Alice on channel 1, Bob on channel 2, and a strip whose file is damaged on channel 1."""
    make_head(scene, name="Alice")
    make_head(scene, name="Bob").location.x = 1000
    strips = scene.sequence_editor_create().strips
    for name, channel, start in (("one.wav", 1, 1), ("two.wav", 2, 49), ("broken.wav", 1, 97)):
        path = write_bursts(tmp_path / name, 1.5, [0.5, 1.0])
        strips.new_sound(name, str(path), channel, start)
    (tmp_path / "broken.wav").write_bytes(b"RIFF0000WAVEfmt ")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    return tmp_path / "scene.blend"


def test_speakers_get_the_curves_of_one_by_one(scene: Any, scene_file: Path, tmp_path: Path) -> None:
    one_by_one = {}
    for source, name in (("one.wav", "Alice"), ("two.wav", "Bob")):
        result = generation.generate(scene, scene.objects[name], source, Shaping(seed=3), TINY_MODEL)
        keys = key_frames(bpy.data.actions[result.take])
        one_by_one[result.take] = {path: curve.copy() for path, curve in keys.items()}
    done = voxkey(
        *("--scene", scene_file, "--speaker", "Channel 1=Alice", "--speaker", "2=Bob", "--seed", 3),
        *("--model", TINY_MODEL, "--output", tmp_path / "out.blend", "--json"),
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert [(line["object"], line["source"], line["moved"]) for line in facts["lines"]] == [
        ("Alice", "one.wav", True),
        ("Bob", "two.wav", True),
    ]
    assert facts["skipped"][0]["sound"] == "broken.wav"
    assert "voxkey: broken.wav is left out: broken.wav is damaged" in done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    for take, curves in one_by_one.items():
        now = key_frames(bpy.data.actions[take])
        assert list(now) == list(curves)
        for path, keys in curves.items():
            np.testing.assert_array_equal(now[path], keys)
    takes = [name for name in bpy.data.actions.keys() if "listening" in name]  # noqa: SIM118
    assert takes == ["Voxkey listening 1", "Voxkey listening 37"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--speaker", "Channel 1"], "Channel 1 does not say whose voice it is"),
        (["--speaker", "Channel 1=Carol"], "There is no object Carol; choose --object from Alice, Bob"),
        (["--speaker", "Channel 9=Bob"], "Nothing was generated: Channel 9 is left out"),
        (["--speaker", "1=Bob", "--object", "Alice"], "so leave --object, --head"),
    ],
)
def test_what_is_wrong_is_said(scene_file: Path, tmp_path: Path, options: list[str], sentence: str) -> None:
    done = voxkey("--scene", scene_file, *options, "--model", TINY_MODEL, "--output", tmp_path / "out.blend")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert not (tmp_path / "out.blend").exists()
