"""Losses as the engine runs them: panels of examples, a SIMD vector at a time."""

from __future__ import annotations

from typing import Any

from jitnet.losses import LOSSES
from jitnet.losses.table import backward_of
from jitnet.study.blocks import LOSS, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run


def engine_of(name: str) -> tuple[Any, ...]:
    """What the engine runs for a loss."""
    backward = LOSSES[name].backward
    return run_phases, backward_of(backward), backward


def start(threads: int, Z: Array, Y: Array, name: str) -> Run:
    """Runs of the named loss from logits Z and targets Y, both (K, m)."""
    K, m = Z.shape
    blocks = Blocks(None, (K,), m, Z.dtype, threads, loss=name)
    blocks.write(Z=Z, T=Y)
    steps = blocks.runs(LOSS)

    def run(times: int) -> Outputs:
        steps(times)
        return blocks.read("losses").sum(dtype=float) / m, blocks.read("dZ")

    return run
