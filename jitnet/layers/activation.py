"""Activations, after a layer or as one of their own: A = g(Z), unit by unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jitnet.activations import ACTIVATIONS
from jitnet.checks import check_choice, keep
from jitnet.hints import hinted_class
from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import Kernel, factory, njit
from jitnet.kernels.simd import lanes, load, store
from jitnet.layers.layer import Layer, Node, Operation, Shape


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


@hinted_class
@dataclass(frozen=True)
class Activation(Layer):
    """An activation as a layer of its own, where another layer stands before it.

    Behind `Dense` or a convolution it is the same as their own ``activation``, but for first
    weights, which that chooses where their initialiser is ``"auto"``.

    Parameters
    ----------
    activation : str
        g, as in `Dense`.

    Raises
    ------
    TypeError, ValueError
        If the name is no string, or there is no such activation.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Conv2D(8, 3, bias=False), jn.BatchNorm(), jn.Activation("relu"), jn.Flatten()]
    >>> jn.Sequential(layers, loss="mse").build((4, 4, 1)).predict([[[[1.0]] * 4] * 4]).shape
    (1, 32)
    """

    activation: str

    def __post_init__(self) -> None:
        """Check what was given."""
        keep(self, activation=check_choice("activation", self.activation, ACTIVATIONS))

    def node(self, shape: Shape, width: int) -> Node:
        """Nothing but what stands after every layer that has an activation."""
        return Node(output=shape, forward=(), backward=(), is_free=True)
