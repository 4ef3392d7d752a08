"""Softmax cross-entropy from logits: l = ln Σ eᶻ - Σ t z for targets t that sum to 1."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, load, splat, store, where


@njit
def backward(D: Any, Z: Any, T: Any, outputs: int, row: int, weight: Any) -> Any:
    """D = weight dl/dz = weight (softmax(z) - t) for a vector of examples; returns l.

    The greatest z is subtracted first, so that nothing overflows.
    """
    greatest = load(Z, 0)
    for u in range(1, outputs):
        z = load(Z, u * row)
        greatest = where(z < greatest, greatest, z)
    total = splat(Z, 0.0)
    target = splat(Z, 0.0)
    for u in range(outputs):
        z = load(Z, u * row) - greatest
        e = elementary.exp(z)
        store(D, u * row, e)
        total = total + e
        target = fma(load(T, u * row), z, target)
    for u in range(outputs):
        probability = load(D, u * row) / total
        store(D, u * row, weight * (probability - load(T, u * row)))
    return elementary.log(total) - target
