"""A shallow network: a step of gradient descent over m examples."""

from __future__ import annotations

import numpy as np

from jitnet.study.problem import Inputs, Problem, Size, descend, go_on

ALPHA = 0.01


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """X, Y, W1, b1, W2, b2 and the learning rate α."""
    m, n, n_h = size["m"], size["features"], size["units"]
    return (
        rng.standard_normal((n, m)),
        (rng.random((1, m)) < 0.5).astype(float),
        rng.standard_normal((n_h, n)) / np.sqrt(n),
        np.full((n_h, 1), 0.1),
        rng.standard_normal((1, n_h)) / np.sqrt(n_h),
        np.full((1, 1), 0.1),
        ALPHA,
    )


def parameters(size: Size) -> int:
    """W1, b1, W2 and b2."""
    return size["units"] * (size["features"] + 2) + 1


def flops(size: Size) -> float:
    """Each unit's part of each example, the output's, and the step of each parameter."""
    each_unit = 4.0 * size["features"] + 10.0
    return size["m"] * (size["units"] * each_unit + 13.0) + 2.0 * parameters(size)


PROBLEMS = {
    "shallow_network": Problem(
        name="shallow_network",
        title="A shallow network, a step of gradient descent over m examples",
        package=__package__,
        sizes={"m": 400, "features": 2, "units": 4},
        sweeps={"m": (1, 10, 100, 1000, 10_000), "units": (1, 4, 16, 64, 256)},
        inputs=inputs,
        step=descend,
        flops=flops,
        traffic=lambda size: size["m"] * (size["features"] + 1.0) + 2.0 * parameters(size),
        numbers=lambda size: (
            size["m"] * (size["features"] + 3.0 * size["units"] + 4.0) + 3.0 * parameters(size)
        ),
        feed=go_on,
    )
}
