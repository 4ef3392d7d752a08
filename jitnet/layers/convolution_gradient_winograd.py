"""A convolution's gradients by Winograd's way: patches of X are spread, of dY also turned.

dW = Gᵀ [Σ (A dY Aᵀ) * (Bᵀ X B)] G, with the sum over examples and patches, is a matrix product for
each point, whose units lie in the lanes. With vectors of 32 bytes windows of 3 × 3, of 12 to 256
channels, had 1.2 to 1.7 times the speed of ``jitnet.layers.convolution_gradient_turned``. Points
lie a row more than a power of two apart: on the same lines of the cache, all of it took half as
long again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import LOW, TALL, multiply_rows, padded_rows, tile_for_rest
from jitnet.kernels.panels import add_rows, clear_row, to_rows
from jitnet.kernels.simd import lanes
from jitnet.kernels.team import share
from jitnet.layers.layer import Cut, Operation
from jitnet.layers.window import Window
from jitnet.layers.winograd import (
    Forms,
    collect_weights_of,
    spread_inputs_of,
    spread_outputs_of,
)

ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""

HEIGHT: Any = np.int64(len(TALL))

SHORT_SPEED = 0.9
"""Of sums over so few patches, of the register tile's own."""
SPREADING_CHANNEL, SPREADING_UNIT, TURNING = 7, 6, 14
"""Products in the time that a point of a channel and of a unit is spread, and an output turned."""

SPREAD_BYTES = 256 << 10
"""Patches of inputs and outputs that are spread at a time: half as many took 0 to 2 % longer on
AVX-512, and 0 to 10 % on AVX2, with a second level of 512 KiB."""


def patches_gradient(
    forms: Forms, window: Window, n_in: int, n_out: int, width: int
) -> tuple[Operation, int]:
    """The operation, and the numbers that a worker has room for."""
    together = patches_together(forms, window, n_in, width)
    channels = Cut("channel", n_in, len(LOW))
    blocks = Cut("block", -(-n_out // width), otherwise=channels)
    settings = window._asdict() | {"together": together}
    operation = Operation(weight_backward_of(forms, tile_for_rest(n_in)), blocks, settings)
    units = -(-n_out // width) * width
    spread = forms.points * width * (together * (n_in + width) + 2)
    turned = forms.outputs * together * width * width
    return operation, forms.points * n_in * units + spread + turned


def gradient_products(forms: Forms, window: Window, n_in: int, n_out: int, width: int) -> float:
    """How many products are computed for an image, with the time for all else."""
    products = padded_rows(n_in) / SHORT_SPEED + SPREADING_UNIT
    of_units = -(-n_out // width) * width * (forms.points * products + forms.outputs * TURNING)
    patches = forms.patches(window.out_height, window.out_across)
    return patches * (of_units + forms.points * SPREADING_CHANNEL * n_in)


def patches_together(forms: Forms, window: Window, n_in: int, width: int) -> int:
    """Patches of a line that are multiplied at a time."""
    patch = forms.points * (n_in + width) * VECTORS * VECTOR_BYTES
    return max(1, min(forms.columns(window.out_across), SPREAD_BYTES // patch))


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
                True,
                ZERO,
                channels,
                low,
            )

    return sum_points


@factory
def weight_backward_of(forms: Forms, low: tuple[int, ...]) -> Kernel:
    """The block of a convolution's gradients; ``low`` tiles take what is left of the channels."""
    points, high, wide = forms.points, forms.down.outputs, forms.across.outputs
    spread_inputs, spread_block = spread_inputs_of(forms), _block_of(forms)
    sum_points, collect_gradients = _sums_of_points(points, low), collect_weights_of(forms)

    @njit(parallel=True)
    def convolution_patches_weight_backward(
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

        The sums go over all examples, y and x. Writes the flat dweight (rows, columns, n_in,
        n_out), the given blocks of units and channels, and with the first of those dbias (n_out,),
        or adds to them where ``add``, and scratch (parts, size); reads dY (panels, out_height ·
        out_across · n_out, width) and X (panels, height · across · n_in, width). Each parallel
        iteration owns a part of the blocks of units, and a room.
        """
        panels, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), dY.shape[1] // (out_height * out_across)
        channels, lines, row = (
            last_channel - first_channel,
            (out_height + high - 1) // high,
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
            inputs = ahead(sums, points * blocks * channels * width)
            outputs = ahead(inputs, points * step)
            turned, turned_line = ahead(outputs, points * out_step), wide * row * width
            clear_row(sums, points * blocks * channels * width)
            if not add and first_channel == 0 and units > 0:
                clear_row(at(dbias, first_unit), units)
            for place in range(panels * lines if units > 0 else ZERO):
                p, top = place // lines, place % lines * high
                x = at(X, (p * n_all + first_channel) * width)
                for left in range(0, out_across, together * wide):
                    count = min(together, (out_across - left + wide - 1) // wide)
                    places = count * wide * width
                    for s in range(count):
                        spread_inputs(
                            ahead(inputs, s * width),
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
                    for block in range(blocks):
                        unit = first_unit + block * width
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
                                rows = ahead(turned, r * turned_line)
                                add_rows(at(dbias, unit), rows, places, min(width, n_out - unit))
                        sum_points(
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

    return convolution_patches_weight_backward
