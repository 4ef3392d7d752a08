"""Layers as calls of C functions: a function each, and one row in the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.export.c_functions import ACTIVATIONS, FILTERS_AT_ONCE, LINKS
from jitnet.export.c_recurrent import CELLS
from jitnet.export.c_writer import Source
from jitnet.export.network import Exported, Stage, edges, refuse_mask, row_for, row_named
from jitnet.export.recurrent import directions_of, recurrent_of
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

DESTINATION = "C"

Writer = Callable[[Source, str, Stage], str]
"""Adds a layer's calls to what a buffer holds; the buffer with what they make of it."""


def add_network(source: Source, names: Sequence[str], y: str, exported: Exported) -> None:
    """Add the calls of a network, whose predictions of what its inputs hold come to a buffer."""
    refuse_mask(exported, DESTINATION)
    outputs = math.prod(exported.output)
    ends = [
        add_stages(source, name, stages)
        for name, (_, stages) in zip(names, exported.branches, strict=True)
    ]
    first, *others = exported.stages
    last = add_stages(source, _joined(source, ends, first), others) if first.branches else ends[0]
    source.add(f"memcpy({y}, {last}, {outputs} * sizeof *{y});")
    source.release(last)
    link = row_named("link", exported.link, LINKS, DESTINATION)
    if link is None:
        return
    if link == "softmax" and len(exported.output) > 1:
        steps, units = exported.output
        source.repeat(steps, link, f"{y} + t * {units}", units)
    else:
        source.call(link, y, outputs)


def _joined(source: Source, ends: Sequence[str], stage: Stage) -> str:
    """What branches gave, along the last axis."""
    *places, units = stage.output
    y, before = source.buffer(math.prod(stage.output)), 0
    for end, shape, branch in zip(ends, stage.input, stage.branches, strict=True):
        own = (branch[-1].output if branch else shape)[-1]  # type: ignore[index]
        source.call("join", end, f"{y} + {before}", math.prod(places), own, units)
        source.release(end)
        before += own
    return y


def add_stages(source: Source, x: str, stages: Sequence[Stage]) -> str:
    """Add the calls of layers and their activations, one after the other."""
    for stage in stages:
        y = row_for(stage.layer, LAYERS, DESTINATION)(source, x, stage)
        if y != x:
            source.release(x)
        function = row_named("activation", stage.activation, ACTIVATIONS, DESTINATION)
        if function is not None:
            size = math.prod(stage.output)
            y = source.own(y, size)
            source.call(function, y, size)
        x = y
    return x


def same(source: Source, x: str, stage: Stage) -> str:
    """What does nothing outside of training, or leaves the numbers as they lie."""
    return x


def dense(source: Source, x: str, stage: Stage) -> str:
    """X W + b."""
    weight = stage.weights["weight"]
    names = _weight_and_bias(source, weight, _bias(stage))
    y = source.buffer(math.prod(stage.output))
    if len(stage.input) == 1:
        source.call("dense", x, y, *names, *weight.shape)
    else:
        inputs, units = weight.shape
        places = f"{x} + t * {inputs}", f"{y} + t * {units}"
        source.repeat(stage.input[0], "dense", *places, *names, inputs, units)
    return y


def embedding(source: Source, x: str, stage: Stage) -> str:
    """A row of the weights for each index."""
    y = source.buffer(math.prod(stage.output))
    weight = source.weight("weight", stage.weights["weight"])
    source.call("embedding", x, y, weight, *stage.output)
    return y


def recurrent(source: Source, x: str, stage: Stage) -> str:
    """A recurrent layer: where the last step alone is asked for, it is written over all others."""
    layer, directions = recurrent_of(stage.layer), directions_of(stage)
    function, units_of_room = CELLS[type(layer)]
    time, inputs = stage.input
    y_step = stage.output[-1] if layer.return_sequences else 0
    y, room = source.buffer(math.prod(stage.output)), source.buffer(units_of_room * layer.units)
    for number, direction in enumerate(directions):
        names = [source.weight("weight", direction.weight), source.weight("bias", direction.bias)]
        names.append(source.weight("recurrent_weight", direction.recurrent_weight))
        if direction.recurrent_bias is not None:
            names.append(source.weight("recurrent_bias", direction.biases[1]))
        own = y if number == 0 else f"{y} + {layer.units}"
        source.call(function, x, own, *names, room, time, inputs, layer.units, y_step, number)
    source.release(room)
    return y


def convolution(source: Source, x: str, stage: Stage) -> str:
    """A window of weights; what it reaches of the outside is made zeros first."""
    layer, weight = stage.layer, stage.weights["weight"]
    axes, (*sizes, channels, filters) = weight.ndim - 2, weight.shape
    rows, columns = _rows_and_columns(stage.input[:axes])
    window_rows, window_columns = _rows_and_columns(tuple(sizes))
    row_step, column_step = _rows_and_columns(each(layer.strides, axes))
    out_rows, out_columns = _rows_and_columns(stage.output[:axes])
    around = edges(layer, layer.kernel_size, axes)
    (above, below), (left, right) = ((0, 0),) * (2 - axes) + tuple(around)
    length, wide = columns * channels, (left + columns + right) * channels
    read = x
    if above or below or left or right:
        read = source.buffer((above + rows + below) * wide)
        zeros = above, below, left * channels, right * channels
        source.call("pad", x, read, rows, length, *zeros)
    blocks = _blocks(weight.reshape(-1, filters)), _blocks(_bias(stage)[np.newaxis])
    names = _weight_and_bias(source, *blocks)
    y = source.buffer(out_rows * out_columns * filters)
    source.call(
        "convolution",
        *(read, y, *names),
        *(wide, out_rows, out_columns),
        *(window_rows, window_columns * channels, row_step, column_step * channels, filters),
    )
    if read != x:
        source.release(read)
    return y


def _blocks(weight: Array) -> Array:
    """Weights (terms, filters) in blocks of filters: (blocks, terms, FILTERS_AT_ONCE)."""
    terms, filters = weight.shape
    blocks = -(-filters // FILTERS_AT_ONCE)
    filled = np.zeros((terms, blocks * FILTERS_AT_ONCE), weight.dtype)
    filled[:, :filters] = weight
    return filled.reshape(terms, blocks, FILTERS_AT_ONCE).swapaxes(0, 1)


def pool(function: str) -> Writer:
    """Pools over windows, by a function."""

    def pooled(source: Source, x: str, stage: Stage) -> str:
        layer, axes, channels = stage.layer, stage.layer.axes, stage.output[-1]
        sizes = each(layer.pool_size, axes)
        steps = sizes if layer.strides is None else each(layer.strides, axes)
        zeros = tuple(before for before, _ in edges(layer, layer.pool_size, axes))
        y = source.buffer(math.prod(stage.output))
        source.call(
            function,
            *(x, y, *_rows_and_columns(stage.input[:axes]), channels),
            *_rows_and_columns(stage.output[:axes]),
            *(*_rows_and_columns(sizes), *_rows_and_columns(steps)),
            *_rows_and_columns(zeros, 0),
        )
        return y

    return pooled


def global_pool(function: str) -> Writer:
    """Pools over all places, by a function for windows: one as large as the input."""

    def pooled(source: Source, x: str, stage: Stage) -> str:
        *sizes, channels = stage.input
        whole = _rows_and_columns(tuple(sizes))
        y = source.buffer(channels)
        source.call(function, x, y, *whole, channels, 1, 1, *whole, 1, 1, 0, 0)
        return y

    return pooled


def rescaling(source: Source, x: str, stage: Stage) -> str:
    """Scale x + offset."""
    size = math.prod(stage.output)
    y = source.buffer(size)
    numbers = source.number(stage.layer.scale), source.number(stage.layer.offset)
    source.call("rescaling", x, y, size, *numbers)
    return y


def batch_norm(source: Source, x: str, stage: Stage) -> str:
    """Channels by their running mean and variance."""
    *axes, channels = stage.output
    weight, bias, mean, variance = (
        np.asarray(stage.weights[name], np.float64)
        for name in ("weight", "bias", "running_mean", "running_variance")
    )
    scale = weight / np.sqrt(variance + stage.layer.epsilon)
    names = [
        source.weight(name, array)
        for name, array in (("mean", mean), ("scale", scale), ("bias", bias))
    ]
    y = source.buffer(math.prod(stage.output))
    source.call("batch_norm", x, y, math.prod(axes), channels, *names)
    return y


def layer_norm(source: Source, x: str, stage: Stage) -> str:
    """The last axis by its own mean and variance."""
    *axes, units = stage.output
    names = _weight_and_bias(source, stage.weights["weight"], stage.weights["bias"])
    y = source.buffer(math.prod(stage.output))
    epsilon = source.number(stage.layer.epsilon)
    source.call("layer_norm", x, y, math.prod(axes), units, *names, epsilon)
    return y


def residual(source: Source, x: str, stage: Stage) -> str:
    """The input added to what layers make of it."""
    size = math.prod(stage.output)
    source.hold(x)
    y = source.own(add_stages(source, x, stage.inner), size)
    source.call("add", x, y, size)
    return y


def _bias(stage: Stage) -> Array:
    weights = stage.weights
    return weights["bias"] if stage.layer.bias else np.zeros(weights["weight"].shape[-1])


def _weight_and_bias(source: Source, weight: Array, bias: Array) -> tuple[str, str]:
    return source.weight("weight", weight), source.weight("bias", bias)


def _rows_and_columns(numbers: tuple[int, ...], one: int = 1) -> tuple[int, int]:
    """A pair for both axes: a sequence is an image of one row."""
    rows, columns = (one,) * (2 - len(numbers)) + numbers
    return rows, columns


LAYERS: dict[type[Any], Writer] = {
    Activation: same,
    AveragePool1D: pool("average_pool"),
    AveragePool2D: pool("average_pool"),
    BatchNorm: batch_norm,
    Bidirectional: recurrent,
    Conv1D: convolution,
    Conv2D: convolution,
    Dense: dense,
    Dropout: same,
    Embedding: embedding,
    Flatten: same,
    GRU: recurrent,
    GlobalAveragePool: global_pool("average_pool"),
    GlobalMaxPool: global_pool("max_pool"),
    LSTM: recurrent,
    LayerNorm: layer_norm,
    MaxPool1D: pool("max_pool"),
    MaxPool2D: pool("max_pool"),
    RandomFlip: same,
    RandomRotation: same,
    RandomShift: same,
    Rescaling: rescaling,
    Reshape: same,
    Residual: residual,
    SimpleRNN: recurrent,
}
"""The calls that a layer is."""
