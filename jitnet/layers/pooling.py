"""What all pools share: the loops over an image's windows, forward and backward.

An image is rows of places, and a place is a run of channels, each a row of its panel. So what a
window makes of a channel, it makes of the same spot of some runs. A sequence is an image of one
column. Loops of their own for windows side by side, unrolled, were no faster, nor was relu behind
the pool instead of before it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import prange

from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some


class Pooling(NamedTuple):
    """What is made of the values of a window, and how its gradient is divided among them.

    Parameters
    ----------
    start : float
        What the value of a window begins with.
    take : Kernel
        ``take(value, x)`` is the value when x is taken in as well.
    scale : Kernel
        ``scale(count)`` is by what the value of so many places is multiplied.
    split : Kernel
        ``split(d, x, y)`` is the part of a gradient d that a place of value x takes, where the
        window's is y, and what is left for the places behind it.
    """

    start: float
    take: Kernel
    scale: Kernel
    split: Kernel


@njit
def window(number: int, pool: int, stride: int, padding: int, size: int) -> tuple[int, int]:
    """The first place of a window along an axis, and the one behind its last, within the image."""
    first = number * stride - padding
    return max(first, 0), min(first + pool, size)


@njit
def written_before(number: int, pool: int, stride: int, padding: int) -> int:
    """The place behind all those of earlier windows."""
    return (number - 1) * stride - padding + pool if number > 0 else 0


@njit
def written_until(number: int, count: int, stride: int, padding: int, size: int) -> int:
    """Where the next of ``count`` windows begins, or the image ends."""
    return (number + 1) * stride - padding if number < count - 1 else size


@njit
def clear(pointer: Any, first: int, last: int) -> None:
    """Zeros from element ``first`` to ``last``."""
    for k in range(first, last, lanes(pointer)):
        store(pointer, k, splat(pointer, 0.0))


@factory
def forward_of(pooling: Pooling) -> Kernel:
    """The forward block of a pool."""
    start, take, scale, _ = pooling

    @njit(parallel=True)
    def pool_forward(
        Y: Any,
        X: Any,
        columns: int,
        channels: int,
        out_columns: int,
        pool_rows: int,
        pool_columns: int,
        row_stride: int,
        column_stride: int,
        row_padding: int,
        column_padding: int,
        first_panel: int,
        last_panel: int,
        first_row: int,
        last_row: int,
    ) -> None:
        """Y[row, column, channel, i] = X[…, channel, i], pooled over the window's places in X.

        Writes Y (panels, out_rows · out_columns · channels, width), the given panels and rows of
        the output; reads X (panels, rows · columns · channels, width). A window begins at row
        row · row_stride - row_padding, and columns alike; what lies outside of the image does not
        count. Each parallel iteration owns a panel: examples lie in the lanes.
        """
        _, units, width = X.shape
        _, out_units, _ = Y.shape
        run = channels * width
        rows = units // (columns * channels)
        for p in prange(first_panel, last_panel):
            for row in range(first_row, last_row):
                top, bottom = window(row, pool_rows, row_stride, row_padding, rows)
                for column in range(out_columns):
                    left, right = window(
                        column, pool_columns, column_stride, column_padding, columns
                    )
                    x = at(X, p * units * width + (top * columns + left) * run)
                    y = at(Y, p * out_units * width + (row * out_columns + column) * run)
                    share = scale((bottom - top) * (right - left))
                    for k in range(0, run, lanes(x)):
                        value = splat(x, start)
                        for r in range(bottom - top):
                            for c in range(right - left):
                                value = take(value, load(x, (r * columns + c) * run + k))
                        store(y, k, value * share)

    return pool_forward


@factory
def few_forward_of(pooling: Pooling) -> Kernel:
    """The block of a pool of a few examples."""
    start, take, scale, _ = pooling

    @njit(parallel=True)
    def pool_few_forward(
        Y: Any,
        X: Any,
        columns: int,
        channels: int,
        out_columns: int,
        pool_rows: int,
        pool_columns: int,
        row_stride: int,
        column_stride: int,
        row_padding: int,
        column_padding: int,
    ) -> None:
        """``pool_forward`` of a few examples: channels lie in the lanes.

        Writes Y (examples, out_rows · out_columns · channels); reads X (examples, rows · columns ·
        channels). Each parallel iteration owns a row of an example's windows.
        """
        examples, units = X.shape
        rows, out_rows = units // (columns * channels), Y.shape[1] // (out_columns * channels)
        for line in prange(examples * out_rows):
            top, bottom = window(line % out_rows, pool_rows, row_stride, row_padding, rows)
            for column in range(out_columns):
                left, right = window(column, pool_columns, column_stride, column_padding, columns)
                x = at(X, line // out_rows * units + (top * columns + left) * channels)
                y = at(Y, (line * out_columns + column) * channels)
                share = scale((bottom - top) * (right - left))
                for k in range(0, channels, lanes(x)):
                    count = min(lanes(x), channels - k)
                    value = splat(x, start)
                    for r in range(bottom - top):
                        for c in range(right - left):
                            place = (r * columns + c) * channels + k
                            value = take(value, load_some(x, place, count))
                    store_some(y, k, value * share, count)

    return pool_few_forward


@factory
def backward_of(pooling: Pooling) -> Kernel:
    """The backward block of a pool."""
    _, _, scale, split = pooling

    @njit(parallel=True)
    def pool_backward(
        dX: Any,
        dY: Any,
        X: Any,
        Y: Any,
        columns: int,
        channels: int,
        out_columns: int,
        pool_rows: int,
        pool_columns: int,
        row_stride: int,
        column_stride: int,
        row_padding: int,
        column_padding: int,
        first_panel: int,
        last_panel: int,
        first_row: int,
        last_row: int,
    ) -> None:
        """dX[r, c, channel, i] = Σ of its parts of dY[…, channel, i] over the windows it is in.

        Writes dX (panels, rows · columns · channels, width), the given panels and rows of the
        input; reads dY and Y (panels, out_rows · out_columns · channels, width) and X. Windows are
        those of forward, in their order: the first one that a place is in writes there, others add,
        and where there is none, zeros are written behind the window before. Each parallel iteration
        owns a panel: examples lie in the lanes.
        """
        _, units, width = X.shape
        _, out_units, _ = Y.shape
        run = channels * width
        rows, out_rows = units // (columns * channels), out_units // (out_columns * channels)
        reach = max(pool_rows, row_stride)  # rows that a window writes, with zeros behind it
        first = min(max((first_row + row_padding - reach) // row_stride + 1, 0), out_rows - 1)
        last = min((last_row - 1 + row_padding) // row_stride + 1, out_rows)
        for p in prange(first_panel, last_panel):
            x, dx = at(X, p * units * width), at(dX, p * units * width)
            for row in range(first, last):
                top, bottom = window(row, pool_rows, row_stride, row_padding, rows)
                rows_before = written_before(row, pool_rows, row_stride, row_padding)
                for column in range(out_columns):
                    left, right = window(
                        column, pool_columns, column_stride, column_padding, columns
                    )
                    columns_before = written_before(
                        column, pool_columns, column_stride, column_padding
                    )
                    place = p * out_units * width + (row * out_columns + column) * run
                    dy, y = at(dY, place), at(Y, place)
                    share = scale((bottom - top) * (right - left))
                    for k in range(0, run, lanes(x)):
                        d, value = load(dy, k) * share, load(y, k)
                        for r in range(top, bottom):
                            for c in range(left, right):
                                element = (r * columns + c) * run + k
                                part, d = split(d, load(x, element), value)
                                if first_row <= r < last_row:
                                    if r < rows_before or c < columns_before:
                                        part = load(dx, element) + part
                                    store(dx, element, part)
                    until = written_until(
                        column, out_columns, column_stride, column_padding, columns
                    )
                    for r in range(max(top, first_row), min(bottom, last_row)):
                        clear(dx, (r * columns + right) * run, (r * columns + until) * run)
                until = written_until(row, out_rows, row_stride, row_padding, rows)
                above, below = max(bottom, first_row), min(until, last_row)
                clear(dx, above * columns * run, below * columns * run)

    return pool_backward
