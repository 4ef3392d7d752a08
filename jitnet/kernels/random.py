"""A counter-based generator: the same key gives the same number, in whatever order one asks."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from jitnet.kernels.intrinsics import compiled_as
from jitnet.kernels.jit import njit

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
def shuffle(order: Any, seed: int, epoch: int) -> None:
    """A permutation of 0 … n - 1 that depends on the seed and the epoch alone.

    Fisher and Yates' exchange; n below 2³¹.
    """
    key = mix(seed, epoch)
    for i in range(order.size):
        order[i] = i
    for i in range(order.size - 1, 0, -1):
        j = ((mix(key, i) >> 31) * (i + 1)) >> 32
        order[i], order[j] = order[j], order[i]
