"""Blinks that a network learned from people: noise in, eyelids out, in plain numpy. Paper P4, section 3.2.

The weights are `models/blinks.npz`, which `trainer/landmark_cascade/train_blinks.py` exports. They are few and run once
a take, so the network needs no onnxruntime.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from .curves import Float32Array
from .life import Array, stream

MODEL = Path(__file__).parents[1] / "models" / "blinks.npz"
FPS = 25
"""Steps of the network a second."""
N_NOISE = 10
"""Normal random numbers that it takes a step."""
N_KEPT = 8
"""Takes whose blinks are remembered while sliders move."""


def learned_blinks(times: Array, seed: int, left_out: Array | None = None) -> dict[str, Array]:
    """Closure (T,) of each eye in [0, 1] at times (T,) in seconds from 0, without the share (T,) of blinks left out.

    The seed says when they blink: the same ones however long the take is.
    """
    n_steps = int(np.max(times, initial=0) * FPS) + 2
    steps = np.arange(n_steps) / FPS
    lids = _lids(seed, n_steps)
    if left_out is not None:
        lids = lids * _kept(lids, np.interp(steps, times, left_out), stream(seed, "learned blinks left out"))
    return {
        f"eyeBlink{side}": np.interp(times, steps, lid) for side, lid in zip(("Left", "Right"), lids.T, strict=True)
    }


def _kept(lids: Float32Array, left_out: Array, chances: np.random.Generator) -> Array:
    """(N, 1) 1 in the blinks of lids (N, 2) that stay, 0 in those that fall to the share (N,) left out."""
    is_moving = lids.max(axis=1) > 0
    number = np.cumsum(np.diff(is_moving, prepend=False) & is_moving)  # of the blink that a step is in, from 1
    starts = np.flatnonzero(np.diff(is_moving, prepend=False) & is_moving)
    stays = np.append(1.0, chances.uniform(size=len(starts)) >= left_out[starts])
    return np.asarray(stays[number][:, None])


@lru_cache(N_KEPT)
def _lids(seed: int, n_steps: int) -> Float32Array:
    """Closures (n_steps, 2) at FPS."""
    noise = stream(seed, "learned blinks").standard_normal((n_steps, N_NOISE)).astype(np.float32)
    return blinks_of(noise, _weights())


def blinks_of(noise: Float32Array, weights: dict[str, Float32Array]) -> Float32Array:
    """What the network makes of noise (T, N_NOISE): closures (T, 2) in [0, 1].

    A gated recurrent unit (Cho et al. 2014, as torch.nn.GRU writes it) and two linear layers.
    """
    hidden = np.zeros(weights["generator.gru.weight_hh_l0"].shape[1], np.float32)
    heard = noise @ weights["generator.gru.weight_ih_l0"].T + weights["generator.gru.bias_ih_l0"]
    recurrent, bias = weights["generator.gru.weight_hh_l0"], weights["generator.gru.bias_hh_l0"]
    n = len(hidden)
    states = np.empty((len(noise), n), np.float32)
    for i, row in enumerate(heard):
        kept = recurrent @ hidden + bias
        reset, update = _sigmoid(row[: 2 * n] + kept[: 2 * n]).reshape(2, n)
        hidden = (1 - update) * np.tanh(row[2 * n :] + reset * kept[2 * n :]) + update * hidden
        states[i] = hidden
    coefficients = states @ weights["generator.coefficients.weight"].T + weights["generator.coefficients.bias"]
    closures = coefficients @ weights["generator.lids.weight"].T + weights["generator.lids.bias"]
    padded = np.pad(closures, ((1, 1), (0, 0)), mode="edge")
    calm = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    opened, shut = weights["open_closure"], weights["shut_closure"]
    return np.asarray(np.clip((calm - opened) / (shut - opened), 0, 1))


@lru_cache(1)
def _weights() -> dict[str, Float32Array]:
    with np.load(MODEL, allow_pickle=False) as arrays:
        return {name: arrays[name].astype(np.float32) for name in arrays.files if name != "contract"}


def _sigmoid(values: Float32Array) -> Float32Array:
    return np.asarray((1 + np.tanh(values / 2)) / 2, np.float32)
