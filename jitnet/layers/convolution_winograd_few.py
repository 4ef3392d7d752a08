"""A convolution of a few examples by Winograd's way: units and channels lie in the lanes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, multiply_rows
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some
from jitnet.kernels.team import share
from jitnet.kernels.typed import NO, ONE, ZERO
from jitnet.layers.window import Window
from jitnet.layers.winograd import (
    Forms,
    collect_outputs_of,
    room_for,
    spread_inputs_of,
    spread_weights_of,
)

HEIGHT = np.int64(len(TALL))

MOST_PATCHES = 2 * len(TALL)
"""Patches whose products are taken together, as tall tiles: 36 patches of 32 channels and 64 units
take 0.92 of the time that they take line by line, six at once. Twice as many gain nothing more."""


def lines_together(forms: Forms, window: Window) -> int:
    """Lines of patches whose products are taken together."""
    line, lines = forms.columns(window.out_across), forms.lines(window.out_height)
    return max(1, min(lines, MOST_PATCHES // line))


def scratch_size(forms: Forms, window: Window, n_in: int, n_out: int, width: int) -> int:
    """Numbers that a worker has room for: weights, and some lines' pixels, inputs and sums."""
    vector, line, along = width // VECTORS, forms.columns(window.out_across), forms.across
    channels, units = -(-n_in // vector) * vector, -(-n_out // width) * width
    together = lines_together(forms, window)
    rows = together * forms.down.outputs + forms.down.points - forms.down.outputs
    pixels = rows * (line * along.outputs + along.points - along.outputs) * channels
    patches = together * line + 1
    return forms.points * ((n_in + 1) * units + patches * (channels + width)) + pixels


@njit
def _copy_pixels(
    pixels: Any,
    x: Any,
    top: int,
    left: int,
    lines: int,
    columns: int,
    height: int,
    across: int,
    n_in: int,
) -> None:
    """The lines of the image that some lines of patches read, each pixel a row of whole vectors.

    What is outside of the image is zero.
    """
    row = (n_in + lanes(pixels) - 1) // lanes(pixels) * lanes(pixels)
    for y in range(top, top + lines):
        for c in range(left, left + columns):
            is_inside = 0 <= y < height and 0 <= c < across
            to = ahead(pixels, ((y - top) * columns + c - left) * row)
            for k in range(0, n_in, lanes(pixels)):
                if is_inside:
                    store(to, k, load_some(x, (y * across + c) * n_in + k, n_in - k))
                else:
                    store(to, k, splat(pixels, 0.0))


@factory
def few_forward_of(forms: Forms, value: Kernel, low: tuple[int, ...]) -> Kernel:
    """The block of a convolution of a few examples, with an activation.

    ``low`` tiles take what is left of the patches that are taken together.
    """
    points, lines_of_patch, columns_of_patch = forms.points, forms.down.points, forms.across.points
    high, wide = forms.down.outputs, forms.across.outputs
    spread_inputs, spread_weights = spread_inputs_of(forms), spread_weights_of(forms)
    collect, room = collect_outputs_of(forms), room_for(high * wide)

    @njit(parallel=True)
    def convolution_patches_few_forward(
        Y: Any,
        X: Any,
        weight: Any,
        bias: Any,
        scratch: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        padding_y: int,
        padding_x: int,
        together: int,
    ) -> None:
        """``convolution_patches_forward`` of a few examples, to the same bits.

        Writes Y (examples, out_height · out_across · n_out) and scratch (parts, size); reads X
        (examples, height · across · n_in), the flat weight (rows, columns, n_in, n_out) and bias
        (n_out,). So many lines of patches are taken together. Each parallel iteration owns a part
        of those groups, and a room.
        """
        examples, n_all = X.shape
        n_in, n_out = n_all // (height * across), Y.shape[1] // (out_height * out_across)
        lines, line = (out_height + high - 1) // high, (out_across + wide - 1) // wide
        groups = (lines + together - 1) // together
        columns = line * wide + columns_of_patch - wide
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(examples * groups, ONE, part, parts)
            weights = at(scratch, part * size)
            n = lanes(weights)
            width, row = VECTORS * n, (n_in + n - 1) // n * n
            outputs = registers(weights, room)
            units = (n_out + width - 1) // width * width
            # a row more everywhere keeps points off one line of the cache
            apart, most = (n_in + ONE) * width, together * line + ONE
            inputs = ahead(weights, points * (n_in + ONE) * units)
            sums = ahead(inputs, points * most * row)
            pixels = ahead(sums, points * most * width)
            if end > begin:
                for k in range(n_in):
                    for u in range(0, n_out, n):
                        spread_weights(
                            ahead(weights, u // width * points * apart + k * width + u % width),
                            apart,
                            at(weight, 0),
                            k * n_out + u,
                            n_in * n_out,
                            min(n, n_out - u),
                        )
            for group in range(begin, end):
                first = group % groups * together
                top, whole = first * high, min(together, lines - first)
                patches, rows_read = whole * line, whole * high + lines_of_patch - high
                x, y = at(X, group // groups * n_all), at(Y, group // groups * Y.shape[1])
                _copy_pixels(
                    pixels,
                    x,
                    top - padding_y,
                    -padding_x,
                    rows_read,
                    columns,
                    height,
                    across,
                    n_in,
                )
                for patch in range(patches):
                    spread_inputs(
                        ahead(inputs, patch * row),
                        most * row,
                        pixels,
                        patch // line * high,
                        patch % line * wide,
                        rows_read,
                        columns,
                        row,
                        ONE,
                        row,
                        row,
                    )
                for block in range(0, n_out, width):
                    for point in range(points):
                        multiply_rows(
                            ahead(sums, point * most * width),
                            ahead(inputs, point * most * row),
                            ahead(weights, (block // width * points + point) * apart),
                            width,
                            HEIGHT * row,
                            row,
                            ONE,
                            ZERO,
                            ZERO,
                            n_in,
                            n_in,
                            width,
                            NO,
                            ZERO,
                            patches,
                            low,
                        )
                    for patch in range(patches):
                        y0, x0 = top + patch // line * high, patch % line * wide
                        rows, places = min(high, out_height - y0), min(wide, out_across - x0)
                        for u in range(block, min(block + width, n_out), n):
                            m, step = ahead(sums, patch * width + u - block), most * width
                            collect(outputs, n, m, columns_of_patch * step, step)
                            count = min(n, n_out - u)
                            b = load_some(at(bias, u), 0, count)
                            for r in range(rows):
                                for c in range(places):
                                    to = ((y0 + r) * out_across + x0 + c) * n_out + u
                                    z = value(load(outputs, (r * wide + c) * n) + b)
                                    store_some(y, to, z, count)

    return convolution_patches_few_forward
