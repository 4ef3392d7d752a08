"""Activations of one number as Numba compiles them, and the loops over an array.

Constants are of the number's own type, so that float32 stays float32.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from jitnet.kernels.jit import Kernel, njit
from jitnet.study.activations.loops import ALPHA, LEAK
from jitnet.study.problem import Array


class Activation(NamedTuple):
    """An activation and its derivative, each a compiled function of one pre-activation z."""

    value: Kernel
    slope: Kernel


@njit
def like(z: Any, constant: float) -> Any:
    """A constant in z's own type."""
    return type(z)(constant)


@njit
def identity(z: Any) -> Any:
    """g(z) = z."""
    return z


@njit
def identity_slope(z: Any) -> Any:
    """g'(z) = 1."""
    return like(z, 1.0)


@njit
def sigmoid(z: Any) -> Any:
    """g(z) = 1 / (1 + e^-z), through e^-|z|, which cannot overflow."""
    e = math.exp(-abs(z))
    return (like(z, 1.0) if z >= like(z, 0.0) else e) / (like(z, 1.0) + e)


@njit
def sigmoid_slope(z: Any) -> Any:
    """g'(z) = g(z) (1 - g(z))."""
    return sigmoid(z) * sigmoid(-z)


@njit
def tanh(z: Any) -> Any:
    """g(z) = tanh(z)."""
    return math.tanh(z)


@njit
def tanh_slope(z: Any) -> Any:
    """g'(z) = 1 - g(z)²."""
    a = math.tanh(z)
    return like(z, 1.0) - a * a


@njit
def relu(z: Any) -> Any:
    """g(z) = max(z, 0)."""
    return z if z > like(z, 0.0) else like(z, 0.0)


@njit
def relu_slope(z: Any) -> Any:
    """g'(z) = 1 where z > 0, otherwise 0."""
    return like(z, 1.0) if z > like(z, 0.0) else like(z, 0.0)


@njit
def leaky_relu(z: Any) -> Any:
    """g(z) = z where z > 0, otherwise 0.01 z."""
    return z if z > like(z, 0.0) else like(z, LEAK) * z


@njit
def leaky_relu_slope(z: Any) -> Any:
    """g'(z) = 1 where z > 0, otherwise 0.01."""
    return like(z, 1.0) if z > like(z, 0.0) else like(z, LEAK)


@njit
def elu(z: Any) -> Any:
    """g(z) = z where z > 0, otherwise α (e^z - 1)."""
    return z if z > like(z, 0.0) else like(z, ALPHA) * math.expm1(z)


@njit
def elu_slope(z: Any) -> Any:
    """g'(z) = 1 where z > 0, otherwise α e^z."""
    return like(z, 1.0) if z > like(z, 0.0) else like(z, ALPHA) * math.exp(z)


@njit
def normal_cdf(z: Any) -> Any:
    """Φ(z)."""
    return like(z, 0.5) * math.erfc(-z * like(z, math.sqrt(0.5)))


@njit
def gelu(z: Any) -> Any:
    """g(z) = z Φ(z)."""
    return z * normal_cdf(z)


@njit
def gelu_slope(z: Any) -> Any:
    """g'(z) = Φ(z) + z φ(z)."""
    density = math.exp(like(z, -0.5) * z * z) * like(z, 1 / math.sqrt(2 * math.pi))
    return normal_cdf(z) + z * density


@njit
def silu(z: Any) -> Any:
    """g(z) = z σ(z)."""
    return z * sigmoid(z)


@njit
def silu_slope(z: Any) -> Any:
    """g'(z) = σ(z) + z σ'(z)."""
    return sigmoid(z) + z * sigmoid_slope(z)


@njit
def softplus(z: Any) -> Any:
    """g(z) = log(1 + e^z) = max(z, 0) + log(1 + e^-|z|)."""
    return relu(z) + math.log1p(math.exp(-abs(z)))


@njit
def softplus_slope(z: Any) -> Any:
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


@njit(entry=True)
def forward(A: Any, Z: Any, value: Any) -> None:
    """A = g(Z), element by element."""
    for k in range(Z.shape[0]):
        for i in range(Z.shape[1]):
            A[k, i] = value(Z[k, i])


@njit(entry=True)
def backward(dZ: Any, dA: Any, Z: Any, slope: Any) -> None:
    """Backward: dZ = dA ∘ g'(Z), element by element."""
    for k in range(Z.shape[0]):
        for i in range(Z.shape[1]):
            dZ[k, i] = dA[k, i] * slope(Z[k, i])


def activation_forward(Z: Array, name: str) -> Array:
    """A = g(Z)."""
    A = np.empty_like(Z)
    forward(A, Z, ACTIVATIONS[name].value)
    return A


def activation_backward(dA: Array, Z: Array, name: str) -> Array:
    """Backward: dZ = dA ∘ g'(Z)."""
    dZ = np.empty_like(Z)
    backward(dZ, dA, Z, ACTIVATIONS[name].slope)
    return dZ
