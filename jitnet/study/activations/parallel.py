"""Activations of an array whose elements threads share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.activations.compiled import ACTIVATIONS
from jitnet.study.problem import Array

CHUNK = 4096


@njit
def part(count: int, m: int) -> tuple[int, int, int]:
    """The unit, and the first and the last example, of the ``count``th chunk of a unit's row."""
    chunks = (m + CHUNK - 1) // CHUNK
    first = count % chunks * CHUNK
    return count // chunks, first, min(first + CHUNK, m)


@njit(parallel=True)
def forward(A: Any, Z: Any, value: Any) -> None:
    """A = g(Z), element by element. Each parallel iteration owns a chunk of a unit's row."""
    units, m = Z.shape
    for count in prange(units * ((m + CHUNK - 1) // CHUNK)):
        k, first, last = part(np.int64(count), m)
        for i in range(first, last):
            A[k, i] = value(Z[k, i])


@njit(parallel=True)
def backward(dZ: Any, dA: Any, Z: Any, slope: Any) -> None:
    """Backward: dZ = dA ∘ g'(Z). Each parallel iteration owns a chunk of a unit's row."""
    units, m = Z.shape
    for count in prange(units * ((m + CHUNK - 1) // CHUNK)):
        k, first, last = part(np.int64(count), m)
        for i in range(first, last):
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
