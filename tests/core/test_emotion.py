"""Emotions on a speaking face: that it shows them, that they are alive, and that the lips still say what they said."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.emotion import ACTION_UNITS, EMOTIONS, FACES, expression, fades, track
from blender_addon.core.head import read_head
from blender_addon.core.lips import CONTACT_GAP, lip_gap
from blender_addon.core.model import open_model, predict
from blender_addon.core.shaping import Shaping, head_curves, shape_curves
from blender_addon.core.wav import read_wav, resample_waveform

ROOT = Path(__file__).parents[2]
FELT = EMOTIONS[1:]
N_LIP_SOUNDS = 13
"""How often p, b and m are said in the demo sentence (tools/demo_speech.sh)."""
STILL: dict[str, Any] = {"blinks": 0.0, "gaze": 0.0, "brows": 0.0, "secondary": 0.0}


@pytest.fixture(scope="module")
def said() -> tuple[Curves, Curves]:
    """What the shipped model predicts for the demo sentence, twice with 3 s of silence between: curves and phones."""
    model = open_model(ROOT / "blender_addon" / "models" / "voice_to_face.onnx", "CPU")
    samples, rate_hz = read_wav(ROOT / "tools" / "demo_speech.wav")
    sentence = resample_waveform(samples, rate_hz, model.contract.sample_rate_hz)
    pause = np.zeros(3 * model.contract.sample_rate_hz, np.float32)
    output = predict(model, np.concatenate([sentence, pause, sentence]))
    assert output.phones is not None
    return output.curves, output.phones


def felt(said: tuple[Curves, Curves], **settings: Any) -> Curves:
    return shape_curves(said[0], Shaping(**settings), said[1])


def quiet(seconds: float = 20.0, fps: float = 50.0) -> Curves:
    return Curves(np.zeros((round(seconds * fps), 51), np.float32), BLENDSHAPE_CHANNELS, fps)


def held(emotion: str, seconds: float = 20.0, **settings: Any) -> Curves:
    """An emotion at full strength on a face that says nothing and does nothing else, without the fades at its ends."""
    face = shape_curves(quiet(seconds), Shaping(emotion=emotion, emotion_strength=1.0, **{**STILL, **settings}))
    return Curves(face.values[50:-50], face.channels, face.fps)


def short_contacts(mouth: Curves) -> NDArray[np.bool_]:
    """(T,) where lips touch for less than 0.4 s."""
    touching = lip_gap(mouth) < CONTACT_GAP
    edges = np.flatnonzero(np.diff(touching, prepend=False, append=False)).reshape(-1, 2)
    rows = np.zeros(len(touching), bool)
    for start, stop in edges:
        rows[start:stop] = stop - start < 0.4 * mouth.fps
    return rows


def seen_gap(mouth: Curves) -> NDArray[Any]:
    """(T, 3) between the inner lips of the default head, in distances between the outer corners of its eyes."""
    head = read_head()
    marks, rest, moves = head.landmarks68, head.vertices, head.face_offsets()
    upper, lower = marks[[61, 62, 63]], marks[[67, 66, 65]]
    openings = np.stack([move[upper, 2] - move[lower, 2] for move in moves])
    order = [head.channels.index(channel) for channel in mouth.channels]
    eyes = np.linalg.norm(rest[marks[36]] - rest[marks[45]])
    return np.asarray((mouth.values @ openings[order] + rest[upper, 2] - rest[lower, 2]) / eyes)


# ---------------------------------------------------------------------------------------------------------------------
# The face


def test_every_emotion_has_a_face_of_known_action_units_and_channels() -> None:
    assert set(FACES) == set(EMOTIONS)
    assert {unit for face in FACES.values() for unit in face} == set(ACTION_UNITS)
    named = {channel for channels in ACTION_UNITS.values() for channel in channels}
    assert all({channel, channel + "Left"} & set(BLENDSHAPE_CHANNELS) for channel in named)


@pytest.mark.parametrize(
    ("emotion", "channels"),
    [
        ("calm", {"mouthSmile", "eyeBlink", "browInnerUp"}),
        ("happy", {"mouthSmile", "cheekSquint"}),
        ("sad", {"browInnerUp", "mouthFrown"}),
        ("angry", {"browDown", "mouthPress"}),
        ("fearful", {"browInnerUp", "eyeWide", "mouthStretch"}),
        ("surprised", {"browInnerUp", "browOuterUp", "eyeWide"}),
        ("disgusted", {"noseSneer", "mouthUpperUp", "browDown"}),
    ],
)
def test_an_emotion_moves_what_it_is_known_by(emotion: str, channels: set[str]) -> None:
    face = held(emotion)
    most = sorted(set(BLENDSHAPE_CHANNELS), key=lambda channel: -float(face.column(channel).mean()))[:8]
    assert {channel.removesuffix("Left").removesuffix("Right") for channel in most} >= channels


def test_neutral_is_the_face_as_it_was(said: tuple[Curves, Curves]) -> None:
    assert felt(said, neutral=1.0, emotion_strength=2.0).values.tobytes() == felt(said).values.tobytes()


def test_an_unknown_emotion_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="There is no emotion joy; choose one of neutral, calm, happy"):
        shape_curves(quiet(1), Shaping(emotion="joy"))


def test_strength_scales_an_emotion() -> None:
    smiles = [
        shape_curves(quiet(), Shaping(emotion="happy", emotion_strength=strength, **STILL)).column("mouthSmileLeft")
        for strength in (0.0, 0.5, 1.0)
    ]
    assert smiles[0].max() == 0
    np.testing.assert_allclose(smiles[1], smiles[2] / 2, atol=1e-6)


def test_emotions_mix_and_share_when_there_is_too_much_of_them() -> None:
    both = held("neutral", happy=0.4, sad=0.5)
    for channel in ("mouthSmileLeft", "mouthFrownLeft", "browOuterUpLeft"):
        expected = 0.4 * held("happy").column(channel) + 0.5 * held("sad").column(channel)
        np.testing.assert_allclose(both.column(channel), expected, atol=1e-5)
    halved = held("happy", neutral=1.0).column("mouthSmileLeft")
    np.testing.assert_allclose(halved, held("happy").column("mouthSmileLeft") / 2, atol=1e-5)


@pytest.mark.parametrize("emotion", FELT)
def test_a_held_emotion_is_alive_but_only_a_little(emotion: str) -> None:
    face = held(emotion, seed=1)
    for channel in face.channels:
        values = face.column(channel)
        if values.mean() > 0.1 and not channel.startswith("eyeLook"):
            assert 0.02 < values.std() / values.mean() < 0.2, channel
            assert np.abs(np.diff(values)).max() < 0.02  # and changes slowly
    assert not np.allclose(face.values, held(emotion, seed=2).values, atol=0.01)
    assert np.array_equal(face.values, held(emotion, seed=1).values)


def test_the_two_sides_differ_a_little_unless_symmetry_is_asked_for() -> None:
    face = held("happy")
    left, right = (face.column(f"mouthSmile{side}") for side in ("Left", "Right"))
    assert 0.01 < np.abs(left - right).mean() < 0.12
    alike = held("happy", symmetry=1.0)
    np.testing.assert_allclose(alike.column("mouthSmileLeft"), alike.column("mouthSmileRight"), atol=1e-6)


# ---------------------------------------------------------------------------------------------------------------------
# Over time


def test_changes_are_eased_and_a_take_starts_and_ends_without() -> None:
    numbers = np.where(np.arange(500) < 250, EMOTIONS.index("happy"), EMOTIONS.index("sad")).astype(np.float32)
    fading = fades(500, 50.0).astype(np.float32)
    face = shape_curves(quiet(10), Shaping(emotion=numbers, emotion_strength=fading, **STILL))
    smile, frown = face.column("mouthSmileLeft"), face.column("mouthFrownLeft")
    assert smile[100:200].min() > 0.5 and smile[300:].max() < 0.01
    assert frown[300:400].min() > 0.4 and frown[:200].max() < 0.01
    assert face.values[[0, -1]].max() < 1e-3
    assert np.abs(np.diff(face.values, axis=0)).max() < 0.06
    change = (smile[220:280] < 0.9 * smile[200]) & (smile[220:280] > 0.1 * smile[200])
    assert 0.3 < change.sum() / 50 < 0.7


def test_nothing_fades_where_takes_join() -> None:
    both, neither = fades(200, 50.0), fades(200, 50.0, begins=False, ends=False)
    assert both[0] == both[-1] == 0 and both[30:170].min() == 1
    assert neither.min() == 1
    np.testing.assert_array_equal(fades(200, 50.0, begins=False)[:100], neither[:100])
    np.testing.assert_array_equal(fades(200, 50.0, begins=False)[100:], both[100:])
    assert len(fades(0, 50.0)) == 0


def test_a_track_that_something_else_made_is_followed_at_its_rate() -> None:
    """As a model that hears emotions would give it."""
    heard = np.zeros((300, 8))
    heard[:, EMOTIONS.index("angry")] = np.linspace(0, 1, 300)
    weights = track(heard, 0.5, 30.0)
    assert weights.shape == (300, 8) and 0.2 < weights[150, EMOTIONS.index("angry")] < 0.3
    brows = expression(np.arange(300) / 30, weights, 0)["browDownLeft"]
    assert brows[250] > 2 * brows[100] > 0


# ---------------------------------------------------------------------------------------------------------------------
# Over speech


@pytest.mark.parametrize("emotion", FELT)
@pytest.mark.parametrize("strength", [0.7, 2.0])
def test_lips_that_touch_in_speech_keep_touching(said: tuple[Curves, Curves], emotion: str, strength: float) -> None:
    before, after = felt(said), felt(said, emotion=emotion, emotion_strength=strength)
    touching = short_contacts(before)
    assert touching.sum() > 200
    assert (np.diff(touching.astype(int)) == 1).sum() >= 2 * N_LIP_SOUNDS
    assert (lip_gap(after)[touching] < CONTACT_GAP + 1e-6).all()
    beyond = seen_gap(after)[touching] - np.maximum(seen_gap(before)[touching], 0)
    assert beyond.max() < (0.01 if strength < 1 else CONTACT_GAP)  # on a head, where a sneer lifts the lip a little


@pytest.mark.parametrize("emotion", FELT)
def test_articulation_stays_readable(said: tuple[Curves, Curves], emotion: str) -> None:
    """In the pause surprise may open the mouth."""
    n_rows = len(said[0].values)
    pause = slice(n_rows // 2 - round(1.5 * said[0].fps), n_rows // 2 + round(1.5 * said[0].fps))
    before, after = felt(said), felt(said, emotion=emotion, emotion_strength=0.7)
    for gap in (lip_gap, lambda mouth: seen_gap(mouth)[:, 1]):
        wanted, seen = (np.delete(gap(mouth), pause) for mouth in (before, after))
        assert np.corrcoef(wanted, seen)[0, 1] > 0.95
        assert np.ptp(seen) > 0.9 * np.ptp(wanted)


def test_a_surprised_mouth_drops_open_in_pauses() -> None:
    assert lip_gap(held("surprised")).min() > 0.1
    assert lip_gap(held("happy")).max() < 0.1


def test_rounded_lips_do_not_smile() -> None:
    rounded = quiet()
    rounded.values[:, BLENDSHAPE_CHANNELS.index("mouthPucker")] = 0.8
    smile = shape_curves(rounded, Shaping(emotion="happy", **STILL)).column("mouthSmileLeft")
    assert (
        smile[200:800].max()
        < 0.7 * shape_curves(quiet(), Shaping(emotion="happy", **STILL)).column("mouthSmileLeft")[200:800].max()
    )


@pytest.mark.parametrize("emotion", FELT)
def test_blinks_still_shut_the_eyes(said: tuple[Curves, Curves], emotion: str) -> None:
    face = felt(said, emotion=emotion, emotion_strength=1.0, gaze=0.0, brows=0.0)
    is_shut = face.column("eyeBlinkLeft") > 0.99
    assert is_shut.sum() > 3
    assert max(face.column("eyeWideLeft")[is_shut].max(), face.column("eyeSquintLeft")[is_shut].max()) < 0.05


# ---------------------------------------------------------------------------------------------------------------------
# Blinks, gaze and head


def n_blinks(emotion: str) -> int:
    face = shape_curves(quiet(300), Shaping(emotion=emotion, emotion_strength=1.0, gaze=0.0, brows=0.0))
    return int((np.diff(face.column("eyeBlinkLeft") > 0.7, prepend=False) > 0).sum()) // 2


def test_who_is_surprised_or_afraid_blinks_less_and_stares_wider() -> None:
    assert n_blinks("surprised") < 0.65 * n_blinks("neutral")
    assert n_blinks("fearful") < 0.75 * n_blinks("neutral")
    assert held("surprised").column("eyeWideLeft").mean() > 0.5


def test_sadness_lowers_gaze_and_head_and_calms_it(said: tuple[Curves, Curves]) -> None:
    down, up = (held("sad", gaze=1.0).column(f"eyeLook{way}Left").mean() for way in ("Down", "Up"))
    assert down > 0.15 and up < 0.02
    plain, sad = (head_curves(said[0], Shaping(emotion=name, emotion_strength=1.0)) for name in ("neutral", "sad"))
    middle = slice(50, -50)
    assert 4 < np.degrees(sad.column("headPitch")[middle].mean() - plain.column("headPitch")[middle].mean()) < 8
    assert sad.column("headYaw").std() < 0.6 * plain.column("headYaw").std()
    assert np.abs(head_curves(said[0], Shaping(emotion="sad", head=0.0)).values).max() == 0


@pytest.mark.parametrize("region", ["brow", "mouth"])
def test_a_region_scales_an_emotion_too(region: str) -> None:
    still: dict[str, Any] = {f"{region}_strength": 0.0}
    columns = [channel.startswith(region) for channel in BLENDSHAPE_CHANNELS]
    assert held("sad").values[:, columns].max() > 0.4
    assert held("sad", **still).values[:, columns].max() == 0
