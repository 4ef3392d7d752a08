"""A convolution of images, forward and backward."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from jitnet.study.images import windows_along
from jitnet.study.problem import Inputs, Outputs, Problem, Size


def shapes(size: Size) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Those of A_prev, W and Z."""
    m, side, f = size["m"], size["side"], size["f"]
    n = windows_along(side, f, size["stride"], pad_of(size))
    return (
        (m, side, side, size["channels"]),
        (f, f, size["channels"], size["filters"]),
        (m, n, n, size["filters"]),
    )


def pad_of(size: Size) -> int:
    """The zeros at each edge that keep an image's side, where the stride is 1 and f is odd."""
    return (size["f"] - 1) // 2


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """A_prev, W, b, dZ, stride and pad."""
    of_A_prev, of_W, of_Z = shapes(size)
    return (
        rng.standard_normal(of_A_prev),
        rng.standard_normal(of_W) / math.sqrt(math.prod(of_W[:3])),
        rng.standard_normal((1, 1, 1, size["filters"])),
        rng.standard_normal(of_Z),
        size["stride"],
        pad_of(size),
    )


def step(rung: ModuleType, A_prev: Any, W: Any, b: Any, dZ: Any, stride: int, pad: int) -> Outputs:
    """Z, dA_prev, dW and db."""
    Z = rung.conv_forward(A_prev, W, b, stride, pad)
    return Z, *rung.conv_backward(dZ, A_prev, W, stride, pad)


def flops(size: Size) -> float:
    """Three times a product for each number of Z and each weight of a filter."""
    _, of_W, of_Z = shapes(size)
    return 6.0 * math.prod(of_Z) * math.prod(of_W[:3])


def traffic(size: Size) -> float:
    """A_prev, dA_prev, W, dW, Z and dZ."""
    return 2.0 * sum(map(math.prod, shapes(size)))


def numbers(size: Size) -> float:
    """Those, and a column for each place of the window, which NumPy makes for its products."""
    _, of_W, of_Z = shapes(size)
    return 2 * traffic(size) + 2.0 * math.prod(of_Z[:3]) * math.prod(of_W[:3])


PROBLEMS = {
    "conv2d": Problem(
        name="conv2d",
        title="A convolution of images, forward and backward",
        package=__package__,
        sizes={"m": 32, "channels": 4, "filters": 8, "side": 14, "f": 3, "stride": 1},
        sweeps={
            "m": (1, 8, 32, 128, 512),
            "channels": (1, 4, 16, 64),
            "filters": (1, 8, 32, 128),
            "side": (4, 8, 16, 32),
            "f": (1, 3, 5, 7),
        },
        inputs=inputs,
        step=step,
        flops=flops,
        traffic=traffic,
        numbers=numbers,
        least={"side": 2},
    )
}
