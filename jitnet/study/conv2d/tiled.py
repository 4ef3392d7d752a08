"""A convolution as the engine runs it: register tiles over panels of examples, nothing copied."""

from __future__ import annotations

import jitnet as jn
from jitnet.activations import ACTIVATIONS
from jitnet.kernels import matmul
from jitnet.kernels.matmul import tile_for_rest
from jitnet.layers import (
    convolution,
    convolution_gradient_lanes,
    convolution_gradient_turned,
    convolution_lanes,
)
from jitnet.study.blocks import BACKWARD, FORWARD, GRADIENTS, PREPARE, Blocks, run_phases
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (
    run_phases,
    convolution.convolution_pack,
    convolution.forward_of(ACTIVATIONS["identity"].value, tile_for_rest(1)),
    convolution.backward_of(tile_for_rest(1)),
    convolution_gradient_lanes.weight_backward_of(convolution_lanes.TILES[0]),
    convolution_gradient_turned.weight_backward_of(tile_for_rest(1)),
    matmul.multiply_rows,
    matmul.multiply_tile,
    matmul.add_products,
)


def start(threads: int, A_prev: Array, W: Array, b: Array, dZ: Array, stride: int, pad: int) -> Run:
    """Runs forward and backward, from images with the example first and back to them."""
    m, f, n_C = len(A_prev), len(W), W.shape[-1]
    layer = jn.Conv2D(n_C, f, stride, pad)
    blocks = Blocks(layer, A_prev.shape[1:], m, W.dtype, threads)
    blocks.write(X=A_prev.reshape(m, -1).T, weight=W, bias=b.ravel(), dY=dZ.reshape(m, -1).T)
    steps = blocks.runs(PREPARE, FORWARD, BACKWARD, GRADIENTS)

    def run(times: int) -> Outputs:
        steps(times)
        Z, dX, dW, db = map(blocks.read, ("Y", "dX", "dweight", "dbias"))
        return Z.T.reshape(dZ.shape), dX.T.reshape(A_prev.shape), dW, db.reshape(b.shape)

    return run
