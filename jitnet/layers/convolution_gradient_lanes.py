"""A convolution's gradients where units are few: each sum is a vector, examples in its lanes."""

from __future__ import annotations

from typing import Any

from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import lanes, load, store
from jitnet.kernels.team import share
from jitnet.kernels.typed import ONE
from jitnet.layers.convolution_lanes import (
    Tile,
    best_tile,
    clear_missing,
    line_settings,
    scratch_size,
    tile_sums_of,
)
from jitnet.layers.layer import Cut, Operation
from jitnet.layers.window import Window


def lanes_gradient(window: Window, n_in: int, n_out: int, width: int) -> tuple[Operation, int]:
    """The operation, and the numbers that a worker has room for."""
    tile = best_tile(n_out, window, n_in)
    tiles = Cut("tile", -(-n_out // len(tile[0])), otherwise=Cut("tap", window.kernel_height))
    settings = window._asdict() | line_settings(window, n_in, tile)
    operation = Operation(weight_backward_of(tile), tiles, settings)
    return operation, scratch_size(window, n_in, tile, width)


@njit
def _copy_units(
    copies: Any,
    bias_totals: Any,
    dY: Any,
    copying: Any,
    p: int,
    row: int,
    column: int,
    rows: int,
    columns: int,
    out_across: int,
    n_out: int,
    unit: int,
    units: int,
    of_units: Any,
) -> None:
    """A tile of units of dY, one place after the other, added up; missing units are zero."""
    n = lanes(copies)
    width, step = VECTORS * n, len(of_units) * VECTORS * n
    first = p * dY.shape[1] + (row * out_across + column) * n_out + unit
    for y in range(rows):
        source = at(dY, (first + y * out_across * n_out) * width)
        target = ahead(copies, y * columns * step)
        for u in range(units):
            total = load(bias_totals, u * n)
            for x in range(columns):
                for i in range(u * width, (u + 1) * width, n):
                    d = load(source, x * n_out * width + i)
                    store(target, x * step + i, d)
                    total = total + d
            store(bias_totals, u * n, total)
        clear_missing(target, columns, columns, units, of_units)


@factory
def weight_backward_of(tile: Tile) -> Kernel:
    """The block of a convolution's gradients, with a tile of units and terms."""
    add_tile = tile_sums_of(tile, _copy_units)

    @njit(parallel=True)
    def convolution_weight_backward(
        dweight: Any,
        dbias: Any,
        dY: Any,
        X: Any,
        scratch: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        kernel_height: int,
        kernel_width: int,
        stride_y: int,
        stride_x: int,
        padding_y: int,
        padding_x: int,
        together: int,
        at_edges: int,
        add: int,
        first_tile: int,
        last_tile: int,
        first_tap: int,
        last_tap: int,
    ) -> None:
        """dW[i, j, k, u] = Σ X[y s + i - p, x s + j - p, k] dY[y, x, u], db[u] = Σ dY[y, x, u].

        The sums go over all examples, y and x. Writes the flat dweight (kernel_height,
        kernel_width, n_in, n_out), the given tiles of units and rows i of taps, and with the first
        of those dbias (n_out,), or adds to them where ``add``, and scratch (parts, size); reads dY
        (panels, out_height · out_across · n_out, width) and X (panels, height · across · n_in,
        width). Each parallel iteration owns a part of the tiles of units, and a room.
        """
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_tile - first_tile, ONE, part, parts)
            for tile in range(first_tile + begin, first_tile + end):
                add_tile(
                    dweight,
                    dbias,
                    dY,
                    (),
                    X,
                    at(scratch, part * size),
                    height,
                    across,
                    out_height,
                    out_across,
                    kernel_width,
                    stride_y,
                    stride_x,
                    padding_y,
                    padding_x,
                    together,
                    at_edges,
                    add,
                    tile,
                    first_tap,
                    last_tap,
                )

    return convolution_weight_backward
