"""The sums of Winograd's way along an axis, and those of a window of one, which change nothing.

Along an axis, n outputs of a window of r weights, y = Aᵀ [(G w) * (Bᵀ x)], take n + r - 1 products
instead of n r: x has as many inputs, which overlap the next ones' by r - 1. The products are those
of polynomials, at so many points less one and at infinity.

Thirds are divided, as a factor could become a part of the next sum here and not there: few examples
have the bits of many.

A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016, section 4;
S. Winograd, Arithmetic complexity of computations, SIAM 1980.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from jitnet.kernels.jit import Kernel, njit
from jitnet.kernels.simd import load, store


class Form(NamedTuple):
    """The sums of some outputs of a window along an axis.

    Each goes over vectors that lie in steps, from some to others.

    Parameters
    ----------
    weights, outputs : int
        How many there are: of points, and of inputs, there is one less than both.
    error : float
        Of its outputs in float32, from what float64 has, as a multiple of that of the window's own
        sums: root mean square, over 32 channels.
    spread_inputs : Kernel
        ``spread_inputs(to, to_step, x, step)`` is Bᵀ x.
    spread_weights : Kernel
        G w.
    collect_outputs : Kernel
        Aᵀ m, outputs from points.
    spread_outputs : Kernel
        A dy, the way back of that.
    collect_weights : Kernel
        Gᵀ m, the way back of ``spread_weights``.
    """

    weights: int
    outputs: int
    error: float
    spread_inputs: Kernel
    spread_weights: Kernel
    collect_outputs: Kernel
    spread_outputs: Kernel
    collect_weights: Kernel

    @property
    def points(self) -> int:
        """Products of a channel and a unit."""
        return self.weights + self.outputs - 1


@njit
def _copy(to: Any, to_step: int, x: Any, step: int) -> None:
    """What a window of one makes of a number."""
    store(to, 0, load(x, 0))


ONE = Form(1, 1, 1.0, _copy, _copy, _copy, _copy, _copy)
