"""Softmax cross-entropy of m examples with K classes, and its gradient."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.problem import Inputs, Outputs, Problem, Size


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """Logits Z and one-hot targets Y."""
    m, K = size["m"], size["classes"]
    return 2 * rng.standard_normal((K, m)), np.eye(K)[:, rng.integers(0, K, m)]


def step(rung: ModuleType, Z: Any, Y: Any) -> Outputs:
    """J and dZ."""
    outputs: Outputs = rung.softmax_crossentropy(Z, Y)
    return outputs


PROBLEMS = {
    "softmax_crossentropy": Problem(
        name="softmax_crossentropy",
        title="Softmax cross-entropy of m examples and its gradient",
        package=__package__,
        sizes={"m": 1000, "classes": 10},
        sweeps={"m": (1, 10, 100, 1000, 10_000, 100_000), "classes": (2, 10, 100)},
        inputs=inputs,
        step=step,
        flops=lambda size: size["m"] * (9.0 * size["classes"] + 1.0),
        traffic=lambda size: 3.0 * size["m"] * size["classes"],
        numbers=lambda size: 6.0 * size["m"] * size["classes"],
    )
}
