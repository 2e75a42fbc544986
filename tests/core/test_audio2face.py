"""Audio2Face's JSON and CSV: round trips, its first versions' names, bad files in one sentence."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blender_addon.core.audio2face import FACS_NAMES, is_audio2face, read_audio2face, write_csv, write_json
from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.life import HEAD_CHANNELS
from blender_addon.core.livelink import write_livelink


def performance(fps: float = 60.0) -> Curves:
    values = np.random.default_rng(0).uniform(0, 1, (90, len(BLENDSHAPE_CHANNELS))).astype(np.float32)
    return Curves(values, BLENDSHAPE_CHANNELS, fps)


def content(**changes: Any) -> dict[str, Any]:
    whole = {"exportFps": 30, "facsNames": ["jawOpen", "tongueOut"], "weightMat": [[0.5, 0], [0.25, 0]]}
    return {**whole, "numPoses": 2, "numFrames": 2, **changes}


def write_content(path: Path, value: dict[str, Any]) -> Path:
    path.write_text(json.dumps(value))
    return path


def same(read: Curves, written: Curves) -> None:
    assert read.fps == pytest.approx(written.fps, rel=1e-6)
    assert set(read.channels) == set(written.channels)
    order = [read.channels.index(channel) for channel in written.channels]
    np.testing.assert_allclose(read.values[:, order], written.values, atol=1e-6)


@pytest.mark.parametrize("fps", [24.0, 30 / 1.001, 60.0])
def test_json_out_and_in_again_is_the_same(tmp_path: Path, fps: float) -> None:
    write_json(tmp_path / "a.json", performance(fps), "line.wav")
    same(read_audio2face(tmp_path / "a.json"), performance(fps))
    written = json.loads((tmp_path / "a.json").read_text())
    assert (written["numPoses"], written["numFrames"], written["trackPath"]) == (52, 90, "line.wav")
    assert written["facsNames"][0] == "eyeBlinkLeft"
    assert [row[written["facsNames"].index("tongueOut")] for row in written["weightMat"]] == [0.0] * 90


@pytest.mark.parametrize("fps", [24.0, 30 / 1.001, 60.0])
def test_csv_out_and_in_again_is_the_same(tmp_path: Path, fps: float) -> None:
    write_csv(tmp_path / "a.csv", performance(fps))
    same(read_audio2face(tmp_path / "a.csv"), performance(fps))
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0].startswith(",timeCode,blendShapes.EyeBlinkLeft,")
    assert lines[1].startswith("0,0.000000000,0.")


def test_files_tell_which_they_are(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", performance(), "")
    write_csv(tmp_path / "a.csv", performance())
    write_livelink(tmp_path / "l.csv", performance(), Curves(np.zeros((1, 3), np.float32), HEAD_CHANNELS, 60.0))
    assert [is_audio2face(tmp_path / name) for name in ("a.json", "a.csv", "l.csv")] == [True, True, False]


def test_times_of_a_csv_need_not_be_even(tmp_path: Path) -> None:
    times = [0, 0.034, 0.066, 0.167, 0.2]
    rows = [f"{i},{time},{time}" for i, time in enumerate(times)]
    (tmp_path / "a.csv").write_text("\n".join([",timeCode,blendShapes.JawOpen", *rows]))
    curves = read_audio2face(tmp_path / "a.csv")
    assert len(curves.values) == 7
    np.testing.assert_allclose(curves.column("jawOpen"), np.arange(7) / curves.fps, atol=0.002)


def test_names_of_the_first_versions_move_our_channels(tmp_path: Path) -> None:
    names = ["jawDrop", "jawDropLipTowards", "eyesLookLeft", "cheekPuffL", "cheekPuffR"]
    write_content(tmp_path / "a.json", content(facsNames=names, weightMat=[[0.1, 0.2, 0.3, 0.4, 0.5]]))
    curves = read_audio2face(tmp_path / "a.json")
    moved = dict(zip(curves.channels, curves.values[0].tolist(), strict=True))
    expected = {"jawOpen": 0.2, "mouthClose": 0.2, "eyeLookOutLeft": 0.3, "eyeLookInRight": 0.3, "cheekPuff": 0.5}
    assert moved == pytest.approx(expected)


def test_all_names_of_the_first_versions_lead_to_channels() -> None:
    assert len(FACS_NAMES) == 46
    reached = {channel for channels in FACS_NAMES.values() for channel in channels}
    assert reached <= set(BLENDSHAPE_CHANNELS)
    assert set(BLENDSHAPE_CHANNELS) - reached == {"mouthShrugUpper"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ('{"exportFps": 30', "no whole JSON file"),
        ("{}", "has no facsNames"),
        (json.dumps(content(exportFps=0)), "which is no frame rate"),
        (json.dumps(content(exportFps="fast")), "which is no frame rate"),
        (json.dumps(content(facsNames=["a", "b"])), "None of the 2 facsNames"),
        (json.dumps(content(weightMat=[[1]])), "not rows of 2 numbers"),
        (json.dumps(content(weightMat=[[1, 2], [1]])), "not rows of 2 numbers"),
        (json.dumps(content(weightMat=[])), "not rows of 2 numbers"),
        (json.dumps(content(weightMat=[[0, 0], [0, float("nan")]])), "Row 2 of the weightMat"),
        (",timeCode,blendShapes.Smile\n0,0,1\n", "no column blendShapes.JawOpen"),
        (",blendShapes.JawOpen\n0,1\n", "no column timeCode"),
        (",timeCode,blendShapes.JawOpen\n0,0,1\n1,0.1,inf\n", "row 3, blendShapes.JawOpen: .inf. is no number"),
        (",timeCode,blendShapes.JawOpen\n0,0,1\n", "a single moment"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "a").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        read_audio2face(tmp_path / "a")
