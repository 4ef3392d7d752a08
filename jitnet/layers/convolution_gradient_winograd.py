"""A convolution's gradients by Winograd's way: patches of X are spread, of dY also turned.

dW = Gᵀ [Σ (A dY Aᵀ) * (Bᵀ X B)] G, with the sum over examples and patches, is a matrix product for
each point, whose units lie in the lanes. With vectors of 32 bytes windows of 3 × 3, of 12 to 256
channels, had 1.2 to 1.7 times the speed of ``jitnet.layers.convolution_gradient_turned``. Points
lie a row more than a power of two apart: on the same lines of the cache, all of it took half as
long again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import LOW, TALL, multiply_rows, padded_rows, tile_for_rest
from jitnet.kernels.panels import add_rows, clear_row, to_rows
from jitnet.kernels.simd import lanes, load, load_some, store, store_some
from jitnet.kernels.team import share
from jitnet.layers.layer import Cut, Operation, Room
from jitnet.layers.window import Window
from jitnet.layers.winograd import (
    Forms,
    collect_weights_of,
    room_for,
    spread_inputs_of,
    spread_outputs_of,
)

ZERO: Any = np.int64(0)
ONE: Any = np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""

HEIGHT: Any = np.int64(len(TALL))

HALVES: Any = np.int64(2)
"""Of a sum, which workers divide before they divide units and channels."""

SHORT_SPEED = 0.9
"""Of sums over so few patches, of the register tile's own."""
SPREADING_CHANNEL, SPREADING_UNIT, TURNING = 7, 6, 14
"""Products in the time that a point of a channel and of a unit is spread, and an output turned."""

SPREAD_BYTES = 256 << 10
"""Patches of inputs and outputs that are spread at a time: half as many took 0 to 2 % longer on
AVX-512, and 0 to 10 % on AVX2, with a second level of 512 KiB."""


class PatchesGradient(NamedTuple):
    """The operations, one after the other, the room for sums, and that of a worker."""

    operations: tuple[Operation, Operation]
    sums: Room
    scratch: int


def patches_gradient(
    forms: Forms, window: Window, n_in: int, n_out: int, width: int
) -> PatchesGradient:
    """The gradients of a window by patches."""
    together, blocks = patches_together(forms, window, n_in, width), -(-n_out // width)
    settings = {**window._asdict(), "together": together, "n_in": n_in, "n_out": n_out}
    channels = Cut("channel", n_in, len(LOW))
    parts = Cut("part", HALVES * blocks, otherwise=channels)
    of_blocks = Cut("block", blocks, otherwise=channels)
    operations = (
        Operation(sums_of(forms, tile_for_rest(n_in)), parts, settings),
        Operation(weight_backward_of(forms), of_blocks, settings, waits=True),
    )
    sums = Room(shape=(HALVES, forms.points * (blocks * n_in + 1) * width + blocks * width))
    spread = forms.points * width * (together * (n_in + width) + 2)
    turned = forms.outputs * together * width * width
    return PatchesGradient(operations, sums, spread + turned)


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
def _sums_of_places(forms: Forms, low: tuple[int, ...]) -> Kernel:
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


@factory
def sums_of(forms: Forms, low: tuple[int, ...]) -> Kernel:
    """The block of both halves' sums; ``low`` tiles take what is left of the channels."""
    points, high, sum_places = forms.points, forms.down.outputs, _sums_of_places(forms, low)

    @njit(parallel=True)
    def convolution_patches_weight_sums(
        sums: Any,
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
        n_in: int,
        n_out: int,
        first_part: int,
        last_part: int,
        first_channel: int,
        last_channel: int,
    ) -> None:
        """M[half, point, block, k, u] = Σ (A dY Aᵀ)[point, i, u] (Bᵀ X B)[point, k, i].

        The sums go over half of all examples' patches; those of dY itself lie behind. Parts are a
        half's blocks of units, one half after the other. Writes sums (halves, size), the given
        parts and channels, and scratch (parts, size); reads dY (panels, out_height · out_across ·
        n_out, width) and X (panels, height · across · n_in, width). Each parallel iteration owns
        some of the parts, and a room.
        """
        panels, _, width = X.shape
        blocks, channels = (n_out + width - 1) // width, last_channel - first_channel
        sum_step = (blocks * n_in + ONE) * width
        places, (shares, size) = panels * ((out_height + high - 1) // high), scratch.shape
        for part in prange(shares):
            begin, end = share(last_part - first_part, ONE, part, shares)
            begin, end = first_part + begin, first_part + end
            for half in range(begin // blocks, (end + blocks - 1) // blocks):
                first = max(begin - half * blocks, ZERO)
                last = min(end - half * blocks, blocks)
                own = at(sums, half * sums.shape[1])
                for point in range(points):
                    for block in range(first, last):
                        row = point * sum_step + (block * n_in + first_channel) * width
                        clear_row(ahead(own, row), channels * width)
                bias_sums = ahead(own, points * sum_step)
                if first_channel == 0 and last > first:
                    clear_row(ahead(bias_sums, first * width), (last - first) * width)
                first_place, last_place = share(places, ONE, half, HALVES)
                sum_places(
                    own,
                    bias_sums,
                    dY,
                    X,
                    at(scratch, part * size),
                    height,
                    across,
                    out_height,
                    out_across,
                    padding_y,
                    padding_x,
                    together,
                    n_in,
                    n_out,
                    first_place,
                    last_place if last > first else first_place,
                    first,
                    last,
                    first_channel,
                    last_channel,
                )

    return convolution_patches_weight_sums


@factory
def weight_backward_of(forms: Forms) -> Kernel:
    """The block that makes a convolution's gradients of both halves' sums."""
    points, room = forms.points, room_for(forms.points)
    collect_gradients = collect_weights_of(forms)

    @njit(parallel=True)
    def convolution_patches_weight_backward(
        dweight: Any,
        dbias: Any,
        sums: Any,
        n_in: int,
        n_out: int,
        add: int,
        first_block: int,
        last_block: int,
        first_channel: int,
        last_channel: int,
    ) -> None:
        """dW[i, j, k, u] = (Gᵀ M G)[i, j], with M[k, u] of both halves, and db[u].

        Writes the flat dweight (rows, columns, n_in, n_out), the given blocks of units and
        channels, and with the first of those dbias (n_out,), or adds to them where ``add``; reads
        sums (halves, size), those of dY behind the others. Each parallel iteration owns a block of
        units.
        """
        for block in prange(first_block, last_block):
            n = lanes(dweight)
            width, both = VECTORS * n, registers(dweight, room)
            unit, sum_step = block * width, ((n_out + width - 1) // width * n_in + ONE) * width
            first, second = at(sums, 0), at(sums, sums.shape[1])
            for u in range(0, min(width, n_out - unit), n):
                count = min(n, n_out - unit - u)
                for k in range(first_channel, last_channel):
                    place = (block * n_in + k) * width + u
                    for point in range(points):
                        m = place + point * sum_step
                        store(both, point * n, load(first, m) + load(second, m))
                    dw = at(dweight, k * n_out + unit + u)
                    collect_gradients(dw, n_in * n_out, both, n, count, add)
                if first_channel == 0:
                    place, db = points * sum_step + unit + u, at(dbias, unit + u)
                    total = load(first, place) + load(second, place)
                    if add:
                        total = load_some(db, 0, count) + total
                    store_some(db, 0, total, count)

    return convolution_patches_weight_backward
