"""The quantile loss, or pinball loss, of a level q: q e where e = t - z > 0, else (q - 1) e.

Its least mean is at the q-quantile of the targets (Koenker and Bassett, 1978, *Regression
quantiles*).
"""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import load, splat, store, where


@njit
def backward(D: Any, Z: Any, T: Any, outputs: int, row: int, weight: Any, level: float) -> Any:
    """D = weight dl/dz = weight ((1 - q) where z > t, -q where z < t) / outputs; returns l."""
    total = splat(Z, 0.0)
    for u in range(outputs):
        e = load(T, u * row) - load(Z, u * row)
        slope = where(e > 0.0, splat(Z, -level), where(e < 0.0, 1.0 - level, e))
        total = total - e * slope
        store(D, u * row, weight * (slope * (1.0 / outputs)))
    return total / outputs
