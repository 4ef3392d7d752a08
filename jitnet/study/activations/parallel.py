"""Activations of an array whose elements threads share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import ACTIVATIONS
from jitnet.study.problem import Array


@njit(parallel=True)
def forward(A: Any, Z: Any, value: Any) -> None:
    """A = g(Z), element by element. Each parallel iteration owns an example."""
    for i in prange(Z.shape[1]):
        for k in range(Z.shape[0]):
            A[k, i] = value(Z[k, i])


@njit(parallel=True)
def backward(dZ: Any, dA: Any, Z: Any, slope: Any) -> None:
    """Backward: dZ = dA ∘ g'(Z), element by element. Each parallel iteration owns an example."""
    for i in prange(Z.shape[1]):
        for k in range(Z.shape[0]):
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
