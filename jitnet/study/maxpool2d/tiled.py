"""Max pooling as the engine runs it: a vector of examples at a time."""

from __future__ import annotations

import jitnet as jn
from jitnet.layers.max_pool import MAXIMUM
from jitnet.layers.pooling import backward_of, forward_of
from jitnet.study.blocks import BACKWARD, FORWARD, Blocks, run_phases
from jitnet.study.maxpool2d.loops import STRIDE, F
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    forward_of(MAXIMUM),
    MAXIMUM.take,
    backward_of(MAXIMUM),
    MAXIMUM.split,
)


def start(threads: int, A_prev: Array, dA: Array) -> Run:
    """Runs forward and backward, from images with the example first and back to them."""
    m = len(A_prev)
    blocks = Blocks(jn.MaxPool2D(F, STRIDE), A_prev.shape[1:], m, A_prev.dtype, threads)
    blocks.write(X=A_prev.reshape(m, -1).T, dY=dA.reshape(m, -1).T)
    steps = blocks.runs(FORWARD, BACKWARD)

    def run(times: int) -> Outputs:
        steps(times)
        return blocks.read("Y").T.reshape(dA.shape), blocks.read("dX").T.reshape(A_prev.shape)

    return run
