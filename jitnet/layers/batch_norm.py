"""Batch normalisation: each channel of a batch at mean 0 and variance 1, scaled and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import prange

from jitnet.checks import check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import (
    fma,
    lanes,
    load,
    load_some,
    splat,
    square_root,
    store,
    store_some,
)
from jitnet.layers.batch_norm_moments import (
    batch_norm_means,
    batch_norm_moments,
    batch_norm_statistics,
    batch_norm_sums,
)
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Room, Shape


@njit(parallel=True)
def batch_norm_forward(
    Y: Any,
    X: Any,
    mean: Any,
    rstd: Any,
    weight: Any,
    bias: Any,
    first_panel: int,
    last_panel: int,
    first_channel: int,
    last_channel: int,
) -> None:
    """Y = e weight[c] + bias[c] with e = (X - mean[c]) rstd[c], for each channel c.

    Writes Y (panels, units, width), the given panels and channels; reads X, mean and rstd
    (panels, rows, width), weight and bias (channels,). Each parallel iteration owns a panel.
    """
    _, units, width = X.shape
    rows, channels = mean.shape[1], weight.size
    for p in prange(first_panel, last_panel):
        m, r = at(mean, p * rows * width), at(rstd, p * rows * width)
        for place in range(p * units, (p + 1) * units, channels):
            for c in range(first_channel, last_channel):
                y, x = at(Y, (place + c) * width), at(X, (place + c) * width)
                for i in range(0, width, lanes(x)):
                    e = (load(x, i) - m[c]) * r[c]
                    store(y, i, fma(e, weight[c], splat(x, bias[c])))


@njit(parallel=True)
def batch_norm_few_forward(
    Y: Any,
    X: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_variance: Any,
    epsilon: float,
    channels: int,
) -> None:
    """The same of a few examples, by what runs, to the same bits: channels lie in the lanes.

    Writes Y (examples, units); reads X and the parameters (channels,). Each parallel iteration owns
    an example.
    """
    examples, units = X.shape
    n = lanes(at(X, 0))
    for example in prange(examples):
        for place in range(example * units, (example + 1) * units, channels):
            for c in range(0, channels, n):
                y, x, left = at(Y, place + c), at(X, place + c), min(n, channels - c)
                variance = load_some(at(running_variance, c), 0, left)
                scale = splat(x, 1.0) / square_root(variance + epsilon)
                e = (load_some(x, 0, left) - load_some(at(running_mean, c), 0, left)) * scale
                scaled = fma(e, load_some(at(weight, c), 0, left), load_some(at(bias, c), 0, left))
                store_some(y, 0, scaled, left)


@njit(parallel=True)
def batch_norm_backward(
    dX: Any,
    X: Any,
    mean: Any,
    rstd: Any,
    weight: Any,
    mean_total: Any,
    mean_along: Any,
    training: int,
    examples: int,
    first_panel: int,
    last_panel: int,
    first_channel: int,
    last_channel: int,
) -> None:
    """dX = weight[c] rstd[c] (dY - mean(dY) - e mean(dY e)); out of training weight[c] rstd[c] dY.

    Writes dX (panels, units, width) over dY, the given panels and channels; reads X, mean and rstd
    (panels, rows, width), weight and the means (channels,). What only fills up the last panel has
    no gradient. Each parallel iteration owns a panel.
    """
    _, units, width = X.shape
    rows, channels = mean.shape[1], weight.size
    for p in prange(first_panel, last_panel):
        m, r = at(mean, p * rows * width), at(rstd, p * rows * width)
        for place in range(p * units, (p + 1) * units, channels):
            for c in range(first_channel, last_channel):
                dx, x = at(dX, (place + c) * width), at(X, (place + c) * width)
                scale = r[c] * weight[c]
                for i in range(0, width, lanes(x)):
                    d = load(dx, i)
                    if training:
                        e = (load(x, i) - m[c]) * r[c]
                        d = d - mean_total[c] - e * mean_along[c]
                    store(dx, i, d * scale)
                for i in range(min(width, examples - p * width), width):
                    dx[i] = 0.0


@njit(parallel=True)
def batch_norm_weight_backward(
    dweight: Any,
    dbias: Any,
    total: Any,
    along: Any,
    add: int,
    first_channel: int,
    last_channel: int,
) -> None:
    """dweight[c] = Σ dY e and dbias[c] = Σ dY, of the panels' sums.

    Writes dweight and dbias (channels,), the given channels, or adds to them where ``add``; reads
    the sums (panels, rows, width). Each parallel iteration owns a channel.
    """
    panels, rows, width = total.shape
    for c in prange(first_channel, last_channel):
        dw, db = at(along, c)[0], at(total, c)[0]
        for p in range(1, panels):
            dw += at(along, p * rows * width + c)[0]
            db += at(total, p * rows * width + c)[0]
        dweight[c] = dweight[c] + dw if add else dw
        dbias[c] = dbias[c] + db if add else db


@njit(parallel=True)
def batch_norm_track(
    running_mean: Any,
    running_variance: Any,
    batch_mean: Any,
    batch_variance: Any,
    momentum: float,
    first_channel: int,
    last_channel: int,
) -> None:
    """running = momentum running + (1 - momentum) batch, of the mean and of the variance.

    Writes both (channels,), the given channels. Each parallel iteration owns a vector of channels.
    """
    n = lanes(at(running_mean, 0))
    for block in prange((last_channel - first_channel + n - 1) // n):
        c = first_channel + block * n
        left = min(n, last_channel - c)
        for running, batch in (
            (at(running_mean, c), at(batch_mean, c)),
            (at(running_variance, c), at(batch_variance, c)),
        ):
            kept = load_some(running, 0, left) * momentum
            store_some(running, 0, kept + load_some(batch, 0, left) * (1.0 - momentum), left)


def _ones(channels: int) -> Any:
    return lambda rng: np.ones(channels)


@hinted_class
@dataclass(frozen=True)
class BatchNorm(Layer):
    """Normalises each channel by its batch (Ioffe and Szegedy, 2015, *Batch normalization*).

    y = (x - mean) / √(variance + ε) · weight + bias, of a channel, the last axis, over all
    examples and places. Steps of training take the mean and the variance (divided by n) of their
    batch. ``predict``, ``evaluate`` and ``gradients`` take running ones, which no optimiser steps:
    after each step of training they are ``momentum`` of themselves and 1 - momentum of the batch's,
    with its variance divided by n - 1. An example then does not depend on what else is given.

    The parameters are weight, bias, running_mean and running_variance, in this order. A batch goes
    through the network as a whole; what examples weigh in the loss does not count here.

    Parameters
    ----------
    momentum : float, default 0.9
        What is kept of the running mean and variance in a step, in [0, 1). PyTorch's momentum is
        1 - momentum.
    epsilon : float, default 1e-5
        ε, which keeps the quotient finite: positive.

    Raises
    ------
    TypeError, ValueError
        If a number is out of its range. A fit refuses batches that have one value of a channel,
        as it is: their variance says nothing.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Dense(8), jn.BatchNorm(), jn.Dense(1)]
    >>> model = jn.Sequential(layers, loss="mse").build(3)
    >>> [array.shape for array in model.get_weights()]
    [(3, 8), (8,), (8,), (8,), (8,), (8,), (8, 1), (1,)]
    """

    momentum: float = 0.9
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(
            self,
            momentum=check_number("momentum", self.momentum, least=0.0, below=1.0),
            epsilon=check_number("epsilon", self.epsilon, above=0.0),
        )

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        *axes, channels = shape
        places = int(np.prod(axes))
        cut = Cut("channel", channels)
        of_panel, of_batch = Room(units=-(-channels // width)), Room(shape=(channels,))
        epsilon, size = {"epsilon": self.epsilon}, {"places": places}
        count = {"channels": channels}
        sums = Operation(batch_norm_sums, cut, count)
        means = Operation(batch_norm_means, cut, size, whole=True)
        return Node(
            output=shape,
            forward=(
                Operation(batch_norm_statistics, cut, epsilon),
                Operation(batch_norm_moments, cut, epsilon | size, whole=True),
                Operation(batch_norm_forward, cut),
            ),
            arrange=(sums,),
            backward=(means, Operation(batch_norm_backward, cut)),
            gradients=(Operation(batch_norm_weight_backward, cut),),
            track=(Operation(batch_norm_track, cut, {"momentum": self.momentum}),),
            few=Operation(batch_norm_few_forward, settings=epsilon | count),
            parameters=(
                Parameter("weight", (channels,), _ones(channels)),
                Parameter("bias", (channels,)),
                Parameter("running_mean", (channels,), trained=False),
                Parameter(
                    "running_variance", (channels,), _ones(channels), trained=False, least=0.0
                ),
            ),
            rooms={
                **dict.fromkeys(("start", "shift", "squares", "mean", "rstd"), of_panel),
                **dict.fromkeys(("total", "along"), of_panel),
                **dict.fromkeys(
                    ("batch_mean", "batch_variance", "mean_total", "mean_along"), of_batch
                ),
            },
            in_place=True,
            least_examples=2 if places == 1 else 1,
        )
