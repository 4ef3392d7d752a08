"""What a batch norm sums over a batch: the channels' mean and variance, and their gradients' sums.

Each panel by itself, and then over all panels, so that any number of workers has the same bits.
"""

from __future__ import annotations

from typing import Any

from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at, registers
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import (
    first_lanes,
    fma,
    lanes,
    load,
    load_some,
    splat,
    square_root,
    store,
    store_some,
    sum_lanes,
    where,
)
from jitnet.layers.channels import TOGETHER, channel_row, fill


@njit
def _statistics(
    start: Any, shift: Any, squares: Any, x: Any, step: int, stop: int, real: int, left: int
) -> None:
    """Those of some channels at once, of the ``real`` examples of a panel."""
    totals, n = registers(start, TOGETHER), lanes(start)
    fill(totals, 0.0)
    for j in range(len(TOGETHER)):
        start[min(j, left - 1)] = x[channel_row(j, left, start)]
    for place in range(0, stop, step):
        for j in range(len(TOGETHER)):
            origin, row = start[min(j, left - 1)], place + channel_row(j, left, start)
            for v in range(VECTORS):
                i, own = (j * VECTORS + v) * n, first_lanes(start, real - v * n)
                e = where(own, load(x, row + v * n) - origin, 0.0)
                store(totals, i, load(totals, i) + e)
    for j in range(len(TOGETHER)):
        shift[min(j, left - 1)] = _row_sum(totals, j) / (real * (stop // step))
    fill(totals, 0.0)
    for place in range(0, stop, step):
        for j in range(len(TOGETHER)):
            origin, row = start[min(j, left - 1)], place + channel_row(j, left, start)
            distance = shift[min(j, left - 1)]
            for v in range(VECTORS):
                i, own = (j * VECTORS + v) * n, first_lanes(start, real - v * n)
                e = where(own, load(x, row + v * n) - origin - distance, 0.0)
                store(totals, i, fma(e, e, load(totals, i)))
    for j in range(len(TOGETHER)):
        squares[min(j, left - 1)] = _row_sum(totals, j)


@njit
def _row_sum(totals: Any, j: int) -> Any:
    """The sum of a channel's vectors."""
    n, total = lanes(totals), load(totals, j * VECTORS * lanes(totals))
    for v in range(1, VECTORS):
        total = total + load(totals, (j * VECTORS + v) * n)
    return sum_lanes(total)


@njit(parallel=True)
def batch_norm_statistics(
    squares: Any,
    start: Any,
    shift: Any,
    mean: Any,
    rstd: Any,
    X: Any,
    running_mean: Any,
    running_variance: Any,
    epsilon: float,
    training: int,
    examples: int,
    first_panel: int,
    last_panel: int,
    first_channel: int,
    last_channel: int,
) -> None:
    """squares[p, c] = Σ (X - mean)² of a panel's values; their mean is start[p, c] + shift[p, c].

    The start is the first value: what is left of a large mean is exact. Out of training only mean
    and rstd = 1 / √(variance + ε) are written, of what runs. Each is (panels, rows, width), and its
    first numbers in a panel are of the channels. Writes the given panels and channels; reads X
    (panels, units, width) and what runs (channels,). Each parallel iteration owns a panel.
    """
    _, units, width = X.shape
    rows, channels = mean.shape[1], running_mean.size
    for p in prange(first_panel, last_panel):
        panel = p * rows * width
        if not training:
            m, r, n = at(mean, panel), at(rstd, panel), lanes(at(mean, 0))
            for c in range(first_channel, last_channel, n):
                left = min(n, last_channel - c)
                variance = load_some(at(running_variance, c), 0, left)
                store_some(m, c, load_some(at(running_mean, c), 0, left), left)
                store_some(r, c, splat(m, 1.0) / square_root(variance + epsilon), left)
            continue
        real = min(width, examples - p * width)  # the others are copies of the last one
        for c in range(first_channel, last_channel, len(TOGETHER)):
            s, d, q = at(start, panel + c), at(shift, panel + c), at(squares, panel + c)
            x, left = at(X, (p * units + c) * width), last_channel - c
            _statistics(s, d, q, x, channels * width, units * width, real, left)


@njit(parallel=True)
def batch_norm_moments(
    mean: Any,
    rstd: Any,
    batch_mean: Any,
    batch_variance: Any,
    start: Any,
    shift: Any,
    squares: Any,
    epsilon: float,
    places: int,
    examples: int,
    first_channel: int,
    last_channel: int,
) -> None:
    """Mean and rstd = 1 / √(variance + ε) of the batch's n values, out of those of its panels.

    Σ (x - mean)² = Σ_p squares[p] + n[p] (mean[p] - mean)² (Chan, Golub and LeVeque, 1983). Writes
    mean and rstd, in every panel, batch_mean and batch_variance = Σ (x - mean)² / (n - 1)
    (channels,), the given channels; reads of the panels start + shift, which are their means, and
    squares. Each parallel iteration owns a vector of channels.
    """
    panels, rows, width = mean.shape
    row, n = rows * width, lanes(at(mean, 0))
    count = examples * places
    for block in prange((last_channel - first_channel + n - 1) // n):
        c = first_channel + block * n
        left = min(n, last_channel - c)
        m, r, s, d, q = at(mean, c), at(rstd, c), at(start, c), at(shift, c), at(squares, c)
        origin, total = load_some(s, 0, left), splat(s, 0.0)
        for p in range(panels):
            own = float(places * min(width, examples - p * width))
            e = load_some(s, p * row, left) - origin + load_some(d, p * row, left)
            total = fma(e, splat(s, own), total)
        distance = total / float(count)
        total = splat(s, 0.0)
        for p in range(panels):
            own = float(places * min(width, examples - p * width))
            e = load_some(s, p * row, left) - origin + load_some(d, p * row, left) - distance
            total = total + fma(e * own, e, load_some(q, p * row, left))
        center = origin + distance
        scale = splat(m, 1.0) / square_root(total / float(count) + epsilon)
        for p in range(panels):
            store_some(m, p * row, center, left)
            store_some(r, p * row, scale, left)
        store_some(at(batch_mean, c), 0, center, left)
        store_some(at(batch_variance, c), 0, total / float(count - 1), left)


@njit
def _sums(
    total: Any,
    along: Any,
    dy: Any,
    x: Any,
    mean: Any,
    rstd: Any,
    step: int,
    stop: int,
    left: int,
) -> None:
    """Those of some channels at once."""
    sums, products, n = registers(total, TOGETHER), registers(total, TOGETHER), lanes(total)
    fill(sums, 0.0)
    fill(products, 0.0)
    for place in range(0, stop, step):
        for j in range(len(TOGETHER)):
            center, scale = mean[min(j, left - 1)], rstd[min(j, left - 1)]
            row = place + channel_row(j, left, total)
            for v in range(VECTORS):
                i, d = (j * VECTORS + v) * n, load(dy, row + v * n)
                e = (load(x, row + v * n) - center) * scale
                store(sums, i, load(sums, i) + d)
                store(products, i, fma(d, e, load(products, i)))
    for j in range(len(TOGETHER)):
        total[min(j, left - 1)] = _row_sum(sums, j)
        along[min(j, left - 1)] = _row_sum(products, j)


@njit(parallel=True)
def batch_norm_sums(
    total: Any,
    along: Any,
    dY: Any,
    X: Any,
    mean: Any,
    rstd: Any,
    channels: int,
    first_panel: int,
    last_panel: int,
    first_channel: int,
    last_channel: int,
) -> None:
    """total[p, c] = Σ dY and along[p, c] = Σ dY e of a panel, with e = (X - mean[c]) rstd[c].

    Writes total and along (panels, rows, width), the given panels and channels; reads dY and X
    (panels, units, width), mean and rstd. Each parallel iteration owns a panel.
    """
    _, units, width = X.shape
    rows = mean.shape[1]
    for p in prange(first_panel, last_panel):
        for c in range(first_channel, last_channel, len(TOGETHER)):
            first, place = p * rows * width + c, (p * units + c) * width
            _sums(
                at(total, first),
                at(along, first),
                at(dY, place),
                at(X, place),
                at(mean, first),
                at(rstd, first),
                channels * width,
                units * width,
                last_channel - c,
            )


@njit(parallel=True)
def batch_norm_means(
    mean_total: Any,
    mean_along: Any,
    total: Any,
    along: Any,
    places: int,
    examples: int,
    first_channel: int,
    last_channel: int,
) -> None:
    """mean_total[c] = mean(dY) and mean_along[c] = mean(dY e) over the batch.

    Writes both (channels,), the given channels; reads the panels' sums. Each parallel iteration
    owns a vector of channels.
    """
    panels, rows, width = total.shape
    n, count = lanes(at(total, 0)), float(examples * places)
    for block in prange((last_channel - first_channel + n - 1) // n):
        c = first_channel + block * n
        left = min(n, last_channel - c)
        sums = products = splat(at(total, 0), 0.0)
        for p in range(panels):
            sums = sums + load_some(at(total, p * rows * width + c), 0, left)
            products = products + load_some(at(along, p * rows * width + c), 0, left)
        store_some(at(mean_total, c), 0, sums / count, left)
        store_some(at(mean_along, c), 0, products / count, left)
