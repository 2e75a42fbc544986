"""The version, read from the manifest, which is the only place that knows it."""

import tomllib
from pathlib import Path

VERSION: str = tomllib.loads((Path(__file__).parent / "blender_manifest.toml").read_text())["version"]
