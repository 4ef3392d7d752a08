"""Networks for small images of ten classes: perceptrons, and convolutions with pools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jitnet.layers import Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, Reshape

__all__ = ["CLASSES", "convnet", "mlp", "outline"]

CLASSES = 10

OUTLINES: dict[type[Layer], Callable[[Any], str]] = {
    Conv2D: lambda layer: f"conv{layer.filters}",
    MaxPool2D: lambda layer: "pool",
    Dense: lambda layer: f"{layer.units}",
    Reshape: lambda layer: "×".join(map(str, layer.shape)),
}
"""What `outline` calls a layer; it leaves the others out."""


def mlp(hidden: Sequence[int], *, dropout: float = 0.0, classes: int = CLASSES) -> list[Layer]:
    """Dense layers with ReLU, and the output.

    Parameters
    ----------
    hidden : sequence of int
        Units of each hidden layer.
    dropout : float, default 0.0
        The share of hidden units that are silent in a step.
    classes : int, default 10
        Units of the output.

    Returns
    -------
    list of Layer

    Examples
    --------
    >>> outline(mlp((64, 32)))
    '64-32-10'
    """
    layers: list[Layer] = []
    for units in hidden:
        layers += [Dense(units, "relu"), *_dropout(dropout)]
    return [*layers, Dense(classes)]


def convnet(
    filters: Sequence[int],
    kernel_size: int,
    hidden: Sequence[int] = (),
    *,
    padding: int = 0,
    dropout: float = 0.0,
    classes: int = CLASSES,
) -> list[Layer]:
    """Convolutions with ReLU, each before a pool that takes the greatest of 2×2; then dense layers.

    Parameters
    ----------
    filters : sequence of int
        Units of each convolution.
    kernel_size : int
        Height and width of their windows.
    hidden : sequence of int, default ()
        Units of each hidden dense layer.
    padding : int, default 0
        Zeros at each edge of a convolution's input.
    dropout : float, default 0.0
        The share of what the pools give that is silent in a step.
    classes : int, default 10
        Units of the output.

    Returns
    -------
    list of Layer

    Examples
    --------
    >>> outline(convnet((6, 16), 5, hidden=(120, 84)))
    'conv6-pool-conv16-pool-120-84-10'
    """
    layers: list[Layer] = []
    for units in filters:
        convolution = Conv2D(units, kernel_size, padding=padding, activation="relu")
        layers += [convolution, MaxPool2D(2)]
    dense = [Dense(units, "relu") for units in hidden]
    return [*layers, Flatten(), *_dropout(dropout), *dense, Dense(classes)]


def outline(layers: Sequence[Layer]) -> str:
    """The layers in a few words, without those that change no shape or lay an image flat."""
    return "-".join(OUTLINES[type(layer)](layer) for layer in layers if type(layer) in OUTLINES)


def _dropout(rate: float) -> list[Layer]:
    return [Dropout(rate)] if rate else []
