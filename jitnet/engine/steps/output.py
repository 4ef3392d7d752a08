"""What comes out of a block of examples: sums of losses, or predictions."""

from __future__ import annotations

from typing import Any

from jitnet.engine.steps.state import CORRECT, LOSS, WEIGHT
from jitnet.kernels.intrinsics import ahead
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, splat, sum_lanes


@njit
def add_up(
    values: Any, work: Any, panels: int, accuracy: bool, importance: float, sums: Any
) -> None:
    """Losses, weights and correct ones of a block of examples, onto the epoch's sums."""
    losses, weights = ahead(values, work.losses), ahead(values, work.weights)
    counts = ahead(values, work.counts)
    loss = weight = correct = splat(losses, 0.0)
    for i in range(0, panels * work.times * work.width, lanes(losses)):
        loss = loss + load(losses, i)
        weight = weight + load(weights, i)
        if accuracy:
            correct = correct + load(counts, i)
    sums[LOSS] += sum_lanes(loss) * importance
    sums[WEIGHT] += sum_lanes(weight) * importance
    sums[CORRECT] += sum_lanes(correct) * importance


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
