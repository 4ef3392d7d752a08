"""Layers as nodes of ONNX's: a function each, and one row in the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitnet.export.network import Exported, Stage, edges, refuse_mask, row_for, row_named
from jitnet.export.onnx_functions import ACTIVATIONS, LINKS
from jitnet.export.onnx_graph import Graph, Value, order_of
from jitnet.export.onnx_recurrent import recurrent
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
from jitnet.layers.window import each

DESTINATION = "ONNX"

BATCH_NORM = ("weight", "bias", "running_mean", "running_variance")
"""The parameters, in the order that ONNX takes them."""


def add_network(graph: Graph, names: Sequence[str], exported: Exported) -> str:
    """Add a network behind the tensors of its inputs; the tensor of its predictions."""
    refuse_mask(exported, DESTINATION)
    values = [
        add_stages(graph, Value(name, own.shape), stages)
        for name, (own, stages) in zip(names, exported.branches, strict=True)
    ]
    first, *others = exported.stages
    if first.branches:
        ends = [graph.channels_last(value).name for value in values]
        joined = Value(graph.node("Concat", *ends, axis=len(first.output)), first.output)
        values = [add_stages(graph, joined, others)]
    last = graph.channels_last(values[0]).name
    return row_named("link", exported.link, LINKS, DESTINATION)(graph, last)


def add_stages(graph: Graph, value: Value, stages: Sequence[Stage]) -> Value:
    """Add the nodes of layers and their activations, one after the other."""
    for stage in stages:
        value = row_for(stage.layer, LAYERS, DESTINATION)(graph, value, stage)
        activate = row_named("activation", stage.activation, ACTIVATIONS, DESTINATION)
        value = value._replace(name=activate(graph, value.name))
    return value


def same(graph: Graph, value: Value, stage: Stage) -> Value:
    """What does nothing outside of training, or is an activation alone."""
    return value


def reshape(graph: Graph, value: Value, stage: Stage) -> Value:
    """The numbers in another shape."""
    return graph.reshaped(value, stage.output)


def flatten(graph: Graph, value: Value, stage: Stage) -> Value:
    """One axis; where channels come first, the next layer's weights go by that order."""
    return graph.flattened(value)


def dense(graph: Graph, value: Value, stage: Stage) -> Value:
    """X W + b."""
    if len(value.shape) > 1:
        return _dense_over_time(graph, value, stage)
    weight = graph.weight("weight", stage.weights["weight"][order_of(value)])
    bias = [graph.weight("bias", stage.weights["bias"])] if stage.layer.bias else []
    return Value(graph.node("Gemm", value.name, weight, *bias), stage.output)


def _dense_over_time(graph: Graph, value: Value, stage: Stage) -> Value:
    if not value.time_first:
        value = graph.channels_last(value)
    name = graph.node("MatMul", value.name, graph.weight("weight", stage.weights["weight"]))
    if stage.layer.bias:
        name = graph.node("Add", name, graph.weight("bias", stage.weights["bias"]))
    return value._replace(name=name, shape=stage.output)


def embedding(graph: Graph, value: Value, stage: Stage) -> Value:
    """A row of the weights for each index."""
    weight = graph.weight("weight", stage.weights["weight"])
    return Value(graph.node("Gather", weight, value.name, axis=0), stage.output)


def rescaling(graph: Graph, value: Value, stage: Stage) -> Value:
    """Scale x + offset."""
    name = graph.node("Mul", value.name, graph.weight("scale", stage.layer.scale))
    if stage.layer.offset:
        name = graph.node("Add", name, graph.weight("offset", stage.layer.offset))
    return value._replace(name=name)


def convolution(graph: Graph, value: Value, stage: Stage) -> Value:
    """A window of weights, (filters, channels, …) in ONNX."""
    layer, weight = stage.layer, stage.weights["weight"]
    axes = weight.ndim - 2
    value = graph.channels_first(graph.with_channels(value, axes))
    parts = [graph.weight("weight", np.moveaxis(weight, (-1, -2), (0, 1)))]
    parts += [graph.weight("bias", stage.weights["bias"])] if layer.bias else []
    before, behind = zip(*edges(layer, layer.kernel_size, axes), strict=True)
    name = graph.node(
        "Conv",
        value.name,
        *parts,
        kernel_shape=weight.shape[:axes],
        strides=each(layer.strides, axes),
        pads=(*before, *behind),
    )
    return Value(name, stage.output, stage.output)


def pool(operator: str) -> Callable[[Graph, Value, Stage], Value]:
    """Pools over windows, by an operator."""

    def pooled(graph: Graph, value: Value, stage: Stage) -> Value:
        layer = stage.layer
        axes = layer.axes
        sizes = each(layer.pool_size, axes)
        before, behind = zip(*edges(layer, layer.pool_size, axes), strict=True)
        value = graph.channels_first(graph.with_channels(value, axes))
        name = graph.node(
            operator,
            value.name,
            kernel_shape=sizes,
            strides=sizes if layer.strides is None else each(layer.strides, axes),
            pads=(*before, *behind),
        )
        return Value(name, stage.output, stage.output)

    return pooled


def global_pool(operator: str) -> Callable[[Graph, Value, Stage], Value]:
    """Pools over all places, by an operator: wherever these lie."""

    def pooled(graph: Graph, value: Value, stage: Stage) -> Value:
        first = 0 if value.time_first else 1 if value.planes is None else 2
        axes = graph.weight("axes", np.arange(first, first + len(value.shape) - 1))
        return Value(graph.node(operator, value.name, axes, keepdims=0), stage.output)

    return pooled


def batch_norm(graph: Graph, value: Value, stage: Stage) -> Value:
    """Channels by their running mean and variance.

    The operator multiplies before it subtracts, which loses what a mean far from zero, as a column
    of years has, leaves of a float32: rows have their mean subtracted first.
    """
    weight, bias, mean, variance = (stage.weights[name] for name in BATCH_NORM)
    epsilon = stage.layer.epsilon
    if len(value.shape) > 1:
        value = graph.channels_first(value)
        parts = zip(BATCH_NORM, (weight, bias, mean, variance), strict=True)
        weights = [graph.weight(name, array) for name, array in parts]
        name = graph.node("BatchNormalization", value.name, *weights, epsilon=epsilon)
        return value._replace(name=name)
    order = order_of(value)
    scale = np.asarray(weight, np.float64) / np.sqrt(np.asarray(variance, np.float64) + epsilon)
    name = graph.node("Sub", value.name, graph.weight("mean", mean[order]))
    name = graph.node("Mul", name, graph.weight("scale", scale[order]))
    return value._replace(name=graph.node("Add", name, graph.weight("bias", bias[order])))


def layer_norm(graph: Graph, value: Value, stage: Stage) -> Value:
    """The last axis of each example by its own mean and variance."""
    if len(value.shape) > 1 and not value.time_first:
        value = graph.channels_last(value)
    order = order_of(value)
    parts = [graph.weight(name, stage.weights[name][order]) for name in ("weight", "bias")]
    epsilon = stage.layer.epsilon
    name = graph.node("LayerNormalization", value.name, *parts, axis=-1, epsilon=epsilon)
    return value._replace(name=name)


def residual(graph: Graph, value: Value, stage: Stage) -> Value:
    """The input added to what layers make of it."""
    made = add_stages(graph, value, stage.inner)
    if (made.planes, made.time_first) != (value.planes, value.time_first):
        made, value = graph.channels_last(made), graph.channels_last(value)
    return made._replace(name=graph.node("Add", made.name, value.name))


Writer = Callable[[Graph, Value, Stage], Value]

LAYERS: dict[type[Any], Writer] = {
    Activation: same,
    AveragePool1D: pool("AveragePool"),
    AveragePool2D: pool("AveragePool"),
    BatchNorm: batch_norm,
    Bidirectional: recurrent,
    Conv1D: convolution,
    Conv2D: convolution,
    Dense: dense,
    Dropout: same,
    Embedding: embedding,
    Flatten: flatten,
    GRU: recurrent,
    GlobalAveragePool: global_pool("ReduceMean"),
    GlobalMaxPool: global_pool("ReduceMax"),
    LSTM: recurrent,
    LayerNorm: layer_norm,
    MaxPool1D: pool("MaxPool"),
    MaxPool2D: pool("MaxPool"),
    RandomFlip: same,
    RandomRotation: same,
    RandomShift: same,
    Rescaling: rescaling,
    Reshape: reshape,
    Residual: residual,
    SimpleRNN: recurrent,
}
"""The nodes that a layer is."""
