"""Compiling beforehand: every row of the tables, the loop that calls them, a table's columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jitnet.activations import ACTIVATIONS
from jitnet.kernels.matmul import PACKED_LAYER
from jitnet.kernels.panels import SOURCES
from jitnet.layers import (
    GRU,
    LSTM,
    AveragePool1D,
    AveragePool2D,
    BatchNorm,
    Bidirectional,
    Branches,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
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
from jitnet.losses import LOSSES
from jitnet.model import Sequential
from jitnet.optimizers import SGD, Adam, Optimizer, RMSprop
from jitnet.tabular.encoder import Encoder

STEPS = 4
FEATURES, UNITS, FEWER, OUTPUTS, FILTERS = 9, 9, 8, 2, 32
"""Sizes of layers that fill register tiles, whose inputs lie along the lanes where there are fewer
units, of an output layer that is too small for a tile, and of one that fills a panel's lanes."""


def warm_up(dtype: str) -> None:
    """Compile, or load, what fits, evaluations and predictions call.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        The models' precision.

    Examples
    --------
    >>> warm_up("float32")
    """
    for model in models_of_rows(dtype):
        y = np.zeros((FEATURES, OUTPUTS))
        y[:, 0] = 1.0  # probabilities, too
        for source in SOURCES:
            X = np.ones((FEATURES, FEATURES), source)
            model.fit(X, y, epochs=1, progress=False)
            model.predict(X)
        if LOSSES[model.loss].takes_labels:
            model.fit(X, y[:, 1], epochs=1, progress=False)
        model.predict(X[:1])
    for model, X, y in models_of_shapes(dtype):
        model.fit(X, y, epochs=1, shuffle=False, progress=False)
        model.predict(X)
        model.reset_state()
        model.predict(tuple(part[:1] for part in X) if isinstance(X, tuple) else X[:1])
    Encoder(()).encode(np.empty((1, 0)), np.empty((1, 0), np.int64))


def models_of_rows(dtype: str) -> Iterator[Sequential]:
    """Small networks of rows, with every activation, loss and optimiser among them."""
    hidden: list[Layer] = [Dense(UNITS, name, l2=1e-3) for name in ACTIVATIONS]
    moves = [RandomFlip(), RandomRotation(1.0), RandomShift(1)]
    images = [Reshape((3, 3, 1)), *moves, MaxPool2D(1), AveragePool2D(1), GlobalMaxPool()]
    sequences = [Reshape((1, 1)), GlobalAveragePool()]
    others = [LayerNorm(), Dropout(0.5), Rescaling(2.0), Residual([BatchNorm()])]
    layers = [*hidden, *others, *images, *sequences, Dense(OUTPUTS)]
    optimizers: list[Optimizer] = [Adam(), SGD(), SGD(momentum=0.9), RMSprop()]
    for place, loss in enumerate(LOSSES):
        optimizer = optimizers[min(place, len(optimizers) - 1)]
        yield Sequential(layers, loss, optimizer, dtype=dtype)
        layers = [Dense(FEWER), Dense(OUTPUTS)]


def models_of_shapes(dtype: str) -> Iterator[tuple[Sequential, Any, Any]]:
    """Small networks of images, sequences, indices and several inputs, with examples of them."""

    def model(layers: list[Layer], optimizer: Optimizer | None = None) -> Sequential:
        outputs, loss = Dense(OUTPUTS), "softmax_crossentropy"
        return Sequential([*layers, outputs], loss, optimizer, dtype=dtype)

    y, indices = np.zeros(FEATURES, int), np.zeros((FEATURES, STEPS), int)
    rows, sequences = np.ones((FEATURES, 2)), np.ones((FEATURES, STEPS, 2))
    pixels = np.ones((FEATURES, 8, 8, 1), np.uint8)
    windows: list[Layer] = [Conv2D(UNITS, 3, activation="relu"), MaxPool2D(2), Conv2D(FILTERS, 3)]
    yield model([Rescaling(0.5), *windows, Flatten()]), pixels, y
    patches: list[Layer] = [Conv2D(FILTERS, 3, padding="same")] * 2  # the second goes by patches
    yield model([*patches, Flatten()]), pixels, y
    over_time: list[Layer] = [Conv1D(UNITS, 3, padding="same"), MaxPool1D(1), AveragePool1D(1)]
    for cell in (LSTM, GRU, SimpleRNN):
        yield model([*over_time, Bidirectional(cell(UNITS))]), sequences, y
        recurrent = cell(UNITS, return_sequences=True, stateful=True)
        network = model([Embedding(OUTPUTS, UNITS), recurrent], Adam(clip_norm=1.0))
        yield network, indices, np.zeros_like(indices)
    both = Branches([[], [Embedding(OUTPUTS, UNITS), Flatten()]])
    yield model([both, Dense(PACKED_LAYER // UNITS)]), (rows, indices), y
