"""Blocks: kernels that compiled code calls by their addresses, whose arguments are found by name.

The compiled loop knows no layer. It walks a table of calls, and each call is the address of a block
and a record of where its arguments lie. A kernel takes arrays and numbers; its block takes the
record, reads the kernel's arguments out of it, and is compiled by itself, so that a network waits
for the blocks that it uses and for no others. A call through an address costs 2 to 6 ns.

How an argument is read is its source, a word:

========================  ==========================================================  ==========
source                    argument                                                    words
========================  ==========================================================  ==========
``panels``                (panels, units, width), within the values of a batch,       place, units
                          from the panel ``origin`` on
``rows``                  (examples, units), within the values of a batch             place, units
``steps``                 (panels · times, units, width), in the same way             place, units,
                                                                                      times
``step_rows``             (examples · times, units), within the values                the same
``indices``               (panels, units, width) of int32, in the same way            place, units
``index_rows``            (examples, units) of int32, within the values               place, units
``room:n``                an array of n axes, within the values of a batch            place, shape
``parameter``             (size,), within the parameters                              place, size
``gradient``              (size,), within the gradients                               place, size
``moment``                (size,), within the optimiser's moments                     place, size
``int``, ``real``         a number of the record                                      the number
``int:k``, ``real:k``     word k of what changes from call to call
``times:k``               word k of what changes, so many times                       the factor
``reals:n``               a tuple of n numbers of the record                          the numbers
``floats:k``              (size,), of the model's type, at the address in word k,
                          of the size in word k + 1; ``int32s:k`` and ``int64s:k`` alike
``int64s``, ``float64s``  (size,), at an address                                      address, size
``scratch:k``             (1, size), in the same way
``like:dtype``            zero of a type
========================  ==========================================================  ==========

Without JIT an address is a place in a list of functions.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, types
from numba.np.arrayobj import populate_array
from numba.np.numpy_support import from_dtype

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import compiled_as
from jitnet.kernels.jit import Kernel, factory, njit_block

I64 = ir.IntType(64)
BATCH = ("panels", "rows", "steps", "step_rows", "indices", "index_rows", "room")
HOMES = dict.fromkeys(BATCH, 3) | {"parameter": 0, "gradient": 1, "moment": 2}
"""In which memory an argument lies: parameters, gradients, moments or a batch's values."""
FOREIGN = {"int32s": types.int32, "int64s": types.int64, "float64s": types.float64}
"""Types of arrays elsewhere; ``floats`` are of the model's."""
INDICES = ("indices", "index_rows")
AXES = {
    "panels": 3,
    "steps": 3,
    "indices": 3,
    "rows": 2,
    "step_rows": 2,
    "index_rows": 2,
    "scratch": 2,
}
"""Axes of the arrays that have more than one."""
BY_PANELS = ("panels", "steps", "indices")
"""What has a panel of examples, or of their time steps, after the other."""


WORDS = {"steps": 3, "step_rows": 3, "times": 1}
"""Words of the record that other sources than most take."""


def words_of(source: str) -> int:
    """Words of the record that an argument takes."""
    name, _, detail = source.partition(":")
    if name == "room":
        return 1 + int(detail)
    if name in WORDS:
        return WORDS[name]
    if name in HOMES or (name in FOREIGN and not detail):
        return 2
    if name == "reals":
        return int(detail)
    return 0 if detail else 1


def places_of(sources: Sequence[str]) -> list[int]:
    """Where in the record each argument's words begin."""
    places = [0]
    for source in sources:
        places.append(places[-1] + words_of(source))
    return places


Block = tuple[Kernel, tuple[str, ...], np.dtype[Any]]
"""A kernel, the sources of its arguments, and the type of the model."""

_functions: list[Callable[..., None]] = []


def entry_of(block: Block) -> Any:
    """What is compiled for a block: made once in a process."""
    kernel, sources, _ = block
    return _entry(kernel.serial, " ".join(sources))


@factory
def _entry(kernel: Any, sources: str) -> Any:
    def entry(
        record: Any,
        span: Any,
        reals: Any,
        parameters: Any,
        gradients: Any,
        moments: Any,
        values: Any,
    ) -> None:
        call_kernel(kernel, sources, record, span, reals, parameters, gradients, moments, values)

    if config.DISABLE_JIT:
        _functions.append(entry)
        entry.place = len(_functions)  # type: ignore[attr-defined]
        return entry
    entry.__name__ = kernel.py_func.__name__
    entry.__module__ = kernel.py_func.__module__
    entry.__qualname__ = f"{kernel.py_func.__qualname__}__block"
    return njit_block(entry)


def signature_of(block: Block) -> tuple[Any, ...]:
    """The types of the arguments of a block's entry."""
    return _types_of(block[2])


@cache
def _types_of(dtype: np.dtype[Any]) -> tuple[Any, ...]:
    number = types.CPointer(from_dtype(dtype))
    return (types.CPointer(types.int64),) * 2 + (types.CPointer(types.float64),) + (number,) * 4


_addresses: dict[Block, int] = {}


def is_compiled(block: Block) -> bool:
    """Whether a block has an address in this process already."""
    return config.DISABLE_JIT or block in _addresses


def address_of(block: Block) -> int:
    """A block's address; it is loaded or compiled, where it is not yet."""
    if block not in _addresses:
        entry, signature = entry_of(block), signature_of(block)
        if config.DISABLE_JIT:
            return int(entry.place)
        entry.compile(signature)
        compiled = entry.overloads[signature]
        name = compiled.fndesc.llvm_cfunc_wrapper_name
        _addresses[block] = int(compiled.library.get_pointer_to_function(name))
    return _addresses[block]


def _call_meaning(address: int, *arguments: Any) -> None:
    _functions[int(address) - 1](*arguments)


@compiled_as(_call_meaning)
def call_block(
    context: Any,
    address: Any,
    record: Any,
    span: Any,
    reals: Any,
    parameters: Any,
    gradients: Any,
    moments: Any,
    values: Any,
) -> Any:
    """Call the block at an address."""
    pointers = (record, span, reals, parameters, gradients, moments, values)

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(8).as_pointer(), [value.type for value in a[1:]])
        b.call(b.inttoptr(a[0], kind.as_pointer()), a[1:])
        return c.get_dummy_value()

    return types.void(types.int64, *pointers), emit


def _array_of(source: str, memory: Any) -> Any:
    """The Numba type of an array argument in a memory of the model's type."""
    name, _, detail = source.partition(":")
    dtype = types.int32 if name in INDICES else FOREIGN.get(name, memory.dtype)
    axes = int(detail) if name == "room" else AXES.get(name, 1)
    return types.Array(dtype, axes, "C")


def _type_of(source: str, memory: Any) -> Any:
    name, _, detail = source.partition(":")
    if name == "like":
        return from_dtype(np.dtype(detail))
    if name == "reals":
        return types.UniTuple(types.float64, int(detail))
    if name in ("int", "times"):
        return types.int64
    return types.float64 if name == "real" else _array_of(source, memory)


class _Reader:
    """Emits the code that reads a block's arguments out of its record."""

    def __init__(self, context: Any, builder: Any, pointers: Sequence[Any], memory: Any) -> None:
        self.context, self.builder, self.memory = context, builder, memory
        self.record, self.span, self.reals, *self.memories = pointers
        self.width = VECTORS * VECTOR_BYTES * 8 // memory.dtype.bitwidth

    def word(self, pointer: Any, place: int) -> Any:
        """A word of the record, or of what changes from call to call."""
        return self.builder.load(self.builder.gep(pointer, [ir.Constant(I64, place)]))

    def number(self, place: int, kind: Any) -> Any:
        """A number of the record."""
        value = self.word(self.record, place)
        return self.builder.bitcast(value, ir.DoubleType()) if kind == types.float64 else value

    def argument(self, source: str, place: int) -> Any:
        """An argument whose words begin at a place of the record."""
        name, _, detail = source.partition(":")
        kind = _type_of(source, self.memory)
        if name == "like":
            return self.context.get_constant(kind, 0)
        if name == "reals":
            numbers = [self.number(place + i, types.float64) for i in range(int(detail))]
            return self.context.make_tuple(self.builder, kind, numbers)
        if name in ("int", "real"):
            if not detail:
                return self.number(place, kind)
            return self.word(self.span if name == "int" else self.reals, int(detail))
        if name == "times":
            return self.builder.mul(
                self.word(self.span, int(detail)), self.word(self.record, place)
            )
        if name in HOMES:
            start = self.word(self.record, place)
            sizes = [self.word(self.record, place + 1 + i) for i in range(words_of(source) - 1)]
            data = self.builder.gep(self.memories[HOMES[name]], [start])
            if name in INDICES:
                data = self.builder.bitcast(data, ir.IntType(32).as_pointer())
            if name in BY_PANELS:
                data = self.builder.gep(data, [self.origin(sizes)])
            return self.array(kind, data, self.shape(name, sizes))
        element = self.context.get_data_type(kind.dtype).as_pointer()
        words, start = (self.span, int(detail)) if detail else (self.record, place)
        data = self.builder.inttoptr(self.word(words, start), element)
        size = self.word(words, start + 1)
        return self.array(kind, data, [ir.Constant(I64, 1)] * (kind.ndim - 1) + [size])

    def origin(self, sizes: Sequence[Any]) -> Any:
        """How far the first panel is from the array's beginning."""
        place = self.builder.mul(self.word(self.span, ORIGIN), ir.Constant(I64, self.width))
        for size in sizes:
            place = self.builder.mul(place, size)
        return place

    def shape(self, name: str, sizes: list[Any]) -> list[Any]:
        """The shape of an array of so many units, or elements."""
        if AXES.get(name) is None:
            return sizes
        by_panels = name in BY_PANELS
        count = self.word(self.span, PANELS if by_panels else EXAMPLES)
        if name in WORDS:
            count = self.builder.mul(count, sizes.pop())
        return [count, *sizes, *[ir.Constant(I64, self.width)] * by_panels]

    def array(self, kind: Any, data: Any, shape: list[Any]) -> Any:
        """A C-contiguous array."""
        size = ir.Constant(I64, self.context.get_abi_sizeof(self.context.get_data_type(kind.dtype)))
        strides = [size]
        for length in reversed(shape[1:]):
            strides.insert(0, self.builder.mul(strides[0], length))
        array = self.context.make_array(kind)(self.context, self.builder)
        populate_array(array, data, shape, strides, size, meminfo=None)
        return array._getvalue()


PANELS, EXAMPLES, ORIGIN = 0, 1, 2
"""The words, of what changes from call to call, that shapes are made of, and the first panel."""


def _view_meaning(memory: Any, start: int, shape: tuple[int, ...]) -> Any:
    size = int(np.prod(shape))
    if start < 0 or start + size > memory.size:
        raise IndexError(f"{start}:{start + size} of {memory.size} elements")
    return memory[start : start + size].reshape(shape)


def _foreign_meaning(address: int, size: int, dtype: Any) -> Any:
    dtype = np.dtype(dtype)
    if not size:
        return np.empty(0, dtype)
    room = (ctypes.c_uint8 * (int(size) * dtype.itemsize)).from_address(int(address))
    return np.frombuffer(room, dtype)


def _shape_meaning(name: str, sizes: tuple[int, ...], span: Any, itemsize: int) -> tuple[int, ...]:
    if AXES.get(name) is None:
        return sizes
    by_panels = name in BY_PANELS
    count = span[PANELS if by_panels else EXAMPLES]
    if name in WORDS:
        count *= sizes[-1]
        sizes = sizes[:-1]
    width = VECTORS * VECTOR_BYTES // itemsize
    return (count, *sizes, *[width] * by_panels)


def _argument_meaning(
    source: str, words: Any, span: Any, reals: Any, memories: Sequence[Any]
) -> Any:
    name, _, detail = source.partition(":")
    if name == "like":
        return np.dtype(detail).type(0)
    if name == "reals":
        return tuple(words[: int(detail)].view(np.float64).tolist())
    if name in ("int", "real"):
        if detail:
            return (span if name == "int" else reals)[int(detail)]
        return words[0] if name == "int" else words[:1].view(np.float64)[0]
    if name == "times":
        return span[int(detail)] * words[0]
    if name in HOMES:
        sizes, start = tuple(words[1 : words_of(source)]), words[0]
        shape = _shape_meaning(name, sizes, span, memories[3].itemsize)
        before = span[ORIGIN] * int(np.prod(sizes)) * shape[-1] if name in BY_PANELS else 0
        memory = memories[HOMES[name]]
        if name in INDICES:
            return _view_meaning(memory[start:].view(np.int32), before, shape)
        return _view_meaning(memory, start + before, shape)
    dtype = FOREIGN[name].name if name in FOREIGN else memories[3].dtype
    address, size = span[int(detail) : int(detail) + 2] if detail else words[:2]
    array = _foreign_meaning(address, size, dtype)
    return array[np.newaxis] if name == "scratch" else array


def _kernel_meaning(
    kernel: Any, sources: str, record: Any, span: Any, reals: Any, *memories: Any
) -> None:
    names = sources.split()
    places = places_of(names)
    kernel(
        *(
            _argument_meaning(source, record[place:], span, reals, memories)
            for source, place in zip(names, places, strict=False)
        )
    )


@compiled_as(_kernel_meaning, prefer_literal=True)
def call_kernel(
    context: Any,
    kernel: Any,
    sources: Any,
    record: Any,
    span: Any,
    reals: Any,
    parameters: Any,
    gradients: Any,
    moments: Any,
    values: Any,
) -> Any:
    """Call a kernel with its arguments out of a record."""
    if not isinstance(sources, types.StringLiteral):
        return None
    names = sources.literal_value.split()
    arguments = tuple(_type_of(name, values) for name in names)
    call = kernel.get_call_type(context, arguments, {})
    pointers = (record, span, reals, parameters, gradients, moments, values)

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        reader = _Reader(c, b, a[2:], values)
        read = [reader.argument(*pair) for pair in zip(names, places_of(names), strict=False)]
        function = c.get_function(kernel, call)
        c.add_linking_libs(getattr(function, "libs", ()))
        function(b, [c.cast(b, *triple) for triple in zip(read, arguments, call.args, strict=True)])
        return c.get_dummy_value()

    return types.void(kernel, sources, *pointers), emit
