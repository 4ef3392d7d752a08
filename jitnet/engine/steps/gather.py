"""A batch out of the data: the blocks that lay inputs into panels, and targets, and weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.kernels.intrinsics import ahead, at
from jitnet.kernels.jit import njit
from jitnet.kernels.panels import bytes_of, gather_row, read, to_columns
from jitnet.kernels.simd import lanes, load, splat, store, transpose_square

ADDRESS, ROW_STEP, COLUMN_STEP, LENGTHS, INPUT_WORDS = range(5)
"""The words of an input: where its first number lies, how many bytes further on those of the next
example, and its next number, do, and where its examples' lengths do, or 0."""


@njit
def _gather_panel(
    x: Any,
    rows: Any,
    like: Any,
    source: Any,
    order: Any,
    first: int,
    last: int,
    width: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """A panel x of the examples from order[first] on, up to order[last - 1], by its row blocks.

    To ask for the next panel's rows beforehand gained nothing: 0.98 to 1.03 of the speed.
    """
    for i in range(width):
        address = source[ADDRESS] + order[min(first + i, last - 1)] * source[ROW_STEP]
        gather_row(
            ahead(rows, i * width), address, source[COLUMN_STEP], like, first_unit, last_unit
        )
    to_columns(x, rows, first_unit, last_unit)


@njit
def gather_inputs(
    X: Any,
    scratch: Any,
    like: Any,
    inputs: Any,
    number: int,
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
    blocks (blocks, width + 1, width); reads the numbers of ``like``'s type of the input of a
    number, whose words are in ``inputs``.
    """
    _, n_in, width = X.shape
    for p in range(first_panel, last_panel):
        _gather_panel(
            at(X, p * n_in * width),
            at(scratch, 0),
            like,
            at(inputs, number * INPUT_WORDS),
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
    inputs: Any,
    number: int,
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
    inputs; reads the numbers of ``like``'s type of the input of a number, whose words are in
    ``inputs``.
    """
    _, n_in, width = X.shape
    for p in range(first_panel, last_panel):
        _gather_panel(
            at(X, p * n_in * width),
            at(X_rows, p * X_rows.shape[1] * width),
            like,
            at(inputs, number * INPUT_WORDS),
            order,
            batch_first + p * width,
            batch_last,
            width,
            first_unit,
            last_unit,
        )


@njit
def gather_indices(
    X: Any,
    like: Any,
    inputs: Any,
    number: int,
    order: Any,
    batch_first: int,
    batch_last: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Indices of the examples order[batch_first:batch_last] into panels X (panels, n_in, width).

    Writes X of int32, the given panels and inputs; reads the indices, of ``like``'s type, of the
    input of a number, whose words are in ``inputs``.
    """
    _, n_in, width = X.shape
    source = at(inputs, number * INPUT_WORDS)
    for p in range(first_panel, last_panel):
        x = at(X, p * n_in * width)
        for i in range(width):
            example = order[min(batch_first + p * width + i, batch_last - 1)]
            address = source[ADDRESS] + example * source[ROW_STEP]
            for k in range(first_unit, last_unit):
                x[k * width + i] = read(address + k * source[COLUMN_STEP], like)


@njit
def mark_steps(
    mask: Any,
    like: Any,
    inputs: Any,
    number: int,
    order: Any,
    batch_first: int,
    batch_last: int,
    first_panel: int,
    last_panel: int,
) -> None:
    """mask[t, i] = 1 where t is before the end of the example, else 0.

    Writes mask (panels, time, width), the given panels; reads the lengths, of ``like``'s type, of
    the input of a number, whose words are in ``inputs``; without any, examples have all steps.
    """
    _, time, width = mask.shape
    source = at(inputs, number * INPUT_WORDS)
    for p in range(first_panel, last_panel):
        m = at(mask, p * time * width)
        for k in range(0, time * width, lanes(m)):
            store(m, k, splat(m, 1.0))
        for i in range(width if source[LENGTHS] != 0 else 0):
            example = order[min(batch_first + p * width + i, batch_last - 1)]
            length = np.int64(read(source[LENGTHS] + example * bytes_of(like), like))
            for t in range(length, time):
                m[t * width + i] = 0.0


@njit
def mark_all(mask: Any, first_panel: int, last_panel: int) -> None:
    """mask[t, i] = 1.

    Writes mask (panels, time, width), the given panels.
    """
    _, time, width = mask.shape
    for p in range(first_panel, last_panel):
        for t in range(time):
            for i in range(width):
                mask[p, t, i] = 1.0


@njit
def mask_zeros(mask: Any, X: Any, first_panel: int, last_panel: int) -> None:
    """mask[t, i] = 0 where the index X[t, i] is 0, otherwise it stays.

    Writes mask (panels, time, width), the given panels; reads the indices X of the same shape.
    """
    _, time, width = mask.shape
    for p in range(first_panel, last_panel):
        m, x = at(mask, p * time * width), at(X, p * time * width)
        for k in range(time * width):
            if x[k] == 0:
                m[k] = 0.0


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

    Writes T (panels, times · outputs, width) and weights (panels, times, width), the given panels.
    """
    _, times, width = weights.shape
    outputs = T.shape[1] // times
    low, high = smoothing / outputs, 1.0 - smoothing
    for p in range(first_panel, last_panel):
        for i in range(width):
            place = batch_first + p * width + i
            example = order[min(place, batch_last - 1)]
            for time in range(times):
                t, source = at(T, (p * times + time) * outputs * width), example * times + time
                weights[p, time, i] = sample_weights[source] if place < batch_last else 0.0
                for u in range(outputs):
                    t[u * width + i] = low
                t[labels[source] * width + i] = high + low


@njit
def gather_targets(
    T: Any,
    weights: Any,
    scratch: Any,
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

    Writes T (panels, outputs, width) and weights (panels, times, width), the given panels, and in
    scratch some outputs of a panel's examples, to be turned: 1,600 outputs so took 40 µs of a step,
    and number by number 270.
    """
    _, outputs, width = T.shape
    times = weights.shape[1]
    low, high = smoothing / (outputs // times), 1.0 - smoothing
    rows, n = at(scratch, 0), lanes(at(scratch, 0))
    turned = outputs - outputs % n
    for p in range(first_panel, last_panel):
        t = at(T, p * outputs * width)
        for u in range(0, turned, n):
            for i in range(width):
                example = order[min(batch_first + p * width + i, batch_last - 1)]
                store(rows, i * n, load(at(targets, example * outputs), u) * high + low)
            for i in range(0, width, n):
                place = ahead(t, u * width + i)
                transpose_square(place, width, ahead(rows, i * n), n, n)
        for i in range(width):
            place = batch_first + p * width + i
            example = order[min(place, batch_last - 1)]
            for time in range(times):
                weight = sample_weights[example * times + time]
                weights[p, time, i] = weight if place < batch_last else 0.0
            for u in range(turned, outputs):
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
