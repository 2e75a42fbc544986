"""The zip in a real Blender application: `python -m tools.real_blender [--suite trixie] [--root FOLDER] [--pictures]`.

Makes a small Debian with its own Blender in a folder (trixie has 4.3, sid 5.2; 1.3 GB, a minute or two, once), then
runs tests/ui there: the zip is installed, takes are generated in the background and in the window, an animator's day is
played and undone under Xvfb, and the panel is photographed. --pictures only photographs every section of it, opened,
in both editors, at interface scales 1 and 2, in English and German, into out/ui. Needs root and Debian's apt, and says
so where they are not to be had.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "blender,python3-numpy,python3-requests,python3-zstandard,python3-cattr,"
    "xvfb,xauth,libgl1-mesa-dri,libegl1,libgl1,imagemagick,xdotool"
)


def main() -> None:
    """Make the folder if it is not there, then run the tests of tests/ui in it."""
    parser = argparse.ArgumentParser("real_blender", description=__doc__)
    parser.add_argument("--suite", default="trixie", help="Debian suite to take Blender from (trixie)")
    parser.add_argument("--root", type=Path, help="folder of that Debian (dist/blender-SUITE)")
    parser.add_argument("--pictures", action="store_true", help="only the pictures of every section, into out/ui")
    options = parser.parse_args()
    root = (options.root or Path("dist") / f"blender-{options.suite}").resolve()
    try:
        make_root(root, options.suite)
    except ValueError as error:
        sys.exit(f"real_blender: {error}")
    environment = os.environ | {"VOXKEY_BLENDER_ROOT": str(root)}
    command = [sys.executable, "-m", "pytest", "tests/ui", "-m", "slow", "-s"]
    command += ["-k", "pictures"] if options.pictures else []
    sys.exit(subprocess.run(command, env=environment).returncode)


def make_root(root: Path, suite: str) -> None:
    """A Debian with Blender, Xvfb and what takes screenshots in a folder; ValueError where that can't be made."""
    if (root / "usr/bin/blender").exists():
        return
    if os.geteuid() != 0:
        raise ValueError("making a folder with a real Blender needs root; run it as root")
    if not shutil.which("mmdebstrap"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "mmdebstrap"], check=False)
    if not shutil.which("mmdebstrap"):
        raise ValueError("there is no mmdebstrap; install it on Debian, no real Blender is to be had here otherwise")
    print(f"== Making {root} with Debian {suite}'s Blender; this takes a minute or two")
    root.parent.mkdir(parents=True, exist_ok=True)
    options = ['APT::Sandbox::User "root"', 'APT::Install-Recommends "false"', 'Acquire::Check-Valid-Until "false"']
    command = ["mmdebstrap", "--quiet", "--variant=apt", f"--include={PACKAGES}"]
    command += [f"--aptopt={option}" for option in options]
    command += [f"--dpkgopt=path-exclude=/usr/share/{unneeded}/*" for unneeded in ("doc", "man")]
    done = subprocess.run([*command, suite, str(root), _mirror()])
    if done.returncode:
        shutil.rmtree(root, ignore_errors=True)
        raise ValueError(f"Debian {suite} with Blender can't be had from this machine's package source")


def run_in_root(root: Path, *command: str, timeout_seconds: float = 120, **variables: str) -> str:
    """Output of a command inside the folder; ValueError with its output when it fails."""
    given = [f"{name}={value}" for name, value in {"LANG": "C.UTF-8", **variables}.items()]
    full = ["chroot", str(root), "env", *given, *command]
    done = subprocess.run(full, capture_output=True, text=True, timeout=timeout_seconds)
    if done.returncode:
        raise ValueError(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _mirror() -> str:
    """The package source that this machine's apt uses."""
    folder = Path("/etc/apt")
    texts = [
        path.read_text()
        for path in [folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))]
        if path.is_file()
    ]
    found = re.search(r"^(?:URIs:|deb\s+(?:\[.*?\]\s+)?)\s*(\S+)", "\n".join(texts), re.MULTILINE)
    if found is None:
        raise ValueError("apt has no package source on this machine")
    return found[1]


if __name__ == "__main__":
    main()
