"""A dense layer, the loops shared by threads: each iteration owns what it writes.

Forward and backward through the layer an iteration owns an example. The gradients of the weights
sum over examples; there it owns a unit, so that no two threads add to the same number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit


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
def dense_backward(dZ: Any, A_prev: Any, W: Any) -> Any:
    """Backward: dA_prev (n_in, m), dW (n_out, n_in) and db (n_out, 1) from dZ (n_out, m)."""
    n_in, m = A_prev.shape
    n_out = W.shape[0]
    dA_prev, dW, db = np.empty_like(A_prev), np.empty_like(W), np.empty((n_out, 1), W.dtype)
    zero, count = W.dtype.type(0), W.dtype.type(m)
    for i in prange(m):
        for j in range(n_in):
            da = zero
            for k in range(n_out):
                da += W[k, j] * dZ[k, i]
            dA_prev[j, i] = da
    for k in prange(n_out):
        bias = zero
        for i in range(m):
            bias += dZ[k, i]
        db[k, 0] = bias / count
        for j in range(n_in):
            weight = zero
            for i in range(m):
                weight += dZ[k, i] * A_prev[j, i]
            dW[k, j] = weight / count
    return dA_prev, dW, db
