"""Subnormal numbers as zeros, while compiled code trains.

Numbers below 1e-38 in float32, 2e-308 in float64, take a processor a hundred times as long as
others where it computes with them at all: an LSTM whose inputs vanish took 24 times as long to
train. While a thread takes steps of training they are zeros, as TensorFlow and XLA have them;
predictions and gradients keep them. The thread's own setting is put back: the caller's arithmetic
is as it was.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from jitnet.kernels.intrinsics import compiled_as

FLUSH_X86 = 0x8040
"""Bits of MXCSR: results that are subnormal are zeros, and so are inputs."""
FLUSH_ARM = 1 << 24
"""The bit of FPCR that does both."""
I8, I32, I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def _is_x86(builder: Any) -> bool:
    return str(builder.module.triple).startswith(("x86_64", "i386", "i686"))


def _is_arm(builder: Any) -> bool:
    return str(builder.module.triple).startswith(("aarch64", "arm64"))


def _read_x86(builder: Any, room: Any) -> Any:
    kind = ir.FunctionType(ir.VoidType(), [I8.as_pointer()])
    read = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse.stmxcsr")
    builder.call(read, [builder.bitcast(room, I8.as_pointer())])
    return builder.load(room)


def _write_x86(builder: Any, room: Any, value: Any) -> None:
    builder.store(value, room)
    kind = ir.FunctionType(ir.VoidType(), [I8.as_pointer()])
    write = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse.ldmxcsr")
    builder.call(write, [builder.bitcast(room, I8.as_pointer())])


def _arm(builder: Any, name: str, kind: Any, arguments: list[Any]) -> Any:
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.aarch64.{name}.fpcr")
    return builder.call(function, arguments)


@compiled_as(lambda: 0)
def flush_subnormals(context: Any) -> Any:
    """Have subnormal numbers be zeros in this thread; returns what `restore_subnormals` takes."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        if _is_x86(b):
            room = cgutils.alloca_once(b, I32)
            before = _read_x86(b, room)
            _write_x86(b, room, b.or_(before, I32(FLUSH_X86)))
            return b.zext(before, I64)
        if _is_arm(b):
            before = _arm(b, "get", ir.FunctionType(I64, []), [])
            after = b.or_(before, I64(FLUSH_ARM))
            _arm(b, "set", ir.FunctionType(ir.VoidType(), [I64]), [after])
            return before
        return I64(0)

    return types.int64(), emit


@compiled_as(lambda before: None)
def restore_subnormals(context: Any, before: Any) -> Any:
    """Have subnormal numbers be what they were before `flush_subnormals`, which said that."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        if _is_x86(b):
            _write_x86(b, cgutils.alloca_once(b, I32), b.trunc(a[0], I32))
        elif _is_arm(b):
            _arm(b, "set", ir.FunctionType(ir.VoidType(), [I64]), [a[0]])
        return c.get_dummy_value()

    return types.void(types.int64), emit
