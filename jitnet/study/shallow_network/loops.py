"""A shallow network, one scalar at a time, for i = 1 … m: the course before vectorising.

The hidden units are tanh's, the output is a sigmoid. An example is a column of X.
"""

from __future__ import annotations

from math import log, tanh

from jitnet.study.activations.loops import sigmoid
from jitnet.study.dense.loops import Matrix, zeros

Step = tuple[Matrix, Matrix, Matrix, Matrix, float]


def gradient_descent_step(
    X: Matrix, Y: Matrix, W1: Matrix, b1: Matrix, W2: Matrix, b2: Matrix, alpha: float
) -> Step:
    """One step of gradient descent: the new W1, b1, W2, b2, and the cost J before.

    X is (n, m), Y (1, m), W1 (n_h, n), b1 (n_h, 1), W2 (1, n_h), b2 (1, 1).
    """
    n, m, n_h = len(X), len(X[0]), len(W1)
    J = 0.0
    dW1, db1, dW2, db2 = zeros(n_h, n), zeros(n_h, 1), zeros(1, n_h), zeros(1, 1)
    for i in range(m):
        a1 = [0.0] * n_h
        z2 = b2[0][0]
        for k in range(n_h):
            z1 = b1[k][0]
            for j in range(n):
                z1 += W1[k][j] * X[j][i]
            a1[k] = tanh(z1)
            z2 += W2[0][k] * a1[k]
        a2 = sigmoid(z2)
        y = Y[0][i]
        J += -(y * log(a2) + (1.0 - y) * log(1.0 - a2))
        dz2 = a2 - y
        db2[0][0] += dz2
        for k in range(n_h):
            dW2[0][k] += dz2 * a1[k]
            dz1 = W2[0][k] * dz2 * (1.0 - a1[k] * a1[k])
            db1[k][0] += dz1
            for j in range(n):
                dW1[k][j] += dz1 * X[j][i]
    step = alpha / m
    return (
        descend(W1, dW1, step),
        descend(b1, db1, step),
        descend(W2, dW2, step),
        descend(b2, db2, step),
        J / m,
    )


def descend(W: Matrix, dW: Matrix, step: float) -> Matrix:
    """W - step · dW."""
    return [[W[k][j] - step * dW[k][j] for j in range(len(W[0]))] for k in range(len(W))]
