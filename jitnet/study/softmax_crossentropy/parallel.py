"""Softmax cross-entropy, its examples shared by threads; the mean is taken behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.softmax_crossentropy.compiled import example


@njit(parallel=True)
def softmax_crossentropy(Z: Any, Y: Any) -> Any:
    """J = mean over the examples of -Σ y log a, and dZ = A - Y, for Z and Y (K, m).

    Each parallel iteration owns an example.
    """
    m = Z.shape[1]
    losses, dZ = np.empty(m, Z.dtype), np.empty_like(Z)
    for i in prange(m):
        losses[i] = example(dZ, Z, Y, np.int64(i))
    J = Z.dtype.type(0)
    for i in range(m):
        J += losses[i]
    return J / Z.dtype.type(m), dZ
