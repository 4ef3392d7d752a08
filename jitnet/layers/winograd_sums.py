"""Sums over patches for a convolution's gradients: patches of X are spread, of dY also turned.

Units lie in the lanes then, and each point is a matrix product. Points lie a row more than a power
of two apart: on the same lines of the cache, all of it took half as long again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, multiply_rows
from jitnet.kernels.panels import add_rows, clear_row, to_rows
from jitnet.kernels.simd import lanes
from jitnet.kernels.typed import ONE, YES, ZERO
from jitnet.layers.winograd import Forms, spread_inputs_of, spread_outputs_of

HEIGHT: Any = np.int64(len(TALL))


@njit
def _turn_line(
    rows: Any, dy: Any, n_out: int, unit: int, places: int, wanted: int, width: int
) -> None:
    """A block of units of some places of a line, turned; zeros in what is wanted beyond them."""
    to_rows(rows, dy, n_out, n_out * width, unit, places)
    clear_row(ahead(rows, places * width * width), (wanted - places) * width * width)


@factory
def _block_of(forms: Forms) -> Kernel:
    """What turns and spreads some patches of dY for a block of units."""
    high, wide, spread_outputs = forms.down.outputs, forms.across.outputs, spread_outputs_of(forms)

    @njit
    def spread_block(
        outputs: Any,
        turned: Any,
        turned_line: int,
        dy: Any,
        dy_line: int,
        unit: int,
        n_out: int,
        places: int,
        lines: int,
        count: int,
        step: int,
        width: int,
    ) -> None:
        """outputs[point, s, i, u] of so many patches of dY, for a block of units.

        The patches begin with ``dy``, from where on the image has so many places in a line, and so
        many lines. Turned they lie in ``turned``.
        """
        square = width * width
        for r in range(high):
            to, wanted = ahead(turned, r * turned_line), count * wide
            if r < lines:
                _turn_line(to, ahead(dy, r * dy_line), n_out, unit, places, wanted, width)
            else:
                clear_row(to, wanted * square)
        for s in range(count):
            for i in range(0, square, lanes(turned)):
                patch, to = ahead(turned, s * wide * square + i), ahead(outputs, s * square + i)
                spread_outputs(to, step, patch, turned_line, square)

    return spread_block


@factory
def _sums_of_points(points: int, low: tuple[int, ...]) -> Kernel:
    """What multiplies some patches' points."""

    @njit
    def sum_points(
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
    ) -> None:
        """sums[point, k, u] += Σ inputs[point, k, i] outputs[point, i, u], over so many i."""
        for point in range(points):
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
                YES,
                ZERO,
                channels,
                low,
            )

    return sum_points


@factory
def sums_of_places(forms: Forms, low: tuple[int, ...]) -> Kernel:
    """What sums some lines of patches, for some blocks of units."""
    points, high, wide = forms.points, forms.down.outputs, forms.across.outputs
    spread_inputs, spread_block = spread_inputs_of(forms), _block_of(forms)
    sum_points = _sums_of_points(points, low)

    @njit
    def sum_places(
        sums: Any,
        bias_sums: Any,
        dY: Any,
        X: Any,
        room: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        padding_y: int,
        padding_x: int,
        together: int,
        n_in: int,
        n_out: int,
        first_place: int,
        last_place: int,
        first_block: int,
        last_block: int,
        first_channel: int,
        last_channel: int,
    ) -> None:
        """sums[point, block, k, u] += Σ inputs[point, k, i] outputs[point, i, u], over all i.

        Places are lines of patches of all panels, one after the other. Those of the first channel
        sum dY into bias_sums[u] as well.
        """
        width, channels = X.shape[2], last_channel - first_channel
        lines, row = (out_height + high - 1) // high, together * width
        step, out_step = channels * row + width, width * row + width
        sum_step = ((n_out + width - 1) // width * n_in + ONE) * width
        outputs = ahead(room, points * step)
        turned, turned_line = ahead(outputs, points * out_step), wide * row * width
        for place in range(first_place, last_place):
            p, top = place // lines, place % lines * high
            x = at(X, (p * height * across * n_in + first_channel) * width)
            for left in range(0, out_across, together * wide):
                count = min(together, (out_across - left + wide - 1) // wide)
                places = count * wide * width
                for s in range(count):
                    spread_inputs(
                        ahead(room, s * width),
                        step,
                        x,
                        top - padding_y,
                        left + s * wide - padding_x,
                        height,
                        across,
                        n_in * width,
                        channels,
                        row,
                        width,
                    )
                dy = at(dY, ((p * out_height + top) * out_across + left) * n_out * width)
                for block in range(first_block, last_block):
                    unit = block * width
                    spread_block(
                        outputs,
                        turned,
                        turned_line,
                        dy,
                        out_across * n_out * width,
                        unit,
                        n_out,
                        min(out_across - left, count * wide),
                        out_height - top,
                        count,
                        out_step,
                        width,
                    )
                    if first_channel == 0:
                        for r in range(high):
                            rows, units = ahead(turned, r * turned_line), min(width, n_out - unit)
                            add_rows(ahead(bias_sums, unit), rows, places, units)
                    sum_points(
                        ahead(sums, (block * n_in + first_channel) * width),
                        room,
                        outputs,
                        sum_step,
                        step,
                        out_step,
                        row,
                        count * width,
                        channels,
                        width,
                    )

    return sum_places
