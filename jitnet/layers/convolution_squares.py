"""A convolution's blocks, forward and backward, square by square by Winograd's way.

As in ``jitnet.layers.convolution`` examples lie in the lanes. Of a square, the inputs of all
channels are spread at first, and stay near; then each tall tile's units are multiplied, point by
point, and collected while they are in the first level of the cache. Weights are spread once a call.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, multiply_tile, padded_rows
from jitnet.kernels.simd import lanes, store
from jitnet.kernels.team import share
from jitnet.layers.winograd import (
    OUT,
    POINTS,
    collect,
    spread_inputs,
    spread_into_tiles,
    squares,
)

ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""

HEIGHT: Any = np.int64(len(TALL))

SHORT_SPEED = 0.9
"""Of sums that are no longer than the channels are many, of the register tile's own."""
SPREADING, COLLECTING = 150, 80
"""Products in the time that a channel of a square is spread, and a unit collected: 100 and 60 where
images are near, 210 and 90 where they are not."""

TURNED_PADDING = 2
"""What a window that is turned reaches beyond dY, less the padding."""


def scratch_size(terms: int, units: int, width: int) -> int:
    """Numbers that a worker has room for: weights, a square's inputs, and a tile's sums."""
    tall = len(TALL)
    weights = -(-units // tall) * tall * terms
    return int(POINTS) * (weights + (terms + 1) * width + tall * width)


def squares_products(height: int, across: int, terms: int, units: int) -> float:
    """How many products are computed for outputs of a size, with the time for all else."""
    multiplied = int(POINTS) * terms * padded_rows(units) / SHORT_SPEED
    return squares(height) * squares(across) * (multiplied + SPREADING * terms + COLLECTING * units)


@njit
def _multiply_points(
    sums: Any, weights: Any, inputs: Any, terms: int, width: int, count: int, low: Any
) -> None:
    """sums[point, u] = Σ_k weights[point, k, u] inputs[point, k], for the units of a tile."""
    add = False
    last = HEIGHT - 1
    for point in range(POINTS):
        C = ahead(sums, point * HEIGHT * width)
        A = ahead(weights, point * terms * HEIGHT)
        B = ahead(inputs, point * (terms + 1) * width)
        # A tall tile's last row is a constant: by which sums of 32 terms gained 10 to 20 % on AVX2.
        if count == HEIGHT:
            multiply_tile(
                C, A, B, width, ONE, HEIGHT, ZERO, ZERO, terms, terms, width, add, last, TALL
            )
        else:
            for first in range(0, count, len(low)):
                rest = min(count - first, len(low)) - 1
                multiply_tile(
                    ahead(C, first * width),
                    ahead(A, first),
                    B,
                    width,
                    ONE,
                    HEIGHT,
                    ZERO,
                    ZERO,
                    terms,
                    terms,
                    width,
                    add,
                    rest,
                    low,
                )


@njit
def _as_it_is(z: Any, bias: Any, unit: int) -> Any:
    return z


@factory
def _activated_by(value: Kernel) -> Kernel:
    @njit
    def activated(z: Any, bias: Any, unit: int) -> Any:
        return value(z + bias[unit])

    return activated


@factory
def _squares_of(finish: Kernel, low: tuple[int, ...]) -> Kernel:
    """What convolves some squares of a panel's images, and finishes each sum."""

    @njit
    def convolve(
        y: Any,
        x: Any,
        weights: Any,
        room: Any,
        bias: Any,
        height: int,
        across: int,
        n_in: int,
        out_height: int,
        out_across: int,
        n_out: int,
        padding_y: int,
        padding_x: int,
        first_square: int,
        last_square: int,
        width: int,
    ) -> None:
        """y (out_height, out_across, n_out, width) from x (height, across, n_in, width)."""
        step, sum_step = (n_in + 1) * width, HEIGHT * width
        right, below = n_out * width, out_across * n_out * width
        sums = ahead(room, POINTS * step)
        line = (out_across + 1) // OUT
        for square in range(first_square, last_square):
            top, left = square // line * OUT, square % line * OUT
            row, column = top - padding_y, left - padding_x
            spread_inputs(
                room, step, x, row, column, height, across, n_in * width, n_in, width, width
            )
            has_right, has_below = left + 1 < out_across, top + 1 < out_height
            for first in range(0, n_out, HEIGHT):
                count = min(HEIGHT, n_out - first)
                w = ahead(weights, first * POINTS * n_in)
                _multiply_points(sums, w, room, n_in, width, count, low)
                to = ahead(y, ((top * out_across + left) * n_out + first) * width)
                for u in range(count):
                    for i in range(u * width, (u + 1) * width, lanes(y)):
                        z = collect(sums, sum_step, i)
                        store(to, i, finish(z[0], bias, first + u))
                        if has_right:
                            store(to, i + right, finish(z[1], bias, first + u))
                        if has_below:
                            store(to, i + below, finish(z[2], bias, first + u))
                        if has_right and has_below:
                            store(to, i + below + right, finish(z[3], bias, first + u))

    return convolve


@factory
def forward_of(value: Kernel, low: tuple[int, ...]) -> Kernel:
    """The forward block of a convolution with an activation; ``low`` tiles take what is left."""
    convolve = _squares_of(_activated_by(value), low)

    @njit(parallel=True)
    def convolution_squares_forward(
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
        first_panel: int,
        last_panel: int,
        first_square: int,
        last_square: int,
    ) -> None:
        """Y[y, x, u] = g(Σ W[i, j, k, u] X[y + i - p, x + j - p, k] + b[u]), over i, j, k.

        Writes Y (panels, out_height · out_across · n_out, width), the given panels and squares,
        and scratch (parts, size); reads X (panels, height · across · n_in, width), which
        is zero outside, the flat weight (3, 3, n_in, n_out) and bias (n_out,). Each parallel
        iteration owns a part of the panels, and a room.
        """
        _, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), Y.shape[1] // (out_height * out_across)
        spread = (n_out + HEIGHT - 1) // HEIGHT * HEIGHT * POINTS * n_in
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_panel - first_panel, ONE, part, parts)
            w = at(scratch, part * size)
            is_turned = n_in < ZERO  # no; a literal False would be a type of its own
            if end > begin:
                spread_into_tiles(w, at(weight, 0), n_in, n_out, HEIGHT, is_turned)
            for p in range(first_panel + begin, first_panel + end):
                convolve(
                    at(Y, p * Y.shape[1] * width),
                    at(X, p * n_all * width),
                    w,
                    ahead(w, spread),
                    at(bias, 0),
                    height,
                    across,
                    n_in,
                    out_height,
                    out_across,
                    n_out,
                    padding_y,
                    padding_x,
                    first_square,
                    last_square,
                    width,
                )

    return convolution_squares_forward


@factory
def backward_of(low: tuple[int, ...]) -> Kernel:
    """The backward block of a convolution; ``low`` tiles take what is left."""
    convolve = _squares_of(_as_it_is, low)

    @njit(parallel=True)
    def convolution_squares_backward(
        dX: Any,
        dY: Any,
        weight: Any,
        scratch: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        padding_y: int,
        padding_x: int,
        first_panel: int,
        last_panel: int,
        first_square: int,
        last_square: int,
    ) -> None:
        """dX[y + i - p, x + j - p, k] = Σ W[i, j, k, u] dY[y, x, u], over all that meet.

        Writes dX (panels, height · across · n_in, width), the given panels and squares, and scratch
        (parts, size); reads dY (panels, out_height · out_across · n_out, width) and the flat weight
        (3, 3, n_in, n_out). Each parallel iteration owns a part of the panels, and a room.
        """
        _, n_all, width = dX.shape
        n_in, n_out = n_all // (height * across), dY.shape[1] // (out_height * out_across)
        spread = (n_in + HEIGHT - 1) // HEIGHT * HEIGHT * POINTS * n_out
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_panel - first_panel, ONE, part, parts)
            w = at(scratch, part * size)
            is_turned = n_in > ZERO  # yes; a literal True would be a type of its own
            if end > begin:
                spread_into_tiles(w, at(weight, 0), n_in, n_out, HEIGHT, is_turned)
            for p in range(first_panel + begin, first_panel + end):
                convolve(
                    at(dX, p * n_all * width),
                    at(dY, p * dY.shape[1] * width),
                    w,
                    ahead(w, spread),
                    w,  # no biases, which would be read
                    out_height,
                    out_across,
                    n_out,
                    height,
                    across,
                    n_in,
                    TURNED_PADDING - padding_y,
                    TURNED_PADDING - padding_x,
                    first_square,
                    last_square,
                    width,
                )

    return convolution_squares_backward
