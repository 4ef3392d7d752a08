"""A shallow network, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from math import log, tanh
from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import sigmoid


@njit(entry=True)
def gradient_descent_step(
    X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any, alpha: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """One step of gradient descent: the new W1, b1, W2, b2, and the cost J before.

    X is (n, m), Y (1, m), W1 (n_h, n), b1 (n_h, 1), W2 (1, n_h), b2 (1, 1).
    """
    n, m = X.shape
    n_h = W1.shape[0]
    one, J = X.dtype.type(1), X.dtype.type(0)
    dW1, db1, dW2, db2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(W2), np.zeros_like(b2)
    a1 = np.empty(n_h, X.dtype)
    for i in range(m):
        z2 = b2[0, 0]
        for k in range(n_h):
            z1 = b1[k, 0]
            for j in range(n):
                z1 += W1[k, j] * X[j, i]
            a1[k] = tanh(z1)
            z2 += W2[0, k] * a1[k]
        a2 = sigmoid(z2)
        y = Y[0, i]
        J += -(y * log(a2) + (one - y) * log(one - a2))
        dz2 = a2 - y
        db2[0, 0] += dz2
        for k in range(n_h):
            dW2[0, k] += dz2 * a1[k]
            dz1 = W2[0, k] * dz2 * (one - a1[k] * a1[k])
            db1[k, 0] += dz1
            for j in range(n):
                dW1[k, j] += dz1 * X[j, i]
    step = alpha / X.dtype.type(m)
    descend(dW1, W1, step)
    descend(db1, b1, step)
    descend(dW2, W2, step)
    descend(db2, b2, step)
    return dW1, db1, dW2, db2, J / X.dtype.type(m)


@njit
def descend(dW: Any, W: Any, step: Any) -> None:
    """W - step · dW, written over dW."""
    for k in range(W.shape[0]):
        for j in range(W.shape[1]):
            dW[k, j] = W[k, j] - step * dW[k, j]
