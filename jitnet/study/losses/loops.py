"""Losses of one example, with plain loops over the network's outputs, in double precision.

Each loss starts from z, the output layer's pre-activations, and knows the output activation that
belongs to it: the sigmoid, the softmax, the exponential or none. Only so can value and gradient
stay finite where the activation is flat, and only so is the gradient as short as dz = a - y.
`LOSSES` holds value, gradient dl/dz and prediction by the loss's name.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from jitnet.study.activations.loops import sigmoid, softplus
from jitnet.study.softmax_crossentropy.loops import (
    softmax,
    softmax_loss,
    softmax_loss_gradient,
)

Vector = Sequence[float]

LEVEL = 0.5  # the quantile that the quantile loss is of
DELTA = 1.0  # where huber turns from a parabola into a straight line
LARGEST_EXPONENT = math.log(sys.float_info.max)


class Loss(NamedTuple):
    """A loss of one example: l(z, y), dl/dz, and what the network predicts from z."""

    value: Callable[[Vector, Vector], float]
    gradient: Callable[[Vector, Vector], list[float]]
    predict: Callable[[Vector], list[float]]


def mean(values: Vector) -> float:
    """The sum of the values over their number."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def exponential(z: float) -> float:
    """e^z, infinite where it exceeds the largest double."""
    return math.inf if z > LARGEST_EXPONENT else math.exp(z)


def binary_crossentropy(z: Vector, y: Vector) -> float:
    """Mean over outputs of -(y log a + (1 - y) log(1 - a)) with a = σ(z).

    As log a = -softplus(-z) and log(1 - a) = -softplus(z), the logarithm of zero never appears.
    """
    return mean(
        [yk * softplus(-zk) + (1.0 - yk) * softplus(zk) for zk, yk in zip(z, y, strict=True)]
    )


def binary_crossentropy_gradient(z: Vector, y: Vector) -> list[float]:
    """The gradient dz = (a - y) / K for K outputs."""
    return [(sigmoid(zk) - yk) / len(z) for zk, yk in zip(z, y, strict=True)]


def binary_crossentropy_predict(z: Vector) -> list[float]:
    """The sigmoid a = σ(z): each output's probability."""
    return [sigmoid(zk) for zk in z]


def smooth_labels(y: Vector, smoothing: float) -> list[float]:
    """(1 - ε) y + ε / K: a fraction ε of the certainty, shared out among the K classes."""
    return [(1.0 - smoothing) * yk + smoothing / len(y) for yk in y]


def mse(z: Vector, y: Vector) -> float:
    """Mean over outputs of (z - y)², without a half."""
    errors = [zk - yk for zk, yk in zip(z, y, strict=True)]
    return mean([e * e for e in errors])


def mse_gradient(z: Vector, y: Vector) -> list[float]:
    """The gradient dz = 2 (z - y) / K."""
    return [2.0 * (zk - yk) / len(z) for zk, yk in zip(z, y, strict=True)]


def mae(z: Vector, y: Vector) -> float:
    """Mean over outputs of |z - y|."""
    return mean([abs(zk - yk) for zk, yk in zip(z, y, strict=True)])


def mae_gradient(z: Vector, y: Vector) -> list[float]:
    """The gradient dz = sign(z - y) / K, and 0 where the prediction is exact."""
    return [((zk > yk) - (zk < yk)) / len(z) for zk, yk in zip(z, y, strict=True)]


def huber(z: Vector, y: Vector) -> float:
    """Mean over outputs of e² / 2 where |e| ≤ δ, otherwise δ (|e| - δ / 2), with e = z - y."""
    return mean([huber_of_size(abs(zk - yk)) for zk, yk in zip(z, y, strict=True)])


def huber_of_size(size: float) -> float:
    """A parabola up to δ, from there on its tangent, for an error of size |e|."""
    return 0.5 * size * size if size <= DELTA else DELTA * (size - 0.5 * DELTA)


def huber_gradient(z: Vector, y: Vector) -> list[float]:
    """The gradient dz = e / K with the error e = z - y held within -δ and δ."""
    return [max(-DELTA, min(DELTA, zk - yk)) / len(z) for zk, yk in zip(z, y, strict=True)]


def quantile(z: Vector, y: Vector, level: float = LEVEL) -> float:
    """Mean over outputs of q e where e = y - z > 0, otherwise (q - 1) e, with q = ``level``."""
    return mean(
        [max(level * (yk - zk), (level - 1.0) * (yk - zk)) for zk, yk in zip(z, y, strict=True)]
    )


def quantile_gradient(z: Vector, y: Vector, level: float = LEVEL) -> list[float]:
    """The gradient dz = -q / K where z < y, (1 - q) / K where z > y, and 0 between."""
    return [
        ((1.0 - level) * (zk > yk) - level * (zk < yk)) / len(z)
        for zk, yk in zip(z, y, strict=True)
    ]


def poisson(z: Vector, y: Vector) -> float:
    """Mean over outputs of e^z - y z: counts y, whose expected value is e^z."""
    return mean([exponential(zk) - yk * zk for zk, yk in zip(z, y, strict=True)])


def poisson_gradient(z: Vector, y: Vector) -> list[float]:
    """The gradient dz = (e^z - y) / K."""
    return [(exponential(zk) - yk) / len(z) for zk, yk in zip(z, y, strict=True)]


def poisson_predict(z: Vector) -> list[float]:
    """e^z, each output's expected count."""
    return [exponential(zk) for zk in z]


def linear_predict(z: Vector) -> list[float]:
    """The same z: a linear output."""
    return list(z)


LOSSES: dict[str, Loss] = {
    "binary_crossentropy": Loss(
        binary_crossentropy, binary_crossentropy_gradient, binary_crossentropy_predict
    ),
    "softmax_crossentropy": Loss(softmax_loss, softmax_loss_gradient, softmax),
    "mse": Loss(mse, mse_gradient, linear_predict),
    "mae": Loss(mae, mae_gradient, linear_predict),
    "huber": Loss(huber, huber_gradient, linear_predict),
    "quantile": Loss(quantile, quantile_gradient, linear_predict),
    "poisson": Loss(poisson, poisson_gradient, poisson_predict),
}


def loss(Z: list[list[float]], Y: list[list[float]], name: str) -> tuple[float, list[list[float]]]:
    """J = mean over the examples of the named loss, and dl/dZ of each of them.

    Z and Y are (K, m): an example a column, an output a row.
    """
    K, m = len(Z), len(Z[0])
    J, dZ = 0.0, [[0.0] * m for _ in range(K)]
    for i in range(m):
        z, y = [Z[k][i] for k in range(K)], [Y[k][i] for k in range(K)]
        J += LOSSES[name].value(z, y)
        gradient = LOSSES[name].gradient(z, y)
        for k in range(K):
            dZ[k][i] = gradient[k]
    return J / m, dZ
