"""What the machine could do at best: its FMA peak and its memory's bandwidth, measured.

Samuel Williams, Andrew Waterman, David Patterson, "Roofline: an insightful visual performance
model for multicore architectures", 2009.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from jitnet.kernels.cache import compilation
from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import at, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, splat, store

CHAINS = 12
"""Sums that do not depend on one another: enough to fill every multiplier through its latency,
and few enough for the sixteen registers of AVX2."""
CHAIN_ROWS = (0,) * (CHAINS // VECTORS)  # its length is what counts: a constant to the compiler
ROUNDS = 500_000
STREAM_BYTES = 96 << 20
"""Memory that a thread streams through, more than caches hold."""


class Roofs(NamedTuple):
    """What no step can exceed.

    Parameters
    ----------
    gflops : float
        Arithmetic: 10⁹ operations a second, where a fused multiply-add counts as two.
    gigabytes : float
        Memory: 10⁹ bytes a second, read and written.
    """

    gflops: float
    gigabytes: float


@njit(entry=True)
def multiply_and_add(result: Any, rounds: int, rows: Any) -> None:
    """Every lane of every chain: s ← s / 2 + 1, `rounds` times; `result` holds the chains' sum."""
    chains = registers(at(result, 0), rows)
    width = lanes(chains)
    half, one = splat(chains, 0.5), splat(chains, 1.0)
    for chain in range(len(rows) * VECTORS):
        store(chains, chain * width, one)
    for _ in range(rounds):
        for chain in range(len(rows) * VECTORS):
            store(chains, chain * width, fma(load(chains, chain * width), half, one))
    total = splat(chains, 0.0)
    for chain in range(len(rows) * VECTORS):
        total = total + load(chains, chain * width)
    store(at(result, 0), 0, total)


@njit(entry=True)
def triad(a: Any, b: Any, c: Any) -> None:
    """a = b + c / 2, the triad of the STREAM benchmark."""
    x, y, z = at(a, 0), at(b, 0), at(c, 0)
    half = splat(x, 0.5)
    for i in range(0, a.size, lanes(x)):
        store(x, i, fma(load(z, i), half, load(y, i)))


def arithmetic_roof(threads: int, dtype: Any, seconds: float = 0.2) -> float:
    """GFLOP/s of so many threads' fused multiply-adds."""
    results = [np.zeros(VECTOR_BYTES, dtype) for _ in range(threads)]
    lanes_of_chain = VECTOR_BYTES // np.dtype(dtype).itemsize
    flops = 2.0 * lanes_of_chain * len(CHAIN_ROWS) * VECTORS * ROUNDS
    with compilation():
        multiply_and_add(results[0], 1, CHAIN_ROWS)
    rate = _rate(lambda i: multiply_and_add(results[i], ROUNDS, CHAIN_ROWS), threads, seconds)
    return float(flops * rate)


def memory_roof(threads: int, seconds: float = 0.2) -> float:
    """Bytes a second that so many threads read and write."""
    count = STREAM_BYTES // 3 // 8
    arrays = [[np.ones(count) for _ in range(3)] for _ in range(threads)]
    with compilation():
        triad(*(array[:64] for array in arrays[0]))
    return 3 * 8 * count * _rate(lambda i: triad(*arrays[i]), threads, seconds)


def measure_roofs(threads: int, dtype: Any) -> Roofs:
    """Both roofs, as so many threads reach them together.

    Parameters
    ----------
    threads : int
        Threads at work.
    dtype : dtype
        The numbers that are multiplied and added: a vector has room for twice as many float32 as
        float64.
    """
    return Roofs(arithmetic_roof(threads, dtype) / 1e9, memory_roof(threads) / 1e9)


def _rate(call: Callable[[int], None], threads: int, seconds: float) -> float:
    """Calls a second of all threads together, the best of some turns."""
    best, start = 0.0, perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        while perf_counter() - start < seconds:
            began = perf_counter()
            list(pool.map(call, range(threads)))
            best = max(best, threads / (perf_counter() - began))
    return best
