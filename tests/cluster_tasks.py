"""What workers of a cluster are asked, where they can import it."""

from __future__ import annotations

import os
from typing import NamedTuple

import jitnet as jn
from jitnet.arrays import Array
from jitnet.kernels import cache
from team_sizes import used_threads


class Told(NamedTuple):
    """What a worker says of a fit."""

    process: int
    compiled: int
    """Kernels that it has compiled."""
    threads: int
    """The most threads of a team in a fit that is worth as many as there are."""
    coefs: bytes


class _Watch:
    """Counts kernels that are compiled."""

    count = 0

    def compiling(self) -> None:
        self.count += 1

    def compiled(self, seconds: float) -> None:
        pass


def small() -> jn.MLPClassifier:
    """An estimator that is soon fitted."""
    return jn.MLPClassifier((16,), max_iter=8, tol=1.0, random_state=0)


def tell(X: Array, y: Array) -> Told:
    """Fit, and tell."""
    watch = _Watch()
    cache.watchers.append(watch)
    try:
        coefs = small().fit(X, y).coefs_[0].tobytes()
        threads = used_threads(X, y)
    finally:
        cache.watchers.remove(watch)
    return Told(os.getpid(), watch.count, threads, coefs)
