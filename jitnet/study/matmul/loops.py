"""The matrix product, one scalar at a time."""

from __future__ import annotations

from jitnet.study.dense.loops import Matrix, zeros


def multiply(A: Matrix, B: Matrix) -> Matrix:
    """C = A B: cᵢⱼ = Σₖ aᵢₖ bₖⱼ."""
    n_rows, depth, n_columns = len(A), len(B), len(B[0])
    C = zeros(n_rows, n_columns)
    for i in range(n_rows):
        for j in range(n_columns):
            c = 0.0
            for k in range(depth):
                c += A[i][k] * B[k][j]
            C[i][j] = c
    return C
