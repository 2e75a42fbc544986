"""Shapes matched to channels by what they move, on heads whose shapes have no telling names."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.landmarks import guess_landmarks
from blender_addon.core.model import open_model, predict
from blender_addon.core.retarget import RigPart, retarget
from blender_addon.core.shape_solve import ShapeMatch, match_shapes
from blender_addon.core.wav import read_wav, resample_waveform
from tests.core.test_landmarks import default_head, split

ROOT = Path(__file__).parents[2]
Floats = NDArray[np.float32]
CHANNELS = BLENDSHAPE_CHANNELS


@cache
def sentence() -> Curves:
    """What the default model hears in the demo sentence."""
    model = open_model(ROOT / "blender_addon" / "models" / "voice_to_face.onnx", "CPU")
    samples, rate_hz = read_wav(ROOT / "tools" / "demo_speech.wav")
    return predict(model, resample_waveform(samples, rate_hz, model.contract.sample_rate_hz)).curves


def channel(name: str) -> int:
    return CHANNELS.index(name)


def names(count: int) -> list[str]:
    return [f"key_{i:03d}" for i in range(count)]


def mouth(vertices: Floats, offsets: Floats, landmarks: NDArray[Any], values: NDArray[Any]) -> tuple[Floats, Floats]:
    """(T,) lip aperture and mouth width in eye distances, for (T, M) values of M shapes."""
    marks = vertices[landmarks] + np.einsum("tm,mpd->tpd", values, offsets[:, landmarks])
    eyes = np.linalg.norm(marks[0, 36:42].mean(axis=0) - marks[0, 42:48].mean(axis=0))
    aperture = np.linalg.norm(marks[:, [61, 62, 63]] - marks[:, [67, 66, 65]], axis=2).mean(axis=1)
    return aperture / eyes, np.linalg.norm(marks[:, 48] - marks[:, 54], axis=1) / eyes


def values_of(match: ShapeMatch, curves: Curves, count: int) -> NDArray[np.float32]:
    """(T, M) values of all shapes."""
    fitted = retarget(curves, match.rig_map, RigPart(shape_keys=tuple(names(count))))
    values = np.zeros((len(curves.values), count), np.float32)
    values[:, [names(count).index(target.name) for target in fitted.targets]] = fitted.values
    return values


def strange(points: Floats) -> Floats:
    """The default head as a creature: wide, short, with a snout, tall eyes and narrow jaw."""
    x, y, z = np.moveaxis(np.asarray(points, np.float64), -1, 0)
    snout = np.exp(-((x / 0.7) ** 2) - ((z + 0.5) / 0.7) ** 2)
    eyes = np.exp(-(((np.abs(x) - 0.35) / 0.3) ** 2) - ((z - 0.0) / 0.3) ** 2)
    places = [1.25 * x * (1 + 0.15 * z), y - 0.5 * snout * (y < 0), 0.8 * z + 0.12 * eyes * z]
    return np.asarray(np.stack(places, axis=-1), np.float32)


def creature() -> tuple[Floats, NDArray[Any], Floats, NDArray[Any]]:
    """Vertices, triangles, offsets and true landmarks of a strange head with a finer, shuffled mesh."""
    vertices, triangles, offsets, truth = default_head()
    finer, (places, motion) = split(triangles, [vertices, offsets])
    order = np.random.default_rng(0).permutation(len(places))
    number = np.argsort(order).astype(np.int32)
    bent = strange(places[order])
    moved = np.stack([strange(places[order] + one) - bent for one in motion[:, order]])
    return 30 * bent, number[finer], 30 * moved, number[truth]


def combined(offsets: Floats, recipes: Sequence[dict[str, float]]) -> Floats:
    """One shape a recipe of channels."""
    return np.stack([sum(share * offsets[channel(name)] for name, share in recipe.items()) for recipe in recipes])


def correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def test_the_default_head_finds_itself() -> None:
    vertices, triangles, offsets, truth = default_head()
    match = match_shapes(vertices, triangles, offsets, names(51), truth)
    by_channel = {link.channel: link for link in match.rig_map.links if link.gain > 0.9}
    assert {name: link.target.name for name, link in by_channel.items()} == dict(zip(CHANNELS, names(51), strict=True))
    assert len(match.rig_map.links) == 51
    assert max(match.residuals.values()) < 0.1


def test_strange_head_with_nameless_shapes_follows_a_sentence() -> None:
    vertices, triangles, offsets, truth = creature()
    shuffled = offsets[np.random.default_rng(1).permutation(51)]
    guess = guess_landmarks(vertices, triangles, shuffled)
    match = match_shapes(vertices, triangles, shuffled, names(51), guess)
    curves = sentence()
    aperture, width = mouth(vertices, shuffled, truth, values_of(match, curves, 51))
    plain, _, plain_offsets, plain_truth = default_head()
    reference, reference_width = mouth(plain, plain_offsets, plain_truth, curves.values)
    assert correlation(aperture, reference) > 0.95
    assert correlation(width, reference_width) > 0.85
    assert len(match.found) > 45


def test_few_shapes_follow_a_sentence_and_close_the_lips() -> None:
    vertices, triangles, offsets, truth = creature()
    recipes: list[dict[str, float]] = [
        {"jawOpen": 0.7, "mouthLowerDownLeft": 0.3, "mouthLowerDownRight": 0.3},
        {"jawOpen": 0.25, "mouthPucker": 0.9},
        {"jawOpen": 0.4, "mouthFunnel": 0.8},
        {"jawOpen": 0.15, "mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
        {"mouthRollLower": 0.5, "mouthRollUpper": 0.5},
        {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    ]
    visemes = combined(offsets, recipes)
    match = match_shapes(vertices, triangles, visemes, names(6), guess_landmarks(vertices, triangles, visemes))
    curves = sentence()
    values = values_of(match, curves, 6)
    assert values.min() >= 0
    assert values.max() <= 1
    aperture, _ = mouth(vertices, visemes, truth, values)
    plain, _, plain_offsets, plain_truth = default_head()
    reference, _ = mouth(plain, plain_offsets, plain_truth, curves.values)
    assert correlation(aperture, reference) > 0.9
    pressed = np.zeros((1, 51), np.float32)
    pressed[0, [channel("jawOpen"), channel("mouthClose")]] = 0.5
    closed, _ = mouth(vertices, visemes, truth, values_of(match, Curves(pressed, CHANNELS, 30.0), 6))
    opened, _ = mouth(
        vertices, visemes, truth, values_of(match, Curves(pressed * (np.arange(51) == 24), CHANNELS, 30.0), 6)
    )
    assert closed[0] < 0.15 * opened[0]


def test_sides_are_told_apart() -> None:
    vertices, triangles, offsets, truth = creature()
    match = match_shapes(vertices, triangles, offsets, names(51), truth)
    strongest = {
        name: max((link for link in match.rig_map.links if link.channel == name), key=lambda link: link.gain)
        for name in CHANNELS
    }
    sided = [name for name in CHANNELS if name.endswith(("Left", "Right")) and not name.startswith("eyeLook")]
    right = sum(strongest[name].target.name == names(51)[channel(name)] for name in sided)
    assert right >= len(sided) - 2


def test_sliders_of_identity_are_left_alone() -> None:
    vertices, triangles, offsets, truth = default_head()
    stout = 0.2 * vertices * (1, 0, 0)
    match = match_shapes(vertices, triangles, np.concatenate([offsets, stout[None]]), names(52), truth)
    assert "key_051" not in {link.target.name for link in match.rig_map.links}


def test_lips_close_where_a_bone_opens_the_jaw() -> None:
    vertices, triangles, offsets, truth = default_head()
    others = [channel(name) for name in ("mouthClose", "eyeBlinkLeft", "browInnerUp")]
    match = match_shapes(vertices, triangles, offsets[others], [names(51)[i] for i in others], truth)
    links = [link for link in match.rig_map.links if link.channel == "mouthClose"]
    assert [link.target.name for link in links] == [names(51)[channel("mouthClose")]]
    assert links[0].gain > 0.95


def test_what_no_shape_does_is_said() -> None:
    vertices, triangles, offsets, truth = default_head()
    jaw_only = offsets[[channel("jawOpen")]]
    match = match_shapes(vertices, triangles, jaw_only, ["key_000"], truth)
    assert match.residuals["jawOpen"] < 0.05
    assert match.residuals["eyeBlinkLeft"] == 1
    assert "browInnerUp" not in match.found


def test_nothing_to_match() -> None:
    vertices, triangles, offsets, truth = default_head()
    with pytest.raises(ValueError, match="no shape keys"):
        match_shapes(vertices, triangles, offsets[:0], [], truth)
    with pytest.raises(ValueError, match="No shape key moves the landmarks"):
        match_shapes(vertices, triangles, 0 * offsets[:2], names(2), truth)
