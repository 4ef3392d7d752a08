"""A call of Python out of compiled code, by the address of a function."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from jitnet.kernels.intrinsics import compiled_as

EXCHANGE = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)
"""What has such an address: a function of two whole numbers. Python's lock is taken for the call,
which must not raise: there is nobody to catch it."""


def address_of_exchange(function: Callable[[int, int], None]) -> tuple[Any, int]:
    """An object that keeps a function's address alive, and the address."""
    kept = EXCHANGE(function)
    address = ctypes.cast(kept, ctypes.c_void_p).value
    assert address is not None
    return kept, address


@compiled_as(lambda address, what, panels: EXCHANGE(int(address))(int(what), int(panels)))
def call_exchange(context: Any, address: Any, what: Any, panels: Any) -> Any:
    """Call the function at an address."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * 2)
        b.call(b.inttoptr(a[0], kind.as_pointer()), a[1:])
        return c.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), emit
