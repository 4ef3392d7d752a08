"""The register tile multiplies every ragged piece, and writes nothing beside it.

The factors are small whole numbers, so that every sum is exact and nothing may differ.
"""

from typing import Any

import numpy as np
import pytest

from jitnet.kernels.cpu import TILES
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import multiply_rows
from jitnet.kernels.panels import panel_width

Array = np.ndarray[Any, Any]

GUARD = -777.0
"""What stands where nothing may be written."""

MOST_ROWS = 30
DTYPES = ["float32", "float64"]
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


@njit(entry=True)
def multiply_kernel(
    C: Any,
    start: int,
    A: Any,
    B: Any,
    c_row: int,
    a_row: int,
    a_step: int,
    a_jump: int,
    b_jump: int,
    jumps: int,
    depth: int,
    columns: int,
    add: bool,
    rows: int,
) -> None:
    c, a, b = at(C, start), at(A, 0), at(B, 0)
    multiply_rows(c, a, b, c_row, a_row, a_step, a_jump, b_jump, jumps, depth, columns, add, rows)


class Product:
    """C (rows, columns) within guards, and the product that belongs into it.

    A is (jumps, rows, depth) and B (jumps, depth, width) with a gap after each jump.
    """

    def __init__(
        self, rng: np.random.Generator, dtype: str, rows: int, depth: int, jumps: int, order: str
    ) -> None:
        self.rows, self.depth, self.jumps = rows, depth, jumps
        self.width = panel_width(dtype)
        self.start, self.c_row = self.width, 2 * self.width + 3
        self.A = rng.integers(-4, 5, (jumps, rows * depth + 5)).astype(dtype)
        self.B = rng.integers(-4, 5, (jumps, depth * self.width + self.width)).astype(dtype)
        self.C = rng.integers(-4, 5, (rows, self.width)).astype(dtype)
        self.a_row, self.a_step = (depth, 1) if order == "C" else (1, rows)
        factors = self.A[:, : rows * depth]
        if order == "C":
            left = factors.reshape(jumps, rows, depth)
        else:
            left = factors.reshape(jumps, depth, rows).transpose(0, 2, 1)
        right = self.B[:, : depth * self.width].reshape(jumps, depth, self.width)
        self.product = np.einsum("jrk,jkc->rc", left, right)

    def check(self, columns: int, add: bool) -> None:
        """Multiply into a part of C, and compare it and all around it."""
        expected = np.full(self.start + self.rows * self.c_row + self.width, GUARD, self.C.dtype)
        actual = expected.copy()
        for row in range(self.rows):
            place = self.start + row * self.c_row
            before = self.C[row, :columns]
            actual[place : place + columns] = before
            after = self.product[row, :columns]
            expected[place : place + columns] = before + after if add else after
        steps = self.c_row, self.a_row, self.a_step, self.A.shape[1], self.B.shape[1]
        multiply_kernel(
            actual,
            self.start,
            self.A.ravel(),
            self.B.ravel(),
            *steps,
            self.jumps,
            self.depth,
            columns,
            add,
            self.rows,
        )
        message = f"rows {self.rows}, columns {columns}, depth {self.depth}, add {add}"
        np.testing.assert_array_equal(actual, expected, err_msg=message)


@each_dtype
@pytest.mark.parametrize("add", [False, True], ids=["overwrites", "adds"])
def test_every_number_of_rows_and_columns(dtype: str, add: bool, rng: np.random.Generator) -> None:
    for rows in range(1, MOST_ROWS + 1):
        product = Product(rng, dtype, rows, depth=3, jumps=1, order="C")
        for columns in range(1, product.width + 1):
            product.check(columns, add)


@each_dtype
@pytest.mark.parametrize("order", ["C", "F"], ids=["as it lies", "transposed"])
def test_every_depth_of_a_matrix_and_its_transpose(
    dtype: str, order: str, rng: np.random.Generator
) -> None:
    for rows in (1, *TILES, sum(TILES)):
        for depth in (*range(1, 18), 100):
            product = Product(rng, dtype, rows, depth, jumps=1, order=order)
            product.check(product.width, add=False)
            product.check(product.width - 1, add=True)


@each_dtype
@pytest.mark.parametrize("jumps", [1, 2, 7])
def test_sums_go_on_over_jumps(dtype: str, jumps: int, rng: np.random.Generator) -> None:
    for rows in range(1, TILES[0] + 2):
        product = Product(rng, dtype, rows, depth=panel_width(dtype), jumps=jumps, order="F")
        product.check(product.width, add=False)
        product.check(min(5, product.width), add=True)


@each_dtype
def test_no_depth_gives_zeros_or_leaves_what_was_there(
    dtype: str, rng: np.random.Generator
) -> None:
    product = Product(rng, dtype, rows=5, depth=0, jumps=1, order="C")
    product.check(product.width, add=False)
    product.check(product.width, add=True)


def test_the_numbers_of_rows_reach_every_tile_and_what_is_left_of_it() -> None:
    assert 2 * max(TILES) <= MOST_ROWS
    assert TILES[-1] == 1
