"""An activation after a layer: A = g(Z), unit by unit."""

from __future__ import annotations

from typing import Any

from jitnet.activations import ACTIVATIONS
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import lanes, load, store
from jitnet.layers.layer import Node, Operation, Shape


@factory
def forward_of(value: Kernel) -> Kernel:
    """The forward block of an activation."""

    @njit
    def activation_forward(
        Y: Any, X: Any, first_panel: int, last_panel: int, first_unit: int, last_unit: int
    ) -> None:
        """Y = g(X), for the given panels and units."""
        _, units, width = X.shape
        for p in range(first_panel, last_panel):
            start = (p * units + first_unit) * width
            y, x = at(Y, start), at(X, start)
            for i in range(0, (last_unit - first_unit) * width, lanes(x)):
                store(y, i, value(load(x, i)))

    return activation_forward


@factory
def backward_of(slope: Kernel) -> Kernel:
    """The backward block of an activation."""

    @njit
    def activation_backward(
        dX: Any, X: Any, Y: Any, first_panel: int, last_panel: int, first_unit: int, last_unit: int
    ) -> None:
        """dX = dY ∘ g'(X), written over dY, for the given panels and units."""
        _, units, width = X.shape
        for p in range(first_panel, last_panel):
            start = (p * units + first_unit) * width
            d, x, y = at(dX, start), at(X, start), at(Y, start)
            for i in range(0, (last_unit - first_unit) * width, lanes(x)):
                store(d, i, load(d, i) * slope(load(x, i), load(y, i)))

    return activation_backward


def activation_node(name: str, shape: Shape) -> Node:
    """The node of an activation for inputs of a shape."""
    activation = ACTIVATIONS[name]
    forward = Operation(forward_of(activation.value), pointwise=True)
    return Node(
        output=shape,
        forward=(forward,),
        backward=(Operation(backward_of(activation.slope), pointwise=True),),
        in_place=True,
    )
