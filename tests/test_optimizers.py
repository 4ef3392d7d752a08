"""Each optimiser takes the steps of its definition, also while the learning rate changes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import jitnet as jn
from jitnet.arrays import Array
from jitnet.optimizers.table import OPTIMIZERS
from plain_numpy import cost_and_gradients
from tolerances import assert_close

State = dict[str, Array]

NOTHING: Array = np.zeros(())

RATES = jn.Exponential(0.05, every=10, factor=0.5)
STEPS = 20


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


Step = Callable[[Array, Array, float, int, State], Array]

CASES: list[tuple[Any, Step]] = [
    (jn.SGD(RATES), sgd),
    (jn.SGD(RATES, momentum=0.9), momentum),
    (jn.SGD(RATES, momentum=0.9, nesterov=True), nesterov),
    (jn.RMSprop(RATES, rho=0.8, epsilon=1e-3), rmsprop),
    (jn.Adam(RATES, beta_1=0.8, beta_2=0.95, epsilon=1e-3), adam),
    (jn.Adam(RATES, beta_1=0.8, beta_2=0.95, epsilon=1e-3, epsilon_hat=True), adam_hat),
    (jn.AdamW(RATES, beta_1=0.8, beta_2=0.95, epsilon=1e-3, weight_decay=0.3), adamw),
]
"""Optimisers with values of their own, and their definitions with the same."""


@pytest.mark.parametrize(("optimizer", "step"), CASES, ids=[step.__name__ for _, step in CASES])
@pytest.mark.parametrize("units", [(7, 3), (33, 3)], ids=str)
def test_steps_follow_the_definition(
    optimizer: Any, step: Step, units: tuple[int, ...], rng: np.random.Generator
) -> None:
    X, T = rng.normal(size=(50, 10)), np.eye(3)[rng.integers(0, 3, 50)]
    layers = [jn.Dense(units[0], "tanh"), jn.Dense(units[1])]
    model = jn.Sequential(layers, "softmax_crossentropy", optimizer, dtype="float64").build(10)
    weights = model.get_weights()
    states: list[State] = [{} for _ in weights]
    for t in range(1, STEPS + 1):
        _, gradients = cost_and_gradients(weights, X, T, "tanh")
        rate = RATES(t - 1)
        of_each = zip(weights, gradients, states, strict=True)
        weights = [step(w, g, rate, t, state) for w, g, state in of_each]
    model.fit(X, T, epochs=STEPS, batch_size=None)
    for found, expected in zip(model.get_weights(), weights, strict=True):
        assert_close("optimizer", "float64", found, expected)


def test_every_optimiser_has_its_definition_here() -> None:
    assert {type(optimizer) for optimizer, _ in CASES} == set(OPTIMIZERS.values())
