"""How many threads a fit takes, and fits that take many, where joblib's workers can import it."""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba

import jitnet as jn
from jitnet.arrays import Array
from jitnet.kernels.team import ARRIVED, OPEN, SIZE, YES

MOST_SECONDS = 20.0
"""How long a host waits for threads that a busy machine is slow to wake; its own patience, some
milliseconds, is for work that goes on without them."""


def used_threads(X: Array, y: Array) -> int:
    """The most threads of a team in a fit that is worth as many as there are."""
    module: Any = importlib.import_module("jitnet.engine.engine")
    sizes = []
    real = module.run_team

    def counted(size: int, *arguments: Any) -> Any:
        sizes.append(size)
        return real(size, *arguments)

    module.run_team = counted
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            jn.MLPClassifier((256, 256), batch_size=512, max_iter=2).fit(X, y)
    finally:
        module.run_team = real
    return max(sizes)


@contextmanager
def many_cores(cores: int) -> Iterator[list[int]]:
    """Have fits take so many threads, whatever the machine has; the sizes of teams that came."""
    cost: Any = importlib.import_module("jitnet.engine.cost")
    module: Any = importlib.import_module("jitnet.engine.engine")
    kept = cost.available_threads, module.left_over, module.run_team
    sizes: list[int] = []

    def noted(size: int, work: Any, team: Any) -> Any:
        def with_all(wanted: int, team: Any) -> Any:
            if wanted > 1:
                team[OPEN] = YES
                last = time.monotonic() + MOST_SECONDS
                while team[ARRIVED] < wanted - 1 and time.monotonic() < last:
                    time.sleep(0.0)  # others may have the core
            return work(wanted, team)

        result = kept[2](size, with_all, team)
        sizes.append(int(team[SIZE]))
        return result

    cost.available_threads = lambda: cores
    module.left_over = lambda threads: min(threads, cores)
    module.run_team = noted
    try:
        yield sizes
    finally:
        cost.available_threads, module.left_over, module.run_team = kept


def _sum(x: Any) -> float:
    total = 0.0
    for i in numba.prange(x.size):
        total += x[i]
    return total


sum_in_parallel: Any = numba.njit(parallel=True)(_sum)
"""A loop of the user's own, for which Numba starts threads."""
