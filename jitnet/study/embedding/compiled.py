"""An embedding, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.jit import njit


@njit
def step_forward(Y: Any, X: Any, E: Any, t: int) -> None:
    """Y of time step t."""
    _, units, m = Y.shape
    for i in range(m):
        for u in range(units):
            Y[t, u, i] = E[X[t, i], u]


@njit
def column_gradient(dE: Any, dY: Any, X: Any, u: int) -> None:
    """Column u of dE, which is zero at first."""
    time, m = X.shape
    for t in range(time):
        for i in range(m):
            dE[X[t, i], u] += dY[t, u, i] / dE.dtype.type(m)


@njit(entry=True)
def embedding_forward(X: Any, E: Any) -> Any:
    """Y[t, u, i] = E[X[t, i], u], (time, units, m)."""
    time, m = X.shape
    Y = np.empty((time, E.shape[1], m), E.dtype)
    for t in range(time):
        step_forward(Y, X, E, t)
    return Y


@njit(entry=True)
def weight_gradient(dY: Any, X: Any, E: Any) -> Any:
    """dE[v, u], the mean over examples of Σ dY[t, u, i] over the time steps where X[t, i] is v."""
    dE = np.zeros_like(E)
    for u in range(E.shape[1]):
        column_gradient(dE, dY, X, u)
    return dE
