"""From the output layer's z to a prediction: the link that a loss implies."""

from __future__ import annotations

from typing import Any

from jitnet.kernels import elementary
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import load, splat, store, where


@njit
def identity(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = z."""
    for u in range(outputs):
        store(P, u * row, load(Z, u * row))


@njit
def logistic(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = σ(z), a probability for each output."""
    for u in range(outputs):
        store(P, u * row, elementary.sigmoid(load(Z, u * row)))


@njit
def exponential(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = eᶻ, a rate for each output."""
    for u in range(outputs):
        store(P, u * row, elementary.exp(load(Z, u * row)))


@njit
def softmax(P: Any, Z: Any, outputs: int, row: int) -> None:
    """P = eᶻ / Σ eᶻ, probabilities that sum to 1; the greatest z is subtracted first."""
    greatest = load(Z, 0)
    for u in range(1, outputs):
        z = load(Z, u * row)
        greatest = where(z < greatest, greatest, z)
    total = splat(Z, 0.0)
    for u in range(outputs):
        e = elementary.exp(load(Z, u * row) - greatest)
        store(P, u * row, e)
        total = total + e
    for u in range(outputs):
        store(P, u * row, load(P, u * row) / total)
