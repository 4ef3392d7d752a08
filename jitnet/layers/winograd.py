"""Winograd's way of a convolution: patches of outputs from patches of inputs.

Y = Aᵀ [(G W Gᵀ) * (Bᵀ X B)] A for a patch of outputs, two to four along an axis of three or five
weights: four by four of 3 × 3 by 36 products a channel and a unit instead of 144. Sums over the
channels are taken before A: a matrix product for each point, of the register tile. Patches of
inputs overlap; where one reaches out of the image there are zeros.

All sums here go down the columns of a patch at first, then across its rows.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some
from jitnet.kernels.typed import ZERO
from jitnet.layers.window import Window
from jitnet.layers.winograd_form import Form
from jitnet.layers.winograd_forms import FORMS

LEAST_PATCHES = 16
"""Patches of an image from which on they pay: each call spreads the weights, or collects all
gradients, at the price of two patches of a panel."""

MOST_ERROR = 2.5
"""How many times as wrong as the window's own sums, in float32, those of patches may be: all forms
of three, but of 5 × 5 weights only two outputs by two, as four by four are 4.7 times as wrong."""

MOST_SPREAD = 1 << 24
"""Numbers that weights may be spread to, 64 MiB in float32: each worker has room for them, and each
layer for both halves of its gradients' sums."""

HEIGHT: Any = np.int64(len(TALL))


class Forms(NamedTuple):
    """The forms of a window down and across."""

    down: Form
    across: Form

    @property
    def points(self) -> int:
        """Products of a channel and a unit for a patch."""
        return self.down.points * self.across.points

    @property
    def outputs(self) -> int:
        """Outputs of a patch."""
        return self.down.outputs * self.across.outputs

    def patches(self, height: int, across: int) -> int:
        """Patches that cover so many outputs down and across."""
        return self.lines(height) * self.columns(across)

    def lines(self, height: int) -> int:
        """Patches that cover so many outputs down."""
        return -(-height // self.down.outputs)

    def columns(self, across: int) -> int:
        """Patches that cover so many outputs across."""
        return -(-across // self.across.outputs)


def forms_of(window: Window, size: tuple[int, int], weights: int) -> list[Forms]:
    """The forms of a window that moves by single steps, for outputs of a size.

    None where those are too few, or the weights of each place of the window too many.
    """
    sizes = window.kernel_height, window.kernel_width
    if {window.stride_y, window.stride_x} != {1} or sizes == (1, 1):
        return []
    pairs = [Forms(*pair) for pair in product(*(FORMS.get(side, ()) for side in sizes))]
    return [
        forms
        for forms in pairs
        if forms.down.error * forms.across.error <= MOST_ERROR
        and forms.points * weights <= MOST_SPREAD
        and forms.patches(*size) >= LEAST_PATCHES
    ]


def room_for(vectors: int) -> tuple[int, ...]:
    """As many rows of a register tile as hold so many vectors."""
    return (0,) * -(-vectors // VECTORS)


@factory
def _plane_of(down: Kernel, across: Kernel, rows: int, columns: int, to_columns: int) -> Kernel:
    """Sums down each of so many columns, and then across the rows that they leave."""
    room = room_for(rows * columns)

    @njit
    def plane(to: Any, to_step: int, x: Any, row: int, column: int) -> None:
        n, kept = lanes(to), registers(to, room)
        for j in range(columns):
            down(ahead(kept, j * n), columns * n, ahead(x, j * column), row)
        for i in range(rows):
            across(ahead(to, i * to_columns * to_step), to_step, ahead(kept, i * columns * n), n)

    return plane


@factory
def spread_inputs_of(forms: Forms) -> Kernel:
    """What spreads the inputs of a patch."""
    down, along = forms
    high, wide = down.points, along.points
    plane = _plane_of(down.spread_inputs, along.spread_inputs, high, wide, wide)
    room = room_for(high * wide)

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
        """spread[point, r, i] = (Bᵀ X B)[point] of the patch of inputs whose corner is (top, left).

        Points lie ``step`` elements apart, rows ``row``. The image x is (height, across, size); so
        many rows of a width, whole vectors, of each of its places are spread.
        """
        n, patch, line = lanes(spread), registers(spread, room), across * size
        is_inside = 0 <= top <= height - high and 0 <= left <= across - wide
        for r in range(rows):
            for i in range(0, width, n):
                place, to = (top * across + left) * size + r * width + i, ahead(spread, r * row + i)
                if is_inside:
                    plane(to, step, ahead(x, place), line, size)
                else:
                    for k in range(high):
                        for j in range(wide):
                            if 0 <= top + k < height and 0 <= left + j < across:
                                z = load(x, place + k * line + j * size)
                            else:
                                z = splat(x, 0.0)
                            store(patch, (k * wide + j) * n, z)
                    plane(to, step, patch, wide * n, n)

    return spread_inputs


@factory
def spread_weights_of(forms: Forms) -> Kernel:
    """What spreads the weights of some units."""
    down, along = forms
    high, wide, taps = down.points, along.weights, down.weights * along.weights
    plane = _plane_of(down.spread_weights, along.spread_weights, high, wide, along.points)
    room = room_for(taps)

    @njit
    def spread_weights(
        spread: Any, step: int, weight: Any, first: int, tap: int, count: int
    ) -> None:
        """spread[point, u] = (G W Gᵀ)[point] of a vector of units, of which there are so many.

        Points lie ``step`` elements apart, W's numbers ``tap`` from ``first`` on, row by row.
        """
        n, window = lanes(spread), registers(spread, room)
        for k in range(taps):
            store(window, k * n, load_some(weight, first + k * tap, count))
        plane(spread, step, window, wide * n, n)

    return spread_weights


@factory
def spread_into_tiles_of(forms: Forms, is_turned: bool) -> Kernel:
    """What spreads all weights into the tiles of a product."""
    points, last = forms.points, forms.down.weights * forms.across.weights - 1
    spread_weights, room = spread_weights_of(forms), room_for(points)

    @njit
    def spread_into_tiles(tiles: Any, weight: Any, n_in: int, n_out: int) -> None:
        """tiles[t, point, k, i] = (G W Gᵀ)[point] of channel k and unit t h + i, h a tall tile's.

        Where it is turned, of unit k and channel t h + i of W half a turn round. W is flat, (rows,
        columns, n_in, n_out).
        """
        n, kept = lanes(weight), registers(weight, room)
        first, tap = ZERO, n_in * n_out
        if is_turned:
            first, tap = last * tap, -tap
        terms = n_out if is_turned else n_in
        for channel in range(n_in):
            for unit in range(0, n_out, n):
                count = min(n, n_out - unit)
                spread_weights(kept, n, weight, first + channel * n_out + unit, tap, count)
                for i in range(count):
                    k, u = (unit + i, channel) if is_turned else (channel, unit + i)
                    to = ahead(tiles, (u // HEIGHT * points * terms + k) * HEIGHT + u % HEIGHT)
                    for point in range(points):
                        to[point * terms * HEIGHT] = kept[point * n + i]

    return spread_into_tiles


@factory
def collect_outputs_of(forms: Forms) -> Kernel:
    """What collects the outputs of a patch: ``collect(Y, lanes, sums, row, step)`` is Aᵀ M A."""
    down, along = forms
    rows, columns = down.outputs, along.points
    return _plane_of(down.collect_outputs, along.collect_outputs, rows, columns, along.outputs)


@factory
def spread_outputs_of(forms: Forms) -> Kernel:
    """What spreads a patch of dY: ``spread_outputs(spread, step, dy, row, column)`` is A dY Aᵀ."""
    down, along = forms
    rows, columns = down.points, along.outputs
    return _plane_of(down.spread_outputs, along.spread_outputs, rows, columns, along.points)


@factory
def collect_weights_of(forms: Forms) -> Kernel:
    """What collects the gradients of some units' weights."""
    down, along = forms
    rows, columns, taps = down.weights, along.points, down.weights * along.weights
    plane = _plane_of(down.collect_weights, along.collect_weights, rows, columns, along.weights)
    room = room_for(taps)

    @njit
    def collect_gradients(
        dweight: Any, tap: int, sums: Any, step: int, count: int, add: int
    ) -> None:
        """dW = Gᵀ M G of a vector of each of the sums M, written or added to some units.

        The sums lie ``step`` elements apart, dW's numbers ``tap``.
        """
        n, window = lanes(sums), registers(sums, room)
        plane(window, n, sums, columns * step, step)
        for k in range(taps):
            dw = load(window, k * n)
            if add:
                dw = load_some(dweight, k * tap, count) + dw
            store_some(dweight, k * tap, dw, count)

    return collect_gradients
