"""Pools over the whole of an image or a sequence: one value for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from numba import prange

from jitnet.hints import hinted_class
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at, registers
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import lanes, load, load_some, splat, store, store_some
from jitnet.layers.average_pool import AVERAGE
from jitnet.layers.channels import TOGETHER, channel_row, fill
from jitnet.layers.layer import Cut, Layer, Node, Operation, Shape
from jitnet.layers.max_pool import MAXIMUM
from jitnet.layers.pool_over_time import (
    backward_over_time_of,
    few_forward_over_time_of,
    forward_over_time_of,
)
from jitnet.layers.pooling import Pooling
from jitnet.layers.window import INPUTS


@factory
def global_forward_of(pooling: Pooling) -> Kernel:
    """The forward block of a pool over all places."""
    start, take, scale, _ = pooling

    @njit(parallel=True)
    def global_pool_forward(
        Y: Any, X: Any, first_panel: int, last_panel: int, first_channel: int, last_channel: int
    ) -> None:
        """Y[channel, i] = X[…, channel, i], pooled over all places.

        Writes Y (panels, channels, width), the given panels and channels; reads X (panels,
        places · channels, width). Each parallel iteration owns a panel: examples lie in the lanes.
        """
        _, units, width = X.shape
        _, channels, _ = Y.shape
        places, run = units // channels, channels * width
        for p in prange(first_panel, last_panel):
            share, values, n = scale(places), registers(at(Y, 0), TOGETHER), lanes(at(Y, 0))
            for c in range(first_channel, last_channel, len(TOGETHER)):
                x, y = at(X, (p * units + c) * width), at(Y, p * run + c * width)
                fill(values, start)
                for place in range(places):
                    for j in range(len(TOGETHER)):
                        row = place * run + channel_row(j, last_channel - c, x)
                        for v in range(VECTORS):
                            i = (j * VECTORS + v) * n
                            store(values, i, take(load(values, i), load(x, row + v * n)))
                for j in range(len(TOGETHER)):
                    row = channel_row(j, last_channel - c, x)
                    for v in range(VECTORS):
                        store(y, row + v * n, load(values, (j * VECTORS + v) * n) * share)

    return global_pool_forward


@factory
def global_few_forward_of(pooling: Pooling) -> Kernel:
    """The block of a pool of a few examples over all places."""
    start, take, scale, _ = pooling

    @njit(parallel=True)
    def global_pool_few_forward(Y: Any, X: Any) -> None:
        """``global_pool_forward`` of a few examples: channels lie in the lanes.

        Writes Y (examples, channels); reads X (examples, places · channels). Each parallel
        iteration owns an example.
        """
        examples, units = X.shape
        channels = Y.shape[1]
        for example in prange(examples):
            x, y, share = (
                at(X, example * units),
                at(Y, example * channels),
                scale(units // channels),
            )
            for k in range(0, channels, lanes(x)):
                count = min(lanes(x), channels - k)
                value = splat(x, start)
                for place in range(k, units, channels):
                    value = take(value, load_some(x, place, count))
                store_some(y, k, value * share, count)

    return global_pool_few_forward


@factory
def global_backward_of(pooling: Pooling) -> Kernel:
    """The backward block of a pool over all places."""
    _, _, scale, split = pooling

    @njit(parallel=True)
    def global_pool_backward(
        dX: Any,
        dY: Any,
        X: Any,
        Y: Any,
        first_panel: int,
        last_panel: int,
        first_channel: int,
        last_channel: int,
    ) -> None:
        """dX[place, channel, i] = the place's part of dY[channel, i].

        Writes dX (panels, places · channels, width), the given panels and channels; reads dY and Y
        (panels, channels, width) and X. Each parallel iteration owns a panel: examples lie in the
        lanes.
        """
        _, units, width = X.shape
        _, channels, _ = Y.shape
        places, run = units // channels, channels * width
        for p in prange(first_panel, last_panel):
            share, left, n = scale(places), registers(at(dX, 0), TOGETHER), lanes(at(dX, 0))
            for c in range(first_channel, last_channel, len(TOGETHER)):
                x, dx = at(X, (p * units + c) * width), at(dX, (p * units + c) * width)
                y, dy = at(Y, p * run + c * width), at(dY, p * run + c * width)
                for j in range(len(TOGETHER)):
                    row = channel_row(j, last_channel - c, x)
                    for v in range(VECTORS):
                        store(left, (j * VECTORS + v) * n, load(dy, row + v * n) * share)
                for place in range(places):
                    for j in range(len(TOGETHER)):
                        row = channel_row(j, last_channel - c, x)
                        for v in range(VECTORS):
                            i, k = (j * VECTORS + v) * n, row + v * n
                            value = load(x, place * run + k)
                            part, rest = split(load(left, i), value, load(y, k))
                            store(left, i, rest)
                            store(dx, place * run + k, part)

    return global_pool_backward


@dataclass(frozen=True)
class GlobalPool(Layer):
    """What both share: their node."""

    pooling: ClassVar[Pooling]

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        if len(shape) - 1 not in INPUTS:
            known = " or ".join(reversed(INPUTS.values()))
            raise ValueError(f"{type(self).__name__} takes {known}, got {shape}")
        cut = Cut("channel", shape[-1])
        if len(shape) == 2:
            return Node(
                output=shape[-1:],
                forward=(Operation(forward_over_time_of(self.pooling), cut),),
                backward=(Operation(backward_over_time_of(self.pooling), cut),),
                few=Operation(few_forward_over_time_of(self.pooling)),
                over_time="all",
            )
        return Node(
            output=shape[-1:],
            forward=(Operation(global_forward_of(self.pooling), cut),),
            backward=(Operation(global_backward_of(self.pooling), cut),),
            few=Operation(global_few_forward_of(self.pooling)),
        )


@hinted_class
@dataclass(frozen=True)
class GlobalAveragePool(GlobalPool):
    """The mean of each channel over the whole image or sequence.

    It is Keras's GlobalAveragePooling2D and GlobalAveragePooling1D.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.GlobalAveragePool().node((7, 7, 64), 16).output
    (64,)
    """

    pooling: ClassVar[Pooling] = AVERAGE


@hinted_class
@dataclass(frozen=True)
class GlobalMaxPool(GlobalPool):
    """The greatest value of each channel over the whole image or sequence.

    Its gradient goes to the first place that has it. It is Keras's GlobalMaxPooling2D and
    GlobalMaxPooling1D.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.GlobalMaxPool().node((50, 8), 16).output
    (8,)
    """

    pooling: ClassVar[Pooling] = MAXIMUM
