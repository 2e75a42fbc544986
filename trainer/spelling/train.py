"""Letters to sounds, for the transcripts of the add-on: words in, classes of sounds out.

A network says for every letter, from those around it, up to three sounds; which letter stands for which sound is
nowhere told, it is learned: Graves et al. 2006, "Connectionist temporal classification", ICML.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
import tyro
from torch.utils.tensorboard import SummaryWriter
from tqdm import trange

from blender_addon.core.articulation import PHONES
from blender_addon.core.spelling import ALPHABET, LANGUAGES, N_SLOTS
from trainer import run
from trainer.spelling.data import Batch, Word, fake_vocabulary, make_batch, split, vocabulary
from trainer.spelling.model import SpellingNetwork

CHECKPOINT, MODEL = "checkpoint.pt", "spelling.npz"


@dataclass(frozen=True)
class Config:
    """Settings of one run."""

    run: Path = Path("runs/spelling")
    """Run folder: config.json, TensorBoard log, checkpoint, metrics.json, spelling.npz. A run there is resumed."""
    n_words: int = 15_000
    """The most frequent words of each language."""
    n_features: int = 96
    """Of each letter in the hidden layers."""
    n_letter_features: int = 32
    steps: int = 3500
    """Updates."""
    batch_size: int = 256
    """Words an update."""
    learning_rate: float = 3e-3
    """Of Adam at the start; falls to nothing along a cosine."""
    checkpoint_every: int = 500
    """Updates from one checkpoint and validation to the next."""
    seed: int = 0
    """Of initial weights and batches."""
    fake: bool = False
    """Train on words of noise, to see that everything runs."""


def loss_of(network: SpellingNetwork, batch: Batch) -> torch.Tensor:
    """Mean negative log probability of the sounds of the words, by the number of their sounds."""
    scores = network(batch.letters, batch.languages, batch.lengths).transpose(0, 1)
    loss: torch.Tensor = F.ctc_loss(scores, batch.sounds, N_SLOTS * batch.lengths, batch.n_sounds, zero_infinity=True)
    return loss


def step(network: SpellingNetwork, optimizer: torch.optim.Optimizer, batch: Batch) -> dict[str, float]:
    """One update of the network on a batch; the loss before it."""
    loss = loss_of(network, batch)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return {"loss": float(loss.detach())}


@torch.no_grad()
def validate(network: SpellingNetwork, words: list[Word]) -> dict[str, dict[str, float]]:
    """For each language: words said wholly right, and sounds wrong, missing or too many against those there are."""
    network.eval()
    tally: dict[str, list[tuple[int, int]]] = {}
    for first in range(0, len(words), 512):
        part = words[first : first + 512]
        batch = make_batch(part)
        chosen = network(batch.letters, batch.languages, batch.lengths).argmax(dim=2).numpy()
        for word, row, length in zip(part, chosen, batch.lengths.tolist(), strict=True):
            said = read(row[: N_SLOTS * length])
            tally.setdefault(word.language, []).append((distance(said, word.sounds), len(word.sounds)))
    network.train()
    return {
        language: {
            "words_right": float(np.mean([wrong == 0 for wrong, _ in counts])),
            "sounds_wrong": sum(wrong for wrong, _ in counts) / sum(n for _, n in counts),
        }
        for language, counts in tally.items()
    }


def read(chosen: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    """Indices into PHONES of the classes chosen (N,) in each slot, none twice in a row."""
    sounds = [int(c) - 1 for i, c in enumerate(chosen) if c and (i == 0 or c != chosen[i - 1])]
    return [c for i, c in enumerate(sounds) if i == 0 or c != sounds[i - 1]]


def distance(said: list[int], right: list[int]) -> int:
    """Levenshtein distance: the fewest sounds to change, add or leave out."""
    before = list(range(len(right) + 1))
    for i, sound in enumerate(said, start=1):
        after = [i]
        for j, other in enumerate(right, start=1):
            after.append(min(before[j] + 1, after[-1] + 1, before[j - 1] + (sound != other)))
        before = after
    return before[-1]


def export(path: Path, network: SpellingNetwork, config: Config, metrics: dict[str, dict[str, float]]) -> None:
    """Write the weights at half precision, with what the add-on checks, at once or not at all."""
    contract = {
        "alphabet": ALPHABET,
        "languages": list(LANGUAGES),
        "phones": PHONES,
        "trained_with": {"commit": run.git_commit(), "config": asdict(config)},
        "metrics": metrics,
    }
    arrays = {name: weight.detach().numpy().astype(np.float16) for name, weight in network.state_dict().items()}
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez_compressed(file, contract=np.array(json.dumps(contract, default=str, ensure_ascii=False)), **arrays)
    partial.replace(path)


def main(config: Config) -> None:
    generator = run.seed_everything(config.seed)
    torch.set_num_threads(1)
    run.start_run(config.run, asdict(config))
    training, held_out = split(fake_vocabulary() if config.fake else vocabulary(config.n_words))
    weights = torch.tensor([word.weight for word in training])
    network = SpellingNetwork(config.n_features, config.n_letter_features)
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    checkpoint = config.run / CHECKPOINT
    parts: dict[str, Any] = {"network": network, "optimizer": optimizer, "schedule": schedule}
    first = 0
    if checkpoint.exists():
        state = run.load_checkpoint(checkpoint)
        first = state["steps"]
        generator.set_state(state["generator"])
        for name, part in parts.items():
            part.load_state_dict(state[name])
    writer = SummaryWriter(config.run)
    for done in trange(first + 1, config.steps + 1, desc="spelling", initial=first, total=config.steps):
        drawn = torch.multinomial(weights, config.batch_size, replacement=True, generator=generator)
        losses = step(network, optimizer, make_batch([training[i] for i in drawn.tolist()]))
        schedule.step()
        writer.add_scalar("loss", losses["loss"], done)
        if done % config.checkpoint_every == 0 or done == config.steps:
            for language, figures in validate(network, held_out).items():
                writer.add_scalars("words_right", {language: figures["words_right"]}, done)
            states = {name: part.state_dict() for name, part in parts.items()}
            run.save_checkpoint(checkpoint, {**states, "steps": done, "generator": generator.get_state()})
    writer.close()
    metrics = validate(network, held_out)
    run.write_json(config.run / "metrics.json", metrics)
    export(config.run / MODEL, network, config, metrics)
    print(f"Wrote {config.run / MODEL}")


if __name__ == "__main__":
    main(tyro.cli(Config))
