"""Max pooling: the greatest value of each window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from jitnet.hints import hinted_class
from jitnet.kernels.jit import njit
from jitnet.kernels.simd import where
from jitnet.layers.pool import Pool
from jitnet.layers.pooling import Pooling


@njit
def greater(value: Any, x: Any) -> Any:
    """The greater of two, or NaN where one of them is."""
    return where(x > value, x, where(x == x, value, x))


@njit
def unscaled(count: int) -> float:
    """A maximum is the same of however many places."""
    return 1.0


@njit
def to_greatest(d: Any, x: Any, y: Any) -> Any:
    """All of d for the first place that has the greatest value, y, and nothing for others."""
    is_less = x < y
    return where(is_less, 0.0, d), where(is_less, d, 0.0)


MAXIMUM = Pooling(-math.inf, greater, unscaled, to_greatest)


@hinted_class
@dataclass(frozen=True)
class MaxPool2D(Pool):
    """The greatest value of each window of an image, channel by channel.

    Its gradient goes to the first place of the window, row by row, that has that value, as in
    PyTorch; where windows overlap, gradients add up. Rows and columns that fill no whole window
    are cut off.

    Parameters
    ----------
    pool_size : int or (int, int), default 2
        Rows and columns of a window.
    strides : int or (int, int), optional
        Rows and columns from one window to the next; by default ``pool_size``.
    padding : "valid", int or (int, int), default "valid"
        By how many rows and columns windows may reach out of the image on each side, at most half
        of ``pool_size``. What lies outside does not count. "valid" is none.

    Raises
    ------
    TypeError, ValueError
        If these are no such numbers.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.MaxPool2D(2).node((28, 28, 6), 16).output
    (14, 14, 6)
    >>> jn.MaxPool2D(3, strides=2, padding=1).node((28, 28, 6), 16).output
    (14, 14, 6)
    """

    axes: ClassVar[int] = 2
    pooling: ClassVar[Pooling] = MAXIMUM


@hinted_class
@dataclass(frozen=True)
class MaxPool1D(Pool):
    """The greatest value of each window of a sequence, channel by channel.

    See `MaxPool2D`.

    Parameters
    ----------
    pool_size : int, default 2
        Time steps of a window.
    strides : int, optional
        Time steps from one window to the next; by default ``pool_size``.
    padding : "valid" or int, default "valid"
        By how many time steps windows may reach out of the sequence on each side, at most half of
        ``pool_size``. What lies outside does not count. "valid" is none.

    Raises
    ------
    TypeError, ValueError
        If these are no such numbers.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.MaxPool1D(3).node((50, 8), 16).output
    (16, 8)
    """

    axes: ClassVar[int] = 1
    pooling: ClassVar[Pooling] = MAXIMUM
