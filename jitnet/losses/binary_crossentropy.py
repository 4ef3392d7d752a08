"""Binary cross-entropy from logits: l = mean over outputs of ln(1 + eᶻ) - t z; predicts σ(z)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import absolute, fma, load, splat, store, where


@njit
def backward(D: Any, Z: Any, T: Any, outputs: int, row: int, weight: Any) -> Any:
    """D = weight dl/dz = weight (σ(z) - t) / outputs for a vector of examples; returns l.

    ln(1 + eᶻ) and σ(z) share e^-|z|.
    """
    total = splat(Z, 0.0)
    for u in range(outputs):
        z, t = load(Z, u * row), load(T, u * row)
        e = elementary.exp(-absolute(z))
        positive = where(z > 0.0, z, 0.0)
        total = total + fma(-t, z, positive) + elementary.log1p(e)
        probability = where(z < 0.0, e, 1.0) / (e + 1.0)
        store(D, u * row, weight * ((probability - t) * (1.0 / outputs)))
    return total / outputs
