"""An embedding, one scalar at a time: each index stands for a row of numbers.

X is (time, m), an example a column of indices; E is (vocabulary, units), and Y, a matrix for each
time step, is (time, units, m).
"""

from __future__ import annotations

from jitnet.study.dense.loops import Matrix, zeros


def embedding_forward(X: list[list[int]], E: Matrix) -> list[Matrix]:
    """Y[t, u, i] = E[X[t, i], u]."""
    units, m = len(E[0]), len(X[0])
    Y = [zeros(units, m) for _ in X]
    for t in range(len(X)):
        for i in range(m):
            for u in range(units):
                Y[t][u][i] = E[X[t][i]][u]
    return Y


def weight_gradient(dY: list[Matrix], X: list[list[int]], E: Matrix) -> Matrix:
    """dE[v, u], the mean over examples of Σ dY[t, u, i] over the time steps where X[t, i] is v."""
    units, m = len(E[0]), len(X[0])
    dE = zeros(len(E), units)
    for t in range(len(X)):
        for i in range(m):
            for u in range(units):
                dE[X[t][i]][u] += dY[t][u][i] / m
    return dE
