"""Pools over all time steps of sequences, which may end early: the loops of global pools."""

from __future__ import annotations

from typing import Any

from numba import prange

from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some, where
from jitnet.layers.channels import TOGETHER, channel_row, fill
from jitnet.layers.pooling import Pooling
from jitnet.layers.recurrence import is_whole


@njit
def count_steps(mask: Any, time: int, width: int, i: int) -> Any:
    """The time steps of a vector of examples."""
    count = splat(mask, 0.0)
    for t in range(time):
        count = count + load(mask, t * width + i)
    return count


@njit
def at_least_one(count: Any) -> Any:
    """What is divided by: of an example without any time steps, all of which are masked, 1."""
    return where(count > 1.0, count, 1.0)


@factory
def forward_over_time_of(pooling: Pooling) -> Kernel:
    """The forward block of a pool over the time steps of each example."""
    start, take, scale, _ = pooling

    @njit(parallel=True)
    def pool_over_time_forward(
        Y: Any,
        X: Any,
        mask: Any,
        first_panel: int,
        last_panel: int,
        first_channel: int,
        last_channel: int,
    ) -> None:
        """Y[channel, i] = X[t, channel, i], pooled over the time steps t before the example's end.

        It is 0 where there are none.

        Writes Y (panels, channels, width), the given panels and channels; reads X (panels, time ·
        channels, width) and mask (panels, time, width). Each parallel iteration owns a panel:
        examples lie in the lanes.
        """
        _, time, width = mask.shape
        run = Y.shape[1] * width
        for p in prange(first_panel, last_panel):
            m, values, n = (
                at(mask, p * time * width),
                registers(at(Y, 0), TOGETHER),
                width // VECTORS,
            )
            whole = is_whole(m, time * width)
            for c in range(first_channel, last_channel, len(TOGETHER)):
                x, y = at(X, p * time * run + c * width), at(Y, p * run + c * width)
                fill(values, start)
                for t in range(time):
                    for j in range(len(TOGETHER)):
                        row = t * run + channel_row(j, last_channel - c, x)
                        for v in range(VECTORS):
                            i = (j * VECTORS + v) * n
                            value = load(values, i)
                            taken = take(value, load(x, row + v * n))
                            if not whole:
                                taken = where(load(m, t * width + v * n) > 0.0, taken, value)
                            store(values, i, taken)
                for v in range(VECTORS):
                    steps = count_steps(m, time, width, v * n)
                    share = scale(at_least_one(steps))
                    for j in range(len(TOGETHER)):
                        value = load(values, (j * VECTORS + v) * n)
                        if not whole:
                            value = where(steps > 0.0, value, 0.0)
                        store(y, channel_row(j, last_channel - c, x) + v * n, value * share)

    return pool_over_time_forward


@factory
def few_forward_over_time_of(pooling: Pooling) -> Kernel:
    """The block of a pool of a few examples over their time steps."""
    start, take, scale, _ = pooling

    @njit(parallel=True)
    def pool_over_time_few_forward(Y: Any, X: Any, mask: Any) -> None:
        """``pool_over_time_forward`` of a few examples: channels lie in the lanes.

        Writes Y (examples, channels); reads X (examples, time · channels) and mask (examples,
        time). Each parallel iteration owns an example.
        """
        examples, time = mask.shape
        channels = Y.shape[1]
        for e in prange(examples):
            x, y, steps = at(X, e * time * channels), at(Y, e * channels), 0.0
            for t in range(time):
                steps += mask[e, t]
            share = scale(splat(x, max(steps, 1.0)))
            for k in range(0, channels, lanes(x)):
                count = min(lanes(x), channels - k)
                value = splat(x, start)
                for t in range(time):
                    if mask[e, t] > 0.0:
                        value = take(value, load_some(x, t * channels + k, count))
                if steps == 0.0:
                    value = splat(x, 0.0)
                store_some(y, k, value * share, count)

    return pool_over_time_few_forward


@factory
def backward_over_time_of(pooling: Pooling) -> Kernel:
    """The backward block of a pool over the time steps of each example."""
    _, _, scale, split = pooling

    @njit(parallel=True)
    def pool_over_time_backward(
        dX: Any,
        dY: Any,
        X: Any,
        Y: Any,
        mask: Any,
        first_panel: int,
        last_panel: int,
        first_channel: int,
        last_channel: int,
    ) -> None:
        """dX[t, channel, i] = the time step's part of dY[channel, i], 0 behind the example's end.

        Writes dX (panels, time · channels, width), the given panels and channels; reads dY and Y
        (panels, channels, width), X and mask (panels, time, width). Each parallel iteration owns a
        panel: examples lie in the lanes.
        """
        _, time, width = mask.shape
        run = Y.shape[1] * width
        for p in prange(first_panel, last_panel):
            m, left, n = (
                at(mask, p * time * width),
                registers(at(dX, 0), TOGETHER),
                width // VECTORS,
            )
            whole = is_whole(m, time * width)
            for c in range(first_channel, last_channel, len(TOGETHER)):
                x, dx = at(X, p * time * run + c * width), at(dX, p * time * run + c * width)
                y, dy = at(Y, p * run + c * width), at(dY, p * run + c * width)
                for v in range(VECTORS):
                    share = scale(at_least_one(count_steps(m, time, width, v * n)))
                    for j in range(len(TOGETHER)):
                        row = channel_row(j, last_channel - c, x)
                        store(left, (j * VECTORS + v) * n, load(dy, row + v * n) * share)
                for t in range(time):
                    for j in range(len(TOGETHER)):
                        row = channel_row(j, last_channel - c, x)
                        for v in range(VECTORS):
                            i, k = (j * VECTORS + v) * n, row + v * n
                            d = load(left, i)
                            part, rest = split(d, load(x, t * run + k), load(y, k))
                            if not whole:
                                is_step = load(m, t * width + v * n) > 0.0
                                part, rest = where(is_step, part, 0.0), where(is_step, rest, d)
                            store(left, i, rest)
                            store(dx, t * run + k, part)

    return pool_over_time_backward
