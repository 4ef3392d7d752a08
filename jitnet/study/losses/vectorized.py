"""The losses of all examples at once, in NumPy: Z and Y are (K, m), an example a column."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jitnet.study.activations.vectorized import sigmoid, softplus
from jitnet.study.losses.loops import DELTA, LEVEL
from jitnet.study.problem import Array


class Loss(NamedTuple):
    """The examples' losses, (m,), and their gradient dl/dZ, (K, m)."""

    value: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array], Array]


def mse(Z: Array, Y: Array) -> Array:
    """Mean over outputs of (z - y)²."""
    return np.mean((Z - Y) ** 2, axis=0)


def mse_gradient(Z: Array, Y: Array) -> Array:
    """dZ = 2 (Z - Y) / K."""
    return 2 * (Z - Y) / len(Z)


def mae(Z: Array, Y: Array) -> Array:
    """Mean over outputs of |z - y|."""
    return np.mean(np.abs(Z - Y), axis=0)


def mae_gradient(Z: Array, Y: Array) -> Array:
    """dZ = sign(Z - Y) / K."""
    return np.sign(Z - Y) / len(Z)


def huber(Z: Array, Y: Array) -> Array:
    """Mean over outputs of e² / 2 where |e| ≤ δ, otherwise δ (|e| - δ / 2)."""
    size = np.abs(Z - Y)
    return np.mean(np.where(size <= DELTA, size**2 / 2, DELTA * (size - DELTA / 2)), axis=0)


def huber_gradient(Z: Array, Y: Array) -> Array:
    """dZ = E / K with E = Z - Y held within -δ and δ."""
    return np.clip(Z - Y, -DELTA, DELTA) / len(Z)


def quantile(Z: Array, Y: Array) -> Array:
    """Mean over outputs of q e where e = y - z > 0, otherwise (q - 1) e."""
    return np.mean(np.maximum(LEVEL * (Y - Z), (LEVEL - 1) * (Y - Z)), axis=0)


def quantile_gradient(Z: Array, Y: Array) -> Array:
    """dZ = -q / K where z < y, (1 - q) / K where z > y, and 0 between."""
    return ((1 - LEVEL) * (Z > Y) - LEVEL * (Z < Y)).astype(Z.dtype) / len(Z)


def poisson(Z: Array, Y: Array) -> Array:
    """Mean over outputs of e^z - y z."""
    return np.mean(np.exp(Z) - Y * Z, axis=0)


def poisson_gradient(Z: Array, Y: Array) -> Array:
    """dZ = (e^Z - Y) / K."""
    return (np.exp(Z) - Y) / len(Z)


def binary_crossentropy(Z: Array, Y: Array) -> Array:
    """Mean over outputs of -(y log a + (1 - y) log(1 - a)) with a = σ(z)."""
    return np.mean(Y * softplus(-Z) + (1 - Y) * softplus(Z), axis=0)


def binary_crossentropy_gradient(Z: Array, Y: Array) -> Array:
    """dZ = (A - Y) / K with A = σ(Z)."""
    return (sigmoid(Z) - Y) / len(Z)


def log_softmax(Z: Array) -> Array:
    """The logarithm log A = Z - log Σ e^Z, shifted by the largest z of an example."""
    Z = Z - np.max(Z, axis=0)
    return Z - np.log(np.sum(np.exp(Z), axis=0))


def softmax_crossentropy(Z: Array, Y: Array) -> Array:
    """-Σ y log a with a = softmax(z)."""
    return -np.sum(Y * log_softmax(Z), axis=0)


def softmax_crossentropy_gradient(Z: Array, Y: Array) -> Array:
    """dZ = A - Y."""
    return np.exp(log_softmax(Z)) - Y


LOSSES: dict[str, Loss] = {
    "binary_crossentropy": Loss(binary_crossentropy, binary_crossentropy_gradient),
    "softmax_crossentropy": Loss(softmax_crossentropy, softmax_crossentropy_gradient),
    "mse": Loss(mse, mse_gradient),
    "mae": Loss(mae, mae_gradient),
    "huber": Loss(huber, huber_gradient),
    "quantile": Loss(quantile, quantile_gradient),
    "poisson": Loss(poisson, poisson_gradient),
}


def loss(Z: Array, Y: Array, name: str) -> tuple[float, Array]:
    """J = mean over the examples of the named loss, and dl/dZ of each of them."""
    return float(np.mean(LOSSES[name].value(Z, Y))), LOSSES[name].gradient(Z, Y)
