"""Render every emotion on a head: at half and at full strength, and while it speaks.

    python -m rigs.emotion_sheet rigs/default_head.blend --camera "Face camera" --output rigs/images/emotions.png

Faces of emotions are tuned by looking at this. The speaking ones are two moments of the demo sentence, as the default
model predicts it and the add-on shapes it: a p, on which the lips must meet, and a wide open vowel.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from blender_addon.core.curves import Curves
from blender_addon.core.emotion import EMOTIONS
from blender_addon.core.lips import lip_gap
from blender_addon.core.model import open_model, predict
from blender_addon.core.shaping import Shaping, shape_curves
from blender_addon.core.wav import read_wav, resample_waveform
from rigs.contact_sheet import Pose, render_contact_sheet

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "blender_addon" / "models" / "voice_to_face.onnx"
SENTENCE = ROOT / "tools" / "demo_speech.wav"
SPEAKING_STRENGTH = 0.7
NO_LIFE: dict[str, Any] = {"blinks": 0.0, "gaze": 0.0, "brows": 0.0, "secondary": 0.0}
"""The pictures differ by emotions alone."""


def poses() -> dict[str, Pose]:
    """Label -> channels, four rows of all emotions but neutral."""
    curves, phones = _sentence()
    rest = Curves(np.zeros((500, len(BLENDSHAPE_CHANNELS)), np.float32), BLENDSHAPE_CHANNELS, 50.0)
    middle = slice(len(curves.values) // 5, -len(curves.values) // 5)  # emotions fade at the ends
    says_p = middle.start + int(phones.column("p")[middle].argmax())
    says_a = middle.start + int(lip_gap(curves)[middle].argmax())
    moments = (
        ("half", rest, None, 250, 0.5),
        ("full", rest, None, 250, 1.0),
        ("saying p", curves, phones, says_p, SPEAKING_STRENGTH),
        ("saying a", curves, phones, says_a, SPEAKING_STRENGTH),
    )
    found: dict[str, Pose] = {}
    for what, said, heard, row, strength in moments:
        for emotion in EMOTIONS[1:]:
            shaping = Shaping(emotion=emotion, emotion_strength=strength, **NO_LIFE)
            face = shape_curves(said, shaping, heard)
            found[f"{emotion}, {what}"] = dict(zip(face.channels, face.values[row].tolist(), strict=True))
    return found


def _sentence() -> tuple[Curves, Curves]:
    """Curves and phones that the default model predicts for the demo sentence."""
    model = open_model(MODEL, "CPU")
    samples, rate_hz = read_wav(SENTENCE)
    output = predict(model, resample_waveform(samples, rate_hz, model.contract.sample_rate_hz))
    assert output.phones is not None  # the default model gives them
    return output.curves, output.phones


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m rigs.emotion_sheet", description=__doc__.split("\n")[0])
    parser.add_argument("blend", type=Path, help="the .blend with the head; it is only read")
    parser.add_argument("--output", type=Path, default=Path("out/emotions.png"), help="PNG to write")
    parser.add_argument("--tile_px", type=int, default=160, help="width of one picture in pixels, 16 to 1024")
    parser.add_argument("--camera", help="name of the camera object (default: the scene's camera)")
    options = parser.parse_args(arguments)
    try:
        sheet = poses()
        render_contact_sheet(
            options.blend, options.output, None, options.tile_px, options.camera, sheet, len(EMOTIONS) - 1
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Wrote {options.output}: {len(sheet)} pictures.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
