"""A dense layer as the engine runs it: register tiles over panels of examples.

The engine's gradients hold the 1 / m of a mean before they reach a layer.
"""

from __future__ import annotations

import jitnet as jn
from jitnet.kernels import matmul
from jitnet.layers import dense
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, PREPARE, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    dense.dense_forward,
    dense.dense_backward,
    dense.dense_weight_backward,
    dense.dense_bias_backward,
    matmul.multiply_rows,
    matmul.multiply_tile,
    matmul.add_products,
)


def start(threads: int, A_prev: Array, W: Array, b: Array, dZ: Array) -> Run:
    """Runs forward and backward, from the course's orientation and back to it."""
    (n_out, n_in), m = W.shape, A_prev.shape[1]
    blocks = Blocks(jn.Dense(n_out), (n_in,), m, W.dtype, threads)
    blocks.write(X=A_prev, weight=W.T, bias=b[:, 0], dY=dZ / m)
    steps = blocks.runs(PREPARE, FORWARD, BACKWARD, GRADIENTS)

    def run(times: int) -> Outputs:
        steps(times)
        Z, dX, dW, db = map(blocks.read, ("Y", "dX", "dweight", "dbias"))
        return Z, dX * m, dW.T, db[:, None]

    return run
