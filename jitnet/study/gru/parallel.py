"""Gated recurrent units, the loops shared by threads: each iteration owns what it writes.

Through the time steps an iteration owns an example; of the weights' gradients it owns a row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.gru.compiled import example_backward, example_forward
from jitnet.study.lstm.compiled import rooms_of
from jitnet.study.lstm.parallel import weight_gradients
from jitnet.study.problem import Array


@njit(parallel=True)
def gru_forward(X: Any, W: Any, U: Any, b: Any, b_n: Any) -> Any:
    """H, and what backward needs: the gates and Q."""
    H, gates, Q = rooms_of(X, U, 1), rooms_of(X, U, 3), rooms_of(X, U, 1)
    for k in prange(X.shape[2]):
        example_forward(H, gates, Q, X, W, U, b, b_n, np.int64(k))
    return H, gates, Q


@njit(parallel=True)
def input_gradients(dH: Any, gates: Any, Q: Any, H: Any, X: Any, W: Any, U: Any) -> Any:
    """dX, and dZ and dQ of all time steps."""
    dX, dZ, dQ = np.empty_like(X), np.empty_like(gates), np.empty_like(gates)
    for k in prange(X.shape[2]):
        example_backward(dX, dZ, dQ, dH, gates, Q, H, W, U, np.int64(k))
    return dX, dZ, dQ


def gru_backward(
    dH: Array, gates: Array, Q: Array, H: Array, X: Array, W: Array, U: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """dX, dW, dU, db and db_n: from the last time step to the first."""
    dX, dZ, dQ = input_gradients(dH, gates, Q, H, X, W, U)
    dW, db = weight_gradients(dZ, X, 0)
    dU, db_state = weight_gradients(dQ, H, 1)
    return dX, dW, dU, db, db_state[2 * H.shape[1] :]
