"""The register tile multiplies every ragged piece, and writes nothing beside it.

The factors are small whole numbers, so that every sum is exact and nothing may differ.
"""

from typing import Any

import numpy as np
import pytest

from jitnet.kernels.cpu import TILES
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import LOW, multiply_rows
from jitnet.kernels.panels import panel_width

Array = np.ndarray[Any, Any]

GUARD = -777.0
"""What stands where nothing may be written."""

MOST_ROWS, TALL = 30, TILES[0]
DTYPES = ["float32", "float64"]
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@njit(entry=True)
def multiply_kernel(
    C: Any,
    start: int,
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
) -> None:
    c, a, b = at(C, start), at(A, 0), at(B, 0)
    multiply_rows(
        c,
        a,
        b,
        c_row,
        a_tile,
        a_row,
        a_step,
        a_jump,
        b_jump,
        terms,
        depth,
        columns,
        add,
        first,
        last,
        LOW,
    )


def in_tiles(A: Array) -> Array:
    """(jumps, rows, depth) as tiles, each with its numbers of one k side by side."""
    jumps, rows, depth = A.shape
    tiles = -(-rows // TALL)
    padded = np.full((jumps, tiles * TALL, depth), GUARD, A.dtype)
    padded[:, :rows] = A
    return padded.reshape(jumps, tiles, TALL, depth).transpose(0, 1, 3, 2).reshape(jumps, -1)


class Product:
    """C (rows, columns) within guards, and the product that belongs into it.

    A is (jumps, rows, depth) and B (jumps, depth, width) with a gap after each jump; some of the
    last terms may be missing from the sum.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        dtype: str,
        rows: int,
        depth: int,
        jumps: int,
        order: str,
        missing: int = 0,
    ) -> None:
        self.rows, self.depth, self.terms = rows, depth, jumps * depth - missing
        self.width = panel_width(dtype)
        self.start, self.c_row = self.width, 2 * self.width + 3
        left = rng.integers(-4, 5, (jumps, rows, depth)).astype(dtype)
        right = rng.integers(-4, 5, (jumps, depth, self.width)).astype(dtype)
        laid, self.strides = {
            "as it lies": (left.reshape(jumps, -1), (TALL * depth, depth, 1)),
            "transposed": (left.transpose(0, 2, 1).reshape(jumps, -1), (TALL, 1, rows)),
            "in tiles": (in_tiles(left), (TALL * depth, 1, TALL)),
        }[order]
        gap = np.full((jumps, 5), GUARD, dtype)
        self.A = np.concatenate((laid, gap), 1)
        self.B = np.concatenate((right.reshape(jumps, -1), gap), 1)
        self.C = rng.integers(-4, 5, (rows, self.width)).astype(dtype)
        left = left.transpose(1, 0, 2).reshape(rows, -1)[:, : self.terms]
        self.product = left @ right.reshape(-1, self.width)[: self.terms]

    def check(self, columns: int, add: bool, first: int = 0, last: int | None = None) -> None:
        """Multiply into a part of C, and compare it and all around it."""
        last = self.rows if last is None else last
        expected = np.full(self.start + self.rows * self.c_row + self.width, GUARD, self.C.dtype)
        actual = expected.copy()
        for row in range(first, last):
            place = self.start + row * self.c_row
            before = self.C[row, :columns]
            actual[place : place + columns] = before
            after = self.product[row, :columns]
            expected[place : place + columns] = before + after if add else after
        steps = self.c_row, *self.strides, self.A.shape[1], self.B.shape[1]
        multiply_kernel(
            actual,
            self.start,
            self.A.ravel(),
            self.B.ravel(),
            *steps,
            self.terms,
            self.depth,
            columns,
            add,
            first,
            last,
        )
        message = f"rows {first}:{last} of {self.rows}, columns {columns}, depth {self.depth}"
        np.testing.assert_array_equal(actual, expected, err_msg=message)


@each_dtype
@pytest.mark.parametrize("add", [False, True], ids=["overwrites", "adds"])
def test_every_number_of_rows_and_columns(dtype: str, add: bool, rng: np.random.Generator) -> None:
    for rows in range(1, MOST_ROWS + 1):
        product = Product(rng, dtype, rows, depth=3, jumps=1, order="as it lies")
        for columns in range(1, product.width + 1):
            product.check(columns, add)


@each_dtype
@pytest.mark.parametrize("order", ["as it lies", "transposed", "in tiles"])
def test_every_depth_in_each_order(dtype: str, order: str, rng: np.random.Generator) -> None:
    for rows in (1, *TILES, sum(TILES)):
        for depth in (*range(1, 18), 100):
            product = Product(rng, dtype, rows, depth, jumps=1, order=order)
            product.check(product.width, add=False)
            product.check(product.width - 1, add=True)


@each_dtype
@pytest.mark.parametrize("order", ["as it lies", "in tiles"])
def test_every_part_of_the_rows(dtype: str, order: str, rng: np.random.Generator) -> None:
    product = Product(rng, dtype, rows=MOST_ROWS, depth=2, jumps=1, order=order)
    for first in range(MOST_ROWS):
        for last in range(first, MOST_ROWS + 1):
            product.check(product.width, False, first, last)


@each_dtype
@pytest.mark.parametrize("jumps", [1, 2, 7])
def test_sums_go_on_over_jumps(dtype: str, jumps: int, rng: np.random.Generator) -> None:
    for rows in range(1, TALL + 2):
        depth = panel_width(dtype)
        for missing in (0, 1, depth - 1):
            product = Product(rng, dtype, rows, depth, jumps, "transposed", missing)
            product.check(product.width, add=False)
            product.check(min(5, product.width), add=True)


@each_dtype
def test_no_depth_gives_zeros_or_leaves_what_was_there(
    dtype: str, rng: np.random.Generator
) -> None:
    product = Product(rng, dtype, rows=5, depth=0, jumps=1, order="as it lies")
    product.check(product.width, add=False)
    product.check(product.width, add=True)


def test_the_numbers_of_rows_reach_every_tile_and_what_is_left_of_it() -> None:
    assert 2 * max(TILES) <= MOST_ROWS
