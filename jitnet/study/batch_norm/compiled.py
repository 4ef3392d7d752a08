"""Batch normalisation, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.layer_norm.compiled import statistics


@njit
def unit_forward(Y: Any, X: Any, gamma: Any, beta: Any, u: int) -> None:
    """Row u of Y."""
    mean, rstd = statistics(X.T, u)
    for i in range(X.shape[1]):
        Y[u, i] = gamma[u, 0] * (X[u, i] - mean) * rstd + beta[u, 0]


@njit
def unit_gradient(dX: Any, dY: Any, X: Any, gamma: Any, u: int) -> None:
    """Row u of dX."""
    m, number = X.shape[1], X.dtype.type
    mean, rstd = statistics(X.T, u)
    total = along = number(0)
    for i in range(m):
        total += dY[u, i] / number(m)
        along += dY[u, i] * (X[u, i] - mean) * rstd / number(m)
    for i in range(m):
        e = (X[u, i] - mean) * rstd
        dX[u, i] = gamma[u, 0] * rstd * (dY[u, i] - total - e * along)


@njit
def unit_weight_gradients(dgamma: Any, dbeta: Any, dY: Any, X: Any, u: int) -> None:
    """Row u of dγ and of dβ, which are zero at first."""
    m, number = X.shape[1], X.dtype.type
    mean, rstd = statistics(X.T, u)
    for i in range(m):
        dgamma[u, 0] += dY[u, i] * (X[u, i] - mean) * rstd / number(m)
        dbeta[u, 0] += dY[u, i] / number(m)


@njit(entry=True)
def batch_norm_forward(X: Any, gamma: Any, beta: Any) -> Any:
    """Y = γ (X - mean) / √(variance + ε) + β for X (n, m), γ and β (n, 1)."""
    Y = np.empty_like(X)
    for u in range(len(X)):
        unit_forward(Y, X, gamma, beta, u)
    return Y


@njit(entry=True)
def input_gradient(dY: Any, X: Any, gamma: Any) -> Any:
    """dX = γ rstd (dY - mean(dY) - e mean(dY e)) with e = (X - mean) rstd."""
    dX = np.empty_like(X)
    for u in range(len(X)):
        unit_gradient(dX, dY, X, gamma, u)
    return dX


@njit(entry=True)
def weight_gradients(dY: Any, X: Any) -> Any:
    """The gradients dγ = mean of dY e and dβ = mean of dY over the examples, (n, 1)."""
    dgamma, dbeta = np.zeros((len(X), 1), X.dtype), np.zeros((len(X), 1), X.dtype)
    for u in range(len(X)):
        unit_weight_gradients(dgamma, dbeta, dY, X, u)
    return dgamma, dbeta
