"""Activations as the engine runs them: a SIMD vector at a time.

Backward writes dZ over dA, so a step begins with a copy of dA.
"""

from __future__ import annotations

from typing import Any

from jitnet.activations import ACTIVATIONS
from jitnet.layers import activation
from jitnet.study.blocks import BACKWARD, FORWARD, Activation, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run


def engine_of(name: str) -> tuple[Any, ...]:
    """What the engine runs for an activation."""
    value, slope = ACTIVATIONS[name][:2]
    forward, backward = activation.forward_of(value), activation.backward_of(slope)
    return run_phases, forward, value, backward, slope


def start(threads: int, Z: Array, dA: Array, name: str) -> Run:
    """Runs of the named activation, forward and backward."""
    blocks = Blocks(Activation(name), Z.shape[:1], Z.shape[1], Z.dtype, threads)
    blocks.write(X=Z, dY=dA)
    steps = blocks.runs(FORWARD, BACKWARD)

    def run(times: int) -> Outputs:
        steps(times)
        return blocks.read("Y"), blocks.read("dX")

    return run
