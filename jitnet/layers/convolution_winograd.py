"""A convolution's blocks, forward and backward, patch by patch by Winograd's way.

As in ``jitnet.layers.convolution`` examples lie in the lanes. Of a patch, the inputs of all
channels are spread at first, and stay near; then each tall tile's units are multiplied, point by
point, and collected while their sums are near. Each worker spreads the weights, once a call.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import TALL, multiply_tile, padded_rows
from jitnet.kernels.simd import lanes, load, store
from jitnet.kernels.team import share
from jitnet.kernels.typed import ONE, ZERO
from jitnet.layers.winograd import (
    Forms,
    collect_outputs_of,
    room_for,
    spread_inputs_of,
    spread_into_tiles_of,
)

HEIGHT: Any = np.int64(len(TALL))

SHORT_SPEED = 0.9
"""Of sums that are no longer than the channels are many, of the register tile's own."""
SPREADING, COLLECTING = 10, 5
"""Products in the time that a point of a channel is spread, and one of a unit collected: 6 and 4
where images are near, 13 and 6 where they are not."""


def scratch_size(forms: Forms, terms: int, units: int, width: int) -> int:
    """Numbers that a worker has room for: weights, a patch's inputs, and a tile's sums."""
    tall = len(TALL)
    weights = -(-units // tall) * tall * terms
    return forms.points * (weights + (terms + 1) * width + tall * width)


def patch_products(forms: Forms, height: int, across: int, terms: int, units: int) -> float:
    """How many products are computed for outputs of a size, with the time for all else."""
    products = terms * padded_rows(units) / SHORT_SPEED + SPREADING * terms + COLLECTING * units
    return forms.patches(height, across) * forms.points * products


@factory
def _points_of(points: int, low: tuple[int, ...]) -> Kernel:
    """What multiplies a patch's points, for the units of a tile."""

    @njit
    def multiply_points(
        sums: Any, weights: Any, inputs: Any, terms: int, width: int, count: int
    ) -> None:
        """sums[point, u] = Σ_k weights[point, k, u] inputs[point, k].

        That nothing is added to, and a tall tile's last row, are constants: sums of 16 terms gained
        20 % by it on AVX2.
        """
        last = HEIGHT - 1
        for point in range(points):
            C = ahead(sums, point * HEIGHT * width)
            A = ahead(weights, point * terms * HEIGHT)
            B = ahead(inputs, point * (terms + 1) * width)
            if count == HEIGHT:
                multiply_tile(
                    C, A, B, width, ONE, HEIGHT, ZERO, ZERO, terms, terms, width, False, last, TALL
                )
            else:
                for first in range(0, count, len(low)):
                    multiply_tile(
                        ahead(C, first * width),
                        ahead(A, first),
                        B,
                        width,
                        ONE,
                        HEIGHT,
                        ZERO,
                        ZERO,
                        terms,
                        terms,
                        width,
                        False,
                        min(count - first, len(low)) - 1,
                        low,
                    )

    return multiply_points


@njit
def _as_it_is(z: Any, bias: Any, unit: int) -> Any:
    return z


@factory
def _activated_by(value: Kernel) -> Kernel:
    @njit
    def activated(z: Any, bias: Any, unit: int) -> Any:
        return value(z + bias[unit])

    return activated


@factory
def _patches_of(forms: Forms, finish: Kernel, low: tuple[int, ...]) -> Kernel:
    """What convolves some patches of a panel's images, and finishes each sum."""
    points, columns = forms.points, forms.across.points
    high, wide = forms.down.outputs, forms.across.outputs
    spread_inputs, collect = spread_inputs_of(forms), collect_outputs_of(forms)
    multiply_points, room_of_outputs = _points_of(points, low), room_for(high * wide)

    @njit
    def convolve(
        y: Any,
        x: Any,
        weights: Any,
        room: Any,
        bias: Any,
        height: int,
        across: int,
        n_in: int,
        out_height: int,
        out_across: int,
        n_out: int,
        padding_y: int,
        padding_x: int,
        first_patch: int,
        last_patch: int,
        width: int,
    ) -> None:
        """y (out_height, out_across, n_out, width) from x (height, across, n_in, width)."""
        step, sum_step, n = (n_in + 1) * width, HEIGHT * width, lanes(y)
        sums, outputs = ahead(room, points * step), registers(y, room_of_outputs)
        line = (out_across + wide - 1) // wide
        for patch in range(first_patch, last_patch):
            top, left = patch // line * high, patch % line * wide
            row, column = top - padding_y, left - padding_x
            spread_inputs(
                room, step, x, row, column, height, across, n_in * width, n_in, width, width
            )
            rows, places = min(high, out_height - top), min(wide, out_across - left)
            for first in range(0, n_out, HEIGHT):
                count = min(HEIGHT, n_out - first)
                multiply_points(
                    sums, ahead(weights, first * points * n_in), room, n_in, width, count
                )
                to = ahead(y, ((top * out_across + left) * n_out + first) * width)
                for u in range(count):
                    for i in range(u * width, (u + 1) * width, n):
                        collect(outputs, n, ahead(sums, i), columns * sum_step, sum_step)
                        for r in range(rows):
                            for c in range(places):
                                z = finish(load(outputs, (r * wide + c) * n), bias, first + u)
                                store(to, (r * out_across + c) * n_out * width + i, z)

    return convolve


@factory
def forward_of(forms: Forms, value: Kernel, low: tuple[int, ...]) -> Kernel:
    """The forward block of a convolution with an activation; ``low`` tiles take what is left."""
    convolve = _patches_of(forms, _activated_by(value), low)
    spread_into_tiles, points = spread_into_tiles_of(forms, False), forms.points

    @njit(parallel=True)
    def convolution_patches_forward(
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
        first_panel: int,
        last_panel: int,
        first_patch: int,
        last_patch: int,
    ) -> None:
        """Y[y, x, u] = g(Σ W[i, j, k, u] X[y + i - p, x + j - p, k] + b[u]), over i, j, k.

        Writes Y (panels, out_height · out_across · n_out, width), the given panels and patches, and
        scratch (parts, size); reads X (panels, height · across · n_in, width), which is zero
        outside, the flat weight (rows, columns, n_in, n_out) and bias (n_out,). Each parallel
        iteration owns a part of the panels, and a room.
        """
        _, n_all, width = X.shape
        n_in, n_out = n_all // (height * across), Y.shape[1] // (out_height * out_across)
        spread = (n_out + HEIGHT - 1) // HEIGHT * HEIGHT * points * n_in
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_panel - first_panel, ONE, part, parts)
            w = at(scratch, part * size)
            if end > begin and last_patch > first_patch:
                spread_into_tiles(w, at(weight, 0), n_in, n_out)
            for p in range(first_panel + begin, first_panel + end):
                convolve(
                    at(Y, p * Y.shape[1] * width),
                    at(X, p * n_all * width),
                    w,
                    ahead(w, spread),
                    at(bias, 0),
                    height,
                    across,
                    n_in,
                    out_height,
                    out_across,
                    n_out,
                    padding_y,
                    padding_x,
                    first_patch,
                    last_patch,
                    width,
                )

    return convolution_patches_forward


@factory
def backward_of(forms: Forms, low: tuple[int, ...]) -> Kernel:
    """The backward block of a convolution; ``low`` tiles take what is left."""
    convolve = _patches_of(forms, _as_it_is, low)
    spread_into_tiles, points = spread_into_tiles_of(forms, True), forms.points
    reach_y, reach_x = forms.down.weights - 1, forms.across.weights - 1

    @njit(parallel=True)
    def convolution_patches_backward(
        dX: Any,
        dY: Any,
        weight: Any,
        scratch: Any,
        height: int,
        across: int,
        out_height: int,
        out_across: int,
        padding_y: int,
        padding_x: int,
        first_panel: int,
        last_panel: int,
        first_patch: int,
        last_patch: int,
    ) -> None:
        """dX[y + i - p, x + j - p, k] = Σ W[i, j, k, u] dY[y, x, u], over all that meet.

        Writes dX (panels, height · across · n_in, width), the given panels and patches, and scratch
        (parts, size); reads dY (panels, out_height · out_across · n_out, width) and the flat weight
        (rows, columns, n_in, n_out). Each parallel iteration owns a part of the panels, and a room.
        """
        _, n_all, width = dX.shape
        n_in, n_out = n_all // (height * across), dY.shape[1] // (out_height * out_across)
        spread = (n_in + HEIGHT - 1) // HEIGHT * HEIGHT * points * n_out
        parts, size = scratch.shape
        for part in prange(parts):
            begin, end = share(last_panel - first_panel, ONE, part, parts)
            w = at(scratch, part * size)
            if end > begin and last_patch > first_patch:
                spread_into_tiles(w, at(weight, 0), n_in, n_out)
            for p in range(first_panel + begin, first_panel + end):
                convolve(
                    at(dX, p * n_all * width),
                    at(dY, p * dY.shape[1] * width),
                    w,
                    ahead(w, spread),
                    w,  # no biases, which would be read
                    out_height,
                    out_across,
                    n_out,
                    height,
                    across,
                    n_in,
                    reach_y - padding_y,
                    reach_x - padding_x,
                    first_patch,
                    last_patch,
                    width,
                )

    return convolution_patches_backward
