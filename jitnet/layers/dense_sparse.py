"""The dense layer on sparse rows: Y = X W + b from the numbers there are.

Units lie in the lanes: each number of a row takes a row of the weights, which lies side by side
where the weights are inputs by units. Where they are ``turned`` a number finds its weights far
apart, and everything is some times slower.

Rows come by ``order`` out of ``indptr``, ``indices`` and ``numbers``; in a row, the indices ascend,
so that sums are those of `jitnet.layers.dense`, without the terms that are zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import row_block, to_columns
from jitnet.kernels.simd import (
    fma,
    lanes,
    load,
    load_some,
    store,
    store_some,
    transpose_square,
)

ROWS_AT_ONCE = np.int64(4)
"""Numbers of a row whose weights are added to a sum before it is stored."""

BLOCKS_AT_ONCE = np.int64(8)
"""Panels' widths of units whose sums stay in the core's nearest cache."""


@njit
def sparse_forward(
    Y: Any,
    weight: Any,
    bias: Any,
    indptr: Any,
    indices: Any,
    numbers: Any,
    order: Any,
    batch_first: int,
    batch_last: int,
    scratch: Any,
    n_in: int,
    turned: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Y[u, i] = Σ_k x W[k, u] + b[u] over the numbers x of example i, in columns k.

    Writes Y (panels, n_out, width), the given panels and units of it, and scratch, in which units
    lie in the lanes; reads the flat weight and bias (n_out,).
    """
    _, n_out, width = Y.shape
    rows = at(scratch, 0)
    for p in range(first_panel, last_panel):
        count = min(width, batch_last - batch_first - p * width)
        for first in range(first_unit, last_unit, BLOCKS_AT_ONCE * width):
            units = min(last_unit - first, BLOCKS_AT_ONCE * width)
            b = at(bias, first)
            for i in range(width):
                target = ahead(rows, i * width)
                if i >= count:
                    _copy(target, ahead(rows, (count - 1) * width), units)
                    continue
                _copy_row(target, b, units)
                example = order[batch_first + p * width + i]
                place, end = indptr[example], indptr[example + 1]
                while place < end:
                    if turned:
                        w = at(weight, first * n_in + indices[place])
                        _add_column(target, w, n_in, numbers[place], units)
                        place += 1
                    elif end - place >= ROWS_AT_ONCE:
                        w, k, x = at(weight, first), at(indices, place), at(numbers, place)
                        _add_rows(target, w, n_out, k, x, units)
                        place += ROWS_AT_ONCE
                    else:
                        w = at(weight, first + np.int64(indices[place]) * n_out)
                        _add_row(target, w, numbers[place], units)
                        place += 1
            to_columns(at(Y, (p * n_out + first) * width), rows, np.int64(0), units)


@njit
def _copy(target: Any, source: Any, units: int) -> None:
    """The units of a row, out of one that lies in the same blocks."""
    width = VECTORS * lanes(target)
    for u in range(0, units, lanes(target)):
        place = row_block(u, width) + u % width
        store(target, place, load(source, place))


@njit
def _copy_row(target: Any, source: Any, units: int) -> None:
    """The units of a row, out of what lies side by side."""
    n = lanes(target)
    width = VECTORS * n
    for u in range(0, units, n):
        store(target, row_block(u, width) + u % width, load_some(source, u, units - u))


@njit
def _add_row(target: Any, weight: Any, x: Any, units: int) -> None:
    """target[u] += x W[u] for weights that lie side by side."""
    n = lanes(target)
    width = VECTORS * n
    whole = units - units % n
    for u in range(0, whole, n):
        place = row_block(u, width) + u % width
        store(target, place, fma(load(weight, u), x, load(target, place)))
    if whole < units:
        place = row_block(whole, width) + whole % width
        rest = load_some(weight, whole, units - whole)
        store(target, place, fma(rest, x, load(target, place)))


@njit
def _add_rows(target: Any, weight: Any, row: int, k: Any, x: Any, units: int) -> None:
    """target[u] += Σ x W[k, u] over four numbers, one after the other."""
    n = lanes(target)
    width = VECTORS * n
    first, second = ahead(weight, np.int64(k[0]) * row), ahead(weight, np.int64(k[1]) * row)
    third, fourth = ahead(weight, np.int64(k[2]) * row), ahead(weight, np.int64(k[3]) * row)
    whole = units - units % n
    for u in range(0, whole, n):
        place = row_block(u, width) + u % width
        total = fma(load(first, u), x[0], load(target, place))
        total = fma(load(second, u), x[1], total)
        total = fma(load(third, u), x[2], total)
        store(target, place, fma(load(fourth, u), x[3], total))
    if whole < units:
        left, place = units - whole, row_block(whole, width) + whole % width
        total = fma(load_some(first, whole, left), x[0], load(target, place))
        total = fma(load_some(second, whole, left), x[1], total)
        total = fma(load_some(third, whole, left), x[2], total)
        store(target, place, fma(load_some(fourth, whole, left), x[3], total))


@njit
def _add_column(target: Any, weight: Any, step: int, x: Any, units: int) -> None:
    """target[u] += x W[u] for weights that lie ``step`` apart."""
    width = VECTORS * lanes(target)
    for u in range(units):
        place = row_block(u, width) + u % width
        target[place] += x * weight[u * step]


@njit
def turn_outputs(dY: Any, dY_rows: Any, first_panel: int, last_panel: int) -> None:
    """dY_rows[i, u] = dY[u, i], a row an example.

    Writes dY_rows (panels, padded units, width), the given panels, in which a row has as many
    elements as there are padded units; reads dY (panels, n_out, width).
    """
    _, n_out, width = dY.shape
    padded = dY_rows.shape[1]
    for p in range(first_panel, last_panel):
        source, target = at(dY, p * n_out * width), at(dY_rows, p * padded * width)
        for u in range(0, n_out, lanes(source)):
            for i in range(0, width, lanes(source)):
                transpose_square(
                    ahead(target, i * padded + u),
                    padded,
                    ahead(source, u * width + i),
                    width,
                    n_out - 1 - u,
                )


@njit
def sparse_weight_backward(
    dweight: Any,
    dY: Any,
    dY_rows: Any,
    indptr: Any,
    indices: Any,
    numbers: Any,
    order: Any,
    batch_first: int,
    batch_last: int,
    n_in: int,
    turned: int,
    first_input: int,
    last_input: int,
    add: int,
) -> None:
    """dW[k, u] = Σ_i x dY[u, i] over the numbers x in column k.

    Writes the flat dweight, the given inputs of it, or adds to them where ``add``; reads dY_rows
    (panels, padded units, width), a row an example.
    """
    n_out, padded = dY.shape[1], dY_rows.shape[1]
    row, step = (1, n_in) if turned else (n_out, 1)
    if not add:
        _clear(dweight, n_in, n_out, turned, first_input, last_input)
    for i in range(batch_last - batch_first):
        dy = at(dY_rows, i * padded)
        example = order[batch_first + i]
        end = indptr[example + 1]
        for place in range(_first_of(indices, indptr[example], end, first_input), end):
            k = np.int64(indices[place])
            if k >= last_input:
                break
            dw = at(dweight, k * row)
            if turned:
                for u in range(n_out):
                    dw[u * step] += numbers[place] * dy[u]
            else:
                _add_outputs(dw, dy, numbers[place], n_out)


@njit
def _clear(
    dweight: Any, n_in: int, n_out: int, turned: int, first_input: int, last_input: int
) -> None:
    """Zeros for the given inputs' gradients."""
    if turned:
        for u in range(n_out):
            dweight[u * n_in + first_input : u * n_in + last_input] = 0.0
    else:
        dweight[first_input * n_out : last_input * n_out] = 0.0


@njit
def _first_of(indices: Any, first: int, last: int, least: int) -> int:
    """The first place from ``first`` to ``last`` whose index is ``least`` or above."""
    while first < last:
        middle = (first + last) // 2
        if indices[middle] < least:
            first = middle + 1
        else:
            last = middle
    return first


@njit
def _add_outputs(dw: Any, dy: Any, x: Any, units: int) -> None:
    """dw[u] += x dy[u]."""
    n = lanes(dw)
    whole = units - units % n
    for u in range(0, whole, n):
        store(dw, u, fma(load(dy, u), x, load(dw, u)))
    if whole < units:
        left = units - whole
        total = fma(load(dy, whole), x, load_some(dw, whole, left))
        store_some(dw, whole, total, left)
