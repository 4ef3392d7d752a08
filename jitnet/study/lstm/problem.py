"""Long short-term memory, forward and backward through time."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.problem import Inputs, Outputs, Problem, Size

GATES = 4


def inputs(size: Size, rng: np.random.Generator, gates: int = GATES) -> Inputs:
    """X, W, U, b and dH."""
    m, time, n_in, units = size["m"], size["time"], size["inputs"], size["units"]
    return (
        rng.standard_normal((time, n_in, m)),
        rng.standard_normal((gates * units, n_in)) / np.sqrt(n_in),
        rng.standard_normal((gates * units, units)) / np.sqrt(units),
        rng.standard_normal((gates * units, 1)),
        rng.standard_normal((time, units, m)),
    )


def step(rung: ModuleType, X: Any, W: Any, U: Any, b: Any, dH: Any) -> Outputs:
    """H and dX, a matrix a time step, and dW, dU and db."""
    H, gates, C = rung.lstm_forward(X, W, U, b)
    dX, dW, dU, db = rung.lstm_backward(dH, gates, C, H, X, W, U)
    return *H, *dX, dW, dU, db


def flops(size: Size, gates: int = GATES) -> float:
    """Three products of two operations a number for each weight, each at every time step."""
    units = size["units"]
    return 6.0 * size["m"] * size["time"] * gates * units * (size["inputs"] + units)


def traffic(size: Size, gates: int = GATES) -> float:
    """X, dX, H, dH, and the weights with their gradients."""
    n_in, units = size["inputs"], size["units"]
    return 2.0 * (size["m"] * size["time"] + gates * units) * (n_in + units)


def numbers(size: Size, gates: int = GATES) -> float:
    """Those, with the gates, the cells and their gradients."""
    inner = 2.0 * (gates + 2) * size["m"] * size["time"] * size["units"]
    return 2 * traffic(size, gates) + 2 * inner


NOTE = """\
A step's state is made of the one before, so that the loop over time stays on every rung. NumPy has
a product a time step; the engine's panels of examples go through all steps one after the other,
each with its state in the core's cache. W is (4 units, inputs), as the course's are; a model's is
(inputs, 4 units)."""

SIZES = {"m": 32, "time": 10, "inputs": 16, "units": 32}
SWEEPS = {"m": (1, 8, 32, 128, 512), "time": (1, 10, 100), "units": (1, 8, 32, 128)}

PROBLEMS = {
    "lstm": Problem(
        name="lstm",
        title="Long short-term memory, forward and backward through time",
        package=__package__,
        sizes=SIZES,
        sweeps=SWEEPS,
        inputs=inputs,
        step=step,
        flops=flops,
        traffic=traffic,
        numbers=numbers,
        note=NOTE,
    )
}
