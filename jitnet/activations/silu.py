"""g(z) = z σ(z) (Elfwing, Uchibe and Doya, 2018)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma


@njit
def value(z: Any) -> Any:
    """g(z) = z σ(z)."""
    return z * elementary.sigmoid(z)


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = σ(z) (1 + z (1 - σ(z)))."""
    s = elementary.sigmoid(z)
    return s * fma(z, 1.0 - s, 1.0)
