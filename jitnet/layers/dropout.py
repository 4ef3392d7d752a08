"""Dropout: a part of the units is silent in each step of training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numba import prange

from jitnet.checks import check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.cpu import VECTORS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.random import mix, uniform
from jitnet.kernels.simd import lanes, load, store, where
from jitnet.layers.layer import Layer, Node, Operation, Shape


@njit(parallel=True)
def dropout_forward(
    Y: Any,
    X: Any,
    rate: float,
    training: int,
    key: int,
    node: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Y[u, i] = X[u, i] / (1 - rate) where r[u, i] ≥ rate, else 0; Y = X where not training.

    Writes Y (panels, units, width), the given panels and units; reads X. r is uniform in [0, 1), of
    the step's key, the node, the unit and the example's place in the batch alone. Each parallel
    iteration owns a panel.
    """
    _, units, width = X.shape
    for p in prange(first_panel, last_panel):
        for u in range(first_unit, last_unit):
            y, x = at(Y, (p * units + u) * width), at(X, (p * units + u) * width)
            unit_key = mix(mix(key, node), u)
            for i in range(0, width, width // VECTORS):
                kept = load(x, i)
                if training:
                    r = uniform(x, unit_key, first_example + p * width + i)
                    kept = where(r < rate, 0.0, kept * (1.0 / (1.0 - rate)))
                store(y, i, kept)


@njit(parallel=True)
def dropout_backward(
    dX: Any,
    rate: float,
    training: int,
    key: int,
    node: int,
    first_example: int,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """dX[u, i] = dY[u, i] / (1 - rate) where r[u, i] ≥ rate, else 0: forward's r is drawn again.

    Writes dX (panels, units, width) over dY, the given panels and units. Each parallel iteration
    owns a panel.
    """
    _, units, width = dX.shape
    for p in prange(first_panel, last_panel):
        for u in range(first_unit, last_unit):
            dx = at(dX, (p * units + u) * width)
            unit_key = mix(mix(key, node), u)
            for i in range(0, width, lanes(dx)):
                if training:
                    r = uniform(dx, unit_key, first_example + p * width + i)
                    store(dx, i, where(r < rate, 0.0, load(dx, i) * (1.0 / (1.0 - rate))))


@hinted_class
@dataclass(frozen=True)
class Dropout(Layer):
    """Silences a part of its units in each step of training (Srivastava et al., 2014, *Dropout*).

    What is kept is divided by 1 - rate, so that predictions need no scale: outside of training
    the layer does nothing. Which units are silent follows from the model's seed, the step and the
    example's place in its batch alone, for any number of threads.

    Parameters
    ----------
    rate : float
        The share of units that are silent, in [0, 1).

    Raises
    ------
    TypeError, ValueError
        If the rate is no number in [0, 1).

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Dense(64, activation="relu"), jn.Dropout(0.5), jn.Dense(10)]
    >>> jn.Sequential(layers, loss="softmax_crossentropy").layers[1]
    Dropout(rate=0.5)
    """

    rate: float

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(self, rate=check_number("rate", self.rate, least=0.0, below=1.0))

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        settings = {"rate": self.rate}
        return Node(
            output=shape,
            forward=(Operation(dropout_forward, settings=settings, pointwise=True),),
            backward=(Operation(dropout_backward, settings=settings, pointwise=True),),
            in_place=True,
        )
