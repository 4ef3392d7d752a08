"""The table of activations, and the two blocks that apply one to a layer.

The table is closed, since it is compiled in: a new activation is a file, a row of ``ACTIVATIONS``
and a branch in each of the two blocks.
"""

from __future__ import annotations

from typing import Any

from jitnet.activations import (
    elu,
    gelu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softplus,
    tanh,
)
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import lanes, load, store

ACTIVATIONS = {
    "identity": identity,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "gelu": gelu,
    "silu": silu,
    "softplus": softplus,
}
IDENTITY, SIGMOID, TANH, RELU, LEAKY_RELU, ELU, GELU, SILU, SOFTPLUS = range(len(ACTIVATIONS))


@njit
def _forward(value: Any, A: Any, Z: Any, count: int) -> None:
    for i in range(0, count, lanes(Z)):
        store(A, i, value(load(Z, i)))


@njit
def _backward(slope: Any, D: Any, Z: Any, A: Any, count: int) -> None:
    for i in range(0, count, lanes(Z)):
        store(D, i, load(D, i) * slope(load(Z, i), load(A, i)))


@njit
def activation_forward(A: Any, Z: Any, kind: int, count: int) -> None:
    """A = g(Z) for ``count`` elements, a multiple of the lanes."""
    if kind == IDENTITY:
        _forward(identity.value, A, Z, count)
    elif kind == SIGMOID:
        _forward(sigmoid.value, A, Z, count)
    elif kind == TANH:
        _forward(tanh.value, A, Z, count)
    elif kind == RELU:
        _forward(relu.value, A, Z, count)
    elif kind == LEAKY_RELU:
        _forward(leaky_relu.value, A, Z, count)
    elif kind == ELU:
        _forward(elu.value, A, Z, count)
    elif kind == GELU:
        _forward(gelu.value, A, Z, count)
    elif kind == SILU:
        _forward(silu.value, A, Z, count)
    elif kind == SOFTPLUS:
        _forward(softplus.value, A, Z, count)


@njit
def activation_backward(D: Any, Z: Any, A: Any, kind: int, count: int) -> None:
    """dZ = dA ∘ g'(Z), written over dA, for ``count`` elements."""
    if kind == IDENTITY:
        _backward(identity.slope, D, Z, A, count)
    elif kind == SIGMOID:
        _backward(sigmoid.slope, D, Z, A, count)
    elif kind == TANH:
        _backward(tanh.slope, D, Z, A, count)
    elif kind == RELU:
        _backward(relu.slope, D, Z, A, count)
    elif kind == LEAKY_RELU:
        _backward(leaky_relu.slope, D, Z, A, count)
    elif kind == ELU:
        _backward(elu.slope, D, Z, A, count)
    elif kind == GELU:
        _backward(gelu.slope, D, Z, A, count)
    elif kind == SILU:
        _backward(silu.slope, D, Z, A, count)
    elif kind == SOFTPLUS:
        _backward(softplus.slope, D, Z, A, count)
