"""A convolution, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.problem import Array


@njit
def zero_pad(X: Any, pad: int) -> Any:
    """Images with zeros around them, (m, n_H + 2 pad, n_W + 2 pad, n_C)."""
    m, n_H, n_W, n_C = X.shape
    X_pad = np.zeros((m, n_H + 2 * pad, n_W + 2 * pad, n_C), X.dtype)
    X_pad[:, pad : pad + n_H, pad : pad + n_W] = X
    return X_pad


@njit
def conv_single_step(a_slice_prev: Any, W: Any, b: float) -> Any:
    """z = Σ a_slice_prev W + b, of a window and a filter, (f, f, n_C_prev)."""
    f, _, n_C_prev = W.shape
    z = b
    for v in range(f):
        for w in range(f):
            for c in range(n_C_prev):
                z += a_slice_prev[v, w, c] * W[v, w, c]
    return z


@njit
def example_forward(Z: Any, A_prev_pad: Any, W: Any, b: Any, stride: int, i: int) -> None:
    """Example i of Z."""
    _, n_H, n_W, n_C = Z.shape
    f = W.shape[0]
    for h in range(n_H):
        for w in range(n_W):
            vert_start, horiz_start = h * stride, w * stride
            vert_end, horiz_end = vert_start + f, horiz_start + f
            a_slice_prev = A_prev_pad[i, vert_start:vert_end, horiz_start:horiz_end]
            for c in range(n_C):
                Z[i, h, w, c] = conv_single_step(a_slice_prev, W[:, :, :, c], b[0, 0, 0, c])


@njit
def example_gradient(dA_prev_pad: Any, dZ: Any, W: Any, stride: int, i: int) -> None:
    """Example i of dA_prev_pad, which is zero at first."""
    _, n_H, n_W, n_C = dZ.shape
    f, _, n_C_prev, _ = W.shape
    for h in range(n_H):
        for w in range(n_W):
            vert_start, horiz_start = h * stride, w * stride
            for v in range(f):
                for z in range(f):
                    for k in range(n_C_prev):
                        for c in range(n_C):
                            dA_prev_pad[i, vert_start + v, horiz_start + z, k] += (
                                W[v, z, k, c] * dZ[i, h, w, c]
                            )


@njit
def filter_gradient(dW: Any, db: Any, dZ: Any, A_prev_pad: Any, stride: int, c: int) -> None:
    """Filter c of dW, (n_C, f, f, n_C_prev), and of db, which are zero at first."""
    m, n_H, n_W, _ = dZ.shape
    _, f, _, n_C_prev = dW.shape
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert_start, horiz_start = h * stride, w * stride
                db[0, 0, 0, c] += dZ[i, h, w, c]
                for v in range(f):
                    for z in range(f):
                        for k in range(n_C_prev):
                            dW[c, v, z, k] += (
                                A_prev_pad[i, vert_start + v, horiz_start + z, k] * dZ[i, h, w, c]
                            )


@njit
def output_of(A_prev: Any, W: Any, stride: int, pad: int) -> Any:
    """Room for Z, (m, n_H, n_W, n_C)."""
    m, n_H_prev, n_W_prev, _ = A_prev.shape
    f, _, _, n_C = W.shape
    n_H, n_W = (n_H_prev + 2 * pad - f) // stride + 1, (n_W_prev + 2 * pad - f) // stride + 1
    return np.empty((m, n_H, n_W, n_C), A_prev.dtype)


@njit(entry=True)
def conv_forward(A_prev: Any, W: Any, b: Any, stride: int, pad: int) -> Any:
    """Z[i, h, w, c] = Σ of window (h, w) of A_prev[i] times W[:, :, :, c], + b[c]."""
    A_prev_pad = zero_pad(A_prev, pad)
    Z = output_of(A_prev, W, stride, pad)
    for i in range(len(Z)):
        example_forward(Z, A_prev_pad, W, b, stride, i)
    return Z


@njit(entry=True)
def input_gradient(dZ: Any, A_prev: Any, W: Any, stride: int, pad: int) -> Any:
    """dA_prev, of A_prev's shape: each window of it gets W[:, :, :, c] dZ[i, h, w, c]."""
    _, n_H_prev, n_W_prev, _ = A_prev.shape
    dA_prev_pad = zero_pad(np.zeros_like(A_prev), pad)
    for i in range(len(dZ)):
        example_gradient(dA_prev_pad, dZ, W, stride, i)
    return dA_prev_pad[:, pad : pad + n_H_prev, pad : pad + n_W_prev]


@njit(entry=True)
def weight_gradients(dZ: Any, A_prev: Any, W: Any, stride: int, pad: int) -> Any:
    """The gradients dW and db: sums over examples and windows, filter by filter."""
    f, _, n_C_prev, n_C = W.shape
    A_prev_pad = zero_pad(A_prev, pad)
    dW, db = np.zeros((n_C, f, f, n_C_prev), W.dtype), np.zeros((1, 1, 1, n_C), W.dtype)
    for c in range(n_C):
        filter_gradient(dW, db, dZ, A_prev_pad, stride, c)
    return dW.transpose(1, 2, 3, 0), db


def conv_backward(
    dZ: Array, A_prev: Array, W: Array, stride: int, pad: int
) -> tuple[Array, Array, Array]:
    """Backward: dA_prev, dW and db from dZ (m, n_H, n_W, n_C)."""
    dA_prev = input_gradient(dZ, A_prev, W, stride, pad)
    return dA_prev, *weight_gradients(dZ, A_prev, W, stride, pad)
