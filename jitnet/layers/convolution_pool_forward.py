"""A convolution and the max pool behind it, forward: a window of the pool at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL
from jitnet.kernels.simd import fma, lanes, load, splat, store, where
from jitnet.kernels.team import share
from jitnet.kernels.typed import ONE
from jitnet.layers.convolution import sum_of
from jitnet.layers.max_pool import greater

HEIGHT: Any = np.int64(len(TALL))


@factory
def _window_of(value: Kernel, rows: int, columns: int) -> Kernel:
    """What sums up and pools a window of so many rows and columns of places in the registers."""
    places, units = rows * columns, max(1, len(TALL) // (rows * columns))
    tile = (0,) * (places * units)

    @njit
    def pool_window(
        y: Any,
        which: Any,
        x: Any,
        packed: Any,
        bias: Any,
        line: int,
        down: int,
        along: int,
        kernel_height: int,
        depth: int,
        n_out: int,
        width: int,
    ) -> None:
        """Y and which of a window whose taps are all inside, from its first one on in x.

        Lines of x are so far apart, places ``down`` and ``along``.
        """
        n, terms = lanes(y), kernel_height * depth
        for first in range(0, n_out, units):
            sums, tap = registers(y, tile), ahead(packed, first // HEIGHT * terms * HEIGHT)
            for s in range(places * units * VECTORS):
                store(sums, s * n, splat(y, 0.0))
            for i in range(kernel_height):
                for k in range(depth):
                    weights = ahead(tap, (i * depth + k) * HEIGHT + first % HEIGHT)
                    for place in range(places):
                        to = i * line + place // columns * down + place % columns * along
                        for v in range(VECTORS):
                            z = load(x, to + k * width + v * n)
                            for u in range(units):
                                s = ((place * units + u) * VECTORS + v) * n
                                store(sums, s, fma(splat(y, weights[u]), z, load(sums, s)))
            for u in range(units):
                if first + u < n_out:
                    for v in range(VECTORS):
                        most = value(load(sums, (u * VECTORS + v) * n) + bias[first + u])
                        found = splat(y, 0.0)
                        for place in range(1, places):
                            s = ((place * units + u) * VECTORS + v) * n
                            a = value(load(sums, s) + bias[first + u])
                            found = where(a > most, splat(y, float(place)), found)
                            most = greater(most, a)
                        store(y, (first + u) * width + v * n, most)
                        store(which, (first + u) * width + v * n, found)

    return pool_window


@factory
def forward_of(
    value: Kernel, low: tuple[int, ...], rows: int, columns: int, in_registers: bool
) -> Kernel:
    """The forward block; ``low`` tiles take what is left of the units."""
    sum_place, pool_window = sum_of(low), _window_of(value, rows, columns)

    @njit(parallel=True)
    def convolution_pool_forward(
        Y: Any,
        which: Any,
        X: Any,
        packed: Any,
        bias: Any,
        scratch: Any,
        height: int,
        across: int,
        kernel_height: int,
        kernel_width: int,
        stride_y: int,
        stride_x: int,
        padding_y: int,
        padding_x: int,
        pooled_across: int,
        first_panel: int,
        last_panel: int,
        first_window: int,
        last_window: int,
    ) -> None:
        """Y[u] = max g(Σ W[i, j, k, u] X[…, k] + b[u]) over the places of each window of the pool.

        Writes Y and which (panels, pooled rows · pooled_across · n_out, width), the given panels
        and windows, and scratch (parts, size); which is the number of the window's first place that
        has the greatest value. Reads X (panels, height · across · n_in, width), which is zero
        outside, packed and bias (n_out,). Each parallel iteration owns a part of the panels, and a
        room.
        """
        _, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), bias.size
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_panel - first_panel, ONE, part, parts)
            z, b = at(scratch, part * size), at(bias, 0)
            for p in range(first_panel + begin, first_panel + end):
                for window in range(first_window, last_window):
                    row = window // pooled_across * rows
                    column = window % pooled_across * columns
                    first_unit = (p * Y.shape[1] + window * n_out) * width
                    y, w = at(Y, first_unit), at(which, first_unit)
                    top, left = row * stride_y - padding_y, column * stride_x - padding_x
                    lines = (rows - 1) * stride_y + kernel_height
                    reach = (columns - 1) * stride_x + kernel_width
                    is_inside = 0 <= top <= height - lines and 0 <= left <= across - reach
                    if in_registers and is_inside:
                        pool_window(
                            y,
                            w,
                            at(X, (p * n_all + (top * across + left) * n_in) * width),
                            at(packed, 0),
                            b,
                            across * n_in * width,
                            stride_y * across * n_in * width,
                            stride_x * n_in * width,
                            kernel_height,
                            kernel_width * n_in,
                            n_out,
                            width,
                        )
                        continue
                    for place in range(rows * columns):
                        sum_place(
                            ahead(z, place * n_out * width),
                            at(X, p * n_all * width),
                            packed,
                            row + place // columns,
                            column + place % columns,
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
                            most, first = splat(z, -math.inf), splat(z, 0.0)
                            for place in range(rows * columns):
                                a = value(load(z, place * n_out * width + i) + b[u])
                                first = where(a > most, splat(z, float(place)), first)
                                most = greater(most, a)
                            store(y, i, most)
                            store(w, i, first)

    return convolution_pool_forward
