"""Rescaling: numbers times a scale, such as pixels from 0 … 255 to 0 … 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numba import prange

from jitnet.checks import check_number, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, lanes, load, splat, store
from jitnet.layers.layer import Layer, Node, Operation, Shape


@njit(parallel=True)
def rescaling_forward(
    Y: Any,
    X: Any,
    scale: float,
    offset: float,
    first_panel: int,
    last_panel: int,
    first_unit: int,
    last_unit: int,
) -> None:
    """Y[u, i] = scale X[u, i] + offset.

    Writes Y (panels, units, width), the given panels and units; reads X in the same form. Each
    parallel iteration owns a panel.
    """
    _, units, width = X.shape
    for p in prange(first_panel, last_panel):
        start = (p * units + first_unit) * width
        y, x = at(Y, start), at(X, start)
        for i in range(0, (last_unit - first_unit) * width, lanes(x)):
            store(y, i, fma(load(x, i), scale, splat(x, offset)))


@njit(parallel=True)
def rescaling_backward(
    dX: Any, scale: float, first_panel: int, last_panel: int, first_unit: int, last_unit: int
) -> None:
    """dX[u, i] = scale dY[u, i].

    Writes dX (panels, units, width) over dY, the given panels and units. Each parallel iteration
    owns a panel.
    """
    _, units, width = dX.shape
    for p in prange(first_panel, last_panel):
        start = (p * units + first_unit) * width
        dx = at(dX, start)
        for i in range(0, (last_unit - first_unit) * width, lanes(dx)):
            store(dx, i, load(dx, i) * scale)


@hinted_class
@dataclass(frozen=True)
class Rescaling(Layer):
    """Multiplies by a scale and adds an offset: y = scale x + offset.

    As the first layer it takes images as they lie, in uint8: they are never copied to another type.

    Parameters
    ----------
    scale : float
        What is multiplied by; 1 / 255 makes numbers from 0 to 1 of pixels.
    offset : float, default 0.0
        What is added.

    Raises
    ------
    TypeError, ValueError
        If one is no finite number.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.Rescaling(2, offset=-1)
    Rescaling(scale=2.0, offset=-1.0)
    """

    scale: float
    offset: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given."""
        scale, offset = check_number("scale", self.scale), check_number("offset", self.offset)
        keep(self, scale=scale, offset=offset)

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        settings = {"scale": self.scale, "offset": self.offset}
        return Node(
            output=shape,
            forward=(Operation(rescaling_forward, settings=settings, pointwise=True),),
            backward=(Operation(rescaling_backward, settings=settings, pointwise=True),),
            in_place=True,
        )
