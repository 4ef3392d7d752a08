"""A convolution's gradients by Winograd's way: squares of dY are turned, and of X are spread.

dW = Gᵀ [Σ (A dY Aᵀ) ⊙ (Bᵀ X B)] G, with the sum over examples and squares, is 16 matrix products
whose units lie in the lanes: 16 products a channel and a unit instead of 36. From 12 to 256
channels it had 1.2 to 1.7 times the speed of ``jitnet.layers.convolution_gradient_turned``, with
vectors of 32 bytes. Points lie a row more than a power of two apart: on the same lines of the
cache, all of it took half as long again.
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
from jitnet.layers.layer import Cut, Operation
from jitnet.layers.window import Window
from jitnet.layers.winograd import (
    OUT,
    POINTS,
    collect_gradients,
    spread_inputs,
    spread_outputs,
    squares,
)

ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""

HEIGHT: Any = np.int64(len(TALL))

SHORT_SPEED = 0.9
"""Of sums over so few squares, of the register tile's own."""
SPREADING_CHANNEL, SPREADING_UNIT = 110, 150
"""Products in the time that a channel of a square is spread, and a unit turned and spread."""

SPREAD_BYTES = 256 << 10
"""Squares of inputs that are spread at a time; half as many took 0 to 10 % longer on AVX2, with a
second level of 512 KiB."""


def squares_gradient(window: Window, n_in: int, n_out: int, width: int) -> tuple[Operation, int]:
    """The operation, and the numbers that a worker has room for."""
    together = squares_together(window, n_in)
    channels = Cut("channel", n_in, len(TALL))
    blocks = Cut("block", -(-n_out // width), otherwise=channels)
    settings = window._asdict() | {"together": together}
    operation = Operation(weight_backward_of(tile_for_rest(n_in)), blocks, settings)
    units = -(-n_out // width) * width
    spread = int(POINTS) * width * (together * (n_in + width) + 2)
    turned = 2 * int(OUT) * together * width * width
    return operation, int(POINTS) * n_in * units + spread + turned


def gradient_products(window: Window, n_in: int, n_out: int, width: int) -> float:
    """How many products are computed for an image, with the time for all else."""
    multiplied = int(POINTS) * padded_rows(n_in) / SHORT_SPEED
    units = -(-n_out // width) * width
    square = units * (multiplied + SPREADING_UNIT) + SPREADING_CHANNEL * n_in
    return squares(window.out_height) * squares(window.out_across) * square


def squares_together(window: Window, n_in: int) -> int:
    """Squares of a line that are multiplied at a time."""
    square = int(POINTS) * n_in * VECTORS * VECTOR_BYTES
    return max(1, min(squares(window.out_across), SPREAD_BYTES // square))


@njit
def _turn_line(
    rows: Any, dy: Any, n_out: int, unit: int, places: int, wanted: int, width: int
) -> None:
    """A block of units of some places of a line, turned; zeros in what is wanted beyond them."""
    to_rows(rows, dy, n_out, n_out * width, unit, places)
    clear_row(ahead(rows, places * width * width), (wanted - places) * width * width)


@njit
def _spread_block(
    outputs: Any,
    above: Any,
    below: Any,
    dy: Any,
    line: int,
    unit: int,
    n_out: int,
    columns: int,
    has_below: bool,
    count: int,
    step: int,
    width: int,
) -> None:
    """outputs[point, s, i, u] of so many squares of dY, for a block of units, and dY's two lines.

    The squares begin with ``dy``; the image has so many columns of them, and a line below or none.
    """
    square = width * width
    _turn_line(above, dy, n_out, unit, columns, count * OUT, width)
    if has_below:
        _turn_line(below, ahead(dy, line), n_out, unit, columns, count * OUT, width)
    else:
        clear_row(below, count * OUT * square)
    for s in range(count):
        left = s * OUT * square
        to = ahead(outputs, s * square)
        spread_outputs(to, step, ahead(above, left), ahead(below, left), square, square)


@njit
def _multiply_points(
    sums: Any,
    inputs: Any,
    outputs: Any,
    sum_step: int,
    step: int,
    out_step: int,
    row: int,
    terms: int,
    channels: int,
    width: int,
    low: Any,
) -> None:
    """sums[point, k, u] += Σ inputs[point, k, i] outputs[point, i, u], over so many i."""
    for point in range(POINTS):
        multiply_rows(
            ahead(sums, point * sum_step),
            ahead(inputs, point * step),
            ahead(outputs, point * out_step),
            width,
            HEIGHT * row,
            row,
            ONE,
            ZERO,
            ZERO,
            terms,
            terms,
            width,
            True,
            ZERO,
            channels,
            low,
        )


@factory
def weight_backward_of(low: tuple[int, ...]) -> Kernel:
    """The block of a convolution's gradients; ``low`` tiles take what is left of the channels."""

    @njit(parallel=True)
    def convolution_squares_weight_backward(
        dweight: Any,
        dbias: Any,
        dY: Any,
        X: Any,
        scratch: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        padding_y: int,
        padding_x: int,
        together: int,
        add: int,
        first_block: int,
        last_block: int,
        first_channel: int,
        last_channel: int,
    ) -> None:
        """dW[i, j, k, u] = Σ X[y + i - p, x + j - p, k] dY[y, x, u], db[u] = Σ dY[y, x, u].

        The sums go over all examples, y and x. Writes the flat dweight (3, 3, n_in, n_out), the
        given blocks of units and channels, and with the first of those dbias (n_out,), or adds to
        them where ``add``, and scratch (parts, size); reads dY (panels, out_height · out_across ·
        n_out, width) and X (panels, height · across · n_in, width). Each parallel iteration owns a
        part of the blocks of units, and a room.
        """
        panels, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), dY.shape[1] // (out_height * out_across)
        channels, lines, row = (
            last_channel - first_channel,
            (out_height + 1) // OUT,
            together * width,
        )
        step, out_step = channels * row + width, width * row + width
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_block - first_block, ONE, part, parts)
            begin, end = first_block + begin, first_block + end
            blocks, first_unit = end - begin, begin * width
            units = min(end * width, n_out) - first_unit
            sums = at(scratch, part * size)
            inputs = ahead(sums, POINTS * blocks * channels * width)
            outputs = ahead(inputs, POINTS * step)
            above = ahead(outputs, POINTS * out_step)
            below = ahead(above, OUT * row * width)
            clear_row(sums, POINTS * blocks * channels * width)
            if not add and first_channel == 0 and units > 0:
                clear_row(at(dbias, first_unit), units)
            for place in range(panels * lines if units > 0 else ZERO):
                p, top = place // lines, place % lines * OUT
                x = at(X, (p * n_all + first_channel) * width)
                for left in range(0, out_across, together * OUT):
                    count = min(together, (out_across - left + 1) // OUT)
                    for s in range(count):
                        spread_inputs(
                            ahead(inputs, s * width),
                            step,
                            x,
                            top - padding_y,
                            left + s * OUT - padding_x,
                            height,
                            across,
                            n_in * width,
                            channels,
                            row,
                            width,
                        )
                    dy = at(dY, ((p * out_height + top) * out_across + left) * n_out * width)
                    for block in range(blocks):
                        unit = first_unit + block * width
                        _spread_block(
                            outputs,
                            above,
                            below,
                            dy,
                            out_across * n_out * width,
                            unit,
                            n_out,
                            min(out_across - left, count * OUT),
                            top + 1 < out_height,
                            count,
                            out_step,
                            width,
                        )
                        if first_channel == 0:
                            in_block = min(width, n_out - unit)
                            add_rows(at(dbias, unit), above, count * OUT * width, in_block)
                            add_rows(at(dbias, unit), below, count * OUT * width, in_block)
                        _multiply_points(
                            ahead(sums, block * channels * width),
                            inputs,
                            outputs,
                            blocks * channels * width,
                            step,
                            out_step,
                            row,
                            count * width,
                            channels,
                            width,
                            low,
                        )
            for block in range(blocks):
                unit = first_unit + block * width
                for k in range(channels):
                    for u in range(0, min(width, n_out - unit), lanes(sums)):
                        collect_gradients(
                            at(dweight, (first_channel + k) * n_out + unit + u),
                            n_in * n_out,
                            ahead(sums, (block * channels + k) * width + u),
                            blocks * channels * width,
                            min(lanes(sums), n_out - unit - u),
                            add,
                        )

    return convolution_squares_weight_backward
