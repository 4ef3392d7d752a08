"""A SIMD vector as a value of compiled code: ``load``, arithmetic, ``where``, ``store``.

``load(p, i)`` gives a vector of the pointer's element type with as many lanes as a register has.
Vectors add, subtract, multiply, divide and compare lane by lane; a plain number takes part as a
vector of equal lanes, in the vector's own precision. Without JIT a vector is a small NumPy array.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from jitnet.kernels.cpu import VECTOR_BYTES
from jitnet.kernels.intrinsics import compiled_as

I32 = ir.IntType(32)


class Vector(types.Type):  # type: ignore[misc]
    """Lanes of one floating-point type that fill a register."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        self.lanes = VECTOR_BYTES * 8 // dtype.bitwidth
        super().__init__(f"vector({dtype} x {self.lanes})")


class Mask(types.Type):  # type: ignore[misc]
    """One truth value a lane."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        super().__init__(f"mask({lanes})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Vector) -> None:
        element = manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(element, kind.lanes))


@register_model(Mask)
class _MaskModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Mask) -> None:
        super().__init__(manager, kind, ir.VectorType(ir.IntType(1), kind.lanes))


def _broadcast(builder: Any, scalar: Any, lanes: int) -> Any:
    empty = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, empty, ir.Constant(ir.VectorType(I32, lanes), [0] * lanes))


def _as_vector(context: Any, builder: Any, kind: Vector, value: Any, value_type: Any) -> Any:
    if isinstance(value_type, Vector):
        return value
    return _broadcast(builder, context.cast(builder, value, value_type, kind.dtype), kind.lanes)


def _vector_of(args: tuple[Any, ...]) -> Vector | None:
    """The vector type of an operation, where its arguments are vectors of one type and numbers."""
    kinds = {arg for arg in args if isinstance(arg, Vector)}
    if len(kinds) != 1 or not all(isinstance(arg, Vector | types.Number) for arg in args):
        return None
    return kinds.pop()


def _register(
    symbol: Any, result: Callable[[Vector], Any], emit: Callable[[Any, list[Any]], Any], arity: int
) -> None:
    """Teach Numba one lane-by-lane operator."""

    @infer_global(symbol)
    class _Template(AbstractTemplate):  # type: ignore[misc]
        def generic(self, args: Any, kws: Any) -> Any:
            kind = _vector_of(args) if len(args) == arity else None
            return signature(result(kind), *args) if kind is not None else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kind = _vector_of(sig.args)
        values = [
            _as_vector(context, builder, kind, *pair)  # type: ignore[arg-type]
            for pair in zip(args, sig.args, strict=True)
        ]
        return emit(builder, values)

    if arity == 1:
        lower_builtin(symbol, Vector)(lower)
        return
    for pair in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(symbol, *pair)(lower)


_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=="}


def _register_operators() -> None:
    for name, instruction in _ARITHMETIC.items():

        def arithmetic(builder: Any, values: list[Any], instruction: str = instruction) -> Any:
            return getattr(builder, instruction)(*values, flags=("contract",))

        _register(getattr(operator, name), lambda kind: kind, arithmetic, 2)
    for name, symbol in _COMPARISONS.items():

        def compare(builder: Any, values: list[Any], symbol: str = symbol) -> Any:
            return builder.fcmp_ordered(symbol, *values)

        _register(getattr(operator, name), lambda kind: Mask(kind.lanes), compare, 2)
    _register(operator.neg, lambda kind: kind, lambda builder, values: builder.fneg(*values), 1)


_register_operators()


def _call(builder: Any, name: str, args: list[Any], result: Any = None) -> Any:
    """Call an LLVM intrinsic that is overloaded by the type of its first argument."""
    kind = args[0].type
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(result or kind, [arg.type for arg in args]),
        f"llvm.{name}.v{kind.count}{'f32' if kind.element == ir.FloatType() else 'f64'}",
    )
    return builder.call(function, args)


def _pointer(builder: Any, pointer: Any, index: Any, kind: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())


def _lanes_of(like: Any) -> int:
    return VECTOR_BYTES // int(like.dtype.itemsize)


@compiled_as(lambda like: _lanes_of(like))
def lanes(context: Any, like: Any) -> Any:
    """Lanes of a vector of ``like``'s elements, a constant to the compiler."""
    count = Vector(like.dtype).lanes
    return types.intp(like), lambda c, b, s, a: ir.Constant(ir.IntType(64), count)


@compiled_as(lambda pointer, index: pointer[index : index + _lanes_of(pointer)].copy())
def load(context: Any, pointer: Any, index: Any) -> Any:
    """The vector of the elements from ``pointer[index]`` on."""
    kind = Vector(pointer.dtype)

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        address = _pointer(b, a[0], a[1], c.get_value_type(kind))
        return b.load(address, align=kind.dtype.bitwidth // 8)

    return kind(pointer, types.intp), emit


def _store_meaning(pointer: Any, index: int, vector: Any) -> None:
    pointer[index : index + len(vector)] = vector


@compiled_as(_store_meaning)
def store(context: Any, pointer: Any, index: Any, vector: Any) -> Any:
    """Write a vector's lanes to ``pointer[index]`` and on."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        b.store(a[2], _pointer(b, a[0], a[1], a[2].type), align=vector.dtype.bitwidth // 8)
        return c.get_dummy_value()

    return types.void(pointer, types.intp, vector), emit


def _lane_mask(builder: Any, count: Any, lanes_: int) -> Any:
    kind = ir.VectorType(ir.IntType(64), lanes_)
    numbers = ir.Constant(kind, list(range(lanes_)))
    return builder.icmp_signed("<", numbers, _broadcast(builder, count, lanes_))


def _load_some_meaning(pointer: Any, index: int, count: int) -> Any:
    vector = np.zeros(_lanes_of(pointer), pointer.dtype)
    some = max(0, min(count, len(vector)))
    vector[:some] = pointer[index : index + some]
    return vector


@compiled_as(_load_some_meaning)
def load_some(context: Any, pointer: Any, index: Any, count: Any) -> Any:
    """The first ``count`` lanes from ``pointer[index]`` on, zeros behind; touches nothing else."""
    kind = Vector(pointer.dtype)

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        vector, size = c.get_value_type(kind), kind.dtype.bitwidth // 8
        address = _pointer(b, a[0], a[1], vector)
        with b.if_else(b.icmp_signed(">=", a[2], ir.IntType(64)(kind.lanes))) as (whole, part):
            with whole:
                plain, plain_block = b.load(address, align=size), b.block
            with part:
                name = f"llvm.masked.load.v{kind.lanes}f{kind.dtype.bitwidth}.p0"
                mask = _lane_mask(b, a[2], kind.lanes)
                function = cgutils.get_or_insert_function(
                    b.module, ir.FunctionType(vector, [address.type, I32, mask.type, vector]), name
                )
                arguments = [address, ir.Constant(I32, size), mask, ir.Constant(vector, None)]
                masked, masked_block = b.call(function, arguments), b.block
        value = b.phi(vector)
        value.add_incoming(plain, plain_block)
        value.add_incoming(masked, masked_block)
        return value

    return kind(pointer, types.intp, types.intp), emit


def _store_some_meaning(pointer: Any, index: int, vector: Any, count: int) -> None:
    some = max(0, min(count, len(vector)))
    pointer[index : index + some] = vector[:some]


@compiled_as(_store_some_meaning)
def store_some(context: Any, pointer: Any, index: Any, vector: Any, count: Any) -> Any:
    """Write a vector's first ``count`` lanes; touches nothing else.

    Whole ones are written without a mask, by which a store on AVX2 takes up to 18 cycles.
    """
    size = vector.dtype.bitwidth // 8

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        address = _pointer(b, a[0], a[1], a[2].type)
        with b.if_else(b.icmp_signed(">=", a[3], ir.IntType(64)(vector.lanes))) as (whole, part):
            with whole:
                b.store(a[2], address, align=size)
            with part:
                name = f"llvm.masked.store.v{vector.lanes}f{vector.dtype.bitwidth}.p0"
                mask = _lane_mask(b, a[3], vector.lanes)
                function = cgutils.get_or_insert_function(
                    b.module,
                    ir.FunctionType(ir.VoidType(), [a[2].type, address.type, I32, mask.type]),
                    name,
                )
                b.call(function, [a[2], address, ir.Constant(I32, size), mask])
        return c.get_dummy_value()

    return types.void(pointer, types.intp, vector, types.intp), emit


@compiled_as(lambda like, count: np.arange(_lanes_of(like)) < count)
def first_lanes(context: Any, like: Any, count: Any) -> Any:
    """A mask that holds in the first ``count`` lanes of a vector of ``like``'s elements."""
    mask = Mask(Vector(like.dtype).lanes)
    return mask(like, types.intp), lambda c, b, s, a: _lane_mask(b, a[1], mask.lanes)


@compiled_as(lambda like, value: np.full(_lanes_of(like), value, like.dtype))
def splat(context: Any, like: Any, value: Any) -> Any:
    """``value`` in every lane of a vector of ``like``'s elements (a vector or a pointer)."""
    kind = Vector(like.dtype)
    return kind(like, value), lambda c, b, s, a: _as_vector(c, b, kind, a[1], value)


def _where_meaning(mask: Any, yes: Any, no: Any) -> Any:
    dtype = next(value.dtype for value in (yes, no) if np.ndim(value))
    return np.asarray(np.where(mask, yes, no), dtype)


@compiled_as(_where_meaning)
def where(context: Any, mask: Any, yes: Any, no: Any) -> Any:
    """Lane by lane ``yes`` where the mask holds, else ``no``; either may be a number."""
    kind = _vector_of((yes, no))
    if kind is None or not isinstance(mask, Mask):
        return None

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        return b.select(a[0], *(_as_vector(c, b, kind, *p) for p in ((a[1], yes), (a[2], no))))

    return kind(mask, yes, no), emit


@compiled_as(lambda a, b, c: a * b + c)
def fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    """``a b + c``, rounded once where the CPU has the instruction; b and c may be numbers."""
    kind = _vector_of((a, b, c))
    if kind is None:
        return None

    def emit(context_: Any, builder: Any, s: Any, args: Any) -> Any:
        pairs = zip(args, (a, b, c), strict=True)
        return _call(
            builder, "fmuladd", [_as_vector(context_, builder, kind, *pair) for pair in pairs]
        )

    return kind(a, b, c), emit


def _unary(instruction: str) -> Callable[[Any, Any], Any]:
    def typing(context: Any, x: Any) -> Any:
        return x(x), lambda c, b, s, a: _call(b, instruction, [a[0]])

    return typing


absolute = compiled_as(np.abs)(_unary("fabs"))
square_root = compiled_as(np.sqrt)(_unary("sqrt"))
nearest = compiled_as(np.rint)(_unary("nearbyint"))
floor = compiled_as(np.floor)(_unary("floor"))


@compiled_as(lambda x: x.sum(dtype=x.dtype))
def sum_lanes(context: Any, x: Any) -> Any:
    """The sum of a vector's lanes, added in one fixed order."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        total, width = a[0], x.lanes
        while width > 1:  # the upper half onto the lower half
            width //= 2
            low, high = (
                b.shuffle_vector(
                    total, total, ir.Constant(ir.VectorType(I32, width), list(range(o, o + width)))
                )
                for o in (0, width)
            )
            total = b.fadd(low, high)
        return b.extract_element(total, ir.Constant(I32, 0))

    return x.dtype(x), emit


_LAYOUT = {4: (23, 127, ir.IntType(32)), 8: (52, 1023, ir.IntType(64))}


def _layout(kind: Vector) -> tuple[int, int, Any]:
    """Bits of the fraction, bias of the exponent, and the integers of a vector's width."""
    fraction, bias, integer = _LAYOUT[kind.dtype.bitwidth // 8]
    return fraction, bias, ir.VectorType(integer, kind.lanes)


def _all(kind: Any, value: int) -> Any:
    return ir.Constant(kind, [value] * kind.count)


@compiled_as(lambda n: np.ldexp(np.ones_like(n), n.astype(np.int64)))
def power_of_two(context: Any, n: Any) -> Any:
    """2ⁿ for lanes that hold whole numbers within the exponent's normal range."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        fraction, bias, integers = _layout(n)
        exponent = b.add(b.fptosi(a[0], integers), _all(integers, bias))
        return b.bitcast(b.shl(exponent, _all(integers, fraction)), a[0].type)

    return n(n), emit


@compiled_as(lambda x: (np.frexp(x)[1] - 1).astype(x.dtype))
def exponent(context: Any, x: Any) -> Any:
    """The exponent e of x = m 2ᵉ, 1 ≤ m < 2, for positive normal lanes."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        fraction, bias, integers = _layout(x)
        raised = b.lshr(b.bitcast(a[0], integers), _all(integers, fraction))
        return b.sitofp(b.sub(raised, _all(integers, bias)), a[0].type)

    return x(x), emit


@compiled_as(lambda x: (np.frexp(x)[0] * 2).astype(x.dtype))
def significand(context: Any, x: Any) -> Any:
    """The significand m of x = m 2ᵉ, 1 ≤ m < 2, for positive normal lanes."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        fraction, bias, integers = _layout(x)
        kept = b.and_(b.bitcast(a[0], integers), _all(integers, (1 << fraction) - 1))
        return b.bitcast(b.or_(kept, _all(integers, bias << fraction)), a[0].type)

    return x(x), emit


def _polynomial_meaning(x: Any, coefficients: Any) -> Any:
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total = (total * x + x.dtype.type(coefficient)).astype(x.dtype)
    return total


@compiled_as(_polynomial_meaning)
def polynomial(context: Any, x: Any, coefficients: Any) -> Any:
    """Horner's rule; the first coefficient belongs to the highest power."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        def coefficient(i: int) -> Any:
            value = b.extract_value(a[1], i)
            return _as_vector(c, b, x, value, coefficients.dtype)

        total = coefficient(0)
        for i in range(1, coefficients.count):
            total = _call(b, "fmuladd", [total, a[0], coefficient(i)])
        return total

    return x(x, coefficients), emit


@compiled_as(lambda x, single, double: single if x.dtype == np.float32 else double)
def by_precision(context: Any, x: Any, single: Any, double: Any) -> Any:
    """``single`` for float32 and ``double`` for float64, chosen when compiling."""
    chosen = 1 if x.dtype == types.float32 else 2
    kinds = (x, single, double)
    return kinds[chosen](*kinds), lambda c, b, s, a: a[chosen]


def _transpose_meaning(target: Any, row: int, source: Any, source_row: int, last: int) -> None:
    count = _lanes_of(source)
    for i in range(count):
        start = min(i, last) * source_row
        target[i : i + row * (count - 1) + 1 : row] = source[start : start + count]


LANE_BYTES = 16
"""What instructions on longer vectors keep apart; to cross it takes another, which is slower."""


def _mixes(n: int, itemsize: int, distance: int) -> tuple[list[int], list[int]]:
    """What two rows that lie a distance apart become: their halves, mixed by so many elements.

    A half is that of each lane of 16 bytes as long as those are mixed, and then of more and more.
    Each such mix is one instruction. A square of 8 × 8 with vectors of 32 bytes took 1.8 times as
    long by mixing the halves of whole rows.
    """
    lane = max(LANE_BYTES // itemsize, 2 * distance)
    low = [
        first + mixed + side * n + k
        for first in range(0, n, lane)
        for mixed in range(0, lane // 2, distance)
        for side in (0, 1)
        for k in range(distance)
    ]
    return low, [i + lane // 2 for i in low]


def _places(n: int, itemsize: int) -> list[int]:
    """Where each row of the transpose stands after all mixes: its bits in a lane are turned."""
    lane = LANE_BYTES // itemsize
    turned = {2: [0, 1], 4: [0, 2, 1, 3]}[lane]
    return [i // lane * lane + turned[i % lane] for i in range(n)]


@compiled_as(_transpose_meaning)
def transpose_square(
    context: Any, target: Any, row: Any, source: Any, source_row: Any, last: Any
) -> Any:
    """Write the transpose of a square of lanes × lanes elements, in registers.

    Rows lie ``source_row`` and ``row`` elements apart; source rows behind ``last`` repeat it.
    """
    kind = Vector(source.dtype)

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        vector, n = c.get_value_type(kind), kind.lanes
        align = kind.dtype.bitwidth // 8
        index = [ir.Constant(ir.IntType(64), i) for i in range(n)]
        rows = []
        for i in index:
            kept = b.select(b.icmp_signed("<", i, a[4]), i, a[4])
            rows.append(b.load(_pointer(b, a[2], b.mul(kept, a[3]), vector), align=align))
        for distance in (1 << stage for stage in range(n.bit_length() - 1)):
            low, high = (ir.Constant(ir.VectorType(I32, n), m) for m in _mixes(n, align, distance))
            for i in range(n):
                if i & distance == 0:
                    pair = rows[i], rows[i + distance]
                    rows[i] = b.shuffle_vector(*pair, low)
                    rows[i + distance] = b.shuffle_vector(*pair, high)
        for i, place in zip(index, _places(n, align), strict=True):
            b.store(rows[place], _pointer(b, a[0], b.mul(i, a[1]), vector), align=align)
        return c.get_dummy_value()

    return types.void(target, types.intp, source, types.intp, types.intp), emit
