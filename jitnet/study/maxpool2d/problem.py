"""Max pooling of images, forward and backward."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.maxpool2d.loops import F, windows_along
from jitnet.study.problem import Inputs, Outputs, Problem, Size


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """A_prev and dA."""
    m, side, channels = size["m"], size["side"], size["channels"]
    n = windows_along(side)
    return (
        rng.standard_normal((m, side, side, channels)),
        rng.standard_normal((m, n, n, channels)),
    )


def step(rung: ModuleType, A_prev: Any, dA: Any) -> Outputs:
    """A and dA_prev."""
    return rung.max_pool_forward(A_prev), rung.max_pool_backward(dA, A_prev)


def values(size: Size) -> float:
    """Numbers in A_prev."""
    return 1.0 * size["m"] * size["side"] ** 2 * size["channels"]


PROBLEMS = {
    "maxpool2d": Problem(
        name="maxpool2d",
        title="Max pooling of images in windows of 2 by 2, forward and backward",
        package=__package__,
        sizes={"m": 128, "side": 26, "channels": 16},
        sweeps={"m": (1, 10, 100, 1000), "side": (4, 8, 16, 32, 64), "channels": (1, 4, 16, 64)},
        inputs=inputs,
        step=step,
        flops=lambda size: 2.0 * values(size),
        traffic=lambda size: 2.5 * values(size),
        numbers=lambda size: 8.0 * values(size),
        least={"side": F},
    )
}
