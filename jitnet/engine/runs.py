"""Where a run of steps begins, and room for what it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.engine.steps.state import COUNTERS, EPOCH, STEPS, Plan, Progress

if TYPE_CHECKING:
    from jitnet.engine.engine import Engine

NO_OUTPUT = {np.dtype(kind): np.zeros((0, 0), kind) for kind in (np.float32, np.float64)}


class Place(NamedTuple):
    """Where a training stands between two of its steps."""

    done: int  # steps since it began
    counters: Array  # of a `Progress`: the epoch, and the examples of it that are behind
    sums: Array  # of that epoch so far

    def copy(self) -> Place:
        """A copy that the next steps do not change."""
        return Place(self.done, self.counters.copy(), self.sums.copy())


def new_position(epoch: int) -> tuple[Array, Array]:
    """The counters and sums at the beginning of an epoch."""
    counters = np.zeros(COUNTERS, np.int64)
    counters[EPOCH] = epoch
    return counters, np.zeros(4)


def new_progress(
    engine: Engine, position: tuple[Array, Array], plan: Plan, output: Array | None = None
) -> Progress:
    """Where a slice begins, and room for what it brings."""
    counters, sums = position
    counters[STEPS:] = 0
    record = np.zeros((plan.steps * plan.batch // plan.examples + 2, 4))
    return Progress(counters, sums, record, NO_OUTPUT[engine.dtype] if output is None else output)
