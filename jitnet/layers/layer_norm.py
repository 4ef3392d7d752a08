"""Layer normalisation: every example's units at mean 0 and variance 1, then scaled and shifted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import prange

from jitnet.checks import check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, splat, square_root, store, sum_lanes
from jitnet.layers.layer import Cut, Layer, Node, Operation, Parameter, Room, Shape


@njit(parallel=True)
def layer_norm_forward(
    Y: Any,
    mean: Any,
    rstd: Any,
    X: Any,
    weight: Any,
    bias: Any,
    epsilon: float,
    first_panel: int,
    last_panel: int,
) -> None:
    """Y[u, i] = (X[u, i] - mean[i]) rstd[i] weight[u] + bias[u], rstd = 1 / √(variance + ε).

    Writes Y (panels, units, width), mean and rstd (panels, groups, width), the given panels; reads
    X, weight and bias (n,). Units are groups of n, each normalised by itself. Each parallel
    iteration owns a panel: examples lie in the lanes.
    """
    _, units, width = X.shape
    groups, n = mean.shape[1], weight.size
    for p in prange(first_panel, last_panel):
        for group in range(groups):
            for i in range(0, width, width // VECTORS):
                place = (p * units + group * n) * width + i
                y, x = at(Y, place), at(X, place)
                total = splat(x, 0.0)
                for u in range(n):
                    total = total + load(x, u * width)
                center = total / n
                squares = splat(x, 0.0)
                for u in range(n):
                    e = load(x, u * width) - center
                    squares = fma(e, e, squares)
                scale = splat(x, 1.0) / square_root(squares / n + epsilon)
                for u in range(n):
                    e = (load(x, u * width) - center) * scale
                    store(y, u * width, fma(e, weight[u], splat(x, bias[u])))
                store(at(mean, (p * groups + group) * width), i, center)
                store(at(rstd, (p * groups + group) * width), i, scale)


@njit(parallel=True)
def layer_norm_backward(
    dX: Any,
    dY: Any,
    X: Any,
    weight: Any,
    mean: Any,
    rstd: Any,
    first_panel: int,
    last_panel: int,
) -> None:
    """dX = rstd (g - mean(g) - e mean(g e)) with g = dY weight and e = (X - mean) rstd.

    Writes dX (panels, units, width), the given panels; reads dY, X, weight (n,), mean and rstd
    (panels, groups, width). The means are over a group's n units. Each parallel iteration owns a
    panel: examples lie in the lanes.
    """
    _, units, width = X.shape
    groups, n = mean.shape[1], weight.size
    for p in prange(first_panel, last_panel):
        for group in range(groups):
            for i in range(0, width, width // VECTORS):
                place = (p * units + group * n) * width + i
                dx, dy, x = at(dX, place), at(dY, place), at(X, place)
                center = load(at(mean, (p * groups + group) * width), i)
                scale = load(at(rstd, (p * groups + group) * width), i)
                total = along = splat(x, 0.0)
                for u in range(n):
                    g = load(dy, u * width) * weight[u]
                    total = total + g
                    along = fma(g, (load(x, u * width) - center) * scale, along)
                total, along = total / n, along / n
                for u in range(n):
                    e = (load(x, u * width) - center) * scale
                    g = load(dy, u * width) * weight[u]
                    store(dx, u * width, (g - total - e * along) * scale)


@njit(parallel=True)
def layer_norm_weight_backward(
    dweight: Any,
    dbias: Any,
    dY: Any,
    X: Any,
    mean: Any,
    rstd: Any,
    add: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """dweight[u] = Σ dY[u, i] e[u, i] and dbias[u] = Σ dY[u, i] with e = (X - mean) rstd.

    Writes dweight and dbias (n,), units first … last, or adds to them where ``add``; reads dY, X
    (panels, units, width), mean and rstd (panels, groups, width). Each parallel iteration owns a
    unit.
    """
    panels, units, width = X.shape
    groups, n = mean.shape[1], dweight.size
    for u in prange(first_unit, last_unit):
        weight_total = bias_total = splat(at(X, 0), 0.0)
        for p in range(panels):
            for group in range(groups):
                place = (p * units + group * n + u) * width
                dy, x = at(dY, place), at(X, place)
                center = at(mean, (p * groups + group) * width)
                scale = at(rstd, (p * groups + group) * width)
                for i in range(0, width, lanes(x)):
                    e = (load(x, i) - load(center, i)) * load(scale, i)
                    weight_total = fma(load(dy, i), e, weight_total)
                    bias_total = bias_total + load(dy, i)
        dw, db = sum_lanes(weight_total), sum_lanes(bias_total)
        dweight[u] = dweight[u] + dw if add else dw
        dbias[u] = dbias[u] + db if add else db


def _ones(units: int) -> Any:
    return lambda rng: np.ones(units)


@hinted_class
@dataclass(frozen=True)
class LayerNorm(Layer):
    """Normalises the last axis of each example (Ba, Kiros and Hinton, 2016, *Layer normalization*).

    y = (x - mean(x)) / √(var(x) + ε) · weight + bias, with the mean and the variance (divided by n)
    over the last axis, as in PyTorch.

    Parameters
    ----------
    epsilon : float, default 1e-5
        ε, which keeps the quotient finite: positive.

    Raises
    ------
    TypeError, ValueError
        If ε is no positive number.

    Examples
    --------
    >>> import jitnet as jn
    >>> model = jn.Sequential([jn.LayerNorm(), jn.Dense(1)], loss="mse").build(3)
    >>> [array.shape for array in model.get_weights()]
    [(3,), (3,), (3, 1), (1,)]
    """

    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(self, epsilon=check_number("epsilon", self.epsilon, above=0.0))

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        *groups, n = shape
        room = Room(units=int(np.prod(groups)))
        settings = {"epsilon": self.epsilon}
        return Node(
            output=shape,
            forward=(Operation(layer_norm_forward, settings=settings),),
            backward=(Operation(layer_norm_backward),),
            gradients=(Operation(layer_norm_weight_backward, Cut("unit", n)),),
            parameters=(Parameter("weight", (n,), _ones(n)), Parameter("bias", (n,))),
            rooms={"mean": room, "rstd": room},
            over_time="each",
        )
