"""Mean squared error: l = mean over outputs of (z - t)²."""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, load, splat, store


@njit
def backward(D: Any, Z: Any, T: Any, outputs: int, row: int, weight: Any) -> Any:
    """D = weight dl/dz = weight 2 (z - t) / outputs for a vector of examples; returns l."""
    total = splat(Z, 0.0)
    for u in range(outputs):
        e = load(Z, u * row) - load(T, u * row)
        total = fma(e, e, total)
        store(D, u * row, weight * (e * (2.0 / outputs)))
    return total / outputs
