"""Losses of examples that threads share; the mean is taken behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from jitnet.kernels.jit import njit
from jitnet.study.losses.compiled import LOSSES, example
from jitnet.study.problem import Array


@njit(parallel=True)
def examples(dZ: Any, losses: Any, Z: Any, Y: Any, value: Any, slope: Any) -> None:
    """The examples' losses (m,) and dZ. Each parallel iteration owns an example."""
    for i in prange(Z.shape[1]):
        losses[i] = example(dZ, Z, Y, np.int64(i), value, slope)


def loss(Z: Array, Y: Array, name: str) -> tuple[float, Array]:
    """J = mean over the examples of the named loss, and dl/dZ of each of them."""
    losses, dZ = np.empty(Z.shape[1], Z.dtype), np.empty_like(Z)
    examples(dZ, losses, Z, Y, *LOSSES[name])
    return float(losses.mean(dtype=float)), dZ
