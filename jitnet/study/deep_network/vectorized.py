"""A deep network in NumPy: the loops over examples and units are gone, that over layers stays."""

from __future__ import annotations

import numpy as np

from jitnet.study.activations.vectorized import (
    activation_backward,
    activation_forward,
    sigmoid,
    softplus,
)
from jitnet.study.dense.vectorized import dense_forward, input_gradient, weight_gradients
from jitnet.study.problem import Array

__all__ = [
    "activation_backward",
    "activation_forward",
    "cost",
    "dense_forward",
    "descend",
    "input_gradient",
    "weight_gradients",
]


def cost(Z: Array, Y: Array) -> tuple[float, Array]:
    """J, the mean cross-entropy of sigmoid outputs, and dZ = A - Y, for Z and Y (1, m)."""
    J = float(np.mean(Y * softplus(-Z) + (1 - Y) * softplus(Z)))
    return J, sigmoid(Z) - Y


def descend(W: Array, dW: Array, alpha: float) -> Array:
    """W - α dW."""
    return W - alpha * dW
