"""The zip in a real Blender application: installed, run in the background, and its panel photographed.

Needs a folder with a Debian that has Blender, named by VOXKEY_BLENDER_ROOT: `make test-blender` makes one.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.blender.scenes import TINY_MODEL, write_bursts, write_wav
from tools import build_extension
from tools.real_blender import run_in_root

ROOT = os.environ.get("VOXKEY_BLENDER_ROOT")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ROOT, reason="no real Blender: VOXKEY_BLENDER_ROOT is not set (make test-blender sets it)"),
]

HERE = Path(__file__).parent
NAMES = "ready disabled rig preview links menu unknown bare view3d running sequencer"
"""Pictures in the order in which drive_panel.py asks for them."""
PICTURES = Path("out/ui")
INSIDE = "/voxkey-test"
DISPLAY = ":87"


class RealBlender:
    """The application in its folder, with Voxkey installed from the zip."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / INSIDE.lstrip("/")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        archive = build_extension.build("linux-x64", Path("dist"))
        for path in (archive, TINY_MODEL, HERE / "make_scene.py", HERE / "drive_panel.py"):
            shutil.copy(path, self.folder)
        write_bursts(self.folder / "speech.wav", 2.0, [0.5, 1.5])
        self.run("-b", "--command", "extension", "install-file", "--repo", "user_default", "--enable", archive.name)
        self.run("-b", "-P", "make_scene.py", "--", f"{INSIDE}/speech.wav", f"{INSIDE}/scene.blend")

    def run(self, *arguments: str) -> str:
        """Output of `blender ...`; ValueError when it exits with anything but 0."""
        return run_in_root(self.root, "env", "-C", INSIDE, "blender", *arguments, **self.variables)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "HOME": INSIDE,
            "PWD": INSIDE,  # Blender asks it for the folder it is in
            "BLENDER_USER_RESOURCES": f"{INSIDE}/user",
            "VOXKEY_FOLDER": INSIDE,
            "VOXKEY_MODEL": f"{INSIDE}/{TINY_MODEL.name}",
            "DISPLAY": DISPLAY,
        }

    @property
    def command_line(self) -> str:
        """Path of the installed cli.py inside the folder."""
        [path] = self.folder.glob("user/extensions/user_default/voxkey/cli.py")
        return f"{INSIDE}/{path.relative_to(self.folder)}"

    def curves(self, blend: str) -> Any:
        """Keys of the jaw in a .blend, read by this Blender."""
        code = (
            "import bpy, json\n"
            "import bl_ext.user_default.voxkey.keyframes as keyframes\n"
            "take = bpy.data.actions['Voxkey speech']\n"
            "print('KEYS' + json.dumps({c.data_path: [list(p.co) for p in c.keyframe_points]"
            " for c in keyframes.fcurves(take)}))\n"
        )
        printed = self.run("-b", blend, "--python-exit-code", "1", "--python-expr", code)
        return json.loads(next(line for line in printed.splitlines() if line.startswith("KEYS"))[4:])


@pytest.fixture(scope="module")
def blender() -> RealBlender:
    assert ROOT
    return RealBlender(Path(ROOT))


def options(output: str) -> list[str]:
    return ["generate", "--object", "Head", "--output", output, "--model", TINY_MODEL.name, "--json"]


def json_line(printed: str) -> Any:
    return json.loads(next(line for line in printed.splitlines() if line.startswith("{")))


def test_script_and_registered_command_write_the_same_keys(blender: RealBlender) -> None:
    start = ["-b", "scene.blend", "--python-exit-code", "1", "-P", blender.command_line, "--"]
    by_script = json_line(blender.run(*start, *options("script.blend"), "--render", "script.mp4"))
    by_command = json_line(blender.run("-b", "scene.blend", "-c", "voxkey", *options("command.blend")))
    assert by_script["ok"] and by_command["ok"]
    assert by_script["matched"] == by_command["matched"]
    assert "jawOpen" in by_script["matched"]
    keys = blender.curves("script.blend")
    assert keys == blender.curves("command.blend")
    jaw = np.array(keys['key_blocks["jawOpen"].value'])
    assert set(jaw[jaw[:, 1] > 0.25][:, 0]) == {13.0, 37.0}
    assert (blender.folder / "script.mp4").stat().st_size > 1000


def test_failure_is_exit_code_1_and_one_sentence(blender: RealBlender) -> None:
    start = ["-b", "scene.blend", "--python-exit-code", "1", "-P", blender.command_line, "--"]
    for command in (start, ["-b", "scene.blend", "-c", "voxkey"]):
        with pytest.raises(
            ValueError, match=r"failed with 1:(?s:.)*voxkey: There is no object Nobody; choose --object"
        ):
            blender.run(*command, *options("none.blend"), "--object", "Nobody")
    assert not (blender.folder / "none.blend").exists()


@pytest.fixture
def interface(blender: RealBlender) -> Iterator[subprocess.Popen[bytes]]:
    """Blender's window under Xvfb, driven by drive_panel.py."""
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (600 * 48_000, 1))
    write_wav(blender.folder / "long.wav", noise)
    chroot = ["chroot", str(blender.root), "env", "-C", INSIDE]
    chroot += [f"{name}={value}" for name, value in blender.variables.items()]
    screen = subprocess.Popen([*chroot, "Xvfb", DISPLAY, "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
    time.sleep(1.5)
    log = (blender.folder / "interface.log").open("wb")
    window = ["--window-geometry", "0", "0", "1600", "1000", "--enable-event-simulate"]
    program = subprocess.Popen(
        [*chroot, "blender", *window, "scene.blend", "-P", "drive_panel.py"], stdout=log, stderr=log
    )
    yield program
    for process in (program, screen):
        process.terminate()
        process.wait(10)
    log.close()


def take_picture(blender: RealBlender, name: str) -> float:
    """Save a screenshot under PICTURES; its mean brightness in [0, 1]."""
    variables = blender.variables
    run_in_root(blender.root, "import", "-window", "root", f"{INSIDE}/{name}.png", **variables)
    printed = run_in_root(blender.root, "convert", f"{INSIDE}/{name}.png", "-format", "%[fx:mean]", "info:")
    PICTURES.mkdir(parents=True, exist_ok=True)
    shutil.copy(blender.folder / f"{name}.png", PICTURES / f"{Path(blender.root).name}-{name}.png")
    return float(printed)


def test_panel_in_both_editors(blender: RealBlender, interface: subprocess.Popen[bytes]) -> None:
    for name in NAMES.split():
        deadline = time.monotonic() + 180
        while not (blender.folder / f"{name}.ready").exists():
            assert interface.poll() is None, (blender.folder / "interface.log").read_text()
            assert time.monotonic() < deadline, (blender.folder / "interface.log").read_text()
            time.sleep(0.1)
        assert take_picture(blender, name) > 0.05
        (blender.folder / f"{name}.done").touch()
    assert interface.wait(30) == 0, (blender.folder / "interface.log").read_text()
    facts = json.loads((blender.folder / "facts.json").read_text())
    assert facts["category_VIEW_3D"] == facts["category_SEQUENCE_EDITOR"] == "Voxkey"
    assert facts["pressed"] == ["RUNNING_MODAL"]
    assert facts["actions"] == facts["actions_after_redo"] == ["Voxkey rest", "Voxkey speech"]
    assert facts["actions_after_undo"] == []
    assert facts["preview"] == ["RUNNING_MODAL"]
    assert facts["jaw_full"] == 1 and facts["jaw_moved"] == pytest.approx(0.7, abs=0.02)
    assert facts["jaw_after"] == 0 and not facts["still_previewing"]
    assert facts["links_after_undo"] == 0
    assert sorted(facts["draw_seconds"])[len(facts["draw_seconds"]) // 2] < 0.002
    assert facts["was_running"] and facts["cancel_seconds"] < 0.5
    assert facts["actions_of_cancelled"] == 0
