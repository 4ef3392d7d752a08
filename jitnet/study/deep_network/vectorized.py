"""A deep network in NumPy: the loops over examples and units are gone, that over layers stays."""

from __future__ import annotations

import numpy as np

from jitnet.study.activations.vectorized import (
    activation_backward,
    activation_forward,
    sigmoid,
    softplus,
)
from jitnet.study.deep_network import layers
from jitnet.study.dense.vectorized import dense_forward, input_gradient, weight_gradients
from jitnet.study.problem import Array


def cost(Z: Array, Y: Array) -> tuple[float, Array]:
    """J, the mean cross-entropy of sigmoid outputs, and dZ = A - Y, for Z and Y (1, m)."""
    J = float(np.mean(Y * softplus(-Z) + (1 - Y) * softplus(Z)))
    return J, sigmoid(Z) - Y


def descend(W: Array, dW: Array, alpha: float) -> Array:
    """W - α dW."""
    return W - alpha * dW


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
