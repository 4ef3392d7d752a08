"""Each loss whose outputs do not hang on one another, and its gradient."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.losses.compiled import LOSSES
from jitnet.study.problem import Inputs, Outputs, Problem, Size

OPERATIONS = {
    "binary_crossentropy": 20,
    "mse": 6,
    "mae": 3,
    "huber": 6,
    "quantile": 6,
    "poisson": 7,
}
"""Operations an output in the loops' formulas. Comparisons and changes of sign are not counted, and
of two branches the longer one is."""


def inputs(name: str, size: Size, rng: np.random.Generator) -> Inputs:
    """Logits Z, targets Y that the loss is for, and its name."""
    shape = size["outputs"], size["m"]
    Z = 2 * rng.standard_normal(shape)
    if name == "poisson":
        return Z, rng.poisson(2.0, shape).astype(float), name
    if name == "binary_crossentropy":
        return Z, (rng.random(shape) < 0.5).astype(float), name
    return Z, 2 * rng.standard_normal(shape), name


def step(rung: ModuleType, Z: Any, Y: Any, name: str) -> Outputs:
    """J and dZ."""
    outputs: Outputs = rung.loss(Z, Y, name)
    return outputs


def flops(name: str, size: Size) -> float:
    """Operations of all outputs and examples."""
    return float(OPERATIONS[name] * size["outputs"] * size["m"])


PROBLEMS = {
    name: Problem(
        name=name,
        title=f"The loss {name} of m examples and its gradient",
        package=__package__,
        sizes={"m": 1000, "outputs": 10},
        sweeps={"m": (1, 10, 100, 1000, 10_000, 100_000), "outputs": (1, 10, 100)},
        inputs=partial(inputs, name),
        step=step,
        flops=partial(flops, name),
        traffic=lambda size: 3.0 * size["m"] * size["outputs"],
        numbers=lambda size: 6.0 * size["m"] * size["outputs"],
    )
    for name in LOSSES
}
