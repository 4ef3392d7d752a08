"""Layer normalisation, the loops shared by threads: each iteration owns what it writes.

Forward and backward through the layer an iteration owns an example. The gradients of γ and β sum
over examples; there it owns a unit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.layer_norm.compiled import example_forward, example_gradient, statistics


@njit(parallel=True)
def layer_norm_forward(X: Any, gamma: Any, beta: Any) -> Any:
    """Y = γ (X - mean) / √(variance + ε) + β for X (n, m), γ and β (n, 1)."""
    Y = np.empty_like(X)
    for i in prange(X.shape[1]):
        example_forward(Y, X, gamma, beta, np.int64(i))
    return Y


@njit(parallel=True)
def input_gradient(dY: Any, X: Any, gamma: Any) -> Any:
    """dX = rstd (g - mean(g) - e mean(g e)) with g = γ dY and e = (X - mean) rstd."""
    dX = np.empty_like(X)
    for i in prange(X.shape[1]):
        example_gradient(dX, dY, X, gamma, np.int64(i))
    return dX


@njit(parallel=True)
def weight_gradients(dY: Any, X: Any) -> Any:
    """The gradients dγ = mean of dY e and dβ = mean of dY over the examples, (n, 1)."""
    n, m = X.shape
    mean, rstd = np.empty(m, X.dtype), np.empty(m, X.dtype)
    for i in prange(m):
        mean[i], rstd[i] = statistics(X, np.int64(i))
    dgamma, dbeta = np.zeros((n, 1), X.dtype), np.zeros((n, 1), X.dtype)
    for u in prange(n):
        for i in range(m):
            dgamma[u, 0] += dY[u, i] * (X[u, i] - mean[i]) * rstd[i] / X.dtype.type(m)
            dbeta[u, 0] += dY[u, i] / X.dtype.type(m)
    return dgamma, dbeta
