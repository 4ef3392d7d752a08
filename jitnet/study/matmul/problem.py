"""The product of two square matrices."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.problem import Inputs, Outputs, Problem, Size


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """A and B."""
    n = size["n"]
    return rng.standard_normal((n, n)), rng.standard_normal((n, n))


def step(rung: ModuleType, A: Any, B: Any) -> Outputs:
    """C."""
    return (rung.multiply(A, B),)


NOTE = """\
"compiled" goes down a column of B in its innermost loop, so that each number lies in a line of
memory of its own. `jitnet study --lesson loop_order` has an order that reads rows."""

PROBLEMS = {
    "matmul": Problem(
        name="matmul",
        title="The product of two n×n matrices",
        package=__package__,
        sizes={"n": 128},
        sweeps={"n": (4, 8, 16, 32, 64, 128, 256, 512, 1024)},
        inputs=inputs,
        step=step,
        flops=lambda size: 2.0 * size["n"] ** 3,
        traffic=lambda size: 3.0 * size["n"] ** 2,
        numbers=lambda size: 3.0 * size["n"] ** 2,
        note=NOTE,
    )
}
