"""Activations as plain functions of one number, in double precision.

A unit computes z = wᵀx + b and then a = g(z). Backward it needs the slope g'(z), since
dl/dz = dl/da · g'(z). `ACTIVATIONS` holds the pair for every g by its name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

LEAK = 0.01  # slope of leaky_relu below zero
ALPHA = 1.0  # elu tends to -ALPHA far below zero


class Activation(NamedTuple):
    """An activation and its derivative, each a function of one pre-activation z."""

    value: Callable[[float], float]
    slope: Callable[[float], float]


def identity(z: float) -> float:
    """g(z) = z: the output unit of a regression."""
    return z


def identity_slope(z: float) -> float:
    """g'(z) = 1."""
    return 1.0


def sigmoid(z: float) -> float:
    """g(z) = 1 / (1 + e^-z), through e^-|z|, which cannot overflow."""
    e = math.exp(-abs(z))
    return 1.0 / (1.0 + e) if z >= 0.0 else e / (1.0 + e)


def sigmoid_slope(z: float) -> float:
    """g'(z) = g(z) (1 - g(z)), where 1 - g(z) = g(-z) keeps its digits at large z."""
    return sigmoid(z) * sigmoid(-z)


def tanh(z: float) -> float:
    """g(z) = (e^z - e^-z) / (e^z + e^-z): a sigmoid centred on zero."""
    return math.tanh(z)


def tanh_slope(z: float) -> float:
    """g'(z) = 1 - g(z)²."""
    a = math.tanh(z)
    return 1.0 - a * a


def relu(z: float) -> float:
    """g(z) = max(z, 0)."""
    return z if z > 0.0 else 0.0


def relu_slope(z: float) -> float:
    """g'(z) = 1 where z > 0, otherwise 0, also at the kink."""
    return 1.0 if z > 0.0 else 0.0


def leaky_relu(z: float) -> float:
    """g(z) = z where z > 0, otherwise 0.01 z: a unit below zero still learns."""
    return z if z > 0.0 else LEAK * z


def leaky_relu_slope(z: float) -> float:
    """g'(z) = 1 where z > 0, otherwise 0.01."""
    return 1.0 if z > 0.0 else LEAK


def elu(z: float) -> float:
    """g(z) = z where z > 0, otherwise α (e^z - 1)."""
    return z if z > 0.0 else ALPHA * math.expm1(z)


def elu_slope(z: float) -> float:
    """g'(z) = 1 where z > 0, otherwise α e^z."""
    return 1.0 if z > 0.0 else ALPHA * math.exp(z)


def normal_cdf(z: float) -> float:
    """Φ(z), the chance that a standard normal variable is below z."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def normal_density(z: float) -> float:
    """φ(z) = Φ'(z) = e^(-z²/2) / √(2π)."""
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def gelu(z: float) -> float:
    """g(z) = z Φ(z), exact: through erf, not through tanh."""
    return z * normal_cdf(z)


def gelu_slope(z: float) -> float:
    """g'(z) = Φ(z) + z φ(z)."""
    return normal_cdf(z) + z * normal_density(z)


def silu(z: float) -> float:
    """g(z) = z σ(z)."""
    return z * sigmoid(z)


def silu_slope(z: float) -> float:
    """g'(z) = σ(z) + z σ'(z)."""
    return sigmoid(z) + z * sigmoid_slope(z)


def softplus(z: float) -> float:
    """g(z) = log(1 + e^z) = max(z, 0) + log(1 + e^-|z|): a smooth ReLU."""
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def softplus_slope(z: float) -> float:
    """g'(z) = σ(z)."""
    return sigmoid(z)


ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(identity, identity_slope),
    "sigmoid": Activation(sigmoid, sigmoid_slope),
    "tanh": Activation(tanh, tanh_slope),
    "relu": Activation(relu, relu_slope),
    "leaky_relu": Activation(leaky_relu, leaky_relu_slope),
    "elu": Activation(elu, elu_slope),
    "gelu": Activation(gelu, gelu_slope),
    "silu": Activation(silu, silu_slope),
    "softplus": Activation(softplus, softplus_slope),
}


def activation_forward(Z: list[list[float]], name: str) -> list[list[float]]:
    """A = g(Z), element by element."""
    g = ACTIVATIONS[name].value
    A = []
    for row in Z:
        A.append([g(z) for z in row])
    return A


def activation_backward(
    dA: list[list[float]], Z: list[list[float]], name: str
) -> list[list[float]]:
    """Backward: dZ = dA ∘ g'(Z), element by element."""
    slope = ACTIVATIONS[name].slope
    dZ = []
    for above, row in zip(dA, Z, strict=True):
        dZ.append([da * slope(z) for da, z in zip(above, row, strict=True)])
    return dZ
