"""Writes small_voice.onnx and small_voice.npz: voice_to_face with few, random weights, for both runtimes of the add-on.

`python -m tests.models.make_small_voice` makes them anew, in a Python that has the trainer's libraries.

What the mouth does means nothing, but all of it follows the sound: lips and teeth touch now and then, phones change,
and each style moves otherwise.
"""

from pathlib import Path
from unittest.mock import patch

import torch

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer.clips import PHONES
from trainer.export import export_arrays, export_model, round_weights
from trainer.voice_to_face import model as voice

N_HIDDEN = 16
N_NETWORKS = 2


def build(path: Path, n_hidden: int = N_HIDDEN) -> voice.VoiceToFace:
    """Write the model file, and its arrays beside it, and return the model."""
    with patch.object(voice, "N_HIDDEN", n_hidden):
        networks = [voice.VoiceNetwork() for _ in range(N_NETWORKS)]
    for seed, network in enumerate(networks):
        _randomise(network, seed)
    model = voice.VoiceToFace(*networks)
    round_weights(model)
    contract = {
        "kind": "audio_to_blendshapes",
        "sample_rate_hz": voice.SAMPLE_RATE_HZ,
        "hop_samples": voice.HOP_SAMPLES,
        "fps": voice.FPS,
        "channels": BLENDSHAPE_CHANNELS,
        "phones": PHONES,
        "styles": voice.STYLES,
        "receptive_field_seconds": voice.RECEPTIVE_FIELD_SECONDS,
        "trained_on": [],
        "trained_with": {},
        "metrics": {},
    }
    export_model(model, path, contract)
    export_arrays(model, path.with_suffix(".npz"), contract, voice.NUMPY_CONSTANTS)
    return model


def _randomise(network: voice.VoiceNetwork, seed: int) -> None:
    """Weights that keep hidden numbers about as large as they are, and outputs in the middle of their ranges."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            size = parameter[0].numel() if parameter.ndim > 1 else 10
            parameter.add_(torch.randn(parameter.shape, generator=generator) * size**-0.5)
        network.blendshapes.weight *= 0.2
        network.blendshapes.bias.fill_(0.3)


if __name__ == "__main__":
    build(Path(__file__).with_name("small_voice.onnx"))
