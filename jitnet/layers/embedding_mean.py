"""The mean of an embedding's vectors over an example's time steps: a bag of words.

An `Embedding` that a `GlobalAveragePool` follows makes it at once, in the order and so to the bits
of both, one after the other: the vectors of all time steps, which take more room than the weights
themselves, are never written. A step of 128 examples of 200 words, 64 units, took 6.4 ms with them.
"""

from __future__ import annotations

from typing import Any

from numba import prange

from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import (
    add_to_blocks,
    add_to_row,
    clear_row,
    row_block,
    to_columns,
    to_rows,
)
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some
from jitnet.kernels.typed import ONE, ZERO
from jitnet.layers.average_pool import AVERAGE, to_mean
from jitnet.layers.layer import Cut, Node, Operation
from jitnet.layers.pool_over_time import at_least_one, count_steps, forward_over_time_of
from jitnet.layers.recurrence import is_whole


@njit(parallel=True)
def embedding_mean_forward(
    Y: Any, X: Any, weight: Any, mask: Any, scratch: Any, first_panel: int, last_panel: int
) -> None:
    """Y[u, i] = Σ W[X[t, i], u] / steps, over the time steps t before the example's end.

    It is 0 where there are none.

    Writes Y (panels, units, width), the given panels, and scratch (parts, size), in which the
    examples' sums lie side by side before they are turned; reads the indices X (panels, time,
    width), the flat weight (vocabulary, units) and mask (panels, time, width). Each parallel
    iteration owns a room and some panels.
    """
    parts = scratch.shape[0]
    _, units, width = Y.shape
    time = X.shape[1]
    for part in prange(parts):
        rows = at(scratch, part * scratch.shape[1])
        for p in range(first_panel + part, last_panel, parts):
            x, m, y = at(X, p * time * width), at(mask, p * time * width), at(Y, p * units * width)
            whole = is_whole(m, time * width)
            for k in range(0, row_block(units + width - 1, width), lanes(rows)):
                store(rows, k, splat(rows, 0.0))
            for t in range(time):
                for i in range(width):
                    if whole or m[t * width + i] > 0.0:
                        row = at(weight, x[t * width + i] * units)
                        add_to_blocks(ahead(rows, i * width), row, units)
            to_columns(y, rows, 0, units)
            for i in range(0, width, lanes(y)):
                share = to_mean(at_least_one(count_steps(m, time, width, i)))
                for u in range(units):
                    store(y, u * width + i, load(y, u * width + i) * share)


@njit(parallel=True)
def embedding_mean_few_forward(Y: Any, X: Any, weight: Any, mask: Any) -> None:
    """``embedding_mean_forward`` of a few examples.

    Writes Y (examples, units); reads the indices X and mask (examples, time) and the flat weight
    (vocabulary, units). Each parallel iteration owns an example.
    """
    examples, time = X.shape
    units = Y.shape[1]
    for e in prange(examples):
        y, steps = at(Y, e * units), 0.0
        for t in range(time):
            steps += mask[e, t]
        share = to_mean(splat(y, max(steps, 1.0)))
        for u in range(0, units, lanes(y)):
            count = min(lanes(y), units - u)
            total = splat(y, 0.0)
            for t in range(time):
                if mask[e, t] > 0.0:
                    total = total + load_some(at(weight, X[e, t] * units), u, count)
            store_some(y, u, total * share, count)


@njit(parallel=True)
def embedding_mean_weight_backward(
    dweight: Any,
    dY: Any,
    X: Any,
    mask: Any,
    scratch: Any,
    add: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """dW[X[t, i], u] = Σ dY[u, i] / steps, in the order of the panels, time steps and examples.

    Writes the flat dweight (vocabulary, units), the given units of each row, or adds to them where
    ``add``, and scratch (parts, size), in which dY is turned; reads dY (panels, units, width), the
    indices X and mask (panels, time, width). Each parallel iteration owns some units, so that no
    two add to one place.
    """
    parts, units = scratch.shape[0], dY.shape[1]
    panels, time, width = X.shape
    blocks = (last_unit - first_unit + width - 1) // width
    for part in prange(parts):
        rows = at(scratch, part * scratch.shape[1])
        first = first_unit + part * blocks // parts * width
        last = min(first_unit + (part + 1) * blocks // parts * width, last_unit)
        if not add:
            for k in range(first, dweight.size, units):
                clear_row(at(dweight, k), last - first)
        for p in range(panels):
            x, m, dy = at(X, p * time * width), at(mask, p * time * width), p * units * width
            whole = is_whole(m, time * width)
            for u in range(first, last, width):
                turned = ahead(rows, row_block(u - first, width))
                to_rows(turned, at(dY, dy), units, ZERO, u, ONE)
                scale_rows(turned, m, time, width)
            for t in range(time):
                for i in range(width):
                    if whole or m[t * width + i] > 0.0:
                        target = at(dweight, x[t * width + i] * units + first)
                        add_to_row(target, ahead(rows, i * width), last - first)


@njit
def scale_rows(rows: Any, mask: Any, time: int, width: int) -> None:
    """Multiply each example's row of a block, (width, width), by 1 / steps."""
    for i in range(width):
        steps = 0.0
        for t in range(time):
            steps += mask[t * width + i]
        share = to_mean(splat(rows, max(steps, 1.0)))
        for k in range(i * width, (i + 1) * width, lanes(rows)):
            store(rows, k, load(rows, k) * share)


def embedding_mean_node(embedding: Node, cut: Cut, after: Node) -> Node | None:
    """An embedding and the node behind it as one, if that is the mean over time."""
    if [each.kernel for each in after.forward] != [forward_over_time_of(AVERAGE)]:
        return None
    _, units = embedding.output
    return embedding._replace(
        output=(units,),
        forward=(Operation(embedding_mean_forward),),
        gradients=(Operation(embedding_mean_weight_backward, cut),),
        few=Operation(embedding_mean_few_forward),
        over_time="all",
    )
