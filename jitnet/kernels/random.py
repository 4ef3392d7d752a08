"""Counter-based generators: the same key gives the same number, in whatever order one asks."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from jitnet.kernels.cpu import VECTOR_BYTES
from jitnet.kernels.intrinsics import compiled_as
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import Vector

WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))


def _mix_meaning(key: int, counter: int) -> int:
    bits = (int(key) + GOLDEN * (int(counter) + 1)) & WORD
    for shift, factor in ROUNDS:
        bits = ((bits ^ (bits >> shift)) * factor) & WORD
    return bits >> 1


@compiled_as(_mix_meaning)
def mix(context: Any, key: Any, counter: Any) -> Any:
    """63 random bits of a key and a counter: SplitMix64 (Steele, Lea and Flood, 2014)."""

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        def word(value: int) -> Any:
            return ir.Constant(ir.IntType(64), value)

        bits = b.add(a[0], b.mul(word(GOLDEN), b.add(a[1], word(1))))
        for shift, factor in ROUNDS:
            bits = b.mul(b.xor(bits, b.lshr(bits, word(shift))), word(factor))
        return b.lshr(bits, word(1))

    return types.int64(types.int64, types.int64), emit


@njit
def shuffle(order: Any, rows: Any, seed: int, epoch: int) -> None:
    """The rows, 0 … n - 1 where there are none, permuted as the seed and the epoch alone say.

    Fisher and Yates' exchange; n below 2³¹.
    """
    key = mix(seed, epoch)
    for i in range(order.size):
        order[i] = rows[i] if rows.size > 0 else i
    for i in range(order.size - 1, 0, -1):
        j = ((mix(key, i) >> 31) * (i + 1)) >> 32
        order[i], order[j] = order[j], order[i]


HALVES = ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1))
"""Shifts and factors that spread each bit over a word of 32 bits (Wellons, 2018, *Prospecting for
hash functions*)."""
LOW = (1 << 32) - 1


def _uniform_meaning(like: Any, key: int, first: int) -> Any:
    count = VECTOR_BYTES // int(like.dtype.itemsize)
    words = np.arange(int(first), int(first) + count, dtype=np.uint64) & np.uint64(LOW)
    for part in (int(key) & LOW, int(key) >> 32 & LOW):
        words ^= np.uint64(part)
        for shift, factor in HALVES:
            words = ((words ^ (words >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(LOW)
    return ((words >> np.uint64(8)).astype(np.float64) * 2.0**-24).astype(like.dtype)


@compiled_as(_uniform_meaning)
def uniform(context: Any, like: Any, key: Any, first: Any) -> Any:
    """A vector of numbers uniform in [0, 1), of 24 bits, of a key and counters from ``first`` on.

    They are the same in single and double precision, however counters fall into vectors.
    """
    kind = Vector(like.dtype)

    def emit(c: Any, b: Any, s: Any, a: Any) -> Any:
        words = ir.VectorType(ir.IntType(32), kind.lanes)

        def all_lanes(value: int) -> Any:
            return ir.Constant(words, [value] * kind.lanes)

        def spread(scalar: Any) -> Any:
            empty = ir.Constant(words, ir.Undefined)
            one = b.insert_element(empty, b.trunc(scalar, words.element), ir.IntType(32)(0))
            return b.shuffle_vector(one, empty, all_lanes(0))

        bits = b.add(spread(a[2]), ir.Constant(words, list(range(kind.lanes))))
        for part in (a[1], b.lshr(a[1], ir.IntType(64)(32))):
            bits = b.xor(bits, spread(part))
            for shift, factor in HALVES:
                bits = b.xor(bits, b.lshr(bits, all_lanes(shift)))
                bits = b.mul(bits, all_lanes(factor))
        numbers = c.get_value_type(kind)
        fraction = b.uitofp(b.lshr(bits, all_lanes(8)), numbers)
        return b.fmul(fraction, ir.Constant(numbers, [2.0**-24] * kind.lanes))

    return kind(like, types.int64, types.int64), emit
