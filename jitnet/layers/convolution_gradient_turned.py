"""A convolution's gradients where units fill the lanes: dY is turned, and the register tile used.

Units lie in the lanes then, and a sum goes over examples and places, as in a dense layer. Each
number of X that is fetched takes part in a product with all units in the lanes, and where examples
lie there, with the few units of a tile: 3 × 3 × 32 → 64 had 1.5 times the speed, with vectors of 32
bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, multiply_rows, padded_rows, tile_for_rest
from jitnet.kernels.panels import add_rows, clear_row, to_rows
from jitnet.kernels.simd import lanes
from jitnet.kernels.team import share
from jitnet.kernels.typed import ONE, YES, ZERO
from jitnet.layers.convolution_edges import end_of_places, first_place, has_edges
from jitnet.layers.layer import Cut, Operation
from jitnet.layers.window import Window

HEIGHT = np.int64(len(TALL))

TURNED_ROWS = (32 << 10) // (VECTORS * VECTOR_BYTES)
"""Rows of a panel's width, 32 KiB, that are turned at a time, and stay near while the taps' tiles
read them; half and a quarter were the same."""

TURNING = 14
"""Terms that take as long as turning the places they are multiplied with."""


def turned_gradient(window: Window, n_in: int, n_out: int, width: int) -> tuple[Operation, int]:
    """The operation, and the numbers that a worker has room for."""
    together = terms_together(window, n_in)
    blocks = Cut("block", -(-n_out // width), otherwise=Cut("tap", window.kernel_height))
    settings = window._asdict() | {"together": together}
    operation = Operation(weight_backward_of(tile_for_rest(together)), blocks, settings)
    return operation, TURNED_ROWS * width


def turned_products(window: Window, n_in: int, n_out: int, width: int) -> int:
    """How many products are computed at a place, with those for nothing and the time to turn."""
    together = terms_together(window, n_in)
    groups = window.kernel_height * window.kernel_width * n_in // together
    return -(-n_out // width) * width * (groups * padded_rows(together) + TURNING)


def terms_together(window: Window, n_in: int) -> int:
    """Terms of a line of taps that tiles divide; those of a tap, where edges may be in between."""
    return n_in if has_edges(window) else window.kernel_width * n_in


@njit
def _add_products(
    dw: Any,
    x: Any,
    rows: Any,
    across: int,
    out_across: int,
    stride_x: int,
    padding_x: int,
    n_in: int,
    n_out: int,
    units: int,
    line: int,
    together: int,
    first: int,
    last: int,
    low: Any,
) -> None:
    """dw[k, u] += Σ x[place, k, i] rows[place, i, u], for a line of taps and places first … last.

    u is of so many units. x begins where the image's row does; rows begins with the first place.
    """
    width = VECTORS * lanes(rows)
    x0, x1 = first, last
    for group in range(0, line, together):
        if together == n_in:
            x0 = max(first, first_place(group // n_in, padding_x, stride_x))
            x1 = min(last, end_of_places(group // n_in, padding_x, stride_x, across, out_across))
        if x1 > x0:
            multiply_rows(
                ahead(dw, group * n_out),
                ahead(x, ((x0 * stride_x - padding_x) * n_in + group) * width),
                ahead(rows, (x0 - first) * width * width),
                n_out,
                HEIGHT * width,
                width,
                ONE,
                stride_x * n_in * width,
                width * width,
                (x1 - x0) * width,
                width,
                units,
                YES,
                ZERO,
                together,
                low,
            )


@factory
def weight_backward_of(low: tuple[int, ...]) -> Kernel:
    """The block of a convolution's gradients; ``low`` tiles take what is left of the terms."""

    @njit(parallel=True)
    def convolution_turned_weight_backward(
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
        add: int,
        first_block: int,
        last_block: int,
        first_tap: int,
        last_tap: int,
    ) -> None:
        """dW[i, j, k, u] = Σ X[y s + i - p, x s + j - p, k] dY[y, x, u], db[u] = Σ dY[y, x, u].

        The sums go over all examples, y and x. Writes the flat dweight (kernel_height,
        kernel_width, n_in, n_out), the given blocks of units and rows i of taps, and with the first
        of those dbias (n_out,), or adds to them where ``add``, and scratch (parts, size); reads dY
        (panels, out_height · out_across · n_out, width) and X (panels, height · across · n_in,
        width). Each parallel iteration owns a part of the blocks of units, and a room.
        """
        panels, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), dY.shape[1] // (out_height * out_across)
        line = kernel_width * n_in
        places = TURNED_ROWS // width
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_block - first_block, ONE, part, parts)
            begin, end = first_block + begin, first_block + end
            first_unit, units = begin * width, min(end * width, n_out) - begin * width
            rows, dw, db = at(scratch, part * size), at(dweight, 0), at(dbias, 0)
            if not add and units > 0:
                for k in range(first_tap * line, last_tap * line):
                    clear_row(ahead(dw, k * n_out + first_unit), units)
                if first_tap == 0:
                    clear_row(ahead(db, first_unit), units)
            for place in range(panels * out_height):
                p, y = place // out_height, place % out_height
                top = y * stride_y - padding_y
                for x in range(0, out_across, places):
                    columns = min(places, out_across - x)
                    for u in range(first_unit, first_unit + units, width):
                        dy = at(dY, (place * out_across + x) * n_out * width)
                        to_rows(rows, dy, n_out, n_out * width, u, columns)
                        in_block = min(width, n_out - u)
                        if first_tap == 0:
                            add_rows(ahead(db, u), rows, columns * width, in_block)
                        for tap in range(max(first_tap, -top), min(last_tap, height - top)):
                            _add_products(
                                ahead(dw, tap * line * n_out + u),
                                at(X, (p * height + top + tap) * across * n_in * width),
                                rows,
                                across,
                                out_across,
                                stride_x,
                                padding_x,
                                n_in,
                                n_out,
                                in_block,
                                line,
                                together,
                                x,
                                x + columns,
                                low,
                            )

    return convolution_turned_weight_backward
