"""What comes out of a block of examples: sums of losses, or predictions."""

from __future__ import annotations

from typing import Any

from jitnet.engine.steps.state import CORRECT, LOSS, WEIGHT
from jitnet.kernels.intrinsics import ahead
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, splat, sum_lanes


@njit
def add_up(
    values: Any, work: Any, first_panel: int, last_panel: int, accuracy: bool, totals: Any
) -> None:
    """The sums of losses, weights and correct ones over some panels of a block."""
    panel = work.times * work.width
    losses, weights = ahead(values, work.losses), ahead(values, work.weights)
    counts = ahead(values, work.counts)
    loss = weight = correct = splat(losses, 0.0)
    for i in range(first_panel * panel, last_panel * panel, lanes(losses)):
        loss = loss + load(losses, i)
        weight = weight + load(weights, i)
        if accuracy:
            correct = correct + load(counts, i)
    totals[LOSS] = sum_lanes(loss)
    totals[WEIGHT] = sum_lanes(weight)
    totals[CORRECT] = sum_lanes(correct)


@njit
def add_totals(totals: Any, importance: float, sums: Any) -> None:
    """The sums of each shard of a block (shards, 3), onto the epoch's sums."""
    for figure in range(totals.shape[1]):
        total = totals[0, figure]
        for shard in range(1, totals.shape[0]):
            total += totals[shard, figure]
        sums[figure] += total * importance


@njit
def write_predictions(
    output: Any, values: Any, work: Any, p0: int, p1: int, first: int, last: int
) -> None:
    """Predictions of the panels' examples, a row each from ``output[first]`` on."""
    outputs, width = work.outputs, work.width
    for p in range(p0, p1):
        P = ahead(values, work.predictions + p * outputs * width)
        for i in range(min(width, last - first - p * width)):
            for u in range(outputs):
                output[first + p * width + i, u] = P[u * width + i]
