"""How Keras writes the weights of a layer: what it calls it, its arrays, and what they are here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jitnet.arrays import Array
from jitnet.export.network import Stage
from jitnet.export.recurrent import (
    Direction,
    direction_from,
    directions_of,
    gates_in_order,
    joined,
    recurrent_of,
)
from jitnet.layers import (
    GRU,
    LSTM,
    BatchNorm,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    Embedding,
    LayerNorm,
    SimpleRNN,
)
from jitnet.layers.layer import Shape


class InKeras(NamedTuple):
    """A layer as Keras writes it.

    Parameters
    ----------
    name : str
        What it is called.
    shapes : callable
        ``shapes(stage)`` are its arrays' names within the layer, and their shapes.
    weights : callable
        ``weights(stage, arrays)`` are the layer's own weights, of arrays in that order.
    """

    name: str
    shapes: Callable[[Stage], Mapping[str, Shape]]
    weights: Callable[[Stage, Sequence[Array]], Sequence[Array]]


def _alike(name: str) -> InKeras:
    """A layer whose arrays have the same order and the same layouts there."""
    return InKeras(
        name,
        lambda stage: {f"vars/{k}": a.shape for k, a in enumerate(stage.weights.values())},
        lambda stage, arrays: arrays,
    )


ORDERS: dict[type[Any], tuple[int, ...]] = {
    GRU: (1, 0, 2),  # z, r, h
    LSTM: (0, 1, 2, 3),
    SimpleRNN: (0,),
}
"""Which of Keras's gates stands where here."""


def _recurrent_shapes(stage: Stage) -> dict[str, Shape]:
    directions = directions_of(stage)
    groups = ("forward_layer/", "backward_layer/") if len(directions) > 1 else ("",)
    shapes: dict[str, Shape] = {}
    for group, direction in zip(groups, directions, strict=True):
        bias = direction.bias.shape
        if direction.recurrent_bias is not None:
            bias = (2, *bias)
        arrays = direction.weight.shape, direction.recurrent_weight.shape, bias
        shapes |= {f"{group}cell/vars/{number}": shape for number, shape in enumerate(arrays)}
    return shapes


def _recurrent_weights(stage: Stage, arrays: Sequence[Array]) -> list[Array]:
    kind = type(recurrent_of(stage.layer))
    ordered = [gates_in_order(array, ORDERS[kind]) for array in arrays]
    return joined([_direction(ordered[k : k + 3], kind) for k in range(0, len(ordered), 3)])


def _direction(arrays: Sequence[Array], kind: type[Any]) -> Direction:
    weight, recurrent_weight, bias = arrays
    of_inputs, of_state = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
    return direction_from(weight, recurrent_weight, of_inputs, of_state, kind)


def _recurrent(name: str) -> InKeras:
    return InKeras(name, _recurrent_shapes, _recurrent_weights)


LAYERS: dict[type[Any], InKeras] = {
    BatchNorm: _alike("batch_normalization"),
    Bidirectional: _recurrent("bidirectional"),
    Conv1D: _alike("conv1d"),
    Conv2D: _alike("conv2d"),
    Dense: _alike("dense"),
    Embedding: _alike("embedding"),
    GRU: _recurrent("gru"),
    LSTM: _recurrent("lstm"),
    LayerNorm: _alike("layer_normalization"),
    SimpleRNN: _recurrent("simple_rnn"),
}
"""The layers with weights."""
