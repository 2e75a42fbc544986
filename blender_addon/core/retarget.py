"""From channels to the shape keys of a rig: rig maps, forgiving name matching, and the report of what did not match."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .curves import Curves


@dataclass(frozen=True)
class Link:
    """One channel drives one shape key: clip(channel * gain + offset, minimum, maximum)."""

    channel: str
    shape_key: str
    """The name the family uses; a rig's own spelling of it is found by match_names."""
    gain: float = 1.0
    offset: float = 0.0
    minimum: float = 0.0
    maximum: float = 1.0


@dataclass(frozen=True)
class RigMap:
    """What a rig family calls the channels: one JSON file in rig_maps/."""

    name: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Retargeted:
    """Curves for the shape keys of one rig, and what was left over."""

    curves: Curves
    """(T, M) values, channels being the rig's own shape key names."""
    unmatched_channels: tuple[str, ...]
    """Channels for which the rig has no shape key."""
    unused_shape_keys: tuple[str, ...]
    """Shape keys that nothing drives."""


def load_rig_map(path: Path) -> RigMap:
    """Read {"name", "source", "channels": {channel: [{"shape_key", "gain", ...}]}}; ValueError names what is wrong."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        links = tuple(Link(channel, **target) for channel, targets in data["channels"].items() for target in targets)
        return RigMap(data["name"], links)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"The rig map {path.name} can't be read ({error}); correct the file or choose another"
        ) from error


def retarget(curves: Curves, rig_map: RigMap, shape_keys: Iterable[str]) -> Retargeted:
    """Values for the shape keys that rig_map links to the channels; several links to one key add up.

    Raises ValueError when not one channel finds a key.
    """
    names = tuple(shape_keys)
    found = match_names((link.shape_key for link in rig_map.links), names)
    links = [link for link in rig_map.links if link.shape_key in found and link.channel in curves.channels]
    if not links:
        raise ValueError(
            f"None of the {len(names)} shape keys is named as in {rig_map.name}; rename them or choose another mesh"
        )
    driven = tuple(dict.fromkeys(found[link.shape_key] for link in links))
    gain, offset, low, high = (
        np.array([getattr(link, field) for link in links], np.float32)
        for field in ("gain", "offset", "minimum", "maximum")
    )
    source = curves.values[:, [curves.channels.index(link.channel) for link in links]]
    columns = np.zeros((len(links), len(driven)), np.float32)
    columns[np.arange(len(links)), [driven.index(found[link.shape_key]) for link in links]] = 1
    values = np.clip(source * gain + offset, low, high) @ columns
    reached = {link.channel for link in links}
    return Retargeted(
        Curves(values, driven, curves.fps),
        unmatched_channels=tuple(channel for channel in curves.channels if channel not in reached),
        unused_shape_keys=tuple(name for name in names if name not in driven),
    )


def match_names(wanted: Iterable[str], available: Iterable[str]) -> dict[str, str]:
    """Wanted name -> the available name that spells it, whatever its case, separators, side mark and prefix.

    jawOpen is found as JAWOPEN, jaw_open or head.JawOpen; browDownLeft as browDown_L or L_brow_down. A name without a
    prefix wins over one with; of equals, the first.
    """
    whole: dict[str, str] = {}
    prefixed: dict[str, str] = {}
    for name in available:
        words = _words(name)
        whole.setdefault("".join(words), name)
        for start in range(1, len(words)):
            prefixed.setdefault("".join(words[start:]), name)
    spelled = {name: "".join(_words(name)) for name in wanted}
    candidates = prefixed | whole
    return {name: candidates[spelling] for name, spelling in spelled.items() if spelling in candidates}


_SIDES = {"l": "left", "r": "right"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def _words(name: str) -> tuple[str, ...]:
    """Lower-case words of a name, l and r spelled out, and a side at the front moved to the end."""
    words = [_SIDES.get(word.lower(), word.lower()) for word in _WORD.findall(name)]
    if len(words) > 1 and words[0] in _SIDES.values():
        words = [*words[1:], words[0]]
    return tuple(words)
