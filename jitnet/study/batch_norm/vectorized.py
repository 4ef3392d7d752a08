"""Batch normalisation of all units at once, in NumPy."""

from __future__ import annotations

import numpy as np

from jitnet.study.layer_norm.vectorized import normalized
from jitnet.study.problem import Array


def batch_norm_forward(X: Array, gamma: Array, beta: Array) -> Array:
    """Y = γ E + β for X (n, m), γ and β (n, 1)."""
    return gamma * normalized(X, axis=1)[0] + beta


def input_gradient(dY: Array, X: Array, gamma: Array) -> Array:
    """dX = γ rstd (dY - mean(dY) - E mean(dY E))."""
    E, rstd = normalized(X, axis=1)
    mean, along = (np.mean(part, axis=1, keepdims=True) for part in (dY, dY * E))
    dX: Array = gamma * rstd * (dY - mean - E * along)
    return dX


def weight_gradients(dY: Array, X: Array) -> tuple[Array, Array]:
    """The gradients dγ = mean of dY E and dβ = mean of dY over the examples, (n, 1)."""
    E, _ = normalized(X, axis=1)
    return np.mean(dY * E, axis=1, keepdims=True), np.mean(dY, axis=1, keepdims=True)
