"""Huber's loss, δ = 1: half the square of a small error, |e| - ½ of a large one (Huber, 1964)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import absolute, load, splat, store, where


@njit
def backward(D: Any, Z: Any, T: Any, outputs: int, row: int, weight: Any) -> Any:
    """D = weight dl/dz = weight clip(z - t, ±1) / outputs for a vector of examples; returns l."""
    total = splat(Z, 0.0)
    for u in range(outputs):
        e = load(Z, u * row) - load(T, u * row)
        size = absolute(e)
        total = total + where(size < 1.0, e * e * 0.5, size - 0.5)
        slope = where(e > 1.0, 1.0, where(e < -1.0, -1.0, e))
        store(D, u * row, weight * (slope * (1.0 / outputs)))
    return total / outputs
