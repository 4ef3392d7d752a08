"""The order of an epoch in whose middle a training goes on."""

from __future__ import annotations

from typing import Any

from jitnet.arrays import Array
from jitnet.kernels.cache import compilation
from jitnet.kernels.jit import njit
from jitnet.kernels.random import shuffle


def shuffle_again(order: Array, seed: int, epoch: int) -> None:
    """Write the order that an epoch has had from its beginning on."""
    with compilation():
        _shuffled(order, seed, epoch)


@njit(entry=True)
def _shuffled(order: Any, seed: int, epoch: int) -> None:
    """Write the order: see `shuffle`."""
    shuffle(order, seed, epoch)
