"""An embedding of indices, forward and backward."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.problem import Inputs, Outputs, Problem, Size


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """X, E and dY."""
    m, time, units = size["m"], size["time"], size["units"]
    return (
        rng.integers(0, size["vocabulary"], (time, m), np.int32),
        rng.standard_normal((size["vocabulary"], units)),
        rng.standard_normal((time, units, m)),
    )


def step(rung: ModuleType, X: Any, E: Any, dY: Any) -> Outputs:
    """Y, a matrix a time step, and dE."""
    return *rung.embedding_forward(X, E), rung.weight_gradient(dY, X, E)


def traffic(size: Size) -> float:
    """X, Y, dY and what it adds to, dE, and of E what indices name."""
    rows = 1.0 * size["m"] * size["time"]
    vocabulary = 1.0 * size["vocabulary"]
    return rows * (1 + 3 * size["units"]) + (vocabulary + min(vocabulary, rows)) * size["units"]


NOTE = """\
There is an addition for each number of dY, and nothing else to compute: what counts is how numbers
are moved. A product of a matrix with columns that have a single 1 would give the same, at a cost
that grows with the vocabulary."""

PROBLEMS = {
    "embedding": Problem(
        name="embedding",
        title="An embedding of indices, forward and backward",
        package=__package__,
        sizes={"m": 64, "time": 20, "vocabulary": 1000, "units": 32},
        sweeps={"m": (1, 8, 64, 512), "vocabulary": (10, 1000, 100_000), "units": (1, 8, 32, 128)},
        inputs=inputs,
        step=step,
        flops=lambda size: 1.0 * size["m"] * size["time"] * size["units"],
        traffic=traffic,
        numbers=lambda size: 2 * traffic(size),
        note=NOTE,
    )
}
