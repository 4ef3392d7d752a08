"""Logistic regression, one scalar at a time, for i = 1 … m.

X holds an example a column: x⁽ⁱ⁾ⱼ is ``X[j][i]``.
"""

from __future__ import annotations

from math import log

from jitnet.study.activations.loops import sigmoid
from jitnet.study.dense.loops import Matrix, zeros


def gradient_descent_step(
    X: Matrix, Y: Matrix, w: Matrix, b: float, alpha: float
) -> tuple[Matrix, float, float]:
    """One step of gradient descent on the cross-entropy: the new w and b, and the cost J before.

    X is (n, m), Y (1, m), w (n, 1).
    """
    n, m = len(X), len(X[0])
    J, dw, db = 0.0, zeros(n, 1), 0.0
    for i in range(m):
        z = b
        for j in range(n):
            z += w[j][0] * X[j][i]
        a = sigmoid(z)
        y = Y[0][i]
        J += -(y * log(a) + (1.0 - y) * log(1.0 - a))
        dz = a - y
        for j in range(n):
            dw[j][0] += X[j][i] * dz
        db += dz
    J, db = J / m, db / m
    for j in range(n):
        dw[j][0] /= m
    return [[w[j][0] - alpha * dw[j][0]] for j in range(n)], b - alpha * db, J
