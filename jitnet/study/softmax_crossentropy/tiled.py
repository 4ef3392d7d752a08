"""Softmax cross-entropy as the engine runs it: panels of examples, a SIMD vector at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels import elementary
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.team import barrier, join, share
from jitnet.losses import softmax_crossentropy, table
from jitnet.memory import zeros
from jitnet.study.engine import from_panels, on_a_team, to_panels
from jitnet.study.problem import Array, Outputs, Run

MEDIAN = 0.5  # the level of the quantile loss, where that is the kind
ENGINE = (table.loss_backward, softmax_crossentropy.backward, elementary.exp)

ONE = np.int64(1)
KIND = int(table.SOFTMAX_CROSSENTROPY)


@njit(entry=True)
def loss_steps(
    wanted: int,
    team: Any,
    times: int,
    dZ: Any,
    losses: Any,
    Z: Any,
    T: Any,
    weights: Any,
    kind: int,
) -> None:
    """A worker's share of the examples' losses of a kind and dZ, so many times.

    Writes dZ (panels, K, width) and losses (panels, width); reads Z and the targets T (panels, K,
    width), and the examples' weights (panels, width).
    """
    rank, size = join(team, wanted)
    if size == 0:
        return
    panels, outputs, width = Z.shape
    p0, p1 = share(panels, ONE, rank, size)
    place, example = p0 * outputs * width, p0 * width
    for _ in range(times):
        table.loss_backward(
            at(dZ, place),
            at(losses, example),
            at(Z, place),
            at(T, place),
            at(weights, example),
            kind,
            MEDIAN,
            outputs,
            1.0,
            p1 - p0,
        )
        barrier(team, size)


def start(threads: int, Z: Array, Y: Array) -> Run:
    """Runs from logits Z and targets Y, both (K, m)."""
    m = Z.shape[1]
    logits, targets, weights = (
        to_panels(Z),
        to_panels(Y, 1),
        to_panels(np.ones((1, m), Z.dtype), 4)[:, 0],
    )
    dZ, losses = zeros(logits.shape, Z.dtype, 2), zeros(weights.shape, Z.dtype, 3)
    steps = on_a_team(threads, loss_steps, dZ, losses, logits, targets, weights, KIND)

    def run(times: int) -> Outputs:
        steps(times)
        return losses.sum(dtype=float) / m, from_panels(dZ, m)

    return run
