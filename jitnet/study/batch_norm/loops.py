"""Batch normalisation, one scalar at a time: every unit at mean 0 and variance 1 over the examples.

X is (n, m), an example a column; γ and β are (n, 1). Layer normalisation takes its mean and
variance down a column, this one along a row: what an example becomes depends on the others.
"""

from __future__ import annotations

from jitnet.study.layer_norm.loops import Matrix, statistics


def batch_norm_forward(X: Matrix, gamma: Matrix, beta: Matrix) -> Matrix:
    """Y = γ (X - mean) / √(variance + ε) + β, unit by unit."""
    n, m = len(X), len(X[0])
    Y = [[0.0] * m for _ in range(n)]
    for u in range(n):
        mean, rstd = statistics(X[u])
        for i in range(m):
            Y[u][i] = gamma[u][0] * (X[u][i] - mean) * rstd + beta[u][0]
    return Y


def input_gradient(dY: Matrix, X: Matrix, gamma: Matrix) -> Matrix:
    """dX = γ rstd (dY - mean(dY) - e mean(dY e)) with e = (X - mean) rstd."""
    n, m = len(X), len(X[0])
    dX = [[0.0] * m for _ in range(n)]
    for u in range(n):
        mean, rstd = statistics(X[u])
        total = along = 0.0
        for i in range(m):
            total += dY[u][i] / m
            along += dY[u][i] * (X[u][i] - mean) * rstd / m
        for i in range(m):
            e = (X[u][i] - mean) * rstd
            dX[u][i] = gamma[u][0] * rstd * (dY[u][i] - total - e * along)
    return dX


def weight_gradients(dY: Matrix, X: Matrix) -> tuple[Matrix, Matrix]:
    """The gradients dγ = mean of dY e and dβ = mean of dY over the examples."""
    n, m = len(X), len(X[0])
    dgamma, dbeta = ([[0.0] for _ in range(n)] for _ in range(2))
    for u in range(n):
        mean, rstd = statistics(X[u])
        for i in range(m):
            dgamma[u][0] += dY[u][i] * (X[u][i] - mean) * rstd / m
            dbeta[u][0] += dY[u][i] / m
    return dgamma, dbeta
