"""From gradients to new parameters: penalties, the clipped norm, the optimiser's step."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.engine.calls import UPDATE
from jitnet.engine.steps.portions import call, share
from jitnet.engine.steps.span import FIRST, LAST
from jitnet.engine.steps.state import PLACE, PREPARED, RANGE_CHUNK, RANGE_GRAIN, ROWS, SIZE
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, splat, store, sum_lanes

CHUNK = np.int64(1024)
"""Parameters whose squares are added up at once, whoever owns them."""

SQUARES, PENALTIES = np.int64(0), np.int64(1)
"""The columns of the network's chunks."""


@njit
def penalise(
    gradients: Any,
    chunks: Any,
    parameters: Any,
    places: Any,
    l2: Any,
    share_of_l2: float,
    first: int,
    last: int,
) -> None:
    """Add λ W to the weights' gradients, and note each chunk's Σ g² and λ/2 Σ W².

    Writes gradients, elements first … last, and chunks (n_chunks, 2); reads parameters, where each
    of them begins and ends, places (n, 2), and its λ, l2 (n,), which is multiplied by
    ``share_of_l2``.
    """
    g, w = at(gradients, 0), at(parameters, 0)
    for start in range(first, last, CHUNK):
        stop: Any = min(start + CHUNK, last)
        penalty = 0.0
        for number in range(l2.size):
            strength = l2[number] * share_of_l2
            begin, end = places[2 * number], places[2 * number + 1]
            if strength != 0.0:  # negative where the weights of examples are
                total = splat(g, 0.0)
                for i in range(max(start, begin), min(stop, end), lanes(g)):
                    weight = load(w, i)
                    total = fma(weight, weight, total)
                    store(g, i, fma(weight, strength, load(g, i)))
                penalty += 0.5 * strength * sum_lanes(total)
        squares = splat(g, 0.0)
        for i in range(start, stop, lanes(g)):
            squares = fma(load(g, i), load(g, i), squares)
        chunks[2 * (start // CHUNK) + SQUARES] = sum_lanes(squares)
        chunks[2 * (start // CHUNK) + PENALTIES] = penalty


@njit
def sum_chunks(chunks: Any, column: int) -> float:
    """A column of the chunks, added up in their order."""
    total = 0.0
    for chunk in range(chunks.shape[0]):
        total += chunks[chunk, column]
    return total


@njit
def clip_scale(chunks: Any, clip_norm: float) -> float:
    """min(1, c / ‖g‖₂), or 1 where c is 0, which stands for no clipping."""
    if clip_norm == 0.0:
        return 1.0
    norm = sum_chunks(chunks, SQUARES) ** 0.5
    return clip_norm / norm if norm > clip_norm else 1.0


@njit
def descend(worker: Any, ranges: Any) -> None:
    """The optimiser's step, each worker mostly for parameters whose gradients it computed.

    What a layer makes of its parameters is made from those just updated, still in the cache.
    """
    span, update = worker.span, worker.phases[2 * UPDATE]
    for i in range(ranges.shape[0]):
        place, size, chunk = ranges[i, PLACE], ranges[i, SIZE], ranges[i, RANGE_CHUNK]
        first, last = share(worker, size, ranges[i, RANGE_GRAIN])
        row_size = size // ranges[i, ROWS]
        for begin in range(first, last, chunk):
            end = min(begin + chunk, last)
            span[FIRST], span[LAST] = place + begin, place + end
            call(worker, update)
            if ranges[i, PREPARED] >= 0:
                span[FIRST], span[LAST] = begin // row_size, end // row_size
                call(worker, ranges[i, PREPARED])
