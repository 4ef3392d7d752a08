"""Reshape: every example's numbers in another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jitnet.checks import check_whole, keep
from jitnet.hints import hinted_class
from jitnet.layers.layer import Layer, Node, Shape
from jitnet.quoting import quoted

THE_REST = -1
"""An axis of as many numbers as the others leave."""


@hinted_class
@dataclass(frozen=True)
class Reshape(Layer):
    """Gives each example another shape, which costs nothing: rows of pixels become images.

    The numbers keep their order, as in ``X.reshape(n, *shape)``.

    Parameters
    ----------
    shape : tuple of int
        The shape of an example; one axis may be -1, as long as the others leave.

    Raises
    ------
    TypeError, ValueError
        If the shape is none.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Reshape((8, 8, 1)), jn.Flatten(), jn.Dense(10)]
    >>> jn.Sequential(layers, loss="mse").build(64).layers[0]
    Reshape(shape=(8, 8, 1))
    """

    shape: Shape

    def __post_init__(self) -> None:
        """Check what was given."""
        given = self.shape if isinstance(self.shape, Sequence) else (self.shape,)
        shape = tuple(check_whole("an axis of shape", n, least=THE_REST) for n in given)
        if not shape or 0 in shape or shape.count(THE_REST) > 1:
            raise ValueError(
                f"shape must be positive whole numbers, of which one may be -1; got "
                f"{quoted(self.shape)}"
            )
        keep(self, shape=shape)

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        units = math.prod(shape)
        known = math.prod(n for n in self.shape if n != THE_REST)
        output = tuple(units // known if n == THE_REST else n for n in self.shape)
        if math.prod(output) != units:
            raise ValueError(
                f"Reshape({self.shape}) takes examples of {known} numbers"
                f"{', or a multiple of that' * (THE_REST in self.shape)}; got the shape {shape}, "
                f"of {units}"
            )
        return Node(output=output, forward=(), backward=(), is_free=True)
