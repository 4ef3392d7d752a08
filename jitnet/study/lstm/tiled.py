"""Long short-term memory as the engine runs it: register tiles, and a state that stays in cache.

The engine's gradients hold the 1 / m of a mean before they reach a layer.
"""

from __future__ import annotations

import jitnet as jn
from jitnet.kernels import matmul
from jitnet.layers import dense, lstm, recurrence
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, PREPARE, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    dense.dense_forward,
    lstm.lstm_forward,
    recurrence.add_state,
    lstm.lstm_backward,
    recurrence.add_state_backward,
    dense.dense_backward,
    dense.dense_weight_backward,
    dense.dense_bias_backward,
    recurrence.recurrent_weight_backward,
    matmul.multiply_rows,
    matmul.multiply_tile,
    matmul.add_products,
)


def start(threads: int, X: Array, W: Array, U: Array, b: Array, dH: Array) -> Run:
    """Runs forward and backward, from the course's orientation and back to it."""
    (time, n_in, m), units = X.shape, U.shape[1]
    layer = jn.LSTM(units, return_sequences=True)
    blocks = Blocks(layer, (time, n_in), m, X.dtype, threads)
    blocks.write(X=X.reshape(-1, m), weight=W.T, recurrent_weight=U.T, bias=b[:, 0])
    blocks.write(dY=dH.reshape(-1, m) / m)
    steps = blocks.runs(PREPARE, FORWARD, BACKWARD, GRADIENTS)

    def run(times: int) -> Outputs:
        steps(times)
        H, dX = blocks.read("Y").reshape(dH.shape), blocks.read("dX").reshape(X.shape)
        dW, dU, db = map(blocks.read, ("dweight", "drecurrent_weight", "dbias"))
        return *H, *(dX * m), dW.T, dU.T, db[:, None]

    return run
