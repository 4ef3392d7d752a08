"""The dense layer on a few examples, which would leave a panel empty: units lie in the lanes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import LOW, TALL, multiply_rows
from jitnet.kernels.simd import fma, lanes, load, load_some, store_some, transpose_square
from jitnet.kernels.typed import ONE, YES, ZERO
from jitnet.kernels.weights import HEIGHT

WIDE = np.int64(8)
"""Times as many units of one example as of some, whose sums lie in the nearest cache."""


@njit(parallel=True)
def dense_few_forward(Y: Any, X: Any, weight: Any, bias: Any, turned: bool) -> None:
    """Y[i, u] = Σ_k X[i, k] W[k, u] + b[u] for a few examples, which would leave a panel empty.

    Writes Y (examples, n_out); reads X (examples, n_in), the flat weight and bias (n_out,). Each
    parallel iteration owns two vectors of units, of one example WIDE times as many: units lie in
    the lanes. A sum's terms are added in the order of ``dense_forward``, to the same bits. The
    weight may be read beyond its last row, by less than two vectors.
    """
    examples, n_out = Y.shape
    by_row = examples == 1 and not turned
    n_in, width = X.shape[1], VECTORS * lanes(at(Y, 0)) * (WIDE if by_row else ONE)
    for block in prange((n_out + width - 1) // width):
        first = block * width
        units = min(width, n_out - first)
        y, x, w = at(Y, first), at(X, 0), at(weight, first * (n_in if turned else ONE))
        for i in range(examples):
            for u in range(units):
                y[i * n_out + u] = bias[first + u]
        if by_row:
            _multiply_row(y, x, w, n_in, n_out, units)
        elif turned:
            _multiply_turned(y, x, w, n_in, n_out, units, examples)
        else:
            tile = HEIGHT * n_in
            multiply_rows(
                y,
                x,
                w,
                n_out,
                tile,
                n_in,
                ZERO,
                ONE,
                n_out,
                n_in,
                ONE,
                units,
                YES,
                ZERO,
                examples,
                LOW,
            )


@njit
def _multiply_row(y: Any, x: Any, weight: Any, n_in: int, n_out: int, units: int) -> None:
    """y[u] += Σ_k x[k] W[k, u] of one example, row of weights after row.

    279 inputs and 128 units took four times as long by a tile of one row, which has two vectors of
    sums, each of which waits for the last one, and reads a line of each row of weights. A sum in a
    register, where one vector holds all units, was as fast: 1600 inputs and 10 units, 2.5 µs.
    """
    n = lanes(y)
    for k in range(n_in):
        value = x[k]
        for u in range(0, units, n):
            left = units - u
            total = fma(load_some(weight, k * n_out + u, left), value, load_some(y, u, left))
            store_some(y, u, total, left)


@njit
def _multiply_turned(
    y: Any, x: Any, weight: Any, n_in: int, n_out: int, units: int, examples: int
) -> None:
    """y[i, u] += Σ_k x[i, k] W[k, u] by turned squares, where a unit's weights lie side by side."""
    n = lanes(y)
    square = registers(y, TALL)
    for first in range(0, units, n):
        left = min(n, units - first)
        for k in range(0, n_in, n):
            source = ahead(weight, first * n_in + k)
            transpose_square(square, n, source, n_in, left - 1)
            for i in range(examples):
                place = i * n_out + first
                total = load_some(y, place, left)
                for j in range(min(n, n_in - k)):
                    total = fma(load(square, j * n), x[i * n_in + k + j], total)
                store_some(y, place, total, left)
