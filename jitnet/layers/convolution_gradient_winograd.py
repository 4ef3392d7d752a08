"""A convolution's gradients by Winograd's way.

dW = Gᵀ [Σ (A dY Aᵀ) * (Bᵀ X B)] G, with the sum over examples and patches, is a matrix product for
each point (``jitnet.layers.winograd_sums``). It is made of two halves, always, so that two workers
spread each patch but once: with units divided instead, networks took 1.03 to 1.14 times as long.
With vectors of 32 bytes windows of 3 × 3, of 12 to 256 channels, had 1.2 to 1.7 times the speed of
``jitnet.layers.convolution_gradient_turned``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.matmul import LOW, padded_rows, tile_for_rest
from jitnet.kernels.panels import clear_row
from jitnet.kernels.simd import lanes, load, load_some, store, store_some
from jitnet.kernels.team import share
from jitnet.kernels.typed import ONE, ZERO
from jitnet.layers.layer import Cut, Operation, Room
from jitnet.layers.window import Window
from jitnet.layers.winograd import Forms, collect_weights_of, room_for
from jitnet.layers.winograd_sums import sums_of_places

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


@factory
def sums_of(forms: Forms, low: tuple[int, ...]) -> Kernel:
    """The block of both halves' sums; ``low`` tiles take what is left of the channels."""
    points, high, sum_places = forms.points, forms.down.outputs, sums_of_places(forms, low)

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
