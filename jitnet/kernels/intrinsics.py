"""Pointers into arrays, room on the stack, and how an instruction carries its meaning.

A pointer skips the test for negative indices that turns contiguous loads into gathers. Every
instruction stands beside a Python function that does the same on NumPy views, which takes its place
under NUMBA_DISABLE_JIT=1: there a pointer is the flat view from its element on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS

LINE_BYTES = 64
"""A line of the cache, on nearly every processor; where it is longer, some requests are idle."""

I8, I32 = ir.IntType(8), ir.IntType(32)


def compiled_as(
    meaning: Callable[..., Any], *, prefer_literal: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Make an intrinsic of a typing function, or its ``meaning`` where JIT is off."""

    def decorate(typing: Callable[..., Any]) -> Any:
        if config.DISABLE_JIT:
            return meaning
        return intrinsic(prefer_literal=prefer_literal)(typing)

    return decorate


def _flat(array: Any) -> Any:
    if not array.flags.c_contiguous:
        raise ValueError("a pointer needs a C-contiguous array")
    return array.reshape(-1)


@compiled_as(lambda array, offset: _flat(array)[offset:])
def at(context: Any, array: Any, offset: Any) -> Any:
    """A pointer to the element ``offset`` of a C-contiguous array."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        return b.gep(c.make_array(array)(c, b, a[0]).data, [a[1]])

    return types.CPointer(array.dtype)(array, types.intp), emit


@compiled_as(lambda pointer: pointer.ctypes.data)
def address_at(context: Any, pointer: Any) -> Any:
    """The address of a pointer."""
    return types.int64(pointer), lambda c, b, s, a: b.ptrtoint(a[0], ir.IntType(64))


@compiled_as(lambda pointer, offset: pointer[offset:])
def ahead(context: Any, pointer: Any, offset: Any) -> Any:
    """The pointer ``offset`` elements further on."""
    return pointer(pointer, types.intp), lambda c, b, s, a: b.gep(a[0], [a[1]])


@compiled_as(lambda pointer, offset: None)
def prefetch(context: Any, pointer: Any, offset: Any) -> Any:
    """Ask for the line of ``pointer[offset]``, to be read soon; any address will do."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        where = b.bitcast(b.gep(a[0], [a[1]]), I8.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [where.type, I32, I32, I32])
        request = cgutils.get_or_insert_function(b.module, kind, "llvm.prefetch.p0")
        to_read, to_stay, data = I32(0), I32(3), I32(1)
        b.call(request, [where, to_read, to_stay, data])
        return c.get_dummy_value()

    return types.void(pointer, types.intp), emit


@compiled_as(
    lambda like, rows: np.zeros(len(rows) * VECTORS * VECTOR_BYTES, np.uint8).view(like.dtype)
)
def registers(context: Any, like: Any, rows: Any) -> Any:
    """Room on the stack for a tile of ``len(rows)`` rows of VECTORS vectors.

    Loops with constant bounds over it are unrolled, and LLVM then keeps it in registers.
    """
    size = rows.count * VECTORS * VECTOR_BYTES

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        room = cgutils.alloca_once(b, ir.ArrayType(ir.IntType(8), size))
        room.align = VECTOR_BYTES
        return b.bitcast(room, c.get_value_type(types.CPointer(like.dtype)))

    return types.CPointer(like.dtype)(like, rows), emit


def _without_owner(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        array.parent = cgutils.get_null_value(array.parent.type)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for i, member in enumerate(kind.types):
            part = _without_owner(context, builder, member, builder.extract_value(value, i))
            value = builder.insert_value(value, part, i)
    return value


@compiled_as(lambda value: value)
def borrowed(context: Any, value: Any) -> Any:
    """An array, or a tuple with arrays, whose references are not counted.

    The caller keeps it alive. Counting is an atomic operation at every view and call, on one line
    of the cache for all threads: it took a fifth of a small network's step.
    """
    return value(value), lambda c, b, s, a: _without_owner(c, b, value, a[0])
