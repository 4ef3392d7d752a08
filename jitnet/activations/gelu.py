"""g(z) = z Φ(z), Φ the normal distribution's, exact (Hendrycks and Gimpel, 2016)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma

ROOT_HALF = 0.7071067811865476
ROOT_TWO_PI_INVERSE = 0.3989422804014327


@njit
def value(z: Any) -> Any:
    """g(z) = z Φ(z) = z (1 + erf(z / √2)) / 2."""
    return z * fma(elementary.erf(z * ROOT_HALF), 0.5, 0.5)


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = Φ(z) + z φ(z)."""
    distribution = fma(elementary.erf(z * ROOT_HALF), 0.5, 0.5)
    density = elementary.exp(z * z * -0.5) * ROOT_TWO_PI_INVERSE
    return fma(z, density, distribution)
