"""What every training run needs around its loop: seed, device, processes, run folder, checkpoints."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import torch
import torch.distributed


def seed_everything(seed: int) -> torch.Generator:
    """Seed torch, and return a generator of its own for drawing batches, whose state a checkpoint can hold."""
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


def choose_device(name: str) -> torch.device:
    """The named torch device, or for "auto" the first GPU where there is one; ValueError when it is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError("this torch finds no CUDA device; pass --device cpu, or install torch for CUDA")
    if name == "cuda":
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    return torch.device(name)


def join_processes(device: torch.device) -> None:
    """Join the other processes that torchrun started, if it did."""
    if "WORLD_SIZE" in os.environ:
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")


def rank_and_processes() -> tuple[int, int]:
    """Number of this process among those that torchrun started, from 0, and how many they are; (0, 1) when alone."""
    if not torch.distributed.is_initialized():
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def mean_over_processes(figures: dict[str, float]) -> dict[str, float]:
    """Each figure as its mean over the processes that torchrun started."""
    if not torch.distributed.is_initialized():
        return figures
    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    numbers = torch.tensor(list(figures.values()), dtype=torch.float64, device=device)
    torch.distributed.all_reduce(numbers)
    return dict(zip(figures, (numbers / torch.distributed.get_world_size()).tolist(), strict=True))


def start_run(folder: Path, config: dict[str, Any]) -> None:
    """Create the run folder and write config.json into it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write readable JSON; paths become text."""
    path.write_text(json.dumps(content, indent=1, default=str) + "\n")


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint of tensors and plain values, at once or not at all."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what save_checkpoint wrote onto the CPU; ValueError when the file is damaged."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise ValueError(f"{path} is not a checkpoint; delete it to start this run again") from error
    return state


def git_commit() -> str:
    """Commit of the working tree, with "+" when files differ from it, or "unknown" outside a repository."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=40", "--dirty=+"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return result.stdout.strip() or "unknown"
