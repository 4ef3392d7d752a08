"""A network's layers in PyTorch, and its arrays in PyTorch's order.

PyTorch has channels before places and units before inputs. An array's last two axes, inputs and
units, so come first and the other way about; and the inputs of a dense layer that sees an image
are that image's numbers, channel by channel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

import networks
from networks import Layer, Network, Shape, placed
from workloads import FloatArray, Workload, initial_weights

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}

POOLS = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}


class Mean(nn.Module):  # type: ignore[misc]
    """The mean of each channel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Over all places."""
        return x.mean(tuple(range(2, x.ndim)))


class Shortcut(nn.Module):  # type: ignore[misc]
    """x + f(x)."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Input and layers' output."""
        return x + self.layers(x)


class Recurrent(nn.Module):  # type: ignore[misc]
    """An LSTM or a GRU: its outputs, or the last of them."""

    def __init__(self, layer: networks.Recurrent, n_in: int) -> None:
        super().__init__()
        make = {"lstm": nn.LSTM, "gru": nn.GRU}[layer.cell]
        self.inner = make(n_in, layer.units, batch_first=True)
        self.sequences, self.units = layer.sequences, layer.units

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Without the state."""
        output, _ = self.inner(x)
        return output if self.sequences else output[:, -1]

    def arrays(self) -> list[torch.Tensor]:
        """Its tensors in the order of the others, which have one bias where PyTorch has two."""
        inner = self.inner
        own = [inner.bias_hh_l0[2 * self.units :]] if isinstance(inner, nn.GRU) else []
        return [inner.weight_ih_l0, inner.bias_ih_l0, inner.weight_hh_l0, *own]

    def with_one_bias(self) -> None:
        """Keep the biases at zero that the others do not have."""
        kept = torch.zeros_like(self.inner.bias_hh_l0)
        if isinstance(self.inner, nn.GRU):
            kept[2 * self.units :] = 1.0
        self.inner.bias_hh_l0.data.zero_()
        self.inner.bias_hh_l0.register_hook(lambda gradient: gradient * kept)


def activated(module: nn.Module, activation: str) -> list[nn.Module]:
    """A module and its activation, if it has one."""
    return [module, *(make() for name, make in ACTIVATIONS.items() if name == activation)]


def dense(layer: networks.Dense, shape: Shape) -> list[nn.Module]:
    """Linear, with its activation."""
    return activated(nn.Linear(shape[-1], layer.units), layer.activation)


def convolution(layer: networks.Convolution, shape: Shape) -> list[nn.Module]:
    """Conv1d or Conv2d, with its activation."""
    make = {1: nn.Conv1d, 2: nn.Conv2d}[len(layer.window)]
    module = make(shape[-1], layer.filters, layer.window, padding=layer.padding, bias=layer.bias)
    return activated(module, layer.activation)


def norm(layer: networks.BatchNorm, shape: Shape) -> list[nn.Module]:
    """BatchNorm1d or 2d, whose momentum is what is new."""
    make = {2: nn.BatchNorm1d, 3: nn.BatchNorm2d}[len(shape)]
    return [make(shape[-1], layer.epsilon, 1.0 - layer.momentum)]


LAYERS: dict[type[Layer], Callable[[Any, Shape], list[nn.Module]]] = {
    networks.Dense: dense,
    networks.Convolution: convolution,
    networks.BatchNorm: norm,
    networks.Pool: lambda layer, shape: [POOLS[layer.kind](layer.size)],
    networks.GlobalAverage: lambda layer, shape: [Mean()],
    networks.Flatten: lambda layer, shape: [nn.Flatten()],
    networks.Embedding: lambda layer, shape: [nn.Embedding(layer.vocabulary, layer.units)],
    networks.Recurrent: lambda layer, shape: [Recurrent(layer, shape[-1])],
    networks.Dropout: lambda layer, shape: [nn.Dropout(layer.rate)],
    networks.Residual: lambda layer, shape: [Shortcut(sequential(layer.layers, shape))],
}


def sequential(layers: tuple[Layer, ...], shape: Shape) -> nn.Sequential:
    """Layers one after the other, for examples of a shape."""
    modules = (LAYERS[type(layer)](layer, given) for layer, given in placed(layers, shape))
    return nn.Sequential(*(module for each in modules for module in each))


def arrays(module: nn.Module) -> Iterator[torch.Tensor]:
    """A network's tensors, as `Network.parameters` has them in order."""
    names = ("weight", "bias", "running_mean", "running_var")
    for part in module.modules():
        if isinstance(part, Recurrent):
            yield from part.arrays()
        if isinstance(part, nn.RNNBase):
            continue
        found = (getattr(part, name, None) for name in names)
        yield from (array for array in found if array is not None)


def bag_of_words(layers: tuple[Layer, ...], shape: Shape) -> nn.Sequential:
    """The same where the mean of words' vectors is one module of PyTorch's."""
    embedding, _, *others = layers
    assert isinstance(embedding, networks.Embedding)
    bag = nn.EmbeddingBag(embedding.vocabulary, embedding.units, mode="mean")
    return nn.Sequential(bag, *sequential(tuple(others), (embedding.units,)))


def images(network: Network) -> list[Shape]:
    """For each array the shape of the image that its inputs were, () for most."""
    found: list[Shape] = []
    image: Shape = ()
    for layer, shape in placed(network.layers, network.shape):
        own = layer.parameters(shape)
        if isinstance(layer, networks.Flatten):
            image = shape
        elif own:
            found += [image] * bool(image) + [()] * (len(own) - bool(image))
            image = ()
    return found


def to_torch(array: FloatArray, image: Shape, *, words: bool = False) -> torch.Tensor:
    """An array as PyTorch has it; vectors of words lie as they do here."""
    if words:
        return torch.from_numpy(array.copy())
    if image:
        array = np.moveaxis(array.reshape(*image, -1), -2, 0).reshape(array.shape)
    if array.ndim > 1:
        array = array.transpose(-1, -2, *range(array.ndim - 2))
    return torch.from_numpy(np.ascontiguousarray(array))


def from_torch(tensor: torch.Tensor, image: Shape) -> FloatArray:
    """An array of PyTorch's as it is here."""
    array = tensor.detach().numpy()
    if array.ndim > 1:
        array = array.transpose(*range(2, array.ndim), 1, 0)
    if image:
        *places, channels = image
        parts = array.reshape(channels, math.prod(places), -1)
        array = np.moveaxis(parts, 0, 1).reshape(array.shape)
    return np.array(array, order="C")


def load_weights(module: nn.Module, workload: Workload) -> None:
    """Give a network its first weights."""
    given = zip(arrays(module), initial_weights(workload), images(workload.network), strict=True)
    with torch.no_grad():
        for place, (tensor, array, image) in enumerate(given):
            words = workload.network.vocabulary > 0 and place == 0
            tensor.copy_(to_torch(array, image, words=words))


def placed_as(memory_format: torch.memory_format, what: Any) -> Any:
    """Images or a network in an order of PyTorch's; sequences and features have but one."""
    is_image = isinstance(what, nn.Module) or what.ndim == 4
    return what.to(memory_format=memory_format) if is_image else what


def to_tensor(X: FloatArray, *, is_sequences: bool = False) -> torch.Tensor:
    """Examples as PyTorch has them, channels first; sequences as they are."""
    if is_sequences:
        return torch.from_numpy(X)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(X, -1, 1)))
