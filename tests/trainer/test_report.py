"""The report on held-out clips: its figures, its page, and its pictures."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.head import DEFAULT_HEAD, read_head
from trainer.clips import CLIP_FPS, CLIP_SAMPLE_RATE_HZ, PHONES, Clip, fake_clips
from trainer.evaluate import CONTACT_GAP, closures, lip_gap, n_met
from trainer.report import FPS, Performance, compare, write_report
from trainer.sample_frames import render_frames

MODELS = Path(__file__).parent.parent / "models"
TINY_MODEL = MODELS / "tiny_blendshapes.onnx"
JAW = BLENDSHAPE_CHANNELS.index("jawOpen")
CLOSE = BLENDSHAPE_CHANNELS.index("mouthClose")


def mouth(closed: list[tuple[int, int]], n_rows: int = 200) -> torch.Tensor:
    """Weights (T, 51) of an open mouth that closes in some rows."""
    values = torch.zeros(n_rows, 51)
    values[:, JAW] = 0.4
    for start, stop in closed:
        values[start:stop, CLOSE] = 0.4
    return values


def performance(values: torch.Tensor, targets: torch.Tensor, n_silent: int = 0) -> Performance:
    is_silent = torch.arange(len(values)) < n_silent
    return Performance(
        values, targets, None, torch.full((len(values),), -1), is_silent, torch.ones(51, dtype=torch.bool)
    )


def silence(seconds: int) -> Clip:
    """A clip in which nothing is heard and nothing moves."""
    (clip,) = fake_clips(1)
    curves = replace(clip.curves, values=np.zeros((seconds * CLIP_FPS, 51), np.float32))
    waveform = np.zeros(seconds * CLIP_SAMPLE_RATE_HZ, np.float32)
    return replace(clip, name="silence", curves=curves, waveform=waveform, phones=np.zeros(len(curves.values), np.int8))


def test_closures_are_short_contacts_between_open_mouths() -> None:
    gap = lip_gap(mouth([(0, 20), (50, 54), (100, 130), (190, 200)]))
    assert float(gap.max()) == pytest.approx(0.4 * 0.367) and float(gap.min()) == 0
    assert closures(gap, FPS) == [(50, 54)]  # not the rests at both ends, nor the pause
    assert closures(torch.full((200,), CONTACT_GAP / 2), FPS) == []


def test_closures_meet_when_they_overlap_or_nearly_so() -> None:
    wanted = [(10, 14), (50, 54), (90, 94)]
    assert n_met(wanted, [(12, 16), (55, 58)], FPS) == 2
    assert n_met(wanted, [(57, 60), (20, 30)], FPS) == 0


def test_figures_of_a_mouth_that_misses_invents_and_rests() -> None:
    targets = mouth([(0, 30), (50, 54), (80, 84), (110, 114), (140, 144)])
    values = mouth([(0, 15), (50, 54), (95, 98), (111, 115)])
    figures = compare([performance(values, targets, n_silent=30)])
    assert figures["closure_recall"] == pytest.approx(2 / 4)
    assert figures["closure_precision"] == pytest.approx(2 / 3)
    assert figures["rest_in_silence"] == pytest.approx(15 / 30)
    assert figures["jaw_r"] == 0 and 0 < figures["gap_r"] < 1  # a jaw that never moves correlates with nothing
    wrong = (values != targets).sum() * 0.4**2 / targets.numel()
    assert figures["rmse"] == pytest.approx(float(wrong) ** 0.5)
    itself = compare([performance(targets, targets)])
    assert (itself["closure_recall"], itself["closure_precision"], itself["rmse"]) == (1, 1, 0)
    assert "rest_in_silence" not in itself and "phones_right" not in itself


def test_phones_are_right_where_they_are_known() -> None:
    shown = performance(mouth([]), mouth([]))
    heard = torch.eye(len(PHONES))[torch.arange(200) % 5]
    known = torch.where(torch.arange(200) < 100, torch.tensor(3), torch.tensor(-1))
    figures = compare([replace(shown, phones=heard, known_phones=known)])
    assert figures["phones_right"] == pytest.approx(0.2)


def test_page_compares_models_on_clips_and_holds_its_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.report.N_PICTURES", 2)
    clips = [*fake_clips(1), silence(2)]
    output = tmp_path / "folder" / "report.html"
    figures = write_report(output, [TINY_MODEL, MODELS / "small_voice.onnx"], {"fa<ke": clips}, n_examples=1)
    tiny, small, target = figures["fa<ke"].values()
    assert 0.8 < tiny["jaw_r"] < 1 == pytest.approx(target["jaw_r"])  # the jaw of the tiny model follows loudness
    assert tiny["rest_in_silence"] == 1 and "phones_right" not in tiny
    assert 0 <= small["phones_right"] < 1
    page = output.read_text()
    assert "fa&lt;ke" in page and "tiny_blendshapes" in page and f"{tiny['jaw_r']:.3f}" in page
    assert len(re.findall("<img src=.data:image/png;base64,", page)) == 1


def test_report_needs_clips_and_goes_without_a_head(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no clips to report about"):
        write_report(tmp_path / "report.html", [TINY_MODEL], {"grid": []})
    write_report(tmp_path / "report.html", [TINY_MODEL], {"fake": fake_clips(1)}, head=tmp_path / "none.npz")
    assert "has no pictures" in capsys.readouterr().out
    (tmp_path / "none.npz").write_bytes(b"no mesh")
    with pytest.raises(ValueError, match="is no head mesh"):
        read_head(tmp_path / "none.npz")


def test_pictures_show_the_face_that_the_curves_make() -> None:
    names = ("jawOpen", "eyeBlinkLeft", "tongueOut")
    weights = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    neutral, open_jaw, wink, tongue = render_frames(read_head(DEFAULT_HEAD), Curves(weights, names, 50), 80).astype(int)
    assert neutral.shape == (80, 80, 3)
    np.testing.assert_array_equal(neutral, tongue)  # a channel that the head does not have
    is_skin = (neutral[..., 0] > neutral[..., 2] + 20).mean()
    assert 0.3 < is_skin < 0.9
    rows, columns = np.nonzero(np.abs(wink - neutral).sum(axis=2) > 40)
    assert columns.min() > 40 and rows.max() < 50  # only the character's left eye, at the right of the picture
    rows, _ = np.nonzero(np.abs(open_jaw - neutral).sum(axis=2) > 40)
    assert rows.min() > 35
    n_dark = [int((picture[40:60, 25:55].sum(axis=2) < 120).sum()) for picture in (neutral, open_jaw)]
    assert n_dark[0] == 0 and n_dark[1] > 10  # one looks into the mouth
