"""Logistic regression without a loop over examples or features, in NumPy."""

from __future__ import annotations

import numpy as np

from jitnet.study.activations.vectorized import sigmoid
from jitnet.study.problem import Array


def gradient_descent_step(
    X: Array, Y: Array, w: Array, b: float, alpha: float
) -> tuple[Array, float, float]:
    """One step of gradient descent on the cross-entropy: the new w and b, and the cost J before.

    X is (n, m), Y (1, m), w (n, 1).
    """
    m = X.shape[1]
    Z = np.dot(w.T, X) + b
    A = sigmoid(Z)
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dZ = A - Y
    dw = np.dot(X, dZ.T) / m
    db = np.sum(dZ) / m
    return w - alpha * dw, b - alpha * db, J
