"""Join networks that were trained apart to one model, which says their mean.

Each was trained by train.py with a --seed of its own. What they agree on is mostly right and their errors differ, so
the mean follows a voice that none of them heard better than each does, and takes the time of all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import tyro

from blender_addon.core.numpy_runtime import NumpySession
from trainer import run
from trainer.voice_to_face import train
from trainer.voice_to_face.model import VoiceNetwork, VoiceToFace


@dataclass(frozen=True)
class Config:
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders of finished runs of train.py. Live, where time is short, only the first is heard."""
    run: Path = Path("runs/joined")
    """Folder for the model."""
    clips: Path = Path("clips")
    """Folder of prepared clips, one folder a corpus: held-out ones tell how good the model is."""
    fake: bool = False
    """Tell it by noise bursts instead, to see that everything runs."""


def main(config: Config) -> dict[str, dict[str, float]]:
    """Write the model that the networks of the runs make together, and return its figures."""
    if len(config.runs) < 2:
        raise ValueError("there is nothing to join; name the folders of two finished runs or more")
    networks = [VoiceNetwork() for _ in config.runs]
    for network, folder in zip(networks, config.runs, strict=True):
        train.load_weights(network, folder / train.ARRAYS)
    contracts = [json.loads(NumpySession(folder / train.ARRAYS).contract) for folder in config.runs]
    held_out = train.load_held_out(train.Config(clips=config.clips, fake=config.fake))
    model = VoiceToFace(*networks).eval()
    figures = train.validate(model, held_out)
    # a dictionary keeps the order, and each corpus once
    trained_on = list({json.dumps(corpus): corpus for facts in contracts for corpus in facts["trained_on"]}.values())
    own = {"commit": run.git_commit(), "config": asdict(config)}
    trained_with = own | {"runs": [facts["trained_with"] for facts in contracts]}
    config.run.mkdir(parents=True, exist_ok=True)
    train.write_model(model, config.run, held_out, train.contract(trained_on, trained_with, figures))
    return figures


if __name__ == "__main__":
    try:
        main(tyro.cli(Config, description=__doc__))
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
