"""Long short-term memory, the loops shared by threads: each iteration owns what it writes.

Through the time steps an iteration owns an example. The gradients of the weights sum over examples;
there it owns a row of them, so that no two threads add to the same number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.lstm.compiled import (
    example_backward,
    example_forward,
    rooms_of,
    row_gradient,
)
from jitnet.study.problem import Array


@njit(parallel=True)
def lstm_forward(X: Any, W: Any, U: Any, b: Any) -> Any:
    """H, and what backward needs: the gates and the cells C."""
    H, gates, C = rooms_of(X, U, 1), rooms_of(X, U, 4), rooms_of(X, U, 1)
    for k in prange(X.shape[2]):
        example_forward(H, gates, C, X, W, U, b, np.int64(k))
    return H, gates, C


@njit(parallel=True)
def input_gradients(dH: Any, gates: Any, C: Any, X: Any, W: Any, U: Any) -> Any:
    """dX, and dZ of all time steps."""
    dX, dZ = np.empty_like(X), np.empty_like(gates)
    for k in prange(X.shape[2]):
        example_backward(dX, dZ, dH, gates, C, W, U, np.int64(k))
    return dX, dZ


@njit(parallel=True)
def weight_gradients(dZ: Any, A: Any, later: int) -> Any:
    """dW and db of a dense layer that meets all time steps."""
    rows = dZ.shape[1]
    dW, db = np.zeros((rows, A.shape[1]), dZ.dtype), np.zeros((rows, 1), dZ.dtype)
    for r in prange(rows):
        row_gradient(dW, db, dZ, A, later, np.int64(r))
    return dW, db


def lstm_backward(
    dH: Array, gates: Array, C: Array, H: Array, X: Array, W: Array, U: Array
) -> tuple[Array, Array, Array, Array]:
    """dX, dW, dU and db: from the last time step to the first, with what each hands back."""
    dX, dZ = input_gradients(dH, gates, C, X, W, U)
    dW, db = weight_gradients(dZ, X, 0)
    dU, _ = weight_gradients(dZ, H, 1)
    return dX, dW, dU, db
