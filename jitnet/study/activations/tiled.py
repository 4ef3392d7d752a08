"""Activations as the engine runs them: a SIMD vector at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.activations import ACTIVATIONS, table
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, store
from jitnet.kernels.team import barrier, join, share
from jitnet.memory import zeros
from jitnet.study.engine import lanes_of, on_a_team
from jitnet.study.problem import Array, Outputs, Run


def engine_of(name: str) -> tuple[Any, ...]:
    """What the engine runs for an activation."""
    activation = ACTIVATIONS[name]
    return table.activation_forward, activation.value, table.activation_backward, activation.slope


FORWARD, BACKWARD = np.int64(1), np.int64(2)
"""The parts of a step, which benchmarks also run one by one."""
BOTH = FORWARD | BACKWARD

CHUNK = np.int64(1024)
"""Elements whose gradient from above is copied for `activation_backward` to write over."""


@njit(entry=True)
def activation_steps(
    wanted: int, team: Any, times: int, A: Any, dZ: Any, dA: Any, Z: Any, kind: int, parts: int
) -> None:
    """A worker's share of A = g(Z) and dZ = dA ∘ g'(Z), or of one of them, so many times.

    Writes A and dZ, reads dA and Z, all flat and a whole number of vectors.
    """
    rank, size = join(team, wanted)
    if size == 0:
        return
    first, last = share(Z.size, CHUNK, rank, size)
    for _ in range(times):
        for start in range(first, last, CHUNK):
            count = min(CHUNK, last - start)
            z, a, d, above = at(Z, start), at(A, start), at(dZ, start), at(dA, start)
            if parts & FORWARD:
                table.activation_forward(a, z, kind, count)
            if parts & BACKWARD:
                for i in range(0, count, lanes(d)):
                    store(d, i, load(above, i))
                table.activation_backward(d, z, a, kind, count)
        barrier(team, size)


def start(threads: int, Z: Array, dA: Array, name: str, parts: int = int(BOTH)) -> Run:
    """Runs of the named activation, forward and backward."""
    count = -(-Z.size // lanes_of(Z.dtype)) * lanes_of(Z.dtype)
    A, dZ, flat_Z, flat_dA = (zeros(count, Z.dtype, place) for place in range(4))
    flat_Z[: Z.size], flat_dA[: Z.size] = Z.ravel(), dA.ravel()
    kind = list(ACTIVATIONS).index(name)
    arrays = (A, dZ, flat_dA, flat_Z)
    on_a_team(threads, activation_steps, *arrays, kind, int(FORWARD))(1)  # backward reads A
    steps = on_a_team(threads, activation_steps, *arrays, kind, parts)

    def run(times: int) -> Outputs:
        steps(times)
        return A[: Z.size].reshape(Z.shape), dZ[: Z.size].reshape(Z.shape)

    return run
