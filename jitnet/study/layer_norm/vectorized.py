"""Layer normalisation of all examples at once, in NumPy."""

from __future__ import annotations

import numpy as np

from jitnet.study.layer_norm.loops import EPSILON
from jitnet.study.problem import Array


def normalized(X: Array, axis: int = 0) -> tuple[Array, Array]:
    """E = (X - mean) rstd, and rstd = 1 / √(variance + ε), whose axis has one place."""
    centered = X - np.mean(X, axis=axis, keepdims=True)
    rstd = 1 / np.sqrt(np.mean(centered**2, axis=axis, keepdims=True) + EPSILON)
    return centered * rstd, rstd


def layer_norm_forward(X: Array, gamma: Array, beta: Array) -> Array:
    """Y = γ E + β for X (n, m), γ and β (n, 1)."""
    return gamma * normalized(X)[0] + beta


def input_gradient(dY: Array, X: Array, gamma: Array) -> Array:
    """dX = rstd (G - mean(G) - E mean(G E)) with G = γ dY."""
    E, rstd = normalized(X)
    G = gamma * dY
    mean, along = (np.mean(part, axis=0, keepdims=True) for part in (G, G * E))
    dX: Array = rstd * (G - mean - E * along)
    return dX


def weight_gradients(dY: Array, X: Array) -> tuple[Array, Array]:
    """The gradients dγ = mean of dY E and dβ = mean of dY over the examples, (n, 1)."""
    E, _ = normalized(X)
    return np.mean(dY * E, axis=1, keepdims=True), np.mean(dY, axis=1, keepdims=True)
