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
from jitnet.study.deep_network import layers
from jitnet.study.dense.compiled import dense_forward, input_gradient, weight_gradients
from jitnet.study.problem import Array


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


BLOCKS = layers.Blocks(
    dense_forward,
    input_gradient,
    weight_gradients,
    activation_forward,
    activation_backward,
    cost,
    descend,
)


def gradient_descent_step(
    X: Array, Y: Array, W: list[Array], b: list[Array], alpha: float
) -> tuple[list[Array], list[Array], float]:
    """One step of gradient descent: the new W and b, and the cost J before.

    X is (n, m), Y (1, m), W[l] (n[l], n[l-1]), b[l] (n[l], 1).
    """
    return layers.gradient_descent_step(BLOCKS, X, Y, W, b, alpha)
