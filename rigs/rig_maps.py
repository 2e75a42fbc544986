"""Write the rig maps that come with the add-on: python -m rigs.rig_maps [--speech one.wav two.wav].

Families whose shapes are channels are tables. Gains of visemes, vowels and jaws are solved on the default head's lips;
gains of Rigify's bones are the way that its landmarks go.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.retarget import Link, RigMap, Target, save_rig_map
from rigs.rig_map_bones import CC_BONES, EYE_BONES, JAW_BONES, JAW_OPEN_RADIANS, rigify_links
from rigs.rig_map_families import (
    AS_PROPERTIES,
    NAMES,
    SOURCES,
    TABLES,
    VISEME_FAMILIES,
    Name,
    Table,
)
from rigs.rig_map_gains import Floats, solve_gains, speech_frames

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "blender_addon" / "rig_maps"
SPEECH = ROOT / "tools" / "demo_speech.wav"
SIDES = {"Left": "L", "Right": "R"}
CC_FAMILIES = ("arkit", "cc4", "cc3")


def table_links(table: Table, kind: str = "shape_key") -> Iterator[Link]:
    """The links of a table of rig_map_families."""
    for channel, entry in table.items():
        names: list[Name] = entry if isinstance(entry, list) else [entry]
        for name in names:
            text, gain = (name, 1.0) if isinstance(name, str) else name
            if "*" not in channel:
                yield Link(channel, Target(kind, text), gain)
                continue
            for side, mark in SIDES.items():
                yield Link(channel.replace("*", side), Target(kind, text.replace("*", mark)), gain)


def solved_links(file: str, speech: Floats) -> Iterator[Link]:
    """The links of a family of visemes."""
    for channel, row in solve_gains(VISEME_FAMILIES[file], speech).items():
        for name, gain in row.items():
            yield Link(channel, Target("shape_key", name), gain)


def jaw_links(speech: Floats) -> Iterator[Link]:
    """One bone that opens the mouth as far as jaw and lips would."""
    for channel, row in solve_gains({"jaw": {"jawOpen": 1.0}}, speech, only_gap=True).items():
        gain = round(row["jaw"] * JAW_OPEN_RADIANS, 3)
        for bone in JAW_BONES:
            yield Link(channel, Target("bone", bone, "turn_x"), gain, maximum=JAW_OPEN_RADIANS)


def family_links(file: str, speech: Floats) -> list[Link]:
    """All links of a file, in the order of the channels."""
    links = list(table_links(TABLES[file])) if file in TABLES else []
    if file in VISEME_FAMILIES:
        links += solved_links(file, speech)
    if file in AS_PROPERTIES:
        links += table_links(TABLES[file], "property")
    if file in CC_FAMILIES:
        links += CC_BONES
    if file == "eyes":
        links += EYE_BONES
    if file == "rigify":
        links += rigify_links()
    if file == "jaw_bone":
        links += jaw_links(speech)
    return sorted(links, key=lambda link: BLENDSHAPE_CHANNELS.index(link.channel))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.rig_maps", description=__doc__.split("\n")[0])
    parser.add_argument("--speech", type=Path, nargs="+", default=[SPEECH], help="WAV files to solve the gains on")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder to write to")
    options = parser.parse_args(arguments)
    try:
        speech = speech_frames(options.speech)
        options.output.mkdir(parents=True, exist_ok=True)
        for file, name in NAMES.items():
            links = family_links(file, speech)
            save_rig_map(RigMap(name, tuple(links), SOURCES[file]), options.output / f"{file}.json")
            print(f"{file}.json: {len({link.channel for link in links})} channels, {len(links)} links")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    np.seterr(all="raise")
    sys.exit(main())
