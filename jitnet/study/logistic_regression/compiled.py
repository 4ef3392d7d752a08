"""Logistic regression, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import sigmoid


@njit(entry=True)
def gradient_descent_step(X: Any, Y: Any, w: Any, b: Any, alpha: Any) -> Any:
    """One step of gradient descent on the cross-entropy: the new w and b, and the cost J before.

    X is (n, m), Y (1, m), w (n, 1).
    """
    n, m = X.shape
    one, zero = X.dtype.type(1), X.dtype.type(0)
    J, dw, db = zero, np.zeros_like(w), zero
    for i in range(m):
        z = b
        for j in range(n):
            z += w[j, 0] * X[j, i]
        a = sigmoid(z)
        y = Y[0, i]
        J += -(y * log(a) + (one - y) * log(one - a))
        dz = a - y
        for j in range(n):
            dw[j, 0] += X[j, i] * dz
        db += dz
    for j in range(n):
        dw[j, 0] = w[j, 0] - alpha * (dw[j, 0] / X.dtype.type(m))
    return dw, b - alpha * (db / X.dtype.type(m)), J / X.dtype.type(m)
