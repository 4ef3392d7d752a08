"""Products with a part of a layer's weights, and sums of their gradients, wherever they lie.

Factors are small whole numbers, so that every sum is exact and nothing may differ. The blocks of
layers that multiply by all weights at once are tested with those (``layers/test_dense.py``).
"""

from typing import Any

import numpy as np
import pytest

from jitnet.kernels import weights
from jitnet.kernels.cpu import TILES
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import panel_width, room_size

Array = np.ndarray[Any, Any]

TALL = TILES[0]
GUARD = -777.0
"""What stands where nothing may be written."""

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
adds = pytest.mark.parametrize("add", [False, True], ids=["overwrites", "adds"])

pack = weights.pack_weights.serial


@njit(entry=True)
def pack_kernel(packed: Any, weight: Any, first: int, last: int) -> None:
    pack(packed, weight, first, last)


@njit(entry=True)
def multiply_weights_kernel(
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
    weights.multiply_weights(
        at(C, 0),
        at(B, 0),
        weight,
        packed,
        over_rows,
        first_row,
        n_rows,
        terms,
        n_lanes,
        add,
        first,
        last,
    )


@njit(entry=True)
def multiply_examples_kernel(
    C: Any,
    A: Any,
    B: Any,
    counts: Any,
    n_lanes: int,
    a_panel: int,
    b_panel: int,
    room: Any,
    examples: Any,
    rows: Any,
    blocks: Any,
    add: bool,
) -> None:
    weights.multiply_examples(
        at(C, 0),
        at(A, 0),
        at(B, 0),
        counts[0],
        counts[1],
        n_lanes,
        a_panel,
        b_panel,
        at(room, 0),
        room.size,
        examples[0],
        examples[1],
        rows[0],
        rows[1],
        blocks[0],
        blocks[1],
        add,
    )


def whole_numbers(rng: np.random.Generator, dtype: str, *shape: int) -> Array:
    return rng.integers(-4, 5, shape).astype(dtype)


SHAPES = [(1, 1), (3, 4), (7, 21), (TALL, 3 * TALL), (TALL + 1, 4 * TALL - 1), (40, 120)]
"""Units of a direction, and lanes of its weights."""


@each_dtype
@adds
@pytest.mark.parametrize("packs", [False, True], ids=["read as they lie", "packed"])
@pytest.mark.parametrize(("units", "lanes"), SHAPES)
def test_the_rows_of_one_direction_multiply_a_state(
    units: int, lanes: int, packs: bool, add: bool, dtype: str, rng: np.random.Generator
) -> None:
    """C = Wᵀ B over the rows of each direction, and of any part of the lanes."""
    width, directions = panel_width(dtype), 2
    W = whole_numbers(rng, dtype, directions * units, lanes)
    packed = np.full((-(-lanes // TALL) if packs else 0, len(W) + 1, TALL), GUARD, dtype)
    if packs:
        pack_kernel(packed, W.reshape(-1), 0, len(W))
    B, before = whole_numbers(rng, dtype, units, width), whole_numbers(rng, dtype, lanes, width)
    for direction in range(directions):
        own = W[direction * units : (direction + 1) * units]
        expected = own.T @ B + add * before
        for first, last in ((0, lanes), (lanes // 3, lanes - lanes // 4)):
            C = before.copy()
            sizes = direction * units, len(W), units, lanes
            multiply_weights_kernel(
                C.reshape(-1), B.reshape(-1), W.reshape(-1), packed, True, *sizes, add, first, last
            )
            np.testing.assert_array_equal(C[first:last], expected[first:last])
            C[first:last] = before[first:last]
            np.testing.assert_array_equal(C, before)


@each_dtype
@adds
@pytest.mark.parametrize(("units", "lanes"), [*SHAPES, (3, int(weights.DEPTH) + 3)])
def test_the_rows_of_one_direction_multiply_gradients(
    units: int, lanes: int, add: bool, dtype: str, rng: np.random.Generator
) -> None:
    """C = W B along the lanes, for the rows of each direction or a part of them."""
    width, directions = panel_width(dtype), 2
    W = whole_numbers(rng, dtype, directions * units, lanes)
    B, before = whole_numbers(rng, dtype, lanes, width), whole_numbers(rng, dtype, units, width)
    for direction in range(directions):
        expected = W[direction * units : (direction + 1) * units] @ B + add * before
        for first, last in ((0, units), (units // 3, units - units // 4)):
            C = before.copy()
            sizes = direction * units, len(W), lanes, lanes
            none = np.empty((0, 1, TALL), dtype)
            multiply_weights_kernel(
                C.reshape(-1), B.reshape(-1), W.reshape(-1), none, False, *sizes, add, first, last
            )
            np.testing.assert_array_equal(C[first:last], expected[first:last])
            C[first:last] = before[first:last]
            np.testing.assert_array_equal(C, before)


@each_dtype
@adds
@pytest.mark.parametrize("panels", [1, 3, None], ids=["one panel", "three", "more than at once"])
@pytest.mark.parametrize(("rows", "lanes"), SHAPES[:-1])
def test_gradients_are_summed_over_panels_that_lie_apart(
    rows: int, lanes: int, panels: int | None, add: bool, dtype: str, rng: np.random.Generator
) -> None:
    """C = Σ A Bᵀ over examples whose panels have other rows before and behind.

    All lanes of a panel count, or the first of each, or in the last panel fewer.
    """
    width = panel_width(dtype)
    panels = panels or 2 * int(weights.EXAMPLES_AT_ONCE) // width + 1
    A, B = (whole_numbers(rng, dtype, panels, n + 3, width) for n in (rows, lanes))
    for depth, missing in ((width, 0), (width, 3), (width - 1, 0), (width - 1, 2)):
        counted = np.zeros((panels, width), dtype)
        counted[:, :depth] = 1
        counted[-1, depth - missing :] = 0
        product = np.einsum(
            "pri,pci,pi->rc", A[:, 1 : rows + 1], B[:, 2 : lanes + 2], counted, optimize=True
        )
        before = whole_numbers(rng, dtype, rows, lanes)
        expected, blocks = product + add * before, -(-lanes // width)
        room = np.full(room_size(dtype), GUARD, dtype)
        for (r0, r1), (b0, b1) in (
            ((0, rows), (0, blocks)),
            ((rows // 3, rows - rows // 4), (blocks // 2, blocks)),
        ):
            C = before.copy()
            multiply_examples_kernel(
                C.reshape(-1),
                A.reshape(-1)[width:],
                B.reshape(-1)[2 * width :],
                (panels, rows),
                lanes,
                A[0].size,
                B[0].size,
                room,
                (panels * depth - missing, depth),
                (r0, r1),
                (b0, b1),
                add,
            )
            part = slice(r0, r1), slice(b0 * width, b1 * width)
            np.testing.assert_array_equal(C[part], expected[part])
            C[part] = before[part]
            np.testing.assert_array_equal(C, before)
