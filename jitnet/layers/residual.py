"""Residual: layers around which their input takes a shortcut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numba import prange

from jitnet.checks import keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, store
from jitnet.layers.chain import chain, check_layers
from jitnet.layers.layer import Layer, Node, Operation, Shape


@njit(parallel=True)
def residual_forward(
    Y: Any,
    X: Any,
    S: Any,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Y = X + S: the layers' output and what took the shortcut.

    Writes Y (panels, units, width), the given panels and units; reads X and S. Each parallel
    iteration owns a panel.
    """
    _, units, width = X.shape
    for p in prange(first_panel, last_panel):
        start = (p * units + first_unit) * width
        y, x, s = at(Y, start), at(X, start), at(S, start)
        for i in range(0, (last_unit - first_unit) * width, lanes(x)):
            store(y, i, load(x, i) + load(s, i))


@njit(parallel=True)
def residual_backward(
    dX: Any, dY: Any, first_panel: int, last_panel: int, first_unit: int, last_unit: int
) -> None:
    """dX = dY, a copy: the shortcut's gradient is kept, the layers write over theirs.

    Writes dX (panels, units, width), the given panels and units; reads dY. Each parallel iteration
    owns a panel.
    """
    _, units, width = dX.shape
    for p in prange(first_panel, last_panel):
        start = (p * units + first_unit) * width
        dx, dy = at(dX, start), at(dY, start)
        for i in range(0, (last_unit - first_unit) * width, lanes(dx)):
            store(dx, i, load(dy, i))


@njit(parallel=True)
def shortcut_backward(
    dX: Any, dS: Any, first_panel: int, last_panel: int, first_unit: int, last_unit: int
) -> None:
    """dX = dX + dS: the layers' gradient and the shortcut's.

    Writes dX (panels, units, width), the given panels and units; reads dS. Each parallel iteration
    owns a panel.
    """
    _, units, width = dX.shape
    for p in prange(first_panel, last_panel):
        start = (p * units + first_unit) * width
        dx, ds = at(dX, start), at(dS, start)
        for i in range(0, (last_unit - first_unit) * width, lanes(dx)):
            store(dx, i, load(dx, i) + load(ds, i))


@hinted_class
@dataclass(frozen=True)
class Residual(Layer):
    """Adds to what layers make of their input the input itself: y = x + f(x).

    Then a layer learns what to change, and gradients reach those before it whatever it does (He,
    Zhang, Ren and Sun, 2016, *Deep residual learning for image recognition*).

    Parameters
    ----------
    layers : sequence of Layer
        f, the layers, one after the other; the output has the shape of the input. An activation
        after the sum stands in front of the next layer: there is none here.

    Raises
    ------
    TypeError, ValueError
        If there are no layers, or, once the input is known, if they change its shape.

    Examples
    --------
    >>> import jitnet as jn
    >>> block = jn.Residual([jn.Dense(8, activation="relu"), jn.Dense(3)])
    >>> model = jn.Sequential([block, jn.Dense(1)], loss="mse").build(3)
    >>> [array.shape for array in model.get_weights()]
    [(3, 8), (8,), (8, 3), (3,), (3, 1), (1,)]
    """

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(self, layers=check_layers(self.layers))

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        inner = chain(self.layers, shape, width)
        found = inner[-1].output
        if found != shape:
            raise ValueError(
                f"Residual adds its input to its layers' output, which must have the same shape; "
                f"the input has {shape}, the output {found}"
            )
        distance = len(inner) + 1
        split = Node(
            output=shape,
            forward=(),
            backward=(Operation(shortcut_backward, pointwise=True),),
            in_place=True,
            borrows={"dS": (distance, "dY")},
        )
        add = Node(
            output=shape,
            forward=(Operation(residual_forward, pointwise=True),),
            backward=(Operation(residual_backward, pointwise=True),),
            borrows={"S": (-distance, "X")},
        )
        return Node(output=shape, forward=(), backward=(), inner=(split, *inner, add))
