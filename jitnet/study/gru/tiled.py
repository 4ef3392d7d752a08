"""Gated recurrent units as the engine runs them: register tiles, and a state that stays in cache.

The engine's gradients hold the 1 / m of a mean before they reach a layer.
"""

from __future__ import annotations

import jitnet as jn
from jitnet.kernels import matmul
from jitnet.layers import dense, gru, recurrence
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, PREPARE, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    dense.dense_forward,
    gru.gru_forward,
    recurrence.add_state,
    gru.gru_backward,
    recurrence.add_state_backward,
    dense.dense_backward,
    dense.dense_weight_backward,
    dense.dense_bias_backward,
    recurrence.recurrent_weight_backward,
    gru.gru_bias_backward,
    matmul.multiply_rows,
    matmul.multiply_tile,
    matmul.add_products,
)


def start(threads: int, X: Array, W: Array, U: Array, b: Array, b_n: Array, dH: Array) -> Run:
    """Runs forward and backward, from the course's orientation and back to it."""
    (time, n_in, m), units = X.shape, U.shape[1]
    blocks = Blocks(jn.GRU(units, return_sequences=True), (time, n_in), m, X.dtype, threads)
    blocks.write(X=X.reshape(-1, m), dY=dH.reshape(-1, m) / m, weight=W.T, bias=b[:, 0])
    blocks.write(recurrent_weight=U.T, recurrent_bias=b_n[:, 0])
    steps = blocks.runs(PREPARE, FORWARD, BACKWARD, GRADIENTS)

    def run(times: int) -> Outputs:
        steps(times)
        H, dX = blocks.read("Y").reshape(dH.shape), blocks.read("dX").reshape(X.shape)
        dW, dU = blocks.read("dweight"), blocks.read("drecurrent_weight")
        db, db_n = blocks.read("dbias"), blocks.read("drecurrent_bias")
        return *H, *(dX * m), dW.T, dU.T, db[:, None], db_n[:, None]

    return run
