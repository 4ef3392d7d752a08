"""Is the machine quiet? Only then are times those of what is timed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from jitnet.kernels.cache import compilation
from jitnet.kernels.cpu import VECTOR_BYTES
from jitnet.study.roofs import CHAIN_ROWS, multiply_and_add

MIN_SHARE = 0.85
"""The share of a core that a thread gets on a quiet machine, at least: nearly all, less what clocks
miss that count a thread's time by sixtieths of a second."""
WAKE_SECONDS, SECONDS = 0.03, 0.2
"""A thread just started may share its parent's core for a while; how long is measured."""
ROUNDS = 20_000


def is_quiet(threads: int) -> bool:
    """Whether so many threads get a core each."""
    return share_of_cores(threads) >= MIN_SHARE


def share_of_cores(threads: int) -> float:
    """The share of so many cores' time that as many threads get which never wait, 1 at best."""
    with compilation():
        _work(0.0)
    with ThreadPoolExecutor(threads) as pool:
        return float(np.mean(list(pool.map(_share, range(threads)))))


def _share(_: int) -> float:
    """A thread's time on a core over the time that passes."""
    _work(WAKE_SECONDS)
    began, began_on_core = time.perf_counter(), time.thread_time()
    _work(SECONDS)
    return (time.thread_time() - began_on_core) / (time.perf_counter() - began)


def _work(seconds: float) -> None:
    chains = np.zeros(VECTOR_BYTES, np.float32)
    began = time.perf_counter()
    multiply_and_add(chains, 1, CHAIN_ROWS)
    while time.perf_counter() - began < seconds:
        multiply_and_add(chains, ROUNDS, CHAIN_ROWS)
