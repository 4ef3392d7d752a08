"""Plain definitions of the rows in own_rows.py, and all tables with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import drawing
import oracle
import own_rows
import rows
from jitnet import extend
from jitnet.arrays import Array
from jitnet.study.activations import loops as activation_loops
from jitnet.study.losses import loops as loss_loops
from own_rows import AdaGrad, PReLU


def prelu_forward(layer: Any, X: Array, parameters: Any, uniform: Any) -> Array:
    return np.where(X > 0, X, parameters[0] * X)


def prelu_backward(
    layer: Any, dY: Array, X: Array, parameters: Any, uniform: Any
) -> tuple[Array, list[Array]]:
    return np.where(X > 0, 1.0, parameters[0]) * dY, [(dY * np.minimum(X, 0)).sum(axis=0)]


def mish(z: float) -> float:
    return z * float(np.tanh(np.log1p(np.exp(z))))


def mish_slope(z: float) -> float:
    e = float(np.exp(z))
    omega = 4 * (z + 1) + 4 * e**2 + e**3 + e * (4 * z + 6)  # the paper's form
    return e * omega / (2 * e + e**2 + 2) ** 2


def log_cosh(z: Any, y: Any) -> float:
    return float(np.mean([np.log(np.cosh(a - b)) for a, b in zip(z, y, strict=True)]))


def log_cosh_gradient(z: Any, y: Any) -> list[float]:
    return [float(np.tanh(a - b)) / len(z) for a, b in zip(z, y, strict=True)]


def adagrad(w: Array, g: Array, rate: float, t: int, state: rows.State) -> Array:
    state["s"] = state.get("s", rows.NOTHING) + g * g
    return w - rate * g / (np.sqrt(state["s"]) + 1e-3)


DEFINITIONS: list[tuple[dict[str, Any], str, Any]] = [
    (oracle.LAYERS, "PReLU", oracle.LayerOracle(prelu_forward, prelu_backward, lambda layer, X: X)),
    (activation_loops.ACTIVATIONS, "mish", activation_loops.Activation(mish, mish_slope)),
    (
        loss_loops.LOSSES,
        "log_cosh",
        loss_loops.Loss(log_cosh, log_cosh_gradient, loss_loops.linear_predict),
    ),
    (rows.LAYER_EXAMPLES, "PReLU", lambda units: (PReLU(), PReLU(0.5))),
    (
        rows.OPTIMIZER_EXAMPLES,
        "AdaGrad",
        (rows.OptimizerExample(AdaGrad(0.05, epsilon=1e-3), adagrad),),
    ),
    (drawing.LAYER_DRAWS, "PReLU", lambda pick, shape: PReLU(pick((0.25, 0.5)))),
]
"""The tables of definitions, of examples and of what is drawn; each with a row of its own."""


@contextmanager
def known() -> Iterator[None]:
    """Have jitnet know a user's own rows, and the checks and the hunts their definitions."""
    tables = [*rows.TABLES.values(), *(table for table, _, _ in DEFINITIONS)]
    kept = [dict(table) for table in tables]
    extend.register(PReLU, AdaGrad, mish=own_rows.mish, log_cosh=own_rows.log_cosh)
    for table, name, definition in DEFINITIONS:
        table[name] = definition
    try:
        yield
    finally:
        for table, before in zip(tables, kept, strict=True):
            table.clear()
            table.update(before)
