"""Products with a layer's weights, and of what its weights' gradient is made.

The weights are a flat matrix, rows by lanes. A product that sums along its rows reads them as they
lie. One that sums over the rows would find a page or half of one between two weights: it reads a
packed copy, (tiles, rows + 1, height of a tile), in which the weights of a tile follow one another.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import LOW, TALL, multiply_rows
from jitnet.kernels.panels import to_rows
from jitnet.kernels.simd import lanes, load, store
from jitnet.kernels.typed import ONE, ZERO

HEIGHT = np.int64(len(TALL))

DEPTH = np.int64((64 << 10) // (VECTORS * VECTOR_BYTES))
"""Terms of a sum whose side of a panel, 64 KiB, stays in the core's cache while all tiles read it.
Twice as many cost 2 to 9 % with vectors of 64 bytes, a quarter 2 % with vectors of 32."""

PACKED_AT_ONCE = np.int64(16)
"""Rows of weights that are packed tile by tile: with one by one, packing took twice as long."""


@njit(parallel=True)
def pack_weights(packed: Any, weight: Any, first_row: int, last_row: int) -> None:
    """packed[t, r, i] = weight[r, t h + i] for tiles of h rows.

    Writes packed (tiles, n_rows + 1, h), the given rows of it; reads the flat weight
    (n_rows, n_lanes). Each parallel iteration owns some rows.
    """
    tiles, n_rows = packed.shape[0], packed.shape[1] - 1
    n_lanes = weight.size // n_rows
    for part in prange((last_row - first_row + PACKED_AT_ONCE - 1) // PACKED_AT_ONCE):
        first = first_row + part * PACKED_AT_ONCE
        rows = min(PACKED_AT_ONCE, last_row - first)
        for tile in range(tiles):
            target = at(packed, (tile * (n_rows + 1) + first) * HEIGHT)
            source = at(weight, first * n_lanes + tile * HEIGHT)
            left = min(HEIGHT, n_lanes - tile * HEIGHT)
            vectors = rows - 1 if left == HEIGHT else ZERO  # they write into the next row
            for r in range(vectors):
                for i in range(0, HEIGHT, lanes(target)):
                    store(target, r * HEIGHT + i, load(source, r * n_lanes + i))
            for r in range(vectors, rows):
                for i in range(left):
                    target[r * HEIGHT + i] = source[r * n_lanes + i]


NEAR_WEIGHTS: Any = np.int64(1 << 16)
"""Weights that all panels read before the next ones, 256 KiB in float32. Where each panel read all
of 16 MiB, from memory, forward had half of the tile's speed on Zen 5, not 0.87."""


@njit
def rows_at_once(terms: int) -> int:
    """Rows of a product, of sums of so many terms, whose weights stay near."""
    rows: int = max(HEIGHT, NEAR_WEIGHTS // terms // HEIGHT * HEIGHT)
    return rows


@njit
def multiply_weights(
    C: Any,
    B: Any,
    weight: Any,
    packed: Any,
    over_rows: bool,
    first_row: int,
    n_rows: int,
    terms: int,
    n_lanes: int,
    add: bool,
    first: int,
    last: int,
) -> None:
    """C[r, i] = Σ_k w B[k, i], added to C where ``add``, for r of first … last and ``terms`` k.

    The sum goes over the weight's rows, w = weight[first_row + k, r], or along them, w =
    weight[first_row + r, k]. To read rows in jumps, their next lines asked for, gained 4 % at 512
    units and lost 3 % at 2048.
    """
    row: Any
    step: Any
    width = VECTORS * lanes(C)
    if not over_rows:
        A, tile, row, step = at(weight, first_row * terms), HEIGHT * terms, terms, ONE
    elif packed.size > 0:
        A, tile, row, step = at(packed, first_row * HEIGHT), HEIGHT * (n_rows + 1), ONE, HEIGHT
    else:
        A, tile, row, step = at(weight, first_row * n_lanes), HEIGHT, ONE, n_lanes
    for k in range(0, terms, DEPTH):
        a, b, depth = ahead(A, k * step), ahead(B, k * width), min(DEPTH, terms - k)
        again = add or k > 0
        multiply_rows(
            C,
            a,
            b,
            width,
            tile,
            row,
            step,
            ZERO,
            ZERO,
            depth,
            depth,
            width,
            again,
            first,
            last,
            LOW,
        )


EXAMPLES_AT_ONCE, NUMBERS_AT_ONCE = np.int64(512), np.int64(12 << 10)
"""How far the sums of the weights' gradient go at a time, and how much of the other side is read
by one block after the other: so much stays near. Without that wide had 0.82 of the tile's speed
instead of 0.94. With the turned side laid out before, for all blocks, it had 0.83, as that is then
fetched from afar; copying the other side, tile by tile, cost 2 % at 16 blocks and 8 % at 4."""


@njit
def multiply_examples(
    C: Any,
    A: Any,
    B: Any,
    panels: int,
    n_rows: int,
    n_lanes: int,
    a_panel: int,
    b_panel: int,
    room: Any,
    size: int,
    examples: int,
    depth: int,
    first_row: int,
    last_row: int,
    first_block: int,
    last_block: int,
    add: bool,
) -> None:
    """C[r, c] = Σ_i A[r, i] B[c, i], or added to it, for pointers to panels A and B.

    Those have ``n_rows`` and ``n_lanes`` rows, and lie ``a_panel`` and ``b_panel`` elements apart;
    blocks of B are turned in the room, which has a size. Of each panel ``depth`` examples count,
    and of all so many.
    """
    width = VECTORS * lanes(C)
    at_once = EXAMPLES_AT_ONCE // width
    for p in range(0, panels, at_once):
        count = min(at_once, panels - p)
        a, b, block_size = ahead(A, p * a_panel), ahead(B, p * b_panel), count * width * width
        group, terms = size // block_size, min(count * depth, examples - p * depth)
        chunk = max(ONE, NUMBERS_AT_ONCE // (count * width * HEIGHT)) * HEIGHT
        for first in range(first_block, last_block, group):
            last = min(first + group, last_block)
            for block in range(first, last):
                rows = ahead(room, (block - first) * block_size)
                to_rows(rows, b, n_lanes, b_panel, block * width, count)
            for row in range(first_row, last_row, chunk):
                for block in range(first, last):
                    multiply_rows(
                        ahead(C, block * width),
                        a,
                        ahead(room, (block - first) * block_size),
                        n_lanes,
                        HEIGHT * width,
                        width,
                        ONE,
                        a_panel,
                        width * width,
                        terms,
                        depth,
                        min(width, n_lanes - block * width),
                        add or p > 0,
                        row,
                        min(row + chunk, last_row),
                        LOW,
                    )
