"""What random moves of images share: each example has its own, in steps of training alone.

A move is drawn from the step's key, the node and the example's place in its batch. So the way back
draws the same one again, however the work is cut.
"""

from __future__ import annotations

from typing import Any

from numba import prange

from jitnet.kernels.intrinsics import at
from jitnet.kernels.jit import njit
from jitnet.kernels.random import mix, uniform
from jitnet.kernels.simd import lanes, load, load_some, store, store_some
from jitnet.layers.layer import Operation

DOWN, ACROSS = 0, 1
"""The axes of an image, and the numbers that are drawn for them."""

WAY_BACK = {"Y": "dX", "X": "dY"}
"""What a kernel works on where the same move makes dX of dY."""


@njit
def draw(like: Any, key: int, node: int, which: int, example: int) -> Any:
    """A vector of numbers uniform in [0, 1), one an example, from ``example`` on."""
    return uniform(like, mix(mix(key, node), which), example)


@njit
def copy(y: Any, x: Any, first: int, last: int) -> None:
    """Elements ``first`` to ``last`` of x, unmoved."""
    for k in range(first, last, lanes(x)):
        store(y, k, load(x, k))


@njit(parallel=True)
def unmoved_few_forward(Y: Any, X: Any) -> None:
    """Y = X (examples, units) of a few examples. Each parallel iteration owns an example."""
    examples, units = X.shape
    for example in prange(examples):
        y, x = at(Y, example * units), at(X, example * units)
        for u in range(0, units, lanes(x)):
            count = min(lanes(x), units - u)
            store_some(y, u, load_some(x, u, count), count)


UNMOVED = Operation(unmoved_few_forward)
"""What is done with a few examples, of which none is trained on."""
