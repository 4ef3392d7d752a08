"""A convolution, the loops shared by threads: each iteration owns what it writes.

Forward and backward through the layer an iteration owns an example. The gradients of the weights
sum over examples; there it owns a filter, so that no two threads add to the same number, nor, as a
filter's numbers lie side by side, to the same line of the cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.conv2d.compiled import (
    example_forward,
    example_gradient,
    filter_gradient,
    output_of,
    zero_pad,
)
from jitnet.study.problem import Array


@njit(parallel=True)
def conv_forward(A_prev: Any, W: Any, b: Any, stride: int, pad: int) -> Any:
    """Z[i, h, w, c] = Σ of window (h, w) of A_prev[i] times W[:, :, :, c], + b[c]."""
    A_prev_pad = zero_pad(A_prev, pad)
    Z = output_of(A_prev, W, stride, pad)
    for i in prange(len(Z)):
        example_forward(Z, A_prev_pad, W, b, stride, np.int64(i))
    return Z


@njit(parallel=True)
def input_gradient(dZ: Any, A_prev: Any, W: Any, stride: int, pad: int) -> Any:
    """dA_prev, of A_prev's shape: each window of it gets W[:, :, :, c] dZ[i, h, w, c]."""
    _, n_H_prev, n_W_prev, _ = A_prev.shape
    dA_prev_pad = zero_pad(np.zeros_like(A_prev), pad)
    for i in prange(len(dZ)):
        example_gradient(dA_prev_pad, dZ, W, stride, np.int64(i))
    return dA_prev_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev]


@njit(parallel=True)
def weight_gradients(dZ: Any, A_prev: Any, W: Any, stride: int, pad: int) -> Any:
    """The gradients dW and db. Each parallel iteration owns a filter."""
    f, _, n_C_prev, n_C = W.shape
    A_prev_pad = zero_pad(A_prev, pad)
    dW, db = np.zeros((n_C, f, f, n_C_prev), W.dtype), np.zeros((1, 1, 1, n_C), W.dtype)
    for c in prange(n_C):
        filter_gradient(dW, db, dZ, A_prev_pad, stride, np.int64(c))
    return dW.transpose(1, 2, 3, 0), db


def conv_backward(
    dZ: Array, A_prev: Array, W: Array, stride: int, pad: int
) -> tuple[Array, Array, Array]:
    """Backward: dA_prev, dW and db from dZ (m, n_H, n_W, n_C)."""
    dA_prev = input_gradient(dZ, A_prev, W, stride, pad)
    return dA_prev, *weight_gradients(dZ, A_prev, W, stride, pad)
