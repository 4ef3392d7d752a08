"""Of the ways to compute a convolution and its gradients, the one that takes the least.

What each takes is counted in products: the time of one for every example of a panel, as register
tiles compute them. Only shapes and a panel's width decide, so that the same model takes the same
way, for few examples and many, and on any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import NamedTuple

from jitnet.kernels.jit import Kernel
from jitnet.kernels.matmul import padded_rows, tile_for_rest
from jitnet.layers import convolution, convolution_winograd, convolution_winograd_few
from jitnet.layers.convolution_gradient_lanes import lanes_gradient
from jitnet.layers.convolution_gradient_turned import turned_gradient, turned_products
from jitnet.layers.convolution_gradient_winograd import gradient_products, patches_gradient
from jitnet.layers.convolution_lanes import lanes_products
from jitnet.layers.layer import Cut, Operation, Room
from jitnet.layers.window import Window
from jitnet.layers.winograd import Forms, forms_of

LEAST_GAIN = 1.1
"""How many times the products of patches the window's must be: 3 × 3 with 12 channels and 24 units,
where they are 1.1 times on 16 × 16 places, was by patches 1.02 to 1.12 times as fast."""

TURNED_SPEED = 1.4
"""Products in the time of one by lanes, where dY is turned, or patches are."""


class Way(NamedTuple):
    """Operations, what they read and how they sum, and the numbers that a worker has room for."""

    operations: tuple[Operation, ...]
    is_packed: bool = False
    scratch: int = 0
    by_lanes: bool = False
    rooms: Mapping[str, Room] = {}


def forward_ways(
    window: Window, n_in: int, n_out: int, value: Kernel, width: int
) -> tuple[Way, Way]:
    """Y from X, with an activation; and that of a few examples, to the same bits."""
    low, settings = tile_for_rest(n_out), window._asdict()
    size = window.out_height, window.out_across
    forms = forms_that_pay(window, size, n_in, n_out)
    if forms is None:
        cut = Cut("place", window.out_height * window.out_across)
        few_forward = convolution.few_forward_of(value, n_out == width)
        few = Operation(few_forward, settings=settings)
        forward = Operation(convolution.forward_of(value, low), cut, settings)
        return Way((forward,), True), Way((few,))
    kernel = convolution_winograd.forward_of(forms, value, low)
    scratch = convolution_winograd.scratch_size(forms, n_in, n_out, width)
    forward = Operation(kernel, Cut("patch", forms.patches(*size)), settings)
    together = convolution_winograd_few.lines_together(forms, window)
    rest = tile_for_rest(together * forms.columns(window.out_across))
    few_forward = convolution_winograd_few.few_forward_of(forms, value, rest)
    few = Operation(few_forward, settings=settings | {"together": together})
    few_scratch = convolution_winograd_few.scratch_size(forms, window, n_in, n_out, width)
    return Way((forward,), scratch=scratch), Way((few,), scratch=few_scratch)


def backward_way(window: Window, n_in: int, n_out: int, width: int) -> Way:
    """dX from dY."""
    low, settings, size = tile_for_rest(n_in), window._asdict(), (window.height, window.across)
    forms = forms_that_pay(window, size, n_out, n_in)
    if forms is None:
        cut = Cut("place", window.height * window.across)
        return Way((Operation(convolution.backward_of(low), cut, settings),), True)
    kernel = convolution_winograd.backward_of(forms, low)
    scratch = convolution_winograd.scratch_size(forms, n_out, n_in, width)
    cut = Cut("patch", forms.patches(*size))
    return Way((Operation(kernel, cut, settings),), scratch=scratch)


def gradient_way(window: Window, n_in: int, n_out: int, width: int) -> Way:
    """The weights' and the biases' gradients."""
    size, shape = (window.out_height, window.out_across), (n_in, n_out, width)
    turned = turned_products(window, *shape) * size[0] * size[1]
    lanes = lanes_products(window, n_in, n_out) * size[0] * size[1] * TURNED_SPEED
    by_patches, forms = _least(
        forms_of(window, size, n_in * n_out), lambda forms: gradient_products(forms, window, *shape)
    )
    if forms and by_patches < min(turned, lanes):
        operations, sums, scratch = patches_gradient(forms, window, *shape)
        return Way(operations, scratch=scratch, rooms={"sums": sums})
    by_lanes = lanes <= turned
    operation, scratch = (lanes_gradient if by_lanes else turned_gradient)(window, *shape)
    return Way((operation,), scratch=scratch, by_lanes=by_lanes)


def forms_that_pay(window: Window, size: tuple[int, int], terms: int, units: int) -> Forms | None:
    """The forms of a window by which its outputs, of a size and so many units, take less."""
    by_patches, forms = _least(
        forms_of(window, size, terms * units),
        lambda forms: convolution_winograd.patch_products(forms, *size, terms, units),
    )
    whole = window.pairs() * terms * padded_rows(units)
    return forms if whole > LEAST_GAIN * by_patches else None


def _least(
    forms: Iterable[Forms], products_of: Callable[[Forms], float]
) -> tuple[float, Forms | None]:
    """The least products of some forms, and whose they are."""
    found = ((products_of(one), one) for one in forms)
    return min(found, key=itemgetter(0), default=(math.inf, None))
