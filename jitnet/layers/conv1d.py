"""One-dimensional convolution: a window of weights passes over sequences."""

from __future__ import annotations

from dataclasses import dataclass

from jitnet.hints import hinted_class
from jitnet.layers.convolution_node import convolution_node, keep_checked
from jitnet.layers.layer import Layer, Node, Shape
from jitnet.layers.window import Numbers, Window, each, sizes_and_channels


@hinted_class
@dataclass(frozen=True)
class Conv1D(Layer):
    """A layer whose units each pass over a sequence with weights of their own.

    A = g(Z), Z[t, u] = Σ W[j, k, u] X[t s + j - p, k] + b[u] with the sum over the window's places
    j and the channels k (a cross-correlation, as in every framework).

    Takes sequences (time, channels), or (time,) of one channel.

    Parameters
    ----------
    filters : int
        Units, the channels of the output.
    kernel_size : int
        Steps of time in the window.
    strides : int, default 1
        How far the window moves.
    padding : {"valid", "same"} or int, default "valid"
        Zeros around the sequence: none, as many as keep its length, or so many at each end.
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
    The weights' shape is (steps, channels, filters), as in Keras.

    Windows of 3 and 5 steps may be computed by Winograd's way: see `Conv2D`.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Conv1D(8, 5, activation="relu"), jn.Flatten(), jn.Dense(1)]
    >>> model = jn.Sequential(layers, loss="mse").build((100, 3))
    >>> [array.shape for array in model.get_weights()]
    [(5, 3, 8), (8,), (768, 1), (1,)]
    """

    filters: int
    kernel_size: Numbers
    strides: Numbers = 1
    padding: str | Numbers = "valid"
    activation: str = "identity"
    initializer: str = "auto"
    bias: bool = True
    l2: float = 0.0

    def __post_init__(self) -> None:
        """Check what was given."""
        keep_checked(self, axes=1)

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape: a sequence is an image of one row."""
        (steps,), channels = sizes_and_channels(shape, 1, "Conv1D")
        (kernel,), (stride,) = each(self.kernel_size, 1), each(self.strides, 1)
        padding = self.padding if isinstance(self.padding, str) else (0, *each(self.padding, 1))
        window = Window.over((1, steps), (1, kernel), (1, stride), padding, self)
        weights, output = (kernel, channels, self.filters), (window.out_across, self.filters)
        return convolution_node(self, window, weights, output, width)
