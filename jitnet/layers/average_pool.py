"""Average pooling: the mean of each window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from jitnet.hints import hinted_class
from jitnet.kernels.jit import njit
from jitnet.layers.pool import Pool
from jitnet.layers.pooling import Pooling


@njit
def plus(value: Any, x: Any) -> Any:
    """The sum with one value more."""
    return value + x


@njit
def to_mean(count: int) -> float:
    """What makes a mean of a sum."""
    return 1.0 / count


@njit
def to_all(d: Any, x: Any, y: Any) -> Any:
    """The same part for every place."""
    return d, d


AVERAGE = Pooling(0.0, plus, to_mean, to_all)


@hinted_class
@dataclass(frozen=True)
class AveragePool2D(Pool):
    """The mean of each window of an image, channel by channel.

    Rows and columns that fill no whole window are cut off.

    Parameters
    ----------
    pool_size : int or (int, int), default 2
        Rows and columns of a window.
    strides : int or (int, int), optional
        Rows and columns from one window to the next; by default ``pool_size``.
    padding : "valid", int or (int, int), default "valid"
        By how many rows and columns windows may reach out of the image on each side, at most half
        of ``pool_size``. The mean is that of the places within the image, as in Keras, and in
        PyTorch with ``count_include_pad=False``. "valid" is none.

    Raises
    ------
    TypeError, ValueError
        If these are no such numbers.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.AveragePool2D(2).node((28, 28, 6), 16).output
    (14, 14, 6)
    """

    axes: ClassVar[int] = 2
    pooling: ClassVar[Pooling] = AVERAGE


@hinted_class
@dataclass(frozen=True)
class AveragePool1D(Pool):
    """The mean of each window of a sequence, channel by channel.

    See `AveragePool2D`.

    Parameters
    ----------
    pool_size : int, default 2
        Time steps of a window.
    strides : int, optional
        Time steps from one window to the next; by default ``pool_size``.
    padding : "valid" or int, default "valid"
        By how many time steps windows may reach out of the sequence on each side, at most half of
        ``pool_size``. The mean is that of the time steps within the sequence. "valid" is none.

    Raises
    ------
    TypeError, ValueError
        If these are no such numbers.

    Examples
    --------
    >>> import jitnet as jn
    >>> jn.AveragePool1D(3).node((50, 8), 16).output
    (16, 8)
    """

    axes: ClassVar[int] = 1
    pooling: ClassVar[Pooling] = AVERAGE
