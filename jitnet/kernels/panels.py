"""The layout of a batch: panels of examples side by side, one row a feature.

A panel holds as many examples as a register tile has columns, so an array of a layer is
(panels, units, width), and a unit's row of a panel is VECTORS vectors. Forward and backward
products then read their right-hand side as it lies. The weights' gradient sums over examples, and
turns one side block by block. A batch is gathered by way of row blocks, (blocks, width + 1, width),
each the transpose of a block of a panel; the row more than needed keeps blocks off 4 KiB strides,
which fall onto the same lines of the cache (gathering took twice as long).

Examples missing in the last panel repeat the last one, with weight 0.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import ahead, compiled_as
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import (
    lanes,
    load,
    load_some,
    splat,
    store,
    store_some,
    transpose_square,
)

SOURCES = tuple(map(np.dtype, (np.float32, np.float64, np.uint8, np.int64)))
"""Element types that are read where they lie; others are converted before."""


def panel_width(dtype: Any) -> int:
    """Examples in a panel."""
    return VECTORS * VECTOR_BYTES // int(np.dtype(dtype).itemsize)


TURNED_ROWS = 4096
"""Rows of a panel's width that a worker has room for: some blocks of 512 examples, turned."""


def room_size(dtype: Any) -> int:
    """Numbers that a worker has room for when it turns panels."""
    return TURNED_ROWS * panel_width(dtype)


def _read_meaning(address: int, like: Any) -> Any:
    raw = (ctypes.c_uint8 * like.itemsize).from_address(int(address))
    return np.frombuffer(bytes(raw), np.dtype(like.dtype))[0]


@compiled_as(_read_meaning)
def read(context: Any, address: Any, like: Any) -> Any:
    """The element of ``like``'s type at an address in bytes."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        pointer = b.inttoptr(a[0], c.get_value_type(like).as_pointer())
        return b.load(pointer, align=1)

    return like(types.int64, like), emit


def _pointer_meaning(like: Any, address: int) -> Any:
    raw = (ctypes.c_uint8 * (1 << 40)).from_address(int(address))
    return np.frombuffer(memoryview(raw), np.dtype(like.dtype))


@compiled_as(_pointer_meaning)
def pointer_like(context: Any, like: Any, address: Any) -> Any:
    """A pointer of ``like``'s type to an address in bytes."""
    return like(like, types.int64), lambda c, b, s, a: b.inttoptr(a[1], a[0].type)


@compiled_as(lambda like: like.itemsize)
def element_size(context: Any, like: Any) -> Any:
    """Bytes of an element, a constant to the compiler."""
    size = like.dtype.bitwidth // 8
    return types.int64(like), lambda c, b, s, a: ir.Constant(ir.IntType(64), size)


@compiled_as(lambda like: like.itemsize)
def bytes_of(context: Any, like: Any) -> Any:
    """Bytes of a number of ``like``'s type, a constant to the compiler."""
    size = like.bitwidth // 8
    return types.int64(like), lambda c, b, s, a: ir.Constant(ir.IntType(64), size)


@compiled_as(lambda pointer, like: pointer.dtype == like.dtype)
def is_of(context: Any, pointer: Any, like: Any) -> Any:
    """Whether a pointer's elements have a number's type, a constant to the compiler."""
    same = int(pointer.dtype == like)
    return types.boolean(pointer, like), lambda c, b, s, a: ir.Constant(ir.IntType(1), same)


@njit
def row_block(unit: int, width: int) -> int:
    """Where the row block of a unit begins, in elements of its panel."""
    return unit // width * (width + 1) * width


@njit
def _copy_row(target: Any, address: int, step: int, first: int, last: int, like: Any) -> None:
    """Elements first … last of a row, ``step`` bytes apart, into the row's place in its blocks."""
    width = VECTORS * lanes(target)
    for k in range(first, last):
        target[row_block(k, width) + k % width] = read(address + k * step, like)


@njit
def copy_row(target: Any, source: Any, first: int, last: int) -> None:
    """Contiguous elements first … last of a row, of the target's type, to its place in row blocks.

    ``first`` is on a vector's edge.
    """
    n = lanes(target)
    width = VECTORS * n
    whole = last - (last - first) % n
    for k in range(first, whole, n):
        store(target, row_block(k, width) + k % width, load(source, k))
    if whole < last:
        place = row_block(whole, width) + whole % width
        store(target, place, load_some(source, whole, last - whole))


@njit
def gather_row(target: Any, address: int, step: int, like: Any, first: int, last: int) -> None:
    """Copy a row of X, of ``like``'s type and any layout, to its place in a panel's row blocks."""
    if is_of(target, like) and step == element_size(target):
        copy_row(target, pointer_like(target, address), first, last)
    else:
        _copy_row(target, address, step, first, last, like)


@njit
def add_to_blocks(blocks: Any, row: Any, count: int) -> None:
    """Add a row of so many units to what lies in row blocks."""
    n = lanes(row)
    width = VECTORS * n
    whole = count - count % width
    for first in range(0, whole, width):
        block = ahead(blocks, row_block(first, width))
        for u in range(0, width, n):
            store(block, u, load(block, u) + load(row, first + u))
    rest = ahead(blocks, row_block(whole, width))
    for u in range(whole, count, n):
        store(rest, u - whole, load(rest, u - whole) + load_some(row, u, count - u))


@njit
def clear_row(row: Any, count: int) -> None:
    """Zeros in a row of so many units."""
    n = lanes(row)
    whole = count - count % n
    for u in range(0, whole, n):
        store(row, u, splat(row, 0.0))
    if whole < count:
        store_some(row, whole, splat(row, 0.0), count - whole)


@njit
def add_to_row(row: Any, blocks: Any, count: int) -> None:
    """Add to a row of so many units what lies in row blocks."""
    n = lanes(row)
    width = VECTORS * n
    whole = count - count % width
    for first in range(0, whole, width):
        block = ahead(blocks, row_block(first, width))
        for u in range(0, width, n):
            store(row, first + u, load(row, first + u) + load(block, u))
    rest = ahead(blocks, row_block(whole, width))
    for u in range(whole, count, n):
        part = load(rest, u - whole)
        if count - u >= n:
            store(row, u, load(row, u) + part)
        else:
            store_some(row, u, load_some(row, u, count - u) + part, count - u)


@njit
def to_columns(columns: Any, rows: Any, first: int, last: int) -> None:
    """Row blocks to a panel: ``columns[k, i] = rows[k // width, i, k % width]``, k in first … last.

    ``first`` is a multiple of the width.
    """
    n = lanes(columns)
    width = VECTORS * n
    for k in range(first, last, n):
        block = ahead(rows, row_block(k, width) + k % width)
        if last - k >= n:
            for i in range(0, width, n):
                transpose_square(
                    ahead(columns, k * width + i), width, ahead(block, i * width), width, n
                )
        else:
            for j in range(last - k):
                for i in range(width):
                    columns[(k + j) * width + i] = block[i * width + j]


@njit
def to_rows(rows: Any, columns: Any, units: int, panel: int, first: int, panels: int) -> None:
    """A block of panels' units, turned: ``rows[p * width + i, u] = columns[p, first + u, i]``.

    Panels have so many units, and lie ``panel`` elements apart. Lanes behind the last of a panel's
    units hold no meaning.
    """
    n = lanes(columns)
    width = VECTORS * n
    for p in range(panels):
        source = ahead(columns, p * panel + first * width)
        for u in range(0, min(width, units - first), n):
            for i in range(0, width, n):
                transpose_square(
                    ahead(rows, (p * width + i) * width + u),
                    width,
                    ahead(source, u * width + i),
                    width,
                    units - 1 - first - u,
                )


@njit
def add_rows(total: Any, rows: Any, count: int, units: int) -> None:
    """total[u] += Σ_i rows[i, u], over so many rows of a panel's width."""
    for u in range(0, units, lanes(rows)):
        part = load_some(total, u, units - u)
        for i in range(count):
            part = part + load(rows, i * VECTORS * lanes(rows) + u)
        store_some(total, u, part, units - u)
