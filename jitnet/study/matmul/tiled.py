"""The matrix product by the engine's register tile, B packed into panels on the way."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels import matmul
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import TALL, multiply_rows
from jitnet.kernels.panels import panel_width
from jitnet.kernels.simd import load, load_some, store
from jitnet.kernels.team import barrier, join, share
from jitnet.memory import zeros
from jitnet.study.engine import on_a_team
from jitnet.study.problem import Array, Outputs, Run

ENGINE = (matmul.multiply_rows, matmul.multiply_tile)

ZERO, ONE, HEIGHT = np.int64(0), np.int64(1), np.int64(len(TALL))


@njit
def pack(panel: Any, B: Any, column: int) -> None:
    """panel[k, c] = B[k, column + c], with zeros behind B's last column."""
    depth, width = panel.shape
    lanes = width // VECTORS
    for k in range(depth):
        for c in range(0, width, lanes):
            left = B.shape[1] - column - c
            source = at(B, k * B.shape[1] + column + c)
            vector = load(source, ZERO) if left >= lanes else load_some(source, ZERO, left)
            store(at(panel, k * width + c), ZERO, vector)


@njit(entry=True)
def products(wanted: int, team: Any, times: int, C: Any, A: Any, B: Any, panels: Any) -> None:
    """A worker's share of C = A B, so many times: some panels of B's columns.

    Writes C (rows, columns) and panels (workers, depth, width); reads A (rows, depth) and B
    (depth, columns).
    """
    rank, size = join(team, wanted)
    if size == 0:
        return
    n, depth = A.shape
    columns, width = B.shape[1], panels.shape[2]
    first, last = share(columns, width, rank, size)
    panel = panels[rank]
    add = wanted < ZERO  # no; a literal False would be a type of its own
    for _ in range(times):
        for column in range(first, last, width):
            pack(panel, B, column)
            c, a, b = at(C, column), at(A, ZERO), at(panel, ZERO)
            left = min(width, columns - column)
            tile = HEIGHT * depth
            multiply_rows(
                c, a, b, columns, tile, depth, ONE, ZERO, ZERO, depth, depth, left, add, ZERO, n
            )
        barrier(team, size)


def start(threads: int, A: Array, B: Array) -> Run:
    """Runs of the product, packing included."""
    C = zeros((len(A), B.shape[1]), A.dtype)
    panels = zeros((threads, len(B), panel_width(A.dtype)), A.dtype, 1)
    multiply = on_a_team(threads, products, C, A, B, panels)

    def run(times: int) -> Outputs:
        multiply(times)
        return (C,)

    return run
