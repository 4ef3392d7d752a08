"""Max pooling, one scalar at a time: A[i, h, w, c] is the greatest value of a window of A_prev.

The notation is Andrew Ng's: A_prev is (m, n_H_prev, n_W_prev, n_C), an example first and its
channels last, and windows of f by f are ``STRIDE`` apart. Rows and columns that fill no window are
cut off.
"""

from __future__ import annotations

Image = list[list[list[float]]]
Images = list[Image]

F = 2
STRIDE = 2


def windows_along(n_prev: int) -> int:
    """n = (n_prev - f) // stride + 1."""
    return (n_prev - F) // STRIDE + 1


def zeros(m: int, n_H: int, n_W: int, n_C: int) -> Images:
    """Images of zeros."""
    return [[[[0.0] * n_C for _ in range(n_W)] for _ in range(n_H)] for _ in range(m)]


def max_pool_forward(A_prev: Images) -> Images:
    """A[i, h, w, c] = max of A_prev[i, vert_start:vert_end, horiz_start:horiz_end, c]."""
    m, n_C = len(A_prev), len(A_prev[0][0][0])
    n_H, n_W = windows_along(len(A_prev[0])), windows_along(len(A_prev[0][0]))
    A = zeros(m, n_H, n_W, n_C)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert_start, horiz_start = h * STRIDE, w * STRIDE
                for c in range(n_C):
                    greatest = A_prev[i][vert_start][horiz_start][c]
                    for v in range(vert_start, vert_start + F):
                        for z in range(horiz_start, horiz_start + F):
                            if A_prev[i][v][z][c] > greatest:
                                greatest = A_prev[i][v][z][c]
                    A[i][h][w][c] = greatest
    return A


def max_pool_backward(dA: Images, A_prev: Images) -> Images:
    """dA_prev: a window's dA goes to its first greatest value, and zeros to all others."""
    m, n_C = len(A_prev), len(A_prev[0][0][0])
    n_H, n_W = windows_along(len(A_prev[0])), windows_along(len(A_prev[0][0]))
    dA_prev = zeros(m, len(A_prev[0]), len(A_prev[0][0]), n_C)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert_start, horiz_start = h * STRIDE, w * STRIDE
                for c in range(n_C):
                    first_v, first_z = vert_start, horiz_start
                    for v in range(vert_start, vert_start + F):
                        for z in range(horiz_start, horiz_start + F):
                            if A_prev[i][v][z][c] > A_prev[i][first_v][first_z][c]:
                                first_v, first_z = v, z
                    dA_prev[i][first_v][first_z][c] += dA[i][h][w][c]
    return dA_prev
