"""Inputs, weights and shapes at their ends: finite losses and gradients, or a clear error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import jitnet as jn
from drawing import Drawn, draw_network, picker
from gradient_check import draw_weights
from hunting import Hunt, Rng, Tally, drawn
from jitnet.arrays import Array
from training_state import state_of


def scaled(by: float) -> Callable[[Array], Array]:
    """Numbers of another size."""
    return lambda X: X * X.dtype.type(by)


def constant_column(X: Array) -> Array:
    """One feature that is always the same."""
    X = X.copy()
    X[..., 0] = 3.0
    return X


INPUTS: dict[str, Callable[[Array], Array]] = {
    "as they are": lambda X: X,
    "one example": lambda X: X[:1],
    "zeros": np.zeros_like,
    "constant columns": constant_column,
    "all the same": lambda X: np.repeat(X[:1], len(X), axis=0),
    "1e4": scaled(1e4),
    "1e38": lambda X: np.sign(X) * X.dtype.type(1e38),
    "subnormals": scaled(1e-40),
    "1e-38": scaled(1e-38),
}
WEIGHTS = 1.0, 1.0, 1e4, 1e-4, 1e30, 0.0
COUNT = 23


def wide(pick: Any) -> Drawn:
    """A network of one layer of ten thousand units."""
    layers = (jn.Dense(10_000, pick(("relu", "tanh", "gelu"))), jn.Dense(2))
    dtype = pick(("float32", "float64"))
    return Drawn(layers, pick(("mse", "softmax_crossentropy")), jn.Adam(), (3,), dtype)


def spoiled(X: Any, change: Callable[[Array], Array]) -> Any:
    """Inputs that are numbers, changed; indices only where examples are left out."""
    if isinstance(X, tuple):
        return tuple(spoiled(x, change) for x in X)
    if X.dtype.kind == "f":
        return change(X)
    return X[:1] if len(change(X.astype(float))) == 1 else X


def check(call: Callable[[], Any], what: str) -> None:
    """What a call gives is no NaN, or an error that says what was too great."""
    try:
        found = call()
    except FloatingPointError as error:
        if "NaN or infinite" not in str(error) and "is NaN" not in str(error):
            raise AssertionError(f"{what} is refused by {error}") from error
        return
    except ValueError as error:
        if "at least 2 examples" not in str(error):  # BatchNorm, of batches of one
            raise
        return
    for number in found:
        if np.isnan(number).any():
            raise AssertionError(f"{what} is NaN")


def case(rng: Rng) -> Tally:
    """One network, with inputs and weights of a kind."""
    pick = picker(rng)
    network = wide(pick) if rng.integers(20) == 0 else draw_network(pick)
    kind, size = pick(list(INPUTS)), pick(WEIGHTS)
    model = network.model(label_smoothing=0.1 if "softmax" in network.loss else 0.0)
    draw_weights(model, rng, network.shape)
    model.set_weights([w if (w > 0).all() else w * size for w in model.get_weights()])
    X, y = spoiled(network.inputs(rng, COUNT), INPUTS[kind]), network.targets(rng, COUNT)
    count = len(X[0]) if isinstance(X, tuple) else len(X)
    y = np.zeros_like(y[:count]) if pick((True, False)) else y[:count]
    about = f"of {network} with inputs {kind} and weights of {size}"
    check(lambda: model.evaluate(X, y).values(), f"the loss {about}")
    check(lambda: model.gradients(X, y), f"the gradient {about}")
    before = state_of(model)
    batch = pick((1, None))
    check(
        lambda: model.fit(X, y, epochs=1, batch_size=batch, progress=False)["loss"],
        f"a fit {about}",
    )
    if not all(np.isfinite(w).all() for w in model.get_weights()) and state_of(model) != before:
        raise AssertionError(f"a fit {about} left weights that are not finite")
    return Tally()


HUNT = Hunt(drawn(case), short=10, long=300)
