"""Softmax cross-entropy, one example and one class at a time.

An example's loss starts from z, the output layer's pre-activations: so neither value nor gradient
overflows, and the gradient is as short as dz = a - y.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

Vector = Sequence[float]


def log_softmax(z: Vector) -> list[float]:
    """The logarithm log a = z - log Σ e^z, shifted by the largest z, so that no power overflows."""
    largest = max(z)
    total = 0.0
    for zk in z:
        total += math.exp(zk - largest)
    log_total = math.log(total)
    return [zk - largest - log_total for zk in z]


def softmax_loss(z: Vector, y: Vector) -> float:
    """-Σ y log a with a = softmax(z), where y are probabilities: one-hot or smoothed."""
    total = 0.0
    for log_ak, yk in zip(log_softmax(z), y, strict=True):
        total -= yk * log_ak
    return total


def softmax_loss_gradient(z: Vector, y: Vector) -> list[float]:
    """The gradient dz = a - y, as the y add up to one."""
    return [ak - yk for ak, yk in zip(softmax(z), y, strict=True)]


def softmax(z: Vector) -> list[float]:
    """The softmax a = e^z / Σ e^z: each class's probability."""
    return [math.exp(log_ak) for log_ak in log_softmax(z)]


def softmax_crossentropy(
    Z: list[list[float]], Y: list[list[float]]
) -> tuple[float, list[list[float]]]:
    """J = mean over the examples of -Σ y log a, and dZ = A - Y for each of them.

    Z and Y are (K, m): an example a column, a class a row.
    """
    K, m = len(Z), len(Z[0])
    J, dZ = 0.0, [[0.0] * m for _ in range(K)]
    for i in range(m):
        log_a = log_softmax([Z[k][i] for k in range(K)])
        for k in range(K):
            J -= Y[k][i] * log_a[k]
            dZ[k][i] = math.exp(log_a[k]) - Y[k][i]
    return J / m, dZ
