"""Max pooling of all examples at once, in NumPy."""

from __future__ import annotations

import numpy as np

from jitnet.study.maxpool2d.loops import F, windows_along
from jitnet.study.problem import Array


def windows_of(A_prev: Array) -> Array:
    """The values of each window side by side, (m, n_H, n_W, n_C, f · f)."""
    m, n_H_prev, n_W_prev, n_C = A_prev.shape
    n_H, n_W = windows_along(n_H_prev), windows_along(n_W_prev)
    whole = A_prev[:, : n_H * F, : n_W * F].reshape(m, n_H, F, n_W, F, n_C)
    return whole.transpose(0, 1, 3, 5, 2, 4).reshape(m, n_H, n_W, n_C, F * F)


def max_pool_forward(A_prev: Array) -> Array:
    """A[i, h, w, c] = max of the window."""
    return np.max(windows_of(A_prev), axis=-1)


def max_pool_backward(dA: Array, A_prev: Array) -> Array:
    """dA_prev: a window's dA goes to its first greatest value."""
    m, n_H, n_W, n_C = dA.shape
    windows = windows_of(A_prev)
    parts = np.zeros_like(windows)
    first = np.argmax(windows, axis=-1)
    np.put_along_axis(parts, first[..., None], dA[..., None], axis=-1)
    whole = parts.reshape(m, n_H, n_W, n_C, F, F).transpose(0, 1, 4, 2, 5, 3)
    dA_prev = np.zeros_like(A_prev)
    dA_prev[:, : n_H * F, : n_W * F] = whole.reshape(m, n_H * F, n_W * F, n_C)
    return dA_prev
