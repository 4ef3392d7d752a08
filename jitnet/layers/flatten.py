"""Flatten: every example's numbers as one axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jitnet.hints import hinted_class
from jitnet.layers.layer import Layer, Node, Shape


@hinted_class
@dataclass(frozen=True)
class Flatten(Layer):
    """Makes one axis of all the axes of an example, which costs nothing.

    An image's numbers come row by row, those of a pixel side by side, as in ``X.reshape(n, -1)``.

    Examples
    --------
    >>> import jitnet as jn
    >>> model = jn.Sequential([jn.Flatten(), jn.Dense(10)], loss="mse").build((28, 28, 3))
    >>> [array.shape for array in model.get_weights()]
    [(2352, 10), (10,)]
    """

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        return Node(output=(math.prod(shape),), forward=(), backward=(), is_free=True)
