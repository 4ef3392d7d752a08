"""A dense layer, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit


@njit(entry=True)
def dense_forward(A_prev: Any, W: Any, b: Any) -> Any:
    """Z = W A_prev + b for A_prev (n_in, m), W (n_out, n_in) and b (n_out, 1)."""
    n_in, m = A_prev.shape
    n_out = W.shape[0]
    Z = np.empty((n_out, m), W.dtype)
    for i in range(m):
        for k in range(n_out):
            z = b[k, 0]
            for j in range(n_in):
                z += W[k, j] * A_prev[j, i]
            Z[k, i] = z
    return Z


@njit(entry=True)
def dense_backward(dZ: Any, A_prev: Any, W: Any) -> Any:
    """Backward: dA_prev (n_in, m), dW (n_out, n_in) and db (n_out, 1) from dZ (n_out, m)."""
    n_in, m = A_prev.shape
    n_out = W.shape[0]
    dA_prev, dW, db = np.zeros_like(A_prev), np.zeros_like(W), np.zeros((n_out, 1), W.dtype)
    for i in range(m):
        for k in range(n_out):
            db[k, 0] += dZ[k, i]
            for j in range(n_in):
                dA_prev[j, i] += W[k, j] * dZ[k, i]
                dW[k, j] += dZ[k, i] * A_prev[j, i]
    for k in range(n_out):
        db[k, 0] /= W.dtype.type(m)
        for j in range(n_in):
            dW[k, j] /= W.dtype.type(m)
    return dA_prev, dW, db
