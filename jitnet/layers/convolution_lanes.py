"""Sums for a convolution's gradients, each of which is a vector with examples in its lanes.

A tile of sums, a vector for each of some units and terms, stays in the registers over a rectangle
of places; nothing is turned. Between rectangles the vectors are kept in the worker's scratch, and
their lanes are added at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL
from jitnet.kernels.simd import fma, lanes, load, splat, store, sum_lanes
from jitnet.kernels.typed import ONE, ZERO
from jitnet.layers.convolution_edges import end_of_places, first_place, has_edges
from jitnet.layers.window import Window

Tile = tuple[tuple[int, ...], tuple[int, ...]]
TILES: tuple[Tile, ...] = tuple(
    ((0,) * units, (0,) * (len(TALL) * VECTORS // units))
    for units in ((8, 6) if len(TALL) == 12 else (4, 6))
)
"""Units and terms of the tiles that there are, as tuples, whose lengths are constants to the
compiler: a sum for each unit and term fills the registers."""

PLACES_BYTES = 36 << 10
"""A tile of units of dY, copied for as many places, stays near while all tiles of terms read it. As
it lies, a power of two apart, it falls onto few lines of the cache: 0.56 of the tile's speed, not
0.75."""


def lanes_products(window: Window, n_in: int, n_out: int) -> int:
    """How many products are computed at a place, also those for nothing."""
    return _products(n_out, window, n_in, best_tile(n_out, window, n_in))


def best_tile(n_out: int, window: Window, n_in: int) -> Tile:
    """The tile that computes the least for nothing."""
    return min(TILES, key=lambda tile: _products(n_out, window, n_in, tile))


def _products(n_out: int, window: Window, n_in: int, tile: Tile) -> int:
    units, terms = map(len, tile)
    return -(-n_out // units) * units * tiles_of(window, n_in, terms) * terms


def tiles_of(window: Window, n_in: int, terms: int) -> int:
    """Tiles of so many terms in a window's."""
    together = terms_together(window, n_in, terms)
    return window.kernel_height * (window.kernel_width * n_in // together) * -(-together // terms)


def terms_together(window: Window, n_in: int, terms: int) -> int:
    """Terms of a line of taps that tiles divide; those of a tap, where edges may be in between."""
    return n_in if has_edges(window) and n_in >= terms else window.kernel_width * n_in


def line_settings(window: Window, n_in: int, tile: Tile) -> dict[str, int]:
    """How the gradients' kernel goes along a line of taps."""
    together = terms_together(window, n_in, len(tile[1]))
    return {"together": together, "at_edges": has_edges(window) and together > n_in}


def scratch_size(window: Window, n_in: int, tile: Tile, width: int) -> int:
    """Numbers that a worker has room for: copies of dY, a bias's sums, and the tiles' sums."""
    units, terms = map(len, tile)
    copies = PLACES_BYTES // VECTOR_BYTES // VECTORS
    return (copies + units + tiles_of(window, n_in, terms) * len(TALL)) * width


@njit
def _add_products(
    sums: Any,
    x: Any,
    dy: Any,
    start: int,
    first_term: int,
    last_term: int,
    of_units: Any,
    of_terms: Any,
) -> None:
    """sums[u, k] += dY[u] X[k] for a place's units and terms, both vectors of each."""
    n = lanes(sums)
    for v in range(VECTORS):
        for u in range(len(of_units)):
            d = load(dy, (u * VECTORS + v) * n)
            for k in range(len(of_terms)):
                i = (u * len(of_terms) + k) * n
                term = max(first_term, min(k, last_term))
                store(sums, i, fma(d, load(x, start + (term * VECTORS + v) * n), load(sums, i)))


@njit
def _sum_tile(
    totals: Any,
    x: Any,
    dy: Any,
    x_line: int,
    x_step: int,
    dy_line: int,
    start: int,
    rows: int,
    columns: int,
    first_term: int,
    last_term: int,
    of_units: Any,
    of_terms: Any,
) -> None:
    """totals[u, k] += Σ X[k] dY[u], a vector each, over so many rows and columns of places."""
    sums = registers(totals, TALL)
    n = lanes(totals)
    width = VECTORS * n
    for i in range(len(of_terms) * len(of_units)):
        store(sums, i * n, load(totals, i * n))
    for row in range(rows):
        for column in range(columns):
            _add_products(
                sums,
                ahead(x, row * x_line + column * x_step),
                ahead(dy, row * dy_line + column * len(of_units) * width),
                start,
                first_term,
                last_term,
                of_units,
                of_terms,
            )
    for u in range(len(of_units)):
        for k in range(len(of_terms)):
            if first_term <= k <= last_term:
                i = (u * len(of_terms) + k) * n
                store(totals, i, load(sums, i))


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
    of_units: Any,
    of_terms: Any,
) -> None:
    """``_sum_tile`` for places first … last, where not all the terms' taps are in the image.

    Those places are summed one by one, for the terms inside.
    """
    width = VECTORS * lanes(totals)
    step = len(of_units) * width
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
                x,
                ahead(dy, (place - first) * step),
                x_line,
                stride_x * n_in * width,
                (last - first) * step,
                (left * n_in + first_term) * width,
                rows,
                columns,
                k0,
                k1,
                of_units,
                of_terms,
            )
        place += columns


@njit
def _clear(totals: Any, vectors: int) -> None:
    """No sums yet, in so many vectors."""
    for i in range(0, vectors * lanes(totals), lanes(totals)):
        store(totals, i, splat(totals, 0.0))


@njit
def clear_missing(copies: Any, real: int, columns: int, units: int, of_units: Any) -> None:
    """Zeros in a line of copies: for the units that a tile has none of, and behind ``real``."""
    n = lanes(copies)
    width, step = VECTORS * n, len(of_units) * VECTORS * n
    for x in range(columns):
        missing = units * width if x < real else 0
        for i in range(x * step + missing, (x + 1) * step, n):
            store(copies, i, splat(copies, 0.0))


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
    together: int,
    at_edges: int,
    first_row: int,
    last_row: int,
    first_column: int,
    last_column: int,
    first_tap: int,
    last_tap: int,
    of_units: Any,
    of_terms: Any,
) -> None:
    """All tiles of terms of some lines of taps, at a rectangle of dY."""
    width = VECTORS * lanes(totals)
    tile, step = len(of_units) * len(of_terms) * lanes(totals), len(of_units) * width
    x_line, x_step = stride_y * across * n_in * width, stride_x * n_in * width
    columns = last_column - first_column
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
            for k in range(group, group + together, len(of_terms)):
                terms = min(len(of_terms), group + together - k)
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
                        of_units,
                        of_terms,
                    )
                elif y1 > y0 and x1 > x0:
                    _sum_tile(
                        totals,
                        row,
                        ahead(dy, (x0 - first_column) * step),
                        x_line,
                        x_step,
                        columns * step,
                        ((x0 * stride_x - padding_x) * n_in + k) * width,
                        y1 - y0,
                        x1 - x0,
                        ZERO,
                        terms - 1,
                        of_units,
                        of_terms,
                    )
                totals = ahead(totals, tile)


@njit
def _add_up(
    dw: Any,
    totals: Any,
    groups: int,
    together: int,
    n_out: int,
    units: int,
    add: int,
    of_units: Any,
    of_terms: Any,
) -> None:
    """The lanes of all tiles, added up: dW[k, u], or added to what is there."""
    n = lanes(totals)
    for group in range(groups):
        for k in range(together):
            term = k % len(of_terms)
            for u in range(units):
                total = sum_lanes(load(totals, (u * len(of_terms) + term) * n))
                place = (group * together + k) * n_out + u
                dw[place] = dw[place] + total if add else total
            if term == len(of_terms) - 1 or k == together - 1:
                totals = ahead(totals, len(of_units) * len(of_terms) * n)


@factory
def tile_sums_of(tile: Tile, copy_units: Kernel) -> Kernel:
    """The gradients of a tile of units, whose dY ``copy_units`` lays side by side.

    ``copy_units(copies, bias_totals, dY, copying, p, row, column, rows, columns, out_across, n_out,
    unit, units, of_units)`` copies those of a rectangle of places, and adds them up.
    """
    of_units, of_terms = tile

    @njit
    def add_tile(
        dweight: Any,
        dbias: Any,
        dY: Any,
        copying: Any,
        X: Any,
        room: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        kernel_width: int,
        stride_y: int,
        stride_x: int,
        padding_y: int,
        padding_x: int,
        together: int,
        at_edges: int,
        add: int,
        tile: int,
        first_tap: int,
        last_tap: int,
    ) -> None:
        """dW[i, j, k, u] and db[u] of a tile's units u and the rows i of taps, over all panels."""
        panels, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), dbias.size
        line = kernel_width * n_in
        groups = (last_tap - first_tap) * (line // together)
        tiles = groups * ((together + len(of_terms) - 1) // len(of_terms))
        places: Any = np.int64(PLACES_BYTES // VECTOR_BYTES // VECTORS) // len(of_units)
        columns: Any = min(places, out_across)
        rows = places // columns
        u = tile * len(of_units)
        units: Any = min(len(of_units), n_out - u)
        bias_totals = ahead(room, places * len(of_units) * width)
        totals = ahead(bias_totals, len(of_units) * width)
        _clear(bias_totals, units)
        _clear(totals, tiles * len(of_units) * len(of_terms))
        for p in range(panels):
            for y in range(0, out_height, rows):
                for x in range(0, out_across, columns):
                    y1, x1 = min(y + rows, out_height), min(x + columns, out_across)
                    copy_units(
                        room,
                        bias_totals,
                        dY,
                        copying,
                        p,
                        y,
                        x,
                        y1 - y,
                        x1 - x,
                        out_across,
                        n_out,
                        u,
                        units,
                        of_units,
                    )
                    _sum_lines(
                        totals,
                        at(X, p * n_all * width),
                        room,
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
                        together,
                        at_edges,
                        y,
                        y1,
                        x,
                        x1,
                        first_tap,
                        last_tap,
                        of_units,
                        of_terms,
                    )
        _add_up(
            at(dweight, first_tap * line * n_out + u),
            totals,
            groups,
            together,
            n_out,
            units,
            add,
            of_units,
            of_terms,
        )
        if first_tap == 0:
            for i in range(units):
                total = sum_lanes(load(bias_totals, i * lanes(totals)))
                dbias[u + i] = dbias[u + i] + total if add else total

    return add_tile
