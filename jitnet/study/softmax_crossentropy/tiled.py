"""Softmax cross-entropy as the engine runs it: as it runs every loss."""

from __future__ import annotations

from jitnet.kernels import elementary
from jitnet.study.losses import tiled
from jitnet.study.problem import Array, Run

NAME = "softmax_crossentropy"
ENGINE = (*tiled.engine_of(NAME), elementary.exp)


def start(threads: int, Z: Array, Y: Array) -> Run:
    """Runs from logits Z and targets Y, both (K, m)."""
    return tiled.start(threads, Z, Y, NAME)
