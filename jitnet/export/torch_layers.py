"""A model as the modules of an ``nn.Sequential``: their names, settings and tensors, without torch.

======================================= ==========================================================
a layer here                            the module there
======================================= ==========================================================
Dense                                   Linear, weight (out, in)
Conv1D, Conv2D                          Conv1d, Conv2d, weight (out, in, …)
MaxPool1D, MaxPool2D                    MaxPool1d, MaxPool2d
AveragePool1D, AveragePool2D            AvgPool1d, AvgPool2d with count_include_pad=False
GlobalAveragePool, GlobalMaxPool        AdaptiveAvgPool1d or 2d, AdaptiveMaxPool…, and a Flatten
BatchNorm                               BatchNorm1d, 2d or 3d; its momentum is 1 - momentum
LayerNorm                               LayerNorm, `ChannelNorm` where channels come first
Embedding                               Embedding
LSTM, GRU, SimpleRNN                    LSTM, GRU, RNN with batch_first=True, and behind it
                                        `AllSteps` or `LastStep`; weight_ih_l0 (gates, in),
                                        weight_hh_l0, bias_ih_l0, bias_hh_l0
Bidirectional                           the same with bidirectional=True; weight_ih_l0_reverse, …
Flatten                                 Flatten: what follows goes by its order, channels first
Reshape                                 Unflatten of rows to one channel, otherwise `Reshape`
Dropout                                 Dropout
Residual                                `Residual`, whose layers are ``layers.0``, ``layers.1``, …
Branches                                `Branches` of a tuple; ``layers.0.1`` is of the first branch
                                        the second module
Rescaling                               `Rescaling`
RandomFlip, RandomShift, RandomRotation nothing
an activation                           Sigmoid, Tanh, ReLU, LeakyReLU, ELU, GELU, SiLU, Softplus
======================================= ==========================================================

Those in quotes are in `jitnet.export.torch_modules`. Images and sequences have their channels first
in PyTorch, inputs and outputs too. The numbers of a flat output that are in another order then are
put right by a `Reorder` at the end. Around recurrent modules, Embedding and Linear sequences have
their features last, (n, time, features); `ChannelsLast` and `ChannelsFirst` stand where that
changes. Of the two biases of PyTorch's recurrent modules bias_hh is zero, but for that of a GRU's
n, which there is here too; where they are read, both are summed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitnet.activations.leaky_relu import LEAK
from jitnet.arrays import Array
from jitnet.export.network import Exported, Stage, joined_order, row_for, row_named
from jitnet.export.torch_chain import SEQUENTIAL, Chain, Module
from jitnet.export.torch_sequences import embedding, features_last, recurrent
from jitnet.layers import (
    GRU,
    LSTM,
    Activation,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    LayerNorm,
    MaxPool1D,
    MaxPool2D,
    RandomFlip,
    RandomRotation,
    RandomShift,
    Rescaling,
    Reshape,
    Residual,
    SimpleRNN,
)
from jitnet.layers.layer import Shape
from jitnet.layers.window import SAME, VALID, each

DESTINATION = "PyTorch"

COUNTER = "num_batches_tracked"
"""A tensor of PyTorch's BatchNorm that nothing here corresponds to."""


def modules_of(exported: Exported) -> list[Module]:
    """A model's modules, one after the other."""
    return chain_of(exported).modules


def chain_of(exported: Exported) -> Chain:
    """A model's modules, and where the features of what they give lie."""
    chains = inputs_of(exported)
    for chain, (_, stages) in zip(chains, exported.branches, strict=True):
        add_stages(chain, stages)
    first, *others = exported.stages
    if first.branches:
        chains = [_joined(chains, first)]
        add_stages(chains[0], others)
    chains[0].put_in_order()
    return chains[0]


def inputs_of(exported: Exported) -> list[Chain]:
    """A model's inputs, before any module."""
    first, *others = exported.stages
    behind = others if first.branches else []
    return [
        Chain(
            _input_shape(own.shape, stages), features_last=bool(features_last([*stages, *behind]))
        )
        for own, stages in exported.branches
    ]


def _input_shape(shape: Shape, stages: Sequence[Stage]) -> Shape:
    """The shape of an example, with the one channel that the first window's layer adds."""
    for stage in stages:
        axes = AXES.get(type(stage.layer))
        if axes is not None:
            return (*shape, 1) if len(stage.input) == axes else shape
        if type(stage.layer) not in (Activation, Dropout, Rescaling):
            break
    return shape


def _joined(chains: Sequence[Chain], stage: Stage) -> Chain:
    """Chains whose values come side by side, sequences as the first one has them."""
    last = chains[0].features_last
    for chain in chains:
        chain.put_features(last=last)
    moved = joined_order([(chain.moved, math.prod(chain.shape)) for chain in chains])
    joined = Chain(stage.output, moved, features_last=last)
    axis = -1 if last and len(stage.output) == 2 else 1
    inner = [Module(SEQUENTIAL, inner=chain.modules) for chain in chains]
    joined.modules.append(Module("Branches", {"dim": axis}, inner=inner))
    return joined


def add_stages(chain: Chain, stages: Sequence[Stage]) -> None:
    """Add the modules of layers and their activations."""
    for stage in stages:
        row_for(stage.layer, LAYERS, DESTINATION)(chain, stage)
        found = row_named("activation", stage.activation, ACTIVATIONS, DESTINATION)
        if found is not None:
            chain.add(found.kind, **found.settings)


def nothing(chain: Chain, stage: Stage) -> None:
    """What only training does and PyTorch has no module for, or an activation alone."""


def dense(chain: Chain, stage: Stage) -> None:
    """X W + b."""
    chain.put_features(last=True)
    weight = stage.weights["weight"][chain.order]
    tensors = {"weight": weight.T, **_bias(stage)}
    n_in, n_out = weight.shape
    chain.add("Linear", tensors, in_features=n_in, out_features=n_out, bias=stage.layer.bias)
    chain.shape, chain.moved = stage.output, None


def convolution(chain: Chain, stage: Stage) -> None:
    """A window of weights."""
    layer, weight = stage.layer, stage.weights["weight"]
    *sizes, channels, filters = weight.shape
    axes = len(sizes)
    chain.put_features(last=False)
    chain.with_channels(axes)
    chain.add(
        f"Conv{axes}d",
        {"weight": np.moveaxis(weight, (-1, -2), (0, 1)), **_bias(stage)},
        in_channels=channels,
        out_channels=filters,
        kernel_size=tuple(sizes),
        stride=each(layer.strides, axes),
        padding=_zeros(layer, axes),
        bias=layer.bias,
    )
    chain.shape = stage.output


def _zeros(layer: Any, axes: int) -> Any:
    if layer.padding == SAME:
        return SAME
    return each(0 if layer.padding == VALID else layer.padding, axes)


def _bias(stage: Stage) -> dict[str, Array]:
    return {"bias": stage.weights["bias"]} if stage.layer.bias else {}


def pool(kind: str, **settings: Any) -> Callable[[Chain, Stage], None]:
    """Pools over windows."""

    def pooled(chain: Chain, stage: Stage) -> None:
        layer, axes = stage.layer, stage.layer.axes
        sizes = each(layer.pool_size, axes)
        strides = sizes if layer.strides is None else each(layer.strides, axes)
        chain.put_features(last=False)
        chain.with_channels(axes)
        chain.add(
            f"{kind}{axes}d",
            None,
            kernel_size=sizes,
            stride=strides,
            padding=_zeros(layer, axes),
            **settings,
        )
        chain.shape = stage.output

    return pooled


def global_pool(kind: str) -> Callable[[Chain, Stage], None]:
    """Pools over all places."""

    def pooled(chain: Chain, stage: Stage) -> None:
        chain.put_features(last=False)
        chain.add(f"{kind}{len(chain.shape) - 1}d", output_size=1)
        chain.add("Flatten")
        chain.shape = stage.output

    return pooled


def batch_norm(chain: Chain, stage: Stage) -> None:
    """Channels by their batch's mean and variance."""
    axes = max(1, len(chain.shape) - 1)
    if axes > 3:
        raise ValueError(f"PyTorch has no BatchNorm of the {axes} axes of {chain.shape}")
    chain.put_features(last=False)
    weights, order = stage.weights, chain.order
    channels = len(weights["weight"])
    tensors = {
        "weight": weights["weight"][order],
        "bias": weights["bias"][order],
        "running_mean": weights["running_mean"][order],
        "running_var": weights["running_variance"][order],
        COUNTER: np.array(0),
    }
    epsilon, momentum = stage.layer.epsilon, 1 - stage.layer.momentum
    settings = {"num_features": channels, "eps": epsilon, "momentum": momentum}
    chain.add(f"BatchNorm{axes}d", tensors, **settings)


def layer_norm(chain: Chain, stage: Stage) -> None:
    """The last axis of each example by its own mean and variance."""
    kind = "LayerNorm" if len(chain.shape) == 1 or chain.features_last else "ChannelNorm"
    tensors = {name: stage.weights[name][chain.order] for name in ("weight", "bias")}
    chain.add(kind, tensors, normalized_shape=chain.shape[-1], eps=stage.layer.epsilon)


def flatten(chain: Chain, stage: Stage) -> None:
    """One axis."""
    chain.flatten()


def reshape(chain: Chain, stage: Stage) -> None:
    """The numbers in another shape."""
    chain.reshape(stage.output)


def dropout(chain: Chain, stage: Stage) -> None:
    """Units that are silent in training."""
    chain.add("Dropout", p=stage.layer.rate)


def rescaling(chain: Chain, stage: Stage) -> None:
    """Scale x + offset."""
    chain.add("Rescaling", scale=stage.layer.scale, offset=stage.layer.offset)


def residual(chain: Chain, stage: Stage) -> None:
    """The input added to what layers make of it, in the same order."""
    inner = _within(chain, stage)
    if inner.moved != chain.moved:
        chain.put_in_order()
        inner = _within(chain, stage)
        inner.put_in_order()
    chain.modules.append(Module("Residual", inner=inner.modules))


def _within(chain: Chain, stage: Stage) -> Chain:
    inner = Chain(chain.shape, chain.moved, features_last=chain.features_last)
    add_stages(inner, stage.inner)
    inner.put_features(last=chain.features_last)
    return inner


LAYERS: dict[type[Any], Callable[[Chain, Stage], None]] = {
    Activation: nothing,
    AveragePool1D: pool("AvgPool", count_include_pad=False),
    AveragePool2D: pool("AvgPool", count_include_pad=False),
    BatchNorm: batch_norm,
    Bidirectional: recurrent,
    Conv1D: convolution,
    Conv2D: convolution,
    Dense: dense,
    Dropout: dropout,
    Embedding: embedding,
    Flatten: flatten,
    GRU: recurrent,
    GlobalAveragePool: global_pool("AdaptiveAvgPool"),
    GlobalMaxPool: global_pool("AdaptiveMaxPool"),
    LSTM: recurrent,
    LayerNorm: layer_norm,
    MaxPool1D: pool("MaxPool"),
    MaxPool2D: pool("MaxPool"),
    RandomFlip: nothing,
    RandomRotation: nothing,
    RandomShift: nothing,
    Rescaling: rescaling,
    Reshape: reshape,
    Residual: residual,
    SimpleRNN: recurrent,
}
"""The modules that a layer is."""

AXES: dict[type[Any], int] = {
    Conv1D: 1,
    Conv2D: 2,
    RandomFlip: 2,
    RandomRotation: 2,
    RandomShift: 2,
    **{kind: kind.axes for kind in (AveragePool1D, AveragePool2D, MaxPool1D, MaxPool2D)},
}
"""The axes of layers that add one of channels where there is none."""

ACTIVATIONS: dict[str, Module | None] = {
    "identity": None,
    "sigmoid": Module("Sigmoid"),
    "tanh": Module("Tanh"),
    "relu": Module("ReLU"),
    "leaky_relu": Module("LeakyReLU", {"negative_slope": LEAK}),
    "elu": Module("ELU"),
    "gelu": Module("GELU"),
    "silu": Module("SiLU"),
    "softplus": Module("Softplus"),
}
"""The module of an activation, if it needs one."""
