"""Each activation, forward and backward."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.activations.loops import ACTIVATIONS
from jitnet.study.problem import Inputs, Outputs, Problem, Size

OPERATIONS = {
    "identity": 1,
    "sigmoid": 11,
    "tanh": 5,
    "relu": 1,
    "leaky_relu": 2,
    "elu": 5,
    "gelu": 14,
    "silu": 17,
    "softplus": 7,
}
"""Operations a number in the loops' formulas: g, g' and its product with the gradient from above.
Comparisons and changes of sign are not counted, and of two branches the longer one is."""


def inputs(name: str, size: Size, rng: np.random.Generator) -> Inputs:
    """Z, dA and the name."""
    shape = (size["units"], size["m"])
    return 3 * rng.standard_normal(shape), rng.standard_normal(shape), name


def step(rung: ModuleType, Z: Any, dA: Any, name: str) -> Outputs:
    """A and dZ."""
    return rung.activation_forward(Z, name), rung.activation_backward(dA, Z, name)


def flops(name: str, size: Size) -> float:
    """Operations of all units and examples."""
    return float(OPERATIONS[name] * size["units"] * size["m"])


PROBLEMS = {
    name: Problem(
        name=name,
        title=f"The activation {name}, forward and backward",
        package=__package__,
        sizes={"m": 1000, "units": 64},
        sweeps={"m": (1, 10, 100, 1000, 10_000, 100_000), "units": (1, 64)},
        inputs=partial(inputs, name),
        step=step,
        flops=partial(flops, name),
        traffic=lambda size: 4.0 * size["units"] * size["m"],
        numbers=lambda size: 6.0 * size["units"] * size["m"],
    )
    for name in ACTIVATIONS
}
