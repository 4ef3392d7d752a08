"""Batch normalisation, the loops shared by threads: each iteration owns a unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.batch_norm.compiled import unit_forward, unit_gradient, unit_weight_gradients


@njit(parallel=True)
def batch_norm_forward(X: Any, gamma: Any, beta: Any) -> Any:
    """Y = γ (X - mean) / √(variance + ε) + β for X (n, m), γ and β (n, 1)."""
    Y = np.empty_like(X)
    for u in prange(len(X)):
        unit_forward(Y, X, gamma, beta, np.int64(u))
    return Y


@njit(parallel=True)
def input_gradient(dY: Any, X: Any, gamma: Any) -> Any:
    """dX = γ rstd (dY - mean(dY) - e mean(dY e)) with e = (X - mean) rstd."""
    dX = np.empty_like(X)
    for u in prange(len(X)):
        unit_gradient(dX, dY, X, gamma, np.int64(u))
    return dX


@njit(parallel=True)
def weight_gradients(dY: Any, X: Any) -> Any:
    """The gradients dγ = mean of dY e and dβ = mean of dY over the examples, (n, 1)."""
    dgamma, dbeta = np.zeros((len(X), 1), X.dtype), np.zeros((len(X), 1), X.dtype)
    for u in prange(len(X)):
        unit_weight_gradients(dgamma, dbeta, dY, X, np.int64(u))
    return dgamma, dbeta
