"""One set of checks for every row of jitnet's tables: networks around it, and what holds of them.

Whoever adds a layer, an activation, a loss or an optimiser adds its definition to ``oracle.py``, or
to the study's plain loops, and examples of it here; a row that lacks them fails with what is
missing. A user's own rows go through the same checks (``test_extending.py``).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import jitnet as jn
from gradient_check import Case, check_gradients, make_case, make_inputs, make_targets, output_of
from jitnet.activations import ACTIVATIONS
from jitnet.arrays import Array
from jitnet.kernels.cpu import TILES
from jitnet.kernels.panels import panel_width
from jitnet.layers import LAYERS
from jitnet.losses import LOSSES
from jitnet.optimizers.table import OPTIMIZERS
from oracle import (
    network_loss_and_gradients,
    parameters_of,
    predictions,
    tracked,
    uniform_of,
)
from tolerances import assert_close, assert_norms_close

State = dict[str, Array]
Step = Callable[[Array, Array, float, int, State], Array]
"""An optimiser's definition: new values of W, of W, g, the rate, t = 1, 2, … and the state."""

TABLES: dict[str, dict[str, Any]] = {
    "layer": LAYERS,
    "activation": ACTIVATIONS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
}

NOTHING: Array = np.zeros(())
RATES = jn.Exponential(0.05, every=10, factor=0.5)
STEPS = 20
AT_KINKS = -1.0
"""The margin of examples that may lie at a kink: there a definition takes one side, too."""
N_FEATURES = 9


class Row(NamedTuple):
    """A row of a table."""

    kind: str
    name: str

    def __str__(self) -> str:
        """What a test calls it."""
        return f"{self.kind} {self.name}"


ROWS = [
    Row(kind, name)
    for kind, table in TABLES.items()
    for name, of in table.items()
    if not hasattr(of, "n_inputs")  # layers/test_branches.py checks what has several
]


class Network(NamedTuple):
    """A network that contains a row."""

    layers: tuple[Any, ...]
    loss: str = "mse"
    optimizer: Any = None

    def model(self, dtype: str = "float64", **options: Any) -> jn.Sequential:
        """A model of it."""
        return jn.Sequential(self.layers, self.loss, self.optimizer, dtype=dtype, **options)

    @property
    def n_features(self) -> int:
        """Features of an example."""
        return inputs_of(self.layers, N_FEATURES)

    def case(self, rng: np.random.Generator, dtype: str = "float64", **options: Any) -> Case:
        """It with weights, and examples away from all kinks."""
        options = {"n_features": self.n_features, "weighted": True} | options
        return make_case(rng, self.layers, self.loss, dtype=dtype, **options)


def _pools(kind: Any) -> Sequence[Any]:
    """A pool of whole windows, and one of windows that overlap and reach over the edge."""
    flat = jn.Flatten()
    if kind.axes == 1:
        overlapping = kind(3, strides=2, padding=1)
        return (jn.Reshape((4, 2)), kind(), flat), (jn.Reshape((-1, 1)), overlapping, flat)
    overlapping = kind((2, 3), strides=1, padding=(0, 1))
    return (jn.Reshape((4, 5, 1)), kind(), flat), (jn.Reshape((3, 3, -1)), overlapping, flat)


def _global_pools(kind: Any) -> Sequence[Any]:
    """A pool of images, and one of sequences."""
    return (jn.Reshape((2, 3, 3)), kind()), (jn.Reshape((-1, 3)), kind())


def _recurrent(kind: Any, units: int) -> Sequence[Any]:
    """The last time step's state, all of them, and layers at every time step between two."""
    sequences, units = jn.Reshape((3, 3)), max(units, 2)  # the gradient of one may all but vanish
    return (
        (sequences, kind(units, l2=0.1)),
        (sequences, kind(units, return_sequences=True)),
        (
            sequences,
            kind(units, return_sequences=True),
            jn.Dense(3, "tanh", l2=0.1),
            jn.LayerNorm(0.3),
            kind(2),
        ),
    )


def _bidirectional(units: int) -> Sequence[Any]:
    """Each kind, of all time steps and of the last one."""
    sequences, units = jn.Reshape((3, 3)), max(units, 2)
    return (
        (sequences, jn.Bidirectional(jn.LSTM(units, l2=0.1))),
        (sequences, jn.Bidirectional(jn.GRU(units, return_sequences=True, l2=0.1))),
        (sequences, jn.Bidirectional(jn.SimpleRNN(units, return_sequences=True)), jn.LSTM(2)),
    )


LAYER_EXAMPLES: dict[str, Callable[[int], Sequence[Any]]] = {
    "Activation": lambda units: (
        jn.Activation("tanh"),
        (jn.Dense(units, bias=False), jn.Activation("softplus")),
        (jn.Reshape((3, 3)), jn.LayerNorm(0.3), jn.Activation("gelu")),
    ),
    "Bidirectional": _bidirectional,
    "Conv1D": lambda units: (
        (jn.Reshape((9,)), jn.Conv1D(units, 3, activation="gelu", l2=0.1)),
        (jn.Reshape((3, 3)), jn.Conv1D(units, 2, 2, 1, "tanh", bias=False), jn.Conv1D(3, 1)),
    ),
    "Conv2D": lambda units: (
        (jn.Reshape((3, 3)), jn.Conv2D(units, 2, activation="tanh", l2=0.1)),
        (
            jn.Reshape((3, 3, 1)),
            jn.Conv2D(3, (2, 3), padding="same", activation="softplus"),
            jn.Conv2D(units, 3, (2, 1), (1, 2), bias=False),
        ),
    ),
    "AveragePool1D": lambda units: _pools(jn.AveragePool1D),
    "AveragePool2D": lambda units: _pools(jn.AveragePool2D),
    "BatchNorm": lambda units: (
        jn.BatchNorm(),
        (jn.BatchNorm(0.5, 0.3), jn.Dense(units, "tanh"), jn.BatchNorm(0.0)),
        (jn.Reshape((3, 3)), jn.BatchNorm(0.7)),
    ),
    "Dense": lambda units: (
        jn.Dense(units, "tanh", l2=0.1),
        jn.Dense(units, "softplus", bias=False),
        (jn.Reshape((3, 3)), jn.Dense(units, "gelu", l2=0.1), jn.Dense(3, "tanh", bias=False)),
    ),
    "Dropout": lambda units: (jn.Dropout(0.4), jn.Dropout(0.0)),
    "Embedding": lambda units: (
        (jn.Embedding(5, units, l2=0.1), jn.Flatten()),
        (jn.Embedding(40, units), jn.GlobalAveragePool()),
        (jn.Embedding(3, 4), jn.LayerNorm(0.3), jn.GRU(units)),
    ),
    "Flatten": lambda units: (jn.Flatten(), (jn.Reshape((1, 3, 3)), jn.LayerNorm(0.3))),
    "GRU": lambda units: _recurrent(jn.GRU, units),
    "GlobalAveragePool": lambda units: _global_pools(jn.GlobalAveragePool),
    "GlobalMaxPool": lambda units: _global_pools(jn.GlobalMaxPool),
    "LSTM": lambda units: _recurrent(jn.LSTM, units),
    "LayerNorm": lambda units: (
        jn.LayerNorm(),
        jn.LayerNorm(0.3),
        (jn.Reshape((3, 3)), jn.LayerNorm(0.3)),  # of 3 numbers a small ε would make noise
    ),
    "MaxPool1D": lambda units: _pools(jn.MaxPool1D),
    "MaxPool2D": lambda units: _pools(jn.MaxPool2D),
    "Residual": lambda units: (
        (
            jn.Dense(units, bias=False),  # a single bias's gradient may all but vanish
            jn.Residual([jn.Dense(5, "tanh", l2=0.1), jn.Dense(units, "softplus", bias=False)]),
        ),
        jn.Residual([jn.BatchNorm(), jn.Residual([jn.LayerNorm(0.3), jn.Dropout(0.2)])]),
        (jn.Reshape((3, 3)), jn.Residual([jn.Flatten(), jn.Dense(9, "tanh"), jn.Reshape((3, 3))])),
    ),
    "RandomFlip": lambda units: (
        (jn.Reshape((3, 3, 1)), jn.RandomFlip()),
        (jn.Reshape((2, 4, 2)), jn.RandomFlip("vertical")),
        (jn.Reshape((-1, 3)), jn.RandomFlip("horizontal")),
    ),
    "RandomRotation": lambda units: (
        (jn.Reshape((3, 3, 1)), jn.RandomRotation(180.0)),
        (jn.Reshape((4, 3, 2)), jn.RandomRotation(20)),
    ),
    "RandomShift": lambda units: (
        (jn.Reshape((3, 3, 1)), jn.RandomShift(1)),
        (jn.Reshape((2, 5, 2)), jn.RandomShift((0, 4))),
        (jn.Reshape((-1, 3)), jn.RandomShift((2, 1))),
    ),
    "Rescaling": lambda units: (
        jn.Rescaling(0.5),
        jn.Rescaling(-1.5, 0.25),
        (jn.Reshape((3, 1, 3)), jn.Rescaling(0.5, -0.5)),
    ),
    "Reshape": lambda units: (
        jn.Reshape((-1, 1)),
        (jn.Reshape((3, -1)), jn.LayerNorm(0.3), jn.Reshape((9,))),
    ),
    "SimpleRNN": lambda units: _recurrent(jn.SimpleRNN, units),
}
"""Layers to check, with so many units where one has a number of its own.

An example may be several layers, of which the first is a `Reshape` to what the layer takes; they
are followed by a `Flatten`.
"""


class OptimizerExample(NamedTuple):
    """An optimiser, and its definition with the same numbers."""

    optimizer: Any
    step: Step


def sgd(w: Array, g: Array, rate: float, t: int, state: State) -> Array:
    """W ← W - η g."""
    return w - rate * g


def momentum(w: Array, g: Array, rate: float, t: int, state: State) -> Array:
    """v ← μ v - η g; W ← W + v."""
    state["v"] = 0.9 * state.get("v", NOTHING) - rate * g
    return w + state["v"]


def nesterov(w: Array, g: Array, rate: float, t: int, state: State) -> Array:
    """v ← μ v - η g; W ← W + μ v - η g."""
    state["v"] = 0.9 * state.get("v", NOTHING) - rate * g
    return w + 0.9 * state["v"] - rate * g


def rmsprop(w: Array, g: Array, rate: float, t: int, state: State) -> Array:
    """v ← ρ v + (1 - ρ) g²; W ← W - η g / (√v + ε)."""
    state["v"] = 0.8 * state.get("v", NOTHING) + (1 - 0.8) * g * g
    return w - rate * g / (np.sqrt(state["v"]) + 1e-3)


def adam(w: Array, g: Array, rate: float, t: int, state: State) -> Array:
    """m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ); W ← W - η m̂ / (√v̂ + ε)."""
    state["m"] = 0.8 * state.get("m", NOTHING) + (1 - 0.8) * g
    state["v"] = 0.95 * state.get("v", NOTHING) + (1 - 0.95) * g * g
    m, v = state["m"] / (1 - 0.8**t), state["v"] / (1 - 0.95**t)
    return w - rate * m / (np.sqrt(v) + 1e-3)


def adam_hat(w: Array, g: Array, rate: float, t: int, state: State) -> Array:
    """α = η √(1 - β₂ᵗ) / (1 - β₁ᵗ); W ← W - α m / (√v + ε̂)."""
    state["m"] = 0.8 * state.get("m", NOTHING) + (1 - 0.8) * g
    state["v"] = 0.95 * state.get("v", NOTHING) + (1 - 0.95) * g * g
    alpha: float = rate * (1 - 0.95**t) ** 0.5 / (1 - 0.8**t)
    return w - alpha * state["m"] / (np.sqrt(state["v"]) + 1e-3)


def adamw(w: Array, g: Array, rate: float, t: int, state: State) -> Array:
    """Adam's step, and W ← W - η λ W apart from the gradient."""
    return adam(w, g, rate, t, state) - rate * 0.3 * w


ADAM: dict[str, Any] = {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}

OPTIMIZER_EXAMPLES: dict[str, Sequence[OptimizerExample]] = {
    "SGD": (
        OptimizerExample(jn.SGD(RATES), sgd),
        OptimizerExample(jn.SGD(RATES, momentum=0.9), momentum),
        OptimizerExample(jn.SGD(RATES, momentum=0.9, nesterov=True), nesterov),
    ),
    "RMSprop": (OptimizerExample(jn.RMSprop(RATES, rho=0.8, epsilon=1e-3), rmsprop),),
    "Adam": (
        OptimizerExample(jn.Adam(RATES, **ADAM), adam),
        OptimizerExample(jn.Adam(RATES, **ADAM, epsilon_hat=True), adam_hat),
    ),
    "AdamW": (OptimizerExample(jn.AdamW(RATES, **ADAM, weight_decay=0.3), adamw),),
}
"""Each optimiser, with values of its own. An ε this large shows where it stands."""


def examples_of(table: dict[str, Any], row: Row) -> Any:
    """A row's examples, or an error that says where they are wanted."""
    if row.name not in table:
        raise AssertionError(f"there is no example of the {row}: add one to tests/rows.py")
    return table[row.name]


def chain_of(example: Any) -> tuple[Any, ...]:
    """An example's layers, from rows of numbers to rows of numbers."""
    layers = example if isinstance(example, tuple) else (example,)
    return (*layers, jn.Flatten()) if isinstance(layers[0], jn.Reshape) else layers


def inputs_of(layers: Sequence[Any], otherwise: int) -> int:
    """Numbers of an example that the layers take, ``otherwise`` where they take any."""
    if not isinstance(layers[0], jn.Reshape):
        return otherwise
    shape = layers[0].shape
    return N_FEATURES if -1 in shape else math.prod(shape)


def networks(row: Row, units: int = 8) -> list[Network]:
    """Small networks around a row: at their beginning, within, and at their end."""
    if row.kind == "layer":
        chains = [chain_of(example) for example in examples_of(LAYER_EXAMPLES, row)(units)]
        if any(isinstance(layers[0], jn.Embedding) for layers in chains):  # it must be the first
            return [Network((*layers, jn.Dense(3))) for layers in chains]
        found = [
            Network((jn.Dense(inputs_of(layers, 7), "tanh"), *layers, jn.Dense(3)))
            for layers in chains
        ]
        first, last = chains[0], chains[-1]
        return [*found, Network((*first, jn.Dense(inputs_of(last, 3), "tanh"), *last))]
    if row.kind == "activation":
        return [Network((jn.Dense(7, row.name), jn.Dense(33, row.name), jn.Dense(3)))]
    if row.kind == "loss":
        outputs = outputs_for(row.name, 3)
        wide = jn.Dense(outputs_for(row.name, 17), l2=0.1)
        return [
            Network((jn.Dense(8, "tanh"), jn.Dense(outputs)), row.name),
            Network((jn.Dense(8, "tanh", bias=False), wide), row.name),
        ]
    examples = examples_of(OPTIMIZER_EXAMPLES, row)
    layers = jn.Dense(7, "tanh"), jn.Dense(3)
    return [Network(layers, "softmax_crossentropy", example.optimizer) for example in examples]


def outputs_for(loss: str, units: int) -> int:
    """Outputs that a loss may have: classes are at least two."""
    return max(2, units) if LOSSES[loss].link == "softmax" else units


def edges(dtype: str) -> list[int]:
    """Numbers of units and of examples around multiples of a tile's rows and of a panel's width."""
    width = panel_width(dtype)
    around = [rows + more for rows in TILES for more in (-1, 0, 1)]
    return sorted({1, *around, width - 1, width, width + 1, 2 * width + 1})


def check(case: Case) -> None:
    """Loss and gradients agree with the oracle's, and are of the model's precision."""
    model, X, y, weight = case
    loss, gradients = case.loss_and_gradients()
    assert_close("loss", model.dtype, model.evaluate(X, y, sample_weight=weight)["loss"], loss)
    found = model.gradients(X, y, sample_weight=weight)
    assert {array.dtype for array in found} == {model.dtype}
    assert_norms_close("gradient", model.dtype, found, gradients)


def check_predictions(case: Case) -> None:
    """Predictions agree with the oracle's, have the model's precision, and the same bits alone."""
    last = case.stages()[-1]
    expected = predictions(case.model.loss, last.Y)
    predicted = case.model.predict(case.X)
    assert predicted.dtype == case.model.dtype
    are_sums = type(last.layer) is jn.Dense and LOSSES[case.model.loss].link == "identity"
    summed = float((np.abs(last.X) @ np.abs(last.parameters[0])).max()) if are_sums else 0.0
    assert_close("prediction", case.model.dtype, predicted, expected, summed)
    alone = [case.model.predict(case.X[i : i + 1]) for i in range(len(case.X))]
    np.testing.assert_array_equal(np.concatenate(alone), predicted)


def check_steps(network: Network, step: Step, rng: np.random.Generator, steps: int = STEPS) -> None:
    """Steps of training on batches are those of the definitions, masks included."""
    case = network.case(rng, n_examples=50, weighted=False, margin=AT_KINKS)
    X, T, weights, seed = case.X, case.targets, case.weights, 5
    model = network.model(seed=seed).build(network.n_features)
    model.set_weights(weights)
    rate = jn.schedules.as_schedule(model.optimizer.learning_rate)
    rows = parameters_of(model.layers, X.shape[1:])
    states: list[State] = [{} for _ in weights]
    batches = [slice(first, first + 20) for first in range(0, 50, 20)]
    for t in range(1, steps + 1):
        part, before = batches[(t - 1) % len(batches)], t - 1

        def uniforms(node: int, before: int = before) -> Any:
            return uniform_of(seed, before, node)

        _, gradients = network_loss_and_gradients(
            model.layers, X[part], T[part], weights, model.loss, uniforms=uniforms
        )
        follow = tracked(model.layers, X[part], weights, uniforms)
        of_each = zip(rows, weights, gradients, states, follow, strict=True)
        weights = [
            step(w, g, rate(before), t, state) if row.trained else new
            for row, w, g, state, new in of_each
        ]
        if t % len(batches) == 0:
            model.fit(X, T, epochs=1, batch_size=20, shuffle=False)
            for found, expected in zip(model.get_weights(), weights, strict=True):
                assert_close("optimizer", "float64", found, expected)


def check_few(row: Row, dtype: str, rng: np.random.Generator) -> None:
    """A few examples alone are predicted to the bits that they have among many."""
    for network in networks(row):
        X, _ = data_for(network, rng)
        model = network.model(dtype).build(network.n_features)
        among_many = model.predict(X)
        for first, last in ((0, 1), (3, 6), (7, 7 + panel_width(dtype) // 2)):
            assert np.array_equal(model.predict(X[first:last]), among_many[first:last])


def check_row(row: Row, dtype: str, rng: np.random.Generator, n_examples: int = 23) -> None:
    """Networks around a row agree with the oracle: loss, gradients and predictions."""
    for network in networks(row):
        case = network.case(rng, dtype, n_examples=n_examples)
        check(case)
        check_predictions(case)


def check_differences(row: Row, rng: np.random.Generator) -> None:
    """Gradients of networks around a row are the slopes of their losses."""
    for network in networks(row):
        check_gradients(network.case(rng))


def check_edges(row: Row, dtype: str, rng: np.random.Generator) -> None:
    """A layer is right for every number of inputs, units and examples at an edge of a tile."""
    sizes = edges(dtype)
    for place, n_features in enumerate(sizes):
        for turn, units in enumerate(sizes):
            layers = chain_of(examples_of(LAYER_EXAMPLES, row)(units)[place % 2])
            network = Network((*layers, jn.Dense(2)))
            n_examples = sizes[(place + turn) % len(sizes)]
            taken = inputs_of(layers, n_features)
            options: Any = {"n_features": taken, "n_examples": n_examples}
            case = network.case(rng, dtype, **options)
            check(case)
            check_predictions(case)


def check_blocks(
    row: Row, dtype: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that goes through the network in several blocks has the gradients of one."""
    width = panel_width(dtype)
    monkeypatch.setattr("jitnet.engine.cost.SMALL_NETWORK", 0)
    monkeypatch.setattr("jitnet.engine.cost.MAX_BLOCK", 2 * width)
    for network in networks(row):
        check(network.case(rng, dtype, n_examples=5 * width + 3))


def data_for(network: Network, rng: np.random.Generator, count: int = 206) -> tuple[Array, Array]:
    """Examples and targets to train on."""
    X = make_inputs(rng, network.layers, network.n_features, count, np.float32)
    output = output_of(network.layers, (network.n_features,))
    return X, make_targets(rng, network.loss, count, output)


def bits_of(
    model: jn.Sequential,
    X: Any,
    losses: Sequence[float],
    more: Sequence[Array] = (),
    lengths: Any = None,
) -> str:
    """A digest of all that a training has made."""
    predicted = model.predict(X, lengths=lengths)
    arrays = [*model.get_weights(), np.array(losses), predicted, *more]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def trained_bits(network: Network, X: Array, y: Array, dtype: str, **options: Any) -> str:
    """The bits of a network that was trained for some epochs."""
    batch = options.pop("batch_size", 3 * panel_width(dtype) // 2)
    model = network.model(dtype, **options)
    losses = model.fit(X, y, epochs=4, batch_size=batch)["loss"]
    return bits_of(model, X, losses)


def check_workers(
    row: Row, dtype: str, rng: np.random.Generator, with_cores: Callable[[int], list[int]]
) -> None:
    """1, 2, 4 and 16 workers that really run give the same bits, in lockstep and by panels."""
    sizes, width = with_cores(16), panel_width(dtype)
    for network in networks(row):
        for batch_size, count in ((width // 2, 2 * width - 3), (6 * width, 206)):
            X, y = data_for(network, rng, count)
            options: Any = {"batch_size": batch_size}
            found = {
                trained_bits(network, X, y, dtype, n_threads=workers, **options)
                for workers in (1, 2, 4, 16)
            }
            assert len(found) == 1
    assert max(sizes) > 2


def check_resumed(row: Row, dtype: str, rng: np.random.Generator, folder: Path) -> None:
    """A fit that goes on, in the same model or one read from its file, has the bits of one fit."""
    for network in networks(row):
        X, y = data_for(network, rng)
        whole = network.model(dtype, n_threads=1)
        losses = whole.fit(X, y, epochs=4, batch_size=30)["loss"]
        model = network.model(dtype, n_threads=1)
        parts = list(model.fit(X, y, epochs=3, batch_size=30)["loss"])
        model.save(folder / "model")
        for going_on in (model, jn.load(folder / "model")):
            last = going_on.fit(X, y, epochs=1, batch_size=30)["loss"]
            assert bits_of(going_on, X, [*parts, *last]) == bits_of(whole, X, losses)
