"""What all tests of exports share: networks with weights as training leaves them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import jitnet as jn
from jitnet.arrays import Array
from jitnet.export.network import read
from jitnet.layers import LAYERS
from rows import ROWS

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
"""Relative to the greatest prediction: sums in another order."""

NETWORKS: dict[str, tuple[Sequence[Any], Any]] = {
    "a convolutional one": (
        [
            jn.Rescaling(0.5),
            jn.Conv2D(6, 3, padding="same", activation="relu"),
            jn.BatchNorm(),
            jn.MaxPool2D(2),
            jn.Conv2D(5, (2, 3), strides=(2, 1), padding=(1, 0), bias=False),
            jn.LayerNorm(),
            jn.Activation("gelu"),
            jn.AveragePool2D(2, strides=1, padding=1),
            jn.Flatten(),
            jn.BatchNorm(),
            jn.LayerNorm(),
            jn.Dropout(0.5),
            jn.Dense(7, "elu"),
            jn.Dense(3),
        ],
        (9, 11, 3),
    ),
    "of sequences": (
        [
            jn.Conv1D(5, 4, padding="same", activation="silu"),
            jn.MaxPool1D(3, strides=2, padding=1),
            jn.Residual([jn.Conv1D(5, 3, padding=1, activation="tanh"), jn.BatchNorm()]),
            jn.GlobalAveragePool(),
            jn.Dense(2),
        ],
        (12, 3),
    ),
    "of shapes": (
        [
            jn.Conv2D(4, 2),
            jn.Flatten(),
            jn.Activation("tanh"),
            jn.Reshape((4, 4, 3)),
            jn.Conv2D(2, 2, activation="relu"),
            jn.Reshape((-1, 3)),
            jn.LayerNorm(),
            jn.Conv1D(2, 2),
        ],
        (4, 5, 2),
    ),
    "that ends flat": ([jn.Conv2D(4, 2), jn.Flatten()], (3, 3, 2)),
    "whose shortcut has another order": (
        [jn.Residual([jn.LayerNorm(), jn.Conv2D(2, 3, padding="same")]), jn.Conv2D(2, 2)],
        (3, 3, 2),
    ),
    "whose shortcut is flat": (
        [jn.Conv2D(2, 2), jn.Flatten(), jn.Residual([jn.Dense(12, "tanh")]), jn.Dense(2)],
        (3, 4, 3),
    ),
    "whose shortcut goes around images": (
        [jn.Residual([jn.Reshape((2, 2, 3)), jn.Conv2D(3, 1), jn.Flatten()]), jn.Dense(2)],
        12,
    ),
    "whose shortcut is flat and keeps its order": (
        [jn.Conv2D(2, 2), jn.Flatten(), jn.Residual([jn.LayerNorm()]), jn.Dense(2)],
        (3, 4, 3),
    ),
    "of recurrent layers one after the other": (
        [
            jn.LSTM(5, return_sequences=True),
            jn.GRU(3, return_sequences=True),
            jn.Dense(4, "tanh"),
            jn.SimpleRNN(6),
            jn.Dense(2),
        ],
        (7, 3),
    ),
    "of recurrent layers in both directions": (
        [
            jn.Bidirectional(jn.SimpleRNN(4, return_sequences=True)),
            jn.LayerNorm(),
            jn.Bidirectional(jn.LSTM(3, return_sequences=True)),
            jn.Residual([jn.Bidirectional(jn.GRU(3, return_sequences=True)), jn.Dropout(0.5)]),
            jn.Bidirectional(jn.GRU(2)),
        ],
        (5, 2),
    ),
    "of recurrent layers among convolutions": (
        [
            jn.Conv1D(4, 3, padding=1, activation="relu"),
            jn.Bidirectional(jn.GRU(3, return_sequences=True)),
            jn.MaxPool1D(2),
            jn.BatchNorm(),
            jn.LSTM(4, return_sequences=True),
            jn.Flatten(),
            jn.Dense(2),
        ],
        (8, 3),
    ),
    "of indices": (
        [
            jn.Embedding(11, 3),
            jn.Bidirectional(jn.LSTM(3)),
            jn.Dense(2),
        ],
        6,
    ),
    "of indices, with an output for each": (
        [jn.Embedding(5, 3), jn.GRU(4, return_sequences=True), jn.Dense(3)],
        6,
    ),
    "of indices in windows": ([jn.Embedding(5, 3), jn.Conv1D(2, 3), jn.GlobalMaxPool()], 6),
    "that pools recurrent layers over time": (
        [
            jn.Residual([jn.SimpleRNN(3, return_sequences=True), jn.Conv1D(3, 1)]),
            jn.SimpleRNN(4, return_sequences=True),
            jn.GlobalAveragePool(),
        ],
        (6, 3),
    ),
    "dense at each time step": (
        [
            jn.LayerNorm(),
            jn.Dense(4, "relu"),
            jn.Residual([jn.Dense(4, bias=False)]),
            jn.Dense(3),
            jn.GlobalMaxPool(),
        ],
        (5, 2),
    ),
    "of residuals alone": (
        [
            jn.Residual([jn.Activation("tanh"), jn.Residual([jn.Activation("relu")])]),
            jn.Residual([jn.Activation("identity")]),
            jn.Residual([jn.Rescaling(0.5, -1.0), jn.Dense(5, "softplus")]),
        ],
        5,
    ),
}
"""Layers and the shape of an example: orders of axes that meet one another."""

INPUTS_FIRST: Sequence[tuple[Sequence[Any], Any]] = (
    ([jn.Conv2D(2, 2), jn.Flatten()], (4, 3)),
    ([jn.Rescaling(0.5), jn.Conv2D(2, 2), jn.GlobalMaxPool()], (4, 3)),
    ([jn.MaxPool2D(2), jn.Flatten(), jn.Dense(2)], (4, 6)),
    ([jn.Conv1D(3, 2), jn.GlobalMaxPool()], (6,)),
    ([jn.LayerNorm(), jn.Conv2D(2, 2)], (4, 3)),
    ([jn.GlobalAveragePool()], (4, 3, 2)),
    ([jn.Flatten()], (4, 3, 2)),
    ([jn.Activation("identity")], 3),
    ([jn.Activation("sigmoid")], (4, 3)),
    ([jn.BatchNorm()], (4, 3)),
    ([jn.Reshape((2, 3, 1)), jn.Flatten()], 6),
    ([jn.Activation("tanh"), jn.SimpleRNN(2, return_sequences=True)], (4, 3)),
    ([jn.Bidirectional(jn.LSTM(2, return_sequences=True))], (4, 3)),
    ([jn.LSTM(2, return_sequences=True)], (1, 3)),
    ([jn.Residual([jn.LayerNorm()]), jn.Dense(2)], (4, 3)),
    ([jn.Embedding(4, 2)], 3),
)
"""Layers that are the first and the shape of an example."""

SEVERAL: dict[str, tuple[list[Any], list[Any]]] = {
    "rows": ([[], [jn.Dense(2, "tanh")]], [(3,), (4,)]),
    "an image and numbers": (
        [[jn.Conv2D(4, 3, activation="relu"), jn.MaxPool2D(2), jn.Flatten()], [jn.Dense(3)]],
        [(8, 7, 2), (4,)],
    ),
    "images side by side": (
        [[jn.Conv2D(3, 2)], [jn.Conv2D(2, 3, padding="same")]],
        [(5, 6, 1), (4, 5, 2)],
    ),
    "sequences and indices": (
        [[jn.GRU(3, return_sequences=True)], [jn.Embedding(9, 2)], []],
        [(4, 2), (4,), (4, 5)],
    ),
    "indices alone": (
        [[jn.Embedding(9, 2), jn.Flatten()], [jn.Embedding(5, 3), jn.GlobalMaxPool()]],
        [(1,), (6,)],
    ),
}
"""Layers of each branch and the shapes of its inputs."""


TRAVELLING = {kind for kind in LAYERS.values() if not hasattr(kind, "n_inputs")}
"""The layers that can travel: all but those that take several inputs."""

ROWS_TO_EXPORT = [
    row
    for row in ROWS
    if row.kind in ("activation", "loss")
    or (row.kind == "layer" and LAYERS[row.name] in TRAVELLING)
]
"""The rows of the tables around which networks can travel."""


def filled(
    layers: Sequence[Any],
    shape: Any,
    rng: np.random.Generator,
    *,
    loss: str = "mse",
    dtype: str = "float32",
    n_examples: int = 5,
) -> tuple[jn.Sequential, Any]:
    """A model whose parameters are all other numbers, variances positive ones, and examples."""
    model = jn.Sequential(layers, loss, dtype=dtype).build(shape)
    weights = [array + rng.uniform(0.1, 0.5, array.shape) for array in model.get_weights()]
    model.set_weights(weights)
    return model, read(model).rows(n_examples, rng)


def several(name: str, rng: np.random.Generator, dtype: str) -> tuple[jn.Sequential, Any]:
    """A model of several inputs, and examples."""
    branches, shapes = SEVERAL[name]
    layers = [jn.Branches(branches), jn.Activation("tanh"), jn.Flatten(), jn.Dense(2)]
    return filled(layers, shapes, rng, loss="softmax_crossentropy", dtype=dtype)


def far_from_zero(rng: np.random.Generator) -> tuple[jn.Sequential, Array]:
    """A model that normalises columns whose mean is large for their deviation, and examples."""
    model, X = filled([jn.BatchNorm(), jn.Dense(2)], 3, rng)
    weights = model.get_weights()
    weights[2][:], weights[3][:] = 2000.0, 9.0
    model.set_weights(weights)
    return model, (2000.0 + 3.0 * X).astype(np.float32)


def assert_same_predictions(
    found: Any, expected: Array, bound: float | None = None, what: str = ""
) -> None:
    """They have the same shape and type, and agree relative to the greatest."""
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    bound = bound or TOLERANCE[expected.dtype.name]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=bound, atol=bound * scale, err_msg=what)
