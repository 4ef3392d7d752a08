"""Logistic regression: a step of gradient descent over m examples."""

from __future__ import annotations

import numpy as np

from jitnet.study.problem import Inputs, Problem, Size, descend, go_on

ALPHA = 0.01


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """X, Y, w, b and the learning rate α."""
    m, n = size["m"], size["features"]
    X = rng.standard_normal((n, m))
    Y = (rng.random((1, m)) < 0.5).astype(float)
    return X, Y, rng.standard_normal((n, 1)) / np.sqrt(n), 0.1, ALPHA


NOTE = """\
"compiled" loses to NumPy: it takes e^-z and two logarithms number by number, a third of its time,
and its innermost loops stride through memory and add to one sum. NumPy's functions, and the
engine's, take a vector of numbers at a time (`jitnet study --lesson loop_order`)."""

PROBLEMS = {
    "logistic_regression": Problem(
        name="logistic_regression",
        title="Logistic regression, a step of gradient descent over m examples",
        package=__package__,
        sizes={"m": 1000, "features": 20},
        sweeps={"m": (1, 10, 100, 1000, 10_000, 100_000), "features": (2, 20, 200)},
        inputs=inputs,
        step=descend,
        flops=lambda size: size["m"] * (4.0 * size["features"] + 13.0) + 3.0 * size["features"],
        traffic=lambda size: size["m"] * (size["features"] + 1.0) + 2.0 * size["features"],
        numbers=lambda size: size["m"] * (size["features"] + 4.0) + 3.0 * size["features"],
        feed=go_on,
        note=NOTE,
    )
}
