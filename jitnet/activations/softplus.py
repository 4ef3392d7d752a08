"""g(z) = ln(1 + eᶻ), a smooth ReLU (Dugas and others, 2001)."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit


@njit
def value(z: Any) -> Any:
    """g(z) = max(0, z) + ln(1 + e^-|z|)."""
    return elementary.softplus(z)


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = σ(z)."""
    return elementary.sigmoid(z)
