"""Poisson's deviance under a log link: l = mean over outputs of eᶻ - t z; the prediction is eᶻ."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, load, splat, store


@njit
def backward(D: Any, Z: Any, T: Any, outputs: int, row: int, weight: Any) -> Any:
    """D = weight dl/dz = weight (eᶻ - t) / outputs for a vector of examples; returns l."""
    total = splat(Z, 0.0)
    for u in range(outputs):
        z, t = load(Z, u * row), load(T, u * row)
        rate = elementary.exp(z)
        total = total + fma(-t, z, rate)
        store(D, u * row, weight * ((rate - t) * (1.0 / outputs)))
    return total / outputs
