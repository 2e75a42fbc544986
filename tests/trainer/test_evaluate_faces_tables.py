"""The tables of landmark and picture models, made with small model files."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from blender_addon.core.frames import Frames, save_frames
from trainer.evaluate_faces import Config, main
from trainer.landmark_clips import fake_landmark_clips, save_landmark_clip

MODELS = Path(__file__).parents[1] / "models"


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """Two clips of a speaker; what the camera saw was plain grey that becomes lighter."""
    for clip in fake_landmark_clips(2):
        save_landmark_clip(tmp_path / "clips" / "noise", clip)
        levels = np.arange(len(clip.landmarks), dtype=np.uint8) + 100
        images = np.repeat(levels, 256 * 256 * 3).reshape(-1, 256, 256, 3)
        save_frames(tmp_path / "frames" / "noise", Frames(clip.name, "noise", "none", images, clip.landmarks))
    return tmp_path


def cells(table: str, row: str) -> list[str]:
    """The figures of the row that begins so."""
    line = next(line for line in table.splitlines() if line.startswith(f"| {row}"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_landmarks_and_pictures_are_measured(faces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = {"landmarks": MODELS / "tiny_landmarks.onnx", "images": MODELS / "tiny_painter.onnx"}
    main(Config(faces=faces, **models, character="noise", every_frames=20))
    landmarks, blinks, pictures = capsys.readouterr().out.strip().split("\n\n")
    errors = [float(cells(landmarks, row)[0]) for row in ("noise, 2 clips", "motion on", "the speaker's mean")]
    assert errors[0] < 0.001  # the same head, whose chin both drop with loudness
    assert errors[2] > 0
    assert cells(landmarks, "P1") == ["0.0006", "", ""]
    assert cells(blinks, "noise, recorded")[0] == "0.00"
    assert float(cells(pictures, "their mean picture")[1]) > 20
    assert float(cells(pictures, "from tracked landmarks")[1]) < 10
    assert float(cells(pictures, "from speech")[1]) < 10


def test_nothing_to_score_is_a_sentence(tmp_path: Path, faces: Path) -> None:
    with pytest.raises(ValueError, match="holds no clips"):
        main(Config(faces=tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="holds no frames of nobody"):
        main(Config(faces=faces, images=MODELS / "tiny_painter.onnx", character="nobody"))
