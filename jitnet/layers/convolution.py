"""The loops of convolutions: windows over images of panels, examples in the lanes.

An image's unit (y, x, c) is row (y · width + x) · channels + c of a panel, so the numbers under a
row of a window follow one another, and a window is a few such runs. With the weights packed by
tiles, (tiles, terms, height of a tile), a dense layer's register tile multiplies it as it lies:
nothing is copied, and where an edge cuts a window off, the runs are shorter.

The input's gradient is the same product of a window over dY with the weights half a turn round and
channels exchanged. With strides an input meets every s-th weight alone; those that meet are packed
side by side, phase by phase.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import LOW, TALL, multiply_rows
from jitnet.kernels.simd import lanes, load, load_some, store, store_some
from jitnet.kernels.typed import NO, ONE, ZERO

HEIGHT = np.int64(len(TALL))


@njit
def first_of_phase(phase: int, size: int, stride: int) -> int:
    """How many of ``size`` weights stand before those that are a phase modulo the stride."""
    place = 0
    for before in range(phase):
        place += max(ZERO, (size - before + stride - 1) // stride)
    return place


@njit(parallel=True)
def convolution_pack(
    packed: Any,
    turned: Any,
    weight: Any,
    kernel_height: int,
    kernel_width: int,
    stride_y: int,
    stride_x: int,
    first_row: int,
    last_row: int,
) -> None:
    """packed[t, k, i] = weight[k, t h + i], and turned the same with inputs for outputs.

    Writes packed (tiles, kernel_height · kernel_width · n_in, h) and turned (tiles, kernel_height ·
    kernel_width · n_out, h), what of them is made of the given rows of the flat weight
    (kernel_height, kernel_width, n_in, n_out). The weights of turned stand phase by phase, each
    from the last to the first. Each parallel iteration owns a row.
    """
    taps = kernel_height * kernel_width
    n_in, n_out = packed.shape[1] // taps, turned.shape[1] // taps
    for row in prange(first_row, last_row):
        w, tap, k = at(weight, row * n_out), row // n_in, row % n_in
        for u in range(n_out):
            packed[u // HEIGHT, row, u % HEIGHT] = w[u]
        ky, kx = tap // kernel_width, tap % kernel_width
        phase_y, phase_x = ky % stride_y, kx % stride_x
        rows = (kernel_height - phase_y + stride_y - 1) // stride_y
        columns = (kernel_width - phase_x + stride_x - 1) // stride_x
        place = first_of_phase(phase_y, kernel_height, stride_y) * kernel_width
        place += first_of_phase(phase_x, kernel_width, stride_x) * rows
        place += (rows - 1 - ky // stride_y) * columns + columns - 1 - kx // stride_x
        for u in range(n_out):
            turned[k // HEIGHT, place * n_out + u, k % HEIGHT] = w[u]


@factory
def sum_of(low: tuple[int, ...]) -> Kernel:
    """What sums up a place of the window for all units; ``low`` tiles take what is left."""

    @njit
    def sum_place(
        z: Any,
        x: Any,
        packed: Any,
        row: int,
        column: int,
        height: int,
        across: int,
        kernel_height: int,
        kernel_width: int,
        stride_y: int,
        stride_x: int,
        padding_y: int,
        padding_x: int,
        n_in: int,
        n_out: int,
        width: int,
    ) -> None:
        """z[u] = Σ W[i, j, k, u] x[row s + i - p, column s + j - p, k], over i, j, k.

        Reads x (height, across, n_in, width), which is zero outside, and packed.
        """
        terms, line = kernel_height * kernel_width * n_in, kernel_width * n_in
        top, left = row * stride_y - padding_y, column * stride_x - padding_x
        i0, i1 = max(ZERO, -top), min(kernel_height, height - top)
        j0, j1 = max(ZERO, -left), min(kernel_width, across - left)
        depth = max(ZERO, j1 - j0) * n_in
        multiply_rows(
            z,
            at(packed, (i0 * line + j0 * n_in) * HEIGHT),
            ahead(x, ((top + i0) * across + left + j0) * n_in * width),
            width,
            terms * HEIGHT,
            ONE,
            HEIGHT,
            line * HEIGHT,
            across * n_in * width,
            max(ZERO, i1 - i0) * depth,
            depth,
            width,
            NO,
            ZERO,
            n_out,
            low,
        )

    return sum_place


@factory
def forward_of(value: Kernel, low: tuple[int, ...]) -> Kernel:
    """The forward block of a convolution with an activation; ``low`` tiles take what is left."""
    sum_place = sum_of(low)

    @njit(parallel=True)
    def convolution_forward(
        Y: Any,
        X: Any,
        packed: Any,
        bias: Any,
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
        first_panel: int,
        last_panel: int,
        first_place: int,
        last_place: int,
    ) -> None:
        """Y[y, x, u] = g(Σ W[i, j, k, u] X[y s + i - p, x s + j - p, k] + b[u]), over i, j, k.

        Writes Y (panels, out_height · out_across · n_out, width), the given panels and places of
        the window; reads X (panels, height · across · n_in, width), which is zero outside, packed
        and bias (n_out,). Each parallel iteration owns a panel.
        """
        _, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), Y.shape[1] // (out_height * out_across)
        for p in prange(first_panel, last_panel):
            b = at(bias, 0)
            for place in range(first_place, last_place):
                y = at(Y, (p * out_height * out_across + place) * n_out * width)
                sum_place(
                    y,
                    at(X, p * n_all * width),
                    packed,
                    place // out_across,
                    place % out_across,
                    height,
                    across,
                    kernel_height,
                    kernel_width,
                    stride_y,
                    stride_x,
                    padding_y,
                    padding_x,
                    n_in,
                    n_out,
                    width,
                )
                for u in range(n_out):
                    for i in range(u * width, (u + 1) * width, width // VECTORS):
                        store(y, i, value(load(y, i) + b[u]))

    return convolution_forward


@factory
def backward_of(low: tuple[int, ...]) -> Kernel:
    """The backward block of a convolution; ``low`` tiles take what is left."""

    @njit(parallel=True)
    def convolution_backward(
        dX: Any,
        dY: Any,
        turned: Any,
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
        first_panel: int,
        last_panel: int,
        first_place: int,
        last_place: int,
    ) -> None:
        """dX[y s + i - p, x s + j - p, k] = Σ W[i, j, k, u] dY[y, x, u], over all that meet.

        Writes dX (panels, height · across · n_in, width), the given panels and places of the image;
        reads dY (panels, out_height · out_across · n_out, width) and turned. Each parallel
        iteration owns a panel.
        """
        _, n_all, width = dX.shape
        n_in, n_out = n_all // (height * across), dY.shape[1] // (out_height * out_across)
        tile = kernel_height * kernel_width * n_out * HEIGHT
        for p in prange(first_panel, last_panel):
            for place in range(first_place, last_place):
                y, x = place // across + padding_y, place % across + padding_x
                phase_y, top = y % stride_y, y // stride_y
                phase_x, left = x % stride_x, x // stride_x
                rows = max(ZERO, (kernel_height - phase_y + stride_y - 1) // stride_y)
                columns = max(ZERO, (kernel_width - phase_x + stride_x - 1) // stride_x)
                y0, y1 = max(ZERO, top - rows + 1), min(out_height, top + 1)
                x0, x1 = max(ZERO, left - columns + 1), min(out_across, left + 1)
                tap = first_of_phase(phase_y, kernel_height, stride_y) * kernel_width
                tap += first_of_phase(phase_x, kernel_width, stride_x) * rows
                tap += (y0 - top + rows - 1) * columns + x0 - left + columns - 1
                depth = max(ZERO, x1 - x0) * n_out
                multiply_rows(
                    at(dX, (p * height * across + place) * n_in * width),
                    at(turned, tap * n_out * HEIGHT),
                    at(dY, ((p * out_height + y0) * out_across + x0) * n_out * width),
                    width,
                    tile,
                    ONE,
                    HEIGHT,
                    columns * n_out * HEIGHT,
                    out_across * n_out * width,
                    max(ZERO, y1 - y0) * depth,
                    depth,
                    width,
                    NO,
                    ZERO,
                    n_in,
                    low,
                )

    return convolution_backward


@factory
def few_forward_of(value: Kernel, fills_tile: bool) -> Kernel:
    """The block of a convolution of a few examples, with an activation.

    ``fills_tile`` says whether units are as many as a register tile has columns. One kernel that
    asks for it itself took 1.5 times as long where they are not: neither product was inlined then.
    """
    multiply_rows_of_image = _multiply_lines_at_once if fills_tile else _multiply_line_by_line

    @njit(parallel=True)
    def convolution_few_forward(
        Y: Any,
        X: Any,
        weight: Any,
        bias: Any,
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
    ) -> None:
        """``convolution_forward`` of a few examples, to the same bits: units lie in the lanes.

        Writes Y (examples, out_height · out_across · n_out); reads X (examples, height · across ·
        n_in), the flat weight, which may be read beyond its last row, by less than two vectors, and
        bias (n_out,). Each parallel iteration owns a row of an example's places.
        """
        examples, n_all = X.shape
        n_in, n_out = n_all // (height * across), Y.shape[1] // (out_height * out_across)
        full = max(ZERO, (across - kernel_width + padding_x) // stride_x + 1)
        for line in prange(examples * out_height):
            x = at(X, line // out_height * n_all)
            y = at(Y, line * out_across * n_out)
            top = line % out_height * stride_y - padding_y
            i0, i1 = max(ZERO, -top), min(kernel_height, height - top)
            place = ZERO
            while place < out_across:
                left = place * stride_x - padding_x
                j0, j1 = max(ZERO, -left), min(kernel_width, across - left)
                count = ONE
                if j0 == 0 and j1 == kernel_width:  # and so up to the right edge
                    count = min(full, out_across) - place
                multiply_rows_of_image(
                    ahead(y, place * n_out),
                    ahead(x, ((top + i0) * across + left + j0) * n_in),
                    at(weight, (i0 * kernel_width + j0) * n_in * n_out),
                    across * n_in,
                    stride_x * n_in,
                    kernel_width * n_in * n_out,
                    n_out,
                    i1 - i0,
                    max(ZERO, j1 - j0) * n_in,
                    count,
                )
                place += count
            for start in range(0, out_across * n_out, n_out):
                for u in range(0, n_out, lanes(y)):
                    units = min(lanes(y), n_out - u)
                    z = load_some(y, start + u, units) + load_some(at(bias, u), 0, units)
                    store_some(y, start + u, value(z), units)

    return convolution_few_forward


@njit
def _multiply_line_by_line(
    y: Any,
    x: Any,
    weight: Any,
    x_line: int,
    x_step: int,
    weight_line: int,
    n_out: int,
    lines: int,
    terms: int,
    places: int,
) -> None:
    """y[place, u] = Σ x[line, place, k] W[line, k, u] for some places of a row, line by line."""
    width = VECTORS * lanes(y)
    for u in range(0, n_out, width):
        for line in range(max(ONE, lines)):
            multiply_rows(
                ahead(y, u),
                ahead(x, line * x_line),
                ahead(weight, line * weight_line + u),
                n_out,
                HEIGHT * x_step,
                x_step,
                ZERO,
                ONE,
                n_out,
                terms if lines > 0 else ZERO,
                ONE,
                min(width, n_out - u),
                line > 0,
                ZERO,
                places,
                LOW,
            )


@njit
def _multiply_lines_at_once(
    y: Any,
    x: Any,
    weight: Any,
    x_line: int,
    x_step: int,
    weight_line: int,
    n_out: int,
    lines: int,
    terms: int,
    places: int,
) -> None:
    """``_multiply_line_by_line`` as one sum, where units are as many as a tile has columns."""
    multiply_rows(
        y,
        x,
        weight,
        n_out,
        HEIGHT * x_step,
        x_step,
        ONE,
        x_line,
        weight_line,
        max(ZERO, lines) * terms,
        terms,
        n_out,
        NO,
        ZERO,
        places,
        LOW,
    )
