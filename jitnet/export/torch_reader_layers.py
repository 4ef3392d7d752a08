"""Modules of PyTorch's as layers: what each of them adds, and one row in the table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jitnet.activations.leaky_relu import LEAK
from jitnet.engine.nodes import is_several
from jitnet.export import torch_modules as own
from jitnet.export.network import flat_order, joined_order
from jitnet.export.torch_modules import nn
from jitnet.export.torch_reader import Activations, Modules, Reader, array_of, require
from jitnet.export.torch_reader_sequences import (
    all_steps,
    channels,
    embedding,
    last_step,
    recurrent,
)
from jitnet.layers import (
    GRU,
    LSTM,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Branches,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    Rescaling,
    Reshape,
    Residual,
    SimpleRNN,
)
from jitnet.layers.window import VALID


def linear(reader: Reader, module: Any) -> None:
    """X W + b."""
    reader.expect_features(module, last=True)
    layer = Dense(module.out_features, bias=module.bias is not None)
    weight = reader.in_order(module.weight.T)
    reader.moved = None
    reader.add(layer, weight, module.bias)


def convolution(kind: Any) -> Callable[[Reader, Any], None]:
    """A window of weights."""

    def convolved(reader: Reader, module: Any) -> None:
        reader.expect_features(module, last=False)
        plain = module.groups == 1 and module.padding_mode == "zeros"
        require(module, plain and set(module.dilation) == {1})
        layer = kind(
            module.out_channels,
            _number(module.kernel_size),
            _number(module.stride),
            padding=_padding(module.padding),
            bias=module.bias is not None,
        )
        weight = np.moveaxis(array_of(module.weight), (0, 1), (-1, -2))
        reader.add(layer, weight, module.bias)

    return convolved


def pool(kind: Any) -> Callable[[Reader, Any], None]:
    """Pools over windows."""

    def pooled(reader: Reader, module: Any) -> None:
        reader.expect_features(module, last=False)
        sizes, strides = _number(module.kernel_size), _number(module.stride)
        padding = _padding(module.padding)
        counted = getattr(module, "count_include_pad", False) and padding != VALID
        other = getattr(module, "dilation", 1), getattr(module, "return_indices", False)
        divisor = getattr(module, "divisor_override", None)
        accepted = not counted and other == (1, False) and divisor is None
        require(module, accepted and not module.ceil_mode)
        reader.add(kind(sizes, None if strides == sizes else strides, padding))

    return pooled


def global_pool(kind: Any) -> Callable[[Reader, Any], None]:
    """Pools over all places; what follows sees one place."""

    def pooled(reader: Reader, module: Any) -> None:
        require(module, module.output_size in (1, (1,), (1, 1)))
        reader.expect_features(module, last=False)
        axes = len(reader.shape) - 1
        reader.add(kind())
        reader.add(Reshape((*(1,) * axes, *reader.shape)))

    return pooled


def batch_norm(reader: Reader, module: Any) -> None:
    """Channels by their batch's mean and variance."""
    require(module, module.track_running_stats and module.momentum is not None)
    reader.expect_features(module, last=False)
    statistics = module.running_mean, module.running_var
    tensors = map(reader.in_order, (*_scale_and_shift(module, module.num_features), *statistics))
    reader.add(BatchNorm(1 - module.momentum, module.eps), *tensors)


def layer_norm(reader: Reader, module: Any) -> None:
    """The numbers of each example by their own mean and variance, or the channels of a place."""
    of_channels = isinstance(module, own.ChannelNorm)
    require(module, len(module.normalized_shape) == 1)
    require(module, of_channels or len(reader.shape) < 3)
    reader.expect_features(module, last=not of_channels)
    tensors = _scale_and_shift(module, module.normalized_shape[0])
    reader.add(LayerNorm(module.eps), *map(reader.in_order, tensors))


def _scale_and_shift(module: Any, size: int) -> tuple[Any, Any]:
    """A normalisation's weight and bias, 1 and 0 where it has none."""
    weight = np.ones(size) if module.weight is None else module.weight
    return weight, np.zeros(size) if module.bias is None else module.bias


def flatten(reader: Reader, module: Any) -> None:
    """One axis, in which the channels came first."""
    require(module, (module.start_dim, module.end_dim) == (1, -1))
    last: Any = reader.layers[-1] if reader.layers else None
    if isinstance(last, Reshape) and {*reader.shape[:-1]} == {1}:  # behind a global pool
        reader.layers.pop()
        reader.shape = reader.shape[-1:]
        return
    if not reader.features_last:
        reader.moved = flat_order(reader.shape) or reader.moved
    reader.add(Flatten())


def unflatten(reader: Reader, module: Any) -> None:
    """Rows as images or sequences, of one channel or as they were before."""
    channels, *axes = module.unflattened_size
    shape = (*axes, channels)
    require(module, module.dim == 1 and len(axes) > 0 and -1 not in shape)
    require(module, reader.moved is not None or channels == 1)
    require(module, reader.moved == flat_order(shape))
    reader.moved, reader.features_last = None, False
    reader.add(Reshape(shape))


def reshape(reader: Reader, module: Any) -> None:
    """Another shape of numbers whose channels come last."""
    reader.refuse_order("a Reshape", "put a Reorder before")
    reader.expect_features(module, last=False)
    reader.features_last = False
    reader.add(Reshape(module.after))


def reorder(reader: Reader, module: Any) -> None:
    """The order that numbers have here."""
    order = np.array(reader.moved or range(reader.shape[0]))
    require(module, np.array_equal(order[array_of(module.order)], np.arange(len(order))))
    reader.moved = None


def residual(reader: Reader, module: Any) -> None:
    """The input added to what modules make of it."""
    inner = reader.within()
    inner.read(module.layers)
    require(module, inner.moved == reader.moved)
    if len(reader.shape) == 2:
        require(module, reader.features_last in (None, inner.features_last))
        reader.features_last = inner.features_last
    reader.add(Residual(inner.all_layers()), *inner.weights)


def branches(reader: Reader, module: Any) -> None:
    """Several inputs, each through modules of its own."""
    shapes: Any = reader.shape
    if not is_several(shapes) or len(shapes) != len(module.layers):
        raise ValueError(
            f"Branches of {len(module.layers)} inputs come first alone, and shape then is a list "
            f"of their shapes; got {shapes}"
        )
    chains = [Reader(reader.modules, reader.activations, shape) for shape in shapes]
    for chain, layers in zip(chains, module.layers, strict=True):
        chain.read([layers])
    reader.add(
        Branches([chain.layers for chain in chains]),
        *(weight for chain in chains for weight in chain.weights),
    )
    reader.moved = joined_order([(chain.moved, math.prod(chain.shape)) for chain in chains])
    if len(reader.shape) > 1:
        last = {chain.features_last for chain in chains} - {None}
        require(module, len(last) < 2 and module.dim == (-1 if True in last else 1))
        reader.features_last = True in last
    require(module, module.dim in (1, -1))


def _number(given: Any) -> Any:
    """One number where all axes have the same."""
    if isinstance(given, tuple | list):
        return given[0] if len(set(given)) == 1 else tuple(given)
    return given


def _padding(given: Any) -> Any:
    """A window's padding by a name where it has one."""
    return given if isinstance(given, str) else _number(given) or VALID


MODULES: Modules = {
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
    nn.Embedding: embedding,
    nn.RNN: recurrent(SimpleRNN),
    nn.GRU: recurrent(GRU),
    nn.LSTM: recurrent(LSTM),
    nn.Flatten: flatten,
    nn.Unflatten: unflatten,
    nn.Dropout: lambda reader, module: reader.add(Dropout(module.p)),
    nn.Identity: lambda reader, module: None,
    own.AllSteps: all_steps,
    own.Branches: branches,
    own.ChannelNorm: layer_norm,
    own.ChannelsFirst: channels(last=False),
    own.ChannelsLast: channels(last=True),
    own.LastStep: last_step,
    own.Reorder: reorder,
    own.Rescaling: lambda reader, module: reader.add(Rescaling(module.scale, module.offset)),
    own.Reshape: reshape,
    own.Residual: residual,
}
"""What each module adds."""

ACTIVATIONS: Activations = {
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
