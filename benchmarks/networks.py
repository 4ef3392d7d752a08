"""Networks as data: what a layer is, said once, from which every library builds its own.

Parameters are written as jitnet keeps them: a layer's weights before its biases, inputs before
units, windows before both, and channels last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

Shape = tuple[int, ...]


class Parameter(NamedTuple):
    """An array of a layer, and what it is at first.

    Attributes
    ----------
    n_in : int
        Inputs of a unit, for weights that are drawn; 0 for all others.
    value : float
        What others begin with.
    trained : bool
        Whether the optimiser steps it.
    """

    shape: Shape
    n_in: int = 0
    value: float = 0.0
    trained: bool = True


class Layer:
    """A layer that has no weights, keeps the shape of its input, and shows in no description."""

    def output(self, shape: Shape) -> Shape:
        """The shape of what it makes of an example."""
        return shape

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """Its arrays, in their order."""
        return ()

    def products(self, shape: Shape) -> int:
        """Multiplications of weights and inputs for an example, forward."""
        return 0

    def __str__(self) -> str:
        """Its part of a description."""
        return ""


@dataclass(frozen=True)
class Dense(Layer):
    """Units that see all features."""

    units: int
    activation: str = "identity"

    def output(self, shape: Shape) -> Shape:
        """One number a unit, at each time step where there are some."""
        return (*shape[:-1], self.units)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """Weights and biases."""
        return Parameter((shape[-1], self.units), n_in=shape[-1]), Parameter((self.units,))

    def products(self, shape: Shape) -> int:
        """Each weight once, at each time step."""
        return math.prod(shape) * self.units

    def __str__(self) -> str:
        """The units."""
        return str(self.units)


@dataclass(frozen=True)
class Convolution(Layer):
    """Units that pass over an image, or with a window of one number over a sequence."""

    filters: int
    window: Shape
    activation: str = "identity"
    padding: str = "valid"
    bias: bool = True

    def output(self, shape: Shape) -> Shape:
        """As many places as the window has, or with "same" as the input."""
        cut = 0 if self.padding == "same" else 1
        places = (n - cut * (k - 1) for n, k in zip(shape, self.window, strict=False))
        return (*places, self.filters)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """Weights, and biases where it has some."""
        weights = Parameter(
            (*self.window, shape[-1], self.filters), n_in=math.prod(self.window) * shape[-1]
        )
        return weights, *(Parameter((self.filters,)),) * self.bias

    def products(self, shape: Shape) -> int:
        """Each weight once a place, also where the window looks at zeros around the image."""
        return math.prod(self.output(shape)) * math.prod(self.window) * shape[-1]

    def __str__(self) -> str:
        """Filters and the window's side."""
        return f"{self.filters}C{self.window[0]}"


@dataclass(frozen=True)
class Pool(Layer):
    """The greatest or the mean of each window of an image; windows lie side by side."""

    size: int = 2
    kind: str = "max"

    def output(self, shape: Shape) -> Shape:
        """What fills no whole window is left out."""
        return (*(n // self.size for n in shape[:-1]), shape[-1])

    def __str__(self) -> str:
        """What it takes, and the window's side."""
        return f"{self.kind[0].upper()}P{self.size}"


@dataclass(frozen=True)
class GlobalAverage(Layer):
    """The mean of each channel."""

    def output(self, shape: Shape) -> Shape:
        """One number a channel."""
        return shape[-1:]

    def __str__(self) -> str:
        """Its usual letters."""
        return "GAP"


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers of an example on one axis."""

    def output(self, shape: Shape) -> Shape:
        """Their number."""
        return (math.prod(shape),)


GATES = {"lstm": 4, "gru": 3}
"""Rows of units that a recurrent layer has at each time step."""


@dataclass(frozen=True)
class Recurrent(Layer):
    """An LSTM or a GRU, whose output is its state at every time step, or at the last."""

    cell: str
    units: int
    sequences: bool = True

    def output(self, shape: Shape) -> Shape:
        """One number a unit."""
        return (*shape[:-1] * self.sequences, self.units)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """What inputs bring, biases, what the state brings; a GRU's own bias.

        Weights are half as large as relu's, so that gates do not saturate.
        """
        n, columns = self.units, GATES[self.cell] * self.units
        weight = Parameter((shape[-1], columns), n_in=4 * shape[-1])
        recurrent = Parameter((n, columns), n_in=4 * n)
        own = (Parameter((n,)),) * (self.cell == "gru")
        return weight, Parameter((columns,)), recurrent, *own

    def products(self, shape: Shape) -> int:
        """Each weight once, at each time step."""
        time, n_in = shape
        return time * (n_in + self.units) * GATES[self.cell] * self.units

    def __str__(self) -> str:
        """The cell and its units."""
        return f"{self.cell}{self.units}"


@dataclass(frozen=True)
class Embedding(Layer):
    """A vector for each of some words; its input are their indices."""

    vocabulary: int
    units: int

    def output(self, shape: Shape) -> Shape:
        """A vector at each time step."""
        return (*shape, self.units)

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """The vectors."""
        return (Parameter((self.vocabulary, self.units), n_in=self.units),)

    def __str__(self) -> str:
        """How many words, and numbers of each."""
        return f"E{self.vocabulary}×{self.units}"


@dataclass(frozen=True)
class Dropout(Layer):
    """Silences a share of its units."""

    rate: float

    def __str__(self) -> str:
        """The share."""
        return f"D{self.rate:g}"


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Each channel at mean 0 and variance 1 over the batch, scaled and shifted."""

    momentum: float = 0.9
    epsilon: float = 1e-5

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """Weight and bias; running mean and variance, the latter of n - 1."""
        channels = shape[-1:]
        trained = Parameter(channels, value=1.0), Parameter(channels)
        return *trained, *(array._replace(trained=False) for array in reversed(trained))

    def __str__(self) -> str:
        """Its usual letters."""
        return "BN"


@dataclass(frozen=True)
class Residual(Layer):
    """Layers around which their input takes a shortcut."""

    layers: tuple[Layer, ...]

    def parameters(self, shape: Shape) -> tuple[Parameter, ...]:
        """Those of its layers."""
        return tuple(parameters(self.layers, shape))

    def products(self, shape: Shape) -> int:
        """Those of its layers."""
        return sum(layer.products(given) for layer, given in placed(self.layers, shape))

    def __str__(self) -> str:
        """Its layers in brackets."""
        return f"[{describe(self.layers)}]"


def placed(layers: Sequence[Layer], shape: Shape) -> Iterator[tuple[Layer, Shape]]:
    """Each layer with the shape of its input."""
    for layer in layers:
        yield layer, shape
        shape = layer.output(shape)


def parameters(layers: Sequence[Layer], shape: Shape) -> Iterator[Parameter]:
    """The arrays of all layers, in their order."""
    for layer, given in placed(layers, shape):
        yield from layer.parameters(given)


def describe(parts: Sequence[object]) -> str:
    """Parts of a network with repeated ones counted: 64×11-10."""
    shown = [text for text in map(str, parts) if text]
    counted = ((text, len(list(run))) for text, run in groupby(shown))
    return "-".join(f"{text}×{count}" if count > 1 else text for text, count in counted)


def without_kinks(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Layers of the same shapes, smooth everywhere."""
    return tuple(without_kink(layer) for layer in layers)


def without_kink(layer: Layer) -> Layer:
    """A layer of the same shapes, smooth everywhere."""
    match layer:
        case Residual():
            return Residual(without_kinks(layer.layers))
        case Pool():
            return replace(layer, kind="average")
        case Dense(activation="relu") | Convolution(activation="relu"):
            return replace(layer, activation="tanh")
    return layer


@dataclass(frozen=True)
class Network:
    """Layers, and the shape of the examples that they take."""

    shape: Shape
    layers: tuple[Layer, ...]

    @property
    def outputs(self) -> int:
        """Units of the last layer: one with binary cross-entropy, several with softmax's."""
        last = self.layers[-1]
        assert isinstance(last, Dense)
        return last.units

    @property
    def sizes(self) -> tuple[int, ...]:
        """Features and units, where all layers are dense."""
        assert self.is_dense
        return *self.shape, *(layer.units for layer in self.layers if isinstance(layer, Dense))

    @property
    def is_dense(self) -> bool:
        """Whether it has dense layers alone."""
        return all(isinstance(layer, Dense) for layer in self.layers)

    @property
    def convolves(self) -> bool:
        """Whether it has a convolution, within others too."""
        return any(isinstance(layer, Convolution | Residual) for layer in self.layers)

    @property
    def activation(self) -> str:
        """That of the first layer."""
        first = self.layers[0]
        return first.activation if isinstance(first, Dense | Convolution) else "identity"

    @property
    def vocabulary(self) -> int:
        """Words whose indices it takes; 0 where it takes numbers."""
        first = self.layers[0]
        return first.vocabulary if isinstance(first, Embedding) else 0

    @property
    def steps(self) -> int:
        """Time steps of the output, each of which has a loss; 1 where it has but one."""
        *_, (last, shape) = placed(self.layers, self.shape)
        output = last.output(shape)
        return output[0] if len(output) > 1 else 1

    def parameters(self) -> list[Parameter]:
        """The arrays of all layers, in their order."""
        return list(parameters(self.layers, self.shape))

    def products(self) -> list[int]:
        """Multiplications for an example, forward, of each layer that has weights to multiply."""
        found = (layer.products(shape) for layer, shape in placed(self.layers, self.shape))
        return [count for count in found if count]

    def shortened(self, steps: int) -> Network:
        """The same for at most so many time steps, where it goes from step to step."""
        goes_on = any(isinstance(layer, Recurrent) for layer in self.layers)
        return (
            replace(self, shape=(min(self.shape[0], steps), *self.shape[1:])) if goes_on else self
        )

    def without_dropout(self) -> Network:
        """The same without what is drawn at random."""
        kept = tuple(layer for layer in self.layers if not isinstance(layer, Dropout))
        return Network(self.shape, kept)

    def without_kinks(self) -> Network:
        """Its smooth twin: tanh for relu, the mean for the greatest."""
        return Network(self.shape, without_kinks(self.layers))

    def __str__(self) -> str:
        """The input, the layers, the activation of those that are hidden."""
        shape = "×".join(map(str, self.shape))
        hidden = "" if self.activation == "identity" else f" {self.activation}"
        return describe([shape, *self.layers]) + hidden


def mlp(*sizes: int, activation: str = "relu") -> Network:
    """Dense layers: features, units of the hidden layers, outputs."""
    features, *hidden, outputs = sizes
    layers = (*(Dense(units, activation) for units in hidden), Dense(outputs))
    return Network((features,), layers)
