"""A dense layer, the loops shared by threads: each iteration owns what it writes.

Forward and backward through the layer an iteration owns an example. The gradients of the weights
sum over examples; there it owns a unit, so that no two threads add to the same number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.problem import Array


@njit(parallel=True)
def dense_forward(A_prev: Any, W: Any, b: Any) -> Any:
    """Z = W A_prev + b for A_prev (n_in, m), W (n_out, n_in) and b (n_out, 1)."""
    n_in, m = A_prev.shape
    n_out = W.shape[0]
    Z = np.empty((n_out, m), W.dtype)
    for i in prange(m):
        for k in range(n_out):
            z = b[k, 0]
            for j in range(n_in):
                z += W[k, j] * A_prev[j, i]
            Z[k, i] = z
    return Z


@njit(parallel=True)
def input_gradient(dZ: Any, W: Any) -> Any:
    """dA_prev (n_in, m) from dZ (n_out, m). Each parallel iteration owns an example."""
    n_out, n_in = W.shape
    m = dZ.shape[1]
    dA_prev = np.zeros((n_in, m), W.dtype)
    for i in prange(m):
        for k in range(n_out):
            for j in range(n_in):
                dA_prev[j, i] += W[k, j] * dZ[k, i]
    return dA_prev


@njit(parallel=True)
def weight_gradients(dZ: Any, A_prev: Any) -> Any:
    """The gradients dW (n_out, n_in) and db (n_out, 1) from dZ (n_out, m).

    Each parallel iteration owns a unit.
    """
    n_in, m = A_prev.shape
    n_out = dZ.shape[0]
    dW, db = np.zeros((n_out, n_in), dZ.dtype), np.zeros((n_out, 1), dZ.dtype)
    for k in prange(n_out):
        for i in range(m):
            db[k, 0] += dZ[k, i]
            for j in range(n_in):
                dW[k, j] += dZ[k, i] * A_prev[j, i]
        db[k, 0] /= dZ.dtype.type(m)
        for j in range(n_in):
            dW[k, j] /= dZ.dtype.type(m)
    return dW, db


def dense_backward(dZ: Array, A_prev: Array, W: Array) -> tuple[Array, Array, Array]:
    """Backward: dA_prev (n_in, m), dW (n_out, n_in) and db (n_out, 1) from dZ (n_out, m)."""
    return input_gradient(dZ, W), *weight_gradients(dZ, A_prev)
