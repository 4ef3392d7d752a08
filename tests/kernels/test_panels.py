"""Rows of X reach their panels from every type and layout, and panels turn into rows and back."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import SOURCES, gather_row, panel_width, to_columns, to_rows

Array = np.ndarray[Any, Any]

GUARD = -777.0
"""What stands where nothing may be written."""

each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])
each_source = pytest.mark.parametrize("source", SOURCES, ids=str)


@njit(entry=True)
def gather_kernel(target: Any, address: int, step: int, source: int, first: int, last: int) -> None:
    gather_row(at(target, 0), address, step, source, first, last)


@njit(entry=True)
def to_columns_kernel(columns: Any, rows: Any, first: int, last: int) -> None:
    to_columns(at(columns, 0), at(rows, 0), first, last)


@njit(entry=True)
def to_rows_kernel(rows: Any, columns: Any, first: int) -> None:
    panels, units, _ = columns.shape
    to_rows(at(rows, 0), at(columns, 0), units, units * columns.shape[-1], first, panels)


def in_bytes(row: Array) -> Array:
    """A row whose elements lie within records, on odd addresses."""
    records = np.zeros(row.size, np.dtype([("before", "u1"), ("value", row.dtype)]))
    records["value"] = row
    return records["value"]


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "contiguous": lambda row: row.copy(),
    "strided": lambda row: np.repeat(row, 3)[::3],
    "reversed": lambda row: row[::-1].copy()[::-1],
    "one number": lambda row: np.broadcast_to(row[:1], row.shape),
    "unaligned": in_bytes,
    "contiguous, unaligned": lambda row: np.frombuffer(b"\0" + row.tobytes(), np.uint8)[1:].view(
        row.dtype
    ),
}


def room_for(blocks: int, dtype: str) -> Array:
    """Row blocks in which nothing is written yet, each with the row more that it keeps."""
    width = panel_width(dtype)
    return np.full((blocks, width + 1, width), GUARD, dtype)


def blocks_of(rows: Array, width: int) -> Array:
    """(width, n) as row blocks, the last one filled up with what may not be read."""
    count = rows.shape[1]
    padded = np.full((width, -(-count // width) * width), GUARD, rows.dtype)
    padded[:, :count] = rows
    blocks = room_for(padded.shape[1] // width, rows.dtype.name)
    blocks[:, :width] = padded.reshape(width, -1, width).transpose(1, 0, 2)
    return blocks


@each_dtype
@each_source
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_row_of_every_type_and_layout_reaches_its_place(
    dtype: str, source: np.dtype[Any], layout: str, rng: np.random.Generator
) -> None:
    width = panel_width(dtype)
    for count in (1, 2, width - 1, width, width + 1, 3 * width - 2):
        row = LAYOUTS[layout](rng.integers(0, 256, count).astype(source))
        blocks = -(-count // width)
        target = room_for(blocks, dtype)
        gather_kernel(target.reshape(-1), row.ctypes.data, row.strides[0], source.type(0), 0, count)
        np.testing.assert_array_equal(target[:, 0].reshape(-1)[:count], row.astype(dtype))
        behind = target[:, 0].reshape(-1)[count:]
        assert set(behind.tolist()) <= {GUARD, 0.0}, "behind the row there may be zeros"
        np.testing.assert_array_equal(target[:, 1:], GUARD)


@each_dtype
@each_source
def test_nothing_behind_a_row_is_read(
    dtype: str, source: np.dtype[Any], last_bytes_of_memory: Array
) -> None:
    width = panel_width(dtype)
    for count in (*range(1, width + 2), 2 * width + 1):
        row = last_bytes_of_memory[-count * source.itemsize :].view(source)
        row[:] = np.arange(count)
        target = room_for(-(-count // width), dtype)
        place = row.ctypes.data, row.strides[0], source.type(0)
        gather_kernel(target.reshape(-1), *place, 0, count)
        np.testing.assert_array_equal(target[:, 0].reshape(-1)[:count], np.arange(count))


@each_dtype
def test_numbers_are_converted_like_numpys(dtype: str, rng: np.random.Generator) -> None:
    width = panel_width(dtype)
    largest = 2**62
    rows = [rng.normal(size=width) * 1e30, rng.integers(-largest, largest, width)]
    for row in rows:
        target = np.empty(width * width, dtype)
        step = row.strides[0]
        gather_kernel(target, row.ctypes.data, step, row.dtype.type(0), 0, width)
        np.testing.assert_array_equal(target[:width], row.astype(dtype))


@each_dtype
@each_source
def test_a_part_of_a_row_leaves_the_blocks_beside_it(
    dtype: str, source: np.dtype[Any], rng: np.random.Generator
) -> None:
    width = panel_width(dtype)
    row = rng.integers(0, 256, 4 * width).astype(source)
    target = room_for(4, dtype)
    expected = target.copy()
    first, last = width, 3 * width
    expected[1:3, 0] = row[first:last].reshape(2, width)
    gather_kernel(target.reshape(-1), row.ctypes.data, row.strides[0], source.type(0), first, last)
    np.testing.assert_array_equal(target, expected)


@each_dtype
def test_row_blocks_become_a_panel_of_any_height(dtype: str, rng: np.random.Generator) -> None:
    width = panel_width(dtype)
    for count in (*range(1, 2 * width + 2), 5 * width - 3):
        rows = rng.normal(size=(width, count)).astype(dtype)
        columns = np.full((count + width, width), GUARD, dtype)
        to_columns_kernel(columns.reshape(-1), blocks_of(rows, width).reshape(-1), 0, count)
        np.testing.assert_array_equal(columns[:count], rows.T)
        np.testing.assert_array_equal(columns[count:], GUARD)


@each_dtype
def test_a_part_of_the_blocks_becomes_a_part_of_the_panel(
    dtype: str, rng: np.random.Generator
) -> None:
    width = panel_width(dtype)
    rows = rng.normal(size=(width, 4 * width)).astype(dtype)
    columns = np.full((4 * width, width), GUARD, dtype)
    expected = columns.copy()
    first, last = width, 3 * width - 1
    expected[first:last] = rows.T[first:last]
    to_columns_kernel(columns.reshape(-1), blocks_of(rows, width).reshape(-1), first, last)
    np.testing.assert_array_equal(columns, expected)


@each_dtype
def test_a_block_of_units_of_panels_of_any_height_is_turned(
    dtype: str, rng: np.random.Generator
) -> None:
    width = panel_width(dtype)
    for units in (*range(1, 2 * width + 2), 5 * width - 3):
        columns = rng.normal(size=(3, units, width)).astype(dtype)
        for first in range(0, units, width):
            rows = np.full((3 * width + 1, width), GUARD, dtype)
            to_rows_kernel(rows.reshape(-1), columns, first)
            block = columns[:, first : first + width].transpose(0, 2, 1).reshape(3 * width, -1)
            np.testing.assert_array_equal(rows[:-1, : block.shape[1]], block)
            np.testing.assert_array_equal(rows[-1], GUARD)


@each_dtype
def test_nothing_behind_a_panel_is_read(dtype: str, last_bytes_of_memory: Array) -> None:
    width = panel_width(dtype)
    size = width * np.dtype(dtype).itemsize
    for units in range(1, last_bytes_of_memory.size // size + 1):
        columns = last_bytes_of_memory[-units * size :].view(dtype).reshape(1, units, width)
        columns[:] = np.arange(columns.size).reshape(columns.shape)
        first = (units - 1) // width * width
        rows = np.full((width, width), GUARD, dtype)
        to_rows_kernel(rows.reshape(-1), columns, first)
        np.testing.assert_array_equal(rows[:, : units - first], columns[0, first:].T)


@each_dtype
def test_there_and_back_is_where_one_was(dtype: str, rng: np.random.Generator) -> None:
    width = panel_width(dtype)
    for units in range(1, width + 1):
        columns = rng.normal(size=(1, units, width)).astype(dtype)
        rows = room_for(1, dtype)
        back = np.empty_like(columns)
        to_rows_kernel(rows.reshape(-1), columns, 0)
        to_columns_kernel(back.reshape(-1), rows.reshape(-1), 0, units)
        np.testing.assert_array_equal(back, columns)
