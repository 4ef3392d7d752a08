"""Layer normalisation, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.layer_norm.loops import EPSILON


@njit
def statistics(X: Any, i: int) -> Any:
    """The mean of example i's units, and 1 / √(variance + ε)."""
    n, number = X.shape[0], X.dtype.type
    mean, variance = number(0), number(EPSILON)
    for u in range(n):
        mean += X[u, i] / number(n)
    for u in range(n):
        e = X[u, i] - mean
        variance += e * e / number(n)
    return mean, number(1) / math.sqrt(variance)


@njit
def example_forward(Y: Any, X: Any, gamma: Any, beta: Any, i: int) -> None:
    """Column i of Y."""
    mean, rstd = statistics(X, i)
    for u in range(X.shape[0]):
        Y[u, i] = gamma[u, 0] * (X[u, i] - mean) * rstd + beta[u, 0]


@njit
def example_gradient(dX: Any, dY: Any, X: Any, gamma: Any, i: int) -> None:
    """Column i of dX, which first holds g."""
    n, number = X.shape[0], X.dtype.type
    mean, rstd = statistics(X, i)
    total = along = number(0)
    for u in range(n):
        dX[u, i] = gamma[u, 0] * dY[u, i]
        total += dX[u, i] / number(n)
        along += dX[u, i] * (X[u, i] - mean) * rstd / number(n)
    for u in range(n):
        e = (X[u, i] - mean) * rstd
        dX[u, i] = rstd * (dX[u, i] - total - e * along)


@njit(entry=True)
def layer_norm_forward(X: Any, gamma: Any, beta: Any) -> Any:
    """Y = γ (X - mean) / √(variance + ε) + β for X (n, m), γ and β (n, 1)."""
    Y = np.empty_like(X)
    for i in range(X.shape[1]):
        example_forward(Y, X, gamma, beta, i)
    return Y


@njit(entry=True)
def input_gradient(dY: Any, X: Any, gamma: Any) -> Any:
    """dX = rstd (g - mean(g) - e mean(g e)) with g = γ dY and e = (X - mean) rstd."""
    dX = np.empty_like(X)
    for i in range(X.shape[1]):
        example_gradient(dX, dY, X, gamma, i)
    return dX


@njit(entry=True)
def weight_gradients(dY: Any, X: Any) -> Any:
    """The gradients dγ = mean of dY e and dβ = mean of dY over the examples, (n, 1)."""
    n, m = X.shape
    dgamma, dbeta = np.zeros((n, 1), X.dtype), np.zeros((n, 1), X.dtype)
    for i in range(m):
        mean, rstd = statistics(X, i)
        for u in range(n):
            dgamma[u, 0] += dY[u, i] * (X[u, i] - mean) * rstd / X.dtype.type(m)
            dbeta[u, 0] += dY[u, i] / X.dtype.type(m)
    return dgamma, dbeta
