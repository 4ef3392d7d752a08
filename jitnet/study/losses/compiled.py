"""Losses of one output as Numba compiles them, and the loops over outputs and examples.

Constants are of the number's own type, so that float32 stays float32.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from jitnet.kernels.jit import Kernel, njit
from jitnet.study.activations.compiled import like, sigmoid, softplus
from jitnet.study.losses.loops import DELTA, LEVEL
from jitnet.study.problem import Array


class Loss(NamedTuple):
    """An output's part of a loss and its derivative, each of z and the target y."""

    value: Kernel
    slope: Kernel


@njit
def mse(z: Any, y: Any) -> Any:
    """(z - y)²."""
    return (z - y) * (z - y)


@njit
def mse_slope(z: Any, y: Any) -> Any:
    """2 (z - y)."""
    return like(z, 2.0) * (z - y)


@njit
def mae(z: Any, y: Any) -> Any:
    """|z - y|."""
    return abs(z - y)


@njit
def mae_slope(z: Any, y: Any) -> Any:
    """The sign of z - y."""
    return like(z, (z > y) - (z < y))


@njit
def huber(z: Any, y: Any) -> Any:
    """e² / 2 where |e| ≤ δ, otherwise δ (|e| - δ / 2), with e = z - y."""
    size, half, delta = abs(z - y), like(z, 0.5), like(z, DELTA)
    return half * size * size if size <= delta else delta * (size - half * delta)


@njit
def huber_slope(z: Any, y: Any) -> Any:
    """The error z - y held within -δ and δ."""
    return max(-like(z, DELTA), min(like(z, DELTA), z - y))


@njit
def quantile(z: Any, y: Any) -> Any:
    """The greater of q (y - z) and (q - 1) (y - z)."""
    return max(like(z, LEVEL) * (y - z), like(z, LEVEL - 1.0) * (y - z))


@njit
def quantile_slope(z: Any, y: Any) -> Any:
    """-q where z < y, 1 - q where z > y, and 0 between."""
    return like(z, (1.0 - LEVEL) * (z > y) - LEVEL * (z < y))


@njit
def poisson(z: Any, y: Any) -> Any:
    """e^z - y z."""
    return math.exp(z) - y * z


@njit
def poisson_slope(z: Any, y: Any) -> Any:
    """e^z - y."""
    return math.exp(z) - y


@njit
def binary_crossentropy(z: Any, y: Any) -> Any:
    """-(y log a + (1 - y) log(1 - a)) with a = σ(z)."""
    return y * softplus(-z) + (like(z, 1.0) - y) * softplus(z)


@njit
def binary_crossentropy_slope(z: Any, y: Any) -> Any:
    """The error a - y with a = σ(z)."""
    return sigmoid(z) - y


LOSSES: dict[str, Loss] = {
    "binary_crossentropy": Loss(binary_crossentropy, binary_crossentropy_slope),
    "mse": Loss(mse, mse_slope),
    "mae": Loss(mae, mae_slope),
    "huber": Loss(huber, huber_slope),
    "quantile": Loss(quantile, quantile_slope),
    "poisson": Loss(poisson, poisson_slope),
}


@njit
def example(dZ: Any, Z: Any, Y: Any, i: int, value: Any, slope: Any) -> Any:
    """The loss of example i, a mean over its outputs, and its column of dZ."""
    K, total = Z.dtype.type(Z.shape[0]), Z.dtype.type(0)
    for k in range(Z.shape[0]):
        total += value(Z[k, i], Y[k, i])
        dZ[k, i] = slope(Z[k, i], Y[k, i]) / K
    return total / K


@njit(entry=True)
def examples(dZ: Any, Z: Any, Y: Any, value: Any, slope: Any) -> Any:
    """J and dZ, example by example."""
    J = Z.dtype.type(0)
    for i in range(Z.shape[1]):
        J += example(dZ, Z, Y, i, value, slope)
    return J / Z.dtype.type(Z.shape[1])


def loss(Z: Array, Y: Array, name: str) -> tuple[float, Array]:
    """J = mean over the examples of the named loss, and dl/dZ of each of them."""
    dZ = np.empty_like(Z)
    return examples(dZ, Z, Y, *LOSSES[name]), dZ
