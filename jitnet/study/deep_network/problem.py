"""A deep network of L layers: a step of gradient descent over m examples."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from jitnet.study.deep_network.layers import gradient_descent_step
from jitnet.study.problem import Inputs, Problem, Size, go_on

ALPHA = 0.01


def widths(size: Size) -> list[int]:
    """n[0] … n[L]: as many features as units, and one output."""
    return [size["units"]] * size["layers"] + [1]


def inputs(size: Size, rng: np.random.Generator) -> Inputs:
    """X, Y, the lists W and b, and the learning rate α."""
    m, n = size["m"], widths(size)
    X, Y = rng.standard_normal((n[0], m)), (rng.random((1, m)) < 0.5).astype(float)
    W = [rng.standard_normal((units, n_in)) * np.sqrt(2 / n_in) for n_in, units in pairwise(n)]
    b = [np.full((units, 1), 0.1) for units in n[1:]]
    return X, Y, W, b, ALPHA


def weights(size: Size) -> list[int]:
    """Weights of each layer."""
    return [n_in * units for n_in, units in pairwise(widths(size))]


def flops(size: Size) -> float:
    """Three products a layer, without the first one's gradient of the input; the rest is little."""
    return 2.0 * size["m"] * (3 * sum(weights(size)) - weights(size)[0])


def traffic(size: Size) -> float:
    """The examples, and the weights and their gradients."""
    return float(size["m"] * (size["units"] + 1) + 2 * sum(weights(size)))


def numbers(size: Size) -> float:
    """The examples, each layer's Z, A and gradient, and the weights and their gradients."""
    return size["m"] * (3.0 * sum(widths(size)) + 2.0) + 3.0 * sum(weights(size))


PROBLEMS = {
    "deep_network": Problem(
        name="deep_network",
        title="A deep network, a step of gradient descent over m examples",
        package=__package__,
        sizes={"m": 256, "units": 32, "layers": 4},
        sweeps={"m": (1, 8, 64, 512, 4096), "units": (1, 8, 64, 256), "layers": (1, 2, 4, 8)},
        inputs=inputs,
        step=gradient_descent_step,
        flops=flops,
        traffic=traffic,
        numbers=numbers,
        feed=go_on,
    )
}
