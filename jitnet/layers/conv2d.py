"""Two-dimensional convolution: a window of weights passes over images."""

from __future__ import annotations

from dataclasses import dataclass

from jitnet.hints import hinted_class
from jitnet.layers.convolution_node import checked_units, convolution_node
from jitnet.layers.layer import Layer, Node, Shape
from jitnet.layers.window import (
    Pair,
    check_padding,
    check_pair,
    image_of,
    pair_of,
    window_over,
)


@hinted_class
@dataclass(frozen=True)
class Conv2D(Layer):
    """A layer whose units each pass over an image with weights of their own.

    A = g(Z), Z[y, x, u] = Σ W[i, j, k, u] X[y s + i - p, x s + j - p, k] + b[u] with the sum over
    the window's places i, j and the channels k (a cross-correlation, as in every framework).

    Takes images (height, width, channels), or (height, width) of one channel.

    Parameters
    ----------
    filters : int
        Units, the channels of the output.
    kernel_size : int or pair of int
        Height and width of the window.
    strides : int or pair of int, default 1
        How far the window moves, down and across.
    padding : {"valid", "same"}, int or pair of int, default "valid"
        Zeros around the image: none, as many as keep its size, or so many at each edge, above and
        below, left and right.
    activation : str, default "identity"
        g, as in `Dense`.
    initializer : str, default "auto"
        First weights, as in `Dense`; n_in is the window's places times the channels.
    bias : bool, default True
        Whether the units have biases, which start at zero.
    l2 : float, default 0.0
        λ of the penalty λ/2 Σ W² on the weights, not on the biases.

    Raises
    ------
    TypeError, ValueError
        If a value has the wrong type, is unknown or makes no sense.

    Notes
    -----
    The weights' shape is (height, width, channels, filters), as in Keras.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Conv2D(6, 5, activation="relu"), jn.Flatten(), jn.Dense(10)]
    >>> model = jn.Sequential(layers, loss="softmax_crossentropy").build((28, 28, 1))
    >>> [array.shape for array in model.get_weights()]
    [(5, 5, 1, 6), (6,), (3456, 10), (10,)]
    """

    filters: int
    kernel_size: int | Pair
    strides: int | Pair = 1
    padding: str | int | Pair = "valid"
    activation: str = "identity"
    initializer: str = "auto"
    bias: bool = True
    l2: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given."""
        pairs = {name: check_pair(name, getattr(self, name)) for name in ("kernel_size", "strides")}
        padding = check_padding(self.padding, pairs["strides"])
        for name, value in (pairs | {"padding": padding} | checked_units(self)).items():
            object.__setattr__(self, name, value)

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        height, across, channels = image_of(shape, "Conv2D")
        kernel, strides = pair_of(self.kernel_size), pair_of(self.strides)
        window = window_over((height, across), kernel, strides, self.padding, repr(self))
        output = window.out_height, window.out_across, self.filters
        return convolution_node(self, window, (*kernel, channels, self.filters), output, width)
