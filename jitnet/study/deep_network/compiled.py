"""A deep network of the compiled loops of `dense` and `activations`."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import (
    activation_backward,
    activation_forward,
    sigmoid,
    softplus,
)
from jitnet.study.dense.compiled import dense_forward, input_gradient, weight_gradients

__all__ = [
    "activation_backward",
    "activation_forward",
    "cost",
    "dense_forward",
    "descend",
    "input_gradient",
    "weight_gradients",
]


@njit(entry=True)
def cost(Z: Any, Y: Any) -> Any:
    """J, the mean cross-entropy of sigmoid outputs, and dZ = A - Y, for Z and Y (1, m)."""
    m = Z.shape[1]
    one, J, dZ = Z.dtype.type(1), Z.dtype.type(0), np.empty_like(Z)
    for i in range(m):
        z, y = Z[0, i], Y[0, i]
        J += y * softplus(-z) + (one - y) * softplus(z)
        dZ[0, i] = sigmoid(z) - y
    return J / Z.dtype.type(m), dZ


@njit(entry=True)
def descend(W: Any, dW: Any, alpha: Any) -> Any:
    """W - α dW."""
    new = np.empty_like(W)
    for k in range(W.shape[0]):
        for j in range(W.shape[1]):
            new[k, j] = W[k, j] - alpha * dW[k, j]
    return new
