"""The zip in a real Blender application: installed, run in the background, and its panel photographed.

Needs a folder with a Debian that has Blender, named by VOXKEY_BLENDER_ROOT: `make test-blender` makes one.
"""

import json
import os
import shutil
import subprocess
import time
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
DEMO_SPEECH = HERE.parents[1] / "tools" / "demo_speech.wav"
SCRIPTS = ("make_scene.py", "drive.py", "drive_panel.py", "drive_gallery.py", "dump.py", "drive_sessions.py")
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
        for path in (archive, TINY_MODEL, *(HERE / script for script in SCRIPTS)):
            shutil.copy(path, self.folder)
        shutil.copy(DEMO_SPEECH, self.folder)
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


def play(blender: RealBlender, script: str, names: str, scale: float = 1, size: str = "1600x1000") -> Any:
    """Facts of a script that drives Blender's window, whose pictures of these names are taken in this order."""
    for path in [*blender.folder.glob("*.ready"), *blender.folder.glob("*.done"), blender.folder / "facts.json"]:
        path.unlink(missing_ok=True)
    variables = blender.variables | {"VOXKEY_SCALE": str(scale)}
    chroot = ["chroot", str(blender.root), "env", "-C", INSIDE]
    chroot += [f"{name}={value}" for name, value in variables.items()]
    log = blender.folder / "interface.log"
    with log.open("wb") as output:
        screen = subprocess.Popen([*chroot, "Xvfb", DISPLAY, "-screen", "0", f"{size}x24", "-nolisten", "tcp"])
        time.sleep(1.5)
        window = ["--window-geometry", "0", "0", *size.split("x"), "--enable-event-simulate"]
        command = [*chroot, "blender", *window, "scene.blend", "-P", script]
        program = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            for name in names.split():
                wait_for(blender.folder / f"{name}.ready", program, log)
                brightness = take_picture(blender, name, f"{name}-{scale:g}x" if scale != 1 else name)
                assert brightness > 0.05
                (blender.folder / f"{name}.done").touch()
            assert program.wait(400) == 0, log.read_text()
        finally:
            for process in (program, screen):
                process.terminate()
                process.wait(10)
    return json.loads((blender.folder / "facts.json").read_text())


def wait_for(path: Path, program: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the file is there; fail with Blender's output when it exits, or takes three minutes."""
    deadline = time.monotonic() + 180
    while not path.exists():
        assert program.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def take_picture(blender: RealBlender, name: str, saved_as: str) -> float:
    """Save a screenshot of what NAME.ready asks for under PICTURES; its mean brightness in [0, 1]."""
    variables = blender.variables
    rectangle = (blender.folder / f"{name}.ready").read_text()
    cut = ["-crop", rectangle] if rectangle else []
    run_in_root(blender.root, "import", "-window", "root", *cut, f"{INSIDE}/{name}.png", **variables)
    printed = run_in_root(blender.root, "convert", f"{INSIDE}/{name}.png", "-format", "%[fx:mean]", "info:")
    PICTURES.mkdir(parents=True, exist_ok=True)
    shutil.copy(blender.folder / f"{name}.png", PICTURES / f"{Path(blender.root).name}-{saved_as}.png")
    return float(printed)


def test_panel_in_both_editors(blender: RealBlender) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (600 * 48_000, 1))
    write_wav(blender.folder / "long.wav", noise)
    names = "ready disabled rig preview links menu unknown bare view3d search running sequencer"
    facts = play(blender, "drive_panel.py", names)
    assert facts["category_VIEW_3D"] == facts["category_SEQUENCE_EDITOR"] == "Voxkey"
    assert facts["pressed"] == ["RUNNING_MODAL"]
    assert facts["actions"] == facts["actions_after_redo"] == ["Voxkey rest", "Voxkey speech"]
    assert facts["actions_after_undo"] == []
    assert facts["preview"] == ["RUNNING_MODAL"]
    assert facts["jaw_full"] == 1 and facts["jaw_moved"] == pytest.approx(0.7, abs=0.02)
    assert facts["jaw_after"] == 0 and not facts["still_previewing"]
    assert facts["links_after_undo"] == 0
    assert max(median_seconds(facts).values()) < 0.002
    assert facts["was_running"] and facts["cancel_seconds"] < 0.5
    assert facts["actions_of_cancelled"] == 0


def median_seconds(facts: Any) -> dict[str, float]:
    """Section -> how long it takes to draw, for those that were open."""
    return {label: float(np.median(seconds)) for label, seconds in facts["draw_seconds"].items() if seconds}


@pytest.mark.parametrize(("scale", "size"), [(1, "640x4800"), (2, "1200x9200")])
def test_pictures_of_every_section(blender: RealBlender, scale: float, size: str) -> None:
    """Both sidebars with all sections open, without and with a take, and in German, to be looked at under PICTURES."""
    names = "before_VIEW_3D before_SEQUENCE_EDITOR after_SEQUENCE_EDITOR after_VIEW_3D german_VIEW_3D"
    facts = play(blender, "drive_gallery.py", names, scale, size)
    assert facts["is_done"]
    median = median_seconds(facts)
    assert len(median) > 10 and max(median.values()) < 0.002, median
    print({label: f"{1000 * seconds:.2f} ms" for label, seconds in median.items()})
    assert facts["generate"] == "Aus Ton erzeugen" and facts["sentence"] == "Robot.json wurde gespeichert"


def test_an_animators_day_undone_step_by_step(blender: RealBlender) -> None:
    facts = play(blender, "drive_sessions.py", "dropped phones")
    assert facts["strips"] == ["speech.wav"]
    assert {"Voxkey rest", "Voxkey speech.wav"} < {*facts["takes"]["dropped"]}
    assert not {*facts["takes"]["start"]} & {"Voxkey rest", "Voxkey speech.wav"}
    assert facts["film_bytes"] > 1000
    assert facts["smile_after"] > facts["smile_before"] + 0.2
    assert facts["dialogue"] == ["RUNNING_MODAL"] and facts["dialogue_tracks"] == [True, True]
    before, after = facts["jaw_before_and_after"]
    assert facts["n_phones"] > 20 and after < before / 2
    assert facts["undo"] == {} and facts["redo"] == {}
    assert facts["n_steps"] > 15
