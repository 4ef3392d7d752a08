"""Layer normalisation, one scalar at a time: every example's units at mean 0 and variance 1.

X is (n, m), an example a column; γ and β are (n, 1).
"""

from __future__ import annotations

import math

Matrix = list[list[float]]

EPSILON = 1e-5


def statistics(x: list[float]) -> tuple[float, float]:
    """The mean of an example's units, and 1 / √(variance + ε)."""
    n = len(x)
    mean = 0.0
    for value in x:
        mean += value / n
    variance = 0.0
    for value in x:
        variance += (value - mean) ** 2 / n
    return mean, 1.0 / math.sqrt(variance + EPSILON)


def layer_norm_forward(X: Matrix, gamma: Matrix, beta: Matrix) -> Matrix:
    """Y = γ (X - mean) / √(variance + ε) + β, example by example."""
    n, m = len(X), len(X[0])
    Y = [[0.0] * m for _ in range(n)]
    for i in range(m):
        mean, rstd = statistics([X[u][i] for u in range(n)])
        for u in range(n):
            Y[u][i] = gamma[u][0] * (X[u][i] - mean) * rstd + beta[u][0]
    return Y


def input_gradient(dY: Matrix, X: Matrix, gamma: Matrix) -> Matrix:
    """dX = rstd (g - mean(g) - e mean(g e)) with g = γ dY and e = (X - mean) rstd."""
    n, m = len(X), len(X[0])
    dX = [[0.0] * m for _ in range(n)]
    for i in range(m):
        mean, rstd = statistics([X[u][i] for u in range(n)])
        total = along = 0.0
        for u in range(n):
            g = gamma[u][0] * dY[u][i]
            total += g / n
            along += g * (X[u][i] - mean) * rstd / n
        for u in range(n):
            e = (X[u][i] - mean) * rstd
            dX[u][i] = rstd * (gamma[u][0] * dY[u][i] - total - e * along)
    return dX


def weight_gradients(dY: Matrix, X: Matrix) -> tuple[Matrix, Matrix]:
    """The gradients dγ = mean of dY e and dβ = mean of dY over the examples."""
    n, m = len(X), len(X[0])
    dgamma, dbeta = ([[0.0] for _ in range(n)] for _ in range(2))
    for i in range(m):
        mean, rstd = statistics([X[u][i] for u in range(n)])
        for u in range(n):
            dgamma[u][0] += dY[u][i] * (X[u][i] - mean) * rstd / m
            dbeta[u][0] += dY[u][i] / m
    return dgamma, dbeta
