"""The course's own first weights, number by number, so that its costs come out to the digit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from jitnet.arrays import FloatArray

__all__ = ["course_weights"]


def course_weights(
    widths: Sequence[int], seed: int, scale: float | None = 0.01
) -> list[FloatArray]:
    """Draw first weights as the course does, with NumPy's old generator, layer by layer.

    Parameters
    ----------
    widths : sequence of int
        n[0], the features, and the units of each layer.
    seed : int
        The course's.
    scale : float, optional
        What normal numbers are multiplied by; None is 1 / √n[l−1], its deep networks' way.

    Returns
    -------
    list of ndarray
        W and b of each layer, as ``set_weights`` takes them; biases are 0.

    Examples
    --------
    >>> [array.shape for array in course_weights((2, 4, 1), seed=2)]
    [(2, 4), (4,), (4, 1), (1,)]
    """
    draw = np.random.RandomState(seed).randn
    weights = []
    for n_in, n_out in pairwise(widths):
        W = draw(n_out, n_in) * (n_in**-0.5 if scale is None else scale)
        weights += [W.T, np.zeros(n_out)]
    return weights
