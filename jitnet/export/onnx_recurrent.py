"""Recurrent layers as ONNX's operators of the same name, which take the time steps first."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.export.network import Stage
from jitnet.export.onnx_graph import Graph, Value
from jitnet.export.recurrent import Direction, directions_of, gates_in_order, recurrent_of
from jitnet.layers import GRU, LSTM, SimpleRNN

OPERATORS: dict[type[Any], tuple[str, tuple[int, ...], dict[str, int]]] = {
    GRU: ("GRU", (1, 0, 2), {"linear_before_reset": 1}),  # z, r, h
    LSTM: ("LSTM", (0, 3, 1, 2), {}),  # i, o, f, c
    SimpleRNN: ("RNN", (0,), {}),
}
"""The operator, which of the own gates stands where there, and the attributes."""


def recurrent(graph: Graph, value: Value, stage: Stage) -> Value:
    """A recurrent layer, of one direction or two: its outputs at all time steps or the last.

    The operator gives (time, directions, n, units) of all steps, and without the first axis of the
    last one.
    """
    layer, directions = recurrent_of(stage.layer), directions_of(stage)
    operator, order, attributes = OPERATORS[type(layer)]
    value = graph.time_first(value)
    name = graph.node(
        operator,
        value.name,
        *_weights(graph, directions, order),
        output=0 if layer.return_sequences else 1,
        hidden_size=layer.units,
        direction="forward" if len(directions) == 1 else "bidirectional",
        **attributes,
    )
    time, units = stage.output[:-1], stage.output[-1]
    axis = len(time)
    if len(directions) == 1:
        name = graph.node("Squeeze", name, graph.weight("axes", np.array([axis])))
    else:
        name = graph.node("Transpose", name, perm=[*range(axis), axis + 1, axis, axis + 2])
        name = graph.node("Reshape", name, graph.weight("shape", np.array([*time, -1, units])))
    return Value(name, stage.output, time_first=layer.return_sequences)


def _weights(graph: Graph, directions: list[Direction], order: tuple[int, ...]) -> list[str]:
    """W (directions, gates · units, features), R (…, units) and B (directions, 2 gates · units)."""
    stacked = zip(
        *(
            (
                gates_in_order(direction.weight, order).T,
                gates_in_order(direction.recurrent_weight, order).T,
                np.concatenate([gates_in_order(bias, order) for bias in direction.biases]),
            )
            for direction in directions
        ),
        strict=True,
    )
    names = "weight", "recurrent_weight", "bias"
    return [graph.weight(name, np.stack(of)) for name, of in zip(names, stacked, strict=True)]
