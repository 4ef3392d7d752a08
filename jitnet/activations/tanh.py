"""g(z) = tanh z, between -1 and 1."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit


@njit
def value(z: Any) -> Any:
    """g(z) = tanh z."""
    return elementary.tanh(z)


@njit
def slope(z: Any, a: Any) -> Any:
    """g'(z) = 1 - a²."""
    return 1.0 - a * a
