"""Modules of PyTorch's as layers: what each of them adds, and one row in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from jitnet.activations.leaky_relu import LEAK
from jitnet.arrays import Array
from jitnet.export import torch_modules as own
from jitnet.export.network import channels_first, planes_of
from jitnet.export.torch_modules import nn
from jitnet.layers import (
    Activation,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    Rescaling,
    Reshape,
    Residual,
)
from jitnet.layers.layer import Shape
from jitnet.layers.window import VALID

WIDTH = 16
"""Examples in a panel, on which no shape depends."""


class Reader:
    """Layers and weights, collected, and the shape of what the last one gives."""

    def __init__(self, shape: Shape, planes: Shape | None = None) -> None:
        self.shape, self.planes = shape, planes
        self.layers: list[Layer] = []
        self.weights: list[Array] = []

    def read(self, modules: nn.Sequential) -> None:
        """Add the layers that modules are."""
        for module in modules:
            if type(module) is nn.Sequential:
                self.read(module)
            elif type(module) in ACTIVATIONS:
                self.activate(module)
            elif type(module) in MODULES:
                MODULES[type(module)](self, module)
            else:
                known = sorted({kind.__name__ for kind in (*MODULES, *ACTIVATIONS)})
                raise ValueError(f"jitnet has no {module}, but these: {', '.join(known)}")

    def all_layers(self) -> list[Layer]:
        """The layers; where modules did nothing there is one that does nothing."""
        return self.layers or [Activation("identity")]

    def add(self, layer: Layer, *weights: Any) -> None:
        """Add a layer with its weights, as they are here."""
        self.shape = layer.node(self.shape, WIDTH).output
        self.layers.append(layer)
        self.weights += [_array(tensor) for tensor in weights if tensor is not None]

    def activate(self, module: nn.Module) -> None:
        """Add an activation, to the layer before where that takes one."""
        name, accepts = ACTIVATIONS[type(module)]
        _require(module, accepts(module))
        last: Any = self.layers[-1] if self.layers else None
        if isinstance(last, Dense | Conv1D | Conv2D) and last.activation == "identity":
            self.layers[-1] = replace(last, activation=name)
        else:
            self.add(Activation(name))

    def in_order(self, tensor: Any) -> Any:
        """What belongs to each number of a flat input, in the order that the numbers have here."""
        if tensor is None or self.planes is None:
            return tensor
        array = _array(tensor)
        turned = np.empty_like(array)
        turned[channels_first(self.planes)] = array
        return turned

    def refuse_order(self, what: str, instead: str) -> None:
        """Refuse flat numbers in another order than here."""
        if self.planes is not None:
            raise ValueError(
                f"{what} has the numbers of images {self.planes} with their channels first, which "
                f"come last here; {instead}"
            )


def _array(tensor: Any) -> Array:
    """A tensor as NumPy has it; of floating types some are none of NumPy's."""
    if isinstance(tensor, np.ndarray):
        return tensor
    found = tensor.detach().cpu()
    array: Array = (found.double() if found.is_floating_point() else found).numpy()
    return array


def _require(module: nn.Module, condition: bool) -> None:
    if not condition:
        raise ValueError(f"jitnet has no {module} with these settings")


def linear(reader: Reader, module: Any) -> None:
    """X W + b."""
    layer = Dense(module.out_features, bias=module.bias is not None)
    weight = reader.in_order(module.weight.T)
    reader.planes = None
    reader.add(layer, weight, module.bias)


def convolution(kind: Any) -> Callable[[Reader, Any], None]:
    """A window of weights."""

    def convolved(reader: Reader, module: Any) -> None:
        plain = module.groups == 1 and module.padding_mode == "zeros"
        _require(module, plain and set(module.dilation) == {1})
        layer = kind(
            module.out_channels,
            _number(module.kernel_size),
            _number(module.stride),
            padding=_padding(module.padding),
            bias=module.bias is not None,
        )
        weight = np.moveaxis(_array(module.weight), (0, 1), (-1, -2))
        reader.add(layer, weight, module.bias)

    return convolved


def pool(kind: Any) -> Callable[[Reader, Any], None]:
    """Pools over windows."""

    def pooled(reader: Reader, module: Any) -> None:
        sizes, strides = _number(module.kernel_size), _number(module.stride)
        padding = _padding(module.padding)
        counted = getattr(module, "count_include_pad", False) and padding != VALID
        other = getattr(module, "dilation", 1), getattr(module, "return_indices", False)
        divisor = getattr(module, "divisor_override", None)
        accepted = not counted and other == (1, False) and divisor is None
        _require(module, accepted and not module.ceil_mode)
        reader.add(kind(sizes, None if strides == sizes else strides, padding))

    return pooled


def global_pool(kind: Any) -> Callable[[Reader, Any], None]:
    """Pools over all places; what follows sees one place."""

    def pooled(reader: Reader, module: Any) -> None:
        _require(module, module.output_size in (1, (1,), (1, 1)))
        axes = len(reader.shape) - 1
        reader.add(kind())
        reader.add(Reshape((*(1,) * axes, *reader.shape)))

    return pooled


def batch_norm(reader: Reader, module: Any) -> None:
    """Channels by their batch's mean and variance."""
    _require(module, module.track_running_stats and module.momentum is not None)
    statistics = module.running_mean, module.running_var
    tensors = map(reader.in_order, (*_scale_and_shift(module, module.num_features), *statistics))
    reader.add(BatchNorm(1 - module.momentum, module.eps), *tensors)


def layer_norm(reader: Reader, module: Any) -> None:
    """The numbers of each example by their own mean and variance, or the channels of a place."""
    rows = len(reader.shape) == 1
    _require(module, len(module.normalized_shape) == 1)
    _require(module, rows or isinstance(module, own.ChannelNorm))
    tensors = _scale_and_shift(module, module.normalized_shape[0])
    reader.add(LayerNorm(module.eps), *map(reader.in_order, tensors))


def _scale_and_shift(module: Any, size: int) -> tuple[Any, Any]:
    """A normalisation's weight and bias, 1 and 0 where it has none."""
    weight = np.ones(size) if module.weight is None else module.weight
    return weight, np.zeros(size) if module.bias is None else module.bias


def flatten(reader: Reader, module: Any) -> None:
    """One axis, in which the channels came first."""
    _require(module, (module.start_dim, module.end_dim) == (1, -1))
    last: Any = reader.layers[-1] if reader.layers else None
    if isinstance(last, Reshape) and {*reader.shape[:-1]} == {1}:  # behind a global pool
        reader.layers.pop()
        reader.shape = reader.shape[-1:]
        return
    reader.planes = planes_of(reader.shape) or reader.planes
    reader.add(Flatten())


def unflatten(reader: Reader, module: Any) -> None:
    """Rows as images or sequences, of one channel or as they were before."""
    channels, *axes = module.unflattened_size
    shape = (*axes, channels)
    _require(module, module.dim == 1 and len(axes) > 0 and -1 not in shape)
    _require(module, reader.planes == shape or (reader.planes is None and channels == 1))
    reader.planes = None
    reader.add(Reshape(shape))


def reshape(reader: Reader, module: Any) -> None:
    """Another shape of numbers whose channels come last."""
    reader.refuse_order("a Reshape", "put a Reorder before")
    reader.add(Reshape(module.after))


def reorder(reader: Reader, module: Any) -> None:
    """The order that numbers have here."""
    order = np.arange(reader.shape[0]) if reader.planes is None else channels_first(reader.planes)
    _require(module, np.array_equal(order[_array(module.order)], np.arange(len(order))))
    reader.planes = None


def residual(reader: Reader, module: Any) -> None:
    """The input added to what modules make of it."""
    inner = Reader(reader.shape, reader.planes)
    inner.read(module.layers)
    _require(module, inner.planes == reader.planes)
    reader.add(Residual(inner.all_layers()), *inner.weights)


def _number(given: Any) -> Any:
    """One number where all axes have the same."""
    if isinstance(given, tuple | list):
        return given[0] if len(set(given)) == 1 else tuple(given)
    return given


def _padding(given: Any) -> Any:
    """A window's padding by a name where it has one."""
    return given if isinstance(given, str) else _number(given) or VALID


MODULES: dict[type[Any], Callable[[Reader, Any], None]] = {
    nn.Linear: linear,
    nn.Conv1d: convolution(Conv1D),
    nn.Conv2d: convolution(Conv2D),
    nn.MaxPool1d: pool(MaxPool1D),
    nn.MaxPool2d: pool(MaxPool2D),
    nn.AvgPool1d: pool(AveragePool1D),
    nn.AvgPool2d: pool(AveragePool2D),
    nn.AdaptiveAvgPool1d: global_pool(GlobalAveragePool),
    nn.AdaptiveAvgPool2d: global_pool(GlobalAveragePool),
    nn.AdaptiveMaxPool1d: global_pool(GlobalMaxPool),
    nn.AdaptiveMaxPool2d: global_pool(GlobalMaxPool),
    nn.BatchNorm1d: batch_norm,
    nn.BatchNorm2d: batch_norm,
    nn.BatchNorm3d: batch_norm,
    nn.LayerNorm: layer_norm,
    nn.Flatten: flatten,
    nn.Unflatten: unflatten,
    nn.Dropout: lambda reader, module: reader.add(Dropout(module.p)),
    nn.Identity: lambda reader, module: None,
    own.ChannelNorm: layer_norm,
    own.Reorder: reorder,
    own.Rescaling: lambda reader, module: reader.add(Rescaling(module.scale, module.offset)),
    own.Reshape: reshape,
    own.Residual: residual,
}
"""What each module adds."""

ACTIVATIONS: dict[type[Any], tuple[str, Callable[[Any], bool]]] = {
    nn.Sigmoid: ("sigmoid", lambda module: True),
    nn.Tanh: ("tanh", lambda module: True),
    nn.ReLU: ("relu", lambda module: True),
    nn.LeakyReLU: ("leaky_relu", lambda module: bool(module.negative_slope == LEAK)),
    nn.ELU: ("elu", lambda module: bool(module.alpha == 1)),
    nn.GELU: ("gelu", lambda module: bool(module.approximate == "none")),
    nn.SiLU: ("silu", lambda module: True),
    nn.Softplus: ("softplus", lambda module: bool(module.beta == 1 and module.threshold >= 20)),
}
"""The activation that a module is, and whether it is just that."""
