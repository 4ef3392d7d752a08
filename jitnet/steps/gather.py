"""A batch out of the data: inputs into panels and row blocks, targets, weights."""

from __future__ import annotations

from typing import Any

from jitnet import memory as m
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import gather_row, row_block, to_columns
from jitnet.steps.portions import portion


@njit
def gather_inputs(
    worker: Any, lockstep: bool, network: Any, work: Any, data: Any, first: int, last: int
) -> None:
    """X's rows order[first:last] into the first layer's panels and row blocks."""
    n_in, width = network.table[0, m.N_IN], work.width
    panel_size = row_block(n_in + width - 1, width)
    panels = (last - first + width - 1) // width
    p0, p1, k0, k1 = portion(worker, panels, n_in, width, lockstep)
    rows = work.rows_of_x + p0 * panel_size
    for p in range(p0, p1):
        for i in range(width):
            example = data.order[min(first + p * width + i, last - 1)]
            address = data.address + example * data.row_step
            target = at(work.values, rows + i * width)
            gather_row(target, address, data.column_step, data.source, k0, k1)
        to_columns(at(work.values, p * n_in * width), at(work.values, rows), k0, k1)


@njit
def gather_targets(
    p0: int, p1: int, outputs: int, work: Any, data: Any, first: int, last: int
) -> None:
    """Targets and weights of order[first:last]; a label becomes a smoothed one-hot column."""
    width = work.width
    low, high = data.smoothing / outputs, 1.0 - data.smoothing
    for p in range(p0, p1):
        targets = at(work.targets, p * outputs * width)
        for i in range(width):
            place = first + p * width + i
            example = data.order[min(place, last - 1)]
            work.weights[p * width + i] = data.weights[example] if place < last else 0.0
            if data.labels.size > 0:
                for u in range(outputs):
                    targets[u * width + i] = low
                targets[data.labels[example] * width + i] = high + low
            else:
                for u in range(outputs):
                    targets[u * width + i] = data.targets[example, u] * high + low


@njit
def batch_weight(data: Any, first: int, last: int) -> float:
    """Σ wᵢ over the examples order[first:last]."""
    if data.uniform:
        return float(last - first)
    total = 0.0
    for i in range(first, last):
        total += data.weights[data.order[i]]
    return total
