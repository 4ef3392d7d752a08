"""Sums over the shards of a block, in a tree that is the same for any number of ranks.

A block's panels are cut into shards, as many as a power of two, and neighbours are added up two by
two. A rank has some neighbouring shards: it adds up what lies within them, and all ranks the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.engine.steps.portions import share
from jitnet.engine.steps.span import BLOCK_PANELS, EXCHANGE
from jitnet.engine.steps.state import Worker
from jitnet.kernels.exchange import call_exchange
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, splat, store
from jitnet.memory import ALIGNMENT

GRAIN = np.int64(ALIGNMENT)
"""Workers' shares of gradients are cut at multiples of it."""
SUMS = -1
"""What the ranks exchange beside what a row of the table needs: gradients, and sums of losses."""


@njit
def panels_of(worker: Any, shards: Any, first: int, last: int) -> tuple[int, int]:
    """The panels of the block that shards have."""
    panels = worker.span[BLOCK_PANELS]
    return panels * first // shards.number, panels * last // shards.number


@njit
def with_gradients(worker: Any, shards: Any, kept: int) -> Any:
    """The worker, whose calls write gradients to the row of ``partial`` behind those ``kept``."""
    return Worker(
        worker.rank,
        worker.size,
        worker.team,
        worker.calls,
        worker.columns,
        worker.phases,
        worker.span,
        worker.reals,
        worker.parameters,
        at(shards.partial, kept * shards.partial.shape[1]),
        worker.moments,
        worker.values,
    )


@njit
def keep_sum(worker: Any, shards: Any, shard: int, kept: int) -> int:
    """Add a shard's gradients to those of the shards before it, as far as these are complete.

    They are the row of ``partial`` behind those ``kept``, of which a worker adds its share. Returns
    how many rows are kept now.
    """
    partial = shards.partial
    first, last = share(worker, partial.shape[1], GRAIN)
    size = 1
    while shard & size and shard + 1 - 2 * size >= shards.first:
        right = at(partial, kept * partial.shape[1])
        left = at(partial, (kept - 1) * partial.shape[1])
        for i in range(first, last, lanes(left)):
            store(left, i, load(left, i) + load(right, i))
        kept -= 1
        size *= 2
    return kept + 1


@njit
def clear_gradients(worker: Any, shards: Any, kept: int) -> None:
    """The gradients of a shard that has no examples."""
    row, count = at(shards.partial, kept * shards.partial.shape[1]), shards.partial.shape[1]
    first, last = share(worker, count, GRAIN)
    for i in range(first, last, lanes(row)):
        store(row, i, splat(row, 0.0))


@njit
def sum_of_all(worker: Any, shards: Any) -> None:
    """Have the gradients be the sum over all shards, and the totals be there of all."""
    call_exchange(worker.span[EXCHANGE], SUMS, worker.span[BLOCK_PANELS])
