"""A convolution of a few examples by Winograd's way: units and channels lie in the lanes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, multiply_rows
from jitnet.kernels.simd import lanes, load_some, splat, store, store_some
from jitnet.kernels.team import share
from jitnet.layers.window import Window
from jitnet.layers.winograd import IN, OUT, POINTS, collect, spread_inputs, spread_weights, squares

ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""

HEIGHT = np.int64(len(TALL))


def scratch_size(window: Window, n_in: int, n_out: int, width: int) -> int:
    """Numbers that a worker has room for: weights, and a line's pixels, inputs and sums."""
    channels, units = (-(-n // width) * width for n in (n_in, n_out))
    line = squares(window.out_across)
    pixels = int(IN) * (int(OUT) * line + int(IN - OUT)) * channels
    return int(POINTS) * (n_in * units + line * (channels + units)) + pixels


@njit
def _copy_pixels(
    pixels: Any, x: Any, top: int, left: int, columns: int, height: int, across: int, n_in: int
) -> None:
    """The lines of the image that a line of squares reads, each pixel a row of whole vectors.

    What is outside of the image is zero.
    """
    row = (n_in + lanes(pixels) - 1) // lanes(pixels) * lanes(pixels)
    for y in range(top, top + IN):
        for c in range(left, left + columns):
            is_inside = 0 <= y < height and 0 <= c < across
            to = ahead(pixels, ((y - top) * columns + c - left) * row)
            for k in range(0, n_in, lanes(pixels)):
                if is_inside:
                    store(to, k, load_some(x, (y * across + c) * n_in + k, n_in - k))
                else:
                    store(to, k, splat(pixels, 0.0))


@factory
def few_forward_of(value: Kernel) -> Kernel:
    """The block of a convolution of a few examples, with an activation."""

    @njit
    def store_units(y: Any, bias: Any, z: Any, count: int) -> None:
        store_some(y, 0, value(z + load_some(bias, 0, count)), count)

    @njit(parallel=True)
    def convolution_squares_few_forward(
        Y: Any,
        X: Any,
        weight: Any,
        bias: Any,
        scratch: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        padding_y: int,
        padding_x: int,
    ) -> None:
        """``convolution_squares_forward`` of a few examples, to the same bits.

        Writes Y (examples, out_height · out_across · n_out) and scratch (parts, size); reads X
        (examples, height · across · n_in), the flat weight (3, 3, n_in, n_out) and bias (n_out,).
        Each parallel iteration owns a part of the lines of squares, and a room.
        """
        examples, n_all = X.shape
        n_in, n_out = n_all // (height * across), Y.shape[1] // (out_height * out_across)
        lines, line = (out_height + 1) // OUT, (out_across + 1) // OUT
        columns = line * OUT + IN - OUT
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(examples * lines, ONE, part, parts)
            weights, n = at(scratch, part * size), lanes(at(scratch, 0))
            width, row = VECTORS * n, (n_in + n - 1) // n * n
            units = (n_out + width - 1) // width * width
            inputs = ahead(weights, POINTS * n_in * units)
            sums = ahead(inputs, POINTS * line * row)
            pixels = ahead(sums, POINTS * line * units)
            if end > begin:
                for k in range(n_in):
                    for u in range(0, n_out, n):
                        spread_weights(
                            ahead(weights, (u // width * POINTS * n_in + k) * width + u % width),
                            n_in * width,
                            at(weight, 0),
                            k * n_out + u,
                            n_in * n_out,
                            min(n, n_out - u),
                        )
            for place in range(begin, end):
                top = place % lines * OUT
                x, y = at(X, place // lines * n_all), at(Y, place // lines * Y.shape[1])
                _copy_pixels(pixels, x, top - padding_y, -padding_x, columns, height, across, n_in)
                for square in range(line):
                    spread_inputs(
                        ahead(inputs, square * row),
                        line * row,
                        pixels,
                        ZERO,
                        square * OUT,
                        IN,
                        columns,
                        row,
                        ONE,
                        row,
                        row,
                    )
                for u in range(0, n_out, width):
                    for point in range(POINTS):
                        multiply_rows(
                            ahead(sums, point * line * units + u),
                            ahead(inputs, point * line * row),
                            ahead(weights, (u * POINTS + point * width) * n_in),
                            units,
                            HEIGHT * row,
                            row,
                            ONE,
                            ZERO,
                            ZERO,
                            n_in,
                            n_in,
                            width,
                            n_in < ZERO,  # no; a literal False would be a type of its own
                            ZERO,
                            line,
                        )
                for left in range(0, out_across, OUT):
                    has_right, has_below = left + 1 < out_across, top + 1 < out_height
                    for u in range(0, n_out, n):
                        z = collect(sums, line * units, left // OUT * units + u)
                        to = ahead(y, (top * out_across + left) * n_out + u)
                        b, count = at(bias, u), min(n, n_out - u)
                        store_units(to, b, z[0], count)
                        if has_right:
                            store_units(ahead(to, n_out), b, z[1], count)
                        if has_below:
                            store_units(ahead(to, out_across * n_out), b, z[2], count)
                        if has_right and has_below:
                            store_units(ahead(to, (out_across + 1) * n_out), b, z[3], count)

    return convolution_squares_few_forward
