"""The zip: what is in it, that Blender's own checks accept it, and that it installs, runs and goes without a trace."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import pytest

from blender_addon.version import VERSION
from tools import build_extension

from .scenes import TINY_MODEL, write_bursts


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_extension.build(None, tmp_path_factory.mktemp("dist"))


def fake_wheels(folder: Path) -> list[str]:
    """Empty files in place of the wheels, which are large; the real ones are fetched by `make zip`."""
    manifest = tomllib.loads((build_extension.SOURCE / "blender_manifest.toml").read_text())
    names = [Path(wheel).name for wheel in manifest["wheels"]]
    (folder / "wheels").mkdir()
    for name in names:
        with zipfile.ZipFile(folder / "wheels" / name, "w"):
            pass
    return names


def test_zip_holds_the_addon_and_nothing_else(archive: Path) -> None:
    assert archive.name == f"voxkey-{VERSION}-no-wheels.zip"
    names = set(zipfile.ZipFile(archive).namelist())
    source = build_extension.SOURCE
    kinds = ("*.py", "core/*.py", "rig_maps/*", "settings/*", "models/*", "heads/*", "blender_manifest.toml")
    assert names == {path.relative_to(source).as_posix() for kind in kinds for path in source.glob(kind)}


@pytest.mark.parametrize("platform", build_extension.WHEEL_PLATFORMS)
def test_zip_of_a_platform_holds_its_wheels(tmp_path: Path, platform: str) -> None:
    names = fake_wheels(tmp_path)
    archive = build_extension.build(platform, tmp_path)
    with zipfile.ZipFile(archive) as opened:
        inside = [Path(name).name for name in opened.namelist() if name.endswith(".whl")]
        manifest = tomllib.loads(opened.read("blender_manifest.toml").decode())
    tag = build_extension.WHEEL_PLATFORMS[platform]
    assert inside == [name for name in names if f"-{tag}" in name]
    assert [name.split("-")[2] for name in inside] == ["cp311", "cp313", "cp314"]
    assert manifest["platforms"] == [platform]
    assert [Path(wheel).name for wheel in manifest["wheels"]] == inside


def test_offline_without_wheels_gives_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    with pytest.raises(
        ValueError, match=r"pip can't fetch onnxruntime-.*connect to a package index, put the file into"
    ):
        build_extension.build("linux-x64", tmp_path)
    assert not list(tmp_path.glob("*.zip"))


INSTALL = """
import json, os, sys
import bpy
archive, audio, model = sys.argv[1:]
bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
scene = bpy.context.scene
head = bpy.data.objects["Cube"]
for name in ("Basis", "jawOpen"):
    head.shape_key_add(name=name)
strips = scene.sequence_editor_create().strips
strips.new_sound("a", audio, 1, 1)
scene.voxkey.model, scene.voxkey.model_path = "FILE", model
finished = bpy.ops.voxkey.generate()
repositories = [repo.module for repo in bpy.context.preferences.extensions.repos]
bpy.ops.extensions.package_uninstall(repo_index=repositories.index("user_default"), pkg_id="voxkey")
left = [name for name in dir(bpy.types) if "voxkey" in name.lower()]
print("RESULT" + json.dumps([list(finished), [a.name for a in bpy.data.actions], hasattr(scene, "voxkey"), left]))
sys.stdout.flush()
os._exit(0)
"""


def test_installed_zip_generates_and_uninstalls(archive: Path, tmp_path: Path) -> None:
    audio = write_bursts(tmp_path / "a.wav", 1.0, [0.5])
    done = subprocess.run(
        [sys.executable, "-c", INSTALL, str(archive), str(audio), str(TINY_MODEL)],
        env={"BLENDER_USER_RESOURCES": str(tmp_path / "blender")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    assert lines, done.stdout + done.stderr
    assert json.loads(lines[0].removeprefix("RESULT")) == [["FINISHED"], ["Voxkey a", "Voxkey rest"], False, []]


def test_enabling_and_disabling_twice_leaves_nothing(extension: Any) -> None:
    name = extension.__name__

    def traces() -> list[str]:
        left = [cls for cls in dir(bpy.types) if "voxkey" in cls.lower()]
        return left + (["Scene.voxkey"] if hasattr(bpy.types.Scene, "voxkey") else [])

    assert "VOXKEY_PT_sequencer" in traces()
    for _ in range(2):
        addon_utils.disable(name)
        assert traces() == []
        addon_utils.enable(name)
        assert "VOXKEY_PT_view3d" in traces()


def test_core_needs_no_blender() -> None:
    code = "import sys, blender_addon, blender_addon.core.model; sys.exit('bpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=build_extension.SOURCE.parent).returncode == 0
