"""Winograd's sums of a window of five: two or four outputs at a time.

Points are those that are least wrong in float32: two outputs at 0, ±1, ±2 were 1.4 times as wrong
as here.
"""

from __future__ import annotations

from typing import Any

from jitnet.kernels.jit import njit
from jitnet.kernels.simd import fma, load, store
from jitnet.layers.winograd_form import Form


@njit
def _spread_inputs_of_two(to: Any, to_step: int, x: Any, step: int) -> None:
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
def _spread_weights_of_two(to: Any, to_step: int, w: Any, step: int) -> None:
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
def _collect_outputs_of_two(to: Any, to_step: int, m: Any, step: int) -> None:
    """Aᵀ = [[1, 1, 1, 1, 1, 0], [0, 1, -1, ½, -2, 1]]."""
    b, c, d, e = load(m, step), load(m, 2 * step), load(m, 3 * step), load(m, 4 * step)
    first = load(m, 0) + (b + c) + (d + e)
    second = fma(d, 0.5, fma(e, -2.0, (b - c) + load(m, 5 * step)))
    store(to, 0, first)
    store(to, to_step, second)


@njit
def _spread_outputs_of_two(to: Any, to_step: int, dy: Any, step: int) -> None:
    a, b = load(dy, 0), load(dy, step)
    store(to, 0, a)
    store(to, to_step, a + b)
    store(to, 2 * to_step, a - b)
    store(to, 3 * to_step, fma(b, 0.5, a))
    store(to, 4 * to_step, fma(b, -2.0, a))
    store(to, 5 * to_step, b)


@njit
def _collect_weights_of_two(to: Any, to_step: int, m: Any, step: int) -> None:
    a, f = load(m, 0), load(m, 5 * step)
    b, c = load(m, step), load(m, 2 * step)
    d, e = load(m, 3 * step) / 15.0, load(m, 4 * step) / 15.0
    even, odd = (b - c) / 3.0, (b + c) / 3.0
    store(to, 0, fma(d, -16.0, even + e) + a)
    store(to, to_step, fma(d, -8.0, fma(e, -2.0, odd)))
    store(to, 2 * to_step, fma(d, -4.0, fma(e, 4.0, even)))
    store(to, 3 * to_step, fma(d, -2.0, fma(e, -8.0, odd)))
    store(to, 4 * to_step, fma(e, 16.0, even - d) + f)


TWO = Form(
    5,
    2,
    1.4,
    _spread_inputs_of_two,
    _spread_weights_of_two,
    _collect_outputs_of_two,
    _spread_outputs_of_two,
    _collect_weights_of_two,
)
"""At 0, ±1, ½, -2 and infinity."""


@njit
def _spread_inputs_of_four(to: Any, to_step: int, x: Any, step: int) -> None:
    """Bᵀ of four outputs.

    [[1, 0, -21/4, 0, 21/4, 0, -1, 0], [0, 1, 1, -17/4, -17/4, 1, 1, 0], [0, -1, 1, 17/4, -17/4, -1,
    1, 0], [0, 2, 4, -5/2, -5, ½, 1, 0], [0, -2, 4, 5/2, -5, -½, 1, 0], [0, ½, ¼, -5/2, -5/4, 2, 1,
    0], [0, -½, ¼, 5/2, -5/4, -2, 1, 0], [0, -1, 0, 21/4, 0, -21/4, 0, 1]].
    """
    a, b, c, d = load(x, 0), load(x, step), load(x, 2 * step), load(x, 3 * step)
    e, f, g, h = load(x, 4 * step), load(x, 5 * step), load(x, 6 * step), load(x, 7 * step)
    store(to, 0, fma(e - c, 5.25, a - g))
    even, odd = fma(e, -4.25, c + g), fma(d, -4.25, b + f)
    store(to, to_step, even + odd)
    store(to, 2 * to_step, even - odd)
    even, odd = fma(c, 4.0, fma(e, -5.0, g)), fma(b, 2.0, fma(d, -2.5, f * 0.5))
    store(to, 3 * to_step, even + odd)
    store(to, 4 * to_step, even - odd)
    even, odd = fma(c, 0.25, fma(e, -1.25, g)), fma(b, 0.5, fma(d, -2.5, f * 2.0))
    store(to, 5 * to_step, even + odd)
    store(to, 6 * to_step, even - odd)
    store(to, 7 * to_step, fma(d - f, 5.25, h - b))


@njit
def _spread_weights_of_four(to: Any, to_step: int, w: Any, step: int) -> None:
    """G of four outputs.

    [[1, 0, 0, 0, 0], [-2, -2, -2, -2, -2] / 9, [-2, 2, -2, 2, -2] / 9, [32, 16, 8, 4, 2] / 45,
    [32, -16, 8, -4, 2] / 45, [1, 2, 4, 8, 16] / 90, [1, -2, 4, -8, 16] / 90, [0, 0, 0, 0, 1]].
    """
    a, b, c = load(w, 0), load(w, step), load(w, 2 * step)
    d, e = load(w, 3 * step), load(w, 4 * step)
    store(to, 0, a)
    even, odd = a + c + e, b + d
    store(to, to_step, (even + odd) / -4.5)
    store(to, 2 * to_step, (even - odd) / -4.5)
    even, odd = fma(a, 16.0, fma(c, 4.0, e)), fma(b, 8.0, d * 2.0)
    store(to, 3 * to_step, (even + odd) / 22.5)
    store(to, 4 * to_step, (even - odd) / 22.5)
    even, odd = fma(e, 16.0, fma(c, 4.0, a)), fma(d, 8.0, b * 2.0)
    store(to, 5 * to_step, (even + odd) / 90.0)
    store(to, 6 * to_step, (even - odd) / 90.0)
    store(to, 7 * to_step, e)


@njit
def _collect_outputs_of_four(to: Any, to_step: int, m: Any, step: int) -> None:
    """Aᵀ of four outputs.

    [[1, 1, 1, 1, 1, 1, 1, 0], [0, 1, -1, ½, -½, 2, -2, 0], [0, 1, 1, ¼, ¼, 4, 4, 0],
    [0, 1, -1, 1/8, -1/8, 8, -8, 1]].
    """
    b, c, d = load(m, step), load(m, 2 * step), load(m, 3 * step)
    e, f, g = load(m, 4 * step), load(m, 5 * step), load(m, 6 * step)
    even, odd, flat, tilted, steep, rising = b + c, b - c, d + e, d - e, f + g, f - g
    first, last = load(m, 0) + even + (flat + steep), odd + load(m, 7 * step)
    store(to, 0, first)
    store(to, to_step, fma(rising, 2.0, fma(tilted, 0.5, odd)))
    store(to, 2 * to_step, fma(steep, 4.0, fma(flat, 0.25, even)))
    store(to, 3 * to_step, fma(rising, 8.0, fma(tilted, 0.125, last)))


@njit
def _spread_outputs_of_four(to: Any, to_step: int, dy: Any, step: int) -> None:
    a, b, c, d = load(dy, 0), load(dy, step), load(dy, 2 * step), load(dy, 3 * step)
    store(to, 0, a)
    even, odd = a + c, b + d
    store(to, to_step, even + odd)
    store(to, 2 * to_step, even - odd)
    even, odd = fma(c, 0.25, a), fma(d, 0.125, b * 0.5)
    store(to, 3 * to_step, even + odd)
    store(to, 4 * to_step, even - odd)
    even, odd = fma(c, 4.0, a), fma(d, 8.0, b * 2.0)
    store(to, 5 * to_step, even + odd)
    store(to, 6 * to_step, even - odd)
    store(to, 7 * to_step, d)


@njit
def _collect_weights_of_four(to: Any, to_step: int, m: Any, step: int) -> None:
    a, h = load(m, 0), load(m, 7 * step)
    b, c, d = load(m, step), load(m, 2 * step), load(m, 3 * step)
    e, f, g = load(m, 4 * step), load(m, 5 * step), load(m, 6 * step)
    even, odd = (b + c) / -4.5, (b - c) / -4.5
    flat, tilted = (d + e) / 22.5, (d - e) / 22.5
    steep, rising = (f + g) / 90.0, (f - g) / 90.0
    store(to, 0, fma(flat, 16.0, even + steep) + a)
    store(to, to_step, fma(tilted, 8.0, fma(rising, 2.0, odd)))
    store(to, 2 * to_step, fma(flat + steep, 4.0, even))
    store(to, 3 * to_step, fma(tilted, 2.0, fma(rising, 8.0, odd)))
    store(to, 4 * to_step, fma(steep, 16.0, even + flat) + h)


FOUR = Form(
    5,
    4,
    2.4,
    _spread_inputs_of_four,
    _spread_weights_of_four,
    _collect_outputs_of_four,
    _spread_outputs_of_four,
    _collect_weights_of_four,
)
"""At 0, ±1, ±½, ±2 and infinity."""
