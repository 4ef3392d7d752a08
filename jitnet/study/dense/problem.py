"""One dense layer, forward and backward."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.problem import Inputs, Outputs, Problem, Size


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """A_prev, W, b and dZ."""
    m, n_in, n_out = size["m"], size["inputs"], size["units"]
    return (
        rng.standard_normal((n_in, m)),
        rng.standard_normal((n_out, n_in)) / np.sqrt(n_in),
        rng.standard_normal((n_out, 1)),
        rng.standard_normal((n_out, m)),
    )


def step(rung: ModuleType, A_prev: Any, W: Any, b: Any, dZ: Any) -> Outputs:
    """Z, dA_prev, dW and db."""
    return rung.dense_forward(A_prev, W, b), *rung.dense_backward(dZ, A_prev, W)


def flops(size: Size) -> float:
    """Three products, of two operations a number."""
    return 6.0 * size["m"] * size["inputs"] * size["units"]


def traffic(size: Size) -> float:
    """A_prev, dA_prev, Z and dZ, and W and dW."""
    m, n_in, n_out = size["m"], size["inputs"], size["units"]
    return 2.0 * (m * n_in + m * n_out + n_in * n_out)


NOTE = """\
"compiled" has the course's loops, example by example: the innermost strides through memory and
adds to one sum, so that it loses to NumPy. `jitnet study --lesson loop_order` has the same sums in
an order that does not. W is (units, inputs), as in the course; a model's is (inputs, units)."""

PROBLEMS = {
    "dense": Problem(
        name="dense",
        title="One dense layer, forward and backward",
        package=__package__,
        sizes={"m": 256, "inputs": 64, "units": 64},
        sweeps={"m": (1, 8, 64, 512, 4096), "units": (1, 8, 64, 512)},
        inputs=inputs,
        step=step,
        flops=flops,
        traffic=traffic,
        numbers=lambda size: 2 * traffic(size),
        note=NOTE,
    )
}
