"""A network's layers in Keras. PyTorch below it has channels first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers as of_keras

import networks
from networks import Layer, Network

IS_CHANNELS_FIRST = keras.backend.backend() == "torch"
CHANNELS = 1 if IS_CHANNELS_FIRST else -1
if IS_CHANNELS_FIRST:
    keras.config.set_image_data_format("channels_first")
POOLS = {"max": of_keras.MaxPooling2D, "average": of_keras.AveragePooling2D}


def convolution(layer: networks.Convolution) -> Any:
    """Conv1D or Conv2D."""
    make = {1: of_keras.Conv1D, 2: of_keras.Conv2D}[len(layer.window)]
    return make(
        layer.filters,
        layer.window,
        padding=layer.padding,
        activation=activation(layer.activation),
        use_bias=layer.bias,
    )


def activation(name: str) -> str:
    """Its name in Keras."""
    return "linear" if name == "identity" else name


def norm(layer: networks.BatchNorm) -> Any:
    """BatchNormalization, whose running variance is that of n instead of n - 1."""
    return of_keras.BatchNormalization(CHANNELS, layer.momentum, layer.epsilon)


def average(x: Any) -> Any:
    """GlobalAveragePooling1D or 2D."""
    make = {3: of_keras.GlobalAveragePooling1D, 4: of_keras.GlobalAveragePooling2D}[x.ndim]
    return make()(x)


RECURRENT: dict[str, Any] = {"lstm": of_keras.LSTM, "gru": of_keras.GRU}

LAYERS: dict[type[Layer], Callable[[Any, Any], Any]] = {
    networks.Dense: lambda layer, x: of_keras.Dense(layer.units, activation(layer.activation))(x),
    networks.Convolution: lambda layer, x: convolution(layer)(x),
    networks.BatchNorm: lambda layer, x: norm(layer)(x),
    networks.Pool: lambda layer, x: POOLS[layer.kind](layer.size)(x),
    networks.GlobalAverage: lambda layer, x: average(x),
    networks.Flatten: lambda layer, x: of_keras.Flatten()(x),
    networks.Dropout: lambda layer, x: of_keras.Dropout(layer.rate)(x),
    networks.Embedding: lambda layer, x: of_keras.Embedding(layer.vocabulary, layer.units)(x),
    networks.Recurrent: lambda layer, x: RECURRENT[layer.cell](
        layer.units, return_sequences=layer.sequences
    )(x),
    networks.Residual: lambda layer, x: of_keras.Add()([x, through(layer.layers, x)]),
}


def through(layers: tuple[Layer, ...], x: Any) -> Any:
    """What layers make of a batch, one after the other."""
    for layer in layers:
        x = LAYERS[type(layer)](layer, x)
    return x


def is_sequences(network: Network) -> bool:
    """Whether it goes from step to step, or takes words, so that features come last."""
    goes_on = any(isinstance(layer, networks.Recurrent) for layer in network.layers)
    return goes_on or network.vocabulary > 0


def make_model(network: Network) -> Any:
    """The network as Keras's functional model."""
    if is_sequences(network):
        shape = network.shape
        keras.config.set_image_data_format("channels_last")
    else:
        *places, channels = network.shape
        shape = (channels, *places) if IS_CHANNELS_FIRST else network.shape
    x = keras.Input(shape, dtype="int32" if network.vocabulary else None)
    return keras.Model(x, through(network.layers, x))
