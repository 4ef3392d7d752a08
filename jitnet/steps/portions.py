"""Which part of the work is whose: panels of examples, or units where panels are few."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels import team
from jitnet.kernels.jit import njit

ONE = np.int64(1)
"""Typed, since Numba compiles a function anew for each literal number it is given."""


@njit
def barrier(worker: Any) -> None:
    """Wait until every worker of the team is here."""
    team.barrier(worker.team, worker.size)


@njit
def share(worker: Any, count: int, grain: int) -> tuple[int, int]:
    """The part of ``range(count)`` that a worker owns, cut at multiples of ``grain``."""
    first, last = team.share(count, grain, worker.rank, worker.size)
    return first, last


@njit
def in_lockstep(panels: int, size: int) -> bool:
    """Whether dividing the panels would leave a fifth of the workers' time unused."""
    rounds = (panels + size - 1) // size
    return rounds * size * 4 > panels * 5


@njit
def portion(
    worker: Any, panels: int, units: int, grain: int, lockstep: bool
) -> tuple[int, int, int, int]:
    """A worker's panels and units: all units of some panels, or in lockstep some units of all."""
    if lockstep:
        first, last = share(worker, units, grain)
        return 0, panels, first, last
    first, last = share(worker, panels, ONE)
    return first, last, 0, units


@njit
def stretches(
    p0: int, p1: int, u0: int, u1: int, units: int, width: int
) -> tuple[int, int, int, int]:
    """The memory that a portion of a layer's array covers: number, start, step and length."""
    if u1 - u0 == units:
        return min(1, p1 - p0), p0 * units * width, 0, (p1 - p0) * units * width
    return p1 - p0, (p0 * units + u0) * width, units * width, (u1 - u0) * width
