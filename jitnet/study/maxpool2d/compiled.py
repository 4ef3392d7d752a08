"""Max pooling, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.maxpool2d.loops import STRIDE, F


@njit
def windows_along(n_prev: int) -> int:
    """n = (n_prev - f) // stride + 1."""
    return (n_prev - F) // STRIDE + 1


@njit
def example_forward(A: Any, A_prev: Any, i: int) -> None:
    """Example i of A."""
    _, n_H, n_W, n_C = A.shape
    for h in range(n_H):
        for w in range(n_W):
            vert_start, horiz_start = h * STRIDE, w * STRIDE
            for c in range(n_C):
                greatest = A_prev[i, vert_start, horiz_start, c]
                for v in range(vert_start, vert_start + F):
                    for z in range(horiz_start, horiz_start + F):
                        if A_prev[i, v, z, c] > greatest:
                            greatest = A_prev[i, v, z, c]
                A[i, h, w, c] = greatest


@njit
def example_backward(dA_prev: Any, dA: Any, A_prev: Any, i: int) -> None:
    """Example i of dA_prev, which is zero at first."""
    _, n_H, n_W, n_C = dA.shape
    for h in range(n_H):
        for w in range(n_W):
            vert_start, horiz_start = h * STRIDE, w * STRIDE
            for c in range(n_C):
                first_v, first_z = vert_start, horiz_start
                for v in range(vert_start, vert_start + F):
                    for z in range(horiz_start, horiz_start + F):
                        if A_prev[i, v, z, c] > A_prev[i, first_v, first_z, c]:
                            first_v, first_z = v, z
                dA_prev[i, first_v, first_z, c] += dA[i, h, w, c]


@njit(entry=True)
def max_pool_forward(A_prev: Any) -> Any:
    """A[i, h, w, c] = max of the window, for A_prev (m, n_H_prev, n_W_prev, n_C)."""
    m, n_H_prev, n_W_prev, n_C = A_prev.shape
    A = np.empty((m, windows_along(n_H_prev), windows_along(n_W_prev), n_C), A_prev.dtype)
    for i in range(m):
        example_forward(A, A_prev, i)
    return A


@njit(entry=True)
def max_pool_backward(dA: Any, A_prev: Any) -> Any:
    """dA_prev: a window's dA goes to its first greatest value."""
    dA_prev = np.zeros_like(A_prev)
    for i in range(A_prev.shape[0]):
        example_backward(dA_prev, dA, A_prev, i)
    return dA_prev
