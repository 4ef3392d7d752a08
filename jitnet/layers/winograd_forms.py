"""Winograd's sums along an axis, for windows of three and five; those of one are left as they are.

Along an axis, two outputs of a window of r weights, y = Aᵀ [(G w) * (Bᵀ x)], take r + 1 products
instead of 2 r: x has as many inputs, which overlap the next ones' by r - 1. The products are those
of polynomials at r points and infinity: 0, 1 and -1, and for a window of five ½ and -2 as well, by
which sums were 1.8 times as wrong in float32 as those of the window itself, and with ±2 instead 2.5
times. Four outputs of a window of three would be 2.8 times as wrong or more; two are less wrong
than the window's own sums, as fewer terms follow one another.

Each sum goes over vectors that lie in steps, from some to others. Thirds are divided, as a factor
could become a part of the next sum here and not there: few examples have the bits of many.

A. Lavin, S. Gray, Fast algorithms for convolutional neural networks, CVPR 2016, section 4;
S. Winograd, Arithmetic complexity of computations, SIAM 1980.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from jitnet.kernels.jit import Kernel, njit
from jitnet.kernels.simd import fma, load, store


class Form(NamedTuple):
    """The sums of a window along an axis.

    Parameters
    ----------
    weights, points, outputs : int
        How many there are: of inputs there are as many as points.
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
    points: int
    outputs: int
    spread_inputs: Kernel
    spread_weights: Kernel
    collect_outputs: Kernel
    spread_outputs: Kernel
    collect_weights: Kernel


@njit
def _copy(to: Any, to_step: int, x: Any, step: int) -> None:
    """What a window of one makes of a number."""
    store(to, 0, load(x, 0))


@njit
def _spread_inputs_of_three(to: Any, to_step: int, x: Any, step: int) -> None:
    """Bᵀ = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]."""
    a, b, c, d = load(x, 0), load(x, step), load(x, 2 * step), load(x, 3 * step)
    store(to, 0, a - c)
    store(to, to_step, b + c)
    store(to, 2 * to_step, c - b)
    store(to, 3 * to_step, b - d)


@njit
def _spread_weights_of_three(to: Any, to_step: int, w: Any, step: int) -> None:
    """G = [[1, 0, 0], [½, ½, ½], [½, -½, ½], [0, 0, 1]]."""
    a, b, c = load(w, 0), load(w, step) * 0.5, load(w, 2 * step)
    outer = (a + c) * 0.5
    store(to, 0, a)
    store(to, to_step, outer + b)
    store(to, 2 * to_step, outer - b)
    store(to, 3 * to_step, c)


@njit
def _collect_outputs_of_three(to: Any, to_step: int, m: Any, step: int) -> None:
    """Aᵀ = [[1, 1, 1, 0], [0, 1, -1, -1]]."""
    b, c = load(m, step), load(m, 2 * step)
    first, second = load(m, 0) + b + c, b - c - load(m, 3 * step)
    store(to, 0, first)
    store(to, to_step, second)


@njit
def _spread_outputs_of_three(to: Any, to_step: int, dy: Any, step: int) -> None:
    a, b = load(dy, 0), load(dy, step)
    store(to, 0, a)
    store(to, to_step, a + b)
    store(to, 2 * to_step, a - b)
    store(to, 3 * to_step, -b)


@njit
def _collect_weights_of_three(to: Any, to_step: int, m: Any, step: int) -> None:
    a, b, c, d = load(m, 0), load(m, step), load(m, 2 * step), load(m, 3 * step)
    both = (b + c) * 0.5
    store(to, 0, a + both)
    store(to, to_step, (b - c) * 0.5)
    store(to, 2 * to_step, both + d)


@njit
def _spread_inputs_of_five(to: Any, to_step: int, x: Any, step: int) -> None:
    """Bᵀ of five.

    [[1, -3/2, -2, 3/2, 1, 0], [0, -1, ½, 5/2, 1, 0], [0, 1, -5/2, ½, 1, 0], [0, -2, -1, 2, 1, 0],
    [0, ½, -1, -½, 1, 0], [0, 1, -3/2, -2, 3/2, 1]].
    """
    a, b, c = load(x, 0), load(x, step), load(x, 2 * step)
    d, e, f = load(x, 3 * step), load(x, 4 * step), load(x, 5 * step)
    odd, even = d - b, e - c
    store(to, 0, fma(odd, 1.5, fma(c, -2.0, a + e)))
    store(to, to_step, fma(d, 2.5, fma(c, 0.5, e - b)))
    store(to, 2 * to_step, fma(c, -2.5, fma(d, 0.5, e + b)))
    store(to, 3 * to_step, fma(odd, 2.0, even))
    store(to, 4 * to_step, fma(odd, -0.5, even))
    store(to, 5 * to_step, fma(even, 1.5, fma(d, -2.0, b + f)))


@njit
def _spread_weights_of_five(to: Any, to_step: int, w: Any, step: int) -> None:
    """G of five.

    [[1, 0, 0, 0, 0], [1, 1, 1, 1, 1] / 3, [-1, 1, -1, 1, -1] / 3, [-16, -8, -4, -2, -1] / 15,
    [1, -2, 4, -8, 16] / 15, [0, 0, 0, 0, 1]].
    """
    a, b, c = load(w, 0), load(w, step), load(w, 2 * step)
    d, e = load(w, 3 * step), load(w, 4 * step)
    even, odd = a + c + e, b + d
    falling = fma(a, 16.0, fma(b, 8.0, fma(c, 4.0, fma(d, 2.0, e))))
    rising = fma(e, 16.0, fma(d, -8.0, fma(c, 4.0, fma(b, -2.0, a))))
    store(to, 0, a)
    store(to, to_step, (odd + even) / 3.0)
    store(to, 2 * to_step, (odd - even) / 3.0)
    store(to, 3 * to_step, falling / -15.0)
    store(to, 4 * to_step, rising / 15.0)
    store(to, 5 * to_step, e)


@njit
def _collect_outputs_of_five(to: Any, to_step: int, m: Any, step: int) -> None:
    """Aᵀ = [[1, 1, 1, 1, 1, 0], [0, 1, -1, ½, -2, 1]]."""
    b, c, d, e = load(m, step), load(m, 2 * step), load(m, 3 * step), load(m, 4 * step)
    first = load(m, 0) + (b + c) + (d + e)
    second = fma(d, 0.5, fma(e, -2.0, (b - c) + load(m, 5 * step)))
    store(to, 0, first)
    store(to, to_step, second)


@njit
def _spread_outputs_of_five(to: Any, to_step: int, dy: Any, step: int) -> None:
    a, b = load(dy, 0), load(dy, step)
    store(to, 0, a)
    store(to, to_step, a + b)
    store(to, 2 * to_step, a - b)
    store(to, 3 * to_step, fma(b, 0.5, a))
    store(to, 4 * to_step, fma(b, -2.0, a))
    store(to, 5 * to_step, b)


@njit
def _collect_weights_of_five(to: Any, to_step: int, m: Any, step: int) -> None:
    a, f = load(m, 0), load(m, 5 * step)
    b, c = load(m, step), load(m, 2 * step)
    d, e = load(m, 3 * step) / 15.0, load(m, 4 * step) / 15.0
    even, odd = (b - c) / 3.0, (b + c) / 3.0
    store(to, 0, fma(d, -16.0, even + e) + a)
    store(to, to_step, fma(d, -8.0, fma(e, -2.0, odd)))
    store(to, 2 * to_step, fma(d, -4.0, fma(e, 4.0, even)))
    store(to, 3 * to_step, fma(d, -2.0, fma(e, -8.0, odd)))
    store(to, 4 * to_step, fma(e, 16.0, even - d) + f)


ONE = Form(1, 1, 1, _copy, _copy, _copy, _copy, _copy)
THREE = Form(
    3,
    4,
    2,
    _spread_inputs_of_three,
    _spread_weights_of_three,
    _collect_outputs_of_three,
    _spread_outputs_of_three,
    _collect_weights_of_three,
)
FIVE = Form(
    5,
    6,
    2,
    _spread_inputs_of_five,
    _spread_weights_of_five,
    _collect_outputs_of_five,
    _spread_outputs_of_five,
    _collect_weights_of_five,
)
FORMS = {form.weights: form for form in (ONE, THREE, FIVE)}
"""By the weights of a window along an axis."""
