"""At the output layer: losses and what is fed back from them, or predictions."""

from __future__ import annotations

from typing import Any

from jitnet import memory as m
from jitnet.activations.table import activation_backward
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, splat, sum_lanes
from jitnet.losses.table import apply_link, count_hits, loss_backward
from jitnet.steps.state import HITS, LOSS, WEIGHT


@njit
def losses(p0: int, p1: int, network: Any, work: Any, plan: Any, total_weight: float) -> None:
    """Losses and hits of the panels' examples, and dZ of the output layer."""
    row = network.table[-1]
    outputs, width, values = row[m.N_OUT], work.width, work.values
    place, panels = p0 * outputs * width, p1 - p0
    D, Z = at(values, row[m.D] + place), at(values, row[m.Z] + place)
    A, T = at(values, row[m.A] + place), at(work.targets, place)
    weights, values_of_loss = at(work.weights, p0 * width), at(work.losses, p0 * width)
    scale = plan.gain / total_weight if total_weight != 0.0 else 0.0
    loss_backward(
        D, values_of_loss, A, T, weights, plan.loss, plan.quantile, outputs, scale, panels
    )
    if plan.accuracy:
        hits = at(work.hits, p0 * width)
        count_hits(hits, A, T, weights, plan.link, outputs, panels)
    activation_backward(D, Z, A, row[m.ACTIVATION], panels * outputs * width)


@njit
def add_up(work: Any, panels: int, plan: Any, importance: float, sums: Any) -> None:
    """Losses, weights and hits of a block of examples, onto the epoch's sums."""
    loss = weight = hits = splat(work.losses, 0.0)
    for i in range(0, panels * work.width, lanes(work.losses)):
        loss = loss + load(at(work.losses, 0), i)
        weight = weight + load(at(work.weights, 0), i)
        if plan.accuracy:
            hits = hits + load(at(work.hits, 0), i)
    sums[LOSS] += sum_lanes(loss) * importance
    sums[WEIGHT] += sum_lanes(weight) * importance
    sums[HITS] += sum_lanes(hits) * importance


@njit
def write_predictions(
    output: Any, p0: int, p1: int, network: Any, work: Any, plan: Any, first: int, last: int
) -> None:
    """Predictions of the panels' examples, a row each from ``output[first]`` on."""
    row = network.table[-1]
    outputs, width = row[m.N_OUT], work.width
    for p in range(p0, p1):
        place = p * outputs * width
        P = at(work.values, row[m.D] + place)
        apply_link(P, at(work.values, row[m.A] + place), plan.link, outputs)
        for i in range(min(width, last - first - p * width)):
            for u in range(outputs):
                output[first + p * width + i, u] = P[u * width + i]
