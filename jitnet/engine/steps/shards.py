"""Sums over the shards of a block, in a tree that is the same for any number of ranks.

A block's panels are cut into shards, as many as a power of two, and neighbours are added up two by
two. A rank has some neighbouring shards: it adds up what lies within them, and all ranks the rest.
"""

from __future__ import annotations

from typing import Any

from jitnet.engine.steps.portions import share
from jitnet.engine.steps.span import BLOCK_PANELS, EXCHANGE
from jitnet.kernels.exchange import call_exchange
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, splat, store
from jitnet.memory import ALIGNMENT

SUMS = -1
"""What the ranks exchange beside what a row of the table needs: gradients, and sums of losses."""


@njit
def panels_of(worker: Any, shards: Any, first: int, last: int) -> tuple[int, int]:
    """The panels of the block that shards have."""
    panels = worker.span[BLOCK_PANELS]
    return panels * first // shards.number, panels * last // shards.number


@njit
def keep_sum(worker: Any, gradients: Any, shards: Any, shard: int, has_any: bool, kept: int) -> int:
    """Add a shard's gradients up with those of the shards beside it, as far as they are complete.

    Writes ``partial``, of whose rows so many are ``kept``, and gradients, a worker's share of them.
    Returns how many are kept now.
    """
    g, partial = at(gradients, 0), shards.partial
    first, last = share(worker, partial.shape[1], ALIGNMENT)
    if not has_any:
        for i in range(first, last, lanes(g)):
            store(g, i, splat(g, 0.0))
    size = 1
    while shard & size and shard + 1 - 2 * size >= shards.first:
        kept -= 1
        left = at(partial, kept * partial.shape[1])
        for i in range(first, last, lanes(g)):
            store(g, i, load(left, i) + load(g, i))
        size *= 2
    row = at(partial, kept * partial.shape[1])
    for i in range(first, last, lanes(g)):
        store(row, i, load(g, i))
    return kept + 1


@njit
def sum_of_all(worker: Any, shards: Any) -> None:
    """Have the gradients be the sum over all shards, and the totals be there of all."""
    call_exchange(worker.span[EXCHANGE], SUMS, worker.span[BLOCK_PANELS])
