"""Batch normalisation, forward and backward, as in training."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from jitnet.study.layer_norm.problem import inputs
from jitnet.study.problem import Outputs, Problem

LEAST_EXAMPLES = 3
"""Two examples are normalised to 1 and -1 whatever they were: dX is what rounding leaves."""


def step(rung: ModuleType, X: Any, gamma: Any, beta: Any, dY: Any) -> Outputs:
    """Y, dX, dγ and dβ."""
    return (
        rung.batch_norm_forward(X, gamma, beta),
        rung.input_gradient(dY, X, gamma),
        *rung.weight_gradients(dY, X),
    )


NOTE = """\
A step of training also moves the running mean and variance, by which a model predicts: a number for
each unit, not timed here."""

PROBLEMS = {
    "batch_norm": Problem(
        name="batch_norm",
        title="Batch normalisation, forward and backward",
        package=__package__,
        sizes={"m": 1000, "units": 64},
        sweeps={"m": (3, 10, 100, 1000, 10_000), "units": (1, 8, 64, 512)},
        inputs=inputs,
        step=step,
        flops=lambda size: 42.0 * size["m"] * size["units"],
        traffic=lambda size: 4.0 * size["m"] * size["units"] + 4.0 * size["units"],
        numbers=lambda size: 8.0 * size["m"] * size["units"],
        note=NOTE,
        least={"m": LEAST_EXAMPLES},
    )
}
