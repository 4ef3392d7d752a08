"""Mean absolute error: l = mean over outputs of |z - t|."""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import absolute, load, splat, store, where


@njit
def backward(D: Any, Z: Any, T: Any, outputs: int, row: int, weight: Any) -> Any:
    """D = weight dl/dz = weight sign(z - t) / outputs for a vector of examples; returns l."""
    total = splat(Z, 0.0)
    for u in range(outputs):
        e = load(Z, u * row) - load(T, u * row)
        total = total + absolute(e)
        sign = where(e > 0.0, splat(Z, 1.0), where(e < 0.0, -1.0, e))
        store(D, u * row, weight * (sign * (1.0 / outputs)))
    return total / outputs
