"""g(z) = 1 / (1 + e⁻ᶻ), between 0 and 1."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit


@njit
def value(z: Any) -> Any:
    """g(z) = 1 / (1 + e⁻ᶻ)."""
    return elementary.sigmoid(z)


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = a (1 - a)."""
    return a * (1.0 - a)
