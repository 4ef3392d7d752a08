"""Compiling beforehand: every row of the tables, and the loop that calls them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jitnet.activations import ACTIVATIONS
from jitnet.kernels.panels import SOURCES
from jitnet.layers import (
    AveragePool2D,
    BatchNorm,
    Dense,
    Dropout,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    LayerNorm,
    MaxPool2D,
    RandomFlip,
    RandomRotation,
    RandomShift,
    Rescaling,
    Reshape,
    Residual,
)
from jitnet.losses import LOSSES
from jitnet.model import Sequential
from jitnet.optimizers import SGD, Adam, Optimizer, RMSprop

FEATURES, UNITS, FEWER, OUTPUTS = 9, 9, 8, 2
"""Sizes of layers that fill register tiles, whose inputs lie along the lanes where there are fewer
units, and of an output layer that is too small for a tile."""


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
    for model in _models(dtype):
        y = np.zeros((FEATURES, OUTPUTS))
        y[:, 0] = 1.0  # probabilities, too
        for source in SOURCES:
            X = np.ones((FEATURES, FEATURES), source)
            model.fit(X, y, epochs=1, progress=False)
            model.predict(X)
        if LOSSES[model.loss].takes_labels:
            model.fit(X, y[:, 1], epochs=1, progress=False)
        model.predict(X[:1])


def _models(dtype: str) -> Iterator[Sequential]:
    """Small networks that have every layer, activation, loss and optimiser among them."""
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
