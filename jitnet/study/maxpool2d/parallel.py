"""Max pooling, the loops shared by threads: each iteration owns an example."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.maxpool2d.compiled import example_backward, example_forward, windows_along


@njit(parallel=True)
def max_pool_forward(A_prev: Any) -> Any:
    """A[i, h, w, c] = max of the window, for A_prev (m, n_H_prev, n_W_prev, n_C)."""
    m, n_H_prev, n_W_prev, n_C = A_prev.shape
    A = np.empty((m, windows_along(n_H_prev), windows_along(n_W_prev), n_C), A_prev.dtype)
    for i in prange(m):
        example_forward(A, A_prev, np.int64(i))
    return A


@njit(parallel=True)
def max_pool_backward(dA: Any, A_prev: Any) -> Any:
    """dA_prev: a window's dA goes to its first greatest value."""
    dA_prev = np.zeros_like(A_prev)
    for i in prange(A_prev.shape[0]):
        example_backward(dA_prev, dA, A_prev, np.int64(i))
    return dA_prev
