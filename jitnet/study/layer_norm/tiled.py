"""Layer normalisation as the engine runs it: a vector of examples at a time.

The engine's gradients hold the 1 / m of a mean before they reach a layer.
"""

from __future__ import annotations

import jitnet as jn
from jitnet.layers import layer_norm
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, Blocks, run_phases
from jitnet.study.layer_norm.loops import EPSILON
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    layer_norm.layer_norm_forward,
    layer_norm.layer_norm_backward,
    layer_norm.layer_norm_weight_backward,
)


def start(threads: int, X: Array, gamma: Array, beta: Array, dY: Array) -> Run:
    """Runs forward and backward, from the course's orientation and back to it."""
    n, m = X.shape
    blocks = Blocks(jn.LayerNorm(EPSILON), (n,), m, X.dtype, threads)
    blocks.write(X=X, weight=gamma[:, 0], bias=beta[:, 0], dY=dY / m)
    steps = blocks.runs(FORWARD, BACKWARD, GRADIENTS)

    def run(times: int) -> Outputs:
        steps(times)
        Y, dX, dgamma, dbeta = map(blocks.read, ("Y", "dX", "dweight", "dbias"))
        return Y, dX * m, dgamma[:, None], dbeta[:, None]

    return run
