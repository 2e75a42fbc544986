"""From channels to what moves a character: rig maps, the one that fits, and the report of what it finds."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .channels import BLENDSHAPE_CHANNELS
from .curves import Curves, Float32Array
from .life import HEAD_CHANNELS
from .names import match_names

COMPONENTS = tuple(f"{kind}_{axis}" for kind in ("location", "rotation", "scale") for axis in "xyz")
"""What a bone link drives, along or about the bone's own axes at rest.

Rotations are in radians, locations in bone lengths (head to tail), scales are added to 1.
"""

TURNS = ("turn_x", "turn_y", "turn_z")
"""What a bone link may name instead: a rotation about an axis of the character, however the bone lies.

X points to the character's left, Y to its back, Z up, so that a positive turn_x opens a jaw and lowers the gaze.
"""
SMALLEST_SHARE = 0.05
"""Of a turn, about one axis of a bone; less is left out."""
MOUTH = frozenset(channel for channel in BLENDSHAPE_CHANNELS if channel.startswith(("jaw", "mouth")))


@dataclass(frozen=True)
class Target:
    """What a link drives on one part of a character; ValueError when it is none of the three kinds."""

    kind: str
    """shape_key, bone or property."""
    name: str
    """Of the shape key, bone or custom property."""
    component: str = ""
    """Of a bone, one of COMPONENTS or TURNS; of a property, the bone that holds it, or "" when the object does."""

    def __post_init__(self) -> None:
        if self.kind not in ("shape_key", "bone", "property") or not self.name:
            raise ValueError(f"a link to {self.kind} {self.name!r}; it needs the name of a shape_key, bone or property")
        if not isinstance(self.name, str) or not isinstance(self.component, str):
            raise ValueError(f"names must be text, not {self.name!r} and {self.component!r}")
        if self.kind == "bone" and self.component not in COMPONENTS + TURNS:
            raise ValueError(f"{self.component!r} of bone {self.name}; choose one of {', '.join(COMPONENTS + TURNS)}")


@dataclass(frozen=True)
class Link:
    """One channel drives one target by channel * gain + offset; ValueError when a number makes no sense.

    The links to one target add up, and the sum stays within the widest limits among them, so that a link with a
    negative gain takes back what others did and no more.
    """

    channel: str
    """One of BLENDSHAPE_CHANNELS, [0, 1], or of HEAD_CHANNELS, in radians."""
    target: Target
    gain: float = 1.0
    offset: float = 0.0
    minimum: float = 0.0
    maximum: float = 1.0

    def __post_init__(self) -> None:
        if self.channel not in BLENDSHAPE_CHANNELS + HEAD_CHANNELS:
            raise ValueError(f"{self.channel!r} is not one of the {len(BLENDSHAPE_CHANNELS)} channels, such as jawOpen")
        numbers = (self.gain, self.offset, self.minimum, self.maximum)
        if not all(isinstance(number, (int, float)) and math.isfinite(number) for number in numbers):
            raise ValueError(f"gain, offset, minimum and maximum of {self.channel} must be numbers, not {numbers}")
        if self.minimum > self.maximum:
            raise ValueError(f"{self.channel} has a minimum {self.minimum} above its maximum {self.maximum}")


@dataclass(frozen=True)
class RigMap:
    """How a family of rigs is driven by the channels: one JSON file in rig_maps/, or made by an artist."""

    name: str
    links: tuple[Link, ...]
    source: str = ""
    """Address of the public page that the names are from."""


@dataclass(frozen=True)
class RigPart:
    """What one data-block offers: a mesh its shape keys, an object its bones and custom properties."""

    shape_keys: tuple[str, ...] = ()
    bones: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    """(property, bone that holds it, or "" when the object does)."""
    loose_bones: tuple[str, ...] = ()
    """Bones that carry meshes without shape keys, such as teeth and eyeballs, and none with."""
    bone_axes: tuple[tuple[float, ...], ...] = ()
    """Of each bone its X, Y and Z axis at rest, nine numbers, in the character's space as TURNS has it."""


@dataclass(frozen=True)
class Retargeted:
    """Values for the targets of one part."""

    values: Float32Array
    """(T, M), one column a target."""
    targets: tuple[Target, ...]
    """M, in the rig's own spelling."""
    fps: float
    """Rows per second."""
    links: tuple[Link, ...]
    """Those of the rig map that found their target, named as on the rig."""


@dataclass(frozen=True)
class Coverage:
    """What a rig map finds on a character."""

    matched: tuple[str, ...]
    """Channels that have a target of their own."""
    combined: tuple[str, ...]
    """Channels that share a target with others, or are spread over several of one part."""
    unmatched: tuple[str, ...]
    """Channels that move nothing."""
    unused: tuple[str, ...]
    """Shape keys that nothing drives."""
    share: float
    """Of the channels that the rig map can express, how many were found, [0, 1]."""


def retarget(curves: Curves, rig_map: RigMap, part: RigPart) -> Retargeted:
    """Values for those targets of a part that rig_map links to the channels; there may be none."""
    links = tuple(link for link in found_links(rig_map, part) if link.channel in curves.channels)
    columns = {target: column for column, target in enumerate(dict.fromkeys(link.target for link in links))}
    rows = {channel: row for row, channel in enumerate(curves.channels)}
    gains = np.zeros((len(rows), len(columns)), np.float32)
    offsets = np.zeros(len(columns), np.float32)
    low, high = np.full(len(columns), np.inf, np.float32), np.full(len(columns), -np.inf, np.float32)
    for link in links:
        column = columns[link.target]
        gains[rows[link.channel], column] = link.gain
        offsets[column] += link.offset
        low[column], high[column] = min(low[column], link.minimum), max(high[column], link.maximum)
    values = curves.values @ gains
    values += offsets
    return Retargeted(np.clip(values, low, high, out=values), tuple(columns), curves.fps, links)


def find_targets(rig_map: RigMap, part: RigPart) -> dict[Target, Target]:
    """The rig map's targets that a part has -> the same in the rig's own spelling."""
    wanted = dict.fromkeys(link.target for link in rig_map.links)
    properties = {f"{bone}.{name}": (name, bone) for name, bone in part.properties}
    keys = match_names((target.name for target in wanted if target.kind == "shape_key"), part.shape_keys)
    bones = match_names((target.name for target in wanted if target.kind == "bone"), part.bones)
    held = match_names((_label(target) for target in wanted if target.kind == "property"), properties)
    found = {}
    for target in wanted:
        if target.kind == "shape_key" and target.name in keys:
            found[target] = Target("shape_key", keys[target.name])
        elif target.kind == "bone" and target.name in bones:
            found[target] = Target("bone", bones[target.name], target.component)
        elif target.kind == "property" and _label(target) in held:
            found[target] = Target("property", *properties[held[_label(target)]])
    return found


def _label(target: Target) -> str:
    """A property as it is looked for: a rig map that names no bone finds it on any."""
    return f"{target.component}.{target.name}"


def found_links(rig_map: RigMap, part: RigPart) -> tuple[Link, ...]:
    """The rig map's links as they are on a part: those whose target it has, named as there, turns as rotations."""
    return _found_links(rig_map, part, find_targets(rig_map, part))


def _found_links(rig_map: RigMap, part: RigPart, found: dict[Target, Target]) -> tuple[Link, ...]:
    """The same from the targets that were found; of two names for one target of a channel, the first."""
    axes = dict(zip(part.bones, part.bone_axes, strict=True)) if part.bone_axes else {}
    links: dict[tuple[str, Target], Link] = {}
    for link in rig_map.links:
        target = found.get(link.target)
        if target is not None and target.component in TURNS:
            links |= {(link.channel, turn.target): turn for turn in _rotations(link, target, axes.get(target.name))}
        elif target is not None:
            links.setdefault((link.channel, target), link if target == link.target else replace(link, target=target))
    return tuple(links.values())


def _rotations(link: Link, target: Target, axes: tuple[float, ...] | None) -> Iterator[Link]:
    """A turn of a bone about an axis of the character, as rotations about the bone's own axes (nine numbers).

    A bone whose axes are not known is taken to lie as the character does.
    """
    about = "xyz".index(target.component[-1])
    for own in range(3):
        share = axes[3 * own + about] if axes else float(own == about)
        if abs(share) > SMALLEST_SHARE:
            low, high = sorted((share * link.minimum, share * link.maximum))
            rotation = Target("bone", target.name, f"rotation_{'xyz'[own]}")
            yield replace(
                link, target=rotation, gain=share * link.gain, offset=share * link.offset, minimum=low, maximum=high
            )


def coverage(rig_map: RigMap, parts: Sequence[RigPart]) -> Coverage:
    """What rig_map finds on the parts of a character."""
    return _coverage(rig_map, parts, [found_links(rig_map, part) for part in parts])


def _coverage(rig_map: RigMap, parts: Sequence[RigPart], links: Iterable[Sequence[Link]]) -> Coverage:
    """The same from the links that were found on each part."""
    reached: set[str] = set()
    combined: set[str] = set()
    unused: list[str] = []
    for part, found in zip(parts, links, strict=True):
        pairs = [(link.channel, link.target) for link in found if link.channel in BLENDSHAPE_CHANNELS]
        n_targets = Counter(channel for channel, _ in pairs)
        n_channels = Counter(target for _, target in pairs)
        reached |= n_targets.keys()
        combined |= {channel for channel, target in pairs if n_targets[channel] > 1 or n_channels[target] > 1}
        driven = {target.name for _, target in pairs if target.kind == "shape_key"}
        unused += [name for name in part.shape_keys if name not in driven]
    expressible = {link.channel for link in rig_map.links} & set(BLENDSHAPE_CHANNELS)
    return Coverage(
        matched=tuple(channel for channel in BLENDSHAPE_CHANNELS if channel in reached - combined),
        combined=tuple(channel for channel in BLENDSHAPE_CHANNELS if channel in combined),
        unmatched=tuple(channel for channel in BLENDSHAPE_CHANNELS if channel not in reached),
        unused=tuple(dict.fromkeys(unused)),
        share=len(reached) / len(expressible) if expressible else 0.0,
    )


class _Fit(NamedTuple):
    """A rig map on a character."""

    rig_map: RigMap
    links: list[tuple[Link, ...]]
    """Found on each part, named as there."""
    coverage: Coverage


def detect(parts: Sequence[RigPart], rig_maps: Iterable[RigMap]) -> list[tuple[RigMap, Coverage]]:
    """The rig maps that fit the parts of a character, best first, each with what it covers.

    Best is the one that finds most channels, those with a target of their own counting twice. What it does not find is
    added from those after it, but the mouth is always driven by one of them alone. Jaw and eyes of loose bones are
    added as well: teeth and eyeballs go with a face that shape keys move.
    """
    fits = _fitting(parts, rig_maps)
    return [_completed(fit, [other for other in fits if other is not fit], parts) for fit in fits]


def completed(rig_map: RigMap, parts: Sequence[RigPart], rig_maps: Iterable[RigMap]) -> RigMap:
    """A rig map made for a character, with what others find there besides, as detect adds it."""
    links = [found_links(rig_map, part) for part in parts]
    fit = _Fit(rig_map, links, _coverage(rig_map, parts, links))
    return _completed(fit, _fitting(parts, rig_maps), parts)[0]


def _fitting(parts: Sequence[RigPart], rig_maps: Iterable[RigMap]) -> list[_Fit]:
    """The rig maps with enough evidence, best first."""
    fits = []
    for rig_map in rig_maps:
        found = [find_targets(rig_map, part) for part in parts]
        if _evidence(found) >= 1:
            links = [_found_links(rig_map, *pair) for pair in zip(parts, found, strict=True)]
            fits.append(_Fit(rig_map, links, _coverage(rig_map, parts, links)))
    return sorted(
        fits, key=lambda fit: (-2 * len(fit.coverage.matched) - len(fit.coverage.combined), -fit.coverage.share)
    )


def _evidence(found: Iterable[dict[Target, Target]]) -> float:
    """How many names of a family were found; the like of A, O or ih is found by chance and counts a third."""
    names = {(target.kind, target.name) for targets in found for target in targets}
    return sum(1.0 if len(name) > 2 or not name.isascii() else 1 / 3 for _, name in names) + 1e-6


def _completed(fit: _Fit, others: Iterable[_Fit], parts: Sequence[RigPart]) -> tuple[RigMap, Coverage]:
    """A rig map with links of others for what it does not find, and to loose bones.

    The mouth is completed as a whole or not at all, the rest channel by channel.
    """
    rig_map, links = fit.rig_map, list(fit.links)
    missing = set(fit.coverage.unmatched)
    if not missing >= MOUTH:
        missing -= MOUTH
    loose = {name for part in parts for name in part.loose_bones}
    loose -= {link.target.name for found in links for link in found if link.target.kind == "bone"}
    for other in others:
        added = [
            tuple(link for link in found if link.channel in missing or _goes_along(link, loose))
            for found in other.links
        ]
        if any(added):
            new = tuple(dict.fromkeys(link for found in added for link in found))
            rig_map = RigMap(f"{rig_map.name} + {other.rig_map.name}", rig_map.links + new, rig_map.source)
            links = [had + found for had, found in zip(links, added, strict=True)]
            reached = {link.channel for link in new} & missing
            missing -= reached | (MOUTH if reached & MOUTH else set())
            loose -= {link.target.name for link in new}
    return rig_map, _coverage(rig_map, parts, links)


def _goes_along(link: Link, loose: set[str]) -> bool:
    """Whether a link turns the jaw or an eye by a loose bone."""
    is_turn = link.target.kind == "bone" and link.target.component.startswith("rotation")
    return is_turn and link.target.name in loose and link.channel.startswith(("jawOpen", "eyeLook"))


def load_rig_map(path: Path) -> RigMap:
    """Read a rig map's file; ValueError names what is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ValueError(f"The rig map {path.name} can't be read ({error}); choose another") from error
    return rig_map_from_text(text, f"The rig map {path.name}")


def save_rig_map(rig_map: RigMap, path: Path) -> None:
    """Write what load_rig_map reads, whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(rig_map_to_text(rig_map), encoding="utf-8")
    unfinished.replace(path)


def rig_map_from_text(text: str, called: str = "This rig map") -> RigMap:
    """Read {"name", "source", "channels": {channel: [link, ...]}}; ValueError names what is wrong.

    A link is {"shape_key": name}, {"bone": name, "component": one of COMPONENTS} or {"property": name, "bone": where},
    and may have "gain", "offset", "minimum" and "maximum".
    """
    try:
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("channels"), dict):
            raise ValueError('it has no table "channels"')
        name, source = data.get("name"), data.get("source", "")
        if not isinstance(name, str) or not isinstance(source, str):
            raise ValueError("its name, or its source, is no text")
        links = tuple(_read_link(channel, link) for channel, links in data["channels"].items() for link in links)
        if not links:
            raise ValueError("it links nothing")
        return RigMap(name, links, source)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{called} can't be read ({error}); correct it or choose another") from error


def rig_map_to_text(rig_map: RigMap) -> str:
    """JSON that rig_map_from_text reads, one line a channel; numbers that are as in a plain Link are left out."""
    channels: dict[str, list[dict[str, Any]]] = {}
    for link in rig_map.links:
        channels.setdefault(link.channel, []).append(_link_data(link))
    rows = ",\n".join(
        f"  {json.dumps(channel)}: {json.dumps(links, ensure_ascii=False)}" for channel, links in channels.items()
    )
    head = f' "name": {json.dumps(rig_map.name)},\n "source": {json.dumps(rig_map.source)}'
    return f'{{\n{head},\n "channels": {{\n{rows}\n }}\n}}\n'


_NUMBERS = ("gain", "offset", "minimum", "maximum")


def _read_link(channel: str, data: Any) -> Link:
    if not isinstance(data, dict):
        raise ValueError(f"a link of {channel} is {data!r}, not a table")
    kinds = [kind for kind in ("shape_key", "property", "bone") if kind in data]
    if not kinds or (len(kinds) > 1 and kinds != ["property", "bone"]):
        raise ValueError(f"a link of {channel} drives {' and '.join(kinds) or 'nothing'}; name one kind of target")
    kind = kinds[0]
    place = {"bone": "component", "property": "bone"}.get(kind)
    unknown = data.keys() - {kind, place, *_NUMBERS}
    if unknown:
        raise ValueError(f"a link of {channel} has {', '.join(sorted(unknown))}, which means nothing for a {kind}")
    target = Target(kind, data[kind], data.get(place, "") if place else "")
    return Link(channel, target, **{name: data[name] for name in _NUMBERS if name in data})


def _link_data(link: Link) -> dict[str, Any]:
    data: dict[str, Any] = {link.target.kind: link.target.name}
    if link.target.component:
        data["component" if link.target.kind == "bone" else "bone"] = link.target.component
    plain = Link(link.channel, link.target)
    return data | {name: getattr(link, name) for name in _NUMBERS if getattr(link, name) != getattr(plain, name)}
