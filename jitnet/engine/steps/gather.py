"""A batch out of the data: the blocks that lay inputs into panels, and targets, and weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import gather_row, to_columns


@njit
def _gather_panel(
    x: Any,
    rows: Any,
    like: Any,
    address: int,
    row_step: int,
    column_step: int,
    order: Any,
    first: int,
    last: int,
    width: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """A panel x of the examples from order[first] on, up to order[last - 1], by its row blocks."""
    for i in range(width):
        source = address + order[min(first + i, last - 1)] * row_step
        gather_row(ahead(rows, i * width), source, column_step, like, first_unit, last_unit)
    to_columns(x, rows, first_unit, last_unit)


@njit
def gather_inputs(
    X: Any,
    scratch: Any,
    like: Any,
    address: int,
    row_step: int,
    column_step: int,
    order: Any,
    batch_first: int,
    batch_last: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """The examples order[batch_first:batch_last] into panels X (panels, n_in, width).

    Writes X, the given panels and inputs, and in scratch, one panel after the other, their row
    blocks (blocks, width + 1, width); reads the numbers of ``like``'s type at the address.
    """
    _, n_in, width = X.shape
    for p in range(first_panel, last_panel):
        _gather_panel(
            at(X, p * n_in * width),
            at(scratch, 0),
            like,
            address,
            row_step,
            column_step,
            order,
            batch_first + p * width,
            batch_last,
            width,
            first_unit,
            last_unit,
        )


@njit
def gather_inputs_and_rows(
    X: Any,
    X_rows: Any,
    like: Any,
    address: int,
    row_step: int,
    column_step: int,
    order: Any,
    batch_first: int,
    batch_last: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """The examples order[batch_first:batch_last] into panels X (panels, n_in, width).

    Writes X and its row blocks X_rows (panels, blocks times width + 1, width), the given panels and
    inputs; reads the numbers of ``like``'s type at the address.
    """
    _, n_in, width = X.shape
    for p in range(first_panel, last_panel):
        _gather_panel(
            at(X, p * n_in * width),
            at(X_rows, p * X_rows.shape[1] * width),
            like,
            address,
            row_step,
            column_step,
            order,
            batch_first + p * width,
            batch_last,
            width,
            first_unit,
            last_unit,
        )


@njit
def gather_sparse(
    X: Any,
    indptr: Any,
    indices: Any,
    numbers: Any,
    order: Any,
    batch_first: int,
    batch_last: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Sparse rows order[batch_first:batch_last] into panels X (panels, n_in, width).

    Writes X, the given panels and inputs; reads the rows' numbers, and adds up those of a column.
    """
    _, n_in, width = X.shape
    for p in range(first_panel, last_panel):
        x = at(X, p * n_in * width)
        for place in range(first_unit * width, last_unit * width):
            x[place] = 0.0
        for i in range(width):
            example = order[min(batch_first + p * width + i, batch_last - 1)]
            for place in range(indptr[example], indptr[example + 1]):
                k = np.int64(indices[place])
                if first_unit <= k < last_unit:
                    x[k * width + i] += numbers[place]


@njit
def gather_labels(
    T: Any,
    weights: Any,
    labels: Any,
    sample_weights: Any,
    smoothing: float,
    order: Any,
    batch_first: int,
    batch_last: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """Labels of order[batch_first:batch_last] as smoothed one-hot columns T, and their weights.

    Writes T (panels, outputs, width) and weights (panels, 1, width), the given panels.
    """
    _, outputs, width = T.shape
    low, high = smoothing / outputs, 1.0 - smoothing
    for p in range(first_panel, last_panel):
        t = at(T, p * outputs * width)
        for i in range(width):
            place = batch_first + p * width + i
            example = order[min(place, batch_last - 1)]
            weights[p, 0, i] = sample_weights[example] if place < batch_last else 0.0
            for u in range(outputs):
                t[u * width + i] = low
            t[labels[example] * width + i] = high + low


@njit
def gather_targets(
    T: Any,
    weights: Any,
    targets: Any,
    sample_weights: Any,
    smoothing: float,
    order: Any,
    batch_first: int,
    batch_last: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """Targets of order[batch_first:batch_last], smoothed, as columns T, and their weights.

    Writes T (panels, outputs, width) and weights (panels, 1, width), the given panels.
    """
    _, outputs, width = T.shape
    low, high = smoothing / outputs, 1.0 - smoothing
    for p in range(first_panel, last_panel):
        t = at(T, p * outputs * width)
        for i in range(width):
            place = batch_first + p * width + i
            example = order[min(place, batch_last - 1)]
            weights[p, 0, i] = sample_weights[example] if place < batch_last else 0.0
            for u in range(outputs):
                t[u * width + i] = targets[example * outputs + u] * high + low


@njit
def batch_weight(feed: Any, first: int, last: int) -> float:
    """Σ wᵢ over the examples order[first:last]."""
    if feed.uniform:
        return float(last - first)
    total = 0.0
    for i in range(first, last):
        total += feed.weights[feed.order[i]]
    return total
