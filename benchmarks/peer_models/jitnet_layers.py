"""A network's layers in jitnet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jitnet as jn
import networks
from networks import Layer
from workloads import Workload

RECURRENT: dict[str, Any] = {"lstm": jn.LSTM, "gru": jn.GRU}
POOLS: dict[str, Any] = {"max": jn.MaxPool2D, "average": jn.AveragePool2D}


def convolution(layer: networks.Convolution) -> Any:
    """Conv1D or Conv2D."""
    settings: Any = {
        name: getattr(layer, name) for name in ("filters", "activation", "padding", "bias")
    }
    if len(layer.window) == 1:
        return jn.Conv1D(kernel_size=layer.window[0], **settings)
    height, across = layer.window
    return jn.Conv2D(kernel_size=(height, across), **settings)


LAYERS: dict[type[Layer], Callable[[Any], Any]] = {
    networks.Dense: lambda layer: jn.Dense(layer.units, layer.activation),
    networks.Convolution: convolution,
    networks.BatchNorm: lambda layer: jn.BatchNorm(layer.momentum, layer.epsilon),
    networks.Pool: lambda layer: POOLS[layer.kind](layer.size),
    networks.GlobalAverage: lambda layer: jn.GlobalAveragePool(),
    networks.Flatten: lambda layer: jn.Flatten(),
    networks.Dropout: lambda layer: jn.Dropout(layer.rate),
    networks.Embedding: lambda layer: jn.Embedding(layer.vocabulary, layer.units),
    networks.Recurrent: lambda layer: RECURRENT[layer.cell](
        layer.units, return_sequences=layer.sequences
    ),
    networks.Residual: lambda layer: jn.Residual(built(layer.layers)),
}


def built(layers: tuple[Layer, ...]) -> list[Any]:
    """Layers of jitnet's."""
    return [LAYERS[type(layer)](layer) for layer in layers]


def make_model(workload: Workload, n_threads: int | None = None) -> jn.Sequential:
    """A workload's model, not built yet."""
    rate = workload.learning_rate
    adam = workload.optimizer == "adam"
    return jn.Sequential(
        built(workload.network.layers),
        loss="binary_crossentropy" if workload.binary else "softmax_crossentropy",
        optimizer=jn.Adam(rate, epsilon=workload.epsilon)
        if adam
        else jn.SGD(rate, workload.momentum),
        seed=0,
        n_threads=n_threads,
    )
