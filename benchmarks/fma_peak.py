"""The processor's FMA peak in float32, measured: what no matrix product can exceed.

Twelve sums that do not depend on one another, each a SIMD vector in a register, are multiplied and
added to without end. Twelve are enough to fill every multiplier through its latency, and few
enough for the sixteen registers of AVX2.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any

import numpy as np
from numba import njit

from jitnet.kernels.cpu import VECTOR_BYTES, VECTORS
from jitnet.kernels.intrinsics import at, registers
from jitnet.kernels.simd import fma, lanes, load, splat, store

LANES = VECTOR_BYTES // 4
CHAINS = 12
ROWS = (0,) * (CHAINS // VECTORS)  # its length is what counts: a constant to the compiler
ROUNDS = 1_000_000
FLOPS = 2.0 * LANES * CHAINS * ROUNDS


@njit(error_model="numpy", nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
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


def burst(_: int = 0) -> None:
    """Keep one core's multipliers busy for some milliseconds."""
    multiply_and_add(np.zeros(LANES, np.float32), ROUNDS, ROWS)


class FmaPeak:
    """Measures the peak whenever asked.

    Parameters
    ----------
    threads : int
        Cores that work at once.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.pool = ThreadPoolExecutor(threads)
        burst()

    def gflops(self, seconds: float) -> float:
        """GFLOP/s of all cores together, over about `seconds`."""
        bursts, start, elapsed = 0, perf_counter(), 0.0
        while elapsed < seconds:
            list(self.pool.map(burst, range(self.threads)))
            bursts += self.threads
            elapsed = perf_counter() - start
        return bursts * FLOPS / elapsed / 1e9
