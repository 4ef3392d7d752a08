"""An embedding, the loops shared by threads: each iteration owns what it writes.

Forward it owns a time step. An index may occur anywhere, so that two threads could add to one row
of dE; there an iteration owns a unit of all rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.embedding.compiled import column_gradient, step_forward


@njit(parallel=True)
def embedding_forward(X: Any, E: Any) -> Any:
    """Y[t, u, i] = E[X[t, i], u], (time, units, m)."""
    time, m = X.shape
    Y = np.empty((time, E.shape[1], m), E.dtype)
    for t in prange(time):
        step_forward(Y, X, E, np.int64(t))
    return Y


@njit(parallel=True)
def weight_gradient(dY: Any, X: Any, E: Any) -> Any:
    """dE[v, u], the mean over examples of Σ dY[t, u, i] over the time steps where X[t, i] is v."""
    dE = np.zeros_like(E)
    for u in prange(E.shape[1]):
        column_gradient(dE, dY, X, np.int64(u))
    return dE
