"""The order of an epoch in whose middle a training goes on."""

from __future__ import annotations

from typing import Any

import numpy as np

from jitnet.arrays import Array
from jitnet.kernels.cache import compilation
from jitnet.kernels.jit import njit
from jitnet.kernels.random import shuffle

ALL_ROWS = np.zeros(0, np.int64)
"""The rows of an epoch that takes all there are."""


def shuffle_again(order: Array, seed: int, epoch: int, rows: Array = ALL_ROWS) -> None:
    """Write the order that an epoch has had from its beginning on."""
    with compilation():
        _shuffled(order, rows, seed, epoch)


@njit(entry=True)
def _shuffled(order: Any, rows: Any, seed: int, epoch: int) -> None:
    """Write the order: see `shuffle`."""
    shuffle(order, rows, seed, epoch)
