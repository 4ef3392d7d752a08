"""A convolution in NumPy: the windows as rows of a matrix, times the filters as its columns."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from jitnet.study.problem import Array


def zero_pad(X: Array, pad: int) -> Array:
    """Images with zeros around them, (m, n_H + 2 pad, n_W + 2 pad, n_C)."""
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def windows_of(A_prev: Array, W: Array, stride: int, pad: int) -> Array:
    """Each window, (m, n_H, n_W, n_C_prev, f, f): a view, nothing is copied."""
    windows = sliding_window_view(zero_pad(A_prev, pad), W.shape[:2], axis=(1, 2))
    return windows[:, ::stride, ::stride]


def conv_forward(A_prev: Array, W: Array, b: Array, stride: int, pad: int) -> Array:
    """Z[i, h, w] = window (h, w) of A_prev[i] times W, + b. The product copies the windows."""
    windows = windows_of(A_prev, W, stride, pad)
    return np.tensordot(windows, W, axes=((4, 5, 3), (0, 1, 2))) + b


def input_gradient(dZ: Array, A_prev: Array, W: Array, stride: int, pad: int) -> Array:
    """dA_prev: a product for each place of a window, added where windows have that place."""
    _, n_H, n_W, _ = dZ.shape
    dA_prev_pad = zero_pad(np.zeros_like(A_prev), pad)
    for v, z in np.ndindex(W.shape[:2]):
        rows, columns = slice(v, v + n_H * stride, stride), slice(z, z + n_W * stride, stride)
        dA_prev_pad[:, rows, columns] += np.dot(dZ, W[v, z].T)
    _, n_H_prev, n_W_prev, _ = A_prev.shape
    return dA_prev_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev]


def weight_gradients(
    dZ: Array, A_prev: Array, W: Array, stride: int, pad: int
) -> tuple[Array, Array]:
    """The gradients dW and db: the windows, transposed, times dZ; and the sum of dZ."""
    windows = windows_of(A_prev, W, stride, pad)
    dW = np.tensordot(windows, dZ, axes=((0, 1, 2), (0, 1, 2)))
    return dW.transpose(1, 2, 0, 3), np.sum(dZ, axis=(0, 1, 2), keepdims=True)


def conv_backward(
    dZ: Array, A_prev: Array, W: Array, stride: int, pad: int
) -> tuple[Array, Array, Array]:
    """Backward: dA_prev, dW and db from dZ (m, n_H, n_W, n_C)."""
    dA_prev = input_gradient(dZ, A_prev, W, stride, pad)
    return dA_prev, *weight_gradients(dZ, A_prev, W, stride, pad)
