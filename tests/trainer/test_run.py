"""Run folders: checkpoints survive a round trip, and mistakes are sentences."""

from pathlib import Path

import pytest
import torch

from trainer import run


def test_checkpoint_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    run.save_checkpoint(path, {"weights": torch.arange(3), "progress": {"done_steps": 7, "best_loss": 0.5}})
    state = run.load_checkpoint(path)
    assert state["weights"].tolist() == [0, 1, 2]
    assert state["progress"] == {"done_steps": 7, "best_loss": 0.5}
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match=r"checkpoint\.pt is not a checkpoint"):
        run.load_checkpoint(path)


def test_seed_fixes_weights_and_draws() -> None:
    drawn = []
    for _ in range(2):
        generator = run.seed_everything(3)
        drawn.append((torch.rand(2).tolist(), torch.rand(2, generator=generator).tolist()))
    assert drawn[0] == drawn[1]


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_missing_device_is_a_sentence() -> None:
    assert run.choose_device("auto").type == "cpu"
    with pytest.raises(ValueError, match="--device cpu"):
        run.choose_device("cuda")


def test_commit_of_this_repository() -> None:
    assert len(run.git_commit().removesuffix("+")) == 40
