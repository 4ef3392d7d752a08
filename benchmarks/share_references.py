"""What `shares.py` measures against: the register tile's own speed, and memory's.

Both are asked for their speed right before and after what is measured.
"""

from __future__ import annotations

from time import thread_time
from typing import Any, Protocol

import numpy as np

from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.matmul import LOW, TALL, multiply_rows
from jitnet.kernels.panels import panel_width
from jitnet.kernels.typed import ONE, ZERO
from jitnet.kernels.weights import HEIGHT
from jitnet.memory import zeros
from share_cases import DTYPE

RUN_FLOPS = 4e8
"""Work of a run: some milliseconds."""
RUN_BYTES = 1e8


class Reference(Protocol):
    """A speed of the machine.

    Attributes
    ----------
    amount : int
        Operations, or bytes, of a run.
    """

    amount: int

    def rate(self) -> float:
        """So many a second, now."""


@njit(entry=True)
def tile(times: int, C: Any, A: Any, B: Any) -> None:
    """Tile after tile C = A B, all in the first level of the cache, so many times."""
    depth = A.shape[0]
    rows, width, add = C.shape[0], C.shape[1], times < ZERO
    for _ in range(times):
        c, a, b = at(C, ZERO), at(A, ZERO), at(B, ZERO)
        multiply_rows(
            c, a, b, width, ZERO, ONE, HEIGHT, ZERO, ZERO, depth, depth, width, add, ZERO, rows, LOW
        )


class Tile:
    """The tile on operands that are packed and near."""

    def __init__(self) -> None:
        width, depth, tiles = panel_width(DTYPE), 256, 4
        self.arguments = (
            zeros((tiles * len(TALL), width), DTYPE),
            zeros((depth, len(TALL)), DTYPE, 1),
            zeros((depth, width), DTYPE, 2),
        )
        flops = 2 * tiles * len(TALL) * width * depth
        self.times = int(RUN_FLOPS // flops) + 1
        self.amount = flops * self.times

    def rate(self) -> float:
        """Its floating-point operations a second, now."""
        began = thread_time()
        tile(self.times, *self.arguments)
        return self.amount / (thread_time() - began)


class Copying:
    """A copy between two arrays that together are of so many bytes.

    Caches then hold as much of them as of what is measured.
    """

    def __init__(self, size: int) -> None:
        self.source = np.ones(size // 2, np.uint8)
        self.target = np.empty_like(self.source)
        self.times = int(RUN_BYTES // size) + 1
        self.amount = 2 * self.source.size * self.times

    def rate(self) -> float:
        """Bytes a second, read and written, now."""
        began = thread_time()
        for _ in range(self.times):
            np.copyto(self.target, self.source)
        return self.amount / (thread_time() - began)
