"""Pictures of people as the tasks that t-GAN meta-learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from blender_addon.core.frames import SIDE_PX, Frames
from trainer.landmark_clips import fake_face


@dataclass(frozen=True)
class Pictures:
    """Pictures of one person in one scene."""

    images: Tensor
    """(N, 3, 256, 256) in [-1, 1]."""
    landmarks: Tensor
    """(N, 68, 2) in picture coordinates."""

    def __getitem__(self, chosen: Tensor | slice) -> Pictures:
        return Pictures(self.images[chosen], self.landmarks[chosen])

    def to(self, device: torch.device) -> Pictures:
        """The same on a device."""
        return Pictures(self.images.to(device), self.landmarks.to(device))


def as_pictures(frames: Frames) -> Pictures:
    """What a file of frames shows."""
    images = torch.from_numpy(frames.images).permute(0, 3, 1, 2).float() / 127.5 - 1
    return Pictures(images, torch.from_numpy(frames.landmarks.astype(np.float32)))


def fake_frames(n_frames: int, seed: int) -> Frames:
    """A flat face of random colours, whose mouth opens: enough to run and test a trainer without a corpus."""
    generator = np.random.default_rng(seed)
    landmarks = np.repeat(fake_face()[None], n_frames, axis=0)
    landmarks[:, 55:60, 1] += 0.03 * generator.uniform(size=(n_frames, 1))
    images = np.full((n_frames, SIDE_PX, SIDE_PX, 3), generator.integers(0, 256, 3), np.uint8)
    face, mouth = generator.integers(0, 256, (2, 3))
    for image, points in zip(images, landmarks * SIDE_PX, strict=True):
        for group, colour in ((points, face), (points[48:], mouth)):
            (left, top), (right, bottom) = group.min(axis=0).astype(int), group.max(axis=0).astype(int)
            image[top:bottom, left:right] = colour
    return Frames(f"fake_{seed:03d}", f"fake_{seed:03d}", "none", images, landmarks.astype(np.float32))
