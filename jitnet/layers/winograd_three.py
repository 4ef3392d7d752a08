"""Winograd's sums of a window of three: two, three or four outputs at a time.

Two are less wrong in float32 than the window's own sums, as fewer terms follow one another. Points
are those that are least wrong: four outputs at 0, ±1, ±2 were 1.5 times as wrong as here, and three
at 0, ±1, 2 1.3 times.
"""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, load, store
from jitnet.layers.winograd_form import Form


@njit
def _spread_inputs_of_two(to: Any, to_step: int, x: Any, step: int) -> None:
    """Bᵀ = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]."""
    a, b, c, d = load(x, 0), load(x, step), load(x, 2 * step), load(x, 3 * step)
    store(to, 0, a - c)
    store(to, to_step, b + c)
    store(to, 2 * to_step, c - b)
    store(to, 3 * to_step, b - d)


@njit
def _spread_weights_of_two(to: Any, to_step: int, w: Any, step: int) -> None:
    """G = [[1, 0, 0], [½, ½, ½], [½, -½, ½], [0, 0, 1]]."""
    a, b, c = load(w, 0), load(w, step) * 0.5, load(w, 2 * step)
    outer = (a + c) * 0.5
    store(to, 0, a)
    store(to, to_step, outer + b)
    store(to, 2 * to_step, outer - b)
    store(to, 3 * to_step, c)


@njit
def _collect_outputs_of_two(to: Any, to_step: int, m: Any, step: int) -> None:
    """Aᵀ = [[1, 1, 1, 0], [0, 1, -1, -1]]."""
    b, c = load(m, step), load(m, 2 * step)
    first, second = load(m, 0) + b + c, b - c - load(m, 3 * step)
    store(to, 0, first)
    store(to, to_step, second)


@njit
def _spread_outputs_of_two(to: Any, to_step: int, dy: Any, step: int) -> None:
    a, b = load(dy, 0), load(dy, step)
    store(to, 0, a)
    store(to, to_step, a + b)
    store(to, 2 * to_step, a - b)
    store(to, 3 * to_step, -b)


@njit
def _collect_weights_of_two(to: Any, to_step: int, m: Any, step: int) -> None:
    a, b, c, d = load(m, 0), load(m, step), load(m, 2 * step), load(m, 3 * step)
    both = (b + c) * 0.5
    store(to, 0, a + both)
    store(to, to_step, (b - c) * 0.5)
    store(to, 2 * to_step, both + d)


TWO = Form(
    3,
    2,
    0.8,
    _spread_inputs_of_two,
    _spread_weights_of_two,
    _collect_outputs_of_two,
    _spread_outputs_of_two,
    _collect_weights_of_two,
)
"""At 0, 1, -1 and infinity."""


@njit
def _spread_inputs_of_three(to: Any, to_step: int, x: Any, step: int) -> None:
    """Bᵀ of three outputs.

    [[1, -3/2, -3/2, 1, 0], [0, 1, -5/2, 1, 0], [0, -2, -1, 1, 0], [0, -½, ½, 1, 0], [0, 1, -3/2,
    -3/2, 1]].
    """
    a, b, c = load(x, 0), load(x, step), load(x, 2 * step)
    d, e = load(x, 3 * step), load(x, 4 * step)
    store(to, 0, fma(b + c, -1.5, a + d))
    store(to, to_step, fma(c, -2.5, b + d))
    store(to, 2 * to_step, fma(b, -2.0, d - c))
    store(to, 3 * to_step, fma(c - b, 0.5, d))
    store(to, 4 * to_step, fma(c + d, -1.5, b + e))


@njit
def _spread_weights_of_three(to: Any, to_step: int, w: Any, step: int) -> None:
    """G = [[9, 0, 0], [-2, 2, -2], [-8, -4, -2], [1, 2, 4], [0, 0, 9]] / 9."""
    a, b, c = load(w, 0), load(w, step), load(w, 2 * step)
    store(to, 0, a)
    store(to, to_step, (b - a - c) / 4.5)
    store(to, 2 * to_step, fma(a, 4.0, fma(b, 2.0, c)) / -4.5)
    store(to, 3 * to_step, fma(c, 4.0, fma(b, 2.0, a)) / 9.0)
    store(to, 4 * to_step, c)


@njit
def _collect_outputs_of_three(to: Any, to_step: int, m: Any, step: int) -> None:
    """Aᵀ = [[1, 1, 1, 1, 0], [0, -1, ½, 2, 0], [0, 1, ¼, 4, 1]]."""
    b, c, d = load(m, step), load(m, 2 * step), load(m, 3 * step)
    first = load(m, 0) + b + (c + d)
    second, third = fma(d, 2.0, fma(c, 0.5, -b)), fma(d, 4.0, fma(c, 0.25, b + load(m, 4 * step)))
    store(to, 0, first)
    store(to, to_step, second)
    store(to, 2 * to_step, third)


@njit
def _spread_outputs_of_three(to: Any, to_step: int, dy: Any, step: int) -> None:
    a, b, c = load(dy, 0), load(dy, step), load(dy, 2 * step)
    store(to, 0, a)
    store(to, to_step, a - b + c)
    store(to, 2 * to_step, fma(c, 0.25, fma(b, 0.5, a)))
    store(to, 3 * to_step, fma(c, 4.0, fma(b, 2.0, a)))
    store(to, 4 * to_step, c)


@njit
def _collect_weights_of_three(to: Any, to_step: int, m: Any, step: int) -> None:
    a, e = load(m, 0), load(m, 4 * step)
    b, c, d = load(m, step) / 4.5, load(m, 2 * step) / 4.5, load(m, 3 * step) / 9.0
    store(to, 0, fma(c, -4.0, d - b) + a)
    store(to, to_step, fma(c, -2.0, fma(d, 2.0, b)))
    store(to, 2 * to_step, fma(d, 4.0, e - b) - c)


THREE = Form(
    3,
    3,
    1.2,
    _spread_inputs_of_three,
    _spread_weights_of_three,
    _collect_outputs_of_three,
    _spread_outputs_of_three,
    _collect_weights_of_three,
)
"""At 0, -1, ½, 2 and infinity."""


@njit
def _spread_inputs_of_four(to: Any, to_step: int, x: Any, step: int) -> None:
    """Bᵀ of four outputs.

    [[1, 0, -97/36, 0, 1, 0], [0, -¾, -½, 27/16, 9/8, 0], [0, ¾, -½, -27/16, 9/8, 0],
    [0, -9/4, -27/8, 1, 3/2, 0], [0, 9/4, -27/8, -1, 3/2, 0], [0, 1, 0, -97/36, 0, 1]].
    """
    a, b, c = load(x, 0), load(x, step), load(x, 2 * step)
    d, e, f = load(x, 3 * step), load(x, 4 * step), load(x, 5 * step)
    even, odd = fma(e, 1.125, c * -0.5), fma(d, 1.6875, b * -0.75)
    steep, other = fma(e, 1.5, c * -3.375), fma(b, -2.25, d)
    store(to, 0, fma(c, -97.0 / 36.0, a + e))
    store(to, to_step, even + odd)
    store(to, 2 * to_step, even - odd)
    store(to, 3 * to_step, steep + other)
    store(to, 4 * to_step, steep - other)
    store(to, 5 * to_step, fma(d, -97.0 / 36.0, b + f))


@njit
def _spread_weights_of_four(to: Any, to_step: int, w: Any, step: int) -> None:
    """G of four outputs.

    [[1, 0, 0], [64, 96, 144] / 585, [64, -96, 144] / 585, [-27, -18, -12] / 65,
    [-27, 18, -12] / 65, [0, 0, 1]].
    """
    a, b, c = load(w, 0), load(w, step), load(w, 2 * step)
    even, odd = fma(c, 9.0, a * 4.0), b * 6.0
    steep, other = fma(a, 9.0, c * 4.0), b * 6.0
    store(to, 0, a)
    store(to, to_step, (even + odd) / 36.5625)
    store(to, 2 * to_step, (even - odd) / 36.5625)
    store(to, 3 * to_step, (steep + other) / (-65.0 / 3.0))
    store(to, 4 * to_step, (steep - other) / (-65.0 / 3.0))
    store(to, 5 * to_step, c)


@njit
def _collect_outputs_of_four(to: Any, to_step: int, m: Any, step: int) -> None:
    """Aᵀ of four outputs.

    [[1, 1, 1, 1, 1, 0], [0, 3/2, -3/2, 2/3, -2/3, 0], [0, 9/4, 9/4, 4/9, 4/9, 0],
    [0, 27/8, -27/8, 8/27, -8/27, 1]].
    """
    b, c, d, e = load(m, step), load(m, 2 * step), load(m, 3 * step), load(m, 4 * step)
    even, odd, flat, other = b + c, b - c, d + e, d - e
    first, last = load(m, 0) + even + flat, fma(odd, 3.375, load(m, 5 * step))
    store(to, 0, first)
    store(to, to_step, fma(odd, 1.5, other * (2.0 / 3.0)))
    store(to, 2 * to_step, fma(even, 2.25, flat * (4.0 / 9.0)))
    store(to, 3 * to_step, fma(other, 8.0 / 27.0, last))


@njit
def _spread_outputs_of_four(to: Any, to_step: int, dy: Any, step: int) -> None:
    a, b, c, d = load(dy, 0), load(dy, step), load(dy, 2 * step), load(dy, 3 * step)
    even, odd = fma(c, 2.25, a), fma(d, 3.375, b * 1.5)
    flat, other = fma(c, 4.0 / 9.0, a), fma(d, 8.0 / 27.0, b * (2.0 / 3.0))
    store(to, 0, a)
    store(to, to_step, even + odd)
    store(to, 2 * to_step, even - odd)
    store(to, 3 * to_step, flat + other)
    store(to, 4 * to_step, flat - other)
    store(to, 5 * to_step, d)


@njit
def _collect_weights_of_four(to: Any, to_step: int, m: Any, step: int) -> None:
    a, f = load(m, 0), load(m, 5 * step)
    b, c = load(m, step), load(m, 2 * step)
    d, e = load(m, 3 * step), load(m, 4 * step)
    even, odd = (b + c) / 36.5625, (b - c) / 36.5625
    flat, other = (d + e) / (-65.0 / 3.0), (d - e) / (-65.0 / 3.0)
    store(to, 0, fma(even, 4.0, fma(flat, 9.0, a)))
    store(to, to_step, (odd + other) * 6.0)
    store(to, 2 * to_step, fma(even, 9.0, fma(flat, 4.0, f)))


FOUR = Form(
    3,
    4,
    1.4,
    _spread_inputs_of_four,
    _spread_weights_of_four,
    _collect_outputs_of_four,
    _spread_outputs_of_four,
    _collect_weights_of_four,
)
"""At 0, ±3/2, ±2/3 and infinity."""
