"""Activations of a whole array at once, in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jitnet.study.activations.loops import ALPHA, LEAK
from jitnet.study.problem import Array


class Activation(NamedTuple):
    """An activation and its derivative, each a function of an array of pre-activations Z."""

    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def identity(Z: Array) -> Array:
    """g(Z) = Z."""
    return Z.copy()


def identity_slope(Z: Array) -> Array:
    """g'(Z) = 1."""
    return np.ones_like(Z)


def sigmoid(Z: Array) -> Array:
    """g(Z) = 1 / (1 + e^-Z), through e^-|Z|, which cannot overflow."""
    E = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, E) / (1 + E)


def sigmoid_slope(Z: Array) -> Array:
    """g'(Z) = g(Z) (1 - g(Z))."""
    return sigmoid(Z) * sigmoid(-Z)


def tanh(Z: Array) -> Array:
    """g(Z) = tanh(Z)."""
    return np.tanh(Z)


def tanh_slope(Z: Array) -> Array:
    """g'(Z) = 1 - g(Z)²."""
    return 1 - np.tanh(Z) ** 2


def relu(Z: Array) -> Array:
    """g(Z) = max(Z, 0)."""
    return np.maximum(Z, 0)


def relu_slope(Z: Array) -> Array:
    """g'(Z) = 1 where Z > 0, otherwise 0."""
    return (Z > 0).astype(Z.dtype)


def leaky_relu(Z: Array) -> Array:
    """g(Z) = Z where Z > 0, otherwise 0.01 Z."""
    return np.maximum(Z, LEAK * Z)


def leaky_relu_slope(Z: Array) -> Array:
    """g'(Z) = 1 where Z > 0, otherwise 0.01."""
    return np.where(Z > 0, Z.dtype.type(1), Z.dtype.type(LEAK))


def elu(Z: Array) -> Array:
    """g(Z) = Z where Z > 0, otherwise α (e^Z - 1)."""
    return np.where(Z > 0, Z, ALPHA * np.expm1(np.minimum(Z, 0)))


def elu_slope(Z: Array) -> Array:
    """g'(Z) = 1 where Z > 0, otherwise α e^Z."""
    return np.where(Z > 0, 1, ALPHA * np.exp(np.minimum(Z, 0)))


def normal_cdf(Z: Array) -> Array:
    """Φ(Z). NumPy has no erf: the standard library's is called number by number."""
    erfc = np.array([math.erfc(z) for z in (-Z / math.sqrt(2)).flat], Z.dtype)
    return 0.5 * erfc.reshape(Z.shape)


def gelu(Z: Array) -> Array:
    """g(Z) = Z Φ(Z)."""
    return Z * normal_cdf(Z)


def gelu_slope(Z: Array) -> Array:
    """g'(Z) = Φ(Z) + Z φ(Z)."""
    return normal_cdf(Z) + Z * np.exp(-0.5 * Z**2) / math.sqrt(2 * math.pi)


def silu(Z: Array) -> Array:
    """g(Z) = Z σ(Z)."""
    return Z * sigmoid(Z)


def silu_slope(Z: Array) -> Array:
    """g'(Z) = σ(Z) + Z σ'(Z)."""
    return sigmoid(Z) + Z * sigmoid_slope(Z)


def softplus(Z: Array) -> Array:
    """g(Z) = log(1 + e^Z) = max(Z, 0) + log(1 + e^-|Z|)."""
    return np.maximum(Z, 0) + np.log1p(np.exp(-np.abs(Z)))


def softplus_slope(Z: Array) -> Array:
    """g'(Z) = σ(Z)."""
    return sigmoid(Z)


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


def activation_forward(Z: Array, name: str) -> Array:
    """A = g(Z)."""
    return ACTIVATIONS[name].value(Z)


def activation_backward(dA: Array, Z: Array, name: str) -> Array:
    """Backward: dZ = dA ∘ g'(Z)."""
    return dA * ACTIVATIONS[name].slope(Z)
