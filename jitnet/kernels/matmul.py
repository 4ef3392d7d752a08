"""The register tile, and the products of a dense layer made of it.

Every product is C[r, c] = Σ A[r, k] B[k, c]: A is read number by number through two strides, so
that one loop serves a matrix and its transpose; B is a panel, VECTORS vectors wide and contiguous
over k. The tile's sums stay in registers from the first k to the last. Where A jumps, to the next
panel, the lines there are asked for a jump ahead: nothing where they are near, and 0.92 of the
tile's speed instead of 0.79 where they come from afar. Asking for the next tile's lines, one a k,
changed nothing at mnist512 and cost 5 % at deep.
"""

from __future__ import annotations

from typing import Any

from jitnet.kernels.cpu import TILES, VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import LINE_BYTES, ahead, prefetch, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, load_some, splat, store, store_some
from jitnet.kernels.typed import ONE, ZERO

TALL, LOW = ((ZERO,) * rows for rows in TILES)
HALF = (ZERO,) * 6
"""Tuples as long as a tile is tall: their length is a constant to the compiler."""


MOST_OFFSETS = 6


@njit
def _row(r: int, last: int, rows: Any) -> int:
    """A tile's row r, or the last one that there is.

    As the compiler cannot see through it, the rows' offsets stay in registers. Else it walks from
    row to row by additions, a chain as long as a sum's, which cost 5 to 8 % with six rows. Twelve
    offsets are more than there are registers, and twelve rows leave time for the chain.
    """
    return r if len(rows) > MOST_OFFSETS or r == 0 else min(r, last)


@njit(inline=True)
def add_products(
    sums: Any, A: Any, B: Any, a_row: int, a_step: int, terms: int, last: int, rows: Any
) -> None:
    """sums[r, c] += A[r, k] B[k, c] over so many k: the loop in which the time is spent."""
    width = lanes(sums)
    for k in range(terms):
        for r in range(len(rows)):
            x = splat(sums, A[_row(r, last, rows) * a_row + k * a_step])
            for v in range(VECTORS):
                i = (r * VECTORS + v) * width
                store(sums, i, fma(x, load(B, (k * VECTORS + v) * width), load(sums, i)))


@njit
def multiply_tile(
    C: Any,
    A: Any,
    B: Any,
    c_row: int,
    a_row: int,
    a_step: int,
    a_jump: int,
    b_jump: int,
    terms: int,
    depth: int,
    columns: int,
    add: bool,
    last: int,
    rows: Any,
) -> None:
    """C[r, c] = Σ_k A[r, k] B[k, c] for ``len(rows)`` rows, added to C where ``add``.

    The sum has ``terms``; ``a_row`` and ``a_step`` are the strides of A over r and k, and after
    each ``depth`` terms A and B move on by ``a_jump`` and ``b_jump``. Columns of C from ``columns``
    on are neither read nor written. What is behind row ``last`` of a low tile is that row again.
    """
    sums = registers(C, rows)
    width = lanes(C)
    whole, line = columns >= VECTORS * width, width * LINE_BYTES // VECTOR_BYTES
    for r in range(len(rows)):
        row = _row(r, last, rows)
        for v in range(VECTORS):
            i, c = (r * VECTORS + v) * width, row * c_row + v * width
            if not add:
                store(sums, i, splat(C, 0.0))
            elif whole:
                store(sums, i, load(C, c))
            else:
                store(sums, i, load_some(C, c, columns - v * width))
    while terms > 0:
        if a_step == 1 and terms > depth > 1 and len(rows) == len(TALL):
            for r in range(len(rows)):
                for i in range(0, VECTORS * width, line):
                    prefetch(A, a_jump + r * a_row + i)
        # A constant a_step had 3 × 3 × 32 → 64 gain 7 to 10 % on AVX2. A constant a_row had steps
        # of dense networks gain -2 to 2.5 %, and a first fit compile 2 % longer.
        if a_step == 1:
            add_products(sums, A, B, a_row, ONE, min(depth, terms), last, rows)
        else:
            add_products(sums, A, B, a_row, a_step, min(depth, terms), last, rows)
        A, B, terms = ahead(A, a_jump), ahead(B, b_jump), terms - depth
    for r in range(len(rows)):
        row = _row(r, last, rows)
        for v in range(VECTORS):
            i, c = (r * VECTORS + v) * width, row * c_row + v * width
            if whole:
                store(C, c, load(sums, i))
            else:
                store_some(C, c, load(sums, i), columns - v * width)


@njit
def multiply_rows(
    C: Any,
    A: Any,
    B: Any,
    c_row: int,
    a_tile: int,
    a_row: int,
    a_step: int,
    a_jump: int,
    b_jump: int,
    terms: int,
    depth: int,
    columns: int,
    add: bool,
    first: int,
    last: int,
    low: Any,
) -> None:
    """``multiply_tile`` for the rows first … last: tall tiles, and ``low`` ones for what is left.

    Tall tiles begin at multiples of their height, ``a_tile`` elements of A apart.
    """
    r = first
    while r < last:
        inside = r % len(TALL)
        c, a = ahead(C, r * c_row), ahead(A, r // len(TALL) * a_tile + inside * a_row)
        if inside == 0 and last - r >= len(TALL):
            end = len(TALL) - 1
            multiply_tile(
                c, a, B, c_row, a_row, a_step, a_jump, b_jump, terms, depth, columns, add, end, TALL
            )
            r += len(TALL)
        else:
            count = min(len(low), min(len(TALL) - inside, last - r))
            end = count - 1
            multiply_tile(
                c, a, B, c_row, a_row, a_step, a_jump, b_jump, terms, depth, columns, add, end, low
            )
            r += count


PACKED_LAYER = 1 << 15
"""Weights from which on a packed copy pays. At 256 × 256 it takes a quarter of the time of a
forward product of 32 examples; on a small second level of the cache the product gains that, on a
large one it begins to gain at 512 × 512. Weights that are fewer are near however they lie."""


def packed_shape(n_rows: int, n_lanes: int) -> tuple[int, int, int]:
    """Shape of a layer's packed weights; without tiles where the weights are read as they lie.

    The row more than needed keeps tiles off 4 KiB strides.
    """
    tiles = -(-n_lanes // len(TALL)) if n_rows * n_lanes >= PACKED_LAYER else 0
    return tiles, n_rows + 1, len(TALL)


def tile_for_rest(rows: int) -> tuple[int, ...]:
    """The low tile that wastes the least behind so many rows' tall ones."""
    return HALF if rows % len(TALL) in (5, 6) else LOW


def padded_rows(rows: int) -> int:
    """Rows that tiles compute for so many, with those for nothing."""
    low = len(tile_for_rest(rows))
    whole = rows // len(TALL) * len(TALL)
    return whole + -(-(rows - whole) // low) * low
