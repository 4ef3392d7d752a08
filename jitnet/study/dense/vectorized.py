"""A dense layer in NumPy, the course's formulas line by line: an example a column."""

from __future__ import annotations

import numpy as np

from jitnet.study.problem import Array


def dense_forward(A_prev: Array, W: Array, b: Array) -> Array:
    """Z = W A_prev + b for A_prev (n_in, m), W (n_out, n_in) and b (n_out, 1)."""
    return np.dot(W, A_prev) + b


def input_gradient(dZ: Array, W: Array) -> Array:
    """dA_prev (n_in, m) from dZ (n_out, m)."""
    return np.dot(W.T, dZ)


def weight_gradients(dZ: Array, A_prev: Array) -> tuple[Array, Array]:
    """The gradients dW (n_out, n_in) and db (n_out, 1) from dZ (n_out, m)."""
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return dW, db


def dense_backward(dZ: Array, A_prev: Array, W: Array) -> tuple[Array, Array, Array]:
    """Backward: dA_prev (n_in, m), dW (n_out, n_in) and db (n_out, 1) from dZ (n_out, m)."""
    return input_gradient(dZ, W), *weight_gradients(dZ, A_prev)
