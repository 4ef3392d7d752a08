"""Winograd's way of a convolution of 3 × 3: squares of outputs from squares of inputs.

A square of 4 × 4 inputs X makes 2 × 2 outputs, Y = Aᵀ [(G W Gᵀ) ⊙ (Bᵀ X B)] A, by 16 products a
channel and a unit instead of 36. Sums over the channels are taken before A: 16 matrix products, of
the register tile. Squares of inputs overlap by two; where one reaches out of the image there are
zeros. The matrices, whose products are written out here as sums, are

    Bᵀ = [1  0 -1  0]    G = [ 1    0    0 ]    Aᵀ = [1  1  1  0]
         [0  1  1  0]        [ ½    ½    ½ ]         [0  1 -1 -1]
         [0 -1  1  0]        [ ½   -½    ½ ]
         [0  1  0 -1]        [ 0    0    1 ]

A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016, equation (8), and
S. Winograd, Arithmetic complexity of computations, SIAM 1980. Larger squares need fewer products
(4 × 4 outputs 36 instead of 144), and lose more digits: theirs would be some ten times as wrong in
float32, while these are as right as the sums that they replace.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some
from jitnet.layers.window import Window

POINTS: Any = np.int64(16)
"""Products of a square."""
OUT: Any = np.int64(2)
"""Outputs of a square, down and across."""
IN: Any = np.int64(4)
"""Inputs of a square, down and across."""
LAST_TAP: Any = np.int64(8)
"""The number of a window's last place."""
POINT_ROWS = (0,) * (int(POINTS) // VECTORS)
"""As many as a register tile's rows that hold a vector of each point."""
ZERO: Any = np.int64(0)
"""Typed, since Numba compiles a function anew for each literal number it is given."""

LEAST_SQUARES = 16
"""Squares of an image from which on it pays to spread the weights, which each call does."""


def squares(size: int) -> int:
    """Squares that cover so many outputs."""
    return -(-size // int(OUT))


def can_be_squares(window: Window) -> bool:
    """Whether a window is one of 3 × 3 that moves by single steps, and often enough."""
    is_square = (window.kernel_height, window.kernel_width) == (3, 3)
    moves_singly = (window.stride_y, window.stride_x) == (1, 1)
    many = squares(window.out_height) * squares(window.out_across) >= LEAST_SQUARES
    return is_square and moves_singly and many


@njit
def _input_sums(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Bᵀ times four numbers."""
    return a - c, b + c, c - b, b - d


@njit
def _weight_sums(a: Any, b: Any, c: Any) -> Any:
    """G times three numbers."""
    outer, middle = (a + c) * 0.5, b * 0.5
    return a, outer + middle, outer - middle, c


@njit
def _output_sums(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Aᵀ times four numbers."""
    return a + b + c, b - c - d


@njit
def spread_weights(spread: Any, step: int, weight: Any, first: int, tap: int, count: int) -> None:
    """spread[point, u] = (G W Gᵀ)[point] of a vector of units, of which there are so many.

    Points lie ``step`` elements apart, W's numbers ``tap`` from ``first`` on, row by row.
    """
    x = _weight_column(weight, first, tap, count)
    y = _weight_column(weight, first + tap, tap, count)
    z = _weight_column(weight, first + 2 * tap, tap, count)
    _store_weights(spread, 0, step, x[0], y[0], z[0])
    _store_weights(spread, 4 * step, step, x[1], y[1], z[1])
    _store_weights(spread, 8 * step, step, x[2], y[2], z[2])
    _store_weights(spread, 12 * step, step, x[3], y[3], z[3])


@njit
def _weight_column(weight: Any, first: int, tap: int, count: int) -> Any:
    return _weight_sums(
        load_some(weight, first, count),
        load_some(weight, first + 3 * tap, count),
        load_some(weight, first + 6 * tap, count),
    )


@njit
def _store_weights(spread: Any, i: int, step: int, a: Any, b: Any, c: Any) -> None:
    w, x, y, z = _weight_sums(a, b, c)
    store(spread, i, w)
    store(spread, i + step, x)
    store(spread, i + 2 * step, y)
    store(spread, i + 3 * step, z)


@njit
def spread_into_tiles(
    tiles: Any, weight: Any, n_in: int, n_out: int, height: int, is_turned: bool
) -> None:
    """tiles[t, point, k, i] = (G W Gᵀ)[point] of channel k and unit t · height + i.

    Or of unit k and channel t · height + i of W half a turn round. W is flat, (3, 3, n_in, n_out).
    """
    room = registers(weight, POINT_ROWS)
    first, tap = ZERO, n_in * n_out
    if is_turned:
        first, tap = LAST_TAP * tap, -tap
    terms = n_out if is_turned else n_in
    for channel in range(n_in):
        for unit in range(0, n_out, lanes(room)):
            count = min(lanes(room), n_out - unit)
            spread_weights(room, lanes(room), weight, first + channel * n_out + unit, tap, count)
            for i in range(count):
                k, u = (unit + i, channel) if is_turned else (channel, unit + i)
                to = ahead(tiles, (u // height * POINTS * terms + k) * height + u % height)
                for point in range(POINTS):
                    to[point * terms * height] = room[point * lanes(room) + i]


@njit
def _pixel(x: Any, place: int, is_inside: bool) -> Any:
    """A vector of the image, or zeros outside of it."""
    return load(x, place) if is_inside else splat(x, 0.0)


@njit
def _column(x: Any, place: int, line: int, first: int, last: int, is_inside: bool) -> Any:
    """Bᵀ times a column of a square, of which rows first … last are inside of the image."""
    return _input_sums(
        _pixel(x, place, is_inside and first <= 0 < last),
        _pixel(x, place + line, is_inside and first <= 1 < last),
        _pixel(x, place + 2 * line, is_inside and first <= 2 < last),
        _pixel(x, place + 3 * line, is_inside and first <= 3 < last),
    )


@njit
def _store_row(spread: Any, i: int, step: int, a: Any, b: Any, c: Any, d: Any) -> None:
    w, x, y, z = _input_sums(a, b, c, d)
    store(spread, i, w)
    store(spread, i + step, x)
    store(spread, i + 2 * step, y)
    store(spread, i + 3 * step, z)


@njit
def spread_inputs(
    spread: Any,
    step: int,
    x: Any,
    top: int,
    left: int,
    height: int,
    across: int,
    size: int,
    rows: int,
    row: int,
    width: int,
) -> None:
    """spread[point, r, i] = (Bᵀ X B)[point] of the square of inputs whose corner is (top, left).

    Points lie ``step`` elements apart, rows ``row``. The image x is (height, across, size); so many
    rows of a width, whole vectors, of each of its places are spread.
    """
    i0, i1, j0, j1 = -top, height - top, -left, across - left
    line = across * size
    for r in range(rows):
        for i in range(0, width, lanes(spread)):
            place, to = (top * across + left) * size + r * width + i, ahead(spread, r * row + i)
            a = _column(x, place, line, i0, i1, j0 <= 0 < j1)
            b = _column(x, place + size, line, i0, i1, j0 <= 1 < j1)
            c = _column(x, place + 2 * size, line, i0, i1, j0 <= 2 < j1)
            d = _column(x, place + 3 * size, line, i0, i1, j0 <= 3 < j1)
            _store_row(to, 0, step, a[0], b[0], c[0], d[0])
            _store_row(to, 4 * step, step, a[1], b[1], c[1], d[1])
            _store_row(to, 8 * step, step, a[2], b[2], c[2], d[2])
            _store_row(to, 12 * step, step, a[3], b[3], c[3], d[3])


@njit
def _column_of_sums(sums: Any, step: int, i: int) -> Any:
    return _output_sums(
        load(sums, i),
        load(sums, i + 4 * step),
        load(sums, i + 8 * step),
        load(sums, i + 12 * step),
    )


@njit
def collect(sums: Any, step: int, i: int) -> Any:
    """Aᵀ M A of a vector of each of a square's sums M, which lie ``step`` elements apart.

    Returns the outputs above, left and right, and those below.
    """
    a, b = _column_of_sums(sums, step, i), _column_of_sums(sums, step, i + step)
    c, d = _column_of_sums(sums, step, i + 2 * step), _column_of_sums(sums, step, i + 3 * step)
    above, below = _output_sums(a[0], b[0], c[0], d[0]), _output_sums(a[1], b[1], c[1], d[1])
    return above[0], above[1], below[0], below[1]


@njit
def _spread_row(spread: Any, i: int, step: int, a: Any, b: Any) -> None:
    """A times two numbers."""
    store(spread, i, a)
    store(spread, i + step, a + b)
    store(spread, i + 2 * step, a - b)
    store(spread, i + 3 * step, -b)


@njit
def spread_outputs(spread: Any, step: int, above: Any, below: Any, across: int, count: int) -> None:
    """spread[point, i] = (A dY Aᵀ)[point] of a square of dY, so many numbers, whole vectors.

    Points lie ``step`` elements apart, what is on the right ``across``.
    """
    for i in range(0, count, lanes(spread)):
        a, b = load(above, i), load(above, i + across)
        c, d = load(below, i), load(below, i + across)
        _spread_row(spread, i, step, a, b)
        _spread_row(spread, i + 4 * step, step, a + c, b + d)
        _spread_row(spread, i + 8 * step, step, a - c, b - d)
        _spread_row(spread, i + 12 * step, step, -c, -d)


@njit
def _gradient_sums(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Gᵀ times four numbers."""
    both = (b + c) * 0.5
    return a + both, (b - c) * 0.5, both + d


@njit
def _row_of_gradients(sums: Any, step: int, i: int) -> Any:
    return _gradient_sums(
        load(sums, i),
        load(sums, i + step),
        load(sums, i + 2 * step),
        load(sums, i + 3 * step),
    )


@njit
def collect_gradients(dweight: Any, tap: int, sums: Any, step: int, count: int, add: int) -> None:
    """dW = Gᵀ M G of a vector of each of the sums M, written or added to some units.

    The sums lie ``step`` elements apart, dW's numbers ``tap``.
    """
    a, b = _row_of_gradients(sums, step, 0), _row_of_gradients(sums, step, 4 * step)
    c, d = _row_of_gradients(sums, step, 8 * step), _row_of_gradients(sums, step, 12 * step)
    x, y = _gradient_sums(a[0], b[0], c[0], d[0]), _gradient_sums(a[1], b[1], c[1], d[1])
    z = _gradient_sums(a[2], b[2], c[2], d[2])
    for row in range(3):
        for column, dw in enumerate((x[row], y[row], z[row])):
            place = (row * 3 + column) * tap
            before = load_some(dweight, place, count) if add else splat(dweight, 0.0)
            store_some(dweight, place, before + dw, count)
