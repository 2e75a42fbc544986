"""Build the extension, a zip a platform: `python -m tools.build_extension [--platform linux-x64 ...] [--output dist]`.

The manifest says which wheels go in; pip fetches those that are not in OUTPUT/wheels yet, from the index it is set up
for. Building and checking is done by the program that Blender itself uses for `blender --command extension`.
"""

import argparse
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "blender_addon"
WHEEL_PLATFORMS = {"windows-x64": "win_amd64", "linux-x64": "manylinux_", "macos-arm64": "macosx_"}
"""Blender's name of a platform -> how the platform tag of its wheels begins (https://peps.python.org/pep-0425/)."""


def main(arguments: list[str] | None = None) -> None:
    """Build what the command line asks for, and print the path of each zip."""
    parser = argparse.ArgumentParser("build_extension", description=__doc__)
    parser.add_argument("--platform", nargs="+", choices=list(WHEEL_PLATFORMS), default=list(WHEEL_PLATFORMS))
    parser.add_argument("--output", type=Path, default=Path("dist"))
    parser.add_argument("--no-wheels", action="store_true", help="one small zip, for a Blender that has onnxruntime")
    options = parser.parse_args(arguments)
    try:
        for platform in [None] if options.no_wheels else options.platform:
            print(build(platform, options.output))
    except ValueError as error:
        sys.exit(f"build_extension: {error}")


def build(platform: str | None, output: Path) -> Path:
    """The checked zip for a platform, or without wheels for none; ValueError when something is missing or invalid."""
    manifest = tomllib.loads((SOURCE / "blender_manifest.toml").read_text())
    wheels = [Path(wheel).name for wheel in manifest["wheels"] if platform and _is_for(platform, Path(wheel).name)]
    fetched = [fetch_wheel(wheel, output / "wheels") for wheel in wheels]
    archive = output.resolve() / f"{manifest['id']}-{manifest['version']}-{platform or 'no-wheels'}.zip"
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / manifest["id"]
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__", "wheels", ".*"))
        _narrow_manifest(source / "blender_manifest.toml", platform, wheels)
        for wheel in fetched:
            (source / "wheels").mkdir(exist_ok=True)
            shutil.copy2(wheel, source / "wheels")
        _extension_command("build", "--source-dir", str(source), "--output-filepath", str(archive))
    _extension_command("validate", str(archive))
    return archive


def fetch_wheel(name: str, folder: Path) -> Path:
    """A wheel file by its name, from the folder or, if it is not there yet, from pip's index into it."""
    path = folder / name
    if path.is_file():
        return path
    package, version, python, abi, platform = name.removesuffix(".whl").split("-")
    options = ["--python-version", python.removeprefix("cp"), "--abi", abi, "--platform", platform]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", *options]
    done = subprocess.run([*command, "--dest", str(folder), f"{package}=={version}"], capture_output=True, text=True)
    if done.returncode or not path.is_file():
        reason = (done.stderr.strip().splitlines() or ["pip says nothing"])[-1]
        raise ValueError(
            f"pip can't fetch {name} ({reason}); connect to a package index, put the file into {folder}, "
            "or build with --no-wheels"
        )
    return path


def _is_for(platform: str, wheel: str) -> bool:
    return wheel.removesuffix(".whl").split("-")[-1].startswith(WHEEL_PLATFORMS[platform])


def _narrow_manifest(path: Path, platform: str | None, wheels: list[str]) -> None:
    """Leave one platform and its wheels in a copy of the manifest."""
    text = path.read_text()
    text = _replace_list(text, "wheels", [f"./wheels/{wheel}" for wheel in wheels])
    if platform:
        text = _replace_list(text, "platforms", [platform])
    path.write_text(text)


def _replace_list(text: str, key: str, values: list[str]) -> str:
    """TOML text with another list under a key; no list at all for no values, as Blender allows no empty ones."""
    line = f"{key} = [" + ", ".join(f'"{value}"' for value in values) + "]\n" if values else ""
    replaced, n_replaced = re.subn(rf"^{key} = \[.*?\]\n", lambda _: line, text, flags=re.MULTILINE | re.DOTALL)
    if n_replaced != 1:
        raise ValueError(f"blender_manifest.toml has {n_replaced} lists named {key}; it needs one")
    return replaced


def _extension_command(*arguments: str) -> None:
    """Run Blender's own extension program, which comes with the bpy package and needs no Blender."""
    spec = importlib.util.find_spec("bpy")
    places = list(spec.submodule_search_locations or []) if spec else []
    programs = [
        path for place in places for path in Path(place).glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    ]
    if not programs:
        raise ValueError("the bpy package is not installed here; run `make zip`, or install voxkey[blender]")
    done = subprocess.run([sys.executable, str(programs[0]), *arguments], capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"Blender's extension program refuses: {(done.stdout + done.stderr).strip()}")


if __name__ == "__main__":
    main()
