"""Layer normalisation, forward and backward."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.problem import Inputs, Outputs, Problem, Size

LEAST_UNITS = 3
"""Two units are normalised to 1 and -1 whatever they were: dX is what rounding leaves."""


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """X, γ, β and dY."""
    m, n = size["m"], size["units"]
    return (
        rng.standard_normal((n, m)),
        1 + rng.standard_normal((n, 1)) / 4,
        rng.standard_normal((n, 1)),
        rng.standard_normal((n, m)),
    )


def step(rung: ModuleType, X: Any, gamma: Any, beta: Any, dY: Any) -> Outputs:
    """Y, dX, dγ and dβ."""
    return (
        rung.layer_norm_forward(X, gamma, beta),
        rung.input_gradient(dY, X, gamma),
        *rung.weight_gradients(dY, X),
    )


PROBLEMS = {
    "layer_norm": Problem(
        name="layer_norm",
        title="Layer normalisation, forward and backward",
        package=__package__,
        sizes={"m": 1000, "units": 64},
        sweeps={"m": (1, 10, 100, 1000, 10_000), "units": (3, 8, 64, 512)},
        inputs=inputs,
        step=step,
        flops=lambda size: 44.0 * size["m"] * size["units"],
        traffic=lambda size: 4.0 * size["m"] * size["units"] + 4.0 * size["units"],
        numbers=lambda size: 8.0 * size["m"] * size["units"],
        least={"units": LEAST_UNITS},
    )
}
