"""A shallow network in NumPy, line by line the course's formulas: no loop over examples."""

from __future__ import annotations

import numpy as np

from jitnet.study.activations.vectorized import sigmoid
from jitnet.study.problem import Array

Step = tuple[Array, Array, Array, Array, float]


def gradient_descent_step(
    X: Array, Y: Array, W1: Array, b1: Array, W2: Array, b2: Array, alpha: float
) -> Step:
    """One step of gradient descent: the new W1, b1, W2, b2, and the cost J before.

    X is (n, m), Y (1, m), W1 (n_h, n), b1 (n_h, 1), W2 (1, n_h), b2 (1, 1).
    """
    m = X.shape[1]
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m

    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(W2.T, dZ2) * (1 - A1**2)
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return W1 - alpha * dW1, b1 - alpha * db1, W2 - alpha * dW2, b2 - alpha * db2, J
