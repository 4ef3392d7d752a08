"""g(z) = z above 0 and eᶻ - 1 below (Clevert, Unterthiner and Hochreiter, 2016)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import where


@njit
def value(z: Any) -> Any:
    """g(z) = z where z > 0, else eᶻ - 1."""
    return where(z > 0.0, z, elementary.expm1(z))


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = 1 where z > 0, else eᶻ = a + 1."""
    return where(z > 0.0, 1.0, a + 1.0)
