"""Two-dimensional convolution: a window of weights passes over images."""

from __future__ import annotations

from dataclasses import dataclass

from jitnet.hints import hinted_class
from jitnet.layers.convolution_node import convolution_node, keep_checked
from jitnet.layers.layer import Layer, Node, Shape
from jitnet.layers.window import Numbers, Window, each, sizes_and_channels


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

    Windows of 1, 3 and 5 rows and columns that move by single steps are computed by Winograd's way
    where that takes less (A. Lavin, S. Gray, Fast algorithms for convolutional neural networks,
    CVPR 2016): the same sums but for their last digits, which in float32 are up to 2.4 times as far
    from the exact ones. Gradients of weights are up to three times as far, and six times where dY
    is much the same at all places, as behind a global average: 6e-6 of their size, not 1e-6. An
    infinity may then become NaN, in weights also at the image's edges, and in the gradients of
    weights some places beside.

    Examples
    --------
    >>> import jitnet as jn
    >>> layers = [jn.Conv2D(6, 5, activation="relu"), jn.Flatten(), jn.Dense(10)]
    >>> model = jn.Sequential(layers, loss="softmax_crossentropy").build((28, 28, 1))
    >>> [array.shape for array in model.get_weights()]
    [(5, 5, 1, 6), (6,), (3456, 10), (10,)]
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
        keep_checked(self, axes=2)

    def node(self, shape: Shape, width: int) -> Node:
        """The layer for inputs of a shape."""
        size, channels = sizes_and_channels(shape, 2, "Conv2D")
        kernel, strides = each(self.kernel_size, 2), each(self.strides, 2)
        padding = self.padding if isinstance(self.padding, str) else each(self.padding, 2)
        window = Window.over(size, kernel, strides, padding, self)
        output = window.out_height, window.out_across, self.filters
        return convolution_node(self, window, (*kernel, channels, self.filters), output, width)
