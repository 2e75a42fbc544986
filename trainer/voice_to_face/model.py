"""voice_to_face as networks: log mel power -> dilated convolutions -> 51 blendshapes, lip contact, phones.

No recurrence and few kinds of operations: a row depends on a bounded span of sound, so chunks and streams give what the
whole file gives, and `blender_addon/core/numpy_runtime.py` can run the same weights in plain numpy.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812  (the name that the torch documentation uses)
from torch import Tensor, nn

from blender_addon.core.channels import BLENDSHAPE_CHANNELS
from trainer.audio import MelPower, divide_by_local_level, local_mean
from trainer.clips import PHONES

SAMPLE_RATE_HZ = 16_000
"""Speech corpora seldom hold more than 8 kHz, and mouths show nothing that lies above."""
FPS = 50
HOP_SAMPLES = SAMPLE_RATE_HZ // FPS
ROWS_PER_FRAME = 2
ROW_FPS = FPS * ROWS_PER_FRAME
"""Rows of mel power a second: two to an output frame, for bursts and closures that are shorter than a frame."""
WINDOW_SAMPLES = 400
"""25 ms."""
N_MELS = 64
LOWEST_HZ, HIGHEST_HZ = 60.0, 7600.0
LEVEL_REACH_ROWS = 2 * ROW_FPS
"""Reach of the local level, and then of the local mean of each band, to either side."""
QUIETEST_POWER = 4e-6
"""About -60 dB of full scale: white noise of that level has this mean mel power."""
FLOOR_POWER = 1e-5
"""Added to the power relative to the local level: what is 50 dB below it counts as silence."""
N_HIDDEN = 192
DILATIONS = (1, 2, 4, 8, 16, 1, 2, 4)
KERNEL = 3
RECEPTIVE_FIELD_SECONDS = 2 * (1 + sum(DILATIONS) + 1) / FPS + (4 * LEVEL_REACH_ROWS + 3) / ROW_FPS
"""The span of sound around an output frame that can change it: convolutions, local level and means, audio windows."""
STYLES = ("articulation", "facegood", "grid")
"""Whose habits of annotation to follow: an articulation model, or one of the captured corpora. None is the default."""

OPENING_CHANNELS = tuple(
    c for c in BLENDSHAPE_CHANNELS if c.startswith(("mouthLowerDown", "mouthUpperUp")) or c == "mouthFunnel"
)
"""Channels that part the lips over a closed jaw."""
CONTACT_BEGINS, CONTACT_FULL = 0.4, 0.7
"""Probabilities of contact between which the lips close: it is certain enough to show, or it is not shown at all."""
TEETH_SHARE = 0.6
"""How much of the jaw's opening the lower lip takes back when it meets the teeth."""

NUMPY_CONSTANTS = {
    "dilations": DILATIONS,
    "level_reach_rows": LEVEL_REACH_ROWS,
    "quietest_power": QUIETEST_POWER,
    "floor_power": FLOOR_POWER,
    "contact_begins": CONTACT_BEGINS,
    "contact_full": CONTACT_FULL,
    "teeth_share": TEETH_SHARE,
}
"""What `blender_addon/core/numpy_runtime.py` needs to know besides weights, buffers and contract."""


class VoiceFeatures(nn.Module):
    """Waveform (B, S) -> log mel power relative to its local mean in each band, (B, S // HOP_SAMPLES, 2 * N_MELS)."""

    def __init__(self) -> None:
        super().__init__()
        self.mel_power = MelPower(
            SAMPLE_RATE_HZ, HOP_SAMPLES // ROWS_PER_FRAME, WINDOW_SAMPLES, N_MELS, LOWEST_HZ, HIGHEST_HZ
        )

    def forward(self, waveform: Tensor) -> Tensor:
        """Features of a waveform in [-1, 1]; the rest of a hop at its end is left out."""
        n_frames = waveform.shape[1] // HOP_SAMPLES
        return stacked_features(self.mel_power(waveform[:, : n_frames * HOP_SAMPLES]))


def stacked_features(mel_power: Tensor) -> Tensor:
    """Mel power (B, R, N_MELS) at ROW_FPS -> features (B, R // ROWS_PER_FRAME, ROWS_PER_FRAME * N_MELS).

    What a voice, a room and a microphone do to a band all the time leaves no trace in them.
    """
    relative = divide_by_local_level(mel_power, LEVEL_REACH_ROWS, QUIETEST_POWER)
    log_power = torch.log10(relative + FLOOR_POWER)
    rows = log_power - local_mean(log_power, LEVEL_REACH_ROWS)
    return rows.reshape(rows.shape[0], -1, ROWS_PER_FRAME * N_MELS)


class Block(nn.Module):
    """Residual block over (B, T, N_HIDDEN): per-frame normalisation, dilated convolution, ReLU, linear."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(N_HIDDEN)
        self.convolution = nn.Conv1d(N_HIDDEN, N_HIDDEN, KERNEL, dilation=dilation, padding=dilation)
        self.linear = nn.Linear(N_HIDDEN, N_HIDDEN)
        nn.init.zeros_(self.linear.weight)  # a block begins as the identity, so that depth does not slow learning
        nn.init.zeros_(self.linear.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """Same shape out as in."""
        spread = self.convolution(self.norm(hidden).transpose(1, 2)).transpose(1, 2)
        added: Tensor = self.linear(F.relu(spread))
        return hidden + added


class VoiceNetwork(nn.Module):
    """Features (B, T, 128) and style (B, n_styles) -> blendshapes, contact and phones of every frame."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        n_features = ROWS_PER_FRAME * N_MELS
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("deviation", torch.ones(n_features))
        self.entry = nn.Conv1d(n_features, N_HIDDEN, KERNEL, padding=1)
        self.style = nn.Linear(len(STYLES), N_HIDDEN, bias=False)
        self.blocks = nn.Sequential(*(Block(dilation) for dilation in DILATIONS))
        self.norm = nn.LayerNorm(N_HIDDEN)
        self.blendshapes = nn.Linear(N_HIDDEN, len(BLENDSHAPE_CHANNELS))
        self.contact = nn.Linear(N_HIDDEN, 2)
        self.phones = nn.Linear(N_HIDDEN, len(PHONES))

    def standardise(self, features: Tensor) -> None:
        """Scale features from now on so that these (N, 128) have mean 0 and deviation 1."""
        deviation, mean = torch.std_mean(features, dim=0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def keep_at_rest(self, channels: Tensor) -> None:
        """Set channels (51,) bool to 0, where they stay: what no corpus labels would move with its first weights."""
        with torch.no_grad():
            self.blendshapes.weight[channels] = 0
            self.blendshapes.bias[channels] = 0

    def forward(self, features: Tensor, style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Blendshapes (B, T, 51) before contact, logits of lip and teeth contact (B, T, 2), of phones (B, T, 29)."""
        scaled = (features - self.mean) / self.deviation
        hidden = self.entry(scaled.transpose(1, 2)).transpose(1, 2) + self.style(style).unsqueeze(1)
        hidden = self.norm(self.blocks(F.relu(hidden)))
        return self.blendshapes(hidden), self.contact(hidden), self.phones(hidden)


class Contact(nn.Module):
    """Closes the mouth where contact is likely, which a regression of weights leaves half open.

    Lips that touch: nothing parts them, and mouthClose equals jawOpen. Lower lip at the upper teeth: nothing parts the
    lips but the jaw, of whose opening TEETH_SHARE is taken back.
    """

    opens: Tensor
    closes: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.jaw = BLENDSHAPE_CHANNELS.index("jawOpen")
        self.close = BLENDSHAPE_CHANNELS.index("mouthClose")
        names = torch.tensor([name in OPENING_CHANNELS for name in BLENDSHAPE_CHANNELS])
        self.register_buffer("opens", names.float(), persistent=False)
        closes = torch.tensor([name == "mouthClose" for name in BLENDSHAPE_CHANNELS])
        self.register_buffer("closes", closes.float(), persistent=False)

    def forward(self, blendshapes: Tensor, probability: Tensor) -> Tensor:
        """Blendshapes (B, T, 51) after contacts of probability (B, T, 2)."""
        amount = ((probability - CONTACT_BEGINS) / (CONTACT_FULL - CONTACT_BEGINS)).clamp(0, 1)
        lips, teeth = amount[:, :, :1], amount[:, :, 1:]
        together = 1 - self.opens * torch.maximum(lips, teeth)
        jaw, close = blendshapes[:, :, self.jaw : self.jaw + 1], blendshapes[:, :, self.close : self.close + 1]
        missing = (jaw * torch.maximum(lips, TEETH_SHARE * teeth) - close).clamp(min=0)
        return blendshapes * together + self.closes * missing


class VoiceToFace(nn.Module):
    """What is exported: waveform (1, S) in [-1, 1] and style (1, n_styles) -> values (1, T, 51), phones (1, T, 29).

    Networks that learned apart are wrong in different places, so the mean of several is right more often than each.
    """

    def __init__(self, *networks: VoiceNetwork) -> None:
        super().__init__()
        self.features = VoiceFeatures()
        self.networks = nn.ModuleList(networks)
        self.close = Contact()

    def forward(self, waveform: Tensor, style: Tensor) -> tuple[Tensor, Tensor]:
        """Weights in [0, 1] and probabilities of phones; row i belongs to second i / FPS."""
        features = self.features(waveform)
        said = [network(features, style) for network in self.networks]
        blendshapes, contact, phones = (torch.stack(part).mean(dim=0) for part in zip(*said, strict=True))
        values: Tensor = self.close(blendshapes.clamp(0, 1), torch.sigmoid(contact))
        return values, torch.softmax(phones, dim=2)
