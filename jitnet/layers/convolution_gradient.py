"""The loops of a convolution's gradients: sums over examples, which lie in the lanes, and places.

A tile of sums, a vector for each of some units and terms, stays in the registers over a rectangle
of places; nothing is turned. Between rectangles the vectors are kept in the worker's scratch, and
their lanes are added at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import TALL
from jitnet.kernels.simd import fma, lanes, load, splat, store, sum_lanes
from jitnet.kernels.team import share
from jitnet.layers.window import Window

ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""

TERMS_AT_ONCE = np.int64(3)
UNITS_AT_ONCE = np.int64(len(TALL) * VECTORS) // TERMS_AT_ONCE
"""The weights' gradient has a tile of so many terms and units, a vector of sums each."""

TERM_STEPS, UNIT_STEPS = (0,) * int(TERMS_AT_ONCE), (0,) * int(UNITS_AT_ONCE)
"""Tuples of these lengths, which are constants to the compiler."""

PLACES: Any = np.int64((36 << 10) // (UNITS_AT_ONCE * VECTORS * VECTOR_BYTES))
"""A tile of units of dY, copied for so many places, stays near while all tiles of terms read it. As
it lies, a power of two apart, it falls onto few lines of the cache: 0.56 of the tile's speed, not
0.75."""


def scratch_size(window: Window, n_in: int, width: int) -> int:
    """Numbers that a worker has room for: copies of dY, and the tiles' sums."""
    line, step = window.kernel_width * n_in, int(TERMS_AT_ONCE)
    together = n_in if window.padding_x > 0 and n_in >= step else line  # as in terms_together
    tiles = window.kernel_height * (line // together) * -(-together // step)
    return (int(PLACES * UNITS_AT_ONCE) + tiles * len(TALL)) * width


@njit
def terms_together(n_in: int, line: int, padding_x: int) -> int:
    """Terms of a line of taps that tiles divide; those of a tap, where edges may be in between."""
    return n_in if padding_x > 0 and n_in >= TERMS_AT_ONCE else line


@njit
def _add_products(sums: Any, x: Any, dy: Any, first_term: int, last_term: int) -> None:
    """sums[u, k] += dY[u] X[k] for a place's units and terms, both vectors of each."""
    n = lanes(sums)
    for v in range(VECTORS):
        for u in range(len(UNIT_STEPS)):
            d = load(dy, (u * VECTORS + v) * n)
            for k in range(len(TERM_STEPS)):
                i = (u * len(TERM_STEPS) + k) * n
                term = max(first_term, min(k, last_term))
                store(sums, i, fma(d, load(x, (term * VECTORS + v) * n), load(sums, i)))


@njit
def _sum_tile(
    totals: Any,
    x: Any,
    dy: Any,
    x_line: int,
    x_step: int,
    dy_line: int,
    rows: int,
    columns: int,
    first_term: int,
    last_term: int,
) -> None:
    """totals[u, k] += Σ X[k] dY[u], a vector each, over so many rows and columns of places."""
    sums = registers(totals, TALL)
    n = lanes(totals)
    width = VECTORS * n
    for i in range(len(TERM_STEPS) * len(UNIT_STEPS)):
        store(sums, i * n, load(totals, i * n))
    for row in range(rows):
        for column in range(columns):
            _add_products(
                sums,
                ahead(x, row * x_line + column * x_step),
                ahead(dy, row * dy_line + column * UNITS_AT_ONCE * width),
                first_term,
                last_term,
            )
    for u in range(len(UNIT_STEPS)):
        for k in range(len(TERM_STEPS)):
            if first_term <= k <= last_term:
                i = (u * len(TERM_STEPS) + k) * n
                store(totals, i, load(sums, i))


@njit
def first_place(tap: int, padding: int, stride: int) -> int:
    """The first place of a window at which one of its taps is inside of the image."""
    first: int = max(ZERO, (padding - tap + stride - 1) // stride)
    return first


@njit
def end_of_places(tap: int, padding: int, stride: int, size: int, out_size: int) -> int:
    """The place behind the last one of a window at which one of its taps is inside of the image."""
    end: int = max(ZERO, min(out_size, (size - 1 + padding - tap) // stride + 1))
    return end


@njit
def _sum_edges(
    totals: Any,
    x: Any,
    dy: Any,
    across: int,
    stride_x: int,
    padding_x: int,
    n_in: int,
    x_line: int,
    rows: int,
    first: int,
    last: int,
    first_term: int,
    terms: int,
) -> None:
    """``_sum_tile`` for places first … last, where not all the terms' taps are in the image.

    Those places are summed one by one, for the terms inside.
    """
    width = VECTORS * lanes(totals)
    step = UNITS_AT_ONCE * width
    place = first
    while place < last:
        left = place * stride_x - padding_x  # of the window in the image
        k0 = max(ZERO, -left * n_in - first_term)
        k1 = min(terms, (across - left) * n_in - first_term) - 1
        columns = ONE
        if k0 == 0 and k1 == terms - 1:  # and so it is up to the right edge
            inside = across - (first_term + terms - 1) // n_in
            columns = min(last, (inside - 1 + padding_x) // stride_x + 1) - place
        if k0 <= k1:
            _sum_tile(
                totals,
                ahead(x, (left * n_in + first_term) * width),
                ahead(dy, (place - first) * step),
                x_line,
                stride_x * n_in * width,
                (last - first) * step,
                rows,
                columns,
                k0,
                k1,
            )
        place += columns


@njit(parallel=True)
def convolution_weight_backward(
    dweight: Any,
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
    add: int,
    first_tile: int,
    last_tile: int,
    first_tap: int,
    last_tap: int,
) -> None:
    """dW[i, j, k, u] = Σ X[y s + i - p, x s + j - p, k] dY[y, x, u], over all examples, y and x.

    Writes the flat dweight (kernel_height, kernel_width, n_in, n_out), the given tiles of units and
    rows i of taps, or adds to them where ``add``, and scratch (parts, size); reads dY (panels,
    out_height · out_across · n_out, width) and X (panels, height · across · n_in, width). Each
    parallel iteration owns a part of the units, tile by tile, and a room.
    """
    panels, n_all, width = X.shape
    n_in, n_out = n_all // (height * across), dY.shape[1] // (out_height * out_across)
    line = kernel_width * n_in
    together = terms_together(n_in, line, padding_x)
    columns = min(PLACES, out_across)
    rows = PLACES // columns
    parts, size = scratch.shape
    for part in prange(parts):
        begin, end = share(last_tile - first_tile, ONE, part, parts)
        for tile in range(first_tile + begin, first_tile + end):
            u = tile * UNITS_AT_ONCE
            units = min(UNITS_AT_ONCE, n_out - u)
            copies = at(scratch, part * size)
            totals = ahead(copies, PLACES * UNITS_AT_ONCE * width)
            groups = (last_tap - first_tap) * (line // together)
            _clear(totals, groups, together)
            for p in range(panels):
                for y in range(0, out_height, rows):
                    for x in range(0, out_across, columns):
                        y1, x1 = min(y + rows, out_height), min(x + columns, out_across)
                        dy = at(dY, ((p * out_height + y) * out_across + x) * n_out * width)
                        dy = ahead(dy, u * width)
                        _copy_units(copies, dy, y1 - y, x1 - x, out_across, n_out, units)
                        _sum_lines(
                            totals,
                            at(X, p * n_all * width),
                            copies,
                            height,
                            across,
                            out_height,
                            out_across,
                            stride_y,
                            stride_x,
                            padding_y,
                            padding_x,
                            n_in,
                            line,
                            y,
                            y1,
                            x,
                            x1,
                            first_tap,
                            last_tap,
                        )
            _add_up(
                at(dweight, first_tap * line * n_out + u),
                totals,
                groups,
                together,
                n_out,
                units,
                add,
            )


@njit
def _clear(totals: Any, groups: int, together: int) -> None:
    """No sums yet, in the tiles of so many groups of terms."""
    tiles = groups * ((together + TERMS_AT_ONCE - 1) // TERMS_AT_ONCE)
    for i in range(0, tiles * UNITS_AT_ONCE * TERMS_AT_ONCE * lanes(totals), lanes(totals)):
        store(totals, i, splat(totals, 0.0))


@njit
def _copy_units(
    copies: Any, dy: Any, rows: int, columns: int, out_across: int, n_out: int, units: int
) -> None:
    """A tile of units of dY, one place after the other; units that are missing are zero."""
    n = lanes(copies)
    step, end = UNITS_AT_ONCE * VECTORS * n, units * VECTORS * n
    for row in range(rows):
        for column in range(columns):
            source = ahead(dy, (row * out_across + column) * n_out * VECTORS * n)
            target = ahead(copies, (row * columns + column) * step)
            for i in range(0, end, n):
                store(target, i, load(source, i))
            for i in range(end, step, n):
                store(target, i, splat(copies, 0.0))


@njit
def _sum_lines(
    totals: Any,
    x: Any,
    copies: Any,
    height: int,
    across: int,
    out_height: int,
    out_across: int,
    stride_y: int,
    stride_x: int,
    padding_y: int,
    padding_x: int,
    n_in: int,
    line: int,
    first_row: int,
    last_row: int,
    first_column: int,
    last_column: int,
    first_tap: int,
    last_tap: int,
) -> None:
    """All tiles of terms of some lines of taps, at a rectangle of dY."""
    width = VECTORS * lanes(totals)
    tile, step = UNITS_AT_ONCE * TERMS_AT_ONCE * lanes(totals), UNITS_AT_ONCE * width
    x_line, x_step = stride_y * across * n_in * width, stride_x * n_in * width
    together, columns = terms_together(n_in, line, padding_x), last_column - first_column
    at_edges = padding_x > 0 and together > n_in
    x0, x1 = first_column, last_column
    for tap in range(first_tap, last_tap):
        y0 = max(first_row, first_place(tap, padding_y, stride_y))
        y1 = min(last_row, end_of_places(tap, padding_y, stride_y, height, out_height))
        row = ahead(x, (y0 * stride_y - padding_y + tap) * across * n_in * width)
        dy = ahead(copies, (y0 - first_row) * columns * step)
        for group in range(0, line, together):
            if together == n_in:
                x0 = max(first_column, first_place(group // n_in, padding_x, stride_x))
                end = end_of_places(group // n_in, padding_x, stride_x, across, out_across)
                x1 = min(last_column, end)
            for k in range(group, group + together, TERMS_AT_ONCE):
                terms = min(TERMS_AT_ONCE, group + together - k)
                if y1 > y0 and at_edges:
                    _sum_edges(
                        totals,
                        row,
                        dy,
                        across,
                        stride_x,
                        padding_x,
                        n_in,
                        x_line,
                        y1 - y0,
                        x0,
                        x1,
                        k,
                        terms,
                    )
                elif y1 > y0 and x1 > x0:
                    _sum_tile(
                        totals,
                        ahead(row, ((x0 * stride_x - padding_x) * n_in + k) * width),
                        ahead(dy, (x0 - first_column) * step),
                        x_line,
                        x_step,
                        columns * step,
                        y1 - y0,
                        x1 - x0,
                        ZERO,
                        terms - 1,
                    )
                totals = ahead(totals, tile)


@njit
def _add_up(
    dw: Any, totals: Any, groups: int, together: int, n_out: int, units: int, add: int
) -> None:
    """The lanes of all tiles, added up: dW[k, u], or added to what is there."""
    n = lanes(totals)
    for group in range(groups):
        for k in range(together):
            term = k % TERMS_AT_ONCE
            for u in range(units):
                total = sum_lanes(load(totals, (u * TERMS_AT_ONCE + term) * n))
                place = (group * together + k) * n_out + u
                dw[place] = dw[place] + total if add else total
            if term == TERMS_AT_ONCE - 1 or k == together - 1:
                totals = ahead(totals, UNITS_AT_ONCE * TERMS_AT_ONCE * n)


@njit(parallel=True)
def convolution_bias_backward(
    dbias: Any, dY: Any, add: int, first_unit: int, last_unit: int
) -> None:
    """db[u] = Σ dY[y, x, u] over all examples, y and x.

    Writes dbias (n_out,), the given units, or adds to them where ``add``; reads dY (panels, places
    · n_out, width). Each parallel iteration owns a unit.
    """
    panels, n_all, width = dY.shape
    n_out = dbias.size
    for u in prange(first_unit, last_unit):
        low = high = splat(at(dY, 0), 0.0)
        for p in range(panels):
            dy = at(dY, (p * n_all + u) * width)
            for place in range(0, n_all, n_out):
                low = low + load(dy, place * width)
                high = high + load(dy, place * width + lanes(dy))
        total = sum_lanes(low + high)
        dbias[u] = dbias[u] + total if add else total
