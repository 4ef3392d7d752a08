"""Softmax cross-entropy, the loops of the first rung as Numba compiles them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jitnet.kernels.jit import njit


@njit
def example(dZ: Any, Z: Any, Y: Any, i: int) -> Any:
    """The loss of example i, and its column of dZ."""
    K = Z.shape[0]
    largest, total, loss = Z[0, i], Z.dtype.type(0), Z.dtype.type(0)
    for k in range(K):
        largest = max(largest, Z[k, i])
    for k in range(K):
        total += math.exp(Z[k, i] - largest)
    log_total = math.log(total)
    for k in range(K):
        log_a = Z[k, i] - largest - log_total
        loss -= Y[k, i] * log_a
        dZ[k, i] = math.exp(log_a) - Y[k, i]
    return loss


@njit(entry=True)
def softmax_crossentropy(Z: Any, Y: Any) -> Any:
    """J = mean over the examples of -Σ y log a, and dZ = A - Y, for Z and Y (K, m)."""
    m = Z.shape[1]
    J, dZ = Z.dtype.type(0), np.empty_like(Z)
    for i in range(m):
        J += example(dZ, Z, Y, i)
    return J / Z.dtype.type(m), dZ
