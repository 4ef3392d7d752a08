"""g(z) = max(0.01 z, z) (Maas, Hannun and Ng, 2013)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import splat, where

LEAK = 0.01


@njit
def value(z: Any) -> Any:
    """g(z) = z where z > 0, else 0.01 z."""
    return where(z > 0.0, z, z * LEAK)


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = 1 where z > 0, else 0.01."""
    return where(z > 0.0, 1.0, splat(z, LEAK))
