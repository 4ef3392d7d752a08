"""Batch normalisation as the engine runs it: sums of panels of examples, then those of the batch.

The engine's gradients hold the 1 / m of a mean before they reach a layer.
"""

from __future__ import annotations

import jitnet as jn
from jitnet.layers import batch_norm, batch_norm_moments
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, Blocks, run_phases
from jitnet.study.layer_norm.loops import EPSILON
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    batch_norm_moments.batch_norm_statistics,
    batch_norm_moments.batch_norm_moments,
    batch_norm.batch_norm_forward,
    batch_norm_moments.batch_norm_sums,
    batch_norm_moments.batch_norm_means,
    batch_norm.batch_norm_backward,
    batch_norm.batch_norm_weight_backward,
)


def start(threads: int, X: Array, gamma: Array, beta: Array, dY: Array) -> Run:
    """Runs forward and backward, from the course's orientation and back to it."""
    n, m = X.shape
    blocks = Blocks(jn.BatchNorm(epsilon=EPSILON), (n,), m, X.dtype, threads)
    blocks.write(X=X, weight=gamma[:, 0], bias=beta[:, 0], dY=dY / m)
    steps = blocks.runs(FORWARD, BACKWARD, GRADIENTS)

    def run(times: int) -> Outputs:
        steps(times)
        Y, dX, dgamma, dbeta = map(blocks.read, ("Y", "dX", "dweight", "dbias"))
        return Y, dX * m, dgamma[:, None], dbeta[:, None]

    return run
