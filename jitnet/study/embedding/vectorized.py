"""An embedding in NumPy: an array of indices takes rows, and adds to them."""

from __future__ import annotations

import numpy as np

from jitnet.study.problem import Array


def embedding_forward(X: Array, E: Array) -> Array:
    """Y[t, u, i] = E[X[t, i], u], (time, units, m)."""
    return np.ascontiguousarray(E[X].transpose(0, 2, 1))


def weight_gradient(dY: Array, X: Array, E: Array) -> Array:
    """dE[v, u], the mean over examples of Σ dY[t, u, i] over the time steps where X[t, i] is v.

    An index may occur more than once: ``dE[X] += …`` would add one of its gradients alone.
    """
    dE = np.zeros_like(E)
    np.add.at(dE, X, dY.transpose(0, 2, 1))
    return dE / X.shape[1]
