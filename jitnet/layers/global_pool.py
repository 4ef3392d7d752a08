"""Pools over the whole of an image or a sequence: one value for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from numba import prange

from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import lanes, load, splat, store
from jitnet.layers.average_pool import AVERAGE
from jitnet.layers.layer import Cut, Layer, Node, Operation, Shape
from jitnet.layers.max_pool import MAXIMUM
from jitnet.layers.pool import INPUTS
from jitnet.layers.pooling import Pooling


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
            x, y, share = at(X, p * units * width), at(Y, p * run), scale(places)
            for k in range(first_channel * width, last_channel * width, lanes(x)):
                value = splat(x, start)
                for place in range(places):
                    value = take(value, load(x, place * run + k))
                store(y, k, value * share)

    return global_pool_forward


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
            x, dx = at(X, p * units * width), at(dX, p * units * width)
            y, dy, share = at(Y, p * run), at(dY, p * run), scale(places)
            for k in range(first_channel * width, last_channel * width, lanes(x)):
                d, value = load(dy, k) * share, load(y, k)
                for place in range(places):
                    part, d = split(d, load(x, place * run + k), value)
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
        return Node(
            output=shape[-1:],
            forward=(Operation(global_forward_of(self.pooling), cut),),
            backward=(Operation(global_backward_of(self.pooling), cut),),
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
