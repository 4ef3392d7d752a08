"""The matrix product by the engine's register tile: that of a dense layer whose weights are Aᵀ.

B lies in panels, as examples do; A is packed on the way where that pays.
"""

from __future__ import annotations

import jitnet as jn
from jitnet.kernels import matmul, weights
from jitnet.layers import dense
from jitnet.study.blocks import FORWARD, PREPARE, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    weights.pack_weights,
    dense.dense_forward,
    matmul.multiply_rows,
    matmul.multiply_tile,
    matmul.add_products,
)


def placed(threads: int, A: Array, B: Array) -> Blocks:
    """A layer of as many units as A has rows, with the columns of B as its examples."""
    depth, columns = B.shape
    blocks = Blocks(jn.Dense(len(A), bias=False), (depth,), columns, A.dtype, threads)
    blocks.write(X=B, weight=A.T)
    return blocks


def start(threads: int, A: Array, B: Array) -> Run:
    """Runs of the product."""
    blocks = placed(threads, A, B)
    multiply = blocks.runs(PREPARE, FORWARD)

    def run(times: int) -> Outputs:
        multiply(times)
        return (blocks.read("Y"),)

    return run
