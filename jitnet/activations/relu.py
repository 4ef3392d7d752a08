"""g(z) = max(0, z)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import splat, where


@njit
def value(z: Any) -> Any:
    """g(z) = max(0, z); NaN stays NaN, and -0, so that it is the CPU's one instruction."""
    return where(z < 0.0, 0.0, z)


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = 1 where z > 0, else 0."""
    return where(z > 0.0, splat(z, 1.0), 0.0)
